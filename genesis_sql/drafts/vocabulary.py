"""States that a table's own moments name, added to the usual ones where no schema lists them."""

from __future__ import annotations

from dataclasses import replace

from genesis_sql.drafts.sheet import Sheet, is_moment
from genesis_sql.drafts.stages import STAGES, place_of
from genesis_sql.drafts.states import course
from genesis_sql.drafts.words import stems
from genesis_sql.providers.told import told_bounds
from genesis_sql.types import RawColumn

NAMED = {
    "ship": "shipped", "disp": "dispatched", "deli": "delivered", "sent": "sent",
    "rece": "received", "fulf": "fulfilled", "canc": "cancelled", "reje": "rejected",
    "refu": "refunded", "retu": "returned", "void": "void", "appr": "approved",
    "reso": "resolved", "clos": "closed",
}  # fmt: skip
"""What a state is called, by the first letters of the moment at which it is come to."""
SHARE = 0.1
"""Of the rows that are in such a state."""


def widen_states(sheet: Sheet) -> None:
    """Add states to those of a table that nobody lists: 'shipped' where there is shipped_at."""
    states = [name for name, meaning in sheet.meanings.items() if meaning.name == "status"]
    if len(states) != 1:
        return
    column, meaning = sheet.column(states[0]), sheet.meanings[states[0]]
    values = meaning.options.get("values")
    if not isinstance(values, dict) or told_bounds(column, sheet.raw, "t").values:
        return
    weights = {str(label): float(share) for label, share in values.items()}
    added = _added(sheet, column, list(weights))
    if not added:
        return
    most = max(weights, key=lambda label: weights[label])
    weights[most] = max(weights[most] - SHARE * len(added), SHARE)
    labels = _in_course([*weights, *added])
    shares = {label: weights.get(label, SHARE) for label in labels}
    options = {**meaning.options, "values": shares, "path": course(labels)}
    sheet.meanings[column.name] = replace(meaning, options=options)


def _added(sheet: Sheet, column: RawColumn, labels: list[str]) -> list[str]:
    known = {stem for label in labels for stem in stems(label)}
    moments = [c for c in sheet.raw.columns if c.nullable and is_moment(c.type)]
    told = [stem for c in moments for stem in stems(c.name) if stem in NAMED]
    found = list(dict.fromkeys(NAMED[stem] for stem in told if stem not in known))
    written = [_like(label, labels) for label in found]
    return [x for x in written if column.length is None or len(x) <= column.length]


def _like(label: str, labels: list[str]) -> str:
    if all(x == x.upper() for x in labels):
        return label.upper()
    return label.capitalize() if all(x[:1].isupper() for x in labels) else label


def _in_course(labels: list[str]) -> list[str]:
    """States in the order of their stages; one of no known stage stays behind that before it."""
    ranked, last = list[tuple[int, str]](), -1
    for label in labels:
        place = place_of(label)
        last = last if place is None or STAGES[place].side else place
        ranked.append((last if place is None else place, label))
    return [label for _, label in sorted(ranked, key=lambda pair: pair[0])]
