"""Wide tables, large trees and deep expressions: they run, or a sentence says why not."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.models.fit import FitOptions
from genesis_sql.models.trees import TreeOptions
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.program.dialects.limits import depth, parser_stack
from genesis_sql.program.dialects.postgres import POSTGRES
from genesis_sql.program.dialects.registry import DIALECTS
from genesis_sql.program.dialects.sqlite import SQLITE
from genesis_sql.program.sql_nodes import add, literal
from genesis_sql.program.sql_relation import Query, Relation, select
from genesis_sql.program.steps import Draw, Output
from genesis_sql.sqlbuild import column
from tests.engines.conftest import Engine
from tests.engines.test_engines import check
from tests.plan import test_compile
from tests.plan.test_compile import fitted

WIDE = 300
QUICK = ["duckdb", "postgres", "sqlite"]


def widened(columns: int) -> Model:
    """A table of that many columns: copies of three whose draws read nothing of each other."""
    made = fitted(
        """CREATE TABLE wide AS SELECT ['a', 'b', 'c', NULL][1 + i * i % 4] AS k,
        CASE WHEN i % 7 > 0 THEN sin(i) END AS x, i * i % 37 AS n FROM range(60) AS r(i)"""
    )
    program = made.programs["wide"]
    drawn = {s.column: s for s in program.steps if isinstance(s, Draw) and not s.inputs}
    first = [o for o in program.outputs if o.name in drawn]
    assert first
    steps, domains, outputs = list(program.steps), dict(program.domains), list(program.outputs)
    for at in range(columns - len(outputs)):
        like = first[at % len(first)]
        name = f"{like.name}{at}"
        steps.append(replace(drawn[like.name], column=name))
        domains[name] = domains[like.name]
        outputs.append(Output(name, like.type))
    program = replace(program, steps=tuple(steps), domains=domains, outputs=tuple(outputs), rows=40)
    return replace(made, programs={"wide": program})


@pytest.fixture(scope="module")
def wide() -> Model:
    return widened(WIDE)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_wide_table(engine: Engine, wide: Model) -> None:
    assert len(wide.programs["wide"].outputs) == WIDE
    assert check(engine, wide, "wide") == 40


@pytest.mark.slow
@pytest.mark.parametrize(
    "engine", ["duckdb", "sqlite", "clickhouse", "datafusion", "spark"], indirect=True
)
def test_a_wide_table_elsewhere(engine: Engine, wide: Model) -> None:
    assert check(engine, wide, "wide") == 40


@pytest.fixture(scope="module")
def grown() -> Model:
    """A tree of more than four hundred leaves."""
    options = FitOptions(trees=TreeOptions(min_cell=1, forest=1), siblings=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_compile, "OPTIONS", options)
        return fitted(
            """CREATE TABLE t AS SELECT i % 97 AS a, CAST(hash(i) % 89 AS INTEGER) AS b, i * i % 83 AS c,
            ['u', 'v', 'w'][1 + CAST((i % 97) * (hash(i) % 89) % 3 AS INTEGER)] AS k
            FROM range(1500) AS r(i)"""
        )


@pytest.mark.parametrize("engine", [*QUICK, "datafusion"], indirect=True)
def test_a_large_tree(engine: Engine, grown: Model) -> None:
    cells = [len(s.cells.low) for s in grown.programs["t"].steps if isinstance(s, Draw)]
    assert max(cells) > 400, cells
    assert check(engine, grown, "t") == 1500


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["clickhouse", "spark"], indirect=True)
def test_a_large_tree_on_slow_planners(engine: Engine, grown: Model) -> None:
    assert check(engine, grown, "t") == 1500


@pytest.mark.parametrize(("dialect", "most"), [(SQLITE, "2,000"), (POSTGRES, "1,664")])
def test_more_columns_than_an_engine_has(dialect: Any, most: str) -> None:
    query = Query(dialect)
    rows = Relation(query, "t", query.add("t", dialect.rows(literal(0), literal(1))), ["#number"])
    for at in range(2001):
        rows.put(f"c{at}", literal(at), keep=True)
    with pytest.raises(
        GenesisError,
        match=f"table 't' takes 2,002 columns at once, and .* has at most {most}; leave",
    ):
        query.text(select([("#number", column("#number"))], rows.close()))


def nested(levels: int) -> exp.Expression:
    node: exp.Expression = column("#number")
    for _ in range(levels):
        node = exp.paren(add(literal(1), node), copy=False)
    return node


def text_of(dialect: Any, node: exp.Expression) -> str:
    query = Query(dialect)
    rows = Relation(
        query, "my t", query.add("t", dialect.rows(literal(0), literal(1))), ["#number"]
    )
    rows.put("x y", node, keep=True)
    return query.text(select([("x y", column("x y"))], rows.close()))


@pytest.mark.parametrize("name", [n for n, one in DIALECTS.items() if one.ran])
def test_an_expression_that_is_too_deep(name: str) -> None:
    with pytest.raises(
        GenesisError,
        match=f"column 'x y' of table 'my t' nests more than the parser of {DIALECTS[name].title} follows; divide",
    ):
        text_of(DIALECTS[name], nested(400))


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "sqlite", "datafusion"], indirect=True)
def test_an_expression_of_as_many_levels_as_are_written(engine: Engine) -> None:
    levels = 20 if engine.dialect.name == "sqlite" else 145
    assert engine.ask(text_of(engine.dialect, nested(levels))) == [(levels,)]


def test_the_stack_of_sqlites_parser() -> None:
    with sqlite3.connect(":memory:") as con:
        for levels in range(1, 28):
            node = nested(levels)
            assert parser_stack(node) == 3 * levels + 2
            assert depth(node) == levels + 2
            text = node.sql("sqlite").replace('"#number"', "0")
            assert con.execute(f"SELECT {text}").fetchone() == (levels,)


def test_the_column_that_cannot_be_said() -> None:
    model = fitted(
        'CREATE TABLE "t u" AS SELECT i AS id, CAST(sqrt(i) * 1e30 AS HUGEINT) AS "x y" FROM range(500) AS r(i)'
    )
    assert np.isfinite(model.programs["t u"].rows)
    with pytest.raises(
        GenesisError,
        match="column 'x y' of table 't u': SQLite has no numbers of more than 64 bits; leave that column out",
    ):
        compile_sql(model, "t u", dialect=SQLITE)
