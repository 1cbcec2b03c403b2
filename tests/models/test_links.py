"""Foreign keys beyond a parent and its children: what of them is kept, on tables people have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import genesis_sql
from genesis_sql.models.links import depths, level_pattern, without_loops
from genesis_sql.plan.query import OLD


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute("SELECT setseed(0.5)")
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple]:
    return con.execute(query).fetchall()


def one(con: duckdb.DuckDBPyConnection, query: str) -> float:
    return rows(con, query)[0][0]


# levels

LEVELS = """
WITH RECURSIVE tree AS (
  SELECT {id} AS id, 0 AS depth FROM {table} WHERE {up} IS NULL OR {up} = {id}
  UNION ALL
  SELECT t.{id}, depth + 1 FROM {table} t JOIN tree ON t.{up} = tree.id WHERE t.{up} <> t.{id})
SELECT depth, count(*) FROM tree GROUP BY depth ORDER BY depth
"""


def levels(con: duckdb.DuckDBPyConnection, table: str, up: str, id_: str = "id") -> dict[int, int]:
    return dict(rows(con, LEVELS.format(table=table, up=up, id=id_)))


@given(st.lists(st.integers(-1, 40), min_size=1, max_size=41))
def test_levels_of_any_references(given_: list[int]) -> None:
    parent = np.array([p if p < len(given_) else -1 for p in given_], np.int64)
    free = without_loops(parent)
    kept = free >= 0
    assert (free[kept] == parent[kept]).all()
    depth = depths(free)
    assert (depth[~kept] == 0).all()
    assert (depth[kept] == depth[free[kept]] + 1).all()
    pattern = level_pattern(depth)
    assert np.bincount(pattern).tolist() == np.bincount(depth).tolist()
    highest = np.maximum.accumulate(np.r_[-1, pattern])
    assert (pattern <= highest[:-1] + 1).all()


def test_only_rows_in_a_loop_become_roots() -> None:
    assert without_loops(np.array([1, 0, 1, 2, 4, -1, 5])).tolist() == [-1, -1, 1, 2, -1, -1, 5]


def staff(con: duckdb.DuckDBPyConnection) -> None:
    """1 head, 4 managers, 20 leads of 1 to 9 people; pay falls with the level."""
    con.execute("""
        CREATE TABLE staff (id INTEGER PRIMARY KEY, title VARCHAR, pay INTEGER,
          boss INTEGER REFERENCES staff (id));
        INSERT INTO staff VALUES (1, 'head', 900, NULL);
        INSERT INTO staff SELECT 10 + i, 'manager', 500 + i, 1 FROM range(4) r(i);
        INSERT INTO staff SELECT 100 + i, 'lead', 300 + i, 10 + i % 4 FROM range(20) r(i);
        INSERT INTO staff SELECT 1000 + i * 10 + k, 'worker', 100 + (i * 7 + k * 13) % 80, 100 + i
        FROM range(20) r(i), range(9) s(k) WHERE k <= i % 9;
    """)


@pytest.mark.parametrize("scale", [1, 3])
def test_levels_of_a_staff_are_kept(db: duckdb.DuckDBPyConnection, scale: int) -> None:
    staff(db)
    real = levels(db, "staff", "boss")
    db.execute("CALL genesis_fit_database('m')")
    db.execute(f"CALL genesis_generate_database('m', target := 'synth', scale := {scale})")
    assert levels(db, "synth.staff", "boss") == {d: n * scale for d, n in real.items()}
    title = """SELECT avg(CAST(t.title = 'lead' AS INTEGER)) FROM synth.staff t
        WHERE id IN (SELECT boss FROM synth.staff s WHERE s.title = 'worker')"""
    assert one(db, title) > 0.8
    workers = "SELECT max(n) FROM (SELECT count(*) AS n FROM synth.staff GROUP BY boss)"
    assert one(db, workers) < 40 * scale


def test_part_of_a_staff_has_its_shares(db: duckdb.DuckDBPyConnection) -> None:
    staff(db)
    db.execute("CALL genesis_fit_database('m')")
    db.execute("CALL genesis_generate_database('m', target := 'synth', scale := 0.5)")
    made, real = levels(db, "synth.staff", "boss"), levels(db, "staff", "boss")
    assert sum(made.values()) == round(0.5 * sum(real.values()))
    assert all(abs(made[d] - real[d] / 2) <= 1 for d in real)


def test_roots_that_point_at_themselves_and_loops(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE part (code VARCHAR PRIMARY KEY, weight INTEGER, of VARCHAR NOT NULL);
        INSERT INTO part SELECT 'P' || (1000 + i), i * 7 % 50,
          'P' || (1000 + CASE WHEN i < 10 THEN i ELSE i // 5 END) FROM range(200) r(i);
        UPDATE part SET of = 'P1051' WHERE code = 'P1050'; UPDATE part SET of = 'P1050' WHERE code = 'P1051';
    """)
    db.execute("CALL genesis_fit_database('m', relationships := ['part.of -> part.code'])")
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    made = levels(db, "synth.part", "of", "code")
    assert sum(made.values()) == 200
    assert made[0] == 12


