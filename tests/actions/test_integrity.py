"""The integrity report: what is counted, kept, shown and refused."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.actions.integrity import Checked, verify
from genesis_sql.actions.target import Target
from genesis_sql.actions.workspace import Workspace
from genesis_sql.effects import workspace
from genesis_sql.errors import IntegrityError
from genesis_sql.jobs import Job
from genesis_sql.session import session_of

PETS = """
CREATE TABLE owners (id INTEGER PRIMARY KEY, mail VARCHAR UNIQUE, town VARCHAR NOT NULL);
INSERT INTO owners SELECT i, CASE WHEN i % 3 > 0 THEN 'm' || i || '@x.org' END, 'T' || i % 4
FROM range(60) t(i);
CREATE TABLE pets (
    owner INTEGER REFERENCES owners, nr INTEGER, kind VARCHAR, PRIMARY KEY (owner, nr));
INSERT INTO pets SELECT id, k, ['cat', 'dog'][1 + k % 2] FROM owners, range(4) t(k) WHERE k < id % 5;
"""
WRITE = "CALL genesis_generate_database('pets', target := 'made', keys := '{}', if_exists := '{}')"


@pytest.fixture(scope="module")
def pets() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(PETS)
    con.execute("CALL genesis_fit_database('pets')")
    yield con
    con.close()


@pytest.fixture
def ws(pets: duckdb.DuckDBPyConnection) -> Iterator[Workspace]:
    session = session_of(pets)
    with session.cursor() as cursor:
        yield workspace(session, cursor, "memory", "main", Job())


def test_what_was_checked_is_kept_and_shown(pets: duckdb.DuckDBPyConnection) -> None:
    rows = dict(r[:2] for r in pets.execute(WRITE.format("declare", "replace")).fetchall())
    shown = pets.execute(
        'SELECT table_name, "check", "of", rows, violations FROM genesis_integrity(\'pets\')'
    ).fetchall()
    mails = pets.execute("SELECT count(mail) FROM made.owners").fetchall()[0][0]
    assert shown == [
        ("owners", "rows", "owners", 60, 0),
        ("owners", "duplicates", "owners(id)", 60, 0),
        ("owners", "duplicates", "owners(mail)", mails, 0),
        ("owners", "not null", "id", 60, 0),
        ("owners", "not null", "town", 60, 0),
        ("pets", "rows", "pets", rows["pets"], 0),
        ("pets", "duplicates", "pets(owner, nr)", rows["pets"], 0),
        ("pets", "not null", "nr", rows["pets"], 0),
        ("pets", "not null", "owner", rows["pets"], 0),
        ("pets", "orphans", "pets(owner) -> owners(id)", rows["pets"], 0),
    ]
    assert pets.execute("FROM genesis_integrity()").fetchall()[0][:2] == (
        pets.execute("SELECT max(id) FROM genesis_history()").fetchall()[0][0],
        "pets",
    )


@pytest.mark.parametrize(
    ("change", "table", "text"),
    [
        ("DELETE FROM made.owners WHERE id = {}", "owners", "has 59 rows of 60"),
        ("UPDATE made.pets SET owner = -1 WHERE rowid < 2", "pets",
         r"has 2 rows of \d+ that break the check 'orphans' of pets\(owner\) -> owners\(id\)"),
        ("UPDATE made.pets SET nr = 7 WHERE owner = (SELECT min(owner) FROM made.pets "
         "GROUP BY owner HAVING count(*) = 3 LIMIT 1)", "pets",
         r"has 2 rows of \d+ that break the check 'duplicates' of pets\(owner, nr\)"),
        ("ALTER TABLE made.owners ALTER town DROP NOT NULL; UPDATE made.owners SET town = NULL",
         "owners", "has 60 rows of 60 that break the check 'not null' of town"),
    ],
)  # fmt: skip
def test_each_kind_of_damage_is_found(
    pets: duckdb.DuckDBPyConnection, ws: Workspace, change: str, table: str, text: str
) -> None:
    pets.execute(WRITE.format("none", "replace"))
    sizes = {
        t: pets.execute(f"SELECT count(*) FROM made.{t}").fetchall()[0][0]
        for t in ("owners", "pets")
    }
    model, target = ws.load("pets", None), Target("memory", "made")
    for name, size in sizes.items():
        assert all(c.violations == 0 for c in verify(ws, model, target, name, size))
    _without_keys(pets)
    some = pets.execute("SELECT min(id) FROM made.owners").fetchall()[0][0]
    pets.execute(change.format(some))
    with pytest.raises(IntegrityError, match=f"table '{table}' {text}"):
        verify(ws, model, target, table, sizes[table])


def _without_keys(con: duckdb.DuckDBPyConnection) -> None:
    for table, column in (("owners", "town"), ("pets", "nr")):
        con.execute(f"CREATE OR REPLACE TABLE copied AS FROM made.{table}")
        con.execute(f"DROP TABLE made.{table}")
        con.execute(f"CREATE TABLE made.{table} AS FROM copied")
        con.execute(f"ALTER TABLE made.{table} ALTER {column} SET NOT NULL")


def test_no_report_before_the_first_call() -> None:
    con = genesis_sql.connect()
    assert con.execute("FROM genesis_integrity()").fetchall() == []
    columns = [d[0] for d in con.execute("FROM genesis_integrity()").description or []]
    assert columns == ["execution", "model", "table_name", "check", "of", "rows", "violations"]
    con.close()


def test_python_too(pets: duckdb.DuckDBPyConnection) -> None:
    pets.execute(WRITE.format("declare", "replace"))
    found = genesis_sql.integrity(pets, "pets").fetchall()
    assert len(found) == 10


def test_a_check_as_the_history_keeps_it() -> None:
    plain = Checked("rows", "t", 3, 0).plain()
    assert plain == {"check": "rows", "of": "t", "rows": 3, "violations": 0}
