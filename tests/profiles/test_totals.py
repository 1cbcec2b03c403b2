"""Totals agree with the children of every row; formulas over them are exact."""

from __future__ import annotations

from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.compile import compile_profile

ITEMS = {
    "id": {"type": "parent", "column": "id"},
    "discount": {"type": "parent", "column": "discount", "hidden": True},
    "quantity": {"type": "poisson", "mean": 3, "min": 1},
    "price": {"type": "lognormal", "mean": 3, "std_dev": 1, "decimals": 2, "null_share": 0.1},
    "line": {"type": "formula", "sql": "quantity * price", "decimals": 2},
    "net": {"type": "formula", "sql": 'line - line * "orders".discount', "decimals": 2},
    "sent": {"type": "uniform", "min": "2023-01-01", "max": "2023-12-31", "sql_type": "DATE"},
    "gift": {"type": "explicit", "values": ["a", None]},
    "share": {"type": "expression", "sql": "quantity / 2"},
}
ORDERS = {
    "id": {"type": "key"},
    "discount": {"type": "explicit", "values": [0, 0.1, 0.25], "sql_type": "DECIMAL(3,2)"},
    "total": {"type": "total", "table": "items", "column": "line", "function": "sum",
              "sql_type": "DECIMAL(10,2)"},
    "pieces": {"type": "total", "table": "items", "column": "quantity", "function": "sum"},
    "lines": {"type": "total", "table": "items", "function": "count", "sql_type": "INTEGER"},
    "priced": {"type": "total", "table": "items", "column": "price", "function": "count"},
    "dearest": {"type": "total", "table": "items", "column": "price", "function": "max"},
    "last": {"type": "total", "table": "items", "column": "sent", "function": "max"},
    "gifts": {"type": "total", "table": "items", "column": "gift", "function": "count"},
    "nets": {"type": "total", "table": "items", "column": "net", "function": "sum"},
    "tax": {"type": "formula", "sql": "total * 0.19", "decimals": 2, "sql_type": "DECIMAL(10,2)"},
    "due": {"type": "formula", "sql": "total + tax", "decimals": 2},
    "word": {"type": "expression", "sql": "CASE WHEN total > 100 THEN 'big' ELSE 'small' END"},
    "buyer": {"type": "parent", "column": "buyer"},
}  # fmt: skip
BUYERS = {
    "buyer": {"type": "key"},
    "spent": {"type": "total", "table": "orders", "column": "total", "function": "sum"},
}


def tables() -> dict[str, Any]:
    return {
        "items": {
            "parent": "orders", "rows": {"type": "poisson", "mean": 1.5}, "columns": dict(ITEMS),
        },
        "orders": {
            "parent": "buyers", "rows": {"type": "poisson", "mean": 3}, "columns": dict(ORDERS),
        },
        "buyers": {"rows": 60, "columns": dict(BUYERS)},
    }  # fmt: skip


def test_totals_agree_with_the_children(stored: Any) -> None:
    made = stored(tables()).written()
    made.con.execute(
        "CREATE VIEW sums AS SELECT id, sum(line) AS s, sum(quantity) AS q, count(*) AS c, "
        "count(price) AS p, CAST(max(price) AS DOUBLE) AS d, max(sent) AS l, count(gift) AS g, "
        "sum(net) AS t FROM made.items GROUP BY id"
    )
    found = made.one(
        "SELECT count(*), count_if(c IS NULL), count_if(total <> coalesce(s, 0)), "
        "count_if(pieces <> coalesce(q, 0)), count_if(lines <> coalesce(c, 0)), "
        "count_if(priced <> coalesce(p, 0)), count_if(dearest IS DISTINCT FROM d), "
        "count_if(last IS DISTINCT FROM l), count_if(gifts <> coalesce(g, 0)), "
        "count_if(nets <> coalesce(t, 0)), count_if(tax <> round(total * 0.19, 2)), "
        "count_if(due <> total + tax), count_if((word = 'big') <> (total > 100)) "
        "FROM made.orders LEFT JOIN sums USING (id)"
    )
    assert found[0] > 120
    assert found[1] > 10
    assert found[2:] == (0,) * 11
    assert (
        made.one(
            "SELECT count_if(spent <> s), count(*) FROM made.buyers JOIN "
            "(SELECT buyer, sum(total) AS s FROM made.orders GROUP BY buyer) USING (buyer)"
        )[0]
        == 0
    )
    types = made.con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() "
        "WHERE table_name = 'orders' AND schema_name = 'made'"
    ).fetchall()
    assert dict(types)["total"] == "DECIMAL(10,2)"
    assert dict(types)["lines"] == "INTEGER"
    assert dict(types)["pieces"] == "BIGINT"


def test_the_same_totals_in_any_range(stored: Any) -> None:
    made = stored(tables())
    assert made.steady("orders")
    assert made.steady("buyers")


@pytest.mark.parametrize(
    ("table", "column", "spec", "message"),
    [
        ("orders", "x", {"type": "total", "table": "buyers", "function": "count"}, "is no child of 'orders'"),
        ("orders", "x", {"type": "total", "table": "itms", "function": "count"}, "mean 'items'"),
        ("orders", "x", {"type": "total", "table": "items", "function": "sum"}, "sum needs a 'column'"),
        ("orders", "x", {"type": "total", "table": "items", "column": "share", "function": "sum"}, "make it a 'formula'"),
        ("orders", "x", {"type": "total", "table": "items", "column": "sent", "function": "sum"}, "cannot be added"),
        ("orders", "x", {"type": "total", "table": "items", "column": "lin", "function": "sum"}, "mean 'line'"),
        ("items", "x", {"type": "parent", "column": "total"}, "a child cannot read what it is part of"),
        ("items", "x", {"type": "expression", "sql": '"orders".due'}, "a child cannot read"),
        ("orders", "x", {"type": "formula", "sql": "total + lines + word"}, "'word' is none"),
    ],
)  # fmt: skip
def test_totals_that_make_no_sense(
    table: str, column: str, spec: dict[str, Any], message: str
) -> None:
    plain = {"tables": tables()}
    plain["tables"][table]["columns"][column] = spec
    with pytest.raises(ProfileError, match=message):
        compile_profile(plain, name="p", version=1)
