"""Parts of a program: what is left to do where some columns are known."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from genesis_sql.program.steps import Program, step_columns, step_inputs


@lru_cache(maxsize=1_024)
def steps_from(program: Program, names: tuple[str, ...], known: frozenset[str]) -> tuple[Any, ...]:
    """The steps that columns depend on where others are known."""
    rows = {f"{link.alias}.": link.row for link in program.links}
    wanted, kept = set(names), []
    for step in reversed(program.steps):
        made = step_columns(step)
        if wanted.isdisjoint(made) or known.issuperset(made):
            continue
        kept.append(step)
        for name in step_inputs(step):
            wanted |= {name, *(row for prefix, row in rows.items() if name.startswith(prefix))}
    return tuple(reversed(kept))
