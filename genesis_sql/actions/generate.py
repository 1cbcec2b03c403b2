"""Generating and keeping: tables, keys, rows, the integrity query, all in one transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from genesis_sql.actions.loading import fill
from genesis_sql.actions.target import Target, Writing, find_target, settle
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import IntegrityError, OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range, declared_keys
from genesis_sql.plan.sizing import check_rows
from genesis_sql.plan.spec import Spec
from genesis_sql.sqlbuild import qualified, quoted
from genesis_sql.store import executions, migrator
from genesis_sql.store.content import record_relationships
from genesis_sql.store.rows import ExecutionTable, RelationshipRow
from genesis_sql.types import Relationship


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

    def plain(self) -> dict[str, Any]:
        """As the history keeps them."""
        return dict(vars(self))

    def spec(self) -> Spec:
        """The rows they ask for."""
        return Spec.of(self.seed, self.scale, self.rows)


def generate_database(
    ws: Workspace, name: str, arguments: GenerateArguments
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
    arguments = replace(arguments, rows=check_rows(model, arguments.rows))
    writing = settle(
        ws,
        model,
        find_target(ws, arguments.target),
        arguments.spec(),
        if_exists=arguments.if_exists,
        keys=arguments.keys,
    )
    run = _Run(ws, model, writing, arguments)
    with ending(run.failed):
        ws.con.execute("BEGIN")
        try:
            report, undeclared = _write(
                ws, model, writing, replace_old=arguments.if_exists == "replace"
            )
        except duckdb.ConstraintException as error:
            message = (
                f"a generated row breaks a key: {str(error).splitlines()[0]}; nothing was kept, "
                f"please report it, or take keys := 'none'"
            )
            raise IntegrityError(message) from error
        run.commit(report, undeclared)
    return report


def _require_choice(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        choices = " or ".join(repr(k) for k in known)
        message = f"{option} := '{value}' is not known; it takes {choices}"
        raise OptionError(message)


class _Run:
    """The record of one run; a read-only database keeps none."""

    def __init__(
        self, ws: Workspace, model: Model, writing: Writing, arguments: GenerateArguments
    ) -> None:
        self.ws, self.model, self.writing, self.arguments = ws, model, writing, arguments
        query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
        self.kept = not ws.con.execute(query, [ws.database]).fetchall()[0][0]
        self.number = 0
        if self.kept:
            migrator.ensure(ws.con, ws.database)
            self.number = executions.start(
                ws.con,
                ws.database,
                kind="generate_database",
                model=model.name,
                version=model.version,
                arguments=arguments.plain(),
                seed=arguments.seed,
                spec=writing.record(model),
            )

    def failed(self, status: str, text: str) -> None:
        """Undo everything, and say so in the history."""
        with suppress(duckdb.TransactionException):  # none is open where BEGIN or COMMIT failed
            self.ws.con.execute("ROLLBACK")
        if self.kept:
            end = executions.Ended(status, None, self.ws.seconds, text)
            self._end(end)

    def commit(self, report: list[dict[str, Any]], undeclared: Mapping[str, str]) -> None:
        """Keep the rows; the record goes into the same transaction where the file is the same."""
        tables = tuple(
            ExecutionTable(r["table_name"], r["rows"], r["orphans"], r["violations"], r["seconds"])
            for r in report
        )
        total = sum(int(r["rows"]) for r in report)
        end = executions.Ended("done", total, self.ws.seconds, None, tables)
        together = self.kept and self.writing.target.database == self.ws.database
        if together:
            executions.write_end(self.ws.con, self.ws.database, self.number, end)
        self.ws.con.execute("COMMIT")
        if not self.kept:
            return
        if not together:
            self._end(end)
        if self.writing.appended:
            return
        where = (self.model.name, self.model.version, self.arguments.target)
        rows = _recorded(self.model, self.writing.keys, undeclared)
        record_relationships(self.ws.con, self.ws.database, *where, rows)

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
    for table in model.order:
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


def _write(
    ws: Workspace, model: Model, writing: Writing, *, replace_old: bool
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Rows of the report, and why keys that could have been declared are not."""
    con, target = ws.con, writing.target
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(target.database, target.schema)}")
    con.execute(f"USE {qualified(target.database, target.schema)}")
    if replace_old:
        for table in reversed(model.order):
            con.execute(f"DROP TABLE IF EXISTS {target.table(table)}")
    report: list[dict[str, Any]] = []
    undeclared: dict[str, str] = {}
    for at, table in enumerate(model.order):
        ws.progress(table, at / len(model.order))
        started = time.perf_counter()
        filled = fill(ws, model, writing, table)
        undeclared.update(filled.undeclared)
        seconds = time.perf_counter() - started
        report.append({"table_name": table, "rows": filled.rows, "seconds": seconds})
    ws.progress("checking keys", 1.0)
    sampler = ws.sampler(model, writing.spec)
    checked = [
        _checked(ws, model, target, row, sampler.size(str(row["table_name"])))
        for row in _verified(report)
    ]
    return checked, undeclared


