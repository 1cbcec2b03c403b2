"""A spec: canonical text, hash and equality."""

from __future__ import annotations

import pytest

from genesis_sql.errors import OptionError
from genesis_sql.plan.spec import Sizes, Spec

FULL = Spec(
    -(2**63),
    (Sizes(0.1, (("users", 10), ("a 'b", 2**40))), Sizes(3)),
    (("users", '{"state":"ÇA"}'), ("orders", '{"n":1}')),
)


@pytest.mark.parametrize("spec", [Spec(), Spec.of(7, 1 / 3), Spec.of(1, 2, {"t": 0}), FULL])
def test_a_spec_and_its_text_are_one(spec: Spec) -> None:
    read = Spec.from_json(spec.to_json())
    assert read == spec
    assert hash(read) == hash(spec)
    assert read.to_json() == spec.to_json()


def test_order_does_not_matter() -> None:
    turned = Spec(
        FULL.seed,
        tuple(Sizes(s.scale, s.rows[::-1]) for s in FULL.sizes),
        FULL.conditions[::-1],
    )
    assert turned.to_json() == FULL.to_json()
    assert Spec.of(0, 1) == Spec.of(0, 1.0)
    assert (FULL.sizes[0].exact("users"), FULL.sizes[0].exact("orders")) == (10, None)


def test_another_scale_keeps_the_conditions() -> None:
    assert FULL.at(2) == Spec(FULL.seed, (Sizes(2),), FULL.conditions)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"seed":1,"sizes":[]}', '{"seed":1.5,"sizes":[{"scale":1}]}',
     '{"seed":1,"sizes":[{"scale":1,"rows":{"t":"1"}}]}', '{"seed":true,"sizes":[{"scale":1}]}'],
)  # fmt: skip
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(OptionError, match="does not say which rows"):
        Spec.from_json(text)
