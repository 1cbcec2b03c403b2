"""The shipped reference tables -> the schema genesis_reference: once, in one transaction.

A table is loaded where it is missing, kept where its checksum is that of the source, refreshed
where the source has another one, and never touched where somebody else made it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis_sql import refdata
from genesis_sql.errors import ModelNotFoundError, SourceError, nearest
from genesis_sql.reference import place, views
from genesis_sql.reference.place import Con, Standing
from genesis_sql.sqlbuild import quoted
from genesis_sql.store.transaction import transaction
from genesis_sql.store.transfer import require_external_access

if TYPE_CHECKING:
    import pyarrow as pa

LOADED, KEPT, REFRESHED = "loaded", "kept", "refreshed"
CODE_SET = "code set"
"""What the comment of a code set begins with that the user loaded from elsewhere."""
STATEMENT = "CALL genesis_load_reference()"
_ARROW = "genesis_reference_rows"
"""What the rows of a table are called while they are copied."""


@dataclass(frozen=True)
class Loaded:
    """What became of one table."""

    table_name: str
    rows: int
    status: str
    vintage: str
    licence: str


@dataclass(frozen=True)
class Shelf:
    """Where tables come from: those that ship, or a folder of them with its SOURCES.csv."""

    sources: Mapping[str, Mapping[str, str]]
    folder: str | None = None

    @classmethod
    def at(cls, con: Con, path: str | None) -> Shelf:
        """The shipped ones, or those of a folder.

        Raises:
            SourceError: the folder has no SOURCES.csv of this release.
            AccessError: the connection may not read files.
        """
        if path is not None:
            require_external_access(con)
        return cls(refdata.sources(path), path)

    def read(self, name: str) -> pa.Table:
        """The rows of a table.

        Raises:
            SourceError: its file is missing, unreadable, or lacks a column the shipped one has.
        """
        rows = refdata.read(name, self.folder)
        known = refdata.sources().get(name) if self.folder is not None else None
        for column in (pair.split()[0] for pair in known["columns"].split(", ")) if known else ():
            if column not in rows.column_names:
                message = (
                    f"table '{name}' of '{self.folder}' has no column '{column}', which this "
                    f"release reads{nearest(column, rows.column_names)}; build it anew with "
                    f"genesis reference build"
                )
                raise SourceError(message)
        return rows

    def checksum(self, name: str) -> str:
        """Of a table: as SOURCES.csv states it."""
        return self.sources[name]["sha256"]


def load(
    con: Con,
    database: str,
    *,
    tables: Sequence[str] | None = None,
    path: str | None = None,
    codes_too: bool = False,
) -> list[Loaded]:
    """Put reference tables into a database, all or those named, and make the views on them.

    Args:
        con: a cursor outside a transaction.
        database: where they go, into the schema genesis_reference.
        tables: only these.
        path: a folder that `genesis reference build` wrote; the shipped tables where not given.
        codes_too: also in place of code sets that the user loaded from elsewhere.

    Raises:
        ModelNotFoundError: there is no table of such a name.
        SourceError: the folder lacks a file or a column.
        TargetError: a table of the user's has the name of one of ours; nothing was changed.
        ReadOnlyError: something would have to be written, and cannot be.
    """
    shelf = Shelf.at(con, path)
    for name in tables or ():
        if name not in shelf.sources:
            message = f"there is no reference table '{name}'{nearest(name, shelf.sources)}"
            raise ModelNotFoundError(message)
    wanted = list(shelf.sources) if tables is None else list(dict.fromkeys(tables))
    there = place.standing(con, database)
    status = {n: _status(shelf, there.get(n), codes_too=codes_too) for n in wanted}
    for name in wanted:
        place.require_ours(there, name, STATEMENT)
    todo = [n for n in wanted if status[n] != KEPT]
    if not todo and not views.missing(con, database, there):
        return [_row(con, database, shelf, n, KEPT) for n in wanted]
    place.require_writable(con, database)
    read = {name: shelf.read(name) for name in todo}
    return transaction(con, functools.partial(_write, con, database, shelf, status, read))


def ensure(con: Con, database: str, *, tables: Sequence[str] | None = None) -> list[str]:
    """Load what is missing of the shipped tables, and nothing else; one query where all are there.

    Older tables stay as they are: `CALL genesis_load_reference()` refreshes them.

    Args:
        con: a cursor outside a transaction.
        database: where they shall be.
        tables: only these.

    Returns:
        The tables that were loaded, so that it can be said.
    """
    there = place.standing(con, database)
    wanted = [n for n in refdata.sources() if tables is None or n in tables]
    missing = [n for n in wanted if n not in there or not there[n].ours]
    if missing:
        load(con, database, tables=missing)
    return missing


def _status(shelf: Shelf, standing: Standing | None, *, codes_too: bool) -> str:
    if standing is None:
        return LOADED
    if place.stated(standing)[0] == CODE_SET and not codes_too:
        return KEPT
    return KEPT if standing.checksum == shelf.checksum(standing.name) else REFRESHED


def _write(
    con: Con, database: str, shelf: Shelf, status: Mapping[str, str], read: Mapping[str, Any]
) -> list[Loaded]:
    place.make_schema(con, database)
    there = place.standing(con, database)
    for name, rows in read.items():
        place.require_ours(there, name, STATEMENT)
        _copy(con, database, shelf, name, rows)
    views.make(con, database, anew=bool(read))
    return [_row(con, database, shelf, name, status[name]) for name in status]


def _copy(con: Con, database: str, shelf: Shelf, name: str, rows: Any) -> None:
    con.register(_ARROW, rows)
    try:
        place.put(con, database, name, f"FROM {quoted(_ARROW)}", _comment(shelf, name))
    finally:
        con.unregister(_ARROW)


def _comment(shelf: Shelf, name: str) -> str:
    source = shelf.sources[name]
    publisher = source.get("publisher") or "publisher not stated"
    return place.remark(
        "reference table", publisher, source["vintage"], source["licence"], shelf.checksum(name)
    )


def _row(con: Con, database: str, shelf: Shelf, name: str, status: str) -> Loaded:
    """What became of a table; it tells of what stands there, which may be the user's own."""
    count = place.count(con, database, name)
    source = shelf.sources[name]
    return Loaded(name, count, status, source["vintage"], source["licence"])
