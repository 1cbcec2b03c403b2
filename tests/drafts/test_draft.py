"""A schema becomes a profile that makes tables with keys."""

from __future__ import annotations

import duckdb

from genesis_sql.drafts.draft import draft
from genesis_sql.profiles.compile import compile_profile
from genesis_sql.profiles.read import read_profile
from genesis_sql.schema_doors import from_schema
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable


def column(name: str, type_: str, **more: object) -> RawColumn:
    return RawColumn(name, type_, **more)  # type: ignore[arg-type]


SHOP = RawSchema((
    RawTable("customers", "", (column("id", "INTEGER", nullable=False), column("name", "VARCHAR")),
             primary_key=("id",)),
    RawTable("products", "", (column("id", "INTEGER"), column("sku", "VARCHAR", length=9)),
             primary_key=("id",), unique_keys=(("sku",),)),
    RawTable("orders", "", (column("id", "INTEGER"), column("customer_id", "INTEGER"),
                            column("state", "VARCHAR")),
             primary_key=("id",), checks=("state IN ('new', 'done')",),
             foreign_keys=(RawForeignKey(("customer_id",), "customers", ("id",)),)),
    RawTable("order_items", "", (column("id", "INTEGER"), column("order_id", "INTEGER"),
                                 column("product_id", "INTEGER"), column("quantity", "INTEGER")),
             primary_key=("id",), checks=("quantity > 0", "quantity <= 5"),
             foreign_keys=(RawForeignKey(("product_id",), "products", ("id",)),
                           RawForeignKey(("order_id",), "orders", ("id",)))),
))  # fmt: skip


def test_tables_hang_on_the_parent_they_belong_to() -> None:
    plain = draft(SHOP, rows={"customers": 10, "Orders": 40})
    tables = plain["tables"]
    assert tables["order_items"]["parent"] == "orders"
    assert tables["order_items"]["columns"]["product_id"]["type"] == "reference"
    assert tables["customers"]["rows"] == 10
    assert tables["orders"]["rows"]["type"] == "lognormal"
    compile_profile(read_profile(plain), name="shop", version=1)


def test_a_drafted_schema_fills_tables_with_keys(con: duckdb.DuckDBPyConnection) -> None:
    told = from_schema(SHOP, con=con, name="shop", rows={"customers": 20})
    assert [(r["table_name"], r["rows"]) for r in told][:2] == [
        ("customers", 20),
        ("products", 200),
    ]
    rows = con.execute(
        "CALL genesis_generate_database('shop', target := 'synth', seed := 1, "
        "rows := MAP {'customers': 10, 'orders': 70, 'order_items': 150})"
    ).fetchall()
    assert [r[1] for r in rows if r[0] in ("customers", "orders", "order_items")] == [10, 70, 150]
    assert sum(r[2] + r[3] for r in rows) == 0
    found = con.execute("SELECT min(quantity), max(quantity) FROM synth.order_items").fetchall()
    assert found == [(1, 5)]
