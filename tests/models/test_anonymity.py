"""k-anonymity, l-diversity and the floors: what the fit sees, and what can come out of it."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import genesis_sql
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.models.anonymity import Anonymity, anonymous, mondrian
from genesis_sql.models.load import load
from genesis_sql.types import Graph

PATIENTS = """
CREATE TABLE patients AS SELECT i AS id, (18 + i * i * 13 % 70)::TINYINT AS age,
  lpad((90000 + i * 7919 % 3000)::VARCHAR, 5, '0') AS zip, ['f', 'm'][1 + (i * 31 + i // 7) % 2] AS sex,
  DATE '1950-01-01' + (i * 997 % 20000)::INTEGER AS born,
  CASE WHEN i % 9 > 0 THEN (i * 7 % 1000 / 10)::DECIMAL(6, 1) END AS weight, i % 3 = 0 AS member,
  ['flu', 'hiv', 'cold', 'ok'][1 + i * i % 7 % 4] AS diagnosis, i * 7 % 1000 AS pay
  FROM range(1200) r(i);
ALTER TABLE patients ALTER COLUMN id SET NOT NULL; ALTER TABLE patients ADD PRIMARY KEY (id)
"""
QUASI = ("age", "zip", "sex", "born")
OPTIONS = (
    "{'k_anonymity': 5, 'l_diversity': 2, 'quasi_identifiers': ['age', 'ZIP', 'sex', 'born'], "
    "'sensitive': ['diagnosis']}"
)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(PATIENTS)
    con.execute("""CREATE TABLE visits AS SELECT i AS id, i * 7 % 1200 AS patient, i % 9 AS ward
      FROM range(2000) r(i)""")
    yield con
    con.close()


def graph(con: duckdb.DuckDBPyConnection) -> Graph:
    labels = {"patients": {"zip": "category"}}
    return build_graph(con, read_schema(con, database="memory", schema="main"), roles=labels)


def general(con: duckdb.DuckDBPyConnection, wanted: Anonymity) -> pa.Table:
    """The rows that a fit of `patients` sees."""
    return load(con, graph(con), "null", {"patients": wanted})["patients"].arrow


def smallest(rows: pa.Table, names: tuple[str, ...]) -> int:
    counted = rows.group_by(list(names)).aggregate([([], "count_all")])
    return min(counted["count_all"].to_pylist())


@pytest.mark.parametrize("k", [2, 5, 40])
def test_every_combination_of_the_rows_that_are_learnt_is_shared(con, k: int) -> None:
    raw = general(con, Anonymity(k, ()))
    assert smallest(raw, QUASI) == 1
    rows = general(con, Anonymity(k, QUASI))
    assert rows.num_rows == 1200
    assert smallest(rows, QUASI) >= k
    assert rows.schema.field("age").type == raw.schema.field("age").type
    assert rows["pay"].to_pylist() == raw["pay"].to_pylist()


def test_sensitive_values_differ_in_every_group(con) -> None:
    alone = general(con, Anonymity(4, QUASI))
    diverse = general(con, Anonymity(4, QUASI, 3, ("diagnosis",)))

    def fewest(rows: pa.Table) -> int:
        counted = rows.group_by(list(QUASI)).aggregate([("diagnosis", "count_distinct")])
        return min(counted["diagnosis_count_distinct"].to_pylist())

    assert fewest(alone) < 3
    assert fewest(diverse) >= 3


def test_types_with_nulls_and_decimals_stay(con) -> None:
    names = ("weight", "member", "age")
    rows, raw = general(con, Anonymity(6, names)), general(con, Anonymity(6, ()))
    assert smallest(rows, names) >= 6
    assert rows.schema == raw.schema
    assert 0 < rows["weight"].null_count < 600
    weights = [float(w) for w in rows["weight"].to_pylist() if w is not None]
    assert sum(weights) / len(weights) == pytest.approx(50, abs=3)


def test_codes_keep_what_they_share(con) -> None:
    zips = {*general(con, Anonymity(100, ("zip",)))["zip"].to_pylist()}
    assert 2 <= len(zips) <= 12
    assert all(z.startswith("9") and z.endswith("*") and len(z) == 5 for z in zips)


def test_checks_keep_their_labels() -> None:
    con = duckdb.connect()
    con.execute("""CREATE TABLE t (sex VARCHAR NOT NULL CHECK (sex IN ('f', 'm')), free VARCHAR, v INTEGER);
      INSERT INTO t SELECT ['f', 'm'][1 + i % 2], ['x', 'y'][1 + i % 2], i FROM range(13) r(i)""")
    table = build_graph(con, read_schema(con, database="memory", schema="main")).table("t")
    rows = anonymous(table, con.sql("FROM t").to_arrow_table(), Anonymity(7, ("sex", "free")))
    assert {*rows["sex"].to_pylist()} == {"f"}
    assert {*rows["free"].to_pylist()} == {"x|*"}  # y has fewer than k rows
    con.close()


def test_mondrian_cuts_as_long_as_it_may() -> None:
    ranks = np.arange(64).reshape(-1, 1)
    assert np.bincount(mondrian(ranks, [], k=4)).tolist() == [4] * 16
    same = np.repeat([0, 1], 32)
    assert len({*mondrian(ranks, [same], k=4, diversity=2).tolist()}) == 1
    assert {*mondrian(np.ones((9, 2), np.int64), [], k=2).tolist()} == {0}


def test_generated_rows_have_only_groups_of_the_source(con) -> None:
    said = con.execute(f"CALL genesis_fit('p', 'patients', options := {OPTIONS})").fetchall()
    assert "5-anonymous, 2-diverse in diagnosis" in said[0][-1]
    assert "no row suppressed" in said[0][-1]
    rows = general(con, Anonymity(5, QUASI, 2, ("diagnosis",)))
    con.register("learnt", rows)
    con.execute("CREATE OR REPLACE TABLE made AS FROM genesis_generate('p', rows := 5000)")
    lost = con.execute("""SELECT count(*), (SELECT count(DISTINCT (age, zip, sex, born)) FROM made)
      FROM (SELECT age, zip, sex, born FROM made EXCEPT SELECT age, zip, sex, born FROM learnt)""")
    ((new, groups),) = lost.fetchall()
    assert new == 0
    assert groups > 50
    types = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $1 ORDER BY ALL",
        ["made"],
    ).fetchall()
    wanted = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = $1 ORDER BY ALL",
        ["patients"],
    ).fetchall()
    assert types == wanted
    con.execute(
        "CALL genesis_fit('plain', 'patients', options := {'roles': {'zip': 'category'}, 'floor': 1})"
    ).fetchall()
    without = con.execute("""SELECT count(*) FROM (SELECT age, sex, born FROM genesis_generate('plain', rows := 2000)
      EXCEPT SELECT age, sex, born FROM learnt)""").fetchall()
    assert without[0][0] > 1000


def test_of_one_table_of_several(con) -> None:
    options = f"options := {{'patients': {OPTIONS}}}"
    keys = "relationships := ['visits(patient) -> patients(id)']"
    said = con.execute(f"CALL genesis_fit_database('db', {keys}, {options})").fetchall()
    notes = {row[2]: row[-1] for row in said}
    assert "5-anonymous" in notes["patients"]
    assert "anonymous" not in notes["visits"]
    found = con.execute("SELECT count(*) FROM genesis_generate('db', 'visits')").fetchall()
    assert found[0][0] > 1900


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("{'k_anonymity': 5}", "needs the columns that others may know"),
        ("{'l_diversity': 2}", "needs the columns that others may know"),
        ("{'l_diversity': 2, 'quasi_identifiers': ['age']}", "needs the columns whose values are to differ"),
        ("{'quasi_identifiers': ['agee']}", "names column 'agee' that 'patients' does not have.*age"),
        ("{'quasi_identifiers': ['id']}", "column 'id' of 'patients', which is made anew"),
        ("{'k_anonymity': 5000, 'quasi_identifiers': ['age']}", "has 1,200 rows; give at most 1200"),
        ("{'k_anonymity': 1, 'quasi_identifiers': ['age']}", "must be at least 2"),
        ("{'l_diversity': 9, 'quasi_identifiers': ['age'], 'sensitive': ['diagnosis']}",
         "'diagnosis' of table 'patients' has 3 different values; give at most 3"),
        ("{'quasi_identifiers': ['age'], 'sensitive': ['age']}", "both quasi-identifier and sensitive"),
        ("""{'quasi_identifiers': ['x''); DROP TABLE patients; --']}""", "does not have"),
    ],
)  # fmt: skip
def test_bad_options(con, options: str, error: str) -> None:
    with pytest.raises(duckdb.Error, match=error):
        con.execute(f"CALL genesis_fit('bad', 'patients', options := {options})").fetchall()
    assert con.execute("SELECT count(*) FROM patients").fetchall() == [(1200,)]


# floors


@pytest.mark.parametrize("floor", [5, 12])
def test_a_label_below_the_floor_never_appears(con, floor: int) -> None:
    con.execute("""CREATE OR REPLACE TABLE jobs AS SELECT i % 3 AS a, CASE WHEN i < 4 THEN 'four rows'
      WHEN i < 14 THEN 'ten rows' ELSE 'many ' || i % 3 END AS job FROM range(600) r(i)""")
    con.execute(f"CALL genesis_fit('jobs', 'jobs', options := {{'floor': {floor}}})").fetchall()
    found = con.execute(
        "SELECT job, count(*) FROM genesis_generate('jobs', rows := 20000) GROUP BY ALL"
    )
    made = dict(found.fetchall())
    assert sum(made.values()) == 20_000
    assert "four rows" not in made
    assert ("ten rows" in made) == (floor <= 10)
    con.execute(
        "CALL genesis_fit('jobs', 'jobs', options := {'floor': 1, 'min_cell': 1})"
    ).fetchall()
    all_ = con.execute(
        "SELECT DISTINCT job FROM genesis_generate('jobs', rows := 20000)"
    ).fetchall()
    assert ("four rows",) in all_


@pytest.mark.parametrize("least", [20, 50])
def test_the_ends_of_a_number_are_means_of_min_cell_rows(con, least: int) -> None:
    con.execute("""CREATE OR REPLACE TABLE pay AS SELECT i % 5 AS a, CASE WHEN i = 7 THEN 9000000
      ELSE 1000 + i * 7919 % 50021 END AS pay FROM range(3000) r(i)""")
    con.execute(f"CALL genesis_fit('pay', 'pay', options := {{'min_cell': {least}}})").fetchall()
    ends = con.execute(
        "SELECT min(pay), max(pay) FROM genesis_generate('pay', rows := 30000)"
    ).fetchone()
    low, high = (
        con.execute(
            f"SELECT avg(pay) FROM (SELECT pay FROM pay ORDER BY pay {way} LIMIT {least})"
        ).fetchone()
        for way in ("ASC", "DESC")
    )
    assert ends is not None
    assert low is not None
    assert high is not None
    assert ends[0] >= round(low[0]) - 1
    assert ends[1] <= round(high[0]) + 1
    assert high[0] < 9_000_000 / 10
