"""The other database: its URL, a connection to it, and its complaints as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_sql.errors import (
    GenesisError,
    IntegrityError,
    MissingExtraError,
    OptionError,
    TargetError,
    nearest,
)
from genesis_sql.introspect.urls import parsed
from genesis_sql.store.redact import redact_text

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql", "sqlite": "pysqlite"}
"""The one that is used where a URL names none."""
_TIMED = ("psycopg", "pymysql")
SECONDS = 10
"""That a database may take to answer, unless the URL says otherwise."""
_DRIVERS = ("psycopg", "pymysql", "sqlite3")


def read_url(text: str) -> URL:
    """A SQLAlchemy URL with the driver that writes quickest.

    Raises:
        OptionError: it is no URL, or of a database that nothing is delivered to.
    """
    url = parsed(text)
    kind, _, driver = url.drivername.partition("+")
    if kind.startswith(("duckdb", "genesis")):
        message = (
            "a DuckDB file is filled by genesis_generate_database: ATTACH it and name it in "
            "target := 'alias.schema'"
        )
        raise OptionError(message)
    if kind not in DRIVERS or driver not in ("", DRIVERS[kind]):
        known = [f"{k}+{d}" for k, d in DRIVERS.items()]
        message = f"rows cannot be delivered to '{url.drivername}'{nearest(url.drivername, known)}"
        raise OptionError(message)
    return url.set(drivername=f"{kind}+{DRIVERS[kind]}")


def shown(url: URL) -> str:
    """A URL without its secrets."""
    return redact_text(url.render_as_string(hide_password=True))


@contextmanager
def opened(text: str) -> Iterator[Connection]:
    """A connection to the database of a URL, outside any transaction.

    Raises:
        TargetError: it cannot be reached.
        MissingExtraError: its driver is not installed.
    """
    url = read_url(text)
    engine = _engine(url)
    with telling(shown(url), "cannot be reached"):
        connection = engine.connect()
    try:
        yield connection
    finally:
        connection.close()
        engine.dispose()


def _engine(url: URL) -> Engine:
    import sqlalchemy
    from sqlalchemy.pool import NullPool

    if url.get_backend_name() == "sqlite":
        _require_file(url)
    driver = url.get_driver_name()
    timed = driver in _TIMED and "connect_timeout" not in url.query
    how: dict[str, Any] = {"connect_timeout": SECONDS} if timed else {}
    try:
        return sqlalchemy.create_engine(url, poolclass=NullPool, connect_args=how)
    except ModuleNotFoundError as error:
        message = f"{driver} is not installed: pip install 'genesis-sql[databases]'"
        raise MissingExtraError(message) from error
    except (TypeError, ValueError) as error:
        message = f"'{shown(url)}' is no URL of a database: {redact_text(str(error))}"
        raise OptionError(message) from error


def _require_file(url: URL) -> None:
    """SQLite makes what is missing, and what was misspelt would be filled with nothing."""
    if not url.database or url.database == ":memory:":
        message = "a SQLite database in memory ends with this call; name a file: sqlite:///shop.db"
        raise OptionError(message)
    if not url.database.startswith("file:") and not Path(url.database).is_file():
        message = f"there is no SQLite database '{url.database}': make its tables first"
        raise TargetError(message)


@contextmanager
def telling(what: str, failed: str) -> Iterator[None]:
    """Turn the errors of SQLAlchemy and of drivers into one sentence without secrets.

    Raises:
        IntegrityError: a key or a constraint was broken.
        TargetError: anything else that the database does not take.
    """
    try:
        yield
    except Exception as error:
        kind, reason = complaint(error)
        if kind is None:
            raise
        message = f"{what} {failed}: {reason}"
        raise kind(message) from error


def complaint(error: BaseException) -> tuple[type[GenesisError] | None, str]:
    """What kind of error of SQLAlchemy or a driver it is, and its text without secrets."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    known = isinstance(error, SQLAlchemyError)
    if not known and type(error).__module__.split(".")[0] not in _DRIVERS:
        return None, ""
    inner = error.orig or error if isinstance(error, DBAPIError) else error
    text = inner.args[-1] if inner.args else inner  # PyMySQL's first one is a number
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    reason = redact_text(": ".join(_useful(lines)).rstrip(".") or type(inner).__name__)
    broken = any(c.__name__ == "IntegrityError" for c in type(inner).__mro__)
    return (IntegrityError if broken else TargetError), reason


def _useful(lines: list[str]) -> list[str]:
    """The first line, and where it was: PostgreSQL tells key and column in lines behind it."""
    more = [line for line in lines[1:] if line.startswith(("DETAIL:", "CONTEXT:"))]
    return [*lines[:1], *(line.partition(":")[2].strip(" .") for line in more)]
