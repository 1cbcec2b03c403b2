"""What a column's values are counted by: labels, or bins of a number; none of it told by data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.encoders.number import encode_number
from genesis_sql.program.domain import Categories, Grid, Reals

SINGLE = 256  # numbers of a range up to this are counted one by one
PARTS = 8  # bins of each power of two
FINEST = -20  # doubles nearer to zero than 2^-20 are counted together


@dataclass(frozen=True, eq=False)
class Space:
    """The codes of a column.

    Code 0 is NULL, 1 … size the bins or labels, size + 1 labels that are not shown.

    Attributes:
        domain: how raw values are read.
        nullable: whether the catalog allows NULL.
        low, width: of each bin of a number, in raw numbers.
        rest: whether there are labels that are not shown.
    """

    domain: Categories | Grid | Reals
    nullable: bool
    low: np.ndarray | None = None
    width: np.ndarray | None = None
    rest: bool = False

    @property
    def size(self) -> int:
        """Bins or labels."""
        if isinstance(self.domain, Categories):
            return len(self.domain.labels)
        return 0 if self.low is None else len(self.low)

    @property
    def codes(self) -> int:
        """Number of codes."""
        return self.size + 1 + self.rest

    @property
    def present(self) -> np.ndarray:
        """Codes that can occur."""
        return np.arange(0 if self.nullable else 1, self.codes)

    def encode(self, array: pa.Array) -> np.ndarray:
        """The code of every row: int32 of shape (n,)."""
        if isinstance(self.domain, Categories):
            known = pa.array(self.domain.labels, pa.string())
            at = pc.index_in(array.cast(pa.string()), value_set=known, skip_nulls=True)
            other = self.size + 1 if self.rest else (0 if self.nullable else 1)
            code = pc.fill_null(pc.add(at.cast(pa.int32()), 1), other)
            null = 0 if self.nullable else other
            kept = pc.if_else(pc.is_valid(array), code, pa.scalar(null, pa.int32()))
            return np.asarray(kept.to_numpy(zero_copy_only=False), np.int32)
        raw = encode_number(array, self.domain)
        assert self.low is not None
        code = np.clip(np.searchsorted(self.low, raw.values, "right"), 1, self.size)
        if raw.valid is not None:
            code = np.where(raw.valid, code, 0 if self.nullable else 1)
        return code.astype(np.int32)


def octaves(least: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Bins of whole numbers: single ones near zero, then PARTS of each power of two.

    Args:
        least: where the range begins.
        most: its last number.

    Returns:
        low and width of each bin: int64 of shape (bins,).
    """
    starts = [
        *range(PARTS),
        *(2**k + i * 2**k // PARTS for k in range(3, 63) for i in range(PARTS)),
    ]
    edges = sorted({*starts, *(-s for s in starts)} | {least})
    inner = [e for e in edges if least <= e <= most]
    low = np.array(inner, np.int64)
    return low, np.diff(np.array([*inner, most + 1], np.float64)).astype(np.int64)


def real_octaves(least: float, most: float) -> tuple[np.ndarray, np.ndarray]:
    """The same for doubles, from 2^FINEST to 2^63."""
    starts = [2.0**k * (1 + i / PARTS) for k in range(FINEST, 63) for i in range(PARTS)]
    edges = sorted({*starts, *(-s for s in starts), least})
    inner = np.array([e for e in edges if least <= e < most])
    return inner, np.diff(np.r_[inner, most])


def singles(least: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """A bin for each whole number."""
    low = np.arange(least, most + 1, dtype=np.int64)
    return low, np.ones(len(low), np.int64)


def refined(
    low: np.ndarray, width: np.ndarray, mass: np.ndarray, bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring bins cut into about ``bins`` parts in all, in proportion to their mass."""
    share = mass / max(float(mass.sum()), 1e-9)
    lows: list[np.ndarray] = []
    for a, w, s in zip(low.tolist(), width.tolist(), share.tolist(), strict=True):
        parts = max(1, round(s * bins))
        if low.dtype.kind == "i":
            parts = min(parts, w)
            lows.append(np.array([a + i * w // parts for i in range(parts)], np.int64))
        else:
            lows.append(a + w / parts * np.arange(parts))
    out = np.concatenate(lows)
    end = low[-1] + width[-1]
    return out, np.diff(np.r_[out, end])


def merged(width: np.ndarray, mass: np.ndarray, least: float) -> np.ndarray:
    """The first bin of each run of neighbours that together reach ``least``: places."""
    starts, held = [0], 0.0
    for at, m in enumerate(mass.tolist()):
        if (held >= least and m >= 0) or (at > starts[-1] and m >= least):
            starts.append(at)
            held = 0.0
        held += m
    if len(starts) > 1 and held < least:
        starts.pop()
    return np.array(starts)


def label_space(type_: str, labels: Sequence[str], *, nullable: bool, rest: bool) -> Space:
    """Of labels that are known."""
    return Space(Categories(type_, tuple(labels)), nullable, rest=rest)
