"""The tables of a cohort as the catalog has them, and the like of them elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from genesis_sql.actions.target import find_target
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import CohortError, ReadOnlyError, TransactionError, nearest
from genesis_sql.introspect import catalog
from genesis_sql.sqlbuild import qualified, quoted
from genesis_sql.store import executions, migrator, names
from genesis_sql.store.cohorts import Cohort
from genesis_sql.types import RawColumn, RawForeignKey

_RECORDED = """
SELECT child, child_columns, parent, parent_columns FROM genesis.relationships
WHERE lower(target) IN (lower(?), lower(?)) ORDER BY position
"""
_COPY_RECORDED = """
INSERT INTO genesis.relationships
SELECT DISTINCT ON (position) model, version, ?, position, child, child_columns, parent,
       parent_columns, declared, orphans, nulls, reason
FROM genesis.relationships WHERE lower(target) IN (lower(?), lower(?)) AND model = ?
"""


@dataclass(frozen=True)
class Held:
    """A table that is there.

    Attributes:
        name: inside its schema.
        columns: as the catalog has them.
        keys: primary, unique, foreign and checks.
        known: foreign keys that DuckDB does not declare, but the store knows.
    """

    name: str
    columns: tuple[RawColumn, ...]
    keys: catalog.Keys
    known: tuple[RawForeignKey, ...] = ()

    @property
    def foreign(self) -> tuple[RawForeignKey, ...]:
        """All foreign keys, declared or known."""
        return (*self.keys.foreign, *self.known)


def read_tables(ws: Workspace, schema: str, wanted: Collection[str] | None = None) -> list[Held]:
    """The base tables of a schema, parents first.

    Raises:
        CohortError: the schema or a table of it is not there.
    """
    known = catalog.schemas(ws.con, ws.database)
    there = catalog.match(schema, known)
    if there is None:
        message = f"database '{ws.database}' has no schema '{schema}'{nearest(schema, known)}"
        raise CohortError(message)
    objects = catalog.objects(ws.con, ws.database, there)
    listed = [o.name for o in objects if o.kind == "table"]
    chosen = [_one(name, listed, there) for name in wanted] if wanted is not None else listed
    if not chosen:
        message = f"schema '{there}' has no tables; a cohort needs one at least"
        raise CohortError(message)
    columns = catalog.columns(ws.con, ws.database, there)
    keys = catalog.keys(ws.con, ws.database, there, columns)
    held = {n: Held(n, columns[n], keys.get(n, catalog.Keys())) for n in chosen}
    return _sorted(_with_known(ws, there, held))


def _one(name: str, listed: Sequence[str], schema: str) -> str:
    found = catalog.match(name, listed)
    if found is None:
        message = f"schema '{schema}' has no table '{name}' any more{nearest(name, listed)}"
        raise CohortError(message)
    return found


def _with_known(ws: Workspace, schema: str, held: Mapping[str, Held]) -> dict[str, Held]:
    """Add the keys that the store alone knows of."""
    out = dict(held)
    if not migrator.exists(ws.con, ws.database):
        return out
    places = (schema, f"{ws.database}.{schema}")
    for child, own, parent, theirs in names.run(ws.con, ws.database, _RECORDED, *places):
        key = RawForeignKey(tuple(own), parent, tuple(theirs))
        both = child in out and parent in out and _has(out[child], own)
        if both and _has(out[parent], theirs) and key not in out[child].foreign:
            out[child] = replace(out[child], known=(*out[child].known, key))
    return out


def _has(table: Held, columns: Collection[str]) -> bool:
    return set(columns) <= {c.name for c in table.columns}


def _sorted(held: Mapping[str, Held]) -> list[Held]:
    """Parents before children; those in a circle by name."""
    left, out = dict(sorted(held.items())), list[Held]()
    while left:
        free = [
            n for n, t in left.items() if not {k.parent for k in t.foreign} & (left.keys() - {n})
        ]
        declared = [
            n
            for n, t in left.items()
            if not {k.parent for k in t.keys.foreign} & (left.keys() - {n})
        ]
        for name in free or declared[:1] or list(left)[:1]:
            out.append(left.pop(name))
    return out


def create_sql(database: str, schema: str, table: Held) -> str:
    """CREATE TABLE of the like of a table, with its keys but those to itself.

    Parents are named without their schema, which has to be the current one.
    """
    lines = [f"{quoted(c.name)} {c.type}{'' if c.nullable else ' NOT NULL'}" for c in table.columns]
    if table.keys.primary:
        lines.append(f"PRIMARY KEY ({_listed(table.keys.primary)})")
    lines += [f"UNIQUE ({_listed(u)})" for u in table.keys.unique]
    lines += [f"CHECK ({c})" for c in table.keys.checks]
    for key in table.keys.foreign:
        if key.parent != table.name:  # rows of one INSERT cannot refer to one another
            parent = f"{quoted(key.parent)} ({_listed(key.parent_columns)})"
            lines.append(f"FOREIGN KEY ({_listed(key.columns)}) REFERENCES {parent}")
    place = qualified(database, schema, table.name)
    return f"CREATE TABLE {place} ({', '.join(lines)})"


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(quoted, columns))


def self_keys(table: Held) -> str:
    """A note on keys that are not declared in a copy."""
    own = [k for k in table.keys.foreign if k.parent == table.name]
    return f"its key to itself ({', '.join(own[0].columns)}) is not declared" if own else ""


def copy_recorded(ws: Workspace, cohort: Cohort, schema: str) -> None:
    """What the store knows of a cohort's keys holds for a copy of it, too."""
    if cohort.profile is None:
        return
    clear = "DELETE FROM genesis.relationships WHERE target = ? AND model = ?"
    names.run(ws.con, ws.database, clear, schema, cohort.profile)
    places = (cohort.schema, f"{ws.database}.{cohort.schema}")
    names.run(ws.con, ws.database, _COPY_RECORDED, schema, *places, cohort.profile)


