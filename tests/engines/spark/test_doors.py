"""The rows on Spark are the rows here: all columns, all types, after cuts, in any pieces."""

from __future__ import annotations

import json
import re
import shutil
from itertools import islice
from pathlib import Path
from typing import Any

import click.testing
import duckdb
import pytest

import genesis_sql
from genesis_sql.cli import main
from genesis_sql.engines.spark.arguments import SparkArguments, asked
from genesis_sql.engines.spark.manifest import TablePlan
from genesis_sql.errors import OptionError, TargetError, TransactionError
from genesis_sql.session import session_of
from tests.conftest import Script
from tests.test_readme import _block

TABLES = ("shops", "customers", "orders", "items")


def read(con: duckdb.DuckDBPyConnection, folder: Path) -> duckdb.DuckDBPyRelation:
    """The rows of a table's files, in the order of their numbers."""
    files = sorted(folder.glob("*.parquet"), key=lambda p: int(p.name.split("-")[1]))
    assert files, folder
    return con.sql(f"FROM read_parquet({[str(f) for f in files]})")


def require_same(
    con: duckdb.DuckDBPyConnection, query: str, folder: Path, *, rows: int | None = None
) -> None:
    """The files hold the rows of a query, one by one, and the types of COPY."""
    wanted, found = con.sql(query), read(con, folder)
    copy = folder.parent / "wanted.parquet"
    con.execute(f"COPY ({query}) TO '{copy}'")
    assert found.types == con.sql(f"FROM '{copy}'").types
    copy.unlink()
    assert found.columns == wanted.columns
    held = wanted.fetchall()
    assert held
    assert rows in (None, len(held))
    assert found.fetchall() == held


