"""Reads a profile: JSON, YAML or a mapping, checked by the published JSON Schema, then by sense.

Every error is one sentence that begins with the path of what is wrong.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.sense import check_sense
from genesis_sql.profiles.wording import worded

VERSION = "1"
"""Of the schema, as a spec's ``schema_version`` names it."""
MIGRATIONS: dict[str, tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""Older versions: the next one, and what turns a spec into it."""
MOST_TEXT = 10_000_000
"""Characters of a spec."""

Spec = str | Mapping[str, Any]


def read_profile(spec: Spec, sections: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The profile that a text or mapping holds, without the outer ``profile`` key.

    Args:
        spec: JSON text, YAML text, or a mapping.
        sections: sub-schemas of what a field adds, by key.

    Returns:
        Plain values of its own: changes do not reach the caller's mapping.

    Raises:
        ProfileError: it does not parse, does not keep the schema, or makes no sense.

    Example:
        >>> read_profile("profile: {id: few, generation: {count: 5}}")
        {'id': 'few', 'generation': {'count': 5}}
    """
    plain = _unwrapped(_parsed(spec))
    plain = migrated(plain)
    _check_schema(plain, sections or {})
    check_sense(plain)
    plain.pop("schema_version", None)
    return plain


def check_column(table: str, column: str, spec: Mapping[str, Any]) -> None:
    """Check one column by the published schema, and by sense as far as it names no other column.

    Raises:
        ProfileError: it does not keep it; the path is told.

    Example:
        >>> check_column("t", "a", {"type": "normal", "mean": 5})
        Traceback (most recent call last):
        ...
        genesis_sql.errors.ProfileError: tables.t.columns.a: 'std_dev' is missing
    """
    held = {"tables": {table: {"rows": 1, "columns": {column: _parsed(spec)}}}}
    _check_schema(held, {})
    check_sense(held)


def schema(sections: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12), with a field's sections beside the others.

    A section may refer to ``#/$defs/distribution`` and the other definitions of the document.
    """
    whole = copy.deepcopy(_published())
    for name, section in (sections or {}).items():
        if name == "$defs":
            whole["$defs"].update(section)
        else:
            whole["properties"][name] = dict(section)
    return whole


@lru_cache(maxsize=1)
def _published() -> dict[str, Any]:
    text = files("genesis_sql.profiles").joinpath("profile.schema.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _parsed(spec: Spec) -> dict[str, Any]:
    if isinstance(spec, str):
        if len(spec) > MOST_TEXT:
            message = f"the profile has {len(spec):,} characters; {MOST_TEXT:,} are allowed"
            raise ProfileError(message)
        return _of_text(spec)
    if not isinstance(spec, Mapping):
        message = f"a profile is JSON text, YAML text or a mapping, not a {type(spec).__name__}"
        raise ProfileError(message)
    try:
        found: dict[str, Any] = json.loads(json.dumps(spec, allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        message = f"the profile holds what JSON cannot: {error}"
        raise ProfileError(message) from error
    return found


def _plain(value: Any) -> Any:
    """Dates as text, numpy numbers as numbers, mappings as objects."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):
        return value.item()
    message = f"a {type(value).__name__}"
    raise TypeError(message)


def _of_text(text: str) -> dict[str, Any]:
    found = _of_json(text) if text.lstrip()[:1] == "{" else None
    if found is None:
        from genesis_sql.profiles.yaml_text import from_yaml

        found = from_yaml(text)
    if not isinstance(found, dict):
        shown = f"a {type(found).__name__}" if found is not None else "nothing"
        message = f"a profile is an object with keys, and the text holds {shown}"
        raise ProfileError(message)
    return found


def _of_json(text: str) -> Any:
    """The value of JSON text, None where it may be YAML's flow style."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError:
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            message = f"the key '{key}' stands twice in one object; keep one of them"
            raise ProfileError(message)
        out[key] = value
    return out


def _no_number(text: str) -> Any:
    message = f"the profile holds {text}, which is no number JSON knows"
    raise ProfileError(message)


def _unwrapped(plain: dict[str, Any]) -> dict[str, Any]:
    """What stands inside the outer ``profile`` key, if there is one."""
    if "profile" not in plain:
        return plain
    inner, others = plain["profile"], [k for k in plain if k not in ("profile", "schema_version")]
    if others:
        message = f"'{others[0]}' stands beside the outer key 'profile'; put it inside"
        raise ProfileError(message)
    if not isinstance(inner, dict):
        message = "profile: holds no object"
        raise ProfileError(message)
    version = {k: v for k, v in plain.items() if k == "schema_version"}
    return {**version, **inner}


def migrated(plain: dict[str, Any]) -> dict[str, Any]:
    """A spec of an older version as one of today's.

    Raises:
        ProfileError: it is of a later version, or of none.
    """
    written = str(plain.get("schema_version", VERSION))
    while written != VERSION:
        if written in MIGRATIONS:
            following, change = MIGRATIONS[written]
            plain, written = {**change(plain), "schema_version": following}, following
            continue
        later = written.isdecimal() and int(written) > int(VERSION)
        message = (
            f"schema_version: '{written}' is newer than this release, which reads up to "
            f"'{VERSION}'; install the release of genesis_sql that wrote it"
            if later
            else f"schema_version: '{written}' is no version; this release reads '{VERSION}'"
        )
        raise ProfileError(message)
    return {**plain, "schema_version": written} if "schema_version" in plain else plain


LONG = 32  # values: a validator takes some 0.1 ms for each of them


def thinned(value: Any) -> Any:
    """A spec for the schema's eyes: a long list of values that are all right shows the first one.

    Example:
        >>> thinned({"type": "explicit", "values": ["a"] * 99, "note": "x"})
        {'type': 'explicit', 'values': ['a'], 'note': 'x'}
    """
    if isinstance(value, Mapping):
        kind = value.get("type")
        return {key: _thinned(kind, key, inner) for key, inner in value.items()}
    return [thinned(part) for part in value] if isinstance(value, list) else value


def _thinned(kind: Any, key: str, held: Any) -> Any:
    if kind == "explicit" and key in ("values", "weights"):
        return held[:1] if _all_right(key, held) else thinned(held)
    if kind == "combined" and key == "parts" and isinstance(held, list):
        return [part[:1] if _all_right(key, part) else part for part in held]
    return thinned(held)


def _all_right(key: str, listed: Any) -> bool:
    """Whether it is a long list that the schema has nothing against."""
    if not isinstance(listed, list) or len(listed) <= LONG:
        return False
    if key == "values":
        return all(v is None or isinstance(v, str | int | float) for v in listed)
    if key == "weights":
        return all(isinstance(w, int | float) and type(w) is not bool and w >= 0 for w in listed)
    return all(isinstance(w, str) and w for w in listed) and len(set(listed)) == len(listed)


def _check_schema(plain: dict[str, Any], sections: Mapping[str, Any]) -> None:
    from jsonschema import Draft202012Validator

    whole = schema(sections)
    found = list(Draft202012Validator(whole).iter_errors(thinned(plain)))
    if found:
        raise ProfileError(worded(found))
