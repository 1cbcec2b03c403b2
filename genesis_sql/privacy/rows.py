"""Rows of a table as numbers of one scale, so that distances between them are quickly told."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from genesis_sql.evaluate.sides import LABEL, MOMENT, NUMBER, Sides, measured
from genesis_sql.introspect.query import ask
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.types import Column, Role, Table

if TYPE_CHECKING:
    import pyarrow

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]

MOST = 100_000
"""Rows of a side that are looked at row by row; exact copies are counted over all rows."""
NULL = np.float32(1e6)
"""A missing number: at distance 0 of another one, at distance 1 of any value."""
FAR = 1e5
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT")
_NUMERIC = (*_WHOLE, "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a table, each column scaled so that differences of more than 1 count as 1.

    Gower's distance is then the mean over the columns of min(|difference|, 1): numbers and moments
    are divided by the range they have in the real rows, labels are whole codes
    (Gower 1971, Biometrics 27; missing values match one another).

    Attributes:
        names, kinds: of the columns.
        real, synthetic, holdout: float32 of shape (n, columns), in an order that depends only on
            the values and the seed; holdout is None where there is none.
        sizes: rows of real, synthetic and holdout before a sample was taken.
        seed: of further draws.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    real: Floats
    synthetic: Floats
    holdout: Floats | None
    sizes: tuple[int, int, int]
    seed: int

    def only(self, columns: Sequence[int]) -> Rows:
        """The same rows with some of their columns."""
        at = list(columns)
        return replace(
            self,
            names=tuple(self.names[i] for i in at),
            kinds=tuple(self.kinds[i] for i in at),
            real=np.ascontiguousarray(self.real[:, at]),
            synthetic=np.ascontiguousarray(self.synthetic[:, at]),
            holdout=None if self.holdout is None else np.ascontiguousarray(self.holdout[:, at]),
        )

    @cached_property
    def known(self) -> Floats:
        """All real rows: those learnt from, then those held out."""
        return self.real if self.holdout is None else np.vstack([self.real, self.holdout])


def side_sql(table: Table, source: str, columns: Mapping[str, str]) -> str:
    """A query of the columns c0, c1, … in one form on every side, whatever their types there."""
    known = {c.name: c for c in table.columns}
    parts = [
        f"{_cell(known[name], kind)} AS c{i}" for i, (name, kind) in enumerate(columns.items())
    ]
    return f"SELECT {', '.join(parts)} FROM {source}"  # noqa: S608 - quoted names


def _cell(column: Column, kind: str) -> str:
    """A column as DOUBLE (numbers, moments in microseconds) or VARCHAR (labels)."""
    name = quoted(column.name)
    if kind == NUMBER:
        return f"TRY_CAST({name} AS DOUBLE)"
    if kind == MOMENT and column.role is Role.TIME:
        return f"CAST(epoch_us(TRY_CAST({name} AS TIME)) AS DOUBLE)"
    if kind == MOMENT:
        moment = f"TRY_CAST({name} AS TIMESTAMP)"
        return f"CASE WHEN isfinite({moment}) THEN CAST(epoch_us({moment}) AS DOUBLE) END"
    if column.type == "BOOLEAN":
        return f"CAST(TRY_CAST({name} AS BOOLEAN) AS VARCHAR)"
    if column.type.partition("(")[0] in _NUMERIC:  # 1 here may be 1.0 there
        return f"CAST(TRY_CAST({name} AS DOUBLE) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"


def read_rows(sides: Sides, table: Table) -> Rows:
    """The rows of a table, at most `MOST` of each side."""
    columns = measured(table)
    sources = [sides.real[table.name], sides.synthetic[table.name]]
    if sides.holdout is not None and table.name not in sides.shared:
        sources.append(sides.holdout[table.name])
    frames = [_sample(sides, side_sql(table, s, columns), len(columns)) for s in sources]
    sizes = [*(_size(sides, s, table) for s in sources), 0]
    kinds = tuple(columns.values())
    parts = [_numbers(frames, i, kind) for i, kind in enumerate(kinds)]
    made = [
        np.ascontiguousarray(np.column_stack([values[side] for values in parts]))
        for side in range(len(frames))
    ]
    holdout = made[2] if len(made) > 2 and len(made[2]) else None
    return Rows(
        tuple(columns), kinds, made[0], made[1], holdout, (sizes[0], sizes[1], sizes[2]), sides.seed
    )


def _size(sides: Sides, source: str, table: Table) -> int:
    about = f"the rows of '{table.name}'"
    return int(ask(sides.con, "SELECT count(*) FROM $source", about=about, source=source)[0][0])


def _sample(sides: Sides, query: str, width: int) -> pyarrow.Table:
    """Some rows, in an order that depends on their values and the seed alone.

    Each row is shuffled on its own: the order is a hash of its values and of its number among the
    rows that are equal to it, for which it does not matter which is which.
    """
    cells = ", ".join(f"c{i}" for i in range(width))
    text = (
        f"WITH s AS MATERIALIZED (SELECT *, md5(CAST(ROW({cells}) AS VARCHAR)) AS h "  # noqa: S608
        f"FROM ({query})), n AS (SELECT *, row_number() OVER (PARTITION BY h) AS k FROM s) "
        f"SELECT {cells} FROM n ORDER BY md5(h || '/' || k || '/' || {string(str(sides.seed))}) "
        f"LIMIT {MOST:d}"
    )
    return sides.con.sql(text).to_arrow_table()


def _numbers(frames: Sequence[Any], at: int, kind: str) -> list[Floats]:
    """A column of each side as float32."""
    chunks = [f.column(at).combine_chunks() for f in frames]
    if kind == LABEL:
        return _codes(chunks)
    values = [np.asarray(c.to_numpy(zero_copy_only=False), np.float64) for c in chunks]
    values = [np.where(np.isfinite(v), v, np.nan) for v in values]
    known = values[0][~np.isnan(values[0])]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    scale = float(high - low) or 1.0
    scaled = [np.clip((v - low) / scale, -FAR, FAR) for v in values]
    return [np.where(np.isnan(s), NULL, s).astype(np.float32) for s in scaled]


def _codes(chunks: Sequence[Any]) -> list[Floats]:
    """Labels as whole numbers, 0 for NULL; the same label has the same one on every side."""
    import pyarrow as pa

    encoded = pa.concat_arrays(chunks).dictionary_encode()
    codes = np.asarray(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)) + 1
    ends = np.cumsum([len(c) for c in chunks])[:-1]
    return [part.astype(np.float32) for part in np.split(codes, ends)]


def nearest_rows(
    queries: Floats, refs: Floats, count: int = 1, skip: Whole | None = None
) -> tuple[Floats, Whole]:
    """The nearest reference rows of each query: Gower distances and indices, nearest first.

    Args:
        queries: float32 of shape (n, columns).
        refs: float32 of shape (m, columns).
        count: how many of them; where there are fewer, the rest is infinite and -1.
        skip: for each query the reference row that does not count; -1 for none.
    """
    from genesis_sql.privacy.kernel import BLOCK, nearest

    n, columns = queries.shape
    dist = np.full((n, count), np.inf, np.float32)
    index = np.full((n, count), -1, np.int64)
    skip = np.full(n, -1, np.int64) if skip is None else skip
    padded = np.zeros((-(-len(refs) // BLOCK) * BLOCK, columns), np.float32)
    padded[: len(refs)] = refs
    across = np.ascontiguousarray(padded.reshape(-1, BLOCK, columns).transpose(0, 2, 1))
    workers = max(1, min(os.cpu_count() or 1, n // 64))
    cuts = np.linspace(0, n, workers + 1).astype(int)
    with ThreadPoolExecutor(workers) as pool:
        for done in [
            pool.submit(nearest, queries[a:b], across, len(refs), skip[a:b], dist[a:b], index[a:b])
            for a, b in pairwise(cuts)
        ]:
            done.result()
    return dist / np.float32(columns), index
