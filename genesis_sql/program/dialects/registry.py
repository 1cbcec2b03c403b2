"""The engines by the names that users call them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from genesis_sql.program.dialects.base import Dialect
from genesis_sql.program.dialects.clickhouse import CLICKHOUSE
from genesis_sql.program.dialects.datafusion import DATAFUSION
from genesis_sql.program.dialects.duckdb import DUCKDB
from genesis_sql.program.dialects.postgres import POSTGRES
from genesis_sql.program.dialects.spark import SPARK
from genesis_sql.program.dialects.sqlite import SQLITE

_ENGINES = (DUCKDB, POSTGRES, SQLITE, CLICKHOUSE, DATAFUSION, SPARK)
DIALECTS: Mapping[str, Dialect] = MappingProxyType({one.name: one for one in _ENGINES})
"""What programs can be written for; those whose ``ran`` is false are only parsed by the tests."""
