from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from genesis_sql.evaluate import relations
from genesis_sql.evaluate.counts.hops import measure_hops
from genesis_sql.evaluate.counts.rules import measure_rules
from genesis_sql.evaluate.measures import Metric
from genesis_sql.evaluate.sides import Sides

Make = Callable[..., Sides]
Con = duckdb.DuckDBPyConnection

KEYS = ("orders(customer) -> customers(id)", "items(order_id) -> orders(id)")


def _shop(con: Con, schema: str, salt: int = 0) -> None:
    """Customers of 0 to 3 orders, of 2 items each; spending goes by the customer's grade."""
    con.execute(f"CREATE TABLE {schema}.customers (id INTEGER PRIMARY KEY, grade VARCHAR NOT NULL)")
    con.execute(f"""INSERT INTO {schema}.customers
      SELECT i, chr(97 + CAST(hash(i, {salt}) % 4 AS INTEGER)) FROM range(300) r(i)""")
    con.execute(f"""CREATE TABLE {schema}.orders (id INTEGER PRIMARY KEY, customer INTEGER,
      amount INTEGER, CHECK (amount >= 0))""")
    con.execute(f"""INSERT INTO {schema}.orders SELECT row_number() OVER (), c.id,
      (ascii(grade) - 97) * 100 + hash(c.id, n, {salt}) % 100
      FROM {schema}.customers AS c, range(3) r(n) WHERE n < hash(c.id, {salt}, 'n') % 4""")
    con.execute(
        f"CREATE TABLE {schema}.items (order_id INTEGER, line INTEGER, price INTEGER, PRIMARY KEY (order_id, line))"
    )
    con.execute(
        f"INSERT INTO {schema}.items SELECT id, n, amount + n FROM {schema}.orders, range(2) r(n)"
    )


@pytest.fixture
def shop(plain: Con) -> Con:
    for salt, schema in enumerate(("real", "synth", "held")):
        _shop(plain, schema, salt)
    return plain


def _row(found: list[Metric], name: str, table: str = "", columns: tuple[str, ...] = ()) -> Metric:
    rows = [m for m in found if m.name == name and (not table or m.table == table)]
    rows = [m for m in rows if not columns or m.columns == columns]
    assert len(rows) == 1, rows
    return rows[0]


def test_rows_that_keep_all_pass(shop: Con, make_sides: Make) -> None:
    found = relations.measure(make_sides(shop, holdout="held", relationships=KEYS))
    assert {m.name for m in found} == {m.name for m in relations.METRICS} - {"khop_3"}
    assert {m.verdict for m in found} == {"pass"}
    assert all(m.n > 0 for m in found)
    orphans = _row(found, "orphans", "orders")
    assert (orphans.scope, orphans.columns, orphans.score) == ("parent-child", ("customer",), 0)
    assert _row(found, "key_duplicates", "items").columns == ("order_id", "line")


def test_what_is_broken_is_counted(shop: Con, make_sides: Make) -> None:
    shop.execute("CREATE OR REPLACE TABLE synth.orders AS FROM synth.orders")
    shop.execute("UPDATE synth.orders SET customer = 1000 + id WHERE id <= 7")
    shop.execute("UPDATE synth.orders SET customer = NULL WHERE id = 8")
    shop.execute("INSERT INTO synth.orders VALUES (1, 2, -5), (1, 2, 3), (NULL, 2, 3)")
    found = relations.measure(make_sides(shop, relationships=KEYS))
    for name, score in (("orphans", 7), ("key_duplicates", 2), ("key_nulls", 1)):
        row = _row(found, name, "orders")
        assert (row.score, row.verdict) == (score, "fail")
    notes = {m.note: m.score for m in found if m.name == "constraint_violations"}
    assert notes['CHECK ("amount" >= 0)'] == 1
    assert notes["NOT NULL of 1 columns, broken in id"] == 1
    assert notes["NOT NULL of 2 columns"] == 0


def test_an_empty_table_has_kept_nothing(shop: Con, make_sides: Make) -> None:
    shop.execute("DELETE FROM synth.orders; DELETE FROM synth.items")
    found = relations.measure(make_sides(shop, relationships=KEYS))
    empty = [m for m in found if m.table in ("orders", "items")]
    assert len(empty) >= 7
    assert {m.score for m in empty} == {None}
    assert {m.verdict for m in empty} == {"fail"}
    assert all("empty" in m.note or "no synthetic row" in m.note for m in empty)


def test_orphans_that_the_real_rows_have_too(shop: Con, make_sides: Make) -> None:
    for schema, every in (("real", 5), ("synth", 5), ("held", 2)):
        shop.execute(
            f"UPDATE {schema}.orders SET customer = customer + 1000 WHERE id % {every} = 0"
        )
    like = _row(relations.measure(make_sides(shop, relationships=KEYS)), "orphans", "orders")
    assert like.score is not None
    assert like.score > 50
    assert like.verdict == "pass"
    assert "real references find no parent" in like.note
    more = relations.measure(make_sides(shop, synthetic="held", relationships=KEYS))
    assert _row(more, "orphans", "orders").verdict == "fail"


