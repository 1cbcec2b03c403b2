"""Schemas that people really have, one test each: keys hold, and what the keys carry is kept.

Everything is counted by queries of these tests.
"""

from __future__ import annotations

from typing import Any

import pytest

import genesis_sql
from genesis_sql.errors import OptionError
from genesis_sql.graph.notation import parse_relationship


def made(con: Any, script: str, **options: Any) -> dict[str, int]:
    """Fit `script`'s tables, generate them into `synth`; rows by table."""
    con.execute(script)
    scale = options.pop("scale", 1.0)
    genesis_sql.fit_database(con, "m", **options)
    genesis_sql.generate_database(con, "m", "synth", scale=scale, seed=3)
    tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'synth'")
    names = [name for (name,) in tables.fetchall()]
    return {n: one(con, f'SELECT count(*) FROM synth."{n}"') for n in names}


def one(con: Any, query: str) -> Any:
    ((value,),) = con.execute(query).fetchall()
    return value


def holds(con: Any, *keys: str, unique: tuple[str, ...] = ()) -> None:
    """No reference is lost, none of `unique` ('table(a, b)') repeats, and there were rows to check."""
    for text in keys:
        key = parse_relationship(text)
        pairs = list(zip(key.columns, key.parent_columns, strict=True))
        same = " AND ".join(f"c.{a} = p.{b}" for a, b in pairs)
        filled = " AND ".join(f"c.{a} IS NOT NULL" for a, _ in pairs)
        rows = f"FROM synth.{key.child} c WHERE {filled}"
        assert one(con, f"SELECT count(*) {rows}") > 0, text
        lost = f"NOT EXISTS (FROM synth.{key.parent} p WHERE {same})"
        assert one(con, f"SELECT count(*) {rows} AND {lost}") == 0, text
    for text in unique:
        table, _, columns = text.rstrip(")").partition("(")
        assert one(con, f"SELECT count(*) FROM synth.{table}") > 0, text
        assert one(con, f"SELECT count(*) - count(DISTINCT ({columns})) FROM synth.{table}") == 0, (
            text
        )


def share(con: Any, schema: str, condition: str, source: str) -> float:
    text = source.format(s=schema)
    return one(con, f"SELECT avg(CAST({condition} AS INTEGER)) FROM {text}")


def declared(con: Any, kind: str) -> int:
    return one(
        con,
        "SELECT count(*) FROM duckdb_constraints() "
        f"WHERE schema_name = 'synth' AND constraint_type = '{kind}'",
    )


def test_composite_keys_order_lines_and_their_returns(con):
    rows = made(con, """
        CREATE TABLE orders (
            shop VARCHAR, number INTEGER, placed DATE, PRIMARY KEY (shop, number));
        CREATE TABLE order_lines (
            shop VARCHAR, number INTEGER, line INTEGER, sku VARCHAR, qty INTEGER,
            PRIMARY KEY (shop, number, line),
            FOREIGN KEY (shop, number) REFERENCES orders (shop, number));
        CREATE TABLE returns (
            id INTEGER PRIMARY KEY, shop VARCHAR NOT NULL, number INTEGER NOT NULL,
            line INTEGER NOT NULL, reason VARCHAR,
            FOREIGN KEY (shop, number, line) REFERENCES order_lines (shop, number, line));
        INSERT INTO orders SELECT ['north', 'south', 'web'][1 + i % 3], 1000 + i // 3,
            DATE '2024-01-01' + CAST(i AS INTEGER) FROM range(150) r(i);
        INSERT INTO order_lines SELECT shop, number, k + 1, 'SKU-' || (number * 7 + k) % 30, 1 + k
            FROM orders, range(4) l(k) WHERE k <= number % 4;
        INSERT INTO returns SELECT row_number() OVER (), shop, number, line,
            ['broken', 'late'][1 + number % 2] FROM order_lines WHERE (number + line) % 5 = 0;
    """)  # fmt: skip
    holds(
        con,
        "order_lines(shop, number) -> orders(shop, number)",
        "returns(shop, number, line) -> order_lines(shop, number, line)",
        unique=("orders(shop, number)", "order_lines(shop, number, line)", "returns(id)"),
    )
    assert rows["orders"] == 150
    longest = "SELECT max(line) - min(line) FROM {}.order_lines"
    assert one(con, longest.format("synth")) == one(con, longest.format("main"))
    gaps = """SELECT count(*) FROM (SELECT count(*) AS n, max(line) AS m FROM synth.order_lines
              GROUP BY shop, number) WHERE n <> m"""
    assert one(con, gaps) == 0, "lines are numbered 1, 2, 3, … in every order"


