"""Cohorts are saved, renamed, tagged, copied, summarised and deleted: whole, or not at all."""

from __future__ import annotations

from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

import genesis_sql
from genesis_sql.errors import CohortError, OptionError, SourceError, TargetError

Con = duckdb.DuckDBPyConnection
ODD = "x'); DROP TABLE victim; --\" 🙂"


def rows(con: Con, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return con.execute(query, values).fetchall()


def cohorts(con: Con) -> list[str]:
    return [r[0] for r in rows(con, "SELECT name FROM genesis_cohorts()")]


def constraints(con: Con, schema: str) -> list[tuple[Any, ...]]:
    query = """
    SELECT table_name, constraint_type, constraint_column_names, referenced_table,
           referenced_column_names, expression
    FROM duckdb_constraints() WHERE schema_name = ? ORDER BY ALL
    """
    return rows(con, query, schema)


def test_a_schema_of_the_user_is_adopted_and_never_dropped(con: Con) -> None:
    con.execute(
        "CREATE SCHEMA s; CREATE TABLE s.a (i INTEGER PRIMARY KEY); CREATE TABLE s.b (i INT)"
    )
    con.execute("CREATE VIEW s.v AS FROM s.a; INSERT INTO s.a FROM range(3)")
    made = rows(con, "CALL genesis_save_cohort('mine', schema := 'S', tags := ['t'])")
    assert [r[:4] for r in made] == [("mine", "s", "a", 3), ("mine", "s", "b", 0)]
    listed = rows(
        con, "SELECT name, schema_name, tables, rows, origin, tags FROM genesis_cohorts()"
    )
    assert listed == [("mine", "s", 2, 3, "adopted", ["t"])]
    with pytest.raises(CohortError, match="were not written by this package"):
        genesis_sql.delete_cohort(con, "mine")
    with pytest.raises(CohortError, match="table 'a' of schema 's' belongs to cohort 'mine'"):
        genesis_sql.save_cohort(con, "again", schema="s")
    kept = genesis_sql.delete_cohort(con, "mine", keep_tables=True)
    assert [r["status"] for r in kept] == ["kept", "kept"]
    assert rows(con, "SELECT count(*) FROM s.a") == [(3,)]
    assert cohorts(con) == []


def test_what_was_generated_is_known(con: Con) -> None:
    con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(50)")
    genesis_sql.fit(con, "m", "t")
    genesis_sql.generate_database(con, "m", "synth")
    genesis_sql.save_cohort(con, "made", schema="synth", description="of m")
    listed = rows(
        con, "SELECT origin, profile, version, execution FROM genesis_cohorts(search := 'OF M')"
    )
    assert listed == [("generated", "m", 1, 2)]
    assert genesis_sql.delete_cohort(con, "made")[0]["status"] == "dropped"
    assert rows(con, "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'synth'") == [(0,)]


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table], ids=["pandas", "arrow"])
def test_frames_become_tables(con: Con, make: Any) -> None:
    con.execute("CREATE TABLE victim (i INTEGER)")
    frames = {ODD: make({"id": [1, 2]}), "more": make({"a b": ["x", None, "z"]})}
    made = genesis_sql.save_cohort(con, ODD, tables=frames, tags=["f"])
    assert [(r["schema_name"], r["table_name"], r["rows"]) for r in made] == [
        (ODD, ODD, 2), (ODD, "more", 3),
    ]  # fmt: skip
    copied = genesis_sql.clone_cohort(con, ODD, "copy")
    assert {r["table_name"]: r["rows"] for r in copied} == {ODD: 2, "more": 3}
    assert genesis_sql.summarise_cohort(con, ODD)[0]["rows"] == 3
    genesis_sql.tag_cohort(con, ODD, ["'; DROP TABLE victim; --"])
    genesis_sql.rename_cohort(con, ODD, f"{ODD}2")
    assert rows(
        con, "SELECT name FROM genesis_cohorts(tags := ['f', '''; DROP TABLE victim; --'])"
    ) == [(f"{ODD}2",)]
    genesis_sql.delete_cohort(con, f"{ODD}2")
    assert cohorts(con) == ["copy"]
    assert rows(con, "SELECT count(*) FROM victim") == [(0,)]


def test_a_frame_that_cannot_be_read_leaves_nothing(con: Con) -> None:
    with pytest.raises(SourceError, match="the source is a list"):
        genesis_sql.save_cohort(con, "c", tables={"a": pa.table({"x": [1]}), "b": [1, 2]})
    assert rows(con, "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'c'") == [(0,)]
    assert cohorts(con) == []
    with pytest.raises(CohortError, match="tables is empty"):
        genesis_sql.save_cohort(con, "c", tables={})


