"""Workflows through SQL: exact paths, exact rows of events in order, shared values, the ledger."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.drafts.draft import draft
from genesis_sql.errors import OptionError
from genesis_sql.introspect.from_ddl import read_ddl
from tests.profiles.conftest import Drawn

DDL = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name VARCHAR(60) NOT NULL, email VARCHAR(80), city VARCHAR(40),
  created_at DATE NOT NULL);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
  status VARCHAR(20) NOT NULL CHECK (status IN ('Delivered', 'Cancelled', 'Returned')),
  order_date DATE NOT NULL, total DECIMAL(10, 2), remark VARCHAR(30));
CREATE TABLE carriers (
  code VARCHAR(8) PRIMARY KEY, name VARCHAR(40) NOT NULL, founded DATE, seat VARCHAR(30), fleet INTEGER);
CREATE TABLE shipments (
  id INTEGER PRIMARY KEY, carrier_code VARCHAR(8) NOT NULL REFERENCES carriers (code),
  order_id INTEGER NOT NULL REFERENCES orders (id), tracking_code VARCHAR(20) NOT NULL,
  shipped_at TIMESTAMP NOT NULL, weight DOUBLE);
CREATE TABLE order_events (
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id),
  kind VARCHAR(20) NOT NULL, moment TIMESTAMP NOT NULL, reference VARCHAR(20), note VARCHAR(50));
"""
SHARES = {"delivered": 0.7, "cancelled": 0.2, "returned": 0.1}
STATUS = {"delivered": "Delivered", "cancelled": "Cancelled", "returned": "Returned"}
KINDS = {  # in their order; what stands in brackets comes so often
    "delivered": "placed,paid,delivered", "cancelled": "placed,cancelled,cancelled",
    "returned": "placed(,complaint){0,2},returned",
}  # fmt: skip
PARCELS = {"delivered": "1-3", "cancelled": "0-0", "returned": "1-1"}


def event(table: str, kind: str | None = None, after: Any = None, **more: Any) -> dict[str, Any]:
    """An event of a path."""
    out: dict[str, Any] = {"table": table, "set": {"kind": kind} if kind else {}, **more}
    return out if after is None else {**out, "after": after, "unit": more.get("unit", "hour")}


def wait(mean: float) -> dict[str, Any]:
    """An exponential wait."""
    return {"type": "exponential", "mean": mean}


EVENTS = {
    "delivered": [
        event("order_events", "placed"),
        event("order_events", "paid", wait(4)),
        event("shipments", after=wait(30), count=[1, 3]),
        event("order_events", "delivered", [2, 6], unit="day"),
    ],
    "cancelled": [
        event("order_events", "placed"),
        event("order_events", "cancelled", 1, count=2),
    ],
    "returned": [
        event("order_events", "placed", 2),
        event("shipments", after=wait(30)),
        event("order_events", "complaint", wait(50), count=[0, 2]),
        event("order_events", "returned", wait(50)),
    ],
}
CASH: dict[str, Any] = {
    "instances": "orders",
    "paths": [
        {"name": p, "weight": w, "set": {"orders.status": STATUS[p]}, "events": EVENTS[p]}
        for p, w in SHARES.items()
    ],
    "shared": {"tracking": ["shipments.tracking_code", "order_events.reference"]},
    "ledger": "scenario_ledger",
}
SQL = "CALL genesis_schema('crm', ddl := ?, scenarios := ?, rows := MAP {'customers': 60, 'orders': 300})"
LEDGER = "genesis_generate('crm', 'scenario_ledger', seed := 1"
MOMENTS = """(SELECT order_id, moment, 0 AS parcel, id, kind FROM made.order_events
  UNION ALL SELECT order_id, shipped_at, 1, id, NULL FROM made.shipments)"""


@pytest.fixture(scope="module")
def crm() -> Iterator[duckdb.DuckDBPyConnection]:
    """The model with its scenario, and 300 orders in the schema ``made``."""
    con = genesis_sql.connect()
    con.execute(SQL, [DDL, json.dumps({"cash": CASH})]).fetchall()
    con.execute(
        "CALL genesis_generate_database('crm', target := 'made', rows := MAP {'orders': 300}, seed := 1)"
    ).fetchall()
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    return con.execute(query).fetchall()


@pytest.mark.parametrize("many", [1, 8, 10, 99, 250])
def test_every_path_gets_its_share_of_any_number(crm: duckdb.DuckDBPyConnection, many: int) -> None:
    found = dict(rows(crm, f"SELECT path, count(*) FROM {LEDGER}, rows := {many}) GROUP BY 1"))
    assert sum(found.values()) == many
    assert all(abs(found.get(p, 0) - w * many) < 1 for p, w in SHARES.items())
    if many % 10 == 0:
        assert all(found.get(p, 0) == round(w * many) for p, w in SHARES.items())


