"""SQLAlchemy models, as the documents write them, become filled tables."""

from __future__ import annotations

import datetime

import duckdb
import sqlalchemy as sa
from sqlalchemy import orm

import genesis_sql

Base = orm.declarative_base()


class Customer(Base):  # type: ignore[misc, valid-type]
    """Who buys."""

    __tablename__ = "customers"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(100), unique=True, comment="Customer organization name")
    status = sa.Column(sa.String(20), comment="Active, Inactive, Prospect")
    created_at = sa.Column(sa.Date, default=datetime.date.today)
    orders = orm.relationship("Order", back_populates="customer")


class Order(Base):  # type: ignore[misc, valid-type]
    __tablename__ = "orders"
    id = sa.Column(sa.Integer, primary_key=True)
    customer_id = sa.Column(sa.Integer, sa.ForeignKey("customers.id"))
    order_date = sa.Column(sa.Date)
    total_amount = sa.Column(sa.Float, comment="Total amount in USD")
    customer = orm.relationship("Customer", back_populates="orders")
    items = orm.relationship("Item", back_populates="order")


class Item(Base):  # type: ignore[misc, valid-type]
    __tablename__ = "order_items"
    id = sa.Column(sa.Integer, primary_key=True)
    order_id = sa.Column(sa.Integer, sa.ForeignKey("orders.id"))
    quantity = sa.Column(sa.Integer)
    unit_price = sa.Column(sa.Float)
    order = orm.relationship("Order", back_populates="items")


def test_models_fill_tables(con: duckdb.DuckDBPyConnection) -> None:
    told = genesis_sql.from_sqlalchemy(Base, con=con, name="crm", rows={"customers": 20})
    assert [r["table_name"] for r in told] == ["customers", "orders", "order_items"]
    made = genesis_sql.generate_database(con, "crm", "synth", seed=2)
    assert sum(r["orphans"] + r["violations"] for r in made) == 0
    query = """
    SELECT count(*) FROM synth.orders AS o JOIN (
      SELECT order_id, sum(CAST(quantity * unit_price AS DECIMAL(18, 2))) AS s
      FROM synth.order_items GROUP BY 1) AS l ON l.order_id = o.id
    WHERE abs(s - total_amount) < 0.005"""
    lines = con.execute("SELECT count(DISTINCT order_id) FROM synth.order_items").fetchall()
    assert con.execute(query).fetchall() == lines != [(0,)]
    assert con.execute("SELECT count(DISTINCT status) FROM synth.customers").fetchall() == [(3,)]
