"""A schema as plain data and as CREATE TABLE statements, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from genesis_sql.errors import SchemaError
from genesis_sql.introspect import urls
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.introspect.from_url import read_url
from genesis_sql.introspect.written import from_plain, to_ddl, to_plain
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable, Role

TEXT = """
CREATE TYPE mood AS ENUM ('it''s', 'b');
CREATE TABLE parents (code VARCHAR(20) PRIMARY KEY);
CREATE TABLE kids (
  id SERIAL PRIMARY KEY, mood mood NOT NULL DEFAULT 'b', half NUMERIC(8,2), n INT UNIQUE,
  twice NUMERIC(8,2) GENERATED ALWAYS AS (half * 2) STORED, tags TEXT[], words TSVECTOR,
  parent VARCHAR(20) NOT NULL REFERENCES parents, made TIMESTAMPTZ DEFAULT now(),
  state TEXT CHECK (state IN ('x', 'y')), CHECK (n > 0), UNIQUE (parent, n)
);
COMMENT ON TABLE kids IS 'it''s a table';
COMMENT ON COLUMN kids.half IS 'one "half"';
CREATE TABLE a (id INT PRIMARY KEY, b INT REFERENCES b (id));
CREATE TABLE b (id INT PRIMARY KEY, a INT REFERENCES a (id), up INT REFERENCES b (id));
"""


@pytest.fixture(scope="module")
def schema() -> RawSchema:
    return read_ddl(TEXT, dialect="postgres")


def test_every_field_comes_back(schema: RawSchema) -> None:
    column = RawColumn(
        "c", "VARCHAR", nullable=False, comment="é", role=Role.UNSUPPORTED, inside="s",
        reason="why", length=3, values=("a", "b"), default="'x'", meaning="email",
        generated=True, identity=True,
    )  # fmt: skip
    table = RawTable(
        "t", "", (column,), schema="s", kind="view", rows=5, primary_key=("c",),
        unique_keys=(("c",), ("c", "d")), foreign_keys=(RawForeignKey(("c",), "t", ("c",)),),
        checks=("c > 0",), comment="said", nested="list",
    )  # fmt: skip
    for one in (RawSchema((table,), ("note",)), schema):
        text = json.dumps(to_plain(one))
        assert from_plain(json.loads(text)) == one
        assert to_plain(from_plain(json.loads(text))) == to_plain(one)


def test_plain_data_that_are_no_schema() -> None:
    with pytest.raises(SchemaError, match="the key 'tabels'; did you mean 'tables'"):
        from_plain({"tabels": []})
    with pytest.raises(SchemaError, match="is not whole"):
        from_plain({"tables": [{"name": "t", "columns": [{"name": "a"}]}]})


def _compared(schema: RawSchema) -> dict[str, RawTable]:
    return {t.name: t for t in schema.tables}


def test_postgres_text_reads_as_the_same_schema(schema: RawSchema) -> None:
    back = _compared(read_ddl(to_ddl(schema, dialect="postgres"), dialect="postgres"))
    for name, table in _compared(schema).items():
        for old, new in zip(table.columns, back[name].columns, strict=True):
            if old.type.startswith("ENUM"):  # its labels are a check there
                new = replace(new, type=old.type, length=None)
            if old.name == "words":
                new = replace(new, role=old.role, reason=old.reason)
            assert new == old
        assert back[name].foreign_keys == table.foreign_keys
        assert back[name].unique_keys == table.unique_keys
        assert (back[name].comment, back[name].primary_key) == (table.comment, table.primary_key)


@pytest.mark.parametrize("dialect", ["mysql", "tsql", "snowflake", "sqlite", "oracle", "duckdb"])
def test_text_of_other_dialects_reads_again(schema: RawSchema, dialect: str) -> None:
    back = _compared(read_ddl(to_ddl(schema, dialect=dialect), dialect=dialect))
    for name, table in _compared(schema).items():
        assert [c.name for c in back[name].columns] == [c.name for c in table.columns]
        assert back[name].primary_key == table.primary_key
        assert back[name].unique_keys == table.unique_keys
        cannot = dialect in ("duckdb", "sqlite") and name == "a"  # its key closes the circle
        assert back[name].foreign_keys == (() if cannot else table.foreign_keys)


def test_duckdb_runs_it(schema: RawSchema) -> None:
    with duckdb.connect() as con:
        con.execute(to_ddl(schema))
        tables = con.execute(
            "SELECT table_name, comment FROM duckdb_tables() ORDER BY 1"
        ).fetchall()
        assert tables == [("a", None), ("b", None), ("kids", "it's a table"), ("parents", None)]
        with pytest.raises(duckdb.ConstraintException, match="foreign key"):
            con.execute("INSERT INTO kids (id, mood, parent) VALUES (1, 'b', 'nobody')")
        con.execute("INSERT INTO parents VALUES ('x')")
        with pytest.raises(duckdb.ConstraintException, match="CHECK"):
            con.execute("INSERT INTO kids (id, mood, parent, n) VALUES (1, 'b', 'x', 0)")


@pytest.mark.parametrize(("server", "dialect"), [("postgres", "postgres"), ("mariadb", "mysql")])
def test_servers_run_it(
    schema: RawSchema, server: str, dialect: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(server).replace("postgresql:", "postgresql+psycopg:")
    engine = sa.create_engine(url)
    with engine.begin() as there:
        for statement in to_ddl(schema, dialect=dialect).split(";\n\n"):
            there.execute(sa.text(statement.rstrip(";").replace(":", "\\:")))
    engine.dispose()
    back = _compared(read_url(url))
    for name, table in _compared(schema).items():
        assert back[name].primary_key == table.primary_key
        assert set(back[name].unique_keys) == set(table.unique_keys)
        assert set(back[name].foreign_keys) == set(table.foreign_keys)
        assert back[name].comment == table.comment
        columns = {c.name: c for c in back[name].columns}
        for column in table.columns:
            new = columns[column.name]
            assert (new.nullable, new.comment, new.length) == (
                column.nullable, column.comment, 4 if server == "postgres" and column.name == "mood" else column.length,
            )  # fmt: skip
            assert (new.identity, new.generated) == (column.identity, column.generated)
            if column.values:
                assert new.values == column.values


def test_schemas_stay_apart() -> None:
    text = "CREATE TABLE a.t (id INT PRIMARY KEY); CREATE TABLE b.t (id INT REFERENCES a.t)"
    schema = read_ddl(text)
    assert _compared(read_ddl(to_ddl(schema, dialect="postgres"))) == _compared(schema)
    with duckdb.connect() as con:
        con.execute(to_ddl(schema))


def test_names_and_texts_cannot_break_out() -> None:
    evil = "x'); DROP TABLE victim; --\"`]"
    column = RawColumn(evil, "VARCHAR", comment=evil, values=(evil,), default="'a''b'")
    label = RawColumn("e", f"ENUM('{evil.replace(chr(39), chr(39) * 2)}')", values=(evil,))
    table = RawTable(evil, "", (column, label), comment=evil, primary_key=(evil,))
    with duckdb.connect() as con:
        con.execute("CREATE TABLE victim (a INT)")
        con.execute(to_ddl(RawSchema((table,))))
        assert con.execute("SELECT count(*) FROM victim").fetchall() == [(0,)]
        names = con.execute("SELECT DISTINCT table_name FROM duckdb_columns()").fetchall()
        assert (evil,) in names
    for dialect in ("postgres", "mysql", "tsql", "sqlite"):
        back = read_ddl(to_ddl(RawSchema((table,)), dialect=dialect), dialect=dialect)
        assert [t.name for t in back.tables] == [evil]


EVERY = """
CREATE TABLE a (k BLOB PRIMARY KEY, t VARCHAR UNIQUE, ts TIMESTAMP NOT NULL, tz TIMESTAMPTZ, d DATE,
  tm TIME, u UUID UNIQUE, j JSON, l INTEGER[], s STRUCT(a INT), b BOOLEAN DEFAULT TRUE, h HUGEINT,
  ub UBIGINT, ut UTINYINT, us USMALLINT, ui UINTEGER, dd DOUBLE, f FLOAT, dc DECIMAL(10, 2), iv INTERVAL,
  e ENUM ('x', 'y'), ti TINYINT, ns TIMESTAMP_NS, bt BIT, txt TEXT DEFAULT 'x', ts2 TIMESTAMP DEFAULT now());
