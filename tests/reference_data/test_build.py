"""genesis reference build: the same again, the newer one, or a sentence on why not."""

from __future__ import annotations

import functools
import http.server
import re
import threading
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from genesis_sql import refdata
from genesis_sql.errors import SourceError, TargetError
from genesis_sql.reference_data import build as module
from genesis_sql.reference_data.build import TABLES, build
from genesis_sql.reference_data.files import below, found
from genesis_sql.reference_data.registry import File, Source, Table, pairs, query

Some = Callable[..., Path]
AGES = "nc-est2024-agesex-res.csv"
PLACES = "place_of_service.csv"


def _table(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)


def _edit(place: Path, change: Callable[[str], str], encoding: str = "utf-8") -> None:
    place.write_text(change(place.read_text(encoding=encoding)), encoding=encoding)


@pytest.mark.slow
def test_a_rebuild_gives_what_ships(publishers: Path, tmp_path: Path) -> None:
    built = build(publishers, tmp_path)
    assert [b.source.table for b in built] == list(refdata.sources())
    assert {b.status for b in built} == {"built"}
    assert refdata.sources(str(tmp_path)) == refdata.sources()
    for name in refdata.sources():
        assert refdata.read(name, str(tmp_path)).equals(refdata.read(name))


def test_a_rebuild_of_small_tables_gives_what_ships(publishers: Path, tmp_path: Path) -> None:
    tables = [_table(n) for n in ("national_ages", "life_table", "wages", "ms_drg", "measures")]
    build(publishers, tmp_path, tables)
    again = refdata.sources(str(tmp_path))
    assert again == {t.name: refdata.sources()[t.name] for t in tables}


def test_tables_without_their_files_stay_and_say_so(some: Some, tmp_path: Path) -> None:
    folder = some(AGES)
    built = {b.source.table: b for b in build(folder, tmp_path / "to")}
    assert built["national_ages"].status == "built"
    assert built["zip_county"].status == "kept"
    assert built["zip_county"].missing == ("hud_zip_county_2025q2.parquet",)
    assert refdata.read("zip_county", str(tmp_path / "to")).equals(refdata.read("zip_county"))
    assert set(refdata.sources(str(tmp_path / "to"))) == set(refdata.sources())


def test_a_refresh_changes_the_figure_and_the_checksum(some: Some, tmp_path: Path) -> None:
    folder, to = some(AGES), tmp_path / "to"
    build(folder, to, [_table("national_ages")])
    before = refdata.sources(str(to))["national_ages"]["sha256"]
    assert before == refdata.sources()["national_ages"]["sha256"]
    first = refdata.read("national_ages", str(to)).to_pylist()[0]
    people = first["population"]
    _edit(next(folder.rglob(AGES)), lambda text: text.replace(f",{people},", f",{people + 7},", 1))
    build(folder, to, [_table("national_ages")])
    assert refdata.read("national_ages", str(to)).to_pylist()[0]["population"] == people + 7
    assert refdata.sources(str(to))["national_ages"]["sha256"] != before


def test_a_table_of_the_target_outlasts_a_build_without_its_files(
    some: Some, tmp_path: Path
) -> None:
    folder, to = some(AGES, PLACES), tmp_path / "to"
    tables = [_table("national_ages"), _table("place_of_service")]
    _edit(next(folder.rglob(PLACES)), lambda text: text.replace("Pharmacy", "Apothecary"))
    build(folder, to, tables)
    next(folder.rglob(PLACES)).unlink()
    built = build(folder, to, tables)
    assert [b.status for b in built] == ["built", "kept"]
    assert refdata.read("place_of_service", str(to)).to_pylist()[0]["description"] == "Apothecary"


def test_another_vintage_is_refused_and_nothing_is_written(some: Some, tmp_path: Path) -> None:
    folder = some(AGES, PLACES)
    place = next(folder.rglob(AGES))
    place.rename(place.with_name("nc-est2019-agesex-res.csv"))
    wrong = r"nc-est2019-agesex-res\.csv' is of another vintage .* it needs 'nc-est2024-agesex-res\.csv'"
    with pytest.raises(SourceError, match=wrong):
        build(folder, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_missing_column_is_named_with_the_nearest(some: Some, tmp_path: Path) -> None:
    folder = some(AGES)
    _edit(next(folder.rglob(AGES)), lambda text: text.replace("POPESTIMATE2023", "POP_2023", 1))
    wrong = r"agesex-res\.csv' has no column 'POPESTIMATE2023', .*; did you mean 'POPESTIMATE20"
    with pytest.raises(SourceError, match=wrong):
        build(folder, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_missing_column_of_parquet_is_named(some: Some, tmp_path: Path) -> None:
    from pyarrow import parquet

    folder = some("icd10cm_2022.parquet")
    place = next(folder.rglob("*.parquet"))
    rows = parquet.read_table(place, use_threads=False)
    parquet.write_table(rows.rename_columns(["code", "descriptions"]), place)
    wrong = r"icd10cm_2022\.parquet' has no column 'description'.*did you mean 'descriptions'"
    with pytest.raises(SourceError, match=wrong):
        build(folder, tmp_path / "to", [_table("icd10cm")])
    place.write_bytes(b"PK not this")
    with pytest.raises(SourceError, match=r"icd10cm_2022\.parquet' is not a Parquet file"):
        build(folder, tmp_path / "to", [_table("icd10cm")])


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (
            lambda text: text[: text.rindex(",") - 20],
            r"agesex-res\.csv' is cut short: a line has \d",
        ),
        (
            lambda text: "".join(text.splitlines(True)[:180]),
            r"'national_ages' would have 77 rows where 202",
        ),
        (lambda text: text.split("\n", 1)[0], r"agesex-res\.csv' holds no rows"),
        (lambda text: "", r"agesex-res\.csv' has no column 'SEX'"),
    ],
    ids=["within a line", "between lines", "after the header", "empty"],
)
def test_a_file_cut_short_is_refused(
    change: Callable[[str], str], wrong: str, some: Some, tmp_path: Path
) -> None:
    folder = some(AGES)
    _edit(next(folder.rglob(AGES)), change)
    with pytest.raises(SourceError, match=wrong):
        build(folder, tmp_path / "to", [_table("national_ages")])
    assert not (tmp_path / "to").exists()


