"""The smallest scale at which a table has enough rows."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.sizing import most_rows
from genesis_sql.plan.spec import Spec

KEPT = 64  # scales that are known, so that each chunk of rows has not to find its own


class Scales:
    """Finds the scale of specs that tell the least rows of a table; the last ones are kept.

    What a plan shows does not depend on it, and finding it counts the children of all parents.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, Spec], float] = OrderedDict()

    def found(self, sampler: Callable[[Model, Spec], Sampler], model: Model, spec: Spec) -> Spec:
        """The spec with its scale.

        Raises:
            OptionError: no scale has so many rows.
        """
        if spec.least is None:
            return spec
        key = (model.uuid, spec)
        with self._lock:
            if key not in self._known:
                self._known[key] = smallest_scale(sampler, model, *spec.least, spec)
                while len(self._known) > KEPT:
                    self._known.popitem(last=False)
            return spec.at(self._known[key])


def smallest_scale(
    sampler: Callable[[Model, Spec], Sampler], model: Model, table: str, rows: int, spec: Spec
) -> float:
    """Scale whose table has at least ``rows`` rows: exact for roots, up to one parent for children.

    Seed and conditions are those of ``spec``, its sizes do not matter.

    Raises:
        OptionError: no scale has, or the table is copied.
    """
    known = uncounted_scale(model, table, rows)
    return _child_scale(sampler, model, table, rows, spec) if known is None else known


def uncounted_scale(model: Model, table: str, rows: int) -> float | None:
    """The same, where it can be told without counting children; else None.

    Raises:
        OptionError: no scale has so many rows.
    """
    if table in model.verbatim or rows == 0:
        return 1.0
    program = model.programs[table]
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
    return None


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
