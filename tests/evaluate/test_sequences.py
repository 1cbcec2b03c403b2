from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from genesis_sql.evaluate import sequences
from genesis_sql.evaluate.measures import Metric
from genesis_sql.evaluate.sides import Sides

Make = Callable[..., Sides]
Con = duckdb.DuckDBPyConnection

KEY = ("visits(patient) -> patients(id)",)


def _clinic(con: Con, schema: str, salt: int) -> None:
    """Patients with 8 visits, 7 to 13 days apart, after they joined; weight changes slowly."""
    con.execute(f"CREATE TABLE {schema}.patients (id INTEGER PRIMARY KEY, joined DATE)")
    con.execute(f"""INSERT INTO {schema}.patients
      SELECT i, DATE '2020-01-01' + CAST(hash(i, {salt}) % 700 AS INTEGER) FROM range(150) r(i)""")
    con.execute(
        f"CREATE TABLE {schema}.visits (id INTEGER PRIMARY KEY, patient INTEGER, day TIMESTAMP, weight INTEGER, mood INTEGER)"
    )
    con.execute(f"""INSERT INTO {schema}.visits SELECT p.id * 8 + n, p.id,
      joined + CAST(10 * n + hash(p.id, n, {salt}) % 4 AS INTEGER),
      50 + hash(p.id, {salt}, 'w') % 50 + n, hash(p.id, n, {salt}, 'm') % 10
      FROM {schema}.patients AS p, range(8) r(n)""")


@pytest.fixture
def clinic(plain: Con) -> Con:
    for salt, schema in enumerate(("real", "synth", "held")):
        _clinic(plain, schema, salt)
    return plain


def _of(found: list[Metric], name: str, last: str) -> Metric:
    return next(m for m in found if m.name == name and m.columns[-1] == last)


def test_rows_that_follow_each_other_as_real_ones_do(clinic: Con, make_sides: Make) -> None:
    found = sequences.measure(make_sides(clinic, holdout="held", relationships=KEY))
    assert {m.name for m in found} == {m.name for m in sequences.METRICS}
    assert {m.verdict for m in found} == {"pass"}
    gaps = _of(found, "gap_similarity", "day")
    assert (gaps.scope, gaps.table, gaps.columns) == ("parent-child", "visits", ("patient", "day"))
    assert gaps.n == 150 * 7
    assert gaps.score == pytest.approx(1, abs=0.06)
    assert gaps.baseline == pytest.approx(1, abs=0.06)
    weight = _of(found, "lag_correlation_error", "weight")
    assert weight.note.startswith("real 1.000")
    assert weight.score == pytest.approx(0, abs=0.02)
    order = _of(found, "order_kept", "patients.joined")
    assert (order.score, order.baseline, order.n) == (1, 1, 1200)
    assert order.note == "no real visits.day lies before its patients.joined"


def test_other_gaps(clinic: Con, make_sides: Make) -> None:
    clinic.execute("UPDATE synth.visits SET day = day + to_days(CAST(5 * (id % 8) AS INTEGER))")
    found = sequences.measure(make_sides(clinic, relationships=KEY))
    gaps = _of(found, "gap_similarity", "day")
    assert gaps.score is not None
    assert gaps.score < 0.4
    assert (gaps.baseline, gaps.verdict) == (None, "fail")
    assert _of(found, "order_kept", "patients.joined").score == 1


def test_order_turned_round(clinic: Con, make_sides: Make) -> None:
    clinic.execute("UPDATE synth.visits SET day = day - INTERVAL 3 YEAR WHERE patient % 3 = 0")
    row = _of(
        sequences.measure(make_sides(clinic, relationships=KEY)), "order_kept", "patients.joined"
    )
    assert row.score == pytest.approx(2 / 3)
    assert row.verdict == "fail"


