"""The published form of scenarios: a JSON Schema (draft 2020-12)."""

from __future__ import annotations

from typing import Any

NAME = {"type": "string", "minLength": 1, "maxLength": 100}
WORD = "^[A-Za-z_][A-Za-z0-9_]{0,60}$"
COUNT = {"type": "integer", "minimum": 0, "maximum": 20}
SET = {
    "description": "What columns hold: texts, numbers, true, false or null, by column.",
    "type": "object",
    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
}
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["table"],
    "additionalProperties": False,
    "properties": {
        "table": NAME,
        "set": SET,
        "count": {
            "description": "How many rows: a number, or the least and the most.",
            "type": ["integer", "array"],
            "minimum": 0,
            "maximum": 20,
            "minItems": 1,
            "maxItems": 2,
            "items": COUNT,
        },
        "after": {
            "description": "How long after the event before: a number, two bounds, or a law.",
            "type": ["number", "array", "object"],
            "minimum": 0,
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "number", "minimum": 0},
            "required": ["type"],
        },
        "unit": {"enum": ["second", "minute", "hour", "day"]},
    },
}
PATH: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": NAME,
        "weight": {"type": "number", "minimum": 0},
        "set": SET,
        "events": {"type": "array", "maxItems": 40, "items": EVENT},
    },
}
SCENARIO: dict[str, Any] = {
    "type": "object",
    "required": ["instances", "paths"],
    "additionalProperties": False,
    "properties": {
        "instances": NAME,
        "paths": {"type": "array", "minItems": 1, "maxItems": 100, "items": PATH},
        "times": {
            "description": "The column that says when an event was, by table.",
            "type": "object",
            "additionalProperties": NAME,
        },
        "shared": {
            "description": "Columns 'table.column' with one value for each instance, by a name.",
            "type": "object",
            "propertyNames": {"pattern": WORD},
            "additionalProperties": {"type": "array", "minItems": 1, "items": NAME},
        },
        "ledger": {
            "description": "The name of the table with the plan; false: there is none.",
            "type": ["string", "boolean"],
            "pattern": WORD,
        },
    },
}
SCENARIOS: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Scenarios",
    "type": "object",
    "propertyNames": {"pattern": WORD},
    "additionalProperties": SCENARIO,
}
"""Scenarios by name."""