def test_a_column_shared_by_two_composite_keys(con):
    """A tenant's tickets belong to the same tenant's users and projects."""
    made(con, """
        CREATE TABLE users (tenant INTEGER, user_no INTEGER, name VARCHAR, PRIMARY KEY (tenant, user_no));
        CREATE TABLE projects (tenant INTEGER, project_no INTEGER, budget INTEGER,
            PRIMARY KEY (tenant, project_no));
        CREATE TABLE tickets (
            id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, user_no INTEGER, project_no INTEGER NOT NULL,
            hours INTEGER, FOREIGN KEY (tenant, user_no) REFERENCES users (tenant, user_no),
            FOREIGN KEY (tenant, project_no) REFERENCES projects (tenant, project_no));
        INSERT INTO users SELECT i % 8, i // 8, 'user ' || i FROM range(120) r(i);
        INSERT INTO projects SELECT i % 8, i // 8, 100 * (1 + i % 9) FROM range(48) r(i);
        INSERT INTO tickets SELECT i, i % 8, CASE WHEN i % 6 > 0 THEN i * 7 % 15 END, i * 5 % 6, i % 11
            FROM range(500) r(i);
    """)  # fmt: skip
    holds(
        con,
        "tickets(tenant, user_no) -> users(tenant, user_no)",
        "tickets(tenant, project_no) -> projects(tenant, project_no)",
        unique=("users(tenant, user_no)", "projects(tenant, project_no)", "tickets(id)"),
    )


def test_a_required_key_shares_a_column_that_few_rows_agree_in(con):
    """A parent whose region has no depot gets no delivery; it is no delivery without a depot."""
    rows = made(con, """
        CREATE TABLE shops (region VARCHAR, shop INTEGER, PRIMARY KEY (region, shop));
        CREATE TABLE depots (region VARCHAR, depot INTEGER, PRIMARY KEY (region, depot));
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY, region VARCHAR NOT NULL, shop INTEGER NOT NULL, depot INTEGER NOT NULL,
            FOREIGN KEY (region, shop) REFERENCES shops (region, shop),
            FOREIGN KEY (region, depot) REFERENCES depots (region, depot));
        INSERT INTO shops SELECT 'r' || i % 6, i FROM range(240) r(i);
        INSERT INTO depots SELECT 'r' || i % 3, i FROM range(60) r(i);
        INSERT INTO deliveries SELECT row_number() OVER (), region, shop, depot
            FROM shops JOIN depots USING (region) WHERE (shop + depot) % 7 = 0;
    """)  # fmt: skip
    holds(
        con,
        "deliveries(region, shop) -> shops(region, shop)",
        "deliveries(region, depot) -> depots(region, depot)",
        unique=("shops(region, shop)", "depots(region, depot)", "deliveries(id)"),
    )
    alone = "SELECT count(*) FROM synth.shops WHERE region NOT IN (SELECT region FROM synth.depots)"
    assert one(con, alone) > 0, "every shop has a depot, so nothing was tried"
    asked = {"deliveries": rows["deliveries"] + 5}
    genesis_sql.generate_database(con, "m", "more", rows=asked)
    assert one(con, "SELECT count(*) FROM more.deliveries") == asked["deliveries"]


def test_a_required_parent_without_rows(con):
    """Half of one row is none: then there is no child either, and asking for one says why."""
    con.execute("""
        CREATE TABLE settings (id INTEGER PRIMARY KEY);
        CREATE TABLE users (id INTEGER PRIMARY KEY);
        CREATE TABLE logins (user_id INTEGER NOT NULL REFERENCES users (id),
            setting_id INTEGER NOT NULL REFERENCES settings (id));
        INSERT INTO settings VALUES (1);
        INSERT INTO users FROM range(40);
        INSERT INTO logins SELECT i % 40, 1 FROM range(90) r(i);
    """)  # fmt: skip
    genesis_sql.fit_database(con, "m")
    told = genesis_sql.generate_database(con, "m", "synth", scale=0.5)
    assert {r["table_name"]: r["rows"] for r in told} == {"settings": 0, "users": 20, "logins": 0}
    with pytest.raises(OptionError, match="logins', which can have 0: every row needs one of 'set"):
        genesis_sql.generate_database(con, "m", "more", rows={"settings": 0, "logins": 3})


