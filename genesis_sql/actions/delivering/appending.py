"""Rows beside others: whole-number keys go on behind the greatest that is there.

A key that cannot go on, a text or one of several columns, is looked up before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from genesis_sql.actions.delivering.cells import Cell, family, text_sql
from genesis_sql.actions.delivering.checking import table_of
from genesis_sql.actions.delivering.there import Place, There
from genesis_sql.errors import TargetError
from genesis_sql.plan.definition import Model
from genesis_sql.sqlbuild import quoted, string

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

_HELD = "genesis_keys_that_are_there"
BATCH = 50_000
"""Keys that are fetched at a time."""


@dataclass(frozen=True)
class Shift:
    """How much is added to a column; where ``when`` (column, value) holds, if that is given."""

    by: int
    when: tuple[str, str] | None = None


Shifts = Mapping[str, Mapping[str, tuple[Shift, ...]]]
"""By table and column, both the model's."""


@dataclass(frozen=True)
class Before:
    """What a table held before, how many of the new rows are in, and the query of all of them."""

    rows: int
    written: int
    query: str
    first: str


def shifts(
    own: duckdb.DuckDBPyConnection,
    con: Connection,
    model: Model,
    there: There,
    before: Mapping[str, Before],
) -> Shifts:
    """What is added to keys and to what refers to them, so that they collide with none there.

    Args:
        own: asks the queries of the new rows.
        con: of the other database.
        model: the rows' own.
        there: its tables there.
        before: by table; where a call goes on behind an earlier one, it gives what that one gave.

    Raises:
        TargetError: a key of the new rows is there already, or passes what its column holds.
    """
    out: dict[str, dict[str, tuple[Shift, ...]]] = {t: {} for t in model.visible}
    for table, held in before.items():
        for column in _numbers(model, there, table) if held.rows else ():
            by = _room(own, con, there.places[table], column, held)
            if by:
                _add(out[table], column, Shift(by))
                for child, referring, when in _referring(model, there, table, column):
                    _add(out[child], referring, Shift(by, when))
    _require_one(out, there)
    for table, held in before.items():
        if held.rows and not held.written:
            _require_new(own, con, there.places[table], held, out[table])
    return out


def _add(columns: dict[str, tuple[Shift, ...]], name: str, shift: Shift) -> None:
    columns[name] = tuple(dict.fromkeys((*columns.get(name, ()), shift)))


def _require_one(shifts: Shifts, there: There) -> None:
    for table, columns in shifts.items():
        for column, found in columns.items():
            if len(found) > 1 and any(s.when is None for s in found):
                message = (
                    f"rows cannot be appended to table '{there.places[table].shown}': its column "
                    f"'{column}' refers to tables whose keys go on at different numbers; take "
                    f"if_exists := 'replace'"
                )
                raise TargetError(message)


def _numbers(model: Model, there: There, table: str) -> Iterator[str]:
    """Whole-number columns that are a key by themselves and refer to nothing else."""
    place = there.places[table]
    refers = {
        c
        for r in model.graph.relationships
        if r.child == table and r.parent != table
        for c in r.columns
    }
    names = {c.there: c.name for c in place.cells}
    refers |= {
        names[c]
        for f in there.foreign
        if f.child == table and f.parent != table
        for c in f.columns
        if c in names
    }
    for cell in place.cells:
        alone = frozenset((cell.name,)) in place.keys
        if alone and family(cell.type) == "whole" and cell.name not in refers:
            yield cell.name


def _referring(
    model: Model, there: There, table: str, column: str
) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
    """(table, column, when) of all that refers to a column, over any number of steps."""
    todo, seen = [(table, column)], set()
    while todo:
        parent, above = todo.pop()
        for found in _children(model, there, parent, above):
            if found not in seen and found[:2] != (table, column):
                seen.add(found)
                todo.append((found[0], found[1]))
                yield found


def _children(
    model: Model, there: There, table: str, column: str
) -> Iterator[tuple[str, str, tuple[str, str] | None]]:
    for r in model.graph.relationships:
        if r.parent == table and column in r.parent_columns and r.child in there.places:
            when = (r.when[0], r.when[1]) if r.when else None
            yield r.child, r.columns[r.parent_columns.index(column)], when
    at = there.places[table].there((column,))[0]
    for f in there.foreign:
        if f.parent == table and at in f.parent_columns:
            names = {c.there: c.name for c in there.places[f.child].cells}
            own = names.get(f.columns[f.parent_columns.index(at)])
            if own is not None and not _known(model, f.child, own, table):
                yield f.child, own, None


