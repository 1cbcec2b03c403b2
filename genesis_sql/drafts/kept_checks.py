"""Which CHECKs the rows of a drafted table keep; the others are told, not promised.

What only bounds single columns, or puts two in order, is kept by the laws of the columns. What is
left is tried on a few rows: a CHECK that these do not keep after many attempts is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from genesis_sql.drafts.checks import is_read
from genesis_sql.drafts.sheet import Sheet
from genesis_sql.errors import ConstraintError, ExpressionError, GenesisError
from genesis_sql.plan.sampler import Sampler
from genesis_sql.profiles.compile import compile_profile
from genesis_sql.program.allowlist import check_expression

ROWS = 40
"""Rows of a root on which CHECKs are tried."""
LONGEST = 70

Plain = dict[str, Any]


def leave_out_checks(plain: Plain, sheets: Mapping[str, Sheet]) -> None:
    """Take the CHECKs out of a drafted profile that its rows do not keep, and tell it."""
    for name, sheet in sheets.items():
        spec = plain["tables"][name]
        for check in list(spec.get("checks", ())):
            reason = _refused(check)
            if reason:
                _leave_out(spec, check, reason)
        doubtful = [c for c in spec.get("checks", ()) if not is_read(sheet.raw, c)]
        if doubtful and not _holds_functions(plain):
            for check in _unkept(plain, name, doubtful):
                _leave_out(spec, check, "the rows that were tried did not keep it")


def _refused(check: str) -> str:
    try:
        check_expression(check)
    except ExpressionError as error:
        return f"it {_holds(str(error))}"
    return ""


def _holds(told: str) -> str:
    """What of a CHECK is not on the allow-list, out of the error."""
    _, found, rest = told.partition(" holds ")
    return f"holds {rest.partition(', which')[0]}" if found else "does not parse"


def _leave_out(spec: Plain, check: str, reason: str) -> None:
    spec["checks"] = [c for c in spec["checks"] if c != check]
    if not spec["checks"]:
        del spec["checks"]
    shown = check if len(check) <= LONGEST else f"{check[:LONGEST]}…"
    note = f"CHECK ({shown}) is not kept by construction: {reason}"
    spec["description"] = "; ".join(filter(None, (spec.get("description"), note)))


def _holds_functions(plain: Plain) -> bool:
    """Whether Python functions fill columns: these are not called to try something."""
    tables = plain["tables"].values()
    return any(c["type"] == "function" for t in tables for c in t["columns"].values())


# trying


def _unkept(plain: Plain, table: str, doubtful: Sequence[str]) -> Iterator[str]:
    """The CHECKs that cannot be kept, each by itself; all of them where they only can alone."""
    sure = [c for c in plain["tables"][table].get("checks", ()) if c not in doubtful]
    if _is_kept(plain, table, [*sure, *doubtful]):
        return
    unkept = [c for c in doubtful if not _is_kept(plain, table, [*sure, c])]
    rest = [c for c in doubtful if c not in unkept]
    yield from unkept
    if rest and not _is_kept(plain, table, [*sure, *rest]):
        yield from rest


def _is_kept(plain: Plain, table: str, checks: Sequence[str]) -> bool:
    """Whether a few rows of a table keep CHECKs; other errors are told where they belong."""
    try:
        model = compile_profile(_small(plain, table, checks), name="tried", version=1)
        sampler = Sampler(model, 1)
        held = sampler.checks(table)
        if held is not None:
            sampler.raw(table, np.arange(sampler.size(table)), held.needed)
    except ConstraintError:
        return False
    except GenesisError:
        return True
    return True


def _small(plain: Plain, table: str, checks: Sequence[str]) -> Plain:
    """The profile with few rows, and CHECKs on one table alone."""
    tables = {}
    for name, spec in plain["tables"].items():
        rows = spec["rows"]
        small = min(rows, ROWS) if isinstance(rows, int) else rows
        kept = {k: v for k, v in spec.items() if k != "checks"}
        tables[name] = {
            **kept,
            "rows": small,
            **({"checks": list(checks)} if name == table else {}),
        }
    return {**plain, "tables": tables}
