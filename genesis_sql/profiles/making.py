"""A program while its steps are put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from genesis_sql.program.domain import Domain
from genesis_sql.program.steps import Block, Link, Step


@dataclass
class Making:
    """Steps in order, how their columns are read, and the links among them."""

    steps: list[Step] = field(default_factory=list)
    domains: dict[str, Domain] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)

    def put(self, step: Step, domain: Domain | None = None) -> None:
        """Add a step, and how its column is read."""
        self.steps.append(step)
        if domain is not None and not isinstance(step, Block):
            self.domains[step.column] = domain
