"""What the rows of a table have to keep, prepared for a sampler."""

from __future__ import annotations

from genesis_sql.plan.accept import Check, Checks
from genesis_sql.plan.definition import Model
from genesis_sql.plan.predicate import Predicates
from genesis_sql.program.steps import Program

_MENDS = "leave it out of the fit, or learn from rows that keep it"


def table_checks(model: Model, program: Program) -> Checks | None:
    """The constraints of a program as checks; None where it has none."""
    if not program.constraints:
        return None
    together = Predicates(model, program, [c.sql for c in program.constraints])
    single = tuple(
        Check(f"constraint '{c.text}'", _MENDS, Predicates(model, program, [c.sql]))
        for c in program.constraints
    )
    return Checks(together, single, together.needed)
