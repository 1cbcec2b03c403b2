"""README.md says what is there, all of it and nothing else, and its first examples run."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner

import genesis_sql
from benchmarks import methods, metrics
from genesis_sql import errors
from genesis_sql.actions.options import KNOWN, fit_options
from genesis_sql.cli import main
from genesis_sql.models.methods import METHODS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MACROS = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "udfs" / "macros").glob("*.sql"))


def _section(title: str) -> str:
    """The text under a heading, down to the next one of its level or above."""
    level = re.search(rf"^(#+) {re.escape(title)}$", README, re.MULTILINE)
    assert level is not None, title
    rest = README[level.end() :]
    return re.split(rf"^#{{1,{len(level[1])}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def _first_cells(title: str) -> list[str]:
    """What stands in code in the first column of the tables of a section."""
    return re.findall(r"^\| `([^`]+)` \|", _section(title), re.MULTILINE)


def _block(kind: str, title: str = "Five minutes") -> str:
    """The block of a section, by default of the five-minute start, that is marked to run."""
    found = re.findall(rf"<!-- runs: {kind} -->\n```\w+\n(.*?)```", _section(title), re.S)
    assert len(found) == 1, f"{len(found)} blocks of {kind} are marked"
    return found[0]


def test_every_function_with_its_arguments() -> None:
    defined = re.findall(r"MACRO (genesis_\w+\(.*?\)) AS TABLE", MACROS)
    assert len(defined) > 10
    assert sorted(_first_cells("SQL functions")[: len(defined)]) == sorted(defined)


def test_no_function_that_is_not_there() -> None:
    defined = set(re.findall(r"MACRO (genesis_\w+)\(", MACROS))
    assert set(re.findall(r"\b(genesis_\w+)\(", README)) <= defined | {"genesis_db"}  # of pytest


def _usage(command: click.Command) -> str:
    pieces = command.collect_usage_pieces(click.Context(command))
    words = [p for p in pieces if p != "[OPTIONS]"]
    return " ".join(["genesis", str(command.name), *words])


def test_every_command_with_its_arguments() -> None:
    expected = [_usage(command) for command in main.commands.values()]
    assert _first_cells("Command line") == expected


def test_no_command_that_is_not_there() -> None:
    used = set(re.findall(r"^genesis (\w+)|`genesis ([a-z]+)", README, re.MULTILINE))
    assert {a or b for a, b in used} <= set(main.commands)


def test_every_error_class() -> None:
    classes = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.GenesisError)
    }
    assert sorted(_first_cells("Errors")) == sorted(classes)


def test_every_option_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", _section("Options of a fit"), re.MULTILINE))
    assert sorted(rows) == sorted(KNOWN)
    defaults = fit_options({}, 0)
    for part in (defaults, defaults.trees, defaults.fill):
        for field in fields(part):
            if field.name in rows and isinstance(value := getattr(part, field.name), int | float):
                assert rows[field.name] == str(value).lower(), field.name


def test_the_methods_are_those_of_genesis_methods() -> None:
    found = README.partition(methods.BEGIN)[2].partition(methods.END)[0]
    assert len(methods.table().splitlines()) > 3
    assert found == methods.table(), "python -m benchmarks.methods puts the table in"


def test_the_metrics_are_those_of_the_code() -> None:
    found = README.partition(metrics.BEGIN)[2].partition(methods.END)[0]
    assert len(metrics.table().splitlines()) > 30
    assert found == metrics.table(), "python -m benchmarks.metrics puts the table in"


@pytest.mark.parametrize("name", [m.name for m in METHODS.values() if m.neural])
def test_how_long_networks_train(name: str) -> None:
    budget = importlib.import_module(f"genesis_sql.models.neural.{name}").BUDGET
    told = " ".join(_section("Methods").split())
    assert re.search(
        rf"`{name}` (trains )?{budget.epochs} epochs in batches of {budget.batch} rows", told
    )
    assert f"at a rate of {budget.rate}" in told


def test_every_python_function() -> None:
    section = _section("Python")
    missing = [n for n in genesis_sql.__all__ if f"{n}(" not in section and n != "GenesisError"]
    assert missing == []


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty directory in which the Python block was run."""
    folder = tmp_path_factory.mktemp("start")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(_block("python"), "README.md", "exec"), {})
        yield folder


