"""Generating and keeping: tables, keys, rows, the integrity query, all in one transaction."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import IntegrityError, OptionError, ReadOnlyError, TargetError, nearest
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range, create_sql, declared_keys, rows_sql
from genesis_sql.sqlbuild import qualified, quoted, string
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

    def plain(self) -> dict[str, Any]:
        """As the history keeps them."""
        return dict(vars(self))


@dataclass(frozen=True)
class Target:
    """A schema of an attached database."""

    database: str
    schema: str


def find_target(ws: Workspace, text: str) -> Target:
    """The schema that `target` names: of this database, or ``alias.schema`` of an attached one."""
    names = [
        r[0]
        for r in ws.con.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal"
        ).fetchall()
    ]
    database, dot, schema = text.partition(".")
    if not dot:
        database, schema = ws.database, text
    if (
        not schema.strip()
        or (schema.lower(), database) == ("genesis", ws.database)
        or schema.lower() in ("information_schema", "pg_catalog")
    ):
        message = (
            f"target '{text}' is no place for tables; give target := 'synth', or 'alias.schema' "
            "of an attached file"
        )
        raise TargetError(message)
    if database not in names:
        message = (
            f"target '{text}' names database '{database}', which is not attached"
            f"{nearest(database, names)}; ATTACH '<file>' AS {quoted(database)} first"
        )
        raise TargetError(message)
    if ws.con.execute(
        "SELECT readonly FROM duckdb_databases() WHERE database_name = ?", [database]
    ).fetchall()[0][0]:
        message = (
            f"database '{database}' is read-only; attach a file that can be written and name it "
            "in target"
        )
        raise ReadOnlyError(message)
    return Target(database, schema)


def generate_database(
    ws: Workspace, name: str, arguments: GenerateArguments
) -> list[dict[str, Any]]:
    """Write all tables of a model into a schema; one row per table.

    Raises:
        TargetError: the place cannot be written, or holds one of the tables and ``if_exists`` is
            'error'.
        IntegrityError: a key does not hold, or there was nothing to check; nothing is kept then.
    """
    _require_choice("if_exists", arguments.if_exists, ("error", "replace"))
    _require_choice("keys", arguments.keys, ("declare", "none"))
    check_range(None, 0, arguments.scale)
    model = ws.load(name, arguments.version)
    target = find_target(ws, arguments.target)
    _refuse_taken(ws, model, target, arguments.if_exists)
    run = _Run(ws, model, target, arguments)
    with ending(run.failed):
        ws.con.execute("BEGIN")
        try:
            report = _write(ws, model, target, arguments)
        except duckdb.ConstraintException as error:
            message = (
                f"a generated row breaks a key: {str(error).splitlines()[0]}; nothing was kept, "
                f"please report it, or take keys := 'none'"
            )
            raise IntegrityError(message) from error
        run.commit(report)
    return report


def _require_choice(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        choices = " or ".join(repr(k) for k in known)
        message = f"{option} := '{value}' is not known; it takes {choices}"
        raise OptionError(message)


class _Run:
    """The record of one run; a read-only database keeps none."""

    def __init__(
        self, ws: Workspace, model: Model, target: Target, arguments: GenerateArguments
    ) -> None:
        self.ws, self.model, self.target, self.arguments = ws, model, target, arguments
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
                spec={"target": f"{target.database}.{target.schema}", "uuid": model.uuid},
            )

    def failed(self, status: str, text: str) -> None:
        """Undo everything, and say so in the history."""
        with suppress(duckdb.TransactionException):  # none is open where BEGIN or COMMIT failed
            self.ws.con.execute("ROLLBACK")
        if self.kept:
            end = executions.Ended(status, None, self.ws.seconds, text)
            self._end(end)

    def commit(self, report: list[dict[str, Any]]) -> None:
        """Keep the rows; the record goes into the same transaction where the file is the same."""
        tables = tuple(
            ExecutionTable(r["table_name"], r["rows"], r["orphans"], r["violations"], r["seconds"])
            for r in report
        )
        total = sum(int(r["rows"]) for r in report)
        end = executions.Ended("done", total, self.ws.seconds, None, tables)
        together = self.kept and self.target.database == self.ws.database
        if together:
            executions.write_end(self.ws.con, self.ws.database, self.number, end)
        self.ws.con.execute("COMMIT")
        if not self.kept:
            return
        if not together:
            self._end(end)
        where = (self.model.name, self.model.version, self.arguments.target)
        rows = _recorded(self.model, self.arguments)
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


def _recorded(model: Model, arguments: GenerateArguments) -> list[RelationshipRow]:
    out = []
    for table in model.order:
        for key, reason in declared_keys(model, table):
            why = reason or ("keys := 'none'" if arguments.keys == "none" else "")
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


_NAMES = """
SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?
UNION SELECT view_name FROM duckdb_views() WHERE database_name = ? AND schema_name = ?
"""


def _refuse_taken(ws: Workspace, model: Model, target: Target, if_exists: str) -> None:
    place = [target.database, target.schema]
    there = {r[0].lower() for r in ws.con.execute(_NAMES, place * 2).fetchall()}
    taken = [t for t in model.order if t.lower() in there]
    if taken and if_exists == "error":
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        message = (
            f"schema '{target.schema}' of '{target.database}' has a table '{taken[0]}'{more} "
            "already; take another target, or if_exists := 'replace'"
        )
        raise TargetError(message)
    if taken and not _ours(ws, f"{target.database}.{target.schema}"):
        message = (
            f"schema '{target.schema}' of '{target.database}' holds '{taken[0]}', which "
            "genesis_generate_database did not write; drop it yourself, or take another target"
        )
        raise TargetError(message)


def _ours(ws: Workspace, place: str) -> bool:
    """Whether an earlier run wrote this schema."""
    if not migrator.exists(ws.con, ws.database):
        return False
    runs = executions.history(ws.con, ws.database)
    return any(
        r.kind == "generate_database"
        and r.status == "done"
        and (r.spec or "").find(json.dumps(place)) >= 0
        for r in runs
    )


def _write(
    ws: Workspace, model: Model, target: Target, arguments: GenerateArguments
) -> list[dict[str, Any]]:
    con = ws.con
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(target.database, target.schema)}")
    con.execute(f"USE {qualified(target.database, target.schema)}")
    if arguments.if_exists == "replace":
        for table in reversed(model.order):
            con.execute(f"DROP TABLE IF EXISTS {qualified(target.database, target.schema, table)}")
    sampler = ws.sampler(model, arguments.seed, arguments.scale)
    report: list[dict[str, Any]] = []
    for at, table in enumerate(model.order):
        ws.progress(table, at / len(model.order))
        started = time.perf_counter()
        create = create_sql(
            model, table, target.database, target.schema, foreign=arguments.keys == "declare"
        )
        con.execute(create)
        size = sampler.size(table)
        select = rows_sql(
            model, table, first=0, stop=size, seed=arguments.seed, scale=arguments.scale
        )
        place = qualified(target.database, target.schema, table)
        con.execute(f"INSERT INTO {place} {select}")
        seconds = time.perf_counter() - started
        report.append({"table_name": table, "rows": size, "seconds": seconds})
    ws.progress("checking keys", 1.0)
    return [_checked(ws, model, target, row) for row in _verified(report)]


def _verified(report: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not any(row["rows"] for row in report):
        message = "no rows were generated, so that no key could be checked; take a larger scale"
        raise IntegrityError(message)
    return report


def _checked(ws: Workspace, model: Model, target: Target, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the report, orphans and violations counted by query; raises if there are any."""
    table = str(row["table_name"])
    started = time.perf_counter()
    place = qualified(target.database, target.schema, table)
    rows = _one(ws, f"SELECT count(*) FROM {place}")  # noqa: S608 - quoted names
    found = {key: _orphans(ws, target, key) for key in model.graph.parents(table)}
    orphans = sum(found.values())
    wrong = sum(n for key, n in found.items() if not _plausible(model, key, n, rows))
    node = model.graph.table(table)
    kept = {r[0] for r in ws.con.execute(f"DESCRIBE {place}").fetchall()}
    keys = [k for k in (node.primary_key, *node.unique_keys) if k and set(k) <= kept]
    violations = sum(_duplicates(ws, place, key) for key in keys)
    if wrong or violations or rows != row["rows"]:
        message = (
            f"table '{table}' has {orphans} orphans, {violations} duplicate keys and {rows} rows "
            f"of {row['rows']}; nothing was kept, please report this model"
        )
        raise IntegrityError(message)
    seconds = float(row["seconds"]) + time.perf_counter() - started
    return {
        "table_name": table,
        "rows": rows,
        "orphans": orphans,
        "violations": violations,
        "seconds": round(seconds, 3),
    }


def _plausible(model: Model, key: Relationship, orphans: int, rows: int) -> bool:
    """Whether a table has as many dangling references as those of the source that are kept.

    Five standard deviations and a tenth of them are allowed; some must be there where at least 25
    are expected.
    """
    if not key.kept_orphans:
        return orphans == 0
    share = key.kept_orphans / max(model.graph.table(key.child).rows, 1)
    expected = rows * share
    allowed = 5 * math.sqrt(expected * (1 - share)) + 0.1 * expected
    return abs(orphans - expected) <= allowed + 1 and (orphans > 0 or expected < 25)


def _one(ws: Workspace, query: str) -> int:
    return int(ws.con.execute(query).fetchall()[0][0])


def _orphans(ws: Workspace, target: Target, key: Relationship) -> int:
    child, parent = (qualified(target.database, target.schema, t) for t in (key.child, key.parent))
    filled = " AND ".join(f"c.{quoted(c)} IS NOT NULL" for c in key.columns)
    if key.when:
        filled += f" AND CAST(c.{quoted(key.when[0])} AS VARCHAR) = {string(key.when[1])}"
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
