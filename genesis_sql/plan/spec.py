"""What fixes the rows of a model besides the model: the seed, the sizes, the conditions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from genesis_sql.errors import OptionError


@dataclass(frozen=True)
class Sizes:
    """How large the tables of one segment are.

    Attributes:
        scale: 2 makes twice as many rows as were fitted.
        rows: (table, its rows exactly), by name; the other tables follow ``scale``.
    """

    scale: float = 1.0
    rows: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", float(self.scale))
        object.__setattr__(self, "rows", tuple(sorted(self.rows)))

    def exact(self, table: str) -> int | None:
        """The rows asked for of a table, None where it follows the scale."""
        return dict(self.rows).get(table)


@dataclass(frozen=True)
class Spec:
    """What, with the model's uuid, decides every row.

    Attributes:
        seed: of the draws.
        sizes: segments, the first ones first; each later one was appended to those before.
        conditions: (table, canonical JSON text of its conditions by column), by name.
        least: (table, rows) where the scale is the smallest that has so many, and not known yet:
            who draws rows finds it first, see `scaling.Scales`.
    """

    seed: int = 0
    sizes: tuple[Sizes, ...] = (Sizes(),)
    conditions: tuple[tuple[str, str], ...] = ()
    least: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(sorted(self.conditions)))

    @staticmethod
    def of(seed: int = 0, scale: float = 1.0, rows: Mapping[str, int] | None = None) -> Spec:
        """A spec of one segment.

        Example:
            >>> Spec.of(7, 2).to_json()
            '{"seed":7,"sizes":[{"scale":2.0}]}'
        """
        return Spec(seed, (Sizes(scale, tuple((rows or {}).items())),))

    def at(self, scale: float) -> Spec:
        """The same at another scale, in one segment without exact rows."""
        return replace(self, sizes=(Sizes(scale),), least=None)

    def conditioned(self, table: str) -> tuple[str, ...]:
        """The columns of a table that are under conditions."""
        return tuple(json.loads(dict(self.conditions).get(table, "{}")))

    def to_json(self) -> str:
        """Canonical text: equal specs have equal texts, and :meth:`from_json` reads it."""
        sizes = [
            {"scale": s.scale, **({"rows": dict(s.rows)} if s.rows else {})} for s in self.sizes
        ]
        plain: dict[str, Any] = {"seed": self.seed, "sizes": sizes}
        if self.conditions:
            plain["conditions"] = dict(self.conditions)
        if self.least is not None:
            plain["least"] = list(self.least)
        return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Spec:
        """The spec of :meth:`to_json`; each text is read once.

        Raises:
            OptionError: it is something else.
        """
        return _read(text)


@lru_cache(maxsize=256)
def _read(text: str) -> Spec:
    try:
        plain = json.loads(text)
        sizes = tuple(Sizes(s["scale"], _pairs(s.get("rows", {}), int)) for s in plain["sizes"])
        seed, conditions = plain["seed"], _pairs(plain.get("conditions", {}), str)
        least = _pairs(dict([plain["least"]]), int)[0] if "least" in plain else None
        if type(seed) is not int or not sizes:
            raise TypeError(text)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"{text!r} does not say which rows; Spec.to_json writes such a text"
        raise OptionError(message) from error
    return Spec(seed, sizes, conditions, least)


def _pairs(plain: dict[str, Any], of: type) -> tuple[tuple[str, Any], ...]:
    if not all(type(value) is of for value in plain.values()):
        raise TypeError(plain)
    return tuple(plain.items())
