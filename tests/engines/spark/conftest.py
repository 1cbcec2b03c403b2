"""The models that the workers of Spark draw from."""

from __future__ import annotations

from pathlib import Path

import pytest

import genesis_sql
from tests.conftest import SCHEMA


@pytest.fixture(scope="session")
def shop_file(archives: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the models `shop` and `people`; tests copy it."""
    path = tmp_path_factory.mktemp("spark") / "shop.duckdb"
    with genesis_sql.connect(str(path)) as con:
        con.execute(SCHEMA)
        for model in archives.values():
            con.execute("CALL genesis_import(?)", [model]).fetchall()
    return path
