"""`genesis_check`: what a fit would leave out or refuse, what to type, and nothing written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from genesis_sql.graph.build import build_graph
from genesis_sql.graph.check import check
from genesis_sql.introspect.from_duckdb import read_schema, read_table
from genesis_sql.types import Finding, RawSchema


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def findings(con: duckdb.DuckDBPyConnection, **options) -> list[Finding]:
    return check(con, read_schema(con, database="memory", schema="main"), **options)


def one(found: list[Finding], text: str) -> Finding:
    """The only finding that holds the text."""
    (finding,) = [f for f in found if text in f.finding]
    return finding


def listed(fix: str) -> list[str]:
    """The list of a fix such as `relationships := ['a -> b']`, as SQL would read it."""
    return [str(v) for v in ast.literal_eval(fix.split(" := ")[1])]


def test_nothing_to_say(con) -> None:
    con.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER)")
    con.execute("INSERT INTO t SELECT i, i % 7 FROM range(100) r(i)")
    assert findings(con) == []


def test_columns_that_are_left_out_empty_or_constant(con) -> None:
    con.execute("""CREATE TABLE "t; --" AS SELECT i AS id, [[i]] AS "l ""x", {'a': i, 'b': ''::BLOB} AS s,
                   NULL::VARCHAR AS n, 'k' AS c FROM range(30) r(i)""")
    found = findings(con)
    left = one(found, "type BIGINT[][] cannot be learnt: it holds lists in lists")
    assert (left.severity, left.table, left.column) == ("warning", "t; --", 'l "x')
    assert one(found, "STRUCT(a BIGINT, b BLOB)").column == "s"
    assert "field 'b' is of type BLOB" in one(found, "STRUCT(a BIGINT, b BLOB)").finding
    assert one(found, "all values are NULL").column == "n"
    assert one(found, "one value in all rows").column == "c"
    con.execute(left.fix)
    view = read_table(con, '"t; --_clean"', database="memory", schema="main")
    assert [c.type for c in view.columns][1] == "VARCHAR"


def test_how_nested_columns_are_learnt(con) -> None:
    con.execute("""CREATE TABLE t AS SELECT i AS id, {'a': i % 3, 'b': {'c': CASE WHEN i % 9 > 0
        THEN 'x' || i % 2 ELSE 'rare' || i END}} AS s, [DATE '2020-01-01' + (i % 3)::INT] AS l,
        'nan'::DOUBLE AS n, array_value(1.5::DOUBLE, i) AS u
        FROM range(300) r(i)""")
    found = findings(con)
    assert one(found, "each field is learnt as a column: s.a, s.b, s.b.c").column == "s"
    assert one(found, "the elements are learnt as rows of their own, in order").column == "l"
    assert "s.b.c (34 of 36)" in one(found, "labels in fewer than 20 rows").finding
    assert {f.table for f in found} == {"t"}
    con.execute(one(found, "NaN: 300").fix)
    assert con.sql("FROM t_clean").columns == ["id", "s", "l", "n", "u"]


def test_empty_table(con) -> None:
    con.execute("CREATE TABLE e (id INTEGER PRIMARY KEY, l INTEGER[])")
    (finding,) = findings(con)
    assert finding.severity == "warning"
    assert "genesis_fit refuses it, genesis_fit_database keeps it empty" in finding.finding


def test_nan_and_infinities(con) -> None:
    con.execute("""CREATE TABLE t AS SELECT * FROM (VALUES
        ('nan'::DOUBLE, 'infinity'::DATE, 1.5::FLOAT, '-infinity'::TIMESTAMPTZ),
        ('-inf'::DOUBLE, '2020-01-01', 2, '2020-01-01'), (1, NULL, 3, NULL)) v("a b", d, f, t)""")
    found = findings(con)
    number = one(found, "NaN: 1, infinite: 1 of 3 values")
    assert (number.severity, number.column) == ("warning", "a b")
    assert {f.column for f in found if "NaN: 0, infinite: 1" in f.finding} == {"d", "t"}
    con.execute(number.fix)
    assert con.execute('SELECT "a b" FROM t_clean').fetchall() == [(None,), (None,), (1.0,)]


def test_orphans_and_nulls(con) -> None:
    con.execute("CREATE TABLE p AS SELECT i AS id FROM range(20) r(i)")
    con.execute("""CREATE TABLE c AS
        SELECT CASE WHEN i < 3 THEN i + 90 WHEN i > 3 THEN i END AS p_id FROM range(20) r(i)""")
    found = findings(con, relationships=["c.p_id -> p.id"])
    orphans = one(found, "references to no row of p: 3 of 20 (15.0 %)")
    assert (orphans.severity, orphans.fix) == ("warning", "orphans := 'null'")
    assert one(found, "NULL instead of a reference to p: 1 of 20 (5.0 %)").severity == "info"


def test_undeclared_keys_are_printed_to_paste(con) -> None:
    con.execute("""
        CREATE TABLE "the customers" AS SELECT i AS id, i % 3 AS "it's" FROM range(30) r(i);
        CREATE TABLE orders AS SELECT i AS id, i % 30 AS the_customer_id FROM range(90) r(i);
        CREATE TABLE lines AS SELECT i % 90 AS order_id FROM range(900) r(i);
    """)
    found = findings(con)
    first = one(found, "looks like a reference to orders: 100 % of its values are in orders(id)")
    pasted = listed(first.fix)
    assert pasted == ["lines.order_id -> orders.id", 'orders.the_customer_id -> "the customers".id']
    after = findings(con, relationships=pasted)
    assert not [f for f in after if f.fix.startswith("relationships")]
    assert listed(one(findings(con, relationships=pasted[:1]), "looks like").fix) == pasted


def test_proposed_copies(con) -> None:
    con.execute("""
        CREATE TABLE airlines AS
            SELECT 'c' || i AS carrier, 'Airline ' || i AS name FROM range(16) r(i);
        CREATE TABLE flights AS SELECT i AS id, 'c' || i % 16 AS carrier FROM range(900) r(i);
    """)
    proposal = one(findings(con), "small table of names (16 rows)")
    assert (proposal.table, proposal.fix) == ("airlines", "verbatim := ['airlines']")
    after = findings(con, verbatim=["airlines"])
    assert not [f for f in after if "small table" in f.finding or "carrier (16" in f.finding]


def test_bad_relationships_and_copies_are_errors_and_come_first(con) -> None:
    con.execute(
        "CREATE TABLE a AS SELECT i AS id, i // 2 AS b FROM range(9) r(i); CREATE TABLE b AS FROM a"
    )
    found = findings(
        con, relationships=["a.x -> b.id", "nonsense", "a.id -> b.b", "a.b -> b.id"], verbatim=["a"]
    )
    errors = [f.finding for f in found if f.severity == "error"]
    assert [f.severity for f in found[:4]] == ["error"] * 4
    assert len(errors) == 4
    assert any("no column 'x'" in e for e in errors)
    assert any("cannot be read" in e for e in errors)
    assert any("occur more than once" in e for e in errors)
    assert any("verbatim table 'a' refers to 'b'" in e for e in errors)
    assert "no table 'z'" in findings(con, verbatim=["z"])[0].finding


def test_circle_and_self_reference(con) -> None:
    con.execute("""
        CREATE TABLE dept AS SELECT i AS id, i AS head FROM range(9) r(i);
        CREATE TABLE emp AS SELECT i AS id, i % 9 AS dept, i // 2 AS boss FROM range(20) r(i);
    """)
    found = findings(
        con, relationships=["dept.head -> emp.id", "emp.dept -> dept.id", "emp.boss -> emp.id"]
    )
    closing = one(found, "closes a circle of tables with emp")
    assert (closing.severity, closing.table, closing.column) == ("info", "dept", "head")
    assert one(found, "refers to itself").column == "boss"
    con.execute("ALTER TABLE dept ALTER head SET NOT NULL; ALTER TABLE emp ALTER dept SET NOT NULL")
    found = findings(con, relationships=["dept.head -> emp.id", "emp.dept -> dept.id"])
    assert found[0].severity == "error"
    assert "in a circle: 'dept' -> 'emp' -> 'dept'; none of the keys may" in found[0].finding


def test_views_broken_views_and_keys_left_out(con) -> None:
    con.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2);
        CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id));
        INSERT INTO c VALUES (1, 1);
        CREATE VIEW v AS FROM p; CREATE TABLE gone AS FROM p;
        CREATE VIEW w AS FROM gone; DROP TABLE gone;
    """)
    found = findings(con)
    assert one(found, "a view: it is learnt as a table of its own").fix == "tables := ['c', 'p']"
    assert one(found, "left out: view").table == "w"
    raw = RawSchema((read_table(con, "c", database="memory", schema="main"),))
    assert one(check(con, raw), "c.p -> p.id is left out: table 'p' is not taken").column == "p"


