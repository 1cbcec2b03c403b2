"""Numbers with check digits are right, and of ranges that nobody has."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from genesis_sql.errors import OptionError
from genesis_sql.graph import check_digits as checks
from genesis_sql.providers.ask import Ask
from genesis_sql.providers.catalog import fill
from genesis_sql.providers.money import IBANS

Draw = Callable[..., list[Any]]


def ean(number: str) -> bool:
    """GS1: weights 1 and 3, the sum a multiple of 10."""
    return sum(int(c) * (1 + 2 * (at % 2)) for at, c in enumerate(number)) % 10 == 0


def test_cards_have_luhn_digits_and_test_prefixes(one: Draw) -> None:
    found = one("card_number")
    assert all(checks.is_card(n) for n in found)
    assert all(re.match("400000|555555|378282|601111", n) for n in found)
    assert {len(n) for n in found} == {15, 16}


def test_cards_are_of_the_type_beside_them(
    draw: Callable[..., Any], table: Callable[..., Any]
) -> None:
    found = draw(table({"card_type": "kind", "card_number": "card"}))
    first = {"Visa": "4", "Mastercard": "5", "American Express": "3", "Discover": "6"}
    pairs = list(zip(found["kind"], found["card"], strict=True))
    assert all(card.startswith(first[kind]) for kind, card in pairs)
    assert all(checks.is_card(card) for _, card in pairs)
    assert len({kind for kind, _ in pairs}) > 2


@pytest.mark.parametrize("word", ["barcode", "isbn"])
def test_article_numbers_have_their_digit(word: str, one: Draw) -> None:
    found = one(word)
    assert all(len(n) == 13 and ean(n) for n in found)
    assert all(n.startswith("2" if word == "barcode" else "9799") for n in found)
    assert all(isinstance(n, int) and ean(str(n)) for n in one(word, type="BIGINT"))


@pytest.mark.parametrize(
    "locale", ["en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_BR", "de_AT"]
)
def test_ibans_pass_mod_97_with_banks_that_do_not_exist(locale: str, one: Draw) -> None:
    found = one("iban", 100, locale=locale)
    assert all(checks.is_iban(n) for n in found), found[:2]
    country = "GB" if locale == "en_US" else locale[-2:]
    assert {n[:2] for n in found} == {country}
    assert all("9999" in n or "XXXX" in n for n in found)


LENGTHS = (
    "AD24 AL28 AT20 BE16 BG22 BR29 CH21 CY28 CZ24 DE22 DK18 EE20 ES24 FI18 FR27 GB22 GR27 HR21 "
    "HU28 IE22 IS26 IT27 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MT31 NL18 NO15 PL28 PT25 RO24 "
    "RS22 SE24 SI19 SK24 SM27 VA22"
).split()
"""Characters of an IBAN of each country, as SWIFT's registry has them."""


def test_ibans_of_every_country_have_its_length_and_check_digits(
    draw: Callable[..., Any],
) -> None:
    columns: dict[str, Any] = {}
    for told in LENGTHS:
        columns |= fill("iban", Ask("t", told, options={"country": told[:2]}))
    assert {told[:2] for told in LENGTHS} == set(IBANS)
    for told, found in draw(columns, 12).items():
        assert all(checks.is_iban(n) for n in found), found[:2]
        assert {(n[:2], len(n)) for n in found} == {(told[:2], int(told[2:]))}
        assert len(set(found)) == 12


def test_a_country_without_ibans_is_refused() -> None:
    with pytest.raises(OptionError, match=r"t\.c: no IBAN of 'DX' is known; there are: 'AD'"):
        fill("iban", Ask("t", "c", options={"country": "dx"}))


def test_amounts_of_a_currency_without_cents_are_whole(one: Draw) -> None:
    for word in ("amount", "price", "salary", "balance"):
        found = one(word, 60, type="DECIMAL(12,2)", options={"currency": "JPY"})
        assert all(v == int(v) for v in found)
        assert len(set(found)) > 5
    cents = one("amount", 60, type="DECIMAL(12,2)", options={"currency": "EUR"})
    assert any(v != int(v) for v in cents)
    assert set(one("currency_code", options={"currency": "sek"})) == {"SEK"}
    with pytest.raises(OptionError, match=r"t\.c: there is no currency 'EUX'; did you mean"):
        fill("amount", Ask("t", "c", type="DOUBLE", options={"currency": "EUX"}))


