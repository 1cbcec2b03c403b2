"""How the columns of a table hang together, two by two, as heat maps side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

from genesis_sql.evaluate.measures import Matrix

from .drawing import cut, picture, plain
from .markup import Safe, joined, tag

MAP_COLUMNS = 24
"""Columns of a heat map: more cannot be read."""
GREATEST = 0.3
"""Difference of association that has the full colour."""
LEVELS = 10
WHICH = ("real", "synthetic", "difference")
_LETTERS, _LETTER = 15, 6.9
"""Letters of a name, and the width of one."""
_SIDE = 240


@dataclass(frozen=True)
class Layout:
    """Where the cells of a map stand.

    Attributes:
        keep: numbers of the columns shown, in order.
        cell: width of a cell.
        margin: room for the names, left and above.
    """

    keep: tuple[int, ...]
    cell: int
    margin: int

    @property
    def side(self) -> int:
        """Width and height of the map."""
        return self.margin + len(self.keep) * self.cell


def layout(m: Matrix) -> Layout:
    """Of all columns, or of those whose pairs lie furthest from the real ones."""
    keep = every = tuple(range(len(m.columns)))
    if len(m.columns) > MAP_COLUMNS:
        off = [sum(map(_off, m.real[i], m.synthetic[i])) for i in every]
        keep = tuple(sorted(sorted(every, key=lambda i: -off[i])[:MAP_COLUMNS]))
    longest = min(_LETTERS, max((len(m.columns[i]) for i in keep), default=1))
    cell = max(11, min(22, _SIDE // max(len(keep), 1)))
    return Layout(keep, cell, math.ceil(longest * _LETTER) + 8)


def matrix_svg(m: Matrix, *, alone: bool = True) -> Safe:
    """How columns hang together: real, synthetic and their difference side by side.

    Args:
        m: associations of pairs of columns.
        alone: the picture carries its own colours (for notebooks and files).
    """
    where = layout(m)
    told = f"Association of the columns of {m.table}, two by two: {', '.join(WHICH)}"
    moved = [
        tag(
            "g",
            tag("text", which, x=where.margin, y=12, class_="soft"),
            tag("g", _map(m, which, where), transform="translate(0 18)"),
            transform=f"translate({at * (where.side + 16)} 0)",
        )
        for at, which in enumerate(WHICH)
    ]
    return picture(3 * where.side + 32, where.side + 18, told, joined(moved), alone=alone)


def single_map_svg(m: Matrix, which: str) -> Safe:
    """One of the three heat maps, for a page that lets them wrap."""
    where = layout(m)
    told = f"{which}: association of columns of {m.table}; the numbers are in the table below"
    return picture(where.side, where.side, told, _map(m, which, where), alone=False)


def _map(m: Matrix, which: str, where: Layout) -> Safe:
    """Cells and names; one path for all cells of a shade keeps the page small."""
    size, paths = where.cell, dict[tuple[str, int], list[str]]()
    for y, i in enumerate(where.keep):
        for x, j in enumerate(where.keep):
            left, top = where.margin + x * size, where.margin + y * size
            square = f"M{left} {top}h{size - 1}v{size - 1}h-{size - 1}z"
            paths.setdefault(_shade(m, which, i, j), []).append(square)
    cells = []
    for (colour, level), squares in sorted(paths.items()):
        strength = plain(level / LEVELS) if level else None
        cells.append(tag("path", class_=colour, fill_opacity=strength, d="".join(squares)))
    return joined([*cells, *_names(m, where)])


def _shade(m: Matrix, which: str, i: int, j: int) -> tuple[str, int]:
    """Class and strength of a cell. A column with itself says nothing and is left grey."""
    real, synthetic = m.real[i][j], m.synthetic[i][j]
    strength = {"real": real, "synthetic": synthetic}.get(which, _off(real, synthetic) / GREATEST)
    if i == j or math.isnan(strength):
        return "none", 0
    if which != "difference":
        strength = math.sqrt(max(strength, 0.0))  # most associations are weak: told apart so
    level = min(LEVELS, round(strength * LEVELS))
    if which != "difference":
        return ("both" if level else "none"), level
    return ("none" if not level else "more" if synthetic > real else "less"), level


def greatest_difference(m: Matrix) -> tuple[float, str, str] | None:
    """The pair of columns whose association differs most; None where no pair has one."""
    size = range(len(m.columns))
    every = [(m.synthetic[i][j] - m.real[i][j], i, j) for i in size for j in size if i < j]
    known = [e for e in every if not math.isnan(e[0])]
    if not known:
        return None
    off, i, j = max(known, key=lambda e: abs(e[0]))
    return off, m.columns[i], m.columns[j]


def _off(real: float, synthetic: float) -> float:
    return abs(synthetic - real)


def _names(m: Matrix, where: Layout) -> list[Safe]:
    out = []
    for at, i in enumerate(where.keep):
        short, full = cut(m.columns[i], _LETTERS), tag("title", m.columns[i])
        line, edge = plain(where.margin + (at + 0.5) * where.cell + 3.5), where.margin - 5
        out.append(tag("text", short, full, x=edge, y=line, text_anchor="end"))
        out.append(tag("text", short, full, transform=f"translate({line} {edge}) rotate(-90)"))
    return out
