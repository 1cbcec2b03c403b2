"""Compiled programs on the engines they are written for: rows per second, and whether all agree.

Each engine runs the text of `genesis_compile` on an empty connection. Its rows are compared with
those of `genesis_generate`, column by column, value by value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

import genesis_sql
from benchmarks.machine import machine, median, seconds
from benchmarks.options import BenchmarkError, Options
from benchmarks.report import Line, Must, Report

SEED = 7
SHARE = 0.25
"""Of the rows per second of `genesis_generate` that compiled SQL on DuckDB must reach."""


def on_duckdb(text: str) -> tuple[float, pa.Table]:
    """Seconds of a CREATE TABLE AS, its planning included, and the rows."""
    with duckdb.connect() as con:
        spent = seconds(lambda: con.execute(f"CREATE TABLE made AS {text}"))
        return spent, con.sql("FROM made").to_arrow_table()


ENGINES: dict[str, Callable[[str], tuple[float, pa.Table]]] = {"duckdb": on_duckdb}
"""How each dialect is run."""


def identical(one: pa.Table, two: pa.Table) -> bool:
    """Whether two tables have the same columns, types and values, and at least one row."""
    return one.num_rows > 0 and one.schema.equals(two.schema) and one.equals(two)


def measure(con: Any, rows: int, rounds: int) -> tuple[list[float], Mapping[str, list[float]], Any]:
    """Rows per second of the kernel and of each engine, and which engines agree with it."""
    kernel, engines = list[float](), {name: list[float]() for name in ENGINES}
    agree = dict.fromkeys(ENGINES, True)
    con.execute(f"CREATE OR REPLACE TABLE warm AS FROM genesis_generate('m', rows := {rows // 10})")
    wanted = f"genesis_generate('m', rows := {rows}, seed := {SEED})"
    made = f"CREATE OR REPLACE TABLE made AS FROM {wanted}"
    for _ in range(rounds):
        kernel.append(rows / seconds(lambda: con.execute(made)))
        expected = con.sql("FROM made").to_arrow_table()
        for name, run_on in ENGINES.items():
            text = genesis_sql.compile_sql(con, "m", rows=rows, seed=SEED, dialect=name)
            spent, found = run_on(text)
            engines[name].append(rows / spent)
            agree[name] &= identical(found, expected)
    return kernel, engines, agree


def run(options: Options) -> Report:
    """Adult on every engine."""
    place, rows = machine(), 2_000 if options.quick else options.rows
    path = options.table("adult") / "train" / "adult.parquet"
    if not path.exists():
        message = f"{path} is not there; name the folder of the tables with --data"
        raise BenchmarkError(message)
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [str(path)])
        genesis_sql.fit(con, "m", "adult")
        kernel, engines, agree = measure(con, rows, options.rounds)
    lines = [Line("genesis_generate, kernel: rows/s", median(kernel))]
    for name, found in engines.items():
        lines.append(Line(f"{name}: rows/s", median(found)))
        lines.append(Line(f"{name}: identical", "yes" if agree[name] else "no"))
        lines.append(Line(f"{name}: tables that differ", int(not agree[name]), Must(most=0)))
    share = median([a / b for a, b in zip(engines["duckdb"], kernel, strict=True)])
    lines.append(Line("duckdb: share of the kernel's rows/s", share, Must(least=SHARE)))
    notes = (f"adult, {rows:,} rows into a table, planning included, {options.rounds} rounds.",)
    return Report("engines", lines, place, notes)
