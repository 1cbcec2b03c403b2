"""Names and values with SQL in them stay names and values, in every function that builds text."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.sqlbuild import quoted, string

NASTY = """x'); DROP TABLE victim; --"";'/* */ -- $1 ? {0} {model} %s :a $$ \\ ünï 数据 🙂"""
NASTIER = NASTY + "\n\tSELECT 1;"
"""As a name of tables and columns, which may hold control characters."""
SHORT = ["a'b", 'a"b', "a;b", "select", " a ", "a.b", "main.victim", "-- a", "/*", "$m", "{", "''"]


@pytest.fixture
def victim(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    return con


def unhurt(con: duckdb.DuckDBPyConnection) -> bool:
    return con.execute("SELECT count(*) FROM memory.main.victim").fetchall() == [(1,)]


def test_one_table(victim: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con = victim
    con.execute(f"CREATE TABLE {quoted(NASTIER)} ({quoted(NASTIER)} VARCHAR, n INTEGER)")
    con.execute(
        f"INSERT INTO {quoted(NASTIER)} SELECT if(i % 2 = 0, ?, 'plain'), i % 5 FROM range(100) AS r(i)",
        [NASTIER],
    )
    con.execute(f"COMMENT ON TABLE {quoted(NASTIER)} IS {string(NASTIER)}")
    assert con.execute("FROM genesis_check(?)", [NASTIER]).fetchall()
    made = con.execute("FROM genesis_fit(?, ?)", [NASTY, NASTIER]).fetchall()
    assert made[0][:4] == (NASTY, 1, NASTIER, "trees")
    rows = con.execute("FROM genesis_generate(?, ?)", [NASTY, NASTIER])
    assert [d[0] for d in rows.description] == [NASTIER, "n"]
    assert {r[0] for r in rows.fetchall()} == {NASTIER, "plain"}
    # the same as text in the statement, and out of a view
    con.execute(
        f"CREATE VIEW v AS FROM genesis_generate({string(NASTY)}, part := {string(NASTIER)})"
    )
    assert con.execute("SELECT count(*) FROM v").fetchall() == [(100,)]
    described = con.execute("FROM genesis_describe(?)", [NASTY]).fetchall()
    assert NASTIER in described[0] or NASTIER in described[1]
    history = con.execute("SELECT model FROM genesis_history(?)", [NASTY]).fetchall()
    assert history == [(NASTY,)]
    con.execute("FROM genesis_activate(?, version := 1)", [NASTY]).fetchall()
    path = str(tmp_path / "x'); DROP TABLE victim; --.genesis")
    con.execute("FROM genesis_export(?, ?)", [NASTY, path]).fetchall()
    con.execute("FROM genesis_drop(?)", [NASTY]).fetchall()
    con.execute(f"CALL genesis_import({string(path)}, model := {string(NASTY + NASTY)})").fetchall()
    assert con.execute("SELECT model FROM genesis_models()").fetchall() == [(NASTY + NASTY,)]
    assert unhurt(con)


def test_a_database(victim: duckdb.DuckDBPyConnection) -> None:
    con = victim
    name = quoted(NASTIER)
    con.execute(f"CREATE SCHEMA {name}")
    con.execute(f"CREATE TABLE {name}.{name} ({name} INTEGER PRIMARY KEY, v VARCHAR)")
    con.execute(
        f"CREATE TABLE {name}.child (p INTEGER REFERENCES {name}.{name}({name}), {name} DOUBLE)"
    )
    con.execute(f"INSERT INTO {name}.{name} SELECT i, 'v' || i % 3 FROM range(40) AS r(i)")
    con.execute(f"INSERT INTO {name}.child SELECT i % 40, i / 3 FROM range(100) AS r(i)")
    con.execute(f"ATTACH ':memory:' AS {name}")
    con.execute(
        "FROM genesis_fit_database(?, schema := ?, options := ?)",
        [NASTY, NASTIER, {NASTIER: {"min_cell": 15}}],
    ).fetchall()
    made = con.execute(
        "FROM genesis_generate_database(?, target := ?)", [NASTY, f"{NASTIER}.{NASTIER}"]
    ).fetchall()
    assert [row[:4] for row in made] == [(NASTIER, 40, 0, 0), ("child", made[1][1], 0, 0)]
    keys = con.execute(
        "SELECT referenced_table FROM duckdb_constraints() WHERE database_name = ? AND referenced_table IS NOT NULL",
        [NASTIER],
    ).fetchall()
    assert keys == [(NASTIER,)]
    assert unhurt(con)


def test_jobs_and_logs(victim: duckdb.DuckDBPyConnection) -> None:
    con = victim
    con.execute(
        f"CREATE TABLE {quoted(NASTIER)} AS SELECT i % 5 AS {quoted(NASTIER)} FROM range(99) r(i)"
    )
    begun = con.execute("FROM genesis_fit(?, ?, wait := false)", [NASTY, NASTIER]).fetchall()
    assert begun[0][:3] == (NASTY, 1, NASTIER)
    assert f"CALL genesis_cancel({string(NASTY)})" in begun[0][8]
    while (found := con.execute("FROM genesis_jobs()").fetchall())[0][12] == "running":
        time.sleep(0.02)
    assert (found[0][2], found[0][12]) == (NASTY, "done")
    con.execute(
        "INSERT INTO genesis.training_log VALUES ($1, 1, 0, $1, 1, 1, 1, 1, 1, 1, $1)", [NASTY]
    )
    for version in ("NULL", "1"):
        log = con.execute(f"FROM genesis_training_log(?, version := {version})", [NASTY])
        assert log.fetchall()[0][1::7] == (NASTY, NASTY)
    assert unhurt(con)


def test_errors_show_names_as_they_are(victim: duckdb.DuckDBPyConnection) -> None:
    victim.execute("CALL genesis_fit('known', 'victim')").fetchall()
    for statement in (
        "FROM genesis_generate(?)",
        "FROM genesis_fit('m', ?)",
        "FROM genesis_fit('m', 'victim', method := ?)",
        "FROM genesis_fit_database('m', schema := ?)",
        "FROM genesis_fit_database('m', tables := [?])",
        "FROM genesis_fit_database('m', relationships := [?])",
        "FROM genesis_fit_database('m', verbatim := [?])",
        "FROM genesis_fit_database('m', orphans := ?)",
        "FROM genesis_fit('m', 'victim', options := MAP {?: 1})",
        "FROM genesis_check(?)",
        "FROM genesis_describe(?)",
        "FROM genesis_history(?)",
        "FROM genesis_drop(?)",
        "FROM genesis_activate(?, version := 1)",
        "FROM genesis_export(?, 'x')",
        "FROM genesis_import(?)",
        "FROM genesis_cancel(?)",
        "FROM genesis_training_log(?)",
        "FROM genesis_fit('m', 'victim', wait := ?)",
    ):
        with pytest.raises(duckdb.InvalidInputException, match="genesis: .*DROP TABLE victim"):
            victim.execute(statement, [NASTY]).fetchall()
        assert unhurt(victim), statement


@pytest.mark.parametrize("name", SHORT)
def test_short_names(victim: duckdb.DuckDBPyConnection, name: str) -> None:
    con = victim
    con.execute(
        f"CREATE TABLE {quoted(name)} AS SELECT i % 3 AS {quoted(name)} FROM range(60) AS r(i)"
    )
    assert con.execute("FROM genesis_fit(?, ?)", [name, name]).fetchall()[0][2] == name
    got = con.execute("FROM genesis_generate(?, ?)", [name, name])
    assert [d[0] for d in got.description] == [name]
    assert unhurt(con)


@pytest.mark.parametrize(
    "source",
    [
        "(SELECT 1; DROP TABLE victim)",
        "(SELECT 1) ; DROP TABLE victim",
        "(SELECT 1) AS x; DROP TABLE victim; --",
        "(DELETE FROM victim RETURNING *)",
        "(WITH x AS (DELETE FROM victim RETURNING *) FROM x)",
        "(SELECT 1 -- ",
        "(SELECT 1)) UNION ALL (SELECT 2",
        "victim; DROP TABLE victim",
        "(COPY victim TO 'x.csv')",
        "(CALL genesis_uninstall())",
        "(ATTACH 'x.duckdb')",
    ],
)
def test_a_source_only_reads(victim: duckdb.DuckDBPyConnection, source: str) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="genesis: SourceError"):
        victim.execute("FROM genesis_fit('m', ?)", [source]).fetchall()
    assert unhurt(victim)


def test_a_cursor_of_the_same_name(victim: duckdb.DuckDBPyConnection) -> None:
    """Names of the package's own that a user's table has."""
    con = genesis_sql.register(victim.cursor())
    con.execute(
        "CREATE TABLE numbers AS SELECT i % 3 AS i, i % 2 AS c0, 1 AS done FROM range(60) AS r(i)"
    )
    con.execute("FROM genesis_fit('numbers', 'numbers')").fetchall()
    got = con.execute("SELECT i, c0, done FROM genesis_generate('numbers')").fetchall()
    assert len(got) == 60
    assert {r[2] for r in got} == {1}


def test_constraints_and_conditions(victim: duckdb.DuckDBPyConnection) -> None:
    con = victim
    con.execute(f"CREATE TABLE {quoted(NASTIER)} ({quoted(NASTIER)} VARCHAR, n INTEGER)")
    con.execute(
        f"INSERT INTO {quoted(NASTIER)} SELECT if(i % 2 = 0, ?, 'plain'), i % 5 FROM range(100) AS r(i)",
        [NASTY],
    )
    kept = f"{quoted(NASTIER)} = {string(NASTY)} OR n > 1"
    con.execute("FROM genesis_fit('m', ?, constraints := [?])", [NASTIER, kept]).fetchall()
    made = "SELECT count(*) FROM genesis_generate('m', rows := 200, conditions := $1)"
    given = {NASTIER: [NASTY, "plain"], "n": 1}
    assert con.execute(made, [given]).fetchall() == [(200,)]
    rows = con.execute(made.replace("count(*)", f"DISTINCT {quoted(NASTIER)}"), [given])
    assert rows.fetchall() == [(NASTY,)]
    for name, value in (("n", "1); DROP TABLE victim; --"), (NASTIER, "'; DROP TABLE victim; --")):
        with pytest.raises(duckdb.Error, match="OptionError"):
            con.execute(made, [{name: value}]).fetchall()
    for text in ("n > 1); DROP TABLE victim; --", "n > (SELECT max(a) FROM victim)", "n > ';'"):
        with pytest.raises(duckdb.Error, match="ConstraintError"):
            con.execute("FROM genesis_fit('x', ?, constraints := [?])", [NASTIER, text]).fetchall()
    assert unhurt(con)
