"""Texts of keys that are referred to, written once where the table they belong to is small."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from genesis_sql.plan.definition import parent_of
from genesis_sql.program.domain import Key, Raw
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.pattern_numpy import render_unique
from genesis_sql.program.steps import Copy, Program

MOST_TEXTS = 200_000  # of one key: about 5 MB
REPAID = 4  # blocks of rows after which writing all texts has cost less than writing each row's


class Texts:
    """The texts of foreign keys of one table.

    What a row's key is depends on its number alone, so that who writes them does not matter.
    """

    def __init__(self, program: Program) -> None:
        self._parents = _parents(program)
        self._held: dict[str, pa.Array] = {}

    def of(self, raw: Mapping[str, Raw], size: Callable[[str], int]) -> dict[str, pa.Array]:
        """The texts of a block of rows, by column; not those better written each for itself.

        Args:
            raw: columns of the block, those of keys as numbers of the parent's rows.
            size: rows of a table.
        """
        found = {n: self._taken(n, raw[n], size) for n in self._parents if n in raw}
        return {name: array for name, array in found.items() if array is not None}

    def _taken(self, name: str, raw: Raw, size: Callable[[str], int]) -> pa.Array | None:
        parent, pattern = self._parents[name]
        if name not in self._held:
            many = size(parent)
            if many > min(MOST_TEXTS, REPAID * len(raw)):
                return None
            self._held[name] = render_unique(pattern, np.arange(many))
        texts, mask = self._held[name], None if raw.valid is None else ~raw.valid
        known = raw.values if mask is None else np.where(mask, 0, raw.values)
        if not len(known) or int(known.min()) < 0 or int(known.max()) >= len(texts):
            return None
        return texts.take(pa.array(known, mask=mask))


def _parents(program: Program) -> dict[str, tuple[str, Pattern]]:
    """Columns that are copied from a parent's key of texts: the parent, how its texts are made."""
    out = {}
    for step in program.steps:
        domain = program.domains.get(step.column) if isinstance(step, Copy) else None
        if isinstance(step, Copy) and isinstance(domain, Key):
            parent = parent_of(program, step.source.partition(".")[0])
            if parent is not None and isinstance(domain.format, Pattern):
                out[step.column] = (parent, domain.format)
    return out
