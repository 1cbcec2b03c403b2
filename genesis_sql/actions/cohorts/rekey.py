"""How the keys of cohorts are kept apart where their rows come together.

The first cohort keeps its keys. In each further one a whole number is moved behind those before it,
and so is the number that ends a text ('P0007'); another text gets the cohort's place behind it
('a7' and 'a7-2'), a UUID is made anew from both. What refers to a key is changed as the key is, by
the value alone, so that it still finds its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genesis_sql.actions.cohorts.tables import Held
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import CohortError
from genesis_sql.sqlbuild import qualified, quoted, string

WHOLE = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT",
)  # fmt: skip
_NUMBERED = r"^(.*?)(\d{1,18})$"
_PLACE = tuple[str, str]
"""Table and column."""


@dataclass(frozen=True)
class Move:
    """How one key column changes.

    Attributes:
        how: 'number', 'numbered text', 'text' or 'uuid'.
        type: of the column.
        by: what is added in each cohort; 0 in the first.
        stem: what stands before the number in every text.
    """

    how: str
    type: str
    by: tuple[int, ...] = ()
    stem: str = ""

    def sql(self, column: str, cohort: int) -> str:
        """The new value of a column (quoted) in one of the cohorts, from 0."""
        if cohort == 0:
            return column
        if self.how == "number":
            return f"CAST(CAST({column} AS HUGEINT) + {self.by[cohort]} AS {self.type})"
        if self.how == "numbered text":
            digits = f"substr({column}, {len(self.stem) + 1})"
            moved = f"CAST(CAST({digits} AS BIGINT) + {self.by[cohort]} AS VARCHAR)"
            wide = f"greatest(strlen({digits}), strlen({moved}))"
            return f"{string(self.stem)} || lpad({moved}, CAST({wide} AS INTEGER), '0')"
        if self.how == "uuid":
            return f"CAST(md5('{cohort + 1}:' || CAST({column} AS VARCHAR)) AS UUID)"
        return f"{column} || '-{cohort + 1}'"


def moves(ws: Workspace, tables: Sequence[Held], schemas: Sequence[str]) -> dict[_PLACE, Move]:
    """How every key, and what refers to it, changes.

    Args:
        ws: where.
        tables: of the first cohort, parents first; the others have the same.
        schemas: of all cohorts.

    Raises:
        CohortError: a key is of a type that cannot be told apart.
    """
    found: dict[_PLACE, Move] = {}
    for table in tables:
        _follow(table, found)
        for key in _keys(table, tables):
            if any((table.name, c) in found for c in key):
                continue
            if key != table.keys.primary and not _shared(ws, table.name, key, schemas):
                continue
            place = (table.name, key[0])
            found[place] = _move(ws, table, key[0], schemas)
        _follow(table, found)
    for table in tables:  # keys whose parents stand behind
        _follow(table, found)
    return found


def _follow(table: Held, found: dict[_PLACE, Move]) -> None:
    """What refers to a key changes as the key does."""
    for key in table.foreign:
        for own, theirs in zip(key.columns, key.parent_columns, strict=True):
            if (key.parent, theirs) in found:
                found.setdefault((table.name, own), found[key.parent, theirs])


def _keys(table: Held, tables: Sequence[Held]) -> list[tuple[str, ...]]:
    """Sets of columns that name a row: declared, or referred to."""
    referred = [k.parent_columns for t in tables for k in t.foreign if k.parent == table.name]
    return list(dict.fromkeys(k for k in (table.keys.primary, *table.keys.unique, *referred) if k))


def _shared(ws: Workspace, table: str, key: tuple[str, ...], schemas: Sequence[str]) -> bool:
    """Whether two cohorts have a row of the same key."""
    columns = ", ".join(map(quoted, key))
    parts = [
        f"SELECT DISTINCT {columns} FROM {qualified(ws.database, s, table)}"  # noqa: S608 - quoted names
        for s in schemas
    ]
    nulls = " AND ".join(f"{quoted(c)} IS NOT NULL" for c in key)
    whole = " UNION ALL ".join(f"({p})" for p in parts)
    query = f"SELECT 1 FROM ({whole}) WHERE {nulls} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
    return bool(ws.con.execute(query).fetchall())


def _move(ws: Workspace, table: Held, column: str, schemas: Sequence[str]) -> Move:
    kind = next(c.type for c in table.columns if c.name == column)
    sources = [qualified(ws.database, s, table.name) for s in schemas]
    if kind in WHOLE or (kind.startswith("DECIMAL") and kind.endswith(",0)")):
        spans = [_span(ws, source, quoted(column)) for source in sources]
        return Move("number", kind, _offsets(spans))
    if kind == "VARCHAR":
        numbered = [_numbered(ws, source, quoted(column)) for source in sources]
        stems = {stem for n in numbered if n is not None for stem in n[0]}
        if all(n is not None for n in numbered) and len(stems) <= 1:
            by = _offsets([n[1] for n in numbered if n is not None])
            return Move("numbered text", kind, by, next(iter(stems), ""))
        return Move("text", kind)
    if kind == "UUID":
        return Move("uuid", kind)
    message = (
        f"cohorts cannot be merged: the key of table '{table.name}' is '{column}' of type {kind}, "
        f"and two rows of one key could not be told apart; give it a key of numbers or texts"
    )
    raise CohortError(message)


_Span = tuple[int, int] | None
"""The least and the greatest number; None where there is no row."""


def _span(ws: Workspace, source: str, value: str) -> _Span:
    query = f"SELECT CAST(min({value}) AS HUGEINT), CAST(max({value}) AS HUGEINT) FROM {source}"  # noqa: S608 - quoted names
    low, high = ws.con.execute(query).fetchall()[0]
    return None if low is None else (int(low), int(high))


def _numbered(ws: Workspace, source: str, column: str) -> tuple[set[str], _Span] | None:
    """The stems and numbers of texts that all end in one; None where one does not."""
    pattern = string(_NUMBERED)
    query = (
        f"SELECT bool_and(regexp_full_match(c, {pattern})), min(stem), max(stem), "  # noqa: S608 - quoted names
        f"min(number), max(number) FROM (SELECT {column} AS c, "
        f"regexp_extract({column}, {pattern}, 1) AS stem, "
        f"TRY_CAST(regexp_extract({column}, {pattern}, 2) AS HUGEINT) AS number FROM {source} "
        f"WHERE {column} IS NOT NULL)"
    )
    fits, first, last, low, high = ws.con.execute(query).fetchall()[0]
    if fits is None:
        return set(), None
    return ({first, last}, (int(low), int(high))) if fits else None


def _offsets(spans: Sequence[_Span]) -> tuple[int, ...]:
    """What is added to the numbers of each cohort so that none meet.

    Example:
        >>> _offsets([(0, 9), (0, 4), None, (3, 5)])
        (0, 10, 0, 12)
    """
    out, most = list[int](), None
    for span in spans:
        by = 0 if span is None or most is None else max(most + 1 - span[0], 0)
        out.append(by)
        if span is not None:
            most = max(span[1] + by, span[1] if most is None else most)
    return tuple(out)


def select_list(table: Held, moved: Mapping[_PLACE, Move], cohort: int) -> str:
    """The columns of a table as they are in one of the cohorts after the merge."""
    out = []
    for c in table.columns:
        move = moved.get((table.name, c.name))
        out.append(quoted(c.name) if move is None else move.sql(quoted(c.name), cohort))
    return ", ".join(out)
