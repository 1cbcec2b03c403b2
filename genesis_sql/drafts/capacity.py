"""How many different values a column can have, so that more rows are refused before any work."""

from __future__ import annotations

from genesis_sql.drafts.by_type import decimals_of, number_bounds, whole_bounds
from genesis_sql.drafts.days import days_of
from genesis_sql.drafts.fill import allowed
from genesis_sql.drafts.keys import is_natural
from genesis_sql.drafts.sheet import Sheet, base_type, is_text, is_whole
from genesis_sql.errors import SchemaError
from genesis_sql.types import RawColumn

DIGITS, LETTERS = 10, 36
"""Characters that a short key is made of, see `drafts.keys`; and one that the world has."""


def check_capacity(sheet: Sheet, *, asked: bool) -> None:
    """Refuse a table with more rows than a unique column of it has values.

    Args:
        sheet: the table; where no rows are asked of it, it gets no more than there are values.
        asked: whether the caller says how many rows.

    Raises:
        SchemaError: names the column and how many it has.
    """
    for column in sheet.raw.columns:
        if not sheet.unique(column.name):
            continue
        most = capacity(sheet, column)
        if most is not None and most < sheet.rows and not asked and most > 0:
            sheet.rows = most
        elif most is not None and most < sheet.rows:
            held = f"of {column.length} characters" if column.length else f"of type {column.type}"
            message = (
                f"column '{column.name}' of table '{sheet.name}' is unique and {held}, which has "
                f"{most:,} values, and {sheet.rows:,} rows are asked for; ask for fewer in rows, "
                "or widen it"
            )
            raise SchemaError(message)


def digits_of(type_: str) -> tuple[int, int]:
    """Digits of a decimal type in all, and behind the point.

    Example:
        >>> digits_of("DECIMAL(5,2)"), digits_of("NUMERIC(3)")
        ((5, 2), (3, 0))
    """
    digits, _, decimals = type_[type_.index("(") + 1 :].rstrip(") ").partition(",")
    return int(digits), int(decimals or 0)


def capacity(sheet: Sheet, column: RawColumn) -> int | None:
    """How many values a column can have; None where that is no matter.

    Example:
        >>> from genesis_sql.drafts.checks import Checked
        >>> from genesis_sql.types import RawTable
        >>> flag = RawColumn("flag", "BOOLEAN")
        >>> capacity(Sheet(RawTable("t", "", (flag,)), 1, Checked()), flag)
        2
    """
    listed, type_ = allowed(sheet, column), base_type(column.type)
    if listed is not None:
        return len(listed)
    if type_ == "BOOLEAN":
        return 2
    facts = sheet.checked.of(column.name)
    if is_whole(type_):
        low, high = whole_bounds(column, facts)
        if facts.low is not None and facts.high is not None:
            return max(high - low + 1, 0)
        return {"TINYINT": 127, "UTINYINT": 255, "SMALLINT": 2**15 - 1, "USMALLINT": 2**16 - 1}.get(
            type_
        )
    if type_ in ("DECIMAL", "NUMERIC") and "(" in column.type:
        digits, scale = digits_of(column.type)
        if column.name in sheet.key_columns:  # keys are whole numbers from 1
            return int(10 ** (digits - scale)) - 1
        if facts.low is not None and facts.high is not None:
            low_, high_ = number_bounds(facts, 10.0 ** -decimals_of(column.type))
            return int((high_ - low_) * 10 ** decimals_of(column.type)) + 1
        return int(10**digits)
    if type_ == "DATE":
        return days_of(sheet, column)
    if is_text(type_) and column.length is not None and column.length < 10:
        named = is_natural(sheet, column) or column.name not in sheet.key_columns
        known = named and bool(sheet.meaning(column.name))
        return int(LETTERS**column.length if known else DIGITS**column.length - 1)  # from 1
    return None
