"""What stands in the other database: its tables, columns and keys, and how a model's fit them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from genesis_sql.actions.delivering.cells import Cell, family
from genesis_sql.actions.delivering.connecting import telling
from genesis_sql.errors import SchemaError, TargetError, nearest
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import output_columns

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    Reflected = Mapping[tuple[str | None, str], Any]

_FITS: Mapping[str, frozenset[str]] = {
    "boolean": frozenset(("boolean", "whole", "number", "text")),
    "whole": frozenset(("whole", "number", "boolean", "text")),
    "number": frozenset(("number", "text")),
    "text": frozenset(
        ("text", "uuid", "json", "date", "time", "timestamp", "instant", "interval", "other")
    ),
    "date": frozenset(("date", "timestamp", "instant", "text")),
    "time": frozenset(("time", "text")),
    "timestamp": frozenset(("timestamp", "instant", "text")),
    "instant": frozenset(("instant", "timestamp", "text")),
    "interval": frozenset(("interval", "text")),
    "uuid": frozenset(("uuid", "text")),
    "json": frozenset(("json", "text")),
    "list": frozenset(("list", "json", "text")),
    "binary": frozenset(("binary",)),
}
"""Families of the other database that hold the values of one of ours, nothing lost or guessed."""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of the other database, between two tables that are filled (model's names)."""

    name: str | None
    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    deferrable: bool = False


@dataclass(frozen=True)
class Place:
    """A table of the model and the one that it goes into.

    Attributes:
        table: the model's.
        schema, name: of the one there; no schema where it is the connection's own.
        cells: the columns that are written.
        counted: columns there whose next number the database keeps: serial, identity.
        keys: what the database itself keeps unique, by the model's names.
    """

    table: str
    schema: str | None
    name: str
    cells: tuple[Cell, ...]
    counted: tuple[tuple[str, str | None], ...] = ()
    keys: tuple[frozenset[str], ...] = ()

    @property
    def shown(self) -> str:
        """As messages name it."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def there(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The names there of columns of the model."""
        names = {c.name: c.there for c in self.cells}
        return tuple(names[c] for c in columns)

    @property
    def held(self) -> frozenset[str]:
        """The model's columns that are written."""
        return frozenset(c.name for c in self.cells)


@dataclass(frozen=True)
class Beyond:
    """A foreign key of a table that is filled to one that the model does not have."""

    child: str
    columns: tuple[str, ...]
    schema: str | None
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class There:
    """The other database, as far as a model is concerned.

    Attributes:
        places: by the model's name of the table.
        foreign: keys between them.
        outside: tables there that refer to one of them and are not filled: (schema, table, columns,
            the table of the model).
        beyond: foreign keys of tables that are filled to others that are not.
    """

    places: Mapping[str, Place]
    foreign: tuple[ForeignKey, ...]
    outside: tuple[tuple[str | None, str, tuple[str, ...], str], ...] = ()
    beyond: tuple[Beyond, ...] = ()

    def without(self, keys: Iterable[ForeignKey]) -> There:
        """The same as if the database did not have these keys."""
        gone = set(keys)
        return replace(self, foreign=tuple(f for f in self.foreign if f not in gone))

    def own(self, table: str) -> bool:
        """Whether rows of a table refer to others of it."""
        return any(f.child == f.parent == table for f in self.foreign)


def look(con: Connection, model: Model, schema: str | None) -> There:
    """Find the model's tables there.

    Raises:
        TargetError: a table or column is missing, a type does not fit, or a column that has to be
            given is not in the model.
    """
    names = {t: (schema or model.graph.table(t).schema or None) for t in model.visible}
    reflected = {s: _reflect(con, s) for s in dict.fromkeys(names.values())}
    found = {t: _table(model, t, s, reflected[s]) for t, s in names.items()}
    places = {t: _place(model, t, names[t], n, reflected[names[t]]) for t, n in found.items()}
    return There(places, *_foreign(con, places, reflected))


