"""dbt's manifest as a schema; written here as dbt 1.11 writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genesis_sql.errors import GenesisError, SchemaError, SourceError
from genesis_sql.introspect.from_manifest import read_manifest
from genesis_sql.types import RawForeignKey


def _node(name: str, columns: list[dict[str, Any]], kind: str = "model", **more: Any) -> Any:
    return {
        "resource_type": kind,
        "name": name,
        "columns": {c["name"]: c for c in columns},
        "description": "",
        **more,
    }


def _test(name: str, node: str, column: str | None = None, **kwargs: Any) -> Any:
    return {
        "resource_type": "test",
        "attached_node": node,
        "column_name": column,
        "test_metadata": {"name": name, "kwargs": {"column_name": column, **kwargs}},
    }


@pytest.fixture
def manifest() -> dict[str, Any]:
    customers = _node(
        "customers",
        [
            {"name": "customer_id", "description": "who it is"},
            {"name": "email", "data_type": "varchar(80)", "meta": {"meaning": "email"}},
            {"name": "state"},
            {"name": "signed_up_at"},
            {"name": "is_open"},
        ],
        description="who buys",
    )
    orders = _node(
        "orders",
        [
            {
                "name": "id",
                "data_type": "int",
                "constraints": [{"type": "not_null"}, {"type": "primary_key"}],
            },
            {
                "name": "total",
                "data_type": "numeric(10,2)",
                "constraints": [{"type": "check", "expression": "total >= 0"}],
            },
            {"name": "customer"},
            {"name": "store", "data_type": "int"},
        ],
        constraints=[
            {
                "type": "foreign_key",
                "columns": ["store"],
                "to": "source('raw', 'stores')",
                "to_columns": ["no"],
            },
            {"type": "unique", "columns": ["customer", "store"]},
        ],
    )
    stores = _node("stores", [{"name": "no", "data_type": "int"}], "source", source_name="raw")
    orders_key, customers_key = "model.shop.orders", "model.shop.customers"
    tests = [
        _test("unique", customers_key, "customer_id"),
        _test("not_null", customers_key, "customer_id"),
        _test("accepted_values", customers_key, "state", values=["on", "off"]),
        _test("relationships", orders_key, "customer", to="ref('customers')", field="customer_id"),
        _test("expression_is_true", orders_key, None, expression="x"),
    ]
    return {
        "metadata": {"adapter_type": "duckdb"},
        "nodes": {
            customers_key: customers,
            orders_key: orders,
            "model.shop.bare": _node("bare", []),
            **{f"test.shop.{i}": t for i, t in enumerate(tests)},
        },
        "sources": {"source.shop.raw.stores": stores},
    }


def test_columns_tests_and_contracts(manifest: dict[str, Any]) -> None:
    schema = read_manifest(manifest)
    customers, orders, stores = schema.tables
    assert (customers.name, customers.comment) == ("customers", "who buys")
    assert customers.primary_key == ("customer_id",)
    columns = {c.name: c for c in customers.columns}
    assert [c.type for c in columns.values()] == [
        "BIGINT", "VARCHAR", "VARCHAR", "TIMESTAMP", "BOOLEAN",
    ]  # fmt: skip
    assert columns["customer_id"].comment == "who it is"
    assert (columns["email"].length, columns["email"].meaning) == (80, "email")
    assert columns["state"].values == ("on", "off")
    assert (orders.primary_key, orders.unique_keys) == (("id",), (("customer", "store"),))
    assert orders.checks == ("total >= 0",)
    assert set(orders.foreign_keys) == {
        RawForeignKey(("customer",), "customers", ("customer_id",)),
        RawForeignKey(("store",), "stores", ("no",)),
    }
    assert [c.type for c in orders.columns] == ["INTEGER", "DECIMAL(10,2)", "BIGINT", "INTEGER"]
    assert stores.primary_key == ("no",)
    assert schema.notes == ("model 'bare' lists no columns: left out",)


def test_a_file_and_chosen_models(manifest: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    schema = read_manifest(str(file), resources=["orders"])
    assert [t.name for t in schema.tables] == ["orders"]
    assert schema.tables[0].foreign_keys == ()
    assert len([n for n in schema.notes if "which has no columns here" in n]) == 2
    with pytest.raises(SchemaError, match="no 'order' with columns; did you mean 'orders'"):
        read_manifest(file, resources=["order"])


def test_arguments_as_dbt_1_11_nests_them(manifest: dict[str, Any]) -> None:
    test = _test("accepted_values", "model.shop.customers", "email", arguments={"values": ["a"]})
    manifest["nodes"]["test.shop.new"] = test
    columns = {c.name: c for c in read_manifest(manifest).tables[0].columns}
    assert columns["email"].values == ("a",)


def test_a_test_with_a_condition_is_a_note(manifest: dict[str, Any]) -> None:
    test = _test("not_null", "model.shop.customers", "state")
    manifest["nodes"]["test.shop.where"] = {**test, "config": {"where": "is_open"}}
    schema = read_manifest(manifest)
    assert schema.tables[0].columns[2].nullable
    assert any("a test with a condition: is_open" in n for n in schema.notes)


@pytest.mark.parametrize(
    ("given", "kind", "expected"),
    [
        ("/no/such/manifest.json", SourceError, "cannot be read: No such file.*run dbt parse"),
        ({}, SchemaError, "this is no manifest of dbt: it has no 'nodes'"),
        ({"nodes": {}}, SchemaError, "the manifest describes no columns"),
        (
            {"nodes": {"model.a.t": _node("t", [{"name": "a", "data_type": "vachar(3)"}])}},
            SchemaError,
            "table 't', column 'a': nobody knows the type 'vachar'; did you mean 'varchar'",
        ),
        (
            {
                "nodes": {
                    "model.a.t": _node("t", [{"name": "a"}]),
                    "test.a.x": _test("relationships", "model.a.t", "a", to="ref('t')", field="b"),
                }
            },
            SchemaError,
            "names no column 'b'",
        ),
    ],
)
def test_what_is_wrong_is_named(given: Any, kind: type[GenesisError], expected: str) -> None:
    with pytest.raises(kind, match=expected) as raised:
        read_manifest(given)
    assert "\n" not in str(raised.value)