def test_two_files_of_one_name_have_to_be_the_same(some: Some, tmp_path: Path) -> None:
    folder = some(PLACES)
    place, other = next(folder.rglob(PLACES)), folder / PLACES
    other.write_bytes(place.read_bytes())
    build(folder, tmp_path / "to", [_table("place_of_service")])
    _edit(other, lambda text: text.replace("Pharmacy", "Apothecary"))
    with pytest.raises(SourceError, match=r"place_of_service\.csv' and '.*_service\.csv' differ"):
        build(folder, tmp_path / "to", [_table("place_of_service")])


@pytest.mark.parametrize(
    "file",
    sorted({f for table in TABLES for f in table.files if f.others}, key=lambda f: f.view),
    ids=lambda f: f.name,
)
def test_patterns_of_other_vintages_fit_the_own_name(file: File, tmp_path: Path) -> None:
    """The year in the name put back by some: refused by the name of the file that is needed."""
    digits = re.findall(r"[0-9]{4}", file.name)
    assert fnmatch(file.name.lower(), file.others.lower())
    assert digits
    older = file.name.replace(digits[0], "1999")
    (tmp_path / older).write_text("x")
    with pytest.raises(SourceError, match=rf"{re.escape(older)}' is of another vintage"):
        found(below(tmp_path), file)


def test_a_value_that_is_none_is_told(some: Some, tmp_path: Path) -> None:
    folder = some(AGES)
    _edit(next(folder.rglob(AGES)), lambda text: text.replace("2,7,", "2,seven,"))
    with pytest.raises(SourceError, match=r"'national_ages' cannot be made.*-agesex.*'seven'"):
        build(folder, tmp_path / "to", [_table("national_ages")])
    assert not (tmp_path / "to").exists()


def test_a_place_that_cannot_be_written_is_told(some: Some, tmp_path: Path) -> None:
    (tmp_path / "to").write_text("mine")
    with pytest.raises(TargetError, match=r"to' cannot be written: File exists"):
        build(some(AGES), tmp_path / "to", [_table("national_ages")])
    assert (tmp_path / "to").read_text() == "mine"


def test_a_folder_without_any_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds none of the publishers' files, such as co-est"):
        build(tmp_path, tmp_path / "to")
    with pytest.raises(SourceError, match=r"there is no folder '.*nowhere'"):
        build(tmp_path / "nowhere", tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.fixture
def address(publishers: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(publishers))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_files_are_fetched_from_an_address(address: str, tmp_path: Path) -> None:
    tables = [_table("national_ages"), _table("mdc")]
    for base, statuses in (
        (address, ["built", "built"]),
        (f"{address}/census/", ["built", "kept"]),
    ):
        built = build(base, tmp_path, tables)
        assert [b.status for b in built] == statuses
    assert refdata.read("mdc", str(tmp_path)).equals(refdata.read("mdc"))


def test_an_address_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'http://127\.0\.0\.1:9/co-est2023.*cannot be read"):
        build("http://127.0.0.1:9", tmp_path / "to")


def test_a_table_that_never_shipped_needs_its_files(some: Some, tmp_path: Path) -> None:
    source = Source("new", "p", "v", "l", "d", "", "t", "a INTEGER")
    table = Table(source, _table("mdc").files, query("SELECT 1 AS a"))
    with pytest.raises(SourceError, match=r"'new' cannot be made without mdc\.csv"):
        build(some(AGES), tmp_path / "to", [_table("national_ages"), table])


def test_the_order_of_making_keeps_to_what_comes_first() -> None:
    seen: set[str] = set()
    for table in TABLES:
        assert set(table.after) <= seen, table.name
        seen.add(table.name)


def test_shipped_types_are_those_that_are_stated() -> None:
    for name, stated in refdata.sources().items():
        assert refdata.read(name).schema.equals(module.arrow(pairs(stated["columns"]), []).schema)
