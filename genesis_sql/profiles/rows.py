"""What holds in every row of a run: keys, references, copies, flags, expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    above, own = laws.get(str(table.parent)), table.parent_key
    if above is None or above.name not in tables or own not in columns:
        return []
    there = _columns(con, tables[above.name])
    hidden = [(c, str(table.columns[c]["column"])) for c in table.of("parent") if c not in columns]
    copies = [(c, f"p.{quoted(source)}") for c, source in hidden if source in there]
    if not copies or above.key not in there:
        return []
    on = f"p.{quoted(above.key)} = c.{quoted(own)}"
    return [(copies, f"LEFT JOIN {tables[above.name]} AS p ON {on}")]


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
        if chosen is None or table.key not in columns:
            continue
        known.update(hidden)
        labels, alias = child.columns[chosen]["labels"], quoted(f"of {child.name}")
        value = f"CAST({quoted(chosen)} AS VARCHAR)"
        flags = ", ".join(
            f"CAST(bool_or({value} = {string(text_of(labels[f]))}) AS INTEGER) AS {quoted(f)}"
            for f in hidden
        )
        key = quoted(str(child.parent_key))
        rows = f"(SELECT {key} AS k, {flags} FROM {tables[child.name]} GROUP BY k)"  # noqa: S608
        join = f"LEFT JOIN {rows} AS {alias} ON {alias}.k = c.{quoted(str(table.key))}"
        out.append(([(f, f"coalesce({alias}.{quoted(f)}, 0)") for f in hidden], join))
    return out


def telling(child: TableLaws, columns: frozenset[str]) -> str | None:
    """A column of 'each' rows that tells which flag each stands for."""
    if child.parent_key not in columns:
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
    for name in table.of("key"):
        if name in own.columns:
            yield _unique(con, table, own, name)
    for name, above, key in _references(table, laws):
        if name in own.columns and above in shown and key in shown[above].columns:
            yield _resolves(con, table, own, name, shown[above], key)
    yield from _copies(con, table, laws, shown)
    yield from _expressions(con, table, own)
    yield from _constants(con, table, own)
    if table.flags:
        yield from _each(con, table, laws, shown)


def _count(con: Con, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])


def _told(table: str, column: str, check: str, expected: str, wrong: int) -> Check:
    return Check(table, column, check, expected, f"{wrong:,} rows break it", wrong == 0)


def _unique(con: Con, table: TableLaws, own: Shown, name: str) -> Check:
    query = f"SELECT count(*) - count(DISTINCT {quoted(name)}) FROM {own.relation}"  # noqa: S608
    return _told(table.name, name, "unique", "a different one in each row", _count(con, query))


def _references(table: TableLaws, laws: Mapping[str, TableLaws]) -> list[tuple[str, str, str]]:
    found = [(c, str(table.columns[c]["table"])) for c in table.of("reference")]
    if table.parent is not None and table.parent_key is not None:
        found.append((table.parent_key, table.parent))
    return [(c, above, str(laws[above].key)) for c, above in found]


def _resolves(con: Con, table: TableLaws, own: Shown, name: str, above: Shown, key: str) -> Check:
    null = "" if table.columns[name].get("null_share") else f"c.{quoted(name)} IS NULL OR "
    query = (
        f"SELECT count(*) FROM {own.relation} AS c WHERE {null}c.{quoted(name)} NOT IN "  # noqa: S608
        f"(SELECT p.{quoted(key)} FROM {above.relation} AS p WHERE p.{quoted(key)} IS NOT NULL)"
    )
    return _told(table.name, name, "reference", "a row it refers to", _count(con, query))


def _copies(
    con: Con, table: TableLaws, laws: Mapping[str, TableLaws], shown: Mapping[str, Shown]
) -> Iterator[Check]:
    own, above = shown[table.name], shown.get(str(table.parent))
    if above is None or table.parent_key not in own.columns:
        return
    key = str(laws[str(table.parent)].key)
    for name in table.of("parent"):
        source = str(table.columns[name]["column"])
        if name == table.parent_key or name not in own.columns or source not in above.columns:
            continue
        query = (
            f"SELECT count(*) FROM {own.relation} AS c JOIN {above.relation} AS p "  # noqa: S608
            f"ON p.{quoted(key)} = c.{quoted(str(table.parent_key))} "
            f"WHERE c.{quoted(name)} IS DISTINCT FROM p.{quoted(source)}"
        )
        yield _told(table.name, name, "copy", "its parent's value", _count(con, query))


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
        made = f"CAST({text(tree)} AS {given})" if given else text(tree)
        query = (
            f"SELECT count(*) FROM {own.source} "  # noqa: S608 - checked by the allow-list
            f"WHERE ({made}) IS DISTINCT FROM {quoted(name)}"
        )
        yield _told(table.name, name, "expression", "what its SQL gives", _count(con, query))


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
        yield _told(table.name, name, "values", str(value), _count(con, query))


def _each(
    con: Con, table: TableLaws, laws: Mapping[str, TableLaws], shown: Mapping[str, Shown]
) -> Iterator[Check]:
    """A row for each flag that is set, and none else."""
    own, above = shown[table.name], shown.get(str(table.parent))
    key = laws[str(table.parent)].key
    needed = {*table.flags, str(key)}
    first = telling(table, own.columns)
    if above is not None and first is not None and not needed <= above.columns:
        yield _once(con, table, own, first)
        return
    if above is None or table.parent_key not in own.columns or not needed <= above.columns:
        yield Check(table.name, "", "each", "", "the parent does not show its flags", None)
        return
    k = quoted(str(key))
    labels = table.columns[first]["labels"] if first else {}
    wanted = " UNION ALL ".join(
        f"SELECT p.{k} AS k, {string(text_of(labels.get(flag, '')))} AS v "  # noqa: S608
        f"FROM {above.relation} AS p WHERE p.{quoted(flag)} = 1"
        for flag in table.flags
    )
    value = f"CAST(c.{quoted(first)} AS VARCHAR)" if first else "''"
    found = f"SELECT c.{quoted(table.parent_key)} AS k, {value} AS v FROM {own.relation} AS c"  # noqa: S608
    query = (
        f"SELECT coalesce(sum(abs(n)), 0) FROM (SELECT k, v, sum(d) AS n FROM "  # noqa: S608
        f"(SELECT k, v, 1 AS d FROM ({wanted}) UNION ALL SELECT k, v, -1 FROM ({found})) "
        f"GROUP BY k, v)"
    )
    told = "a row for each flag that is set"
    yield _told(table.name, first or "", "each", told, _count(con, query))


def _once(con: Con, table: TableLaws, own: Shown, chosen: str) -> Check:
    """Where the flags are hidden: no flag twice, and none that is not there."""
    key, value = quoted(str(table.parent_key)), f"CAST({quoted(chosen)} AS VARCHAR)"
    labels = ", ".join(string(text_of(v)) for v in table.columns[chosen]["labels"].values())
    query = (
        f"SELECT count(*) - count(DISTINCT ({key}, {value})) "  # noqa: S608
        f"+ count(*) FILTER (({value} IN ({labels})) IS NOT TRUE) FROM {own.relation}"
    )
    told = "each flag once for a row of the parent"
    return _told(table.name, chosen, "each", told, _count(con, query))
