"""Vocabularies out of Faker: a few thousand values of one of its methods, drawn once per column.

Faker (MIT) draws one value at a time in Python, some 10,000 a second. Here it is asked once, with a
seed of its own; the values and how often each came become a law of the compiled model.
"""

from __future__ import annotations

import datetime
import decimal
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from genesis_sql.errors import OptionError, nearest
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.forms import alone, family, listed, number_option, option, where

MANY = 2_000
"""Values drawn of a method: what comes once in a thousand is still there."""
MOST = 20_000
SEED = 20_260_101
_KEPT = ("seed", "seed_instance", "seed_locale", "add_provider", "set_formatter", "set_arguments",
         "binary", "zip", "tar", "image", "pyobject", "format", "parse", "enum")  # fmt: skip
"""Methods that set something up or make files."""


@lru_cache(maxsize=1)
def locales() -> tuple[str, ...]:
    """The locales that Faker knows."""
    from faker.config import AVAILABLE_LOCALES

    return tuple(sorted(AVAILABLE_LOCALES))


@lru_cache(maxsize=256)
def locale_of(given: str) -> str:
    """The locale of Faker that is nearest: same language and country, else the same language.

    Raises:
        OptionError: no locale has this language.

    Example:
        >>> locale_of("de-de"), locale_of("pt_AO")
        ('de_DE', 'pt_PT')
    """
    language, _, country = given.strip().replace("-", "_").partition("_")
    wanted = f"{language.lower()}_{country.upper()}"
    known = locales()
    if wanted in known:
        return wanted
    same = [k for k in known if k.split("_")[0] == language.lower()]
    own = f"{language.lower()}_{language.upper()}"
    if not same:
        message = f"there is no locale '{given}'{nearest(given, known)}"
        raise OptionError(message)
    return own if own in same else same[0]


def vocabulary(
    method: str, locale: str, args: tuple[tuple[str, Any], ...] = (), many: int = MANY
) -> tuple[tuple[Any, ...], tuple[float, ...]]:
    """Values of a method of Faker with how often each came, the first drawn first.

    Args:
        method: as Faker spells it, such as 'license_plate'.
        locale: such as 'de_DE'.
        args: named arguments of the method.
        many: draws.

    Raises:
        OptionError: there is no such method, or it fails.
    """
    return _vocabulary(method, locale_of(locale), args, many)


@lru_cache(maxsize=512)
def _vocabulary(
    method: str, locale: str, args: tuple[tuple[str, Any], ...], many: int
) -> tuple[tuple[Any, ...], tuple[float, ...]]:
    from faker import Faker

    fake = Faker(locale, use_weighting=True)
    fake.seed_instance(SEED)
    known = [m for m in dir(fake) if not m.startswith("_") and m not in _KEPT]
    if method not in known:
        message = f"Faker has no method '{method}' that makes values{nearest(method, known)}"
        raise OptionError(message)
    try:
        draw = getattr(fake, method)
        found = Counter(_plain(draw(**dict(args))) for _ in range(many))
    except (TypeError, ValueError, AttributeError, KeyError, IndexError) as error:
        message = f"Faker's method '{method}' of {locale} fails: {type(error).__name__}: {error}"
        raise OptionError(message) from error
    return tuple(found), tuple(float(n) for n in found.values())


def _plain(value: Any) -> Any:
    """A value as text or number: what a profile can hold."""
    if isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, datetime.date | datetime.datetime | datetime.time):
        return value.isoformat()
    message = f"a {type(value).__name__} is no value of a column"
    raise TypeError(message)


def from_faker(ask: Ask, method: str) -> Columns:
    """A column of Faker's values.

    Args:
        ask: its options are ``args`` (named arguments) and ``many`` (values to draw).
        method: of Faker.
    """
    given = option(ask, "args", {})
    if not isinstance(given, Mapping):
        message = f"{where(ask)}: args holds named arguments, as in {{'digits': 3}}"
        raise OptionError(message)
    args = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in given.items())
    many = int(number_option(ask, "many", MANY))
    if not 1 <= many <= MOST:
        message = f"{where(ask)}: many is a number from 1 to {MOST:,}, not {many}"
        raise OptionError(message)
    try:
        hash(args)
    except TypeError as error:
        message = f"{where(ask)}: an argument of Faker is text, a number or a list of such"
        raise OptionError(message) from error
    values, weights = vocabulary(method, ask.locale, args, many)
    if family(ask.type) == "text":
        return listed(ask, [_written(v) for v in values], weights, growing=True)
    total = sum(weights)
    law = {"type": "explicit", "values": [*values], "weights": [w / total for w in weights]}
    return alone(ask, law)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def words_of(method: str, ask: Ask) -> tuple[list[str], list[float]]:
    """The texts of a method in the column's locale."""
    values, weights = vocabulary(method, ask.locale)
    return [str(v) for v in values], list(weights)
