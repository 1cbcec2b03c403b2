"""The catalog is read as it is: names, keys, comments, counts; what cannot be seen is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from genesis_sql.errors import SourceError
from genesis_sql.introspect.from_duckdb import BROKEN, has_schema, read_schema, read_table
from genesis_sql.types import RawForeignKey, RawSchema, RawTable

NASTY = 'or"ders; DROP TABLE "kunden" -- $source é 日本'


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.execute("""
        CREATE TABLE p (a INTEGER, b VARCHAR, note VARCHAR, PRIMARY KEY (a, b));
        INSERT INTO p VALUES (1, 'x', 'n'), (2, 'y', NULL);
        CREATE TABLE q (
            Id INTEGER PRIMARY KEY, x INTEGER, "y z" VARCHAR NOT NULL,
            boss INTEGER REFERENCES q(id),
            UNIQUE (X), FOREIGN KEY (x, "Y Z") REFERENCES P(A, b), CHECK (x > 0));
        COMMENT ON TABLE p IS 'parents';
        COMMENT ON COLUMN p.note IS 'a note';
        CREATE VIEW v AS SELECT a, b AS "B b" FROM p;
    """)
    yield con
    con.close()


def schema(con: duckdb.DuckDBPyConnection, **options) -> RawSchema:
    return read_schema(con, database="memory", schema="main", **options)


def table(con: duckdb.DuckDBPyConnection, source: str) -> RawTable:
    return read_table(con, source, database="memory", schema="main")


def test_tables_and_views_come_by_name_with_exact_counts(con) -> None:
    con.execute("CREATE TABLE aa AS FROM range(1234)")
    found = schema(con).tables
    assert [(t.name, t.kind, t.rows) for t in found] == [
        ("aa", "table", 1234),
        ("p", "table", 2),
        ("q", "table", 0),
        ("v", "view", 2),
    ]


def test_columns_types_comments_and_not_null(con) -> None:
    p, q = schema(con, tables=["p", "q"]).tables
    assert [(c.name, c.type, c.nullable, c.comment) for c in p.columns] == [
        ("a", "INTEGER", False, None),
        ("b", "VARCHAR", False, None),
        ("note", "VARCHAR", True, "a note"),
    ]
    assert p.comment == "parents"
    assert [c.nullable for c in q.columns] == [False, True, False, True]


def test_keys_are_spelled_as_the_tables_spell_them(con) -> None:
    p, q = schema(con, tables=["p", "q"]).tables
    assert p.primary_key == ("a", "b")
    assert q.primary_key == ("Id",)
    assert q.unique_keys == (("x",),)
    assert q.foreign_keys == (
        RawForeignKey(("x", "y z"), "p", ("a", "b")),
        RawForeignKey(("boss",), "q", ("Id",)),
    )
    assert q.checks == ("(x > 0)",)


def test_source_can_stand_behind_from(con) -> None:
    con.execute("CREATE TABLE " + _quoted(NASTY) + ' ("a b" INTEGER, "$source" INTEGER)')
    con.execute("INSERT INTO " + _quoted(NASTY) + " VALUES (1, 2)")
    found = table(con, NASTY)
    assert found.name == NASTY
    assert found.rows == 1
    assert con.execute(f'SELECT "$source" FROM {found.source}').fetchall() == [(2,)]
    assert [t.name for t in schema(con).tables if t.name == NASTY] == [NASTY]


def test_same_answer_after_reopening_and_from_read_only(tmp_path: Path) -> None:
    path = tmp_path / "genesis.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(
            "CREATE TABLE z (i INTEGER PRIMARY KEY); CREATE TABLE a (j INTEGER REFERENCES z)"
        )
        con.execute("CREATE SCHEMA genesis.genesis; CREATE TABLE genesis.genesis.models (i INT)")
        first = read_schema(con, database="genesis", schema="main")
    with duckdb.connect(str(path), read_only=True) as con:
        assert read_schema(con.cursor(), database="genesis", schema="main") == first
        assert first.tables[0].foreign_keys[0].parent_columns == ("i",)
        assert read_table(con, "genesis.a", database="genesis", schema="main") == first.tables[0]


def test_own_schema_is_no_source(con) -> None:
    con.execute("CREATE SCHEMA genesis; CREATE TABLE genesis.models (i INTEGER)")
    assert not has_schema(con, database="memory", schema="genesis")
    with pytest.raises(SourceError, match="package's own tables"):
        read_schema(con, database="memory", schema="Genesis")
    with pytest.raises(SourceError, match="package's own tables"):
        table(con, "genesis.models")


def test_schema_and_database_that_are_not_there(con) -> None:
    con.execute("CREATE SCHEMA sales; CREATE SCHEMA empty")
    assert has_schema(con, database="memory", schema="SALES")
    with pytest.raises(SourceError, match="no schema 'sale'; did you mean 'sales'"):
        read_schema(con, database="memory", schema="sale")
    with pytest.raises(SourceError, match="database 'shop' is not attached"):
        read_schema(con, database="shop", schema="main")
    with pytest.raises(SourceError, match=r"'memory.empty' has no tables.*TEMP"):
        read_schema(con, database="memory", schema="empty")


def test_chosen_tables(con) -> None:
    assert [t.name for t in schema(con, tables=["V", '"p"', "p"]).tables] == ["p", "v"]
    with pytest.raises(SourceError, match=r"'pp' was not found, .*; did you mean 'p'"):
        schema(con, tables=["pp"])
    with pytest.raises(SourceError, match="names no table"):
        schema(con, tables=[])


def test_view_that_no_longer_binds(con) -> None:
    con.execute("CREATE TABLE gone (i INTEGER); CREATE VIEW w AS FROM gone; DROP TABLE gone")
    broken = schema(con).tables[-1]
    assert (broken.name, broken.kind, broken.columns) == ("w", BROKEN, ())
    assert "gone" in (broken.comment or "")
    with pytest.raises(SourceError, match='view "w" cannot be read; DuckDB says: Catalog Error'):
        schema(con, tables=["w"])
    with pytest.raises(SourceError, match="gone"):
        table(con, "w")


def test_unquoted_quoted_qualified_and_attached_names(con, tmp_path: Path) -> None:
    con.execute('CREATE SCHEMA "s t"; CREATE TABLE "s t"."x.y" AS SELECT 1 AS i')
    con.execute('CREATE TABLE "a.b" AS SELECT 1 AS i; CREATE TABLE "(odd)" AS SELECT 2 AS i')
    con.execute(f"ATTACH '{tmp_path / 'o.duckdb'}' AS other; CREATE TABLE other.t AS SELECT 1 AS i")
    assert table(con, "P").name == "p"
    assert table(con, "main.p").name == "p"
    assert table(con, " memory . main . p ").name == "p"
    assert table(con, '"s t"."x.y"').schema == "s t"
    assert table(con, "a.b").name == "a.b"
    assert table(con, '"(odd)"').name == "(odd)"
    assert table(con, "other.t").source == '"other"."main"."t"'


def test_exact_name_wins_over_another_case(con) -> None:
    con.execute("CREATE TABLE Ä AS SELECT 1 AS i; CREATE TABLE ä AS SELECT 1 AS i, 2 AS j")
    assert len(table(con, "ä").columns) == 2
    assert len(table(con, "Ä").columns) == 1


def test_what_a_cursor_cannot_see_is_said(con) -> None:
    con.execute("CREATE TEMP TABLE custmers (i INTEGER); CREATE TABLE customers (i INTEGER)")
    match = r"'custmers' was not found, or is TEMP.*COMMIT, or .*; did you mean 'customers'"
    with pytest.raises(SourceError, match=match):
        table(con.cursor(), "custmers")
    with pytest.raises(SourceError, match='CREATE TABLE my_custmers AS FROM "custmers"'):
        table(con.cursor(), "custmers")


def test_uncommitted_table_is_not_there(con) -> None:
    con.execute("BEGIN; CREATE TABLE fresh AS SELECT 1 AS i")
    with pytest.raises(SourceError, match="'fresh' was not found"):
        table(con.cursor(), "fresh")
    con.execute("COMMIT")
    assert table(con.cursor(), "fresh").rows == 1


def test_missing_table_elsewhere_or_a_file(con) -> None:
    con.execute("CREATE SCHEMA sales; CREATE TABLE sales.orders (i INTEGER)")
    with pytest.raises(SourceError, match=r'there is "sales"\."orders"'):
        table(con, "orders")
    with pytest.raises(SourceError, match=r"is a file.*'\(FROM ''data/x.parquet''\)'"):
        table(con, "data/x.parquet")
    with pytest.raises(SourceError, match="source is empty"):
        table(con, "  ")
    with pytest.raises(SourceError, match="not found"):
        table(con, 'x"; DROP TABLE p; --')
    assert table(con, "p").rows == 2


@pytest.mark.parametrize(
    "source",
    [
        "(SELECT * FROM p WHERE a > 0)",
        "(FROM p)",
        " (VALUES (1, 'a'), (2, 'b')); ",
        "(WITH w AS (FROM p) FROM w)",
        "(SELECT 1 AS a) UNION ALL (SELECT 2)",
        "(SELECT 1 AS a UNION ALL SELECT 2 -- )\n)",
        "((SELECT 1 AS a UNION ALL SELECT 2) LIMIT (2))",
        "(SELECT a, a, NULL AS n FROM p)",
        "(TABLE p)",
    ],
)
def test_query_as_source(con, source: str) -> None:
    found = table(con, source)
    assert (found.name, found.kind, found.rows) == ("query", "query", 2)
    assert con.execute(f"SELECT count(*) FROM {found.source} AS q WHERE true").fetchall() == [(2,)]
    assert len({c.name.lower() for c in found.columns}) == len(found.columns)
    assert all(c.type != '"NULL"' for c in found.columns)


def test_query_over_a_file(con, tmp_path: Path) -> None:
    path = tmp_path / "it's.csv"
    con.execute("COPY p TO '" + str(path).replace("'", "''") + "'")
    found = table(con, "(FROM '" + str(path).replace("'", "''") + "')")
    assert [c.name for c in found.columns] == ["a", "b", "note"]


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("(SELECT 1); DROP TABLE p; (SELECT 2)", "one statement, this one has 3"),
        ("(DELETE FROM p RETURNING *)", "cannot be parsed|DELETE"),
        ("(WITH w AS (DELETE FROM p RETURNING *) FROM w)", "only read, this has DELETE"),
        ("(SELECT 1) AS x", "one SELECT"),
        ("(SELECT", "cannot be parsed"),
        ("()", "cannot be parsed|one SELECT"),
        ("(SELECT * FROM nowhere)", "the source query cannot be read; DuckDB says.*nowhere"),
        ("(SELECT * FROM p WHERE a > ?)", "cannot be read"),
        ("(SELECT 1 /* x)", "cannot be parsed"),
    ],
)
def test_refused_queries(con, source: str, match: str) -> None:
    with pytest.raises(SourceError, match=match):
        table(con, source)
    assert table(con, "p").rows == 2


def test_error_while_counting_names_the_query(con) -> None:
    con.execute("CREATE VIEW bad AS SELECT CAST(b AS INTEGER) AS i FROM p")
    with pytest.raises(SourceError, match=r"the source query cannot be read.*Conversion"):
        table(con, "(SELECT CAST(b AS INTEGER) AS i FROM p WHERE CAST(b AS INTEGER) > 0)")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
