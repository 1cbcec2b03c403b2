"""A model's tables as files: one for each in a folder, or one SQL script; all of them or none."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from genesis_sql.actions.cohorts.exporting import file_names
from genesis_sql.actions.delivering import script
from genesis_sql.actions.delivering.recording import Record
from genesis_sql.actions.integrity import require_rows
from genesis_sql.actions.kept import require_there
from genesis_sql.actions.unwritten import why_unwritten
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import OptionError, TargetError, nearest
from genesis_sql.plan.conditions import read_all
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range, rows_sql
from genesis_sql.plan.sizing import check_rows
from genesis_sql.plan.spec import Spec
from genesis_sql.sqlbuild import string
from genesis_sql.store.transfer import local_path, require_external_access

FORMATS = {
    "parquet": "FORMAT parquet",
    "csv": "FORMAT csv, HEADER",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json",
}
SQL = "sql"


@dataclass(frozen=True)
class FileArguments:
    """Arguments of `genesis_export_database`."""

    path: str
    format: str | None = None
    dialect: str = "duckdb"
    scale: float = 1.0
    seed: int = 0
    version: int | None = None
    if_exists: str = "error"
    rows: Mapping[str, int] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def spec(self, model: Model) -> Spec:
        """The rows they ask for."""
        conditions = read_all(model, self.conditions)
        return replace(Spec.of(self.seed, self.scale, self.rows), conditions=conditions)


@dataclass(frozen=True)
class _Written:
    """A table on its way into a file: where it is written, and the name that it gets."""

    table: str
    passing: Path
    place: Path


def export_database(ws: Workspace, name: str, arguments: FileArguments) -> list[dict[str, Any]]:
    """Write the tables of a model into files; one row per table.

    Raises:
        AccessError: the connection may not touch files.
        OptionError: an argument makes no sense.
        TargetError: a file is there already, or cannot be written; none is left then.
    """
    require_external_access(ws.con)
    if arguments.if_exists not in ("error", "replace"):
        given = arguments.if_exists
        message = f"if_exists := '{given}' is not known; it takes 'error' or 'replace'"
        raise OptionError(message)
    check_range(None, 0, arguments.scale)
    place = local_path(arguments.path)
    chosen = _format(arguments, place)
    model = ws.load(name, arguments.version)
    require_there(ws.con, ws.database, model)
    arguments = replace(arguments, rows=check_rows(model, arguments.rows))
    files = _files(model, place, chosen)
    made = _require_free(place, files, arguments)
    record = Record(ws, model, "export_database", dict(vars(arguments)), arguments.seed)
    with ending(record.failed):
        try:
            report = _write(ws, model, files, arguments, chosen)
            require_rows(report)
            for passing, file in {f.passing: f.place for f in files}.items():
                os.replace(passing, file)
        except OSError as error:
            raise _unwritten(arguments.path, error.strerror or str(error)) from error
        except duckdb.IOException as error:
            raise _unwritten(arguments.path, why_unwritten(error)) from error
        finally:
            _tidy(files, made)
        record.done(report)
    return report


def _unwritten(path: str, why: str) -> TargetError:
    return TargetError(f"cannot write '{path}': {why}; what was written of it is removed")


def _format(arguments: FileArguments, place: Path) -> str:
    known = (*FORMATS, SQL)
    script_of_all = place.suffix.lower() == ".sql"
    given = (arguments.format or (SQL if script_of_all else "parquet")).lower()
    if given not in known:
        message = f"format := '{arguments.format}' is not known{nearest(given, known)}"
        raise OptionError(message)
    if script_of_all and given != SQL:
        message = f"'{arguments.path}' is a script and format := '{given}'; name a folder for those"
        raise OptionError(message)
    if given == SQL:
        script.require_dialect(arguments.dialect)
    return given


def _files(model: Model, place: Path, chosen: str) -> list[_Written]:
    mark = uuid.uuid4().hex
    if place.suffix.lower() == ".sql":
        passing = place.with_name(f".{mark}.part")
        return [_Written(t, passing, place) for t in model.visible]
    names = file_names(list(model.visible), chosen)
    return [
        _Written(t, place / f".{mark}-{at}.part", place / names[t])
        for at, t in enumerate(model.visible)
    ]


def _require_free(place: Path, files: Sequence[_Written], arguments: FileArguments) -> Path | None:
    """Make the folder where it is missing; the one that was made, to remove it where all fails."""
    folder = files[0].place.parent
    if not folder.parent.is_dir() or (folder != place and not folder.is_dir()):
        missing = folder if folder != place else folder.parent
        message = f"'{arguments.path}' cannot be written: there is no folder '{missing}'"
        raise TargetError(message)
    if folder.exists() and not folder.is_dir():
        message = f"'{arguments.path}' is a file; the tables go into a folder"
        raise TargetError(message)
    taken = [f.place for f in files if f.place.exists()]
    if taken and arguments.if_exists == "error":
        message = f"'{taken[0]}' is there already; take another path, or if_exists := 'replace'"
        raise TargetError(message)
    wrong = [f for f in taken if f.is_dir()]
    if wrong:
        message = f"'{wrong[0]}' is a folder, and a file of that name is to be written"
        raise TargetError(message)
    if folder.is_dir():
        return None
    try:
        folder.mkdir()
    except OSError as error:
        message = f"cannot write '{arguments.path}': {error.strerror}"
        raise TargetError(message) from error
    return folder


def _write(
    ws: Workspace,
    model: Model,
    files: Sequence[_Written],
    arguments: FileArguments,
    chosen: str,
) -> list[dict[str, Any]]:
    spec = arguments.spec(model)
    sampler, report = ws.sampler(model, spec), []
    for at, file in enumerate(files):
        started, size = time.perf_counter(), sampler.size(file.table)
        ws.job.enter(at + 1, len(files), file.table)
        ws.progress(file.table, at / len(files))
        before = file.passing.stat().st_size if file.passing.exists() else 0
        query = rows_sql(model, file.table, spec, first=0, stop=size)
        with ws.job.reading(ws.con):
            if chosen == SQL:
                script.append(ws, model, file.table, query, file.passing, arguments.dialect)
            else:
                copy = f"COPY ({query}) TO {string(str(file.passing))} ({FORMATS[chosen]})"
                ws.con.execute(copy)
        report.append({
            "table_name": file.table, "rows": size, "path": str(file.place),
            "bytes": file.passing.stat().st_size - before,
            "seconds": round(time.perf_counter() - started, 3),
        })  # fmt: skip
    return report


def _tidy(files: Sequence[_Written], made: Path | None) -> None:
    """Remove what is left of an attempt: nothing where all went well."""
    for file in files:
        with suppress(OSError):
            file.passing.unlink()
    if made is not None:
        with suppress(OSError):
            made.rmdir()  # it stays where it holds files
