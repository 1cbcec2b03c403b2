"""Why DuckDB could not write a file: a full disk, a limit, a place that is gone."""

from __future__ import annotations

import json
import re

import duckdb

_INSIDE = re.compile(r'\{"exception_type".*\}')
_SIGNS = ("could not write", "no space left", "file too large", "failed to write", "quota exceeded")


def is_unwritten(error: duckdb.Error) -> bool:
    """Whether a file could not be written, rather than a statement be wrong.

    Example:
        >>> is_unwritten(duckdb.TransactionException('Failed to commit: Could not write file "x"'))
        True
    """
    return any(sign in str(error).lower() for sign in _SIGNS)


def why_unwritten(error: duckdb.Error) -> str:
    """The reason in one line; errors of DuckDB's writing threads come as JSON inside of others.

    Example:
        >>> why_unwritten(duckdb.IOException('{"exception_type":"IO","exception_message":"Full"}'))
        'Full'
    """
    line = str(error).partition("\n")[0]
    inside = _INSIDE.search(line)
    if inside is not None:
        try:
            return str(json.loads(inside.group())["exception_message"])
        except (KeyError, TypeError, ValueError):
            return line
    return line
