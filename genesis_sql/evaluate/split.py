"""Which real rows are held out: a rule that can be written down, never a list of rows.

A row of a root is held out where the hash of its key says so, a child goes with its family, so that
nothing of a family that is held out is ever learnt from. The rule needs nothing but the data: the
same rows give the same two parts, on any machine and in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import duckdb

from genesis_sql.graph.keys import holds
from genesis_sql.graph.order import topological
from genesis_sql.sqlbuild import qualified, quoted, string
from genesis_sql.types import Graph, Relationship

SHARE = 80  # of 100 rows are learnt from
LEAST = 200  # a table of fewer rows is too small to hold some of them out
OVERLAP = 0.05  # a table of which more is in both parts tells nothing of rows held out
SALT = "genesis holdout"
WHOLE, PARTS, TRAIN, HOLDOUT = "whole", "parts", "train", "holdout"
"""Schemas of the scratch database."""
_ROW, _BUCKET = "#genesis: row", "#genesis: bucket"


@dataclass(frozen=True)
class Rule:
    """How the rows of a table are told apart.

    ``by`` is 'key' (hash of the key's columns), 'content' (hash of the row, and of its number
    among equal rows), 'parent' (with the row of ``of`` that it belongs to), 'children' (with the
    rows of ``of`` that refer to it), or 'shared' (all rows are in both parts).
    """

    table: str
    by: str
    columns: tuple[str, ...] = ()
    of: str = ""


@dataclass(frozen=True)
class Split:
    """What was split, and how.

    Attributes:
        rules: one for each table.
        rows: rows learnt from and rows held out, by table.
        shared: tables whose rows are in both parts, all or many of them.
    """

    rules: tuple[Rule, ...]
    rows: Mapping[str, tuple[int, int]]
    shared: frozenset[str]

    @property
    def record(self) -> dict[str, object]:
        """As the store keeps it."""
        return {"share": SHARE / 100, "salt": SALT, "rules": [asdict(r) for r in self.rules]}


def split(
    con: duckdb.DuckDBPyConnection,
    place: str,
    graph: Graph,
    sources: Mapping[str, str],
    main: Mapping[str, Relationship],
) -> Split:
    """Write the two parts of every table into the schemas `train` and `holdout` of a database.

    Args:
        con: a cursor outside any transaction.
        place: an attached database of one's own.
        graph: tables and keys.
        sources: what stands behind FROM for each table that is to be split.
        main: the key by which a table's rows belong to a family, where it has one.
    """
    for schema in (WHOLE, PARTS, TRAIN, HOLDOUT):
        con.execute(f"CREATE SCHEMA {qualified(place, schema)}")
    splitter = _Splitter(con, place, graph, sources, main)
    for name in splitter.names:
        splitter.whole(name)
    for name in splitter.names:
        splitter.part(name)
    splitter.complete()
    return splitter.write()


class _Splitter:
    """The statements of one split."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        place: str,
        graph: Graph,
        sources: Mapping[str, str],
        main: Mapping[str, Relationship],
    ) -> None:
        self.con, self.place, self.graph, self.main = con, place, graph, main
        self.sources = sources
        self.names = [n for n in topological(graph) if n in sources]
        self.keys = [
            r for r in graph.relationships if r.columns and {r.child, r.parent} <= set(self.names)
        ]
        self.rules: dict[str, Rule] = {}
        self.rows: dict[str, int] = {}

    def at(self, schema: str, table: str) -> str:
        return qualified(self.place, schema, table)

    def whole(self, name: str) -> None:
        """All rows with a number and a bucket from 0 to 99."""
        source, key = self.sources[name], self.graph.table(name).primary_key
        columns = [r[0] for r in self.con.execute(f"DESCRIBE FROM {source}").fetchall()]
        row = f"CAST(row({', '.join(map(quoted, key or columns))}) AS VARCHAR)"
        if not key:
            row = f"{row} || '#' || row_number() OVER (PARTITION BY {row})"
        bucket = f"CAST('0x' || md5({string(SALT)} || {row})[:7] AS BIGINT) % 100"
        self.con.execute(
            f"CREATE TABLE {self.at(WHOLE, name)} AS SELECT *, row_number() OVER () AS "  # noqa: S608 - quoted names
            f"{quoted(_ROW)}, {bucket} AS {quoted(_BUCKET)} FROM {source}"
        )
        found = self.con.execute(f"SELECT count(*) FROM {self.at(WHOLE, name)}")  # noqa: S608
        self.rows[name] = int(found.fetchall()[0][0])

    def part(self, name: str) -> None:
        """To which parts each row belongs."""
        rule = self.rules[name] = self._rule(name)
        own = f"c.{quoted(_BUCKET)} < {SHARE}"
        if rule.by == "shared":
            chosen, held, source = "TRUE", "TRUE", f"{self.at(WHOLE, name)} AS c"
        elif rule.by == "parent":
            chosen = f"coalesce(bool_or(p.train), any_value({own}))"
            held = f"coalesce(bool_or(p.holdout), NOT any_value({own}))"
            source = f"{self.at(WHOLE, name)} AS c LEFT JOIN ({self._above(self.main[name])}) AS p "
            source += f"ON {self._same(self.main[name])} GROUP BY c.{quoted(_ROW)}"
        else:
            chosen, held, source = own, f"NOT ({own})", f"{self.at(WHOLE, name)} AS c"
        self.con.execute(
            f"CREATE TABLE {self.at(PARTS, name)} AS SELECT c.{quoted(_ROW)} AS number, "  # noqa: S608
            f"{chosen} AS train, {held} AS holdout FROM {source}"
        )

    def _rule(self, name: str) -> Rule:
        table, key = self.graph.table(name), self.main.get(name)
        if table.verbatim or self.rows[name] < LEAST:
            return Rule(name, "shared")
        if key is not None and key.parent != name and self.rules[key.parent].by != "shared":
            return Rule(name, "parent", key.columns, key.parent)
        return Rule(name, "key" if table.primary_key else "content", table.primary_key)

    def _above(self, key: Relationship) -> str:
        columns = ", ".join(f"w.{quoted(c)}" for c in key.parent_columns)
        return (
            f"SELECT {columns}, m.train, m.holdout FROM {self.at(WHOLE, key.parent)} AS w "  # noqa: S608
            f"JOIN {self.at(PARTS, key.parent)} AS m ON m.number = w.{quoted(_ROW)}"
        )

    def _same(self, key: Relationship) -> str:
        pairs = zip(key.columns, key.parent_columns, strict=True)
        return " AND ".join(f"c.{quoted(a)} = p.{quoted(b)}" for a, b in pairs)

    def complete(self) -> None:
        """Rows that a part refers to belong to it, too.

        A table that only others refer to, none of whose children it heads, goes with those that
        refer to it; of any other one the rows that are missing are added.
        """
        heads = {k.parent for k in self.main.values()}
        for name in reversed(self.names):
            keys = [k for k in self.keys if k.parent == name and k.child != name and not k.cut]
            if self.rules[name].by in ("key", "content") and keys and name not in heads:
                self._with_children(name, keys)
        for _ in range(100):
            if not sum(self._borrow(k, side) for k in self.keys for side in (TRAIN, HOLDOUT)):
                return

    def _with_children(self, name: str, keys: list[Relationship]) -> None:
        self.rules[name] = Rule(name, "children", keys[0].parent_columns, keys[0].child)
        union = " UNION ALL ".join(self._referred(k, ("train", "holdout")) for k in keys)
        self.con.execute(
            f"UPDATE {self.at(PARTS, name)} AS m SET train = u.train, holdout = u.holdout FROM ("  # noqa: S608
            f"SELECT number, bool_or(train) AS train, bool_or(holdout) AS holdout FROM ({union}) "
            f"GROUP BY number) AS u WHERE u.number = m.number AND (u.train OR u.holdout)"
        )

    def _referred(self, key: Relationship, sides: tuple[str, ...]) -> str:
        """Numbers of the parent's rows that rows of the child refer to, with the child's parts."""
        shown = ", ".join(f"m.{side}" for side in sides)
        return (
            f"SELECT p.{quoted(_ROW)} AS number, {shown} FROM (SELECT * FROM "  # noqa: S608
            f"{self.at(WHOLE, key.child)} WHERE {holds(key.when) or 'TRUE'}) AS c "
            f"JOIN {self.at(PARTS, key.child)} AS m ON m.number = c.{quoted(_ROW)} "
            f"JOIN {self.at(WHOLE, key.parent)} AS p ON {self._same(key)}"
        )

    def _borrow(self, key: Relationship, side: str) -> int:
        """Add the parents that a side's rows refer to; how many were missing."""
        wanted = f"SELECT number FROM ({self._referred(key, (side,))}) WHERE {side}"  # noqa: S608
        done = self.con.execute(
            f"UPDATE {self.at(PARTS, key.parent)} SET {side} = TRUE "  # noqa: S608
            f"WHERE NOT {side} AND number IN ({wanted})"
        )
        return int(done.fetchall()[0][0])

    def write(self) -> Split:
        """The two parts as tables of their own."""
        counts, shared = {}, set()
        for name in self.names:
            for side in (TRAIN, HOLDOUT):
                self.con.execute(
                    f"CREATE TABLE {self.at(side, name)} AS SELECT w.* EXCLUDE ({quoted(_ROW)}, "  # noqa: S608
                    f"{quoted(_BUCKET)}) FROM {self.at(WHOLE, name)} AS w "
                    f"JOIN {self.at(PARTS, name)} AS m ON m.number = w.{quoted(_ROW)} "
                    f"WHERE m.{side} ORDER BY w.{quoted(_ROW)}"
                )
            train, held, both = self.con.execute(
                "SELECT count(*) FILTER (train), count(*) FILTER (holdout), "  # noqa: S608
                f"count(*) FILTER (train AND holdout) FROM {self.at(PARTS, name)}"
            ).fetchall()[0]
            counts[name] = (train, held)
            if both > OVERLAP * self.rows[name] or not held or not train:
                shared.add(name)
        for schema in (WHOLE, PARTS):
            self.con.execute(f"DROP SCHEMA {qualified(self.place, schema)} CASCADE")
        return Split(tuple(self.rules.values()), counts, frozenset(shared))
