"""Raw columns -> Arrow, and the SQL that gives them their final types and order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
import pyarrow as pa
from sqlglot import exp

from genesis_sql.encoders.category import decode_labels
from genesis_sql.encoders.number import decode_number
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.allowlist import hidden_columns
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid, Key, Raw, Reals, Words
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.pattern_numpy import render, render_unique
from genesis_sql.program.steps import Expression, Program
from genesis_sql.sqlbuild import quoted

_ARROW = {
    "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INTEGER": pa.int32(), "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(), "USMALLINT": pa.uint16(), "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(), "FLOAT": pa.float32(), "DOUBLE": pa.float64(),
    "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "TIME": pa.time64("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
}  # fmt: skip
_SENT_AS = {
    "HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "TIMESTAMP_NS": "TIMESTAMP_NS",
    "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP", "TIME_NS": "TIME",
}  # fmt: skip


def transport(domain: Domain) -> str:
    """The DuckDB type in which values leave Python.

    The outer SELECT casts where the column's own type differs.
    """
    if isinstance(domain, Categories | Words | Fixed):
        return "VARCHAR"
    if isinstance(domain, Key) and isinstance(domain.format, Pattern):
        return "VARCHAR"
    type_ = domain.type.upper()
    if isinstance(domain, Key):
        return "BIGINT" if type_ not in _ARROW else type_
    if isinstance(domain, Reals) and type_.startswith(("DECIMAL", "HUGEINT", "UHUGEINT")):
        return type_ if type_.startswith("DECIMAL") else "DECIMAL(38,0)"
    return _SENT_AS.get(type_, type_)


def arrow_type(sent: str) -> pa.DataType:
    """The Arrow type of a transport type."""
    if sent.startswith("DECIMAL"):
        precision, scale = sent[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    if sent == "TIMESTAMP_NS":
        return pa.timestamp("ns")
    return pa.string() if sent == "VARCHAR" else _ARROW[sent]


def decode(domain: Domain, raw: Raw) -> pa.Array:
    """A raw column as an Arrow array of its transport type (labels as a dictionary)."""
    if isinstance(domain, Categories):
        return decode_labels(domain, raw)
    if isinstance(domain, Fixed):
        return _constant(domain.value, len(raw))
    if isinstance(domain, Grid | Reals):
        return decode_number(domain, raw, arrow_type(transport(domain)))
    if isinstance(domain, Words):
        return _masked(render(domain.pattern, raw.values), raw)
    if isinstance(domain.format, Pattern):
        return _masked(render_unique(domain.format, raw.values), raw)
    return _masked(
        pa.array(domain.format.render(raw.values)).cast(arrow_type(transport(domain))), raw
    )


def _masked(array: pa.Array, raw: Raw) -> pa.Array:
    if raw.valid is None:
        return array
    import pyarrow.compute as pc

    return pc.if_else(pa.array(raw.valid), array, pa.scalar(None, array.type))


def _constant(value: str | None, n: int) -> pa.DictionaryArray:
    if value is None:
        return pa.DictionaryArray.from_arrays(pa.nulls(n, pa.int32()), pa.array([""], pa.string()))
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(n, np.int32)), pa.array([value], pa.string())
    )


def sampled(program: Program) -> tuple[str, ...]:
    """The columns that the kernel produces, in order.

    The visible ones but expressions, then the hidden ones that expressions read.
    """
    computed = {s.column: s.sql for s in program.steps if isinstance(s, Expression)}
    hidden = (name for sql in computed.values() for name in hidden_columns(sql))
    visible = (o.name for o in program.outputs if o.name not in computed)
    return tuple(dict.fromkeys((*visible, *hidden)))


def batch(program: Program, raw: Mapping[str, Raw]) -> pa.StructArray:
    """The sampled columns as one Arrow struct array: fields c0, c1 and so on."""
    names = sampled(program)
    arrays = [decode(program.domains[n], raw[n]) for n in names]
    return pa.StructArray.from_arrays(arrays, [f"c{i}" for i in range(len(names))])


def struct_type(program: Program) -> str:
    """The DuckDB type of :func:`batch`."""
    fields = (f"c{i} {transport(program.domains[n])}" for i, n in enumerate(sampled(program)))
    return f"STRUCT({', '.join(fields)})"


def select_list(program: Program) -> str:
    """SQL that turns fields c0, c1, … into the columns of the table, in order and type."""
    place = {name: i for i, name in enumerate(sampled(program))}
    computed = {s.column: s.sql for s in program.steps if isinstance(s, Expression)}
    return ", ".join(
        f"{_value(program, o.name, o.type, place, computed)} AS {quoted(o.name)}"
        for o in program.outputs
    )


def _value(
    program: Program, name: str, type_: str, place: Mapping[str, int], computed: Mapping[str, str]
) -> str:
    if name in place:
        field = f"c{place[name]}"
        sent = transport(program.domains[name])
        if sent == type_.upper():
            return field
        return f"CAST({field} AS {type_})"
    import sqlglot

    tree = sqlglot.parse_one(computed[name], read="duckdb")

    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column) and node.name in place:
            value = _value(program, node.name, _type(program, node.name), place, computed)
            return cast(exp.Expression, sqlglot.parse_one(value, read="duckdb"))
        return node

    return f"CAST({tree.transform(swap).sql(dialect='duckdb')} AS {type_})"


def _type(program: Program, name: str) -> str:
    held = next((o.type for o in program.outputs if o.name == name), None)
    return held or program.domains[name].type


def chunk_of(
    sampler: Sampler, table: str, numbers: pa.Array | pa.ChunkedArray, end: int
) -> pa.StructArray:
    """Rows of a table by number (Arrow integers) as one struct array: fields c0, c1 and so on.

    Consecutive numbers are served from blocks drawn ahead, up to row ``end``.
    """
    whole = _whole(numbers)
    at = np.asarray(whole.to_numpy(zero_copy_only=False), np.int64)
    size = len(at)
    if (
        table in sampler.model.verbatim
        or size == 0
        or at[-1] - at[0] != size - 1
        or (np.diff(at) != 1).any()
    ):
        return rows_of(sampler, table, at)
    blocks = sampler.blocks(
        table, lambda first, stop: rows_of(sampler, table, np.arange(first, stop))
    )
    return blocks.chunk(int(at[0]), int(at[-1]) + 1, end)


def rows_of(sampler: Sampler, table: str, at: np.ndarray) -> pa.StructArray:
    """Rows of a table by number as one struct array: fields c0, c1 and so on."""
    model = sampler.model
    if table in model.verbatim:
        rows = model.verbatim[table].take(pa.array(at))
        arrays = [_whole(a) for a in rows.columns]
        return pa.StructArray.from_arrays(arrays, [f"c{i}" for i in range(len(arrays))])
    program = model.programs[table]
    return batch(program, sampler.raw(table, at, sampled(program)))


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
