"""Errors of a JSON Schema as one sentence with a path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from genesis_sql.errors import nearest

_BOUNDS = {"minimum": "≥", "maximum": "≤", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_KINDS = {
    "object": "object", "array": "list", "string": "text", "number": "number",
    "integer": "whole number", "boolean": "true or false", "null": "null",
}  # fmt: skip


def path_text(path: Iterable[str | int]) -> str:
    """A path as people write it.

    Example:
        >>> path_text(["clinical", "comorbidities", 1, "prevalence"])
        'clinical.comorbidities[1].prevalence'
    """
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out


def worded(errors: Sequence[Any]) -> str:
    """The first error of a validation, in the order of the document; of one place the plainest."""
    error = min(errors, key=lambda e: (_rank(e), -len(e.absolute_path)))
    while error.validator in ("anyOf", "oneOf") and error.context:
        deepest = max(len(e.absolute_path) for e in error.context)
        if deepest <= len(error.absolute_path):
            break
        error = next(e for e in error.context if len(e.absolute_path) == deepest)
    path = path_text(error.absolute_path)
    return f"{path}: {_said(error, path)}" if path else _said(error, path)


def _rank(error: Any) -> int:
    """A wrong type says more than what follows from it, an unknown key more than a missing one."""
    order = ("type", "enum", "additionalProperties", "propertyNames", "required")
    name = error.validator
    if error.absolute_path and error.absolute_path[-1] == "type" and name == "enum":
        return -1
    return order.index(name) if name in order else len(order)


def _said(error: Any, path: str) -> str:
    name, asked, value = error.validator, error.validator_value, error.instance
    if path == "generation.count" or path.endswith(".rows"):
        told = _count(name, value)
        if told:
            return told
    if name in _BOUNDS:
        return f"{_shown(value)} is not {_BOUNDS[name]} {_shown(asked)}"
    if name == "type":
        kinds = [asked] if isinstance(asked, str) else list(asked)
        return f"{_shown(value)} is no {' or '.join(_KINDS[k] for k in kinds)}"
    if name == "enum":
        return f"{_shown(value)} is not possible here{nearest(str(value), map(str, asked))}"
    if name == "required":
        missing = [key for key in asked if key not in value]
        return f"'{missing[0]}' is missing"
    if name == "additionalProperties":
        return _unknown(error, value)
    if name in ("minItems", "maxItems") and value:
        few, many = error.schema.get("minItems", 0), error.schema.get("maxItems")
        wanted = (
            f"{few}" if few == many else f"at least {few}" if many is None else f"{few} to {many}"
        )
        return f"has {len(value)} item{'s' * (len(value) != 1)}, and should have {wanted}"
    if name in ("minItems", "minProperties", "minLength"):
        return "is empty"
    if name == "uniqueItems":
        return "names the same twice"
    if name == "pattern":
        return f"{_shown(value)} cannot be a name; names do not begin with # and hold no point"
    if name in ("oneOf", "anyOf"):
        return _one_of(asked, value)
    return str(error.message).splitlines()[0]


def _count(name: str, value: Any) -> str | None:
    if name == "minimum":
        return f"{_shown(value)} makes no rows; ask for at least 1"
    if name == "maximum":
        return (
            f"{_shown(value)} is above 1,000,000,000 (10⁹) rows at scale 1; keep a smaller number "
            "in the profile and generate with scale := …, in shards by first_row := …"
        )
    return None


def _unknown(error: Any, value: Any) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = [key for key in value if key not in known]
    return f"unknown key '{unknown[0]}'{nearest(unknown[0], known)}"


def _one_of(asked: Any, value: Any) -> str:
    named = [r for option in asked for r in option.get("required", ())]
    if named and isinstance(value, dict):
        there = [key for key in named if key in value]
        choice = " or ".join(f"'{n}'" for n in named)
        return f"has {' and '.join(map(repr, there))}; give {choice}" if there else f"give {choice}"
    return f"{_shown(value)} is none of what is possible here"


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return str(value).lower().replace("none", "null")
    if isinstance(value, int):
        return f"{value:,}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
