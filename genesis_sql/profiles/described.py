"""What `genesis_describe` shows of a profile: a row per column, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_sql.models.learnt import Described
from genesis_sql.plan.definition import Model
from genesis_sql.program.steps import Draw, Lookup, Program, Step, step_columns

_STEPS = {
    "key": "unique", "constant": "constant", "parent": "copy", "reference": "choice",
    "expression": "expression", "chosen": "lookup", "listed": "lookup", "sibling": "place",
    "allocated": "lookup",
    "after": "later", "formula": "formula", "total": "total", "combined": "combined",
    "pattern": "pattern", "function": "function",
}  # fmt: skip


def describe_profile(plain: Mapping[str, Any], model: Model) -> list[Described]:
    """The visible columns of a compiled profile, table by table.

    Args:
        plain: the plain profile; ``origin`` and ``note`` of its columns become the reason.
        model: what `compile_profile` made of it.
    """
    out = []
    for table in model.graph.tables:
        specs = plain["tables"][table.name]["columns"]
        program = model.programs[table.name]
        for column in table.columns:
            spec = specs[column.name]
            step, inputs, cells = _how(program, column.name, spec)
            reason = reason_of(spec)
            out.append(
                Described(
                    table.name, column.name, column.type, column.role.value, step, inputs,
                    cells, reason,
                )
            )  # fmt: skip
    return out


def reason_of(spec: Mapping[str, Any]) -> str:
    """Where a column came from, and what is to be said of it.

    Example:
        >>> reason_of({"origin": "reference", "note": "county 48201, 2024"})
        'reference: county 48201, 2024'
    """
    return ": ".join(str(spec[key]) for key in ("origin", "note") if spec.get(key))


def _how(
    program: Program, column: str, spec: Mapping[str, Any]
) -> tuple[str, tuple[str, ...], int]:
    """The kind of step, the columns it depends on, and how many laws it has."""
    step: Step | None = next((s for s in program.steps if column in step_columns(s)), None)
    if isinstance(step, Draw):
        kind = "tree" if step.inputs else "draw"
        return kind, step.inputs, step.cells.count
    inputs = tuple(spec.get("labels", ())) if isinstance(step, Lookup) else ()
    if spec["type"] == "parent":
        inputs = (f"{spec.get('of', 'parent')}.{spec['column']}",)
    if spec["type"] == "reference":
        inputs = (f"{spec['table']}.{spec['column']}",) if "column" in spec else ()
    return _STEPS[spec["type"]], inputs, 0
