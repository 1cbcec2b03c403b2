"""Rows leave in groups: whichever groups DuckDB asks for, each has its own rows."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import genesis_sql
from genesis_sql.plan.output import GROUP, chunk_of, rows_of
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.spec import Spec
from genesis_sql.session import session_of

SOURCE = """
CREATE TABLE t AS SELECT i AS k, 'label ' || (i % 7) AS s, [j FOR j IN range(i % 4)] AS l,
  CASE WHEN i % 5 = 0 THEN NULL ELSE (i * 37) % 101 END AS n FROM range(500) AS r(i)
"""
ROWS = 20_003


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(SOURCE)
    con.execute("CALL genesis_fit('m', 't')").fetchall()
    yield con
    con.close()


@pytest.mark.parametrize(
    "starts",
    [[0], [0, 8, 16], [3, 11, 19], [80, 8, 8], [19_995, 20_003], [19_999], [0, 8, 19_998]],
)
def test_groups_hold_the_rows_from_their_number_on(
    con: duckdb.DuckDBPyConnection, starts: list[int]
) -> None:
    (model,) = session_of(con).models.values()
    sampler = Sampler(model, Spec.of(3, ROWS / 500))
    everything = rows_of(sampler, "t", np.arange(ROWS)).to_pylist()
    for _ in range(2):  # drawn, and out of the block
        found = chunk_of(sampler, "t", pa.chunked_array([pa.array(starts)]), ROWS).to_pylist()
        assert found == [everything[at : min(at + GROUP, ROWS)] for at in starts]


def test_any_range_is_that_part_of_all_rows(con: duckdb.DuckDBPyConnection) -> None:
    rows = "FROM genesis_generate('m', seed := 3, scale := 40.006, {})"
    everything = con.execute(rows.format(f"rows := {ROWS}")).fetchall()
    assert len(everything) == ROWS
    for first, count in ((0, 1), (5, 9), (8_191, 20), (16_380, 3_000), (ROWS - 3, 3)):
        found = con.execute(rows.format(f"rows := {count}, first_row := {first}")).fetchall()
        assert found == everything[first : first + count]
    some = con.execute(rows.format(f"rows := {ROWS}") + " OFFSET 18000 LIMIT 5").fetchall()
    assert some == everything[18_000:18_005]