def count(ws: Workspace, schema: str, table: str) -> int:
    """Rows of a table."""
    query = f"SELECT count(*) FROM {qualified(ws.database, schema, table)}"  # noqa: S608 - quoted names
    return int(ws.con.execute(query).fetchall()[0][0])


def new_schema(ws: Workspace, schema: str, wanted: Collection[str]) -> str:
    """Where new tables go: a schema that has none of them yet.

    Raises:
        CohortError: a table of the name is there.
    """
    place = find_target(ws, schema)
    if place.database != ws.database:
        message = (
            f"schema '{schema}' is of another database, and cohorts stand where they are "
            f"recorded, in '{ws.database}'; name a schema without a dot"
        )
        raise CohortError(message)
    known = catalog.schemas(ws.con, ws.database)
    there = next((s for s in known if s.lower() == place.schema.lower()), place.schema)
    taken = {o.name.lower() for o in catalog.objects(ws.con, ws.database, there)}
    for table in wanted:
        if table.lower() in taken:
            message = f"schema '{there}' has a table '{table}' already; name another schema"
            raise CohortError(message)
    return there


def require_writable(ws: Workspace) -> None:
    """Raise where the database cannot be written, and make the store where there is none."""
    query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
    if ws.con.execute(query, [ws.database]).fetchall()[0][0]:
        message = (
            f"database '{ws.database}' is read-only, and cohorts are recorded in it; open it to "
            f"write"
        )
        raise ReadOnlyError(message)
    migrator.ensure(ws.con, ws.database)


@contextmanager
def whole(ws: Workspace) -> Iterator[None]:
    """One transaction: all of it is kept, or nothing.

    Raises:
        TransactionError: another cursor wrote the same rows meanwhile.
    """
    con = ws.con
    con.execute("BEGIN")
    try:
        with ws.job.reading(con):
            yield
        con.execute("COMMIT")
    except duckdb.TransactionException as error:
        _rollback(con)
        message = f"another call changed the same cohort, nothing was changed; try again ({error})"
        raise TransactionError(message) from error
    except BaseException:
        _rollback(con)
        raise


def _rollback(con: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.Error):  # a failed COMMIT has ended it already
        con.execute("ROLLBACK")


def record(ws: Workspace, kind: str, **arguments: Any) -> None:
    """A line of the history."""
    number = executions.start(ws.con, ws.database, kind=kind, model=None, arguments=arguments)
    executions.finish(ws.con, ws.database, number, seconds=ws.seconds)
