"""Real rows for networks: some hundred flights with NULLs, dates, labels and numbers."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
import torch

from benchmarks import nycflights

ROWS = 600


@pytest.fixture(scope="session")
def trips() -> pa.Table:
    """Flights of four carriers; delays and air time are missing for those that were cancelled."""
    with duckdb.connect() as con:
        nycflights.load(con)
        made = con.sql(f"""
            SELECT carrier, origin, distance, air_time, arr_delay, CAST(time_hour AS DATE) AS day,
                   dep_delay IS NULL AS cancelled
            FROM flights WHERE carrier IN ('UA', 'DL', 'AA', 'MQ')
            ORDER BY (dep_delay IS NULL AND flight_id % 59 = 0) DESC, flight_id % 997, flight_id
            LIMIT {ROWS}
        """).to_arrow_table()
    assert made.num_rows == ROWS
    assert 20 < made["air_time"].null_count < ROWS / 2
    return made


@pytest.fixture(autouse=True, scope="session")
def single_thread() -> Iterator[None]:
    """Small networks gain nothing from threads, and tests run beside others."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def flights(con: duckdb.DuckDBPyConnection, trips: pa.Table) -> duckdb.DuckDBPyConnection:
    """A database with the table ``trips``."""
    load(con, trips)
    return con


def load(con: duckdb.DuckDBPyConnection, trips: pa.Table) -> None:
    """Put the rows into a database."""
    con.register("held", trips)
    con.execute("CREATE TABLE trips AS FROM held")
    con.unregister("held")
