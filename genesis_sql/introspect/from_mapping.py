"""A dict, JSON or YAML of tables and columns -> RawSchema."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlglot
from sqlglot import exp

from genesis_sql.errors import SchemaError, nearest
from genesis_sql.introspect import type_words
from genesis_sql.introspect.checks import translated
from genesis_sql.introspect.complete import UNTYPED, Found, Reference, complete
from genesis_sql.introspect.type_words import Kind
from genesis_sql.introspect.written import from_plain
from genesis_sql.types import RawColumn, RawSchema, RawTable

WORDS: Mapping[str, tuple[str, str]] = {
    "number": ("", ""), "whole number": ("BIGINT", ""), "float": ("DOUBLE", ""),
    "decimal": ("DECIMAL(18,2)", ""),
    "money": ("DECIMAL(18,2)", "amount"), "currency": ("DECIMAL(18,2)", "amount"),
    "text": ("VARCHAR", ""), "string": ("VARCHAR", ""), "str": ("VARCHAR", ""),
    "bool": ("BOOLEAN", ""), "boolean": ("BOOLEAN", ""), "date": ("DATE", ""),
    "time": ("TIME", ""), "datetime": ("TIMESTAMP", ""), "timestamp": ("TIMESTAMP", ""),
    "json": ("JSON", ""), "uuid": ("UUID", ""), "binary": ("BLOB", ""),
    "foreign_key": (UNTYPED, ""), "name": ("VARCHAR", "full_name"),
    "address": ("VARCHAR", "full_address"), "phone_number": ("VARCHAR", "phone"),
    "zip": ("VARCHAR", "postal_code"), "zip_code": ("VARCHAR", "postal_code"),
    "cpt_code": ("VARCHAR", "procedure_code"), "icd10": ("VARCHAR", "icd10_code"),
    "diagnosis": ("VARCHAR", "icd10_code"),
}  # fmt: skip
"""The documents' words -> type and meaning."""

TYPED: Mapping[str, str] = {
    **dict.fromkeys(("age", "quantity", "count", "position", "sequence_number", "year", "version"),
                    "BIGINT"),
    **dict.fromkeys(("price", "cost", "amount", "total_amount", "balance", "salary", "discount",
                     "tax"), "DECIMAL(18,2)"),
    **dict.fromkeys(("latitude", "longitude", "rating", "percentage", "score", "weight", "height",
                     "width", "length", "temperature", "duration"), "DOUBLE"),
    **dict.fromkeys(("birth_date",), "DATE"),
    **dict.fromkeys(("created_at", "updated_at", "deleted_at", "event_time", "start_time",
                     "end_time", "due_time"), "TIMESTAMP"),
    "time_of_day": "TIME", "flag": "BOOLEAN", "json": "JSON", "uuid": "UUID",
}  # fmt: skip
"""The type of a column whose word is a meaning; text for all others."""

FACTS = (
    "type", "meaning", "length", "nullable", "unique", "primary_key", "values", "references",
    "comment", "description", "default", "default_sql", "check", "identity", "generated",
)  # fmt: skip
"""What a column may say of itself."""

TABLE_FACTS = ("columns", "comment", "description", "primary_key", "unique", "checks", "schema",
               "foreign_keys")  # fmt: skip
"""What a table may say of itself, where its columns stand under 'columns'."""

ALONE = "data"
"""The name of a table whose columns are given without one."""


