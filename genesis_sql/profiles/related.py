"""What holds between the rows of a run: keys, references, copies, places, checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from genesis_sql.profiles.declared import checks_of, declared, is_nullable
from genesis_sql.profiles.rows import Con, Shown, count_of, same, told, whole
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.profiles.verdict import Check
from genesis_sql.sqlbuild import quoted

Laws = Mapping[str, TableLaws]
Pairs = tuple[tuple[str, str], ...]


def relation_checks(
    con: Con, table: TableLaws, laws: Laws, shown: Mapping[str, Shown]
) -> Iterator[Check]:
    """What must always hold of a table and those it refers to."""
    own = shown[table.name]
    for name in table.of("key"):
        if name in own.columns:
            yield _unique(con, table, own, name)
    for key in declared(table).keys:
        if set(key) <= own.columns and not (len(key) == 1 and key[0] in table.of("key")):
            yield _different(con, table, own, key)
    for pairs, above, optional in _references(table):
        there = above in shown and {theirs for _, theirs in pairs} <= shown[above].columns
        if there and {c for c, _ in pairs} <= own.columns:
            yield _resolves(con, table, pairs, own, shown[above], optional=optional)
    yield from _copies(con, table, shown)
    yield from _places(con, table, own)
    yield from _strict(con, table, own)
    yield from _checks(con, table, own)


def _unique(con: Con, table: TableLaws, own: Shown, name: str) -> Check:
    query = f"SELECT count(*) - count(DISTINCT {quoted(name)}) FROM {own.relation}"  # noqa: S608
    return told(table.name, name, "unique", "a different one in each row", count_of(con, query))


def _different(con: Con, table: TableLaws, own: Shown, key: tuple[str, ...]) -> Check:
    known = " AND ".join(f"t.{quoted(c)} IS NOT NULL" for c in key)
    query = (
        f"SELECT count(*) - count(DISTINCT {whole(key, 't')}) "  # noqa: S608 - quoted names
        f"FROM {own.relation} AS t WHERE {known}"
    )
    different = "different ones in each row"
    return told(table.name, ", ".join(key), "unique", different, count_of(con, query))


def _references(table: TableLaws) -> list[tuple[Pairs, str, bool]]:
    """Own columns and those they name, the table, whether they may be NULL."""
    found = [(law.whole, law.table, law.optional) for law in table.links.values()]
    if table.parent is not None and table.main:
        found.append((table.main, table.parent, False))
    return found


def _resolves(
    con: Con, table: TableLaws, pairs: Pairs, own: Shown, above: Shown, *, optional: bool
) -> Check:
    known = " AND ".join(f"c.{quoted(c)} IS NOT NULL" for c, _ in pairs) if optional else "true"
    query = (
        f"SELECT count(*) FROM {own.relation} AS c WHERE {known} AND NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM {above.relation} AS p WHERE {same(pairs)})"
    )
    names = ", ".join(c for c, _ in pairs)
    return told(table.name, names, "reference", "a row it refers to", count_of(con, query))


def _copies(con: Con, table: TableLaws, shown: Mapping[str, Shown]) -> Iterator[Check]:
    own = shown[table.name]
    for name in table.of("parent"):
        law, source = table.link_of(name), str(table.columns[name]["column"])
        pairs = table.main if law is None else law.whole
        above = shown.get(str(table.parent) if law is None else law.table)
        if above is None or not pairs or (name, source) in pairs:
            continue
        mine, theirs = ({pair[i] for pair in pairs} for i in (0, 1))
        if not {name, *mine} <= own.columns or not {source, *theirs} <= above.columns:
            continue
        query = (
            f"SELECT count(*) FROM {own.relation} AS c JOIN {above.relation} AS p "  # noqa: S608
            f"ON {same(pairs)} WHERE c.{quoted(name)} IS DISTINCT FROM p.{quoted(source)}"
        )
        whose = "its parent's value" if law is None else f"the value of its row of '{law.table}'"
        yield told(table.name, name, "copy", whose, count_of(con, query))


def _places(con: Con, table: TableLaws, own: Shown) -> Iterator[Check]:
    mine = [c for c, _ in table.main]
    for name in table.of("sibling"):
        if name not in own.columns or not set(mine) <= own.columns:
            continue
        base = int(table.columns[name].get("base", 1))
        place = f"row_number() OVER (PARTITION BY {whole(mine, 't')} ORDER BY t.{quoted(name)})"
        query = (
            f"SELECT count(*) FROM (SELECT t.{quoted(name)} AS v, {place} + {base - 1} AS w "  # noqa: S608
            f"FROM {own.relation} AS t) WHERE v IS DISTINCT FROM w"
        )
        numbered = f"{base:,}, {base + 1:,}, … of one parent"
        yield told(table.name, name, "place", numbered, count_of(con, query))


def _strict(con: Con, table: TableLaws, own: Shown) -> Iterator[Check]:
    for name, held in table.columns.items():
        if name in own.columns and "nullable" in held and not is_nullable(table, name):
            query = f"SELECT count(*) FROM {own.relation} WHERE {quoted(name)} IS NULL"  # noqa: S608
            yield told(table.name, name, "not null", "a value in each row", count_of(con, query))


def _checks(con: Con, table: TableLaws, own: Shown) -> Iterator[Check]:
    visible = {c for c, held in table.columns.items() if not held.get("hidden")}
    if not table.spec.get("checks") or not visible <= own.columns:
        return
    described = con.execute(f"DESCRIBE SELECT * FROM {own.relation}").fetchall()  # noqa: S608
    for sql in checks_of(table, {row[0]: row[1] for row in described}):
        query = f"SELECT count(*) FROM {own.relation} WHERE NOT ({sql})"  # noqa: S608 - of the allow-list
        yield told(table.name, "", "check", sql, count_of(con, query))
