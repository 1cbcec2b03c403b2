"""Running a run again, into nothing, and comparing what it holds with what was recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import duckdb

from genesis_sql.actions.content_hash import content_hash
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import IntegrityError, ModelNotFoundError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import output_columns, rows_sql
from genesis_sql.plan.spec import Sizes, Spec
from genesis_sql.store import migrator, models, runs
from genesis_sql.store.rows import Execution
from genesis_sql.store.runs import Run


def replay(ws: Workspace, execution: int, reference: Callable[[], str]) -> list[dict[str, Any]]:
    """Draw all rows of a run again and prove them the same; one row per table.

    Args:
        ws: where the run is recorded.
        execution: its number.
        reference: tells the fingerprint of the public figures as they are now, to say what changed.

    Raises:
        ModelNotFoundError: the version that ran is gone.
        IntegrityError: a table holds other rows now.
    """
    found, run = runs.find(ws.con, ws.database, execution)
    model = _model(ws, found, run)
    spec = spec_of(found)
    recorded = runs.hashes(ws.con, ws.database, execution)
    sampler = ws.sampler(model, spec)
    report = []
    for at, table in enumerate(model.visible):
        ws.job.enter(at + 1, len(model.visible), table)
        ws.progress(table, at / len(model.visible))
        size = sampler.size(table)
        source = f"({rows_sql(model, table, spec, first=0, stop=size)})"
        with ws.job.reading(ws.con):
            made = content_hash(ws.con, output_columns(model, table), source)
        report.append({
            "table_name": table, "rows": size, "recorded_hash": recorded.get(table),
            "replayed_hash": made, "identical": made == recorded.get(table),
        })  # fmt: skip
    for row in report:
        if not row["identical"]:
            message = (
                f"execution {execution} gives other rows of table '{row['table_name']}' now: "
                f"{_changed(found, run, reference)}"
            )
            raise IntegrityError(message)
    return report


def _model(ws: Workspace, found: Execution, run: Run) -> Model:
    """The very version that ran."""
    name, version = str(found.model), found.version
    try:
        model = ws.load(name, version)
    except ModelNotFoundError as error:
        message = (
            f"execution {found.id} cannot be replayed: version {version} of profile '{name}' is "
            f"gone; FROM genesis_profile_spec(execution := {found.id}) shows what it was, to be "
            f"saved again"
        )
        raise ModelNotFoundError(message) from error
    if model.uuid != run.uuid:
        stored = models.find(ws.con, ws.database, name, version)
        message = (
            f"execution {found.id} cannot be replayed: version {version} of '{name}' is another "
            f"one now, saved {stored.created_at:%Y-%m-%d %H:%M:%S} UTC by release "
            f"{stored.library_version}; FROM genesis_profile_spec(execution := {found.id}) shows "
            f"what ran then"
        )
        raise ModelNotFoundError(message)
    ws.announce(model)
    return model


def spec_of(found: Execution) -> Spec:
    """The sizes and the seed of a run, all that was appended before it included."""
    record = json.loads(found.spec or "{}")
    sizes = tuple(Sizes(scale, tuple((t, n) for t, n in rows)) for scale, rows in record["sizes"])
    return Spec(found.seed or 0, sizes)


def _changed(found: Execution, run: Run, reference: Callable[[], str]) -> str:
    """What is not as it was when a run was made."""
    now = [
        ("genesis_sql", found.library_version, migrator.library_version()),
        ("DuckDB", found.duckdb_version, duckdb.__version__),
        ("the reference data", run.reference, reference() if run.reference else None),
    ]
    changed = [f"{what} was {old} and is {new}" for what, old, new in now if old and old != new]
    if changed:
        return f"{'; '.join(changed)}"
    return "nothing else has changed since, please report it"
