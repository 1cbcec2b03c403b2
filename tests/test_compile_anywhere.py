"""`genesis_compile` for all engines through its doors: texts, files, command lines, wrong names."""

from __future__ import annotations

import re
import shlex
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from click.testing import CliRunner
from sqlglot import exp

import genesis_sql
from genesis_sql.cli import main
from genesis_sql.errors import OptionError
from genesis_sql.plan.compiled import FIRST, script
from genesis_sql.program.dialects.registry import DIALECTS, dialect_of
from tests.engines.conftest import needed
from tests.test_compile import SHOP

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("\n## Run it anywhere\n")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("anywhere")
    with genesis_sql.connect(str(path / "shop.duckdb")) as con:
        con.execute(SHOP)
        genesis_sql.fit_database(con, "shop")
    return path


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def con(place: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect("shop.duckdb") as opened:
        yield opened


@pytest.fixture
def expected(place: Path) -> list[tuple[Any, ...]]:
    with genesis_sql.connect("shop.duckdb") as con:
        rows = genesis_sql.generate(con, "shop", "customers", rows=1000, seed=8).fetchall()
    assert len(rows) == 1000
    return rows


def commands(kind: str) -> list[str]:
    (block,) = re.findall(rf"<!-- runs: {kind} -->\n```\w+\n(.*?)```", SECTION, re.DOTALL)
    return block.splitlines()


def compiled_by(line: str) -> str:
    done = CliRunner().invoke(main, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
    return Path("customers.sql").read_text(encoding="utf-8")


def texts(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return [tuple("" if v is None else str(v) for v in row) for row in rows]


def test_psql(expected: list[Any], postgres_server: Any) -> None:
    compiling, reading = commands("postgres")
    compiled_by(compiling)
    url = postgres_server.fresh()
    program, *arguments = shlex.split(reading)
    call = [program, url, "--csv", "-qt", *arguments]
    out = subprocess.run(call, capture_output=True, text=True, check=True)
    assert not out.stderr
    found = [tuple(v.strip('"') for v in line.split(",")) for line in out.stdout.splitlines()]
    assert found == texts(expected)


def test_sqlite(expected: list[Any]) -> None:
    compiling, reading = commands("sqlite")
    text = compiled_by(compiling)
    with sqlite3.connect(":memory:") as plain:
        assert texts(plain.execute(text).fetchall()) == texts(expected)
    program, *arguments = shlex.split(reading)
    if shutil.which(program) is None:
        return
    out = subprocess.run([program, "-csv", *arguments], capture_output=True, text=True, check=True)
    found = [tuple(v.strip('"') for v in line.split(",")) for line in out.stdout.splitlines()]
    assert found == texts(expected)


def test_clickhouse(expected: list[Any]) -> None:
    """ClickHouse in a Python process: it takes the statements of the file one by one."""
    needed("chdb")
    from chdb import session

    compiling, _ = commands("clickhouse")
    statements = compiled_by(compiling).removesuffix(";\n").split(";\n")
    assert len(statements) > 3
    plain = session.Session()
    for statement in statements[:-1]:
        assert statement.startswith("SET ")
        plain.query(statement)
    out = str(plain.query(statements[-1], "CSV"))
    plain.close()
    found = [
        tuple(v.strip('"').replace("\\N", "") for v in line.split(",")) for line in out.splitlines()
    ]
    assert found == texts(expected)


def test_data_in_a_file(con: Any) -> None:
    first, second = commands("data")
    con.execute(first)
    ((text,),) = con.execute(second).fetchall()
    rows = genesis_sql.generate(con, "shop", "customers", rows=1000).fetchall()
    with duckdb.connect() as plain:
        assert plain.execute(text).fetchall() == rows
    Path("cells.parquet").unlink()


def test_the_command_line_writes_the_data(expected: list[Any]) -> None:
    line = (
        "genesis compile shop.duckdb shop customers --rows 1000 --seed 8 --out customers.sql --data"
    )
    text = compiled_by(f"{line} my.parquet")
    with duckdb.connect() as plain:
        assert plain.execute(text).fetchall() == expected
    written = Path("my.parquet").read_bytes()
    compiled_by(f"{line} my.parquet")
    assert Path("my.parquet").read_bytes() == written
    for other in (
        line.replace("customers", "orders", 1),
        f"{line.replace(' --data', '')} --dialect clickhouse --data",
    ):
        done = CliRunner().invoke(main, shlex.split(f"{other} my.parquet")[1:])
        assert done.exit_code == 1
        assert "'my.parquet' is there already and holds other data; name another" in done.output
    assert Path("my.parquet").read_bytes() == written
    Path("text.parquet").write_text("no Parquet")
    done = CliRunner().invoke(main, shlex.split(f"{line} text.parquet")[1:])
    assert (done.exit_code, "holds other data" in done.output) == (1, True)
    done = CliRunner().invoke(main, shlex.split(f"{line} s3://lake/cells.parquet")[1:])
    assert (done.exit_code, "COPY (FROM genesis_compile_data(" in done.output) == (1, True)


def test_a_printed_text_ends_as_a_statement(place: Path) -> None:
    done = CliRunner().invoke(
        main, ["compile", "shop.duckdb", "shop", "customers", "--dialect", "PostgreSQL"]
    )
    assert done.output.startswith("SET jit = off;\nWITH ")
    assert done.output.endswith(";\n")


def test_help_says_what_is_not_run() -> None:
    shown = " ".join(CliRunner().invoke(main, ["compile", "--help"]).output.split())
    assert "spark; written but not run: snowflake, bigquery, redshift, trino." in shown


@pytest.mark.parametrize("name", DIALECTS)
def test_a_text_is_one_query_behind_comments(con: Any, name: str) -> None:
    text = genesis_sql.compile_sql(con, "shop", "customers", rows=10, dialect=name)
    head = list(takewhile(lambda line: line.startswith("--"), text.splitlines()))
    ran = [line for line in head if "but not run" in line]
    assert len(ran) == (not DIALECTS[name].ran)
    assert [line for line in head if line not in ran] == [
        f"{FIRST}{s};" for s in DIALECTS[name].first()
    ]
    parsed = sqlglot.parse(text, dialect=DIALECTS[name].writes or "postgres")
    assert [type(tree) for tree in parsed] == [exp.Select]
    assert "genesis" not in text.lower()
    shown = script(text)
    assert [line for line in shown.splitlines() if line.startswith("--")] == ran


@pytest.mark.parametrize(
    ("alias", "name"),
    [("postgresql", "postgres"), (" PG ", "postgres"), ("Spark SQL", "spark"), ("spark_sql", "spark"), ("sqlite3", "sqlite"), ("chdb", "clickhouse"), ("Google BigQuery", "bigquery")],
)  # fmt: skip
def test_other_names(alias: str, name: str) -> None:
    assert dialect_of(alias).name == name


@pytest.mark.parametrize(("given", "near"), [("postgressql", "; did you mean 'postgresql'"), ("oracle", ""), ("", ""), ("snowflakes", "; did you mean 'snowflake'")])  # fmt: skip
def test_names_that_are_none(con: Any, given: str, near: str) -> None:
    wanted = re.escape(
        f"dialect := '{given}' is not known{near}; there are: 'duckdb', 'postgres', 'sqlite'"
    )
    with pytest.raises(OptionError, match=wanted):
        genesis_sql.compile_sql(con, "shop", "customers", dialect=given)
    with pytest.raises(OptionError, match=wanted):
        genesis_sql.compile_data(con, "shop", "customers", dialect=given)


@pytest.mark.parametrize("name", DIALECTS)
def test_names_and_labels_cannot_become_sql(name: str) -> None:
    """Everything evil stays one token, with its value, for a reader of that dialect."""
    evil = "c\"`] \\ ' ; DROP TABLE x; -- */ ü"
    label = "l' \\' \\\\ \" ` ; DROP TABLE x; -- */ \n ü $1 {x}"
    with genesis_sql.connect() as own:
        doubled = evil.replace('"', '""')
        own.execute(
            f"""CREATE TABLE t AS SELECT [$label, 'b'][1 + i % 2] AS "{doubled}", i % 5 AS n
            FROM range(60) AS r(i)""",
            {"label": label},
        )
        genesis_sql.fit(own, "m", "t")
        text = genesis_sql.compile_sql(own, "m", rows=20, dialect=name)
    (tree,) = sqlglot.parse(text, dialect=DIALECTS[name].writes or "postgres")
    assert tree is not None
    assert not list(tree.find_all(exp.Drop))
    assert evil in {e.alias_or_name for e in tree.expressions}
    literals = [node.name for node in tree.find_all(exp.Literal) if node.is_string]
    assert any(label in one for one in literals)
