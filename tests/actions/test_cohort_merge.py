"""Merged cohorts: every row, no key twice, every reference still finds its row."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import CohortError

Con = duckdb.DuckDBPyConnection


def rows(con: Con, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return con.execute(query, values).fetchall()


def test_runs_of_a_profile(ran: Con) -> None:
    genesis_sql.tag_cohort(ran, "c2", ["second"])
    made = rows(ran, "CALL genesis_merge_cohorts(['c1', 'c2'], 'both')")
    sizes = {r[2]: r[3] for r in made}
    assert sizes["people"] == 240
    assert sizes["rooms"] == 6
    assert "person is kept apart (numbered text)" in made[0][4]
    people = "SELECT min(person), max(person), count(DISTINCT person) FROM both.people"
    assert rows(ran, people.replace("both", '"both"')) == [("P000001", "P000240", 240)]
    keys = """
    SELECT constraint_type, count(*) FROM duckdb_constraints() WHERE schema_name = 'both'
    AND constraint_type LIKE '% KEY' GROUP BY 1 ORDER BY 1
    """
    assert rows(ran, keys) == [("FOREIGN KEY", 2), ("PRIMARY KEY", 3)]
    follow = """
    SELECT count(*) FROM c2.visits AS v JOIN c2.people AS p USING (person) JOIN c2.rooms AS r USING (room)
    JOIN "both".people AS q ON q.person = 'P' || lpad((substr(p.person, 2)::INT + 200)::VARCHAR, 6, '0')
      AND (q.sex, q.weight) = (p.sex, p.weight)
    JOIN "both".visits AS w ON w.person = q.person
      AND w.visit = 'V' || lpad((substr(v.visit, 2)::INT + (SELECT count(*) FROM c1.visits))::VARCHAR, 8, '0')
    JOIN "both".rooms AS s ON s.room = w.room AND s.floor = r.floor
    """
    assert rows(ran, follow) == rows(ran, "SELECT count(*) FROM c2.visits")
    listed = "SELECT origin, profile, version, execution, tags, description FROM genesis_cohorts() WHERE name = 'both'"
    assert rows(ran, listed) == [
        ("merge", "clinic", 1, None, ["care", "second"], "merged of c1, c2")
    ]
    genesis_sql.merge_cohorts(ran, ["c1", "c2"], "twice")
    same = 'SELECT count(*) FROM (FROM "both".visits EXCEPT ALL FROM twice.visits)'
    assert rows(ran, same) == [(0,)]
    genesis_sql.merge_cohorts(ran, ["both", "c1", "twice"], "all")
    counted = 'SELECT count(*), count(DISTINCT person) FROM "all".people'
    assert rows(ran, counted) == [(680, 680)]


OWN = "REFERENCES w (word)" if duckdb.__version__ >= "2" else ""
"""DuckDB 1.5 inserts into no table outside of main that refers to itself: it does not find it."""
MANY = """
CREATE TABLE p (id UUID PRIMARY KEY, mail VARCHAR UNIQUE, npi BIGINT UNIQUE);
CREATE TABLE c (p UUID REFERENCES p (id), line SMALLINT, boss UUID, word VARCHAR, PRIMARY KEY (p, line));
CREATE TABLE w (word VARCHAR PRIMARY KEY, up VARCHAR {1}, big HUGEINT UNIQUE);
INSERT INTO p SELECT CAST(md5('u' || i) AS UUID), 'm' || i || '@x.org', i + {0} FROM range(4) r(i);
INSERT INTO c SELECT id, 1, NULL, NULL FROM p;
INSERT INTO w VALUES ('root', NULL, 1);
INSERT INTO w VALUES ('leaf', 'root', NULL);
"""


@pytest.fixture
def odd(con: Con) -> Con:
    """Two cohorts of the same odd keys: UUIDs, texts, a reference to the own table."""
    for name, start in (("a", 0), ("b", 100)):
        con.execute(f"CREATE SCHEMA {name}; USE {name};" + MANY.format(start, OWN))
        con.execute("USE main")
        genesis_sql.save_cohort(con, name)
    return con


def test_keys_of_every_kind(odd: Con) -> None:
    made = genesis_sql.merge_cohorts(odd, ["a", "b"], "m")
    notes = {r["table_name"]: r["notes"] for r in made}
    assert rows(
        odd, "SELECT count(*), count(DISTINCT id), count(DISTINCT mail), max(npi) FROM m.p"
    ) == [(8, 8, 8, 103)]
    assert "npi" not in notes["p"]  # no value is there twice, so that none is changed
    assert rows(odd, "SELECT count(*) FROM m.c JOIN m.p ON p.id = c.p") == [(8,)]
    second = "root-2" if OWN else "root"
    assert rows(odd, "SELECT word, up, big FROM m.w ORDER BY word") == [
        ("leaf", "root", None), ("leaf-2", second, None), ("root", None, 1), ("root-2", None, 2),
    ]  # fmt: skip
    assert ("its key to itself (up) is not declared" in notes["w"]) == bool(OWN)
    assert rows(odd, "SELECT min(mail), max(mail) FROM m.p") == [("m0@x.org", "m3@x.org-2")]


def test_all_or_nothing(odd: Con) -> None:
    odd.execute(
        "CREATE SCHEMA tiny; CREATE TABLE tiny.t (k TINYINT PRIMARY KEY); INSERT INTO tiny.t FROM range(100)"
    )
    odd.execute(
        "CREATE SCHEMA more; CREATE TABLE more.t (k TINYINT PRIMARY KEY); INSERT INTO more.t FROM range(100)"
    )
    for name in ("tiny", "more"):
        genesis_sql.save_cohort(odd, name)
    before = rows(odd, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    with pytest.raises(CohortError, match="cohort 'more' cannot be merged, nothing was changed"):
        genesis_sql.merge_cohorts(odd, ["tiny", "more"], "m")
    assert rows(odd, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL") == before
    assert rows(odd, "SELECT count(*) FROM genesis_cohorts() WHERE name = 'm'") == [(0,)]
    assert rows(odd, "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'm'") == [(0,)]


def test_what_cannot_be_merged(odd: Con) -> None:
    odd.execute(
        "CREATE SCHEMA d; CREATE TABLE d.p (id DATE PRIMARY KEY); CREATE SCHEMA e; CREATE TABLE e.p (id DATE PRIMARY KEY)"
    )
    for name in ("d", "e"):
        genesis_sql.save_cohort(odd, name)
    for given, match in (
        (["a"], "1 cohorts cannot be merged"),
        (["a", "a"], "name two or more, each once"),
        (["a", "x"], "no cohort 'x'"),
        (["a", "d"], "'a' has a table 'c' and 'd' has none"),
        (["d", "e"], "the key of table 'p' is 'id' of type DATE"),
    ):
        with pytest.raises(CohortError, match=match):
            genesis_sql.merge_cohorts(odd, given, "m")
    odd.execute("ALTER TABLE e.p RENAME COLUMN id TO no")
    with pytest.raises(
        CohortError, match="column 'id' of table 'p' is not the same in 'd' and 'e'"
    ):
        genesis_sql.merge_cohorts(odd, ["d", "e"], "m")


def test_names_are_quoted(con: Con) -> None:
    con.execute("CREATE TABLE victim (i INTEGER)")
    odd = "x'); DROP TABLE victim; --\" 🙂"
    quoted = '"' + odd.replace('"', '""') + '"'
    for name in ("a", "b"):
        con.execute(
            f"CREATE SCHEMA {name}; CREATE TABLE {name}.{quoted} ({quoted} VARCHAR PRIMARY KEY)"
        )
        con.execute(f"INSERT INTO {name}.{quoted} VALUES ('k''1'), ('\"; --')")
        genesis_sql.save_cohort(con, name)
    assert genesis_sql.merge_cohorts(con, ["a", "b"], odd)[0]["rows"] == 4
    assert rows(con, f"SELECT count(DISTINCT {quoted}) FROM {quoted}.{quoted}") == [(4,)]
    assert rows(con, "SELECT count(*) FROM victim") == [(0,)]
