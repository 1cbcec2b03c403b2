"""Other people are not the row's own, and what belongs to one place has one name in front."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql
from genesis_sql.providers.address import places
from genesis_sql.providers.kin import whose

OTHERS = ("emergency_contact_name", "manager_name", "doctor_name", "guardian", "spouse_name")
DDL = f"""
CREATE TABLE patients (
  id INT PRIMARY KEY, first_name VARCHAR(40) NOT NULL, last_name VARCHAR(40) NOT NULL,
  card_holder_name VARCHAR(80) NOT NULL, spouse_email VARCHAR(80) NOT NULL,
  email VARCHAR(80) NOT NULL, {", ".join(f"{o} VARCHAR(80) NOT NULL" for o in OTHERS)});
CREATE TABLE orders (
  id INT PRIMARY KEY, shipping_city VARCHAR(60) NOT NULL, shipping_state CHAR(2) NOT NULL,
  shipping_zip CHAR(5) NOT NULL, billing_city VARCHAR(60) NOT NULL,
  billing_state CHAR(2) NOT NULL, billing_zip CHAR(5) NOT NULL);
"""


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        genesis_sql.from_ddl(DDL, con=con, name="m", rows={"patients": 200, "orders": 200})
        genesis_sql.generate_database(con, "m", "s", seed=1)
        con.execute("USE s")
        yield con


@pytest.mark.parametrize("name", OTHERS)
def test_other_people_have_names_of_their_own(made: duckdb.DuckDBPyConnection, name: str) -> None:
    sql = f"SELECT count(*) FROM patients WHERE {name} = first_name || ' ' || last_name"
    assert made.execute(sql).fetchall()[0][0] < 3


def test_the_same_person_has_one_name(made: duckdb.DuckDBPyConnection) -> None:
    same = "card_holder_name = first_name || ' ' || last_name"
    mail = "lower(left(spouse_email, 3)) = lower(left(spouse_name, 3))"
    own = "lower(left(email, 3)) = lower(left(first_name, 3))"
    sql = f"SELECT bool_and({same}), bool_and({mail}), bool_and({own}) FROM patients"
    assert made.execute(sql).fetchall() == [(True, True, True)]


@pytest.mark.parametrize("one", ["shipping", "billing"])
def test_what_belongs_to_one_place_is_there(made: duckdb.DuckDBPyConnection, one: str) -> None:
    known = {(p[0:9].strip(), p[9:13].strip(), p[32:56].strip()) for p in places("en_US")[0]}
    sql = f"SELECT {one}_zip, {one}_state, {one}_city FROM orders"
    found = made.execute(sql).fetchall()
    assert len(found) == 200
    assert set(found) <= known


def test_an_order_is_sent_elsewhere_than_it_is_billed(made: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT count(*) FROM orders WHERE shipping_zip <> billing_zip"
    assert made.execute(sql).fetchall()[0][0] > 150


def test_whose_a_column_is() -> None:
    assert whose("mothersMaidenName", "people") == ("mother", "maiden")
    assert whose("driver_name", "drivers") == ()
    assert whose("primary_email", "people") == whose("email", "people") == ()
    assert whose("x'); DROP TABLE victim; --", "t") == ()