def test_the_course_of_a_status_tells_its_labels(one: Draw) -> None:
    course = {"new": ["paid", "void"], "paid": ["sent"]}
    found = one("status", options={"path": course})
    assert set(found) == {"new", "paid", "void", "sent"}
    for wrong in ({}, ["new"], {"new": "paid"}):
        with pytest.raises(OptionError, match=r"t\.c: path says which states"):
            fill("status", Ask("t", "c", options={"path": wrong}))
    with pytest.raises(OptionError, match="give one of both"):
        fill("status", Ask("t", "c", options={"path": course, "values": ["new"]}))
    for word, option in (("email", "currency"), ("city", "path")):
        with pytest.raises(OptionError, match=f"has no option '{option}'"):
            fill(word, Ask("t", "c", options={option: "EUR"}))


def test_national_check_digits_inside_ibans(one: Draw) -> None:
    for number in one("iban", 50, locale="fr_FR"):
        bank, branch, account, key = number[4:9], number[9:14], number[14:25], number[25:]
        assert (89 * int(bank) + 15 * int(branch) + 3 * int(account) + int(key)) % 97 == 0
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    for number in one("iban", 50, locale="es_ES"):
        for ten, key in (("00" + number[4:12], number[12]), (number[14:], number[13])):
            left = 11 - sum(w * int(c) for w, c in zip(weights, ten, strict=True)) % 11
            assert {10: 1, 11: 0}.get(left, left) == int(key)
    odd = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
    for number in one("iban", 50, locale="it_IT"):
        total = sum(odd[int(c)] if at % 2 == 0 else int(c) for at, c in enumerate(number[5:]))
        assert chr(65 + total % 26) == number[4]


def test_provider_numbers_begin_with_2(one: Draw) -> None:
    found = one("npi")
    assert all(checks.is_npi(n) and n[0] == "2" for n in found)
    assert all(checks.is_npi(str(n)) for n in one("npi", type="BIGINT"))


def test_vehicles_have_their_ninth_digit(one: Draw) -> None:
    values = {
        c: n for c, n in zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)
    }
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    for number in one("vin"):
        assert len(number) == 17
        total = sum(w * int(values.get(c, c)) for w, c in zip(weights, number, strict=True))
        assert "0123456789X"[total % 11] == number[8]


def test_banks_have_their_digit_and_do_not_exist(one: Draw) -> None:
    for number in one("routing_number"):
        total = sum(w * int(c) for w, c in zip((3, 7, 1) * 3, number, strict=True))
        assert total % 10 == 0
        assert number.startswith("99")


def test_national_ids_were_never_given_out(one: Draw) -> None:
    found = one("national_id")
    assert all(re.fullmatch(r"9\d\d-1\d-\d{4}", n) for n in found)
    assert not any(checks.is_ssn(n.replace("-", "")) for n in found)
    assert all(900_000_000 <= n <= 999_999_999 for n in one("national_id", type="BIGINT"))
    assert all(n[0] == "0" for n in one("national_id", locale="de_DE"))


@pytest.mark.parametrize(
    ("locale", "shape"),
    [
        ("en_US", r"\(\d{3}\) 555-01\d\d"), ("en_GB", r"020 7946 0\d{3}"),
        ("de_DE", r"030 23125 \d{3}"), ("fr_FR", r"01 99 00 \d\d \d\d"),
        ("es_ES", r"\+34 555 \d{3} \d{3}"), ("ja_JP", r"00-0000-\d{4}"),
    ],
)  # fmt: skip
def test_telephones_ring_nowhere(locale: str, shape: str, one: Draw) -> None:
    assert all(re.fullmatch(shape, n) for n in one("phone", locale=locale))


def test_addresses_of_the_net_are_reserved(one: Draw) -> None:
    nets = r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}"
    assert all(re.fullmatch(nets, ip) for ip in one("ip_address"))
    assert all(ip.startswith("10.") for ip in one("ip_address", unique=True))
    assert all(ip.startswith("2001:db8:") for ip in one("ip_address", options={"version": 6}))
    reserved = re.compile(r".+@(example\.(com|org|net)|[a-z]+\.example)")
    assert all(reserved.fullmatch(m) for m in one("email"))
    assert all(d.endswith(".example") for d in one("domain_name"))
    assert all(m.startswith("02:") and len(m) == 17 for m in one("mac_address"))
    assert all(str(u)[14] == "4" for u in one("uuid", type="UUID"))
