from collections.abc import Callable, Iterator

import duckdb
import pytest

from genesis_sql.evaluate.sides import Sides
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.sqlbuild import qualified

Open = Callable[..., Sides]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    yield connection
    connection.close()


def sides_of(con: duckdb.DuckDBPyConnection, *, holdout: bool = True, **more: object) -> Sides:
    """Schemas real, synth and held of one database."""
    name = con.execute("SELECT current_database()").fetchall()[0][0]
    graph = build_graph(con, read_schema(con, database=name, schema="real"))
    places = {
        s: {t.name: qualified(s, t.name) for t in graph.tables} for s in ("real", "synth", "held")
    }
    held = places["held"] if holdout else None
    return Sides(con, graph, places["real"], places["synth"], held, **more)
