"""Which parent a table hangs on, which it chooses, in which order tables come, how many rows each.

A table hangs on one *main* parent: its rows are counted per row of that one, and know it. The rows
of its other parents are chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from genesis_sql.drafts.absent import bound
from genesis_sql.drafts.words import words
from genesis_sql.errors import OptionError, SchemaError, nearest
from genesis_sql.introspect.catalog import alike
from genesis_sql.types import RawForeignKey, RawSchema, RawTable

ROOTS, CHOSEN, LOOKUPS = 1_000, 200, 12
"""Default rows of a root, of a table that others only choose from, and of one of labels."""
CHILDREN, COMPANIONS = 3.0, 0.8
"""Default rows per row of the main parent; of a table that has one at most, the share that has."""
FEW = 3
"""Columns beside its key that a table of labels has at most."""


LABELS = frozenset(
    "country currency category status type kind role state region province city county language "
    "tag genre unit brand level priority tier class group permission color colour size method "
    "source reason label topic continent gender industry segment channel severity stage".split()
)
"""Last words of tables of labels."""


def check_keys(schema: RawSchema) -> None:
    """Refuse foreign keys that lead nowhere.

    Raises:
        SchemaError: the first one.
    """
    tables = {t.name: t for t in schema.tables}
    _names_differ(schema)
    _names_written(schema)
    for table in schema.tables:
        for key in table.foreign_keys:
            where = f"the foreign key {table.name}({', '.join(key.columns)})"
            above = tables.get(key.parent)
            if above is None:
                message = f"{where} refers to table '{key.parent}', which the schema does not have"
                raise SchemaError(message + nearest(key.parent, tables))
            _columns_there(where, key, table, above)


def _names_differ(schema: RawSchema) -> None:
    """Refuse tables whose names differ in case alone: no database of DuckDB holds both."""
    for one, other in alike(t.name for t in schema.tables):
        message = (
            f"the tables '{one}' and '{other}' differ in case alone, which DuckDB takes for the "
            "same name; rename one of them"
        )
        raise SchemaError(message)


def _names_written(schema: RawSchema) -> None:
    """Refuse names that no path of names can hold, and say what to call them."""
    for table in schema.tables:
        for name in (table.name, *(c.name for c in table.columns)):
            if name.startswith("#") or any(sign in name for sign in ".·"):
                called = name.lstrip("# ").replace(".", "_").replace("·", "_") or "number"
                what = "table" if name is table.name else f"table '{table.name}': column"
                message = (
                    f"{what} '{name}' begins with # or holds a point, which no name in a model "
                    f"does; call it '{called}' in the schema"
                )
                raise SchemaError(message)


def _columns_there(where: str, key: RawForeignKey, table: RawTable, above: RawTable) -> None:
    for names, held in ((key.columns, table), (key.parent_columns, above)):
        known = [c.name for c in held.columns]
        for name in names:
            if name not in known:
                message = f"{where} names the column '{name}', which '{held.name}' does not have"
                raise SchemaError(message + nearest(name, known))
    if len(key.columns) != len(key.parent_columns):
        message = f"{where} has {len(key.columns)} columns and refers to {len(key.parent_columns)}"
        raise SchemaError(message)
    if tuple(key.parent_columns) not in (above.primary_key, *above.unique_keys):
        shown = ", ".join(key.parent_columns)
        message = (
            f"{where} refers to {above.name}({shown}), which is no key; "
            f"declare it PRIMARY KEY or UNIQUE"
        )
        raise SchemaError(message)


def optional(table: RawTable, key: RawForeignKey) -> bool:
    """Whether a reference may be NULL."""
    nullable = {c.name for c in table.columns if c.nullable}
    return not set(key.columns) & set(table.primary_key) and set(key.columns) <= nullable


def careful(schema: RawSchema) -> bool:
    """Whether the schema says where NULL may stand: one that forbids it nowhere, does not."""
    return any(
        not c.nullable
        for t in schema.tables
        for c in t.columns
        if c.name not in t.primary_key and not c.generated
    )


def main_parents(schema: RawSchema) -> dict[str, RawForeignKey]:
    """The reference that each table hangs on; none for a root.

    Raises:
        SchemaError: tables need one another and none of the references may be NULL.
    """
    tables = {t.name: t for t in schema.tables}
    free = _without_circles(schema)
    depth = {name: at for at, name in enumerate(_order(schema, free))}
    levels = _levels(free, sorted(tables, key=lambda n: depth[n]))
    out = {}
    for table in schema.tables:
        held = bound(table)
        keys = [
            k
            for k in free[table.name]
            if (not is_lookup(tables[k.parent], schema) or only_one(table, k))
            and not held & set(k.columns)
        ]
        if keys:
            out[table.name] = max(
                keys, key=lambda k: (*_rank(table, k, levels), -table.foreign_keys.index(k))
            )
    return out


def _rank(table: RawTable, key: RawForeignKey, levels: Mapping[str, int]) -> tuple[Any, ...]:
    """What speaks for a parent: it must be there, the child is named after it, it is far down."""
    own, above = table.name.lower(), singular(key.parent.lower())
    return not optional(table, key), own.startswith(above), levels[key.parent]


def singular(name: str) -> str:
    """A table's name without the plural's ending.

    Example:
        >>> [singular(n) for n in ("orders", "categories", "boxes", "address", "status")]
        ['order', 'category', 'box', 'address', 'status']
    """
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    if name.endswith(("xes", "ches", "shes", "sses", "uses")):
        return name[:-2]
    return name if name.endswith(("ss", "us", "is")) else name.removesuffix("s")


def is_lookup(table: RawTable, schema: RawSchema) -> bool:
    """Whether a table holds labels that others choose from: by its name, and its few columns."""
    own = [c for c in table.columns if c.name not in table.primary_key]
    referred = any(k.parent == table.name for t in schema.tables for k in t.foreign_keys)
    times = any(c.type.upper().startswith(("DATE", "TIMESTAMP")) for c in own)
    named = words(singular(table.name))[-1:] and words(singular(table.name))[-1] in LABELS
    small = len(own) <= FEW and all(k.parent == table.name for k in table.foreign_keys)
    return bool(referred and named and small and not times)


def _without_circles(schema: RawSchema) -> dict[str, list[RawForeignKey]]:
    """The references of each table, without those to itself and those that close a circle."""
    free = {t.name: [k for k in t.foreign_keys if k.parent != t.name] for t in schema.tables}
    tables = {t.name: t for t in schema.tables}
    while True:
        circle = _circle(free)
        if not circle:
            return free
        for child, key in circle:
            if optional(tables[child], key):
                free[child].remove(key)
                break
        else:
            names = " → ".join([*(child for child, _ in circle), circle[0][0]])
            message = (
                f"the tables {names} refer to one another, and none of these references may be "
                "NULL; allow it for one of them"
            )
            raise SchemaError(message)


def _circle(free: Mapping[str, list[RawForeignKey]]) -> list[tuple[str, RawForeignKey]]:
    """References that lead from a table back to itself; nothing where there are none."""
    done: set[str] = set()
    path: list[tuple[str, RawForeignKey]] = []

    def visit(name: str) -> bool:
        if name in done:
            return False
        for key in free[name]:
            path.append((name, key))
            starts = [child for child, _ in path]
            if key.parent in starts:
                del path[: starts.index(key.parent)]
                return True
            if visit(key.parent):
                return True
            path.pop()
        done.add(name)
        return False

    return path if any(visit(name) for name in free) else []


def ordered(schema: RawSchema) -> list[RawTable]:
    """Tables, each behind those it refers to; references that close a circle aside."""
    tables = {t.name: t for t in schema.tables}
    return [tables[n] for n in _order(schema, _without_circles(schema))]


def _order(schema: RawSchema, free: Mapping[str, list[RawForeignKey]]) -> list[str]:
    done: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in done:
            for key in free[name]:
                visit(key.parent)
            done[name] = None

    for table in schema.tables:
        visit(table.name)
    return list(done)


def _levels(free: Mapping[str, list[RawForeignKey]], order: list[str]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for name in order:
        levels[name] = 1 + max((levels[k.parent] for k in free[name]), default=-1)
    return levels


def only_one(table: RawTable, key: RawForeignKey) -> bool:
    """Whether a row of the parent has one row of the table at most."""
    own = set(key.columns)
    keys = [k for k in (table.primary_key, *table.unique_keys) if k]
    return any(set(k) <= own for k in keys)


def sizes(
    schema: RawSchema, mains: Mapping[str, RawForeignKey], asked: Mapping[str, int]
) -> dict[str, int]:
    """The rows of each table: as asked for, else by what it is and what is asked below it.

    Raises:
        OptionError: rows are asked of a table that is not there.
    """
    known = {t.name.lower(): t.name for t in schema.tables}
    wanted: dict[str, int] = {}
    for name, rows in asked.items():
        if name.lower() not in known:
            message = f"rows names the table '{name}', which the schema does not have"
            raise OptionError(message + nearest(name, known.values()))
        if rows < 0:
            message = f"rows asks for {rows:,} rows of '{name}'; ask for 0 or more"
            raise OptionError(message)
        wanted[known[name.lower()]] = rows
    out: dict[str, int] = {}
    for table in ordered(schema):
        most = _needed(table, schema, mains, wanted)
        default = int(min(_default(table, schema, mains, out), most))
        empty = _without_rows(table, mains, out)
        if empty and wanted.get(table.name):
            message = (
                f"rows asks for {wanted[table.name]:,} rows of '{table.name}' and for none of "
                f"'{empty}', which they refer to; ask for rows of '{empty}', or for none of both"
            )
            raise OptionError(message)
        out[table.name] = 0 if empty else wanted.get(table.name, default)
    return out


def _without_rows(
    table: RawTable, mains: Mapping[str, RawForeignKey], made: Mapping[str, int]
) -> str:
    """A table without rows that a table's rows have to refer to; '' where there is none."""
    for key in table.foreign_keys:
        needed = key is mains.get(table.name) or not optional(table, key)
        if needed and key.parent != table.name and made.get(key.parent) == 0:
            return key.parent
    return ""


def _needed(
    table: RawTable,
    schema: RawSchema,
    mains: Mapping[str, RawForeignKey],
    wanted: Mapping[str, int],
) -> float:
    """The most rows that the rows asked of the tables below it can be spread over."""
    out = math.inf
    for child in schema.tables:
        main = mains.get(child.name)
        if main is not None and main.parent == table.name:
            rows = wanted.get(child.name) or _needed(child, schema, mains, wanted)
            out = min(out, rows / (COMPANIONS if only_one(child, main) else CHILDREN))
    return max(1.0, out)


def _default(
    table: RawTable,
    schema: RawSchema,
    mains: Mapping[str, RawForeignKey],
    made: Mapping[str, int],
) -> int:
    main = mains.get(table.name)
    if main is not None:
        each = COMPANIONS if only_one(table, main) else CHILDREN
        return max(1, round(made[main.parent] * each))
    if is_lookup(table, schema):
        return LOOKUPS
    hangs = any(key.parent == table.name for key in mains.values())
    chosen = any(k.parent == table.name for t in schema.tables for k in t.foreign_keys)
    return CHOSEN if chosen and not hangs else ROOTS
