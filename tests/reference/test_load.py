"""Loading: once, in one transaction, never over what somebody else made."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

import genesis_sql
from genesis_sql import refdata
from genesis_sql.errors import (
    AccessError,
    ModelNotFoundError,
    ReadOnlyError,
    SourceError,
    TargetError,
)
from genesis_sql.reference.fingerprint import fingerprint
from genesis_sql.reference.load import ensure, load

NASTY = "x'); DROP TABLE victim; --\""
SMALL = ["mdc", "place_of_service"]


@pytest.fixture(scope="module")
def loaded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with everything that ships."""
    path = tmp_path_factory.mktemp("reference") / "all.duckdb"
    with genesis_sql.connect(str(path)) as con:
        rows = con.execute("CALL genesis_load_reference()").fetchall()
        assert {r[2] for r in rows} == {"loaded"}
        assert {r[0]: r[1] for r in rows} == {
            n: int(s["rows"]) for n, s in refdata.sources().items()
        }
    return path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder as `genesis reference build` writes it, of two small tables."""
    folder = tmp_path / "built"
    folder.mkdir()
    for name in SMALL:
        (folder / f"{name}.parquet").write_bytes(refdata.path(name).read_bytes())
    lines = refdata.path("SOURCES").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.startswith(("table,", *(f"{n}," for n in SMALL)))]
    assert len(kept) == 3
    (folder / "SOURCES.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder


def _status(rows: list[Any]) -> dict[str, str]:
    return {r.table_name: r.status for r in rows}


def test_a_second_call_keeps_all_of_it(loaded_file: Path) -> None:
    with genesis_sql.connect(str(loaded_file), read_only=True) as con:  # nothing has to be written
        rows = con.execute("CALL genesis_load_reference()").fetchall()
    assert len(rows) == len(refdata.sources())
    assert {r[2] for r in rows} == {"kept"}


def test_the_views_need_neither_python_nor_the_files_name(loaded_file: Path) -> None:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{loaded_file}' AS other (READ_ONLY)")
        assert con.execute("SELECT count(*) FROM other.genesis_reference.states").fetchall() == [
            (51,)
        ]
        harris = con.execute(
            "SELECT pct_diabetes, pct_obesity FROM other.genesis_reference.county_figures WHERE fips = '48201'"
        ).fetchall()
    assert harris == [(14.3, 35.2)]


def test_the_shipped_figures_add_up(loaded_file: Path) -> None:
    with duckdb.connect(str(loaded_file), read_only=True) as con:
        query = "SELECT n.population, (SELECT sum(population) FROM genesis_reference.county_single_ages), n.pct_diabetes FROM genesis_reference.nation AS n"
        people, ages, diabetes = con.execute(query).fetchall()[0]
        texas = con.execute(
            "SELECT pct_diabetes, population FROM genesis_reference.states WHERE state = 'TX'"
        ).fetchall()[0]
    assert people == pytest.approx(334_914_895)
    assert ages == pytest.approx(people)
    assert 10 < diabetes < 14
    assert texas[0] == pytest.approx(13, abs=1.5)
    assert texas[1] == 30_503_301


def test_only_the_tables_that_are_named(con: duckdb.DuckDBPyConnection) -> None:
    rows = genesis_sql.load_reference(con, tables=SMALL)
    assert [r["table_name"] for r in rows] == SMALL
    with pytest.raises(
        ModelNotFoundError, match="no reference table 'countis'; did you mean 'counties'"
    ):
        genesis_sql.load_reference(con, tables=["countis"])


def test_a_changed_source_refreshes(con: duckdb.DuckDBPyConnection, shelf: Path) -> None:
    assert _status(load(con.cursor(), "memory", tables=SMALL)) == dict.fromkeys(SMALL, "loaded")
    sources = (shelf / "SOURCES.csv").read_text(encoding="utf-8")
    digest = refdata.sources()["mdc"]["sha256"]
    (shelf / "SOURCES.csv").write_text(sources.replace(digest, "f" * 64), encoding="utf-8")
    changed = pa.table({"code": ["01"], "description": ["anew"]})
    parquet.write_table(changed, shelf / "mdc.parquet")
    found = load(con.cursor(), "memory", path=str(shelf))
    assert _status(found) == {"mdc": "refreshed", "place_of_service": "kept"}
    assert con.execute("FROM genesis_reference.mdc").fetchall() == [("01", "anew")]
    assert _status(load(con.cursor(), "memory", tables=["mdc"])) == {"mdc": "refreshed"}


def test_a_table_of_the_users_is_left_alone(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE SCHEMA genesis_reference; CREATE TABLE genesis_reference.mdc AS SELECT 42 AS mine"
    )
    with pytest.raises(TargetError, match="genesis_reference.mdc was not made by this package"):
        load(con.cursor(), "memory", tables=SMALL)
    with pytest.raises(TargetError, match="rename or drop it"):
        ensure(con.cursor(), "memory")
    assert con.execute("FROM genesis_reference.mdc").fetchall() == [(42,)]
    assert con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'genesis_reference'"
    ).fetchall() == [("mdc",)]


def test_a_view_of_the_users_is_left_alone_and_nothing_is_half_written(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute(
        "CREATE SCHEMA genesis_reference; CREATE VIEW genesis_reference.county_single_ages AS SELECT 42 AS mine"
    )
    with pytest.raises(
        TargetError, match="the view genesis_reference.county_single_ages was not made"
    ):
        load(con.cursor(), "memory", tables=["county_ages", "national_ages"])
    assert con.execute("FROM genesis_reference.county_single_ages").fetchall() == [(42,)]
    assert con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'genesis_reference'"
    ).fetchall() == [(0,)]


def test_ensure_loads_what_is_missing_and_says_so(loaded_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    shutil.copy(loaded_file, copy)
    with genesis_sql.connect(str(copy)) as con:
        assert ensure(con.cursor(), "copy") == []
        con.execute(
            "DROP TABLE genesis_reference.mdc; UPDATE genesis_reference.place_of_service SET description = 'older'"
        )
        assert ensure(con.cursor(), "copy") == ["mdc"]
        kept = con.execute(
            "SELECT DISTINCT description FROM genesis_reference.place_of_service"
        ).fetchall()
    assert kept == [("older",)]


def test_a_database_that_cannot_be_written(tmp_path: Path) -> None:
    path = str(tmp_path / "empty.duckdb")
    duckdb.connect(path).close()
    with genesis_sql.connect(path, read_only=True) as con:
        with pytest.raises(ReadOnlyError, match="'empty' is read-only"):
            genesis_sql.load_reference(con, tables=SMALL)
        with pytest.raises(duckdb.Error, match="ReadOnlyError"):
            con.execute("CALL genesis_load_reference()").fetchall()


def test_a_connection_closed_to_files(closed: duckdb.DuckDBPyConnection, shelf: Path) -> None:
    assert _status(load(closed.cursor(), "memory", tables=SMALL)) == dict.fromkeys(SMALL, "loaded")
    with pytest.raises(AccessError, match="enable_external_access"):
        genesis_sql.load_reference(closed, path=str(shelf))


def test_a_folder_without_a_column_that_is_read(
    con: duckdb.DuckDBPyConnection, shelf: Path
) -> None:
    parquet.write_table(pa.table({"code": ["01"], "descriptions": ["x"]}), shelf / "mdc.parquet")
    with pytest.raises(
        SourceError,
        match="has no column 'description', which this release reads; did you mean 'descriptions'",
    ):
        load(con.cursor(), "memory", path=str(shelf))


def test_a_folder_that_is_none(con: duckdb.DuckDBPyConnection, tmp_path: Path, shelf: Path) -> None:
    with pytest.raises(SourceError, match="SOURCES.csv"):
        load(con.cursor(), "memory", path=str(tmp_path / NASTY))
    (shelf / "mdc.parquet").unlink()
    with pytest.raises(SourceError, match="mdc"):
        load(con.cursor(), "memory", path=str(shelf))


def test_names_are_never_sql(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    with pytest.raises(duckdb.Error, match="no reference table"):
        con.execute("CALL genesis_load_reference(tables := [?])", [NASTY]).fetchall()
    assert con.execute("FROM victim").fetchall() == [(1,)]


def test_a_database_with_a_strange_name(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"ATTACH ':memory:' AS {genesis_sql.sqlbuild.quoted(NASTY)}")
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    load(con.cursor(), NASTY, tables=SMALL)
    assert con.execute("FROM victim").fetchall() == [(1,)]
    query = f"SELECT count(*) FROM {genesis_sql.sqlbuild.quoted(NASTY)}.genesis_reference.mdc"
    assert con.execute(query).fetchall()[0][0] == 25


def test_inside_a_transaction_it_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("BEGIN")
    with pytest.raises(genesis_sql.GenesisError, match="transaction"):
        genesis_sql.load_reference(con, tables=SMALL)
    con.execute("ROLLBACK")


def test_what_there_is_before_and_after(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT table_name, rows, loaded, publisher <> '' AND vintage <> '' AND licence <> '' FROM genesis_reference_tables()"
    before = {r[0]: r[1:] for r in con.execute(query).fetchall()}
    assert before == {n: (int(s["rows"]), False, True) for n, s in refdata.sources().items()}
    genesis_sql.load_reference(con, tables=["mdc"])
    con.execute("DELETE FROM genesis_reference.mdc WHERE code = '01'")
    con.execute("CREATE TABLE genesis_reference.mine AS SELECT 1 AS a")
    after = {
        r[0]: r[1:]
        for r in genesis_sql.list_reference_tables(con)
        .project("table_name, rows, loaded, publisher")
        .fetchall()
    }
    assert after["mdc"] == (24, True, refdata.sources()["mdc"]["publisher"])
    assert after["place_of_service"][1] is False
    assert "mine" not in after


def test_the_fingerprint_is_of_the_rows(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    nothing = fingerprint(con, "memory")
    load(con.cursor(), "memory", tables=SMALL)
    found = fingerprint(con, "memory")
    with genesis_sql.connect(str(tmp_path / "other.duckdb")) as other:
        load(other.cursor(), "other", tables=SMALL[::-1])
        assert fingerprint(other, "other") == found != nothing
        other.execute(
            "CREATE OR REPLACE TABLE keep AS FROM genesis_reference.mdc ORDER BY code DESC"
        )
        other.execute(
            "DELETE FROM genesis_reference.mdc; INSERT INTO genesis_reference.mdc FROM keep"
        )
        assert fingerprint(other, "other") == found
    assert fingerprint(con, "memory", tables=["mdc"]) not in (found, nothing)
    con.execute("UPDATE genesis_reference.mdc SET description = 'x' WHERE code = '01'")
    assert fingerprint(con, "memory") != found


def test_the_fingerprint_tells_null_from_empty(con: duckdb.DuckDBPyConnection) -> None:
    load(con.cursor(), "memory", tables=["mdc"])
    con.execute("UPDATE genesis_reference.mdc SET description = NULL")
    nulls = fingerprint(con, "memory")
    con.execute("UPDATE genesis_reference.mdc SET description = ''")
    assert fingerprint(con, "memory") != nulls
