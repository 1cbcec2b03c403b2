"""What a fit would leave out or refuse, and why, before any work. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from string import Template

import duckdb

from genesis_sql.errors import GenesisError, SchemaError
from genesis_sql.graph import keys
from genesis_sql.graph.build import build_graph, verbatim_names
from genesis_sql.graph.constraints import read_checks, unkept_text
from genesis_sql.graph.hints import pair_key, possible_references
from genesis_sql.graph.infer import Proposal, propose_keys, propose_relationships, propose_verbatim
from genesis_sql.graph.notation import relationship_text
from genesis_sql.graph.order import cycle, cycle_text
from genesis_sql.graph.personal_findings import personal_findings
from genesis_sql.introspect.from_duckdb import BROKEN
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import Column, Finding, Graph, RawSchema, Relationship, Role, Table

RARE = 20
"""Labels in fewer rows than this are called rare; about the smallest cell of a model."""

_SEVERITIES = ("error", "warning", "info")
_INFINITE = ("FLOAT", "DOUBLE", "DATE", "TIMESTAMP")
_WITHOUT = (Role.EMPTY, Role.LIST, Role.UNSUPPORTED)

_CLEAN = Template("CREATE VIEW $view AS SELECT * REPLACE ($expression AS $name) FROM $source")

_RARE = """
SELECT count(*) FILTER (rows < $limit), count(*)
FROM (SELECT count(*) AS rows FROM $source WHERE $column IS NOT NULL GROUP BY $column)
"""


def check(
    con: duckdb.DuckDBPyConnection,
    raw: RawSchema,
    *,
    relationships: Sequence[str] = (),
    verbatim: Sequence[str] = (),
    graph: Graph | None = None,
) -> list[Finding]:
    """What to know before a fit: errors first, then warnings, then remarks.

    Args:
        con: An open connection or cursor; only read from.
        raw: The tables, from `genesis_sql.introspect.from_duckdb`.
        relationships: Keys the catalog does not have, as they would be given to the fit.
        verbatim: Tables to copy, as they would be given to the fit.
        graph: The graph of these tables and relationships, where it has been built already.
    """
    usable, findings = _given(con, raw, relationships)
    built = graph or build_graph(con, raw, relationships=usable)
    findings += _verbatim(raw, built, verbatim)
    findings += _kinds(raw)
    findings += _left_out(raw)
    findings += _circle(built)
    copied = set(verbatim) | {t.name for t in built.tables if t.verbatim}
    shown = Graph(
        tuple(t for t in built.tables if not t.nested),
        tuple(r for r in built.relationships if r.columns),
    )
    sources = {t.name: t.source for t in raw.tables}
    for table in shown.tables:
        findings += _empty(table)
        findings += [f for r in built.parents(table.name) for f in _reference(table, r)]
        copy = table.name in copied
        findings += personal_findings(con, table, sources[table.name], copied=copy)
        if table.name not in copied and table.rows:
            findings += _columns(table, sources[table.name])
            findings += _nested(table)
            findings += _wild_numbers(con, table, sources[table.name])
            findings += _rare_labels(con, table)
            findings += _unkept(con, raw, table)
    proposals = propose_relationships(con, raw, built)
    findings += _undeclared(shown, proposals)
    proposed = tuple(p.relationship for p in proposals)
    wider = replace(shown, relationships=shown.relationships + proposed)
    findings += _unnamed(con, raw, wider)
    findings += _without_key(con, raw, wider)
    if not copied:
        findings += _dimensions(wider)
    return sorted(findings, key=lambda f: _SEVERITIES.index(f.severity))


def _given(
    con: duckdb.DuckDBPyConnection, raw: RawSchema, relationships: Sequence[str]
) -> tuple[list[str], list[Finding]]:
    """The relationships that hold, and an error for each that does not."""
    usable, findings = [], []
    for text in relationships:
        try:
            keys.verify_parent(con, raw, keys.resolve(raw, text))
            usable.append(text)
        except SchemaError as error:
            findings.append(Finding("error", "", None, str(error), "relationships := [...]"))
    return usable, findings


def _verbatim(raw: RawSchema, graph: Graph, verbatim: Sequence[str]) -> Iterator[Finding]:
    """An error for each table that cannot be copied."""
    try:
        verbatim_names([t for t in raw.tables if t.columns], graph.relationships, verbatim)
    except GenesisError as error:
        yield Finding("error", "", None, str(error), "verbatim := [...]")


def _kinds(raw: RawSchema) -> Iterator[Finding]:
    """Views, which are learnt as tables of their own or do not bind at all."""
    for table in raw.tables:
        if table.kind == BROKEN:
            text = f"left out: {table.comment}"
            yield Finding("warning", table.name, None, text, f"DROP VIEW {table.source}")
        elif table.kind == "view":
            others = ", ".join(string(t.name) for t in raw.tables if t.kind == "table")
            text = "a view: it is learnt as a table of its own, apart from the tables it reads"
            yield Finding("info", table.name, None, text, f"tables := [{others}]")


def _left_out(raw: RawSchema) -> Iterator[Finding]:
    """Declared foreign keys that are not followed."""
    for relationship, reason in keys.declared(raw)[1]:
        text = f"foreign key {relationship_text(relationship)} is left out: {reason}"
        yield Finding("warning", relationship.child, ", ".join(relationship.columns), text)


def _circle(graph: Graph) -> Iterator[Finding]:
    """Circles of tables: an error where no key of one may be NULL."""
    circle = cycle(graph)
    if circle:
        yield Finding("error", circle[0].child, None, cycle_text(graph, circle))
    for key in graph.relationships:
        if key.cut:
            text = (
                f"closes a circle of tables with {key.parent}: chosen when all tables are there, "
                "verified but not declared"
            )
            yield Finding("info", key.child, ", ".join(key.columns), text)


def _empty(table: Table) -> Iterator[Finding]:
    if not table.rows:
        text = "no rows: genesis_fit refuses it, genesis_fit_database keeps it empty"
        yield Finding("warning", table.name, None, text)


def _reference(table: Table, relationship: Relationship) -> Iterator[Finding]:
    """Orphans, NULL references and references of a table to itself."""
    columns = ", ".join(relationship.columns)
    if relationship.orphans:
        share = _percent(relationship.orphans, table.rows)
        text = (
            f"references to no row of {relationship.parent}: {relationship.orphans:,} of "
            f"{table.rows:,} ({share}); the like of them becomes NULL; orphans := 'drop' leaves "
            "their rows out, orphans := 'keep' has as many of them"
        )
        yield Finding("warning", table.name, columns, text, "orphans := 'null'")
    if relationship.nulls:
        share = _percent(relationship.nulls, table.rows)
        text = (
            f"NULL instead of a reference to {relationship.parent}: {relationship.nulls:,} of "
            f"{table.rows:,} ({share})"
        )
        yield Finding("info", table.name, columns, text)
    if relationship.parent == table.name:
        text = f"the table refers to itself: {relationship_text(relationship)}"
        yield Finding("info", table.name, columns, text)


def _columns(table: Table, source: str) -> Iterator[Finding]:
    """Columns that are left out, empty or constant."""
    for column, name in zip(table.columns, table.names, strict=True):
        if column.role is Role.UNSUPPORTED and column.inside:
            text = f"{column.reason}; it is NULL in each struct"
            yield Finding("warning", table.name, name, text)
        elif column.role is Role.UNSUPPORTED:
            fix = _view(source, table, column, f"CAST({quoted(column.name)} AS VARCHAR)")
            yield Finding("warning", table.name, column.name, column.reason, fix)
        elif column.role is Role.EMPTY:
            yield Finding("info", table.name, name, "all values are NULL and stay so")
        elif column.role is Role.CONSTANT:
            text = "one value in all rows, which is kept"
            yield Finding("info", table.name, name, text)


def _nested(table: Table) -> Iterator[Finding]:
    """How columns that hold others are learnt."""
    for column in table.columns:
        if column.inside:
            continue
        parts = [
            name
            for c, name in zip(table.columns, table.names, strict=True)
            if c.inside == column.name and c.role is not Role.UNSUPPORTED
        ]
        parts = [name for name in parts if name != column.name and not name.endswith(".?")]
        if column.role is Role.JSON and parts:
            text = f"its keys are learnt as columns: {', '.join(parts)}"
            yield Finding("info", table.name, column.name, text)
        elif column.role is Role.STRUCT:
            text = f"each field is learnt as a column: {', '.join(parts)}"
            yield Finding("info", table.name, column.name, text)
        elif column.role in (Role.LIST, Role.JSON):
            text = "the elements are learnt as rows of their own, in order"
            yield Finding("info", table.name, column.name, text)


def _wild_numbers(con: duckdb.DuckDBPyConnection, table: Table, source: str) -> Iterator[Finding]:
    """NaN and infinities of float, date and timestamp columns."""
    columns = [c for c in table.columns if c.type.startswith(_INFINITE) and c.role not in _WITHOUT]
    if not columns:
        return
    counts = []
    for column in columns:
        name = quoted(column.name)
        nan = f"count(*) FILTER (isnan({name}))" if _is_float(column) else "0"
        counts += [nan, f"count(*) FILTER (isinf({name}))"]
    about = f"table '{table.name}'"
    template = "SELECT $counts FROM $source"
    found = ask(con, template, about=about, counts=", ".join(counts), source=table.source)[0]
    for at, column in enumerate(columns):
        nan, infinite = found[2 * at], found[2 * at + 1]
        if nan or infinite:
            name = quoted(column.name)
            fix = _view(source, table, column, f"CASE WHEN isfinite({name}) THEN {name} END")
            fix = "" if column.inside else fix
            text = f"NaN: {nan:,}, infinite: {infinite:,} of {table.rows:,} values"
            yield Finding("warning", table.name, column.name, text, fix)


def _rare_labels(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Finding]:
    """Labels so rare that they could point at somebody, one finding for a table."""
    shown = []
    for column, name in zip(table.columns, table.names, strict=True):
        if column.role is Role.CATEGORY:
            rare, labels = ask(
                con,
                _RARE,
                about=f"table '{table.name}'",
                source=table.source,
                column=quoted(column.name),
                limit=str(RARE),
            )[0]
            shown += [f"{name} ({rare:,} of {labels:,})"] if rare else []
    if shown:
        text = f"labels in fewer than {RARE} rows, which may not be generated: {', '.join(shown)}"
        yield Finding("info", table.name, None, text)


def _unkept(con: duckdb.DuckDBPyConnection, raw: RawSchema, table: Table) -> Iterator[Finding]:
    """CHECKs that generated rows may break."""
    source = next(t for t in raw.tables if t.name == table.name)
    for found in read_checks(con, source, table.columns)[1]:
        yield Finding("warning", table.name, None, unkept_text(found))


def _dimensions(graph: Graph) -> Iterator[Finding]:
    """Tables better copied than made anew."""
    proposed = propose_verbatim(graph)
    fix = f"verbatim := [{', '.join(map(string, proposed))}]"
    for name in proposed:
        rows = graph.table(name).rows
        text = f"a small table of names ({rows:,} rows): copy it unchanged if none of it is secret"
        yield Finding("info", name, None, text, fix)


def _unnamed(con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph) -> Iterator[Finding]:
    """Columns that may be references, though no name says to which table."""
    for table, column, holders in possible_references(con, raw, graph):
        shown = ", ".join(f"{parent}({key})" for parent, key in holders[:4])
        more = f" and {len(holders) - 4} more" if len(holders) > 4 else ""
        text = f"may be a reference: all its values are in {shown}{more}; name which is meant"
        parent, key = holders[0] if len(holders) == 1 else ("…", "…")
        likely = Relationship(table, (column,), parent, (key,))
        yield Finding("info", table, column, text, _listed(graph, [likely]))


def _without_key(con: duckdb.DuckDBPyConnection, raw: RawSchema, graph: Graph) -> Iterator[Finding]:
    """Tables without a primary key, with the columns that could be it."""
    likely = dict(propose_keys(graph))
    for table in graph.tables:
        if not table.rows or table.primary_key or graph.children(table.name):
            continue
        column = likely.get(table.name)
        pair = () if column else pair_key(con, raw, graph, table)
        if pair:
            text = "no primary key is declared; these columns together differ in every row"
            names = ", ".join(map(quoted, pair))
            fix = f"ALTER TABLE {table.source} ADD PRIMARY KEY ({names})"
            yield Finding("info", table.name, ", ".join(pair), text, fix)
        elif column is None:
            yield Finding("info", table.name, None, "no primary key, and none is made up")
        else:
            text = "no primary key is declared; this column differs in every row and looks like it"
            roles = f"{{'roles': {{{string(column)}: 'key'}}}}"
            fix = f"options := {{{string(table.name)}: {roles}}}"
            yield Finding("info", table.name, column, text, fix)


def _undeclared(graph: Graph, proposals: Sequence[Proposal]) -> Iterator[Finding]:
    """Keys that nobody declared, with the list to paste."""
    fix = _listed(graph, [p.relationship for p in proposals])
    for proposal in proposals:
        found = proposal.relationship
        text = (
            f"looks like a reference to {found.parent}: {_percent(proposal.share, 1)} of its "
            f"values are in {found.parent}({', '.join(found.parent_columns)})"
        )
        yield Finding("info", found.child, ", ".join(found.columns), text, fix)


def _listed(graph: Graph, more: Sequence[Relationship]) -> str:
    """The list to paste: what is given already, and more."""
    given = [r for r in graph.relationships if not r.declared]
    return f"relationships := [{', '.join(string(relationship_text(r)) for r in (*given, *more))}]"


def _view(source: str, table: Table, column: Column, expression: str) -> str:
    """A statement that makes a view with one column replaced."""
    return _CLEAN.substitute(
        view=quoted(f"{table.name}_clean"),
        expression=expression,
        name=quoted(column.name),
        source=source,
    )


def _is_float(column: Column) -> bool:
    return column.type in ("FLOAT", "DOUBLE")


def _percent(part: float, whole: float) -> str:
    """A share as a reader wants it: never 0 % for something, never 100 % for less than all."""
    share = 100 * part / whole
    if share in (0, 100):
        return f"{share:.0f} %"
    return f"{min(share, 99.9):.1f} %" if share >= 1 else f"{share:.2g} %"
