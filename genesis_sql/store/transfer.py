"""Models as files: export to and import from one `.genesis` file (archive.py has its form)."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from genesis_sql.errors import AccessError, ModelExistsError, ModelFormatError, TargetError
from genesis_sql.sqlbuild import string
from genesis_sql.store import archive, migrator, models
from genesis_sql.store.content import read_content, write_content
from genesis_sql.store.names import Con
from genesis_sql.store.redact import redact_text, redacted_json
from genesis_sql.store.rows import ModelPart
from genesis_sql.store.transaction import now, transaction


@dataclass(frozen=True)
class Transferred:
    """A model that went into or came out of a file."""

    model: str
    version: int
    uuid: str
    path: str
    tables: int
    parts: int
    bytes: int

    @classmethod
    def of(cls, entry: archive.Entry, name: str, version: int, path: Path) -> Transferred:
        """The row of a version that is in this file."""
        content = entry.content
        counts = (len(content.tables), len(content.parts), path.stat().st_size)
        return cls(name, version, content.uuid, str(path), *counts)


def require_external_access(con: Con) -> None:
    """Raise AccessError where the connection may not touch files."""
    setting = "enable_external_access = false"
    if con.execute("SELECT current_setting('enable_external_access')").fetchall()[0][0]:
        try:
            con.execute("SELECT count(*) FROM glob('.')").fetchall()
        except duckdb.PermissionException:  # this setting cannot be read, only felt
            setting = "disabled_filesystems = 'LocalFileSystem'"
        else:
            return
    message = (
        f"this call reads or writes a file and the connection was closed to files by SET "
        f"{setting}; that cannot be taken back: open the database again"
    )
    raise AccessError(message)


def export_model(
    con: Con, database: str, name: str, path: str, version: int | None = None
) -> Transferred:
    """Write a version of a model into a file.

    Args:
        con: a cursor outside a transaction.
        database: the database that keeps the model.
        name: the model's name.
        path: the file; an earlier export there is replaced, any other file is not.
        version: another version than the active one.

    Raises:
        ModelNotFoundError: there is no such version.
        TargetError: the file cannot be written, or is something else.
        AccessError: the connection may not touch files.
    """
    require_external_access(con)
    target = local_path(path)
    found = models.find(con, database, name, version)
    entry = archive.Entry.of(found, read_content(con, database, found))
    if target.exists() and not _is_export(target):
        message = (
            f"'{path}' exists and is no export of a model; it was left alone: give another path"
        )
        raise TargetError(message)
    try:
        replace_file(target, functools.partial(archive.write, entry))
    except OSError as error:
        message = f"cannot write '{path}': {error.strerror or error}"
        raise TargetError(message) from error
    return Transferred.of(entry, name, found.version, target)


def import_model(
    con: Con,
    database: str,
    path: str,
    name: str | None = None,
    *,
    validate: Callable[[list[ModelPart]], None] | None = None,
) -> Transferred:
    """Store the model of a file and make it active.

    Args:
        con: a cursor outside a transaction.
        database: the database that shall keep the model.
        path: the file.
        name: another name than the one it was exported under.
        validate: called with the parts before anything is written; raises to refuse them.

    Raises:
        ModelExistsError: the name is taken.
        ModelFormatError: the file is not an export, is damaged, or was written by a newer release.
        TargetError: the file cannot be read.
        AccessError: the connection may not touch files.
    """
    require_external_access(con)
    source = local_path(path)
    try:
        with _regular(source).open("rb") as file:
            entry = archive.read(file)
    except OSError as error:
        message = f"cannot read '{path}': {error.strerror or error}"
        raise TargetError(message) from error
    name = entry.model if name is None else name
    models.check_name(name)
    if validate is not None:
        validate(list(entry.content.parts))
    migrator.ensure(con, database)
    version = transaction(con, functools.partial(_store, con, database, name, entry))
    return Transferred.of(entry, name, version, source)


def _store(con: Con, database: str, name: str, entry: archive.Entry) -> int:
    """The statements of an import; after failed fits alone the name is free."""
    content = entry.content
    before = models.versions(con, database, name)
    for v in before:
        if v.status in ("ready", "fitting"):
            same = f" (its version {v.version} is this very one)" if v.uuid == content.uuid else ""
            message = (
                f"there is a model '{name}' already{same}: CALL genesis_drop({string(name)}) "
                f"first, or import it with model := '<another>'"
            )
            raise ModelExistsError(message)
    version = max((v.version for v in before), default=0) + 1
    head = [name, version, content.uuid, "ready", entry.kind, entry.method]
    origin = [redacted_json(entry.arguments), entry.library_version, content.format_version]
    rest = [content.fingerprint, redacted_json(content.metrics), now(), entry.seconds, None]
    models.insert_version(con, database, [*head, *origin, *rest])
    write_content(con, database, name, version, content)
    models.set_active(con, database, name, version)
    return version


def local_path(path: str) -> Path:
    """A path of this machine.

    Raises:
        TargetError: it is an address of another.
    """
    if "://" in path or "\0" in path or not path:
        message = f"only local files are read and written here, and '{redact_text(path)}' is none"
        raise TargetError(message)
    return Path(path).expanduser().absolute()


def _regular(path: Path) -> Path:
    """The path, unless it is there and no regular file: a pipe would wait for ever."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is not a regular file")
    return path


def _is_export(path: Path) -> bool:
    try:
        with _regular(path).open("rb") as file:
            archive.read(file)
    except (OSError, ModelFormatError):
        return False
    return True


def replace_file(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside the target, then put it in its place; a failure leaves nothing."""
    temporary = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
