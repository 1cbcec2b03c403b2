"""What must always hold of columns that are made of others: later, exact, added up, of a shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import duckdb
from sqlglot import exp

from genesis_sql.profiles.arithmetic import parse_arithmetic
from genesis_sql.profiles.expressions import late_formula
from genesis_sql.profiles.hidden import own_column
from genesis_sql.profiles.rows import Shown, count_of, told, whole
from genesis_sql.profiles.shapes import read_shape
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.profiles.totals import total_type
from genesis_sql.profiles.verdict import Check
from genesis_sql.program.domain import Grid
from genesis_sql.sqlbuild import quoted, string, text

Con = duckdb.DuckDBPyConnection
_FUNCTIONS = {"sum": "sum", "min": "min", "max": "max", "count": "count"}


def made_checks(
    con: Con, table: TableLaws, laws: Mapping[str, TableLaws], shown: Mapping[str, Shown]
) -> Iterator[Check]:
    """The checks of the made columns that a run shows."""
    own = shown[table.name]
    known = own.columns | own.copies
    for name in (n for n in table.columns if n in own.columns):
        spec = table.columns[name]
        if spec["type"] == "after":
            of = own_column(table.where(name), exp.column(str(spec["of"])), table.columns)
            yield (
                _after(con, table, own, name, of) if of in known else _hidden(table, name, "after")
            )
        elif spec["type"] == "formula":
            yield _formula(con, table, own, name, known)
        elif spec["type"] == "total":
            yield _total(con, table, laws, shown, name)
        elif spec["type"] == "pattern":
            yield from _pattern(con, table, own, name)
        if spec["type"] in ("pattern", "combined") and spec.get("unique"):
            query = f"SELECT count({quoted(name)}) - count(DISTINCT {quoted(name)}) FROM "  # noqa: S608
            wrong = count_of(con, query + own.relation)
            yield told(table.name, name, "unique", "a different one in each row", wrong)


def _hidden(table: TableLaws, name: str, check: str) -> Check:
    return Check(table.name, name, check, "", "depends on hidden columns", None)


def _after(con: Con, table: TableLaws, own: Shown, name: str, of: str) -> Check:
    kinds = [table.kinds[c].type for c in (name, of)]
    type_ = "DATE" if "DATE" in kinds else "TIMESTAMP"
    values = [f"CAST({quoted(c)} AS {type_})" for c in (name, of)]
    query = f"SELECT count(*) FROM {own.source} WHERE {values[0]} < {values[1]}"  # noqa: S608
    return told(table.name, name, "after", f"not before {of}", count_of(con, query))


def _formula(con: Con, table: TableLaws, own: Shown, name: str, known: frozenset[str]) -> Check:
    tree = parse_arithmetic(table.where(name), str(table.columns[name]["sql"]))
    columns = list(tree.find_all(exp.Column))
    mine = {c.lower() for c in known}
    if any(c.table or c.name.lower() not in mine for c in columns):
        return _hidden(table, name, "formula")
    made = text(late_formula(table, name))
    some = f"{quoted(name)} IS NOT NULL AND" if table.columns[name].get("null_share") else ""
    query = (
        f"SELECT count(*) FROM {own.source} WHERE {some} "  # noqa: S608 - a checked formula
        f"({made}) IS DISTINCT FROM {quoted(name)}"
    )
    return told(table.name, name, "formula", "what its formula gives", count_of(con, query))


def _total(
    con: Con,
    table: TableLaws,
    laws: Mapping[str, TableLaws],
    shown: Mapping[str, Shown],
    name: str,
) -> Check:
    spec, own = table.columns[name], shown[table.name]
    child = laws[str(spec["table"])]
    below = shown.get(child.name)
    mine, theirs = ([pair[i] for pair in child.main] for i in (1, 0))
    source = ""
    if "column" in spec:
        source = own_column(table.where(name), exp.column(str(spec["column"])), child.columns)
    there = below is not None and {*theirs, *filter(None, [source])} <= below.columns
    if below is None or not there or not set(mine) <= own.columns:
        return _hidden(table, name, "total")
    kind = table.kinds[name]
    value = quoted(source) if source else "*"
    if spec["function"] == "sum" and isinstance(kind, Grid):
        value = f"CAST({value} AS DECIMAL(18, {kind.scale}))"
    folded = f"{_FUNCTIONS[str(spec['function'])]}({value})"
    rows = f"SELECT {whole(theirs, 'c')} AS k, {folded} AS v FROM {below.relation} AS c GROUP BY k"  # noqa: S608
    wanted = "t.v" if spec["function"] in ("min", "max") else "coalesce(t.v, 0)"
    query = (
        f"SELECT count(*) FROM {own.relation} AS p LEFT JOIN ({rows}) AS t "  # noqa: S608
        f"ON t.k = {whole(mine, 'p')} "
        f"WHERE CAST({wanted} AS {total_type(spec, kind)}) IS DISTINCT FROM p.{quoted(name)}"
    )
    expected = f"the {spec['function']} of {child.name}"
    return told(table.name, name, "total", expected, count_of(con, query))


def _pattern(con: Con, table: TableLaws, own: Shown, name: str) -> Iterator[Check]:
    if table.kinds[name].type not in ("VARCHAR", "UUID"):
        return
    shape = read_shape(table.where(name), str(table.columns[name]["shape"]))
    wanted = "".join(
        re.escape(p) if isinstance(p, str) else f"[{p.alphabet}]{{{p.length}}}" for p in shape.parts
    )
    value = f"CAST({quoted(name)} AS VARCHAR)"
    query = (
        f"SELECT count(*) FROM {own.relation} "  # noqa: S608
        f"WHERE NOT regexp_full_match({value}, {string(wanted)}, 's')"
    )
    yield told(table.name, name, "pattern", "a text of its shape", count_of(con, query))
