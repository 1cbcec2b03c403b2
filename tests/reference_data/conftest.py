"""The publishers' files, where this machine has them, and tables made from them once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from genesis_sql import refdata

PUBLISHERS = Path(__file__).parents[3] / "shared" / "refdata"


@pytest.fixture(scope="session")
def publishers() -> Path:
    """The folder of the publishers' files."""
    if not PUBLISHERS.is_dir():
        pytest.skip("needs the files of ../shared/refdata")
    return PUBLISHERS


@pytest.fixture
def some(publishers: Path, tmp_path: Path) -> Callable[..., Path]:
    """A folder with copies of some of the publishers' files."""

    def copy(*names: str) -> Path:
        folder = tmp_path / "files" / "deep"
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            target = folder / name
            shutil.copyfile(next(publishers.rglob(name)), target)
        return folder.parent

    return copy


@pytest.fixture(scope="session")
def con() -> duckdb.DuckDBPyConnection:
    """Every table that ships, under its name."""
    con = duckdb.connect()
    for name in refdata.sources():
        con.register(name, refdata.read(name))
    return con