def test_renaming_and_tags(ran: Con) -> None:
    told = rows(ran, "CALL genesis_rename_cohort('c1', 'first')")
    assert told == [("first", "c1", ["care"], "A small one", "its tables stay in schema 'c1'")]
    assert cohorts(ran) == ["c2", "first"]
    with pytest.raises(CohortError, match="there is a cohort 'c2' already"):
        genesis_sql.rename_cohort(ran, "first", "c2")
    tagged = genesis_sql.tag_cohort(ran, "c2", ["b", "b", "a"], remove=["care"], description="d")
    assert (tagged[0]["tags"], tagged[0]["description"]) == (["b", "a"], "d")
    with pytest.raises(CohortError, match="has no tag 'care'"):
        genesis_sql.tag_cohort(ran, "c2", remove=["care"])
    with pytest.raises(OptionError, match="a tag without a name"):
        genesis_sql.tag_cohort(ran, "c2", [" "])
    assert rows(ran, "SELECT name FROM genesis_cohorts(tags := ['a', 'b'])") == [("c2",)]
    assert rows(ran, "SELECT updated_at > created_at FROM genesis_cohorts(search := 'c2')") == [
        (True,)
    ]


def test_a_copy_has_rows_and_keys(ran: Con) -> None:
    made = rows(ran, "CALL genesis_clone_cohort('c1', 'copy', schema := 'elsewhere')")
    assert [r[:3] for r in made] == [
        ("copy", "elsewhere", t) for t in ("people", "rooms", "visits")
    ]
    assert constraints(ran, "elsewhere") == constraints(ran, "c1")
    assert len(constraints(ran, "c1")) > 5
    for table in ("people", "rooms", "visits"):
        both = f"SELECT count(*) FROM (FROM c1.{table} EXCEPT ALL FROM elsewhere.{table})"
        assert rows(ran, both) == [(0,)]
    listed = "SELECT origin, profile, version, execution, tags FROM genesis_cohorts() WHERE name = 'copy'"
    assert rows(ran, listed) == [("clone", "clinic", 1, 2, ["care"])]
    recorded = "SELECT count(*) FROM genesis.relationships WHERE target = 'elsewhere'"
    assert rows(ran, recorded) == [(2,)]
    with pytest.raises(CohortError, match="there is a cohort 'copy' already"):
        genesis_sql.clone_cohort(ran, "c1", "copy")
    with pytest.raises(CohortError, match="schema 'c2' has a table 'people' already"):
        genesis_sql.clone_cohort(ran, "c1", "c4", schema="c2")
    with pytest.raises(OptionError, match="has a dot"):
        genesis_sql.clone_cohort(ran, "c1", "c.4")


