"""Roles from types and data, counts exact, overrides checked."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genesis_sql.errors import OptionError, SourceError
from genesis_sql.graph.roles import comparable, profile_columns, role_of_type
from genesis_sql.types import Column, RawColumn, Role


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def profile(con, query: str, **options) -> dict[str, Column]:
    """The columns of a query; its types are read from a table made of it."""
    con.execute(f'CREATE OR REPLACE TABLE "t; --" AS {query}')
    described = con.execute('DESCRIBE "t; --"').fetchall()
    raw = [RawColumn(name, kind) for name, kind, *_ in described]
    return {c.name: c for c in profile_columns(con, '"t; --"', raw, **options)}


def roles(con, query: str, **options) -> dict[str, str]:
    return {name: c.role.value for name, c in profile(con, query, **options).items()}


@pytest.mark.parametrize(
    ("expression", "role"),
    [
        ("i % 3 = 0", "boolean"),
        ("(i % 100)::TINYINT", "integer"),
        ("i::UBIGINT", "integer"),
        ("i::HUGEINT * 10000000000000000000", "integer"),
        ("i::UHUGEINT", "integer"),
        ("i::DECIMAL(38, 10)", "decimal"),
        ("i / 7", "decimal"),
        ("i::FLOAT", "decimal"),
        ("DATE '2000-01-01' + i::INTEGER", "date"),
        ("TIMESTAMP '2000-01-01' + to_days(i::INTEGER)", "timestamp"),
        ("(TIMESTAMP '2000-01-01' + to_days(i::INTEGER))::TIMESTAMPTZ", "timestamp"),
        ("(TIMESTAMP '2000-01-01' + to_days(i::INTEGER))::TIMESTAMP_NS", "timestamp"),
        ("TIME '00:00:00' + to_seconds(i)", "time"),
        ("(CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b]' END)::ENUM('a', 'b]')", "category"),
        ("uuid()", "identifier"),
        ("'label ' || i % 7", "category"),
        ("printf('AB-%05d', i)", "identifier"),
        ("printf('+49 30 %06d', i)", "identifier"),
        ("md5(i::VARCHAR)", "identifier"),
        ("md5(i::VARCHAR) || ' was said of ' || md5((i + 1)::VARCHAR)", "text"),
        ("repeat(md5(i::VARCHAR), 3)", "text"),
        ("[i]", "unsupported"),
        ("{'a': i}", "unsupported"),
        ("MAP {'a': i}", "unsupported"),
        ("to_days(i::INTEGER)", "unsupported"),
        ("i::VARCHAR::BLOB", "unsupported"),
        ("i::INTEGER::BIT", "unsupported"),
        ("array_value(i, i)", "unsupported"),
        ("union_value(n := i)", "unsupported"),
        ("('{\"a\": ' || i || '}')::JSON", "unsupported"),
        ("NULL::INTEGER[]", "empty"),
        ("NULL::VARCHAR", "empty"),
        ("'x'", "constant"),
        ("7", "constant"),
        ("CASE WHEN i > 5 THEN 'x' END", "category"),
    ],
)
def test_role(con, expression: str, role: str) -> None:
    found = profile(con, f"SELECT {expression} AS c FROM range(200) r(i)")["c"]
    assert found.role.value == role
    if role == "unsupported":
        assert found.type in found.reason


def test_counts_are_exact(con) -> None:
    query = """SELECT i % 11 AS "a ""b\", CASE WHEN i % 2 = 0 THEN i END AS "é; $counts"
               FROM range(999) r(i)"""
    found = profile(con, query)
    first, second = found['a "b'], found["é; $counts"]
    assert (first.rows, first.distinct, first.nulls) == (999, 11, 0)
    assert (second.rows, second.distinct, second.nulls) == (999, 500, 499)


def test_text_of_small_tables(con) -> None:
    query = "SELECT 'name ' || i AS c, 'x' AS k FROM range({}) r(i)"
    assert roles(con, query.format(20)) == {"c": "category", "k": "constant"}
    assert roles(con, query.format(21))["c"] == "identifier"
    assert roles(con, query.format(1)) == {"c": "category", "k": "category"}
    assert roles(con, query.format(0)) == {"c": "category", "k": "category"}


def test_many_labels_stay_labels_where_they_repeat(con) -> None:
    assert roles(con, "SELECT 'n' || i // 2 AS c FROM range(2000) r(i)")["c"] == "category"
    assert roles(con, "SELECT 'n' || i // 1.9 AS c FROM range(2000) r(i)")["c"] == "identifier"
    assert roles(con, "SELECT 'n' || i AS c FROM range(50) r(i)")["c"] == "identifier"


def test_text_reason_gives_the_counts(con) -> None:
    found = profile(con, "SELECT 'n' || i AS c FROM range(2000) r(i)")["c"]
    assert found.reason == "2,000 of 2,000 values differ"


def test_keys(con) -> None:
    query = """SELECT i AS id, i % 9 AS f, NULL::INTEGER AS g, nullif(i, 3)::VARCHAR AS u
               FROM range(99) r(i)"""
    keys = {"id": Role.KEY, "f": Role.FOREIGN_KEY, "g": Role.FOREIGN_KEY, "u": Role.KEY}
    assert roles(con, query, keys=keys) == {
        "id": "key",
        "f": "foreign key",
        "g": "foreign key",
        "u": "identifier",
    }


def test_overrides(con) -> None:
    query = "SELECT i, 'a' || i AS code, i % 2 = 0 AS b, [i] AS l FROM range(99) r(i)"
    wanted = {"I": "key", "code": "text", "b": "UNSUPPORTED"}
    found = profile(con, query, overrides=wanted)
    assert [c.role for c in found.values()] == [
        Role.KEY,
        Role.TEXT,
        Role.UNSUPPORTED,
        Role.UNSUPPORTED,
    ]
    assert found["code"].reason == "given by the caller"


@pytest.mark.parametrize(
    ("column", "role", "match"),
    [
        ("cod", "text", "unknown column 'cod'; did you mean 'code'"),
        ("code", "txt", "'code' has unknown role 'txt'; did you mean 'text'"),
        (
            "code",
            "integer",
            "cannot have the role 'integer'; it can have: 'category', 'identifier'",
        ),
        ("code", "foreign_key", "cannot have the role 'foreign key'.*relationships"),
        ("half", "key", "a key names every row, but 50 of 99 values differ"),
        ("l", "category", "cannot have the role 'category'; it can have: 'unsupported'"),
        ("id", "integer", "cannot have the role 'integer'; it can have: 'key'"),
    ],
)
def test_refused_overrides(con, column: str, role: str, match: str) -> None:
    query = "SELECT i AS id, 'a' || i AS code, i // 2 AS half, [i] AS l FROM range(99) r(i)"
    with pytest.raises(OptionError, match=match):
        profile(con, query, keys={"id": Role.KEY}, overrides={column: role})


def test_limits_of_types(con) -> None:
    found = roles(
        con,
        """SELECT unnest([9223372036854775807, 0]) AS i,
                  unnest([170141183460469231731687303715884105727::HUGEINT, 0]) AS h,
                  unnest(['infinity'::DATE, '5881580-07-10'::DATE]) AS d,
                  unnest(['nan'::DOUBLE, 'inf'::DOUBLE]) AS f""",
    )
    assert list(found.values()) == ["integer", "unsupported", "date", "decimal"]


def test_unreadable_data_names_the_source(con) -> None:
    con.execute("CREATE VIEW bad AS SELECT CAST('x' || range AS INTEGER) AS i FROM range(9)")
    with pytest.raises(SourceError, match=r"the data of bad cannot be read.*Conversion"):
        profile_columns(con, "bad", [RawColumn("i", "INTEGER")])


def test_comparable() -> None:
    assert comparable("UTINYINT", "DECIMAL(9,2)")
    assert comparable("DATE", "TIMESTAMP WITH TIME ZONE")
    assert comparable("VARCHAR", "ENUM('a')")
    assert not comparable("VARCHAR", "UUID")
    assert not comparable("INTEGER[]", "INTEGER")
    assert role_of_type("ENUM('a')[]") is Role.UNSUPPORTED
    assert role_of_type("TIMESTAMP_S") is Role.TIMESTAMP
