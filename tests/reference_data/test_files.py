"""Reading publishers' files: encodings, delimiters, what stands for a missing figure."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from genesis_sql.errors import SourceError
from genesis_sql.reference_data import files, geography
from genesis_sql.reference_data.registry import File

Con = duckdb.DuckDBPyConnection


@pytest.fixture
def con() -> Con:
    con = duckdb.connect()
    geography.prepare(con)
    return con


@pytest.mark.parametrize(
    ("data", "delimiter", "header"),
    [
        ("fips,name\n35013,Doña Ana\n".encode("latin-1"), ",", ()),
        ("fips,name\n35013,Doña Ana\n".encode(), ",", ()),
        (b"\xef\xbb\xbf" + 'fips,"name"\n35013,"Doña Ana"\n'.encode(), ",", ()),
        ("fips\tname   \r\n35013\tDoña Ana   \r\n".encode("latin-1"), "\t", ()),
        ("35013   Doña Ana\n".replace("a A", "a_A").encode(), " ", ("fips", "name")),
        (b"other; fips;name\n1;35013; Do\xf1a Ana\n\n", ";", ()),
    ],
    ids=["latin-1", "utf-8", "mark and quotes", "tabs", "spaces", "semicolons"],
)
def test_text_is_read_as_it_was_meant(
    con: Con, data: bytes, delimiter: str, header: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    file = File("x", "X.csv", ("fips", "name"), delimiter=delimiter, header=header)
    place = files.found(files.below(tmp_path), file)
    assert place is not None
    files.register(con, file, place)
    ((fips, name),) = con.execute("SELECT fips, name FROM x").fetchall()
    assert (fips, name.replace("_", " ")) == ("35013", "Doña Ana")


@pytest.mark.parametrize(
    ("text", "number"),
    [("-999", None), ("-999.0", None), ("-", None), ("", None), ("(X)", None), ("N", None),
     ("0", 0.0), ("12.5", 12.5), ("-78649", -78649.0)],
)  # fmt: skip
def test_what_stands_for_a_missing_figure_is_null(
    con: Con, text: str, number: float | None
) -> None:
    assert con.execute("SELECT figure(?)", [text]).fetchall() == [(number,)]


@pytest.mark.parametrize(
    ("text", "code"),
    [("1001", "01001"), ("1001.0", "01001"), ("48201", "48201"), ("09110", "09110")],
)
def test_codes_get_their_zeros_back(con: Con, text: str, code: str) -> None:
    assert con.execute("SELECT code(?)", [text]).fetchall() == [(code,)]


def test_averages_leave_out_what_is_missing(con: Con) -> None:
    rows = "(VALUES ('10', 1), ('20', 3), ('-999', 100)) t(x, people)"
    assert con.execute(f"SELECT mean_of(x, people) FROM {rows}").fetchall() == [(17.5,)]
    none = "(VALUES ('', 1), ('-999', 3)) t(x, people)"
    assert con.execute(f"SELECT mean_of(x, people) FROM {none}").fetchall() == [(None,)]


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    file = File("x", "x.csv", ("a",))
    with pytest.raises(SourceError, match=r"gone\.csv' cannot be read: No such file"):
        files.register(duckdb.connect(), file, tmp_path / "gone.csv")


def test_a_dispensable_file_is_an_empty_view(con: Con) -> None:
    files.register_empty(con, File("x", "x.csv", ("a", "b/c"), optional=True))
    assert con.execute('SELECT a, "b/c" FROM x').fetchall() == []
