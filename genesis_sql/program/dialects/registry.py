"""The engines by the names that users call them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from genesis_sql.program.dialects.base import Dialect
from genesis_sql.program.dialects.bigquery import BIGQUERY
from genesis_sql.program.dialects.clickhouse import CLICKHOUSE
from genesis_sql.program.dialects.datafusion import DATAFUSION
from genesis_sql.program.dialects.duckdb import DUCKDB
from genesis_sql.program.dialects.postgres import POSTGRES
from genesis_sql.program.dialects.redshift import REDSHIFT
from genesis_sql.program.dialects.snowflake import SNOWFLAKE
from genesis_sql.program.dialects.spark import SPARK
from genesis_sql.program.dialects.sqlite import SQLITE
from genesis_sql.program.dialects.trino import TRINO

_RUN = (DUCKDB, POSTGRES, SQLITE, CLICKHOUSE, DATAFUSION, SPARK)
_PARSED = (SNOWFLAKE, BIGQUERY, REDSHIFT, TRINO)
DIALECTS: Mapping[str, Dialect] = MappingProxyType({one.name: one for one in (*_RUN, *_PARSED)})
"""What programs can be written for; those whose ``ran`` is false are only parsed by the tests."""
