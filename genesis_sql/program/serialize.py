"""Programs as bytes: one Arrow IPC stream, a JSON document in its metadata beside named arrays.

No pickle. Everything read is checked before it is used: index ranges, lengths, names, expressions.
A changed or hostile file ends in a :class:`ModelFormatError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from genesis_sql.errors import ExpressionError, ModelFormatError
from genesis_sql.program import steps as s
from genesis_sql.program.allowlist import CALLS, check_expression
from genesis_sql.program.cells import Cells
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.domain import (
    Categories,
    Domain,
    Fixed,
    Grid,
    Key,
    Listed,
    Reals,
    Record,
    Words,
)
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.scatter import IntegerKey
from genesis_sql.program.validate import check_program

_PLAIN: dict[str, type] = {
    c.__name__: c for c in (
        s.Number, s.Random, s.Constant, s.Copy, s.Sibling, s.Pick, s.PickDistinct, s.PickSelf,
        s.Expression, Aggregate, s.Block, s.Beyond, s.Formula, s.Either, s.Part,
    )
}  # fmt: skip


@dataclass
class _Arrays:
    """Arrays by running name while a program is written."""

    named: dict[str, np.ndarray] = field(default_factory=dict)

    def put(self, array: np.ndarray | None) -> str | None:
        if array is None:
            return None
        name = f"a{len(self.named)}"
        self.named[name] = np.ascontiguousarray(array)
        return name


def to_bytes(program: s.Program) -> bytes:
    """The program as bytes; equal programs give equal bytes."""
    arrays = _Arrays()
    document = {
        "format": program.format,
        "table": program.table,
        "rows": program.rows,
        "steps": [_step(step, arrays) for step in program.steps],
        "domains": {n: _domain(d, arrays) for n, d in sorted(program.domains.items())},
        "edges": {n: arrays.put(e) for n, e in sorted(program.edges.items())},
        "outputs": [[o.name, o.type] for o in program.outputs],
        "main": None if program.main is None else asdict(program.main),
        "links": [asdict(link) for link in program.links],
        "parts": {n: arrays.put(p) for n, p in sorted(program.parts.items())},
    }
    if program.constraints:
        document["constraints"] = [asdict(c) for c in program.constraints]
    if program.moment is not None:
        document["moment"] = program.moment
    lists = [
        pa.ListArray.from_arrays(pa.array([0, len(a)], pa.int32()), _flat(a))
        for a in arrays.named.values()
    ]
    schema = pa.schema(
        [pa.field(n, a.type) for n, a in zip(arrays.named, lists, strict=True)],
        metadata={"genesis_program": json.dumps(document, ensure_ascii=False, sort_keys=True)},
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(
        sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")
    ) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(lists, schema=schema))
    raw: bytes = sink.getvalue().to_pybytes()
    return raw


def _flat(array: np.ndarray) -> pa.Array:
    return pa.array(
        array.ravel().astype(np.uint8) if array.dtype == bool else array.ravel(), from_pandas=False
    )


def _step(step: s.Step, arrays: _Arrays) -> dict[str, Any]:
    kind = type(step).__name__
    if isinstance(step, s.Draw):
        tree = [
            arrays.put(a)
            for a in (step.tree.feature, step.tree.threshold, step.tree.left, step.tree.right)
        ]
        c = step.cells
        cells = [arrays.put(a) for a in (c.start, c.accept, c.alias, c.low, c.width, c.null)]
        bounds = {"at_most": step.at_most, "at_least": step.at_least}
        return {
            "step": kind,
            "column": step.column,
            "inputs": list(step.inputs),
            "tree": tree,
            "cells": cells,
            **{name: bound for name, bound in bounds.items() if bound},
        }
    if isinstance(step, s.Digit):
        plain = {"column": step.column, "by": step.step, "divisor": step.divisor, "base": step.base}
        return {"step": kind, **plain, "values": arrays.put(step.values)}
    if isinstance(step, s.Stratum):
        return {"step": kind, "column": step.column, "values": arrays.put(step.values)}
    if isinstance(step, s.Following):
        plain = {"column": step.column, "base": step.base, "hops": step.hops}
        plain |= {"at_most": step.at_most} if step.at_most else {}
        return {"step": kind, **plain, "factor": step.factor, "days": arrays.put(step.days)}
    if isinstance(step, s.Lookup):
        return {
            "step": kind,
            "column": step.column,
            "inputs": list(step.inputs),
            "levels": [arrays.put(a) for a in step.levels],
            "arrays": [arrays.put(a) for a in (step.keys, step.values, step.valid)],
        }
    plain = asdict(step)
    plain.pop("given", None)
    if isinstance(step, s.PickSelf):  # as they were before there was a choice of rows
        plain = {name: value for name, value in plain.items() if value is not None}
    return {"step": kind, **plain}


def _domain(domain: Domain, arrays: _Arrays) -> dict[str, Any]:
    kind = type(domain).__name__
    if isinstance(domain, Key):
        return {
            "kind": kind,
            "type": domain.type,
            "made": type(domain.format).__name__,
            "format": domain.format.to_dict(),
        }
    if isinstance(domain, Words):
        return {"kind": kind, "type": domain.type, "pattern": domain.pattern.to_dict()}
    if isinstance(domain, Categories):
        return {"kind": kind, "type": domain.type, "labels": list(domain.labels)}
    if isinstance(domain, Record):
        fields = [[n, _domain(d, arrays)] for n, d in domain.fields]
        return {"kind": kind, "type": domain.type, "fields": fields, "optional": domain.optional}
    if isinstance(domain, Listed):
        return {"kind": kind, "type": domain.type, "item": _domain(domain.item, arrays)}
    return {"kind": kind, **asdict(domain)}


_DAMAGED = (
    pa.ArrowException, KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration,
    OSError, OverflowError, MemoryError, RecursionError,
)  # fmt: skip
"""What reading bytes that nobody vouches for can raise."""


def from_bytes(data: bytes) -> s.Program:
    """The program of :func:`to_bytes`.

    Raises:
        ModelFormatError: the bytes are no program, one of a later format, or one that was changed.
    """
    try:
        batch = pa.ipc.open_stream(pa.BufferReader(data)).read_next_batch()
        batch.validate(full=True)  # offsets that point outside would end the process
        document = json.loads(batch.schema.metadata[b"genesis_program"])
        written = document["format"]
    except _DAMAGED as error:
        message = f"a stored program cannot be read: {error}"
        raise ModelFormatError(message) from error
    if written not in s.READABLE:
        message = (
            f"a program has format {written}, this release reads up to {s.FORMAT}; "
            "install the release that wrote it"
        )
        raise ModelFormatError(message)
    try:
        program = _program(document, lambda name: _array(batch, name))
        for step in program.steps:
            if isinstance(step, s.Expression):
                check_expression(step.sql, CALLS)
        check_program(program)
    except (ModelFormatError, ExpressionError):
        raise
    except _DAMAGED as error:
        message = f"a stored program is damaged: {error!r}"
        raise ModelFormatError(message) from error
    return program


def _array(batch: pa.RecordBatch, name: str | None) -> np.ndarray | None:
    if name is None:
        return None
    held = batch.column(name).flatten()
    plain = pa.types.is_integer(held.type) or pa.types.is_floating(held.type)
    if len(batch) != 1 or held.null_count or not plain:
        message = f"array {name} holds no numbers"
        raise ValueError(message)
    values: np.ndarray = held.to_numpy(zero_copy_only=False)
    return values


def _whole(array: np.ndarray | None, kind: type[np.integer[Any]] = np.int32) -> np.ndarray:
    values = _must(array)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    fits = values.dtype.kind in "iu" and (
        len(values) == 0 or (low <= int(values.min()) and int(values.max()) <= high)
    )
    if not fits:
        message = "whole numbers are missing, or too large"
        raise ValueError(message)
    return values.astype(kind)


_Get = Callable[[str | None], np.ndarray | None]


def _program(document: dict[str, Any], get: _Get) -> s.Program:
    main = document["main"]
    return s.Program(
        table=str(document["table"]),
        rows=int(document["rows"]),
        steps=tuple(_read_step(dict(d), get) for d in document["steps"]),
        domains={n: _read_domain(dict(d)) for n, d in document["domains"].items()},
        edges={n: _must(get(e)) for n, e in document["edges"].items()},
        outputs=tuple(s.Output(str(n), str(t)) for n, t in document["outputs"]),
        main=None if main is None else s.MainParent(**{**main, "link": _link(main["link"])}),
        links=tuple(_link(link) for link in document["links"]),
        parts={n: _must(get(p)) for n, p in document["parts"].items()},
        constraints=tuple(Constraint(**dict(c)) for c in document.get("constraints", ())),
        moment=document.get("moment"),
        format=int(document["format"]),
    )


def _must(array: np.ndarray | None) -> np.ndarray:
    if array is None:
        message = "an array is missing"
        raise ValueError(message)
    return array


def _link(plain: dict[str, Any]) -> s.Link:
    return s.Link(
        plain["alias"], plain["parent"], tuple(plain["columns"]), tuple(plain["parent_columns"])
    )


def _read_step(plain: dict[str, Any], get: _Get) -> s.Step:
    kind = plain.pop("step")
    if kind == "Draw":
        tree = s.Tree(*(_whole(get(a)) for a in plain["tree"]))
        start, accept, alias, low, width, null = (get(a) for a in plain["cells"])
        cells = Cells(
            _whole(start, np.int64),
            _whole(accept, np.uint32),
            _whole(alias),
            _must(low),
            width,
            None if null is None else null.astype(bool),
        )
        bounds = (plain.get("at_most"), plain.get("at_least"))
        return s.Draw(plain["column"], tuple(plain["inputs"]), tree, cells, *bounds)
    if kind == "Lookup":
        keys, values, valid = (get(a) for a in plain["arrays"])
        return s.Lookup(
            plain["column"],
            tuple(plain["inputs"]),
            tuple(_must(get(a)) for a in plain["levels"]),
            _whole(keys, np.int64),
            _must(values),
            None if valid is None else valid.astype(bool),
        )
    if kind == "Following":
        days = _whole(get(plain.pop("days")), np.int64)
        return s.Following(**plain, days=days)
    if kind == "Digit":
        return s.Digit(
            plain["column"],
            _must(get(plain["values"])),
            int(plain["by"]),
            int(plain["divisor"]),
            int(plain["base"]),
        )
    if kind == "Stratum":
        return s.Stratum(plain["column"], _must(get(plain["values"])))
    if kind == "Pick":
        plain["shared"] = tuple((a, b) for a, b in plain["shared"])
    if kind == "Block":
        names = ("columns", "inputs")
        plain = {n: plain[n] for n in ("method", "part", "direct")} | {
            n: tuple(map(str, plain[n])) for n in names
        }
    if kind == "Aggregate":
        plain["sources"] = tuple(plain["sources"])
    step: s.Step = _PLAIN[kind](**plain)
    return step


def _read_domain(plain: dict[str, Any]) -> Domain:
    kind = plain.pop("kind")
    if kind == "Key":
        made = IntegerKey if plain["made"] == "IntegerKey" else Pattern
        return Key(plain["type"], made.from_dict(plain["format"]))
    if kind == "Words":
        return Words(plain["type"], Pattern.from_dict(plain["pattern"]))
    if kind == "Categories":
        return Categories(plain["type"], tuple(str(label) for label in plain["labels"]))
    if kind == "Record":
        fields = tuple((str(n), _read_domain(dict(d))) for n, d in plain["fields"])
        return Record(plain["type"], fields, bool(plain["optional"]))
    if kind == "Listed":
        return Listed(plain["type"], _read_domain(dict(plain["item"])))
    plain_kinds: dict[str, Callable[..., Domain]] = {"Grid": Grid, "Reals": Reals, "Fixed": Fixed}
    return plain_kinds[kind](**plain)
