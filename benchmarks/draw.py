"""The counter draw under test: dieharder, and tests of our own over streams, strides and families.

Every test of ours gives z values, standard normal where words are independent and uniform. Two
things are looked at: the largest |z| (one bad spot), and the mean of z² (a small fault all over).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from benchmarks import battery
from benchmarks.emit import family, streams, words
from benchmarks.machine import machine
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report

STREAMS = 120
ROWS = 100_000
PARENTS = 2_500_000  # with 4 children each: 1e7 addresses
CHILDREN = 4
SHIFTS = (0, 4, 8, 12, 16, 20, 24, 28, 31, 36, 40, 44)  # strides of 2^shift between rows
BITS = (*range(0, 31, 3), *range(31, 62, 3))
SOURCES = ("top24", "pairs", "columns", "children", "addresses")
ALPHA = 1e-4  # chance that a table of z values fails though the draw is perfect

Tables = Iterator[tuple[str, np.ndarray]]


def limit(count: int) -> float:
    """The |z| that the largest of so many passes with chance ALPHA."""
    from scipy.stats import norm

    return float(norm.isf(ALPHA / 2 / max(count, 1)))


def centred(values: np.ndarray) -> np.ndarray:
    """Words as doubles of mean 0 and variance 1, by the moments of the uniform distribution."""
    return (values.astype(np.float64) + 0.5 - 2.0**31) * (math.sqrt(12) / 2.0**32)


def correlations(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Z of the correlation of columns: one and two of shape (columns, n)."""
    return np.sqrt(one.shape[-1]) * np.mean(centred(one) * centred(two), axis=-1)


def every_pair(table: np.ndarray) -> np.ndarray:
    """Z of the correlations of all pairs of rows of a (streams, n) table of words."""
    unit = centred(table)
    found = unit @ unit.T / math.sqrt(table.shape[1])
    return found[np.triu_indices(len(table), 1)]


def bits(table: np.ndarray) -> np.ndarray:
    """Z of the number of ones of each bit, shape (streams, 32)."""
    n = table.shape[1]
    ones = np.stack([((table >> np.uint32(b)) & np.uint32(1)).sum(axis=1) for b in range(32)], 1)
    return (ones - n / 2) / (math.sqrt(n) / 2)


def bytes_of(table: np.ndarray) -> np.ndarray:
    """Z of the chi-square of each of the four bytes, shape (streams, 4)."""
    parts = [
        [chi((w >> np.uint32(s)) & np.uint32(255), 256) for s in (0, 8, 16, 24)] for w in table
    ]
    return np.array(parts)


def chi(values: np.ndarray, cells: int) -> float:
    """Chi-square of counts of equally likely cells, as a z value (Wilson and Hilferty)."""
    expected = len(values) / cells
    found = float(((np.bincount(values, minlength=cells) - expected) ** 2).sum() / expected)
    free = cells - 1
    return ((found / free) ** (1 / 3) - 1 + 2 / (9 * free)) / math.sqrt(2 / (9 * free))


def joint(*columns: np.ndarray, bits_each: int = 4) -> float:
    """Z of the chi-square of the leading bits of several columns together."""
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        code = (code << bits_each) | (column >> np.uint32(32 - bits_each))
    return chi(code, 2 ** (bits_each * len(columns)))


def low_joint(*columns: np.ndarray) -> float:
    """The same of the lowest four bits."""
    return joint(*(c << np.uint32(28) for c in columns))


def joint3(*columns: np.ndarray) -> float:
    """The same of the leading three bits."""
    return joint(*columns, bits_each=3)


def each(test: Callable[..., float], *tables: np.ndarray) -> np.ndarray:
    """A test of the rows of some tables, side by side."""
    return np.array([test(*rows) for rows in zip(*tables, strict=True)])


def of_streams(count: int, rows: int) -> Tables:
    """Streams over consecutive rows."""
    table = np.stack([words(k, np.arange(rows)) for k in streams(0, count)])
    yield f"correlation of all pairs of {count} streams", every_pair(table)
    yield "bits and bytes of a stream", bits(table)
    yield "bits and bytes of a stream", bytes_of(table)
    for lag in (1, 2, 64):
        yield from _later("a stream and itself 1, 2, 64 rows on", table, lag)
    group = "two and three streams together"
    yield group, each(joint, table[:-1], table[1:])
    yield group, each(low_joint, table[:-1], table[1:])
    yield group, each(joint3, table[:-2], table[1:-1], table[2:])