def test_rare_labels_and_missing_keys(con) -> None:
    con.execute("""CREATE TABLE tab AS
        SELECT CASE WHEN i < 3 THEN 'rare' ELSE 'usual' END AS l, i AS tab_id
        FROM range(99) r(i)""")
    con.execute("CREATE TABLE u AS SELECT i % 2 AS l FROM range(99) r(i)")
    found = findings(con)
    assert "l (1 of 2)" in one(found, "labels in fewer than 20 rows").finding
    fix = "options := {'tab': {'roles': {'tab_id': 'key'}}}"
    assert one(found, "no primary key is declared").fix == fix
    assert one(found, "no primary key, and none is made up").table == "u"


def test_a_query_and_a_graph_that_is_there(con) -> None:
    raw = RawSchema(
        (read_table(con, "(SELECT [[1]] AS l, 2 AS v)", database="memory", schema="main"),)
    )
    found = check(con, raw)
    assert found == check(con, raw, graph=build_graph(con, raw))
    assert one(found, "INTEGER[][]").table == "query"


def test_it_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE p AS SELECT i AS id, 'n' || i AS name FROM range(99) r(i)")
        con.execute("CREATE TABLE c AS SELECT i % 99 AS p_id, 1.0::FLOAT AS f FROM range(999) r(i)")
    before = path.read_bytes()
    with duckdb.connect(str(path), read_only=True) as con:
        assert check(con.cursor(), read_schema(con, database="shop", schema="main"))
    assert path.read_bytes() == before
