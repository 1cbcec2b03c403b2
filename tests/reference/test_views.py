"""The roll-ups against numbers worked out by hand, see conftest."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from genesis_sql.reference import place, views


def _row(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    found = con.execute(query)
    names = [d[0] for d in found.description or ()]
    rows = found.fetchall()
    assert len(rows) == 1
    return dict(zip(names, rows[0], strict=True))


def test_single_ages_keep_the_sums_of_the_bands(nation: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT sum(population) FROM genesis_reference.county_single_ages WHERE fips = '48001' AND sex = 'F' AND age BETWEEN {}"
    for ages, expected in (("0 AND 17", 200), ("18 AND 64", 300), ("65 AND 100", 100)):
        assert nation.execute(query.format(ages)).fetchall()[0][0] == pytest.approx(expected)
    assert nation.execute(
        "SELECT count(*) FROM genesis_reference.county_single_ages"
    ).fetchall() == [(3 * 2 * 101,)]


def test_single_ages_have_the_nations_shape(nation: duckdb.DuckDBPyConnection) -> None:
    # 18-64: 30 years of 100 and 15 years of 50, so a year of 100 is 300 * 100 / 3750
    query = "SELECT age, population FROM genesis_reference.county_single_ages WHERE fips = '48001' AND sex = 'F' AND age IN (18, 30, 60) ORDER BY age"
    found = [p for _, p in nation.execute(query).fetchall()]
    assert found == pytest.approx([0.0, 8.0, 4.0])


def test_denominators_are_the_measures_own(nation: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT measure, population FROM genesis_reference.denominators WHERE fips = '48001'"
    found = dict(nation.execute(query).fetchall())
    assert found["DIABETES"] == pytest.approx(700)  # adults: 300 + 100 + 200 + 100
    assert found["BPMED"] == pytest.approx(350)  # half of them have high blood pressure
    assert found["MAMMOUSE"] == pytest.approx(60)  # 15 years of 4 women
    assert found["TEETHLOST"] == pytest.approx(200)


def test_a_denominator_within_an_unknown_measure_is_unknown(
    nation: duckdb.DuckDBPyConnection,
) -> None:
    query = "SELECT population FROM genesis_reference.denominators WHERE fips = '35001' AND measure = 'BPMED'"
    assert nation.execute(query).fetchall() == [(None,)]


def test_states_weigh_each_measure_with_its_denominator(nation: duckdb.DuckDBPyConnection) -> None:
    found = _row(nation, "FROM genesis_reference.states WHERE state = 'TX'")
    assert (found["name"], found["state_fips"], found["counties"]) == ("Texas", "48", 2)
    assert found["population"] == 4000
    assert found["pct_diabetes"] == pytest.approx((10 * 700 + 20 * 2000) / 2700)
    assert found["pct_bpmed"] == pytest.approx((80 * 350 + 60 * 500) / 850)
    assert found["pct_mammouse"] == pytest.approx((70 * 60 + 50 * 180) / 240)
    assert found["pct_teethlost"] == pytest.approx((10 * 200 + 30 * 200) / 400)
    by_people = (10 * 1000 + 20 * 3000) / 4000
    assert abs(found["pct_diabetes"] - by_people) > 0.05  # the test would see the wrong weight


def test_percentages_are_weighted_by_whom_they_are_of(nation: duckdb.DuckDBPyConnection) -> None:
    found = _row(nation, "FROM genesis_reference.states WHERE state = 'TX'")
    assert found["white"] == pytest.approx((80 * 1000 + 40 * 3000) / 4000)
    assert found["income_lt10k"] == pytest.approx((10 * 400 + 30 * 100) / 500)  # of households
    assert found["mean_income"] == pytest.approx((60000 * 400 + 80000 * 100) / 500)
    assert found["bachelors"] == pytest.approx(20)  # the other county has no figure
    assert found["households"] == 500


def test_education_counts_people_of_25_and_more(nation: duckdb.DuckDBPyConnection) -> None:
    found = _row(nation, "FROM genesis_reference.nation")
    grown = {"48001": (300 + 200) * 3250 / 3750 + 200, "35001": 200 * 3250 / 3750 + 100}
    expected = (20 * grown["48001"] + 50 * grown["35001"]) / sum(grown.values())
    assert found["bachelors"] == pytest.approx(expected)


def test_no_median_rank_or_position_is_rolled_up(nation: duckdb.DuckDBPyConnection) -> None:
    for view in ("states", "metros", "nation"):
        names = place.columns(nation, "memory", view) or {}
        described = {
            r[0] for r in nation.execute(f"DESCRIBE genesis_reference.{view}").fetchall()
        } | set(names)
        assert described.isdisjoint({"median_income", "svi_overall", "rucc", "lat", "lon"})
        assert "pct_diabetes" in described


def test_metros_hold_the_counties_of_one(nation: duckdb.DuckDBPyConnection) -> None:
    found = _row(nation, "FROM genesis_reference.metros")
    assert (found["cbsa_code"], found["cbsa_title"], found["counties"]) == ("100", "Aye, TX", 2)


def test_the_nation_is_all_of_it(nation: duckdb.DuckDBPyConnection) -> None:
    found = _row(nation, "FROM genesis_reference.nation")
    assert (found["population"], found["counties"], found["land_sqmi"]) == (4500, 3, 1400)
    assert found["pct_diabetes"] == pytest.approx((10 * 700 + 20 * 2000 + 40 * 300) / 3000)
    assert found["pct_age_65_plus"] == pytest.approx(100 * 500 / 4500)
    assert found["pct_female"] == pytest.approx(100 * 2350 / 4500)


def test_county_figures_are_one_wide_row(nation: duckdb.DuckDBPyConnection) -> None:
    found = _row(nation, "FROM genesis_reference.county_figures WHERE fips = '35001'")
    assert (found["pct_diabetes"], found["pct_bphigh"]) == (40, None)
    assert (found["median_income"], found["name"]) == (30000, "Aye County")
    assert found["pct_age_0_17"] == pytest.approx(40)
    assert found["pct_male"] == pytest.approx(50)


def test_a_measures_name_is_never_sql(own: duckdb.DuckDBPyConnection) -> None:
    own.execute("CREATE TABLE victim AS SELECT 1 AS a")
    own.execute(
        """INSERT INTO genesis_reference.measures VALUES ('x''); DROP TABLE victim; --"', NULL, 0, 100, NULL)"""
    )
    views.make(own.cursor(), "memory", anew=True)
    names = [r[0] for r in own.execute("DESCRIBE genesis_reference.nation").fetchall()]
    assert """pct_x'); drop table victim; --\"""" in names
    assert own.execute("FROM victim").fetchall() == [(1,)]


def test_views_stand_only_where_their_tables_do(con: duckdb.DuckDBPyConnection) -> None:
    place.make_schema(con, "memory")
    place.put(con, "memory", "counties", "SELECT 1 AS fips", "genesis_sql x")
    views.make(con, "memory", anew=True)
    assert [n for n, s in place.standing(con, "memory").items() if s.is_view] == []


def test_figures_are_the_same_in_whatever_order_threads_add(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CALL genesis_load_reference()").fetchall()
    seen = []
    for threads in (1, 4, 2, 3, 4):
        con.execute(f"SET threads = {threads}")
        for name in ("states", "nation"):
            seen.append(con.execute(f"FROM genesis_reference.{name} ORDER BY ALL").fetchall())
    assert (len(seen[0]), len(seen[1])) == (51, 1)
    assert all(rows == seen[at % 2] for at, rows in enumerate(seen))
