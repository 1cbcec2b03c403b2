"""`make randomness`: dieharder on the words that programs use, with one bound on every p-value.

What is tested are the top 24 bits of single words and the doubles made of two of them. The tests
are those of `battery` that take a quarter of an hour together on one core; `draw` has them all, on
more sources, and beside them tests of our own.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence

from benchmarks import battery
from benchmarks.machine import machine
from benchmarks.options import BenchmarkError, Options
from benchmarks.report import Line, Must, Report

SOURCES = ("top24", "pairs")
LEAST = 1e-6  # of about 200 p-values a perfect draw has one below it in one of 5,000 runs
LONG = (("201", "-n", "5"), ("203", "-n", "4"), ("203", "-n", "14"), ("208",))
TESTS = tuple(test for test in battery.TESTS if test not in LONG)


def run(options: Options, *, tell: Callable[[str], None] | None = None) -> Report:
    """All tests on both sources, each with words of its own."""
    if not battery.installed():
        message = "dieharder is not there; `make randomness` installs it (Debian, as root)"
        raise BenchmarkError(message)
    place, tests = machine(), TESTS[:1] if options.quick else TESTS
    verdicts = battery.run(SOURCES, tests, tell or _tell)
    lines = [line for source in SOURCES for line in judged(source, verdicts)]
    notes = ["a word is that of one stream by row; a pair is the double of two streams."]
    return Report("randomness", lines, place, notes, {"dieharder": [vars(v) for v in verdicts]})


def judged(source: str, verdicts: Sequence[battery.Verdict]) -> list[Line]:
    """The smallest p-value of a source, and the tests that gave none."""
    mine = [v for v in verdicts if v.source == source]
    values = [v.p for v in mine if not math.isnan(v.p)]
    smallest = min(values, default=0.0)
    name = f"dieharder, {source}: smallest p of {len(values)}, in millionths"
    without = Line(f"dieharder, {source}: not finished", len(mine) - len(values), Must(most=0))
    return [Line(name, smallest / LEAST, Must(least=1)), without]


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
