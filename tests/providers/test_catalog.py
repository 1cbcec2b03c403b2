"""Every meaning has a provider that fits types, lengths, bounds and numbers of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import genesis_sql
from genesis_sql.errors import OptionError
from genesis_sql.providers.ask import Ask
from genesis_sql.providers.catalog import PROVIDERS, WORDS, describe, fill, provider
from genesis_sql.providers.forms import family
from genesis_sql.providers.meaning_names import MEANINGS

TYPES = {
    "text": "VARCHAR", "whole": "INTEGER", "decimal": "DECIMAL(10,2)", "float": "DOUBLE",
    "date": "DATE", "timestamp": "TIMESTAMP", "time": "TIME", "boolean": "BOOLEAN",
    "uuid": "UUID", "json": "JSON",
}  # fmt: skip
FEW = {
    "name_prefix", "gender", "marital_status", "nationality", "language", "state", "state_code",
    "county", "time_zone", "country", "country_code", "currency_code", "card_type", "card_expiry",
    "mime_type", "year", "month", "blood_type", "priority", "flag", "cvv",
}  # fmt: skip
"""Words with fewer than 2,000 values."""
UNIQUE = [w for w in MEANINGS if w not in FEW and "text" in WORDS[w].families]


def test_there_is_one_provider_for_every_meaning() -> None:
    assert set(PROVIDERS) == set(MEANINGS) == set(WORDS)
    assert len(PROVIDERS) == len(MEANINGS) > 100
    for word in MEANINGS:
        assert describe(word)
        assert WORDS[word].example
        assert callable(PROVIDERS[word])


def test_all_words_fill_their_first_type(draw: Callable[..., Any]) -> None:
    columns: dict[str, Any] = {}
    for word in MEANINGS:
        columns |= fill(word, Ask("t", word, type=TYPES[WORDS[word].families[0]]))
    assert all(columns[w] and not columns[w].get("hidden") for w in MEANINGS)
    found = draw(columns, 60)
    assert list(found) == list(MEANINGS)
    for word, values in found.items():
        assert None not in values, word
        assert len(set(values)) > 1, word


def test_plain_sql_gives_the_same_rows(draw: Callable[..., Any]) -> None:
    columns: dict[str, Any] = {}
    for word in ("username", "card_number", "vin", "price"):
        columns |= fill(word, Ask("t", word, type=TYPES[WORDS[word].families[0]], unique=True))
    found = draw(columns, 40)
    assert draw(columns, 40, in_sql=True) == found
    assert draw(columns, 40, seed=1)["username"] != found["username"]


@pytest.mark.parametrize("type_", ["VARCHAR(12)", "BIGINT", "DATE"])
def test_no_type_stops_a_word(type_: str) -> None:
    refused = []
    for word in MEANINGS:
        try:
            made = fill(word, Ask("t", "c", type=type_))
        except OptionError:
            refused.append(word)
            continue
        assert [*made][-1] == "c"
        assert all(spec.get("hidden") for name, spec in made.items() if name != "c")
    assert len(refused) < 25 if type_ == "VARCHAR(12)" else not refused


def test_unique_words_reach_their_rows(draw: Callable[..., Any]) -> None:
    columns: dict[str, Any] = {}
    for word in UNIQUE:
        columns |= fill(word, Ask("t", word, unique=True, rows=600))
    for word, values in draw(columns, 600).items():
        assert len(set(values)) == 600, word


@pytest.mark.parametrize("word", ["email", "username", "sku", "code", "product_name", "company"])
def test_unique_words_reach_a_million_rows_within_their_length(
    word: str, one: Callable[..., list[Any]]
) -> None:
    found = one(word, 3_000, unique=True, rows=1_000_000, length=24)
    assert len(set(found)) == 3_000
    assert max(map(len, found)) <= 24


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("email", {"type": "VARCHAR(3)"}),
        ("code", {"length": 2, "unique": True}),
        ("country_code", {"unique": True}),
        ("flag", {"type": "BOOLEAN", "unique": True}),
        ("quantity", {"type": "TINYINT", "unique": True}),
        ("icd10_code", {"unique": True}),
        ("uuid", {"length": 20}),
        ("card_number", {"length": 10}),
        ("time_of_day", {"type": "TIME", "unique": True}),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(word: str, asked: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=r"t\.c (is unique|holds)"):
        fill(word, Ask("t", "c", **asked))


def test_wrong_words_and_options_are_named_with_the_nearest() -> None:
    with pytest.raises(OptionError, match="no provider 'emial'.*'email'"):
        provider("emial")
    with pytest.raises(OptionError, match="no option 'domain'.*'domains'"):
        fill("email", Ask("t", "c", options={"domain": "a"}))
    with pytest.raises(OptionError, match="as_of is a day"):
        fill("birth_date", Ask("t", "c", type="DATE", options={"as_of": "soon"}))
    with pytest.raises(OptionError, match="null_share is from 0 to 1"):
        fill("city", Ask("t", "c", nullable=True, options={"null_share": 2}))
    with pytest.raises(OptionError, match="min 9 is above max 2"):
        fill("month", Ask("t", "c", type="INTEGER", options={"min": 9, "max": 2}))
    with pytest.raises(OptionError, match="values and weights"):
        fill("status", Ask("t", "c", options={"values": ["a"], "weights": [1, 2]}))
    with pytest.raises(OptionError, match="BLOB"):
        fill("", Ask("t", "c", type="BLOB"))
    with pytest.raises(KeyError):
        PROVIDERS["nothing"]


def test_values_of_the_caller_are_the_only_ones(one: Callable[..., list[Any]]) -> None:
    found = one("status", 4_000, options={"values": {"New": 3, "Old": 1}})
    assert set(found) == {"New", "Old"}
    assert 0.7 < found.count("New") / 4_000 < 0.8
    assert set(one("priority", type="INTEGER", options={"values": [7, 9]})) == {7, 9}
    assert set(one("label", type="ENUM('a', 'it''s')")) == {"a", "it's"}
    assert set(one("flag", type="CHAR(1)", options={"values": ["Y", "N"]})) == {"Y", "N"}


@pytest.mark.parametrize(
    ("word", "type_"),
    [("rating", "INTEGER"), ("price", "DECIMAL(10,2)"), ("age", "INTEGER"), ("salary", "DOUBLE"),
     ("phone", "BIGINT"), ("count", "SMALLINT")],
)  # fmt: skip
def test_bounds_hold_whatever_the_word_is(
    word: str, type_: str, one: Callable[..., list[Any]]
) -> None:
    found = one(word, type=type_, options={"min": 3, "max": 5})
    assert all(3 <= v <= 5 for v in found)
    outside = one(word, type=type_, options={"min": 10_001, "max": 10_020})
    assert all(10_001 <= v <= 10_020 for v in outside)


def test_nulls_stand_only_where_they_may(one: Callable[..., list[Any]]) -> None:
    for word in ("city", "deleted_at", "sku"):
        asked: dict[str, Any] = {"options": {"null_share": 0.4}, "type": TYPES["text"]}
        assert None not in one(word, **asked)
        found = one(word, 2_000, nullable=True, **asked)
        assert 0.35 < found.count(None) / 2_000 < 0.45
    gone = one("deleted_at", 2_000, type="TIMESTAMP", nullable=True)
    assert 0.87 < gone.count(None) / 2_000 < 0.93


def test_a_table_or_column_of_any_name_breaks_nothing(
    draw: Callable[..., Any], table: Callable[..., Any]
) -> None:
    evil = "x'); DROP TABLE victim; --\""
    words = ["first_name", "last_name", "gender", "email", "username", "city", "postal_code",
             "full_address", "card_type", "card_number", "iban", "vin", "rating", "review",
             "price", "cost", "product_category", "product_name", "company", "url", "slug"]  # fmt: skip
    meanings = {w: f"{w} {evil}" for w in words}
    found = draw(table(meanings, unique=False), 20)
    assert list(found) == list(meanings.values())


def test_only_the_type_counts_where_nothing_is_known(one: Callable[..., list[Any]]) -> None:
    for type_ in TYPES.values():
        assert None not in one("", 20, type=type_)
    assert one("", 5, type="BLOB", nullable=True) == [None] * 5
    assert family("STRUCT(a INTEGER)") == "other"


def test_sql_lists_the_providers() -> None:
    with genesis_sql.connect() as con:
        found = con.execute("FROM genesis_providers()").fetchall()
    assert [row[0] for row in found] == list(MEANINGS)
    assert all(row[1] and row[2] for row in found)
    assert dict((row[0], row[3]) for row in found)["email"] == "domains"
