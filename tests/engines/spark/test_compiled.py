"""The rows of the compiled program, run by Spark itself, are the rows here."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click.testing
import duckdb
import pytest

import genesis_sql
from genesis_sql.cli import main
from genesis_sql.engines.spark.compiled import require_version
from genesis_sql.errors import OptionError, TargetError
from tests.engines.spark.test_doors import require_same

FEW = """
CREATE TABLE few AS SELECT i * 3 AS "a.b `c", CASE WHEN i % 5 > 0 THEN ['x', 'y', 'it''s'][1 + i % 3] END AS label,
  CAST(i % 97 AS UTINYINT) AS n, CAST(sin(i) AS REAL) AS real, TIMESTAMP '2020-01-01' + to_minutes(i) AS at
FROM range(300) AS r(i)
"""


def test_rows_by_sql_are_those_of_the_kernel_and_the_same_call_goes_on(
    con: duckdb.DuckDBPyConnection, spark: Any, tmp_path: Path
) -> None:
    con.execute(FEW)
    con.execute("CALL genesis_fit('few', 'few')").fetchall()
    call = {"to": tmp_path, "rows": 250, "first_row": 30, "partition_rows": 150, "seed": 5}
    made = genesis_sql.generate_on_spark(con, "few", how="sql", **call)
    assert [(r["rows"], r["partitions"], r["kept"], r["how"]) for r in made] == [(250, 2, 0, "sql")]
    query = "FROM genesis_generate('few', rows := 250, first_row := 30, seed := 5)"
    require_same(con, f"SELECT * REPLACE (CAST(n AS SMALLINT) AS n) {query}", tmp_path / "few")

    parts = sorted((tmp_path / "few").glob("*.parquet"))
    at = parts[0].stat().st_mtime_ns
    parts[1].unlink()
    again = genesis_sql.generate_on_spark(con, "few", how="sql", **call)
    assert [(r["partitions"], r["kept"]) for r in again] == [(1, 1)]
    assert parts[0].stat().st_mtime_ns == at
    require_same(con, f"SELECT * REPLACE (CAST(n AS SMALLINT) AS n) {query}", tmp_path / "few")
    with pytest.raises(TargetError, match="few 30 to 280 by sql there, few 30 to 280 by python"):
        genesis_sql.generate_on_spark(con, "few", **call)


def test_what_spark_sql_lacks_names_the_way_that_has_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute(
        "CREATE TABLE t AS SELECT TIME '10:00:00' + to_minutes(i * 7 % 600) AS clock FROM range(300) AS r(i)"
    )
    con.execute("CREATE TABLE plain AS SELECT i % 9 AS n FROM range(300) AS r(i)")
    for name in ("t", "plain"):
        con.execute("CALL genesis_fit(?, ?)", [name, name]).fetchall()

    def told(name: str, **more: Any) -> str:
        with pytest.raises(OptionError) as error:
            genesis_sql.generate_on_spark(con, name, to=tmp_path / "out", **more)
        return str(error.value)

    same = "take --how kernel (how='kernel'), which gives the same rows"
    lacks = f"column 'clock' of table 't': Spark SQL has no times of day; {same}"
    assert told("t", how="sql") == lacks
    assert "how='sql' takes no conditions" in told("plain", how="sql", conditions={"n": [1, 2]})
    assert "makes all tables by scale" in told("plain", how="sql", rows={"plain": 10})
    assert "how='magic' is not known; it takes 'kernel' or 'sql'" in told("plain", how="magic")
    assert not (tmp_path / "out").exists()


def test_rows_that_read_the_rows_before_them_need_a_newer_spark() -> None:
    require_version("WITH RECURSIVE `a` AS (SELECT 1) SELECT 1", "t", "4.1.0")
    require_version("SELECT 1", "t", "4.0.1")
    wanted = "WITH RECURSIVE from 4.1 on, and this is 4.0.1; take --how kernel"
    with pytest.raises(OptionError, match=re.escape(wanted)):
        require_version("WITH RECURSIVE `a` AS (SELECT 1) SELECT 1", "t", "4.0.1")


@pytest.mark.slow
def test_the_command_writes_all_tables_by_sql(shop_file: Path, spark: Any, tmp_path: Path) -> None:
    command = ["generate", str(shop_file), "shop", "--engine", "spark", "--how", "sql", "--json"]
    command += ["--to", str(tmp_path / "out"), "--partition-rows", "200"]
    done = click.testing.CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    made = {row["table_name"]: row for row in json.loads(done.stdout)}
    assert made["orders"]["partitions"] == 2
    with genesis_sql.connect(str(shop_file)) as con:
        for table in ("shops", "customers", "orders", "items"):
            query = f"FROM genesis_generate('shop', '{table}')"
            require_same(con, query, tmp_path / "out" / table, rows=made[table]["rows"])