def read_mapping(spec: Any, *, table: str = ALONE) -> RawSchema:
    """The schema that a mapping describes.

    Args:
        spec: {column: word} for one table, {table: {column: word or facts}} for several, or the
            JSON or YAML text of one. A word is an SQL type, a word such as 'number' or 'text', or
            what the column holds ('email', 'icd10_code'). Facts: type, meaning, length, nullable,
            unique, primary_key, values, references ('customers.id'), comment, default, default_sql,
            check, identity, generated.
        table: The name of a table given without one.

    Raises:
        SchemaError: It says something that makes no sense.

    Example:
        >>> schema = read_mapping({"id": "number", "email": "email", "seen": "date"}, table="p")
        >>> [(c.name, c.type, c.meaning) for c in schema.tables[0].columns]
        [('id', 'BIGINT', ''), ('email', 'VARCHAR', 'email'), ('seen', 'DATE', '')]
    """
    plain = _mapping(spec)
    if isinstance(plain.get("tables"), list):
        return from_plain(plain)
    inner = plain.get("tables") if set(plain) <= {"tables", "notes"} else None
    tables = inner if isinstance(inner, Mapping) else plain
    if not tables:
        message = "the schema is empty: write {'column': 'type'} or {'table': {'column': 'type'}}"
        raise SchemaError(message)
    if all(isinstance(v, Mapping) and not _is_facts(v) for v in tables.values()):
        found = [_table(str(name), columns) for name, columns in tables.items()]
    else:
        found = [_table(table, tables, alone=True)]
    names = [f.table.name for f in found]
    return complete([_guessed(f, names) for f in found])


def _mapping(spec: Any) -> Mapping[Any, Any]:
    """The mapping itself, or what a text holds.

    Raises:
        SchemaError: It is neither.
    """
    value = _loaded(spec) if isinstance(spec, str) else spec
    if not isinstance(value, Mapping):
        message = (
            f"a schema is {{'table': {{'column': 'type'}}}}, JSON or YAML text of it, not a "
            f"{type(value).__name__}"
        )
        raise SchemaError(message)
    return value


def _loaded(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML 1.2's booleans: `on`, `off`, `yes` and `no` are labels, and stay texts."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, how) for tag, how in held if first not in "yYnNoO" or "bool" not in tag]
        for first, held in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(getattr(error, "problem", None) or error).split())
        message = f"the schema is neither JSON nor YAML: {said}"
        raise SchemaError(message) from error


