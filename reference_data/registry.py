"""What a reference table is: a row of SOURCES.csv, the publishers' files it needs, and a maker."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

PUBLIC = "public domain (work of the United States government)"
PERSONS = "residents on 1 July 2023"

Row = Sequence[Any]
Maker = Callable[[duckdb.DuckDBPyConnection], Iterable[Row]]


@dataclass(frozen=True)
class File:
    """A publisher's file.

    Attributes:
        view: under which name a maker reads it; every column is text, '' where nothing stands.
        name: as the publisher calls the file.
        columns: what a maker needs of it; its other columns are ignored.
        folder: where copies keep it, tried after the base address itself.
        others: a pattern of the names of its other vintages, which are refused.
        delimiter: between values; '' for Parquet.
        header: the names of the columns where the file has no line for them.
        optional: the table can do without it, its view is empty then.
        instead: the view of another file that makes this one dispensable.
    """

    view: str
    name: str
    columns: tuple[str, ...]
    folder: str = ""
    others: str = ""
    delimiter: str = ","
    header: tuple[str, ...] = ()
    optional: bool = False
    instead: str = ""


@dataclass(frozen=True)
class Source:
    """A row of SOURCES.csv; ``columns`` are the names with their DuckDB types."""

    table: str
    publisher: str
    vintage: str
    licence: str
    denominator: str
    files: str
    transformation: str
    columns: str
    rows: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Table:
    """A table that ships.

    Attributes:
        source: what SOURCES.csv says of it; its files, rows and checksum are filled in.
        files: what it is made from.
        make: the rows in their order, from a connection on which the files and the tables of
            ``after`` are views.
        after: tables that are made first.
    """

    source: Source
    files: tuple[File, ...]
    make: Maker
    after: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name."""
        return self.source.table


def pairs(columns: str) -> list[tuple[str, str]]:
    """The columns of a row of SOURCES.csv as names and types.

    Example:
        >>> pairs("fips VARCHAR, population BIGINT")
        [('fips', 'VARCHAR'), ('population', 'BIGINT')]
    """
    found = (pair.split() for pair in columns.split(", "))
    return [(name, kind) for name, kind in found]


def typed(kind: str, names: str) -> str:
    """Columns of one type, as SOURCES.csv writes them.

    Example:
        >>> typed("DOUBLE", "lat lon")
        'lat DOUBLE, lon DOUBLE'
    """
    return ", ".join(f"{name} {kind}" for name in names.split())


def checksum(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """SHA-256 of a table's content: its header and rows as lines of JSON, without regard to a file.

    The bytes of a Parquet file depend on the version of its writer; these lines do not.

    Example:
        >>> checksum(["a"], [[1]])[:12]
        '62d2465facd1'
    """
    line = json.JSONEncoder(ensure_ascii=False).encode
    digest = hashlib.sha256(line(list(columns)).encode())
    for row in rows:
        digest.update(b"\n" + line(list(row)).encode())
    return digest.hexdigest()


def query(sql: str) -> Maker:
    """A maker that is one query.

    Example:
        >>> query("SELECT 1 AS a")(duckdb.connect())
        [(1,)]
    """

    def make(con: duckdb.DuckDBPyConnection) -> Iterable[Row]:
        return list(con.execute(sql).fetchall())

    return make
