"""Reads the tables of a graph and encodes them: what all methods learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.encoders.category import encode_labels, reorder
from genesis_sql.encoders.number import fit_number
from genesis_sql.errors import SchemaError
from genesis_sql.graph.roles import role_of_type
from genesis_sql.models.anonymity import Anonymity, anonymous
from genesis_sql.models.frame import Coded, by_key, coded, each, row_hash, spread
from genesis_sql.models.invented import exchange, invented
from genesis_sql.models.nested import elements
from genesis_sql.models.order import binned, label_order
from genesis_sql.models.stream import LABELS, Stream, read_table
from genesis_sql.program.column_types import POSITION
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.types import Column, Graph, Relationship, Role, Table

NUMBERS = {Role.INTEGER, Role.DECIMAL, Role.DATE, Role.TIMESTAMP, Role.TIME}


@dataclass(frozen=True, eq=False)
class LinkData:
    """A foreign key with, for every child row, the parent's row.

    Rows are positions as read; -1: NULL or dangling.
    """

    relationship: Relationship
    parent_row: np.ndarray


@dataclass(frozen=True, eq=False)
class Loaded:
    """A table in memory.

    Attributes:
        table: its node in the graph.
        arrow: all supported columns as read.
        columns: encoded columns by name: numbers and labels.
        links: its foreign keys.
        hash: uint64 of shape (n,): canonical order of the rows.
        stream: all rows, where what was read is a sample of them.
    """

    table: Table
    arrow: pa.Table
    columns: dict[str, Coded]
    links: list[LinkData] = field(default_factory=list)
    hash: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))
    stream: Stream | None = None

    @property
    def rows(self) -> int:
        """Rows as read."""
        return int(self.arrow.num_rows)

    @property
    def whole(self) -> int:
        """Rows of the source."""
        return self.rows if self.stream is None else self.stream.rows


def encode(table: Table, arrow: pa.Table) -> Loaded:
    """A table as read, with its numbers and labels encoded (labels in correspondence order).

    Labels that are personal data are exchanged for invented ones, here and for good.
    """
    arrow = exchange(arrow, invented(table, arrow))
    wanted = [c for c in table.columns if _is_number(c) or c.role in LABELS]
    made = each(partial(_encoded, arrow), wanted, arrow.num_rows)
    return Loaded(table, arrow, in_order({c.name: c for c in made}))


def _encoded(arrow: pa.Table, column: Column) -> Coded:
    """A column of numbers or labels."""
    array = _array(arrow, column.name)
    if not _is_number(column):
        return code_labels(column.name, column.type, array)
    domain, raw = fit_number(array, column.type)
    return coded(column.name, domain, raw)


def _is_number(column: Column) -> bool:
    """Whether values lie on a scale; of keys only those that are no whole numbers."""
    by_type = role_of_type(column.type)
    of_key = column.role is Role.KEY and by_type is not Role.INTEGER
    return column.role in NUMBERS or (of_key and by_type in NUMBERS)


def _array(arrow: pa.Table, name: str) -> pa.Array:
    got = arrow[name].combine_chunks()
    return (
        got.chunk(0)
        if isinstance(got, pa.ChunkedArray) and got.num_chunks
        else got
        if isinstance(got, pa.Array)
        else pa.array([], got.type)
    )


def code_labels(name: str, type_: str, array: pa.Array) -> Coded:
    """A label column with its labels in alphabetical order."""
    labels, codes = encode_labels(array.cast(pa.string()))
    return coded(name, Categories(type_, labels), Raw(codes))


def in_order(columns: Mapping[str, Coded]) -> dict[str, Coded]:
    """The same columns with labels in the order of their correspondence axis."""
    rows = max((len(c.rank) for c in columns.values()), default=0)
    groups = dict(zip(columns, each(binned, list(columns.values()), rows), strict=True))

    def ordered(column: Coded) -> Coded:
        domain = column.domain
        if not isinstance(domain, Categories) or len(domain.labels) < 3:
            return column
        order = label_order(column, [g for other, g in groups.items() if other != column.name])
        labels, codes = reorder(domain.labels, column.raw.values, order)
        return coded(column.name, Categories(domain.type, labels), Raw(codes))

    return dict(zip(columns, each(ordered, list(columns.values()), rows), strict=True))


def load(
    con: duckdb.DuckDBPyConnection,
    graph: Graph,
    orphans: str = "null",
    anonymity: Mapping[str, Anonymity | None] | None = None,
) -> dict[str, Loaded]:
    """All tables of a graph with their references resolved, in the order of the graph.

    Args:
        con: an open connection.
        graph: what to read.
        orphans: 'drop' leaves out the rows whose reference dangles, and those that refer to them.
            Otherwise such references are NULL in tables to copy, unless they are to be kept.
        anonymity: how far rows are generalised before anything is learnt, by table.
    """
    plain = [t for t in graph.tables if not t.nested]
    wanted = anonymity or {}
    found = {t.name: anonymous(t, read_table(con, t), wanted.get(t.name)) for t in plain}
    keys = [r for r in graph.relationships if r.columns]
    links = [LinkData(r, _parent_rows(con, found, r)) for r in keys]
    if orphans == "drop":
        found, links = without_dangling(found, links)
    for link in links:
        table = graph.table(link.relationship.child)
        if table.verbatim and not link.relationship.kept_orphans:
            found[table.name] = _with_nulls(table, found[table.name], link)
    tables = {t.name: encode(_recounted(t, found[t.name]), found[t.name]) for t in plain}
    for link in links:
        tables[link.relationship.child].links.append(link)
    for key in [r for r in graph.relationships if not r.columns]:
        hidden = graph.table(key.child)
        tables[hidden.name] = _elements(con, hidden, tables[key.parent], key)
    return {name: replace(t, hash=_order_hash(t, tables)) for name, t in tables.items()}


def load_sample(con: duckdb.DuckDBPyConnection, graph: Graph, rows: int) -> dict[str, Loaded]:
    """The only table of a graph by a sample of its rows, and all of them as a stream."""
    (table,) = graph.tables
    stream = Stream(con, table, table.rows)
    arrow = stream.sample(rows)
    loaded = encode(table, arrow)
    loaded = replace(loaded, stream=replace(stream, exchanged=invented(table, arrow)))
    return {table.name: replace(loaded, hash=_order_hash(loaded, {table.name: loaded}))}


def _elements(
    con: duckdb.DuckDBPyConnection, table: Table, parent: Loaded, key: Relationship
) -> Loaded:
    """The elements of a list column as a table, read by the types of its columns."""
    held, rows = elements(table, _array(parent.arrow, table.nested))
    con.register("__genesis_elements", held.append_column("#at", pa.array(np.arange(len(rows)))))
    try:
        source = '(SELECT * FROM __genesis_elements ORDER BY "#at")'
        arrow = read_table(con, replace(table, source=source))
    finally:
        con.unregister("__genesis_elements")
    loaded = encode(table, arrow)
    return replace(loaded, links=[LinkData(key, rows)])


def _recounted(table: Table, arrow: pa.Table) -> Table:
    """The table with the counts of the rows that are left."""
    if arrow.num_rows == table.rows:
        return table
    columns = []
    for column in table.columns:
        if column.name in arrow.column_names:
            held = arrow[column.name]
            column = replace(column, nulls=held.null_count)
            if not pa.types.is_nested(held.type):
                distinct = pc.count_distinct(held, mode="only_valid").as_py()
                column = replace(column, distinct=distinct)
        columns.append(replace(column, rows=arrow.num_rows))
    return replace(table, rows=arrow.num_rows, columns=tuple(columns))


def dangling(arrow: pa.Table, link: LinkData) -> np.ndarray:
    """Which rows refer to a parent that is not there: bool of shape (n,)."""
    key = link.relationship
    lost = link.parent_row < 0
    for name in key.columns:
        lost = lost & np.asarray(_array(arrow, name).is_valid())
    return lost & value_holds(arrow, key.when) if key.when else lost


def without_dangling(
    arrows: Mapping[str, pa.Table], links: Sequence[LinkData]
) -> tuple[dict[str, pa.Table], list[LinkData]]:
    """The tables without rows whose reference dangles, until none does."""
    kept = {name: np.ones(a.num_rows, bool) for name, a in arrows.items()}
    lost = [dangling(arrows[x.relationship.child], x) for x in links]
    size = -1
    while size != (size := sum(int(k.sum()) for k in kept.values())):
        for link, alone in zip(links, lost, strict=True):
            key, at = link.relationship, link.parent_row
            gone = alone.copy()
            gone[at >= 0] = ~kept[key.parent][at[at >= 0]]
            kept[key.child] &= ~gone
    place = {name: np.where(k, np.cumsum(k) - 1, -1) for name, k in kept.items()}
    left = []
    for link in links:
        key = link.relationship
        at = link.parent_row[kept[key.child]]
        there = place[key.parent][np.maximum(at, 0)] if len(place[key.parent]) else at
        left.append(LinkData(key, np.where(at >= 0, there, -1)))
    return {n: a.filter(pa.array(kept[n])).combine_chunks() for n, a in arrows.items()}, left


def _with_nulls(table: Table, arrow: pa.Table, link: LinkData) -> pa.Table:
    """A table to copy with NULL for references that dangle.

    Raises:
        SchemaError: none of their columns may be NULL.
    """
    lost = dangling(arrow, link)
    if not lost.any():
        return arrow
    able = [c for c in link.relationship.columns if table.column(c).nullable]
    if not able:
        message = (
            f"verbatim table '{table.name}' has {int(lost.sum()):,} references without parent "
            f"({link.relationship.name}), which may not become NULL: take orphans := 'drop' or "
            f"'keep'"
        )
        raise SchemaError(message)
    for name in able:
        at = arrow.column_names.index(name)
        held = _array(arrow, name)
        nulled = pc.if_else(pa.array(lost), pa.scalar(None, held.type), held)
        arrow = arrow.set_column(at, arrow.schema.field(at), nulled)
    return arrow


def _parent_rows(
    con: duckdb.DuckDBPyConnection, arrows: Mapping[str, pa.Table], key: Relationship
) -> np.ndarray:
    """`parent_rows`, -1 too where the reference does not hold."""
    rows = parent_rows(con, arrows[key.child], arrows[key.parent], key)
    if key.when is None:
        return rows
    return np.where(value_holds(arrows[key.child], key.when), rows, -1)


def value_holds(arrow: pa.Table, when: tuple[str, str]) -> np.ndarray:
    """Which rows have that value, compared as text: bool of shape (n,)."""
    held = _array(arrow, when[0]).cast(pa.string()).to_numpy(zero_copy_only=False)
    return np.asarray(held == when[1], bool)


def parent_rows(
    con: duckdb.DuckDBPyConnection, child: pa.Table, parent: pa.Table, key: Relationship
) -> np.ndarray:
    """Row of the parent for every child row, -1 where there is none: int64 of shape (n,)."""
    out = np.full(child.num_rows, -1, np.int64)
    if child.num_rows == 0 or parent.num_rows == 0:
        return out
    names = [f"k{i}" for i in range(len(key.columns))]
    left = pa.table(
        {
            **{n: child[c] for n, c in zip(names, key.columns, strict=True)},
            "at": np.arange(child.num_rows),
        }
    )
    right = pa.table(
        {
            **{n: parent[c] for n, c in zip(names, key.parent_columns, strict=True)},
            "to": np.arange(parent.num_rows),
        }
    )
    on = " AND ".join(f"c.{n} = p.{n}" for n in names)
    con.register("__genesis_child", left)
    con.register("__genesis_parent", right)
    try:
        query = (  # ``on`` holds k0, k1 … only
            'SELECT c."at", min(p."to") AS "to" '  # noqa: S608
            f"FROM __genesis_child c JOIN __genesis_parent p ON {on} GROUP BY ALL"
        )
        found = con.sql(query).to_arrow_table()
    finally:
        con.unregister("__genesis_child")
        con.unregister("__genesis_parent")
    out[found["at"].to_numpy()] = found["to"].to_numpy()
    return out


def _order_hash(loaded: Loaded, tables: Mapping[str, Loaded]) -> np.ndarray:
    """What sorts the rows into one random order that depends on their content alone.

    Equal rows are told apart by the order of their keys, and spread like all others. An element of
    a list has its row's hash and its place.
    """
    if loaded.table.nested:
        link = loaded.links[0]
        above = _order_hash(tables[link.relationship.parent], tables)
        place = loaded.columns[POSITION].raw.values.astype(np.uint64)
        return spread(above[link.parent_row] + place * np.uint64(0xD1B54A32D192ED03))
    content = row_hash(loaded.columns, loaded.rows)
    for other in tables.values():
        if other.table.nested and other.links[0].relationship.parent == loaded.table.name:
            inside = row_hash(other.columns, other.rows)
            np.add.at(content, other.links[0].parent_row, spread(inside))
    ranks = [
        encode_labels(_array(loaded.arrow, name).cast(pa.string()))[1]
        for name in loaded.table.primary_key
        if name in loaded.arrow.column_names and name not in loaded.columns
    ]
    order = np.lexsort((*ranks, content)) if ranks else by_key(content)
    held = content[order]
    begins = np.r_[True, held[1:] != held[:-1]] if len(held) else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(begins, np.arange(len(held)), 0))
    place = np.empty(len(held), np.uint64)
    place[order] = (np.arange(len(held)) - start).astype(np.uint64)
    return spread(content + place * np.uint64(0xD1B54A32D192ED03))


def fingerprint(tables: Mapping[str, Loaded]) -> str:
    """Content and keys of all tables, whatever the order of their rows: blake2b in hex."""
    digest = blake2b(digest_size=16)
    for name in sorted(tables):
        loaded = tables[name]
        node, rows = loaded.table, row_hash(loaded.columns, loaded.rows)
        parts: list[Any] = [name, loaded.rows, node.primary_key, node.unique_keys, node.verbatim]
        parts += sorted(link.relationship.name for link in loaded.links)
        for column in node.columns:
            parts += [column.name, column.type, column.role.value, column.nullable]
            held = loaded.columns.get(column.name)
            if held is not None:
                values = held.values.tobytes() if held.numeric else "\0".join(_labels(held))
                parts += [values, held.count.tobytes()]
            elif column.name in loaded.arrow.column_names:
                content, ranks = _ranked(_array(loaded.arrow, column.name))
                parts += [content, np.bincount(ranks).tobytes()]
                rows = spread(rows + ranks.astype(np.uint64) * np.uint64(0xBF58476D1CE4E5B9))
        parts.append(int(np.add.reduce(spread(rows))) if loaded.rows else 0)
        if loaded.stream is not None:
            parts.append(loaded.stream.fingerprint())
        if node.nested and loaded.rows:
            parts.append(int(np.add.reduce(loaded.hash)))
        for part in parts:
            raw = part if isinstance(part, bytes) else str(part).encode()
            digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.hexdigest()


def _ranked(array: pa.Array) -> tuple[bytes, np.ndarray]:
    """The distinct values of a column in order, and each row's place among them (0: NULL)."""
    if pa.types.is_integer(array.type) and array.type != pa.uint64():
        valid = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), bool)
        filled = array.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        values, places = np.unique(filled[valid], return_inverse=True)
        ranks = np.zeros(len(array), np.int64)
        ranks[valid] = places + 1
        return values.tobytes(), ranks
    if pa.types.is_nested(array.type):
        array = pa.array([None if v is None else repr(v) for v in array.to_pylist()], pa.string())
    labels, codes = encode_labels(array.cast(pa.string()))
    return "\0".join(labels).encode(), codes.astype(np.int64)


def _labels(column: Coded) -> Sequence[str]:
    return column.domain.labels if isinstance(column.domain, Categories) else ()