def test_several_keys_to_the_same_parent(con):
    """Messages have a sender, a receiver and perhaps somebody who read along; none writes to himself."""
    made(con, """
        CREATE TABLE people (id INTEGER PRIMARY KEY, city VARCHAR);
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY, sender INTEGER NOT NULL REFERENCES people (id),
            receiver INTEGER NOT NULL REFERENCES people (id), copied INTEGER REFERENCES people (id),
            sent TIMESTAMP);
        INSERT INTO people SELECT i, ['Bern', 'Graz', 'Ulm'][1 + i % 3] FROM range(60) r(i);
        INSERT INTO messages SELECT i, i * 7 % 60, i * 11 % 60, CASE WHEN hash(i) % 4 = 0 THEN hash(i, 1) % 60 END,
            TIMESTAMP '2024-05-01' + to_minutes(i * 37) FROM range(600) r(i);
    """)  # fmt: skip
    holds(
        con,
        "messages.sender -> people.id",
        "messages.receiver -> people.id",
        "messages.copied -> people.id",
        unique=("people(id)", "messages(id)"),
    )
    assert declared(con, "FOREIGN KEY") == 3
    real, synth = (share(con, s, "copied IS NULL", "{s}.messages") for s in ("main", "synth"))
    assert synth == pytest.approx(real, abs=0.06)


def test_bridge_tables_hold_unique_pairs(con):
    made(con, """
        CREATE TABLE members (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE clubs (id INTEGER PRIMARY KEY, sport VARCHAR);
        CREATE TABLE memberships (
            member_id INTEGER REFERENCES members (id), club_id INTEGER REFERENCES clubs (id),
            since INTEGER, PRIMARY KEY (member_id, club_id));
        CREATE TABLE likes (
            member_id INTEGER NOT NULL REFERENCES members (id),
            club_id INTEGER NOT NULL REFERENCES clubs (id), UNIQUE (member_id, club_id));
        INSERT INTO members SELECT i, 18 + i * 7 % 60 FROM range(200) r(i);
        INSERT INTO clubs SELECT i, ['chess', 'golf', 'judo'][1 + i % 3] FROM range(12) r(i);
        INSERT INTO memberships SELECT id, (id + 5 * k) % 12, 2000 + (id + k) % 20
            FROM members, range(4) c(k) WHERE k < id % 5;
        INSERT INTO likes SELECT id, (id * 7 + 5 * k) % 12 FROM members, range(11) c(k) WHERE k < id % 12;
    """, scale=1.5)  # fmt: skip
    holds(
        con,
        "memberships.member_id -> members.id",
        "memberships.club_id -> clubs.id",
        "likes.member_id -> members.id",
        "likes.club_id -> clubs.id",
        unique=("memberships(member_id, club_id)", "likes(member_id, club_id)"),
    )
    mean = "SELECT (SELECT count(*) FROM {0}.likes) / (SELECT count(*) FROM {0}.members)"
    assert one(con, mean.format("synth")) == pytest.approx(one(con, mean.format("main")), rel=0.1)


def test_a_primary_key_that_is_also_a_foreign_key(con):
    """Some employees have a company car: 1 : 0..1."""
    made(con, """
        CREATE TABLE employees (id INTEGER PRIMARY KEY, grade VARCHAR);
        CREATE TABLE cars (employee_id INTEGER PRIMARY KEY REFERENCES employees (id), brand VARCHAR);
        INSERT INTO employees SELECT i, ['clerk', 'manager'][1 + CAST(i % 5 = 0 AS INTEGER)] FROM range(300) r(i);
        INSERT INTO cars SELECT id, 'brand ' || id % 4 FROM employees
            WHERE grade = 'manager' OR id % 10 = 1;
    """)  # fmt: skip
    holds(con, "cars.employee_id -> employees.id", unique=("cars(employee_id)", "employees(id)"))
    has = "{s}.employees e LEFT JOIN {s}.cars c ON c.employee_id = e.id WHERE grade = 'manager'"
    assert share(con, "synth", "c.employee_id IS NOT NULL", has) > 0.9
    clerks = has.replace("manager", "clerk")
    assert share(con, "synth", "c.employee_id IS NOT NULL", clerks) == pytest.approx(
        0.125, abs=0.06
    )


