"""Rows of measurements as tables that can be read, sorted and searched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from genesis_sql.evaluate.measures import FAIL, INFO, PASS, WARN, Distribution, Matrix, Measure
from genesis_sql.evaluate.measures import Metric as Row

from .drawing import scale_svg
from .markup import Safe, joined, name, number, percent, tag
from .verdict import worst_first

SHOWN = 60
"""Rows of a table on the page: the worst; a query has all."""
_MARKS = {FAIL: "✕ fail", WARN: "△ warn", PASS: "✓ pass"}

_Column = tuple[str, bool, Callable[[Row], Safe]]


def metric_table(
    rows: Sequence[Row],
    meanings: Mapping[str, Measure],
    caption: str,
    *,
    scale: bool = False,
    ordered: bool = True,
    shown: int = SHOWN,
    at_once: int | None = None,
) -> Safe:
    """Rows with their baselines and verdicts; columns that are empty in all rows are left out.

    Args:
        rows: to show; no more than `shown`, the worst.
        meanings: sentences shown where the pointer rests on a metric's name.
        caption: what a screen reader calls the table.
        scale: with a drawing of score, interval and baseline.
        ordered: the worst first; else as they come.
        shown: how many rows.
        at_once: how many of them without opening the rest.
    """
    if not rows:
        return Safe("")
    listed = (worst_first(rows, meanings) if ordered else list(rows))[:shown]
    columns = _columns(listed, meanings, scale=scale)
    heads = [(head, right) for head, right, _ in columns]
    body = [tag("tr", *(cell(m) for _, _, cell in columns)) for m in listed]
    left = ""
    if len(rows) > len(listed):
        left = f"{len(listed)} of {len(rows):,} rows, {'the worst' if ordered else 'the first'}."
    if at_once is None or len(body) <= at_once:
        return grid(caption, heads, body, left)
    rest = grid(f"{caption}, the others", heads, body[at_once:], left)
    more = tag("summary", f"{len(rows) - at_once:,} more")
    return joined([grid(caption, heads, body[:at_once]), tag("details", more, rest)])


def _columns(listed: list[Row], meanings: Mapping[str, Measure], *, scale: bool) -> list[_Column]:
    """Heading, whether it holds numbers, and the cell of a row, for each column to show."""

    def metric(m: Row) -> Safe:
        told = meanings[m.name].told if m.name in meanings else None
        note = tag("span", m.note, class_="note") if m.note else ""
        return tag("td", tag("code", m.name, title=told), note)

    every: list[tuple[bool, _Column]] = [
        (any(m.verdict != INFO for m in listed), ("verdict", False, _verdict)),
        (True, ("metric", False, metric)),
        (any(m.table or m.columns for m in listed), ("where", False, _where)),
        (True, ("score", True, lambda m: figure(m.score))),
        (any(m.baseline is not None for m in listed), ("baseline", True, _baseline)),
        (any(m.low is not None for m in listed), ("95 % interval", True, _interval)),
        (scale, ("0 to 1", False, _scale)),
        (True, ("rows", True, lambda m: tag("td", f"{m.n:,}", class_="n"))),
    ]
    return [column for wanted, column in every if wanted]


def _verdict(m: Row) -> Safe:
    """As word, sign and colour."""
    known = m.verdict in _MARKS
    return tag("td", _MARKS.get(m.verdict, m.verdict), class_=f"v {m.verdict}" if known else "v")


def _where(m: Row) -> Safe:
    columns = [part for c in m.columns for part in (Safe(" × "), name(c))][1:]
    table = [name(m.table)] if m.table else [] if columns else ["all tables"]
    return tag("td", *table, Safe(" · ") if table and columns else "", *columns, class_="where")


def _scale(m: Row) -> Safe:
    fits = m.score is not None and 0 <= m.score <= 1
    return tag("td", scale_svg(m.score or 0.0, m.baseline, m.low, m.high) if fits else "")


def _baseline(m: Row) -> Safe:
    return figure(m.baseline)


def _interval(m: Row) -> Safe:
    known = m.low is not None or m.high is not None
    return tag("td", f"{number(m.low)} to {number(m.high)}" if known else "–", class_="n")


def figure(value: float | None) -> Safe:
    """A cell with a number; it sorts by the value itself where rounding hides it."""
    shown = number(value)
    rounded = value is not None and shown.replace("−", "-").replace(",", "") != f"{value:g}"
    return tag("td", shown, class_="n", data_v=f"{value:.6g}" if rounded else None)


def grid(
    caption: str, heads: Sequence[tuple[str, bool]], body: Sequence[Safe], left: str = ""
) -> Safe:
    """A table that scrolls by itself where the page is narrow."""
    cells = (tag("th", h, scope="col", class_="n" if right else None) for h, right in heads)
    table = tag(
        "table",
        tag("caption", caption, class_="aside"),
        tag("thead", tag("tr", *cells)),
        tag("tbody", *body),
    )
    scrolled = tag("div", table, class_="scroll", role="region", tabindex=0, aria_label=caption)
    return joined([scrolled, tag("p", left, class_="soft") if left else ""])


def share_table(d: Distribution) -> Safe:
    """The numbers of a drawn column."""
    labels: Sequence[str] = d.bins
    if d.kind != "label":
        labels = [f"{a} … {b}" for a, b in pairwise(d.bins)]
    rows = [*zip(labels, d.real, d.synthetic, strict=True), ("NULL", *d.nulls)]
    body = [
        tag("tr", tag("td", label), *(tag("td", percent(s), class_="n") for s in (real, synthetic)))
        for label, real, synthetic in rows
    ]
    first = "label" if d.kind == "label" else "from … to"
    heads = [(first, False), ("real", True), ("synthetic", True)]
    return grid(f"Shares of {d.column}", heads, body)


def pair_table(m: Matrix, keep: Sequence[int], shown: int = 3 * SHOWN) -> Safe:
    """The numbers of the heat maps, the greatest differences first."""
    pairs = [(i, j) for at, i in enumerate(keep) for j in keep[at + 1 :]]
    pairs.sort(key=lambda p: -abs(m.synthetic[p[0]][p[1]] - m.real[p[0]][p[1]]))
    body = [
        tag(
            "tr",
            tag("td", name(m.columns[i]), " × ", name(m.columns[j])),
            figure(m.real[i][j]),
            figure(m.synthetic[i][j]),
            figure(m.synthetic[i][j] - m.real[i][j]),
            figure(m.similarity[i][j]),
        )
        for i, j in pairs[:shown]
    ]
    told = ("real", "synthetic", "difference", "similarity")
    heads = [("pair", False), *((t, True) for t in told)]
    most = f"{shown} of {len(pairs):,} pairs, those that differ most."
    caption = f"Association of pairs of columns of {m.table}"
    return grid(caption, heads, body, most if len(pairs) > shown else "")
