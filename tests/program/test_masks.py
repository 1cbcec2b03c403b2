"""Prepared draws: masks, packed nodes and tables say what the plain arrays say."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.program import kernel, prepared
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.codes import Codes
from genesis_sql.program.domain import Categories, Domain, Grid, Raw, Reals
from genesis_sql.program.draw import Stream, draw
from genesis_sql.program.execute import Identity, Rows, _needed, run
from genesis_sql.program.places import places
from genesis_sql.program.steps import Draw, Lookup, Output, Program, Tree
from genesis_sql.program.tree import Members

LABELS = 30
SEEDS = st.integers(0, 2**32 - 1)


def grown(
    rng: np.random.Generator, inputs: int, leaves: int, forest: int = 1, labels: int = LABELS
) -> tuple[Tree, list[list[int]]]:
    """A tree of random splits; the last input chooses among the members of a forest."""
    nodes: list[list[int]] = [[inputs, k + 1, 0, 0] for k in range(forest - 1)]

    def add() -> int:
        nodes.append([-1, 0, 0, 0])
        return len(nodes) - 1

    roots, cells = [], 0
    for _ in range(forest):
        roots.append(add())
        growing = [roots[-1]]
        while len(growing) < leaves:
            at = growing.pop(int(rng.integers(len(growing))))
            below = [add(), add()]
            nodes[at] = [int(rng.integers(inputs)), int(rng.integers(labels)), *below]
            growing += below
        for at in sorted(growing):
            nodes[at][2], cells = cells, cells + 1
    for k in range(forest - 1):
        nodes[k][2:] = [roots[k], roots[-1] if k == forest - 2 else k + 1]
    feature, threshold, left, right = (np.array(x, np.int32) for x in zip(*nodes, strict=True))
    return Tree(feature, threshold, left, right), nodes


def plainly(nodes: list[list[int]], codes: np.ndarray) -> list[int]:
    """The cell of each row, a row and a node at a time."""
    found = []
    for row in codes.T:
        at = 0
        while nodes[at][0] >= 0:
            feature, threshold, left, right = nodes[at]
            at = left if row[feature] <= threshold else right
        found.append(nodes[at][2])
    return found


@settings(max_examples=60, deadline=None)
@given(
    SEEDS,
    st.sampled_from([2, 3, 63, 64, 65, 128, 129, 200, 256]),
    st.sampled_from([1, 2, 5]),
    st.sampled_from([4, 9, 30]),
)
def test_masks_and_walks_find_the_cells_of_the_plain_tree(
    seed: int, leaves: int, forest: int, labels: int
) -> None:
    rng = np.random.default_rng(seed)
    tree, nodes = grown(rng, 4, leaves, forest, labels)
    sizes = np.zeros(5, np.int64)
    inner = tree.feature >= 0
    np.maximum.at(sizes, tree.feature[inner], tree.threshold[inner] + 2)
    place = np.array([3, 1, 0, 2, 4])
    rows = 2_500
    codes = rng.integers(0, LABELS + 5, (5, rows))
    expected = plainly(nodes, codes)
    held = np.empty((5, rows), np.uint16)
    held[place] = np.minimum(codes, np.maximum(sizes[:, None] - 1, 0))
    sift, walk = prepared.masks(tree, sizes), prepared.packed(tree, sizes, place)
    assert sift is not None
    for dtype in (np.uint16, np.int32):
        by_masks, by_nodes = np.full((2, rows), -1, np.int32)
        joint, asked = held.copy(), []
        for group in sift.asked:
            asked.append(int(place[group[0]]))
            if len(group) > 1:
                asked[-1] = len(joint)
                joint = np.vstack([joint, np.zeros((1, rows), np.uint16)])
                kernel.join(joint, place[list(group)], sizes[list(group)], asked[-1])
        sift.run(joint.astype(dtype), int(place[sift.pick]), np.array([*asked, -1]), by_masks)
        walk.run(held.astype(dtype), by_nodes)
        assert by_masks.tolist() == expected
        assert by_nodes.tolist() == expected


def test_trees_too_large_for_masks_are_walked() -> None:
    sizes = np.full(5, LABELS + 1)
    for leaves, fits in ((256, True), (257, False)):
        tree, _ = grown(np.random.default_rng(0), 4, leaves, 2)
        assert (prepared.masks(tree, sizes) is not None) == fits
    small, _ = grown(np.random.default_rng(0), 4, 200, 2)
    assert prepared.masks(small, np.full(5, 2**14)) is None


def test_neighbours_with_few_codes_are_asked_together() -> None:
    tree, _ = grown(np.random.default_rng(0), 6, 60, 3)
    assert set(tree.feature.tolist()) == set(range(-1, 7))
    sizes = np.array([3, 6, 100, 2, 64, 2, 5])
    assert prepared.together(tree, sizes) == [(0, 1), (2,), (3, 4), (5,)]


def test_members_of_a_chain_are_found_by_code() -> None:
    tree, nodes = grown(np.random.default_rng(1), 3, 4, 5)
    members = Members.of(tree)
    assert members.asked == 3
    assert members.of_codes(7).tolist() == [0, 0, 1, 2, 3, 4, 4]
    assert members.roots.tolist() == [nodes[0][2], *(n[2] for n in nodes[1:4]), nodes[3][3]]


# values of cells, beside the definition in numpy

ADDRESSES = np.r_[np.arange(3_000), 2**31 - 2 + np.arange(5), 2**62 - 1 - np.arange(5)]
IDENTITY = Identity("uuid", 5)


def made(seed: int, domain: Domain) -> Cells:
    """Three cells of random slots."""
    rng = np.random.default_rng(seed)
    start = np.array([0, 1, 40, 90])
    accept, alias = alias_tables(start, rng.integers(1, 100, 90))
    if isinstance(domain, Categories):
        return Cells(start, accept, alias, rng.integers(0, len(domain.labels), 90).astype(np.int32))
    width = rng.integers(1, 50, 90) * rng.integers(0, 2, 90)
    null = rng.random(90) < 0.2
    if isinstance(domain, Reals):
        return Cells(start, accept, alias, rng.normal(size=90), width.astype(np.float64), null)
    low = rng.integers(-500, 500, 90) * (2**40 if domain.type == "TIMESTAMP" else 1)
    return Cells(start, accept, alias, low, np.maximum(width, 1), null)


def defined(cells: Cells, cell: np.ndarray, column: str) -> list[object]:
    """What the rows are by definition."""

    def word(purpose: str) -> np.ndarray:
        return draw(IDENTITY.stream("t", column, purpose), ADDRESSES).astype(np.uint64)

    first = cells.start[cell]
    spread = word("cell") * (cells.start[cell + 1] - first).astype(np.uint64)
    at = first + (spread >> np.uint64(32)).astype(np.int64)
    other = (spread & np.uint64(2**32 - 1)) >= cells.accept[at]
    at = np.where(other, cells.alias[at], at)
    if cells.width is None or cells.null is None:
        return list(cells.low[at].tolist())
    part = word("within").astype(np.float64) * 2.0**-32 * cells.width[at]
    if cells.low.dtype == np.int64:
        part = np.where(cells.width[at] > 1, np.floor(part).astype(np.int64), 0)
    values = np.where(cells.null[at], None, (cells.low[at] + part).astype(object))
    return list(values)


@pytest.mark.parametrize(
    "domain",
    [
        Categories("VARCHAR", tuple(map(str, range(40)))),
        Categories("VARCHAR", tuple(map(str, range(70_000)))),
        Grid("BIGINT"),
        Grid("TIMESTAMP"),
        Reals("DOUBLE"),
    ],
    ids=["labels", "many labels", "grid", "numbers of 64 bits", "reals"],
)
def test_values_are_those_of_the_definition(domain: Domain) -> None:
    which = Categories("VARCHAR", ("a", "b"))
    root = Draw("w", (), Tree.single(), Cells(np.array([0, 2]), *_even(), np.array([1, 2], "i4")))
    feature, threshold = np.array([0, -1, 0, -1, -1], "i4"), np.array([0, 0, 1, 0, 0], "i4")
    left, right = np.array([1, 0, 3, 1, 2], "i4"), np.array([2, 0, 4, 0, 0], "i4")
    cells = made(3, domain)
    if isinstance(domain, Categories) and len(domain.labels) > 2**16:
        cells.low[0] = 69_999
        assert cells.labels is None
    asks = Draw("c", ("w",), Tree(feature, threshold, left, right), cells)
    alone = Draw("d", (), Tree.single(), cells)
    domains = {"w": which, "c": domain, "d": domain}
    outputs = tuple(Output(n, d.type) for n, d in domains.items())
    program = Program("t", 1, (root, asks, alone), domains, {}, outputs)
    raw = run(program, IDENTITY, Rows(ADDRESSES, ADDRESSES), None, list(domains))
    assert set(raw["w"].values.tolist()) == {1, 2}
    none = np.zeros(len(ADDRESSES), np.int64)
    for column, cell in (("c", raw["w"].values.astype(np.int64)), ("d", none)):
        found = raw[column]
        valid = np.ones(len(found), bool) if found.valid is None else found.valid
        seen = [v if ok else None for v, ok in zip(found.values.tolist(), valid, strict=True)]
        assert seen == defined(cells, cell, column)


def _even() -> tuple[np.ndarray, np.ndarray]:
    return alias_tables(np.array([0, 2]), np.array([1, 1]))


# tables of codes


@settings(deadline=None)
@given(
    st.lists(st.integers(-2_000, 2_000) | st.floats(-2_000, 2_000), min_size=1, max_size=9),
    st.lists(
        st.sampled_from([-(2**63), 2**63 - 1]) | st.integers(-2_100, 2_100), min_size=1, max_size=30
    ),
    SEEDS,
)
def test_codes_by_table_are_those_that_are_searched(
    edges: list[float], values: list[int], seed: int
) -> None:
    cuts, numbers = np.unique(np.array(edges)), np.array(values, np.int64)
    valid = np.random.default_rng(seed).random(len(numbers)) < 0.7
    searched, told = np.empty((2, len(numbers)), np.int32)
    kernel.cut(numbers, valid, cuts, searched)
    table = prepared.Told.of(cuts, np.uint16)
    assert table is not None
    kernel.tell(numbers, valid, table.lowest, table.codes, told)
    assert told.tolist() == searched.tolist()


def test_numbers_far_apart_have_no_table() -> None:
    for edges in ([0, prepared.TOLD + 5], [], [np.inf], [-(2**60), -(2**60) + 1]):
        assert prepared.Told.of(np.array(edges, np.float64), np.uint16) is None


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=9, unique=True),
    st.booleans(),
    st.lists(st.integers(-3, 70), min_size=1, max_size=30),
    SEEDS,
)
def test_lookups_by_table_are_those_that_are_searched(
    levels: list[int], labels: bool, values: list[int], seed: int
) -> None:
    rng, held = np.random.default_rng(seed), np.sort(np.array(levels))
    keys = np.unique(rng.integers(0, len(held) + 1, 5))
    step = Lookup("c", ("a",), (held,), keys, rng.integers(0, 9, len(keys)).astype(np.int32))
    numbers = np.maximum(values, 0) if labels else np.array(values)
    numbers = numbers.astype(np.int32 if labels else np.int64)
    known = numbers > 0 if labels else np.ones(len(numbers), bool)
    table = prepared.Told.looked_up(step, labels=labels)
    assert table is not None
    program = Program("t", 1, (), {}, {}, ())
    told = Codes(prepared.prepare(program), np.zeros(len(numbers), np.uint64)).told(numbers, table)
    assert told.tolist() == step.values[places(step, [numbers], [known])].tolist()


def test_inputs_are_learnt_once() -> None:
    """What changes a column after a step has asked for its codes changes no other step's."""
    tree = Tree(*(np.array(x, "i4") for x in ([0, -1, -1], [3, 0, 0], [1, 0, 1], [2, 0, 0])))
    cells = made(0, Grid("BIGINT"))
    step = Draw("c", ("a",), tree, cells)
    domains: dict[str, Domain] = {"a": Grid("BIGINT"), "c": Grid("BIGINT")}
    edges = {"a": np.array([1, 5, 9])}
    program = Program("t", 1, (step,), domains, edges, ())
    codes = Codes(prepared.prepare(program), np.arange(3, dtype=np.uint64))
    asked: list[str] = []

    def column(name: str) -> Raw:
        asked.append(name)
        return Raw(np.array([0, 6, 100]), np.array([True, True, False]))

    first = codes.cells(step, column).tolist()
    assert first == codes.cells(step, column).tolist() == [0, 0, 0]
    assert asked == ["a"]


def test_what_is_prepared_goes_with_its_program() -> None:
    cells = made(0, Grid("BIGINT"))
    steps = (Draw("c", (), Tree.single(), cells),)
    program = Program("t", 1, steps, {"c": Grid("BIGINT")}, {}, (Output("c", "BIGINT"),))
    run(program, IDENTITY, Rows(np.arange(3), np.arange(3)), None, ["c"])
    held = weakref.ref(prepared.prepare(program))
    assert held() is prepared.prepare(program)
    del program
    _needed.cache_clear()
    gc.collect()
    assert held() is None


def test_streams_have_the_keys_of_their_purposes() -> None:
    keys = IDENTITY.keys("t", "c", ("cell", "within"))
    one, two = (IDENTITY.stream("t", "c", p) for p in ("cell", "within"))
    assert keys.tolist() == [one.a, one.b, two.a, two.b]
    assert isinstance(one, Stream)
