"""A small clinic that is written, not learnt: people, their visits, a table of rooms."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql

CLINIC: dict[str, Any] = {
    "id": "clinic",
    "generation": {"count": 200, "seed": 7},
    "tables": {
        "rooms": {
            "rows": 5,
            "columns": {
                "room": {"type": "key", "format": "R%02d"},
                "floor": {"type": "uniform", "min": 0, "max": 3, "decimals": 0},
            },
        },
        "people": {
            "columns": {
                "person": {"type": "key", "format": "P%06d"},
                "sex": {"type": "categorical", "values": {"F": 0.6, "M": 0.4}},
                "weight": {"type": "normal", "mean": 72, "std_dev": 8, "min": 65, "decimals": 1},
                "smoker": {"type": "logistic", "rate": 0.2, "effects": []},
            },
        },
        "visits": {
            "parent": "people",
            "rows": {"type": "poisson", "mean": 2},
            "columns": {
                "visit": {"type": "key", "format": "V%08d"},
                "person": {"type": "parent", "column": "person"},
                "room": {"type": "reference", "table": "rooms"},
            },
        },
    },
}


@pytest.fixture(scope="session")
def clinic() -> dict[str, Any]:
    """The profile as it is written."""
    return CLINIC


@pytest.fixture(scope="session")
def clinic_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the profile 'clinic', and its cohorts 'c1' (200 people) and 'c2' (40)."""
    path = tmp_path_factory.mktemp("clinic") / "clinic.duckdb"
    with genesis_sql.connect(str(path)) as con:
        genesis_sql.save_profile(con, "clinic", CLINIC, tags=["care"], description="A small one")
        genesis_sql.run_profile(con, "clinic", "c1", seed=42)
        genesis_sql.run_profile(con, "clinic", "c2", count=40)
    return path


@pytest.fixture
def ran(clinic_file: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of it, to be written to."""
    path = tmp_path / "clinic.duckdb"
    shutil.copy(clinic_file, path)
    with genesis_sql.connect(str(path)) as con:
        yield con


@pytest.fixture(scope="module")
def still(
    clinic_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of it that a module only reads."""
    path = tmp_path_factory.mktemp("still") / "clinic.duckdb"
    shutil.copy(clinic_file, path)
    with genesis_sql.connect(str(path)) as con:
        yield con
