"""Berka's bank accounts: four tables without the districts, and all eight."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks import child, scorer
from benchmarks.options import Options
from benchmarks.relational import Part, integrity, nearness, scoring_seeds
from benchmarks.report import Line, Must

SCORES = ("relational", "privacy", "own", "c2st")
REAL, PROTOTYPE, MOSTLY, HMA = "real holdout", "prototype", "mostlyai", "SDV HMA"
ALONE, OTHERS = "every table alone", "on the full data, with a GPU"
AGG, JOIN = "account with its children's aggregates", "child joined with account"
SECONDS = 30


def berka_acc(options: Options, work: Path) -> Part:
    """account, loan, orders, trans."""
    told, scores = _scored(options, work, "berka_acc", ())
    found = scores["relational"]

    def line(name: str, value: float, must: Must, *peers: float) -> Line:
        names = (REAL, PROTOTYPE, MOSTLY, HMA, ALONE)
        return Line(f"berka_acc: {name}", value, must, dict(zip(names, peers, strict=True)))

    joins, hops = found["c2st_join"], found["khop"]["sdm_1"]
    agg, mean = found["c2st_agg"]["account"], fmean(joins.values())
    near = found["cardinality_mean"]
    lines = [
        line(f"C2ST {AGG}", agg, Must(most=0.56), 0.49, 0.544, 0.749, 0.920, 0.998),
        line(f"C2ST {JOIN}, mean", mean, Must(most=0.54), 0.54, 0.528, 0.684, 0.846, 0.783),
        line("cardinality", near, Must(least=0.99), 0.990, 0.992, 0.983, 0.870, 0.723),
        line("pairs (khop.sdm_1)", hops, Must(least=0.88), 0.807, 0.885, 0.822, 0.718, 0.795),
    ]
    lines += [Line(f"berka_acc: C2ST {name}", value) for name, value in joins.items()]
    return _part("berka_acc", options, lines, told, scores)


def berka(options: Options, work: Path) -> Part:
    """All eight tables; the districts are copied."""
    told, scores = _scored(options, work, "berka", ("district",))
    found = scores["relational"]
    hops, joined = found["khop"], found["c2st_join"]["trans.account_id->account"]

    def hop(n: int, least: float, peers: Mapping[str, float | str]) -> Line:
        return Line(f"berka: khop.sdm_{n}", hops[f"sdm_{n}"], Must(least=least), peers)

    agg = {REAL: 0.509, PROTOTYPE: 0.573, ALONE: 1.0}
    join = {REAL: 0.494, PROTOTYPE: 0.580, ALONE: 0.927}
    others = {MOSTLY: "194 (4 tables)", HMA: "19 (4 tables)"}
    lines = [
        hop(1, 0.97, _hops(0.954, 0.979, 0.890, "GRDM .914, ClavaDDPM .838")),
        hop(2, 0.95, _hops(0.933, 0.966, 0.903, "GRDM .956, ClavaDDPM .859")),
        hop(3, 0.94, _hops(0.916, 0.957, 0.895, "GRDM .924, ClavaDDPM .810")),
        Line(f"berka: C2ST {AGG}", found["c2st_agg"]["account"], Must(most=0.58), agg),
        Line("berka: C2ST trans joined with account", joined, Must(most=0.58), join),
        Line(
            "berka: fit + generate, s", told["fit"] + told["generate"], Must(most=SECONDS), others
        ),
    ]
    return _part("berka", options, lines, told, scores)


def _hops(real: float, prototype: float, alone: float, others: str) -> dict[str, float | str]:
    return {REAL: real, PROTOTYPE: prototype, ALONE: alone, OTHERS: others}


def _scored(
    options: Options, work: Path, name: str, verbatim: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the process that fitted and generated told, and the scores."""
    folder = options.table(name)
    plan = {
        "folder": str((folder / "train").resolve()),
        "keys": str((folder / "keys.json").resolve()),
        "out": str(work / "synth"),
        "verbatim": list(verbatim) or None,
    }
    told = child.start("tables", json.dumps(plan))
    seeds, parts = scoring_seeds(options), SCORES[: 2 if options.quick else None]
    return told, scorer.mean_of(options, folder, work / "synth", parts=parts, seeds=seeds)


def _part(
    name: str,
    options: Options,
    lines: Sequence[Line],
    told: Mapping[str, Any],
    scores: Mapping[str, Any],
) -> Part:
    rows = _held_out(options.table(name))
    more = [
        *nearness(name, scores, rows),
        *integrity(name, told),
        Line(f"{name}: fit, s", told["fit"]),
        Line(f"{name}: generate, keys declared, s", told["generate"]),
        Line(f"{name}: process with imports, s", told["wall"]),
    ]
    return Part([*lines, *more], (), {"told": told, "scores": scores, "held_out": rows})


def _held_out(folder: Path) -> dict[str, int]:
    import pyarrow.parquet as pq

    files = sorted((folder / "holdout").glob("*.parquet"))
    return {f.stem: pq.read_metadata(f).num_rows for f in files}
