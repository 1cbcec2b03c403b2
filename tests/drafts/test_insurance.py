"""The insurance example: claims whose amounts and codes depend on one another."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql

DDL = """
CREATE TABLE patients (
  id INTEGER PRIMARY KEY, member_id VARCHAR(20) UNIQUE, first_name VARCHAR(50),
  last_name VARCHAR(50), birth_date DATE, gender VARCHAR(10), plan_type VARCHAR(20));
COMMENT ON COLUMN patients.plan_type IS 'Insurance plan type (HMO, PPO, EPO)';
CREATE TABLE claims (
  id INTEGER PRIMARY KEY, patient_id INTEGER REFERENCES patients (id),
  claim_number VARCHAR(20) UNIQUE, date_of_service DATE, primary_diagnosis VARCHAR(10),
  procedure_code VARCHAR(10), billed_amount DOUBLE, allowed_amount DOUBLE, status VARCHAR(20));
"""
SHORT, LONG = ("11201", "11202"), ("22801",)
CODES = {"visit": ("J30.2", "H10.1"), "stay": ("K35.80",)}
COLUMNS = """{
  'claims.procedure_code': {'type': 'explicit', 'values': ['11201', '11202', '22801']},
  'claims.billed_amount': $billed, 'claims.allowed_amount': 'round(billed_amount * (0.6 + 0.3 * u()), 2)',
  'claims.primary_diagnosis': $diagnosed,
  'claims.status': {'type': 'categorical', 'values': {'Approved': 0.7, 'Denied': 0.2, 'Appealed': 0.1}}
}"""
GIVEN = {
    "ddl": DDL,
    "billed": "round(CASE WHEN procedure_code = '22801' THEN 900 + 600 * u() ELSE 80 + 120 * u() END, 2)",
    "diagnosed": "CASE WHEN procedure_code = '22801' THEN 'K35.80' "
    "WHEN u() < 0.5 THEN 'J30.2' ELSE 'H10.1' END",
}


def procedure(row: dict[str, Any], column: str) -> str:
    return random.choice(SHORT + LONG)


def diagnosis(row: dict[str, Any], column: str) -> str:
    return random.choice(CODES["stay" if row["procedure_code"] in LONG else "visit"])


def billed(row: dict[str, Any], column: str) -> float:
    low, high = (900, 1500) if row["procedure_code"] in LONG else (80, 200)
    return round(random.uniform(low, high), 2)


def allowed(row: dict[str, Any], column: str) -> float:
    return round(row["billed_amount"] * random.uniform(0.6, 0.9), 2)


FUNCTIONS = {
    "allowed_amount": allowed, "billed_amount": billed, "primary_diagnosis": diagnosis,
    "procedure_code": procedure,
}  # fmt: skip


@pytest.fixture(params=["sql", "python"])
def claims(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    if request.param == "sql":
        call = f"CALL genesis_schema('insurance', ddl := $ddl, columns := {COLUMNS})"
        con.execute(call, GIVEN).fetchall()
    else:
        given = {"claims": FUNCTIONS}
        genesis_sql.from_ddl(DDL, con=con, name="insurance", columns=given)
    rows = {"patients": 50, "claims": 200}
    told = genesis_sql.generate_database(con, "insurance", "made", rows=rows, seed=3)
    assert sum(r["orphans"] + r["violations"] for r in told) == 0
    con.execute("USE made")
    yield con
    con.close()


def test_values_follow_from_one_another(claims: duckdb.DuckDBPyConnection) -> None:
    found = claims.execute(
        "SELECT procedure_code, primary_diagnosis, billed_amount, allowed_amount FROM claims"
    ).fetchall()
    assert len(found) == 200
    assert {code for code, *_ in found} == {*SHORT, *LONG}
    for code, diagnosed, bill, allow in found:
        assert diagnosed in CODES["stay" if code in LONG else "visit"]
        assert 900 <= bill <= 1500 if code in LONG else 80 <= bill <= 200
        assert 0.59 * bill < allow < 0.91 * bill


def test_members_and_claims_are_told_apart(claims: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT count(DISTINCT member_id), count(DISTINCT plan_type) FROM patients"
    assert claims.execute(query).fetchall() == [(50, 3)]
    query = "SELECT count(DISTINCT claim_number), count(DISTINCT patient_id) > 20 FROM claims"
    assert claims.execute(query).fetchall() == [(200, True)]
