"""Columns of one row agree: names with the sex, cities with their ZIP, dates with one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from genesis_sql import refdata
from genesis_sql.providers.ask import Ask
from genesis_sql.providers.catalog import fill
from genesis_sql.providers.dates import AS_OF
from genesis_sql.providers.lists_business import PRODUCTS
from genesis_sql.providers.lists_text import BAD, GOOD
from genesis_sql.providers.names import first_names
from genesis_sql.reference.states import STATES

Made = Callable[..., Any]


@pytest.mark.parametrize("labels", [("F", "M"), ("female", "male"), ("weiblich", "männlich")])
def test_first_names_follow_the_sex_however_it_is_written(
    labels: tuple[str, str], draw: Made
) -> None:
    gender = {"type": "explicit", "values": [*labels]}
    columns = {"sex": gender} | fill("first_name", Ask("t", "n", siblings={"gender": "sex"}))
    found = draw(columns, 1_000)
    women, men = (set(first_names("en_US", s)[0]) for s in "FM")
    for sex, name in zip(found["sex"], found["n"], strict=True):
        assert name in (women if sex == labels[0] else men)
    free = draw({"sex": gender} | fill("first_name", Ask("t", "n")), 2_000)
    wrong = [n for s, n in zip(free["sex"], free["n"], strict=True) if s == labels[1]]
    assert sum(n not in men for n in wrong) > 200  # without the sibling they do not agree


def test_a_sex_in_numbers_is_left_alone(draw: Made) -> None:
    columns = fill("gender", Ask("t", "sex", type="INTEGER"))
    ask = Ask("t", "n", siblings={"gender": "sex"}, types={"gender": "INTEGER"})
    assert set(draw(columns | fill("first_name", ask))["sex"]) == {1, 2}


def test_mail_and_user_names_come_from_the_name(draw: Made, table: Made) -> None:
    found = draw(table({"first_name": "f", "last_name": "l", "email": "m", "username": "u",
                        "full_name": "n"}))  # fmt: skip
    for first, last, mail, user, full in zip(*(found[c] for c in "flmun"), strict=True):
        assert mail.startswith(f"{first}.{last}".lower().replace("'", ""))
        assert user.startswith((first[0] + last).lower())
        assert full == f"{first} {last}"


def test_mail_of_other_alphabets_is_plain_ascii(draw: Made, table: Made) -> None:
    words = {"first_name": "f", "last_name": "l", "email": "m"}
    for locale in ("de_DE", "fr_FR", "ja_JP"):
        found = draw(table(words, locale=locale))
        assert all(m.isascii() and m == m.lower() for m in found["m"])
        assert not all((f + n).isascii() for f, n in zip(found["f"], found["l"], strict=True))


def test_city_state_and_zip_are_of_one_place(draw: Made, table: Made) -> None:
    zips = refdata.read("zip_county").to_pylist()
    known = {(z["zip"], z["city"].lower(), z["state"]) for z in zips}
    words = {"postal_code": "zip", "city": "city", "state_code": "st", "state": "state",
             "county": "county", "full_address": "line", "country": "land"}  # fmt: skip
    found = draw(table(words), 1_000)
    for code, city, state in zip(found["zip"], found["city"], found["st"], strict=True):
        assert (code, city.lower(), state) in known
    assert found["state"] == [STATES[s] for s in found["st"]]
    ends = zip(found["line"], found["city"], found["st"], found["zip"], strict=True)
    assert all(line.endswith(f", {city}, {st} {code}") for line, city, st, code in ends)
    assert set(found["land"]) == {"United States"}
    assert len(set(found["st"])) > 30
    apart = draw(fill("city", Ask("t", "city")) | fill("postal_code", Ask("t", "zip")), 1_000)
    pairs = {(z, c) for z, c, _ in known}
    together = [p in pairs for p in zip(apart["zip"], map(str.lower, apart["city"]), strict=True)]
    assert sum(together) < 200  # without one another they do not agree


def test_a_place_lies_where_its_county_does(draw: Made, table: Made) -> None:
    columns = table({"state_code": "st"})
    ask = {"type": "DOUBLE", "siblings": {"state_code": "st"}}
    for word in ("latitude", "longitude"):
        columns |= fill(word, Ask("t", word, **ask))  # type: ignore[arg-type]
    found = draw(columns, 2_000)
    texas = [i for i, st in enumerate(found["st"]) if st == "TX"]
    assert len(texas) > 20
    assert all(25 < found["latitude"][i] < 37 and -107 < found["longitude"][i] < -93 for i in texas)


def test_country_and_code_are_the_same_country(draw: Made, table: Made) -> None:
    found = draw(table({"country": "a", "country_code": "b"}), 300)
    pairs = set(zip(found["a"], found["b"], strict=True))
    assert ("United States", "US") in pairs
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) > 10


def test_dates_stand_in_the_order_of_business(draw: Made, table: Made) -> None:
    words = {"created_at": "made", "updated_at": "changed", "deleted_at": "gone",
             "start_time": "begun", "end_time": "ended"}  # fmt: skip
    found = draw(table(words, type="TIMESTAMP", nullable=True), 2_000)
    end = datetime.combine(AS_OF, datetime.min.time())
    for made, changed, gone, begun, ended in zip(*found.values(), strict=True):
        assert made <= changed <= end
        assert gone is None or changed <= gone <= end
        assert begun <= ended
    assert 0.85 < found["gone"].count(None) / 2_000 < 0.95
    days = draw(table({"start_time": "a", "end_time": "b", "due_time": "c"}, type="DATE"), 500)
    assert all(a <= b for a, b in zip(days["a"], days["b"], strict=True))
    assert {(c - a).days for a, c in zip(days["a"], days["c"], strict=True)} == {7, 14, 30, 45, 60}


def test_no_clock_is_asked(one: Made) -> None:
    assert max(one("created_at", 500, type="DATE")) <= AS_OF
    moved = one("created_at", 500, type="DATE", options={"as_of": "2010-01-01"})
    assert date(2006, 12, 30) <= min(moved)
    assert max(moved) <= date(2010, 1, 1)
    assert all(d.year == 2015 for d in one("date", type="DATE", options={
        "min": "2015-01-01", "max": "2015-12-31"}))  # fmt: skip


def test_age_is_counted_from_the_birth_date(draw: Made) -> None:
    columns = fill("birth_date", Ask("t", "born", type="DATE"))
    ask = Ask("t", "age", type="INTEGER", siblings={"birth_date": "born"})
    found = draw(columns | fill("age", ask), 2_000)
    for born, age in zip(found["born"], found["age"], strict=True):
        past = (AS_OF.month, AS_OF.day) >= (born.month, born.day)
        assert age == AS_OF.year - born.year - (not past)
        assert 18 <= age <= 90


def test_products_are_of_their_category_and_priced_so(draw: Made) -> None:
    beside = {"product_category": "kind"}
    columns = fill("product_category", Ask("t", "kind"))
    columns |= fill("product_name", Ask("t", "name", siblings=beside, unique=True, rows=5_000))
    columns |= fill("price", Ask("t", "price", type="DECIMAL(10,2)", siblings=beside))
    columns |= fill("cost", Ask("t", "cost", type="DECIMAL(10,2)", siblings={"price": "price"}))
    found = draw(columns, 2_000)
    assert len(set(found["name"])) == 2_000
    for kind, name, price, cost in zip(*found.values(), strict=True):
        assert any(noun in name for noun in PRODUCTS[kind][2]), (kind, name)
        assert str(price)[-1] == "9"
        assert 0 < cost < price
    by = {k: sorted(p for c, p in zip(found["kind"], found["price"], strict=True) if c == k)
          for k in ("Electronics", "Groceries")}  # fmt: skip
    middle = {k: v[len(v) // 2] for k, v in by.items()}
    assert middle["Electronics"] > 3 * middle["Groceries"]


def test_reviews_have_the_mood_of_their_stars(draw: Made) -> None:
    columns = fill("rating", Ask("t", "stars", type="INTEGER"))
    columns |= fill("review", Ask("t", "text", siblings={"rating": "stars"}))
    found = draw(columns, 500)
    for stars, text in zip(found["stars"], found["text"], strict=True):
        opening = GOOD[0] if stars >= 4 else BAD[0] if stars <= 2 else None
        assert opening is None or text.startswith(tuple(opening))


@pytest.mark.parametrize("length", [20, 60, 120, 400])
def test_texts_keep_their_length(length: int, one: Made) -> None:
    for word in ("title", "sentence", "paragraph", "comment", "review", "label"):
        found = one(word, 300, length=length)
        assert max(map(len, found)) <= length
        assert len(set(found)) > 20


def test_codes_of_health_care_exist(one: Made) -> None:
    icd = set(refdata.read("icd10cm")["code"].to_pylist())
    found = one("icd10_code", 2_000)
    assert set(found) <= icd
    assert found.count("I10") > 20
    assert len(set(found)) > 500
    assert all(c.startswith("E11") for c in one("icd10_code", options={"begins": "E11"}))
    assert not any("." in c for c in one("icd10_code", length=7))
    assert set(one("procedure_code")) <= set(refdata.read("hcpcs")["code"].to_pylist())


def test_prices_take_the_type_that_is_asked(one: Made) -> None:
    assert {type(v) for v in one("price", type="INTEGER")} == {int}
    assert {type(v) for v in one("price", type="DOUBLE")} == {float}
    assert all(v <= 9.99 for v in map(float, one("price", type="DECIMAL(3,2)")))
    assert {type(v) for v in one("created_at", type="BIGINT")} == {int}
    assert all(len(v) == 19 for v in one("created_at", type="VARCHAR"))
