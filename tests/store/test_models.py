"""A version is whole or is not there; the active one stays active when a later one fails."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import duckdb
import pytest

from genesis_sql.errors import (
    ModelExistsError,
    ModelFormatError,
    ModelNotFoundError,
    OptionError,
    ReadOnlyError,
)
from genesis_sql.store import executions, migrator, models, names
from genesis_sql.store.content import read_content, read_relationships, record_relationships, split
from genesis_sql.store.rows import ModelContent, ModelPart, RelationshipRow, Removed
from genesis_sql.types import Relationship

DB = "genesis"
Fit = Callable[..., int]
ODD = """it's "a" Größe 🙂; DROP TABLE x; -- \\ $name ?"""


def begin(
    con: duckdb.DuckDBPyConnection,
    name: str = "m",
    instance: str | None = None,
    kind: str = "table",
) -> int:
    execution = executions.start(con, DB, kind="fit", model=name, arguments={}, instance=instance)
    arguments = {"password": "pw"}
    return models.begin_version(
        con, DB, name, kind=kind, method="trees", arguments=arguments, execution=execution
    )


@pytest.mark.parametrize("name", ["m", ODD])
def test_a_fit_from_begin_to_finish(
    con: duckdb.DuckDBPyConnection, content: ModelContent, name: str
) -> None:
    version = begin(con, name)
    with pytest.raises(ModelNotFoundError, match="version 1 is being fitted since"):
        models.find(con, DB, name)
    models.finish_version(con, DB, name, version, content, seconds=1.5)
    found = models.find(con, DB, name)
    assert (found.model, found.version, found.status, found.active) == (name, 1, "ready", True)
    assert (found.uuid, found.fingerprint, found.seconds) == ("5f", "f1", 1.5)
    assert found.arguments == '{"password": "***"}'
    assert read_content(con, DB, found) == content
    run = executions.history(con, DB, name)[0]
    assert (run.status, run.version, run.rows, run.id) == ("done", 1, 15, found.execution)


def test_list_and_describe(con: duckdb.DuckDBPyConnection, fit: Fit, content: ModelContent) -> None:
    empty = con.execute(models.list_sql(con, DB)).description
    fit(con, ODD)
    fit(con, "a", kind="database")
    listed = con.execute("FROM query($1)".replace("$1", literal(models.list_sql(con, DB))))
    assert listed.description == empty
    rows = listed.fetchall()
    assert [row[:8] for row in rows] == [
        ("a", 1, True, "ready", "database", "trees", 2, 15),
        (ODD, 1, True, "ready", "table", "trees", 2, 15),
    ]
    described = con.execute(
        "FROM query($1)".replace("$1", literal(models.describe_sql(con, DB, ODD)))
    ).fetchall()
    assert described == [
        ("t", c.name, c.type, c.role, c.step, list(c.inputs), c.cells, c.reason)
        for c in content.tables[0].columns
    ]


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_a_failed_fit_keeps_its_text_and_the_active_version(
    con: duckdb.DuckDBPyConnection, fit
) -> None:
    fit(con)
    version = begin(con)
    models.fail_version(con, DB, "m", version, error="bad: password=pw", seconds=0.1)
    assert models.find(con, DB, "m").version == 1
    failed = models.versions(con, DB, "m")[1]
    assert (failed.version, failed.status, failed.error, failed.active) == (
        2,
        "error",
        "bad: password=***",
        False,
    )
    assert executions.history(con, DB)[0].status == "error"
    assert models.load_parts(con, DB, "m", 2) == []
    models.fail_version(con, DB, "m", 1, error="too late")
    assert models.find(con, DB, "m", 1).status == "ready"
    with pytest.raises(
        ModelNotFoundError, match=r"version 2 of model 'm' cannot be used: .* failed \(bad"
    ):
        models.find(con, DB, "m", 2)


