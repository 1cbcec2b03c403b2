"""What fields of work know: each turns its own words into a plain profile.

A field is a package here with a ``sections.schema.json`` (its sections of a spec) and an ``expand``
(a validated spec -> a plain profile). Nothing below this folder knows any of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

FIELDS = ("health",)
"""The fields of work, each a package beside this file."""


def sections(field: str) -> dict[str, Any]:
    """The JSON Schema of the sections of one field.

    Example:
        >>> "clinical" in sections("health")["properties"]
        True
    """
    folder = resources.files(f"{__name__}.{field}")
    text = folder.joinpath("sections.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def field_of(spec: Mapping[str, Any]) -> str | None:
    """The field whose sections a spec uses; None where it has only tables of its own.

    Example:
        >>> field_of({"tables": {}}) is None, field_of({"clinical": {}})
        (True, 'health')
    """
    for field in FIELDS:
        if any(spec.get(name) is not None for name in sections(field)["properties"]):
            return field
    return None


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
    if field is None and spec.get("tables"):
        return dict(spec)
    package = import_module(f"{__name__}.{field or FIELDS[0]}")
    plain: dict[str, Any] = package.expand(spec, con, database)
    return plain
