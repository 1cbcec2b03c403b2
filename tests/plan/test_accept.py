"""Rows that keep the constraints: CHECKs of many shapes, parents, ranges, and what cannot be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pytest

import genesis_sql
from genesis_sql.errors import ConstraintError, GenesisError
from genesis_sql.plan.accept import draw
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.constraint import Constraint
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.serialize import from_bytes, to_bytes
from tests.plan.test_compile import check as compiled_as_sampled

TABLE = """
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, since DATE, till DATE, fee DECIMAL(8, 2), paid DECIMAL(8, 2),
    grade VARCHAR, note VARCHAR, moment TIMESTAMP, share DOUBLE, open BOOLEAN, CHECK ({check}))
"""
ROWS = """
INSERT INTO visits SELECT i, d, d + CAST(hash(i, 1) % 30 AS INTEGER), f, f * (hash(i, 2) % 5) / 4,
    CASE WHEN f > 600 THEN 'high' WHEN hash(i, 3) % 4 > 0 THEN 'low' END,
    ['ab', 'abc', 'B-7', NULL][1 + CAST(hash(i, 4) % 4 AS INTEGER)],
    CAST(d AS TIMESTAMP) + to_minutes(CAST(hash(i, 5) % 1440 AS INTEGER)),
    CAST(hash(i, 6) % 1000 AS DOUBLE) / 997, f <= 600
FROM (SELECT i, DATE '2020-01-01' + CAST(hash(i) % 900 AS INTEGER) AS d,
             CAST(hash(i, 9) % 90000 AS DOUBLE) / 100 AS f FROM range(600) AS r(i))
"""
CHECKS = [
    "till >= since",
    "till - since < 30 AND fee >= 0",
    "paid <= fee OR paid IS NULL OR paid <= fee * 1.01",
    "CASE WHEN fee > 600 THEN grade = 'high' ELSE true END",
    "grade IN ('high', 'low')",
    "note LIKE 'ab%' OR note IS NULL OR length(note) = 3",
    "moment >= CAST(since AS TIMESTAMP) AND CAST(moment AS DATE) = since",
    "open = (fee <= 600)",
    "NOT (open AND grade = 'high')",
    "extract(year FROM since) BETWEEN 2020 AND 2022",
    "share >= 0 AND coalesce(round(share, 3), 0) <= 1.1",
    "since + INTERVAL 40 DAY > till",
    "regexp_matches(note, '^[aB]') OR note IS NULL",
]


@pytest.fixture
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        yield con


@pytest.mark.parametrize("check", CHECKS)
def test_checks_of_many_shapes_hold(check: str, plain: duckdb.DuckDBPyConnection) -> None:
    plain.execute(TABLE.format(check=check))
    plain.execute(ROWS)
    made = plain.execute("CALL genesis_fit_database('m', options := {'max_leaves': 8})").fetchall()
    assert made[0][-1] == ""
    plain.execute("CALL genesis_generate_database('m', target := 's', scale := 2)").fetchall()
    found = plain.execute(
        f"SELECT count(*), count(*) FILTER (WHERE NOT ({check})) FROM s.visits"
    ).fetchall()
    assert found == [(1200, 0)]
    declared = """SELECT count(*) FROM duckdb_constraints()
        WHERE schema_name = 's' AND constraint_type = 'CHECK'"""
    assert plain.execute(declared).fetchall() == [(1,)]


def test_a_check_outside_the_list_is_reported(plain: duckdb.DuckDBPyConnection) -> None:
    plain.execute(TABLE.format(check="levenshtein(note, 'ab') < 9 OR fee > -1"))
    plain.execute(ROWS)
    notes = plain.execute("CALL genesis_fit_database('m')").fetchall()[0][-1]
    assert "is not kept by construction" in notes
    findings = plain.execute("FROM genesis_check('main')").fetchall()
    assert any("is not kept by construction" in str(f[3]) for f in findings)


SHOP = """
CREATE TABLE regions (code VARCHAR PRIMARY KEY, least INTEGER);
INSERT INTO regions VALUES ('n', 5), ('s', 10), ('w', 0);
CREATE TABLE shops (
    id INTEGER PRIMARY KEY, region VARCHAR NOT NULL REFERENCES regions (code), opened INTEGER);
INSERT INTO shops SELECT i, ['n', 's', 'w'][1 + i % 3], i * 7 % 40 FROM range(60) AS r(i);
CREATE TABLE users (id INTEGER PRIMARY KEY, shop INTEGER REFERENCES shops (id), most INTEGER);
INSERT INTO users SELECT i, i * 7 % 60, 20 + i * 13 % 80 FROM range(300) AS r(i);
CREATE TABLE trips (
    id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id),
    origin INTEGER REFERENCES shops (id), goal INTEGER REFERENCES shops (id),
    region VARCHAR REFERENCES regions (code), km INTEGER);
INSERT INTO trips SELECT i, u.id, hash(i) % 60, hash(i, 1) % 60, ['n', 's', 'w'][1 + i % 3],
    least(most, 10 + hash(i, 2) % 60)
FROM range(1500) AS r(i) JOIN users AS u ON u.id = CAST(hash(i, 3) % 300 AS INTEGER);
"""
RULES = [
    "trips.km <= users.most",
    "km * 2 >= regions.least",
    'trips.km + 45 >= "shops(origin)".opened',
    '"shops(goal)".opened < 40 AND km < 80',
]
BROKEN = """
SELECT count(*), count(*) FILTER (WHERE km > u.most),
    count(*) FILTER (WHERE km * 2 < r.least), count(*) FILTER (WHERE km + 45 < o.opened)
