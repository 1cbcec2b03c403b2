"""Frames of other libraries -> Arrow, so that DuckDB can read them as often as a fit needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from genesis_sql.errors import SourceError
from genesis_sql.sqlbuild import quoted

NAME = "genesis_frame"
"""What a registered frame is called in the query that reads it."""


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, frame: Any) -> Iterator[str]:
    """The query that reads a frame, for as long as it is registered on this cursor."""
    con.register(NAME, to_arrow(frame))
    try:
        yield f"(SELECT * FROM {quoted(NAME)})"  # noqa: S608 - a constant
    finally:
        con.unregister(NAME)


def to_arrow(frame: Any) -> Any:
    """A pandas, polars or Arrow frame, or anything that gives an Arrow stream, as an Arrow table.

    Arrow looks at every value of a pandas object column; DuckDB's own reader guesses from a sample.
    The index of a pandas frame is not part of it.

    Raises:
        SourceError: it is no frame, or a column holds values of several types.
    """
    import pyarrow as pa

    module = type(frame).__module__.partition(".")[0]
    kind = " ".join([module, type(frame).__name__]).removeprefix("builtins ")
    try:
        if _is_pandas(frame):
            table = pa.Table.from_pandas(frame.rename(columns=str), preserve_index=False)
        elif hasattr(frame, "__arrow_c_stream__"):
            table = pa.table(frame)
        else:
            hint = "; call .collect() on it first" if hasattr(frame, "collect") else ""
            message = (
                f"the source is a {kind}; give a table's name, '(SELECT …)', or a pandas, polars "
                f"or Arrow frame{hint}"
            )
            raise SourceError(message)
    except (pa.ArrowException, TypeError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        reason = " ".join(str(part) for part in error.args)
        message = (
            f"the {kind} cannot be read: {reason}; give each column a name and a type of its own, "
            f"as in frame['x'].astype(str)"
        )
        raise SourceError(message) from error
    if not table.num_columns:
        message = f"the {kind} has no columns"
        raise SourceError(message)
    return _microseconds(table.rename_columns([str(n) for n in table.column_names]))


def _is_pandas(frame: Any) -> bool:
    """Whether it is a pandas DataFrame, without loading pandas."""
    kinds = [(k.__module__.partition(".")[0], k.__name__) for k in type(frame).__mro__]
    return ("pandas", "DataFrame") in kinds


def _microseconds(table: Any) -> Any:
    """Zoned timestamps in microseconds, for DuckDB 2 has a type of its own for nanoseconds."""
    import pyarrow as pa

    fields = [
        f.with_type(pa.timestamp("us", f.type.tz)) if _fine_zoned(f.type) else f
        for f in table.schema
    ]
    return table.cast(pa.schema(fields), safe=False)


def _fine_zoned(type_: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_timestamp(type_) and type_.unit == "ns" and type_.tz)