def of_strides(count: int, rows: int) -> Tables:
    """Rows that lie 2^shift apart: only some bits of the address move."""
    keys = streams(1, count)
    for shift in SHIFTS:
        group = f"rows 2^{shift} apart"
        at = (np.arange(rows, dtype=np.int64) << shift) % 2**62
        table = np.stack([words(k, at) for k in keys])
        yield group, every_pair(table)
        yield from _alone(group, table)


def of_halves(rows: int) -> Tables:
    """Pairs of addresses that differ in one bit: what the word of one tells of the other's."""
    keys = streams(8, 4)
    at = np.random.default_rng(0).integers(0, 2**62, rows)
    for bit in BITS:
        half = "lower" if bit < 31 else "upper"
        group = f"addresses that differ in a bit of the {half} half"
        one, two = (np.stack([words(k, x) for k in keys]) for x in (at, at ^ (1 << bit)))
        yield group, correlations(one, two)
        for test in (joint, low_joint):
            yield group, each(test, one, two)
        yield group, bits(one ^ two)
        yield group, bytes_of(one ^ two)


def of_families(parents: int) -> Tables:
    """Draws of the children of consecutive parents, and of their children."""
    above, child = streams(2, 2, "families")
    numbers = np.arange(parents)
    first = family(2, numbers, CHILDREN)
    mine = words(above, numbers)
    table = np.stack([words(child, first[:, k]) for k in range(CHILDREN)])
    same = np.stack([words(above, first[:, k]) for k in range(CHILDREN)])
    yield from _kin("children", table, mine)
    yield "children and their parent", correlations(same, mine[None])
    deeper = family(3, first[:, :2].ravel(), 2).reshape(parents, CHILDREN)
    grand = np.stack([words(child, deeper[:, k]) for k in range(CHILDREN)])
    yield from _kin("grandchildren", grand, mine)
    yield "grandchildren and their parent", correlations(grand[:2], table[:1])


def _kin(who: str, table: np.ndarray, parent: np.ndarray) -> Tables:
    """Tests of (children, parents) words against each other and their parent's."""
    yield f"{who} and siblings", every_pair(table)
    yield f"{who} and siblings", each(joint, table[:-1], table[1:])
    yield f"{who} and siblings", each(low_joint, table[:-1], table[1:])
    yield f"{who} and siblings", each(joint3, table[:-2], table[1:-1], table[2:])
    yield f"{who} and their parent", correlations(table, parent[None])
    for test in (joint, low_joint):
        yield f"{who} and their parent", np.array([test(w, parent) for w in table])
    yield from _alone(f"{who} of consecutive parents", table)


def of_long_families(children: int, parents: int = 20) -> Tables:
    """K runs far, the parent stays."""
    (keys,) = streams(4, 1, "long")
    table = words(keys, family(4, np.arange(parents), children).ravel()).reshape(parents, children)
    group = f"families of {children:,} children"
    yield group, every_pair(table)
    yield from _alone(group, table)


def _alone(group: str, table: np.ndarray) -> Tables:
    """Bits, bytes and neighbours in each row of a table of words."""
    yield group, bits(table)
    yield group, bytes_of(table)
    yield from _later(group, table, 1)


def _later(group: str, table: np.ndarray, lag: int) -> Tables:
    """Each row of a table of words and itself some places on; pairs that do not overlap."""
    yield group, correlations(table[:, :-lag], table[:, lag:])
    places = table.shape[1] // (2 * lag)
    pairs = table[:, : places * 2 * lag].reshape(len(table), places, 2, lag)
    one, two = (pairs[:, :, i].reshape(len(table), -1) for i in (0, 1))
    yield group, each(joint, one, two)
    yield group, each(low_joint, one, two)


def of_addresses(parents: int) -> Tables:
    """The addresses themselves: halves uniform, and equal as often as chance has it."""
    at = family(5, np.arange(parents), CHILDREN)
    low, high = at & (2**31 - 1), at >> 31
    halves = (np.concatenate([low.T, high.T]) << 1).astype(np.uint32)
    group = "halves of addresses"
    yield group, bits(halves)[:, 1:]
    yield group, bytes_of(halves)[:, 1:]
    yield group, every_pair(halves)
    yield group, correlations(halves[:, :-1], halves[:, 1:])
    yield "equal halves of addresses", np.array([_twins(low.ravel()), _twins(high.ravel())])


