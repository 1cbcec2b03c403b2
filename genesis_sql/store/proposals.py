"""What language models proposed, by the digest of what they were asked."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any

from genesis_sql.store import migrator, names
from genesis_sql.store.names import Con
from genesis_sql.store.redact import storable
from genesis_sql.store.transaction import now, transaction

_FIND = """
SELECT language, columns, notes, tokens_in, tokens_out, cost FROM genesis.proposals WHERE digest = ?
"""
_KEEP = "INSERT OR REPLACE INTO genesis.proposals VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Proposed:
    """A proposal as it is kept.

    Attributes:
        language: what decided the answer, without secrets.
        columns: plain columns by 'table.column'.
        notes: what of the answer was left out, and why.
        tokens_in, tokens_out: as the provider counts them.
        cost: US dollars, None where no price is known.
    """

    language: dict[str, Any]
    columns: dict[str, dict[str, Any]]
    notes: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None


def find(con: Con, database: str, digest: str) -> Proposed | None:
    """What was proposed before; None where nothing was."""
    migrator.ensure(con, database)
    rows = names.run(con, database, _FIND, digest)
    if not rows:
        return None
    language, columns, notes, *rest = rows[0]
    return Proposed(json.loads(language), json.loads(columns), tuple(notes), *rest)


def keep(con: Con, database: str, digest: str, proposed: Proposed) -> None:
    """Store a proposal; makes the store where there is none."""
    migrator.ensure(con, database)
    values = [
        digest, _json(proposed.language), _json(proposed.columns), list(proposed.notes),
        proposed.tokens_in, proposed.tokens_out, proposed.cost, now(),
    ]  # fmt: skip
    transaction(con, functools.partial(names.run, con, database, _KEEP, *values))


def _json(value: Any) -> str:
    return storable(json.dumps(value, ensure_ascii=False))
