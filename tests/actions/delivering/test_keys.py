"""Keys of the other database: circles, references to the own table, sequences, generated columns."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
import sqlalchemy as sa

import genesis_sql
from genesis_sql.actions.delivering import filling
from genesis_sql.errors import IntegrityError, TargetError
from tests.actions.delivering.conftest import ask, counts, fill, make
from tests.servers import PASSWORD, Server

CIRCLE = """
CREATE TABLE teams (id INTEGER PRIMARY KEY, title VARCHAR, lead INTEGER);
CREATE TABLE staff (id INTEGER PRIMARY KEY, team INTEGER NOT NULL, boss INTEGER);
INSERT INTO teams SELECT i, 't' || i, CASE WHEN i % 3 > 0 THEN i * 7 END FROM range(1, 21) r(i);
INSERT INTO staff SELECT i, 1 + i % 20, CASE WHEN i > 20 THEN (i * 31) % 160 + 1 END FROM range(1, 161) r(i);
"""
RELATIONS = ["staff(team) -> teams(id)", "staff(boss) -> staff(id)", "teams(lead) -> staff(id)"]
THERE = [
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, title VARCHAR(9), lead INTEGER)",
    "CREATE TABLE staff (id INTEGER PRIMARY KEY, team INTEGER NOT NULL, boss INTEGER, FOREIGN KEY (team) REFERENCES teams (id), FOREIGN KEY (boss) REFERENCES staff (id))",
]
LEAD = 'ALTER TABLE teams ADD CONSTRAINT "the lead" FOREIGN KEY (lead) REFERENCES staff (id)'


@pytest.fixture(scope="module")
def circle() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        con.execute(CIRCLE)
        con.execute(
            "CALL genesis_fit_database('circle', relationships := ?)", [RELATIONS]
        ).fetchall()
        yield con


def _make(url: str, lead: str = LEAD) -> None:
    statements = (
        [
            s.replace("lead INTEGER)", "lead INTEGER, FOREIGN KEY (lead) REFERENCES staff (id))")
            for s in THERE
        ]
        if url.startswith("sqlite")
        else [*THERE, lead.replace('"', "`" if "mysql" in url else '"')]
    )
    make(url, statements)


KEYS = "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2"


def test_many_rows_are_checked_at_once_and_keys_are_as_they_were(
    circle: duckdb.DuckDBPyConnection, url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(filling, "MANY", 1)
    _make(
        url, LEAD + ("" if "mysql" in url else " ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED")
    )
    before = ask(url, KEYS) if url.startswith("postgresql") else []
    report = fill(circle, url, "circle")
    assert sorted((r["rows"], r["orphans"]) for r in report) == [(20, 0), (160, 0)]
    assert counts(url, "staff", "teams") == [160, 20]
    if before:
        assert ask(url, KEYS) == before
        assert len(before) == 3
    if not url.startswith("sqlite"):
        with pytest.raises(Exception, match="foreign key constraint"):
            make(url, "INSERT INTO staff (id, team) VALUES (99999, 99999)")


def test_a_user_who_may_not_alter_tables_fills_them_too(
    circle: duckdb.DuckDBPyConnection, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(filling, "MANY", 1)
    url = postgres_server.fresh()
    make(
        url,
        [
            THERE[1].replace("FOREIGN KEY (team) REFERENCES teams (id), ", ""),
            THERE[0].replace("lead INTEGER)", "lead INTEGER REFERENCES staff (id))"),
            "GRANT ALL ON teams, staff TO locked",
        ],
    )
    locked = (
        sa.make_url(url)
        .set(username="locked", password=PASSWORD)
        .render_as_string(hide_password=False)
    )
    fill(circle, locked, "circle")
    assert counts(url, "staff", "teams") == [160, 20]


@pytest.mark.parametrize("commit", ["all", "table"])
def test_tables_in_a_circle_and_a_table_that_refers_to_itself(
    circle: duckdb.DuckDBPyConnection, url: str, commit: str
):
    _make(url)
    report = fill(circle, url, "circle", scale=2.0, commit=commit)
    assert counts(url, "staff", "teams") == [320, 40]
    assert sorted((r["table_name"], r["rows"], r["orphans"], r["violations"]) for r in report) == [
        ("staff", 320, 0, 0),
        ("teams", 40, 0, 0),
    ]
    assert ask(url, "SELECT count(*) > 0 FROM teams t JOIN staff s ON s.id = t.lead") == [(True,)]
    assert ask(url, "SELECT count(*) > 0 FROM staff s JOIN staff b ON b.id = s.boss") == [(True,)]
    fill(circle, url, "circle", seed=1, if_exists="replace", commit=commit)
    assert counts(url, "staff", "teams") == [160, 20]
    if url.startswith("postgresql"):  # the key is what it was
        assert ask(
            url, "SELECT condeferrable, convalidated FROM pg_constraint WHERE conname = 'the lead'"
        ) == [(False, True)]
        with pytest.raises(Exception, match="violates foreign key"):
            make(url, "UPDATE teams SET lead = 99999")


def test_a_key_that_can_be_deferred_is_not_altered(
    circle: duckdb.DuckDBPyConnection, postgres: str
):
    _make(postgres, LEAD + " DEFERRABLE INITIALLY IMMEDIATE")
    make(postgres, ["GRANT ALL ON teams, staff TO locked"])  # who may not alter the tables
    fill(circle, postgres, "circle")
    assert ask(postgres, "SELECT condeferrable FROM pg_constraint WHERE conname = 'the lead'") == [
        (True,)
    ]


def test_a_broken_key_is_counted_and_nothing_kept(circle: duckdb.DuckDBPyConnection, url: str):
    """The model learnt no key from staff to teams' titles: the database has one it cannot keep."""
    if url.startswith("postgresql"):
        make(
            url,
            [
                THERE[0].replace("title VARCHAR(9)", "title VARCHAR(9) UNIQUE"),
                THERE[1],
                "ALTER TABLE teams ADD FOREIGN KEY (lead) REFERENCES teams (id)",
            ],
        )
    else:
        make(
            url,
            [
                THERE[0].replace(
                    "lead INTEGER)", "lead INTEGER, FOREIGN KEY (lead) REFERENCES teams (id))"
                ),
                THERE[1],
            ],
        )
    with pytest.raises(IntegrityError, match="nothing was kept"):
        fill(circle, url, "circle")
    assert counts(url, "staff", "teams") == [0, 0]


