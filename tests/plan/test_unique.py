"""Keys that no step keeps unique: all of them hold, at every scale and behind old rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.steps import Override
from genesis_sql.session import session_of
from tests.plan.test_compile import check

ROOTS = """
CREATE TABLE a (id INTEGER PRIMARY KEY); INSERT INTO a SELECT i FROM range(50) t(i);
CREATE TABLE b (id INTEGER PRIMARY KEY); INSERT INTO b SELECT i FROM range(40) t(i);
CREATE TABLE c (id INTEGER PRIMARY KEY); INSERT INTO c SELECT i FROM range(4) t(i);
"""
CASES = {
    "a pair of further parents": """
        CREATE TABLE x (a INTEGER REFERENCES a, nr INTEGER, b INTEGER REFERENCES b,
            c INTEGER REFERENCES c, PRIMARY KEY (a, nr), UNIQUE (b, c));
        INSERT INTO x SELECT i % 50, i // 50, i % 40, i // 40 FROM range(150) t(i)""",
    "a parent and a label": """
        CREATE TABLE x (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, b INTEGER REFERENCES b,
            colour VARCHAR, UNIQUE (b, colour));
        INSERT INTO x SELECT row_number() OVER (), (b.id * 3 + k) % 50, b.id,
            ['red', 'blue', 'green'][1 + k] FROM b, range(3) t(k) WHERE (b.id + k) % 4 > 0""",
    "two numbers": """
        CREATE TABLE x (id INTEGER PRIMARY KEY, p INTEGER, q INTEGER, UNIQUE (p, q));
        INSERT INTO x SELECT i, i % 20, (i * i) % 101 + 200 * (i // 100) FROM range(200) t(i)""",
    "a second parent that has one child": """
        CREATE TABLE x (a INTEGER PRIMARY KEY REFERENCES a,
            b INTEGER NOT NULL UNIQUE REFERENCES b, v INTEGER);
        INSERT INTO x SELECT i, (i * 7) % 40, i % 4 FROM range(35) t(i)""",
    "three parents": """
        CREATE TABLE x (a INTEGER REFERENCES a, b INTEGER REFERENCES b, c INTEGER REFERENCES c,
            PRIMARY KEY (a, b, c));
        INSERT INTO x SELECT a.id, b.id, c.id FROM a, b, c WHERE hash(a.id, b.id, c.id) % 20 = 0""",
    "a parent, a label and a day": """
        CREATE TABLE x (a INTEGER REFERENCES a, kind VARCHAR, day DATE, PRIMARY KEY (a, kind, day));
        INSERT INTO x SELECT id, ['p', 'q'][1 + k % 2],
            DATE '2021-01-01' + CAST(k // 2 * 3 + id % 5 AS INTEGER)
        FROM a, range(20) t(k) WHERE hash(id, k) % 3 = 0""",
    "part of a grid": """
        CREATE TABLE x (place VARCHAR, day DATE, v INTEGER, PRIMARY KEY (place, day));
        INSERT INTO x SELECT 'P' || p, DATE '2021-01-01' + CAST(d AS INTEGER), p
        FROM range(10) s(p), range(100) t(d) WHERE hash(p, d) % 10 < 3""",
    "names below a row of the same table": """
        CREATE TABLE x (id INTEGER PRIMARY KEY, up INTEGER REFERENCES x, name VARCHAR NOT NULL,
            UNIQUE (up, name));
        INSERT INTO x SELECT i, NULL, 'root' FROM range(4) t(i);
        INSERT INTO x SELECT 4 + i, i // 5, ['red', 'blue', 'green', 'grey', 'pink'][1 + i % 5]
        FROM range(20) t(i)""",
    "two keys with a column in common": """
        CREATE TABLE x (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a, b INTEGER REFERENCES b,
            slot INTEGER, UNIQUE (a, slot), UNIQUE (b, slot));
        INSERT INTO x SELECT row_number() OVER (), k * 6 + id % 6, id, k
        FROM b, range(8) t(k) WHERE id < 6""",
}
KEYS = "SELECT constraint_column_names FROM duckdb_constraints() WHERE table_name = 'x'"