def test_a_part_that_breaks_in_the_middle_leaves_nothing(
    con: duckdb.DuckDBPyConnection, content: ModelContent
) -> None:
    version = begin(con)
    bad = ModelPart("t", "late", "not a number", b"")  # type: ignore[arg-type]
    broken = replace(content, parts=(*content.parts, bad))
    with pytest.raises(duckdb.ConversionException, match="not a number"):
        models.finish_version(con, DB, "m", version, broken, seconds=1.0)
    assert names.run(con, DB, "SELECT count(*) FROM genesis.model_parts") == [(0,)]
    assert models.versions(con, DB, "m")[0].status == "fitting"
    models.fail_version(con, DB, "m", version, status="interrupted", error="stopped")
    assert begin(con) == 2


def test_refused_parts(con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genesis_sql.store.content.MAX_PART", 10)
    parts = split("t", "cells", b"x" * 25)
    assert [len(p.data) for p in parts] == [10, 10, 5]
    assert len(split("t", "cells", b"")) == 1
    version = begin(con)
    for bad, match in (
        ((ModelPart("t", "p", 0, b"x" * 11),), "has 11 bytes, 10"),
        (parts[:1] * 2, "twice"),
    ):
        with pytest.raises(ModelFormatError, match=match):
            models.finish_version(con, DB, "m", version, ModelContent("u", 1, bad, ()), seconds=0.0)
    models.finish_version(con, DB, "m", version, ModelContent("u", 1, parts, ()), seconds=0.0)
    assert b"".join(p.data for p in models.load_parts(con, DB, "m", 1)) == b"x" * 25


def test_parts_of_one_table_and_a_changed_part(
    con: duckdb.DuckDBPyConnection, fit: Fit, content: ModelContent
) -> None:
    fit(con)
    assert tuple(models.load_parts(con, DB, "m", 1, "t")) == content.parts
    assert models.load_parts(con, DB, "m", 1, "other") == []
    names.run(con, DB, "UPDATE genesis.model_parts SET data = 'x' WHERE part = 'program'")
    with pytest.raises(
        ModelFormatError,
        match="part 0 of 'program' of table 't' in version 1 of model 'm' was changed",
    ):
        models.load_parts(con, DB, "m", 1)


def test_two_fits_of_one_name_at_once(con: duckdb.DuckDBPyConnection) -> None:
    barrier = Barrier(4)
    migrator.ensure(con, DB)

    def attempt(cursor: duckdb.DuckDBPyConnection) -> int | str:
        barrier.wait()
        try:
            return begin(cursor)
        except ModelExistsError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, [con.cursor() for _ in range(4)]))
    assert results.count(1) == 1
    assert sum("model 'm' is being fitted by another call since 20" in str(r) for r in results) == 3
    assert len(models.versions(con, DB, "m")) == 1


def test_fits_of_several_names_at_once(
    con: duckdb.DuckDBPyConnection, content: ModelContent
) -> None:
    def whole(item: tuple[duckdb.DuckDBPyConnection, str]) -> None:
        cursor, name = item
        models.finish_version(cursor, DB, name, begin(cursor, name), content, seconds=0.1)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(whole, [(con.cursor(), name) for name in "abcde"]))
    assert [models.find(con, DB, name).version for name in "abcde"] == [1] * 5
    assert {e.status for e in executions.history(con, DB)} == {"done"}


def test_a_fit_of_a_dead_process_does_not_block(con: duckdb.DuckDBPyConnection) -> None:
    begin(con, instance="dead")
    assert begin(con) == 2
    assert models.versions(con, DB, "m")[0].status == "interrupted"


def test_versions_and_activation(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    assert [fit(con), fit(con), fit(con, activate=False)] == [1, 2, 3]
    assert models.find(con, DB, "m").version == 2
    assert models.activate(con, DB, "m", 1).active
    assert models.find(con, DB, "m").version == 1
    with pytest.raises(ModelNotFoundError, match="no version 7; ready: 1, 2, 3"):
        models.activate(con, DB, "m", 7)


def test_a_model_without_an_active_version(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    fit(con, activate=False)
    with pytest.raises(ModelNotFoundError, match=r"CALL genesis_activate\('m', version := 1\)"):
        models.find(con, DB, "m")


@pytest.mark.parametrize("call", [models.find, models.describe_sql, models.drop])
def test_unknown_names(con: duckdb.DuckDBPyConnection, fit: Fit, call: Any) -> None:
    with pytest.raises(ModelNotFoundError, match=r"no model 'custmer'; FROM genesis_models\(\)"):
        call(con, DB, "custmer")
    assert not migrator.exists(con, DB)
    fit(con, "customers")
    with pytest.raises(ModelNotFoundError, match="did you mean 'customers'"):
        call(con, DB, "custmer")


def test_a_model_whose_only_version_failed(con: duckdb.DuckDBPyConnection) -> None:
    models.fail_version(con, DB, "m", begin(con), error="the table is empty")
    with pytest.raises(
        ModelNotFoundError,
        match=r"'m' has no version to use: version 1 .* failed \(the table is empty\)",
    ):
        models.find(con, DB, "m")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "a\x1b[31mb", "\ud800"])
