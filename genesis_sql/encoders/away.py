"""Patterns that keep away from the values of the source: another end where one could come out."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.encoders.text import shape_of
from genesis_sql.program.pattern import SYMBOLS, Pattern, Run, Shape

FRESH = 64
"""Different ends that must be left where values of the source are kept away."""

Piece = str | tuple[str, ...]
"""Text, or the symbols that may stand at a place."""


def keep_away(pattern: Pattern, known: pa.Array, salt: int = 0) -> Pattern | None:
    """The pattern without the texts that the source has; None where it has no others.

    A shape that can give one gets another end: some of the texts that no value of the source ends
    with.

    Args:
        pattern: of identifiers; its shapes are not very long.
        known: the distinct texts of the source.
        salt: other random choices.
    """
    shapes, weights = list[Shape](), list[int]()
    rng = np.random.default_rng([salt, 3])
    for shape, weight in zip(pattern.shapes, pattern.weights, strict=True):
        kept = _kept_away(shape, known, rng)
        if kept is not None and kept not in shapes:
            shapes.append(kept)
            weights.append(weight)
    if not shapes:
        return None
    return replace(pattern, shapes=tuple(shapes), weights=tuple(weights))


def _kept_away(shape: Shape, known: pa.Array, rng: np.random.Generator) -> Shape | None:
    """A shape that gives no known text; None where nothing is left of it."""
    pieces = pieces_of(shape)
    test = "^" + "".join(_regex(p) for p in pieces) + "$"
    if not pc.any(pc.match_substring_regex(known, test)).as_py():
        return shape
    slots = [k for k, p in enumerate(pieces) if not isinstance(p, str)]
    if not slots:
        return None
    last = slots[-1]
    stop = sum(width_of(p) for p in pieces[: last + 1])
    same = known.filter(pc.equal(pc.utf8_length(known), shape.characters))
    for count in range(min(3, len(slots)), len(slots) + 1):
        begin = slots[-count]
        start = sum(width_of(p) for p in pieces[:begin])
        held = {*pc.unique(pc.utf8_slice_codeunits(same, start, stop)).to_pylist()}
        free = _free_ends(pieces[begin : last + 1], held, rng)
        if len(free) >= FRESH or (count == len(slots) and free):
            run = Run("".join(free), 1, stop - start)
            end: list[str | Run] = [run if run.size > 1 else run.alphabet]
            return shape_of(
                [*map(part_of, pieces[:begin]), *end, *map(part_of, pieces[last + 1 :])]
            )
    return None


def _free_ends(pieces: Sequence[Piece], held: Set[str], rng: np.random.Generator) -> list[str]:
    """At most SYMBOLS texts of these pieces that are not held."""
    free: dict[str, None] = {}
    size = 4 * SYMBOLS
    columns = [
        np.array([p] if isinstance(p, str) else p)[
            rng.integers(0, 1 if isinstance(p, str) else len(p), size)
        ]
        for p in pieces
    ]
    for made in map("".join, zip(*(c.tolist() for c in columns), strict=True)):
        if made not in held:
            free[made] = None
        if len(free) == SYMBOLS:
            break
    return sorted(free)


def part_of(piece: Piece) -> str | Run:
    """The piece as a part of a shape."""
    return piece if isinstance(piece, str) else Run("".join(piece), 1, len(piece[0]))


def width_of(piece: Piece) -> int:
    """Characters of a piece."""
    return len(piece if isinstance(piece, str) else piece[0])


def _regex(piece: Piece) -> str:
    if isinstance(piece, str):
        return re.escape(piece)
    return "(?:" + "|".join(map(re.escape, piece)) + ")"


def pieces_of(shape: Shape) -> list[Piece]:
    """Texts, and the symbols of each place of a run."""
    out: list[Piece] = []
    for part in shape.parts:
        out += [part] if isinstance(part, str) else [part.symbols] * part.length
    return out
