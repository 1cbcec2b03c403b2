"""Schemas that several tests draft."""

from __future__ import annotations

import pytest

from genesis_sql.introspect.from_ddl import read_ddl
from genesis_sql.types import RawSchema

CRM = """
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, name VARCHAR(100) UNIQUE, industry VARCHAR(50), website VARCHAR(100),
  status VARCHAR(20), created_at DATE DEFAULT current_date);
COMMENT ON COLUMN customers.name IS 'Customer organization name';
COMMENT ON COLUMN customers.status IS 'Active, Inactive, Prospect';
CREATE TABLE contacts (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), first_name VARCHAR(50),
  last_name VARCHAR(50), email VARCHAR(100) UNIQUE, phone VARCHAR(20), position VARCHAR(100),
  is_primary BOOLEAN DEFAULT false);
COMMENT ON COLUMN contacts.position IS 'Job title or position';
CREATE TABLE products (
  id INTEGER PRIMARY KEY, name VARCHAR(100) UNIQUE, category VARCHAR(50), price DOUBLE,
  description TEXT);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), order_date DATE,
  status VARCHAR(20), shipped_at DATE, total_amount DOUBLE);
COMMENT ON COLUMN orders.status IS 'Order status: New, Processing, Shipped, Delivered, Cancelled';
CREATE TABLE order_items (
  id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id),
  product_id INTEGER REFERENCES products (id), quantity INTEGER, unit_price DOUBLE);
"""


@pytest.fixture(scope="session")
def crm() -> RawSchema:
    """Customers, contacts, products, orders, order_items."""
    return read_ddl(CRM)
