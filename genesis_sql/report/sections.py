"""The parts of the page, one function each; a part with nothing to show is left out."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_sql.evaluate.measures import FAIL, WARN, Distribution, Matrix, Metric

from .content import Content
from .drawing import distribution_svg
from .facts import FACTS, Section, folded
from .heat_map import WHICH, layout, single_map_svg
from .markup import Safe, joined, name, number, tag
from .tables import metric_table, pair_table, share_table

PICTURES = 600
"""Distributions drawn on a page, the worst of each table; with their numbers about 4 kB each."""
_OPEN = 3
"""A schema of up to so many tables is shown opened."""
_AT_ONCE = 12
"""Failed and warned rows that stand above all else."""
DISTANCE = (
    "Distance to the nearest real record is no guarantee. A generator can keep its distance and "
    "still tell an attacker who was in the data; only the attacks below and a stated (ε, δ) say "
    "more. An attack that fails here is no proof that none succeeds."
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


def _tables(content: Content) -> Section:
    names = dict.fromkeys(
        [d.table for d in content.distributions]
        + [m.table for m in content.matrices]
        + [m.table for m in placed(content, "table")]
    )
    parts = {n: _of_table(content, n) for n in names}
    order = sorted(names, key=lambda n: (-parts[n][0], parts[n][1]))
    opened = len(order) <= _OPEN
    body = [_table(content, n, at, parts[n], opened) for at, n in enumerate(order)]
    key = tag(
        "p", tag("span", "real", class_="key real"), tag("span", "synthetic", class_="key synth")
    )
    return Section("tables", "Tables", joined([key, *body]) if body else Safe(""))


def _of_table(content: Content, table: str) -> tuple[int, float, list[Metric]]:
    rows = [m for m in placed(content, "table") if m.table == table]
    failed = sum(m.verdict == FAIL for m in rows)
    alike = [d.similarity for d in content.distributions if d.table == table]
    return failed, min(alike, default=1.0), rows


def _table(
    content: Content,
    table: str,
    at: int,
    found: tuple[int, float, list[Metric]],
    opened: bool,  # noqa: FBT001
) -> Safe:
    failed, least, rows = found
    drawn = sorted(
        (d for d in content.distributions if d.table == table), key=lambda d: d.similarity
    )
    warned = sum(m.verdict == WARN for m in rows)
    facts = [f"{len(drawn)} column{'s' * (len(drawn) != 1)}"]
    facts += [f"least similar {number(least)}"] * bool(drawn)
    facts += [f"{failed} fail"] * bool(failed) + [f"{warned} warn"] * bool(warned)
    size = content.provenance.rows.get(table)
    facts += [f"{size[0]:,} real rows"] if size and size[0] is not None else []
    room = PICTURES * max(len(drawn), 1) // max(len(content.distributions), 1)
    inside = [
        _distributions(drawn, room),
        *(_maps(m) for m in content.matrices if m.table == table),
        folded(
            "All checks of this table", metric_table(rows, content.meanings, f"Checks of {table}")
        ),
    ]
    head = tag(
        "summary",
        tag("h3", name(table or "whole database")),
        tag("span", " · ".join(facts), class_="soft"),
    )
    return tag("details", head, *inside, class_="table", id=f"table-{at}", open=opened)


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
        "Association of two columns from 0 (pale) to 1 (full). The difference is full at 0.3: "
        "orange where the synthetic one is stronger, blue where the real one is."
    )
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
    by = {g: [m for m in rows if content.groups.get(m.name) == g] for g in ("sequences",)}
    rest = [m for m in rows if m not in by["sequences"]]
    parts = [metric_table(rest, content.meanings, "Checks of keys and relations")]
    if by["sequences"]:
        parts += [
            tag("h3", "Order in time"),
            metric_table(by["sequences"], content.meanings, "Checks of sequences"),
        ]
    return Section("relations", "Relations", joined(parts))


def _detection(content: Content) -> Section:
    rows = placed(content, "detection")
    whole = [m for m in rows if not m.columns]
    ranked = sorted((m for m in rows if m.columns), key=lambda m: -(m.score or 0.0))
    told = "How well a classifier tells synthetic rows from real ones"
    parts = [metric_table(whole, content.meanings, told, scale=True)]
    if ranked:
        told = "Columns that give it away, the strongest first"
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
    shown = metric_table(
        content.privacy, content.meanings, "Attacks and copies", scale=True, shown=200
    )
    return Section("privacy", "Privacy", joined([tag("p", DISTANCE, class_="warned"), shown]))


_PARTS = (_tables, _relations, _detection, _utility, _privacy)
"""In their order; the facts that were not measured follow."""
