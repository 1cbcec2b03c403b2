"""Pictures as SVG: a column drawn over itself, pairs of columns as heat maps, a score on a scale.

Real is blue and filled, synthetic is orange and a line: told apart by shape too, in print and by
those who do not see the two colours (the pair is from Okabe and Ito, 2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import accumulate, pairwise
from statistics import median

from genesis_sql.evaluate.measures import Distribution

from .markup import Safe, joined, percent, tag

WIDE, TALL = 300, 96
_FEW = 4
"""Bins of so few have no outer ones."""
LABELS = 10
"""Labels that a picture shows; the others are one bar (the table below the picture has all)."""
_LIGHT = "--paper:#fff;--ink:#1d2327;--soft:#5a646c;--rule:#d5dade;--real:#0072b2;--synth:#c75300"
_DARK = "--paper:#15191c;--ink:#e4e8eb;--soft:#a3adb5;--rule:#394249;--real:#4aa3dc;--synth:#ff9a3c"
STYLE = f""".gs{{{_LIGHT}}}@media(prefers-color-scheme:dark){{.gs{{{_DARK}}}}}
.gs text{{font:11px system-ui,sans-serif;fill:var(--ink)}}.gs .soft{{fill:var(--soft)}}
.gs .paper{{fill:var(--paper)}}.gs .real{{fill:var(--real);fill-opacity:.45}}
.gs .synth,.gs .more{{fill:var(--synth)}}.gs .less{{fill:var(--real)}}.gs .both{{fill:var(--ink)}}
.gs .none{{fill:var(--rule);fill-opacity:.35}}.gs .axis{{stroke:var(--rule);fill:none}}
.gs .line{{fill:none;stroke:var(--synth);stroke-width:1.6}}"""
"""Rules for pictures that stand alone; the page has the same in its own style sheet."""


def distribution_svg(d: Distribution, *, alone: bool = True) -> Safe:
    """One column: real and synthetic drawn over each other, and the shares of NULL.

    Args:
        d: shares by bin.
        alone: the picture carries its own colours (for notebooks and files).
    """
    if d.kind == "label":
        drawn, height = _bars(d)
    else:
        drawn, height = _steps(d)
    told = (
        f"{d.column}: real and synthetic shares of {_counted(d)}, NULL {percent(d.nulls[0])} real "
        f"and {percent(d.nulls[1])} synthetic, similarity {d.similarity:.3f}"
    )
    return picture(WIDE, height, told, drawn, alone=alone)


def scale_svg(score: float, baseline: float | None, low: float | None, high: float | None) -> Safe:
    """A score between 0 and 1 with its interval; a bar across marks the baseline."""

    def at(value: float) -> str:
        return plain(4 + min(1.0, max(0.0, value)) * 112)

    parts = [tag("path", class_="axis", d="M4 8H116M4 5V11M116 5V11")]
    if baseline is not None:
        parts.append(tag("path", class_="base", d=f"M{at(baseline)} 1V15"))
    if low is not None and high is not None:
        parts.append(tag("path", class_="line", d=f"M{at(low)} 8H{at(high)}"))
    parts.append(tag("circle", class_="synth", cx=at(score), cy=8, r=3))
    size = {"viewBox": "0 0 120 16", "width": 120, "height": 16}
    return tag("svg", *parts, class_="gs scale", aria_hidden="true", **size)


def cut(given: str, length: int) -> str:
    """A text that has a place of `length` letters.

    Example:
        >>> cut("education_number", 9)
        'educatio…'
    """
    return given if len(given) <= length else given[: length - 1] + "…"


def picture(width: float, height: float, told: str, drawn: Safe, *, alone: bool) -> Safe:
    """An SVG with a text alternative; alone, it carries its colours and its paper."""
    style = [
        tag("style", Safe(STYLE)),
        tag("rect", class_="paper", width=width, height=height),
    ]
    return tag(
        "svg",
        tag("title", told),
        *(style if alone else ()),
        drawn,
        class_="gs",
        role="img",
        viewBox=f"0 0 {width} {height}",
        width=width if alone else None,
        height=height if alone else None,
        xmlns="http://www.w3.org/2000/svg" if alone else None,
    )


def _counted(d: Distribution) -> str:
    if d.kind == "label" or len(d.bins) < 2:
        return f"{len(d.real)} labels"
    return f"{len(d.real)} bins from {d.bins[0]} to {d.bins[-1]}"


def _bars(d: Distribution) -> tuple[Safe, int]:
    """A row for each label: the real share is a bar, the synthetic one a line over it."""
    rows = list(zip(d.bins, d.real, d.synthetic, strict=True))
    if len(rows) > LABELS:
        head, rest = rows[: LABELS - 1], rows[LABELS - 1 :]
        others = f"… {len(rest)} others"
        rows = [*head, (others, sum(r for _, r, _ in rest), sum(s for _, _, s in rest))]
    if any(d.nulls):
        rows.append(("NULL", *d.nulls))
    most = max((max(r, s) for _, r, s in rows), default=0) or 1
    parts = [_bar(label, r, s, most, 4 + at * 17) for at, (label, r, s) in enumerate(rows)]
    return joined(parts), 8 + 17 * len(rows)


_LABEL = 108


def _bar(label: str, real: float, synthetic: float, most: float, top: int) -> Safe:
    room = WIDE - _LABEL - 46
    r, s = plain(real / most * room), plain(synthetic / most * room)
    full = tag("title", f"{label}: real {percent(real)}, synthetic {percent(synthetic)}")
    parts = [
        tag("text", cut(label, 15), full, x=_LABEL - 6, y=top + 10, text_anchor="end"),
        tag("rect", class_="real", x=_LABEL, y=top, width=r, height=13),
        tag("rect", class_="synth", x=_LABEL, y=top + 5, width=s, height=3),
        tag("text", percent(real), class_="soft", x=WIDE - 2, y=top + 10, text_anchor="end"),
    ]
    return tag("g", *parts)


def _steps(d: Distribution) -> tuple[Safe, int]:
    """A filled outline of the real shares, the synthetic ones as a line over it.

    The area of a bin is its share.
    """
    places, ends = _places(d.bins)
    widths = [b - a for a, b in pairwise(places)]
    real, synthetic = (
        [s / w for s, w in zip(side, widths, strict=True)] for side in (d.real, d.synthetic)
    )
    most = max([*real, *synthetic], default=0) or 1
    xs = [plain(2 + p * (WIDE - 4)) for p in places]
    base = TALL + 4
    filled = f"M{xs[0]} {base}{_stairs(xs, real, most, base)}V{base}z" if xs else ""
    line = f"M{xs[0]} {base}{_stairs(xs, synthetic, most, base)}V{base}" if xs else ""
    told = {"class_": "soft", "y": base + 14}
    ends = (_written(ends[0]), _written(ends[1]))
    parts = [
        tag("path", class_="real", d=filled),
        tag("path", class_="line", d=line),
        tag("path", class_="axis", d=f"M0 {base}H{WIDE}"),
        tag("text", cut(ends[0], 23), x=2, **told),
        tag("text", cut(ends[1], 23), x=WIDE - 2, text_anchor="end", **told),
    ]
    height = base + 20
    if any(d.nulls):
        parts.append(_bar("NULL", *d.nulls, 1.0, height))
        height += 19
    return joined(parts), height


def _stairs(xs: Sequence[str], tall: Sequence[float], most: float, base: int) -> str:
    return "".join(
        f"V{plain(base - t / most * TALL)}H{x}" for t, x in zip(tall, xs[1:], strict=True)
    )


def _places(edges: Sequence[str]) -> tuple[list[float], tuple[str, str]]:
    """Edges of bins on a line from 0 to 1, and what stands at its ends.

    The two outer bins hold all that lies beyond the others, however far: they are drawn as wide as
    the others are, and their ends are told. Edges that are no values in order are evenly spread.
    """
    values = [v for v in map(_value, edges) if v is not None]
    widths = [b - a for a, b in pairwise(values)]
    ends = (edges[0], edges[-1]) if edges else ("", "")
    if len(values) < len(edges) or not widths or min(widths) <= 0:
        return [at / max(len(edges) - 1, 1) for at in range(len(edges))], ends
    if len(widths) > _FEW:
        usual = median(widths[1:-1])
        if widths[0] > 1.5 * usual:
            ends = (f"{edges[0]} … {edges[1]}", ends[1])
        if widths[-1] > 1.5 * usual:
            ends = (ends[0], f"{edges[-2]} … {edges[-1]}")
        widths[0] = widths[-1] = usual
    # A bin narrower than a pixel would be a needle to the ceiling.
    widths = [max(w, sum(widths) / WIDE) for w in widths]
    return [at / sum(widths) for at in accumulate(widths, initial=0.0)], ends


def _written(end: str) -> str:
    """An end of a line with whole numbers in full: 1,490,400 where 1.4904e+06 was given."""
    parts = []
    for part in (p.removesuffix(" 00:00") for p in end.split(" … ")):
        value = _value(part) if "e" in part or part.isdigit() else None
        whole = value is not None and value == int(value) and 10_000 <= abs(value) < 1e12
        parts.append(f"{value:,.0f}" if whole else part)
    return " … ".join(parts)


def _value(edge: str) -> float | None:
    """An edge as a number: of a number, a date, a time stamp or a time of day."""
    try:
        found = float(edge)
        return found if abs(found) < 1e300 else None
    except ValueError:
        pass
    for read in (datetime.fromisoformat, date.fromisoformat):
        try:
            moment = read(edge)
        except ValueError:
            continue
        seconds = moment.toordinal() * 86400.0
        if isinstance(moment, datetime):
            seconds += moment.hour * 3600 + moment.minute * 60 + moment.second
        return seconds
    try:
        clock = time.fromisoformat(edge)
    except ValueError:
        return None
    return clock.hour * 3600.0 + clock.minute * 60 + clock.second


def plain(value: float) -> str:
    """A coordinate in few letters."""
    return f"{value:.1f}".removesuffix(".0")
