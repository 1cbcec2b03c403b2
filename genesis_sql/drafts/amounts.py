"""Amounts of one row: taxes and discounts of a whole, what is paid of it and what is still due.

Without lines below it (see `drafts.sums`) a subtotal is drawn, and what comes to it and goes from
it makes the total. Where there is but one amount, a tax and a discount are a share of it. What is
due is what is not paid, and never more than the whole; a row whose state says that it is paid, or
that nobody has paid yet, is so.
"""

from __future__ import annotations

from collections.abc import Iterator

from genesis_sql.drafts.by_type import decimals_of
from genesis_sql.drafts.fill import find_measure
from genesis_sql.drafts.sheet import Sheet, is_number, is_text, is_whole
from genesis_sql.drafts.sums import ADDED, BEFORE, RATES, TAKEN, told, with_extras
from genesis_sql.drafts.words import words
from genesis_sql.providers.ask import Columns
from genesis_sql.providers.forms import most_of
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import RawColumn

PAID = frozenset(("paid", "repaid", "received"))
DUE = frozenset(("due", "balance", "outstanding", "remaining", "owed", "owing", "unpaid", "open"))
NOT = RATES | frozenset(("day", "days", "date", "count", "number", "month", "months", "sheet"))
WHOLES = ("loan_amount", "mortgage", "credit_limit")
"""Measures that a balance is of, where the row has no total."""
SHARES = {100: 0.5, 0: 0.2, 50: 0.08, 25: 0.07, 75: 0.05, 40: 0.04, 60: 0.03, 80: 0.03}
"""Percent of a whole that is paid, and how often."""
TAXES = {8: 0.5, 6: 0.2, 5: 0.1, 10: 0.1, 7: 0.1}
DISCOUNTS = {0: 0.6, 5: 0.12, 10: 0.14, 15: 0.07, 20: 0.05, 25: 0.02}
SETTLED = ("paid", "settled", "closed", "completed", "delivered", "paid off")
UNTOUCHED = (
    "pending", "draft", "new", "unpaid", "sent", "overdue", "void", "cancelled", "canceled",
)  # fmt: skip
"""States of which everything is paid, or nothing is."""
LARGE = 1_000
"""A discount whose type holds so much is an amount; of a smaller one it is a percentage."""


def fill_amounts(sheet: Sheet) -> None:
    """Fill what follows from the whole amount of a row."""
    _with_subtotal(sheet)
    whole = next(_wholes(sheet), None)
    if whole is None:
        return
    for column in list(_open(sheet)):
        own = set(words(column.name))
        if column is whole or own & NOT:
            continue
        if own & {"tax", "vat"}:
            _put_share(sheet, column, whole, TAXES)
        elif "discount" in own and _is_amount(column, own):
            _put_share(sheet, column, whole, DISCOUNTS)
    _paid_and_due(sheet, whole)


def _open(sheet: Sheet) -> Iterator[RawColumn]:
    """Columns of numbers that nothing fills yet and no CHECK bounds from above."""
    for column in sheet.left():
        facts = sheet.checked.of(column.name)
        low = isinstance(facts.low, int | float) and facts.low > 0
        bounded = low or facts.high is not None or facts.values or column.values
        if is_number(column.type) and not bounded and not sheet.unique(column.name):
            yield column


def _with_subtotal(sheet: Sheet) -> None:
    """The total of a subtotal with tax, shipping and discount beside it."""
    left = [c for c in _open(sheet) if not set(words(c.name)) & (NOT | PAID | DUE)]
    parts = {*ADDED, *TAKEN}
    sums = [c for c in left if not set(words(c.name)) & parts]
    inner = next((c for c in sums if set(words(c.name)) & BEFORE), None)
    inner = inner or next((c for c in sums if words(c.name) == ("amount",)), None)
    whole = next((c for c in sums if c is not inner and _is_total(c)), None)
    if inner is None or whole is None or is_whole(whole.type) != is_whole(inner.type):
        return
    if any(set(words(c.name)) & parts for c in left):
        with_extras(sheet, inner, whole)


def _is_total(column: RawColumn) -> bool:
    own = set(words(column.name))
    return bool(own & {"total", "grand", "gross"}) and not own & (PAID | DUE)