@dataclass(frozen=True)
class _Schema:
    """A schema there, as SQLAlchemy reflects it."""

    columns: Mapping[str, list[Any]]
    primary: Mapping[str, Any]
    unique: Mapping[str, list[Any]]
    foreign: Mapping[str, list[Any]]


def _reflect(con: Connection, schema: str | None) -> _Schema:
    import sqlalchemy

    with telling("the database", "does not tell its tables"), warnings.catch_warnings():
        warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)  # a type it does not know
        inspector = sqlalchemy.inspect(con)
        if schema is not None and schema not in inspector.get_schema_names():
            message = (
                f"the database has no schema '{schema}'"
                f"{nearest(schema, inspector.get_schema_names())}"
            )
            raise TargetError(message)
        parts: list[Reflected] = [
            inspector.get_multi_columns(schema=schema),
            inspector.get_multi_pk_constraint(schema=schema),
            inspector.get_multi_unique_constraints(schema=schema),
            inspector.get_multi_foreign_keys(schema=schema),
        ]
    return _Schema(*({name: value for (_, name), value in part.items()} for part in parts))


def _match(name: str, known: Iterable[str]) -> str | None:
    """The same name, or the only one that differs in case alone."""
    names = list(known)
    if name in names:
        return name
    alike = [n for n in names if n.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _table(model: Model, table: str, schema: str | None, found: _Schema) -> str:
    bare = model.graph.table(table).bare_name
    name = _match(bare, found.columns)
    if name is None:
        where = f" in schema '{schema}'" if schema else ""
        message = f"the database has no table '{bare}'{where}{nearest(bare, found.columns)}"
        raise TargetError(message)
    return name


def _place(model: Model, table: str, schema: str | None, name: str, found: _Schema) -> Place:
    columns = {str(c["name"]): c for c in found.columns[name]}
    cells: list[Cell] = []
    for own, type_ in output_columns(model, table):
        there = _match(own, columns)
        if there is None:
            message = f"table '{name}' of the database has no column '{own}'{nearest(own, columns)}"
            raise TargetError(message)
        if columns[there].get("computed") is None:  # else the database makes it itself
            cells.append(_cell(name, own, type_, there, columns[there]))
    _require_given(model, name, cells, columns)
    held = {c.there: c.name for c in cells}
    keys = [found.primary.get(name, {}).get("constrained_columns") or []]
    keys += [u["column_names"] for u in found.unique.get(name, [])]
    unique = [frozenset(held[c] for c in k) for k in keys if k and set(k) <= set(held)]
    counted = [(c, columns[c].get("default")) for c in held if _counts(columns[c])]
    return Place(table, schema, name, tuple(cells), tuple(counted), tuple(unique))


def _counts(column: Mapping[str, Any]) -> bool:
    default = str(column.get("default") or "")
    return column.get("identity") is not None or default.startswith("nextval(")


def _require_given(
    model: Model, name: str, cells: list[Cell], columns: Mapping[str, Mapping[str, Any]]
) -> None:
    written = {c.there for c in cells}
    for column, about in columns.items():
        free = about.get("nullable", True) or about.get("default") is not None
        made = about.get("identity") is not None or about.get("computed") is not None
        made = made or about.get("autoincrement") is True
        if column not in written and not free and not made:
            message = (
                f"column '{column}' of table '{name}' may not be NULL and model '{model.name}' "
                f"has no such column; give it a default there, or learn the table anew"
            )
            raise TargetError(message)


def _cell(table: str, own: str, type_: str, there: str, about: Mapping[str, Any]) -> Cell:
    kind, length = _kind(about["type"])
    of = family(type_)
    whole = of == "number" and type_.upper().replace(" ", "").endswith(",0)")
    if kind != "other" and kind not in _FITS[of] and not (whole and kind == "whole"):
        message = (
            f"column '{own}' of table '{table}' is {type_} in the model and {about['type']} in "
            f"the database, which does not hold its values"
        )
        raise TargetError(message)
    return Cell(own, type_, there, kind, length)


def _kind(type_: Any) -> tuple[str, int | None]:
    """The family of a type of SQLAlchemy, and the length of a text."""
    from sqlalchemy import types as sa

    name = type(type_).__name__.upper()
    if isinstance(type_, sa.ARRAY):
        return "list", None
    if isinstance(type_, sa.DateTime) or name in ("TIMESTAMP", "DATETIME"):
        return ("instant" if getattr(type_, "timezone", False) else "timestamp"), None
    if name in ("BINARY", "VARBINARY") or isinstance(type_, sa.LargeBinary):
        return "binary", None
    classes: tuple[tuple[type, str], ...] = (
        (sa.Boolean, "boolean"), (sa.Integer, "whole"), (sa.Numeric, "number"),
        (sa.JSON, "json"), (sa.Uuid, "uuid"), (sa.Interval, "interval"), (sa.Date, "date"),
        (sa.Time, "time"), (sa.String, "text"),
    )  # fmt: skip
    kind = next((k for c, k in classes if isinstance(type_, c)), "other")
    if name in ("INTERVAL", "UUID", "JSON", "JSONB"):
        kind = {"JSONB": "json"}.get(name, name.lower())
    return kind, getattr(type_, "length", None) if kind == "text" else None


def _foreign(
    con: Connection, places: Mapping[str, Place], reflected: Mapping[str | None, _Schema]
) -> tuple[tuple[ForeignKey, ...], tuple[Any, ...], tuple[Beyond, ...]]:
    """Keys between the tables, those of others that point at them, and those to others."""
    at = {(p.schema, p.name): t for t, p in places.items()}
    default = con.dialect.default_schema_name
    keys: list[ForeignKey] = []
    outside, beyond = [], []
    for schema, found in reflected.items():
        for name, key in ((n, k) for n, foreign in found.foreign.items() for k in foreign):
            above = key["referred_schema"] or schema
            above = None if (above, schema) == (default, None) else above
            child, parent = at.get((schema, name)), at.get((above, key["referred_table"]))
            columns, others = tuple(key["constrained_columns"]), tuple(key["referred_columns"])
            if child is None and parent is not None:
                outside.append((schema, name, columns, parent))
            elif child is not None and parent is None:
                beyond.append(Beyond(child, columns, above, key["referred_table"], others))
            elif child is not None and parent is not None:
                late = bool((key.get("options") or {}).get("deferrable"))
                keys.append(ForeignKey(key.get("name"), child, columns, parent, others, late))
    return tuple(keys), tuple(outside), tuple(beyond)


def units(model: Model, there: There) -> tuple[tuple[str, ...], ...]:
    """The tables in an order in which parents come first; those of a circle stand together.

    Raises:
        SchemaError: never with keys that the database has; a guard of the loop.
    """
    above = {t: {f.parent for f in there.foreign if f.child == t} - {t} for t in model.visible}
    reach = {t: _reach(t, above) for t in model.visible}
    circle = {
        t: tuple(o for o in model.visible if o == t or (o in reach[t] and t in reach[o]))
        for t in model.visible
    }
    out: list[tuple[str, ...]] = []
    done: set[str] = set()
    waiting = list(dict.fromkeys(circle.values()))
    while waiting:
        ready = next((u for u in waiting if all(above[t] <= done | set(u) for t in u)), None)
        if ready is None:
            message = f"the keys between {waiting} give no order"
            raise SchemaError(message)
        out.append(ready)
        done |= set(ready)
        waiting.remove(ready)
    return tuple(out)


def _reach(table: str, above: Mapping[str, set[str]]) -> set[str]:
    """All tables that one refers to, over any number of steps."""
    seen: set[str] = set()
    todo = list(above[table])
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += above[at]
    return seen
