"""Tables of a model as files: one for each or a script of all, whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import genesis_sql
from genesis_sql.errors import AccessError, IntegrityError, OptionError, TargetError
from tests.actions.delivering.conftest import ask, counts, engine_of

ALL = ("shops", "customers", "orders", "items")
READ = {
    "csv": "read_csv('{}')",
    "json": "read_json('{}')",
    "jsonl": "read_json('{}', format = 'newline_delimited')",
    "parquet": "read_parquet('{}')",
}
EVIL = "x'); DROP TABLE victim; --\\"
TYPES = """
CREATE TABLE kinds (id BIGINT PRIMARY KEY, flag BOOLEAN, tiny TINYINT, unsigned_one UBIGINT, exact DECIMAL(10, 2), rough DOUBLE,
  said VARCHAR, day DATE, hour TIME, moment TIMESTAMP, instant TIMESTAMPTZ, id2 UUID, doc JSON,
  numbers INTEGER[], words VARCHAR[], pair STRUCT(a INTEGER, b VARCHAR), mood ENUM ('good', 'bad'));
INSERT INTO kinds VALUES (1, true, 7, 9, 1.50, 0.1, E'tab\\t "q" ''s'' \\\\ %s :x\\nline', '2020-01-02', '10:11:12.5', '2020-01-01 10:00:00.123456',
    '2020-06-01 10:00:00+02', '202bee2f-541b-4e3a-9dd0-8dbbe0e64d0f', '{"a": [1, "x"]}', [1, NULL, 3], ['a,"b', NULL, 'c\\d'], {'a': 1, 'b': 'x'}, 'bad'),
  (2, false, -1, 0, -2, 1e300, '', '1999-12-31', '00:00:00', '1969-12-31 23:59:59', '1970-01-01 00:00:00+00', '00000000-0000-0000-0000-000000000001', '[]', [], [], NULL, 'good'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
"""


@pytest.fixture
def kinds(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A model that copies a table of all kinds of columns."""
    con.execute(TYPES)
    con.execute("CALL genesis_fit_database('kinds', verbatim := ['kinds'])").fetchall()
    return con


def export(con: duckdb.DuckDBPyConnection, path: Path, name: str = "shop", **how):
    return genesis_sql.export_database(con, name, path, **how)


@pytest.mark.parametrize("format_", READ)
def test_a_file_for_each_table_with_the_rows_of_generate(
    shop: duckdb.DuckDBPyConnection, tmp_path: Path, format_: str
):
    report = export(shop, tmp_path / "out", format=format_, rows={"orders": 80}, seed=5)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        f"{t}.{format_}" for t in ALL
    )
    genesis_sql.generate_database(
        shop, "shop", "synth", rows={"orders": 80}, seed=5, if_exists="replace"
    )
    for row in report:
        file = tmp_path / "out" / f"{row['table_name']}.{format_}"
        assert (row["path"], row["bytes"]) == (str(file), file.stat().st_size)
        read, made = READ[format_].format(file), f"synth.{row['table_name']}"
        both = f"SELECT count(*) FROM (FROM {made} EXCEPT ALL SELECT * FROM (FROM {read}))"
        assert shop.execute(both).fetchall() == [(0,)]
        assert shop.execute(f"SELECT count(*) FROM {read}").fetchall() == [(row["rows"],)]


def test_files_are_not_overwritten_unless_told_and_others_are_left_alone(
    shop: duckdb.DuckDBPyConnection, tmp_path: Path
):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "orders.csv").write_text("mine")
    with pytest.raises(
        TargetError,
        match=r"orders.csv' is there already; take another path, or if_exists := 'replace'",
    ):
        export(shop, tmp_path, format="csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.txt", "orders.csv"]
    export(shop, tmp_path, format="csv", if_exists="replace")
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (tmp_path / "orders.csv").read_text().startswith("id,customer_id")


