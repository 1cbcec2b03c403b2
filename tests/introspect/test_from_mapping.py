"""Dictionaries, JSON and YAML as a schema."""

from __future__ import annotations

import json

import pytest

from genesis_sql.errors import SchemaError
from genesis_sql.introspect.from_mapping import read_mapping
from genesis_sql.types import RawColumn, RawForeignKey

DOCUMENTS = {
    "patient_id": "number",
    "diagnosis_code": "icd10_code",
    "email": "email",
    "visit_date": "date",
    "notes": "text",
}
SHOP = """
customers:
  columns:
    id: number
    email: {type: email, unique: true, length: 80}
    state: {values: [on, off], default: on, comment: of the account}
    country: {type: country_code, nullable: true}
    age: number
    rate: number
  comment: who buys
orders:
  order_id: uuid
  customer: {references: customers.id, nullable: true}
  total: {type: 'decimal(10,2)', check: total >= 0}
  tags: text[]
lines:
  columns:
    order_id: foreign_key
    line: integer
    next_order: {type: foreign_key}
    next_line: {type: foreign_key}
  primary_key: [order_id, line]
  foreign_keys: [{columns: [next_order, next_line], references: 'lines(order_id, line)'}]
  unique: [[next_order, next_line]]
"""


def test_the_form_of_the_documents() -> None:
    (table,) = read_mapping(DOCUMENTS).tables
    assert (table.name, table.primary_key) == ("data", ("patient_id",))
    assert [(c.name, c.type, c.meaning, c.nullable) for c in table.columns] == [
        ("patient_id", "BIGINT", "", False),
        ("diagnosis_code", "VARCHAR", "icd10_code", False),
        ("email", "VARCHAR", "email", False),
        ("visit_date", "DATE", "", False),
        ("notes", "VARCHAR", "", False),
    ]
    assert read_mapping(json.dumps(DOCUMENTS), table="visits").tables[0].name == "visits"


def test_several_tables_in_yaml() -> None:
    customers, orders, lines = read_mapping(SHOP).tables
    assert (customers.comment, customers.primary_key) == ("who buys", ("id",))
    assert customers.unique_keys == (("email",),)
    assert customers.columns[1:4] == (
        RawColumn("email", "VARCHAR", nullable=False, length=80, meaning="email"),
        RawColumn(
            "state", "VARCHAR", nullable=False, values=("on", "off"), default="'on'",
            comment="of the account",
        ),
        RawColumn("country", "VARCHAR", meaning="country_code"),
    )  # fmt: skip
    assert [c.type for c in customers.columns[4:]] == ["BIGINT", "DOUBLE"]
    assert [c.type for c in orders.columns] == ["UUID", "BIGINT", "DECIMAL(10,2)", "VARCHAR[]"]
    assert (orders.primary_key, orders.checks) == (("order_id",), ("total >= 0",))
    assert orders.foreign_keys == (RawForeignKey(("customer",), "customers", ("id",)),)
    assert orders.columns[1].nullable
    assert lines.foreign_keys == (
        RawForeignKey(("next_order", "next_line"), "lines", ("order_id", "line")),
        RawForeignKey(("order_id",), "orders", ("order_id",)),
    )
    assert [c.type for c in lines.columns] == ["UUID", "INTEGER", "UUID", "INTEGER"]
    assert lines.unique_keys == (("next_order", "next_line"),)


@pytest.mark.parametrize(
    ("word", "type_", "meaning"),
    [
        ("varchar(30)", "VARCHAR", ""),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE", ""),
        ("ENUM('a', 'b')", "ENUM('a', 'b')", ""),
        ("price", "DECIMAL(18,2)", "price"),
        ("created_at", "TIMESTAMP", "created_at"),
        ("Address", "VARCHAR", "full_address"),
        ("cpt_code", "VARCHAR", "procedure_code"),
        ("first-name", "VARCHAR", "first_name"),
        ("no_such_meaning", "VARCHAR", "no_such_meaning"),  # drafts knows which there are
    ],
)
def test_words(word: str, type_: str, meaning: str) -> None:
    column = read_mapping({"c": word}).tables[0].columns[0]
    assert (column.type, column.meaning) == (type_, meaning)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, "the schema is empty"),
        ([], "not a list"),
        ("just text", "not a str"),
        ("{a: [", "neither JSON nor YAML"),
        ({"t": {"a": 3}}, "table 't', column 'a': 3 is no type"),
        ({"t": {"a": {"type": "text", "nulable": True}}}, "unknown key 'nulable'; did you mean 'null"),
        ({"t": {"columns": {"a": "text"}, "chekcs": []}}, "unknown key 'chekcs'; did you mean 'checks'"),
        ({"t": {"a": {"type": "text", "unique": "yes"}}}, "unique is 'yes'; it takes true or false"),
        ({"t": {"a": {"type": "text", "length": 0}}}, "length is 0; it takes a number from 1"),
        ({"t": {"a": "vachar(3)"}}, "nobody knows the type 'vachar'; did you mean 'varchar'"),
        ({"t": {"a": {"references": "u.id"}}}, r"foreign key t\(a\) refers to the table 'u', which is"),
        ({"t": {"a": "foreign_key"}}, "column 'a': a foreign_key to what"),
        ({"t": {"id": "int", "a": {"references": "t.idd"}}}, "names no column 'idd'; did you mean 'id'"),
        ({"t": {"columns": {"a": "int"}, "foreign_keys": [3]}}, "foreign_keys: 3 is none; write"),
        ({"t": {"columns": {"a": "int"}, "primary_key": "b"}}, "its primary key names no column 'b'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(spec: object, expected: str) -> None:
    with pytest.raises(SchemaError, match=expected) as raised:
        read_mapping(spec)
    assert "\n" not in str(raised.value)


def test_texts_stay_texts() -> None:
    evil = "x'); DROP TABLE victim; --\""
    spec = {evil: {evil: {"type": "text", "default": evil, "values": [evil], "comment": evil}}}
    table = read_mapping(spec).tables[0]
    assert (table.name, table.columns[0].name, table.columns[0].values) == (evil, evil, (evil,))
    assert table.columns[0].default == "'x''); DROP TABLE victim; --\"'"


def test_yaml_makes_no_objects() -> None:
    with pytest.raises(SchemaError, match="neither JSON nor YAML"):
        read_mapping("!!python/object/apply:os.system ['true']")
