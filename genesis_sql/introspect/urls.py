"""URLs of databases: read, shown without their secrets, opened; complaints are one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool

from genesis_sql.errors import MissingExtraError, OptionError, SourceError, nearest

DRIVERS = {"postgresql": "psycopg", "mysql": "pymysql", "mariadb": "pymysql", "sqlite": "pysqlite"}
"""The driver where a URL names none."""

DUCKDB = ("duckdb", "genesis")
"""What DuckDB's own files are called in a URL."""

MASK = "***"
SECONDS = 10
"""That a server may take to answer, unless the URL says otherwise."""

_TIMED = ("psycopg", "psycopg2", "pymysql", "asyncpg")
_SECRET = re.compile(r"(?i)pass|pwd|secret|token|key|credential")
_USER_INFO = re.compile(r"(://[^:/@\s]*):[^'\"\n]*@")  # to the last @: one may be in the password
_QUERY = re.compile(r"([?&][^=&\s]*(?:pass|pwd|secret|token|key|credential)[^=&\s]*)=[^&\s]*", re.I)
_EXAMPLE = "postgresql://user:password@host/database"


def safe_url(text: str) -> str:
    """A URL, or any text with URLs in it, without passwords and tokens.

    Example:
        >>> safe_url("postgresql://ann:pa%40ss@host/shop?sslmode=require&token=abc")
        'postgresql://ann:***@host/shop?sslmode=require&token=***'
    """
    return _QUERY.sub(rf"\1={MASK}", _USER_INFO.sub(rf"\1:{MASK}@", text))


def parsed(given: str | URL | Engine) -> URL:
    """A URL with its driver; that of an Engine where one is given.

    Raises:
        OptionError: It is none, or of a kind of database that nobody knows.
    """
    held = given.url if isinstance(given, Engine) else given
    if not isinstance(held, str | URL):
        message = f"{held!r} is no URL of a database; write it as in '{_EXAMPLE}'"
        raise OptionError(message)
    text = held if isinstance(held, str) else held.render_as_string(hide_password=False)
    try:
        url = make_url(held)
    except (exc.ArgumentError, ValueError) as error:
        told = safe_url(text) if "://" in text else f"{MASK}@{text.rpartition('@')[2]}"
        told = told if "@" in text else text
        message = f"'{told}' is no URL of a database; write it as in '{_EXAMPLE}'"
        raise OptionError(message) from error
    if "@" in (url.host or "") or "@" in (url.database or ""):
        message = f"'{safe_url(text)}': an @ inside the user or the password is written %40"
        raise OptionError(message)
    kind, _, driver = url.drivername.partition("+")
    kind = {"postgres": "postgresql"}.get(kind, kind)
    if not driver and kind in DRIVERS:
        driver = DRIVERS[kind]
    url = url.set(drivername=f"{kind}+{driver}" if driver else kind)
    return _of_file(url, text.partition(":///")[2]) if kind in ("sqlite", *DUCKDB) else url


def _of_file(url: URL, name: str) -> URL:
    """The same for a file whose name has a ?, behind which SQLAlchemy sees options."""
    cut = "?" in name and not Path(url.database or "").is_file() and Path(name).is_file()
    return url.set(database=name, query={}) if cut else url


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """A connection to the database of a URL.

    Raises:
        SourceError: It cannot be reached, or does not let us in.
        MissingExtraError: Its driver is not installed.
    """
    engine = _engine(url)
    try:
        with telling(url, "cannot be reached"):
            connection = engine.connect()
        with connection:
            yield connection
    finally:
        engine.dispose()


def _engine(url: URL) -> Engine:
    shown = safe_url(url.render_as_string(hide_password=False))
    if url.drivername.partition("+")[0] == "sqlite":
        _require_file(url)
    driver = url.drivername.partition("+")[2]
    timed = driver in _TIMED and "connect_timeout" not in url.query
    how: dict[str, Any] = {"connect_timeout": SECONDS} if timed else {}
    try:
        return sa.create_engine(url, poolclass=NullPool, connect_args=how)
    except exc.NoSuchModuleError as error:
        kind = url.drivername.partition("+")[0]
        known = [*DRIVERS, *DUCKDB]
        message = f"'{shown}': SQLAlchemy has no database '{url.drivername}'{nearest(kind, known)}"
        raise OptionError(message) from error
    except ModuleNotFoundError as error:
        ours = driver in DRIVERS.values()
        hint = "pip install 'genesis-sql[databases]'" if ours else f"pip install {error.name}"
        message = f"the driver of '{shown}' is not installed: {hint}"
        raise MissingExtraError(message) from error
    except (exc.ArgumentError, TypeError, ValueError) as error:
        message = f"'{shown}' is no URL of a database: {_without(url, str(error))}"
        raise OptionError(message) from error


def _require_file(url: URL) -> None:
    """SQLite makes a file that is missing, and what was misspelt would be an empty database."""
    name = url.database
    if not name or name == ":memory:":
        message = "a SQLite database in memory is empty: name a file, as in sqlite:///shop.db"
        raise OptionError(message)
    if not name.startswith("file:") and not Path(name).is_file():
        message = f"there is no SQLite database '{name}'"
        raise SourceError(message)


@contextmanager
def telling(url: URL, failed: str) -> Iterator[None]:
    """Turn the errors of SQLAlchemy and its drivers into one sentence without secrets.

    Raises:
        SourceError: In the place of theirs.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        shown = safe_url(url.render_as_string(hide_password=False))
        orig = getattr(error, "orig", None) or error
        text = str(orig.args[-1] if orig.args else orig)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        reason = _without(url, _server_says(lines))
        message = f"'{shown}' {failed}: {reason}"
        raise SourceError(message) from error


def _server_says(lines: list[str]) -> str:
    """The line that tells most: PostgreSQL's own, behind those on each address tried."""
    fatal = [line for line in lines if "FATAL" in line or "failed:" in line]
    return (fatal or lines or ["it does not say why"])[0].rstrip(".")


def _without(url: URL, text: str) -> str:
    """A text without the URL's password, plain or as it is written in a URL."""
    secrets = [url.password or "", *_secrets(url)]
    for secret in sorted({str(s) for s in secrets if s}, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return safe_url(text)


def _secrets(url: URL) -> Iterator[str]:
    for key, value in url.query.items():
        if _SECRET.search(key):
            yield from (value,) if isinstance(value, str) else value
