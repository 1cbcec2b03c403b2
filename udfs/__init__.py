"""Stage 6: the SQL functions.

Private scalar functions do the work, `genesis_*` table macros are what users call.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import duckdb

from .scalars import give_scalars

MACROS = (
    "reads.sql", "effects.sql", "measures.sql", "reference.sql", "profiles.sql", "schemas.sql",
    "deliveries.sql",
)  # fmt: skip


def register(con: duckdb.DuckDBPyConnection, doors: Any) -> None:
    """Put the functions on a connection; idempotent.

    Args:
        con: connection or cursor.
        doors: what the functions call, see `genesis_sql.types.Doors`.
    """
    give_scalars(con, doors)
    for name in MACROS:
        con.execute(files("genesis_sql.udfs.macros").joinpath(name).read_text(encoding="utf-8"))
