"""Numbers of providers: valid, once each, nobody's."""

from __future__ import annotations

import numpy as np

from genesis_sql.reference.npi import MOST, check_digits, fictional_npis


def luhn(digits: str) -> bool:
    """Luhn's rule, written apart from the code under test."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + at % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0


def test_the_example_of_the_standard() -> None:
    assert check_digits(np.array([123456789])).tolist() == [3]
    assert luhn("80840" + "1234567893")
    assert not luhn("80840" + "1234567890")


def test_a_hundred_thousand_are_valid_and_once_each() -> None:
    found = [str(n) for n in fictional_npis(np.arange(100_000), 7).tolist()]
    assert len(set(found)) == 100_000
    assert all(luhn("80840" + n) for n in found)
    assert all(len(n) == 10 and n[0] == "2" for n in found)


def test_the_last_number_is_one_too() -> None:
    last = fictional_npis(np.array([MOST - 1, 0]), 3).tolist()
    assert all(luhn(f"80840{n}") and 2 * 10**9 <= n < 3 * 10**9 for n in last)


def test_another_seed_gives_others() -> None:
    numbers = np.arange(1000)
    assert set(fictional_npis(numbers, 0).tolist()) != set(fictional_npis(numbers, 1).tolist())


def test_neighbours_do_not_look_it() -> None:
    steps = np.abs(np.diff(fictional_npis(np.arange(1000), 0)))
    assert np.median(steps) > 10**8
