"""A schema by one word: the URL of a database, a file of any kind, or models in a module."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from genesis_sql.errors import SchemaError, SourceError, nearest
from genesis_sql.introspect.files import require
from genesis_sql.types import RawSchema

_URL = re.compile(r"^[a-zA-Z][\w+]*://")
_MODELS = re.compile(r"^[A-Za-z_][\w./]*:[A-Za-z_][\w.]*$")
_ENDINGS = (".sql", ".ddl", ".yaml", ".yml", ".sqlite", ".sqlite3", ".py")


def read_anything(
    source: str,
    *,
    dialect: str | None = None,
    schema: str | None = None,
    tables: Sequence[str] | None = None,
) -> RawSchema:
    """The schema that a source holds.

    Args:
        source: A URL (`postgresql://…`), a file: a script of SQL, a DuckDB or SQLite database, JSON
            or YAML of tables, dbt's manifest.json; or `package.module:Base` for SQLAlchemy models.
        dialect: Of a script; guessed where not given.
        schema: Of a database.
        tables: Those to take; all where not given. A key to another is left out.

    Raises:
        SourceError: It is not there or cannot be read.
        SchemaError: What it holds is no schema.
    """
    if _URL.match(source):
        return _of_url(source, schema, tables)
    if _MODELS.match(source) and not Path(source).exists():
        return _only(_of_module(source), tables)
    require(source, also=_ENDINGS)
    begin = _begin(source)
    if begin[8:12] == b"DUCK":
        return _of_file("duckdb", source, schema, tables)
    if begin.startswith(b"SQLite format 3"):
        return _of_file("sqlite", source, schema, tables)
    return _only(_of_text(source, dialect), tables)


def _of_url(url: str, schema: str | None, tables: Sequence[str] | None) -> RawSchema:
    from genesis_sql.introspect.from_url import read_url

    return read_url(url, schema=schema, tables=tables)


def _of_file(kind: str, name: str, schema: str | None, tables: Sequence[str] | None) -> RawSchema:
    """A file of any name: as text, a ? or a % in it would mean something in a URL."""
    from sqlalchemy.engine import URL

    from genesis_sql.introspect.from_url import read_url

    return read_url(URL.create(kind, database=name), schema=schema, tables=tables)


def _begin(source: str) -> bytes:
    try:
        with Path(source).open("rb") as file:
            return file.read(16)
    except OSError as error:
        message = f"'{source}' cannot be read: {error.strerror}"
        raise SourceError(message) from error


def _of_text(source: str, dialect: str | None) -> RawSchema:
    """A file of text, by its ending."""
    from genesis_sql.introspect import from_ddl, from_manifest, from_mapping

    try:
        text = Path(source).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"'{source}' is neither text nor a database of DuckDB or SQLite"
        raise SourceError(message) from error
    ending = Path(source).suffix.lower()
    if ending not in (".json", ".yaml", ".yml"):
        return from_ddl.read_ddl(text, dialect=dialect)
    if ending == ".json" and _is_manifest(text):
        return from_manifest.read_manifest(source)
    return from_mapping.read_mapping(text, table=Path(source).stem)


def _is_manifest(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and "nodes" in value and "metadata" in value


def _of_module(source: str) -> RawSchema:
    """Models by `package.module:name`, found from the current directory as Python finds them."""
    from genesis_sql.introspect.from_sqlalchemy import read_models

    place, _, name = source.partition(":")
    module = place.removesuffix(".py").replace("/", ".")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        value = importlib.import_module(module)
    except ModuleNotFoundError as error:
        known = [p.stem for p in Path.cwd().glob("*.py")] if error.name == module else []
        near = nearest(module, known) if known else ""
        message = f"the module of '{source}' cannot be imported from {here}: {error}{near}"
        raise SourceError(message) from error
    except (Exception, SystemExit) as error:  # whatever its own code does
        why = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        message = f"the module of '{source}' cannot be imported, it ends in {why.rstrip(': ')}"
        raise SourceError(message) from error
    for part in name.split("."):
        if not hasattr(value, part):
            message = f"'{module}' has no '{part}'{nearest(part, vars(value))}"
            raise SourceError(message)
        value = getattr(value, part)
    return read_models(value)


def _only(schema: RawSchema, tables: Sequence[str] | None) -> RawSchema:
    """The chosen tables.

    Raises:
        SchemaError: There is none of a name.
    """
    if not tables:
        return schema
    from dataclasses import replace

    from genesis_sql.introspect.catalog import match

    known = [t.name for t in schema.tables]
    chosen = []
    for name in tables:
        found = match(name, known)
        if found is None:
            message = f"there is no table '{name}'{nearest(name, known)}"
            raise SchemaError(message)
        chosen.append(found)
    notes = list(schema.notes)
    kept = []
    for table in schema.tables:
        if table.name not in chosen:
            continue
        inside = tuple(k for k in table.foreign_keys if k.parent in chosen)
        notes += [
            f"table '{table.name}', column '{', '.join(k.columns)}' refers to '{k.parent}', which "
            f"is not among the tables: left out"
            for k in table.foreign_keys
            if k not in inside
        ]
        kept.append(replace(table, foreign_keys=inside))
    return replace(schema, tables=tuple(kept), notes=tuple(notes))
