"""Python functions that fill columns: what they read of a row, found in their code."""

from __future__ import annotations

import dis
from collections.abc import Callable, Collection, Iterator
from types import CodeType
from typing import Any


def reads(function: Callable[..., Any], columns: Collection[str]) -> list[str] | None:
    """The columns of the row that a function names.

    Args:
        function: ``f(row, column)``.
        columns: of its table, without its own.

    Returns:
        None where it reads the row and names no column of it: then it may read any.

    Example:
        >>> reads(lambda row, column: row["a"] + 1, ["a", "b"])
        ['a']
        >>> reads(lambda row, column: 5, ["a", "b"])
        []
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    named = set(_texts(code))
    found = [name for name in columns if name in named]
    return found if found or not _uses_row(code) else None


def _texts(code: CodeType) -> Iterator[str]:
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, tuple | frozenset):
            yield from (c for c in constant if isinstance(c, str))
        elif isinstance(constant, CodeType):
            yield from _texts(constant)


def _uses_row(code: CodeType) -> bool:
    """Whether the first argument is read; a method's first is itself."""
    names = code.co_varnames[: code.co_argcount]
    row = names[1] if names[:1] == ("self",) and len(names) > 1 else names[0] if names else "*"
    if code.co_flags & 0x04 or row in code.co_cellvars:  # *args, or an inner function has it
        return True
    return any(row in _shown(i.argval) for i in dis.get_instructions(code) if "LOAD" in i.opname)


def _shown(argument: Any) -> tuple[Any, ...]:
    """Names that an instruction loads: some load two at a time."""
    return argument if isinstance(argument, tuple) else (argument,)
