"""What a run holds of a column: counts by law and value, out of one aggregate each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from sqlglot import exp

from genesis_sql.profiles.draws import Drawn
from genesis_sql.profiles.laws import Slots
from genesis_sql.profiles.when import Axis
from genesis_sql.program.domain import Categories, Domain, Grid
from genesis_sql.program.sql_cells import cut, route
from genesis_sql.program.steps import Tree
from genesis_sql.sqlbuild import column, quoted, string, text

MOST_EDGES = 1_000
PARTS = 256
"""Into so many parts a law would be cut that is one slot."""


@dataclass(frozen=True, eq=False)
class Seen:
    """The rows that one law has drawn.

    Attributes:
        law: which.
        rows: how many.
        nulls: of these without a value.
        counts: of labels, by code; of numbers, between the edges.
        strange: values that are no label.
    """

    law: Slots
    rows: int
    nulls: int
    counts: np.ndarray
    strange: int = 0


def raw_sql(name: str, kind: Domain) -> str:
    """SQL of a number as its column counts it: on its grid, or as it is."""
    field = quoted(name)
    if not isinstance(kind, Grid):
        return f"CAST({field} AS DOUBLE)"
    if kind.type == "DATE":
        return f"CAST({field} - DATE '1970-01-01' AS BIGINT)"
    if kind.type.startswith("TIME"):
        plain = "TIMESTAMP" if kind.type.startswith("TIMESTAMP") else "TIME"
        return f"CAST(epoch(CAST({field} AS {plain})) AS BIGINT)"
    return f"CAST(round(CAST({field} AS DOUBLE) * {10.0**kind.scale!r}) AS BIGINT)"


def code_sql(name: str, axis: Axis) -> str:
    """SQL of the code that a tree sees of a column."""
    if axis.edges is not None:
        value = exp.Paren(this=exp.maybe_parse(raw_sql(name, axis.kind), dialect="duckdb"))
        return text(cut(value, axis.edges))
    labels = axis.kind.labels if isinstance(axis.kind, Categories) else ()
    cases = " ".join(f"WHEN {string(label)} THEN {i + 1}" for i, label in enumerate(labels))
    return f"CASE CAST({quoted(name)} AS VARCHAR) {cases} ELSE 0 END" if labels else "0"


def law_sql(drawn: Drawn, axes: Mapping[str, Axis], tree: Tree, source: str) -> str:
    """A SELECT of the value and the number of its law, of every row of a source."""
    many = range(len(drawn.inputs))
    codes = [f'{code_sql(drawn.inputs[i], axes[drawn.inputs[i]])} AS "#code {i}"' for i in many]
    value = quoted(drawn.name)
    cell = text(route(tree, [column(f"#code {i}") for i in many], np.arange(tree.leaves)))
    inner = f"SELECT {', '.join([value, *codes])} FROM {source}"  # noqa: S608 - quoted names, a relation of the caller
    return f'SELECT {value}, {cell} AS "#law" FROM ({inner})'  # noqa: S608


def edges_of(laws: Sequence[Slots]) -> np.ndarray:
    """Where the distribution functions of some laws are compared: ends of their slots."""
    whole = all(s.low.dtype.kind == "i" for s in laws if len(s.low))
    some = [s for s in laws if len(s.low)]
    if not some:
        return np.zeros(0)
    bounds = np.unique([end for s in some for end in bounds_of(s)])
    found = np.unique(np.concatenate([_inner(s, whole=whole) for s in some]))
    if len(found) > MOST_EDGES:
        found = found[np.linspace(0, len(found) - 1, MOST_EDGES).astype(int)]
    return np.union1d(found, bounds)


def _inner(law: Slots, *, whole: bool) -> np.ndarray:
    """Edges at the ends of a law's slots, and inside those that hold much of it."""
    parts = np.maximum(np.ceil(law.weight * PARTS), 1)
    parts = np.minimum(parts, law.width if whole else np.where(law.width > 0, parts, 1)).astype(int)
    slot = np.repeat(np.arange(len(parts)), parts + 1)
    place = np.arange(len(slot)) - np.repeat(np.cumsum(parts + 1) - parts - 1, parts + 1)
    if whole:
        return np.asarray(law.low[slot] - 1 + law.width[slot] * place // parts[slot])
    return np.asarray(law.low[slot] + law.width[slot] * (place / parts[slot]))


def bounds_of(law: Slots) -> tuple[float, float]:
    """An edge just below the first value of a law, and its last value."""
    if law.low.dtype.kind == "i":
        return int(law.low.min()) - 1, int((law.low + law.width - 1).max())
    return math.nextafter(float(law.low.min()), -math.inf), float((law.low + law.width).max())


def labels_seen(
    con: duckdb.DuckDBPyConnection, drawn: Drawn, laws: Sequence[Slots], select: str
) -> list[Seen]:
    """Counts of labels by law."""
    kind = drawn.kind
    labels = kind.labels if isinstance(kind, Categories) else ("0", "1")
    code = {label: i for i, label in enumerate(labels)}
    value = raw_sql(drawn.name, kind) if isinstance(kind, Grid) else quoted(drawn.name)
    query = f'SELECT "#law", CAST({value} AS VARCHAR), count(*) FROM ({select}) GROUP BY ALL'  # noqa: S608
    counts = {i: np.zeros(len(labels), np.int64) for i in range(len(laws))}
    nulls, strange = dict.fromkeys(counts, 0), dict.fromkeys(counts, 0)
    for law, value, count in con.execute(query).fetchall():
        if value is None:
            nulls[law] += count
        elif value in code:
            counts[law][code[value]] += count
        else:
            strange[law] += count
    return [
        Seen(s, int(counts[i].sum()) + nulls[i] + strange[i], nulls[i], counts[i], strange[i])
        for i, s in enumerate(laws)
    ]


def numbers_seen(
    con: duckdb.DuckDBPyConnection,
    drawn: Drawn,
    laws: Sequence[Slots],
    select: str,
    edges: np.ndarray,
) -> list[Seen]:
    """Counts of numbers up to each edge, by law; those above the last edge come last."""
    value = raw_sql(drawn.name, drawn.kind)
    query = (
        'SELECT "#law", count(*), count(v), histogram(CAST(v AS DOUBLE), $edges) '  # noqa: S608
        f'FROM (SELECT "#law", {value} AS v FROM ({select})) GROUP BY "#law"'
    )
    bounds = [float(e) for e in edges] or [0.0]
    found = {
        law: (rows, known, held)
        for law, rows, known, held in con.execute(query, {"edges": bounds}).fetchall()
    }
    out = []
    for i, law in enumerate(laws):
        rows, known, held = found.get(i, (0, 0, {}))
        counts = np.array([(held or {}).get(b, 0) for b in bounds])
        out.append(Seen(law, rows, rows - known, np.r_[counts, known - counts.sum()]))
    return out