def _is_facts(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping tells of a column, not of a table: 'type' or a key of another is there."""
    return (
        any(isinstance(value.get(key), str) for key in ("type", "meaning", "references"))
        and set(value) <= set(FACTS)
        and not any(isinstance(v, Mapping) for v in value.values())
    ) or (isinstance(value.get("values"), list) and set(value) <= set(FACTS))


@dataclass
class _Table:
    """A table while it is read."""

    name: str
    columns: list[RawColumn] = field(default_factory=list)
    primary: list[str] = field(default_factory=list)
    unique: list[tuple[str, ...]] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)


def _table(name: str, given: Mapping[Any, Any], *, alone: bool = False) -> Found:
    facts: Mapping[Any, Any] = {}
    columns = given
    if isinstance(given.get("columns"), Mapping):
        facts, columns = given, given["columns"]
        _known(facts, TABLE_FACTS, f"table '{name}'")
    schema, _, bare = name.rpartition(".")
    table = _Table(bare)
    for column, said in columns.items():
        _column(table, str(column), said)
    for key in _listed(facts.get("unique"), f"table '{name}', unique"):
        table.unique.append(tuple(_listed(key, f"table '{name}', unique")))
    for key in _listed(facts.get("foreign_keys"), f"table '{name}', foreign_keys"):
        table.references.append(_foreign_key(key, f"table '{name}', foreign_keys"))
    raw = RawTable(
        name=bare,
        source="",
        columns=tuple(table.columns),
        schema=str(facts.get("schema") or schema),
        primary_key=tuple(_listed(facts.get("primary_key"), name) or table.primary),
        unique_keys=tuple(table.unique),
        checks=(*table.checks, *_listed(facts.get("checks"), f"table '{name}', checks")),
        comment=_comment(facts, f"table '{name}'"),
    )
    return Found(_with_own_key(raw, alone=alone), tuple(table.references))


def _foreign_key(given: Any, about: str) -> Reference:
    """{"columns": […], "references": "table(columns)"}."""
    if not isinstance(given, Mapping) or {"columns", "references"} - set(given):
        message = f"{about}: {given!r} is none; write {{'columns': ['a'], 'references': 't(a)'}}"
        raise SchemaError(message)
    _known(given, ("columns", "references"), about)
    return _reference(tuple(_listed(given["columns"], about)), str(given["references"]), about)


def _with_own_key(table: RawTable, *, alone: bool) -> RawTable:
    """The first column as the key where it is called like one and no key is given.

    'id', 'order_id' of orders, and any number called so of a table that stands alone.
    """
    if table.primary_key or not table.columns:
        return table
    first = table.columns[0]
    name = first.name.casefold()
    called = {"id", *(f"{w}{end}" for w in _singular(table.name) for end in ("_id", "id"))}
    is_key = name in called or (alone and name.endswith("_id") and first.type in ("BIGINT", "UUID"))
    if not is_key or first.type == UNTYPED or first.values or first.meaning not in ("", "uuid"):
        return table
    return replace(table, primary_key=(first.name,))


def _singular(table: str) -> set[str]:
    """What one row of a table may be called."""
    bare = table.rpartition(".")[2].casefold()
    found = {bare, bare.removesuffix("s"), bare.removesuffix("es")}
    return found | ({bare.removesuffix("ies") + "y"} if bare.endswith("ies") else set())


def _guessed(found: Found, tables: Iterable[str]) -> Found:
    """With the table that a 'foreign_key' without references means, by its name.

    Raises:
        SchemaError: There is none.
    """
    given = {c for r in found.references for c in r.columns}
    more = []
    for column in found.table.columns:
        if column.type != UNTYPED or column.name in given:
            continue
        stem = column.name.casefold().removesuffix("_id").removesuffix("id")
        meant = [t for t in tables if stem in _singular(t)]
        if len(meant) != 1:
            about = f"table '{found.table.name}', column '{column.name}'"
            message = f"{about}: a foreign_key to what? add 'references': 'table.column'"
            raise SchemaError(message)
        more.append(Reference((column.name,), meant[0]))
    return replace(found, references=(*found.references, *more))


def _known(given: Mapping[Any, Any], known: Iterable[str], about: str) -> None:
    for key in given:
        if key not in known:
            message = f"{about}: unknown key '{key}'{nearest(str(key), known)}"
            raise SchemaError(message)


def _listed(value: Any, about: str) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple):
        return list(value)
    message = f"{about}: {value!r} is no list"
    raise SchemaError(message)


def _column(table: _Table, name: str, said: Any) -> None:
    about = f"table '{table.name}', column '{name}'"
    facts = {"type": said} if isinstance(said, str) else said
    if not isinstance(facts, Mapping):
        message = f"{about}: {said!r} is no type; write a word such as 'text', or {{'type': …}}"
        raise SchemaError(message)
    _known(facts, FACTS, about)
    kind = _kind(facts, name, about)
    more: dict[str, Any] = {"comment": _comment(facts, about)}
    more["nullable"] = _truth(facts, "nullable", default=False, about=about)
    if facts.get("default") is not None:
        more["default"] = _default(facts["default"])
    if facts.get("default_sql") is not None:
        more["default"] = _one_expression(str(facts["default_sql"]), about)
    for key in ("identity", "generated"):
        more[key] = _truth(facts, key, default=getattr(kind, key), about=about)
    if facts.get("length") is not None:
        more["length"] = _length(facts["length"], about)
    if facts.get("meaning"):
        more["meaning"] = str(facts["meaning"])
    table.columns.append(kind.column(name, **more))
    if _truth(facts, "primary_key", default=False, about=about):
        table.primary.append(name)
    if _truth(facts, "unique", default=False, about=about):
        table.unique.append((name,))
    if facts.get("check"):
        table.checks.append(str(facts["check"]))
    if facts.get("references"):
        table.references.append(_reference((name,), str(facts["references"]), about))


def _kind(facts: Mapping[Any, Any], name: str, about: str) -> Kind:
    """Type, labels and meaning by a column's word."""
    labels = _listed(facts.get("values"), f"{about}, values")
    word = facts.get("type")
    if word is None and labels:
        whole = all(isinstance(v, int) for v in labels)
        word = (
            "text" if any(isinstance(v, str) for v in labels) else "integer" if whole else "number"
        )
    elif word is None and facts.get("references"):
        word = "foreign_key"
    elif word is None:
        word = facts.get("meaning") or "text"
    found = word_of(str(word), name, about)
    return replace(found, values=tuple(str(v) for v in labels)) if labels else found


def word_of(word: str, name: str, about: str) -> Kind:
    """What one word says: one of ours, an SQL type, else a meaning, which `drafts` checks.

    Raises:
        SchemaError: It is an SQL type that nobody knows, such as 'vachar(3)'.
    """
    plain = word.strip().casefold().replace("-", "_")
    if plain == "number":
        return Kind("BIGINT" if _is_whole(name) else "DOUBLE")
    if plain in WORDS:
        type_, meaning = WORDS[plain]
        return Kind(type_, meaning=meaning)
    if plain in TYPED:
        return Kind(TYPED[plain], meaning=plain)
    failure: Exception | None = None
    for dialect in ("postgres", "duckdb"):
        try:
            tree = exp.DataType.build(word, dialect=dialect, udt=True)
            return type_words.kind_of(tree, dialect=dialect, about=about)
        except (sqlglot.errors.SqlglotError, ValueError, SchemaError) as error:
            failure = failure or error
    if plain.replace("_", "").isalnum():
        return Kind("VARCHAR", meaning=plain)
    raise _unknown(word, about, failure) from failure


def _unknown(word: str, about: str, error: Exception | None) -> SchemaError:
    if isinstance(error, SchemaError):
        return error
    return SchemaError(f"{about}: '{word}' is no type{nearest(word, [*WORDS, *TYPED])}")


_WHOLE = ("id", "no", "number", "count", "quantity", "qty", "age", "year", "rank", "position")


def _is_whole(name: str) -> bool:
    """Whether a 'number' is a whole one, by the last word of its name."""
    return name.casefold().rpartition("_")[2] in _WHOLE or name.endswith("Id")


def _truth(facts: Mapping[Any, Any], key: str, *, default: bool, about: str) -> bool:
    value = facts.get(key, default)
    if isinstance(value, bool):
        return value
    message = f"{about}: {key} is {value!r}; it takes true or false"
    raise SchemaError(message)


def _comment(facts: Mapping[Any, Any], about: str) -> str | None:
    for key in ("comment", "description"):
        value = facts.get(key)
        if value is not None and not isinstance(value, str):
            message = f"{about}: {key} is {value!r}; it takes text: {key}: '{value}'"
            raise SchemaError(message)
    return facts.get("comment") or facts.get("description")


def _length(value: Any, about: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    message = f"{about}: length is {value!r}; it takes a number from 1"
    raise SchemaError(message)


def _default(value: Any) -> str:
    """A default as SQL: a text stands for itself, so that no expression comes in unseen."""
    return exp.convert(value).sql(dialect="duckdb")


def _one_expression(text: str, about: str) -> str:
    """A default that is SQL, as sqlglot writes it again.

    Raises:
        SchemaError: It is not one expression.
    """
    found = translated(text, "duckdb")
    if found is None:
        message = f"{about}: default_sql is no expression: {text}"
        raise SchemaError(message)
    return found


def _reference(columns: tuple[str, ...], text: str, about: str) -> Reference:
    """'customers.id', 'customers' or 'customers(a, b)'."""
    table, bracket, inside = text.partition("(")
    if bracket:
        above = tuple(c.strip() for c in inside.rstrip(") ").split(","))
        schema, _, name = table.strip().rpartition(".")
        return Reference(columns, name, above, schema)
    parts = text.split(".")
    if not all(parts) or len(parts) > 3:
        message = f"{about}: references is '{text}'; write 'table.column'"
        raise SchemaError(message)
    if len(parts) == 1:
        return Reference(columns, parts[0])
    return Reference(columns, parts[-2], (parts[-1],), ".".join(parts[:-2]))
