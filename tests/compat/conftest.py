"""A database with the reference in it, and the specs that the tests write down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import genesis_sql

OLDER: dict[str, Any] = {
    "profile": {
        "id": "older-with-diabetes",
        "product": "patientsim",
        "generation": {"count": 400, "seed": 11, "batch_size": 50},
        "demographics": {
            "age": {"type": "normal", "mean": 70, "std_dev": 9, "min": 66, "max": 90},
            "gender": {"male": 0.3, "female": 0.7},
        },
        "clinical": {
            "primary_condition": {"code": "E11", "description": "Diabetes", "prevalence": 1.0},
            "comorbidities": [{"code": "I10", "prevalence": 0.6}, {"code": "E78", "prevalence": 0}],
        },
    }
}
"""Written down in full."""

TRAVIS: dict[str, Any] = {
    "profile": {
        "id": "travis-county",
        "generation": {"count": 500, "seed": 3},
        "demographics": {
            "source": "populationsim",
            "reference": {"type": "county", "fips": "48453"},
        },
        "providers": {
            "source": "networksim",
            "reference": {"state": "TX", "specialty": "cardiology"},
        },
    }
}
"""A county and its providers, from the reference."""


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the reference loaded; it is copied, for nobody writes to it."""
    file = tmp_path_factory.mktemp("shelf") / "shelf.duckdb"
    con = genesis_sql.connect(str(file))
    con.execute("CALL genesis_load_reference()")
    con.close()
    return file


@pytest.fixture(scope="module")
def con(
    shelf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of the module, with the reference loaded."""
    con = genesis_sql.connect(shutil.copy(shelf, tmp_path_factory.mktemp("con") / "con.duckdb"))
    yield con
    con.close()


@pytest.fixture(scope="module")
def saved(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The same with both profiles saved."""
    statement = "CALL genesis_save_profile($name, spec := $spec, tags := $tags)"
    for spec, tags in ((OLDER, ["diabetes"]), (TRAVIS, ["texas", "county"])):
        name = spec["profile"]["id"]
        con.execute(statement, {"name": name, "spec": json.dumps(spec), "tags": tags})
    return con
