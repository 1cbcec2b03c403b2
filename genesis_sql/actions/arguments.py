"""Arguments as SQL or Python passed them, turned into what the actions take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_sql.errors import OptionError

_LEAST, _MOST = -(2**63), 2**63 - 1


def text(given: Mapping[str, Any], name: str) -> str:
    """A text that has to be there.

    Raises:
        OptionError: it is missing, or no text.
    """
    value = given.get(name)
    if not isinstance(value, str):
        shown = "a struct" if isinstance(value, Mapping) else repr(value)  # it may hold a password
        message = f"{name} is {'missing' if value is None else shown}; it takes a text"
        raise OptionError(message)
    return value


def optional(given: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where it was not given."""
    return None if given.get(name) is None else text(given, name)


def texts(given: Mapping[str, Any], name: str) -> list[str] | None:
    """A list of texts, or None where it was not given; a text alone is a list of one.

    Raises:
        OptionError: it is something else.
    """
    value = given.get(name)
    if value is None:
        return None
    value = [value] if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        message = f"{name} := {value!r} is no list of texts; write {name} := ['…']"
        raise OptionError(message)
    return value


def whole(given: Mapping[str, Any], name: str) -> int | None:
    """A whole number of 64 bits, or None where it was not given.

    Raises:
        OptionError: it is something else.

    Example:
        >>> whole({"rows": 1000.0}, "rows"), whole({}, "rows")
        (1000, None)
    """
    value = given.get(name)
    if value is None:
        return None
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if hasattr(number, "__index__") and not isinstance(number, bool):
        number = number.__index__()
        if _LEAST <= number <= _MOST:
            return int(number)
    message = f"{name} is {value!r}; it takes a whole number of at most 64 bits"
    raise OptionError(message)


def number(given: Mapping[str, Any], name: str) -> float | None:
    """A number, or None where it was not given.

    Raises:
        OptionError: it is something else.
    """
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        message = f"{name} is {value!r}; it takes a number"
        raise OptionError(message)
    return float(value)
