"""Rows that know the rows before them, rows that are drawn again, and held rows, on every engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.dialects.sqlite import SQLITE
from genesis_sql.program.steps import PREV, Override, step_inputs
from tests.engines.conftest import Engine
from tests.engines.test_engines import check
from tests.plan.test_compile_sequence import fitted
from tests.plan.test_sequence import VISITS
from tests.plan.test_unique import CASES, ROOTS

ENGINES = ["duckdb", "postgres", "clickhouse", "datafusion"]


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


def test_an_engine_that_does_not_walk(visits: Model) -> None:
    message = (
        "^SQLite runs no recursion of many levels, which column '[a-z]+' of table 'visits' needs as "
        "it follows from the row before it; compile the table for dialect := 'duckdb', or use "
        "genesis_generate, which gives the same rows$"
    )
    with pytest.raises(GenesisError, match=message):
        compile_sql(visits, "visits", dialect=SQLITE)


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
