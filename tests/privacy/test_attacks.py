"""Each attack finds what it is for, and nothing where there is nothing."""

import math

import numpy as np
import pytest

from genesis_sql.evaluate.measures import FAIL, INFO, PASS
from genesis_sql.privacy import copies, inference, membership, outliers, singling
from genesis_sql.privacy.chance import difference_error, risk, wilson
from genesis_sql.privacy.rows import Rows


def rows(rng, synthetic=None, n=1500, held=500, columns=4):
    """Correlated numbers in [0, 1] and a label; the synthetic ones are a fresh sample or given."""

    def draw(size):
        base = rng.random((size, 1))
        numbers = (base + rng.random((size, columns))) / 2
        label = np.floor(4 * rng.random((size, 1)) * base)
        return np.hstack([numbers, label]).astype(np.float32)

    real = draw(n)
    made = draw(n) if synthetic is None else synthetic(real, draw)
    names = tuple("abcdefgh"[: columns + 1])
    kinds = (*("number",) * columns, "label")
    return Rows(names, kinds, real, made, draw(held), (n, n, held), 0)


def test_area_under_the_curve_is_that_of_all_pairs():
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 9, 60).astype(np.float32), rng.integers(1, 12, 40).astype(np.float32)
    pairs = (one[:, None] > two).mean() + 0.5 * (one[:, None] == two).mean()
    value, variance = membership.auc(one, two)
    assert value == pytest.approx(pairs)
    assert 0.03**2 < variance < 0.1**2


def test_membership_is_seen_in_rows_that_were_moved_a_little():
    rng = np.random.default_rng(1)
    near = rows(rng, lambda real, _: real + rng.normal(0, 0.002, real.shape).astype(np.float32))
    fresh = rows(rng)
    found, clean = (membership.membership(r, "t")[0] for r in (near, fresh))
    assert (found.verdict, clean.verdict) == (FAIL, PASS)
    assert found.score > 0.95
    assert clean.score == pytest.approx(0.5, abs=0.05)


def test_rates_of_members_at_few_false_alarms():
    others = np.arange(1000, dtype=np.float32)
    members = np.concatenate([np.full(300, 5000), np.zeros(700)]).astype(np.float32)
    assert membership._share_above(members, others, 0.01) == pytest.approx(0.3)
    assert membership._share_above(others, others, 0.01) == pytest.approx(0.01)
    same = np.zeros(1000, np.float32)
    assert membership._share_above(same, same, 0.01) == pytest.approx(0.01)


def test_rates_need_enough_rows():
    found = membership.membership(rows(np.random.default_rng(2), held=200), "t")
    assert [m.score is None for m in found] == [False, True, True]
    assert "needs 400" in found[1].note


def test_few_held_out_rows_are_no_attack():
    found = membership.membership(rows(np.random.default_rng(2), held=30), "t")
    assert {m.verdict for m in found} == {INFO}


def test_a_guess_counts_what_held_out_rows_do_not_give():
    rng = np.random.default_rng(3)
    copied = rows(rng, lambda real, _: real)
    first, second = inference.guessing(copied, "t", 4, [0, 1, 2, 3], "")
    assert first.score == 1
    assert first.baseline < 0.9
    assert second.verdict == FAIL
    assert second.score == pytest.approx(1)
    first, second = inference.guessing(rows(rng), "t", 4, [0, 1, 2, 3], "")
    assert abs(first.score - first.baseline) < 0.08
    assert second.verdict == PASS


def test_a_number_is_guessed_within_a_part_of_its_spread():
    values = np.arange(101, dtype=np.float32) / 100
    near = inference._tolerance(values)
    assert near == pytest.approx(0.025)
    assert inference._right(values + np.float32(0.02), values, near).all()
    assert not inference._right(values + np.float32(0.03), values, near).any()
    guess = inference._commonest(np.array([0, 0.5, 0.51, 0.52, 1], np.float32), 0.02)
    assert guess == pytest.approx(0.51, abs=0.011)


def test_halves_are_linked_in_copies_only():
    rng = np.random.default_rng(4)
    copied, fresh = (
        inference.linkability(r, "t")[1] for r in (rows(rng, lambda real, _: real), rows(rng))
    )
    assert (copied.verdict, fresh.verdict) == (FAIL, PASS)
    assert copied.score > 0.9
    alone = rows(rng).only([0])
    assert {m.score for m in inference.linkability(alone, "t")} == {None}


