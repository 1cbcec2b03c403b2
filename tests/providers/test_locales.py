"""Other locales: our own cities, Faker's words as a vocabulary, the nearest locale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from genesis_sql.errors import OptionError
from genesis_sql.providers.ask import Ask
from genesis_sql.providers.catalog import fill
from genesis_sql.providers.faker_words import MANY, locale_of, vocabulary
from genesis_sql.providers.lists_places import CITIES

Made = Callable[..., Any]


@pytest.mark.parametrize("locale", [*CITIES])
def test_places_of_a_locale_agree(locale: str, draw: Made, table: Made) -> None:
    words = {"postal_code": "zip", "city": "city", "state": "state", "full_name": "name",
             "street_address": "street", "phone": "phone", "country_code": "land"}  # fmt: skip
    found = draw(table(words, locale=locale), 300)
    known = {(row[3], row[0], row[1]) for row in CITIES[locale]}
    assert set(zip(found["zip"], found["city"], found["state"], strict=True)) <= known
    assert set(found["land"]) == {locale[-2:]}
    assert len(set(found["name"])) > 200
    assert len(set(found["street"])) > 100


def test_a_postal_code_is_never_cut(one: Made) -> None:
    assert all(
        len(code) == 8 and code.isdigit() for code in one("postal_code", locale="pt_BR", length=8)
    )
    with pytest.raises(OptionError, match="holds 5 characters and what it means takes 7"):
        fill("postal_code", Ask("t", "c", locale="ja_JP", length=5))


def test_a_locale_without_places_has_fakers(one: Made) -> None:
    vocabulary_ = set(vocabulary("city", "fi_FI")[0])
    assert set(one("city", locale="fi_FI")) <= vocabulary_
    assert len(set(one("last_name", 500, locale="sv-se"))) > 100


def test_the_nearest_locale_is_taken() -> None:
    assert locale_of("DE-de") == "de_DE"
    assert locale_of("es_PA") == "es_ES"
    assert locale_of("fr") == "fr_FR"
    with pytest.raises(OptionError, match="no locale 'xx_YY'"):
        locale_of("xx_YY")


def test_a_method_of_faker_becomes_a_vocabulary(one: Made) -> None:
    found = one("faker:license_plate", 3_000)
    assert set(found) <= set(vocabulary("license_plate", "en_US")[0])
    assert len(set(found)) > MANY / 2
    digits = one("faker:random_int", type="INTEGER", options={"args": {"min": 5, "max": 7}})
    assert set(digits) == {5, 6, 7}
    unique = one("faker:color_name", 3_000, unique=True, rows=3_000)
    assert len(set(unique)) == 3_000


def test_a_vocabulary_is_the_same_each_time() -> None:
    first = fill("faker:catch_phrase", Ask("t", "c", options={"many": 50}))
    vocabulary.__globals__["_vocabulary"].cache_clear()
    assert fill("faker:catch_phrase", Ask("t", "c", options={"many": 50})) == first
    assert len(first["c"]["values"]) <= 50


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("licence_plate", {}, "no method 'licence_plate'.*'license_plate'"),
        ("seed_instance", {}, "no method 'seed_instance'"),
        ("__class__", {}, "no method '__class__'"),
        ("random_int", {"args": {"least": 1}}, "'random_int' of en_US fails: TypeError"),
        ("random_int", {"args": 3}, "named arguments"),
        ("pylist", {}, "fails"),
        ("city", {"many": 0}, "many is a number"),
        ("city", {"lots": 1}, "no option 'lots'"),
    ],
)
def test_what_faker_cannot_do_is_said(method: str, options: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        fill(f"faker:{method}", Ask("t", "c", options=options))
