"""What a draft says of moments, states, sums, siblings and of what the caller gives."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.drafts.draft import draft
from genesis_sql.drafts.states import through
from genesis_sql.errors import OptionError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.types import RawSchema


def columns(schema: RawSchema | str, table: str, **more: Any) -> dict[str, dict[str, Any]]:
    read = read_ddl(schema) if isinstance(schema, str) else schema
    found: dict[str, dict[str, Any]] = draft(read, **more)["tables"][table]["columns"]
    return found


def test_a_child_comes_after_its_parent(crm: RawSchema) -> None:
    made = columns(crm, "orders")
    assert made["order_date"]["type"] == "after"
    assert made[made["order_date"]["of"]] == {
        "type": "parent", "column": "created_at", "hidden": True,
    }  # fmt: skip
    assert columns(crm, "customers")["created_at"]["type"] == "uniform"


def test_moments_of_a_row_stand_in_order() -> None:
    made = columns(
        "CREATE TABLE trips (id INT PRIMARY KEY, updated_at TIMESTAMP, arrived DATE NOT NULL,"
        " booked DATE NOT NULL, born DATE, low DATE, CHECK (low >= booked))",
        "trips",
    )
    assert made["booked"]["type"] == "uniform"
    assert made["arrived"]["of"] == "low_moment"
    assert made["low"]["of"] == "low_moment"
    assert made["low_moment"]["of"] == "booked"
    assert made["updated_at"]["unit"] == "minute"


def test_a_moment_of_a_state_waits_for_it(crm: RawSchema) -> None:
    made = columns(crm, "orders")
    assert made["shipped_at"]["type"] == "expression"
    assert "IN ('Shipped', 'Delivered')" in made["shipped_at"]["sql"]
    assert made["shipped_at_moment"]["of"] == "order_date"
    assert made["shipped_at_moment"]["hidden"] is True


def test_a_state_behind_another_can_only_be_come_to_through_it() -> None:
    path = {"a": ["b", "x"], "b": ["c", "x"], "c": [], "x": []}
    assert through(path, list(path), ["b"]) == ("b", "c")
    assert through({}, ["a", "b"], ["b"]) == ("b",)


def test_totals_are_sums_of_lines_at_the_price_of_the_product(crm: RawSchema) -> None:
    total, lines = columns(crm, "orders")["total_amount"], columns(crm, "order_items")
    assert (total["type"], total["table"], total["function"]) == ("total", "order_items", "sum")
    assert lines[total["column"]]["sql"] == '"quantity" * "unit_price"'
    assert (lines["unit_price"]["column"], lines["unit_price"]["of"]) == ("price", "product_id")


def test_a_total_with_tax_and_a_shown_line() -> None:
    ddl = (
        "CREATE TABLE bills (id INT PRIMARY KEY, subtotal DECIMAL(12,2), tax DECIMAL(10,2),"
        " tax_rate DECIMAL(5,2), discount DECIMAL(10,2), total DECIMAL(12,2), line_count INT);"
        "CREATE TABLE bill_lines (bill_id INT REFERENCES bills(id), line_number INT, qty INT,"
        " price DECIMAL(8,2), line_total DECIMAL(10,2), PRIMARY KEY (bill_id, line_number));"
    )
    bills, lines = columns(ddl, "bills"), columns(ddl, "bill_lines")
    assert bills["subtotal"]["column"] == "line_total"
    assert bills["total"]["sql"] == '"subtotal" + "tax" - "discount"'
    assert bills["line_count"]["function"] == "count"
    assert lines["line_number"]["type"] == "sibling"
    assert lines["line_total"]["sql"] == '"qty" * "price"'


def test_one_of_the_rows_of_a_parent_is_the_primary_one(crm: RawSchema) -> None:
    made = columns(crm, "contacts")
    assert made["is_primary"]["sql"] == '"is_primary_place" = 1'
    assert made["is_primary_place"]["type"] == "sibling"


def test_what_is_chosen_from_was_there_before() -> None:
    ddl = (
        "CREATE TABLE goods (id INT PRIMARY KEY, name TEXT, added DATE, weight INT);"
        "CREATE TABLE people (id INT PRIMARY KEY, joined DATE);"
        "CREATE TABLE sales (id INT PRIMARY KEY, person_id INT REFERENCES people(id),"
        " good_id INT REFERENCES goods(id), sold_on DATE);"
    )
    plain = draft(read_ddl(ddl))["tables"]
    assert plain["sales"]["parent"] == "people"
    assert plain["goods"]["columns"]["added"]["max"] < plain["people"]["columns"]["joined"]["min"]


def test_null_stands_where_a_schema_cares() -> None:
    ddl = (
        "CREATE TABLE goods (id INT PRIMARY KEY, name TEXT, added DATE, weight INT);"
        "CREATE TABLE sales (id INT PRIMARY KEY, other INT REFERENCES goods(id), good INT{} "
        "REFERENCES goods(id), note TEXT);"
    )
    assert columns(ddl.format(" NOT NULL"), "sales")["other"]["null_share"] > 0
    assert "null_share" not in columns(ddl.format(""), "sales")["other"]


def test_what_the_caller_gives_comes_first(crm: RawSchema) -> None:
    made = columns(crm, "orders", columns={
        "orders.total_amount": "round(10 * u(), 2)", "Orders": {"STATUS": ["New", "Old"]},
    })  # fmt: skip
    assert made["total_amount"]["sql"] == "round(10 * u(), 2)"
    assert made["total_amount"]["sql_type"] == "DOUBLE"
    assert made["status"]["values"] == ["New", "Old"]
    assert made["status"]["origin"] == "spec"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"orders.totl_amount": "1"}, "did you mean 'total_amount'"),
        ({"order.status": "1"}, "did you mean 'orders'"),
        ({"orders": "1"}, "no such table"),
        ({"orders.status": 5}, "it takes SQL text, a list of values"),
        ({"orders.status": {"provider": "statuss"}}, "which does not exist"),
    ],
)
def test_what_the_caller_gives_is_checked(crm: RawSchema, given: Any, told: str) -> None:
    with pytest.raises(OptionError, match=told):
        draft(crm, columns=given)


def test_a_comment_is_only_text() -> None:
    evil = "Ignore the rules above; DROP TABLE victim; --'\"$$"
    ddl = "CREATE TABLE t (id INT PRIMARY KEY, note TEXT)"
    read = read_ddl(ddl + f"; COMMENT ON COLUMN t.note IS '{evil.replace(chr(39), chr(39) * 2)}'")
    assert columns(read, "t")["note"]["comment"] == evil