def test_order_that_real_rows_break_is_none(clinic: Con, make_sides: Make) -> None:
    clinic.execute("UPDATE held.visits SET day = day - INTERVAL 3 YEAR WHERE id = 5")
    without = sequences.measure(make_sides(clinic, relationships=KEY))
    assert any(m.name == "order_kept" for m in without)
    found = sequences.measure(make_sides(clinic, holdout="held", relationships=KEY))
    assert not any(m.name == "order_kept" for m in found)


def test_numbers_that_forget_the_row_before(clinic: Con, make_sides: Make) -> None:
    clinic.execute("UPDATE synth.visits SET weight = 50 + hash(id) % 50")
    found = sequences.measure(make_sides(clinic, relationships=KEY))
    lost, kept = (_of(found, "lag_correlation_error", c) for c in ("weight", "mood"))
    assert lost.score is not None
    assert lost.score > 0.8
    assert (lost.verdict, kept.verdict) == ("fail", "pass")


def test_a_constant_has_no_correlation(clinic: Con, make_sides: Make) -> None:
    clinic.execute("UPDATE synth.visits SET weight = 50")
    row = _of(
        sequences.measure(make_sides(clinic, relationships=KEY)), "lag_correlation_error", "weight"
    )
    assert row.verdict == "fail"
    assert "synthetic no correlation" in row.note


def test_no_synthetic_rows_fail(clinic: Con, make_sides: Make) -> None:
    clinic.execute("DELETE FROM synth.visits")
    found = sequences.measure(make_sides(clinic, relationships=KEY))
    assert len(found) == 4
    assert {(m.score, m.verdict, m.n) for m in found} == {(None, "fail", 0)}


def test_lines_of_a_key_give_the_order(plain: Con, make_sides: Make) -> None:
    for schema, factor in (("real", 1), ("synth", 3)):
        plain.execute(f"CREATE TABLE {schema}.bills AS SELECT i AS id FROM range(60) r(i)")
        plain.execute(
            f"CREATE TABLE {schema}.lines (bill INTEGER, line INTEGER, x INTEGER, PRIMARY KEY (bill, line))"
        )
        plain.execute(
            f"INSERT INTO {schema}.lines SELECT i, n * {factor}, n + i % 3 FROM range(60) r(i), range(4) s(n)"
        )
    found = sequences.measure(make_sides(plain, relationships=["lines(bill) -> bills(id)"]))
    assert _of(found, "gap_similarity", "line").score == 0
    assert _of(found, "lag_correlation_error", "x").score == pytest.approx(0, abs=1e-9)


def test_families_that_are_not_held_out_whole_have_no_baseline(
    clinic: Con, make_sides: Make
) -> None:
    sides = make_sides(clinic, holdout="held", relationships=KEY, shared=frozenset({"patients"}))
    found = {(m.name, m.columns[-1]): m.baseline for m in sequences.measure(sides)}
    assert found["gap_similarity", "day"] is None
    assert found["lag_correlation_error", "weight"] is None


NASTY = "x'); DROP TABLE victim; --$a\""


def test_names_are_quoted(plain: Con, make_sides: Make) -> None:
    own = '"' + NASTY.replace('"', '""') + '"'
    plain.execute("CREATE TABLE victim (i INTEGER)")
    for schema in ("real", "synth"):
        plain.execute(f"CREATE TABLE {schema}.{own} (c0 INTEGER PRIMARY KEY, {own} DATE)")
        plain.execute(
            f"INSERT INTO {schema}.{own} SELECT i, DATE '2020-01-01' + CAST(i % 2 AS INTEGER) FROM range(50) r(i)"
        )
        plain.execute(
            f"CREATE TABLE {schema}.child AS SELECT CAST(i // 4 AS INTEGER) AS v, DATE '2020-01-02' + CAST(i % 30 AS INTEGER) AS {own}, i % 7 AS k0 FROM range(200) r(i)"
        )
    found = sequences.measure(make_sides(plain, relationships=[f"child(v) -> {own}(c0)"]))
    assert {m.name for m in found} == {m.name for m in sequences.METRICS}
    assert {m.verdict for m in found} == {"pass"}
    assert plain.execute("FROM victim").fetchall() == []
