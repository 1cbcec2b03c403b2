"""Labels that are personal data exchanged for invented ones, before anything learns from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.encoders.personal import invented_labels
from genesis_sql.graph.personal import anew
from genesis_sql.types import Role, Table

HIGHEST = {
    "TINYINT": 2**7 - 1,
    "UTINYINT": 2**8 - 1,
    "SMALLINT": 2**15 - 1,
    "USMALLINT": 2**16 - 1,
    "INTEGER": 2**31 - 1,
    "UINTEGER": 2**32 - 1,
}
BIGINT = 2**63 - 1

Rows = TypeVar("Rows", pa.Table, pa.RecordBatch)


def invented(table: Table, arrow: pa.Table) -> dict[str, dict[str, str]]:
    """For each label column of personal data the invented label of each label.

    One stands for one: how many rows share a label, and what it goes with, is learnt as it is.
    """
    out: dict[str, dict[str, str]] = {}
    for column in () if table.verbatim else table.columns:
        if column.role is Role.CATEGORY and anew(column) and column.name in arrow.column_names:
            labels = sorted(pc.unique(arrow[column.name]).drop_null().to_pylist())
            salt = crc32(f"{table.name}.{column.name}".encode())
            highest = None if column.type == "VARCHAR" else HIGHEST.get(column.type, BIGINT)
            made = invented_labels(column.personal, labels, salt=salt, highest=highest)
            out[column.name] = dict(zip(labels, made, strict=True))
    return out


def exchange(rows: Rows, labels: Mapping[str, Mapping[str, str]]) -> Rows:
    """The rows with the labels of those columns exchanged; a label that nobody knows is NULL."""
    for name, other in labels.items():
        if name not in rows.schema.names:
            continue
        at = rows.schema.names.index(name)
        place = pc.index_in(rows.column(name), value_set=pa.array(list(other), pa.string()))
        made = pa.array(list(other.values()), pa.string()).take(
            pa.concat_arrays(place.chunks) if isinstance(place, pa.ChunkedArray) else place
        )
        rows = rows.set_column(at, name, made)
    return rows
