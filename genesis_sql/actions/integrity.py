"""The integrity report: what was checked of the written tables, and that all of it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from genesis_sql.actions.target import Target
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import IntegrityError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.verify import checks


@dataclass(frozen=True)
class Checked:
    """A check that was made: how many rows it looked at, how many break it, whether it holds."""

    kind: str
    of: str
    rows: int
    violations: int
    holds: bool = True

    def plain(self) -> dict[str, Any]:
        """As the history keeps it."""
        return {"check": self.kind, "of": self.of, "rows": self.rows, "violations": self.violations}


def verify(
    ws: Workspace, model: Model, target: Target, table: str, expected: int
) -> tuple[Checked, ...]:
    """Count what is broken in a written table.

    Raises:
        IntegrityError: something is.
    """
    count = f"SELECT count(*) FROM {target.table(table)}"  # noqa: S608 - quoted names
    rows = int(ws.con.execute(count).fetchall()[0][0])
    made = [Checked("rows", table, rows, abs(rows - expected), rows == expected)]
    for check in checks(model, table, target.table):
        looked, broken = ws.con.execute(check.sql).fetchall()[0]
        holds = check.holds(rows, int(broken))
        made.append(Checked(check.kind, check.of, int(looked), int(broken), holds))
    broken_ones = [c for c in made if not c.holds]
    if broken_ones:
        raise IntegrityError(_broken(table, broken_ones[0], expected))
    return tuple(made)


def _broken(table: str, check: Checked, expected: int) -> str:
    if check.kind == "rows":
        text = f"table '{table}' has {check.rows:,} rows of {expected:,}"
    else:
        text = (
            f"table '{table}' has {check.violations:,} rows of {check.rows:,} that break the check "
            f"'{check.kind}' of {check.of}"
        )
    return f"{text}; nothing was kept, please report this model"


def require_rows(report: list[dict[str, Any]]) -> None:
    """Refuse a report that is about nothing.

    Raises:
        IntegrityError: no table has a new row.
    """
    if not any(row["rows"] for row in report):
        message = "no rows were generated, so that no key could be checked; take a larger scale"
        raise IntegrityError(message)
