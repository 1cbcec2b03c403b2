"""Rows of a county against the published figures: n = 100,000, every bound four standard errors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.domains.health.expand import expanded
from genesis_sql.domains.health.figures import Figures
from tests.domains.conftest import keep
from tests.domains.test_health_sections import STRUCTURE

N = 100_000
ERRORS = 4


def _near(share: float, expected: float, n: int) -> bool:
    return abs(share - expected) < ERRORS * math.sqrt(expected * (1 - expected) / n)


@pytest.fixture(scope="module")
def county(harris: dict[str, Any]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables `patients` and `conditions` of Harris County."""
    with genesis_sql.connect() as con:
        keep(con, harris, "harris")
        for table in ("patients", "conditions"):
            con.execute(
                f"CREATE TABLE {table} AS FROM genesis_generate('harris', '{table}', "
                f"scale := {N / 100}, seed := 42)"
            )
        yield con


def _one(con: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = con.execute(query).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(("code", "percent"), [("E11", 14.3), ("E66", 35.2), ("N18", 2.9)])
def test_adults_have_the_countys_rates(
    code: str, percent: float, county: duckdb.DuckDBPyConnection
) -> None:
    adults, ill = _one(
        county,
        "SELECT count(*), count(c.patient_id) FROM patients AS p LEFT JOIN conditions AS c "
        f"ON c.patient_id = p.patient_id AND c.code = '{code}' WHERE age >= 18",
    )
    assert adults > N / 2
    assert _near(ill / adults, percent / 100, adults)


def test_age_bands_and_sexes_are_the_countys(
    county: duckdb.DuckDBPyConnection, figures: Figures
) -> None:
    bands = figures.con.execute(
        "SELECT sex, age_min, coalesce(age_max, 130), population / sum(population) OVER () "
        "FROM genesis_reference.county_ages WHERE fips = '48201'"
    ).fetchall()
    assert len(bands) == 8
    for sex, low, high, part in bands:
        (found,) = _one(
            county,
            f"SELECT count(*) FROM patients WHERE gender = '{sex}' "
            f"AND age BETWEEN {low} AND {high}",
        )
        assert _near(found / N, part, N), (sex, low)


def test_birth_dates_and_ages_agree_exactly(county: duckdb.DuckDBPyConnection) -> None:
    wrong, days, keys = _one(
        county,
        "SELECT count(*) FILTER (date_part('year', age(DATE '2024-12-31', birth_date)) <> age), "
        "count(DISTINCT dayofyear(birth_date)), count(DISTINCT patient_id) FROM patients",
    )
    assert (wrong, keys) == (0, N)
    assert days >= 365


def test_onsets_lie_within_a_life_and_later_than_youth(
    county: duckdb.DuckDBPyConnection,
) -> None:
    rows, wrong, young = _one(
        county,
        "SELECT count(*), count(*) FILTER (onset < birth_date OR onset > DATE '2024-12-31'), "
        "count(*) FILTER (code = 'E11' AND onset < birth_date + to_years(18)) "
        "FROM conditions JOIN patients USING (patient_id)",
    )
    assert rows > N / 2
    assert (wrong, young) == (0, 0)


def test_the_primary_condition_is_one_of_the_persons_own(
    county: duckdb.DuckDBPyConnection,
) -> None:
    without, foreign = _one(
        county,
        "SELECT count(*) FILTER (primary_condition IS NULL AND has), "
        "count(*) FILTER (primary_condition IS NOT NULL AND NOT list_contains(codes, primary_condition)) "
        "FROM (SELECT p.*, count(code) > 0 AS has, coalesce(list(code), []) AS codes "
        "FROM patients AS p LEFT JOIN conditions USING (patient_id) GROUP BY ALL)",
    )
    assert (without, foreign) == (0, 0)


def test_every_table_of_a_full_spec_has_rows_that_fit_together(figures: Figures) -> None:
    with genesis_sql.connect() as con:
        keep(con, expanded({**STRUCTURE, "generation": {"count": 2000}}, figures), "full")
        tables = ("patients", "conditions", "labs", "medications", "fills", "coverage", "visits")
        for table in (*tables, "providers"):
            con.execute(f"CREATE TABLE {table} AS FROM genesis_generate('full', '{table}')")
        for table in tables:
            rows, orphans = _one(
                con,
                f"SELECT count(*), count(*) FILTER (patient_id NOT IN "
                f"(SELECT patient_id FROM patients)) FROM {table}",
            )
            assert (rows > 0, orphans) == (True, 0), table
        primary, severe = _one(
            con, "SELECT count(*) FILTER (primary_condition = 'E11'), count(severity) FROM patients"
        )
        assert (primary, severe) == (2000, 2000)
        hypertension, arms = _one(
            con,
            "SELECT (SELECT count(*) FROM conditions WHERE code = 'I10') / 2000, "
            "(SELECT count(*) FROM patients WHERE arm = 'A') / 2000",
        )
        assert _near(hypertension, 0.7, 2000)
        assert _near(arms, 2 / 3, 2000)
        a1c, ldl = _one(
            con,
            "SELECT avg(value) FILTER (test = 'hba1c'), count(*) FILTER (test = 'ldl') / 2000 FROM labs",
        )
        assert a1c == pytest.approx(7.8, abs=0.15)
        assert _near(ldl, 0.5, 2000)
        (dangling,) = _one(
            con,
            "SELECT count(*) FROM patients WHERE provider_id NOT IN (SELECT provider_id FROM providers)",
        )
        assert dangling == 0
        late, insured = _one(
            con,
            "SELECT count(*) FILTER (visit_date < enrolled + 7 OR visit_date > enrolled + 10), "
            "(SELECT count(*) FROM coverage) FROM visits JOIN patients USING (patient_id)",
        )
        assert (late, insured) == (0, 2000)
