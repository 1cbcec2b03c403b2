"""Programs as bytes: nothing lost on the way, nothing damaged let through."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.errors import ExpressionError, GenesisError, ModelFormatError
from genesis_sql.plan.output import batch, sampled
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.serialize import from_bytes, to_bytes
from genesis_sql.program.steps import Program
from genesis_sql.program.validate import check_type

FIXTURES = Path(__file__).parent / "fixtures"
STORED = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.bin"))}
KEY = b"genesis_program"


def drawn(program: Program) -> list[str]:
    rows = Rows(np.arange(60), np.arange(60))
    raw = run(program, Identity("u", 1), rows, None, sampled(program))
    return [str(column) for column in batch(program, raw).flatten()]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_programs_survive(random_program: Callable[[int], Program], seed: int) -> None:
    program = random_program(seed)
    data = to_bytes(program)
    again = from_bytes(data)
    assert to_bytes(again) == data == to_bytes(program)
    assert drawn(again) == drawn(program)
    assert [type(s) for s in again.steps] == [type(s) for s in program.steps]
    assert dict(again.domains) == program.domains
    assert again.outputs == program.outputs


@pytest.mark.parametrize("table", STORED)
def test_stored_programs_are_written_as_they_were(table: str) -> None:
    found, again = (_opened(d) for d in (STORED[table], to_bytes(from_bytes(STORED[table]))))
    assert found[0] == again[0]
    assert all(np.array_equal(found[1][n], again[1][n], equal_nan=True) for n in found[1])


# damage


def _opened(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The document and the arrays."""
    held = pa.ipc.open_stream(data).read_next_batch()
    document = json.loads(held.schema.metadata[KEY])
    return document, {f.name: held.column(f.name).flatten().to_numpy() for f in held.schema}


def _closed(document: Any, arrays: dict[str, np.ndarray]) -> bytes:
    lists = [pa.ListArray.from_arrays([0, len(a)], pa.array(a)) for a in arrays.values()]
    fields = [pa.field(n, a.type) for n, a in zip(arrays, lists, strict=True)]
    schema = pa.schema(fields, metadata={KEY: json.dumps(document)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(lists, schema=schema))
    return bytes(sink.getvalue().to_pybytes())


def refused_or_whole(data: bytes) -> bool:
    """Whether bytes are refused; what is let through can be run."""
    try:
        program = from_bytes(data)
    except (ModelFormatError, ExpressionError):
        return True
    try:
        drawn(program)
    except GenesisError:
        return True
    return False


def test_flipped_and_lost_bytes() -> None:
    data, chance = STORED["notes"], random.Random(2)
    refused = 0
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(chance.choice([1, 1, 4])):
            changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        refused += refused_or_whole(bytes(changed))
        refused += refused_or_whole(data[: chance.randrange(len(data))])
    assert refused > 200


POOL = (None, -1, 0, 1, 2**63, 1.5, "", "x", "#address", "parent.id", [], {}, ["a"], True)


def test_documents_with_other_values() -> None:
    chance = random.Random(4)
    for _ in range(250):
        document, arrays = _opened(STORED["notes"])
        at: Any = document
        while isinstance(at, dict | list) and at:
            place = chance.choice(list(at) if isinstance(at, dict) else range(len(at)))
            if not isinstance(at[place], dict | list) or chance.random() < 0.2:
                at[place] = chance.choice(POOL)
                break
            at = at[place]
        refused_or_whole(_closed(document, arrays))


def _with(name: str, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    """The stored program `notes` with one array changed; ``name`` is its place in the draw of at."""
    document, arrays = _opened(STORED["notes"])
    step = next(s for s in document["steps"] if s["column"] == "at" and s["step"] == "Draw")
    places = dict(zip(("feature", "threshold", "left", "right"), step["tree"], strict=True))
    cells = ("start", "accept", "alias", "low", "width", "null")
    places |= dict(zip(cells, step["cells"], strict=True))
    arrays[places[name]] = change(arrays[places[name]])
    return _closed(document, arrays)


def _put(place: int, value: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        out = array.copy()
        out[place] = value
        return out

    return change


@pytest.mark.parametrize(
    ("name", "change", "match"),
    [
        ("feature", _put(0, 9), "asks about an input it does not have"),
        ("feature", _put(0, -2), "asks about an input it does not have"),
        ("left", _put(0, 0), "a tree is no tree"),
        ("right", _put(0, 99), "a tree is no tree"),
        ("left", _put(-1, 99), "a leaf has no cell"),
        ("left", _put(-1, -1), "a leaf has no cell"),
        ("right", lambda a: a[:-1], "differ in length"),
        ("start", _put(1, 0), "a cell is empty"),
        ("start", _put(-1, 10**6), "cells do not fit"),
        ("start", lambda a: a.astype(np.float64), "whole numbers"),
        ("accept", lambda a: a[:-1], "alias tables do not fit"),
        ("alias", _put(0, 10**6), "an alias points outside"),
        ("alias", _put(0, -1), "an alias points outside"),
        ("low", lambda a: a[:-1], "fit"),
        ("low", lambda a: a.astype(np.float64), "another kind"),
        ("width", lambda a: a[:-1], "widths do not fit"),
        ("null", lambda a: a[:-1], "null marks do not fit"),
    ],
)
def test_wrong_indices(name: str, change: Callable[[np.ndarray], np.ndarray], match: str) -> None:
    with pytest.raises(ModelFormatError, match=match):
        from_bytes(_with(name, change))


def test_offsets_that_point_outside() -> None:
    document, _ = _opened(STORED["tags"])
    data = _closed(document, {"a0": np.zeros(12345)})
    offsets = np.array([0, 12345], np.int32).tobytes()
    at = data.rindex(offsets)  # behind the lengths of the message
    outside = np.array([0, 2**30], np.int32).tobytes()
    with pytest.raises(ModelFormatError, match="cannot be read"):
        from_bytes(data[:at] + outside + data[at + 8 :])


def changed(table: str, **fields: Any) -> bytes:
    document, arrays = _opened(STORED[table])
    return _closed({**document, **fields}, arrays)


def test_another_format() -> None:
    with pytest.raises(ModelFormatError, match="has format 3, this release reads up to 2"):
        from_bytes(changed("tags", format=3))


def test_expressions_are_checked_again() -> None:
    document, arrays = _opened(STORED["notes"])
    document["steps"][-1]["sql"] = "(SELECT getenv('HOME'))"
    with pytest.raises(ExpressionError, match="which models may not"):
        from_bytes(_closed(document, arrays))


@pytest.mark.parametrize(
    "type_", ["INTEGER; DROP TABLE x", "ENUM('a'), x", "DECIMAL(1)", "int", "", "BIT", "VARCHAR[]"]
)
def test_types_are_written_into_statements(type_: str) -> None:
    with pytest.raises(ModelFormatError, match="is no column type"):
        from_bytes(changed("notes", outputs=[["key", type_]]))


def test_a_long_enum_takes_no_time() -> None:
    check_type("ENUM('" + "'', " * 20_000 + "')")
    with pytest.raises(ModelFormatError, match="is no column type"):
        check_type("ENUM(" + "'" * 101 + "x)")


@pytest.mark.parametrize("data", [b"", b"x" * 500, STORED["tags"][8:]])
def test_no_program_at_all(data: bytes) -> None:
    with pytest.raises(ModelFormatError, match="cannot be read"):
        from_bytes(data)
