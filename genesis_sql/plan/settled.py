"""What a table's SQL takes from all rows together, worked out where the SQL is written.

A key that no step keeps unique gives some rows other values; rows that fit no required parent have
no children; a key without more values ends a table. All of it depends on the seed and the scale
alone, so that it can be written into the statement as numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from genesis_sql.errors import GenesisError
from genesis_sql.plan.above import foreign_columns, is_summary
from genesis_sql.plan.accept import PATIENCE
from genesis_sql.plan.compile_folds import plain
from genesis_sql.plan.definition import Model
from genesis_sql.plan.open_keys import open_keys
from genesis_sql.plan.required import matches
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.sizing import loose_rows, most_rows, positive
from genesis_sql.program.domain import Key
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.steps import PARENT, Pick, Program, step_columns

MANY = 2**31
SMALL = 1_000
"""Expected rows up to which a table may end up empty, and be given a row that others need."""


@dataclass(frozen=True, eq=False)
class Children:
    """The children of each row of a parent.

    Attributes:
        most: no parent has more.
        counts: of each parent, where they are other ones than the parent's own column says.
        loose: rows without parent that follow each, together with ``counts``.
    """

    most: int
    counts: np.ndarray | None = None
    loose: np.ndarray | None = None


class Settled:
    """What is known of the rows of a model at one seed and scale."""

    def __init__(self, model: Model, seed: int, scale: float) -> None:
        self.model, self.seed, self.scale = model, seed, scale

    @cached_property
    def sampler(self) -> Sampler:
        """Draws rows."""
        return Sampler(self.model, self.seed, self.scale)

    def programs(self, tables: Iterable[str]) -> Model:
        """The model whose programs keep the open keys of some tables unique.

        Raises:
            OptionError: there are too few values for so many rows.
        """
        keyed = [t for t in tables if open_keys(self.model, t)]
        if not keyed:
            return self.model
        held = {t: self.sampler.program(t) for t in keyed}
        return replace(self.model, programs={**self.model.programs, **held})

    def roots(self, program: Program) -> int:
        """Rows of a table without main parent."""
        if self._counted(program):
            return self.sampler.size(program.table)
        return min(round(self.scale * program.rows), most_rows(program))

    def children(self, program: Program) -> Children | None:
        """The children of each parent; None where they are as many as the parents say."""
        if program.main is None or not self._counted(program):
            return None
        main, sampler = program.main, self.sampler
        family, most = sampler.family(program.table), sampler.sizing.most(program.table)
        numbers = np.arange(sampler.size(main.link.parent), dtype=np.int64)
        first, of_each = family.of(numbers)
        said = sampler.raw(main.link.parent, numbers, [main.count])[main.count]
        counts, loose = np.minimum(positive(said), most), loose_rows(main, numbers)
        there = np.diff(first, append=family.rows) - of_each
        if np.array_equal(counts, of_each) and np.array_equal(loose, there):
            return Children(most)
        return Children(most, of_each, there)

    def unfit(self, program: Program, step: Pick) -> np.ndarray:
        """Rows that a choice leaves out, as no required parent agrees with them: int64."""
        if all(match.source != step.alias for match in matches(self.model, program)):
            return np.zeros(0, np.int64)
        link = next(link for link in program.links if link.alias == step.alias)
        numbers = np.arange(self.sampler.size(link.parent), dtype=np.int64)
        fits = self.sampler.can_have_children(program, step.alias, numbers)
        return np.flatnonzero(~fits)

    def attempts(self, program: Program) -> tuple[np.ndarray, np.ndarray] | None:
        """The rows that are drawn again until their constraints hold, and the attempt of each.

        Raises:
            ConstraintError: some rows keep them in no attempt.
            GenesisError: some need so many that their parents' summaries change.
        """
        if not program.constraints:
            return None
        names = [c for s in program.steps for c in step_columns(s) if c in program.domains]
        numbers, tries = self.sampler.attempts(program.table, plain(program, names))
        told = [n for n in foreign_columns(program, PARENT, tuple(names)) if is_summary(n)]
        late = int((tries > PATIENCE).sum())
        if late and told:
            message = (
                f"{late:,} rows of table '{program.table}' keep its constraints only behind "
                f"attempt {PATIENCE}, where what their parents say is drawn anew; this has no SQL "
                "form, read it with genesis_generate"
            )
            raise GenesisError(message)
        return (numbers, tries) if len(numbers) else None

    def _counted(self, program: Program) -> bool:
        """Whether more than the scale and the parents' counts decides on the number of rows."""
        table = program.table
        return bool(
            open_keys(self.model, table)
            or any(m.columns and m.source == PARENT for m in matches(self.model, program))
            or any(_ends(d) for d in self.model.programs[table].domains.values())
            or self.scale * program.rows <= SMALL
        )


def _ends(domain: object) -> bool:
    """Whether the texts of a key are few enough to run out."""
    if not isinstance(domain, Key) or not isinstance(domain.format, Pattern):
        return False
    return domain.format.kind == "text" and domain.format.shapes[0].capacity < MANY