def test_a_copy_that_fails_leaves_nothing(ran: Con) -> None:
    ran.execute("CREATE SCHEMA full_up; CREATE SEQUENCE full_up.visits")
    before = rows(ran, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    ran.execute("ALTER TABLE c1.rooms ADD COLUMN twice INTEGER")
    ran.execute("CREATE TYPE c1.mood AS ENUM ('x')")
    ran.execute("CREATE TABLE c1.odd (m c1.mood)")
    genesis_sql.clone_cohort(ran, "c1", "fine")
    ran.execute("DROP TABLE c1.visits")
    with pytest.raises(CohortError, match="schema 'c1' has no table 'visits' any more"):
        genesis_sql.clone_cohort(ran, "c1", "broken")
    after = rows(ran, "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL")
    assert {s for s, _ in after} - {s for s, _ in before} == {"fine"}
    assert cohorts(ran) == ["c1", "c2", "fine"]


def test_deleting_drops_what_was_written_and_nothing_else(ran: Con) -> None:
    ran.execute("CREATE TABLE c1.own AS SELECT 1 AS a")
    assert [r["status"] for r in genesis_sql.delete_cohort(ran, "c1")] == ["dropped"] * 3
    assert rows(ran, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'c1'") == [
        ("own",)
    ]
    ran.execute("CREATE TABLE c2.own (person VARCHAR REFERENCES c2.people (person))")
    with pytest.raises(CohortError, match="table 'people' of cohort 'c2' cannot be dropped"):
        genesis_sql.delete_cohort(ran, "c2")
    assert rows(ran, "SELECT count(*) FROM c2.visits")[0][0] > 0
    assert cohorts(ran) == ["c2"]
    ran.execute("DROP TABLE c2.own")
    genesis_sql.delete_cohort(ran, "c2")
    assert rows(ran, "SELECT count(*) FROM duckdb_schemas() WHERE schema_name = 'c2'") == [(0,)]
    recorded = "SELECT count(*) FROM genesis.relationships WHERE target <> ''"
    assert rows(ran, recorded) == [(0,)]
    kinds = rows(ran, "SELECT kind FROM genesis_history() ORDER BY id")
    assert [k for (k,) in kinds] == ["save_profile", "run", "run", "delete_cohort", "delete_cohort"]


def test_summaries(still: Con) -> None:
    found = genesis_sql.summarise_cohort(still, "c1")
    people = {r["column_name"]: r for r in found if r["table_name"] == "people" and not r["value"]}
    assert people[None]["rows"] == 200
    weight = people["weight"]
    told = rows(
        still,
        "SELECT avg(weight), stddev_samp(weight), median(weight), min(weight)::VARCHAR, count(DISTINCT weight) FROM c1.people",
    )[0]
    mine = [weight[k] for k in ("mean", "deviation", "median", "least", "distinct_values")]
    assert mine[:3] == pytest.approx(told[:3])
    assert tuple(mine[3:]) == told[3:]
    shares = {r["value"]: r["share"] for r in found if r["column_name"] == "sex" and r["value"]}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["F"] == pytest.approx(
        rows(still, "SELECT avg((sex = 'F')::INT) FROM c1.people")[0][0]
    )
    assert people["person"]["distinct_values"] == 200
    assert not [r for r in found if r["column_name"] == "person" and r["value"]]


@pytest.mark.parametrize(
    ("statement", "error", "match"),
    [
        ("genesis_save_cohort('c1')", CohortError, "there is a cohort 'c1' already"),
        (
            "genesis_save_cohort('x', schema := 'mian')",
            CohortError,
            "no schema 'mian'; did you mean",
        ),
        (
            "genesis_save_cohort('x', schema := 'c1', tables := ['poeple'])",
            CohortError,
            "did you mean 'people'",
        ),
        ("genesis_save_cohort('x', schema := 'genesis')", CohortError, "no schema 'genesis'"),
        ("genesis_save_cohort('', schema := 'c1')", CohortError, "visible characters"),
        ("genesis_rename_cohort('c9', 'x')", CohortError, "no cohort 'c9'; there are: 'c1', 'c2'"),
        ("genesis_rename_cohort('c1', NULL)", OptionError, "new_name is missing"),
        ("genesis_tag_cohort('c9')", CohortError, "no cohort 'c9'"),
        (
            "genesis_clone_cohort('c1', 'x', schema := 'information_schema')",
            TargetError,
            "no place",
        ),
        ("genesis_summarise_cohort('c9')", CohortError, "no cohort 'c9'"),
        ("genesis_delete_cohort('c9')", CohortError, "FROM genesis_cohorts"),
        ("genesis_delete_cohort(7)", OptionError, "cohort is 7; it takes a text"),
        ("genesis_cohorts(tags := 7)", OptionError, "is no list of texts"),
    ],
)
def test_bad_input(still: Con, statement: str, error: type[Exception], match: str) -> None:
    with pytest.raises(duckdb.Error, match=rf"genesis: {error.__name__}: .*{match}"):
        still.execute(f"FROM {statement}").fetchall()
    assert cohorts(still) == ["c1", "c2"]


def test_nothing_yet(con: Con) -> None:
    before = con.execute("FROM genesis_cohorts()").description
    assert con.execute("FROM genesis_cohorts()").fetchall() == []
    genesis_sql.save_cohort(con, "c", tables={"t": pa.table({"a": [1]})})
    assert con.execute("FROM genesis_cohorts()").description == before


def test_persisting_is_not_row_by_row(con: Con) -> None:
    """A hundred times the rows cost far less than a hundred times the work."""
    import time

    def cost(name: str, count: int) -> float:
        frame = pa.table({"id": pa.array(range(count)), "b": pa.array([1.5] * count)})
        began = time.process_time()
        genesis_sql.save_cohort(con, name, tables={"t": frame})
        return time.process_time() - began

    cost("warm", 10)
    few, many = cost("few", 10_000), cost("many", 1_000_000)
    assert many < 30 * few
    assert rows(con, "SELECT count(*) FROM many.t") == [(1_000_000,)]
