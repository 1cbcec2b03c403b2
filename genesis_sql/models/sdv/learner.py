"""Learns one table with a synthesizer of SDV: the columns that its keys leave, as one block.

Keys, texts, nested columns, constraints and the counts of its children are made as ever. SDV draws
rows without being told of a parent: those of a child table do not depend on their parents.
"""

from __future__ import annotations

from collections.abc import Sequence

from genesis_sql.models.block import BLOCK, BlockLearner
from genesis_sql.models.sdv.frames import Field, fields_of
from genesis_sql.models.sdv.memory import WHY, keep
from genesis_sql.models.sdv.table import fit_table
from genesis_sql.models.totals import shown, stand_in
from genesis_sql.program.steps import Block

APART = "its rows do not depend on their parents"
KEPT = f"not stored: {WHY}; it is there until the connection closes"


class SdvLearner(BlockLearner):
    """Learns all open columns of a table with one synthesizer."""

    @property
    def notes(self) -> list[str]:
        """How training ended, and that the model is not kept."""
        if not self.block:
            return []
        apart = [APART] if self.ties.main is not None else []
        return [*super().notes, *apart, KEPT]

    def _learn_block(self) -> None:
        targets = [self.own[c] for c in self.block]
        fields = fields_of(targets, self.options.fill, least=self.options.trees.min_cell)
        order = self.sample()[: self.options.trees.max_rows]
        fitted = fit_table(self.options, fields, order, self.watch, self.name)
        self.ended = fitted.ended
        part = self.parts[BLOCK] = fitted.token()
        keep(part, fitted)
        self.middle.append(Block(tuple(f.made for f in fields), self.options.method, BLOCK))
        self._told(fields)

    def _told(self, fields: Sequence[Field]) -> None:
        """What comes out of the block, and what is drawn from groups of labels."""
        for field in fields:
            self.domains[field.target.name] = field.target.domain
            if field.tokens is not None and field.tokens.grouped:
                self._draw_in_groups(field.tokens, field.target)
        for field in fields:
            self._tell_field(field)
            self._known_now(field.target)

    def _tell_field(self, field: Field) -> None:
        name = field.target.name
        if stand_in(name):
            return
        others = tuple(shown(c) for c in self.block if c != name)
        rare = [f"{field.withheld} rare labels withheld"] if field.withheld else []
        apart = [APART] if self.ties.main is not None else []
        self._done(name, self.options.method, "; ".join([*rare, *apart]), others)
