"""The parts of the page, one function each; a part with nothing to show is left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from genesis_sql.evaluate.measures import FAIL, WARN, Distribution, Matrix, Metric

from .content import Content
from .drawing import distribution_svg
from .facts import FACTS, Section, folded
from .heat_map import WHICH, greatest_difference, layout, single_map_svg
from .markup import Safe, joined, name, number, tag
from .tables import metric_table, pair_table, share_table
from .verdict import excess, is_c2st, rank

PICTURES = 600
"""Distributions drawn on a page, the worst of each table; with their numbers about 4 kB each."""
_OPEN = 3
"""A schema of up to so many tables is shown opened; of others, the worst table is."""
_AT_ONCE = 12
"""Failed and warned rows that stand above all else."""
_ATTACKS = 200
_SIDES = (("real", "real"), ("synthetic", "synth"))
DISTANCE = (
    "Distance to the nearest real record is no guarantee. A generator can keep its distance and "
    "still tell an attacker who was in the data; only the attacks below and a stated (ε, δ) say "
    "more. That no attack here succeeds is no proof that none does."
)


def place(m: Metric, group: str | None) -> str:
    """Where a row is shown: table, relations, detection, utility or privacy."""
    if m.scope == "privacy" or group == "privacy":
        return "privacy"
    if group in ("detection", "utility"):
        return group
    if group in ("relations", "sequences") or m.scope in ("parent-child", "database"):
        return "relations" if group is not None or not m.name.startswith("c2st") else "detection"
    if group is None and m.name.startswith("c2st"):
        return "detection"
    if group is None and m.name.startswith(("tstr", "trts")):
        return "utility"
    return "table"


def placed(content: Content, where: str) -> list[Metric]:
    """The rows of quality that one part shows."""
    return [m for m in content.quality if place(m, content.groups.get(m.name)) == where]


def sections(content: Content) -> list[Section]:
    """All parts that have something to show, in order."""
    return [s for s in (f(content) for f in (*_PARTS, *FACTS)) if s.body]


def attention(content: Content) -> Safe:
    """The failed and the warned rows."""
    rows = [m for m in content.metrics if m.verdict in (FAIL, WARN) and m.score is not None]
    return metric_table(rows, content.meanings, "Checks that fail or warn", at_once=_AT_ONCE)


@dataclass
class _Table:
    """What there is to show of one table."""

    name: str
    rows: list[Metric] = field(default_factory=list)
    drawn: list[Distribution] = field(default_factory=list)
    maps: list[Matrix] = field(default_factory=list)

    @property
    def worst(self) -> tuple[int, float]:
        """Sorts the tables: those that fail most, then those with the least similar column."""
        return -self.count(FAIL), min((d.similarity for d in self.drawn), default=1.0)

    def count(self, verdict: str) -> int:
        return sum(m.verdict == verdict for m in self.rows)


def _tables(content: Content) -> Section:
    found: dict[str, _Table] = {}
    for d in sorted(content.distributions, key=lambda d: d.similarity):
        found.setdefault(d.table, _Table(d.table)).drawn.append(d)
    for matrix in content.matrices:
        found.setdefault(matrix.table, _Table(matrix.table)).maps.append(matrix)
    for m in placed(content, "table"):
        found.setdefault(m.table, _Table(m.table)).rows.append(m)
    share = PICTURES / max(len(content.distributions), PICTURES)
    body = [
        _table(content, t, f"table-{at}", share, opened=at == 0 or len(found) <= _OPEN)
        for at, t in enumerate(sorted(found.values(), key=lambda t: t.worst))
    ]
    told = tag("span", "beside a name: 1 − total variation of the two", class_="soft")
    keys = (tag("span", side, class_=f"key {colour}") for side, colour in _SIDES)
    key = tag("p", *keys, told)
    return Section("tables", "Tables", joined([key, *body]) if body else Safe(""))


def _table(content: Content, t: _Table, anchor: str, share: float, *, opened: bool) -> Safe:
    facts = [f"{len(t.drawn)} column{'s' * (len(t.drawn) != 1)}"]
    facts += [f"least similar {number(t.worst[1])}"] * bool(t.drawn)
    facts += [f"{n} {word}" for word in (FAIL, WARN) if (n := t.count(word))]
    size = content.provenance.rows.get(t.name)
    facts += [f"{size[0]:,} real rows"] if size and size[0] is not None else []
    checks = metric_table(t.rows, content.meanings, f"Checks of {t.name}")
    head = tag(
        "summary",
        tag("h3", name(t.name or "whole database")),
        tag("span", " · ".join(facts), class_="soft"),
    )
    inside = (
        _distributions(t.drawn, math.ceil(share * len(t.drawn))),
        *map(_maps, t.maps),
        folded("All checks of this table", checks),
    )
    return tag("details", head, *inside, class_="table", id=anchor, open=opened)


def _distributions(drawn: Sequence[Distribution], room: int) -> Safe:
    if not drawn:
        return Safe("")
    cards = [_card(d) for d in drawn[:room]]
    left = tag(
        "p", f"{len(cards)} of {len(drawn)} columns are drawn, the least similar.", class_="soft"
    )
    return joined([tag("div", *cards, class_="cards"), left if len(drawn) > len(cards) else ""])


def _card(d: Distribution) -> Safe:
    caption = tag(
        "figcaption",
        name(d.column),
        tag("span", number(d.similarity), class_="n", title="similarity"),
    )
    numbers = tag("details", tag("summary", "Numbers"), share_table(d))
    return tag("figure", caption, distribution_svg(d, alone=False), numbers, class_="card")


def _maps(m: Matrix) -> Safe:
    if len(m.columns) < 2:
        return Safe("")
    where = layout(m)
    words = {"difference": "synthetic − real"}
    maps = [
        tag("figure", tag("figcaption", words.get(w, w)), single_map_svg(m, w), class_="map")
        for w in WHICH
    ]
    legend = (
        "Association of two columns, the shade grows with its root from 0 to 1. The difference is "
        "full at 0.3: orange where the synthetic one is stronger, blue where the real one is."
    )
    if found := greatest_difference(m):
        legend += f" The greatest is {number(found[0])}: {found[1]} × {found[2]}."
    if len(where.keep) < len(m.columns):
        legend += f" {len(where.keep)} of {len(m.columns)} columns: those whose pairs differ most."
    parts = [
        tag("h4", "Pairs of columns"),
        tag("div", *maps, class_="maps"),
        tag("p", legend, class_="soft"),
        folded("Numbers of the pairs", pair_table(m, where.keep)),
    ]
    return joined(parts)


def _relations(content: Content) -> Section:
    rows = placed(content, "relations")
    timed = [m for m in rows if content.groups.get(m.name) == "sequences"]
    others = [m for m in rows if content.groups.get(m.name) != "sequences"]
    parts = [metric_table(others, content.meanings, "Checks of keys and relations")]
    if timed:
        shown = metric_table(timed, content.meanings, "Checks of sequences")
        parts += [tag("h3", "Order in time"), shown]
    return Section("relations", "Relations", joined(parts))


def _detection(content: Content) -> Section:
    rows = placed(content, "detection")
    whole = [m for m in rows if is_c2st(m)]
    told_best = {m.table: excess(m) for m in sorted(whole, key=excess)}
    ranked = [m for m in rows if not is_c2st(m)]
    ranked.sort(key=lambda m: (-told_best.get(m.table, 0.0), m.table, -(m.score or 0.0)))
    told = "How well a classifier tells synthetic rows from real ones"
    parts = [metric_table(whole, content.meanings, told, scale=True)]
    if ranked:
        told = "Columns that give it away, the strongest of each table first"
        shown = metric_table(ranked, content.meanings, told, ordered=False, scale=True, at_once=20)
        parts += [tag("h3", told), shown]
    return Section("detection", "Telling synthetic from real", joined(parts))


def _utility(content: Content) -> Section:
    rows = placed(content, "utility")
    return Section(
        "utility", "Utility", metric_table(rows, content.meanings, "Utility for a target")
    )


def _privacy(content: Content) -> Section:
    if not content.privacy:
        return Section(
            "privacy", "Privacy", tag("p", "No attack on privacy was measured.", class_="warned")
        )
    rows = sorted(content.privacy, key=rank)  # attacks of one kind stay together
    told = "Attacks and copies"
    shown = metric_table(rows, content.meanings, told, ordered=False, scale=True, shown=_ATTACKS)
    return Section("privacy", "Privacy", joined([tag("p", DISTANCE, class_="warned"), shown]))


_PARTS = (_tables, _relations, _detection, _utility, _privacy)
"""In their order; the facts that were not measured follow."""
