"""SQL text for reading a model's rows, and for the tables they go into."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import GROUP, select_list, struct_type
from genesis_sql.plan.sizing import MOST_ROWS
from genesis_sql.plan.spec import Spec
from genesis_sql.program.allowlist import columns_of
from genesis_sql.sqlbuild import qualified, quoted, string
from genesis_sql.types import Relationship, Role


def function_name(model: Model, table: str) -> str:
    """The scalar function that samples a table: named by content, so that equal models share it."""
    return f"genesis_kernel_{model.uuid[:16]}_{model.order.index(table)}"


_AS_TEXT = {Role.CATEGORY, Role.BOOLEAN, Role.IDENTIFIER, Role.TEXT, Role.CONSTANT, Role.JSON}


def function_type(model: Model, table: str) -> str:
    """What that function returns: the rows of each group."""
    if table not in model.verbatim:
        return f"{struct_type(model.programs[table])}[]"
    columns = {c.name: c for c in model.graph.table(table).columns}
    held = [columns[n] for n in model.verbatim[table].column_names]
    fields = (f"c{i} {'VARCHAR' if c.role in _AS_TEXT else c.type}" for i, c in enumerate(held))
    return f"STRUCT({', '.join(fields)})[]"


def rows_sql(
    model: Model, table: str, spec: Spec, *, first: int, stop: int, number: str | None = None
) -> str:
    """A SELECT of rows [first, stop) of a table, columns in order and type.

    The row number comes first where ``number`` names a column for it.
    """
    columns = (
        verbatim_columns(model, table)
        if table in model.verbatim
        else select_list(model.programs[table])
    )
    if number is not None:
        columns = f"i AS {quoted(number)}, {columns}"
    source = source_sql(model, table, spec, first=first, stop=stop, numbered=number is not None)
    return f"SELECT {columns} FROM ({source})"  # noqa: S608 - quoted names and text


def source_sql(
    model: Model, table: str, spec: Spec, *, first: int, stop: int, numbered: bool
) -> str:
    """A SELECT of fields c0, c1, … of rows [first, stop), with the row number i where asked for.

    They come from the kernel, a list of `GROUP` rows for each first one of them: DuckDB hands over
    2,048 values at a time, and each time costs. EXPLAIN shows the lists by their name.
    """
    call = f"{function_name(model, table)}(i, {stop}::BIGINT, {string(spec.to_json())})"
    number = f"unnest(range(i, least(i + {GROUP}, {stop}))) AS i, " if numbered else ""
    numbers = f"range({first}, {stop}, {GROUP}) AS numbers(i)"
    groups = f"SELECT i, {call} AS genesis_kernel FROM {numbers}"  # noqa: S608 - numbers, quoted names and text
    rows = f"SELECT {number}unnest(genesis_kernel) AS drawn FROM ({groups})"  # noqa: S608 - as above
    return f"SELECT {'i, ' if numbered else ''}unnest(drawn) FROM ({rows})"  # noqa: S608 - as above


def verbatim_columns(model: Model, table: str) -> str:
    """The select list of a copied table."""
    types = {c.name: c.type for c in model.graph.table(table).columns}
    names = model.verbatim[table].column_names
    return ", ".join(f"CAST(c{i} AS {types[n]}) AS {quoted(n)}" for i, n in enumerate(names))


def check_range(rows: int | None, first_row: int, scale: float | None) -> None:
    """Refuse numbers of rows that make no sense.

    Raises:
        OptionError: one is negative, or beyond all reason.
    """
    for name, value in (("rows", rows), ("first_row", first_row)):
        if value is not None and value < 0:
            message = f"{name} := {value} is negative; give a number from 0"
            raise OptionError(message)
        if value is not None and value > MOST_ROWS:
            message = (
                f"{name} := {value:,} is more than {MOST_ROWS:,}; generate in pieces with first_row"
            )
            raise OptionError(message)
    if scale is not None and not 0 < scale <= MOST_ROWS:
        message = f"scale := {scale} is not a positive number"
        raise OptionError(message)


OLD = int(duckdb.__version__.partition(".")[0]) < 2
"""Seen on 1.5.6: rows that one statement of a transaction put into a table with committed rows
were at times not found when the next one checked a key to the same table."""


def declared_keys(model: Model, table: str) -> list[tuple[Relationship, str]]:
    """The foreign keys of a table, each with why DuckDB cannot declare it ('' where it can)."""
    out = []
    mine = model.graph.table(table)
    for key in model.graph.parents(table):
        parent = model.graph.table(key.parent)
        types = [
            (mine.column(a).type, parent.column(b).type)
            for a, b in zip(key.columns, key.parent_columns, strict=True)
        ]
        unique = (
            key.parent_columns == parent.primary_key or key.parent_columns in parent.unique_keys
        )
        reason = ""
        if key.kept_orphans:
            reason = "orphans are kept"
        elif key.when:
            reason = f"it holds only where '{key.when[0]}' is '{key.when[1]}'"
        elif mine.schema != parent.schema:
            reason = "the tables are in different schemas"
        elif key.cut:
            reason = "the tables form a circle: a key is declared where its parent's table is made"
        elif key.parent == table and OLD:
            reason = "DuckDB 1 loses rows of the table itself when more are appended; 2 does not"
        elif not unique:
            reason = "the parent's columns are no declared key"
        elif any(a != b for a, b in types):
            reason = "the types of the two sides differ"
        out.append((key, reason))
    return out


def create_sql(
    model: Model,
    table: str,
    database: str,
    schema: str,
    *,
    foreign: bool = True,
    without: Collection[str] = (),
) -> str:
    """CREATE TABLE with NOT NULL, primary, unique and foreign keys (but those ``without`` names).

    The parents are named without their schema, which has to be the current one: DuckDB 1.5 takes no
    more.
    """
    node = model.graph.table(table)
    kept = table_columns(model, table)
    lines = [
        f"{quoted(c)} {node.column(c).type}{'' if node.column(c).nullable else ' NOT NULL'}"
        for c in kept
    ]
    if node.primary_key and set(node.primary_key) <= set(kept):
        lines.append(f"PRIMARY KEY ({_list(node.primary_key)})")
    lines += [
        f"UNIQUE ({_list(u)})"
        for u in node.unique_keys
        if set(u) <= set(kept) and u != node.primary_key
    ]
    lines += [f"CHECK ({c})" for c in node.checks if {n for _, n in columns_of(c)} <= set(kept)]
    for key, reason in declared_keys(model, table):
        if foreign and not reason and key.name not in without:
            parent = quoted(model.graph.table(key.parent).bare_name)
            parent = f"{parent} ({_list(key.parent_columns)})"
            lines.append(f"FOREIGN KEY ({_list(key.columns)}) REFERENCES {parent}")
    return f"CREATE TABLE {qualified(database, schema, node.bare_name)} ({', '.join(lines)})"


def comments_sql(model: Model, table: str, database: str, schema: str) -> list[str]:
    """COMMENT ON for a table that nothing was learnt of, and its columns.

    The comments of a source stay there: they may tell of persons.
    """
    node = model.graph.table(table)
    if any(column.rows for column in node.columns):
        return []
    place, kept = qualified(database, schema, node.bare_name), set(table_columns(model, table))
    out = [f"COMMENT ON TABLE {place} IS {string(node.comment)}"] if node.comment else []
    return out + [
        f"COMMENT ON COLUMN {place}.{quoted(c.name)} IS {string(c.comment)}"
        for c in node.columns
        if c.comment and c.name in kept
    ]


def table_columns(model: Model, table: str) -> list[str]:
    """The columns that are written, in order."""
    if table in model.verbatim:
        return list(model.verbatim[table].column_names)
    return [o.name for o in model.programs[table].outputs]


def output_columns(model: Model, table: str) -> list[tuple[str, str]]:
    """(name, type) of the columns that are written, in order."""
    node = model.graph.table(table)
    return [(name, node.column(name).type) for name in table_columns(model, table)]


def _list(names: Sequence[str]) -> str:
    return ", ".join(quoted(n) for n in names)
