"""Giving a cohort away: a folder of Parquet or CSV files, or a DuckDB file; whole or not at all."""

from __future__ import annotations

import json
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from genesis_sql.actions.cohorts.tables import Held, count, create_sql, read_tables
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import OptionError, TargetError, nearest
from genesis_sql.sqlbuild import qualified, quoted, string
from genesis_sql.store import cohorts, migrator, runs
from genesis_sql.store.cohorts import Cohort
from genesis_sql.store.transfer import local_path, require_external_access

FORMATS = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER"}
DATABASE = "duckdb"
ENDINGS = (".duckdb", ".db", ".ddb")
STORAGE = "v1.5.0"
"""What DuckDB 1.5 can open; DuckDB 2 writes files that it cannot unless it is told."""
MANIFEST = "cohort.json"
"""Says what a folder holds; a folder with it may be written anew."""
_MARKED = "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND table_name = ?"
MARK = "genesis_cohort"
"""The table that says the same in a DuckDB file."""


def export_cohort(
    ws: Workspace, name: str, path: str, format_: str | None, if_exists: str
) -> list[dict[str, Any]]:
    """Write the tables of a cohort into a folder or a file.

    Args:
        ws: where the cohort is.
        name: of the cohort.
        path: a folder, or a file that ends in .duckdb.
        format_: 'parquet', 'csv' or 'duckdb'; by the path where it is not given.
        if_exists: 'error', or 'replace' what an earlier export wrote.

    Raises:
        AccessError: the connection may not touch files.
        TargetError: the place is taken, or cannot be written.
        CohortError: there is no such cohort.
    """
    require_external_access(ws.con)
    target = local_path(path)
    chosen = _format(format_, target)
    if if_exists not in ("error", "replace"):
        message = f"if_exists := '{if_exists}' is not known; it takes 'error' or 'replace'"
        raise OptionError(message)
    found = cohorts.find(ws.con, ws.database, name)
    held = read_tables(ws, found.schema, found.tables)
    rows = {t.name: count(ws, found.schema, t.name) for t in held}
    _require_free(ws, target, chosen, replace=if_exists == "replace")
    names = file_names([t.name for t in held], chosen)
    text = json.dumps(_manifest(ws, found, rows, names), ensure_ascii=False, indent=1)
    write = _database if chosen == DATABASE else _folder
    passing = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        sizes = write(ws, _Export(found, held, passing, chosen, names, text))
        _put(passing, target)
    except OSError as error:
        message = f"cannot write '{path}': {error.strerror or error}"
        raise TargetError(message) from error
    except duckdb.IOException as error:
        message = f"cannot write '{path}': {str(error).splitlines()[0]}"
        raise TargetError(message) from error
    finally:
        _remove(passing)
    return [
        {
            "cohort": name, "table_name": t.name, "rows": rows[t.name],
            "path": str(target if chosen == DATABASE else target / names[t.name]),
            "bytes": sizes[t.name],
        }
        for t in held
    ]  # fmt: skip


def _format(given: str | None, target: Path) -> str:
    known = (*FORMATS, DATABASE)
    if given is not None and given.lower() not in known:
        message = f"format := '{given}' is not known{nearest(given, known)}"
        raise OptionError(message)
    by_name = DATABASE if target.suffix.lower() in ENDINGS else "parquet"
    return by_name if given is None else given.lower()


def _require_free(ws: Workspace, target: Path, chosen: str, *, replace: bool) -> None:
    if not target.parent.is_dir():
        message = f"'{target}' cannot be written: there is no folder '{target.parent}'"
        raise TargetError(message)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not replace:
        message = f"'{target}' is there already; take another path, or if_exists := 'replace'"
        raise TargetError(message)
    same = (chosen == DATABASE) == target.is_file()
    if not same or not (_is_ours_file(ws, target) if target.is_file() else _is_ours(target)):
        message = (
            f"'{target}' is no earlier export of a cohort in that format, or holds other files "
            f"too; it was left alone: take another path"
        )
        raise TargetError(message)


