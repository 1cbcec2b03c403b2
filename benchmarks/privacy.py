"""Privacy on Adult: planted leaks found, and what differential privacy costs and proves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks import privacy_dp, privacy_leaks
from benchmarks.machine import machine
from benchmarks.options import Options
from benchmarks.report import Line, Report

Part = tuple[list[Line], dict[str, Any]]


def run(options: Options) -> Report:
    """The parts that are asked for."""
    place = machine()
    lines: list[Line] = []
    detail: dict[str, Any] = {}
    notes: list[str] = []
    for name in options.parts(list(PARTS)):
        made, detail[name] = PARTS[name](options)
        lines += made
        notes += NOTES[name]
    return Report("privacy", lines, place, notes, detail)


PARTS: dict[str, Callable[[Options], Part]] = {
    "leaks": privacy_leaks.lines,
    "dp": privacy_dp.lines,
}
NOTES = {
    "leaks": [
        "Leaks: rows of a model of Adult, in whose place real rows are put; a fresh half of the "
        "real rows must fail nothing.",
    ],
    "dp": privacy_dp.notes(),
}
