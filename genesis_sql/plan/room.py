"""How many rows the types of a table's key columns can tell apart."""

from __future__ import annotations

from dataclasses import dataclass

from genesis_sql.plan.definition import Model
from genesis_sql.program.column_types import keys_within
from genesis_sql.program.domain import Key
from genesis_sql.program.scatter import IntegerKey
from genesis_sql.program.steps import Number


@dataclass(frozen=True)
class Room:
    """The most rows that a column allows.

    Attributes:
        rows: how many.
        column: which; '' where no column sets a bound.
        type: its type.
    """

    rows: int = 2**62
    column: str = ""
    type: str = ""

    @property
    def why(self) -> str:
        """As errors say it."""
        return f"its column '{self.column}' of type {self.type} has no more values"


def type_room(model: Model, table: str) -> Room:
    """The least room among the whole numbers that name the rows of a table.

    Args:
        model: which.
        table: one of its generated tables.
    """
    program = model.programs[table]
    numbered = {step.column for step in program.steps if isinstance(step, Number)}
    node = next((t for t in model.graph.tables if t.name == table), None)
    keys = (node.primary_key, *node.unique_keys) if node is not None else ()
    single = {key[0] for key in keys if len(key) == 1}
    found = Room()
    for output in program.outputs:
        kind = program.domains.get(output.name)
        rows = 2**62
        if output.name in numbered and isinstance(kind, Key):
            form = kind.format
            if isinstance(form, IntegerKey):
                rows = keys_within(output.type, form.start, form.step)
        elif output.name in single:
            rows = _values(output.type)
        if rows < found.rows:
            found = Room(rows, output.name, output.type)
    return found


def _values(type_: str) -> int:
    """Values of a type of whole numbers, those below 0 too."""
    most = keys_within(type_)
    signed = not type_.startswith("U") and most < 2**62
    return 2 * most if signed else most
