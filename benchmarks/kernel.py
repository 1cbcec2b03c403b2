"""The compiled kernel beside the same loops in numpy: one core, one program, the same rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.random_table import fitted
from benchmarks.report import Line, Must, Report
from genesis_sql.plan.blocks import LARGEST
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories
from genesis_sql.program.draw import draw
from genesis_sql.program.execute import Identity, Rows
from genesis_sql.program.execute import run as execute
from genesis_sql.program.steps import Draw, Output, Program, Tree
from genesis_sql.session import session_of

COLUMNS, LABELS = 15, 40
LEAVES = (128, 1024)
BLOCKS = (2_048, 32_768)
ADULT_BLOCK = LARGEST  # as rows are drawn ahead of DuckDB
IDENTITY = Identity("benchmark", 0)


def random_tree(rng: np.random.Generator, inputs: int, leaves: int) -> Tree:
    """A tree that splits one of its oldest leaves at a random place until it has enough."""
    feature, threshold, left, right = [-1], [0], [0], [0]
    growing = [0]
    while len(growing) < leaves and inputs:
        node = growing.pop(int(rng.integers(0, min(len(growing), 8))))
        feature[node], threshold[node] = int(rng.integers(inputs)), int(rng.integers(1, LABELS))
        left[node], right[node] = len(feature), len(feature) + 1
        growing += [len(feature), len(feature) + 1]
        for _ in range(2):
            for column, value in ((feature, -1), (threshold, 0), (left, 0), (right, 0)):
                column.append(value)
    for cell, node in enumerate(growing):
        left[node] = cell
    return Tree(*(np.array(x, np.int32) for x in (feature, threshold, left, right)))


def random_program(leaves: int, seed: int = 0) -> Program:
    """Columns of categories, each drawn by a tree over all the columns before it."""
    rng = np.random.default_rng([seed, leaves])
    names = [f"c{i}" for i in range(COLUMNS)]
    steps = []
    for at, name in enumerate(names):
        tree = random_tree(rng, at, leaves)
        start = np.arange(tree.leaves + 1, dtype=np.int64) * 10
        accept, alias = alias_tables(start, rng.integers(1, 1000, start[-1]))
        low = rng.integers(1, LABELS + 1, start[-1]).astype(np.int32)
        steps.append(Draw(name, tuple(names[:at]), tree, Cells(start, accept, alias, low)))
    labels = Categories("VARCHAR", tuple(f"label {i}" for i in range(LABELS)))
    outputs = tuple(Output(n, "VARCHAR") for n in names)
    return Program("t", 1, tuple(steps), dict.fromkeys(names, labels), {}, outputs)


def in_kernel(program: Program, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Codes of a block by the package."""
    names = [o.name for o in program.outputs]
    raw = execute(program, IDENTITY, Rows(rows, rows), None, names)
    return {n: raw[n].values for n in names}


def in_numpy(program: Program, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Codes of a block by the same walk through trees and cells, a level at a time in numpy."""
    found: dict[str, np.ndarray] = {}
    for step in program.steps:
        if isinstance(step, Draw):
            codes = np.stack([found[n] for n in step.inputs]) if step.inputs else None
            cell = _cells(step.tree, codes, len(rows))
            word = draw(IDENTITY.stream(program.table, step.column, "cell"), rows)
            found[step.column] = _slots(step.cells, cell, word.astype(np.uint64))
    return found


def _cells(tree: Tree, codes: np.ndarray | None, count: int) -> np.ndarray:
    node, rows = np.zeros(count, np.int32), np.arange(count)
    while codes is not None:
        rows = rows[tree.feature[node[rows]] >= 0]
        if not len(rows):
            break
        at = node[rows]
        goes_left = codes[tree.feature[at], rows] <= tree.threshold[at]
        node[rows] = np.where(goes_left, tree.left[at], tree.right[at])
    return tree.left[node]


def _slots(cells: Cells, cell: np.ndarray, word: np.ndarray) -> np.ndarray:
    first = cells.start[cell]
    spread = word * (cells.start[cell + 1] - first).astype(np.uint64)
    at = first + (spread >> np.uint64(32)).astype(np.int64)
    other = (spread & np.uint64(0xFFFFFFFF)) >= cells.accept[at]
    return cells.low[np.where(other, cells.alias[at], at)]


def rate(
    work: Callable[[Program, np.ndarray], object], program: Program, block: int, rows: int
) -> float:
    """Rows per second, block by block."""
    firsts = range(0, max(rows, block), block)

    def all_blocks() -> None:
        for first in firsts:
            work(program, np.arange(first, first + block, dtype=np.int64))

    return len(firsts) * block / seconds(all_blocks)


def adult(options: Options) -> list[Line]:
    """The whole program of adult, fitted with the defaults: one core, nothing written."""
    con = fitted(options)
    try:
        (model,) = session_of(con).models.values()
        (program,) = model.programs.values()
        rows = 40_000 if options.quick else options.rows
        speeds = [rate(in_kernel, program, ADULT_BLOCK, rows) for _ in range(options.rounds + 1)]
    finally:
        con.close()
    return [Line("adult program alone, one core: rows/s", median(speeds[1:]), Must(least=4e6))]


def run(options: Options) -> Report:
    """Rows per second of both, for small and large trees and blocks; and of adult's program."""
    place, lines = machine(), []
    rows = (20_000 if options.quick else options.rows) // 4
    for leaves in LEAVES:
        program = random_program(leaves)
        block = np.arange(BLOCKS[0], dtype=np.int64)
        one, two = in_kernel(program, block), in_numpy(program, block)
        same = all(np.array_equal(one[n], two[n]) for n in one)
        lines.append(Line(f"{leaves} leaves: the same rows", int(same), Must(least=1)))
        for size in BLOCKS:
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(rate(in_kernel, program, size, rows))
                theirs.append(rate(in_numpy, program, size, rows // 4))
            name, peer = f"{leaves} leaves, blocks of {size:,}", {"numpy": median(theirs)}
            lines.append(Line(f"{name}: rows/s", median(ours), None, peer))
            times = median([a / b for a, b in zip(ours, theirs, strict=True)])
            lines.append(Line(f"{name}: times numpy", times, Must(least=2)))
    lines += adult(options)
    notes = (
        f"{COLUMNS} columns of {LABELS} labels, one core, medians of {options.rounds} rounds.",
    )
    return Report("kernel", lines, place, notes)
