"""Real directories that a user has downloaded -> tables of genesis_reference, all of one form.

NPPES (npidata_pfile_*.csv), CMS Provider of Services (hospital and other) and the Care Compare file
Hospital_General_Information.csv, each in its publisher's layout. Nothing of them ships.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import duckdb

from genesis_sql.errors import OptionError, SourceError, nearest
from genesis_sql.introspect import files
from genesis_sql.reference import layouts, place
from genesis_sql.reference.place import Con
from genesis_sql.reference.states import STATES, TERRITORIES, state_code
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.store.transaction import transaction
from genesis_sql.store.transfer import require_external_access

T = TypeVar("T")

ENCODINGS = ("utf-8", "latin-1")
KNOWN_STATES = [*STATES, *TERRITORIES]


@dataclass(frozen=True)
class Read:
    """A file as a query, and its headings by the name that a layout uses."""

    query: str
    headings: dict[str, str]


def load_directory(
    con: Con, database: str, *, kind: str, path: str, state: str | None = None
) -> list[dict[str, Any]]:
    """Put a real directory into the database, in place of an earlier one of its kind.

    Args:
        con: a cursor outside a transaction.
        database: where it goes, into the schema genesis_reference.
        kind: 'nppes', 'pos' or 'care_compare'.
        path: the publisher's file, CSV or Parquet.
        state: only what lies there.

    Raises:
        OptionError: the kind or the state is not known.
        SourceError: the file is missing, has other columns, or no row that counts.
        AccessError: the connection may not read files.
        TargetError: a table of the user's has the name of this one.
    """
    if kind not in layouts.LAYOUTS:
        message = f"there is no directory of kind '{kind}'{nearest(kind, layouts.LAYOUTS)}"
        raise OptionError(message)
    layout = layouts.LAYOUTS[kind]
    code = None if state is None else state_code(state, KNOWN_STATES)
    require_external_access(con)
    place.require_writable(con, database)
    there = place.standing(con, database)
    place.require_ours(there, layout.table, f"CALL genesis_load_directory({string(kind)}, …)")
    comment = place.remark(f"directory '{kind}'", layout.publisher, path, layout.licence)

    def work(encoding: str) -> int:
        found = opened(con, path, layout.required, layout.optional, layout.title, encoding)
        query = layout.query(found.query, found.headings, _geography(database, set(there)))
        if code is not None:
            query = f"SELECT * FROM ({query}) WHERE state = {string(code)}"  # noqa: S608 - quoted
        write = functools.partial(_write, con, database, layout.table, query, comment)
        return transaction(con, write)

    count = in_any_encoding(path, work)
    status = "replaced" if layout.table in there else "loaded"
    return [{"table_name": layout.table, "rows": count, "status": status, "note": layout.note}]


def _write(con: Con, database: str, table: str, query: str, comment: str) -> int:
    place.make_schema(con, database)
    count = place.put(con, database, table, query, comment)
    if not count:
        message = "the file holds no row that counts; nothing was changed"
        raise SourceError(message)
    return count


def _geography(database: str, there: set[str]) -> layouts.Geography:
    """How a ZIP and a county's name become its FIPS code: by the tables that are there."""
    known = {n: place.full(database, n) for n in ("zip_county", "counties") if n in there}
    return layouts.Geography(known.get("zip_county"), known.get("counties"))


def opened(
    con: Con,
    path: str,
    required: Sequence[Sequence[str]],
    optional: Sequence[Sequence[str]],
    title: str,
    encoding: str,
) -> Read:
    """A file as a query of texts, its headings checked.

    Args:
        con: any cursor.
        path: CSV, also packed, or Parquet.
        required: columns that have to be there, each with its names in other releases.
        optional: columns that may be there.
        title: what the file should be.
        encoding: of a CSV file.

    Raises:
        SourceError: it is missing, of another kind, or lacks a column.
    """
    files.require(path)
    query = f"(SELECT * FROM {_reader(path, encoding)})"  # noqa: S608 - quoted
    names = [row[0] for row in con.execute(f"DESCRIBE FROM {query}").fetchall()]
    known = {name.strip().lower(): name for name in names}
    headings = {}
    for forms in (*required, *optional):
        there = [known[form.lower()] for form in forms if form.lower() in known]
        if there:
            headings[forms[0]] = quoted(there[0])
        elif forms in required:
            message = (
                f"'{path}' has no column '{forms[0]}', so it is not {title} in the publisher's "
                f"layout{nearest(forms[0], names)}"
            )
            raise SourceError(message)
    return Read(query, headings)


def _reader(path: str, encoding: str) -> str:
    """The function that reads a file as texts."""
    ending = files.kind(path)
    if ending == ".parquet":
        return f"read_parquet({string(path)})"
    if ending in (".csv", ".tsv"):
        how = f"header := true, all_varchar := true, encoding := {string(encoding)}"
        return f"read_csv({string(path)}, {how})"
    message = f"'{path}' is neither a CSV nor a Parquet file; unpack a ZIP archive first"
    raise SourceError(message)


def in_any_encoding(path: str, work: Callable[[str], T]) -> T:
    """Do something with a file as UTF-8, and as latin-1 where it is not: the CMS writes both."""
    for encoding in ENCODINGS:
        try:
            return work(encoding)
        except duckdb.Error as error:
            if encoding != ENCODINGS[-1] and "utf-8" in str(error).lower():
                continue
            if isinstance(error, duckdb.TransactionException):
                raise
            message = f"'{path}' cannot be read: {str(error).splitlines()[0]}"
            raise SourceError(message) from error
    raise AssertionError
