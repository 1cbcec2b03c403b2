"""Steps that are done together give the rows that they give one by one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.program import diagram as diagrams
from genesis_sql.program import fused
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.diagram import Question, diagram
from genesis_sql.program.domain import Categories, Domain, Grid, Raw
from genesis_sql.program.execute import Identity, Rows, _needed, _State, run
from genesis_sql.program.prepared import prepare
from genesis_sql.program.steps import Draw, Lookup, Output, Override, Program, Tree
from tests.program.test_masks import SEEDS, grown, plainly

IDENTITY = Identity("uuid", 5)
ADDRESSES = np.r_[np.arange(1_500), 2**31 - 2 + np.arange(5), 2**62 - 1 - np.arange(5)]


def one_by_one(program: Program, names: list[str]) -> dict[str, Raw]:
    """The columns by the steps themselves."""
    state = _State(program, IDENTITY, Rows(ADDRESSES, ADDRESSES), None, None)
    for step in _needed(program, tuple(names)):
        state.do(step)
    return state.raw


def same(program: Program, names: list[str]) -> int:
    """See that both ways give the same columns; how many steps were done together."""
    found = run(program, IDENTITY, Rows(ADDRESSES, ADDRESSES), None, names)
    expected = one_by_one(program, names)
    for name in names:
        one, two = found[name], expected[name]
        assert one.values.dtype == two.values.dtype
        assert one.values.tobytes() == two.values.tobytes()
        known, expects = (np.ones(len(r), bool) if r.valid is None else r.valid for r in (one, two))
        assert known.tolist() == expects.tolist()
    held = prepare(program).plans[tuple(names)]
    return 0 if held is None else held.steps


def cells(rng: np.random.Generator, count: int, domain: Domain, wide: bool, far: bool) -> Cells:
    """Cells of random slots."""
    start = np.r_[0, np.cumsum(rng.integers(1, 30, count))]
    accept, alias = alias_tables(start, rng.integers(1, 100, start[-1]))
    if isinstance(domain, Categories):
        low = rng.integers(0, len(domain.labels) + 1, start[-1]).astype(np.int32)
        return Cells(start, accept, alias, low)
    low = rng.integers(-90, 90, start[-1]) * (2**36 if far else 1)
    width = rng.integers(1, 9, start[-1]) if wide else np.ones(start[-1], np.int64)
    return Cells(start, accept, alias, low, width, rng.random(start[-1]) < 0.2)


def program_of(seed: int, leaves: int) -> Program:
    """Labels and numbers of all kinds, each drawn by a tree over those before it."""
    rng = np.random.default_rng(seed)
    domains: dict[str, Domain] = {}
    edges: dict[str, np.ndarray] = {}
    steps: list[Draw | Lookup] = []
    for at in range(8):
        name, before = f"c{at}", list(domains)
        domain: Domain = Grid("BIGINT")
        if rng.random() < 0.5:
            domain = Categories("VARCHAR", tuple(map(str, range(int(rng.integers(1, 400))))))
        far = rng.random() < 0.3
        if isinstance(domain, Grid):
            edges[name] = np.unique(rng.normal(size=20) * 60) * (2.0**36 if far else 1)
        asked = before[-4:]
        tree = grown(rng, len(asked), leaves, labels=18)[0] if asked else Tree.single()
        drawn = cells(rng, tree.leaves, domain, rng.random() < 0.5, far)
        steps.append(Draw(name, tuple(asked), tree, drawn))
        domains[name] = domain
        if rng.random() < 0.4:
            levels = np.unique(rng.integers(-90 if name in edges else 1, 90, 12))
            keys = np.unique(rng.integers(0, len(levels) + 1, 9))
            fixed = rng.integers(0, 9, len(keys))
            to: Domain = Categories("VARCHAR", tuple("abcdefgh"))
            valid = None
            if rng.random() < 0.5:
                to, valid, edges[f"l{at}"] = Grid("BIGINT"), rng.random(len(keys)) < 0.7, [2, 5]
            else:
                fixed = fixed.astype(np.int32)
            steps.append(Lookup(f"l{at}", (name,), (levels,), keys, fixed, valid))
            domains[f"l{at}"] = to
    cuts = {name: np.asarray(cut, np.float64) for name, cut in edges.items()}
    outputs = tuple(Output(n, d.type) for n, d in domains.items())
    return Program("t", 1, tuple(steps), domains, cuts, outputs)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from([2, 7, 40]))
def test_together_is_one_by_one(seed: int, leaves: int) -> None:
    program = program_of(seed, leaves)
    assert same(program, list(program.domains)) > 0
    assert same(program, list(program.domains)[-2:]) > 0


def test_all_steps_of_some_programs_are_done_together() -> None:
    whole = []
    for seed in range(12):
        program = program_of(seed, 7)
        whole.append(same(program, list(program.domains)) == len(program.steps))
    assert any(whole)
    assert not all(whole)


def test_programs_of_all_steps(random_program: Callable[[int], Program]) -> None:
    counts = []
    for seed in range(20):
        program = random_program(seed)
        counts.append(same(program, [o.name for o in program.outputs]))
    assert max(counts) > 0


def test_what_comes_after_an_override_asks_what_was_there_before() -> None:
    labels = Categories("VARCHAR", tuple("abcd"))
    rng = np.random.default_rng(0)
    tree = grown(rng, 1, 3, labels=4)[0]
    first = Draw("a", (), Tree.single(), cells(rng, 1, labels, False, False))
    asks, later = (Draw(n, ("a",), tree, cells(rng, 3, labels, False, False)) for n in "bc")
    over = Override("a", np.arange(0, 1_000, 2), np.ones(500, np.int32))
    domains: dict[str, Domain] = dict.fromkeys("abc", labels)
    program = Program("t", 1, (first, asks, over, later), domains, {}, ())
    assert same(program, ["a", "b", "c"]) == 2


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.sampled_from([2, 3, 64, 65, 200]), st.sampled_from([1, 5]), st.booleans())
def test_diagrams_find_the_cells_of_the_plain_tree(
    seed: int, leaves: int, forest: int, together: bool
) -> None:
    rng = np.random.default_rng(seed)
    tree, nodes = grown(rng, 4, leaves, forest, 9)
    asked = [int(i) for i in np.unique(tree.feature) if i >= 0]
    follows = np.sort(rng.integers(0, 12, (5, 20)), axis=1)
    groups = [asked[:2], *([i] for i in asked[2:])] if together else [[i] for i in asked]
    questions = [Question(tuple(g), follows[g]) for g in groups]
    made = diagram(tree, questions)
    assert made is not None
    numbers = rng.integers(0, 20, (len(groups), 2_000))
    codes = np.zeros((5, 2_000), np.int64)
    for group, number in zip(groups, numbers, strict=True):
        codes[group] = follows[group][:, number]
    at = np.zeros(2_000, np.int64)
    for question, table in zip(made.asked, made.tables, strict=True):
        at = table[at, numbers[question]].astype(np.int64)
    assert at.tolist() == plainly(nodes, codes)


def test_trees_too_large_for_diagrams_are_left_to_the_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = program_of(3, 40)
    names = list(whole.domains)
    done = same(whole, names)
    for place, limit in (
        (diagrams, "MOST_SETS"),
        (diagrams, "MOST_LEAVES"),
        (fused, "MOST_ENTRIES"),
    ):
        with monkeypatch.context() as patched:
            patched.setattr(place, limit, 8)
            fewer = same(program_of(3, 40), names)
        assert 0 < fewer < done


def test_plans_are_forgotten_when_there_are_many() -> None:
    program = program_of(0, 2)
    held = prepare(program).plans
    for seed in range(3 * fused.MOST_PLANS):
        names = tuple(np.random.default_rng(seed).permutation(list(program.domains)).tolist())
        run(program, IDENTITY, Rows(np.arange(3), np.arange(3)), None, names)
        assert names in held
    assert len(held) <= fused.MOST_PLANS
