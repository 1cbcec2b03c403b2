"""Code sets out of the publishers' layouts; nobody's property gets in."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql import refdata
from genesis_sql.errors import AccessError, OptionError, SourceError, TargetError
from genesis_sql.reference import codes

NASTY = "x'); DROP TABLE victim; --\""
SHARED = Path(__file__).parents[2] / ".." / "shared" / "refdata"
ORDER = """\
00001 A00     0 Cholera                                                      Cholera
00002 A000    1 Cholera due to Vibrio cholerae 01, biovar cholerae           Cholera due to Vibrio cholerae 01, biovar cholerae
00003 E119    1 Type 2 diabetes mellitus without complications               Type 2 diabetes mellitus without complications
00004 M80832D 1 Oth osteopor w crnt path fx, l forearm, subs for fx w routn  Other osteoporosis, left forearm
"""
CODES = "A000    Cholera due to Vibrio cholerae 01, biovar cholerae\nE119    Type 2 diabetes\nI10     Essential hypertension\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "codes.txt"


def _codes(con: duckdb.DuckDBPyConnection, kind: str = "icd10cm") -> list[tuple[str, str]]:
    return con.execute(
        f"SELECT code, description FROM genesis_reference.{kind} ORDER BY code"
    ).fetchall()


def test_the_order_file(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    file.write_text(ORDER)
    rows = con.execute("CALL genesis_load_codes('icd10cm', path := ?)", [str(file)]).fetchall()
    assert rows == [("icd10cm", 3, "loaded", f"from {file}")]
    assert _codes(con) == [
        ("A00.0", "Cholera due to Vibrio cholerae 01, biovar cholerae"),
        ("E11.9", "Type 2 diabetes mellitus without complications"),
        ("M80.832D", "Other osteoporosis, left forearm"),
    ]


def test_the_list_of_codes_of_any_line_end(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    for text in (CODES, CODES.replace("\n", "\r\n")):
        file.write_bytes(text.encode())
        genesis_sql.load_codes(con, "icd10cm", path=str(file))
        assert _codes(con)[1:] == [("E11.9", "Type 2 diabetes"), ("I10", "Essential hypertension")]


def test_latin_1(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    file.write_bytes("H8101   Ménière's disease, right ear\n".encode("latin-1"))
    genesis_sql.load_codes(con, "icd10cm", path=str(file))
    assert _codes(con) == [("H81.01", "Ménière's disease, right ear")]


@pytest.mark.parametrize("code", ["E11.9", "e119"])
def test_a_table_with_or_without_dots(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, code: str
) -> None:
    path = str(tmp_path / "t.parquet")
    con.execute(
        f"COPY (SELECT '{code}' AS \"Code\", 'Type 2 diabetes' AS \"Description\") TO '{path}' (FORMAT parquet)"
    )
    genesis_sql.load_codes(con, "icd10cm", path=path)
    assert _codes(con) == [("E11.9", "Type 2 diabetes")]


def test_codes_that_were_cut_are_made_whole(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = str(tmp_path / "cut.parquet")
    cut = "('A000', 'Cholera'), ('B0801', '10  Cowpox'), ('B0801', '11  Vaccinia'), ('M8083', '32D Other osteoporosis')"
    con.execute(f"COPY (FROM (VALUES {cut}) AS t(code, description)) TO '{path}' (FORMAT parquet)")
    genesis_sql.load_codes(con, "icd10cm", path=path)
    assert _codes(con) == [
        ("A00.0", "Cholera"), ("B08.010", "Cowpox"), ("B08.011", "Vaccinia"), ("M80.832D", "Other osteoporosis"),
    ]  # fmt: skip


@pytest.mark.skipif(not SHARED.exists(), reason="the publisher's file is not here")
def test_a_real_copy(con: duckdb.DuckDBPyConnection) -> None:
    path = str(SHARED / "icd10" / "icd10cm_2022.parquet")
    assert genesis_sql.load_codes(con, "icd10cm", path=path)[0]["rows"] == 72_750
    found = dict(_codes(con))
    assert found["B08.010"] == "Cowpox"
    assert not any(text[:1].isdigit() and text[1:3].isspace() for text in found.values())


@pytest.mark.skipif(not SHARED.exists(), reason="the publisher's file is not here")
def test_hcpcs_of_cms(con: duckdb.DuckDBPyConnection) -> None:
    path = str(SHARED / "terminology" / "hcpcs_level_2.csv")
    found = genesis_sql.load_codes(con, "hcpcs", path=path)[0]
    assert "375 rows that are no codes of level II were left out" in found["note"]
    texts = dict(_codes(con, "hcpcs"))
    assert "in consultation with a psychiatric consultant" in texts["G0503"]  # of its first line
    assert texts["G0503"].endswith("goals and are prepared for discharge from active treatment")


def test_hcpcs_takes_level_two_only(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text(
        "HCPC,Long Description\nA0021,Ambulance\n99213,a visit\nD0120,dental\nP1,healthy\n0001F,quality\n0042T,new\n"
    )
    found = genesis_sql.load_codes(con, "hcpcs", path=str(path))[0]
    assert _codes(con, "hcpcs") == [("A0021", "Ambulance")]
    assert found["note"].endswith("; 5 rows that are no codes of level II were left out")


def test_no_code_of_others_ships(con: duckdb.DuckDBPyConnection) -> None:
    genesis_sql.load_codes(con, "hcpcs")
    count = "SELECT count(*), count(*) FILTER (WHERE NOT regexp_matches(code, '^[A-CE-Z][0-9]{4}$')) FROM genesis_reference.hcpcs"
    rows, others = con.execute(count).fetchall()[0]
    assert rows > 7000
    assert others == 0


def test_what_ships(con: duckdb.DuckDBPyConnection) -> None:
    for kind in ("ms_drg", "mdc", "place_of_service"):
        found = genesis_sql.load_codes(con, kind)[0]
        assert (found["rows"], found["status"]) == (int(refdata.sources()[kind]["rows"]), "loaded")
        assert genesis_sql.load_codes(con, kind)[0]["status"] == "kept"


def test_without_the_package_icd_is_what_ships(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MODULE", "there_is_no_such_package")
    found = genesis_sql.load_codes(con, "icd10cm")[0]
    assert (found["rows"], found["note"]) == (
        int(refdata.sources()["icd10cm"]["rows"]),
        "what ships: fiscal year 2022",
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*_text is deprecated:DeprecationWarning")
@pytest.mark.skipif(find_spec(codes.MODULE) is None, reason="simple-icd-10-cm is not installed")
def test_the_package(con: duckdb.DuckDBPyConnection) -> None:
    found = genesis_sql.load_codes(con, "icd10cm")[0]
    assert found["rows"] > 74_000
    assert found["note"].startswith("from simple-icd-10-cm ")
    texts = dict(_codes(con))
    assert texts["E11.9"] == "Type 2 diabetes mellitus without complications"
    assert "E11" not in texts


def test_ones_own_codes_stay_until_the_shipped_are_asked_for(
    con: duckdb.DuckDBPyConnection, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "MODULE", "there_is_no_such_package")
    file.write_text(CODES)
    genesis_sql.load_codes(con, "icd10cm", path=str(file))
    assert genesis_sql.load_reference(con, tables=["icd10cm"])[0]["status"] == "kept"
    assert len(_codes(con)) == 3
    assert genesis_sql.load_codes(con, "icd10cm")[0]["status"] == "refreshed"
    assert len(_codes(con)) > 70_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is neither the order file"),
        ("73211009  Diabetes mellitus\n", "is neither the order file"),
        ("A000    Cholera\nA000    Cholera again\n", "2 codes of icd10cm, 1 of them twice"),
        ("A000    Cholera\nAB_ZZ   x\n", "is neither the order file"),
    ],
)
def test_files_that_are_none(
    con: duckdb.DuckDBPyConnection, file: Path, text: str, reason: str
) -> None:
    file.write_text(text)
    with pytest.raises(SourceError, match=reason):
        genesis_sql.load_codes(con, "icd10cm", path=str(file))
    assert con.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'genesis_reference'"
    ).fetchall() == [(0,)]


def test_tables_of_other_codes_are_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "snomed.csv"
    path.write_text("code,description\n73211009,Diabetes mellitus\n")
    with pytest.raises(SourceError, match="1 of another form; nothing was changed"):
        genesis_sql.load_codes(con, "icd10cm", path=str(path))
    path.write_text("concept,term\n73211009,Diabetes mellitus\n")
    with pytest.raises(SourceError, match="has no column 'code'"):
        genesis_sql.load_codes(con, "icd10cm", path=str(path))


def test_bad_input(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    with pytest.raises(OptionError, match="no code set 'icd10'; did you mean 'icd10cm'"):
        genesis_sql.load_codes(con, "icd10")
    with pytest.raises(
        OptionError,
        match=r"'mdc' ships with this package and takes no file: CALL genesis_load_codes\('mdc'\)",
    ):
        genesis_sql.load_codes(con, "mdc", path=str(file))
    with pytest.raises(SourceError, match="there is no file"):
        genesis_sql.load_codes(con, "icd10cm", path=str(file))
    con.execute(
        "CREATE SCHEMA genesis_reference; CREATE TABLE genesis_reference.icd10cm AS SELECT 42 AS mine"
    )
    file.write_text(CODES)
    with pytest.raises(TargetError, match="icd10cm was not made by this package"):
        genesis_sql.load_codes(con, "icd10cm", path=str(file))


def test_a_connection_closed_to_files(closed: duckdb.DuckDBPyConnection, file: Path) -> None:
    file.write_text(CODES)
    with pytest.raises(AccessError, match="enable_external_access"):
        genesis_sql.load_codes(closed, "icd10cm", path=str(file))
    assert genesis_sql.load_codes(closed, "mdc")[0]["status"] == "loaded"


def test_names_are_never_sql(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    place = tmp_path / f"{NASTY}.txt"
    place.write_text(CODES.replace("Cholera due", NASTY))
    con.execute("CALL genesis_load_codes('icd10cm', path := ?)", [str(place)]).fetchall()
    assert _codes(con)[0][1].startswith(NASTY)
    for given in ((NASTY, None), ("icd10cm", NASTY)):
        with pytest.raises(genesis_sql.GenesisError):
            genesis_sql.load_codes(con, given[0], path=given[1])
    assert con.execute("FROM victim").fetchall() == [(1,)]