def _known(model: Model, child: str, column: str, parent: str) -> bool:
    relationships = model.graph.relationships
    return any(
        r.child == child and r.parent == parent and column in r.columns for r in relationships
    )


def _room(
    own: duckdb.DuckDBPyConnection, con: Connection, place: Place, column: str, held: Before
) -> int:
    """What is added to a column."""
    import sqlalchemy

    there = table_of(place).c[place.there((column,))[0]]
    greatest = con.execute(sqlalchemy.select(sqlalchemy.func.max(there))).scalar()
    name = quoted(column)
    least, most = own.execute(f"SELECT min({name}), max({name}) FROM ({held.query})").fetchall()[0]  # noqa: S608 - quoted names
    if greatest is None or least is None:
        return 0
    if held.written:  # an earlier call has added it to the first ones
        last = own.execute(f"SELECT max({name}) FROM ({held.first})").fetchall()[0][0]  # noqa: S608
        return int(greatest) - int(last)
    by = int(greatest) + 1 - int(least) if int(greatest) >= int(least) else 0
    type_ = next(c.type for c in place.cells if c.name == column)
    try:
        own.execute(f"SELECT CAST({int(most) + by} AS {type_})").fetchall()
    except duckdb.Error as error:
        message = (
            f"rows cannot be appended to table '{place.shown}': its key '{column}' has reached "
            f"{int(greatest):,}, and {int(most) + by:,} passes what {type_} holds; take "
            f"if_exists := 'replace', or fewer rows"
        )
        raise TargetError(message) from error
    return by


def _require_new(
    own: duckdb.DuckDBPyConnection,
    con: Connection,
    place: Place,
    held: Before,
    moved: Mapping[str, tuple[Shift, ...]],
) -> None:
    """Refuse rows of which a key is there already."""
    for key in place.keys:
        cells = [c for c in place.cells if c.name in key]
        if set(key) & set(moved):
            continue
        found = _shared(own, con, place, cells, held)
        if found:
            shown = ", ".join(f"{c.name} {v!r}" for c, v in zip(cells, found, strict=True))
            message = (
                f"rows cannot be appended to table '{place.shown}': {shown} is there already and "
                f"must be unique; take another seed, or if_exists := 'replace'"
            )
            raise TargetError(message)


def _shared(
    own: duckdb.DuckDBPyConnection, con: Connection, place: Place, cells: list[Cell], held: Before
) -> tuple[Any, ...] | None:
    """A key of the new rows that is there, as texts."""
    import sqlalchemy

    names = [c.there for c in cells]
    query = sqlalchemy.select(*(table_of(place).c[n] for n in names))
    new = ", ".join(f"{text_sql(c)} AS k{at}" for at, c in enumerate(cells))
    using = ", ".join(f"k{at}" for at in range(len(cells)))
    asked = f"SELECT {using} FROM (SELECT {new} FROM ({held.query})) JOIN {_HELD} USING ({using})"  # noqa: S608 - quoted names
    rows = con.execute(query)
    while part := rows.fetchmany(BATCH):
        columns = [[None if v is None else str(v) for v in c] for c in zip(*part, strict=True)]
        table = pa.table({f"k{at}": pa.array(c, pa.string()) for at, c in enumerate(columns)})
        own.register(_HELD, table)
        try:
            found = own.execute(f"{asked} LIMIT 1").fetchall()
        finally:
            own.unregister(_HELD)
        if found:
            rows.close()
            return tuple(found[0])
    return None


def moved(source: str, place: Place, columns: Mapping[str, tuple[Shift, ...]]) -> str:
    """The query of rows with what is added to their keys."""
    if not columns:
        return source
    parts = []
    for cell in place.cells:
        if cell.name in columns:
            name, terms = quoted(cell.name), [_term(s) for s in columns[cell.name]]
            parts.append(f"CAST({name} + {' + '.join(terms)} AS {cell.type}) AS {name}")
    return f"SELECT * REPLACE ({', '.join(parts)}) FROM ({source})"  # noqa: S608 - quoted names and numbers


def _term(shift: Shift) -> str:
    if shift.when is None:
        return str(shift.by)
    column, value = shift.when
    same = f"CAST({quoted(column)} AS VARCHAR) = {string(value)}"
    return f"CASE WHEN {same} THEN {shift.by} ELSE 0 END"
