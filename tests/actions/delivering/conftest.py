"""The shop of four tables, fitted once, and an empty database of each kind with its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

import genesis_sql
from genesis_sql.actions.delivering.connecting import read_url

SHOP = sa.MetaData()
sa.Table(
    "shops",
    SHOP,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("region", sa.String(20), nullable=False),
    sa.Column("opened", sa.Date),
)
sa.Table(
    "customers",
    SHOP,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("shop_id", sa.ForeignKey("shops.id")),
    sa.Column("age", sa.Integer),
    sa.Column("income", sa.Double),
    sa.Column("member", sa.Boolean),
)
sa.Table(
    "orders",
    SHOP,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey("customers.id"), nullable=False),
    sa.Column("amount", sa.Numeric(10, 2)),
    sa.Column("placed", sa.DateTime),
)
sa.Table(
    "items",
    SHOP,
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sku", sa.String(20)),
    sa.Column("qty", sa.Integer),
)

KINDS = ["postgres", "mariadb", "sqlite"]


@contextmanager
def engine_of(url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(read_url(url), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def make(url: str, tables: sa.MetaData | str | list[str]) -> None:
    """Make tables there: of a MetaData, or by statements."""
    with engine_of(url) as engine, engine.begin() as con:
        if isinstance(tables, sa.MetaData):
            tables.create_all(con)
        for statement in (
            [tables] if isinstance(tables, str) else tables if isinstance(tables, list) else []
        ):
            con.exec_driver_sql(statement)


def ask(url: str, query: str) -> list[tuple[Any, ...]]:
    with engine_of(url) as engine, engine.connect() as con:
        return [tuple(r) for r in con.exec_driver_sql(query)]


def counts(url: str, *tables: str) -> list[int]:
    return [ask(url, f"SELECT count(*) FROM {t}")[0][0] for t in tables]


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        (tmp_path / "empty.db").touch()
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def kept_shop(load: Callable[..., None]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = genesis_sql.connect()
    load(connection, "shop")
    yield connection
    connection.close()


@pytest.fixture
def shop(kept_shop: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the fitted model `shop`, which all tests share, history and all."""
    cursor = kept_shop.cursor()
    yield genesis_sql.register(cursor)
    cursor.close()


@pytest.fixture
def closed_shop(
    con: duckdb.DuckDBPyConnection, load: Callable[..., None]
) -> duckdb.DuckDBPyConnection:
    """One of its own, without access to files."""
    load(con, "shop")
    con.execute("SET enable_external_access = false")
    return con


def fill(
    con: duckdb.DuckDBPyConnection, url: str, name: str = "shop", **how: Any
) -> list[dict[str, Any]]:
    return genesis_sql.fill(con, name, url, **how)
