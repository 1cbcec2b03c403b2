"""What fits under differential privacy have spent, source table by source table, and budgets.

Costs of zCDP add up whatever the fits were about. A fit is written down before it reads a row, so
that one that fails has spent what it was allowed to. Copies of a table are other tables here.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp, parse_one

from genesis_sql.errors import BudgetError
from genesis_sql.models.dp.accountant import Cost
from genesis_sql.models.methods import DP as DP
from genesis_sql.sqlbuild import DIALECT, column, rows_of, string, text
from genesis_sql.store import migrator, names
from genesis_sql.store.names import Con
from genesis_sql.store.rows import ModelVersion
from genesis_sql.store.transaction import now, transaction

NEEDS = 4
"""The migration that makes both tables."""

_COLUMNS = """
source VARCHAR, model VARCHAR, version INTEGER, epsilon DOUBLE, delta DOUBLE, rho DOUBLE,
spent_epsilon DOUBLE, spent_delta DOUBLE, spent_rho DOUBLE, budget_epsilon DOUBLE,
budget_delta DOUBLE, at TIMESTAMP
"""
_FITS = """
SELECT source, model, version, epsilon, delta, rho, risk, at FROM genesis.privacy_ledger
ORDER BY position
"""
_SOURCE = """
SELECT rho, risk, delta, budget_epsilon, budget_delta FROM genesis.privacy_sources WHERE source = ?
"""
_CHARGE = """
INSERT INTO genesis.privacy_sources VALUES (?, ?, ?, ?, NULL, NULL) ON CONFLICT DO UPDATE
SET rho = rho + excluded.rho, risk = risk + excluded.risk, delta = greatest(delta, excluded.delta)
"""
_RECORD = """
INSERT INTO genesis.privacy_ledger
SELECT coalesce(max(position), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM genesis.privacy_ledger
"""
_BUDGET = """
INSERT INTO genesis.privacy_sources VALUES (?, 0, 0, 0, ?, ?) ON CONFLICT DO UPDATE
SET budget_epsilon = excluded.budget_epsilon, budget_delta = excluded.budget_delta
"""


@dataclass(frozen=True)
class Account:
    """What one source table has spent, and may spend.

    Attributes:
        source: its name.
        spent: in all.
        delta: at which ε is told: the budget's, else the largest of a fit.
        budget: (ε, δ), or None.
    """

    source: str
    spent: Cost
    delta: float
    budget: tuple[float, float] | None = None

    @property
    def epsilon(self) -> float:
        """The ε spent in all, at its δ (where the chances alone reach that, at twice them)."""
        return self.spent.epsilon(self.shown_delta)

    @property
    def shown_delta(self) -> float:
        """The δ that belongs to :attr:`epsilon`."""
        return self.delta if self.delta > self.spent.delta else 2 * self.spent.delta


def account(con: Con, database: str, source: str) -> Account:
    """The account of a source; an empty one where nothing was spent."""
    found: list[tuple[float, ...]] = []
    if migrator.exists(con, database, needs=NEEDS):
        found = names.run(con, database, _SOURCE, source)
    if not found:
        return Account(source, Cost(0.0), 0.0)
    rho, risk, delta, epsilon, limit = found[0]
    budget = None if epsilon is None else (epsilon, limit)
    return Account(source, Cost(rho, risk), delta if budget is None else budget[1], budget)


def guarantee(version: ModelVersion) -> dict[str, Any] | None:
    """What a version guarantees: epsilon, delta, rho, unit; None where it is not private.

    Nothing may be measured of a private one against its source without being paid for.
    """
    if version.method != DP:
        return None
    return dict(json.loads(version.metrics or "{}").get("privacy", {}))


def charge(
    con: Con,
    database: str,
    sources: Sequence[str],
    model: str,
    version: int,
    epsilon: float,
    delta: float,
    cost: Cost,
) -> None:
    """Write down what a fit may spend, of all its sources or of none.

    Raises:
        BudgetError: the budget of one of them does not allow it.
    """
    migrator.ensure(con, database)
    spending = [epsilon, delta, cost.rho, cost.delta, now()]

    def write() -> None:
        for source in sources:
            _require_room(account(con, database, source), epsilon, delta, cost)
            names.run(con, database, _CHARGE, source, cost.rho, cost.delta, delta)
            names.run(con, database, _RECORD, source, model, version, *spending)

    transaction(con, write)


def _require_room(held: Account, epsilon: float, delta: float, cost: Cost) -> None:
    """Raise where the budget would be passed; equal counts as within."""
    if held.budget is None:
        return
    most, limit = held.budget
    after = (held.spent + cost).epsilon(limit)
    if not after <= most * (1 + 1e-9):
        reached = "more than any" if math.isinf(after) else f"{after:.4g}"
        message = (
            f"the budget of {held.source} is epsilon {most:g} at delta {limit:g}; "
            f"{held.epsilon:.4g} is spent, and a fit of epsilon {epsilon:g} at delta {delta:g} "
            f"would make it {reached}: ask for less, or raise it with CALL "
            f"genesis_budget({string(held.source)}, epsilon := …, delta := {limit:g})"
        )
        raise BudgetError(message)


def set_budget(con: Con, database: str, source: str, epsilon: float, delta: float) -> Account:
    """Set what may be spent of a source in all; what was spent before counts."""
    migrator.ensure(con, database)
    work = functools.partial(names.run, con, database, _BUDGET, source, epsilon, delta)
    transaction(con, work)
    return account(con, database, source)


def rows(con: Con, database: str, begun: int | None = None) -> list[list[object]]:
    """The rows of `genesis_ledger`: one per fit, then one per source that only has a budget."""
    if not migrator.exists(con, database, begun, needs=NEEDS):
        return []
    fits = names.run(con, database, _FITS)
    sources = [s for (s,) in names.run(con, database, "SELECT source FROM genesis.privacy_sources")]
    accounts = {s: account(con, database, s) for s in sources}
    out: list[list[object]] = []
    totals = dict.fromkeys(accounts, Cost(0.0))
    for source, model, version, epsilon, delta, rho, risk, at in fits:
        totals[source] += Cost(rho, risk)
        held = accounts[source]
        until = Account(source, totals[source], held.delta)
        spent = [until.epsilon, until.shown_delta, until.spent.rho]
        out.append([source, model, version, epsilon, delta, rho, *spent, *_shown(held), at])
    for source in sorted(s for s, cost in totals.items() if cost.rho == 0):
        held = accounts[source]
        out.append([source, *[None] * 5, 0.0, held.delta, 0.0, *_shown(held), None])
    return out


def _shown(held: Account) -> tuple[float | None, float | None]:
    return held.budget or (None, None)


def list_sql(con: Con, database: str, begun: int | None = None) -> str:
    """The SELECT behind `genesis_ledger`; of no rows where nothing was spent."""
    found = rows(con, database, begun)
    fields = [c.split() for c in _COLUMNS.split(",")]
    if not found:
        return names.empty(_COLUMNS)
    inner = rows_of([name for name, _ in fields], [[_literal(v) for v in row] for row in found])
    held = exp.Subquery(this=parse_one(inner, read=DIALECT), alias=exp.to_identifier("held"))
    typed = [exp.cast(column(name), kind, dialect=DIALECT) for name, kind in fields]
    named = [exp.alias_(t, name, quoted=True) for t, (name, _) in zip(typed, fields, strict=True)]
    return text(exp.select(*named).from_(held))


def _literal(value: object) -> object:
    return str(value) if isinstance(value, datetime) else value