def _verified(report: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not any(row["rows"] for row in report):
        message = "no rows were generated, so that no key could be checked; take a larger scale"
        raise IntegrityError(message)
    return report


def _checked(
    ws: Workspace, model: Model, target: Target, row: Mapping[str, Any], size: int
) -> dict[str, Any]:
    """The row of the report, orphans and violations counted by query; raises if there are any."""
    table = str(row["table_name"])
    started = time.perf_counter()
    place = target.table(table)
    rows = _one(ws, f"SELECT count(*) FROM {place}")  # noqa: S608 - quoted names
    orphans = sum(_orphans(ws, target, key) for key in model.graph.parents(table))
    node = model.graph.table(table)
    kept = {r[0] for r in ws.con.execute(f"DESCRIBE {place}").fetchall()}
    keys = [k for k in (node.primary_key, *node.unique_keys) if k and set(k) <= kept]
    violations = sum(_duplicates(ws, place, key) for key in keys)
    if orphans or violations or rows != size:
        message = (
            f"table '{table}' has {orphans} orphans, {violations} duplicate keys and {rows} rows "
            f"of {size}; nothing was kept, please report this model"
        )
        raise IntegrityError(message)
    seconds = float(row["seconds"]) + time.perf_counter() - started
    return {
        "table_name": table,
        "rows": row["rows"],
        "orphans": orphans,
        "violations": violations,
        "seconds": round(seconds, 3),
    }


def _one(ws: Workspace, query: str) -> int:
    return int(ws.con.execute(query).fetchall()[0][0])


def _orphans(ws: Workspace, target: Target, key: Relationship) -> int:
    child, parent = (target.table(t) for t in (key.child, key.parent))
    filled = " AND ".join(f"c.{quoted(c)} IS NOT NULL" for c in key.columns)
    same = " AND ".join(
        f"c.{quoted(c)} = p.{quoted(p)}"
        for c, p in zip(key.columns, key.parent_columns, strict=True)
    )
    found = f"SELECT 1 FROM {parent} p WHERE {same}"  # noqa: S608 - quoted names
    query = f"SELECT count(*) FROM {child} c WHERE {filled} AND NOT EXISTS ({found})"  # noqa: S608
    return _one(ws, query)


def _duplicates(ws: Workspace, place: str, key: tuple[str, ...]) -> int:
    columns = ", ".join(quoted(c) for c in key)
    filled = " AND ".join(f"{quoted(c)} IS NOT NULL" for c in key)
    groups = f"SELECT count(*) AS n FROM {place} WHERE {filled} GROUP BY {columns}"  # noqa: S608 - quoted names
    return _one(ws, f"SELECT coalesce(sum(n - 1), 0) FROM ({groups} HAVING count(*) > 1)")  # noqa: S608
