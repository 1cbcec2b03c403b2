"""Which file is what, and files that are whole or not there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from genesis_sql.cli import files
from genesis_sql.errors import SourceError, TargetError

HOLD = "import sys, duckdb; con = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


def test_a_database_is_known_by_its_bytes(folder: Path) -> None:
    Path("shop.duckdb").rename("shop.data")
    Path("text.duckdb").write_text("id\n1\n")
    assert files.is_database("shop.data")
    assert not files.is_database("text.duckdb")
    assert files.is_database("missing.duckdb")


def test_a_missing_file_names_the_nearest(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"no file 'shp.duckdb'; did you mean 'shop.duckdb'\?"):
        files.require("shp.duckdb")
    with pytest.raises(SourceError, match="nor a folder 'nowhere'"):
        files.require("nowhere/shop.duckdb")


@pytest.mark.parametrize("name", ["shop.csv.gz", 'it\'s "odd".csv', "ü b.tsv", "a.parquet"])
def test_a_file_of_data_becomes_a_query(name: str, folder: Path) -> None:
    with duckdb.connect() as con:
        assert files.copy(con.sql("SELECT 1 AS a, 'x' AS b"), con, name) == 1
        assert con.execute(f"FROM {files.source(name)}").fetchall() == [(1, "x")]


def test_another_ending_is_refused(folder: Path) -> None:
    Path("a.xlsx").write_text("")
    with pytest.raises(SourceError, match=r"neither a DuckDB database nor one of .csv"):
        files.source("a.xlsx")


def test_a_locked_database_names_the_process(folder: Path) -> None:
    command = [sys.executable, "-c", HOLD, "shop.duckdb"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        expected = rf"'shop.duckdb' is open in another process.*{holder.pid}.*close it there"
        with pytest.raises(SourceError, match=expected), files.opened("shop.duckdb"):
            pass
        holder.communicate(b"")


@pytest.mark.parametrize("access", ["read", "write", "either", "create"])
def test_what_is_no_database_is_not_opened(access: str, folder: Path) -> None:
    Path("t.csv").write_text("a\n1\n")
    expected = re.escape("'t.csv' is not a DuckDB database; it is a table")
    with pytest.raises(SourceError, match=expected), files.opened("t.csv", access):
        pass


def test_a_database_made_for_nothing_is_removed(folder: Path) -> None:
    with files.opened("new.duckdb", "create") as con:
        assert con.execute("SELECT 1").fetchall() == [(1,)]
    assert not Path("new.duckdb").exists()
    with files.opened("new.duckdb", "create") as con:
        con.execute("CREATE TABLE t (a INT)")
    assert Path("new.duckdb").exists()


def test_a_file_is_replaced_as_a_whole_or_not_at_all(folder: Path) -> None:
    Path("out.csv").write_text("old")

    def write(text: str, error: BaseException | None = None) -> None:
        with files.replacing("out.csv") as passing:
            Path(passing).write_text(text)
            if error is not None:
                raise error

    with pytest.raises(KeyboardInterrupt, match="pressed"):
        write("half", KeyboardInterrupt("pressed"))
    assert Path("out.csv").read_text() == "old"
    write("new")
    assert Path("out.csv").read_text() == "new"
    assert {f.name for f in folder.iterdir()} == {"out.csv", "shop.duckdb"}


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with (
        pytest.raises(TargetError, match="there is no folder 'nowhere'"),
        files.replacing("nowhere/out.csv"),
    ):
        pass


def test_two_files_of_one_name_have_two_aliases() -> None:
    first, second = files.alias("a/s p.duckdb"), files.alias("b/s p.duckdb")
    assert first.startswith("s_p_")
    assert first != second