def test_predicates_single_out_rows_that_were_copied():
    rng = np.random.default_rng(5)
    copied, fresh = (
        singling.singling_out(r, "t") for r in (rows(rng, lambda real, _: real), rows(rng))
    )
    assert [m.verdict for m in copied] == [INFO, FAIL, INFO, FAIL]
    assert [m.verdict for m in fresh] == [INFO, PASS, INFO, PASS]


def test_predicates_hold_where_they_say():
    made = rows(np.random.default_rng(6))
    found = singling.multivariate(made).take(slice(200))
    single, last = found.singles(made.synthetic)
    for p in range(200):
        holds = np.ones(len(made.synthetic), bool)
        for j, low, high in zip(found.columns[p], found.low[p], found.high[p], strict=True):
            holds &= (j < 0) | ((made.synthetic[:, j] >= low) & (made.synthetic[:, j] <= high))
        assert holds.any()
        assert (holds.sum() == 1) == single[p]
        assert not single[p] or holds[last[p]]


def test_chances_of_copies_are_those_of_fresh_rows():
    """Labels coincide often: as many copies as were expected, over many samples."""
    expected, seen = 0.0, 0
    for seed in range(25):
        rng = np.random.default_rng([7, seed])
        codes = np.floor(6 * rng.random((1125 * 2, 4)) ** 3).astype(np.float32)
        made = Rows(
            tuple("abcd"),
            ("label",) * 4,
            codes[:900],
            codes[1125:],
            codes[900:1125],
            (0, 0, 0),
            seed,
        )
        tail = outliers._tail(made.known)
        ours = tail.take(slice(12))
        expected += outliers._Chances(made, tail).of(ours.apart, 0.0).sum()
        seen += sum((made.synthetic == made.known[at]).all(1).any() for at in ours.at)
    assert seen > 5
    assert 0.4 < expected / seen < 2.5


def test_one_row_that_sits_on_an_outlier_is_found():
    rng = np.random.default_rng(8)
    made = rows(rng)
    tail = outliers._tail(made.known)
    at = next(i for i in tail.at if i < len(made.real))
    clean = outliers.outliers(made, "t")[0]
    made.synthetic[0] = made.real[at]
    found = outliers.outliers(made, "t")[0]
    assert (clean.verdict, found.verdict) == (PASS, FAIL)


def test_values_of_a_column_that_is_made_anew(con, opened):
    for schema, first in (("real", 0), ("synth", 500), ("held", 900)):
        con.execute(f"CREATE SCHEMA {schema}")
        con.execute(
            f"CREATE TABLE {schema}.t AS SELECT 'P' || lpad(CAST(i * 7919 % 99991 AS VARCHAR), 6, '0') AS ssn, "
            f"i % 5 AS kind FROM range({first}, {first} + 400) AS r(i)"
        )
    sides = opened()
    table = sides.tables[0]
    assert copies.copied_values(sides, table, "ssn").verdict == PASS
    con.execute("UPDATE synth.t SET ssn = (SELECT min(ssn) FROM real.t) WHERE rowid < 40")
    found = copies.copied_values(sides, table, "ssn")
    assert (found.score, found.baseline, found.verdict) == (0.1, 0.0, FAIL)


def test_a_table_kept_verbatim_is_told_not_judged(people):
    from dataclasses import replace

    from genesis_sql.privacy.audit import audit

    sides = people("FROM real.people")
    graph = replace(
        sides.graph, tables=tuple(replace(t, verbatim=True) for t in sides.graph.tables)
    )
    (row,) = audit(replace(sides, graph=graph))
    assert (row.score, row.verdict) == (1.0, INFO)


def test_risk_is_the_part_that_general_statistics_leave():
    hits, half = np.ones(1000), np.repeat([0.0, 1.0], 500)
    assert risk(hits, half).value == 1
    assert risk(half, half).value == 0
    assert risk(half, hits) is None
    error = risk(half, np.repeat([0.0, 1.0], [600, 400])).error
    assert error == pytest.approx(
        math.sqrt(0.25 / 1000 / 0.36 + (0.5 / 0.36) ** 2 * 0.24 / 1000), rel=0.01
    )


def test_intervals_hold_the_share():
    low, high = wilson(50, 100)
    assert (low, high) == (pytest.approx(0.4038, abs=1e-3), pytest.approx(0.5962, abs=1e-3))
    assert wilson(0, 10)[0] == 0
    assert wilson(10, 10)[1] == 1
    assert difference_error(50, 100, 50, 100) == pytest.approx(math.sqrt(0.25 * 0.02))
