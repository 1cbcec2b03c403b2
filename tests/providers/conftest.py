"""What the tests of providers share: columns that providers make, drawn by the kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.output import rows_of, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.spec import Spec
from genesis_sql.profiles.compile import compile_profile
from genesis_sql.profiles.read import read_profile
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.catalog import fill

Values = dict[str, list[Any]]
Draw = Callable[..., Values]


def drawn(columns: Columns, rows: int = 200, seed: int = 0, *, in_sql: bool = False) -> Values:
    """Values of the shown columns, from the kernel or by one statement without Python."""
    plain = read_profile({"tables": {"t": {"rows": rows, "columns": columns}}})
    model = compile_profile(plain, name="p", version=1)
    with duckdb.connect() as con:
        if in_sql:
            found = con.execute(compile_sql(model, "t", seed=seed))
        else:
            batch = rows_of(Sampler(model, Spec.of(seed)), "t", np.arange(rows))
            con.register("made", pa.Table.from_batches([pa.RecordBatch.from_struct_array(batch)]))
            found = con.execute(f"SELECT {select_list(model.programs['t'])} FROM made")
        names = [d[0] for d in found.description]
        return {n: list(c) for n, c in zip(names, zip(*found.fetchall(), strict=True), strict=True)}


def table_of(meanings: dict[str, str], **asked: Any) -> Columns:
    """The columns of a table of columns by their meanings; each knows the others."""
    out: Columns = {}
    for word, column in meanings.items():
        siblings = {w: c for w, c in meanings.items() if w != word}
        out |= fill(word, Ask("t", column, siblings=siblings, **asked))
    return out


@pytest.fixture
def draw() -> Draw:
    """Draws the columns of providers."""
    return drawn


@pytest.fixture
def one() -> Callable[..., list[Any]]:
    """Draws one column of a meaning."""

    def make(word: str, count: int = 200, **asked: Any) -> list[Any]:
        return drawn(fill(word, Ask("t", "c", **asked)), count)["c"]

    return make


@pytest.fixture
def table() -> Callable[..., Columns]:
    """Fills a table of columns by their meanings."""
    return table_of
