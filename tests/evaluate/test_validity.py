"""Values that a real column could not have are counted, as the referee counts them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from genesis_sql.evaluate import validity
from genesis_sql.evaluate.measures import FAIL, PASS

from .opened import FRESH, by_name, opened
from .referee import ROUNDED, own


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database without the functions: none is needed here."""
    with duckdb.connect() as connection:
        connection.execute(FRESH)
        yield connection


def test_it_is_the_referees(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE odd AS SELECT * REPLACE (age + 0.25 * (age % 3) + 40 AS age) FROM synth.people"
    )
    expected = own(con, "real.people", "odd")
    with opened(con, "real.people", "odd") as sides:
        found = validity.measure(sides)
    for name in ("in_range", "in_category", "non_integer_share"):
        mean = np.mean([m.score for m in by_name(found, name).values()])
        assert mean == pytest.approx(expected[name], abs=ROUNDED), name
        assert 0 < mean < 1
    assert by_name(found, "non_integer_share")[("age",)].verdict == FAIL
    assert by_name(found, "in_range")[("age",)].verdict == FAIL
    assert by_name(found, "in_category")[("grade",)].verdict == FAIL


def test_the_holdout_is_the_baseline(con: duckdb.DuckDBPyConnection) -> None:
    with opened(con, "real", "synth", holdout="held") as sides:
        found = validity.measure(sides)
    with opened(con, "real", "held") as sides:
        alone = validity.measure(sides)
    assert [m.baseline for m in found] == [m.score for m in alone]
    assert {m.name for m in found} == {m.name for m in validity.METRICS}


def test_fresh_real_samples_pass(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE pool AS SELECT i, tan(hash(i) % 1000 / 700) AS x, 'k' || (hash(i + 9) % 9) * (hash(i + 5) % 9) AS c "
                "FROM range(9000) AS r(i)")  # fmt: skip
    query = "(SELECT x, c FROM pool WHERE i >= {0} AND i < {0} + 150)"
    verdicts = []
    for trial in range(20):
        with opened(con, query.format(300 * trial), query.format(300 * trial + 150)) as sides:
            verdicts += [m.verdict for m in validity.measure(sides)]
    assert len(verdicts) == 40
    assert verdicts.count(PASS) >= 36


def test_nothing_but_nulls_is_nothing_valid(con: duckdb.DuckDBPyConnection) -> None:
    with opened(con, "real.people", "(SELECT * REPLACE (NULL::BIGINT AS age, NULL::VARCHAR AS grade) FROM real.people)") as sides:  # fmt: skip
        found = validity.measure(sides)
    assert by_name(found, "in_range")[("age",)].score == 0
    assert by_name(found, "in_category")[("grade",)].score == 0