def _wholes(sheet: Sheet) -> Iterator[RawColumn]:
    """Columns that are a whole of which others are parts, the best first."""
    numbers = [c for c in sheet.raw.columns if is_number(c.type)]
    plain = [c for c in numbers if not set(words(c.name)) & (NOT | PAID | DUE)]
    plain = [c for c in plain if not set(words(c.name)) & {*ADDED, *TAKEN, "sub", "subtotal"}]
    yield from (c for c in plain if _is_total(c) and sheet.meaning(c.name) == "total_amount")
    kinds = {c.name: m.name for c in plain if (m := find_measure(sheet, c)) is not None}
    yield from (c for c in plain if kinds.get(c.name) in WHOLES)
    bare = [c for c in plain if c.name not in kinds]
    yield from (c for c in bare if sheet.meaning(c.name) in ("total_amount", "amount"))


def _is_amount(column: RawColumn, own: set[str]) -> bool:
    exact = column.type.upper().startswith(("DECIMAL", "NUMERIC"))
    return bool(own & {"amount", "value", "total"}) or (exact and most_of(column.type) >= LARGE)


def _put_share(sheet: Sheet, column: RawColumn, whole: RawColumn, shares: dict[int, float]) -> None:
    """A column that is so many percent of another."""
    share = sheet.free_name(f"{column.name}_percent")
    law = {"type": "explicit", "values": list(shares), "weights": list(shares.values())}
    sql = _part(whole, quoted(share), column)
    _put(sheet, column, sql, f"a share of {whole.name}", {share: law})


def _part(whole: RawColumn, percent: str, column: RawColumn) -> str:
    amount = f"CAST({quoted(whole.name)} AS DOUBLE)"
    return f"round({amount} * {percent} * 0.01, {decimals_of(column.type)})"


def _put(
    sheet: Sheet, column: RawColumn, sql: str, note: str, helpers: Columns | None = None
) -> None:
    decimals = 0 if is_whole(column.type) else decimals_of(column.type)
    spec = {"type": "expression", "sql": f"round({sql}, {decimals})", "sql_type": column.type}
    sheet.put(column.name, told(spec, note), helpers)


def _paid_and_due(sheet: Sheet, whole: RawColumn) -> None:
    """What is paid of the whole, and what is left of it."""
    names = {c.name: set(words(c.name)) - NOT for c in _open(sheet) if c is not whole}
    names = {n: own for n, own in names.items() if not set(words(n)) & NOT}
    paid = next((n for n, own in names.items() if own & PAID), None)
    due = [n for n, own in names.items() if own & DUE and not own & PAID]
    if paid is None and not due:
        return
    first = sheet.column(paid or due[0])
    share = sheet.free_name(f"{first.name}_percent")
    law = {"type": "explicit", "values": list(SHARES), "weights": list(SHARES.values())}
    percent = _by_state(sheet, quoted(share))
    if paid is None:
        percent = f"(100 - {percent})"
    _put(sheet, first, _part(whole, percent, first), f"a share of {whole.name}", {share: law})
    for name in due if paid is not None else due[1:]:
        rest = quoted(first.name)
        left = f"CAST({quoted(whole.name)} AS DOUBLE) - CAST(coalesce({rest}, 0) AS DOUBLE)"
        note = f"{whole.name} less {first.name}" if paid else f"{first.name} once more"
        _put(sheet, sheet.column(name), left if paid else f"CAST({rest} AS DOUBLE)", note)


def _by_state(sheet: Sheet, share: str) -> str:
    """SQL for the percent paid: as the row's state says, else as drawn."""
    states = [c for c in sheet.raw.columns if sheet.meaning(c.name) == "status"]
    texts = [c for c in states if is_text(c.type) or c.type.upper().startswith("ENUM")]
    if not texts:
        return share
    text = f"lower(CAST({quoted(texts[0].name)} AS VARCHAR))"
    all_, none = (", ".join(map(string, labels)) for labels in (SETTLED, UNTOUCHED))
    cases = f"WHEN {text} IN ({all_}) THEN 100 WHEN {text} IN ({none}) THEN 0"
    return f"(CASE {cases} ELSE {share} END)"
