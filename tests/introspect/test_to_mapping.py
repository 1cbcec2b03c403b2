"""A schema as the mapping that people edit, and back."""

from __future__ import annotations

from dataclasses import replace

from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.introspect.from_mapping import read_mapping
from genesis_sql.introspect.to_mapping import to_mapping
from genesis_sql.introspect.written import to_plain
from genesis_sql.types import RawSchema

TEXT = """
CREATE TYPE mood AS ENUM ('calm', 'wi''ld');
CREATE TABLE parents (code VARCHAR(20) PRIMARY KEY, "odd name" TEXT);
CREATE TABLE kids (
  id SERIAL PRIMARY KEY, f REAL, d FLOAT8, mood mood NOT NULL DEFAULT 'calm', half NUMERIC(8,2), n INT UNIQUE, ip INET,
  twice NUMERIC(8,2) GENERATED ALWAYS AS (half * 2) STORED, tags TEXT[], parent VARCHAR(20) NOT NULL REFERENCES parents,
  made TIMESTAMPTZ DEFAULT now(), state TEXT CHECK (state IN ('on', 'off')), CHECK (n > 0), UNIQUE (parent, n));
CREATE TABLE pairs (a VARCHAR(20), b INT, FOREIGN KEY (a, b) REFERENCES kids (parent, n));
COMMENT ON TABLE kids IS 'small ones';
COMMENT ON COLUMN kids.half IS 'one "half"';
"""


def _told(schema: RawSchema) -> RawSchema:
    """Without the name of the schema, which a mapping leaves to its reader."""
    return replace(schema, tables=tuple(replace(t, schema="main") for t in schema.tables))


def test_it_reads_as_the_same_schema() -> None:
    schema = read_ddl(TEXT, dialect="postgres")
    assert read_mapping(to_mapping(schema)) == schema
    assert read_mapping(to_plain(schema)) == schema


def test_tables_of_several_schemas_and_of_duckdb() -> None:
    text = "CREATE TABLE a.t (x UHUGEINT PRIMARY KEY, s STRUCT(u INT, v TEXT[])); CREATE TABLE b.t (x HUGEINT, y UHUGEINT REFERENCES a.t)"
    schema = read_ddl(text, dialect="duckdb")
    assert _told(read_mapping(to_mapping(schema))) == _told(schema)
