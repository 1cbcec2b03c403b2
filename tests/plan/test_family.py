"""Children of parents that are too many to be kept: the same rows out of blocks of counts."""

from __future__ import annotations

import numpy as np
import pytest

from genesis_sql.plan import sizing
from genesis_sql.plan.definition import Model
from genesis_sql.plan.family import KEPT, BlockedFamily, Family
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.scaling import smallest_scale
from genesis_sql.plan.spec import Sizes, Spec

RNG = np.random.default_rng(0)
COUNTS = RNG.choice([0, 0, 1, 2, 9], 200)
LOOSE = RNG.choice([0, 0, 0, 1], 200)
COUNTS[40:80] = LOOSE[40:80] = 0


def both() -> tuple[Family, BlockedFamily]:
    blocked = BlockedFamily(200, 7, lambda a, b: (COUNTS[a:b], LOOSE[a:b]))
    return Family(np.cumsum(COUNTS + LOOSE), COUNTS), blocked


def test_blocks_find_what_the_whole_finds() -> None:
    whole, blocked = both()
    assert blocked.rows == whole.rows == int((COUNTS + LOOSE).sum())
    for numbers in (np.arange(whole.rows), RNG.integers(0, whole.rows, 500), np.zeros(0, int)):
        for one, other in zip(whole.find(numbers), blocked.find(numbers), strict=True):
            assert one.tolist() == other.tolist()
    parents = RNG.permutation(200)
    for one, other in zip(whole.of(parents), blocked.of(parents), strict=True):
        assert one.tolist() == other.tolist()
    rows = range(1, whole.rows + 1)
    assert [whole.parents_of(n) for n in rows] == [blocked.parents_of(n) for n in rows]
    assert len(blocked._held) == KEPT


def in_blocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sizing, "IN_BLOCKS", 20)
    patch.setattr(sizing, "COUNT_BLOCK", 13)


def drawn(model: Model, spec: Spec) -> dict[str, tuple[int, dict[str, list[object]]]]:
    sampler, out = Sampler(model, spec), {}
    for table in model.order:
        size = sampler.size(table)
        names = [o.name for o in model.programs[table].outputs if o.name != "hour"]
        raw = sampler.raw(table, np.arange(size), names)
        out[table] = (size, {n: raw[n].values.tolist() for n in names})
    return out


@pytest.mark.parametrize(
    "spec",
    [
        Spec.of(3, 2.0),
        Spec.of(3, 0.7),
        Spec(3, (Sizes(1.0), Sizes(0.5))),
        Spec.of(1, 1.5, {"lines": 40}),
    ],
)
def test_all_rows_are_the_same(family: Model, monkeypatch: pytest.MonkeyPatch, spec: Spec) -> None:
    expected = drawn(family, spec)
    in_blocks(monkeypatch)
    assert drawn(family, spec) == expected
    sampler = Sampler(family, spec)
    seen = set()
    for table in family.order:
        main = family.programs[table].main
        if main is not None:
            free = len(spec.sizes) == 1 and spec.sizes[0].exact(table) is None
            many = sampler.size(main.link.parent) > sizing.IN_BLOCKS
            blocked = isinstance(sampler.family(table), BlockedFamily)
            assert blocked is (free and many and sampler.sizing._room(table)[0] >= sizing.MANY)
            seen.add(blocked)
    assert seen == ({True} if spec.sizes == (Sizes(2.0),) else seen)
    assert seen


def test_the_smallest_scale_is_the_same(family: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    child = next(t for t in reversed(family.order) if family.programs[t].main)
    expected = [smallest_scale(Sampler, family, child, n, Spec(5)) for n in (1, 77, 400)]
    in_blocks(monkeypatch)
    assert [smallest_scale(Sampler, family, child, n, Spec(5)) for n in (1, 77, 400)] == expected