def test_all_tables_are_those_of_generate_and_the_same_call_goes_on(
    tiny_model: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    to = tmp_path / "a shop"
    call = {"to": to, "spark": spark, "scale": 3, "seed": 7, "partition_rows": 400}
    made = genesis_sql.generate_on_spark(tiny_model, "shop", **call)
    assert [row["table_name"] for row in made] == list(TABLES)
    assert [(row["rows"], row["partitions"]) for row in made][:3] == [(60, 1), (450, 2), (900, 3)]
    for table in TABLES:
        query = f"FROM genesis_generate('shop', '{table}', scale := 3, seed := 7)"
        require_same(tiny_model, query, to / table)
    assert sorted(p.name for p in to.iterdir() if not p.name.startswith(".")) == sorted(
        ["_SUCCESS", "_genesis.json", *TABLES]
    )
    held = json.loads((to / "_genesis.json").read_text())
    assert (held["seed"], held["partition_rows"], held["spec"]["sizes"]) == (
        7,
        400,
        [{"scale": 3.0}],
    )

    first, second = sorted((to / "orders").glob("part-0000[01]*.parquet"))
    whole = second.read_bytes()
    second.write_bytes(whole[: len(whole) // 2])
    (to / "orders" / f".{second.name}.crc").unlink()
    at = first.stat().st_mtime_ns
    again = genesis_sql.generate_on_spark(tiny_model, "shop", **call)
    assert [(row["partitions"], row["kept"]) for row in again][2] == (1, 2)
    assert first.stat().st_mtime_ns == at
    query = "FROM genesis_generate('shop', 'orders', scale := 3, seed := 7)"
    require_same(tiny_model, query, to / "orders")


def test_a_range_of_one_table_with_conditions(
    tiny_model: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    wanted = {"region": ["north", "east"]}
    genesis_sql.generate_on_spark(
        tiny_model,
        "shop",
        "SHOPS",
        to=tmp_path / "out",
        rows=500,
        first_row=123,
        conditions=wanted,
        partition_rows=123,
    )
    query = (
        "FROM genesis_generate('shop', 'shops', rows := 500, first_row := 123, "
        "conditions := {'region': ['north', 'east']})"
    )
    require_same(tiny_model, query, tmp_path / "out" / "shops", rows=500)
    names = [p.name for p in sorted((tmp_path / "out" / "shops").glob("*.parquet"))]
    assert names[0] == "part-00000-123-246.parquet"
    assert names[-1] == "part-00004-615-623.parquet"


TYPES = """
SELECT CAST(i % 100 AS UTINYINT) AS "a ""b` c.d", CAST(i AS UBIGINT) AS u, CAST(i * i AS HUGEINT) AS h,
  CAST(i % 50 AS TINYINT) AS t, CAST(i AS REAL) / 7 AS f, i / 7 AS d, CAST(i / 8 AS DECIMAL(18, 3)) AS de,
  i % 3 = 0 AS b, DATE '2020-01-01' + CAST(i AS INTEGER) AS day, TIME '10:00:00' + to_seconds(i) AS clock,
  TIMESTAMP '1890-01-01 00:00:00.123456' + to_hours(i * 50) AS at, CAST(['x', 'y'][i % 2 + 1] AS ENUM ('x', 'y')) AS e,
  CASE WHEN i % 5 > 0 THEN 'ü' || i % 9 END AS s, TIMESTAMPTZ '2020-05-05 01:02:03+00' + to_minutes(i) AS tz,
  [i % 4, i % 5] AS l, {'p q': i % 3, 'r': 'v' || i % 2} AS st
FROM range(400) AS r(i)
"""


def test_types_and_names_of_every_kind(
    con: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    con.execute(f"CREATE TABLE odd AS {TYPES}")
    con.execute("CALL genesis_fit('odd', 'odd')").fetchall()
    genesis_sql.generate_on_spark(con, "odd", to=tmp_path / "o", rows=300, partition_rows=100)
    relation = con.sql("FROM genesis_generate('odd', rows := 300)")
    found = read(con, tmp_path / "o" / "odd")
    assert found.columns == relation.columns
    casts = ", ".join(
        f'CAST("{n.replace(chr(34), chr(34) * 2)}" AS {t})'
        for n, t in zip(relation.columns, relation.types, strict=True)
    )
    rows = con.sql(f"SELECT {casts} FROM found").fetchall()
    assert len(rows) == 300
    assert rows == relation.fetchall()
    told = dict(zip(found.columns, map(str, found.types), strict=True))
    assert told['a "b` c.d'] == "SMALLINT"
    assert (told["h"], told["u"], told["e"]) == ("DECIMAL(38,0)", "DECIMAL(20,0)", "VARCHAR")
    assert (told["clock"], told["at"], told["tz"]) == (
        "TIME",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
    )


def test_another_call_into_the_same_folder_is_refused(
    tiny_model: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    def run(**more: Any) -> list[dict[str, Any]]:
        given = {"to": tmp_path / "out", "rows": 200, "partition_rows": 150, **more}
        return genesis_sql.generate_on_spark(tiny_model, "people", **given)

    assert run()[0]["rows"] == 200
    for more, told in (
        ({"seed": 8}, "begun with another seed (0 there, 8 here)"),
        ({"rows": 201}, "begun with another size or conditions"),
        ({"partition_rows": 100}, "another rows per partition (150 there, 100 here)"),
        ({"if_exists": "error"}, "holds rows of model 'people' already"),
    ):
        with pytest.raises(TargetError, match=re.escape(told)):
            run(**more)
    error = "SELECT status, error FROM genesis_history() ORDER BY id DESC LIMIT 1"
    status, text = tiny_model.execute(error).fetchall()[0]
    assert status == "error"
    assert "holds rows of model 'people' already" in text
    assert run(seed=8, if_exists="replace")[0]["partitions"] == 2
    query = "FROM genesis_generate('people', rows := 200, seed := 8)"
    require_same(tiny_model, query, tmp_path / "out" / "people", rows=200)

    (tmp_path / "out" / "people" / "mine.parquet").write_text("of the user")
    for choice in ("resume", "replace"):
        with pytest.raises(TargetError, match=r"holds other things, such as 'mine\.parquet'"):
            run(seed=8, if_exists=choice)
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("of the user")
    for choice in ("resume", "error", "replace"):
        with pytest.raises(TargetError, match=r"holds other things, such as 'notes\.txt'"):
            run(to=other, if_exists=choice)
    with pytest.raises(TargetError, match="is a file; the tables go into a folder"):
        run(to=other / "notes.txt")
    assert [p.name for p in other.iterdir()] == ["notes.txt"]


def test_a_place_of_another_file_system(
    tiny_model: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    held = spark._jsc.hadoopConfiguration()
    held.set("fs.viewfs.mounttable.genesis.link./data", tmp_path.as_uri())
    made = genesis_sql.generate_on_spark(
        tiny_model, "people", to="viewfs://genesis/data/x", rows=50
    )
    assert made[0]["path"] == "viewfs://genesis/data/x/people"
    query = "FROM genesis_generate('people', rows := 50)"
    require_same(tiny_model, query, tmp_path / "x" / "people", rows=50)
    with pytest.raises(TargetError, match=r"knows no places such as .s3a://b/x.*hadoop-aws:\d"):
        genesis_sql.generate_on_spark(tiny_model, "people", to="s3a://b/x", rows=50)


def test_the_command_writes_them_too(shop_file: Path, spark: Any, tmp_path: Path) -> None:
    to = tmp_path / "out"
    command = ["generate", str(shop_file), "people", "--engine", "spark", "--rows", "3e2"]
    command += ["--to", str(to), "--partition-rows", "1e2", "--json"]
    done = click.testing.CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)[0]
    assert (row["rows"], row["partitions"], row["kept"]) == (300, 3, 0)
    with genesis_sql.connect(str(shop_file)) as con:
        query = "FROM genesis_generate('people', rows := 300)"
        require_same(con, query, to / "people", rows=300)
        told = con.execute("SELECT kind, status, rows, arguments FROM genesis_history()").fetchall()
    assert told[0][:3] == ("generate_on_spark", "done", 300)
    assert json.loads(told[0][3])["partition_rows"] == 100


def test_the_python_block_of_the_readme(
    shop_file: Path, spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(shop_file, tmp_path / "shop.duckdb")
    monkeypatch.chdir(tmp_path)
    exec(compile(_block("python", "On Spark"), "README.md", "exec"), {})
    with genesis_sql.connect("shop.duckdb") as con:
        query = "FROM genesis_generate('shop', 'orders', rows := 1000)"
        require_same(con, query, tmp_path / "lake2" / "orders", rows=1000)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--to", "x"], "--to goes with --engine spark"),
        (["--engine", "spark"], "say where, as in --to s3a://bucket/shop"),
        (["--engine", "spark", "--to", "x", "--out", "y.csv"], "takes no --out"),
        (["--engine", "spark", "--to", "x", "--if-exists", "append"], "appends to nothing"),
        (["--engine", "spark", "--to", "x", "--spark-conf", "a"], "write KEY=VALUE"),
        (["--engine", "spark", "--to", "x", "--partition-rows", "many"], "give a number"),
        (["--engine", "spark", "--to", "x", "--rows", "1.5"], "write --rows TABLE=N"),
        (["--if-exists", "resume"], "goes with --engine spark"),
    ],
)
def test_options_that_do_not_go_together(shop_file: Path, more: list[str], told: str) -> None:
    done = click.testing.CliRunner().invoke(main, ["generate", str(shop_file), "people", *more])
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())


MISSING = """
import json, os, sys
import genesis_sql

def told(**more):
    try:
        genesis_sql.generate_on_spark(con, "people", to=sys.argv[2], **more)
    except genesis_sql.GenesisError as error:
        return [type(error).__name__, str(error)]

os.environ["PATH"] = sys.argv[3]
os.environ.pop("JAVA_HOME", None)
with genesis_sql.connect(sys.argv[1]) as con:
    out = [told(master=m) for m in ("lokal", "sc://here:15002", "spark://here", "spark://127.0.0.1:1", "local[1]")]
    os.environ["JAVA_HOME"] = sys.argv[3]
    out.append(told(master="local[1]"))
    sys.modules["pyspark"] = None
    out.append(told())
    print(json.dumps(out))
"""


def test_what_is_missing_is_told_with_the_command_that_helps(
    shop_file: Path, script: Script, tmp_path: Path
) -> None:
    done = script(MISSING, shop_file, tmp_path / "out", tmp_path)
    assert done.returncode == 0, done.stderr
    for (kind, text), (wanted, match) in zip(
        json.loads(done.stdout),
        [
            ("OptionError", r"master 'lokal' is none; it is local\[N\]"),
            ("OptionError", "is Spark Connect"),
            ("OptionError", "has no port"),
            ("TargetError", r"no Spark master answers at 'spark://127\.0\.0\.1:1'"),
            ("MissingExtraError", "no java on PATH: apt-get install openjdk-17-jre-headless"),
            ("MissingExtraError", "has no bin/java: apt-get install openjdk-17-jre-headless"),
            ("MissingExtraError", r"pip install 'genesis-sql\[spark\]'"),
        ],
        strict=True,
    ):
        assert kind == wanted
        assert re.search(match, text), text
    assert not (tmp_path / "out").exists()


def test_ten_billion_rows_are_two_thousand_partitions(
    tiny_model: duckdb.DuckDBPyConnection,
) -> None:
    session = session_of(tiny_model)
    with session.cursor() as cursor:
        model = session.load(cursor, "memory", "people", None)
        rows = asked(session, model, SparkArguments("x", rows=10**10))
        shop = session.load(cursor, "memory", "shop", None)
        with pytest.raises(OptionError, match="'id' is of type INTEGER"):
            asked(session, shop, SparkArguments("x", "shops", rows=10**10))
    assert rows.ranges == (("people", 0, 10**10),)
    plan = TablePlan("people", "people", 0, 10**10, 5_000_000, "python", ())
    assert plan.count == 2000
    last = next(islice(plan.parts(), 1999, None))
    assert last.name == "part-01999-9995000000-10000000000.parquet"
    assert TablePlan("people", "people", 5, 5, 10, "python", ()).count == 1


def test_arguments_that_make_no_sense(tiny_model: duckdb.DuckDBPyConnection) -> None:
    def run(*table: str, **more: Any) -> None:
        genesis_sql.generate_on_spark(tiny_model, "shop", *table, **{"to": "x", **more})

    for more, told in (
        ({"to": ""}, "to is empty"),
        ({"partition_rows": 0}, "partition_rows=0 is not positive"),
        ({"rows": 5}, "rows is about one table and model 'shop' has 4"),
        ({"first_row": 5}, "first_row is about one table"),
        ({"scale": -1.0}, "is not a positive number"),
    ):
        with pytest.raises(OptionError, match=re.escape(told)):
            run(**more)
    with pytest.raises(OptionError, match="is about several tables"):
        run("shops", rows={"shops": 5})
    tiny_model.execute("BEGIN")
    with pytest.raises(TransactionError, match="inside a transaction"):
        run("shops")
    tiny_model.execute("ROLLBACK")
