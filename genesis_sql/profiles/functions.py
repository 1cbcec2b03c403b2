"""Python functions as columns: what a session has registered, and how they are called for rows.

The states of ``random`` and ``numpy.random`` are set from the row's own draw before each call and
put back afterwards, so that the same seed gives the same rows in any order; one call at a time, as
these states belong to the whole process. A function on Arrow tables gets draws as columns instead:
its blocks differ from run to run.
"""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from genesis_sql.errors import OptionError, ProfileError, nearest
from genesis_sql.profiles.results import as_text, result_texts

_STATES = threading.RLock()
DRAW, NUMBER = "u()", "n()"
"""Columns that a function on Arrow tables gets besides: a draw in [0, 1) and the row's number."""


@dataclass(frozen=True)
class Function:
    """A registered function.

    Attributes:
        name: what profiles call it.
        call: ``f(row, column)`` with a dict, or ``f(table, column)`` with an Arrow table.
        arrow: whether it is of the second form.
    """

    name: str
    call: Callable[[Any, str], Any]
    arrow: bool = False


@dataclass(frozen=True)
class Asked:
    """What a call is for: see `genesis_sql.profiles.called`."""

    function: str
    table: str
    column: str
    reads: tuple[str, ...]
    type: str
    length: int | None
    nullable: bool = True

    @staticmethod
    def of(text: str) -> Asked:
        """Out of the text in the statement.

        Raises:
            ProfileError: it is no such text.
        """
        try:
            plain = json.loads(text)
            reads, length = tuple(map(str, plain["reads"])), plain["length"]
            function, table, column = (str(plain[k]) for k in ("function", "table", "column"))
            most = None if length is None else int(length)
            nullable = bool(plain.get("nullable", True))
            return Asked(function, table, column, reads, str(plain["type"]), most, nullable)
        except (ValueError, KeyError, TypeError) as error:
            message = (
                "genesis_python is called by profiles only; give one a column of type 'function'"
            )
            raise ProfileError(message) from error


def give_values(functions: Mapping[str, Function], given: Sequence[Any]) -> pa.Array:
    """Texts of the values of a block of rows.

    Args:
        functions: of the session, by name.
        given: Arrow columns: what is asked, a word, the row's number, the columns read.

    Raises:
        OptionError: the function is not registered in this session.
        ProfileError: it raises, or gives what the column cannot hold.
    """
    if not len(given[0]):
        return pa.array([], pa.string())
    asked = Asked.of(given[0][0].as_py())
    if asked.function not in functions:
        message = (
            f"column '{asked.column}' of table '{asked.table}' is made by the Python function "
            f"'{asked.function}', which this session does not have"
            f"{nearest(asked.function, functions)}; call "
            f"genesis_sql.register_function(con, {asked.function!r}, f) first"
        )
        raise OptionError(message)
    function = functions[asked.function]
    if function.arrow:
        return _on_table(function, asked, given)
    return _on_rows(function, asked, given)


def _on_rows(function: Function, asked: Asked, given: Sequence[Any]) -> pa.Array:
    words, numbers = given[1].to_pylist(), given[2].to_pylist()
    columns = [column.to_pylist() for column in given[3:]]
    rows: list[tuple[Any, ...]] = list(zip(*columns, strict=True)) if columns else [()] * len(words)
    out: list[str | None] = []
    with states_kept():
        for word, number, values in zip(words, numbers, rows, strict=True):
            random.seed(word)
            np.random.seed(word)
            where = f"{asked.table}.{asked.column}, row {number}"
            try:
                made = function.call(dict(zip(asked.reads, values, strict=True)), asked.column)
            except Exception as error:
                raise ProfileError(_raised(function, where, error)) from error
            text = as_text(where, function.name, made, asked.type, asked.length)
            if text is None and not asked.nullable:
                raise ProfileError(_missing(function, where))
            out.append(text)
    return pa.array(out, pa.string())


def _on_table(function: Function, asked: Asked, given: Sequence[Any]) -> pa.Array:
    arrays = [_whole(column) for column in given]
    draws = pa.array(np.asarray(arrays[1].to_numpy(zero_copy_only=False)) * 2.0**-32)
    names = [*asked.reads, DRAW, NUMBER]
    table = pa.Table.from_arrays([*arrays[3:], draws, arrays[2]], names=names)
    numbers = arrays[2]
    where = f"{asked.table}.{asked.column}, rows {numbers[0]} to {numbers[-1]}"
    with states_kept() as before:
        try:
            made = function.call(table, asked.column)
        except Exception as error:
            raise ProfileError(_raised(function, where, error)) from error
        if not _same(before, _states()):
            message = (
                f"{where}: the function '{function.name}' draws from random or numpy.random, which "
                f"would differ from run to run; take draws from the column '{DRAW}' of its table"
            )
            raise ProfileError(message)
    if not isinstance(made, pa.Array | pa.ChunkedArray):
        message = (
            f"{where}: the function '{function.name}' gave a {type(made).__name__}, no Arrow array"
        )
        raise ProfileError(message)
    if len(made) != len(numbers):
        message = (
            f"{where}: the function '{function.name}' gave {len(made):,} values for "
            f"{len(numbers):,} rows"
        )
        raise ProfileError(message)
    place = f"{asked.table}.{asked.column}"
    texts = result_texts(place, function.name, _whole(made), numbers, asked.type, asked.length)
    if texts.null_count and not asked.nullable:
        first = numbers[texts.is_null().index(True).as_py()]
        raise ProfileError(_missing(function, f"{place}, row {first}"))
    return texts


def _whole(array: Any) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _missing(function: Function, where: str) -> str:
    return f"{where}: the function '{function.name}' gave NULL, and the column is NOT NULL"


def _raised(function: Function, where: str, error: Exception) -> str:
    told = " ".join(str(error).split())[:200]
    return f"{where}: the function '{function.name}' raised {type(error).__name__}: {told}"


@contextmanager
def states_kept() -> Iterator[tuple[Any, Any]]:
    """Nobody else draws from the states of ``random`` and ``numpy.random``; then as before."""
    with _STATES:
        before = _states()
        try:
            yield before
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])


def _states() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state()


def _same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    arrays = zip(one[1], other[1], strict=True)
    return one[0] == other[0] and all(np.array_equal(a, b) for a, b in arrays)
