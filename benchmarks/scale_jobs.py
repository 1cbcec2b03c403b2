"""What `benchmarks.scale` measures, each in a process of its own that knows its peak of memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.child import peak_mb
from benchmarks.machine import seconds

SEED = 7
BINDS = 20
COPY = "COPY (FROM genesis_generate('m', rows := {}, seed := {})) TO '{}'"
_SEEDS = "scale := 1, seed := {}"
_TARGETS = "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = 'made'"
_BIG = """
    COPY (
        SELECT ['CA', 'NY', 'TX', 'WA', 'FL', 'IL', 'OH'][1 + z[1] % 7] AS state,
               18 + z[2] % 40 + z[1] % 7 AS age,
               CAST(z[3] * (1 + z[1] % 7) / 100.0 AS DECIMAL(10, 2)) AS amount,
               DATE '2024-01-01' + CAST(z[4] % 500 + z[2] % 40 AS INTEGER) AS placed,
               ['new', 'paid', 'sent', 'back'][1 + z[4] % (1 + z[2] % 4)] AS status
        FROM (SELECT [CAST(hash(i, k) % 100000 AS INTEGER) FOR k IN [5, 3, 8, 13]] AS z
              FROM range(?) AS r(i))
    ) TO '{}'
"""


def large_table(place: Path, rows: int) -> Path:
    """A Parquet file of five columns that tell of each other."""
    import duckdb

    path = place / "big.parquet"
    with duckdb.connect() as con:
        con.execute(_BIG.format(path), [rows])
    return path


def fit(told: dict[str, Any]) -> dict[str, Any]:
    """Fit a large table that lies in a file."""
    import genesis_sql

    con = genesis_sql.connect(str(Path(told["place"]) / "fit.duckdb"))
    con.execute("CREATE OR REPLACE TABLE big AS FROM read_parquet(?)", [told["file"]])
    con.execute("CHECKPOINT")
    spent = seconds(lambda: con.execute("CALL genesis_fit('m', 'big')").fetchall())
    con.close()
    return {"fit": spent}


def stream(told: dict[str, Any]) -> dict[str, Any]:
    """Parquet files of adult in several sizes, in turns, and how long binding takes."""
    import genesis_sql

    out = str(Path(told["place"]) / "adult.parquet")
    con = genesis_sql.connect()
    con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [told["file"]])
    con.execute("CALL genesis_fit('m', 'adult')").fetchall()
    con.execute(COPY.format(1_000, 0, out))
    spent: dict[int, list[float]] = {n: [] for n in told["sizes"]}
    for at in range(told["rounds"]):
        for rows, found in spent.items():
            for _ in range(max(1, min(10, 10**6 // rows))):  # a tenth of a second says little
                Path(out).unlink(missing_ok=True)  # to remove gigabytes takes a third of a second
                found.append(seconds(lambda n=rows, s=at: con.execute(COPY.format(n, s, out))))
    found_rows = con.execute("SELECT count(*) FROM read_parquet(?)", [out]).fetchall()[0][0]
    explain = "EXPLAIN FROM genesis_generate('m', rows := {}, seed := 3)"
    bound = [
        seconds(lambda n=n: con.execute(explain.format(10**9 + n)).fetchall()) for n in range(BINDS)
    ]
    first = "FROM genesis_generate('m', rows := 5000000000) LIMIT 5"
    limited = seconds(lambda: con.execute(first).fetchall())
    con.close()
    return {"seconds": spent, "bind": bound[1:], "limit": limited, "rows": found_rows}


def compiled(told: dict[str, Any]) -> dict[str, Any]:
    """Rows into a table by the kernel and by plain SQL, in turns."""
    import duckdb

    import genesis_sql

    rows, kernel, sql = told["rows"], list[float](), list[float]()
    con = genesis_sql.connect()
    con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [told["file"]])
    con.execute("CALL genesis_fit('m', 'adult')").fetchall()
    made = f"CREATE OR REPLACE TABLE made AS FROM genesis_generate('m', rows := {rows}, seed := 7)"
    con.execute(made)
    text = genesis_sql.compile_sql(con, "m", rows=rows, seed=SEED, dialect="duckdb")
    for _ in range(told["rounds"]):
        kernel.append(rows / seconds(lambda: con.execute(made)))
        with duckdb.connect() as plain:
            sql.append(rows / seconds(lambda p=plain: p.execute(f"CREATE TABLE made AS {text}")))
    con.close()
    return {"kernel": kernel, "sql": sql}


def fit_flights(told: dict[str, Any]) -> dict[str, Any]:
    """The model of five related tables, in a file for the processes behind."""
    import genesis_sql
    from benchmarks.nycflights import RELATIONSHIPS, VERBATIM, load

    con = genesis_sql.connect(str(Path(told["place"]) / "flights.duckdb"))
    load(con)
    con.execute(
        "CALL genesis_fit_database('m', relationships := ?, verbatim := ?)",
        [RELATIONSHIPS, VERBATIM],
    ).fetchall()
    con.close()
    return {}


def flights(told: dict[str, Any]) -> dict[str, Any]:
    """Flights at a scale: into Parquet files, tables without keys, tables with keys.

    Beside them DuckDB inserts the same rows into tables with the same keys.
    """
    import genesis_sql

    place, scale = Path(told["place"]), told["scale"]
    con = genesis_sql.connect(str(place / "flights.duckdb"))
    first = _binds(con, "rows := {}", 1)
    files = place / "files"
    export = (
        f"CALL genesis_export_database('m', '{files}', scale := {scale}, seed := {SEED}, "
        "if_exists := 'replace')"
    )
    generate = (
        f"CALL genesis_generate_database('m', target := 'made.main', scale := {scale}, "
        f"seed := {SEED}, keys := '{{}}')"
    )
    spent = {"parquet": seconds(lambda: con.execute(export).fetchall())}
    peak = peak_mb()
    keys = told["keys"]
    spent[keys] = _in_new_file(con, place, lambda: con.execute(generate.format(keys)).fetchall())
    if keys == "declare":
        spent["duckdb"] = _again(con, place)
    written = str(files / "flights.parquet")
    rows = con.execute("SELECT count(*) FROM read_parquet(?)", [written]).fetchall()[0][0]
    binds = {"first": first, "rows": _binds(con, "rows := {}"), "seeds": _binds(con, _SEEDS)}
    con.close()
    return {"seconds": spent, "flights": rows, "peak": peak, "bind": binds}


def _binds(con: Any, arguments: str, times: int = BINDS) -> list[float]:
    """Seconds that statements take to bind, each with another number among its arguments."""
    explain = f"EXPLAIN FROM genesis_generate('m', 'flights', {arguments})"
    return [
        seconds(lambda n=n: con.execute(explain.format(10**6 + n)).fetchall()) for n in range(times)
    ]


def _in_new_file(con: Any, place: Path, work: Callable[[], object]) -> float:
    """Seconds of work beside a fresh database ``made``."""
    path = place / "made.duckdb"
    path.unlink(missing_ok=True)
    con.execute(f"ATTACH '{path}' AS made")
    spent = seconds(work)
    con.execute("DETACH made")
    return spent


def _again(con: Any, place: Path) -> float:
    """Seconds that DuckDB takes for the rows of the database that was made last."""
    con.execute(f"ATTACH '{place / 'made.duckdb'}' AS made")
    told = _declared(con)
    con.execute("DETACH made")
    return _in_new_file(con, place, lambda: _insert(con, place / "files", told))


def _declared(con: Any) -> list[tuple[str, str]]:
    """The tables of ``made`` with their CREATE TABLE, parents first."""
    found = con.execute(f"{_TARGETS} ORDER BY table_oid").fetchall()
    return [(str(name), str(text)) for name, text in found]


def _insert(con: Any, files: Path, tables: list[tuple[str, str]]) -> None:
    """The rows of the files into tables with the same keys, all in one transaction."""
    before = con.execute("SELECT current_database(), current_schema()").fetchall()[0]
    con.execute("USE made")
    con.execute("BEGIN")
    for _, text in tables:
        con.execute(text)
    for name, _ in tables:
        con.execute(f"INSERT INTO \"{name}\" FROM '{files}/{name}.parquet'")
    con.execute("COMMIT")
    con.execute(f'USE "{before[0]}"."{before[1]}"')


JOBS = {f.__name__: f for f in (fit, stream, compiled, fit_flights, flights)}


def job(told: str) -> dict[str, Any]:
    """Do what ``told``, JSON with ``what``, asks for."""
    plan = json.loads(told)
    return {**JOBS[plan["what"]](plan), "peak_mb": peak_mb(), "threads": os.cpu_count()}
