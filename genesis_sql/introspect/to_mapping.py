"""RawSchema -> the mapping that `read_mapping` takes: what people read, edit and give back."""

from __future__ import annotations

from typing import Any

from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable, Role

_WORDS = {"FLOAT": "REAL"}
"""Types whose DuckDB name is a word of ours for another."""


def to_mapping(schema: RawSchema) -> dict[str, Any]:
    """The tables by name, each with its columns by name, as words or facts.

    Example:
        >>> table = RawTable("t", "", (RawColumn("a", "VARCHAR", nullable=False, length=9),))
        >>> to_mapping(RawSchema((table,)))
        {'t': {'columns': {'a': 'VARCHAR(9)'}}}
    """
    return {t.name: _table(t) for t in schema.tables}


def _table(table: RawTable) -> dict[str, Any]:
    single = {k.columns[0]: k for k in table.foreign_keys if len(k.columns) == 1}
    found: dict[str, Any] = {"comment": table.comment} if table.comment else {}
    found["columns"] = {c.name: _column(table, c, single.get(c.name)) for c in table.columns}
    if table.primary_key:
        found["primary_key"] = list(table.primary_key)
    if unique := [list(k) for k in table.unique_keys if len(k) > 1]:
        found["unique"] = unique
    wide = [k for k in table.foreign_keys if k not in single.values()]
    if wide:
        found["foreign_keys"] = [
            {"columns": list(k.columns), "references": _target(k)} for k in wide
        ]
    if table.checks:
        found["checks"] = list(table.checks)
    return found


def _target(key: RawForeignKey) -> str:
    return f"{key.parent}({', '.join(key.parent_columns)})"


def _column(table: RawTable, column: RawColumn, key: RawForeignKey | None) -> Any:
    word = f"VARCHAR({column.length})" if column.length else _WORDS.get(column.type, column.type)
    facts: dict[str, Any] = {"type": word}
    if column.meaning:
        facts["meaning"] = column.meaning
    if column.nullable:
        facts["nullable"] = True
    if (column.name,) in table.unique_keys:
        facts["unique"] = True
    if column.values and not column.type.startswith("ENUM("):
        facts["values"] = list(column.values)
    if key is not None:
        facts["references"] = _target(key)
    if column.default is not None:
        facts["default_sql"] = column.default
    facts |= {name: True for name in ("identity", "generated") if getattr(column, name)}
    if column.comment:
        facts["comment"] = column.comment
    if column.role is Role.UNSUPPORTED:
        facts["comment"] = f"{column.reason}; {column.comment or ''}".strip("; ")
    return word if facts == {"type": word} else facts
