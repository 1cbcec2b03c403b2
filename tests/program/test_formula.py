"""Formulas give what Python's whole numbers give, whichever of their parts are alike."""

from __future__ import annotations

import random

import numpy as np
import pytest

from genesis_sql.program.formula import evaluate

COLUMNS = {
    "a": np.array([0, 7, 125, 2359, 1]),
    "b": np.array([3, 0, 60, 14_400, 2]),
    "c": np.array([1, 1, 0, 9, 10**6]),
}
CLOCK = '("a" // 100 * 60 + "a" % 100 + "b" + 14400 + 1439) % 1440 + 1'


def by_hand(formula: str, row: int) -> int:
    """What Python says; divided by 0 gives 0."""

    class Whole(int):
        def __add__(self, other: int) -> Whole:
            return Whole(int(self) + int(other))

        def __sub__(self, other: int) -> Whole:
            return Whole(int(self) - int(other))

        def __mul__(self, other: int) -> Whole:
            return Whole(int(self) * int(other))

        def __floordiv__(self, other: int) -> Whole:
            return Whole(int(self) // int(other) if other else 0)

        def __mod__(self, other: int) -> Whole:
            return Whole(int(self) % int(other) if other else 0)

        def __neg__(self) -> Whole:
            return Whole(-int(self))

    text = formula.replace("least", "min").replace("greatest", "max")
    for name, values in COLUMNS.items():
        text = text.replace(f'"{name}"', f"Whole({values[row]})")
    return int(eval(text, {"Whole": Whole, "min": min, "max": max}))


def made(chance: random.Random, depth: int) -> str:
    """A formula of some depth."""
    if depth == 0 or chance.random() < 0.15:
        return chance.choice(['"a"', '"b"', '"c"', "Whole(0)", "Whole(60)", "Whole(7)"])
    kind = chance.random()
    parts = [made(chance, depth - 1) for _ in range(2)]
    if kind < 0.1:
        return f"(-{parts[0]})"
    if kind < 0.25:
        return f"{chance.choice(['least', 'greatest'])}({parts[0]}, {parts[1]})"
    return f"({parts[0]} {chance.choice(['+', '-', '*', '//', '%'])} {parts[1]})"


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_python_computes(seed: int) -> None:
    formula = made(random.Random(seed), 1 + seed % 4)
    plain = formula.replace("Whole(", "(")
    found = evaluate(plain, COLUMNS)
    expected = np.array([by_hand(formula, row) for row in range(5)], object)
    assert np.broadcast_to(found, 5).tolist() == expected.tolist()


def test_parts_that_are_alike_are_made_once() -> None:
    whole = f"({CLOCK}) // 60 * 100 + ({CLOCK}) % 60"
    minutes = evaluate(CLOCK, COLUMNS)
    assert evaluate(whole, COLUMNS).tolist() == (minutes // 60 * 100 + minutes % 60).tolist()
    assert evaluate('"a" + "a" * "a"', COLUMNS).tolist() == [a + a * a for a in COLUMNS["a"]]
    assert evaluate('"a"', COLUMNS).tolist() == COLUMNS["a"].tolist()
    assert evaluate("5", COLUMNS).tolist() == 5


def test_columns_stay_what_they_are() -> None:
    before = {name: values.copy() for name, values in COLUMNS.items()}
    evaluate('-("a" % 7) + least("a", "b", 3) // "c"', COLUMNS)
    assert all((COLUMNS[name] == values).all() for name, values in before.items())
