"""The only reader of reference_data: public figures that ship with the package.

Each table is one file beside ``SOURCES.csv``, which names its publisher, vintage, licence, its
denominator, how it was made, its columns with their types, its number of rows and the checksum of
its content. A folder that ``genesis reference build --to DIR`` wrote has the same form.
"""

from __future__ import annotations

import csv
import importlib
import io
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_sql.errors import ModelNotFoundError, SourceError, nearest

if TYPE_CHECKING:
    import sys

    import pyarrow as pa

    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

_FOLDER = "genesis_sql.reference_data"
_STATED = {"table", "vintage", "licence", "columns", "rows", "sha256"}


def sources(folder: str | None = None) -> dict[str, dict[str, str]]:
    """One entry per table: the columns of SOURCES.csv by table name.

    Args:
        folder: one that `genesis reference build` wrote; by default the tables that ship.

    Example:
        >>> sources()["counties"]["rows"]
        '3144'
    """
    place = _place(folder).joinpath("SOURCES.csv")
    if not place.is_file():
        message = (
            f"'{folder}' holds no reference tables, for it has no SOURCES.csv; make them with "
            f"genesis reference build --from DIR --to '{folder}'"
        )
        raise SourceError(message)
    rows = csv.DictReader(io.StringIO(place.read_text(encoding="utf-8")))
    lacking = _STATED - set(rows.fieldnames or [])
    if lacking:
        message = f"'{place}' is of another release: it lacks {', '.join(sorted(lacking))}"
        raise SourceError(message)
    return {row["table"]: row for row in rows}


def path(name: str, folder: str | None = None) -> Traversable:
    """Where a reference table lies; it need not be a file on disk.

    Args:
        name: a table of SOURCES.csv, or SOURCES itself.
        folder: see :func:`sources`.

    Example:
        >>> path("counties").name
        'counties.parquet'
    """
    if name == "SOURCES":
        return _place(folder).joinpath("SOURCES.csv")
    known = sources(folder)
    if name not in known:
        message = f"there is no reference table '{name}'{nearest(name, known)}"
        raise ModelNotFoundError(message)
    return _place(folder).joinpath(f"{name}.parquet")


def read(name: str, folder: str | None = None) -> pa.Table:
    """A reference table in Arrow form, with the types that SOURCES.csv states.

    Args:
        name: a table of SOURCES.csv.
        folder: see :func:`sources`.

    Example:
        >>> read("counties").column_names[:4]
        ['fips', 'state_fips', 'state', 'name']
    """
    import pyarrow as pa
    from pyarrow import parquet

    place = path(name, folder)
    if not place.is_file():
        message = f"'{place}' is not there, though SOURCES.csv beside it lists '{name}'"
        raise SourceError(message)
    try:
        data = io.BytesIO(place.read_bytes())
        # no thread of Arrow's: a process that ends while one begins is aborted
        return parquet.ParquetFile(data, pre_buffer=False).read(use_threads=False)
    except pa.ArrowInvalid as error:
        message = f"'{place}' is not a Parquet file; write it anew with genesis reference build"
        raise SourceError(message) from error


def build(origin: str, folder: str) -> list[dict[str, Any]]:
    """Derive the reference tables from their publishers' files; one entry per table.

    Args:
        origin: a folder that holds the files, or an http(s) address under which they lie.
        folder: where to write the tables; read them from there with ``folder`` of the others.
    """
    builder = importlib.import_module(f"{_FOLDER}.build")  # a folder of its own beside the library
    return [
        {
            "table": built.source.table,
            "status": built.status,
            "rows": built.source.rows,
            "vintage": built.source.vintage,
            "missing": list(built.missing),
        }
        for built in builder.build(origin, Path(folder))
    ]


def _place(folder: str | None) -> Traversable:
    return resources.files(_FOLDER) if folder is None else Path(folder)
