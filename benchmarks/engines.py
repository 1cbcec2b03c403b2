"""Compiled programs on the engines they are written for: rows per second, and whether all agree.

Each engine runs the text of `genesis_compile` on an empty connection. Its rows are compared with
those of `genesis_generate`, column by column, value by value: doubles to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

import genesis_sql
from benchmarks.engines_run import RUNNERS, Runner
from benchmarks.machine import machine, median, seconds
from benchmarks.options import BenchmarkError, Options
from benchmarks.report import NOT_MEASURED, Line, Must, Report

SEED = 7
SHARE = 0.25
"""Of the rows per second of `genesis_generate` that compiled SQL on DuckDB must reach."""


def on_duckdb(text: str) -> tuple[float, pa.Table]:
    """Seconds of a CREATE TABLE AS, its planning included, and the rows."""
    with duckdb.connect() as con:
        spent = seconds(lambda: con.execute(f"CREATE TABLE made AS {text}"))
        return spent, con.sql("FROM made").to_arrow_table()


ENGINES: dict[str, Callable[[str], tuple[float, pa.Table]]] = {"duckdb": on_duckdb}
"""Engines that have the kernel's types and must keep up with it; the others are `RUNNERS`."""


def identical(one: pa.Table, two: pa.Table) -> bool:
    """Whether two tables have the same columns, types and values, and at least one row."""
    return one.num_rows > 0 and one.schema.equals(two.schema) and one.equals(two)


def same_values(one: Sequence[Sequence[Any]], two: Sequence[Sequence[Any]]) -> bool:
    """Whether two lists of rows have the same values in the same order, and at least one row.

    Example:
        >>> same_values([(1, 0.1)], [(1, 0.1)]), same_values([(1, 0.1)], [(1, 0.1 + 2e-17)])
        (True, False)
        >>> same_values([], [])
        False
    """
    return len(one) > 0 and len(one) == len(two) and all(map(_same, one, two))


def _same(one: Sequence[Any], two: Sequence[Any]) -> bool:
    return len(one) == len(two) and all(map(_equal, one, two))


def _equal(one: Any, two: Any) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return one.hex() == two.hex() or (math.isnan(one) and math.isnan(two))
    if isinstance(one, int | Decimal) and isinstance(two, int | Decimal):
        return one == two
    return type(one) is type(two) and bool(one == two)


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


def measure_other(con: Any, name: str, runner: Runner, rows: int) -> tuple[float, bool]:
    """Rows per second of an engine, and whether all rows are those of `genesis_generate`."""
    expected = genesis_sql.generate(con, "m", rows=rows, seed=SEED).fetchall()
    text = genesis_sql.compile_sql(con, "m", rows=rows, seed=SEED, dialect=name)
    with runner.start() as ask:
        spent, found = ask(text)
    return rows / spent, same_values(found, expected)


def run(options: Options) -> Report:
    """Adult on every engine."""
    place = machine()
    parts = options.parts([*ENGINES, *RUNNERS])
    path = options.table("adult") / "train" / "adult.parquet"
    if not path.exists():
        message = f"{path} is not there; name the folder of the tables with --data"
        raise BenchmarkError(message)
    with genesis_sql.connect() as con:
        con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [str(path)])
        genesis_sql.fit(con, "m", "adult")
        most = 2_000 if options.quick else options.rows
        kernels, engines, same = measure(con, most, options.rounds)
        kernel, lines, notes = median(kernels), list[Line](), list[str]()
        for name, found in engines.items():
            share = median([a / b for a, b in zip(found, kernels, strict=True)])
            lines += _lines(name, median(found), share, agree=same[name])
        for name in (part for part in parts if part in RUNNERS):
            missing = RUNNERS[name].missing()
            if missing:
                lines.append(Line(f"{name}: identical", NOT_MEASURED))
                notes.append(f"{name} is not measured: {missing}")
                continue
            rows = max(RUNNERS[name].rows * most // 1_000_000, min(most, 2_000))
            speed, agree = measure_other(con, name, RUNNERS[name], rows)
            lines += _lines(name, speed, speed / kernel, agree=agree)
            notes.append(f"{name}: {rows:,} rows, once")
    first = f"adult, {most:,} rows into a table, planning included, {options.rounds} rounds."
    lines.insert(0, Line("genesis_generate, kernel: rows/s", kernel))
    return Report("engines", lines, place, (first, *notes))


def _lines(name: str, speed: float, share: float, *, agree: bool) -> list[Line]:
    must = Must(least=SHARE) if name == "duckdb" else None
    return [
        Line(f"{name}: rows/s", speed),
        Line(f"{name}: share of the kernel's rows/s", share, must),
        Line(f"{name}: identical", "yes" if agree else "no"),
        Line(f"{name}: tables that differ", int(not agree), Must(most=0)),
    ]
