"""Values as users write them -> raw values of a column; DuckDB's own casts decide."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from genesis_sql.encoders.number import fit_number
from genesis_sql.errors import OptionError, nearest
from genesis_sql.plan.output import decode
from genesis_sql.plan.private import connection
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid, Raw, Reals
from genesis_sql.sqlbuild import string

_ROUNDED = {"DATE": "TIMESTAMP"}
"""By type: a wider one in which a value must be the same, or it was cut off by the cast."""


@dataclass(frozen=True, eq=False)
class Allowed:
    """Raw values that are asked for.

    Attributes:
        values: codes, whole numbers on the grid, or doubles.
        texts: how each was written.
        null: whether NULL is asked for.
        labels: whether the values are codes, of which 0 is NULL.
    """

    values: np.ndarray
    texts: tuple[str, ...]
    null: bool
    labels: bool

    def holds(self, raw: Raw) -> np.ndarray:
        """The rows whose value is one of them: bool of shape (n,)."""
        if self.labels:
            codes = np.r_[self.values, 0] if self.null else self.values
            return np.isin(raw.values, codes)
        n = len(raw)
        valid = np.ones(n, bool) if raw.valid is None else raw.valid
        inside = np.isin(raw.values, self.values) if len(self.values) else np.zeros(n, bool)
        return np.asarray(np.where(valid, inside, self.null))

    def code(self, edges: np.ndarray | None) -> int | None:
        """What a tree sees where there is one value only."""
        if len(self.values) + self.null != 1:
            return None
        if self.null:
            return 0
        if self.labels:
            return int(self.values[0])
        if edges is None:
            return None
        return 1 + int(np.searchsorted(edges, self.values[0], side="left"))


def allowed_values(
    where: str, domain: Domain | None, type_: str, texts: list[str | None]
) -> Allowed:
    """The raw values of a column that are meant.

    Args:
        where: the column, for errors.
        domain: how it is read; None for a computed column, of which only the type is checked.
        type_: its DuckDB type.
        texts: the values as text, None for NULL.

    Raises:
        OptionError: one is no value of the type, or of the column.
    """
    given = [t for t in texts if t is not None]
    null = len(given) < len(texts)
    array = _cast(where, type_, given)
    if domain is None or not given:
        return Allowed(np.zeros(0, np.int64), (), null, isinstance(domain, Categories))
    if isinstance(domain, Categories):
        values = _codes(where, domain, given)
    elif isinstance(domain, Fixed):
        values = np.array([_fixed(where, domain, type_, t) for t in given])
    elif isinstance(domain, Grid):
        values = np.array(
            [_on_grid(where, domain, array.slice(i, 1), t) for i, t in enumerate(given)]
        )
    else:
        values = np.array([_real(array.slice(i, 1), type_) for i in range(len(given))])
    return Allowed(values, tuple(given), null, isinstance(domain, Categories))


def _cast(where: str, type_: str, texts: list[str]) -> pa.Array:
    """The values in the column's type."""
    wide = _ROUNDED.get(type_, "DOUBLE" if type_.startswith(_WHOLE) else "")
    same = f"CAST(CAST(v AS {type_}) AS {wide}) = CAST(v AS {wide})" if wide else "true"
    query = (
        f"SELECT CAST(v AS {type_}) AS v, {same} AS same FROM (SELECT unnest(?::VARCHAR[]) AS v)"  # noqa: S608 - a checked type
    )
    try:
        found = connection().sql(query, params=[texts]).to_arrow_table()
    except duckdb.Error as error:
        reason = str(error).strip().split("\n", 1)[0]
        shown = ", ".join(map(string, texts[:5]))
        message = f"{where} is of type {type_}, so it is never {shown}: {reason}"
        raise OptionError(message) from error
    for text, fits in zip(texts, found["same"].to_pylist(), strict=True):
        if not fits:
            message = f"{where} is of type {type_}, so it is never {string(text)}"
            raise OptionError(message)
    return found["v"].combine_chunks()


_WHOLE = tuple(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL")
)


def _codes(where: str, domain: Categories, texts: list[str]) -> np.ndarray:
    """Codes of labels; what is no label is refused."""
    place = {label: i + 1 for i, label in enumerate(domain.labels)}
    out = []
    for text in texts:
        code = place.get(text)
        if code is None and domain.type != "VARCHAR":
            query = f"SELECT CAST(CAST(? AS {domain.type}) AS VARCHAR)"
            code = place.get(str(connection().execute(query, [text]).fetchall()[0][0]))
        if code is None:
            message = f"{where} is never {string(text)} in this model{nearest(text, domain.labels)}"
            raise OptionError(message)
        out.append(code)
    return np.array(out, np.int32)


def _fixed(where: str, domain: Fixed, type_: str, text: str) -> int:
    query = f"SELECT CAST(? AS {type_}) IS NOT DISTINCT FROM CAST(? AS {type_})"  # noqa: S608
    if not connection().execute(query, [text, domain.value]).fetchall()[0][0]:
        only = "NULL" if domain.value is None else string(domain.value)
        message = f"{where} is always {only} in this model, never {string(text)}"
        raise OptionError(message)
    return 0


def _on_grid(where: str, grid: Grid, array: pa.Array, text: str) -> int:
    """A value as a whole number on the grid of its column."""
    found, raw = fit_number(array, grid.type)
    if isinstance(found, Grid):
        units, scale = int(raw.values[0]) * found.step, grid.scale - found.scale
        units, rest = (units * 10**scale, 0) if scale >= 0 else divmod(units, 10**-scale)
        number, off = divmod(units, grid.step)
        if not rest and not off and abs(number) < 2**63:
            return int(number)
    step = decode(grid, Raw(np.array([1]))).to_pylist()[0]
    size = f" in steps of {step}" if not grid.type.startswith(("DATE", "TIME")) else ""
    message = f"{where} is never {text} in this model: its values lie on a grid{size}"
    raise OptionError(message)


def _real(array: pa.Array, type_: str) -> float:
    found, raw = fit_number(array, type_)
    if isinstance(found, Grid):
        return float(int(raw.values[0]) * found.step / 10.0**found.scale)
    return float(raw.values[0])


def range_text(domain: Domain, cells: Cells) -> str:
    """From where to where the values of a column of numbers run."""
    if not isinstance(domain, Grid | Reals):
        return "it has other values"
    real = np.ones(len(cells.low), bool) if cells.null is None else ~cells.null
    if not real.any() or cells.width is None:
        return "it is always NULL"
    last = cells.low + np.maximum(cells.width - (1 if isinstance(domain, Grid) else 0), 0)
    ends = np.array([cells.low[real].min(), last[real].max()])
    low, high = decode(domain, Raw(ends)).to_pylist()
    return f"it runs from {low} to {high}, with gaps where there were some"
