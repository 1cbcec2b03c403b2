"""The smallest scale at which a table has enough rows."""

from __future__ import annotations

from collections.abc import Callable

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler, most_rows

MOST_CHILDREN = 10**9  # beyond that the counts of all parents would not fit into memory


def smallest_scale(
    sampler: Callable[[Model, int, float], Sampler], model: Model, table: str, rows: int, seed: int
) -> float:
    """Scale whose table has at least ``rows`` rows: exact for roots, up to one parent for children.

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
    if rows > MOST_CHILDREN:
        message = (
            f"rows := {rows:,} of table '{table}', which has a parent, is more than "
            f"{MOST_CHILDREN:,}; generate in pieces with scale and first_row"
        )
        raise OptionError(message)
    return _child_scale(sampler, model, table, rows, seed)


def _child_scale(
    sampler: Callable[[Model, int, float], Sampler], model: Model, table: str, rows: int, seed: int
) -> float:
    """Raise the scale until the table is large enough, then halve the interval down to a parent."""
    low, high = 0.0, max(rows / model.programs[table].rows, 1e-9)
    for _ in range(60):
        if sampler(model, seed, high).size(table) >= rows:
            break
        low, high = high, high * 1.5
    else:
        message = (
            f"table '{table}' does not reach {rows:,} rows at any scale: its parents have hardly "
            "any children"
        )
        raise OptionError(message)
    root = _root_rows(model, table)
    while (high - low) * root > 1:
        middle = (low + high) / 2
        if sampler(model, seed, middle).size(table) >= rows:
            high = middle
        else:
            low = middle
    return (
        round(high * root) / root
        if sampler(model, seed, round(high * root) / root).size(table) >= rows
        else high
    )


def _root_rows(model: Model, table: str) -> int:
    """Rows of the root above a table at scale 1."""
    program = model.programs[table]
    while program.main is not None:
        program = model.programs[program.main.link.parent]
    return max(program.rows, 1)
