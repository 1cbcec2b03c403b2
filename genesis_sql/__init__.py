"""Synthetic data where the data lives: a DuckDB connection becomes a synthetic-data engine."""

from genesis_sql.errors import GenesisError as GenesisError
from genesis_sql.session import connect as connect
from genesis_sql.session import register as register

__all__ = ["GenesisError", "connect", "register"]
