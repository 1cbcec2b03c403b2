"""Runs dieharder (Debian: apt-get install dieharder) on words of the counter draw."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TESTS: tuple[tuple[str, ...], ...] = (
    *((str(t),) for t in (0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 15, 16, 100, 101, 102)),
    *((str(t),) for t in (204, 205, 206, 207, 208, 209)),
    *(("200", "-n", str(n)) for n in (1, 2, 4, 6, 8)),
    *(("201", "-n", str(n)) for n in (2, 3, 4, 5)),
    *(("202", "-n", str(n)) for n in (2, 3, 4, 5)),
    *(("203", "-n", str(n)) for n in (0, 1, 4, 14)),
    ("17", "-t", "1000000"),
)
"""Tests that dieharder does not call suspect; those on tens of gigabytes shorter or left out."""
LIMIT = 900  # seconds for one test
FIELDS = ("test_name", "ntuple", "tsamples", "psamples", "pvalues", "assessment")


@dataclass(frozen=True)
class Verdict:
    """One p-value of dieharder: WEAK stands for p outside .005 to .995, FAILED for 1e-6."""

    source: str
    test: str
    p: float
    assessment: str


def installed() -> bool:
    """Whether dieharder can be called."""
    return shutil.which("dieharder") is not None


def command(test: Sequence[str]) -> list[str]:
    """Dieharder on its standard input; an unclear outcome is repeated until it is clear (-Y 1)."""
    shown = [x for field in FIELDS for x in ("-D", field)]
    return ["dieharder", "-g", "200", "-Y", "1", "-c", ",", *shown, "-d", *test]


def run_test(source: str, seed: int, test: Sequence[str]) -> list[Verdict]:
    """One test on fresh words of a source."""
    emit = [sys.executable, "-m", "benchmarks.emit", source, str(seed)]
    with subprocess.Popen(emit, stdout=subprocess.PIPE) as words:
        try:
            done = subprocess.run(
                command(test),
                stdin=words.stdout,
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            return [Verdict(source, " ".join(test), float("nan"), "NOT FINISHED")]
        finally:
            words.terminate()
    found = parse(source, done.stdout)
    return found or [Verdict(source, " ".join(test), float("nan"), "NO RESULT")]


def parse(source: str, text: str) -> list[Verdict]:
    """The p-values of an output with `FIELDS`.

    Example:
        >>> parse("columns", "sts_serial,  3, 100000, 100,0.31442515,  PASSED")
        [Verdict(source='columns', test='sts_serial 3', p=0.31442515, assessment='PASSED')]
    """
    found = []
    for line in text.splitlines():
        parts = [x.strip() for x in line.split(",")]
        if len(parts) == len(FIELDS) and parts[-1] in ("PASSED", "WEAK", "FAILED"):
            name = f"{parts[0]} {parts[1]}"
            found.append(Verdict(source, name, float(parts[4]), parts[5]))
    return found


def run(
    sources: Sequence[str],
    tests: Sequence[Sequence[str]] = TESTS,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Verdict]:
    """All tests on all sources, each with words of its own."""
    found = []
    for source in sources:
        for seed, test in enumerate(tests):
            tell(f"{source}: dieharder {' '.join(test)}")
            found += run_test(source, seed, test)
    return found
