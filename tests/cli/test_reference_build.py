"""genesis reference build on the command line: what it prints, what it refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from genesis_sql import refdata
from genesis_sql.cli import main

PUBLISHERS = Path(__file__).parents[3] / "shared" / "refdata"

pytestmark = pytest.mark.skipif(
    not PUBLISHERS.is_dir(), reason="needs the files of ../shared/refdata"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with two of the publishers' files."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("terminology/mdc.csv", "census/nc-est2024-agesex-res.csv"):
        shutil.copyfile(PUBLISHERS / name, folder / Path(name).name)
    return folder


def test_build_says_what_became_of_each_table(files: Path, tmp_path: Path) -> None:
    to = str(tmp_path / "to")
    done = CliRunner().invoke(main, ["reference", "build", "--from", str(files), "--to", to])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["table", "status", "rows"]
    assert ["mdc", "built", "25"] in [line.split() for line in lines]
    assert ["wages", "kept", "1058"] in [line.split() for line in lines]
    assert "wages stays as it was; missing: oews_occupation_wage_quantiles.csv" in done.stderr
    assert f"genesis reference load FILE --from {to}" in done.stderr
    assert len(lines) == 1 + len(refdata.sources())
    assert refdata.read("mdc", to).equals(refdata.read("mdc"))


def test_build_prints_json(files: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main,
        ["reference", "build", "--from", str(files), "--to", str(tmp_path / "to"), "--json"],
    )
    rows = {row["table"]: row for row in json.loads(done.stdout)}
    assert rows["mdc"]["status"] == "built"
    assert rows["wages"]["missing"] == ["oews_occupation_wage_quantiles.csv"]
    assert set(rows) == set(refdata.sources())


def test_build_writes_beside_by_default(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["reference", "build", "--from", str(files)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "genesis-reference" / "mdc.parquet").is_file()


def test_a_refused_file_is_one_sentence(files: Path, tmp_path: Path) -> None:
    place = files / "mdc.csv"
    place.write_text(place.read_text(encoding="utf-8").replace("description", "descriptions", 1))
    done = CliRunner().invoke(
        main, ["reference", "build", "--from", str(files), "--to", str(tmp_path / "to")]
    )
    assert done.exit_code == 1
    assert done.stderr.strip() == (
        f"Error: '{place}' has no column 'description', it may be of another vintage; "
        f"did you mean 'descriptions'?"
    )
    assert not (tmp_path / "to").exists()


def test_a_file_in_the_way_of_the_folder_is_named(files: Path, tmp_path: Path) -> None:
    (tmp_path / "to").write_text("mine")
    done = CliRunner().invoke(
        main, ["reference", "build", "--from", str(files), "--to", str(tmp_path / "to")]
    )
    assert done.exit_code == 2
    assert "is a file" in done.stderr
    assert (tmp_path / "to").read_text() == "mine"
