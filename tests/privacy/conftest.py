from collections.abc import Callable, Iterator
from dataclasses import replace

import duckdb
import pytest

from genesis_sql.evaluate.sides import Sides
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.sqlbuild import qualified

PEOPLE = """
CREATE MACRO u(i, name) AS md5_number_lower(name || i) / 18446744073709551616.0;
CREATE MACRO people(first, rows) AS TABLE
SELECT
    CAST(18 + 70 * u(i, 'age') * u(i, 'old') AS INTEGER) AS age,
    round(exp(2 + u(i, 'age') + u(i, 'p1') + u(i, 'p2')), 2) AS pay,
    'town ' || CAST(floor(30 * u(i, 'town') * u(i, 'size')) AS INTEGER) AS town,
    u(i, 'member') < 0.3 + 0.4 * u(i, 'age') AS member,
    CASE WHEN u(i, 'gap') < 0.9 THEN ['a', 'b', 'c'][1 + CAST(floor(3 * u(i, 'plan')) AS INTEGER)] END AS plan,
    DATE '2015-01-01' + CAST(3000 * u(i, 'day') AS INTEGER) AS joined
FROM range(first, first + rows) AS r(i);
"""
"""Independent people: those of other numbers are a fresh sample of the same population."""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(PEOPLE)
    yield connection
    connection.close()


Open = Callable[..., Sides]


@pytest.fixture
def opened(con: duckdb.DuckDBPyConnection) -> Open:
    """Sides of the schemas real, synth and, where it is there, held."""

    def run(**more: object) -> Sides:
        name = con.execute("SELECT current_database()").fetchall()[0][0]
        graph = build_graph(con, read_schema(con, database=name, schema="real"))
        there = {r[0] for r in con.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()}
        places = {
            s: {t.name: qualified(s, t.name) for t in graph.tables}
            for s in ("real", "synth", "held")
        }
        held = places["held"] if "held" in there else None
        return replace(Sides(con, graph, places["real"], places["synth"], held), **more)

    return run


Make = Callable[..., Sides]


@pytest.fixture
def people(con: duckdb.DuckDBPyConnection, opened: Open) -> Make:
    """A thousand people to learn from, 250 held out, and what `synth` selects."""

    def run(
        synth: str = "FROM people(5000, 1000)", *, holdout: bool = True, **more: object
    ) -> Sides:
        for schema in ("real", "synth", "held")[: 3 if holdout else 2]:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        con.execute("CREATE OR REPLACE TABLE real.people AS FROM people(0, 1000)")
        con.execute(f"CREATE OR REPLACE TABLE synth.people AS {synth}")
        if holdout:
            con.execute("CREATE OR REPLACE TABLE held.people AS FROM people(1000, 250)")
        return opened(**more)

    return run
