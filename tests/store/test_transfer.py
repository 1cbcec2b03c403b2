"""Models travel as files; a file that is not ours, or was changed, changes nothing."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from genesis_sql.errors import (
    AccessError,
    ExpressionError,
    ModelExistsError,
    ModelFormatError,
    ModelNotFoundError,
    ReadOnlyError,
    TargetError,
)
from genesis_sql.store import migrator, models, transfer
from genesis_sql.store.content import read_content
from genesis_sql.store.rows import ModelContent, ModelPart

DB = "genesis"
Fit = Callable[..., int]


@pytest.fixture(scope="session")
def exported(fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An export of model m."""
    target = tmp_path_factory.mktemp("export") / "m.genesis"
    with duckdb.connect() as con:
        con.execute("ATTACH ':memory:' AS genesis")
        fit(con)
        transfer.export_model(con, DB, "m", str(target))
    return target.read_bytes()


@pytest.fixture
def path(exported: bytes, tmp_path: Path) -> Path:
    """A file with the export of model m."""
    target = tmp_path / "m.genesis"
    target.write_bytes(exported)
    return target


def rewrite(path: Path, change: Callable[[dict[str, bytes]], Any], **how: Any) -> None:
    """Write the zip again with other entries."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(entries: dict[str, bytes]) -> None:
        entries["manifest.json"] = json.dumps(
            json.loads(entries["manifest.json"]) | changes
        ).encode()

    return change


def test_there_and_back(con: duckdb.DuckDBPyConnection, path: Path, content: ModelContent) -> None:
    seen: list[ModelPart] = []
    row = transfer.import_model(con, DB, str(path), name="copy", validate=seen.extend)
    assert (row.model, row.version, row.uuid, row.tables, row.parts) == ("copy", 1, "5f", 2, 2)
    assert row.bytes == path.stat().st_size
    found = models.find(con, DB, "copy")
    assert read_content(con, DB, found) == content
    assert (found.method, found.arguments, found.seconds, found.execution) == (
        "trees",
        '{"seed": 0}',
        0.5,
        None,
    )
    assert tuple(seen) == content.parts


def test_into_another_database(
    con: duckdb.DuckDBPyConnection, path: Path, content: ModelContent
) -> None:
    with duckdb.connect() as other:
        transfer.import_model(other, "memory", str(path))
        assert read_content(other, "memory", models.find(other, "memory", "m")) == content


def test_the_same_fit_gives_the_same_bytes(
    con: duckdb.DuckDBPyConnection, path: Path, fit: Fit
) -> None:
    fit(con)
    first = path.read_bytes()
    transfer.export_model(con, DB, "m", str(path))
    assert path.read_bytes() == first
    assert os.listdir(path.parent).count(path.name) == 1
    assert not [p for p in path.parent.iterdir() if p.suffix == ".part"]


def test_an_older_version(con: duckdb.DuckDBPyConnection, path: Path, fit: Fit) -> None:
    fit(con)
    fit(con)
    assert transfer.export_model(con, DB, "m", str(path), version=1).version == 1
    assert transfer.export_model(con, DB, "m", str(path)).version == 2
    with pytest.raises(ModelNotFoundError, match="no version 9"):
        transfer.export_model(con, DB, "m", str(path), version=9)


def test_a_taken_name(con: duckdb.DuckDBPyConnection, path: Path, fit: Fit) -> None:
    fit(con)
    with pytest.raises(
        ModelExistsError,
        match=r"a model 'm' already \(its version 1 is this very one\): CALL genesis_drop\('m'\)",
    ):
        transfer.import_model(con, DB, str(path))
    models.drop(con, DB, "m")
    assert transfer.import_model(con, DB, str(path)).version == 1


def test_a_refusing_validation_writes_nothing(path: Path) -> None:
    def refuse(parts: list[ModelPart]) -> None:
        message = f"{parts[0].part} calls read_csv"
        raise ExpressionError(message)

    with duckdb.connect() as other:
        with pytest.raises(ExpressionError, match="cells calls read_csv"):
            transfer.import_model(other, "memory", str(path), validate=refuse)
        assert not migrator.exists(other, "memory")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda e: e.update({"../evil": b"x"}), r"it holds '\.\./evil'"),
        (lambda e: e.update({"/etc/x": b"x"}), "it holds '/etc/x'"),
        (lambda e: e.update({"parts/00002": b"x"}), "names 2 parts, the file holds 3"),
        (lambda e: e.pop("parts/00001"), "names 2 parts, the file holds 1"),
        (lambda e: e.pop("manifest.json"), "was not written by genesis_export: it holds 'parts/"),
        (
            lambda e: e.update({"parts/00000": b"x"}),
            "parts/00000 does not have the size and sha256",
        ),
        (lambda e: e.update({"manifest.json": b"{"}), "damaged"),
        (lambda e: e.update({"manifest.json": b"[" * 100_000}), "damaged"),
        (lambda e: e.update({"manifest.json": b'{"genesis": NaN}'}), "NaN in manifest.json"),
        (
            lambda e: e.update({"manifest.json": b"[]"}),
            "manifest.json is missing or of a wrong type",
        ),
        (manifest(genesis=2), r"has format 2 of genesis_sql .*, this release reads 1: .*upgrade"),
        (manifest(genesis=True), "genesis is missing or of a wrong type"),
        (manifest(model=None), "manifest.json: model is missing"),
        (manifest(uuid="\ud800"), "damaged"),
        (manifest(format_version=2**70), "format_version is 118"),
        (manifest(tables=[{"name": "t", "rows": -1, "columns": []}]), r"tables\[0\]: rows is -1"),
        (manifest(relationships=[[]]), r"relationships\[0\] is missing or of a wrong type"),
    ],
)
def test_changed_files(path: Path, change: Callable[[dict[str, bytes]], Any], match: str) -> None:
    rewrite(path, change)
    with duckdb.connect() as other:
        with pytest.raises(ModelFormatError, match=match):
            transfer.import_model(other, "memory", str(path))
        assert not migrator.exists(other, "memory")


def test_a_compressed_or_doubled_entry(path: Path) -> None:
    rewrite(path, manifest(), compression=zipfile.ZIP_DEFLATED)
    with duckdb.connect() as other:
        with pytest.raises(ModelFormatError, match="compressed, overlap or are too large"):
            transfer.import_model(other, "memory", str(path))
        with (
            zipfile.ZipFile(path, "a") as archive,
            pytest.warns(UserWarning, match="Duplicate name"),
        ):
            archive.writestr("manifest.json", b"{}")
        with pytest.raises(ModelFormatError, match="twice"):
            transfer.import_model(other, "memory", str(path))


@pytest.mark.parametrize("cut", [0, 1, 100, -1, -30])
def test_cut_files(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    with (
        duckdb.connect() as other,
        pytest.raises(ModelFormatError, match="not written by genesis_export, or it is"),
    ):
        transfer.import_model(other, "memory", str(path))


def test_every_flipped_byte_is_noticed_or_harmless(path: Path, content: ModelContent) -> None:
    whole = path.read_bytes()
    with duckdb.connect() as other:
        for at in range(0, len(whole), 97):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x5A]) + whole[at + 1 :])
            try:
                transfer.import_model(other, "memory", str(path), name=f"m{at}")
            except ModelFormatError:
                continue
            assert read_content(other, "memory", models.find(other, "memory", f"m{at}")) == content


@pytest.mark.parametrize("place", ["missing/x.genesis", ".", "s3://bucket/x.genesis", "", "a\0b"])
def test_places_that_cannot_be_written(
    con: duckdb.DuckDBPyConnection, path: Path, place: str, fit: Fit
) -> None:
    fit(con)
    target = place if "://" in place or not place else str(path.parent / place)
    with pytest.raises(TargetError, match=r"cannot write|is no export|local files"):
        transfer.export_model(con, DB, "m", target)
    with pytest.raises(TargetError, match=r"cannot read|local files"):
        transfer.import_model(con, DB, target)


def test_another_file_is_not_overwritten(
    con: duckdb.DuckDBPyConnection, path: Path, fit: Fit
) -> None:
    fit(con)
    letter = path.parent / "letter.txt"
    letter.write_text("dear")
    with pytest.raises(TargetError, match="exists and is no export of a model"):
        transfer.export_model(con, DB, "m", str(letter))
    assert letter.read_text() == "dear"


@pytest.mark.parametrize(
    "setting", ["enable_external_access = false", "disabled_filesystems = 'LocalFileSystem'"]
)
def test_closed_connections(con: duckdb.DuckDBPyConnection, path: Path, setting: str) -> None:
    con.execute(f"SET {setting}")
    with pytest.raises(AccessError, match=setting.split()[0]):
        transfer.export_model(con, DB, "m", str(path))
    with pytest.raises(AccessError, match=setting.split()[0]):
        transfer.import_model(con, DB, str(path))


def test_a_read_only_database(
    disk: duckdb.DuckDBPyConnection, path: Path, file: Path, fit: Fit
) -> None:
    fit(disk)
    disk.close()
    with duckdb.connect(file, read_only=True) as readonly:
        assert transfer.export_model(readonly, DB, "m", str(path)).version == 1
        with pytest.raises(ReadOnlyError, match="'genesis' is read-only"):
            transfer.import_model(readonly, DB, str(path), name="n")