FROM s.trips AS t JOIN s.users AS u ON u.id = user_id LEFT JOIN s.regions AS r ON r.code = t.region
LEFT JOIN s.shops AS o ON o.id = origin
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[duckdb.DuckDBPyConnection]:
    """Trips with four parents, one of them copied, two of one table, and constraints on all."""
    con = genesis_sql.connect()
    con.execute(SHOP)
    con.execute(
        "FROM genesis_fit_database('shop', verbatim := ['regions'], constraints := ?)", [RULES]
    ).fetchall()
    con.execute("CALL genesis_generate_database('shop', target := 's', seed := 3)").fetchall()
    yield con
    con.close()


def test_constraints_over_parents_hold(shop: duckdb.DuckDBPyConnection) -> None:
    rows, *broken = shop.execute(BROKEN).fetchall()[0]
    assert rows > 1000
    assert broken == [0, 0, 0]


def test_a_range_alone_has_the_same_rows(shop: duckdb.DuckDBPyConnection) -> None:
    kept = shop.execute("FROM s.trips").fetchall()
    query = "FROM genesis_generate('shop', 'trips', {0}scale := 1.0, seed := 3)"
    assert shop.execute(query.format("")).fetchall() == kept
    for first, rows in ((0, 7), (411, 64), (len(kept) - 9, 9)):
        part = query.format(f"rows := {rows}, first_row := {first}, ")
        assert shop.execute(part).fetchall() == kept[first : first + rows]


def test_columns_alone_are_the_same(shop: duckdb.DuckDBPyConnection) -> None:
    from genesis_sql.session import session_of

    session = session_of(shop)
    with session.cursor() as cursor:
        model = session.load(cursor, "memory", "shop", None)
    at = np.arange(200, 260)
    whole = Sampler(model, 3).raw("trips", at, ["km", "#row:shops(origin)", "id"])
    for name, raw in whole.items():
        if name in ("km", "#row:shops(origin)", "id"):
            alone = Sampler(model, 3).raw("trips", at, [name])[name]
            assert alone.values.tolist() == raw.values.tolist()


def test_the_sql_form_draws_the_same_attempts(shop: duckdb.DuckDBPyConnection) -> None:
    from genesis_sql.session import session_of

    session = session_of(shop)
    with session.cursor() as cursor:
        model = session.load(cursor, "memory", "shop", None)
    assert len(Sampler(model, 3).attempts("trips", ["km"])[0]) > 10
    con = duckdb.connect()
    assert compiled_as_sampled(con, model, "trips", seed=3) > 100
    con.close()


def constrained(family: Model, table: str, *sqls: str) -> Model:
    program = replace(
        family.programs[table], constraints=tuple(Constraint(sql, "declared") for sql in sqls)
    )
    program = from_bytes(to_bytes(program))
    return replace(family, programs={**family.programs, table: program})


def test_keys_and_places_stay(family: Model) -> None:
    model = constrained(family, "orders", 'fit > 1 AND "tags"."weight" > 0')
    at = np.arange(Sampler(family, 7).size("orders"))
    names = ["user_id", "line", "fit"]
    before, after = (
        Sampler(family, 7).raw("orders", at, names),
        Sampler(model, 7).raw("orders", at, names),
    )
    assert len(at) > 20
    for name in ("user_id", "line"):
        assert before[name].values.tolist() == after[name].values.tolist()
    assert before["fit"].values.tolist() != after["fit"].values.tolist()


def test_what_cannot_be_kept_says_how_often_it_failed(family: Model) -> None:
    model = constrained(family, "notes", "real > -1", "at < TIMESTAMP '1900-01-01'")
    with pytest.raises(
        ConstraintError,
        match=r"'at < .*' of table 'notes' was not met by at least \d+ of 50 rows in 1,000 attempts "
        r"\(at the first draw .* %.*; leave it out of the fit",
    ):
        Sampler(model, 7).raw("notes", np.arange(50), ["at"])


def test_a_predicate_that_fails_on_a_value_is_an_error(family: Model) -> None:
    model = constrained(
        family, "notes", "CAST(fixed AS VARCHAR) > 'a' OR CAST(text AS INTEGER) > 0"
    )
    with pytest.raises(ConstraintError, match="cannot be computed on a row: Conversion Error"):
        Sampler(model, 7).raw("notes", np.arange(50), ["at"])


def test_without_checks_it_is_run(family: Model) -> None:
    program, at = family.programs["notes"], np.arange(30)
    given = (program, Identity("u", 1), Rows(at, at), None, ["real", "at"])
    ours, theirs = draw(*given, None), run(*given)
    assert list(ours) == list(theirs)
    assert ours["at"].values.tolist() == theirs["at"].values.tolist()


@pytest.mark.parametrize(
    "sql",
    [
        "(SELECT 1) = 1", "read_csv('x') IS NULL", "at < now()", "missing > 1", '"x"."at" > 1',
        "at > 1; DROP TABLE notes", "getenv('HOME') = ''",
    ],
)  # fmt: skip
def test_a_stored_constraint_is_checked_when_it_is_read(family: Model, sql: str) -> None:
    program = replace(family.programs["notes"], constraints=(Constraint(sql, "declared"),))
    with pytest.raises(GenesisError):
        from_bytes(to_bytes(program))