def test_columns_of_the_instances_follow_their_path(crm: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT path, status, count(*) FROM made.scenario_ledger
        JOIN made.orders ON id = order_id GROUP BY ALL ORDER BY 3"""
    expected = [("returned", "Returned", 30), ("cancelled", "Cancelled", 60), ("delivered", "Delivered", 210)]  # fmt: skip
    assert rows(crm, query) == expected


def test_an_instance_has_the_events_of_its_path_in_their_order(
    crm: duckdb.DuckDBPyConnection,
) -> None:
    query = f"""SELECT path, string_agg(kind, ',' ORDER BY id) FILTER (kind IS NOT NULL), sum(parcel)
        FROM made.scenario_ledger LEFT JOIN {MOMENTS} USING (order_id) GROUP BY path, order_id"""
    found = rows(crm, query)
    assert len(found) == 300
    for path, kinds, parcels in found:
        least, most = map(int, PARCELS[path].split("-"))
        assert rows(crm, f"SELECT regexp_full_match('{kinds}', '{KINDS[path]}')") == [(True,)]
        assert least <= parcels <= most
    assert len({f for f in found if f[0] == "delivered"}) == 3
    assert len({f for f in found if f[0] == "returned"}) == 3


def test_events_come_one_after_the_other(crm: duckdb.DuckDBPyConnection) -> None:
    for table, moment in (("order_events", "moment"), ("shipments", "shipped_at")):
        before = f"lag({moment}) OVER (PARTITION BY order_id ORDER BY id)"
        query = f"""SELECT count(*), count(*) FILTER ({moment} >= b), count(*) FILTER ({moment} > b)
            FROM (SELECT {moment}, {before} AS b FROM made.{table}) WHERE b IS NOT NULL"""
        many, later, apart = rows(crm, query)[0]
        assert (many > 100, later, apart > many * 0.99) == (True, many, True)
    across = """made.shipments JOIN made.order_events AS e USING (order_id)
        WHERE (shipped_at < moment) = (kind IN ('placed', 'paid'))"""
    assert rows(crm, f"SELECT count(*) FROM {across}") == [(0,)]
    first = """SELECT path, min(moment - order_date), max(moment - order_date) FROM made.orders AS o
        JOIN made.scenario_ledger AS l ON l.order_id = o.id JOIN made.order_events AS e
        ON e.order_id = o.id WHERE kind = 'placed' GROUP BY 1 ORDER BY 1"""
    hours = {p: low.total_seconds() / 3600 for p, low, high in rows(crm, first) if low == high}
    assert hours == {"cancelled": 0, "delivered": 0, "returned": 2}


def test_waits_are_as_long_as_they_are_told(crm: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT avg(epoch(moment - before)) / 3600 FROM (SELECT kind, moment, lag(moment) OVER (
        PARTITION BY order_id ORDER BY id) AS before FROM made.order_events) WHERE kind = '{}'"""
    assert rows(crm, query.format("cancelled"))[0][0] == 1
    assert 3 < rows(crm, query.format("paid"))[0][0] < 5.2


def test_shared_values_are_the_same_everywhere(crm: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT count(*), count(DISTINCT tracking_code),
        count(*) FILTER (tracking_code <> reference OR reference IS NULL)
        FROM made.shipments JOIN made.order_events USING (order_id)"""
    many, codes, wrong = rows(crm, query)[0]
    assert (many > 500, codes > 200, wrong) == (True, True, 0)


def test_the_ledger_tells_what_the_rows_are(crm: duckdb.DuckDBPyConnection) -> None:
    made = f"""SELECT l.order_id, count(*) FILTER (parcel = 0), count(*) FILTER (parcel = 1),
        min(moment), max(moment) FROM made.scenario_ledger AS l LEFT JOIN {MOMENTS} AS m USING (order_id)
        GROUP BY 1"""
    told = "SELECT order_id, order_events_rows, shipments_rows, begin_at, end_at FROM made.scenario_ledger"
    assert rows(crm, f"({told}) EXCEPT ({made})") == []
    assert rows(crm, "SELECT count(*), count(DISTINCT scenario) FROM made.scenario_ledger") == [(300, 1)]  # fmt: skip
    assert len(set(rows(crm, f"SELECT COLUMNS(* EXCLUDE order_id) FROM ({told})"))) > 290
    assert rows(crm, "SELECT sum(violations) FROM genesis_integrity('crm')") == [(0,)]


@pytest.mark.parametrize("table", ["scenario_ledger", "orders", "order_events", "shipments"])
def test_rows_are_the_same_in_any_range_and_with_any_threads(
    crm: duckdb.DuckDBPyConnection, table: str
) -> None:
    query = f"FROM genesis_generate('crm', '{table}', seed := 1, scale := 1"
    crm.execute("SET threads = 2")
    whole = rows(crm, query + ")")
    crm.execute("SET threads = 1")
    assert whole[100:120] == rows(crm, query + ", first_row := 100, rows := 20)")
    assert len(whole) > 250
    assert whole != rows(crm, query.replace("seed := 1", "seed := 2") + ")")


def test_the_rows_of_events_cannot_be_asked_for(crm: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="500 rows of table 'order_events', .* ask for rows of 'orders'"):  # fmt: skip
        crm.execute(
            "CALL genesis_generate_database('crm', target := 'other', rows := MAP {'order_events': 500})"
        )


def test_scenarios_are_kept_with_the_profile(crm: duckdb.DuckDBPyConnection) -> None:
    spec = json.loads(rows(crm, "SELECT spec FROM genesis_profile_spec('crm')")[0][0])
    assert [p["name"] for p in spec["scenarios"]["cash"]["paths"]] == list(SHARES)
    told = dict(rows(crm, """SELECT column_name, reason FROM genesis_describe('crm')
        WHERE table_name = 'order_events'"""))  # fmt: skip
    assert "as the path of cash says" in told["kind"]
    assert "when cash comes to it" in told["moment"]


def test_structs_of_sql_and_mappings_of_python_say_the_same(
    con: duckdb.DuckDBPyConnection,
) -> None:
    scenario = {"few": {"instances": "orders", "paths": [
        {"name": "a", "weight": 3, "set": {"status": "Delivered"},
         "events": [{"table": "order_events", "set": {"kind": "placed"}}]},
        {"name": "it's \"); DROP TABLE victim; --", "set": {"status": "Returned"}, "weight": 1}]}}  # fmt: skip
    text = json.dumps(scenario).replace("'", "''").replace('"', "'").replace("\\'", '"')
    con.execute("CREATE TABLE victim AS SELECT 1")
    con.execute(f"CALL genesis_schema('one', ddl := ?, scenarios := {text})", [DDL])
    genesis_sql.from_ddl(DDL, con=con, name="two", scenarios=scenario)
    made = [rows(con, f"FROM genesis_generate('{m}', 'few_ledger', seed := 1, rows := 40)") for m in ("one", "two")]  # fmt: skip
    assert made[0] == made[1]
    assert sorted({r[2] for r in made[0]}) == ["a", "it's \"); DROP TABLE victim; --"]
    assert {r[3] for r in made[0] if r[2] == "a"} == {1}
    assert all(r[3] == 0 and r[4] == r[5] for r in made[0] if r[2] != "a")
    assert rows(con, "FROM victim") == [(1,)]


Change = Callable[[dict[str, Any]], Any]


def first(s: dict[str, Any]) -> Any:
    """The first path."""
    return s["paths"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: first(s).update(weight=-1), r"cash.paths\[0\].weight: -1 is not ≥ 0"),
        (lambda s: [p.update(weight=0) for p in s["paths"]], "all weights are 0"),
        (lambda s: s.update(instances="order"), "names the table 'order', .* did you mean 'orders'"),
        (lambda s: first(s)["set"].update(stat="x"), "column 'stat', .* did you mean 'status'"),
        (lambda s: first(s)["set"].update({"orders.status": "Lost"}), "'Lost', which its CHECK"),
        (lambda s: first(s)["set"].update({"orders.remark": "x" * 31}), "holds 30 characters"),
        (lambda s: first(s)["set"].update({"shipments.weight": 3}), "sets columns of its instances"),
        (lambda s: first(s)["events"][0].update(table="customers"), "has no foreign key to 'orders'"),
        (lambda s: first(s)["events"][0].update(table="orders"), "events are rows of other tables"),
        (lambda s: first(s)["events"][0]["set"].update(order_id=3), "'order_events.order_id', a key"),
        (lambda s: first(s)["events"][1].update(after=wait(-1)), r"mean: -1 is below 0"),
        (lambda s: first(s)["events"][1].update(after={"type": "beta"}), "no law of type 'beta'"),
        (lambda s: first(s)["events"][0].update(count=[0, 1]), "the first event .* at least 1 row"),
        (lambda s: first(s)["events"][1].update(count=[2, 1]), r"\[2, 1\] allows no row"),
        (lambda s: first(s)["events"][1].update(after={"type": "explicit", "values": []}), r"after.values is empty"),
        (lambda s: first(s)["events"][1].update(after={"type": "explicit", "values": [1, 2], "weights": [0, 0]}), "one of them is above 0"),
        (lambda s: first(s)["events"][1].update(after={"type": "explicit", "values": [1, 2], "weights": [1]}), "one number for each of the 2"),
        (lambda s: first(s)["events"][1].update(after={**wait(3), "maen": 2}), "has no 'maen'; did you mean 'mean'"),
        (lambda s: first(s)["events"][1].update(after=[3]), "has 1 item, and should have 2"),
        (lambda s: s.update(instances=500), "and is 500; ask for so many of them in rows"),
        (lambda s: s.update(ledger=3), "3 is no text or true or false"),
        (lambda s: first(s).update(name="Cancelled"), "two paths have the name 'cancelled'"),
        (lambda s: first(s).update(wieght=3), "unknown key 'wieght'; did you mean 'weight'"),
        (lambda s: s.update(ledger="Orders"), "there is a table 'Orders' already"),
        (lambda s: s["shared"].update(other=["order_events.reference"]), "filled by scenarios.cash.shared.tracking"),
        (lambda s: s.update(times={"shipments": "weight"}), "'shipments.weight' is no date or timestamp"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    con: duckdb.DuckDBPyConnection, change: Change, said: str
) -> None:
    scenario = copy.deepcopy(CASH)
    change(scenario)
    with pytest.raises(OptionError, match=said):
        genesis_sql.from_ddl(DDL, con=con, name="m", scenarios={"cash": scenario})


def test_two_that_fill_the_same_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    paths = [{"name": "a", "set": {"status": "Delivered"}}]
    both = {"cash": CASH, "other": {"instances": "orders", "paths": paths}}
    with pytest.raises(OptionError, match="'orders.status' is filled by scenarios.cash.paths, too"):
        genesis_sql.from_ddl(DDL, con=con, name="m", scenarios=both)
    with pytest.raises(OptionError, match="'order_events.kind' is filled by columns, too"):
        genesis_sql.from_ddl(
            DDL, con=con, name="m", scenarios={"cash": CASH}, columns={"order_events.kind": "'x'"}
        )
    with pytest.raises(OptionError, match="rows of 'shipments', which the scenario 'cash' counts"):
        genesis_sql.from_ddl(
            DDL, con=con, name="m", scenarios={"cash": CASH}, rows={"shipments": 9}
        )


def test_what_a_path_leaves_open_is_filled_as_usual(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """CREATE TABLE jobs (id INTEGER PRIMARY KEY, state VARCHAR(9) NOT NULL CHECK (state IN
        ('new', 'old', 'lost')), size INTEGER, code VARCHAR(9) UNIQUE);
        CREATE TABLE steps (job_id INTEGER REFERENCES jobs (id), place INTEGER, on_day DATE NOT NULL,
        label VARCHAR(9), mark VARCHAR(12) UNIQUE, PRIMARY KEY (job_id, place))"""
    steps = [{"table": "steps", "set": {"label": "begin"}},
             {"table": "steps", "count": [1, 4], "after": [0, 3], "unit": "day"}]  # fmt: skip
    paths = [{"name": "a", "set": {"state": "lost"}, "events": steps}, {"name": "b"}]
    work: dict[str, Any] = {"instances": "jobs", "paths": paths}
    told = genesis_sql.from_ddl(ddl, con=con, name="m", scenarios={"w": work}, rows={"jobs": 200})
    assert {r["table_name"]: r["rows"] for r in told} == {
        "jobs": 200,
        "steps": 350,
        "w_ledger": 200,
    }
    con.execute("CALL genesis_generate_database('m', target := 'made', seed := 1)").fetchall()
    by_path = """SELECT path, count(DISTINCT state), bool_and(state = 'lost') FROM made.jobs
        JOIN made.w_ledger ON id = job_id GROUP BY 1 ORDER BY 1"""
    assert rows(con, by_path) == [("a", 1, True), ("b", 3, False)]
    labels = "SELECT bool_and(label = 'begin' AND place = 1) FROM made.steps WHERE label = 'begin'"
    assert rows(con, labels) == [(True,)]
    order = """SELECT bool_and(on_day >= before), bool_or(on_day > before) FROM (SELECT on_day, lag(on_day)
        OVER (PARTITION BY job_id ORDER BY place) AS before FROM made.steps)"""
    assert rows(con, order) == [(True, True)]
    assert rows(con, "SELECT count(DISTINCT steps_rows) FROM made.w_ledger") == [(5,)]
    paths[1]["set"] = {"code": "x"}
    with pytest.raises(OptionError, match="sets 'jobs.code', which is UNIQUE"):
        genesis_sql.from_ddl(ddl, con=con, name="m", scenarios={"w": work})
    paths[1]["set"] = {}
    work["shared"] = {"mark": ["steps.mark"]}
    with pytest.raises(
        OptionError, match="'steps.mark' is UNIQUE, and an instance may have several"
    ):
        genesis_sql.from_ddl(ddl, con=con, name="m", scenarios={"w": work})


def test_kernel_and_sql_give_the_same() -> None:
    ddl = """CREATE TABLE jobs (id INTEGER PRIMARY KEY, state VARCHAR(9) NOT NULL);
        CREATE TABLE steps (id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES jobs (id),
        begun TIMESTAMP NOT NULL, label VARCHAR(9))"""
    steps = [{"table": "steps", "set": {"label": "begin"}},
             {"table": "steps", "count": [0, 2], "after": wait(3), "unit": "minute"}]  # fmt: skip
    paths = [{"name": "a", "set": {"state": "x"}, "events": steps},
             {"name": "b", "set": {"state": "y"}, "events": steps[:1]}]  # fmt: skip
    work = {"instances": "jobs", "paths": paths}
    with duckdb.connect() as bare:
        drawn = Drawn(bare, draft(read_ddl(ddl), rows={"jobs": 30}, scenarios={"w": work}))
        for table in ("jobs", "steps", "w_ledger"):
            found = drawn.table(table, seed=4)
            assert (len(found) >= 30, found) == (True, drawn.in_sql(table, seed=4))


def test_null_is_set_by_json_text_and_not_given_by_structs(con: duckdb.DuckDBPyConnection) -> None:
    note = '{"w": {"instances": "orders", "paths": [{"name": "a", "set": {"remark": null}}]}}'
    con.execute("CALL genesis_schema('m', ddl := ?, scenarios := ?)", [DDL, note])
    count = "SELECT count(remark) FROM genesis_generate('m', 'orders', scale := 1, seed := 1)"
    assert rows(con, count) == [(0,)]
    structs = """{'w': {'instances': 'orders', 'paths': [{'name': 'a', 'set': {'remark': 'x'}},
        {'name': 'b', 'set': {'status': 'Returned'}}]}}"""
    con.execute(f"CALL genesis_schema('m', ddl := ?, scenarios := {structs})", [DDL])
    kinds = "SELECT count(*) FILTER (remark = 'x') * 2 - count(*), count(DISTINCT status) FROM genesis_generate('m', 'orders', scale := 1, seed := 1)"
    off, states = rows(con, kinds)[0]
    assert (abs(off) <= 1, states) == (True, 3)


def test_a_law_without_chance_is_one_wait_and_no_ledger_is_made(
    con: duckdb.DuckDBPyConnection,
) -> None:
    laws = ({"type": "exponential", "mean": 0}, {"type": "normal", "mean": 2, "std_dev": 0},
            {"type": "lognormal", "mean": 0, "std_dev": 0}, {"type": "exponential", "mean": 0, "min": 3})  # fmt: skip
    events = [event("order_events", "a"), *({**event("order_events", "b", law)} for law in laws)]
    flow = {
        "instances": "orders",
        "ledger": False,
        "paths": [{"name": "p", "events": [*events, {**events[0], "count": [2]}]}],
    }
    told = genesis_sql.from_ddl(DDL, con=con, name="m", scenarios={"f": flow}, rows={"orders": 5})
    assert {r["table_name"]: r["rows"] for r in told}["order_events"] == 35
    assert not [r for r in told if "ledger" in str(r["table_name"])]
    con.execute("CALL genesis_generate_database('m', target := 'made', seed := 1)").fetchall()
    between = """SELECT DISTINCT list(h ORDER BY id) FROM (SELECT order_id, id, epoch(moment - lag(moment) OVER (
        PARTITION BY order_id ORDER BY id)) / 3600 AS h FROM made.order_events) GROUP BY order_id"""
    assert rows(con, between) == [([None, 0.0, 2.0, 1.0, 3.0, 0.0, 0.0],)]
    with pytest.raises(OptionError, match="holds one scenario without a name"):
        genesis_sql.from_ddl(DDL, con=con, name="m", scenarios=flow)
