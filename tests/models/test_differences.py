"""Differences of numbers and summaries of siblings: used where they tell something, else not."""

from __future__ import annotations

from typing import Any

import pytest

import genesis_sql


@pytest.fixture
def con() -> Any:
    with genesis_sql.connect() as made:
        made.execute("SELECT setseed(.5)")
        yield made


def inputs_of(con: Any, model: str, column: str) -> list[str]:
    query = "SELECT inputs FROM genesis_describe(?) WHERE column_name = ?"
    ((found,),) = con.execute(query, [model, column]).fetchall()
    return list(found)


def test_a_difference_that_decides_is_an_input(con: Any) -> None:
    con.execute("""
        CREATE TABLE air AS SELECT warm, warm - gap AS dew, 60 * (100 - 4 * gap) + noise AS humid
        FROM (SELECT CAST(random() * 900 AS INTEGER) AS warm, CAST(random() * 24 AS INTEGER) AS gap,
            CAST(random() * 59 AS INTEGER) AS noise FROM range(6000))
    """)
    genesis_sql.fit(con, "air", "air")
    assert any(" - " in i for i in inputs_of(con, "air", "humid"))
    made = con.execute("SELECT corr(warm - dew, humid) FROM genesis_generate('air')").fetchall()
    assert made[0][0] < -0.97


def test_a_difference_that_tells_nothing_is_none(con: Any) -> None:
    con.execute("""
        CREATE TABLE noise AS SELECT CAST(random() * 900 AS INTEGER) AS a,
            CAST(random() * 900 AS INTEGER) AS b, CAST(random() * 900 AS INTEGER) AS c
        FROM range(4000)
    """)
    genesis_sql.fit(con, "noise", "noise")
    assert not [i for c in "abc" for i in inputs_of(con, "noise", c) if " - " in i]


FAMILIES = """
    CREATE TABLE shops AS SELECT i AS id, ['N', 'S'][1 + i % 2] AS region FROM range(600) r(i);
    ALTER TABLE shops ADD PRIMARY KEY (id);
    CREATE TABLE sales AS SELECT s.id AS shop_id, {price} AS price
    FROM (SELECT id, region, 100 * random() AS level FROM shops) s, range(12) k;
"""
KEY = ["sales(shop_id) -> shops(id)"]


@pytest.mark.parametrize(
    ("price", "shared"),
    [("CAST(level * 10 + random() * 50 AS INTEGER)", True),
     ("CAST(CASE region WHEN 'N' THEN 100 ELSE 500 END + random() * 50 AS INTEGER)", False)],
    ids=["a level of the shop", "what the region tells already"],
)  # fmt: skip
def test_summaries_of_what_siblings_share_alone(con: Any, price: str, shared: bool) -> None:
    con.execute(FAMILIES.format(price=price))
    genesis_sql.fit_database(con, "m", relationships=KEY)
    assert any(":sales.price" in i for i in inputs_of(con, "m", "price")) is shared
    genesis_sql.generate_database(con, "m", "synth")
    spread = "SELECT stddev(mean) FROM (SELECT avg(price) AS mean FROM {}.sales GROUP BY shop_id)"
    real, made = (con.execute(spread.format(s)).fetchall()[0][0] for s in ("main", "synth"))
    assert real > 100
    assert abs(made / real - 1) < 0.25


def test_names_of_a_difference_are_quoted(con: Any) -> None:
    con.execute("""
        CREATE TABLE odd AS SELECT warm AS "a""b - c", warm - gap AS "x; --",
            60 * (100 - 4 * gap) + CAST(random() * 59 AS INTEGER) AS humid
        FROM (SELECT CAST(random() * 900 AS INTEGER) AS warm, CAST(random() * 24 AS INTEGER) AS gap
            FROM range(6000))
    """)
    genesis_sql.fit(con, "odd", "odd")
    assert any(i.startswith("#") and " - " in i for i in inputs_of(con, "odd", "humid"))
    assert con.execute("SELECT count(*) FROM genesis_generate('odd')").fetchall() == [(6000,)]
