"""The shape of a JSON column: its keys and their types, seen in all rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from genesis_sql.introspect.query import ask
from genesis_sql.program.column_types import fields_of
from genesis_sql.sqlbuild import quoted, string

MOST_KEYS, MOST_LEVELS = 100, 3
_PLAIN = {"VARCHAR", "BIGINT", "UBIGINT", "DOUBLE", "BOOLEAN"}


@dataclass(frozen=True)
class Shape:
    """What the values of a JSON column have in common.

    Attributes:
        type: the struct or list type that holds them; '' where there is none.
        structure: the same as DuckDB's `json_transform` takes it.
        reason: why there is none.
    """

    type: str
    structure: str
    reason: str = ""


def shape_of(con: duckdb.DuckDBPyConnection, source: str, column: str) -> Shape:
    """The shape of a JSON column; of objects of a few keys and levels, and of arrays."""
    template = "SELECT json_group_structure($column) FROM $source"
    about = f"column {quoted(column)}"
    found = ask(con, template, about=about, column=quoted(column), source=source)[0][0]
    shape = _named(json.loads(found)) if found is not None else "NULL"
    if not isinstance(shape, dict | list):
        return Shape("", "", "its values are not all objects, or all arrays")
    reason = _unfit(shape)
    if not reason and sum(1 for _ in _keys(shape)) > MOST_KEYS:
        reason = f"it has more than {MOST_KEYS} keys"
    if reason:
        return Shape("", "", reason)
    return Shape(_type(shape), json.dumps(shape, ensure_ascii=False))


def _named(shape: Any) -> Any:
    """The structure with a type for what is null in all rows."""
    if isinstance(shape, dict):
        return {key: _named(value) for key, value in shape.items()}
    if isinstance(shape, list):
        return [_named(shape[0])]
    return "VARCHAR" if shape == "NULL" else shape


def _unfit(shape: Any, key: str = "", level: int = 1) -> str:
    """Why a structure is too irregular; '' where it is not."""
    where = f"key '{key}'" if key else "it"
    if isinstance(shape, list):
        if isinstance(shape[0], list):
            return f"{where} holds arrays in arrays"
        return _unfit(shape[0], key, level)
    if isinstance(shape, dict):
        if level > MOST_LEVELS:
            return f"it is more than {MOST_LEVELS} levels deep"
        if not shape:
            return f"{where} holds objects without keys"
        folded = [k.casefold() for k in shape]
        if len(set(folded)) < len(folded):
            return f"{where} has keys that differ in case alone"
        return next(filter(None, (_unfit(v, k, level + 1) for k, v in shape.items())), "")
    return "" if shape in _PLAIN else f"{where} holds values of several kinds"


def _keys(shape: Any) -> Iterator[str]:
    if isinstance(shape, dict):
        for key, value in shape.items():
            yield key
            yield from _keys(value)
    elif isinstance(shape, list):
        yield from _keys(shape[0])


def _type(shape: Any) -> str:
    if isinstance(shape, dict):
        return f"STRUCT({', '.join(f'{quoted(k)} {_type(v)}' for k, v in shape.items())})"
    return f"{_type(shape[0])}[]" if isinstance(shape, list) else str(shape)


def nulls_of(
    con: duckdb.DuckDBPyConnection, source: str, column: str, type_: str
) -> dict[tuple[str, ...], bool]:
    """By the path of each key: is it null, where it has no value, more often than missing?"""
    paths = list(_paths(type_))
    counts = []
    for path in paths:
        own, above = (f"json_type({quoted(column)}, {_pointer(p)})" for p in (path, path[:-1]))
        counts.append(f"count(*) FILTER ({own} = 'NULL')")
        counts.append(f"count(*) FILTER ({own} IS NULL AND {above} = 'OBJECT')")
    if not paths:
        return {}
    about, template = f"column {quoted(column)}", "SELECT $counts FROM $source"
    found = ask(con, template, about=about, counts=", ".join(counts), source=source)[0]
    return {path: found[2 * at] > found[2 * at + 1] for at, path in enumerate(paths)}


def _paths(type_: str, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, of in fields_of(type_):
        yield (*above, key)
        yield from _paths(of, (*above, key))


def _pointer(path: tuple[str, ...]) -> str:
    """A path as a JSON pointer in a string literal; the root is '$'."""
    parts = (key.replace("~", "~0").replace("/", "~1") for key in path)
    return string("".join(f"/{part}" for part in parts) or "$")