def test_replies_stay_under_their_post(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE post (id INTEGER PRIMARY KEY, topic VARCHAR);
        CREATE TABLE comment (id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL REFERENCES post (id),
          said TIMESTAMP, words INTEGER, reply_to INTEGER);
        INSERT INTO post SELECT i, ['art', 'law'][1 + i % 2] FROM range(150) r(i);
        INSERT INTO comment SELECT i * 20 + k, i, TIMESTAMP '2024-01-01' + to_hours(i * 20 + k), k * 7,
          CASE WHEN k % 3 > 0 THEN i * 20 + k // 2 END
        FROM range(150) r(i), range(12) s(k) WHERE k < 3 + i % 10;
    """)
    db.execute(
        "CALL genesis_fit_database('m', relationships := ['comment.reply_to -> comment.id'])"
    )
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    joined = "SELECT count(*) FROM {0}comment c JOIN {0}comment p ON c.reply_to = p.id"
    assert one(db, joined.format("synth.") + " WHERE c.post_id <> p.post_id") == 0
    real, made = levels(db, "comment", "reply_to"), levels(db, "synth.comment", "reply_to")
    assert sum(made.values()) == one(db, "SELECT count(*) FROM synth.comment")
    shares = [{d: n / sum(x.values()) for d, n in x.items()} for x in (real, made)]
    assert max(abs(shares[0].get(d, 0) - shares[1].get(d, 0)) for d in range(6)) < 0.08


def test_two_keys_to_itself_form_no_circle(db: duckdb.DuckDBPyConnection) -> None:
    """Three generations with two parents each: nobody is his own ancestor."""
    db.execute("""
        CREATE TABLE person AS SELECT i AS id, ['f', 'm'][1 + i % 2] AS sex, i * 7 % 90 AS age,
          CASE WHEN i >= 100 THEN i // 4 * 2 % (i // 2) END AS mother,
          CASE WHEN i >= 100 AND i % 9 > 0 THEN (i // 4 * 2 + 1) % (i // 2) END AS father
        FROM range(600) r(i)
    """)
    keys = ["person.mother -> person.id", "person.father -> person.id"]
    db.execute("CALL genesis_fit_database('m', relationships := ?)", [keys])
    db.execute("CALL genesis_generate_database('m', target := 'synth', scale := 2)")
    declared = "SELECT count(*) FROM genesis.relationships WHERE target = 'synth' AND declared"
    assert one(db, declared) == (0 if OLD else 2)
    for column in ("mother", "father"):
        share = f"SELECT avg(CAST({column} IS NULL AS INTEGER)) FROM {{}}person"
        assert abs(one(db, share.format("")) - one(db, share.format("synth."))) < 0.05


def test_a_composite_key_to_itself(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE shop (id INTEGER PRIMARY KEY, town VARCHAR);
        CREATE TABLE shelf (shop INTEGER REFERENCES shop (id), nr INTEGER, inside INTEGER, size INTEGER,
          PRIMARY KEY (shop, nr), FOREIGN KEY (shop, inside) REFERENCES shelf (shop, nr));
        INSERT INTO shop SELECT i, 't' || i % 4 FROM range(60) r(i);
        INSERT INTO shelf SELECT i, 1, NULL, 90 + i % 10 FROM range(60) r(i);
        INSERT INTO shelf SELECT i, k, 1, 30 + k FROM range(60) r(i), range(2, 5) s(k);
        INSERT INTO shelf SELECT i, k, 2 + k % 3, 10 FROM range(60) r(i), range(5, 8) s(k) WHERE i % 2 = 0;
    """)
    db.execute("CALL genesis_fit_database('m')")
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    lost = """SELECT count(*) FROM synth.shelf c ANTI JOIN synth.shelf p
        ON c.shop = p.shop AND c.inside = p.nr WHERE inside IS NOT NULL"""
    assert one(db, lost) == 0
    share = "SELECT avg(CAST(inside IS NULL AS INTEGER)) FROM {}shelf"
    assert abs(one(db, share.format("")) - one(db, share.format("synth."))) < 0.1


# circles of tables

COMPANY = """
CREATE TABLE department (id INTEGER PRIMARY KEY, town VARCHAR, head VARCHAR);
CREATE TABLE employee (id VARCHAR PRIMARY KEY, grade INTEGER, pay INTEGER,
  department INTEGER NOT NULL REFERENCES department (id));
INSERT INTO department SELECT i, ['Ulm', 'Bonn'][1 + i % 2], NULL FROM range(80) r(i);
INSERT INTO employee SELECT 'E' || (10000 + i * 10 + k), CASE WHEN k = 0 THEN 9 ELSE 1 + k % 4 END,
  1000 + 500 * (i % 2) + k, i FROM range(80) r(i), range(8) s(k) WHERE k <= i % 8;
"""


def test_a_head_works_in_the_department(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    db.execute(COMPANY)
    db.execute("""UPDATE department SET head = 'E' || (10000 + id * 10) WHERE id % 5 > 0""")
    db.execute(
        "CALL genesis_fit_database('m', relationships := ['department.head -> employee.id'])"
    )
    for scale in (1, 2.5):
        db.execute(f"""CALL genesis_generate_database('m', target := 'synth', scale := {scale},
            if_exists := 'replace')""")
        away = """SELECT count(*) FROM synth.department d JOIN synth.employee e ON d.head = e.id
            WHERE e.department <> d.id"""
        assert one(db, away) == 0
        heads = "SELECT avg(CAST(head IS NULL AS INTEGER)) FROM synth.department"
        assert abs(one(db, heads) - 0.2) < 0.12
        grade = """SELECT avg(CAST(e.grade = 9 AS INTEGER)) FROM synth.employee e
            JOIN synth.department d ON d.head = e.id
            WHERE d.id IN (SELECT department FROM synth.employee WHERE grade = 9)"""
        assert one(db, grade) > 0.8
    kept = """SELECT child, declared, reason LIKE '%circle%' FROM genesis.relationships
        WHERE target = 'synth' ORDER BY child"""
    assert rows(db, kept) == [("department", False, True), ("employee", True, False)]
    db.execute("CALL genesis_export('m', ?)", [str(tmp_path / "m.genesis")])
    db.execute("CALL genesis_import(?, model := 'copy')", [str(tmp_path / "m.genesis")])
    again = """SELECT count(*) FROM (
        FROM genesis_generate('copy', 'department', scale := 2.5) EXCEPT FROM synth.department)"""
    assert one(db, again) == 0


def test_three_tables_in_a_circle(db: duckdb.DuckDBPyConnection) -> None:
    """Accounts have a default address, addresses a country, countries a largest account."""
    db.execute("""
        CREATE TABLE account AS SELECT i AS id, i % 9 AS size, i * 7 % 300 AS address FROM range(200) r(i);
        CREATE TABLE address AS SELECT i AS id, i % 4 AS zone, i % 40 AS country FROM range(300) r(i);
        CREATE TABLE country AS SELECT i AS id, i % 3 AS tax,
          CASE WHEN i % 2 = 0 THEN i * 5 % 200 END AS largest FROM range(40) r(i);
    """)
    keys = [
        "account.address -> address.id",
        "address.country -> country.id",
        "country.largest -> account.id",
    ]
    db.execute("CALL genesis_fit_database('m', relationships := ?)", [keys])
    db.execute("CALL genesis_generate_database('m', target := 'synth', scale := 2)")
    assert one(db, "SELECT count(*) FROM synth.country WHERE largest IS NOT NULL") > 20
    lost = "SELECT count(*) FROM synth.country ANTI JOIN synth.account a ON largest = a.id WHERE largest IS NOT NULL"
    assert one(db, lost) == 0


def test_a_circle_without_null_is_refused(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE husband (id INTEGER PRIMARY KEY, wife INTEGER NOT NULL, age INTEGER);
        CREATE TABLE wife (id INTEGER PRIMARY KEY, husband INTEGER NOT NULL, age INTEGER);
        INSERT INTO husband SELECT i, i, 30 + i FROM range(40) r(i);
        INSERT INTO wife SELECT i, i, 30 + i FROM range(40) r(i);
    """)
    keys = ["husband.wife -> wife.id", "wife.husband -> husband.id"]
    with pytest.raises(duckdb.Error, match="circle: .*; none of the keys may be NULL"):
        db.execute("CALL genesis_fit_database('m', relationships := ?)", [keys])


# references that hold for one value of a column

BLOG = """
CREATE TABLE post (id INTEGER PRIMARY KEY, words INTEGER);
CREATE TABLE photo (code VARCHAR PRIMARY KEY, wide BOOLEAN);
INSERT INTO post SELECT i, i * 7 % 900 FROM range(120) r(i);
INSERT INTO photo SELECT 'P-' || (1000 + i * 3), i % 2 = 0 FROM range(60) r(i);
CREATE TABLE remark AS SELECT i AS id, i % 5 AS stars,
  ['post', 'post', 'photo', 'user', NULL][1 + i * 7 % 5] AS about,
  CASE i * 7 % 5 WHEN 0 THEN CAST(i % 120 AS VARCHAR)
    WHEN 1 THEN CASE WHEN i % 4 > 0 THEN CAST(i % 60 AS VARCHAR) END
    WHEN 2 THEN 'P-' || (1000 + i % 60 * 3) WHEN 3 THEN 'u' || (100 + i * 13 % 800) END AS about_id
FROM range(600) r(i);
"""
ABOUT = [
    "remark.about_id -> post.id WHERE about = 'post'",
    "remark.about_id -> photo.code WHERE about = 'photo'",
]


def test_each_label_has_its_own_parent(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    db.execute(BLOG.replace("post (id INTEGER", "post (id VARCHAR"))
    db.execute("CALL genesis_fit_database('m', relationships := ?)", [ABOUT])
    for scale in (1, 3):
        db.execute(f"""CALL genesis_generate_database('m', target := 'synth', scale := {scale},
            if_exists := 'replace')""")
        shares = """SELECT about, round(avg(CAST(about_id IS NULL AS INTEGER)), 1), count(*) // {},
            count(*) FILTER (WHERE about_id IN (SELECT id FROM {}post)),
            count(*) FILTER (WHERE about_id IN (SELECT code FROM {}photo)), count(about_id)
            FROM {}remark GROUP BY about ORDER BY about"""
        place = "synth."
        made = {r[0]: r[1:] for r in rows(db, shares.format(scale, place, place, place))}
        for label, parent in (("post", 2), ("photo", 3)):
            assert made[label][parent] == made[label][4] > 0
        assert made["photo"][0] == 0
        assert abs(made["post"][0] - 0.1) < 0.11
        assert made["user"][2:4] == (0, 0)
        assert made["user"][4] > 0
        assert made[None][4] == 0
        assert abs(made["post"][1] - 240) < 60
    kept = "SELECT DISTINCT declared, reason FROM genesis.relationships WHERE target = 'synth' AND child = 'remark' ORDER BY ALL"
    assert rows(db, kept) == [
        (False, "it holds only where 'about' is 'photo'"),
        (False, "it holds only where 'about' is 'post'"),
    ]
    db.execute("CALL genesis_export('m', ?)", [str(tmp_path / "m.genesis")])
    db.execute("CALL genesis_import(?, model := 'copy')", [str(tmp_path / "m.genesis")])
    again = """SELECT count(*) FROM (
        FROM genesis_generate('copy', 'remark', scale := 3) EXCEPT FROM synth.remark)"""
    assert one(db, again) == 0


def test_orphans_and_nulls_are_counted_for_one_label(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(BLOG.replace("post (id INTEGER", "post (id VARCHAR"))
    db.execute("UPDATE remark SET about_id = '999' WHERE id IN (0, 5)")
    db.execute("CALL genesis_fit_database('m', relationships := ?)", [ABOUT])
    counted = "SELECT parent, orphans, nulls FROM genesis.relationships WHERE child = 'remark' ORDER BY parent"
    assert rows(db, counted) == [("photo", 0, 0), ("post", 2, 30)]


@pytest.mark.parametrize("type_", ["INTEGER", "DECIMAL(6,0)", "VARCHAR"])
def test_numbers_as_labels_and_a_table_that_is_its_own_target(
    db: duckdb.DuckDBPyConnection, type_: str
) -> None:
    db.execute(f"""
        CREATE TABLE item (id INTEGER PRIMARY KEY, size INTEGER);
        CREATE TABLE mark (id INTEGER PRIMARY KEY, kind {type_} NOT NULL, of INTEGER NOT NULL);
        CREATE TABLE colour (id INTEGER PRIMARY KEY, name VARCHAR);
        INSERT INTO item SELECT i, i % 7 FROM range(80) r(i);
        INSERT INTO colour SELECT i, 'colour ' || i FROM range(9) r(i);
        INSERT INTO mark SELECT i, 1 + i % 3,
          CASE i % 3 WHEN 0 THEN i % 80 WHEN 1 THEN i // 2 ELSE i % 9 END FROM range(300) r(i);
    """)
    keys = [
        "mark.of -> item.id WHERE kind = 1",
        "mark.of -> mark.id WHERE mark.kind = 2",
        "mark.of -> colour.id WHERE kind = '3'",
    ]
    db.execute("CALL genesis_fit_database('m', relationships := ?, verbatim := ['colour'])", [keys])
    found = rows(db, "CALL genesis_generate_database('m', target := 'synth', scale := 1.5)")
    assert sum(r[2] for r in found) == 0
    assert rows(db, "SELECT kind, count(*) > 80 FROM synth.mark GROUP BY kind ORDER BY kind") == [
        (r, True) for (r,) in rows(db, "SELECT DISTINCT kind FROM mark ORDER BY kind")
    ]
    higher = "SELECT count(*) FROM synth.mark WHERE CAST(kind AS INTEGER) = 2 AND of > 2 * 450"
    assert one(db, higher) == 0


def test_a_label_that_is_made_anew_is_refused(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(BLOG)
    db.execute("""CREATE TABLE kind (id VARCHAR PRIMARY KEY);
        INSERT INTO kind VALUES ('post'), ('photo'), ('user')""")
    keys = [ABOUT[1], "remark.about -> kind.id"]
    with pytest.raises(duckdb.Error, match="add 'kind' to verbatim"):
        db.execute("CALL genesis_fit_database('m', relationships := ?)", [keys])
    db.execute("CALL genesis_fit_database('m', relationships := ?, verbatim := ['kind'])", [keys])
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    lost = """SELECT count(*) FROM synth.remark ANTI JOIN synth.photo ON about_id = code
        WHERE about = 'photo' AND about_id IS NOT NULL"""
    assert one(db, lost) == 0


def test_a_composite_reference_by_label(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE shop (id INTEGER PRIMARY KEY, town VARCHAR);
        CREATE TABLE shelf (shop INTEGER, nr INTEGER, PRIMARY KEY (shop, nr));
        CREATE TABLE "sale" (id INTEGER PRIMARY KEY, shop INTEGER, "the kind" VARCHAR, nr INTEGER);
        INSERT INTO shop SELECT i, 't' || i % 4 FROM range(60) r(i);
        INSERT INTO shelf SELECT i, k FROM range(60) r(i), range(1, 5) s(k) WHERE k < 2 + i % 4;
        INSERT INTO sale SELECT i, i % 60, ['shelf', 'web'][1 + i % 2],
          CASE WHEN i % 2 = 0 THEN 1 + i // 60 % (1 + i % 60 % 4) END FROM range(400) r(i);
    """)
    keys = [
        "shelf.shop -> shop.id",
        "sale.shop -> shop.id",
        "sale(shop, nr) -> shelf(shop, nr) WHERE \"the kind\" = 'shelf'",
    ]
    db.execute("CALL genesis_fit_database('m', relationships := ?)", [keys])
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    lost = """SELECT count(*) FROM synth.sale s ANTI JOIN synth.shelf h ON s.shop = h.shop AND s.nr = h.nr
        WHERE s.nr IS NOT NULL"""
    assert one(db, lost) == 0
    assert one(db, "SELECT count(nr) FROM synth.sale WHERE \"the kind\" = 'web'") == 0
    assert one(db, "SELECT count(nr) FROM synth.sale WHERE \"the kind\" = 'shelf'") > 150


# one to one, and keys of several columns to copied tables


def test_two_references_that_are_unique(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE person (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE car (id INTEGER PRIMARY KEY, doors INTEGER);
        CREATE TABLE desk (id INTEGER PRIMARY KEY, person INTEGER UNIQUE REFERENCES person (id),
          car INTEGER UNIQUE REFERENCES car (id), room VARCHAR);
        INSERT INTO person SELECT i, i % 60 FROM range(200) r(i);
        INSERT INTO car SELECT i, i % 5 FROM range(150) r(i);
        INSERT INTO desk SELECT i, i, CASE WHEN i % 4 > 0 THEN i * 7 % 150 END, 'r' || i % 9
        FROM range(120) r(i);
    """)
    db.execute("CALL genesis_fit_database('m')")
    for scale in (0.5, 1, 3):
        db.execute(f"""CALL genesis_generate_database('m', target := 'synth', scale := {scale},
            if_exists := 'replace')""")
        assert abs(one(db, "SELECT avg(CAST(car IS NULL AS INTEGER)) FROM synth.desk") - 0.25) < 0.2


def test_a_reference_of_two_columns_to_a_copied_table(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE zone (a INTEGER, b VARCHAR, name VARCHAR, PRIMARY KEY (a, b));
        INSERT INTO zone SELECT i // 3, ['x', 'y', 'z'][1 + i % 3], 'zone ' || i FROM range(30) r(i);
        CREATE TABLE stop (id INTEGER PRIMARY KEY, a INTEGER, b VARCHAR, busy INTEGER,
          FOREIGN KEY (a, b) REFERENCES zone (a, b));
        INSERT INTO stop SELECT i, nullif(i % 11, 10), ['x', 'y', 'z'][1 + i % 3], i % 3 * 100
        FROM range(400) r(i);
    """)
    db.execute("CALL genesis_fit_database('m', verbatim := ['zone'])")
    db.execute("CALL genesis_generate_database('m', target := 'synth', scale := 2)")
    empty = "SELECT avg(CAST(a IS NULL AS INTEGER)) FROM synth.stop"
    assert abs(one(db, empty) - 1 / 11) < 0.05
    fits = "SELECT avg(CAST(busy = 100 * (ascii(b) - 120) AS INTEGER)) FROM synth.stop"
    assert one(db, fits) > 0.8