@pytest.fixture(params=CASES)
def con(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    made = genesis_sql.connect()
    made.execute(ROOTS + CASES[request.param])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        made.execute("CALL genesis_fit_database('m', options := {'x': {'min_cell': 5}})")
    yield made
    made.close()


def test_all_keys_hold(con: duckdb.DuckDBPyConnection) -> None:
    for scale in (0.5, 1, 3):
        call = f"'m', target := 's', scale := {scale}, if_exists := 'replace'"
        rows = con.execute(f"CALL genesis_generate_database({call})").fetchall()
        assert {r[2:4] for r in rows} == {(0, 0)}
    call = "'m', target := 's', if_exists := 'append'"
    assert con.execute(f"CALL genesis_generate_database({call})").fetchall()
    keys = con.execute(f"{KEYS} AND schema_name = 's' AND constraint_type IN ('UNIQUE')")
    assert con.execute("SELECT count(*) > 20 FROM s.x").fetchall() == [(True,)]
    for (columns,) in keys.fetchall():
        some = ", ".join(f'"{c}"' for c in columns)
        filled = " AND ".join(f'"{c}" IS NOT NULL' for c in columns)
        same = f"SELECT count(*) - count(DISTINCT ({some})) FROM s.x WHERE {filled}"
        assert con.execute(same).fetchall() == [(0,)]


def test_any_range_is_the_same_rows(con: duckdb.DuckDBPyConnection) -> None:
    whole = con.execute("FROM genesis_generate('m', 'x', scale := 2.0, seed := 3)").fetchall()
    some = "FROM genesis_generate('m', 'x', scale := 2.0, seed := 3, rows := 7, first_row := 11)"
    assert con.execute(some).fetchall() == whole[11:18]


def small(rows: str) -> duckdb.DuckDBPyConnection:
    con = genesis_sql.connect()
    con.execute("CREATE TABLE x (p VARCHAR, q VARCHAR, v INTEGER, UNIQUE (p, q))")
    con.execute(f"INSERT INTO x SELECT 'p' || i, 'q' || k, i FROM {rows}")
    con.execute("CALL genesis_fit('m', 'x', options := {'floor': 1, 'min_cell': 1})")
    return con


def test_a_grid_is_filled_to_the_last_place() -> None:
    con = small("range(12) s(i), range(12) t(k) WHERE (i + k) % 4 = 0")
    for rows in (36, 143, 144):
        call = f"'m', target := 's{rows}', rows := {{'x': {rows}}}"
        assert con.execute(f"CALL genesis_generate_database({call})").fetchall()[0][1] == rows
    made = con.execute("CALL genesis_generate_database('m', target := 'big', scale := 9)")
    assert made.fetchall()[0][1] == 144
    with pytest.raises(
        duckdb.Error, match=r"145 rows of table 'x', which can have 144: its key \(p, q\) has no"
    ):
        con.execute("CALL genesis_generate_database('m', target := 't', rows := {'x': 145})")
    con.close()


def test_a_condition_is_kept_where_a_key_repeats() -> None:
    con = small("range(12) s(i), range(12) t(k) WHERE (i + k) % 4 = 0")
    call = "'m', target := 's', rows := {'x': 12}, conditions := {'x': {'p': 'p3'}}"
    assert con.execute(f"CALL genesis_generate_database({call})").fetchall()[0][1] == 12
    found = "SELECT count(DISTINCT q), min(p), max(p) FROM s.x"
    assert con.execute(found).fetchall() == [(12, "p3", "p3")]
    con.close()


def test_the_sql_form_has_what_was_given() -> None:
    con = small("range(12) s(i), range(12) t(k) WHERE (i + k) % 4 = 0")
    session = session_of(con)
    with session.cursor() as cursor:
        model = session.load(cursor, "memory", "m", None)
    for scale, rows in ((0.5, 18), (1.0, 36), (3.9, 140), (9.0, 144)):
        assert any(isinstance(s, Override) for s in Sampler(model, 7, scale).program("x").steps)
        assert check(con, model, "x", scale=scale) == rows
    con.close()
