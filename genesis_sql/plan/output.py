"""Raw columns -> Arrow, and the SQL that gives them their final types and order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
from sqlglot import exp

from genesis_sql.encoders.category import decode_labels
from genesis_sql.encoders.number import decode_number
from genesis_sql.program.domain import (
    Categories,
    Domain,
    Fixed,
    Grid,
    Key,
    Listed,
    Raw,
    RawLists,
    Reals,
    Record,
    Words,
)
from genesis_sql.program.expressions import inlined, sampled
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.pattern_numpy import render, render_unique
from genesis_sql.program.steps import Program
from genesis_sql.sqlbuild import quoted, string, text

if TYPE_CHECKING:
    from genesis_sql.plan.sampler import Sampler

_SELECTED: WeakKeyDictionary[Program, str] = WeakKeyDictionary()
"""The select lists of programs that are in use."""
_ARROW = {
    "TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INTEGER": pa.int32(), "BIGINT": pa.int64(),
    "UTINYINT": pa.uint8(), "USMALLINT": pa.uint16(), "UINTEGER": pa.uint32(),
    "UBIGINT": pa.uint64(), "FLOAT": pa.float32(), "DOUBLE": pa.float64(),
    "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "TIME": pa.time64("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
}  # fmt: skip
GROUP = 8
"""Rows that DuckDB asks for with one number: of 2,048 numbers, which it hands over at a time, they
make a block, see `blocks`."""
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
    if isinstance(domain, Listed):
        return f"{transport(domain.item)}[]"
    if isinstance(domain, Record):
        fields = ", ".join(f"{quoted(n)} {transport(d)}" for n, d in domain.fields)
        return f"STRUCT({fields})"
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
    if isinstance(domain, Listed):
        return _lists(domain, raw)
    if isinstance(domain, Record):
        raise TypeError(domain)
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


def _lists(domain: Listed, raw: Raw) -> pa.Array:
    if not isinstance(raw, RawLists):
        raise TypeError(domain)
    items = _items(domain.item, list(raw.items))
    offsets = np.r_[0, np.cumsum(raw.values)].astype(np.int32)
    mask = None if raw.valid is None else pa.array(~raw.valid)
    return pa.ListArray.from_arrays(pa.array(offsets), items, mask=mask)


def _items(domain: Domain, raw: list[Raw]) -> pa.Array:
    """The elements of lists; takes the raw columns they are made of from the front."""
    if not isinstance(domain, Record):
        made = decode(domain, raw.pop(0))
        return made.dictionary_decode() if isinstance(made, pa.DictionaryArray) else made
    missing = pa.array(raw.pop(0).values == 0) if domain.optional else None
    fields = [_items(field, raw) for _, field in domain.fields]
    return pa.StructArray.from_arrays(fields, [n for n, _ in domain.fields], mask=missing)


def _constant(value: str | None, n: int) -> pa.DictionaryArray:
    if value is None:
        return pa.DictionaryArray.from_arrays(pa.nulls(n, pa.int32()), pa.array([""], pa.string()))
    return pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(n, np.int32)), pa.array([value], pa.string())
    )


def batch(
    program: Program, raw: Mapping[str, Raw], written: Mapping[str, pa.Array] | None = None
) -> pa.StructArray:
    """The columns of `sampled` as one Arrow struct array: fields c0, c1 and so on.

    Those that are ``written`` are taken as they are.
    """
    names, known = sampled(program), written or {}
    arrays = [known[n] if n in known else decode(program.domains[n], raw[n]) for n in names]
    return pa.StructArray.from_arrays(arrays, [f"c{i}" for i in range(len(names))])


def struct_type(program: Program) -> str:
    """The DuckDB type of :func:`batch`."""
    fields = (f"c{i} {transport(program.domains[n])}" for i, n in enumerate(sampled(program)))
    return f"STRUCT({', '.join(fields)})"


def select_list(program: Program) -> str:
    """SQL that turns fields c0, c1, … into the columns of the table, in order and type."""
    if program not in _SELECTED:
        fields = {name: f"c{i}" for i, name in enumerate(sampled(program))}
        _SELECTED[program] = ", ".join(
            f"{value_sql(program, o.name, fields)} AS {quoted(o.name)}" for o in program.outputs
        )
    return _SELECTED[program]


def value_sql(program: Program, name: str, fields: Mapping[str, str]) -> str:
    """SQL of a column in its final type, out of fields that hold the sampled columns."""
    types = {o.name: o.type for o in program.outputs}
    type_ = types[name] if name in types else program.domains[name].type
    domain = program.domains.get(name)
    if name not in fields and isinstance(domain, Fixed):
        value = "NULL" if domain.value is None else string(domain.value)
        return f"CAST({value} AS {type_})"
    if name in fields:
        field, sent = fields[name], transport(program.domains[name])
        return field if sent == type_.upper() else f"CAST({field} AS {type_})"

    def raw(read: str) -> exp.Expression | None:
        """The field of a column the kernel produces, in its type; written as text already."""
        made = read in fields or isinstance(program.domains.get(read), Fixed)
        return exp.var(value_sql(program, read, fields)) if made else None

    return f"CAST({text(inlined(program, name, raw))} AS {type_})"


def chunk_of(
    sampler: Sampler, table: str, numbers: pa.Array | pa.ChunkedArray, end: int
) -> pa.ListArray:
    """Groups of rows as lists of structs: fields c0, c1 and so on.

    Groups one after the other are served from blocks drawn ahead, up to row ``end``.

    Args:
        sampler: draws them.
        table: its name.
        numbers: Arrow integers, the first row of each group of `GROUP`.
        end: no row from there on is asked for.
    """
    whole = _whole(numbers)
    at = np.asarray(whole.to_numpy(zero_copy_only=False), np.int64)
    sizes = np.clip(end - at, 0, GROUP)
    offsets = np.append(0, np.cumsum(sizes)).astype(np.int32)
    consecutive = len(at) > 0 and bool((at == at[0] + GROUP * np.arange(len(at))).all())
    if table in sampler.model.verbatim or not consecutive:
        rows = (at[:, None] + np.arange(GROUP)).reshape(-1)
        drawn = rows_of(sampler, table, rows[rows < end])
    else:
        blocks = sampler.blocks(
            table, lambda first, stop: rows_of(sampler, table, np.arange(first, stop))
        )
        drawn, begin = blocks.chunk(int(at[0]), int(at[0] + offsets[-1]), end)
        offsets += begin  # DuckDB 1.5 reads lists of sliced structs from the start
    return pa.ListArray.from_arrays(pa.array(offsets), drawn)


def rows_of(sampler: Sampler, table: str, at: np.ndarray) -> pa.StructArray:
    """Rows of a table by number as one struct array: fields c0, c1 and so on."""
    model = sampler.model
    if table in model.verbatim:
        rows = model.verbatim[table].take(pa.array(at))
        arrays = [_whole(a) for a in rows.columns]
        return pa.StructArray.from_arrays(arrays, [f"c{i}" for i in range(len(arrays))])
    program = model.programs[table]
    raw = sampler.raw(table, at, sampled(program))
    return batch(program, raw, sampler.texts(table).of(raw, sampler.size))


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