def test_the_python_block(start: Path) -> None:
    with duckdb.connect(str(start / "shop.duckdb"), read_only=True) as con:
        counted = "SELECT (SELECT count(*) FROM {0}.customers), (SELECT count(*) FROM {0}.orders)"
        real, made = (con.execute(counted.format(s)).fetchall()[0] for s in ("main", "synth"))
        dearest = (
            "SELECT state FROM {0}.customers c JOIN {0}.orders ON c.id = customer_id "
            "GROUP BY state ORDER BY avg(amount) DESC LIMIT 1"
        )
        states = [con.execute(dearest.format(s)).fetchall() for s in ("main", "synth")]
        emails = "SELECT email FROM synth.customers INTERSECT SELECT email FROM main.customers"
        assert con.execute(emails).fetchall() == []
        assert con.execute("SELECT count(*) FROM many").fetchall() == [(50000,)]
    assert real[0] == 600
    assert made[0] == 1200
    assert 1.5 * real[1] < made[1] < 2.5 * real[1]
    assert states == [[("TX",)]] * 2


def test_the_sql_block(start: Path) -> None:
    statements = [part.strip() for part in _block("sql").split(";\n") if part.strip()]
    assert len(statements) > 5
    with genesis_sql.connect(str(start / "shop.duckdb")) as con:
        for statement in statements:
            found = con.sql(statement)
            found.show()
            assert found.fetchall(), statement
    assert (start / "shop.genesis").exists()


def test_the_shell_block(start: Path) -> None:
    for line in _block("shell").splitlines():
        done = CliRunner().invoke(main, shlex.split(line)[1:])
        assert done.exit_code == 0, done.output
        assert len(done.output.splitlines()) > 2, line
    with duckdb.connect(str(start / "synth.duckdb"), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM customers").fetchall() == [(6000,)]


def test_five_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(
        compile(_block("python", "Five tables and a constraint across them"), "README.md", "exec"),
        {},
    )
    with duckdb.connect(str(tmp_path / "store.duckdb"), read_only=True) as con:
        early = (
            "synth.orders JOIN synth.customers ON customers.id = customer_id WHERE placed < joined"
        )
        spent = "(SELECT sum(amount) FROM synth.items WHERE order_id = orders.id)"
        counted = f"""
            SELECT (SELECT count(*) FROM synth.customers), (SELECT count(*) FROM synth.orders) > 4000,
                   (SELECT count(*) FROM {early}),
                   (SELECT count(*) FROM synth.orders WHERE total IS DISTINCT FROM {spent})
        """
        assert con.execute(counted).fetchall() == [(2000, True, 0, 0)]
        keys = "SELECT count(*) FROM duckdb_constraints() WHERE schema_name = 'synth' AND constraint_type = 'FOREIGN KEY'"
        assert con.execute(keys).fetchall() == [(4,)]


def test_the_profile_blocks() -> None:
    con = genesis_sql.connect()
    for statement in duckdb.extract_statements(_block("profile", "Profiles")):
        assert con.execute(statement).fetchall(), statement.query
    con.execute("CALL genesis_save_profile('s', spec := ?)", [_block("yaml", "Profiles")])
    rows = con.execute("FROM genesis_generate('s', 'readings', rows := 400)").fetchall()
    assert len(rows) == 400
    assert min(r[1] for r in rows) >= 5
    con.close()


def test_the_schema_block() -> None:
    with genesis_sql.connect() as con:
        for statement in duckdb.extract_statements(_block("schema", "Schemas without data")):
            found = con.execute(statement).fetchall()
            assert found, statement.query
        ((orders, early, wrong),) = found
        assert (early, wrong) == (0, 0)
        assert 20_000 < orders <= 30_000
