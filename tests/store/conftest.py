"""A database called genesis, so that its name and the schema's are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from genesis_sql.store import executions, models
from genesis_sql.store.rows import ColumnRow, ModelContent, ModelPart, RelationshipRow, TableRow

DB = "genesis"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "genesis.duckdb"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS genesis; USE genesis")
        yield connection


@pytest.fixture
def disk(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """For tests that close the database and open the file again."""
    with duckdb.connect(file) as connection:
        yield connection


@pytest.fixture(scope="session")
def content() -> ModelContent:
    columns = (
        ColumnRow("id", "BIGINT", "key", "unique"),
        ColumnRow('a "b"', "VARCHAR", "category", "tree", ("id", "naïve; --"), 3, "few labels"),
    )
    key = RelationshipRow("t", ("a", "b"), "u", ("c", "d"), False, 2, 1, "not declared")
    return ModelContent(
        uuid="5f",
        format_version=1,
        parts=(ModelPart("t", "cells", 0, b"\0\xff" * 50), ModelPart("t", "program", 0, b"{}")),
        tables=(TableRow("t", 10, columns), TableRow("'; DROP TABLE t; --", 5)),
        relationships=(key,),
        fingerprint="f1",
        metrics={"shape": 0.99, "odd": None},
    )


Fit = Callable[..., int]


@pytest.fixture(scope="session")
def fit(content: ModelContent) -> Fit:
    """A whole fit, as the session does it; returns the version."""

    def run(
        con: duckdb.DuckDBPyConnection,
        name: str = "m",
        *,
        activate: bool = True,
        kind: str = "table",
    ) -> int:
        execution = executions.start(con, DB, kind="fit", model=name, arguments={})
        version = models.begin_version(
            con, DB, name, kind=kind, method="trees", arguments={"seed": 0}, execution=execution
        )
        models.finish_version(con, DB, name, version, content, seconds=0.5, activate=activate)
        return version

    return run