def test_nothing_is_left_of_what_fails(shop: duckdb.DuckDBPyConnection, tmp_path: Path):
    with pytest.raises(IntegrityError, match="no rows"):
        export(shop, tmp_path / "out", rows=dict.fromkeys(ALL, 0))
    assert list(tmp_path.iterdir()) == []
    told = shop.execute(
        "SELECT status FROM genesis_history('shop') WHERE kind = 'export_database' ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert told == [("error",)]


def test_bad_places_and_arguments(shop: duckdb.DuckDBPyConnection, tmp_path: Path):
    (tmp_path / "file").touch()
    for path, how, error, match in (
        (tmp_path / "no" / "folder", {}, TargetError, "there is no folder"),
        (tmp_path / "file", {}, TargetError, "is a file; the tables go into a folder"),
        (tmp_path, {"format": "parkett"}, OptionError, "did you mean 'parquet'"),
        (
            tmp_path,
            {"format": "sql", "dialect": "postgress"},
            OptionError,
            "did you mean 'postgres'",
        ),
        (tmp_path, {"if_exists": "append"}, OptionError, "it takes 'error' or 'replace'"),
        (tmp_path / "all.sql", {"format": "csv"}, OptionError, "is a script"),
        (Path("/proc/nothing"), {}, TargetError, "cannot write"),
    ):
        with pytest.raises(error, match=match):
            export(shop, path, **how)


def test_a_connection_without_access_writes_nothing(
    closed_shop: duckdb.DuckDBPyConnection, tmp_path: Path
):
    with pytest.raises(AccessError, match="enable_external_access"):
        export(closed_shop, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_sql_function(shop: duckdb.DuckDBPyConnection, tmp_path: Path):
    query = "SELECT table_name, rows FROM genesis_export_database('shop', ?, format := 'jsonl', rows := MAP {'orders': 12}, scale := 0.5, seed := 2)"
    found = dict(shop.execute(query, [str(tmp_path / "out")]).fetchall())
    assert found["orders"] == 12
    assert len((tmp_path / "out" / "orders.jsonl").read_text().splitlines()) == 12


def test_a_script_fills_an_empty_database(
    shop: duckdb.DuckDBPyConnection, tmp_path: Path, postgres: str, mariadb: str
):
    shop.execute(
        "CALL genesis_generate_database('shop', target := 'synth', rows := MAP {'orders': 80}, if_exists := 'replace')"
    ).fetchall()
    expected = shop.execute(
        "SELECT count(*), sum(amount), count(placed) FROM synth.orders"
    ).fetchall()
    for dialect in ("postgres", "mysql", "sqlite", "duckdb"):
        export(shop, tmp_path / f"{dialect}.sql", dialect=dialect, rows={"orders": 80})
        script = (tmp_path / f"{dialect}.sql").read_text()
        query = "SELECT count(*), sum(amount), count(placed) FROM orders"
        if dialect == "duckdb":
            with duckdb.connect() as other:
                other.execute(script)
                found = other.execute(query).fetchall()
                assert (
                    other.execute(
                        "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
                    ).fetchall()[0][0]
                    >= 3
                )
        elif dialect == "sqlite":
            other = sqlite3.connect(":memory:")
            other.executescript("PRAGMA foreign_keys = ON;" + script)
            found = other.execute(query).fetchall()
            other.close()
        else:
            url = {"postgres": postgres, "mysql": mariadb}[dialect]
            _run(url, script)
            found = ask(url, query)
        assert [(n, round(float(s), 2), p) for n, s, p in found] == [
            (n, round(float(s), 2), p) for n, s, p in expected
        ], dialect


def _run(url: str, script: str) -> None:
    """All statements of a script, as a client would: PyMySQL takes one at a time."""
    with engine_of(url) as engine, engine.begin() as con:
        cursor = con.connection.driver_connection.cursor()
        for statement in script.split(";\n\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.close()


def test_values_of_all_kinds_in_scripts(
    kinds: duckdb.DuckDBPyConnection, tmp_path: Path, postgres: str, mariadb: str
):
    for dialect in ("postgres", "mysql", "duckdb"):
        export(kinds, tmp_path / f"{dialect}.sql", "kinds", dialect=dialect)
    text = {d: (tmp_path / f"{d}.sql").read_text() for d in ("postgres", "mysql", "duckdb")}
    with genesis_sql.connect() as other:
        other.execute(text["duckdb"])
        rows = other.execute("FROM kinds ORDER BY id").fetchall()
    assert rows == kinds.execute("FROM kinds ORDER BY id").fetchall()
    _run(postgres, text["postgres"])
    found = ask(
        postgres,
        "SELECT said, numbers, words, moment, instant, exact, pair, mood FROM kinds ORDER BY id",
    )
    assert found[0][:3] == ("tab\t \"q\" 's' \\ %s :x\nline", [1, None, 3], ['a,"b', None, "c\\d"])
    assert found[0][4].timestamp() == 1590998400
    assert (found[1][0], found[1][1], found[0][6], found[0][7]) == (
        "",
        [],
        {"a": 1, "b": "x"},
        "bad",
    )
    assert found[2] == (None,) * 8
    _run(mariadb, text["mysql"])
    found = ask(mariadb, "SELECT said, flag, exact, numbers FROM kinds ORDER BY id")
    assert found[0][:2] == ("tab\t \"q\" 's' \\ %s :x\nline", 1)
    assert json.loads(found[0][3]) == [1, None, 3]
    assert found[2] == (None,) * 4


@pytest.mark.parametrize(
    "dialect",
    [
        "duckdb",
        "postgres",
        "mysql",
        "mariadb",
        "sqlite",
        "tsql",
        "bigquery",
        "snowflake",
        "oracle",
        "spark",
    ],
)
def test_hostile_values_stay_values_in_every_dialect(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, dialect: str
):
    values = [EVIL, "\\'); DROP TABLE victim; --", 'a"b`c', "line\nend\r\n", "", "%s ${x} :y ?"]
    con.execute('CREATE TABLE "x"";--" ("a\'b" INTEGER, "v""w" VARCHAR)')
    con.executemany('INSERT INTO "x"";--" VALUES (?, ?)', list(enumerate(values)))
    con.execute("CALL genesis_fit_database('evil', verbatim := ['x\";--'])").fetchall()
    export(con, tmp_path / "all.sql", "evil", dialect=dialect)
    read = "mysql" if dialect == "mariadb" else dialect
    made, filled = sqlglot.parse((tmp_path / "all.sql").read_bytes().decode(), read=read)
    assert isinstance(made, exp.Create)
    rows = filled.find(exp.Values).expressions
    assert [row.expressions[1].this for row in rows] == values
    assert filled.find(exp.Table).name == 'x";--'


def test_a_script_of_each_table_in_a_folder(
    shop: duckdb.DuckDBPyConnection, tmp_path: Path, postgres: str
):
    report = export(shop, tmp_path / "out", format="sql", dialect="postgres", rows={"orders": 30})
    for row in report:  # in the order of the report, which is that of the keys
        _run(postgres, Path(row["path"]).read_text())
    assert counts(postgres, *ALL) == [r["rows"] for r in report]
