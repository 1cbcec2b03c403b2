"""Tables of a model go into real databases: the same rows as genesis_generate gives, keys and all."""

from __future__ import annotations

import duckdb
import pytest
import sqlalchemy as sa

import genesis_sql
from genesis_sql.actions.delivering import filling
from genesis_sql.errors import (
    InterruptedFitError,
    ModelNotFoundError,
    OptionError,
    TargetError,
)
from tests.actions.delivering.conftest import SHOP, ask, counts, fill, make
from tests.servers import PASSWORD, Server

ALL = ("shops", "customers", "orders", "items")
SIZES = {"customers": 60, "orders": 90}


def test_the_rows_are_those_of_generate_and_no_key_is_broken(
    shop: duckdb.DuckDBPyConnection, url: str
):
    make(url, SHOP)
    report = fill(shop, url, rows=SIZES, seed=3)
    assert [r["table_name"] for r in report] == list(ALL)
    assert [r["rows"] for r in report] == counts(url, *ALL)
    assert report[1]["rows"] == 60
    assert report[2]["rows"] == 90
    assert all(r["orphans"] == r["violations"] == 0 for r in report)
    genesis_sql.generate_database(shop, "shop", "synth", rows=SIZES, seed=3, if_exists="replace")
    for table, columns in (
        ("shops", "id, region, opened"),
        ("customers", "id, shop_id, age, income, member"),
        ("orders", "id, customer_id, amount, placed"),
        ("items", "order_id, line, sku, qty"),
    ):
        there = ask(url, f"SELECT {columns} FROM {table} ORDER BY 1, 2")
        here = shop.execute(f"SELECT {columns} FROM synth.{table} ORDER BY 1, 2").fetchall()
        assert len(there) == len(here) > 0
        assert [[_plain(v) for v in r] for r in there] == [[_plain(v) for v in r] for r in here], (
            table
        )


def _plain(value: object) -> object:
    """SQLite keeps dates as text, MariaDB booleans as numbers."""
    if isinstance(value, str) and value[:2] in ("19", "20") and value[10:11] == " ":
        return value[:19]
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("T", " ")[:19]
    return float(value) if hasattr(value, "quantize") or isinstance(value, bool) else value


def test_tables_with_rows_are_left_alone_unless_told(shop: duckdb.DuckDBPyConnection, url: str):
    make(url, SHOP)
    fill(shop, url, rows=SIZES)
    before = counts(url, *ALL)
    with pytest.raises(
        TargetError,
        match=r"table 'shops' and 3 more of the database holds rows already; .*if_exists := 'append'",
    ):
        fill(shop, url, rows=SIZES, seed=1)
    assert counts(url, *ALL) == before
    fill(shop, url, rows={"customers": 61, "orders": 10}, seed=1, if_exists="replace")
    assert counts(url, "customers", "orders") == [61, 10]


def test_append_adds_to_what_is_there(shop: duckdb.DuckDBPyConnection, url: str):
    make(url, SHOP)
    make(url, "INSERT INTO shops (id, region) VALUES (100000, 'own')")
    report = fill(shop, url, rows=SIZES, if_exists="append")
    assert counts(url, "shops") == [report[0]["rows"] + 1]


def test_appended_keys_go_on_behind_the_greatest(shop: duckdb.DuckDBPyConnection, url: str):
    """And so does what refers to them: the second half is the first, moved."""
    make(url, SHOP)
    fill(shop, url, rows=SIZES)
    asked = [
        "SELECT id, region FROM shops ORDER BY id",
        "SELECT id, shop_id, age FROM customers ORDER BY id",
        "SELECT id, customer_id, amount FROM orders ORDER BY id",
        "SELECT order_id, line, qty FROM items ORDER BY order_id, line",
    ]
    once = [ask(url, q) for q in asked]
    report = fill(shop, url, rows=SIZES, if_exists="append")
    assert all(r["orphans"] == r["violations"] == 0 for r in report)
    by = [t[-1][0] + 1 - t[0][0] for t in once]
    above = [0, by[0], by[1], 0]
    for query, rows, key, parent in zip(asked, once, [*by[:3], by[2]], above, strict=True):
        moved = [
            (r[0] + key, r[1] + parent if parent and r[1] is not None else r[1], *r[2:])
            for r in rows
        ]
        assert ask(url, query) == [*rows, *moved]


