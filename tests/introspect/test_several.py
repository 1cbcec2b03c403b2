"""Several schemas: tables called `schema.table`, keys inside each followed, others given."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genesis_sql.errors import SchemaError, SourceError
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.several import read_schemas
from genesis_sql.types import RawSchema


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.execute("""
        CREATE SCHEMA crm; CREATE SCHEMA "the sales";
        CREATE TABLE crm.client (id INTEGER PRIMARY KEY, grade INTEGER);
        CREATE TABLE crm.call (id INTEGER PRIMARY KEY, client INTEGER REFERENCES crm.client (id));
        CREATE TABLE "the sales".bill (id INTEGER PRIMARY KEY, client INTEGER);
        CREATE TABLE "the sales".client (id INTEGER PRIMARY KEY);
        INSERT INTO crm.client SELECT i, i % 3 FROM range(9) r(i);
        INSERT INTO crm.call SELECT i, i % 9 FROM range(30) r(i);
        INSERT INTO "the sales".bill SELECT i, i % 9 FROM range(40) r(i);
    """)
    yield con
    con.close()


def read(con: duckdb.DuckDBPyConnection, tables: list[str] | None = None) -> RawSchema:
    return read_schemas(con, database="memory", schemas=["crm", "the sales"], tables=tables)


def test_tables_are_called_by_schema_and_name(con: duckdb.DuckDBPyConnection) -> None:
    found = {t.name: t for t in read(con).tables}
    assert list(found) == ["crm.call", "crm.client", "the sales.bill", "the sales.client"]
    assert found["crm.call"].foreign_keys[0].parent == "crm.client"
    assert found["the sales.bill"].source == '"memory"."the sales"."bill"'
    chosen = read(con, ["bill", "crm.client"]).tables
    assert [t.name for t in chosen] == ["crm.client", "the sales.bill"]


def test_keys_between_schemas_are_given(con: duckdb.DuckDBPyConnection) -> None:
    given = ['"the sales".bill.client -> crm.client.id']
    graph = build_graph(con, read(con), relationships=given)
    assert [(r.child, r.parent, r.declared) for r in graph.relationships] == [
        ("crm.call", "crm.client", True),
        ("the sales.bill", "crm.client", False),
    ]
    again = build_graph(con, read(con), relationships=['"the sales".bill(client) -> crm.client'])
    assert again.relationships == graph.relationships
    assert [(t.schema, t.bare_name) for t in graph.tables][2:] == [
        ("the sales", "bill"),
        ("the sales", "client"),
    ]


def test_names_that_say_too_little(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(
        SourceError, match="'client', which is in several schemas: write 'crm.client'"
    ):
        read(con, ["client"])
    with pytest.raises(SourceError, match="'cal', which no schema has; there are"):
        read(con, ["cal"])
    with pytest.raises(SourceError, match="'crm' is named twice"):
        read_schemas(con, database="memory", schemas=["crm", "crm"])
    with pytest.raises(SchemaError, match="no table 'client'; did you mean"):
        build_graph(con, read(con), relationships=["client.id -> crm.client.id"])
