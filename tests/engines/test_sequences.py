"""Rows that know the rows before them, rows that are drawn again, and held rows, on every engine."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.dialects.registry import DIALECTS
from genesis_sql.program.steps import PREV, Override, step_inputs
from tests.engines.conftest import Engine
from tests.engines.test_engines import check, plain
from tests.plan.test_compile_sequence import fitted
from tests.plan.test_sequence import VISITS
from tests.plan.test_unique import CASES, ROOTS

SPARK = pytest.param("spark", marks=pytest.mark.slow)
ENGINES = ["duckdb", "postgres", "clickhouse", "datafusion", SPARK]


@pytest.fixture(scope="module")
def visits() -> Model:
    """Visits in their order, and some of nobody."""
    few = VISITS.replace("range(300)", "range(60)")
    return fitted(
        few,
        "INSERT INTO visits SELECT 9000 + i, NULL, DATE '2020-01-01' + CAST(i AS INTEGER), 'cure', 60, 5, 5 FROM range(9) t(i)",
    )


@pytest.fixture(scope="module")
def pairs() -> Model:
    """A table with a key of two numbers that no step keeps."""
    return fitted(ROOTS, CASES["two numbers"], options={"x": {"min_cell": 5}})


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_rows_that_know_the_rows_before_them(engine: Engine, visits: Model) -> None:
    read = {n for s in visits.programs["visits"].steps for n in step_inputs(s)}
    assert any(n.startswith(f"{PREV}.") for n in read)
    assert check(engine, visits, "visits") > 200


@pytest.mark.parametrize("name", ["sqlite", "snowflake", "bigquery", "redshift", "trino"])
def test_engines_that_do_not_walk(name: str, visits: Model) -> None:
    message = (
        f"^{DIALECTS[name].title} runs no recursion of many levels, which column '[a-z]+' of table 'visits' needs as "
        "it follows from the row before it; compile the table for dialect := 'duckdb', or use "
        "genesis_generate, which gives the same rows$"
    )
    with pytest.raises(GenesisError, match=message):
        compile_sql(visits, "visits", dialect=DIALECTS[name])


@pytest.mark.parametrize("engine", [*ENGINES, "sqlite"], indirect=True)
def test_rows_that_are_drawn_again(engine: Engine, visits: Model) -> None:
    kept = Constraint("sex = 'f'", "declared")
    program = replace(visits.programs["patients"], constraints=(kept,))
    model = replace(visits, programs={**visits.programs, "patients": program})
    assert len(Sampler(model, 7).attempts("patients", ["sex"])[0]) > 5
    assert check(engine, model, "patients") == 60


@pytest.mark.parametrize("engine", [*ENGINES, "sqlite"], indirect=True)
def test_rows_with_other_values(engine: Engine, pairs: Model) -> None:
    steps = Sampler(pairs, 7, 2.0).program("x").steps
    assert any(isinstance(s, Override) for s in steps)
    assert check(engine, pairs, "x", scale=2.0) > 20


COPIED = """
CREATE TABLE kinds AS SELECT i AS id, CASE WHEN i % 3 > 0 THEN 'it''s \\ ' || i END AS name, sin(i) * exp(i) AS x,
  DATE '2020-01-01' + CAST(i AS INTEGER) AS d, TIMESTAMP '2020-01-01 10:00:00.5' + to_minutes(i * i) AS t,
  CAST(i * 1.25 AS DECIMAL(10, 2)) AS price, i % 2 = 0 AS even FROM range(12) AS r(i);
CREATE TABLE things AS SELECT i AS id, i * i % 12 AS kind FROM range(90) AS r(i);
ALTER TABLE kinds ADD PRIMARY KEY (id);
"""


@pytest.fixture(scope="module")
def copied() -> Model:
    """A table that is copied, and one that refers to it."""
    return fitted(COPIED, relationships=["things.kind -> kinds.id"], verbatim=["kinds"])


@pytest.mark.parametrize("engine", [*ENGINES, "sqlite"], indirect=True)
def test_copied_tables(engine: Engine, copied: Model) -> None:
    with duckdb.connect() as con:
        con.execute(COPIED)
        found = con.sql("FROM kinds")
        types, rows = found.types, found.fetchall()
    made = engine.ask(compile_sql(copied, "kinds", dialect=engine.dialect))
    name = engine.dialect.name
    assert len(made) == len(rows) == 12
    for at, type_ in enumerate(types):
        mine = [plain(row[at], str(type_), name) for row in made]
        assert mine == [plain(row[at], str(type_), name) for row in rows], at
    few = engine.ask(compile_sql(copied, "kinds", first=3, stop=5, dialect=engine.dialect))
    assert few == made[3:5]
    assert engine.ask(compile_sql(copied, "kinds", first=3, stop=3, dialect=engine.dialect)) == []
    assert check(engine, copied, "things") == 90
