"""Parents are found, rows are shared out, and keys that lead nowhere are refused."""

from __future__ import annotations

import pytest

from genesis_sql.drafts.draft import draft
from genesis_sql.drafts.relations import main_parents, ordered, sizes
from genesis_sql.errors import OptionError, SchemaError
from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable


def mains(ddl: str) -> dict[str, str]:
    return {child: key.parent for child, key in main_parents(read_ddl(ddl)).items()}


def test_a_line_hangs_on_its_order(crm: RawSchema) -> None:
    found = {child: key.parent for child, key in main_parents(crm).items()}
    assert found == {"contacts": "customers", "orders": "customers", "order_items": "orders"}


def test_no_table_hangs_on_labels_or_on_itself() -> None:
    found = mains(
        "CREATE TABLE kinds (id INT PRIMARY KEY, name TEXT);"
        "CREATE TABLE teams (id INT PRIMARY KEY, name TEXT, founded DATE);"
        "CREATE TABLE staff (id INT PRIMARY KEY, boss_id INT REFERENCES staff(id),"
        " kind_id INT NOT NULL REFERENCES kinds(id), team_id INT REFERENCES teams(id));"
    )
    assert found == {"staff": "teams"}


def test_a_circle_is_cut_where_null_may_stand() -> None:
    ddl = (
        "CREATE TABLE a (id INT PRIMARY KEY, b_id INT{a}); CREATE TABLE b (id INT PRIMARY KEY,"
        " a_id INT NOT NULL REFERENCES a(id)); ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b(id);"
    )
    assert mains(ddl.format(a="")) == {"b": "a"}
    assert [t.name for t in ordered(read_ddl(ddl.format(a="")))] == ["a", "b"]
    with pytest.raises(SchemaError, match=r"the tables a → b → a refer to one another"):
        mains(ddl.format(a=" NOT NULL"))


def test_default_rows_follow_what_a_table_is(crm: RawSchema) -> None:
    found = sizes(crm, main_parents(crm), {"Orders": 50})
    assert (found["products"], found["customers"]) == (200, 16)  # no more than have an order
    assert (found["orders"], found["order_items"]) == (50, 150)
    assert sizes(crm, main_parents(crm), {"order_items": 90})["customers"] == 10
    free = sizes(crm, main_parents(crm), {})
    assert free["products"] < free["customers"] < free["orders"]
    assert sizes(crm, main_parents(crm), {"orders": 60_000})["customers"] == 1000


@pytest.mark.parametrize(
    ("rows", "told"),
    [({"ordrs": 5}, "did you mean 'orders'"), ({"orders": 0}, "a table has at least 1")],
)
def test_rows_that_make_no_sense(crm: RawSchema, rows: dict[str, int], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        draft(crm, rows=rows)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (RawForeignKey(("up",), "uper", ("id",)), "which the schema does not have; did you mean"),
        (RawForeignKey(("upp",), "upper", ("id",)), "which 'lower' does not have"),
        (RawForeignKey(("up",), "upper", ("name",)), "which is no key"),
        (RawForeignKey(("up", "id"), "upper", ("id",)), "has 2 columns and refers to 1"),
    ],
)
def test_a_key_to_nowhere(key: RawForeignKey, told: str) -> None:
    upper = RawTable("upper", "", (RawColumn("id", "INTEGER"), RawColumn("name", "VARCHAR")),
                     primary_key=("id",))  # fmt: skip
    lower = RawTable("lower", "", (RawColumn("id", "INTEGER"), RawColumn("up", "INTEGER")),
                     foreign_keys=(key,))  # fmt: skip
    with pytest.raises(SchemaError, match=told):
        draft(RawSchema((upper, lower)))


def test_one_row_each_where_the_key_says_so() -> None:
    ddl = (
        "CREATE TABLE users (id INT PRIMARY KEY); CREATE TABLE profiles ("
        "user_id INT PRIMARY KEY REFERENCES users(id), bio TEXT);"
    )
    plain = draft(read_ddl(ddl), rows={"users": 10, "profiles": 5})
    assert plain["tables"]["profiles"]["rows"]["values"] == [0, 1]
    with pytest.raises(SchemaError, match="allows one for each of the 10 rows of 'users'"):
        draft(read_ddl(ddl), rows={"users": 10, "profiles": 11})


def test_more_rows_than_values_are_refused_before_any_work() -> None:
    ddl = "CREATE TABLE t (id SMALLINT PRIMARY KEY, k TEXT UNIQUE CHECK (k IN ('a', 'b')))"
    with pytest.raises(SchemaError, match=r"'k' .*2 values, and 9 rows are asked for"):
        draft(read_ddl(ddl), rows={"t": 9})
    with pytest.raises(SchemaError, match=r"'id' .*32,767 values, and 40,000 rows"):
        draft(read_ddl("CREATE TABLE t (id SMALLINT PRIMARY KEY)"), rows={"t": 40_000})
