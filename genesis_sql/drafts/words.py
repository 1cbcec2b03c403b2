"""Words of names: what a column's name says of its place in the life of a row."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
PLACES = ("at", "on", "date", "time", "datetime", "timestamp", "ts", "day", "dt", "utc")
"""Words that only say that it is a moment."""


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case.

    Example:
        >>> words("shippedAt"), words("ORDER_DATE")
        (('shipped', 'at'), ('order', 'date'))
    """
    return tuple(w for w in re.split(r"[^a-z0-9]+", _CAMEL.sub("_", name).lower()) if w)


def stems(name: str) -> tuple[str, ...]:
    """First letters of the words that tell what happened, as names bend them.

    Example:
        >>> stems("delivery_date") == stems("Delivered"), stems("paid_at") == stems("payment_date")
        (True, True)
    """
    told = [w for w in words(name) if w not in PLACES]
    return tuple("paid" if w.startswith("pay") else w[:4] for w in told)
