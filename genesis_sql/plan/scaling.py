"""The smallest scale at which a table has enough rows."""

from __future__ import annotations

from collections.abc import Callable

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.sizing import most_rows
from genesis_sql.plan.spec import Spec


def smallest_scale(
    sampler: Callable[[Model, Spec], Sampler], model: Model, table: str, rows: int, spec: Spec
) -> float:
    """Scale whose table has at least ``rows`` rows: exact for roots, up to one parent for children.

    Seed and conditions are those of ``spec``, its sizes do not matter.

    Raises:
        OptionError: no scale has, or the table is copied.
    """
    if table in model.verbatim:
        return 1.0
    program = model.programs[table]
    if rows == 0:
        return 1.0
    if program.rows == 0:
        message = f"table '{table}' was empty when it was fitted, it has no rows at any scale"
        raise OptionError(message)
    if program.main is None:
        most = most_rows(program)
        if rows > most:
            message = (
                f"table '{table}' has at most {most:,} rows: its key is made of labels, and there "
                f"are no more combinations of those it was fitted with"
            )
            raise OptionError(message)
        return rows / program.rows
    return _child_scale(sampler, model, table, rows, spec)


def _child_scale(
    sampler: Callable[[Model, Spec], Sampler], model: Model, table: str, rows: int, spec: Spec
) -> float:
    """Enlarge the scale until the table is large enough, then count back to the root rows."""
    scale = max(1.1 * rows / model.programs[table].rows, 1e-9)
    for _ in range(60):
        drawn = sampler(model, spec.at(scale))
        if drawn.size(table) >= rows:
            break
        scale *= 1.5
    else:
        message = (
            f"table '{table}' does not reach {rows:,} rows at any scale: its parents have "
            f"hardly any children"
        )
        raise OptionError(message)
    needed, at = rows, table
    program = model.programs[table]
    while program.main is not None:
        needed = drawn.family(at).parents_of(needed)
        at = program.main.link.parent
        program = model.programs[at]
    exact = needed / max(program.rows, 1)
    # a bridge table has fewer rows where its other parent is smaller: then the larger scale stands
    return exact if sampler(model, spec.at(exact)).size(table) >= rows else scale