def test_names_that_are_none(con: duckdb.DuckDBPyConnection, name: str) -> None:
    with pytest.raises(OptionError, match="cannot be the name of a model"):
        models.begin_version(con, DB, name, kind="table", method="trees", arguments={}, execution=1)
    assert not migrator.exists(con, DB)


def test_a_name_stands_for_one_kind(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    fit(con, kind="database")
    with pytest.raises(
        ModelExistsError, match=r"'m' is a database model; .* CALL genesis_drop\('m'\)"
    ):
        begin(con, kind="table")


def test_drop_keeps_the_history(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    fit(con)
    models.fail_version(con, DB, "m", begin(con), error="x")
    fit(con, "other")
    assert models.drop(con, DB, "m") == [
        Removed("m", 1, "ready", 2, 2),
        Removed("m", 2, "error", 0, 0),
    ]
    assert len(executions.history(con, DB, "m")) == 2
    assert names.run(con, DB, "SELECT DISTINCT model FROM genesis.model_parts") == [("other",)]
    assert names.run(con, DB, "SELECT DISTINCT model FROM genesis.model_columns") == [("other",)]
    assert fit(con) == 1


def test_a_model_in_work_is_not_dropped(
    con: duckdb.DuckDBPyConnection, content: ModelContent
) -> None:
    version = begin(con)
    with pytest.raises(
        ModelExistsError, match="'m' cannot be dropped yet: version 1 is being fitted"
    ):
        models.drop(con, DB, "m")
    names.run(con, DB, "DELETE FROM genesis.model_versions")
    with pytest.raises(
        ModelNotFoundError, match="version 1 of model 'm' is no longer being fitted"
    ):
        models.finish_version(con, DB, "m", version, content, seconds=0.0)


def test_writing_to_a_read_only_database(
    disk: duckdb.DuckDBPyConnection, fit: Fit, file: Path
) -> None:
    fit(disk)
    disk.close()
    with duckdb.connect(file, read_only=True) as readonly:
        assert models.find(readonly, DB, "m").version == 1
        assert len(models.load_parts(readonly, DB, "m", 1)) == 2
        assert readonly.execute(models.describe_sql(readonly, DB, "m")).fetchall()
        for call in (
            lambda: begin(readonly),
            lambda: models.drop(readonly, DB, "m"),
            lambda: models.activate(readonly, DB, "m", 1),
        ):
            with pytest.raises(ReadOnlyError, match="'genesis' is read-only"):
                call()


def test_keys_of_synthetic_tables(con: duckdb.DuckDBPyConnection, fit: Fit) -> None:
    fit(con)
    key = RelationshipRow.of(Relationship("t", ("a",), "u", ("b",), True, 3, 1), "across schemas")
    other = RelationshipRow("v", ("a",), "u", ("b",))
    record_relationships(con, DB, "m", 1, "synth", [key, other])
    assert read_relationships(con, DB, "m", 1, "synth") == (key, other)
    record_relationships(con, DB, "m", 1, "synth", [key])
    record_relationships(con, DB, "n", 1, "synth", [other])
    assert read_relationships(con, DB, "m", 1, "synth") == (key,)
    assert len(read_relationships(con, DB, "m", 1)) == 1
    models.drop(con, DB, "m")
    assert read_relationships(con, DB, "m", 1, "synth") == (key,)
    assert read_relationships(con, DB, "m", 1) == ()
