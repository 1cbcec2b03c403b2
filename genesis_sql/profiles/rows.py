"""What holds in every row of a run: flags, expressions, constants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from genesis_sql.profiles.laws import text_of
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.profiles.verdict import Check
from genesis_sql.program.allowlist import DRAWS, check_expression
from genesis_sql.sqlbuild import quoted, string, text

Con = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Shown:
    """A table of a run.

    Attributes:
        relation: text behind FROM.
        columns: that it has.
        copies: hidden columns that its parent or its children show.
        source: the relation with those copies.
        rows: how many it has.
    """

    relation: str
    columns: frozenset[str]
    copies: frozenset[str]
    source: str
    rows: int

    @staticmethod
    def of(
        con: Con, table: TableLaws, laws: Mapping[str, TableLaws], tables: Mapping[str, str]
    ) -> Shown:
        """What the run has of a table."""
        relation = tables[table.name]
        columns = _columns(con, relation)
        rows = int(con.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])  # noqa: S608 - a relation of the caller
        joins = _parents_columns(con, table, laws, tables, columns)
        joins += _childrens_flags(con, table, laws, tables, columns)
        if not joins:
            return Shown(relation, columns, frozenset(), relation, rows)
        brought = ", ".join(f"{sql} AS {quoted(name)}" for found, _ in joins for name, sql in found)
        joined = " ".join(join for _, join in joins)
        source = f"(SELECT c.*, {brought} FROM {relation} AS c {joined})"  # noqa: S608
        names = frozenset(name for found, _ in joins for name, _ in found)
        return Shown(relation, columns, names, source, rows)


def same(pairs: Sequence[tuple[str, str]]) -> str:
    """The condition that a row c of a child belongs to a row p: own columns, those of the table."""
    return " AND ".join(f"p.{quoted(theirs)} = c.{quoted(own)}" for own, theirs in pairs)


def whole(columns: Iterable[str], alias: str) -> str:
    """One or several columns of a relation as one value."""
    named = [f"{alias}.{quoted(c)}" for c in columns]
    return named[0] if len(named) == 1 else f"({', '.join(named)})"


Join = tuple[list[tuple[str, str]], str]
"""Hidden columns with their SQL, and the join that brings them."""


def _parents_columns(
    con: Con,
    table: TableLaws,
    laws: Mapping[str, TableLaws],
    tables: Mapping[str, str],
    columns: frozenset[str],
) -> list[Join]:
    """Hidden copies of what the parent shows."""
    above = laws.get(str(table.parent))
    own, theirs = ({pair[i] for pair in table.main} for i in (0, 1))
    if above is None or above.name not in tables or not own or not own <= columns:
        return []
    there = _columns(con, tables[above.name])
    hidden = [(c, str(table.columns[c]["column"])) for c in table.copies if c not in columns]
    copies = [(c, f"p.{quoted(source)}") for c, source in hidden if source in there]
    if not copies or not theirs <= there:
        return []
    return [(copies, f"LEFT JOIN {tables[above.name]} AS p ON {same(table.main)}")]


def _childrens_flags(
    con: Con,
    table: TableLaws,
    laws: Mapping[str, TableLaws],
    tables: Mapping[str, str],
    columns: frozenset[str],
) -> list[Join]:
    """Hidden flags, by the children that stand for them: 1 where there is one."""
    out: list[Join] = []
    known: set[str] = set()
    for child in laws.values():
        hidden = [f for f in child.flags if f not in columns and f not in known]
        if child.parent != table.name or child.name not in tables or not hidden:
            continue
        chosen = telling(child, _columns(con, tables[child.name]))
        if chosen is None or not {theirs for _, theirs in child.main} <= columns:
            continue
        known.update(hidden)
        labels, alias = child.columns[chosen]["labels"], quoted(f"of {child.name}")
        value = f"CAST({quoted(chosen)} AS VARCHAR)"
        flags = ", ".join(
            f"CAST(bool_or({value} = {string(text_of(labels[f]))}) AS INTEGER) AS {quoted(f)}"
            for f in hidden
        )
        key = whole((own for own, _ in child.main), "t")
        rows = f"(SELECT {key} AS k, {flags} FROM {tables[child.name]} AS t GROUP BY k)"  # noqa: S608
        mine = whole((theirs for _, theirs in child.main), "c")
        join = f"LEFT JOIN {rows} AS {alias} ON {alias}.k = {mine}"
        out.append(([(f, f"coalesce({alias}.{quoted(f)}, 0)") for f in hidden], join))
    return out


def telling(child: TableLaws, columns: frozenset[str]) -> str | None:
    """A column of 'each' rows that tells which flag each stands for."""
    if not child.main or not {own for own, _ in child.main} <= columns:
        return None
    for name in child.of("chosen"):
        values = [text_of(v) for v in child.columns[name]["labels"].values()]
        if name in columns and len(set(values)) == len(values):
            return name
    return None


def _columns(con: Con, relation: str) -> frozenset[str]:
    found = con.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608
    return frozenset(row[0] for row in found)


def row_checks(
    con: Con, table: TableLaws, laws: Mapping[str, TableLaws], shown: Mapping[str, Shown]
) -> Iterator[Check]:
    """What must always hold of a table."""
    own = shown[table.name]
    if table.parent is None or own.rows:
        yield Check(table.name, "", "rows", "at least 1", f"{own.rows:,}", own.rows > 0)
    for name, spec in table.columns.items():
        if name not in own.columns and not spec.get("hidden"):
            yield Check(table.name, name, "column", "a column", "no column", False)
    yield from _expressions(con, table, own)
    yield from _constants(con, table, own)
    if table.flags:
        yield from _each(con, table, laws, shown)


def count_of(con: Con, query: str) -> int:
    """The number that a query gives."""
    return int(con.execute(query).fetchall()[0][0])


def told(table: str, column: str, check: str, expected: str, wrong: int) -> Check:
    """A check that holds where no row breaks it."""
    return Check(table, column, check, expected, f"{wrong:,} rows break it", wrong == 0)


def _expressions(con: Con, table: TableLaws, own: Shown) -> Iterator[Check]:
    known = {c.lower(): c for c in own.columns | own.copies}
    for name in table.of("expression"):
        tree = check_expression(str(table.columns[name]["sql"]), DRAWS)
        drawn = [n for n in tree.find_all(exp.Anonymous) if n.name.lower() in DRAWS]
        above = [n for n in tree.find_all(exp.Column) if n.table]
        read = [n.name.lower() for n in (*tree.find_all(exp.Column), *drawn)]
        if name not in own.columns:
            continue
        if drawn or above or any(r not in known for r in read):
            yield Check(table.name, name, "expression", "", "depends on hidden columns", None)
            continue
        given = table.columns[name].get("sql_type")
        length, null = (table.columns[name].get(key) for key in ("length", "null_share"))
        sql = text(tree) if length is None else f"left(CAST({text(tree)} AS VARCHAR), {length})"
        made = f"CAST({sql} AS {given})" if given else sql
        some = f"{quoted(name)} IS NOT NULL AND" if null else ""
        query = (
            f"SELECT count(*) FROM {own.source} "  # noqa: S608 - checked by the allow-list
            f"WHERE {some} ({made}) IS DISTINCT FROM {quoted(name)}"
        )
        yield told(table.name, name, "expression", "what its SQL gives", count_of(con, query))


def _constants(con: Con, table: TableLaws, own: Shown) -> Iterator[Check]:
    for name in table.of("constant"):
        if name in table.drawn or name not in own.columns:
            continue
        kind = table.kinds[name]
        value = getattr(kind, "value", None)
        wanted = "NULL" if value is None else f"CAST({string(value)} AS {kind.type})"
        query = (
            f"SELECT count(*) FROM {own.relation} "  # noqa: S608
            f"WHERE {quoted(name)} IS DISTINCT FROM {wanted}"
        )
        yield told(table.name, name, "values", str(value), count_of(con, query))


def _each(
    con: Con, table: TableLaws, laws: Mapping[str, TableLaws], shown: Mapping[str, Shown]
) -> Iterator[Check]:
    """A row for each flag that is set, and none else."""
    own, above = shown[table.name], shown.get(str(table.parent))
    mine, theirs = ([pair[i] for pair in table.main] for i in (0, 1))
    needed = {*table.flags, *theirs}
    first = telling(table, own.columns)
    if above is not None and first is not None and not needed <= above.columns:
        yield _once(con, table, own, first)
        return
    if above is None or not set(mine) <= own.columns or not needed <= above.columns:
        yield Check(table.name, "", "each", "", "the parent does not show its flags", None)
        return
    labels = table.columns[first]["labels"] if first else {}
    wanted = " UNION ALL ".join(
        f"SELECT {whole(theirs, 'p')} AS k, {string(text_of(labels.get(flag, '')))} AS v "  # noqa: S608
        f"FROM {above.relation} AS p WHERE p.{quoted(flag)} = 1"
        for flag in table.flags
    )
    value = f"CAST(c.{quoted(first)} AS VARCHAR)" if first else "''"
    found = f"SELECT {whole(mine, 'c')} AS k, {value} AS v FROM {own.relation} AS c"  # noqa: S608
    query = (
        f"SELECT coalesce(sum(abs(n)), 0) FROM (SELECT k, v, sum(d) AS n FROM "  # noqa: S608
        f"(SELECT k, v, 1 AS d FROM ({wanted}) UNION ALL SELECT k, v, -1 FROM ({found})) "
        f"GROUP BY k, v)"
    )
    each = "a row for each flag that is set"
    yield told(table.name, first or "", "each", each, count_of(con, query))


def _once(con: Con, table: TableLaws, own: Shown, chosen: str) -> Check:
    """Where the flags are hidden: no flag twice, and none that is not there."""
    key = ", ".join(quoted(own) for own, _ in table.main)
    value = f"CAST({quoted(chosen)} AS VARCHAR)"
    labels = ", ".join(string(text_of(v)) for v in table.columns[chosen]["labels"].values())
    query = (
        f"SELECT count(*) - count(DISTINCT ({key}, {value})) "  # noqa: S608
        f"+ count(*) FILTER (({value} IN ({labels})) IS NOT TRUE) FROM {own.relation}"
    )
    once = "each flag once for a row of the parent"
    return told(table.name, chosen, "each", once, count_of(con, query))
