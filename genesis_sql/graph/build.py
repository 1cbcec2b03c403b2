"""RawSchema -> Graph: keys merged and verified, references counted, roles given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import duckdb

from genesis_sql.errors import OptionError, SchemaError, nearest
from genesis_sql.graph import keys
from genesis_sql.graph.constraints import read_checks
from genesis_sql.graph.nested import Flat, flatten
from genesis_sql.graph.notation import relationship_text
from genesis_sql.graph.order import cut_circles
from genesis_sql.graph.roles import profile_columns, role_of_type
from genesis_sql.introspect.catalog import match
from genesis_sql.types import Column, Graph, RawSchema, RawTable, Relationship, Role, Table

_KEY_TYPES = {Role.INTEGER, Role.CATEGORY, Role.IDENTIFIER}
"""Types whose unique columns are keys: integers, text, UUID; a unique date stays a date."""


def build_graph(
    con: duckdb.DuckDBPyConnection,
    raw: RawSchema,
    *,
    relationships: Sequence[str] = (),
    verbatim: Sequence[str] = (),
    roles: Mapping[str, Mapping[str, str]] | None = None,
) -> Graph:
    """The schema graph of the tables, from their catalog and one pass over each of them.

    Declared foreign keys whose parent is not among the tables are left out, and their columns are
    learnt like any other. So are views that no longer bind. `genesis_sql.graph.check` tells both.

    Args:
        con: An open connection or cursor.
        raw: The tables as the catalog has them.
        relationships: Keys the catalog does not have, see `genesis_sql.graph.notation`. Their
            parent columns become the parent's primary key where it has none.
        verbatim: Tables to copy unchanged.
        roles: Roles by table and column that the caller gives.

    Raises:
        SchemaError: A key does not fit the tables.
        OptionError: `roles` or `verbatim` names something that is not there.
    """
    found, _ = keys.declared(raw)
    given = [keys.resolve(raw, text) for text in relationships]
    merged = keys.merge(found, given)
    for relationship in merged:
        keys.verify_parent(con, raw, relationship)
    tables = [t for t in raw.tables if t.columns]
    copied = verbatim_names(tables, merged, verbatim)
    wanted = _roles_by_table(tables, roles or {})
    several = all(t.name.startswith(f"{t.schema}.") for t in tables)
    built, lists = [], []
    for table in tables:
        given_roles = wanted.get(table.name, {})
        flat = _flat(con, table, tables, whole=table.name in copied, roles=given_roles)
        made = _table(con, flat.table, merged, verbatim=table.name in copied, roles=given_roles)
        built.append(replace(made, schema=table.schema) if several else made)
        lists += [(table, hidden) for hidden in flat.lists]
    elements = [Relationship(hidden.name, (), table.name, ()) for table, hidden in lists]
    hidden_tables = [_table(con, t, (), verbatim=False, roles={}) for _, t in lists]
    counted = [keys.counted(con, raw, r) for r in merged]
    graph = cut_circles(Graph((*built, *hidden_tables), (*counted, *elements)))
    _check_conditions(graph)
    return graph


def _flat(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    tables: Sequence[RawTable],
    *,
    whole: bool,
    roles: Mapping[str, str],
) -> Flat:
    """The table with its nested columns flattened, but for those that the caller leaves out."""
    left = {c.casefold() for c, role in roles.items() if role == Role.UNSUPPORTED.value}
    skipped = [c.name for c in raw.columns if c.name.casefold() in left]
    for table in tables:  # a table that is called like the elements of a list
        if table.name.startswith(f"{raw.name}."):
            skipped += [c.name for c in raw.columns if f"{raw.name}.{c.name}" == table.name]
    return flatten(con, raw, whole=whole, left_out=skipped)


def verbatim_names(
    tables: Sequence[RawTable], relationships: Iterable[Relationship], verbatim: Sequence[str]
) -> tuple[str, ...]:
    """The tables to copy, as they are spelled.

    Raises:
        OptionError: A name is not there.
        SchemaError: One of them refers to a table that is not copied, whose keys will be new ones.
    """
    known = [t.name for t in tables]
    copied = []
    for name in verbatim:
        found = match(name, known)
        if found is None:
            msg = f"verbatim names no table '{name}'{nearest(name, known)}"
            raise OptionError(msg)
        copied.append(found)
    for relationship in relationships:
        if relationship.child in copied and relationship.parent not in copied:
            msg = (
                f"verbatim table '{relationship.child}' refers to '{relationship.parent}', whose "
                f"keys are made anew ({relationship_text(relationship)}): add "
                f"'{relationship.parent}' to verbatim, or take '{relationship.child}' out"
            )
            raise SchemaError(msg)
    return tuple(dict.fromkeys(copied))


def _roles_by_table(
    tables: Sequence[RawTable], roles: Mapping[str, Mapping[str, str]]
) -> dict[str, Mapping[str, str]]:
    known = [t.name for t in tables]
    wanted = {}
    for name, columns in roles.items():
        found = match(name, known)
        if found is None:
            msg = f"roles for unknown table '{name}'{nearest(name, known)}"
            raise OptionError(msg)
        wanted[found] = columns
    return wanted


def _table(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    relationships: Sequence[Relationship],
    *,
    verbatim: bool,
    roles: Mapping[str, str],
) -> Table:
    """One table of the graph: its keys, then its columns with their roles."""
    usable = _usable(raw)
    primary, unique = _keys(con, raw, usable, relationships)
    single = [key[0] for key in (primary, *unique) if len(key) == 1]
    key_roles = {name: Role.KEY for name in single if _is_key(raw, name, primary)}
    for relationship in relationships:
        if relationship.child == raw.name:
            key_roles |= dict.fromkeys(relationship.columns, Role.FOREIGN_KEY)
    conditions = [r.when[0] for r in relationships if r.child == raw.name and r.when]
    labels = {name: Role.CATEGORY.value for name in conditions if name not in key_roles}
    roles = {**labels, **roles}
    try:
        columns = profile_columns(
            con, raw.source, raw.columns, keys=key_roles, overrides=roles, table=raw.name
        )
    except OptionError as error:
        msg = f"table '{raw.name}': {error}"
        raise OptionError(msg) from error
    primary, unique = _with_given_keys(columns, primary, unique)
    checks, _ = read_checks(con, raw, columns)
    return Table(
        name=raw.name,
        source=raw.source,
        columns=columns,
        rows=columns[0].rows,
        primary_key=primary,
        unique_keys=unique,
        verbatim=verbatim,
        comment=raw.comment,
        checks=checks,
        nested=raw.nested,
    )


def _check_conditions(graph: Graph) -> None:
    """Refuse references that hold for a value which is made anew.

    Raises:
        SchemaError: The column is a key, is no label, or is copied from a parent's new key.
    """
    for relationship in graph.relationships:
        if relationship.when is None:
            continue
        name = relationship.when[0]
        role = graph.table(relationship.child).column(name).role
        above = [r for r in graph.parents(relationship.child) if name in r.columns]
        new = [r.parent for r in above if not graph.table(r.parent).verbatim]
        text = relationship_text(relationship)
        if new:
            msg = (
                f"relationship '{text}': column '{name}' refers to '{new[0]}', whose keys are made "
                f"anew: add '{new[0]}' to verbatim"
            )
            raise SchemaError(msg)
        if role not in (Role.CATEGORY, Role.BOOLEAN, Role.FOREIGN_KEY):
            msg = (
                f"relationship '{text}': column '{name}' has the role '{role.value}', its values "
                f"are made anew; it takes the role 'category'"
            )
            raise SchemaError(msg)


def _usable(raw: RawTable) -> set[str]:
    """The columns whose type can stand in a key."""
    return {c.name for c in raw.columns if role_of_type(c.type) is not Role.UNSUPPORTED}


def _is_key(raw: RawTable, name: str, primary: tuple[str, ...]) -> bool:
    """Whether a unique column is a key: a primary key always, another one by its type."""
    type_ = next(c.type for c in raw.columns if c.name == name)
    return primary == (name,) or role_of_type(type_) in _KEY_TYPES


def _keys(
    con: duckdb.DuckDBPyConnection,
    raw: RawTable,
    usable: set[str],
    relationships: Iterable[Relationship],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The primary and unique keys: the catalog's, and the columns that relationships refer to."""
    primary = raw.primary_key if set(raw.primary_key) <= usable else ()
    unique = [key for key in raw.unique_keys if set(key) <= usable]
    for relationship in relationships:
        columns = relationship.parent_columns
        known = any(set(columns) == set(key) for key in (primary, *unique))
        if relationship.parent != raw.name or known:
            continue
        if primary or raw.primary_key or keys.missing(con, raw, columns):
            unique.append(columns)
        else:
            primary = columns
    return primary, tuple(unique)


def _with_given_keys(
    columns: Sequence[Column],
    primary: tuple[str, ...],
    unique: tuple[tuple[str, ...], ...],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The keys with the columns that the caller made keys by `roles`."""
    for column in columns:
        if column.role is Role.KEY and (column.name,) not in (primary, *unique):
            if primary:
                unique = (*unique, (column.name,))
            else:
                primary = (column.name,)
    return primary, unique
