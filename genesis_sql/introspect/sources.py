"""What a caller names as a source: a table by its dotted name, or a query in brackets."""

from __future__ import annotations

import re
from string import Template

import duckdb
import sqlglot
from sqlglot import exp

from genesis_sql.errors import SourceError
from genesis_sql.sqlbuild import DIALECT

_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^".]+?))\s*(\.|$)')
_WRITES = (
    exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create, exp.Drop, exp.Copy, exp.Command,
)  # fmt: skip
_DESCRIBE = Template("DESCRIBE SELECT * FROM $source")
_FILE = re.compile(r"\.(parquet|csv|tsv|json|ndjson|jsonl|xlsx|gz|zst)$", re.IGNORECASE)


def is_query(source: str) -> bool:
    """Whether a source is a query in brackets and not a name.

    Example:
        >>> is_query(" (SELECT 1)"), is_query("orders")
        (True, False)
    """
    return source.lstrip().startswith("(")


def split_name(source: str) -> tuple[str, ...]:
    """The parts of a dotted name, double quotes removed; empty where it is no name.

    Example:
        >>> split_name('shop."my table"')
        ('shop', 'my table')
    """
    parts: list[str] = []
    at = 0
    while found := _PART.match(source, at):
        parts.append(found[1].replace('""', '"') if found[1] else found[2])
        if not found[3]:
            return tuple(parts)
        at = found.end()
    return ()


def checked_query(con: duckdb.DuckDBPyConnection, source: str) -> str:
    """The query as text that can stand behind FROM, once it is known to be a single SELECT.

    Args:
        con: An open connection; only its parser is used.
        source: The query in brackets, as the caller wrote it.

    Raises:
        SourceError: It does not parse, is several statements, or writes.
    """
    body = source.strip().rstrip(";").rstrip()
    text = _bracketed(body, _parsed(body))
    try:
        statements = con.extract_statements(_DESCRIBE.substitute(source=text))
    except duckdb.Error as error:
        raise SourceError(_unreadable(body, error)) from error
    if len(statements) != 1:
        msg = f"a source query must be one statement: {_short(body)}"
        raise SourceError(msg)
    return text


def is_file(source: str) -> bool:
    """Whether a name looks like a file's, which belongs into a query."""
    return bool(_FILE.search(source.strip().strip("'\"")))


def _parsed(body: str) -> exp.Query:
    try:
        trees = sqlglot.parse(body, read=DIALECT)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise SourceError(_unreadable(body, error)) from error
    statements = [t for t in trees if t is not None and not isinstance(t, exp.Semicolon)]
    if len(statements) != 1:
        msg = (
            f"a source query must be one statement, this one has {len(statements)}: {_short(body)}"
        )
        raise SourceError(msg)
    tree = statements[0]
    writes = tree.find(*_WRITES)
    if not isinstance(tree, exp.Query) or writes is not None:
        kind = type(writes or tree).__name__.upper()
        msg = f"a source query must be one SELECT and only read, this has {kind}: {_short(body)}"
        raise SourceError(msg)
    return tree


def _bracketed(body: str, tree: exp.Query) -> str:
    """Brackets around the text as it was written; a comment cannot swallow the closing one."""
    plain = "--" not in body and "/*" not in body
    if (
        plain
        and isinstance(tree, exp.Subquery)
        and not any(value for key, value in tree.args.items() if key != "this")
    ):
        return body
    return f"({body}\n)"


def _unreadable(body: str, error: Exception) -> str:
    reason = re.sub(r"\x1b\[[0-9;]*m", "", str(error).strip().split("\n", 1)[0])
    return (
        f"the source query cannot be parsed ({reason}): {_short(body)}. "
        "Where DuckDB accepts it, write CREATE VIEW my_source AS … and name the view"
    )


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 80 else flat[:79] + "…"
