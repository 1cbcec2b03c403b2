"""Personal data end to end: nothing of the source comes out, whatever its type or how often it stood."""

from __future__ import annotations

import random
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest

import genesis_sql
from genesis_sql.graph import check_digits as digits
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.order import topological
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.models.fit import fit_tables
from genesis_sql.models.invented import exchange, invented
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.load import load, load_sample
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import batch, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.expressions import sampled

COLUMNS = (
    "first_name", "last_name", "full_name", "email", "phone", "phone_no", "ssn", "ssn_no", "card",
    "card_no", "iban", "street", "ip",
)  # fmt: skip
FIRST = ["Anna", "Jose", "Maria", "Peter", "Linda", "James", "Laura", "David", "Julia", "Karen"]
LAST = ["Smith", "Johnson", "Schmidt", "Garcia", "Miller", "Weber", "Brown", "Davis", "Wilson"]


def _people(rows: int) -> list[tuple[object, ...]]:
    rng = random.Random(5)

    def some(low: int, high: int) -> int:
        return rng.randint(low, high)

    out: list[tuple[object, ...]] = []
    for n in range(rows):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        ssn = f"{some(1, 665):03d}{some(1, 99):02d}{some(1, 9999):04d}"
        start = f"4{some(0, 10**14 - 1):014d}"
        card = next(start + c for c in "0123456789" if digits.luhn(start + c))
        account = f"{some(0, 10**18 - 1):018d}"
        iban = next(x for k in range(2, 99) if digits.is_iban(x := f"DE{k:02d}{account}"))
        mail = f"{first}.{last}{n}@{rng.choice(['gmail.com', 'web.de'])}".lower()
        dashed = f"{ssn[:3]}-{ssn[3:5]}-{ssn[5:]}"
        phone = f"{some(200, 989)}{some(200, 999)}{some(0, 9999):04d}"
        plain = f"+1 {phone[:3]} {phone[3:6]} {phone[6:]}"
        out.append((
            n, first, last, f"{first} {last} {chr(65 + n % 26)}.", mail, plain, int(phone),
            dashed, int(ssn), card, int(card), iban, f"{n + 1} Main Street",
            f"10.1.{n // 250}.{n % 250}" if n % 3 else None, 18 + n % 60,
        ))  # fmt: skip
    return out


def _fill(con: duckdb.DuckDBPyConnection) -> None:
    texts = {"phone_no": "BIGINT", "ssn_no": "INTEGER", "card_no": "BIGINT"}
    columns = ", ".join(f"{n} {texts.get(n, 'VARCHAR')}" for n in COLUMNS)
    con.execute(f"CREATE TABLE customers (id INTEGER PRIMARY KEY, {columns}, age INTEGER)")
    con.executemany(f"INSERT INTO customers VALUES ({', '.join('?' * 15)})", _people(400))
    con.execute("""CREATE TABLE orders AS SELECT i AS id, c.id AS customer_id, c.email AS contact,
      c.phone_no AS mobile, c.ssn_no AS ssn FROM range(1200) r(i) JOIN customers c ON c.id = i * 7 % 40""")


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    _fill(con)
    keys = "relationships := ['orders(customer_id) -> customers(id)']"
    con.execute(f"CALL genesis_fit_database('shop', {keys})").fetchall()
    for table in ("customers", "orders"):
        con.execute(
            f"CREATE TABLE new_{table} AS FROM genesis_generate('shop', '{table}', scale := 3)"
        )
    yield con
    con.close()


def _copies(con: duckdb.DuckDBPyConnection, table: str, column: str) -> tuple[int, int]:
    """Values that were generated, and those of them that the source has."""
    there = f"count(*) FILTER ({column} IN (SELECT {column} FROM {table}))"
    found = con.execute(f"SELECT count({column}), {there} FROM new_{table}").fetchone()
    assert found is not None
    return found[0], found[1]


@pytest.mark.parametrize("column", COLUMNS)
def test_no_value_of_a_person_is_generated(shop, column: str) -> None:
    made, copied = _copies(shop, "customers", column)
    assert made > 700
    assert copied == 0


@pytest.mark.parametrize("column", ["contact", "mobile", "ssn"])
def test_nor_one_that_many_rows_share(shop, column: str) -> None:
    made, copied = _copies(shop, "orders", column)
    assert made > 3000
    assert copied == 0
    different = f"SELECT count(DISTINCT {column}) FROM new_orders"
    ((labels,),) = shop.execute(different).fetchall()
    assert 30 <= labels <= 40


def test_what_is_not_personal_is_as_it_was(shop) -> None:
    made, same = _copies(shop, "customers", "age")
    assert made == same == 1200


def test_check_digits_hold(shop) -> None:
    rows = shop.execute("SELECT card, card_no, iban FROM new_customers").fetchall()
    assert all(
        digits.is_card(c) and digits.is_card(str(n)) and digits.is_iban(i) for c, n, i in rows
    )
    assert len({i for _, _, i in rows}) > 1000


def test_describe_says_so(shop) -> None:
    said = dict(shop.execute(
        "SELECT column_name, reason FROM genesis_describe('shop') WHERE table_name = 'customers'"
    ).fetchall())  # fmt: skip
    assert said["email"].startswith("personal: e-mail, made anew")
    assert said["last_name"].startswith("personal: last name, made anew")
    assert "personal" not in said["age"]


def test_the_caller_may_have_labels_copied(shop) -> None:
    options = "options := {'roles': {'last_name': 'category', 'ssn_no': 'integer'}}"
    shop.execute(f"CALL genesis_fit('copied', 'customers', {options})").fetchall()
    found = shop.execute("""SELECT count(*) FILTER (last_name IN (SELECT last_name FROM customers)),
      count(*) FILTER (first_name IN (SELECT first_name FROM customers)),
      count(*) FILTER (ssn_no < 900000000) FROM genesis_generate('copied', rows := 500)""").fetchall()
    assert found == [(500, 0, 500)]


