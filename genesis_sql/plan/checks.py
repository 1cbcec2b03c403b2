"""What the rows of a table have to keep, prepared for a sampler."""

from __future__ import annotations

from genesis_sql.plan.accept import ATTEMPTS, Broken, Check, Checks, all_of
from genesis_sql.plan.compare import broken_by
from genesis_sql.plan.conditions import Conditions
from genesis_sql.plan.definition import Model
from genesis_sql.program.steps import Program

RARE_ATTEMPTS = 10_000  # where rows are asked for that may be rare
_MENDS = "leave it out of the fit, or learn from rows that keep it"
_WRITTEN = "leave it out of the checks, or give its columns laws that keep it"


def table_checks(model: Model, program: Program, conditions: Conditions | None) -> Checks | None:
    """The conditions on a table and the constraints of its program as checks.

    None where there are none, or all conditions are drawn directly.
    """
    if conditions is not None:
        return _checks(model, program, conditions)
    if not program.constraints:
        return None
    if model.programs.get(program.table) is not program:  # one with values of its own
        return _checks(model, program, None)
    name = f"checks of {program.table}"
    if name not in model.prepared:
        model.prepared[name] = _checks(model, program, None)
    found: Checks | None = model.prepared[name]
    return found


def _checks(model: Model, program: Program, conditions: Conditions | None) -> Checks | None:
    asked = conditions.checks(model) if conditions else []
    broken: list[Broken] = [check.broken for check, _ in asked]
    needed = dict.fromkeys(name for _, names in asked for name in names)
    single = [check for check, _ in asked]
    if program.constraints:
        together, read = broken_by(model, program, [c.sql for c in program.constraints])
        broken.append(together)
        needed |= dict.fromkeys(read)
        single += [
            Check(
                f"constraint '{c.text}'",
                _WRITTEN if c.source == "profile" else _MENDS,
                broken_by(model, program, [c.sql])[0],
            )
            for c in program.constraints
        ]
    if not single:
        return None
    attempts = RARE_ATTEMPTS if asked else ATTEMPTS
    return Checks(all_of(broken), tuple(single), tuple(needed), attempts)
