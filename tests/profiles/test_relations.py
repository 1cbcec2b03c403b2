"""Relations of a profile, through SQL: keys and references hold in tables that are not empty."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb
import pytest

import genesis_sql

Con = duckdb.DuckDBPyConnection
Spec = dict[str, Any]

KEY: Spec = {"type": "key"}
PRICE: Spec = {"type": "uniform", "min": 1, "max": 90, "decimals": 2, "sql_type": "DECIMAL(8,2)"}


def copy(column: str, of: str | None = None, **more: Any) -> Spec:
    return {"type": "parent", "column": column, **({"of": of} if of else {}), **more}


def to(table: str, **more: Any) -> Spec:
    return {"type": "reference", "table": table, **more}


def children(mean: float) -> Spec:
    return {"type": "poisson", "mean": mean}


SHOP: Spec = {
    "units": {
        "rows": 6,
        "comment": "of the firm",
        "columns": {
            "id": {**KEY, "sql_type": "SMALLINT"},
            "head": to("staff", nullable=True, null_share=0.2),
            "name": {"type": "explicit", "values": [f"unit {i}" for i in range(9)]},
        },
        "unique": [["name"]],
    },
    "staff": {
        "rows": 60,
        "columns": {
            "id": {**KEY, "sql_type": "UUID"},
            "unit": to("units"),
            "boss": to("staff", null_share=0.1),
            "pay": {"type": "uniform", "min": 1000, "max": 2000, "decimals": 0},
            "boss_pay": copy("pay", "boss"),
        },
        "checks": ["PAY >= 1200 AND pay < 1900"],
    },
    "people": {
        "rows": 150,
        "columns": {
            "id": {**KEY, "sql_type": "INTEGER", "comment": "counts up"},
            "code": {**KEY, "format": "C%05d", "sql_type": "VARCHAR(6)"},
            "land": {"type": "categorical", "values": {"DE": 0.5, "FR": 0.5}, "nullable": False},
        },
    },
    "goods": {
        "rows": 40,
        "columns": {
            "sku": {**KEY, "format": "S%03d"},
            "price": PRICE,
            "label": {"type": "expression", "sql": "sku || ' at ' || price"},
        },
    },
    "orders": {
        "parent": "people",
        "rows": {"type": "lognormal", "mean": 0.5, "std_dev": 1},
        "columns": {
            "id": KEY,
            "person": copy("id"),
            "code": copy("code"),
            "land": copy("land"),
            "seller": to("staff", null_share=0.3, skew=1.0),
        },
    },
    "items": {
        "parent": "orders",
        "rows": {"type": "poisson", "mean": 3, "min": 1},
        "primary_key": ["order_id", "line"],
        "columns": {
            "order_id": copy("id"),
            "line": {"type": "sibling"},
            "sku": to("goods", skew=1.2, distinct=True),
            "price": copy("price", "sku"),
            "label": copy("label", "sku"),
            "land": copy("land"),
            "seller": copy("seller"),
        },
    },
    "events": {
        "parent": "items",
        "rows": children(1),
        "columns": {
            "id": KEY,
            "order_id": copy("order_id"),
            "line": copy("line"),
            "price": copy("price"),
        },
    },
    "returns": {
        "rows": 50,
        "columns": {
            "id": KEY,
            "order_id": to("items", column="order_id", link="item"),
            "line": to("items", column="line", link="item"),
            "sku": copy("sku", "item"),
            "label": copy("label", "item"),
        },
    },
    "liked": {
        "rows": 200,
        "primary_key": ["person", "sku"],
        "columns": {"person": to("people"), "sku": to("goods")},
    },
    "visits": {
        "parent": "people",
        "rows": children(2),
        "columns": {"person": copy("id"), "unit": to("units", distinct=True)},
        "primary_key": ["person", "unit"],
    },
}
REFERENCES = (
    ("units", "head", "staff", "id"),
    ("staff", "unit", "units", "id"),
    ("staff", "boss", "staff", "id"),
    ("orders", "person", "people", "id"),
    ("orders", "seller", "staff", "id"),
    ("items", "order_id", "orders", "id"),
    ("items", "sku", "goods", "sku"),
    ("events", "order_id, line", "items", "order_id, line"),
    ("returns", "order_id, line", "items", "order_id, line"),
    ("liked", "person", "people", "id"),
    ("liked", "sku", "goods", "sku"),
    ("visits", "person", "people", "id"),
    ("visits", "unit", "units", "id"),
)


def save(con: Con, tables: Mapping[str, Any], name: str = "p") -> None:
    con.execute("CALL genesis_save_profile(?, spec := ?)", [name, json.dumps({"tables": tables})])


def fill(con: Con, tables: Mapping[str, Any], rows: str = "", seed: int = 1) -> dict[str, int]:
    """Save a profile and write its tables; the rows of each."""
    save(con, tables)
    more = f", rows := MAP {rows}" if rows else ""
    call = f"CALL genesis_generate_database('p', target := 's', if_exists := 'replace', seed := {seed}{more})"
    return {row[0]: row[1] for row in con.execute(call).fetchall()}


def one(con: Con, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


def lost(con: Con, child: str, own: str, parent: str, key: str) -> tuple[int, int]:
    """References that are not NULL, and those of them that find no row."""
    first = own.partition(",")[0]
    found = con.execute(
        f"SELECT count(*), count(*) FILTER (({own}) NOT IN (SELECT ({key}) FROM s.{parent})) "
        f"FROM s.{child} WHERE {first} IS NOT NULL"
    ).fetchall()[0]
    return int(found[0]), int(found[1])


@pytest.fixture(scope="module")
def shop() -> Iterator[Con]:
    """The shop, written once."""
    with duckdb.connect() as con:
        genesis_sql.register(con)
        fill(con, SHOP)
        yield con


def test_every_reference_finds_its_row(shop: Con) -> None:
    for child, own, parent, key in REFERENCES:
        some, wrong = lost(shop, child, own, parent, key)
        assert (some > 3, wrong) == (True, 0), (child, own)


def test_keys_and_rules_are_declared(shop: Con) -> None:
    found = shop.execute(
        "SELECT table_name, constraint_type, list_sort(list_distinct(constraint_column_names)) "
        "FROM duckdb_constraints() WHERE schema_name = 's'"
    ).fetchall()
    known = {(t, kind, tuple(columns)) for t, kind, columns in found}
    wanted = {
        ("items", "PRIMARY KEY", ("line", "order_id")),
        ("items", "UNIQUE", ("order_id", "sku")),
        ("people", "UNIQUE", ("code",)),
        ("units", "UNIQUE", ("name",)),
        ("liked", "PRIMARY KEY", ("person", "sku")),
        ("visits", "PRIMARY KEY", ("person", "unit")),
        ("events", "FOREIGN KEY", ("line", "order_id")),
        ("returns", "FOREIGN KEY", ("line", "order_id")),
        ("orders", "FOREIGN KEY", ("seller",)),
        ("staff", "CHECK", ("pay",)),
        ("people", "NOT NULL", ("land",)),
    }
    assert wanted <= known
    assert ("units", "FOREIGN KEY", ("head",)) not in known  # it closes a circle
    types = dict(
        shop.execute(
            "SELECT table_name || '.' || column_name, data_type FROM duckdb_columns() "
            "WHERE schema_name = 's'"
        ).fetchall()
    )
    assert [types[c] for c in ("units.id", "staff.id", "people.id", "people.code", "orders.id")] == [
        "SMALLINT", "UUID", "INTEGER", "VARCHAR", "BIGINT",
    ]  # fmt: skip


def test_comments_are_written(shop: Con) -> None:
    tables = "SELECT table_name, comment FROM duckdb_tables() WHERE comment IS NOT NULL"
    columns = "SELECT column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL"
    assert shop.execute(f"{tables} AND schema_name = 's'").fetchall() == [("units", "of the firm")]
    assert shop.execute(f"{columns} AND schema_name = 's'").fetchall() == [("id", "counts up")]


def test_copies_are_of_the_row_that_was_chosen(shop: Con) -> None:
    queries = (
        "SELECT count(*), count(*) FILTER (i.price <> g.price OR i.label <> g.label) FROM s.items i JOIN s.goods g USING (sku)",
        "SELECT count(*), count(*) FILTER (e.price <> i.price) FROM s.events e "
        "JOIN s.items i USING (order_id, line)",
        "SELECT count(*), count(*) FILTER (r.sku <> i.sku OR r.label <> i.label) FROM s.returns r "
        "JOIN s.items i USING (order_id, line)",
        "SELECT count(*), count(*) FILTER (i.seller IS DISTINCT FROM o.seller) FROM s.items i "
        "JOIN s.orders o ON o.id = i.order_id",
        "SELECT count(*), count(*) FILTER (a.boss_pay <> b.pay) FROM s.staff a "
        "JOIN s.staff b ON b.id = a.boss",
    )
    for query in queries:
        some, wrong = shop.execute(query).fetchall()[0]
        assert (some > 20, wrong) == (True, 0), query
    assert one(shop, "SELECT count(DISTINCT price) FROM s.items") > 15


def test_checks_hold_and_places_count(shop: Con) -> None:
    assert shop.execute(
        "SELECT min(pay) >= 1200, max(pay) < 1900, count(*) FROM s.staff"
    ).fetchall() == [(True, True, 60)]
    assert one(
        shop,
        "SELECT bool_and(l = range(1, n + 1)) FROM (SELECT list(line ORDER BY line) AS l, "
        "count(*) AS n FROM s.items GROUP BY order_id)",
    )


def test_a_self_reference_names_an_earlier_row(shop: Con) -> None:
    rows = shop.execute("SELECT id, boss FROM genesis_generate('p', 'staff', seed := 1)").fetchall()
    seen: set[Any] = set()
    for own, boss in rows:
        assert boss is None or boss in seen
        seen.add(own)
    assert rows[0][1] is None
    assert 45 < sum(boss is not None for _, boss in rows) < 60


def test_siblings_choose_different_rows(shop: Con) -> None:
    for table, parent, column in (("items", "order_id", "sku"), ("visits", "person", "unit")):
        rows, pairs, most = shop.execute(
            f"SELECT sum(n), sum(d), max(n) FROM (SELECT count(*) AS n, count(DISTINCT {column}) "
            f"AS d FROM s.{table} GROUP BY {parent})"
        ).fetchall()[0]
        assert (pairs, most > 3) == (rows, True)


def test_rows_are_the_same_in_any_range_and_for_any_threads(shop: Con) -> None:
    for table in SHOP:
        query = f"FROM genesis_generate('p', '{table}', seed := 1, scale := 1"
        whole = shop.execute(f"{query})").fetchall()
        written = shop.execute(f"FROM s.{table}").fetchall()
        assert sorted(whole, key=str) == sorted(written, key=str)
        assert len(whole) > 5
        half = len(whole) // 2
        parts = [f"{query}, first_row := {at}, rows := {many})" for at, many in (
            (0, half), (half, len(whole) - half))]  # fmt: skip
        shop.execute("SET threads = 1")
        assert [r for part in parts for r in shop.execute(part).fetchall()] == whole, table
        shop.execute("RESET threads")
        assert shop.execute(f"FROM genesis_generate('p', '{table}', seed := 2)").fetchall() != whole


def test_a_skewed_reference_prefers_few_rows(con: Con) -> None:
    def largest(skew: float) -> float:
        tables = {
            "a": {"rows": 200, "columns": {"id": KEY}},
            "b": {"rows": 4000, "columns": {"id": KEY, "a": to("a", skew=skew)}},
        }
        fill(con, tables)
        query = "SELECT max(n) FROM (SELECT count(*) AS n FROM s.b GROUP BY a)"
        return float(one(con, query)) / 4000

    assert largest(0) < 0.02
    assert largest(1.5) > 0.04


def test_a_unique_column_that_is_no_key_can_be_named(con: Con) -> None:
    tables = {
        "a": {
            "rows": 30,
            "columns": {
                "id": KEY,
                "mark": {"type": "uniform", "min": 1, "max": 60, "decimals": 0},
            },
            "unique": [["mark"]],
        },
        "b": {"rows": 80, "columns": {"id": KEY, "mark": to("a", column="mark")}},
    }
    fill(con, tables)
    assert lost(con, "b", "mark", "a", "mark") == (80, 0)
    assert one(con, "SELECT count(DISTINCT mark) FROM s.a") == 30
    keys = "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
    assert one(con, keys) == 1


def test_a_strict_self_reference_ends_at_itself(con: Con) -> None:
    fill(con, {"a": {"rows": 20, "columns": {"id": KEY, "up": to("a", nullable=False)}}})
    assert lost(con, "a", "up", "a", "id") == (20, 0)
    assert one(con, "SELECT count(*) FROM s.a WHERE id = up") == 1


def without(*names: str) -> Spec:
    """The orders of the shop without who sells them."""
    orders = {**SHOP["orders"], "columns": {**SHOP["orders"]["columns"]}}
    items = {**SHOP["items"], "columns": {**SHOP["items"]["columns"]}}
    del orders["columns"]["seller"], items["columns"]["seller"]
    held = {**SHOP, "orders": orders, "items": items}
    return {name: held[name] for name in held if name not in names}


def test_rows_asked_for_exactly(con: Con) -> None:
    tables = without("units", "staff", "liked", "visits", "returns")
    made = fill(con, tables, "{'people': 20, 'orders': 700, 'items': 900, 'events': 5}")
    assert [made[t] for t in ("people", "orders", "items", "events")] == [20, 700, 900, 5]
    most = one(con, "SELECT max(n) FROM (SELECT count(*) AS n FROM s.orders GROUP BY person)")
    assert most > 70  # the law of children per parent stays skewed
    for child, own, parent, key in REFERENCES:
        if {child, parent} <= tables.keys():
            assert lost(con, child, own, parent, key)[1] == 0
    made = fill(con, tables, "{'orders': 100, 'items': 8}")  # fewer rows than parents
    assert (made["orders"], made["items"]) == (100, 8)
    made = fill(con, tables, "{'orders': 0}")
    assert [made[t] for t in ("people", "orders", "items", "events")] == [150, 0, 0, 0]


def test_unique_pairs_use_all_there_are(con: Con) -> None:
    tables = {name: SHOP[name] for name in ("people", "goods", "liked")}
    fill(con, tables, "{'people': 5, 'goods': 40, 'liked': 200}")
    assert one(con, "SELECT count(*) FROM (SELECT DISTINCT person, sku FROM s.liked)") == 200


def test_validation_sees_what_breaks(shop: Con) -> None:
    made = genesis_sql.load_profile(shop, "p")["spec"]
    from genesis_sql.profiles.validate import validate

    tables = {t: f"s.{t}" for t in SHOP}
    checks = validate(shop, tables, made)
    assert [c for c in checks if c.passed is False] == []
    kinds = {(c.table, c.check) for c in checks}
    assert {("items", "place"), ("staff", "check"), ("items", "copy"), ("liked", "unique")} <= kinds
    broken = {
        "items": "(SELECT * REPLACE (line + 1 AS line, price + 1 AS price) FROM s.items)",
        "liked": "(SELECT * REPLACE ('S001' AS sku, 1 AS person) FROM s.liked)",
        "staff": "(SELECT * REPLACE (1 AS pay) FROM s.staff)",
        "returns": "(SELECT * REPLACE (999 AS line) FROM s.returns)",
    }
    failed = {
        (c.table, c.check) for c in validate(shop, {**tables, **broken}, made) if c.passed is False
    }
    assert failed >= {
        ("items", "place"), ("items", "copy"), ("liked", "unique"), ("staff", "check"),
        ("returns", "reference"),
    }  # fmt: skip


def test_unique_text_is_made_of_something_that_differs(con: Con) -> None:
    mail = {"type": "expression", "sql": "name || n() || '@mail.example'"}
    number = {"type": "pattern", "shape": "##-####", "unique": True}
    name = {"type": "combined", "parts": [["a", "b"], ["c", "d"]], "unique": True}
    columns = {"name": name, "mail": mail, "number": number}
    keys = {"primary_key": ["number"], "unique": [["mail"], ["name"]]}
    tables = {
        "a": {"rows": 200, "columns": columns, **keys},
        "b": {"rows": 90, "columns": {"a": to("a"), "mail": copy("mail", "a")}},
        "c": {"rows": 70, "columns": {"mail": to("a", column="mail", skew=0.5, null_share=0.2)}},
    }
    fill(con, tables)
    counts = "SELECT count(DISTINCT mail), count(DISTINCT number), count(DISTINCT name) FROM s.a"
    assert con.execute(counts).fetchall() == [(200, 200, 200)]
    assert lost(con, "b", "a", "a", "number") == (90, 0)
    some, wrong = lost(con, "c", "mail", "a", "mail")
    assert (40 < some < 70, wrong) == (True, 0)
    declared = "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
    assert one(con, declared) == 2
    assert one(con, "SELECT count(*) FROM s.b JOIN s.a ON b.a = a.number AND b.mail = a.mail") == 90


FIRMS: Spec = {
    "firms": {"rows": 9, "columns": {"firm": KEY}},
    "tools": {
        "parent": "firms",
        "rows": {"type": "explicit", "values": [0, 4]},
        "primary_key": ["firm", "tool"],
        "columns": {"firm": copy("firm"), "tool": {"type": "sibling"}},
    },
    "jobs": {
        "parent": "firms",
        "rows": children(6),
        "primary_key": ["firm", "job"],
        "columns": {"firm": copy("firm"), "job": {"type": "sibling"}},
    },
    "steps": {
        "parent": "jobs",
        "rows": children(3),
        "columns": {
            "firm": copy("firm"),
            "job": copy("job"),
            "tool": to("tools", column="tool", match={"firm": "firm"}, skew=0.5),
        },
    },
    "loans": {
        "rows": 60,
        "columns": {
            "firm": to("jobs", column="firm", link="job"),
            "job": to("jobs", column="job", link="job"),
            "tool": to("tools", column="tool", link="tool", match={"firm": "firm"}),
        },
    },
}


def test_keys_that_share_a_column_agree_in_it(con: Con) -> None:
    made = fill(con, FIRMS, seed=4)
    assert one(con, "SELECT count(DISTINCT firm) FROM s.tools") < 8  # some firms have no tools
    for table in ("steps", "loans"):
        assert made[table] > 50
        for parent, key in (("jobs", "firm, job"), ("tools", "firm, tool")):
            some, wrong = lost(con, table, key, parent, key)
            assert (some, wrong) == (made[table], 0), (table, parent)
    keys = con.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE table_name = 'loans' "
        "AND constraint_type = 'FOREIGN KEY' ORDER BY ALL"
    ).fetchall()
    assert keys == [(["firm", "job"],), (["firm", "tool"],)]


KEYS: dict[str, Spec] = {
    "UUID": {**KEY, "sql_type": "UUID"},
    "UUID of numbers": {
        **KEY, "sql_type": "UUID", "format": "00000000-0000-4000-8000-%012d",
    },
    "SMALLINT": {**KEY, "sql_type": "SMALLINT", "start": 7},
    "DECIMAL": {**KEY, "sql_type": "DECIMAL(12,0)", "format": "%d"},
    "VARCHAR": {**KEY, "sql_type": "VARCHAR(5)", "format": "N%04d"},
}  # fmt: skip


def test_keys_of_many_types(con: Con) -> None:
    tables: Spec = {}
    for at, spec in enumerate(KEYS.values()):
        tables[f"a{at}"] = {"rows": 50, "columns": {"k": spec, "other": {**spec, "start": 100}}}
        tables[f"b{at}"] = {
            "rows": 60,
            "columns": {"k": to(f"a{at}"), "c": to(f"a{at}", column="other")},
        }
    fill(con, tables)
    for at, name in enumerate(KEYS):
        assert lost(con, f"b{at}", "k", f"a{at}", "k") == (60, 0)
        assert lost(con, f"b{at}", "c", f"a{at}", "other") == (60, 0)
        types = con.execute(f"SELECT DISTINCT typeof(k), typeof(c) FROM s.b{at}").fetchall()[0]
        assert all(name.startswith(t.partition("(")[0]) for t in types)
        counted = f"SELECT count(DISTINCT k), count(DISTINCT other) FROM s.a{at}"
        assert con.execute(counted).fetchall() == [(50, 50)]
    assert one(con, "SELECT count(*) FROM s.a0 JOIN s.a1 USING (k)") == 0
