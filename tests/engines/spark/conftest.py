"""Spark on one thread of this machine, and the model that its workers draw from."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genesis_sql
from tests.conftest import SCHEMA

QUICK = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""Java that does not take its time to become fast."""


@pytest.fixture(scope="session")
def java() -> None:
    """Skips where Spark cannot run, which CI never does."""
    if shutil.which("java") is None and os.environ.get("GENESIS_SERVERS") != "required":
        pytest.skip("there is no java: make servers installs it")


@pytest.fixture(scope="session")
def spark(java: None) -> Iterator[Any]:
    """A session of the user's own; ours takes it for it is active."""
    from pyspark.sql import SparkSession

    before = os.environ.get("PYSPARK_PYTHON")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        builder = SparkSession.builder.master("local[1]")
        for name, value in QUICK.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()
    os.environ.pop("PYSPARK_PYTHON")
    if before is not None:
        os.environ["PYSPARK_PYTHON"] = before


@pytest.fixture(scope="session")
def shop_file(archives: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the models `shop` and `people`; tests copy it."""
    path = tmp_path_factory.mktemp("spark") / "shop.duckdb"
    with genesis_sql.connect(str(path)) as con:
        con.execute(SCHEMA)
        for model in archives.values():
            con.execute("CALL genesis_import(?)", [model]).fetchall()
    return path