def test_references_that_hold_for_one_value(plain: Con, make_sides: Make) -> None:
    for schema in ("real", "synth"):
        plain.execute(
            f"CREATE TABLE {schema}.posts AS SELECT i AS id, i % 9 AS x FROM range(200) r(i)"
        )
        plain.execute(
            f"CREATE TABLE {schema}.notes AS SELECT ['post', 'user'][i % 2 + 1] AS kind, i // 2 AS of FROM range(400) r(i)"
        )
    plain.execute("UPDATE synth.notes SET of = of + 1000 WHERE kind = 'user' OR of < 3")
    sides = make_sides(plain, relationships=["notes(of) -> posts(id) WHERE kind = 'post'"])
    found = relations.measure(sides)
    assert _row(found, "orphans").score == 3
    assert _row(found, "orphans").n == 200
    assert _row(found, "cardinality").score == pytest.approx(1 - 3 / 200)


def test_wrong_numbers_of_children(shop: Con, make_sides: Make) -> None:
    shop.execute("DELETE FROM synth.items WHERE line = 1 AND order_id % 2 = 0")
    row = _row(
        relations.measure(make_sides(shop, holdout="held", relationships=KEYS)),
        "cardinality",
        "items",
    )
    assert row.score == pytest.approx(0.5, abs=0.02)
    assert row.baseline == 1
    assert row.verdict == "fail"


def test_the_baseline_of_a_shared_parent_means_nothing(shop: Con, make_sides: Make) -> None:
    sides = make_sides(shop, holdout="held", relationships=KEYS, shared=frozenset({"customers"}))
    found = relations.measure(sides)
    assert _row(found, "cardinality", "orders").baseline is None
    assert _row(found, "cardinality", "items").baseline == 1


def test_what_hangs_together_across_keys(shop: Con, make_sides: Make) -> None:
    good = {m.name: m for m in measure_hops(make_sides(shop, holdout="held", relationships=KEYS))}
    shop.execute("UPDATE synth.orders SET amount = hash(id) % 400")
    shop.execute("UPDATE synth.items SET price = hash(order_id, line) % 400")
    bad = {m.name: m for m in measure_hops(make_sides(shop, holdout="held", relationships=KEYS))}
    assert list(good) == ["khop_1", "khop_2"]
    for name in good:
        assert (good[name].verdict, bad[name].verdict) == ("pass", "fail")
        assert good[name].score or (bad[name].score or 1) + 0.3 < 0
        assert good[name].scope == "database"
    assert "items.price with orders.amount" in bad["khop_1"].note


def test_temporary_tables_are_dropped(shop: Con, make_sides: Make) -> None:
    relations.measure(make_sides(shop, relationships=KEYS))
    assert shop.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall() == [(0,)]


# rules


RULES = """CREATE TABLE $s.t AS SELECT *, a + b AS total, a * qty AS cost, begun + CAST(a AS INTEGER) AS ended,
  'place ' || (a // 20) AS place, 'land ' || (a // 40) AS land, hash(a, b) % 100 AS noise FROM
  (SELECT CAST(hash(i, $salt) % 100 AS INTEGER) AS a, CAST(hash(i, 'b', $salt) % 100 AS INTEGER) AS b,
   1 + CAST(hash(i, 'q', $salt) % 9 AS INTEGER) AS qty, DATE '2020-01-01' + CAST(hash(i, 'd', $salt) % 365 AS INTEGER) AS begun
   FROM range(500) r(i))"""


@pytest.fixture
def ruled(plain: Con) -> Con:
    for salt, schema in enumerate(("real", "synth", "held")):
        plain.execute(RULES.replace("$salt", str(salt)).replace("$s", schema))
    return plain


def _rules(found: list[Metric]) -> dict[str, float | None]:
    return {m.note.partition("keep it: ")[2]: m.score for m in found if "found" in m.note}


def test_what_all_real_rows_keep_is_found(ruled: Con, make_sides: Make) -> None:
    found = _rules(measure_rules(make_sides(ruled, holdout="held")))
    assert found == dict.fromkeys(
        [
            '"total" = "a" + "b"',
            '"cost" = "a" * "qty"',
            '"begun" <= "ended"',
            '"a" <= "total"',
            '"b" <= "total"',
            '"a" <= "cost"',
            '"place" fixes "land"',
            '"a" fixes "place"',
        ],
        0,
    ) | {r: 0 for r in found if r.startswith('"qty" <=')}


def test_rows_that_break_what_was_found_are_counted(ruled: Con, make_sides: Make) -> None:
    ruled.execute("UPDATE synth.t SET ended = begun - 1 WHERE a % 10 = 3")
    ruled.execute("UPDATE synth.t SET total = total + 1, land = 'sea' WHERE b % 10 = 3")
    found = _rules(measure_rules(make_sides(ruled)))
    late = ruled.execute(
        "SELECT count(*) FILTER (a % 10 = 3), count(*) FILTER (b % 10 = 3) FROM synth.t"
    )
    one, other = late.fetchall()[0]
    assert found['"begun" <= "ended"'] == one > 0
    assert found['"total" = "a" + "b"'] == other > 0
    assert found['"place" fixes "land"'] == other


