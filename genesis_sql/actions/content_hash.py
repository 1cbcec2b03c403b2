"""The content of a table as one text: equal rows, whatever their order, give equal hashes.

A row becomes text, the text its md5; the sums of both halves of these over all rows are told with
the columns and the number of rows. DuckDB's own `hash` is another one in each release; md5 is not.
(`md5_number_lower` would read better, and takes five times as long: it goes through text.)
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import duckdb

from genesis_sql.sqlbuild import quoted

_BETWEEN, _NULL = "chr(31)", "chr(30)"
"""Control characters, which no value that is drawn here holds."""

_LOW = 2**64 - 1


def sum_sql(columns: Sequence[tuple[str, str]], source: str) -> str:
    """A SELECT of the number of rows of a source, and the sums of the halves of their md5.

    Args:
        columns: name and type of each.
        source: what stands behind FROM, names quoted.

    Example:
        >>> con = duckdb.connect()
        >>> con.sql(sum_sql([("a", "INTEGER")], "range(3) AS r(a)")).fetchall()[0][0]
        3
    """
    values = [f"coalesce({_text(name, kind)}, {_NULL})" for name, kind in columns]
    row = f"concat_ws({_BETWEEN}, {', '.join(values)})"
    low = f"sum(CAST(h & {_LOW} AS UBIGINT))"
    high = "sum(CAST(h >> 64 AS UBIGINT))"
    hashed = f"SELECT md5_number({row}) AS h FROM {source}"  # noqa: S608 - quoted names
    return f"SELECT count(*), coalesce({low}, 0), coalesce({high}, 0) FROM ({hashed})"  # noqa: S608


def _text(name: str, kind: str) -> str:
    """A value as the same text in every release; nested ones as JSON."""
    if kind == "VARCHAR":
        return quoted(name)
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))
    value = f"to_json({quoted(name)})" if nested else quoted(name)
    return f"CAST({value} AS VARCHAR)"


def content_hash(
    con: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]], source: str
) -> str:
    """The hash of a source, read once.

    Args:
        con: a cursor; its TimeZone is UTC where it has one.
        columns: name and type of each, in order.
        source: what stands behind FROM, names quoted.

    Example:
        >>> con = duckdb.connect()
        >>> up, down = "range(9) AS r(a)", "(FROM range(9) AS r(a) ORDER BY a DESC)"
        >>> content_hash(con, [("a", "BIGINT")], up) == content_hash(con, [("a", "BIGINT")], down)
        True
    """
    rows, low, high = con.execute(sum_sql(columns, source)).fetchall()[0]
    told = "\n".join([*(f"{name}\t{kind}" for name, kind in columns), f"{rows}\t{low}\t{high}"])
    return sha256(told.encode()).hexdigest()[:32]