def test_nullable_keys_keep_their_share_of_null_where_it_stands(con):
    """Guests buy without an account, mostly on the web."""
    made(con, """
        CREATE TABLE accounts (id INTEGER PRIMARY KEY, plan VARCHAR);
        CREATE TABLE purchases (
            id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts (id), channel VARCHAR);
        INSERT INTO accounts SELECT i, ['free', 'paid'][1 + i % 2] FROM range(100) r(i);
        INSERT INTO purchases SELECT i, CASE WHEN i % 3 = 0 AND i % 20 > 3 OR i % 20 = 1 THEN NULL ELSE i * 7 % 100 END,
            CASE WHEN i % 3 = 0 THEN 'web' ELSE 'shop' END FROM range(900) r(i);
    """)  # fmt: skip
    holds(con, "purchases.account_id -> accounts.id", unique=("purchases(id)",))
    for channel in ("web", "shop"):
        rows = f"{{s}}.purchases WHERE channel = '{channel}'"
        real, synth = (share(con, s, "account_id IS NULL", rows) for s in ("main", "synth"))
        assert synth == pytest.approx(real, abs=0.08), channel


THIRTY = 30
DEPTH = 6


def thirty() -> tuple[str, list[str]]:
    """A chain of six levels and what hangs on it: every table refers to one of the level above."""
    script, keys = [], []
    for number in range(THIRTY):
        level, name = number % DEPTH, f"t{number:02d}"
        above = f"t{number - 1:02d}" if level else ""
        reference = f", above_id INTEGER NOT NULL REFERENCES {above} (id)" if above else ""
        script.append(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, label VARCHAR, n INTEGER{reference});"
            f"INSERT INTO {name} SELECT i, substr('abcde', 1 + i % 5, 1), (i * 13 + {number}) % 40"
            f"{', i * 7 % 40' if above else ''} FROM range({40 + level * 5}) r(i);"
        )
        keys += [f"{name}.above_id -> {above}.id"] if above else []
    return "\n".join(script), keys