def test_keys_that_are_personal() -> None:
    con = genesis_sql.connect()
    con.execute("""CREATE TABLE users (email VARCHAR PRIMARY KEY, ssn INTEGER UNIQUE, n INTEGER);
      CREATE TABLE logins (email VARCHAR REFERENCES users (email), ssn INTEGER REFERENCES users (ssn), n INTEGER);
      INSERT INTO users SELECT 'user' || i || '@example.org', 100000001 + i * 1010101, i % 7 FROM range(300) r(i);
      INSERT INTO logins SELECT 'user' || i % 300 || '@example.org', 100000001 + (i * 7 % 300) * 1010101, i % 5
      FROM range(900) r(i)""")
    con.execute("CALL genesis_fit_database('u')").fetchall()
    con.execute(
        "CREATE SCHEMA s; CALL genesis_generate_database('u', target := 's', scale := 2)"
    ).fetchall()
    found = con.execute("""SELECT count(*), count(DISTINCT email), count(DISTINCT ssn),
      count(*) FILTER (email IN (SELECT email FROM main.users)),
      count(*) FILTER (ssn IN (SELECT ssn FROM main.users)) FROM s.users""").fetchall()
    assert found == [(600, 600, 600, 0, 0)]
    lost = """SELECT count(*), count(u.n), count(v.n) FROM s.logins l
      LEFT JOIN s.users u ON u.email = l.email LEFT JOIN s.users v ON v.ssn = l.ssn"""
    assert con.execute(lost).fetchall() == [(1800, 1800, 1800)]
    con.close()


def test_compiled_sql_makes_the_same_rows() -> None:
    con = duckdb.connect()
    _fill(con)
    con.execute("DROP TABLE orders")
    graph = build_graph(con, read_schema(con, database="memory", schema="main"))
    order = topological(graph)
    fitted = fit_tables(load(con, graph), order, dict.fromkeys(order, FitOptions()))
    model = Model("m", 1, "uuid", graph, fitted.programs, fitted.verbatim, order)
    program, sampler = model.programs["customers"], Sampler(model, 3, 1.0)
    numbers = pa.array(range(300))
    raw = sampler.raw("customers", numbers.to_numpy(), sampled(program))
    rows = pa.Table.from_batches([pa.RecordBatch.from_struct_array(batch(program, raw))])
    con.register("sampled_rows", rows)
    python = con.execute(f"SELECT {select_list(program)} FROM sampled_rows").fetchall()
    compiled = con.execute(
        f"SELECT COLUMNS('^[^#]') FROM ({compile_sql(model, 'customers', seed=3, scale=1.0)}) LIMIT 300"
    ).fetchall()
    assert sorted(map(repr, python)) == sorted(map(repr, compiled))
    con.close()


def test_a_streamed_table_meets_the_same_exchange() -> None:
    con = duckdb.connect()
    names = ", ".join(f"'{n}'" for n in LAST)
    con.execute(
        f"CREATE TABLE t AS SELECT [{names}][1 + i % 9] AS surname, i % 5 AS n FROM range(900) r(i)"
    )
    graph = build_graph(con, read_schema(con, database="memory", schema="main"))
    loaded = load_sample(con, graph, 900)["t"]
    assert loaded.stream is not None
    seen = {v for b in loaded.stream.batches(["surname"]) for v in b.column(0).to_pylist()}
    assert len(seen) == 9
    assert not seen & {*LAST}
    assert seen == {*loaded.arrow["surname"].to_pylist()}
    con.close()


def test_nested_parts_and_constants() -> None:
    con = genesis_sql.connect()
    con.execute("""CREATE TABLE t AS SELECT {'email': 'u' || i % 30 || '@x.org', 'n': i % 3} AS who,
      'boss@x.org' AS owner_email, [printf('+49 30 %06d', i), printf('+49 40 %06d', i)] AS phones
      FROM range(400) r(i)""")
    con.execute("CALL genesis_fit('t', 't')").fetchall()
    found = con.execute("""SELECT count(*) FILTER (who.email IN (SELECT who.email FROM t)),
      count(*) FILTER (owner_email = 'boss@x.org'), count(DISTINCT who.email) > 5
      FROM genesis_generate('t', rows := 800)""").fetchall()
    assert found == [(0, 0, True)]
    con.close()


def test_verbatim_tables_and_unknown_labels() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE t AS SELECT 'u' || i % 9 || '@x.org' AS email FROM range(200) r(i)")
    raw = read_schema(con, database="memory", schema="main")
    rows = con.sql("FROM t").to_arrow_table()
    assert invented(build_graph(con, raw, verbatim=["t"]).table("t"), rows) == {}
    labels = invented(build_graph(con, raw).table("t"), rows)
    assert len(labels["email"]) == 9
    assert exchange(pa.table({"email": ["nobody@x.org", None]}), labels)["email"].to_pylist() == [
        None,
        None,
    ]
    con.close()


def test_the_stored_model_holds_none_of_them(shop) -> None:
    stored = b"".join(bytes(d) for (d,) in shop.execute(
        "SELECT data FROM genesis.model_parts WHERE model = 'shop'").fetchall())  # fmt: skip
    people = _people(400)
    columns = [COLUMNS.index(n) + 1 for n in ("last_name", "email", "phone", "ssn", "card", "iban")]
    assert b"first_name" in stored  # it can be read at all
    assert not [row[c] for row in people for c in columns if str(row[c]).encode() in stored]
