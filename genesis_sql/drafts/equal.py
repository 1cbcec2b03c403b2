"""Columns that a CHECK says the value of: `CHECK (total = net + tax)` computes total."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from genesis_sql.drafts.checks import parts_of
from genesis_sql.drafts.sheet import Sheet, is_number
from genesis_sql.errors import ExpressionError
from genesis_sql.program.allowlist import check_expression
from genesis_sql.sqlbuild import column as column_of
from genesis_sql.sqlbuild import text


def fill_equal(sheet: Sheet) -> None:
    """Compute numbers that nothing fills yet and that a CHECK equates with what others make."""
    read: set[str] = set()
    for check in sheet.raw.checks:
        for name, tree in _equations(sheet, check):
            names = {c.name for c in tree.find_all(exp.Column)}
            free = {c.name for c in sheet.left()}
            if name not in free or name in read or name in names:
                continue
            if not sheet.column(name).nullable and any(sheet.column(c).nullable for c in names):
                continue
            spec = {"type": "expression", "sql": text(tree), "sql_type": sheet.column(name).type}
            sheet.put(name, {**spec, "origin": "spec", "note": f"as CHECK ({check}) says"})
            read |= names


def _equations(sheet: Sheet, check: str) -> Iterator[tuple[str, exp.Expression]]:
    """Numbers and what they are equal to; columns spelled as the table has them."""
    known = {c.name.lower(): c for c in sheet.raw.columns}
    for part in parts_of(check):
        if not isinstance(part, exp.EQ):
            continue
        for one, other in ((part.this, part.expression), (part.expression, part.this)):
            own, read = one.unnest(), list(other.find_all(exp.Column))
            if not isinstance(own, exp.Column) or isinstance(other.unnest(), exp.Column):
                continue
            if not read or any(c.name.lower() not in known for c in (own, *read)):
                continue
            target = known[own.name.lower()]
            if not is_number(target.type) or sheet.unique(target.name):
                continue
            try:
                tree = check_expression(text(other))
            except ExpressionError:
                continue
            yield (
                target.name,
                tree.transform(
                    lambda n: (
                        column_of(known[n.name.lower()].name) if isinstance(n, exp.Column) else n
                    )
                ),
            )