def test_an_append_that_was_cut_off_goes_on_with_the_same_keys(
    shop: duckdb.DuckDBPyConnection, url: str, monkeypatch: pytest.MonkeyPatch
):
    make(url, SHOP)
    fill(shop, url, rows=SIZES)
    load, query = filling.Filling._load, "SELECT id, customer_id FROM orders ORDER BY id"
    fill(shop, url, rows=SIZES, if_exists="append")
    whole = ask(url, query)
    fill(shop, url, rows=SIZES, if_exists="replace")
    monkeypatch.setattr(filling, "PIECE", 40)

    def stopped(self: filling.Filling, name: str, first: int, stop: int) -> None:
        load(self, name, first, stop)
        if (name, first) == ("orders", 40):
            raise InterruptedFitError("cancelled by Ctrl-C")

    with monkeypatch.context() as patched:
        patched.setattr(filling.Filling, "_load", stopped)
        with pytest.raises(InterruptedFitError):
            fill(shop, url, rows=SIZES, if_exists="append", commit="table")
    assert counts(url, "orders") == [90 + 40]
    fill(shop, url, rows=SIZES, if_exists="append", commit="table")
    assert ask(url, query) == whole


def test_what_cannot_go_on_is_told_before_anything_is_written(
    con: duckdb.DuckDBPyConnection, url: str
):
    word = "VARCHAR(40) NOT NULL"
    ddl = [
        f"CREATE TABLE colours (code {word} PRIMARY KEY)",
        f"CREATE TABLE cars (id SMALLINT PRIMARY KEY, colour {word} REFERENCES colours (code))",
    ]
    make(url, ddl)
    genesis_sql.from_ddl("; ".join(ddl), con=con, name="cars")
    fill(con, url, "cars", rows={"colours": 3, "cars": 5})
    before = ask(url, "SELECT * FROM colours ORDER BY 1")
    for commit in ("all", "table"):
        with pytest.raises(TargetError, match=r"'colours': code '.+' is there already and must be"):
            fill(con, url, "cars", rows={"colours": 3}, if_exists="append", commit=commit)
    assert ask(url, "SELECT * FROM colours ORDER BY 1") == before
    make(url, ["DELETE FROM cars", "DELETE FROM colours", *[f"INSERT INTO colours VALUES ('{c}')" for c in "xy"], "INSERT INTO cars VALUES (32766, 'x')"])  # fmt: skip
    with pytest.raises(TargetError, match="key 'id' has reached 32,766, and 32,769 passes what"):
        fill(con, url, "cars", rows={"colours": 3, "cars": 3}, if_exists="append")
    assert counts(url, "colours", "cars") == [2, 1]


def test_replace_spares_rows_that_others_refer_to(shop: duckdb.DuckDBPyConnection, url: str):
    make(url, SHOP)
    fill(shop, url, rows=SIZES)
    first = ask(url, "SELECT min(id) FROM customers")[0][0]
    make(
        url,
        [
            "CREATE TABLE letters (id INTEGER PRIMARY KEY, customer BIGINT, FOREIGN KEY (customer) REFERENCES customers (id))",
            f"INSERT INTO letters VALUES (1, {first})",
        ],
    )
    with pytest.raises(
        TargetError,
        match="rows of 'customers' cannot be replaced: those of 'letters', which the model does not have, refer to them",
    ):
        fill(shop, url, rows=SIZES, if_exists="replace")
    assert counts(url, "customers") == [60]


def test_a_dry_run_writes_nothing_and_finds_what_does_not_fit(
    shop: duckdb.DuckDBPyConnection, url: str
):
    make(url, SHOP)
    report = fill(shop, url, rows=SIZES, dry_run=True)
    assert [r["rows"] for r in report][1:3] == [60, 90]
    assert report[0]["orphans"] is None
    assert counts(url, *ALL) == [0, 0, 0, 0]
    make(url, "DROP TABLE items")
    with pytest.raises(
        TargetError,
        match="the database has no table 'items'; there are: 'customers', 'orders', 'shops'",
    ):
        fill(shop, url, rows=SIZES, dry_run=True)


