"""Rows as numbers for the classifiers: what they see of a table, and a sample of it by a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from genesis_sql.evaluate.sides import LABEL, measured
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import Role, Table

MOST_CODES = 250
"""Labels that are told apart, the commonest ones; the classifiers take at most 255."""

_FURTHEST = "1e300"
"""Infinite numbers become this: scikit-learn refuses them."""

_DRAW = """
SELECT $names FROM (
  SELECT $names, unnest(range("#n")) AS "#i" FROM (
    SELECT $columns, count(*) AS "#n" FROM $source GROUP BY ALL))
ORDER BY hash(concat(hash($names), '/', "#i", '/', $salt)), $names
LIMIT $rows
"""


@dataclass(frozen=True)
class Feature:
    """One number or label that a classifier sees of a row.

    Attributes:
        column: whom it is told of: three features of a moment are one column.
        sql: DOUBLE, or VARCHAR of a label.
        label: whether its codes have no order.
    """

    column: str
    sql: str
    label: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one side, a column of values for each feature.

    Attributes:
        features: what the columns are.
        values: DOUBLE with NaN for NULL, or texts with None.
        families: a number for each row, equal for rows that share a parent; None without parents.
    """

    features: tuple[Feature, ...]
    values: tuple[np.ndarray, ...]
    families: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values[0])

    def first(self, rows: int) -> Rows:
        """The first of them: they lie in the order of the draw, so that is a smaller sample."""
        families = None if self.families is None else self.families[:rows]
        return Rows(self.features, tuple(v[:rows] for v in self.values), families)

    def at(self, rows: np.ndarray) -> Rows:
        """Some of them, by index or by a mask."""
        families = None if self.families is None else self.families[rows]
        return Rows(self.features, tuple(v[rows] for v in self.values), families)

    def of(self, column: str) -> np.ndarray:
        """The values of the first feature of a column."""
        return self.values[next(i for i, f in enumerate(self.features) if f.column == column)]

    def without(self, column: str) -> Rows:
        """All features but those of one column."""
        kept = [i for i, f in enumerate(self.features) if f.column != column]
        values = tuple(self.values[i] for i in kept)
        return Rows(tuple(self.features[i] for i in kept), values, self.families)


def features_of(table: Table, alias: str = "", prefix: str = "") -> tuple[Feature, ...]:
    """Numbers as they are, moments as seconds with weekday and hour, labels as texts.

    Args:
        table: of the graph.
        alias: what its rows are called in the query.
        prefix: before the names that are told.
    """
    out: list[Feature] = []
    for name, kind in measured(table).items():
        sql = f"{quoted(alias)}.{quoted(name)}" if alias else quoted(name)
        role = table.column(name).role
        shown = f"{prefix}{name}"
        if kind == LABEL:
            out.append(Feature(shown, f"CAST({sql} AS VARCHAR)", label=True))
            continue
        out.append(Feature(shown, number_sql(sql, role), label=False))
        if role in (Role.DATE, Role.TIMESTAMP):
            moment = f"CAST({sql} AS TIMESTAMP)"
            out.append(Feature(shown, f"CAST(dayofweek({moment}) AS VARCHAR)", label=True))
        if role is Role.TIMESTAMP:
            out.append(Feature(shown, f"CAST(hour({moment}) AS VARCHAR)", label=True))
    return tuple(out)


def number_sql(sql: str, role: Role) -> str:
    """A number or moment (in seconds) as a finite DOUBLE; NaN and infinite moments are NULL.

    Example:
        >>> number_sql('"a"', Role.DATE)
        'epoch(CAST("a" AS TIMESTAMP))'
    """
    if role in (Role.DATE, Role.TIMESTAMP):
        return f"epoch(CAST({sql} AS TIMESTAMP))"
    if role is Role.TIME:
        return f"epoch(CAST({sql} AS TIME))"
    number = f"CAST({sql} AS DOUBLE)"
    if role is Role.INTEGER:
        return number
    kept = f"greatest(least({number}, {_FURTHEST}), -{_FURTHEST})"
    return f"CASE WHEN isnan({number}) THEN NULL ELSE {kept} END"


def draw(
    con: duckdb.DuckDBPyConnection,
    source: str,
    features: Sequence[Feature],
    rows: int,
    salt: str,
    family: str | None = None,
) -> Rows:
    """At most so many rows of a table, in an order that hashes of their contents give.

    Equal rows have equal hashes, so each repetition is numbered: without that a sample of a table
    of few different rows would hold one of them only. The order in which rows are stored plays no
    role, nor do threads.

    Args:
        con: an open connection or cursor.
        source: SQL text behind FROM.
        features: at least one.
        rows: at most.
        salt: two sides that share rows need two, or their samples would share them, too.
        family: SQL of a number that rows of one parent share.
    """
    names = [f"f{i}" for i in range(len(features))] + (["family"] if family else [])
    sqls = [f.sql for f in features] + ([family] if family else [])
    found = ask_arrays(
        con,
        names=", ".join(names),
        columns=", ".join(f"{sql} AS {name}" for sql, name in zip(sqls, names, strict=True)),
        source=source,
        salt=string(salt),
        rows=str(rows),
    )
    values = tuple(filled(found[n], label=f.label) for n, f in zip(names, features, strict=False))
    families = np.asarray(found["family"]) if family else None
    return Rows(tuple(features), values, families)


def ask_arrays(con: duckdb.DuckDBPyConnection, **parts: str) -> dict[str, np.ndarray]:
    """The rows of the draw as NumPy arrays; what cannot be read is said as :func:`ask` does."""
    from string import Template

    text = Template(_DRAW).substitute(parts)
    try:
        return dict(con.execute(text).fetchnumpy())
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        ask(con, "SELECT * FROM ($text) LIMIT 0", about=f"the data of {parts['source']}", text=text)
        raise


def filled(values: np.ndarray, *, label: bool) -> np.ndarray:
    """NULL as None in texts and as NaN in numbers."""
    if label:
        texts = np.asarray(np.ma.getdata(values), object).copy()
        texts[np.ma.getmaskarray(values)] = None
        return texts
    return np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)


class Coder:
    """Labels -> codes, by what some rows hold."""

    def __init__(self, rows: Sequence[Rows]) -> None:
        """Number the commonest labels of each feature.

        Args:
            rows: of the same features.
        """
        self.features = rows[0].features
        self.codes: list[dict[str, int]] = []
        for at, feature in enumerate(self.features):
            if not feature.label:
                self.codes.append({})
                continue
            counts: Counter[str | None] = Counter()
            for part in rows:
                counts.update(part.values[at].tolist())
            labels = [v for v in counts if v is not None]
            common = sorted(labels, key=lambda v: (-counts[v], v))[:MOST_CODES]
            self.codes.append({value: code for code, value in enumerate(common)})

    @property
    def categorical(self) -> np.ndarray:
        """Which features have codes."""
        return np.array([f.label for f in self.features], bool)

    def matrix(self, rows: Rows) -> np.ndarray:
        """DOUBLE (rows, features): labels that have no code of their own share one."""
        out = np.empty((len(rows), len(self.features)))
        for at, (values, codes) in enumerate(zip(rows.values, self.codes, strict=True)):
            if self.features[at].label:
                get = codes.get
                out[:, at] = [np.nan if v is None else get(v, MOST_CODES) for v in values.tolist()]
            else:
                out[:, at] = values
        return out
