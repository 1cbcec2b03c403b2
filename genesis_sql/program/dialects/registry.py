"""The engines by the names that users call them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from genesis_sql.errors import OptionError, nearest
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
_ALIASES = {
    "postgresql": "postgres",
    "pg": "postgres",
    "sqlite3": "sqlite",
    "chdb": "clickhouse",
    "clickhouse local": "clickhouse",
    "spark sql": "spark",
    "pyspark": "spark",
    "apache spark": "spark",
    "apache datafusion": "datafusion",
    "google bigquery": "bigquery",
    "amazon redshift": "redshift",
}


def dialect_of(name: str) -> Dialect:
    """The dialect that a caller names.

    Raises:
        OptionError: there is none of that name.

    Example:
        >>> dialect_of("PostgreSQL").name
        'postgres'
    """
    plain = " ".join(re.split(r"[\s_-]+", name.strip().casefold()))
    found = DIALECTS.get(_ALIASES.get(plain, plain))
    if found is not None:
        return found
    known = ", ".join(f"'{one}'" for one in DIALECTS)
    close = nearest(plain, [*DIALECTS, *(a for a, n in _ALIASES.items() if n in DIALECTS)])
    close = close.rstrip("?") if "did you mean" in close else ""
    message = f"dialect := {name!r} is not known{close}; there are: {known}"
    raise OptionError(message)