def test_thirty_tables_and_six_levels(con):
    script, keys = thirty()
    rows = made(con, script)
    holds(con, *keys, unique=tuple(f"t{n:02d}(id)" for n in range(THIRTY)))
    assert len(rows) == THIRTY
    assert [rows[f"t{n:02d}"] for n in range(0, THIRTY, DEPTH)] == [40] * (THIRTY // DEPTH)
    assert declared(con, "FOREIGN KEY") == len(keys) == 25


def test_a_parent_without_children_a_single_row_and_an_empty_table(con):
    rows = made(con, """
        CREATE TABLE settings (id INTEGER PRIMARY KEY, currency VARCHAR);
        CREATE TABLE warehouses (id INTEGER PRIMARY KEY, settings_id INTEGER REFERENCES settings (id), town VARCHAR);
        CREATE TABLE deliveries (id INTEGER PRIMARY KEY, warehouse_id INTEGER NOT NULL REFERENCES warehouses (id));
        CREATE TABLE parcels (id INTEGER PRIMARY KEY, delivery_id INTEGER REFERENCES deliveries (id), weight DOUBLE);
        INSERT INTO settings VALUES (1, 'EUR');
        INSERT INTO warehouses SELECT i, 1, 'town ' || i % 4 FROM range(40) r(i);
    """)  # fmt: skip
    assert rows == {"settings": 1, "warehouses": 40, "deliveries": 0, "parcels": 0}
    holds(con, "warehouses.settings_id -> settings.id", unique=("warehouses(id)", "settings(id)"))
    assert declared(con, "FOREIGN KEY") == 3


@pytest.mark.parametrize(
    ("type_", "key"),
    [
        ("UUID", "CAST(md5('{t}' || {n}) AS UUID)"),
        ("VARCHAR", "'{t}-' || lpad(CAST({n} AS VARCHAR), 5, '0')"),
        ("BIGINT", "9000000000 + {n} * 3"),
    ],
)
def test_uuid_text_and_integer_keys(con, type_, key):
    albums, tracks = key.format(t="al", n="i"), key.format(t="tr", n="i")
    made(con, f"""
        CREATE TABLE albums (id {type_} PRIMARY KEY, label VARCHAR);
        CREATE TABLE tracks (id {type_} PRIMARY KEY, album_id {type_} NOT NULL REFERENCES albums (id), seconds INTEGER);
        INSERT INTO albums SELECT {albums}, 'label ' || i % 6 FROM range(50) r(i);
        INSERT INTO tracks SELECT {tracks}, {key.format(t="al", n="i * 7 % 50")}, 120 + i % 200 FROM range(300) r(i);
    """, scale=2)  # fmt: skip
    holds(con, "tracks.album_id -> albums.id", unique=("albums(id)", "tracks(id)"))
    assert one(con, "SELECT count(*) FROM synth.albums") == 100
    assert one(con, "SELECT typeof(id) FROM synth.tracks LIMIT 1") == type_
    if type_ == "VARCHAR":
        assert share(con, "synth", "regexp_full_match(id, 'tr-[0-9]{5}')", "{s}.tracks") == 1


VISITS = """
    CREATE TABLE doctors (id INTEGER PRIMARY KEY, specialty VARCHAR NOT NULL, fee INTEGER);
    CREATE TABLE patients (id INTEGER PRIMARY KEY, illness VARCHAR NOT NULL, age INTEGER);
    CREATE TABLE rooms (id INTEGER PRIMARY KEY, floor INTEGER);
    CREATE TABLE visits (
        id INTEGER PRIMARY KEY, patient_id INTEGER NOT NULL REFERENCES patients (id),
        doctor_id INTEGER NOT NULL REFERENCES doctors (id), room_id INTEGER REFERENCES rooms (id),
        minutes INTEGER NOT NULL);
    INSERT INTO doctors SELECT i, ['heart', 'skin', 'eye', 'bone'][1 + i % 4], 80 + i % 5 * 10
        FROM range(80) r(i);
    INSERT INTO patients SELECT i, ['heart', 'skin', 'eye', 'bone'][1 + i * 7 % 4], 20 + i % 60
        FROM range(400) r(i);
    INSERT INTO rooms SELECT i, i // 10 FROM range(40) r(i);
    INSERT INTO visits SELECT row_number() OVER (), p.id,
        CASE WHEN hash(p.id * 10 + k) % 10 = 0 THEN hash(p.id * 10 + k, 1) % 80
             ELSE 4 * (hash(p.id * 10 + k, 2) % 20) + p.id * 7 % 4 END,
        hash(p.id * 10 + k, 3) % 40, 5 + 10 * (p.id * 7 % 4) + hash(p.id * 10 + k, 4) % 8
        FROM patients p, range(5) r(k);
"""


def test_the_pairs_of_a_child_with_many_parents_fit(con):
    """Nine of ten visits lead a patient to a doctor for the illness; chance would be one in four."""
    made(con, VISITS)
    holds(
        con,
        "visits.patient_id -> patients.id",
        "visits.doctor_id -> doctors.id",
        "visits.room_id -> rooms.id",
        unique=("visits(id)",),
    )
    pairs = "{s}.visits v JOIN {s}.patients p ON p.id = patient_id JOIN {s}.doctors d ON d.id = doctor_id"
    real, synth = (share(con, s, "illness = specialty", pairs) for s in ("main", "synth"))
    assert real == pytest.approx(0.925, abs=0.01)
    assert synth > 0.8


def test_a_parent_gets_a_row_where_children_are_asked_for(con):
    """Half of one customer is none; ten orders need one all the same."""
    con.execute("""
        CREATE TABLE customers (id INTEGER PRIMARY KEY);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id));
        INSERT INTO customers VALUES (1);
        INSERT INTO orders SELECT i, 1 FROM range(60) r(i);
    """)  # fmt: skip
    genesis_sql.fit_database(con, "m")
    genesis_sql.generate_database(con, "m", "synth", rows={"orders": 10}, scale=0.5)
    assert one(con, "SELECT count(*) FROM synth.customers") == 1
    assert one(con, "SELECT count(*) FROM synth.orders") == 10
