"""HTML and SVG as nested calls; a text that is not markup is escaped, there is no other way in."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable

_VOID = frozenset({"meta", "input", "br", "col"})
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Safe(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object) -> Safe:
    """A value as it stands in a page: markup as it is, everything else escaped.

    Example:
        >>> text("<script>alert('x')</script>")
        '&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;'
        >>> text(Safe("<b>"))
        '<b>'
    """
    if isinstance(value, Safe):
        return value
    return Safe(html.escape(_UNPRINTABLE.sub("\ufffd", str(value))))


def tag(name: str, *inside: object, **attributes: object) -> Safe:
    """An element. `class_` is class, `data_x` is data-x; None and False leave an attribute out.

    Example:
        >>> tag("p", "a < b", tag("b", 1), class_="note", title='"')
        '<p class="note" title="&quot;">a &lt; b<b>1</b></p>'
        >>> tag("input", type="search", hidden=True)
        '<input type="search" hidden>'
    """
    head = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = key.rstrip("_").replace("_", "-")
        head.append(written if value is True else f'{written}="{text(value)}"')
    opened = f"<{' '.join(head)}>"
    return Safe(opened if name in _VOID else f"{opened}{joined(inside)}</{name}>")


def joined(parts: Iterable[object]) -> Safe:
    """Parts one after the other."""
    return Safe("".join(text(p) for p in parts))


def name(value: str) -> Safe:
    """The name of a table or column; marks that turn the direction of writing stay inside it."""
    return tag("bdi", value or "(no name)", class_="name")


def number(value: float | None) -> str:
    """A score for a reader: three decimals, whole numbers as such, an em dash for none.

    Example:
        >>> [number(v) for v in (0.51249, 0.0, 1.0, 1234.0, 0.00004, -0.25, None)]
        ['0.512', '0', '1.000', '1,234', '4.0e-05', '−0.250', '–']
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    if size >= 2 and value == int(value):
        out = f"{size:,.0f}"
    elif size >= 100:
        out = f"{size:,.1f}"
    elif value == 0:
        out = "0"
    else:
        out = f"{size:.1e}" if size < 0.0005 else f"{size:.3f}"
    return f"−{out}" if value < 0 else out


def percent(share: float) -> str:
    """A share for a reader.

    Example:
        >>> [percent(s) for s in (0.0, 0.00001, 0.1234, 1.0)]
        ['0 %', '< 0.1 %', '12.3 %', '100 %']
    """
    if share == 0:
        return "0 %"
    if share < 0.0005:
        return "< 0.1 %"
    return "100 %" if share >= 0.9995 else f"{share * 100:.1f} %"
