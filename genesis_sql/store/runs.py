"""Runs of profiles: what each was drawn from, so that it can be drawn again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis_sql.errors import ModelNotFoundError, OptionError
from genesis_sql.store import executions, migrator, names, profiles
from genesis_sql.store.names import Con
from genesis_sql.store.rows import Execution
from genesis_sql.store.written import Saved

KIND = "run"
_INSERT = "INSERT INTO genesis.runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_FIND = """
SELECT uuid, count, cohort, target, spec, resolved, reference FROM genesis.runs WHERE execution = ?
"""
_HASHES = """
SELECT table_name, detail ->> '$.content_hash' FROM genesis.execution_tables
WHERE execution = ? ORDER BY position
"""


@dataclass(frozen=True)
class Run:
    """What a run was drawn from.

    Attributes:
        execution: its row in the history.
        uuid: of the version that ran.
        count: as asked for.
        cohort, target: where its tables went.
        spec, resolved: the profile as it was saved, and every distribution of it.
        reference: fingerprint of the public figures.
    """

    execution: int
    uuid: str
    count: int | None
    cohort: str | None
    target: str
    spec: Mapping[str, Any]
    resolved: Mapping[str, Any]
    reference: str | None

    @staticmethod
    def of(
        execution: int, uuid: str, saved: Saved, count: int | None, cohort: str | None, target: str
    ) -> Run:
        """The run of a saved profile."""
        told = (saved.spec, saved.resolved, saved.reference)
        return Run(execution, uuid, count, cohort, target, *told)


def write(con: Con, database: str, run: Run) -> None:
    """The row of a run, for a transaction of the caller."""
    spec, resolved = (json.dumps(v, ensure_ascii=False) for v in (run.spec, run.resolved))
    where = [run.execution, run.uuid, run.count, run.cohort, run.target]
    names.run(con, database, _INSERT, *where, spec, resolved, run.reference)


def find(con: Con, database: str, execution: int) -> tuple[Execution, Run]:
    """A run that was done, with its row of the history.

    Raises:
        ModelNotFoundError: there is no such execution.
        OptionError: it is no run, or was never done.
    """
    known = executions.history(con, database)
    found = next((e for e in known if e.id == execution), None)
    if found is None:
        runs = ", ".join(str(e.id) for e in known if e.kind == KIND) or "none"
        message = (
            f"there is no execution {execution}; runs are: {runs}; FROM genesis_history() lists all"
        )
        raise ModelNotFoundError(message)
    if found.kind != KIND:
        what = found.kind.replace("_", " ")
        message = (
            f"execution {execution} is no run of a profile ({what}), so that no content was "
            f"recorded; CALL genesis_run('<profile>', cohort := '<name>') makes one"
        )
        raise OptionError(message)
    if found.status != "done":
        message = (
            f"execution {execution} left no rows ({found.status}: {found.error}); FROM "
            f"genesis_history() lists those that are done"
        )
        raise OptionError(message)
    rows = names.run(con, database, _FIND, execution)
    uuid, count, cohort, target, spec, resolved, reference = rows[0]
    plain = (json.loads(spec), json.loads(resolved))
    return found, Run(execution, uuid, count, cohort, target, *plain, reference)


def hashes(con: Con, database: str, execution: int) -> dict[str, str]:
    """The content hash of each table of a run."""
    if not migrator.exists(con, database, needs=profiles.NEEDS):
        return {}
    return dict(names.run(con, database, _HASHES, execution))


SPEC_COLUMNS = ("name", "version", "spec", "resolved", "reference", "uuid")


def spec_row(
    con: Con, database: str, name: str | None, version: int | None, execution: int | None
) -> tuple[tuple[str, ...], list[Any]]:
    """Columns and values of `genesis_profile_spec`: of a saved version, or of what a run drew from.

    Raises:
        OptionError: neither a profile nor an execution is named, or both are.
    """
    if (name is None) == (execution is None):
        message = (
            "name one: genesis_profile_spec('<profile>') is what is saved, "
            "genesis_profile_spec(execution := 17) what a run was drawn from"
        )
        raise OptionError(message)
    if execution is not None:
        ran, run = find(con, database, execution)
        told = [run.spec, run.resolved]
        head, tail = [ran.model, ran.version], [run.reference, run.uuid]
    else:
        found = profiles.find(con, database, str(name), version)
        saved = profiles.load(con, database, found.model, found.version)
        told = [saved.spec, saved.resolved]
        head, tail = [found.model, found.version], [saved.reference, found.uuid]
    texts = [json.dumps(v, ensure_ascii=False) for v in told]
    return SPEC_COLUMNS, [*head, *texts, *tail]
