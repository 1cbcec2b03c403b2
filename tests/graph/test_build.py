"""The graph: keys merged, verified and counted; names that would break careless SQL."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genesis_sql.errors import OptionError, SchemaError
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.from_duckdb import read_schema, read_table
from genesis_sql.types import Graph, RawSchema, Relationship, Role


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    yield con
    con.close()


def graph(con: duckdb.DuckDBPyConnection, **options) -> Graph:
    return build_graph(con, read_schema(con, database="memory", schema="main"), **options)


SHOP = """
CREATE TABLE customers (id INTEGER, name VARCHAR);
INSERT INTO customers SELECT i, 'c' || i FROM range(10) r(i);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id BIGINT, amount DOUBLE);
INSERT INTO orders SELECT i, CASE WHEN i % 10 < 8 THEN i % 10 WHEN i % 10 = 8 THEN 77 END, i / 3
FROM range(50) r(i);
"""


def test_given_key_becomes_the_primary_key_and_is_counted(con) -> None:
    con.execute(SHOP)
    found = graph(con, relationships=["Orders.Customer_ID -> customers.id"])
    assert found.relationships == (
        Relationship("orders", ("customer_id",), "customers", ("id",), orphans=5, nulls=5),
    )
    assert found.table("customers").primary_key == ("id",)
    assert found.table("customers").column("id").role is Role.KEY
    assert found.table("orders").column("customer_id").role is Role.FOREIGN_KEY
    assert found.table("orders").column("id").role is Role.KEY


def test_without_relationships_a_table_stays_without_key(con) -> None:
    con.execute(SHOP)
    found = graph(con)
    assert found.relationships == ()
    assert found.table("customers").primary_key == ()
    assert found.table("customers").column("id").role is Role.INTEGER


def test_declared_and_given_are_one(con) -> None:
    con.execute("""
        CREATE TABLE p (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
        INSERT INTO p VALUES (1, 1), (1, 2);
        CREATE TABLE c (x INTEGER, y INTEGER, FOREIGN KEY (x, y) REFERENCES p (a, b));
        INSERT INTO c VALUES (1, 1), (1, NULL), (NULL, NULL), (1, 2);
    """)
    found = graph(con, relationships=["c(y, x) -> p(b, a)", "c(x, y) -> p", "c(x, y) -> p"])
    assert found.relationships == (
        Relationship("c", ("x", "y"), "p", ("a", "b"), declared=True, orphans=0, nulls=2),
    )
    assert [c.role.value for c in found.table("p").columns] == ["constant", "integer"]


def test_two_keys_of_one_parent_and_a_shared_column(con) -> None:
    con.execute("""
        CREATE TABLE a (o VARCHAR); INSERT INTO a VALUES ('x'), ('y');
        CREATE TABLE w (o VARCHAR, t TIMESTAMP);
        INSERT INTO w VALUES ('x', '2020-01-01'), ('x', '2020-01-02'), ('y', '2020-01-01');
        CREATE TABLE f (o VARCHAR, d VARCHAR, t TIMESTAMP);
        INSERT INTO f VALUES ('x', 'y', '2020-01-01'), ('y', 'z', '2020-01-02'), ('y', NULL, NULL);
    """)
    given = ["f.o -> a.o", "f.d -> a.o", "f(o, t) -> w(o, t)", "w.o -> a"]
    found = graph(con, relationships=[*given[:3], "w.o -> a.o"])
    assert [(r.columns, r.orphans, r.nulls) for r in found.relationships] == [
        (("o",), 0, 0),
        (("d",), 1, 1),
        (("o", "t"), 1, 1),
        (("o",), 0, 0),
    ]
    assert found.table("w").primary_key == ("o", "t")
    assert found.table("w").column("o").role is Role.FOREIGN_KEY
    assert found.table("w").column("t").role is Role.TIMESTAMP


def test_second_parent_key_is_unique_not_primary(con) -> None:
    con.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY, code VARCHAR, day DATE UNIQUE);
        INSERT INTO p SELECT i, 'k' || i, DATE '2020-01-01' + i::INTEGER FROM range(5) r(i);
        CREATE TABLE c (code VARCHAR); INSERT INTO c VALUES ('k1');
    """)
    found = graph(con, relationships=["c.code -> p.code"]).table("p")
    assert found.primary_key == ("id",)
    assert found.unique_keys == (("day",), ("code",))
    assert [c.role for c in found.columns] == [Role.KEY, Role.KEY, Role.DATE]


def test_parent_key_with_null_is_unique_only(con) -> None:
    con.execute(
        "CREATE TABLE p AS SELECT unnest([1, 2, NULL]) AS id; CREATE TABLE c AS SELECT 1 AS p"
    )
    found = graph(con, relationships=["c.p -> p.id"]).table("p")
    assert (found.primary_key, found.unique_keys) == ((), (("id",),))
    assert found.column("id").role is Role.INTEGER


