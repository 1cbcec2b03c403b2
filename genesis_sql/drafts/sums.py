"""Amounts that add up: prices of what is sold, line totals, totals of the lines, counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from genesis_sql.drafts.by_type import decimals_of
from genesis_sql.drafts.relations import singular
from genesis_sql.drafts.sheet import Sheet, is_number, is_whole
from genesis_sql.drafts.words import words
from genesis_sql.providers.ask import Columns
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import RawColumn

Spec = dict[str, object]

LINE = frozenset(("line", "extended", "row", "item"))
MANY = frozenset(("quantity", "qty", "units"))
LAWS = ("normal", "lognormal", "uniform", "exponential", "beta", "bands", "conditional", "explicit")
PRICE = frozenset(("price", "unitprice"))
WHOLE_SUM = frozenset(("total", "amount", "sum", "grand", "value", "due"))
BEFORE = frozenset(("subtotal", "sub", "net"))
ADDED = {"tax": (5, 10), "vat": (5, 20), "shipping": (0, 8), "freight": (0, 8), "fee": (0, 3)}
TAKEN = {"discount": (0, 15)}
"""What is added to a subtotal or taken from it, in percent of it."""
RATES = frozenset(("rate", "percent", "percentage", "pct", "id", "code", "type"))


def copy_prices(sheet: Sheet, sheets: Mapping[str, Sheet]) -> None:
    """A price beside a reference to what has a price is that one's."""
    for column in sheet.left():
        if not is_number(column.type) or not _is_price(sheet, column):
            continue
        for key in sheet.others:
            above = sheets[key.parent]
            source = next((c for c in above.raw.columns if _is_price(above, c)), None)
            if source is None or len(key.columns) != 1 or above.name == sheet.name:
                continue
            if not is_counted(above, source):  # totals of the copies could not be made
                continue
            spec: Spec = {"type": "parent", "column": source.name, "of": key.columns[0]}
            if source.type.upper() != column.type.upper():
                spec["sql_type"] = column.type
            sheet.put(column.name, told(spec, f"the {source.name} of its row of {above.name}"))
            break


def is_counted(sheet: Sheet, column: RawColumn) -> bool:
    """Whether formulas and totals may read a column: it is drawn, with so many decimals.

    What the caller fills by SQL or a function is known after all that is drawn.
    """
    spec = sheet.made.get(column.name, {}).get(column.name)
    if spec is None:
        return True
    if spec["type"] in ("function", "expression"):
        return False
    exact = is_whole(column.type) or column.type.upper().startswith(("DECIMAL", "NUMERIC"))
    return exact or spec["type"] not in LAWS or "decimals" in spec


def _is_price(sheet: Sheet, column: RawColumn) -> bool:
    if not is_number(column.type):
        return False
    own = set(words(column.name))
    if own & LINE or own & WHOLE_SUM:
        return False
    return sheet.meaning(column.name) == "price" or bool(own & PRICE)


def fill_sums(sheet: Sheet, sheets: Mapping[str, Sheet]) -> None:
    """Totals of a table's children, and how many there are."""
    below = [s for s in sheets.values() if s.main is not None and s.main.parent == sheet.name]
    _totals(sheet, below)
    _counts(sheet, below)


def fill_lines(sheet: Sheet) -> None:
    """Quantity times price, where a table has a column for it."""
    product = line(sheet)
    if product is None or sheet.main is None:
        return
    for column in sheet.left():
        own = set(words(column.name))
        meant = sheet.meaning(column.name) in ("total_amount", "amount")
        sums = meant or own & (WHOLE_SUM | BEFORE)
        if sums and is_number(column.type) and not own & RATES:
            spec: Spec = {
                "type": "formula", "sql": product, "decimals": decimals_of(column.type),
                "sql_type": column.type,
            }  # fmt: skip
            sheet.put(column.name, told(spec, product))
            return


