"""Numbers, dates and times: Arrow column -> whole numbers on the column's own grid, or doubles.

The grid is what keeps decimals, rounding and calendar steps: money in cents stays in cents, hours
stay on the hour.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from genesis_sql.program.domain import Grid, Raw, Reals

GRAIN_ROWS = 10_000  # values among which 20 different ones are looked for first
MAX_SCALE = 9  # decimals looked for in doubles
EXACT = 2**53  # whole numbers a double holds exactly
INFINITE = 2**63 - 1  # DuckDB's 'infinity' of a timestamp
_TIME_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}


def _words(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Low and high 64-bit words of a decimal128 array, NULLs as 0."""
    raw = np.frombuffer(array.buffers()[1], np.int64).reshape(-1, 2)[
        array.offset : array.offset + len(array)
    ]
    valid = _valid(array)
    return np.where(valid, raw[:, 0], 0), np.where(valid, raw[:, 1], 0)


def _valid(array: pa.Array) -> np.ndarray:
    return (
        np.ones(len(array), bool)
        if array.null_count == 0
        else np.asarray(array.is_valid().to_numpy(zero_copy_only=False), bool)
    )


def _int64(array: pa.Array) -> np.ndarray | None:
    """Whole numbers of an integer, decimal, date or time array; None where 64 bits are too few."""
    kind = array.type
    if pa.types.is_decimal(kind):
        low, high = _words(array)
        return low if bool((high == low >> 63).all()) else None
    if pa.types.is_uint64(kind):
        got = array.fill_null(0).to_numpy(zero_copy_only=False)
        return got.astype(np.int64) if len(got) == 0 or got.max() < 2**63 else None
    if pa.types.is_date32(kind):
        days = array.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False)
        return np.asarray(days, np.int64)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        wide = (
            array.cast(pa.int32()).cast(pa.int64())
            if kind in (pa.time32("s"), pa.time32("ms"))
            else array.cast(pa.int64())
        )
        got = wide.fill_null(0).to_numpy(zero_copy_only=False)
        if kind.unit == "ns":  # times of day leave as microseconds
            return np.asarray(got // 1000 if pa.types.is_time(kind) else got)
        return _moments(got, _TIME_UNITS[kind.unit])
    if pa.types.is_integer(kind):
        return np.asarray(array.fill_null(0).to_numpy(zero_copy_only=False), np.int64)
    return None


def _moments(values: np.ndarray, factor: int) -> np.ndarray:
    """In microseconds; the infinities are the largest number and its negative in every unit."""
    infinite = np.abs(values) == INFINITE
    return np.where(infinite, values, np.where(infinite, 0, values) * factor)


def decimals(values: np.ndarray) -> int | None:
    """Decimals that write every double exactly, None where MAX_SCALE are too few.

    Example:
        >>> decimals(np.array([1.5, 2.25]))
        2
    """
    if not np.isfinite(values).all():
        return None
    for scale in range(MAX_SCALE + 1):
        whole = np.rint(values * 10.0**scale)
        if np.abs(whole).max(initial=0.0) >= EXACT:
            return None
        if bool((whole / 10.0**scale == values).all()):
            return scale
    return None


def _grain(values: np.ndarray) -> int:
    """The greatest common divisor of the values, 1 where they are under 20 and it says nothing."""
    if len(np.unique(values[:GRAIN_ROWS])) < 20 and len(np.unique(values)) < 20:
        return 1
    least = values.min() == -(2**63)
    return max(1, int(np.gcd.reduce(np.abs(np.unique(values).astype(object) if least else values))))


def fit_number(array: pa.Array, type_: str) -> tuple[Grid | Reals, Raw]:
    """Find the grid of a column and put its values on it.

    Args:
        array: Arrow array of a numeric, date, timestamp or time type.
        type_: the DuckDB type, kept for decoding.

    Returns:
        The domain, and the raw column of n rows: int64 on a grid, float64 otherwise; NULLs are
        invalid.
    """
    valid = _valid(array)
    mask = None if valid.all() else valid
    whole = _int64(array)
    if whole is not None:
        grain = _grain(whole[valid])
        scale = array.type.scale if pa.types.is_decimal(array.type) else 0
        return Grid(type_, grain, scale), Raw(np.where(valid, whole // grain, 0), mask)
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64(), safe=False)
    real = array.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy(zero_copy_only=False)
    scale_found = decimals(_single(real[valid], type_))
    if scale_found is None or type_.upper() in ("HUGEINT", "UHUGEINT", "UBIGINT"):
        return Reals(type_), Raw(real, mask)
    units = np.rint(np.where(valid, _single(real, type_), 0.0) * 10.0**scale_found).astype(np.int64)
    grain = _grain(units[valid])
    return Grid(type_, grain, scale_found), Raw(units // grain, mask)


def encode_number(array: pa.Array, domain: Grid | Reals) -> Raw:
    """Values on a grid that is known already, the nearest below where they lie between.

    Args:
        array: Arrow array of n rows, of the type that `fit_number` saw.
        domain: as it gave it.
    """
    valid = _valid(array)
    mask = None if valid.all() else valid
    whole = _int64(array)
    if whole is None or isinstance(domain, Reals):
        if pa.types.is_decimal(array.type):
            array = array.cast(pa.float64(), safe=False)
        real = array.cast(pa.float64(), safe=False).fill_null(0.0).to_numpy(zero_copy_only=False)
        if isinstance(domain, Reals):
            return Raw(real, mask)
        finite = np.where(np.isfinite(real), real, 0.0)
        units = np.rint(np.where(valid, finite, 0.0) * 10.0**domain.scale)
        whole = np.clip(units, -EXACT, EXACT).astype(np.int64)
    return Raw(np.where(valid, whole // domain.step, 0), mask)


def _single(values: np.ndarray, type_: str) -> np.ndarray:
    """Doubles that a FLOAT column means: its shortest decimals, not their binary widening."""
    if type_.upper() not in ("FLOAT", "REAL"):
        return values
    finite = values[np.isfinite(values)]
    if len(finite) != len(values) or np.abs(finite).max(initial=0.0) > 1e6:
        return values
    rounded = np.round(values, 6)
    return (
        rounded if bool((rounded.astype(np.float32) == values.astype(np.float32)).all()) else values
    )


def decode_number(domain: Grid | Reals, raw: Raw, arrow_type: pa.DataType) -> pa.Array:
    """Raw numbers as an Arrow array of the column's type."""
    mask = None if raw.valid is None else ~raw.valid
    if isinstance(domain, Reals):
        return _reals(raw.values, mask, arrow_type)
    whole = raw.values.astype(np.int64, copy=False)
    whole = whole if domain.step == 1 else whole * domain.step
    if pa.types.is_floating(arrow_type):
        return pa.array(whole / 10.0**domain.scale, pa.float64(), mask=mask).cast(arrow_type)
    if pa.types.is_decimal(arrow_type):
        both = np.empty((len(whole), 2), np.int64)
        both[:, 0], both[:, 1] = whole, whole >> 63
        bits = (
            None if mask is None else pa.py_buffer(np.packbits(~mask, bitorder="little").tobytes())
        )
        held = pa.decimal128(38, domain.scale)
        array = pa.Array.from_buffers(held, len(whole), [bits, pa.py_buffer(both.tobytes())])
        return array.cast(arrow_type)
    if pa.types.is_date32(arrow_type) or arrow_type in (pa.time32("s"), pa.time32("ms")):
        return pa.array(whole.astype(np.int32), pa.int32(), mask=mask).cast(arrow_type)
    if pa.types.is_timestamp(arrow_type) or pa.types.is_time(arrow_type):
        units = whole if arrow_type.unit == "ns" else whole // _TIME_UNITS[arrow_type.unit]
        return pa.array(units, pa.int64(), mask=mask).cast(arrow_type)
    return pa.array(whole, pa.int64(), mask=mask).cast(arrow_type)


def _reals(values: np.ndarray, mask: np.ndarray | None, arrow_type: pa.DataType) -> pa.Array:
    if pa.types.is_floating(arrow_type):
        return pa.array(values, pa.float64(), mask=mask, from_pandas=False).cast(
            arrow_type, safe=False
        )
    if pa.types.is_uint64(arrow_type):
        return pa.array(np.clip(values, 0, np.nextafter(2.0**64, 0)).astype(np.uint64), mask=mask)
    from decimal import Context, Decimal  # beyond 64 bits, and rare enough for Python

    context, scale = Context(prec=76), arrow_type.scale
    whole = np.floor(values)
    rest = np.floor((values - whole) * 10.0**scale + 0.5)
    cells = [
        None
        if mask is not None and mask[i]
        else context.add(Decimal(int(w)), Decimal(int(r)).scaleb(-scale, context))
        for i, (w, r) in enumerate(zip(whole.tolist(), rest.tolist(), strict=True))
    ]
    return pa.array(cells, arrow_type)
