"""Expressions of users: the same values on every engine, or a refusal that names the part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.program.dialects.registry import DIALECTS
from genesis_sql.program.steps import Expression, Output
from tests.engines.conftest import Engine
from tests.engines.test_engines import check
from tests.plan.test_compile import fitted

TABLE = """
CREATE TABLE t AS SELECT i * 7 % 90 - 40 AS a, CASE WHEN i % 5 > 0 THEN i % 7 END AS b, sin(i) * 9 AS x,
  CAST(i * 37 % 900 / 100 AS DECIMAL(8, 2)) AS p, DATE '2020-01-01' + CAST(i * 13 % 400 AS INTEGER) AS d,
  ['it''s', 'ü', NULL][1 + i % 3] AS s, i % 2 = 0 AS f, TIMESTAMP '2020-01-01' + to_minutes(i * i) AS m
FROM range(200) AS r(i)
"""
SAME = [
    ("a + b * 2 - 1", "BIGINT"), ("a / 3", "DOUBLE"), ("a // 3", "INTEGER"), ("a % 3", "INTEGER"),
    ("(a - 40000) // 32768", "BIGINT"), ("a * x", "DOUBLE"), ("x * 1.5 + a", "DOUBLE"),
    ("CAST(floor(x) AS INTEGER)", "INTEGER"), ("-abs(a)", "INTEGER"), ("year(d) * 100 + month(d)", "BIGINT"),
    ("extract(day FROM d)", "BIGINT"), ("CASE WHEN a > b AND d < DATE '2020-09-01' THEN s ELSE 'x' END", "VARCHAR"),
    ("coalesce(b, 9)", "INTEGER"), ("nullif(b, 3)", "INTEGER"), ("s || '!'", "VARCHAR"), ("CAST(a AS VARCHAR) || s", "VARCHAR"),
    ("a BETWEEN -5 AND 5 OR b IN (1, 2)", "BOOLEAN"), ("s IS NULL", "BOOLEAN"), ("NOT f", "BOOLEAN"), ("s = 'ü'", "BOOLEAN"),
]  # fmt: skip
DECIMALS = [("p * 2", "DECIMAL(10, 2)"), ("p * p + 0.5", "DECIMAL(18, 4)"), ("p > 4.5", "BOOLEAN")]
OTHER = [
    ("round(x)", "DOUBLE", "ROUND(x)"), ("CAST(x AS INTEGER)", "INTEGER", "CAST(x AS INT)"), ("x", "INTEGER", "CAST(x AS INT)"),
    ("upper(s)", "VARCHAR", "UPPER(s)"), ("s < 'b'", "BOOLEAN", "s < 'b'"), ("a / b", "DOUBLE", "a / b"),
    ("CAST(x AS VARCHAR)", "VARCHAR", "CAST(x AS TEXT)"), ("d + 3", "DATE", "d + 3"), ("dayname(d)", "VARCHAR", "DAYNAME(d)"),
    ("least(a, b)", "INTEGER", "LEAST(a, b)"), ("sqrt(a)", "DOUBLE", "SQRT(a)"), ("s LIKE 'I%'", "BOOLEAN", "s LIKE 'I%'"),
    ("hour(m)", "INTEGER", "HOUR(m)"), ("p * x", "DOUBLE", "p * x"), ("concat(s, a)", "VARCHAR", "CONCAT(s, a)"),
    ("p", "DECIMAL(8, 1)", "CAST(p AS DECIMAL(8, 1))"), ("a // b", "INTEGER", "a // b"), ("a + s", "INTEGER", "a + s"),
]  # fmt: skip


@pytest.fixture(scope="module")
def table() -> Model:
    return fitted(TABLE)


def extended(model: Model, computed: list[tuple[str, str]], without: tuple[str, ...] = ()) -> Model:
    """The model with further columns."""
    program = model.programs["t"]
    outputs = [o for o in program.outputs if o.name not in without]
    steps = list(program.steps)
    for i, (sql, type_) in enumerate(computed):
        steps.append(Expression(f"e{i}", sql))
        outputs.append(Output(f"e{i}", type_))
    return replace(
        model, programs={"t": replace(program, steps=tuple(steps), outputs=tuple(outputs))}
    )


@pytest.mark.parametrize(
    "engine",
    [
        "duckdb",
        "postgres",
        "sqlite",
        "clickhouse",
        "datafusion",
        pytest.param("spark", marks=pytest.mark.slow),
    ],
    indirect=True,
)
def test_the_same_values(engine: Engine, table: Model) -> None:
    computed = [*SAME, *DECIMALS] if engine.dialect.decimals else SAME
    assert check(engine, extended(table, computed), "t") == 200


@pytest.mark.parametrize(("sql", "type_", "part"), OTHER)
@pytest.mark.parametrize("name", ["postgres", "datafusion"])
def test_what_may_differ(name: str, table: Model, sql: str, type_: str, part: str) -> None:
    with pytest.raises(GenesisError) as caught:
        compile_sql(extended(table, [(sql, type_)]), "t", dialect=DIALECTS[name])
    assert str(caught.value) == (
        f"{DIALECTS[name].title} may give other values for {part} in the expression of column 'e0' of "
        "table 't'; leave that column out, or use genesis_generate, which gives the same rows"
    )


def test_duckdb_has_all(duckdb_engine: Engine, table: Model) -> None:
    computed = [
        (sql, type_) for sql, type_, _ in OTHER if sql not in ("a + s", "sqrt(a)", "a // b")
    ]
    assert check(duckdb_engine, extended(table, computed), "t") == 200


@pytest.mark.parametrize("name", ["sqlite", "clickhouse"])
def test_decimals_of_engines_that_count_otherwise(name: str, table: Model) -> None:
    title = DIALECTS[name].title
    with pytest.raises(GenesisError, match=f"^{title} may give other values for p in the"):
        compile_sql(extended(table, DECIMALS), "t", dialect=DIALECTS[name])