def line(sheet: Sheet) -> str | None:
    """What a row of lines comes to: its quantity times its price; None where it has no such."""
    many = next((c for c in sheet.raw.columns if is_whole(c.type) and _is_many(sheet, c)), None)
    price = next((c for c in sheet.raw.columns if _is_price(sheet, c)), None)
    if many is None or price is None or not (is_counted(sheet, many) and is_counted(sheet, price)):
        return None
    return f"{quoted(many.name)} * {quoted(price.name)}"


def _is_many(sheet: Sheet, column: RawColumn) -> bool:
    return sheet.meaning(column.name) == "quantity" or bool(set(words(column.name)) & MANY)


def _totals(sheet: Sheet, below: Iterable[Sheet]) -> None:
    """The sum over the lines, and what taxes and discounts make of it."""
    lines = next((s for s in below if line(s) is not None), None)
    if lines is None:
        return
    sums = [c for c in sheet.left() if _is_sum(sheet, c)]
    if not sums:
        return
    inner = next((c for c in sums if set(words(c.name)) & BEFORE), None)
    whole = next((c for c in sums if c is not inner), None)
    base = inner or whole
    if base is None:
        return
    shown = _line_column(lines)
    spec: Spec = {
        "type": "total", "table": lines.name, "column": shown, "function": "sum",
        "sql_type": base.type, "decimals": decimals_of(base.type),
    }  # fmt: skip
    sheet.put(base.name, told(spec, f"the sum of {lines.name}: {line(lines)}"))
    if inner is not None and whole is not None:
        with_extras(sheet, inner, whole)


def _is_sum(sheet: Sheet, column: RawColumn) -> bool:
    own = set(words(column.name))
    if not is_number(column.type) or own & RATES or own & {*ADDED, *TAKEN}:
        return False
    return sheet.meaning(column.name) == "total_amount" or bool(own & (BEFORE | {"total"}))


def _line_column(lines: Sheet) -> str:
    """The column of a line with what it comes to; a hidden one where there is none."""
    product = str(line(lines))
    for name, made in lines.made.items():
        if made[name].get("sql") == product:
            return name
    name = lines.free_name("line_amount")
    lines.hide(name, {"type": "formula", "sql": product, "decimals": 2})
    return name


def with_extras(sheet: Sheet, inner: RawColumn, whole: RawColumn) -> None:
    """Tax, shipping and discounts as a share of the subtotal, and the total with them."""
    parts = quoted(inner.name)
    for column in sheet.left():
        own = set(words(column.name))
        found = next((w for w in (*ADDED, *TAKEN) if w in own), None)
        if found is None or not is_number(column.type) or own & RATES or column is whole:
            continue
        share = sheet.free_name(f"{column.name}_percent")
        low, high = {**ADDED, **TAKEN}[found]
        law: Spec = {"type": "uniform", "min": low, "max": high, "decimals": 0}
        sql = f"{quoted(inner.name)} * {quoted(share)} * 0.01"
        spec: Spec = {"type": "formula", "sql": sql, "decimals": 2, "sql_type": column.type}
        helper: Columns = {share: law}
        sheet.put(column.name, told(spec, f"{low} to {high} percent of {inner.name}"), helper)
        parts += f" {'-' if found in TAKEN else '+'} {quoted(column.name)}"
    spec = {"type": "formula", "sql": parts, "decimals": 2, "sql_type": whole.type}
    sheet.put(whole.name, told(spec, parts))


def _counts(sheet: Sheet, below: Iterable[Sheet]) -> None:
    """How many children a row has, where a column is named so."""
    for column in sheet.left():
        own = words(column.name)
        if not is_whole(column.type) or not {"count", "num", "number", "total", "n"} & set(own):
            continue
        for child in below:
            names = {*words(child.name), *words(singular(child.name))}
            if (names - set(words(singular(sheet.name)))) & set(own):
                spec: Spec = {
                    "type": "total", "table": child.name, "function": "count",
                    "sql_type": column.type,
                }  # fmt: skip
                sheet.put(column.name, told(spec, f"how many rows of {child.name} it has"))
                break


def told(spec: Mapping[str, object], note: str) -> dict[str, object]:
    """A spec with where it comes from and why."""
    return {**spec, "origin": "default", "note": note}
