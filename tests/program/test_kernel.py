"""The kernel: rows that depend on their number alone, and that no release may change."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import batch, sampled, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program import kernel
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Grid, Raw
from genesis_sql.program.draw import Stream, draw
from genesis_sql.program.execute import Identity, Rows, distinct_place, run
from genesis_sql.program.serialize import from_bytes
from genesis_sql.program.steps import Draw, Output, Program, Tree
from genesis_sql.types import Graph

FIXTURES = Path(__file__).parent / "fixtures"
GOLDEN = json.loads((FIXTURES / "rows.json").read_text("utf-8"))
IDENTITY = Identity("uuid", 5)


# rows that were committed


def texts(sampler: Sampler, table: str) -> list[list[str | None]]:
    """A whole table as DuckDB writes its values."""
    program = sampler.model.programs[table]
    raw = sampler.raw(table, np.arange(sampler.size(table)), sampled(program))
    values = pa.RecordBatch.from_struct_array(batch(program, raw))
    with duckdb.connect() as con:
        con.register("sampled_rows", pa.Table.from_batches([values]))
        typed = con.sql(f"SELECT {select_list(program)} FROM sampled_rows")
        return [list(row) for row in typed.project("CAST(COLUMNS(*) AS VARCHAR)").fetchall()]


def digest(rows: list[list[str | None]]) -> str:
    return blake2b(json.dumps(rows).encode(), digest_size=12).hexdigest()


@pytest.fixture(scope="module")
def stored() -> Model:
    """The programs of `tests/plan/conftest.py`, as bytes that were written once and stay."""
    programs = {t: from_bytes((FIXTURES / f"{t}.bin").read_bytes()) for t in GOLDEN}
    return Model("family", 1, "family", Graph(()), programs, {}, tuple(GOLDEN))


@pytest.mark.parametrize("table", GOLDEN)
def test_stored_programs_draw_the_rows_they_always_drew(stored: Model, table: str) -> None:
    rows = texts(Sampler(stored, 7), table)
    assert rows[: len(GOLDEN[table]["first"])] == GOLDEN[table]["first"]
    assert len(rows) == GOLDEN[table]["rows"]
    assert digest(rows) == GOLDEN[table]["digest"]


# rows that depend on their number alone


def shown(raw: Raw) -> list[str]:
    valid = [True] * len(raw) if raw.valid is None else raw.valid.tolist()
    values = zip(raw.values.tolist(), valid, strict=True)
    return [repr(v if ok else None) for v, ok in values]


def columns(program: Program, numbers: np.ndarray) -> dict[str, list[str]]:
    raw = run(program, IDENTITY, Rows(numbers, numbers), None, [o.name for o in program.outputs])
    return {o.name: shown(raw[o.name]) for o in program.outputs}


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    numbers=st.lists(st.integers(0, 499), max_size=60),
    piece=st.integers(1, 500),
)
def test_any_order_any_subset_and_any_pieces(
    random_program: Callable[[int], Program], seed: int, numbers: list[int], piece: int
) -> None:
    program = random_program(seed)
    together = columns(program, np.arange(500))
    some = columns(program, np.array(numbers, np.int64))
    cut = [columns(program, np.arange(500)[i : i + piece]) for i in range(0, 500, piece)]
    for name, values in together.items():
        assert some[name] == [values[n] for n in numbers], name
        assert [v for part in cut for v in part[name]] == values, name


def test_one_thread_and_four(random_program: Callable[[int], Program]) -> None:
    program, numbers = random_program(11), np.arange(40_000)
    alone = columns(program, numbers)
    with ThreadPoolExecutor(4) as pool:
        parts = list(pool.map(lambda n: columns(program, n), np.array_split(numbers, 16)))
    for name, values in alone.items():
        assert [v for part in parts for v in part[name]] == values, name


def test_a_column_alone_is_what_it_is_among_others(
    random_program: Callable[[int], Program],
) -> None:
    program, rows = random_program(8), Rows(np.arange(200), np.arange(200))
    together = columns(program, np.arange(200))
    for output in program.outputs:
        alone = run(program, IDENTITY, rows, None, [output.name])
        assert shown(alone[output.name]) == together[output.name]


def test_seed_model_table_and_column_change_the_draws() -> None:
    def first(identity: Identity, table: str, column: str) -> list[int]:
        draws = Program(
            table, 9, (label(column),), {column: LABELS}, {}, (Output(column, "VARCHAR"),)
        )
        rows = Rows(np.arange(64), np.arange(64))
        return list(run(draws, identity, rows, None, [column])[column].values)

    base = first(IDENTITY, "t", "c")
    assert base == first(Identity("uuid", 5), "t", "c")
    others = [(Identity("uuid", 6), "t", "c"), (Identity("other", 5), "t", "c")]
    others += [(IDENTITY, "u", "c"), (IDENTITY, "t", "d")]
    assert all(base != first(*other) for other in others)


# what a cell gives

LABELS = Categories("VARCHAR", tuple("abcdefgh"))
WEIGHTS = np.array([5, 1, 7, 100, 2, 30, 3, 1])


def label(column: str) -> Draw:
    accept, alias = alias_tables(np.array([0, 8]), WEIGHTS)
    low = np.arange(1, 9, dtype=np.int32)
    return Draw(column, (), Tree.single(), Cells(np.array([0, 8]), accept, alias, low))


def test_atoms_come_in_proportion_to_their_weights() -> None:
    program = Program("t", 1, (label("c"),), {"c": LABELS}, {}, (Output("c", "VARCHAR"),))
    n = 400_000
    raw = run(program, IDENTITY, Rows(np.arange(n), np.arange(n)), None, ["c"])["c"]
    count, expected = np.bincount(raw.values, minlength=9)[1:], n * WEIGHTS / WEIGHTS.sum()
    assert ((count - expected) ** 2 / expected).sum() < 30  # 7 degrees of freedom: p < .0001


def test_intervals_are_filled_evenly_and_never_left() -> None:
    cells = Cells(
        np.array([0, 2]),
        *alias_tables(np.array([0, 2]), np.array([1, 1])),
        np.array([-10, 2**62]),
        np.array([20, 2**61]),
        np.zeros(2, bool),
    )
    program = Program("t", 1, (Draw("x", (), Tree.single(), cells),), {"x": Grid("BIGINT")}, {}, ())
    raw = run(program, IDENTITY, Rows(np.arange(40_000), np.arange(40_000)), None, ["x"])["x"]
    low, high = (raw.values[side] for side in (raw.values < 10, raw.values >= 10))
    assert set(low) == set(range(-10, 10))
    assert np.bincount(low + 10).std() < 5 * np.sqrt(1000)
    assert int(high.min()) >= 2**62
    assert int(high.max()) < 2**62 + 2**61
    assert abs(float(high.mean() - 2.0**62) / 2.0**61 - 0.5) < 0.01


@settings(deadline=None)  # the first call compiles
@given(
    values=st.lists(st.floats(), max_size=20),
    edges=st.lists(st.floats(allow_nan=False), max_size=9, unique=True),
)
def test_cut_counts_the_edges_below(values: list[float], edges: list[float]) -> None:
    known, sorted_edges = np.array(values, np.float64), np.sort(np.array(edges, np.float64))
    out = np.empty(len(known), np.int32)
    kernel.cut(known, np.ones(len(known), bool), sorted_edges, out)
    assert out.tolist() == [
        1 + (len(edges) if v != v else sum(e < v for e in edges)) for v in values
    ]
    kernel.cut(known, np.zeros(len(known), bool), sorted_edges, out)
    assert not out.any()


@settings(deadline=None)
@given(st.lists(st.integers(1, 2**20), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_choose_takes_the_member_that_holds_the_share(weights: list[int], word: int) -> None:
    cumulated, out = np.cumsum(weights), np.empty(1, np.int64)
    offsets = np.array([0, len(weights), len(weights)])
    kernel.choose(np.zeros(1, np.int64), np.array([word], np.uint32), offsets, cumulated, out)
    target = word * sum(weights) >> 32
    assert out[0] == next(i for i, c in enumerate(cumulated) if c > target)
    for group in (-1, 1):
        kernel.choose(np.array([group]), np.array([word], np.uint32), offsets, cumulated, out)
        assert out[0] == -1


@pytest.mark.parametrize("size", [1, 2, 30, 1_000_003, 1_000_003 * 7])
def test_places_of_siblings_differ(size: int) -> None:
    k = np.arange(min(size, 2000))
    for offset, stride in ((0, 0), (2**32 - 1, 1), (12345, 2**32 - 1)):
        places = distinct_place(k, np.int64(offset), np.int64(stride), size)
        assert len(np.unique(places)) == len(k)
        assert places.min() >= 0
        assert places.max() < size


def test_words_of_the_kernel_are_those_of_numpy() -> None:
    keys = Stream(2**32 - 1, 12345)
    rows = np.r_[np.arange(100), 2**31 - 1 + np.arange(3), 2**62 - 1 - np.arange(3)]
    out = np.empty(len(rows), np.uint32)
    kernel.words(np.array([keys.a, keys.b], np.uint64), rows.astype(np.uint64), out)
    assert out.tolist() == draw(keys, rows).tolist()
