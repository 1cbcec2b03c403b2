"""Publishers' files: found below a folder or an address, checked, and read as text."""

from __future__ import annotations

import codecs
import csv
import io
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from genesis_sql.errors import SourceError, nearest
from genesis_sql.reference_data.registry import File

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_SECONDS = 60


@contextmanager
def folder_of(origin: str, files: list[File]) -> Iterator[Path]:
    """A folder that holds what there is of some files: the one named, or copies from an address.

    Args:
        origin: a folder, or the http(s) address under which the files lie.
        files: what is wanted; one that is not there is left out.
    """
    if not origin.startswith(("http://", "https://")):
        if not Path(origin).is_dir():
            message = f"there is no folder '{origin}' to read the publishers' files from"
            raise SourceError(message)
        yield Path(origin)
        return
    with tempfile.TemporaryDirectory() as place:
        for file in files:
            data = _fetched(origin.rstrip("/"), file)
            if data is not None:
                (Path(place) / file.name).write_bytes(data)
        yield Path(place)


def _fetched(base: str, file: File) -> bytes | None:
    for path in dict.fromkeys((file.name, f"{file.folder}/{file.name}".lstrip("/"))):
        address = f"{base}/{quote(path)}"
        try:
            with urlopen(address, timeout=_SECONDS) as answer:  # http(s) only, see folder_of
                return bytes(answer.read())
        except HTTPError as error:
            if error.code not in (403, 404, 410):
                message = f"'{address}' cannot be read: {error}"
                raise SourceError(message) from error
        except (OSError, HTTPException) as error:
            message = f"'{address}' cannot be read: {getattr(error, 'reason', error)}"
            raise SourceError(message) from error
    return None


def below(folder: Path) -> list[Path]:
    """All files below a folder; what may not be read, or vanishes meanwhile, is left out."""
    return sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)


def found(below: Sequence[Path], file: File, known: Collection[str] = ()) -> Path | None:
    """Which of some files is the one wanted, or None.

    Args:
        below: the files that are there.
        file: the one wanted.
        known: names in small letters that are no other vintage of it, but wanted themselves.

    Raises:
        SourceError: only another vintage of it is there, or two that differ.
    """
    exact = [p for p in below if p.name.lower() == file.name.lower()]
    if len({_bytes(place) for place in exact}) > 1:
        message = f"'{exact[0]}' and '{exact[1]}' differ: leave one of the two there"
        raise SourceError(message)
    if exact or file.optional:
        return exact[0] if exact else None
    pattern = file.others.lower()
    others = [p for p in below if pattern and fnmatch(p.name.lower(), pattern)]
    others = [p for p in others if p.name.lower() not in known]
    if others:
        message = (
            f"'{others[0]}' is of another vintage than this release reads: it needs '{file.name}'"
        )
        raise SourceError(message)
    return None


def register(con: duckdb.DuckDBPyConnection, file: File, place: Path) -> None:
    """Make a file a view of a connection.

    Raises:
        SourceError: a column is missing, or there are no rows.
    """
    table = _csv(place, file) if file.delimiter else _parquet(place, file)
    if not table.num_rows:
        message = f"'{place}' holds no rows"
        raise SourceError(message)
    con.register(file.view, table)


def register_empty(con: duckdb.DuckDBPyConnection, file: File) -> None:
    """Make a file that is not there, and need not be, a view without rows."""
    import pyarrow as pa

    con.register(file.view, pa.table({name: pa.array([], pa.string()) for name in file.columns}))


def _require(place: Path, file: File, header: list[str]) -> None:
    for column in file.columns:
        if column not in header:
            near = nearest(column, header)
            message = f"'{place}' has no column '{column}', it may be of another vintage{near}"
            raise SourceError(message)


def _parquet(place: Path, file: File) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        _require(place, file, parquet.read_schema(place).names)
        return parquet.read_table(place, columns=list(file.columns), use_threads=False)
    except (pa.ArrowInvalid, OSError) as error:
        message = f"'{place}' is not a Parquet file"
        raise SourceError(message) from error


def _bytes(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        message = f"'{place}' cannot be read: {error.strerror}"
        raise SourceError(message) from error


def _csv(place: Path, file: File) -> pa.Table:
    """Read a file as text: the Census writes latin-1, many copies are UTF-8."""
    import pyarrow as pa

    data = _bytes(place).removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    spaced = file.delimiter == " "
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=file.delimiter, skipinitialspace=spaced
    )
    header = list(file.header) or [name.strip() for name in next(lines, [])]
    _require(place, file, header)
    rows = [line for line in lines if line]
    for line in rows:
        if len(line) < len(header):
            message = f"'{place}' is cut short: a line has {len(line)} values of {len(header)}"
            raise SourceError(message)
    wanted = {name: header.index(name) for name in file.columns}
    columns = {name: [row[i].strip() for row in rows] for name, i in wanted.items()}
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})
