"""The log of trainings and their checkpoints in the store."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from genesis_sql.errors import ModelNotFoundError
from genesis_sql.store import content, executions, migrator, models, names, training

DB = "genesis"
ROW: training.LogRow = ("t", 5, 1.5, 0.25, None, 100.0, 2.0, "it's a note")
Fit = Callable[..., int]


def begin(con: duckdb.DuckDBPyConnection, name: str = "m") -> int:
    """A version that is being fitted."""
    execution = executions.start(con, DB, kind="fit", model=name, arguments={})
    how = {"kind": "table", "method": "argn", "arguments": {}, "execution": execution}
    return models.begin_version(con, DB, name, **how)  # type: ignore[arg-type]


def save(con: duckdb.DuckDBPyConnection, version: int, state: bytes, method: str = "argn") -> None:
    about = '{"columns": []}'
    training.save_checkpoint(con, DB, "m", version, "t", method=method, about=about, state=state)


def log(con: duckdb.DuckDBPyConnection, version: int | None = None) -> list[tuple[object, ...]]:
    return con.execute(training.log_sql(con, DB, "m", version)).fetchall()


def test_the_log_in_its_order_by_default_of_the_newest_version(
    con: duckdb.DuckDBPyConnection, fit: Fit
) -> None:
    fit(con)
    version = begin(con)
    assert log(con) == []
    training.append_log(con, DB, "m", version, 0, [ROW, ROW])
    training.append_log(con, DB, "m", version, 2, [("u", 1, 0.5, None, None, None, 0.1, "")])
    assert log(con) == log(con, 2) == [(2, *ROW)] * 2 + [
        (2, "u", 1, 0.5, None, None, None, 0.1, ""),
    ]  # fmt: skip
    assert log(con, 1) == []


def test_a_model_or_version_that_is_not_there(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    with pytest.raises(ModelNotFoundError, match="no model 'm'; FROM genesis_models"):
        log(con)
    fit(con, "mm")
    with pytest.raises(ModelNotFoundError, match="no model 'm'; did you mean 'mm'"):
        log(con)
    fit(con)
    with pytest.raises(ModelNotFoundError, match="model 'm' has no version 7; there are: 1"):
        log(con, 7)


def test_a_store_of_an_older_release_has_no_log(
    con: duckdb.DuckDBPyConnection, fit: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migrator.migrations()[0]
    with monkeypatch.context() as patch:
        patch.setattr(migrator, "migrations", lambda: (first,))
        fit(con)
    assert log(con) == []
    assert con.execute(training.log_sql(con, DB, "m")).description[0][0] == "version"
    version = begin(con)
    training.append_log(con, DB, "m", version, 0, [ROW])
    assert log(con) == [(2, *ROW)]


def test_checkpoints_are_replaced_and_found_by_method(con: duckdb.DuckDBPyConnection) -> None:
    begin(con)

    def latest(before: int, method: str = "argn") -> training.Checkpoint | None:
        return training.latest_checkpoint(con, DB, "m", "t", method=method, before=before)

    save(con, 1, b"first")
    save(con, 1, b"second")
    assert latest(1) is None
    assert latest(2, "tvae") is None
    found = latest(2)
    assert found == training.Checkpoint(1, '{"columns": []}', b"second")
    save(con, 3, b"third")  # the place of a table, whatever the version
    assert names.run(con, DB, "SELECT version FROM genesis.checkpoints") == [(3,)]
    training.forget_checkpoints(con, DB, "m", 2)
    assert latest(9) is not None
    training.forget_checkpoints(con, DB, "m", 3)
    assert latest(9) is None


def test_a_large_checkpoint_is_cut_into_pieces(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(con)
    monkeypatch.setattr(content, "MAX_PART", 10)
    save(con, 1, bytes(range(95)))
    assert names.run(con, DB, "SELECT count(*) FROM genesis.checkpoints") == [(10,)]
    found = training.latest_checkpoint(con, DB, "m", "t", method="argn", before=2)
    assert found is not None
    assert found.data == bytes(range(95))


def test_both_go_with_the_model(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    version = fit(con)
    training.append_log(con, DB, "m", version, 0, [ROW])
    save(con, version, b"state")
    fit(con, "other")
    training.append_log(con, DB, "other", 1, 0, [ROW])
    models.drop(con, DB, "m")
    assert names.run(con, DB, "SELECT model FROM genesis.training_log") == [("other",)]
    assert names.run(con, DB, "SELECT model FROM genesis.checkpoints") == []