def test_primary_key_that_is_a_foreign_key(con) -> None:
    con.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2);
        CREATE TABLE d (id INTEGER PRIMARY KEY REFERENCES p (id)); INSERT INTO d VALUES (1);
    """)
    found = graph(con)
    assert found.table("d").primary_key == ("id",)
    assert found.table("d").column("id").role is Role.FOREIGN_KEY


def test_self_reference(con) -> None:
    con.execute("CREATE TABLE e (id INTEGER PRIMARY KEY, boss INTEGER REFERENCES e (id))")
    con.execute("INSERT INTO e VALUES (1, NULL)")
    con.execute("INSERT INTO e VALUES (2, 1)")
    found = graph(con)
    assert (found.relationships[0].parent, found.relationships[0].nulls) == ("e", 1)


def test_nasty_names(con) -> None:
    con.execute("""
        CREATE TABLE "p""; DROP TABLE c; --" ("k 'é" VARCHAR, "$names" INTEGER);
        INSERT INTO "p""; DROP TABLE c; --" VALUES ('a', 1), ('b', 2);
        CREATE TABLE c ("select" VARCHAR, "child" INTEGER, "k0" INTEGER);
        INSERT INTO c VALUES ('a', 1, 1), ('b', 1, 1), (NULL, 1, 1), ('zz', NULL, 1);
    """)
    one = """c."select" -> "p""; DROP TABLE c; --"."k 'é" """
    two = """c(child, "select") -> "p""; DROP TABLE c; --"("$names", "k 'é")"""
    found = graph(con, relationships=[one, two])
    assert [(r.orphans, r.nulls) for r in found.relationships] == [(1, 1), (1, 2)]
    assert found.table("c").rows == 4


def test_parent_that_is_not_taken(con) -> None:
    con.execute(
        SHOP + "CREATE TABLE lines (o INTEGER REFERENCES orders (id)); INSERT INTO lines VALUES (1)"
    )
    raw = RawSchema((read_table(con, "lines", database="memory", schema="main"),))
    found = build_graph(con, raw)
    assert found.relationships == ()
    assert found.tables[0].column("o").role is Role.INTEGER


def test_key_of_an_unsupported_type_is_no_key(con) -> None:
    con.execute("""
        CREATE TABLE p (id BLOB PRIMARY KEY, n INTEGER); INSERT INTO p VALUES ('a'::BLOB, 1);
        CREATE TABLE c (p BLOB REFERENCES p (id)); INSERT INTO c VALUES ('a'::BLOB);
    """)
    found = graph(con)
    assert found.relationships == ()
    assert found.table("p").primary_key == ()
    assert found.table("p").column("id").role is Role.UNSUPPORTED


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("ordrs.customer_id -> customers", "no table 'ordrs'; did you mean 'orders'"),
        ("orders.customerid -> customers", "no column 'customerid'; did you mean 'customer_id'"),
        ("orders.customer_id -> customers", "no primary key; name its column"),
        ("customers.id -> orders(id, amount)", "1 columns on the left and 2"),
        ("orders(id, amount) -> orders", "primary key of 'orders' is \\(id\\)"),
        ("orders.amount -> customers.name", r"orders.amount \(DOUBLE\) cannot refer to .*VARCHAR"),
        ("orders.id -> orders.id", "from a column to itself"),
        (
            "customers.id -> orders.customer_id",
            r"9 of them occur more than once \(36 rows too many\)",
        ),
        ("orders -> customers", "which column"),
    ],
)
def test_refused_relationships(con, given: str, match: str) -> None:
    con.execute(SHOP)
    with pytest.raises(SchemaError, match=match):
        graph(con, relationships=[given])


def test_lists_cannot_be_keys(con) -> None:
    con.execute("CREATE TABLE p AS SELECT [1] AS l; CREATE TABLE c AS SELECT [1] AS l")
    with pytest.raises(SchemaError, match=r"c.l \(INTEGER\[\]\) cannot refer"):
        graph(con, relationships=["c.l -> p.l"])


def test_verbatim(con) -> None:
    con.execute(SHOP)
    given = ["orders.customer_id -> customers.id"]
    found = graph(con, relationships=given, verbatim=["CUSTOMERS"])
    assert [t.verbatim for t in found.tables] == [True, False]
    with pytest.raises(
        SchemaError, match="'orders' refers to 'customers', whose keys are made anew"
    ):
        graph(con, relationships=given, verbatim=["orders"])
    with pytest.raises(OptionError, match="no table 'custmers'; did you mean 'customers'"):
        graph(con, verbatim=["custmers"])


def test_roles_by_table(con) -> None:
    con.execute(SHOP)
    found = graph(con, roles={"CUSTOMERS": {"ID": "key", "name": "text"}})
    assert found.table("customers").primary_key == ("id",)
    assert [c.role for c in found.table("customers").columns] == [Role.KEY, Role.TEXT]
    with pytest.raises(OptionError, match="unknown table 'custmers'; did you mean 'customers'"):
        graph(con, roles={"custmers": {}})
    with pytest.raises(OptionError, match="table 'customers': role for unknown column 'nam'"):
        graph(con, roles={"customers": {"nam": "text"}})


def test_empty_table_and_query(con) -> None:
    con.execute("CREATE TABLE e (id INTEGER PRIMARY KEY, s VARCHAR)")
    found = graph(con).table("e")
    assert (found.rows, [c.role for c in found.columns]) == (0, [Role.KEY, Role.CATEGORY])
    raw = read_table(con, "(SELECT 1 AS a, 2 AS A)", database="memory", schema="main")
    assert build_graph(con, RawSchema((raw,))).tables[0].rows == 1
