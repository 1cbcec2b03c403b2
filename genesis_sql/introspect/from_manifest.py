"""dbt's manifest.json -> RawSchema: models, seeds and sources with their columns and tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genesis_sql.errors import SchemaError, SourceError, nearest
from genesis_sql.introspect import type_words
from genesis_sql.introspect.catalog import match
from genesis_sql.introspect.complete import UNTYPED, Found, Reference, complete
from genesis_sql.introspect.from_mapping import word_of
from genesis_sql.introspect.sqlalchemy_types import SQLGLOT
from genesis_sql.introspect.type_words import Kind
from genesis_sql.types import RawColumn, RawSchema, RawTable

KINDS = ("model", "seed", "source", "snapshot")
"""The resources of a manifest that are tables."""

_REF = re.compile(r"""(ref|source)\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?\)""")
_NAMES: tuple[tuple[str, str], ...] = (
    (r"(^|_)(id|key|count|qty|quantity|number|num)$", "BIGINT"),
    (r"(_at|_ts|timestamp|datetime)$", "TIMESTAMP"),
    (r"(^|_)(date|day|dob)$", "DATE"),
    (r"^(is|has|was)_", "BOOLEAN"),
    (r"(^|_)(amount|price|cost|total|revenue|balance|tax|fee)(_|$)", "DECIMAL(18,2)"),
)
"""Types by name where a model says none, which is usual in dbt."""


@dataclass
class _Node:
    """A table of the manifest while its tests are read."""

    key: str
    name: str
    schema: str
    aliases: tuple[str, ...]
    columns: dict[str, RawColumn]
    comment: str | None
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    references: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)


def read_manifest(manifest: Any, *, resources: Iterable[str] | None = None) -> RawSchema:
    """The schema that a dbt project describes.

    A column's `data_type`, description, `meta: {meaning: email}`, the tests not_null, unique,
    accepted_values and relationships, and the constraints of contracts are read; what says no type
    gets one by its name. A unique and not_null column is the primary key where none is declared.

    Args:
        manifest: The path of `manifest.json` ('target/manifest.json'), or what it holds.
        resources: Names of the models, seeds and sources to take; all that have columns where not
            given. A relationship to another becomes a note.

    Raises:
        SourceError: The file cannot be read.
        SchemaError: It is no manifest, or describes no columns.
    """
    plain = _loaded(manifest)
    dialect = _dialect(plain)
    notes: list[str] = []
    nodes = {n.key: n for n in _nodes(plain, dialect, notes)}
    chosen = _chosen(nodes, resources)
    if not chosen:
        message = (
            "the manifest describes no columns: list them under models: columns: in a YAML file of "
            "the project, then run dbt parse"
        )
        raise SchemaError(message)
    for test in _tests(plain):
        _apply(nodes, test, notes)
    found = [_found(node, chosen, notes) for node in chosen.values()]
    return complete(found, dialect=dialect, notes=notes)


def _loaded(manifest: Any) -> Mapping[str, Any]:
    value = manifest
    if isinstance(manifest, str | Path):
        try:
            value = json.loads(Path(manifest).read_text(encoding="utf-8"))
        except OSError as error:
            message = f"'{manifest}' cannot be read: {error.strerror}; run dbt parse first"
            raise SourceError(message) from error
        except ValueError as error:
            message = f"'{manifest}' is no JSON"
            raise SchemaError(message) from error
    if not isinstance(value, Mapping) or not isinstance(value.get("nodes"), Mapping):
        message = "this is no manifest of dbt: it has no 'nodes'; run dbt parse, it is in target/"
        raise SchemaError(message)
    return value


def _dialect(plain: Mapping[str, Any]) -> str:
    adapter = str((plain.get("metadata") or {}).get("adapter_type") or "")
    return SQLGLOT.get(
        adapter, {"sqlserver": "tsql", "databricks": "databricks"}.get(adapter, "duckdb")
    )


def _nodes(plain: Mapping[str, Any], dialect: str, notes: list[str]) -> Iterator[_Node]:
    everything = {**plain["nodes"], **(plain.get("sources") or {})}
    for key, node in everything.items():
        if node.get("resource_type") not in KINDS:
            continue
        name = str(node.get("alias") or node.get("identifier") or node["name"])
        columns = {c["name"]: c for c in (node.get("columns") or {}).values()}
        if not columns:
            notes.append(f"{node['resource_type']} '{name}' lists no columns: left out")
            continue
        made = _Node(
            key=key,
            name=name,
            schema="",
            aliases=_aliases(node),
            columns={n: _column(name, c, dialect) for n, c in columns.items()},
            comment=str(node.get("description") or "").strip() or None,
        )
        for column, said in columns.items():
            for constraint in said.get("constraints") or ():
                _constrain(made, constraint, (column,))
        for constraint in node.get("constraints") or ():
            _constrain(made, constraint, tuple(constraint.get("columns") or ()))
        yield made


def _aliases(node: Mapping[str, Any]) -> tuple[str, ...]:
    names = [str(node["name"]), str(node.get("alias") or ""), str(node.get("relation_name") or "")]
    if node.get("source_name"):
        names.append(f"{node['source_name']}.{node['name']}")
    return tuple(n for n in names if n)


def _column(table: str, said: Mapping[str, Any], dialect: str) -> RawColumn:
    name = str(said["name"])
    kind = _kind(table, name, said.get("data_type"), dialect)
    meta = said.get("meta") or (said.get("config") or {}).get("meta") or {}
    more: dict[str, Any] = {"comment": str(said.get("description") or "").strip() or None}
    if meta.get("meaning"):
        more["meaning"] = str(meta["meaning"])
    return kind.column(name, **more)


def _kind(table: str, name: str, word: Any, dialect: str) -> Kind:
    about = f"table '{table}', column '{name}'"
    if not word:
        plain = name.casefold()
        return Kind(next((t for pattern, t in _NAMES if re.search(pattern, plain)), UNTYPED))
    from sqlglot import errors, exp

    try:
        sized = dialect == "duckdb" and "char" in str(word).lower()  # sqlglot drops its length
        tree = exp.DataType.build(str(word), dialect="postgres" if sized else dialect, udt=True)
    except (errors.SqlglotError, ValueError):
        return word_of(str(word), name, about)
    return type_words.kind_of(tree, dialect=dialect, about=about)


def _constrain(node: _Node, constraint: Mapping[str, Any], columns: tuple[str, ...]) -> None:
    """A constraint of a contract (docs.getdbt.com, "constraints")."""
    known = [c for c in (match(name, node.columns) for name in columns) if c]
    if len(known) != len(columns):
        return
    match str(constraint.get("type")):
        case "not_null":
            for name in known:
                node.columns[name] = replace(node.columns[name], nullable=False)
        case "primary_key":
            node.primary = tuple(known)
        case "unique":
            node.unique.append(tuple(known))
        case "check" if constraint.get("expression"):
            node.checks.append(str(constraint["expression"]))
        case "foreign_key" if constraint.get("to"):
            above = tuple(constraint.get("to_columns") or ())
            node.references.append((tuple(known), _named(str(constraint["to"])), above))


def _named(text: str) -> str:
    """The table that `ref('x')`, `source('s', 't')` or a bare name means."""
    found = _REF.search(text)
    if not found:
        return text.strip().strip('"').rpartition(".")[2].strip('"`')
    kind, first, second = found.groups()
    if kind == "source":
        return f"{first}.{second}"
    return str(second or first)


def _tests(plain: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in plain["nodes"].values():
        if node.get("resource_type") == "test" and isinstance(node.get("test_metadata"), Mapping):
            yield node


def _apply(nodes: Mapping[str, _Node], test: Mapping[str, Any], notes: list[str]) -> None:
    """What one test says of its table."""
    node = nodes.get(str(test.get("attached_node") or _only(test, nodes)))
    if node is None:
        return
    meta = test["test_metadata"]
    given = meta.get("kwargs") or {}
    inner = given.get("arguments")
    said: Mapping[str, Any] = inner if isinstance(inner, Mapping) else given
    name = match(str(test.get("column_name") or given.get("column_name") or ""), node.columns)
    conditional = (test.get("config") or {}).get("where")
    match str(meta.get("name")), name:
        case _ if conditional:
            notes.append(f"table '{node.name}': left out a test with a condition: {conditional}")
        case "not_null", str():
            node.columns[name] = replace(node.columns[name], nullable=False)
        case "unique", str():
            node.unique.append((name,))
        case "unique_combination_of_columns", _:
            columns = said.get("combination_of_columns") or ()
            _constrain(node, {"type": "unique"}, tuple(columns))
        case "accepted_values", str():
            labels = tuple(str(v) for v in said.get("values") or ())
            node.columns[name] = replace(node.columns[name], values=labels)
        case "relationships", str():
            above = (str(said["field"]),) if said.get("field") else ()
            node.references.append(((name,), _named(str(said.get("to"))), above))


def _only(test: Mapping[str, Any], nodes: Mapping[str, _Node]) -> str:
    """The table of a test that does not name it: the only one it depends on."""
    depends = [n for n in (test.get("depends_on") or {}).get("nodes", ()) if n in nodes]
    return depends[0] if len(depends) == 1 else ""


def _chosen(nodes: Mapping[str, _Node], resources: Iterable[str] | None) -> dict[str, _Node]:
    if resources is None:
        return dict(nodes)
    chosen = {}
    for name in resources:
        found = [k for k, n in nodes.items() if name in (k, n.name, *n.aliases)]
        if not found:
            known = [n.name for n in nodes.values()]
            message = f"the manifest has no '{name}' with columns{nearest(name, known)}"
            raise SchemaError(message)
        chosen[found[0]] = nodes[found[0]]
    return chosen


def _found(node: _Node, chosen: Mapping[str, _Node], notes: list[str]) -> Found:
    references = []
    for columns, target, above in node.references:
        parent = next((n for n in chosen.values() if target in (n.name, *n.aliases)), None)
        if parent is None:
            what = f"table '{node.name}', column '{', '.join(columns)}'"
            notes.append(f"{what} refers to '{target}', which has no columns here: left out")
            continue
        references.append(Reference(columns, parent.name, above))
    primary = node.primary or _likely_key(node)
    refers = {c for r in references for c in r.columns}
    columns_ = tuple(
        replace(c, type="VARCHAR") if c.type == UNTYPED and c.name not in refers else c
        for c in node.columns.values()
    )
    raw = RawTable(
        name=node.name,
        source="",
        columns=columns_,
        schema=node.schema,
        primary_key=primary,
        unique_keys=tuple(dict.fromkeys(node.unique)),
        checks=tuple(node.checks),
        comment=node.comment,
    )
    return Found(raw, tuple(references))


def _likely_key(node: _Node) -> tuple[str, ...]:
    """The first column that is tested as unique and not_null, which is how dbt says a key."""
    for key in node.unique:
        if len(key) == 1 and not node.columns[key[0]].nullable:
            return key
    return ()
