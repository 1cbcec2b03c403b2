"""Size: large fits, streams of rows, five related tables ten times as large, binding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from benchmarks import child
from benchmarks.machine import machine, median
from benchmarks.options import Options
from benchmarks.peer import Peer
from benchmarks.random_table import generate_against_random
from benchmarks.report import Line, Must, Report

FIT_ROWS, LARGE_ROWS = 3_000_000, 30_000_000
SIZES = (100_000, 1_000_000, 10_000_000)
FLIGHTS_SCALE = 10
SDV = "SDV GaussianCopula"
INSERT = "DuckDB INSERT"
RANDOM_SHARE = 0.7
"""Of DuckDB 2's own random() table of the same shape; a third on DuckDB 1."""
NOTES = (
    "Each part runs in processes of their own; seconds are medians, memory is the largest.",
    "rows/s of flights count the flights alone; four other tables are made in the same seconds.",
    "DuckDB INSERT puts the same rows, out of Parquet files, into tables with the same keys.",
    "A bind is that of a statement whose model is in memory; the first of a connection reads it.",
    "--rows larger than 10,000,000 adds that size to those whose time per row is compared.",
)


def run(options: Options) -> Report:
    """All parts, or those of --only."""
    place, lines, detail = machine(), list[Line](), dict[str, Any]()
    for name in options.parts(list(PARTS)):
        with TemporaryDirectory() as work:
            found, told = PARTS[name](options, Path(work))
        lines += found
        detail[name] = told
    return Report("scale", lines, place, NOTES, detail)


def _start(what: str, **told: Any) -> dict[str, Any]:
    return child.start("scale", json.dumps({"what": what, **told}, default=str))


def _rounds(options: Options) -> int:
    return 1 if options.quick else options.rounds


Part = tuple[list[Line], Any]


def _fit(options: Options, work: Path) -> Part:
    """Three million rows of five columns, beside SDV; and thirty million."""
    from benchmarks.scale_jobs import large_table

    rows = 20_000 if options.quick else FIT_ROWS
    path = large_table(work, rows)
    runs = [_start("fit", place=work, file=path) for _ in range(_rounds(options))]
    peers: dict[str, Any] = {}
    if options.peers.exists():
        with Peer(options.peers, path) as peer:
            peers[SDV] = peer.fitted["fit"]
    path = large_table(work, 10 * rows)
    large = _start("fit", place=work, file=path)
    return [
        Line(
            f"fit of {rows:,} rows × 5 columns, s",
            median([r["fit"] for r in runs]),
            Must(most=15),
            peers,
        ),
        Line("… peak memory, MB", max(r["peak_mb"] for r in runs)),
        Line(f"fit of {10 * rows:,} rows × 5 columns, s", large["fit"]),
        Line("… peak memory, MB, 10 times the rows", large["peak_mb"], Must(most=4_000)),
    ], {"runs": runs, "large": large}


def _stream(options: Options, work: Path) -> Part:
    """Rows of adult to Parquet: time per row by size, memory, binding, LIMIT."""
    sizes = [n // 100 for n in SIZES] if options.quick else list(SIZES)
    if options.rows > sizes[-1] and not options.quick:
        sizes.append(options.rows)
    path = options.table("adult") / "train" / "adult.parquet"
    told = _start("stream", place=work, file=path, sizes=sizes, rounds=_rounds(options))
    each = {int(n): median(s) / int(n) for n, s in told["seconds"].items()}
    lines = [Line(f"{n:,} rows to Parquet, rows/s", 1 / s) for n, s in each.items()]
    return [
        *lines,
        Line("time per row, longest over shortest", max(each.values()) / min(each.values()),
             Must(most=1.2)),
        Line("peak memory of the stream, MB", told["peak_mb"], Must(most=2_000)),
        Line("bind of genesis_generate (EXPLAIN), ms", 1_000 * median(told["bind"]),
             Must(most=20)),
        Line("LIMIT 5 of 5 billion rows, s", told["limit"], Must(most=1)),
    ], told  # fmt: skip


def _flights(options: Options, work: Path) -> Part:
    """Five related tables, to files and into tables with and without keys."""
    scale = 0.05 if options.quick else FLIGHTS_SCALE
    _start("fit_flights", place=work)
    small = _start("flights", place=work, scale=scale / 10, keys="none")
    runs = [
        {k: _start("flights", place=work, scale=scale, keys=k) for k in ("none", "declare")}
        for _ in range(_rounds(options))
    ]

    def middle(keys: str, what: str) -> float:
        return median([r[keys]["seconds"][what] for r in runs])

    rows, peak = runs[0]["none"]["flights"], max(r["none"]["peak"] for r in runs)
    best = rows / min(middle("none", "parquet"), middle("none", "none"))
    share = middle("declare", "duckdb") / middle("declare", "declare")
    return [
        Line(f"flights at scale {scale:g} to Parquet, rows/s", rows / middle("none", "parquet")),
        Line("… into tables without keys, rows/s", rows / middle("none", "none")),
        Line("… the faster of both, rows/s", best, Must(least=300_000)),
        Line("peak memory to Parquet, MB", peak),
        Line("… over that of a tenth of the rows", peak / small["peak"], Must(most=1.2)),
        Line("peak memory into tables, MB", max(r["declare"]["peak_mb"] for r in runs)),
        Line(
            "… into tables with keys, s",
            middle("declare", "declare"),
            None,
            {INSERT: middle("declare", "duckdb")},
        ),
        Line("… DuckDB's seconds over ours", share, Must(least=0.5)),
        *_flights_bind([r["none"]["bind"] for r in runs]),
    ], {"small": small, "runs": runs}


def _flights_bind(runs: list[dict[str, list[float]]]) -> list[Line]:
    """How long EXPLAIN takes for a child table."""

    def middle(what: str) -> float:
        return 1_000 * median([s for r in runs for s in r[what]])

    return [
        Line("bind of flights (EXPLAIN), rows := n, ms", middle("rows"), Must(most=20)),
        Line("… at scale 1, another seed each time", middle("seeds"), Must(most=20)),
        Line("… the first of a connection", middle("first")),
    ]


def _compiled(options: Options, work: Path) -> Part:
    """Plain SQL on DuckDB beside the kernel."""
    path = options.table("adult") / "train" / "adult.parquet"
    rows = 5_000 if options.quick else options.rows
    lines, detail = list[Line](), dict[int, Any]()
    for many in (rows, 4 * rows):
        told = _start("compiled", place=work, file=path, rows=many, rounds=_rounds(options))
        share = median([a / b for a, b in zip(told["sql"], told["kernel"], strict=True)])
        lines += [
            Line(f"{many:,} rows by genesis_generate into a table, rows/s", median(told["kernel"])),
            Line("… by compiled SQL on DuckDB, planning included", median(told["sql"])),
            Line("… times genesis_generate", share, Must(least=0.25)),
        ]
        detail[many] = told
    return lines, detail


def _random(options: Options, work: Path) -> Part:
    """Adult into a table beside random()."""
    ratios, ours, random = generate_against_random(options)
    must = Must(least=RANDOM_SHARE if int(duckdb.__version__.partition(".")[0]) > 1 else 1 / 3)
    peers = {"random()": median(random)}
    return [
        Line("adult into a table: rows/s", median(ours), None, peers),
        Line("adult into a table: share of random()'s rows/s", median(ratios), must),
    ], {"ratios": ratios}


PARTS: dict[str, Callable[[Options, Path], Part]] = {
    "fit": _fit,
    "stream": _stream,
    "flights": _flights,
    "compiled": _compiled,
    "random": _random,
}
