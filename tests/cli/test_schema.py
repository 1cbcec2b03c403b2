"""genesis schema infer and show on databases, scripts, files of words and models."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import Result

from genesis_sql.introspect.from_mapping import read_mapping
from genesis_sql.introspect.from_url import read_url

Genesis = Callable[..., Result]
SCRIPT = """
CREATE TABLE [dbo].[Customers] ([Id] INT IDENTITY(1,1) PRIMARY KEY, [Mail] NVARCHAR(80) NOT NULL);
CREATE TABLE dbo.Orders (Id INT PRIMARY KEY, Customer INT NOT NULL REFERENCES dbo.Customers (Id),
  State NVARCHAR(9) CHECK (State IN ('new', 'done')), CHECK (Id > dbo.fn(Customer)));
"""
MODELS = """
import sqlalchemy as sa
from sqlalchemy import orm
class Base(orm.DeclarativeBase): pass
class Customer(Base):
    "Who buys."
    __tablename__ = "customers"
    id = sa.Column(sa.Integer, primary_key=True)
"""


def test_a_duckdb_file_becomes_yaml_that_can_be_given_back(genesis: Genesis) -> None:
    text = genesis("schema", "infer", "shop.duckdb").stdout
    assert yaml.safe_load(text)["orders"]["columns"]["customer_id"]["references"] == "customers(id)"
    schema = read_mapping(text)
    assert [t.name for t in schema.tables] == ["customers", "orders"]
    assert schema.tables[1].foreign_keys[0].parent == "customers"
    assert genesis("schema", "infer", "duckdb:///shop.duckdb").stdout == text
    as_json = genesis("schema", "infer", "shop.duckdb", "--format", "json").stdout
    assert read_mapping(json.loads(as_json)) == schema


def test_a_script_becomes_the_ddl_of_another_dialect(genesis: Genesis, folder: Path) -> None:
    (folder / "s.sql").write_text(SCRIPT, encoding="utf-8")
    done = genesis("schema", "infer", "s.sql", "--format", "ddl", "--to", "sqlite")
    with sqlite3.connect(folder / "made.db") as con:
        con.executescript(done.stdout)
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            con.execute("INSERT INTO Orders VALUES (1, 1, 'old')")
    con.close()
    assert "left out CHECK" in done.stderr
    made = genesis("schema", "infer", "made.db", "--table", "Customers").stdout
    assert list(yaml.safe_load(made)) == ["Customers"]
    assert read_url("sqlite:///made.db").tables[1].foreign_keys


def test_pictures(genesis: Genesis, folder: Path) -> None:
    text = genesis("schema", "show", "shop.duckdb").stdout
    assert "customer_id  BIGINT         -> customers.id" in text
    mermaid = genesis("schema", "show", "shop.duckdb", "--format", "mermaid").stdout
    assert '"customers" |o--o{ "orders" : "customer_id"' in mermaid
    genesis("schema", "show", "shop.duckdb", "--output", "shop.svg")
    tree = ElementTree.parse(folder / "shop.svg").getroot()
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    genesis("schema", "show", "shop.duckdb", "--output", "shop.mmd")
    assert (folder / "shop.mmd").read_text(encoding="utf-8") == mermaid


def test_models_manifests_and_words(genesis: Genesis, folder: Path) -> None:
    (folder / "shop_models_of_a_test.py").write_text(MODELS, encoding="utf-8")
    drawn = "customers  -- Who buys.\n  id  INTEGER  key\n"
    assert genesis("schema", "show", "shop_models_of_a_test:Base").stdout == drawn
    assert genesis("schema", "show", "shop_models_of_a_test.py:Base").stdout == drawn
    node = {"resource_type": "model", "name": "m", "columns": {"a": {"name": "a"}}}
    manifest = {"metadata": {}, "nodes": {"model.x.m": node}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert yaml.safe_load(genesis("schema", "infer", "manifest.json").stdout) == {
        "m": {"columns": {"a": {"type": "VARCHAR", "nullable": True}}}
    }
    (folder / "visits.yaml").write_text("id: number\nmail: email\n", encoding="utf-8")
    shown = genesis("schema", "infer", "visits.yaml").stdout
    assert list(yaml.safe_load(shown)) == ["visits"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("infer", "shop.duckd"), "there is no file 'shop.duckd'; did you mean 'shop.duckdb'"),
        (("infer", "shop.duckdb", "--table", "order"), "did you mean 'orders'"),
        (("infer", "shop.duckdb", "--schema", "no"), "has no schema 'no'"),
        (("infer", "mysql://u:hidden@h:x/d"), "is no URL of a database"),
        (("infer", "no_such_module:Base"), "No module named 'no_such_module'; there are: "),
        (("infer", "json:dumpz"), "'json' has no 'dumpz'; did you mean 'dump"),
        (("infer", "json:dumps"), "is no model of SQLAlchemy"),
        (("infer", "bad.sql"), "nobody knows the type 'vachar'; did you mean 'varchar'"),
        (("show", "junk.bin"), "is neither text nor a database"),
        (("infer", "shop.duckdb", "--format", "ddl", "--to", "mysq"), "did you mean 'mysql'"),
        (("show", "shop.duckdb", "--output", "no/where.svg"), "there is no folder 'no'"),
        (
            ("infer", "shop.duckdb", "--to", "mysq"),
            "--to 'mysq' is no dialect of SQL; did you mean",
        ),
        (("infer", "bad.sq"), "there is no file 'bad.sq'; did you mean 'bad.sql'"),
        (("infer", "syntax_of_a_test:Base"), "it ends in SyntaxError: invalid syntax"),
        (("infer", "stops_of_a_test:Base"), "it ends in SystemExit: not today"),
        (("infer", "stops_of_a_tes:Base"), "did you mean 'stops_of_a_test'"),
        (
            ("infer", "five.yaml"),
            "table 't', column 'a': comment is 5; it takes text: comment: '5'",
        ),
        (("infer", "table.yaml"), "table 't': comment is 5; it takes text"),
    ],
)
def test_errors_are_one_sentence(
    genesis: Genesis, folder: Path, words: tuple[str, ...], expected: str
) -> None:
    (folder / "bad.sql").write_text("CREATE TABLE t (a vachar(3))", encoding="utf-8")
    (folder / "syntax_of_a_test.py").write_text("x = = 1", encoding="utf-8")
    (folder / "stops_of_a_test.py").write_text("raise SystemExit('not today')", encoding="utf-8")
    (folder / "five.yaml").write_text("t: {a: {type: int, comment: 5}}", encoding="utf-8")
    (folder / "table.yaml").write_text("t: {columns: {a: int}, comment: 5}", encoding="utf-8")
    (folder / "junk.bin").write_bytes(b"\xff\xfe\x00\x80junk" * 9)
    done = genesis("schema", *words, code=1)
    assert expected in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hidden" not in done.output


@pytest.mark.parametrize("name", ["we?ird.db", "a#b %41?x=1&y.db"])
def test_a_file_of_any_name(genesis: Genesis, folder: Path, name: str) -> None:
    with sqlite3.connect(folder / name) as con:
        con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)")
    con.close()
    for source in (name, f"sqlite:///{name}"):
        assert list(yaml.safe_load(genesis("schema", "infer", source).stdout)) == ["t"]
    genesis("fill", f"sqlite:///{name}", "--rows", "t=3")
    with sqlite3.connect(folder / name) as con:
        assert con.execute("SELECT count(*) FROM t").fetchall() == [(3,)]
    con.close()


def test_a_dialect_asks_for_ddl(genesis: Genesis) -> None:
    assert "CREATE TABLE" in genesis("schema", "infer", "shop.duckdb", "--to", "mysql").stdout
    told = genesis("schema", "infer", "shop.duckdb", "--to", "mysql", "--format", "json", code=2)
    assert "take --format ddl" in told.stderr
