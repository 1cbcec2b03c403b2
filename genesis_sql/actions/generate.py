"""Generating and keeping: tables, keys, rows, the integrity query, all in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import duckdb

from genesis_sql import interrupt
from genesis_sql.actions.content_hash import content_hash
from genesis_sql.actions.integrity import require_rows, verify
from genesis_sql.actions.kept import require_there
from genesis_sql.actions.loading import fill
from genesis_sql.actions.target import Writing, find_target, settle
from genesis_sql.actions.unwritten import is_unwritten, why_unwritten
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import IntegrityError, OptionError, TargetError
from genesis_sql.plan.conditions import read_all
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range, declared_keys, output_columns
from genesis_sql.plan.sizing import check_rows
from genesis_sql.plan.spec import Spec
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import executions, migrator
from genesis_sql.store.content import record_relationships
from genesis_sql.store.rows import ExecutionTable, RelationshipRow
from genesis_sql.store.transaction import transaction


@dataclass(frozen=True)
class GenerateArguments:
    """Arguments of `genesis_generate_database`."""

    target: str
    scale: float = 1.0
    seed: int = 0
    version: int | None = None
    if_exists: str = "error"
    keys: str = "declare"
    rows: Mapping[str, int] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As the history keeps them."""
        return dict(vars(self))

    def spec(self, model: Model) -> Spec:
        """The rows they ask for."""
        conditions = read_all(model, self.conditions)
        return replace(Spec.of(self.seed, self.scale, self.rows), conditions=conditions)


@dataclass(frozen=True)
class Written:
    """What a call did.

    Attributes:
        report: a row per table, as the caller sees it.
        undeclared: why keys that could have been declared are not, by relationship name.
        details: what was checked, by table.
    """

    report: list[dict[str, Any]]
    undeclared: Mapping[str, str]
    details: Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Recording:
    """How a call stands in the history.

    Attributes:
        kind: of the execution.
        arguments: as the caller gave them, where they are others than those of this call.
        hashed: whether the content of each table is kept as a hash.
        also: (execution, the report) -> what else is written in the transaction that ends it.
    """

    kind: str = "generate_database"
    arguments: Mapping[str, Any] | None = None
    hashed: bool = False
    also: Callable[[int, list[dict[str, Any]]], None] | None = None


def generate_database(
    ws: Workspace, name: str, arguments: GenerateArguments, recording: Recording | None = None
) -> list[dict[str, Any]]:
    """Write all tables of a model into a schema; one row per table.

    Raises:
        OptionError: a table cannot have the rows asked for.
        TargetError: the place cannot be written, or holds one of the tables and ``if_exists`` is
            'error'.
        IntegrityError: a key does not hold, or there was nothing to check; nothing is kept then.
    """
    _require_choice("if_exists", arguments.if_exists, ("error", "replace", "append"))
    _require_choice("keys", arguments.keys, ("declare", "none"))
    check_range(None, 0, arguments.scale)
    model = ws.load(name, arguments.version)
    require_there(ws.con, ws.database, model)
    arguments = replace(arguments, rows=check_rows(model, arguments.rows))
    writing = settle(
        ws,
        model,
        find_target(ws, arguments.target).of(model),
        arguments.spec(model),
        if_exists=arguments.if_exists,
        keys=arguments.keys,
    )
    recording = recording or Recording()
    with interrupt.held():  # what is begun is known here, whenever Ctrl-C comes
        run = _Run(ws, model, writing, arguments, recording)
    with ending(run.failed):
        ws.con.execute("BEGIN")
        try:
            written = _write(ws, model, writing, replace_old=arguments.if_exists == "replace")
            if recording.hashed:
                _hash(ws, model, writing, written)
            run.commit(written)
        except duckdb.ConstraintException as error:
            raise broken_key(error) from error
        except duckdb.Error as error:
            _require_written(error, arguments.target)
            raise
    return written.report


def broken_key(error: duckdb.ConstraintException) -> IntegrityError:
    """What is told where a row does not keep what the table declares."""
    return IntegrityError(
        f"a generated row breaks a key: {str(error).splitlines()[0]}; nothing was kept, "
        f"please report it, or take keys := 'none'"
    )


def _require_written(error: duckdb.Error, target: str) -> None:
    """Turn a full disk into an error of ours.

    Raises:
        TargetError: a file could not be written.
    """
    if is_unwritten(error):
        message = (
            f"'{target}' cannot be written: {why_unwritten(error)}; nothing was kept, make room "
            f"and run it again"
        )
        raise TargetError(message) from error


