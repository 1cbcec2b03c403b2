"""Exports of cohorts: whole folders and files, and nothing of the user's is overwritten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import AccessError, CohortError, OptionError, TargetError

Con = duckdb.DuckDBPyConnection


def rows(con: Con, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_folder(still: Con, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "out"
    made = genesis_sql.export_cohort(still, "c1", str(folder), format=kind)
    assert [Path(r["path"]).name for r in made] == [
        f"{t}.{kind}" for t in ("people", "rooms", "visits")
    ]
    assert all(Path(r["path"]).stat().st_size == r["bytes"] > 0 for r in made)
    for r in made:
        both = f"SELECT count(*) FROM (FROM c1.{r['table_name']} EXCEPT ALL FROM '{r['path']}')"
        assert rows(still, both) == [(0,)]
    manifest = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    assert (manifest["profile"], manifest["version"], manifest["execution"]) == ("clinic", 1, 2)
    assert all(len(t["content_hash_of_run"]) == 32 for t in manifest["tables"])
    assert {p.name for p in tmp_path.iterdir()} == {"out"}


def test_a_database(still: Con, tmp_path: Path) -> None:
    path = tmp_path / "out.duckdb"
    made = rows(still, f"CALL genesis_export_cohort('c1', '{path}')")
    assert {r[3] for r in made} == {str(path)}
    with duckdb.connect(str(path), read_only=True) as con:
        assert rows(
            con, "SELECT count(*) FROM visits JOIN people USING (person) JOIN rooms USING (room)"
        ) == rows(still, "SELECT count(*) FROM c1.visits")
        keys = "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type LIKE '% KEY'"
        assert rows(con, keys) == [(5,)]
        assert rows(con, "SELECT manifest ->> '$.cohort' FROM genesis_cohort") == [("c1",)]
    assert rows(
        still, "SELECT count(*) FROM duckdb_databases() WHERE database_name LIKE 'genesis%'"
    ) == [(0,)]
    assert rows(still, "SELECT current_database()") == [("clinic",)]


def test_only_an_earlier_export_is_written_anew(still: Con, tmp_path: Path) -> None:
    for path in (tmp_path / "folder", tmp_path / "file.duckdb"):
        genesis_sql.export_cohort(still, "c1", str(path))
        with pytest.raises(TargetError, match="is there already; take another path"):
            genesis_sql.export_cohort(still, "c2", str(path))
        again = genesis_sql.export_cohort(still, "c2", str(path), if_exists="replace")
        assert again[0]["rows"] == 40
    assert {p.name for p in tmp_path.iterdir()} == {"folder", "file.duckdb"}
    own = tmp_path / "own.duckdb"
    duckdb.connect(str(own)).execute("CREATE TABLE mine AS SELECT 1 AS a").close()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    (tmp_path / "text.duckdb").write_text("no database")
    for path in (own, tmp_path / "folder", tmp_path / "text.duckdb"):
        with pytest.raises(TargetError, match="is no earlier export of a cohort"):
            genesis_sql.export_cohort(still, "c1", str(path), if_exists="replace")
    assert (tmp_path / "folder" / "mine.txt").read_text() == "mine"
    with duckdb.connect(str(own), read_only=True) as con:
        assert rows(con, "FROM mine") == [(1,)]
    with pytest.raises(TargetError, match="in that format"):
        genesis_sql.export_cohort(
            still, "c1", str(tmp_path / "file.duckdb"), format="csv", if_exists="replace"
        )


def test_odd_names_of_tables_and_paths(con: Con, tmp_path: Path) -> None:
    con.execute("CREATE TABLE victim (i INTEGER); CREATE SCHEMA s")
    odd = ("a/../b", "a_.._b", "x'); DROP TABLE victim; --\"", "..")
    for name in odd:
        quoted = name.replace('"', '""')
        con.execute(f'CREATE TABLE s."{quoted}" AS SELECT 1 AS a')
    genesis_sql.save_cohort(con, "s")
    folder = tmp_path / 'it\'s "odd"'
    made = genesis_sql.export_cohort(con, "s", str(folder))
    paths = {Path(r["path"]) for r in made}
    assert len(paths) == len(odd)
    assert {p.parent for p in paths} == {folder}
    assert all(p.is_file() for p in paths)
    genesis_sql.export_cohort(con, "s", str(tmp_path / "it's.duckdb"))
    assert rows(con, "SELECT count(*) FROM victim") == [(0,)]


def test_bad_input(still: Con, tmp_path: Path) -> None:
    for given, error, match in (
        (("c9", str(tmp_path / "x")), CohortError, "no cohort 'c9'"),
        (("c1", str(tmp_path / "no" / "x")), TargetError, "there is no folder"),
        (("c1", "https://x.org/y"), TargetError, "only local files"),
    ):
        with pytest.raises(error, match=match):
            genesis_sql.export_cohort(still, *given)
    with pytest.raises(
        OptionError, match="format := 'parket' is not known; did you mean 'parquet'"
    ):
        genesis_sql.export_cohort(still, "c1", str(tmp_path / "x"), format="parket")
    with pytest.raises(OptionError, match="if_exists := 'append' is not known"):
        genesis_sql.export_cohort(still, "c1", str(tmp_path / "x"), if_exists="append")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_in_the_middle_leaves_nothing(
    still: Con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genesis_sql.actions.cohorts import exporting

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_put", broken)
    for name in ("folder", "file.duckdb"):
        with pytest.raises(TargetError, match="cannot write .*: No space left on device"):
            genesis_sql.export_cohort(still, "c1", str(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_closed_to_files(ran: Con, tmp_path: Path) -> None:
    ran.execute("SET enable_external_access = false")
    with pytest.raises(AccessError, match="enable_external_access = false"):
        genesis_sql.export_cohort(ran, "c1", str(tmp_path / "x"))
    assert not (tmp_path / "x").exists()
    assert all(r["identical"] for r in genesis_sql.replay(ran, 2))