CREATE TABLE b (id INT PRIMARY KEY, ak BLOB REFERENCES a (k), at VARCHAR REFERENCES a (t), u UUID REFERENCES a (u));
"""
READ = {
    "sqlite": {
        "ts": "TIMESTAMP",
        "tz": "TIMESTAMP",
        "b": "BOOLEAN",
        "dc": "DECIMAL(10,2)",
        "k": "BLOB",
    },
    "mysql": {"ts": "TIMESTAMP", "tz": "TIMESTAMP", "u": "VARCHAR", "k": "BLOB", "ub": "UBIGINT"},
    "postgres": {
        "ts": "TIMESTAMP",
        "tz": "TIMESTAMP WITH TIME ZONE",
        "u": "UUID",
        "l": "INTEGER[]",
        "ut": "SMALLINT",
    },
}


@pytest.mark.parametrize("dialect", list(READ))
def test_a_server_takes_the_types_and_tells_them_again(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """And a moment of 1900 is one, which MySQL's TIMESTAMP could not hold, nor leave alone."""
    names = {"mysql": "mariadb", "postgres": "postgres"}
    (tmp_path / "t.db").touch()
    file = f"sqlite:///{tmp_path / 't.db'}"
    url = request.getfixturevalue(names[dialect]) if dialect in names else file
    engine = sa.create_engine(urls.parsed(url), poolclass=sa.NullPool)
    with engine.begin() as con:
        for statement in to_ddl(read_ddl(EVERY, dialect="duckdb"), dialect=dialect).split(";\n\n"):
            con.exec_driver_sql(statement.rstrip(";"))
        moment = datetime(1900, 1, 2, 3, 4, 5, 678901)
        new = sa.text("INSERT INTO a (k, t, ts, d) VALUES (:k, 'one', :ts, '1900-01-02')")
        con.execute(new, {"k": b"k", "ts": str(moment)})
        con.exec_driver_sql("UPDATE a SET d = '1900-01-03'")
        found, default = con.execute(sa.text("SELECT ts, ts2 FROM a")).one()
        assert (str(found), default is None) == (str(moment), False)
    engine.dispose()
    read = {t.name: t for t in read_url(url).tables}
    assert {c.name: c.type for c in read["a"].columns if c.name in READ[dialect]} == READ[dialect]
    assert [k.columns for k in read["b"].foreign_keys] == [("ak",), ("at",), ("u",)]