def _is_ours(folder: Path) -> bool:
    """Whether a folder holds what an export wrote and nothing else."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {str(t["file"]) for t in manifest["tables"]}
    except (OSError, KeyError, TypeError, ValueError):
        return False
    return {f.name for f in folder.iterdir()} <= {*files, MANIFEST}


def _is_ours_file(ws: Workspace, target: Path) -> bool:
    try:
        with _attached(ws, target, "READ_ONLY") as alias:
            query = (
                "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND table_name = ?"
            )
            return bool(ws.con.execute(query, [alias, MARK]).fetchall()[0][0])
    except duckdb.Error:
        return False


class _attached:
    """A DuckDB file, attached for a while under a name of its own."""

    def __init__(self, ws: Workspace, path: Path, how: str) -> None:
        self.con, self.path, self.how = ws.con, path, how
        self.back = qualified(ws.database, "main")
        self.alias = f"genesis_{uuid.uuid4().hex}"

    def __enter__(self) -> str:
        self.con.execute(f"ATTACH {string(str(self.path))} AS {quoted(self.alias)} ({self.how})")
        return self.alias

    def __exit__(self, *_: object) -> None:
        self.con.execute(f"USE {self.back}")  # what stands in use cannot be detached
        self.con.execute(f"DETACH {quoted(self.alias)}")


@dataclass(frozen=True)
class _Export:
    """What is written: a cohort's tables, into which files, and what is said of them."""

    cohort: Cohort
    tables: list[Held]
    place: Path
    format: str
    files: dict[str, str]
    manifest: str


def _manifest(
    ws: Workspace, cohort: Cohort, rows: dict[str, int], files: dict[str, str]
) -> dict[str, Any]:
    run = cohort.execution if cohort.origin == runs.KIND else None
    hashes = {} if run is None else runs.hashes(ws.con, ws.database, run)
    return {
        "cohort": cohort.name, "description": cohort.description, "tags": list(cohort.tags),
        "profile": cohort.profile, "version": cohort.version, "execution": cohort.execution,
        "library_version": migrator.library_version(), "duckdb_version": duckdb.__version__,
        "tables": [
            {"name": t, "file": files[t], "rows": n, "content_hash_of_run": hashes.get(t)}
            for t, n in rows.items()
        ],
    }  # fmt: skip


def _folder(ws: Workspace, export: _Export) -> dict[str, int]:
    export.place.mkdir()
    sizes = {}
    for at, table in enumerate(export.tables):
        ws.progress(table.name, at / len(export.tables))
        file = export.place / export.files[table.name]
        source = qualified(ws.database, export.cohort.schema, table.name)
        ws.con.execute(f"COPY {source} TO {string(str(file))} ({FORMATS[export.format]})")
        sizes[table.name] = file.stat().st_size
    (export.place / MANIFEST).write_text(export.manifest, encoding="utf-8")
    return sizes


def file_names(tables: list[str], format_: str) -> dict[str, str]:
    """A file for each table, of letters that every system takes."""
    out: dict[str, str] = {}
    for table in tables:
        plain = "".join(c if c.isalnum() or c in "-_. " else "_" for c in table).strip(". ")
        name, taken = plain or "table", {f.casefold() for f in out.values()}
        while f"{name}.{format_}".casefold() in taken:
            name += "_"
        out[table] = f"{name}.{format_}"
    return out


def _database(ws: Workspace, export: _Export) -> dict[str, int]:
    with _attached(ws, export.place, f"STORAGE_VERSION {string(STORAGE)}") as alias:
        ws.con.execute(f"USE {qualified(alias, 'main')}")  # parents are named without it
        for at, table in enumerate(export.tables):
            ws.progress(table.name, at / len(export.tables))
            ws.con.execute(create_sql(alias, "main", table))
            source = qualified(ws.database, export.cohort.schema, table.name)
            target = qualified(alias, "main", table.name)
            ws.con.execute(f"INSERT INTO {target} FROM {source}")
        mark = qualified(alias, "main", MARK)
        ws.con.execute(f"CREATE TABLE {mark} (manifest JSON)")
        ws.con.execute(f"INSERT INTO {mark} VALUES (?)", [export.manifest])  # noqa: S608 - quoted
    size = export.place.stat().st_size
    return dict.fromkeys(export.files, size)


def _put(passing: Path, target: Path) -> None:
    """Put what was written in its place; what was there before is gone only then."""
    if target.is_dir():
        old = target.with_name(f".{uuid.uuid4().hex}.old")
        target.rename(old)
        try:
            passing.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old)
    else:
        passing.replace(target)


def _remove(passing: Path) -> None:
    if passing.is_dir():
        shutil.rmtree(passing, ignore_errors=True)
    for left in (passing, passing.with_name(f"{passing.name}.wal")):
        with suppress(OSError):
            left.unlink()