def _twins(values: np.ndarray) -> float:
    """Z of the number of pairs of equal 31-bit values (Poisson)."""
    _, counts = np.unique(values, return_counts=True)
    pairs = float((counts * (counts - 1) // 2).sum())
    expected = len(values) * (len(values) - 1) / 2 / 2.0**31
    return (pairs - expected) / math.sqrt(expected)


def collisions(parents: int) -> int:
    """Children that share an address, over two levels; chance has 1e-5 of them at 1e7."""
    first = family(6, np.arange(parents), CHILDREN).ravel()
    deeper = family(7, first[: parents // 2], CHILDREN).ravel()
    return sum(len(a) - len(np.unique(a)) for a in (first, deeper))


def summary(name: str, z: np.ndarray) -> list[Line]:
    """The largest |z| and the mean of z², each against what chance allows."""
    from scipy.stats import chi2

    largest, mean, count = float(np.abs(z).max()), float(np.mean(z**2)), len(z)
    low, high = (float(f(ALPHA / 2, count) / count) for f in (chi2.ppf, chi2.isf))
    worst = Line(f"{name}: largest |z| of {count:,}", largest, Must(most=limit(count)))
    return [worst] + [Line(f"{name}: mean z²", mean, Must(low, high))] * (count >= 20)


def ours(*, quick: bool = False) -> dict[str, np.ndarray]:
    """Z values of all our tests, by group."""
    small = 10 if quick else 1
    tests = [
        of_streams(STREAMS // small, ROWS // small),
        of_strides(24 // min(small, 8), ROWS // small),
        of_halves(1_000_000 // small**2),
        of_families(1_000_000 // small**2),
        of_long_families(200_000 // small),
        of_addresses(PARENTS // small**2),
    ]
    found: dict[str, list[np.ndarray]] = {}
    for name, z in chain.from_iterable(tests):
        found.setdefault(name, []).append(np.asarray(z, np.float64).ravel())
    return {name: np.concatenate(z) for name, z in found.items()}


def run(options: Options, *, tell: Callable[[str], None] | None = None) -> Report:
    """Our tests, then dieharder where it is installed."""
    place, tables = machine(), ours(quick=options.quick)
    lines = [line for name, z in tables.items() for line in summary(name, z)]
    parents = PARENTS // (100 if options.quick else 1)
    name = f"collisions in {parents * CHILDREN:,} children and as many grandchildren"
    lines.append(Line(name, collisions(parents), Must(most=0)))
    verdicts: list[battery.Verdict] = []
    notes = [f"z values: a perfect draw fails a line with chance {ALPHA}."]
    if options.quick or not battery.installed():
        notes.append("dieharder was not run" + ("" if options.quick else ": it is not installed."))
    else:
        verdicts = battery.run(SOURCES, tell=tell or _tell)
        lines += _dieharder(verdicts)
        notes.append("dieharder calls p outside .005 – .995 weak: 1 in 100 by chance.")
    largest = {name: sorted(np.abs(z).tolist())[-5:] for name, z in tables.items()}
    detail = {"largest": largest, "dieharder": [vars(v) for v in verdicts]}
    return Report("counter draw", lines, place, notes, detail)


def _dieharder(verdicts: list[battery.Verdict]) -> list[Line]:
    lines = []
    for source in dict.fromkeys(v.source for v in verdicts):
        mine = [v for v in verdicts if v.source == source]
        failed = sum(v.assessment not in ("PASSED", "WEAK") for v in mine)
        weak = sum(v.assessment == "WEAK" for v in mine)
        lines.append(Line(f"dieharder, {source}: failed of {len(mine)}", failed, Must(most=0)))
        lines.append(Line(f"dieharder, {source}: weak", weak, Must(most=_most_weak(len(mine)))))
    return lines


def _most_weak(count: int) -> int:
    """Weak outcomes that chance exceeds in one of a thousand cases."""
    from scipy.stats import binom

    return int(binom.isf(1e-3, count, 0.01))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
