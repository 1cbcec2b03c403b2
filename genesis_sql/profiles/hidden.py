"""Hidden columns that the kernel makes for one column of a profile, and columns of parents.

A column's own are called ``#own:…``; of a parent's they are copies called ``#of:…``. Neither is
drawn anew when a row is (see `genesis_sql.plan.above.is_summary`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlglot import exp

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.draws import single
from genesis_sql.profiles.laws import Slots
from genesis_sql.profiles.making import Making
from genesis_sql.program.domain import Categories, Domain, Grid, Reals
from genesis_sql.program.steps import PARENT, Copy, Draw, Number, Step

NUMBER = "#own:n"
"""The row's number, counted from 0."""
WHOLE = Grid("BIGINT", 1, 0)
UNIT = Reals("DOUBLE")
FLAG = Categories("VARCHAR", ("1",))


@dataclass
class Hidden:
    """The hidden columns of a table's columns: how they are made and read, in order."""

    steps: list[Step] = field(default_factory=list)
    domains: dict[str, Domain] = field(default_factory=dict)

    def put(self, step: Step, domain: Domain) -> str:
        """Add a column once; returns its name."""
        name = step.column  # type: ignore[union-attr]  # no block is hidden
        if name not in self.domains:
            self.steps.append(step)
            self.domains[name] = domain
        return name

    def number(self) -> str:
        """The row's number."""
        return self.put(Number(NUMBER), WHOLE)

    def uniform(self, column: str, at: int) -> str:
        """A draw in [0, 1), on the grid of 2^-32."""
        law = Slots(np.zeros(1), np.ones(1), np.ones(1))
        return self.put(single(f"#own:u {at}:{column}", UNIT, law), UNIT)

    def word(self, column: str) -> str:
        """A whole number in [0, 2^32)."""
        law = Slots(np.zeros(1, np.int64), np.array([2**32]), np.ones(1))
        return self.put(single(f"#own:word:{column}", WHOLE, law), WHOLE)

    def some(self, column: str, null: float) -> str:
        """A label that is missing in a share of the rows."""
        return self.put(flag(f"#own:some:{column}", null), FLAG)

    def above(self, name: str, domain: Domain) -> str:
        """A column of the main parent."""
        return self.put(Copy(f"#of:{name}", f"{PARENT}.{name}"), domain)

    def into(self, made: Making) -> None:
        """Put them into a program."""
        for step in self.steps:
            name = step.column  # type: ignore[union-attr]
            if name not in made.domains:
                made.put(step, self.domains[name])


def flag(name: str, null: float) -> Draw:
    """The draw of a label that is missing in a share of the rows."""
    one, share = np.ones(1, np.int32), np.array([1.0 - null])
    keep = share > 0
    return single(name, FLAG, Slots(one[keep], one[keep], share[keep], null))


def own_column(where: str, node: exp.Column, columns: Mapping[str, object]) -> str:
    """The column of a table that a node names, spelled as the table has it.

    Raises:
        ProfileError: there is none.
    """
    known = {c.lower(): c for c in columns}
    if node.name.lower() not in known:
        message = f"{where} reads '{node.sql(dialect='duckdb')}', which is no column of it"
        raise ProfileError(message + nearest(node.name, columns))
    return known[node.name.lower()]
