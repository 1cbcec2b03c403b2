"""The catalog as SQLAlchemy's inspector asks for it: one method for each kind of fact.

Each `get_multi_…` reads a schema at once; the single form asks for one table of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope, cache
from sqlalchemy.types import Enum

from genesis_sql.dialect import catalog
from genesis_sql.dialect.catalog import Constraint, Place, Thing
from genesis_sql.dialect.column_types import type_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

Facts = Any
Many = Iterable[tuple[tuple[str | None, str], Facts]]
Fill = Callable[[Thing], Facts]


class Reflection:
    """The part of the dialect that reads the catalog."""

    # names

    @cache
    def get_schema_names(self, connection: Connection, **kw: Any) -> list[str]:
        """The schemas of the current database, then `alias.schema` of attached ones."""
        return catalog.schemas(connection)

    def has_schema(self, connection: Connection, schema_name: str, **kw: Any) -> bool:
        """Whether there is such a schema."""
        place = catalog.place_of(connection, schema_name)
        query = "SELECT 1 FROM duckdb_schemas() WHERE database_name = $1 AND schema_name = $2"
        return bool(catalog.rows(connection, query, place.database, place.schema))

    @cache
    def get_table_names(
        self, connection: Connection, schema: str | None = None, **kw: Any
    ) -> list[str]:
        """The tables, without TEMP ones."""
        return _names(connection, schema, "table", temporary=False)

    @cache
    def get_view_names(
        self, connection: Connection, schema: str | None = None, **kw: Any
    ) -> list[str]:
        """The views, without TEMP ones."""
        return _names(connection, schema, "view", temporary=False)

    @cache
    def get_temp_table_names(
        self, connection: Connection, schema: str | None = None, **kw: Any
    ) -> list[str]:
        """The TEMP tables of this connection."""
        return _names(connection, None, "table", temporary=True)

    @cache
    def get_temp_view_names(
        self, connection: Connection, schema: str | None = None, **kw: Any
    ) -> list[str]:
        """The TEMP views of this connection."""
        return _names(connection, None, "view", temporary=True)

    def get_materialized_view_names(
        self, connection: Connection, schema: str | None = None, **kw: Any
    ) -> list[str]:
        """DuckDB has none."""
        return []

    @cache
    def get_sequence_names(
        self, connection: Connection, schema: str | None = None, **kw: Any
    ) -> list[str]:
        """The sequences."""
        return catalog.sequences(connection, catalog.place_of(connection, schema))

    @cache
    def get_view_definition(
        self, connection: Connection, view_name: str, schema: str | None = None, **kw: Any
    ) -> str:
        """The statement that made a view."""
        found = catalog.things(connection, catalog.place_of(connection, schema)).get(view_name)
        if found is None or found.kind != "view":
            raise exc.NoSuchTableError(view_name)
        return found.sql

    def has_table(
        self, connection: Connection, table_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        """Whether there is a table or view of that name."""
        return table_name in catalog.things(connection, catalog.place_of(connection, schema))

    def has_multi_table(
        self, connection: Connection, table_names: Any, schema: str | None = None, **kw: Any
    ) -> Many:
        """The same for several."""
        found = catalog.things(connection, catalog.place_of(connection, schema))
        return {(schema, name): name in found for name in table_names}.items()

    def has_sequence(
        self, connection: Connection, sequence_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        """Whether there is a sequence of that name."""
        place = catalog.place_of(connection, schema)
        return sequence_name in catalog.sequences(connection, place)

    def has_type(
        self, connection: Connection, type_name: str, schema: str | None = None, **kw: Any
    ) -> bool:
        """Whether there is an enum type of that name."""
        place = catalog.place_of(connection, schema)
        return type_name in catalog.enum_names(connection, place).values()

    # facts of many tables

    def get_multi_columns(self, connection: Connection, **how: Any) -> Many:
        """Names, types, defaults and comments of columns."""
        place = catalog.place_of(connection, how.get("schema"))
        found = catalog.columns(connection, place)
        enums = catalog.enum_names(connection, place)

        def fill(thing: Thing) -> Facts:
            computed = catalog.generated(thing)
            return [_column(thing, facts, enums, computed) for facts in found.get(thing.name, ())]

        return _many(connection, place, fill, [], how)

    def get_multi_pk_constraint(self, connection: Connection, **how: Any) -> Many:
        """Primary keys."""

        def fill(keys: list[Constraint]) -> Facts:
            found = next((k for k in keys if k.kind == "PRIMARY KEY"), None)
            columns = list(found.columns) if found else []
            return {"constrained_columns": columns, "name": found.name if found else None}

        return _constraints(connection, fill, how)

    def get_multi_foreign_keys(self, connection: Connection, **how: Any) -> Many:
        """Foreign keys, also those of generated tables that DuckDB could not declare."""
        place = catalog.place_of(connection, how.get("schema"))
        declared, noted = catalog.constraints(connection, place), catalog.noted(connection, place)

        def fill(thing: Thing) -> Facts:
            keys = [k for k in declared.get(thing.name, ()) if k.kind == "FOREIGN KEY"]
            known = {k.columns for k in keys}
            keys += [k for k in noted.get(thing.name, ()) if k.columns not in known]
            return [_foreign_key(k, place) for k in keys]

        return _many(connection, place, fill, [], how)

    def get_multi_unique_constraints(self, connection: Connection, **how: Any) -> Many:
        """UNIQUE of tables; a unique index is among the indexes."""

        def fill(keys: list[Constraint]) -> Facts:
            found = [k for k in keys if k.kind == "UNIQUE"]
            return [{"name": k.name, "column_names": list(k.columns)} for k in found]

        return _constraints(connection, fill, how)

    def get_multi_check_constraints(self, connection: Connection, **how: Any) -> Many:
        """CHECK of tables."""

        def fill(keys: list[Constraint]) -> Facts:
            found = [k for k in keys if k.kind == "CHECK"]
            return [{"name": k.name, "sqltext": k.expression} for k in found]

        return _constraints(connection, fill, how)

    def get_multi_indexes(self, connection: Connection, **how: Any) -> Many:
        """What CREATE INDEX made."""
        place = catalog.place_of(connection, how.get("schema"))
        found = catalog.indexes(connection, place)

        def fill(thing: Thing) -> Facts:
            return [_index(i) for i in found.get(thing.name, ())]

        return _many(connection, place, fill, [], how)

    def get_multi_table_comment(self, connection: Connection, **how: Any) -> Many:
        """Comments of tables and views."""
        place = catalog.place_of(connection, how.get("schema"))
        return _many(connection, place, lambda thing: {"text": thing.comment}, {}, how)

    def get_multi_table_options(self, connection: Connection, **how: Any) -> Many:
        """DuckDB has none."""
        place = catalog.place_of(connection, how.get("schema"))
        return _many(connection, place, lambda thing: {}, {}, how)


def _single(kind: str, many: Callable[..., Many]) -> Callable[..., Facts]:
    def get(
        self: Reflection, connection: Connection, table_name: str, schema: str | None = None,
        **kw: Any,
    ) -> Facts:  # fmt: skip
        how = {"scope": ObjectScope.ANY, "kind": ObjectKind.ANY, **kw}
        found = dict(many(self, connection, schema=schema, filter_names=[table_name], **how))
        if (schema, table_name) not in found:
            raise exc.NoSuchTableError(f"{schema}.{table_name}" if schema else table_name)
        return found[schema, table_name]

    get.__name__, get.__doc__ = f"get_{kind}", f"{many.__doc__} Of one table."
    return get


for _kind in (
    "columns", "pk_constraint", "foreign_keys", "unique_constraints", "check_constraints",
    "indexes", "table_comment", "table_options",
):  # fmt: skip
    _of_many = getattr(Reflection, f"get_multi_{_kind}")
    setattr(Reflection, f"get_{_kind}", cache(_single(_kind, _of_many)))


def _names(con: Connection, schema: str | None, kind: str, *, temporary: bool) -> list[str]:
    found = catalog.things(con, catalog.place_of(con, schema)).values()
    return [t.name for t in found if t.kind == kind and t.temporary == temporary]


def _many(con: Connection, place: Place, fill: Fill, empty: Facts, how: dict[str, Any]) -> Many:
    """The facts of all tables that are asked for."""
    wanted: Collection[str] | None = how.get("filter_names")
    scope, kind = how.get("scope", ObjectScope.DEFAULT), how.get("kind", ObjectKind.TABLE)
    found: dict[tuple[str | None, str], Facts] = {}
    for thing in catalog.things(con, place).values():
        own = ObjectScope.TEMPORARY if thing.temporary else ObjectScope.DEFAULT
        like = ObjectKind.VIEW if thing.kind == "view" else ObjectKind.TABLE
        if own in scope and like in kind and (not wanted or thing.name in wanted):
            found[place.given, thing.name] = fill(thing) or empty
    return found.items()


def _constraints(
    con: Connection, fill: Callable[[list[Constraint]], Facts], how: dict[str, Any]
) -> Many:
    place = catalog.place_of(con, how.get("schema"))
    found = catalog.constraints(con, place)
    return _many(con, place, lambda thing: fill(found.get(thing.name, [])), [], how)


def _column(
    thing: Thing,
    facts: tuple[Any, ...],
    enums: dict[tuple[str, ...], str],
    computed: frozenset[str],
) -> dict[str, Any]:
    name, text, nullable, default, comment = facts
    kind = type_of(text, f"{thing.name}_{name}")
    if isinstance(kind, Enum):
        kind.name = enums.get((*kind.enums,), kind.name)
    found = {
        "name": name,
        "type": kind,
        "nullable": nullable,
        "default": None if name in computed else default,
        "autoincrement": str(default).startswith("nextval("),
        "comment": comment,
    }
    if name in computed:
        found["computed"] = {"sqltext": default, "persisted": False}
    return found


def _foreign_key(key: Constraint, place: Place) -> dict[str, Any]:
    schema = place.given
    if key.parent_schema not in (None, place.schema):
        schema = catalog.qualified_name(place.database, str(key.parent_schema))
    return {
        "name": key.name,
        "constrained_columns": list(key.columns),
        "referred_schema": schema,
        "referred_table": key.parent,
        "referred_columns": list(key.parent_columns),
    }


def _index(index: catalog.Index) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": index.name, "unique": index.unique, "column_names": list(index.columns),
    }  # fmt: skip
    return found | ({"expressions": list(index.expressions)} if index.expressions else {})