@pytest.mark.parametrize(
    "column",
    [
        "id SERIAL PRIMARY KEY",
        "id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "id INTEGER PRIMARY KEY DEFAULT nextval('\"the Numbers\"')",
    ],
)
def test_sequences_go_on_behind_the_last_key(
    con: duckdb.DuckDBPyConnection, postgres: str, column: str
):
    con.execute('CREATE TABLE "Odd name%" AS SELECT i AS id, i * 2 AS n FROM range(1, 31) r(i)')
    con.execute('ALTER TABLE "Odd name%" ALTER id SET NOT NULL')
    con.execute("CALL genesis_fit_database('odd', verbatim := ['Odd name%'])").fetchall()
    make(
        postgres,
        ['CREATE SEQUENCE "the Numbers"', f'CREATE TABLE "Odd name%%" ({column}, n INTEGER)'],
    )
    fill(con, postgres, "odd")
    make(postgres, 'INSERT INTO "Odd name%%" (n) VALUES (7)')
    assert ask(postgres, 'SELECT id FROM "Odd name%%" WHERE n = 7') == [(31,)]


def test_numbers_go_on_in_mariadb_too(con: duckdb.DuckDBPyConnection, mariadb: str):
    con.execute(
        "CREATE TABLE odd AS SELECT i AS id, i * 2 AS n FROM range(30) r(i)"
    )  # 0 is a key, too
    con.execute("CALL genesis_fit_database('odd', verbatim := ['odd'])").fetchall()
    make(mariadb, "CREATE TABLE odd (id INTEGER AUTO_INCREMENT PRIMARY KEY, n INTEGER)")
    fill(con, mariadb, "odd")
    make(mariadb, "INSERT INTO odd (n) VALUES (7)")
    assert ask(mariadb, "SELECT min(id), max(id) FROM odd") == [(0, 30)]


def test_generated_columns_are_left_to_the_database(con: duckdb.DuckDBPyConnection, url: str):
    con.execute(
        "CREATE TABLE sums AS SELECT i AS id, i % 5 AS qty, 2 AS price, (i % 5) * 2 AS total FROM range(1, 41) r(i)"
    )
    con.execute("CALL genesis_fit_database('sums', verbatim := ['sums'])").fetchall()
    make(
        url,
        "CREATE TABLE sums (id INTEGER PRIMARY KEY, qty INTEGER, price INTEGER, total INTEGER GENERATED ALWAYS AS (qty * price) STORED)",
    )
    assert fill(con, url, "sums")[0]["rows"] == 40
    assert ask(url, "SELECT count(*), sum(total) FROM sums") == [(40, 160)]


def test_schemas_there(con: duckdb.DuckDBPyConnection, postgres: str):
    con.execute("CREATE TABLE a AS SELECT i AS id FROM range(1, 11) r(i)")
    con.execute(
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a BIGINT); INSERT INTO b SELECT i, 1 + i % 10 FROM range(1, 21) r(i)"
    )
    con.execute("CALL genesis_fit_database('two', relationships := ['b(a) -> a(id)'])").fetchall()
    make(
        postgres,
        [
            'CREATE SCHEMA "My ""sales"""',
            'CREATE TABLE "My ""sales""".a (id SERIAL PRIMARY KEY)',
            'CREATE TABLE "My ""sales""".b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES "My ""sales""".a (id))',
        ],
    )
    fill(con, postgres, "two", schema='My "sales"')
    assert counts(postgres, '"My ""sales""".a', '"My ""sales""".b') == [10, 20]
    with pytest.raises(TargetError, match="the database has no schema 'sale'"):
        fill(con, postgres, "two", schema="sale")
