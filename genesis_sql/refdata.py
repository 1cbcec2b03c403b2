"""The only reader of reference_data: public figures that ship with the package.

Each table is one file beside ``SOURCES.csv``, which names its publisher, vintage, licence, how it
was made, its columns with their types, its number of rows and its checksum.
"""

from __future__ import annotations

import csv
import io
from importlib import resources
from typing import TYPE_CHECKING

from genesis_sql.errors import ModelNotFoundError, nearest

if TYPE_CHECKING:
    import sys

    import pyarrow as pa

    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

_FOLDER = "genesis_sql.reference_data"


def sources() -> dict[str, dict[str, str]]:
    """One entry per table: the columns of SOURCES.csv by table name.

    Example:
        >>> sources()["counties"]["rows"]
        '3144'
    """
    text = resources.files(_FOLDER).joinpath("SOURCES.csv").read_text(encoding="utf-8")
    return {row["table"]: row for row in csv.DictReader(io.StringIO(text))}


def path(name: str) -> Traversable:
    """Where a reference table lies; it need not be a file on disk.

    Args:
        name: a table of SOURCES.csv, or SOURCES itself.

    Example:
        >>> path("counties").name
        'counties.csv'
    """
    if name != "SOURCES" and name not in sources():
        message = f"there is no reference table '{name}'{nearest(name, sources())}"
        raise ModelNotFoundError(message)
    folder = resources.files(_FOLDER)
    parquet = folder.joinpath(f"{name}.parquet")
    return parquet if parquet.is_file() else folder.joinpath(f"{name}.csv")


def read(name: str) -> pa.Table:
    """A reference table in Arrow form, with the types that SOURCES.csv states.

    Args:
        name: a table of SOURCES.csv.

    Example:
        >>> read("counties").column_names
        ['fips', 'name', 'state', 'population']
    """
    data = io.BytesIO(path(name).read_bytes())
    if path(name).name.endswith(".parquet"):
        from pyarrow import parquet

        return parquet.read_table(data)
    from pyarrow import csv as arrow_csv

    options = arrow_csv.ConvertOptions(column_types=_types(name), strings_can_be_null=False)
    return arrow_csv.read_csv(data, convert_options=options)


def _types(name: str) -> dict[str, pa.DataType]:
    import pyarrow as pa

    known = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64()}
    pairs = (pair.split() for pair in sources()[name]["columns"].split(", "))
    return {column: known[kind] for column, kind in pairs}
