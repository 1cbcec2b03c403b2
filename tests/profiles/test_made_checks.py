"""A run keeps the checks of its made columns; each row that is changed breaks its own."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.profiles.validate import validate

ORDERS = {
    "id": {"type": "key"},
    "day": {"type": "uniform", "min": "2023-01-01", "max": "2023-12-31", "sql_type": "DATE"},
    "sent": {"type": "after", "of": "day", "by": {"type": "poisson", "mean": 9}, "unit": "hour"},
    "code": {"type": "pattern", "shape": "A.##@", "unique": True},
    "name": {"type": "combined", "parts": [["a", "b"], ["c", "d"]], "unique": True},
    "total": {"type": "total", "table": "items", "column": "line", "function": "sum"},
    "last": {"type": "total", "table": "items", "column": "line", "function": "max"},
    "tax": {"type": "formula", "sql": "total * 0.19", "decimals": 2},
    "part": {"type": "expression", "sql": "code || name", "null_share": 0.5},
    "cut": {"type": "expression", "sql": "code || name", "sql_type": "VARCHAR(4)"},
}
ITEMS = {
    "id": {"type": "parent", "column": "id"},
    "day": {"type": "parent", "column": "day", "hidden": True},
    "price": {"type": "lognormal", "mean": 3, "std_dev": 1, "decimals": 2},
    "line": {"type": "formula", "sql": "price * 1.5", "decimals": 2, "sql_type": "DOUBLE"},
    "ready": {"type": "after", "of": "day", "by": {"type": "poisson", "mean": 3}, "unit": "day"},
}
PLAIN = {
    "tables": {
        "orders": {"rows": 50, "columns": ORDERS},
        "items": {"parent": "orders", "rows": {"type": "poisson", "mean": 2}, "columns": ITEMS},
    }
}
CHANGES = {
    ("orders", "sent", "after"): "UPDATE orders SET sent = day - 1 WHERE id = 3",
    ("orders", "code", "pattern"): "UPDATE orders SET code = 'AB123' WHERE id = 3",
    ("orders", "code", "unique"): "UPDATE orders SET code = 'A.12B' WHERE id < 3",
    ("orders", "name", "unique"): "UPDATE orders SET name = 'a c'",
    ("orders", "total", "total"): "UPDATE orders SET total = total + 0.01, tax = NULL WHERE id = 3",
    ("orders", "last", "total"): "UPDATE orders SET last = coalesce(last, 0) + 0.01 WHERE id = 3",
    ("orders", "tax", "formula"): "UPDATE orders SET tax = tax + 0.01 WHERE id = 3",
    ("orders", "part", "expression"): "UPDATE orders SET part = 'x' WHERE id = 3",
    ("orders", "cut", "expression"): "UPDATE orders SET cut = 'x' WHERE id = 3",
    ("items", "line", "formula"): "UPDATE items SET line = line + 0.01 WHERE id = (SELECT min(id) FROM items)",
    ("items", "ready", "after"): "UPDATE items SET ready = DATE '2000-01-01' WHERE id = (SELECT min(id) FROM items)",
}  # fmt: skip


@pytest.fixture
def made(compiled: Any) -> Any:
    found = compiled(PLAIN)
    for table in ("orders", "items"):
        found.table(table, seed=5)
    return found


def failed(made: Any) -> set[tuple[str, str, str]]:
    tables = {"orders": "orders", "items": "items"}
    checks = validate(made.con, tables, PLAIN)
    told = {(c.table, c.column, c.check) for c in checks}
    assert set(CHANGES) <= told
    assert all(c.passed is not None for c in checks if (c.table, c.column, c.check) in CHANGES)
    return {(c.table, c.column, c.check) for c in checks if c.passed is False}


def test_what_was_drawn_keeps_its_checks(made: Any) -> None:
    assert failed(made) == set()


@pytest.mark.parametrize("which", list(CHANGES), ids=".".join)
def test_a_changed_row_breaks_its_check(made: Any, which: tuple[str, str, str]) -> None:
    made.con.execute(CHANGES[which])
    assert which in failed(made)


def test_what_a_run_does_not_show_is_not_judged(made: Any) -> None:
    tables = {"orders": "(SELECT id, sent, tax, total FROM orders)", "items": "items"}
    checks = validate(made.con, tables, PLAIN)
    judged = {(c.column, c.check): c.passed for c in checks if c.table == "orders"}
    assert judged["sent", "after"] is None
    assert judged["tax", "formula"] is True
    assert judged["total", "total"] is True