def _require_choice(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        choices = " or ".join(repr(k) for k in known)
        message = f"{option} := '{value}' is not known; it takes {choices}"
        raise OptionError(message)


class _Run:
    """The record of one run; a read-only database keeps none."""

    def __init__(
        self,
        ws: Workspace,
        model: Model,
        writing: Writing,
        arguments: GenerateArguments,
        recording: Recording,
    ) -> None:
        self.ws, self.model, self.writing, self.arguments = ws, model, writing, arguments
        self.recording = recording
        query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
        self.kept = not ws.con.execute(query, [ws.database]).fetchall()[0][0]
        self.number = 0
        if self.kept:
            migrator.ensure(ws.con, ws.database)
            self.number = executions.start(
                ws.con,
                ws.database,
                kind=recording.kind,
                model=model.name,
                version=model.version,
                arguments=recording.arguments or arguments.plain(),
                seed=arguments.seed,
                spec=writing.record(model),
            )
            ws.job.id = self.number
        ws.job.version = model.version

    def failed(self, status: str, text: str) -> None:
        """Undo everything, and say so in the history."""
        with suppress(duckdb.TransactionException):  # none is open where BEGIN or COMMIT failed
            self.ws.con.execute("ROLLBACK")
        if self.kept:
            end = executions.Ended(status, None, self.ws.seconds, text)
            self._end(end)

    def commit(self, written: Written) -> None:
        """Keep the rows; the record goes into the same transaction where the file is the same."""
        tables = tuple(
            ExecutionTable(
                r["table_name"],
                r["rows"],
                r["orphans"],
                r["violations"],
                r["seconds"],
                written.details[r["table_name"]],
            )
            for r in written.report
        )
        total = sum(int(r["rows"]) for r in written.report)
        end = executions.Ended("done", total, self.ws.seconds, None, tables)
        together = self.kept and self.writing.target.database == self.ws.database
        if together:
            executions.write_end(self.ws.con, self.ws.database, self.number, end)
            self._also(written)
        self.ws.con.execute("COMMIT")
        if not self.kept:
            return
        if not together:
            self._end(end)
            transaction(self.ws.con, partial(self._also, written))
        if self.writing.appended:
            return
        where = (self.model.name, self.model.version, self.arguments.target)
        rows = _recorded(self.model, self.writing.keys, written.undeclared)
        record_relationships(self.ws.con, self.ws.database, *where, rows)

    def _also(self, written: Written) -> None:
        if self.recording.also is not None:
            self.recording.also(self.number, written.report)

    def _end(self, end: executions.Ended) -> None:
        executions.finish(
            self.ws.con,
            self.ws.database,
            self.number,
            status=end.status,
            rows=end.rows,
            seconds=end.seconds,
            error=end.error,
            tables=end.tables,
        )


def _recorded(model: Model, keys: str, undeclared: Mapping[str, str]) -> list[RelationshipRow]:
    out = []
    for table in model.visible:
        for key, reason in declared_keys(model, table):
            why = reason or ("keys := 'none'" if keys == "none" else undeclared.get(key.name, ""))
            out.append(
                RelationshipRow(
                    key.child,
                    key.columns,
                    key.parent,
                    key.parent_columns,
                    declared=not why,
                    reason=why,
                )
            )
    return out


_COLUMNS = ("table_name", "rows", "orphans", "violations", "seconds")


def _write(ws: Workspace, model: Model, writing: Writing, *, replace_old: bool) -> Written:
    """Make the tables, fill them, and verify what they hold."""
    con, target = ws.con, writing.target
    for schema in target.schemas():
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(target.database, schema)}")
    if replace_old:
        for table in reversed(model.visible):
            con.execute(f"DROP TABLE IF EXISTS {target.table(table)}")
    report: list[dict[str, Any]] = []
    undeclared: dict[str, str] = {}
    details: dict[str, dict[str, Any]] = {}
    for at, table in enumerate(model.visible):
        ws.job.enter(at + 1, len(model.visible) + 1, table)
        ws.progress(table, at / len(model.visible))
        started = time.perf_counter()
        with ws.job.reading(con):
            filled = fill(ws, model, writing, table)
        undeclared.update(filled.undeclared)
        seconds = time.perf_counter() - started
        report.append({"table_name": table, "rows": filled.rows, "seconds": seconds})
    ws.job.enter(len(model.visible) + 1, len(model.visible) + 1)
    ws.progress("checking keys", 1.0)
    require_rows(report)
    sampler = ws.sampler(model, writing.spec)
    for row in report:
        started = time.perf_counter()
        table = str(row["table_name"])
        made = verify(ws, model, target, table, sampler.size(table))
        orphans = sum(c.violations for c in made if c.kind == "orphans")
        row.update(orphans=orphans, violations=sum(c.violations for c in made) - orphans)
        row["seconds"] = round(float(row["seconds"]) + time.perf_counter() - started, 3)
        details[table] = {"checks": [c.plain() for c in made]}
    return Written([{n: row[n] for n in _COLUMNS} for row in report], undeclared, details)


def _hash(ws: Workspace, model: Model, writing: Writing, written: Written) -> None:
    """Add the hash of what each table holds to the report and the record."""
    for row in written.report:
        table, started = str(row["table_name"]), time.perf_counter()
        ws.progress("hashing", 1.0)
        columns = output_columns(model, table)
        found = content_hash(ws.con, columns, writing.target.table(table))
        row["content_hash"] = written.details[table]["content_hash"] = found
        row["seconds"] = round(float(row["seconds"]) + time.perf_counter() - started, 3)
