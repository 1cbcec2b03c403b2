"""Personal data made anew: valid where the source is, and nothing of the source."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.encoders.away import keep_away
from genesis_sql.encoders.personal import CHECKS, invented_labels, personal_pattern
from genesis_sql.graph import check_digits as digits
from genesis_sql.program.pattern import DIGITS, Pattern, Run, Shape
from genesis_sql.program.pattern_numpy import render, render_unique

EXAMPLES = {
    "card number": "4111111111111111",
    "IBAN": "DE89370400440532013000",
    "provider id (NPI)": "1234567893",
    "UK national insurance number": "AB123456C",
    "Italian codice fiscale": "RSSMRA85T10A562S",
    "Spanish DNI": "12345678Z",
    "French NIR": "255081416802538",
    "German tax id": "86095742719",
    "Brazilian CPF": "52998224725",
    "Polish PESEL": "44051401359",
    "Dutch BSN": "111222333",
    "UK NHS number": "9434765919",
    "vehicle id": "1M8GDM9AXKP042788",
}


def source(kind: str, count: int) -> list[str]:
    """Valid numbers like the example: digits and letters behind the first four are others."""
    rng, valid, like = random.Random(kind), CHECKS[kind], EXAMPLES[kind]
    found: dict[str, None] = {}
    while len(found) < count:
        text = like[:2] + "".join(rng.choice(DIGITS) if c.isdigit() else c for c in like[2:])
        for at in {len(text) - 1, 2, 8}:
            for c in (
                "0123456789X" if kind == "vehicle id" else DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            ):
                tried = text[:at] + c + text[at + 1 :]
                if valid(tried):
                    found[tried] = None
                    break
    return list(found)[:count]


def drawn(pattern: Pattern, rows: int) -> list[str]:
    words = np.random.default_rng(1).integers(0, 2**32, (rows, pattern.words_needed), np.uint64)
    return render(pattern, words.astype(np.uint32)).to_pylist()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_numbers_with_a_check_digit_pass_it_and_are_new(kind: str) -> None:
    real = source(kind, 60)
    assert all(map(CHECKS[kind], real))
    made = drawn(personal_pattern(kind, real, salt=3), 400)
    assert all(map(CHECKS[kind], made))
    assert not {*made} & {*real}
    assert len({*made}) > 100
    assert personal_pattern(kind, real, salt=3) == personal_pattern(kind, real, salt=3)


def test_marks_in_numbers_stay() -> None:
    cards = ["-".join((c[:4], c[4:8], c[8:12], c[12:])) for c in source("card number", 60)]
    made = drawn(personal_pattern("card number", cards), 50)
    assert all(t[4] == t[9] == t[14] == "-" and digits.is_card(digits.bare(t)) for t in made)
    assert all(digits.bare(t).startswith("400000") for t in made)


def test_social_security_numbers_are_never_issued() -> None:
    made = drawn(personal_pattern("US SSN", [f"123-45-{n:04d}" for n in range(1, 400)]), 500)
    assert all(t[0] == "9" and 1 <= int(t[4:6]) <= 49 for t in made)
    assert not any(digits.is_ssn(digits.bare(t)) for t in made)


def test_addresses_of_machines_are_reserved() -> None:
    made = drawn(personal_pattern("IP address", [f"10.0.0.{n}" for n in range(200)]), 300)
    octets = [[int(o) for o in t.split(".")] for t in made]
    assert all(240 <= o[0] <= 254 and max(o) <= 255 for o in octets)


@pytest.mark.parametrize("kind", ["first name", "last name"])
def test_names_are_names_and_none_of_the_source(kind: str) -> None:
    real = ["Smith", "Anna", "Jose", "Miller", "Maria", "Peter", "Weber"] * 3
    made = drawn(personal_pattern(kind, real), 500)
    assert not {t.casefold() for t in made} & {t.casefold() for t in real}
    assert all(t[0].isupper() and t.isalpha() for t in made)


def test_full_names_have_no_last_name_of_the_source() -> None:
    real = [f"{a} {b}" for a in ("Anna", "Jose", "Maria") for b in ("Smith", "Weber", "Garcia")]
    made = drawn(personal_pattern("person name", real), 500)
    assert not {t.split(" ")[-1] for t in made} & {"Smith", "Weber", "Garcia"}
    swapped = drawn(
        personal_pattern("person name", [f"{b}, {a}" for a, b in map(str.split, real)]), 50
    )
    assert all(", " in t for t in swapped)


def test_labels_are_exchanged_one_for_one() -> None:
    real = sorted(
        {f"Name{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600)} | {"Smith", "Weber"}
    )
    made = invented_labels("last name", real, salt=1)
    assert len({*made}) == len(real)
    assert not {*made} & {*real}
    assert made == invented_labels("last name", real, salt=1)
    assert made != invented_labels("last name", real, salt=2)
    assert sorted(made) != list(made)  # the order of the real ones does not shine through
    phones = [str(2_125_550_000 + n) for n in range(500)]
    numbers = invented_labels("phone number", phones, highest=2**31 - 1)
    assert not {*map(int, numbers)} & {*map(int, phones)}
    assert len({*map(int, numbers)}) == 500
    assert all(int(t) < 2**31 for t in numbers)


def test_a_pattern_that_could_give_a_value_keeps_away_from_it() -> None:
    pattern = Pattern("identifier", (Shape(("T-", Run(DIGITS, 4), "-x")),), (10,))
    real = [f"T-{n:04d}-x" for n in range(0, 10_000, 2)]
    assert {*drawn(pattern, 2000)} & {*real}
    away = keep_away(pattern, pa.array(real))
    assert away is not None
    made = drawn(away, 5000)
    assert not {*made} & {*real}
    assert all(len(t) == 8 and t.endswith("-x") for t in made)
    other = pa.array(["A-1", "B-22"])
    assert keep_away(pattern, other) == pattern
    everything = [f"T-{n:04d}-x" for n in range(10_000)]
    assert keep_away(pattern, pa.array(everything)) is None
    assert not {*drawn(personal_pattern("national id", everything), 500)} & {*everything}


def test_keys_of_personal_data_do_not_count_up_like_the_source() -> None:
    real = [f"user{n}@example.com" for n in range(1, 300)]
    made = render_unique(personal_pattern("e-mail", real), np.arange(1000)).to_pylist()
    assert len({*made}) == 1000
    assert not {*made} & {*real}


def test_numbers_keep_their_length_and_fit_their_type() -> None:
    real = [str(2_000_000_000 + n * 7919) for n in range(500)]
    made = drawn(personal_pattern("phone number", real, highest=2**31 - 1), 1000)
    assert all(t[0] != "0" and len(t) == 10 and int(t) < 2**31 for t in made)


def test_a_check_that_the_source_fails_is_not_invented() -> None:
    real = [str(4 * 10**15 + n * 7919) for n in range(300)]
    assert sum(map(digits.is_card, real)) < 100
    made = drawn(personal_pattern("card number", real), 300)
    assert 0 < sum(map(digits.is_card, made)) < 200 or not any(map(digits.is_card, made))
    assert not {*made} & {*real}


def test_checks_are_those_of_the_kinds() -> None:
    from genesis_sql.graph.personal_kinds import KINDS

    names = {k.name for k in KINDS}
    assert {*CHECKS} <= names
    tests: dict[str, Callable[[str], bool]] = CHECKS
    assert all(tests[kind](EXAMPLES[kind]) for kind in EXAMPLES)
