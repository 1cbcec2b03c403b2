"""What `genesis_check` says of personal data."""

from __future__ import annotations

from collections.abc import Iterator
from string import Template

import duckdb

from genesis_sql.graph.personal import FREE_TEXT, Personal, anew, find_personal, made_anew
from genesis_sql.graph.roles import role_of_type
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import Column, Finding, Role, Table

_AS_TEXT = Template("ALTER TABLE $table ALTER COLUMN $column TYPE VARCHAR")
_ANEW = (Role.IDENTIFIER, Role.KEY, Role.TEXT)
_TOLD = {"name": "by its name", "content": "by its values", "both": "by its name and values"}


def personal_findings(
    con: duckdb.DuckDBPyConnection, table: Table, source: str, *, copied: bool
) -> Iterator[Finding]:
    """A finding for each column of personal data: made anew, copied, or shared by many.

    Args:
        con: only read from.
        table: with its roles.
        source: the table's own SQL text, for statements that change it.
        copied: whether the table is to be copied unchanged.
    """
    columns = dict(zip(table.names, table.columns, strict=True))
    personal = find_personal(con, table)
    quasi = [p for p in personal if not made_anew(p.kind) and p.kind != FREE_TEXT]
    for found in personal:
        column = columns[found.column]
        if copied:
            text = f"{_seen(found)}; the table is copied unchanged, and so is this"
            yield Finding("warning", table.name, found.column, text, "verbatim := []")
        elif found.kind == FREE_TEXT:
            text = "free text, which may name people: made anew, never copied"
            yield Finding("info", table.name, found.column, text)
        elif found in quasi and column.role not in _ANEW:
            names = ", ".join(string(p.column) for p in quasi)
            text = (
                f"{_seen(found)}: learnt like any other column; with others it may tell who it "
                "is, and k_anonymity generalises it"
            )
            options = f"{{'k_anonymity': 5, 'quasi_identifiers': [{names}]}}"
            fix = f"options := {{{string(table.name)}: {options}}}"
            yield Finding("info", table.name, found.column, text, fix)
        elif found not in quasi and not anew(column):
            text = f"{_seen(found)}; its type holds no other labels, so they are copied"
            name = quoted(column.name)
            fix = "" if column.inside else _AS_TEXT.substitute(table=source, column=name)
            yield Finding("warning", table.name, found.column, text, fix)
        else:
            yield _anew(table, column, found)


def _anew(table: Table, column: Column, found: Personal) -> Finding:
    text = f"{_seen(found)}: made anew, never copied"
    if column.role is not Role.CATEGORY:
        return Finding("info", table.name, found.column, text)
    role = role_of_type(column.type).value
    text += f"; with the role '{role}' it is copied all the same"
    roles = f"{{'roles': {{{string(found.column)}: {string(role)}}}}}"
    fix = f"options := {{{string(table.name)}: {roles}}}"
    return Finding("info", table.name, found.column, text, fix)


def _seen(found: Personal) -> str:
    """What it looks like and why."""
    an = "an" if found.kind[0] in "aeioEI" else "a"
    if found.kind in ("US SSN", "UK NHS number", "UK national insurance number"):
        an = "a"
    share = "" if found.share == 1 else f", {min(99, round(100 * found.share))} % of them"
    return f"looks like {an} {found.kind} ({_TOLD[found.by]}{share})"
