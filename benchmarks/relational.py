"""Hard schemas: fidelity across tables by the referee, exact keys, planted effects.

`--only berka_acc,berka` runs some parts; every part names in ``detail`` all that was measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import scorer, tried
from benchmarks.machine import machine
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report

PARTS = {
    "berka_acc": "benchmarks.berka",
    "berka": "benchmarks.berka",
    "plane": "benchmarks.flights_split",
    "flights": "benchmarks.flights_split",
    "chinook": "benchmarks.chinook",
    "effect": "benchmarks.effect",
}
"""Parts in the order they run, and the modules that hold a function of the same name."""
NEAR, NEAR_ROWS = 0.03, 500


@dataclass(frozen=True)
class Part:
    """What one part found."""

    lines: Sequence[Line]
    notes: Sequence[str] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


Runner = Callable[[Options, Path], Part]
"""Takes the options and an empty folder to work in."""


def run(options: Options) -> Report:
    """The table of all parts, or of those that ``--only`` names."""
    place = machine()
    lines: list[Line] = []
    notes: list[str] = []
    detail: dict[str, Any] = {}
    for name in options.parts(list(PARTS)):
        work: Runner = getattr(import_module(PARTS[name]), name)
        begun = time.perf_counter()
        with TemporaryDirectory() as folder:
            part = work(options, Path(folder))
        lines += part.lines
        notes += [*part.notes, *tried.of(name, part.lines)]
        detail[name] = {**part.detail, "seconds": time.perf_counter() - begun}
    seeds = ", ".join(map(str, scoring_seeds(options)))
    head = (
        f"Scores by the referee, mean of its seeds {seeds}; generated once, with seed 0, as many "
        "rows as the training part has.",
        "The columns of others were measured elsewhere and stand in issue 3 and in ANCHORS.md.",
    )
    return Report("relational", lines, place, (*head, *notes), detail)


def scoring_seeds(options: Options) -> Sequence[int]:
    """Seeds of the referee."""
    return scorer.SEEDS[:1] if options.quick else scorer.SEEDS


def nearness(name: str, scores: Mapping[str, Any], rows: Mapping[str, int]) -> list[Line]:
    """A line of `share_full` per table with enough held-out rows.

    Args:
        name: of the data.
        scores: of the referee.
        rows: held-out rows per table.
    """
    lines = []
    for table, found in scores["tables"].items():
        privacy = found.get("privacy")
        if privacy and rows[table] >= NEAR_ROWS:
            share = privacy["share_full_expected"]
            must = Must(share - NEAR, share + NEAR)
            peers = {"real holdout": share}
            lines.append(Line(f"{name}: share_full of {table}", privacy["share_full"], must, peers))
    return lines


def integrity(name: str, told: Mapping[str, Any]) -> list[Line]:
    """A line of broken keys, counted by the benchmark's own queries; empty output is broken too."""
    broken = sum(told["orphans"].values()) + sum(told["duplicates"].values())
    empty = not sum(told["rows"].values())
    title = f"{name}: orphans and duplicate keys"
    return [Line(title, "nothing was generated" if empty else broken, Must(most=0))]