def test_one_row_that_breaks_it_makes_it_no_rule(ruled: Con, make_sides: Make) -> None:
    ruled.execute("UPDATE real.t SET total = total + 1 WHERE rowid = 499")
    ruled.execute("UPDATE held.t SET ended = begun - 1 WHERE rowid = 7")
    found = _rules(measure_rules(make_sides(ruled, holdout="held")))
    assert '"total" = "a" + "b"' not in found
    assert '"begun" <= "ended"' not in found
    assert '"cost" = "a" * "qty"' in found


def test_rules_that_say_nothing_are_not_told(plain: Con, make_sides: Make) -> None:
    """Numbers of different sizes are in order by chance; too few rows prove nothing."""
    plain.execute(
        "CREATE TABLE real.t AS SELECT i % 50 AS small, 1000 + i AS big FROM range(400) r(i)"
    )
    plain.execute("CREATE TABLE real.few AS SELECT i % 7 AS a, i % 7 AS b FROM range(99) r(i)")
    for table in ("t", "few"):
        plain.execute(f"CREATE TABLE synth.{table} AS FROM real.{table}")
    assert measure_rules(make_sides(plain)) == []


def test_declared_rules_reach_parents(shop: Con, make_sides: Make) -> None:
    constraint = "items.price >= orders.amount"
    shop.execute("UPDATE synth.items SET price = -1 WHERE order_id <= 4")
    sides = make_sides(shop, relationships=KEYS, constraints=[constraint])
    row = next(m for m in measure_rules(sides) if m.note == constraint)
    assert (row.score, row.columns, row.verdict) == (8, ("price",), "fail")


NASTY = "x'); DROP TABLE victim; --\""


def test_names_are_quoted(plain: Con, make_sides: Make) -> None:
    own = '"' + NASTY.replace('"', '""') + '"'
    plain.execute("CREATE TABLE victim (i INTEGER)")
    for schema in ("real", "synth"):
        plain.execute(
            f"CREATE TABLE {schema}.{own} ({own} INTEGER PRIMARY KEY, n INTEGER NOT NULL, k0 VARCHAR, CHECK ({own} >= 0))"
        )
        plain.execute(
            f"INSERT INTO {schema}.{own} SELECT i, i % 30, 'l' || (i % 3) FROM range(150) r(i)"
        )
        plain.execute(
            f"CREATE TABLE {schema}.child AS SELECT CAST(i AS INTEGER) AS {own}, i % 30 AS b, i % 15 AS a, i % 30 + i % 15 AS x FROM range(150) r(i)"
        )
    found = relations.measure(make_sides(plain, relationships=[f"child({own}) -> {own}({own})"]))
    assert {m.verdict for m in found} == {"pass"}
    assert _rules(found)['"b" fixes "a"'] == 0
    assert plain.execute("FROM victim").fetchall() == []


# the referee


def test_cardinality_and_hops_as_the_referee_counts_them(
    accounts: Con,
    accounts_given: tuple[str, ...],
    make_sides: Make,
    referee: Any,
    account_keys: dict[str, Any],
) -> None:
    """Cardinality to rounding, pairs across keys within .005."""
    found = relations.measure(make_sides(accounts, holdout="held", relationships=accounts_given))
    tables = list(account_keys["tables"])
    raw = {
        s: {t: accounts.execute(f"FROM {s}.{t}").df() for t in tables} for s in ("real", "synth")
    }
    kinds = referee.schema(raw["real"], account_keys)[0]
    real, made = (
        {
            t: referee.coerce(f, kinds[t], referee.key_columns(account_keys["tables"][t]))
            for t, f in raw[s].items()
        }
        for s in ("real", "synth")
    )
    from scipy.stats import ks_2samp

    pairs = []
    for child in tables[1:]:
        key = account_keys["tables"][child]["fks"][0]
        counts = [referee.child_counts(side, key, child)[0] for side in (real, made)]
        ours = _row(found, "cardinality", child).score
        assert ours == pytest.approx(1 - ks_2samp(*counts).statistic, abs=1e-9)
        one, other = (referee.cross_pairs(side, [(child, key)], kinds) for side in (real, made))
        both = {**kinds[child], **{f"p_{c}": k for c, k in kinds["account"].items()}}
        codes = {c: referee.codes(one, other, c, k, 10) for c, k in both.items()}
        for c in kinds[child]:
            for d in kinds["account"]:
                (xa, ya, m), (xb, yb, n) = codes[c], codes[f"p_{d}"]
                pairs.append(1 - referee.tv(xa * n + xb, ya * n + yb, m * n))
    assert _row(found, "cardinality", "orders").score < 0.95
    theirs = sum(pairs) / len(pairs)
    assert 0.5 < theirs < 0.97
    assert _row(found, "khop_1").score == pytest.approx(theirs, abs=0.005)
