"""What fields of work know: each turns its own words into a plain profile.

A field is a package here with a ``sections.schema.json`` (its sections of a spec) and an ``expand``
(a validated spec -> a plain profile). Nothing below this folder knows any of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FIELDS = ("health",)
"""The fields of work, each a package beside this file."""


@lru_cache
def sections(field: str) -> dict[str, Any]:
    """The JSON Schema of the sections of one field, beside those that every profile has.

    Example:
        >>> "clinical" in sections("health")["properties"]
        True
    """
    folder = resources.files(f"{__name__}.{field}")
    text = folder.joinpath("sections.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def schema() -> dict[str, Any]:
    """The published JSON Schema of profiles with the sections of every field.

    Example:
        >>> sorted(schema()["properties"])[:4]
        ['clinical', 'coverage', 'demographics', 'description']
    """
    from genesis_sql.profiles.read import schema as published

    return published(_parts())


def read(spec: str | Mapping[str, Any]) -> dict[str, Any]:
    """A validated spec out of JSON or YAML text or a mapping, without the outer ``profile`` key.

    Raises:
        ProfileError: it does not parse, does not keep the schema, or makes no sense.

    Example:
        >>> read("profile: {id: few, generation: {count: 5}, clinical: {severity: mild}}")["id"]
        'few'
    """
    from genesis_sql.profiles.read import read_profile

    return read_profile(spec, _parts())


def _parts() -> dict[str, Any]:
    parts: dict[str, Any] = {"$defs": {}}
    for field in FIELDS:
        own = sections(field)
        parts |= own["properties"]
        parts["$defs"] |= own["$defs"]
    return parts


def field_of(spec: Mapping[str, Any]) -> str | None:
    """The field whose sections a spec uses; None where it has only tables.

    A spec that names a product alone gets that product's defaults, unless its columns say where
    they came from: then it has been through `expand` before.

    Example:
        >>> field_of({"tables": {"t": {"columns": {}}}}) is None, field_of({"clinical": {}})
        (True, 'health')
    """
    for field in FIELDS:
        if any(spec.get(name) is not None for name in sections(field)["properties"]):
            return field
    tables = spec.get("tables") or {}
    columns = [c for t in tables.values() for c in (t.get("columns") or {}).values()]
    expanded = any("origin" in (column or {}) for column in columns)
    return FIELDS[0] if (spec.get("product") or not tables) and not expanded else None


def expand(
    spec: Mapping[str, Any], con: duckdb.DuckDBPyConnection, database: str
) -> dict[str, Any]:
    """A plain profile: sections of a field are turned into tables, a plain one passes through.

    Args:
        spec: as `read` returns it.
        con: a connection that may load the reference tables.
        database: the database that holds them.
    """
    field = field_of(spec)
    if field is None:
        return dict(spec)
    package = import_module(f"{__name__}.{field}")
    plain: dict[str, Any] = package.expand(spec, con, database)
    return plain
