"""SQLAlchemy's dialect: ``create_engine("genesis:///shop.duckdb")``.

It is DuckDB's (its SQL, types and names, ``dialect.name`` is 'duckdb'), with the functions of this
package on every connection that the pool hands out, and with reflection of keys and checks. It
stands on duckdb-engine (MIT), whose own cannot read them.
"""

from __future__ import annotations

import functools
import sys
import threading
from typing import TYPE_CHECKING, Any

import duckdb
import duckdb_engine
from sqlalchemy import pool, types, util
from sqlalchemy.dialects.postgresql.base import PGDialect, PGIdentifierPreparer, PGInspector
from sqlalchemy.engine.url import URL

from genesis_sql.dialect.column_types import TypeCompiler
from genesis_sql.dialect.driver import Connection
from genesis_sql.dialect.reflect import Reflection
from genesis_sql.dialect.tables import DDLCompiler, ExecutionContext
from genesis_sql.introspect.sources import split_name
from genesis_sql.session import register

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

MEMORY = ":memory:"
LEVELS = ("AUTOCOMMIT", "SNAPSHOT")
"""DuckDB isolates by snapshots and knows no other level."""


@functools.cache
def _keywords() -> frozenset[str]:
    """The words that cannot be the name of a column as they are."""
    query = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'"
    with duckdb.connect() as con:
        return frozenset(row[0] for row in con.execute(query).fetchall())


class IdentifierPreparer(PGIdentifierPreparer):
    """Quotes names; a schema may be `alias.schema`."""

    def __init__(self, dialect: Any, **how: Any) -> None:
        super().__init__(dialect, **how)
        self.reserved_words = self.reserved_words | _keywords()

    def format_schema(self, name: str) -> str:
        """Each part in quotes where it needs them."""
        parts = split_name(name) or (name,)
        return ".".join(self.quote(part) for part in parts)

    def quote_schema(self, schema: str, force: Any = None) -> str:
        """See `format_schema`."""
        return self.format_schema(schema)


class _Name:
    """'duckdb'; Alembic looks for what it has to know by this name, so it learns it here."""

    def __get__(self, instance: Any, owner: Any) -> str:
        if "alembic.ddl.impl" in sys.modules:
            import genesis_sql.dialect.migrations  # noqa: F401 - it makes itself known
        return "duckdb"


_DuckDB: Any = duckdb_engine.Dialect
"""Its annotations are narrower than what SQLAlchemy allows."""


class Dialect(Reflection, _DuckDB):  # type: ignore[misc]
    """DuckDB with this package on it."""

    name = _Name()
    driver = "genesis_sql"
    supports_statement_cache = True
    supports_comments = True
    supports_sane_rowcount = True
    supports_sane_multi_rowcount = False
    supports_native_enum = True
    supports_identity_columns = False
    postfetch_lastrowid = False
    inspector = PGInspector
    preparer = IdentifierPreparer
    ddl_compiler = DDLCompiler
    type_compiler_cls = TypeCompiler
    type_compiler = TypeCompiler
    execution_ctx_cls = ExecutionContext
    colspecs = util.update_copy(
        {k: v for k, v in PGDialect.colspecs.items() if k is not types.Enum},
        {types.Numeric: types.Numeric, types.JSON: types.JSON},
    )

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._lock = threading.Lock()
        self._memory: duckdb.DuckDBPyConnection | None = None

    # connections

    @classmethod
    def get_pool_class(cls, url: URL) -> type[pool.Pool]:
        """All connections of an engine see one database, in memory too: any pool will do."""
        return pool.QueuePool

    def connect(self, *given: Any, **options: Any) -> DBAPIConnection:
        """A connection with the functions of this package on it."""
        if options.get("database") in (None, "", MEMORY):
            with self._lock:
                if self._memory is None:
                    self._memory = register(self._opened(*given, **options | {"database": MEMORY}))
            raw = self._memory.cursor()
        else:
            raw = self._opened(*given, **options)
        return Connection(register(raw))  # type: ignore[return-value]

    def _opened(self, *given: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        wrapped: Any = super().connect(*given, **options)
        return wrapped._ConnectionWrapper__c  # type: ignore[no-any-return]

    def get_driver_connection(self, connection: Any) -> Any:
        """DuckDB's own connection."""
        return connection.dbapi_connection

    def is_disconnect(self, e: Any, connection: Any, cursor: Any) -> bool:
        """A file does not go away."""
        return False

    def do_begin(self, dbapi_connection: Any) -> None:
        """See `driver`: it begins with the first statement."""
        dbapi_connection.begin()

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Take back what was done; nothing may have begun."""
        dbapi_connection.rollback()

    def do_commit(self, dbapi_connection: Any) -> None:
        """Keep what was done; nothing may have begun."""
        dbapi_connection.commit()

    # isolation

    def get_isolation_level_values(self, dbapi_conn: Any) -> tuple[str, ...]:
        """What `isolation_level` can be."""
        return LEVELS

    def get_default_isolation_level(self, dbapi_conn: Any) -> str:
        """What it is where nothing is said."""
        return "SNAPSHOT"

    def get_isolation_level(self, dbapi_connection: Any) -> str:
        """What it is."""
        return LEVELS[0] if dbapi_connection.autocommit else LEVELS[1]

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        """Begin transactions, or do not."""
        dbapi_connection.autocommit = level == LEVELS[0]

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        """Whether each statement is its own transaction."""
        return bool(dbapi_conn.autocommit)