@pytest.mark.parametrize(
    ("statements", "match"),
    [
        (
            ["ALTER TABLE items DROP COLUMN sku"],
            "table 'items' of the database has no column 'sku'; there are",
        ),
        (
            ["ALTER TABLE items DROP COLUMN sku", "ALTER TABLE items ADD COLUMN sku INTEGER"],
            "column 'sku' of table 'items' is VARCHAR in the model and INTEGER in the database",
        ),
        (
            [
                "DROP TABLE items",
                "CREATE TABLE items (order_id INTEGER, line INTEGER, sku VARCHAR(20), qty INTEGER, note VARCHAR(9) NOT NULL)",
            ],
            "column 'note' of table 'items' may not be NULL and model 'shop' has no such column",
        ),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_written(
    shop: duckdb.DuckDBPyConnection, url: str, statements: list[str], match: str
):
    make(url, SHOP)
    make(url, statements)
    with pytest.raises(TargetError, match=match):
        fill(shop, url, rows=SIZES)
    assert counts(url, *ALL) == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_value_that_does_not_fit_leaves_nothing(
    shop: duckdb.DuckDBPyConnection, kind: str, request: pytest.FixtureRequest
):
    url = request.getfixturevalue(kind)
    make(url, SHOP)
    make(url, ["ALTER TABLE items DROP COLUMN sku", "ALTER TABLE items ADD COLUMN sku VARCHAR(3)"])
    with pytest.raises(
        TargetError,
        match=r"table 'items' of the database does not take the rows: .*(too long|Data too long).*; nothing was kept",
    ):
        fill(shop, url, rows=SIZES)
    assert counts(url, *ALL) == [0, 0, 0, 0]
    assert shop.execute(
        "SELECT status, error LIKE '%too long%' FROM genesis_history('shop') WHERE kind = 'fill' ORDER BY id DESC LIMIT 1"
    ).fetchall() == [("error", True)]


def test_case_of_names_and_defaults(shop: duckdb.DuckDBPyConnection, url: str):
    make(url, SHOP)
    make(
        url,
        [
            "DROP TABLE items",
            "CREATE TABLE items (ORDER_ID INTEGER, line INTEGER, Sku VARCHAR(20), qty INTEGER, note VARCHAR(9) DEFAULT 'none' NOT NULL, PRIMARY KEY (ORDER_ID, line))",
        ],
    )
    fill(shop, url, rows=SIZES)
    assert ask(url, "SELECT DISTINCT note FROM items") == [("none",)]


def test_the_history_tells_it_without_the_password(
    shop: duckdb.DuckDBPyConnection, postgres_server: Server
):
    url = postgres_server.fresh()
    make(url, SHOP)
    make(
        url,
        [f"GRANT ALL ON ALL {what} IN SCHEMA public TO locked" for what in ("TABLES", "SEQUENCES")],
    )
    secret = (
        sa.make_url(url)
        .set(username="locked", password=PASSWORD)
        .render_as_string(hide_password=False)
    )
    shop.execute("CALL genesis_fill('shop', ?, rows := MAP {'orders': 50})", [secret]).fetchall()
    told = shop.execute(
        "SELECT status, rows, arguments FROM genesis_history('shop') WHERE kind = 'fill' ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert [t[:2] for t in told] == [("done", sum(counts(url, *ALL)))]
    assert PASSWORD not in told[0][2]
    assert "host=" in told[0][2]
    checked = shop.execute(
        "SELECT count(*), sum(violations) FROM genesis_integrity('shop')"
    ).fetchall()
    assert checked[0][0] >= 7
    assert checked[0][1] == 0
    wrong = secret.replace(PASSWORD, "wr0ng-secret")
    with pytest.raises(TargetError, match="cannot be reached: .*password") as told_error:
        fill(shop, wrong)
    assert "wr0ng" not in str(told_error.value)


@pytest.mark.parametrize(
    ("url", "error", "match"),
    [
        (
            "postgresql://me:pw-77@127.0.0.1:1/x",
            TargetError,
            "postgresql.*127.0.0.1:1/x cannot be reached: .*refused",
        ),
        (
            "mysql://me:pw-77@127.0.0.1:1/x",
            TargetError,
            "mysql.*127.0.0.1:1/x cannot be reached: .*refused",
        ),
        (
            "sqlite:////nowhere/at/all.db",
            TargetError,
            "there is no SQLite database '/nowhere/at/all.db'",
        ),
        ("sqlite://", OptionError, "SQLite database in memory"),
        (
            "no url at all",
            OptionError,
            "'no url at all' is no URL of a database; write it as in 'postgresql://",
        ),
        ("oracle://me:pw-77@h/x", OptionError, "rows cannot be delivered to 'oracle'"),
        ("duckdb:///shop.duckdb", OptionError, "genesis_generate_database"),
        ("postgresql://me:pw-77@h:port/x", OptionError, "no URL of a database"),
    ],
)
def test_a_database_that_is_not_there(
    shop: duckdb.DuckDBPyConnection, url: str, error: type[Exception], match: str
):
    with pytest.raises(error, match=match) as told:
        fill(shop, url)
    assert "pw-77" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "how", [{"if_exists": "truncate"}, {"commit": "row"}, {"scale": -1.0}, {"rows": {"ordrs": 5}}]
)
def test_arguments_that_make_no_sense(shop: duckdb.DuckDBPyConnection, tmp_path, how: dict):
    (tmp_path / "a.db").touch()
    with pytest.raises(
        (OptionError, ModelNotFoundError), match="not known|positive|did you mean 'orders'"
    ):
        fill(shop, f"sqlite:///{tmp_path / 'a.db'}", **how)


def test_a_connection_without_access_reaches_nothing(
    closed_shop: duckdb.DuckDBPyConnection, tmp_path
):
    make_at = f"sqlite:///{tmp_path / 'a.db'}"
    (tmp_path / "a.db").touch()
    make(make_at, SHOP)
    with pytest.raises(genesis_sql.errors.AccessError, match="enable_external_access"):
        fill(closed_shop, make_at)
    assert counts(make_at, "shops") == [0]
