"""What Alembic has to know of DuckDB; loaded where Alembic is installed."""

from __future__ import annotations

from typing import Any

from alembic.ddl.impl import DefaultImpl


class DuckDBImpl(DefaultImpl):
    """DDL in transactions, and unique constraints whose names DuckDB does not keep."""

    __dialect__ = "duckdb"
    transactional_ddl = True

    def correct_for_autogen_constraints(
        self,
        conn_uniques: set[Any],
        conn_indexes: set[Any],
        metadata_unique_constraints: set[Any],
        metadata_indexes: set[Any],
    ) -> None:
        """Unique constraints of the same columns are the same: the database names them itself."""
        there = {_columns(u): u for u in conn_uniques}
        for wanted in list(metadata_unique_constraints):
            if (found := there.get(_columns(wanted))) is not None:
                conn_uniques.discard(found)
                metadata_unique_constraints.discard(wanted)


def _columns(constraint: Any) -> frozenset[str]:
    return frozenset(column.name for column in constraint.columns)
