"""Numbers have the scale that their names tell, within the bounds of types and CHECKs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.providers.ask import Ask
from genesis_sql.providers.catalog import fill_measure
from genesis_sql.providers.measures import GROUPS, measure_of, measures
from genesis_sql.types import RawColumn, RawTable

DDL = """
CREATE TABLE borrowers (
  id INT PRIMARY KEY, credit_score INT NOT NULL, home_value DECIMAL(12,2), loan_amount DOUBLE,
  income DECIMAL(12,2), annual_revenue BIGINT, heart_rate INT NOT NULL, systolic_bp INT NOT NULL,
  diastolic_bp INT NOT NULL, oxygen_saturation DECIMAL(4,1), temperature_f DECIMAL(4,1),
  age INT NOT NULL, years_experience INT NOT NULL, num_dependents INT, "dayOfWeek" INT, quarter INT,
  hour INT, expiry_year INT, expiry_month INT, year_built SMALLINT, model_year INT,
  stock_level INT, interest_rate DECIMAL(5,2), tax_rate DECIMAL(5,4),
  pulse SMALLINT CHECK (pulse BETWEEN 60 AND 62), bathrooms DECIMAL(3,1));
CREATE TABLE patients (
  id INT PRIMARY KEY, weight_kg DECIMAL(5,2) NOT NULL, height_cm DECIMAL(5,1) NOT NULL,
  bmi DECIMAL(4,1) NOT NULL);
CREATE TABLE parcels (id INT PRIMARY KEY, weight_kg DECIMAL(6,2) NOT NULL);
"""
BETWEEN: dict[str, tuple[float, float]] = {
    "credit_score": (300, 850), "home_value": (40_000, 6_000_000), "loan_amount": (500, 1_000_000),
    "income": (9_000, 1_500_000), "annual_revenue": (30_000, 5e10), "heart_rate": (40, 150),
    "systolic_bp": (85, 205), "diastolic_bp": (40, 125), "oxygen_saturation": (80, 100),
    "temperature_f": (94, 106), "years_experience": (0, 45), "num_dependents": (0, 8),
    "dayOfWeek": (1, 7), "quarter": (1, 4), "hour": (0, 23), "expiry_year": (2027, 2031),
    "expiry_month": (1, 12), "year_built": (1901, 2025), "model_year": (2006, 2025),
    "stock_level": (0, 5_000), "interest_rate": (0.5, 30), "tax_rate": (0, 0.2101),
    "pulse": (60, 62), "bathrooms": (1, 4),
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    with genesis_sql.connect() as con:
        rows = {"borrowers": 300, "patients": 300, "parcels": 200}
        genesis_sql.from_ddl(DDL, con=con, name="m", rows=rows)
        told = genesis_sql.generate_database(con, "m", "s", seed=1)
        assert sum(r["violations"] for r in told) == 0
        con.execute("USE s")
        yield con


def one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return con.execute(sql).fetchall()[0]


@pytest.mark.parametrize(("column", "bounds"), BETWEEN.items(), ids=BETWEEN)
def test_a_number_is_of_its_scale(
    made: duckdb.DuckDBPyConnection, column: str, bounds: tuple[float, float]
) -> None:
    sql = f'SELECT min("{column}"), max("{column}"), count(DISTINCT "{column}") FROM borrowers'
    low, high, many = one(made, sql)
    assert bounds[0] <= low < high <= bounds[1]
    assert many >= min(bounds[1] - bounds[0], 3)


def test_incomes_and_loans_are_skewed(made: duckdb.DuckDBPyConnection) -> None:
    for column, least in (("income", 30_000), ("loan_amount", 8_000), ("home_value", 200_000)):
        middle, mean = one(made, f"SELECT median({column}), avg({column}) FROM borrowers")
        assert least < middle < mean


def test_numbers_of_one_row_belong_together(made: duckdb.DuckDBPyConnection) -> None:
    assert one(made, "SELECT count(*) FROM borrowers WHERE diastolic_bp >= systolic_bp") == (0,)
    assert one(made, "SELECT count(*) FROM borrowers WHERE years_experience > age - 18") == (0,)
    off = "abs(bmi - weight_kg * 10000 / (height_cm * height_cm)) > 0.06"
    assert one(made, f"SELECT count(*) FROM patients WHERE {off}") == (0,)
    low, high, middle = one(made, "SELECT min(bmi), max(bmi), median(bmi) FROM patients")
    assert 15 < low < 22 < middle < 31 < high < 46


def test_what_is_of_people_is_not_of_parcels(made: duckdb.DuckDBPyConnection) -> None:
    assert one(made, "SELECT median(weight_kg) < 10 FROM parcels") == (True,)
    assert one(made, "SELECT min(weight_kg) > 30 FROM patients") == (True,)


def test_years_of_mysql_are_years(con: duckdb.DuckDBPyConnection) -> None:
    ddl = "CREATE TABLE t (id INT PRIMARY KEY, made YEAR NOT NULL, founded YEAR(4) NOT NULL)"
    con.execute("CALL genesis_schema('y', ddl := ?, dialect := 'mysql')", [ddl]).fetchall()
    found = con.execute("SELECT made, founded FROM genesis_generate('y', 't', rows := 200)")
    years = [year for row in found.fetchall() for year in row]
    assert len(years) == 400
    assert all(1901 <= year <= 2026 for year in years)


def named(name: str, table: str = "t", type_: str = "i", *others: str) -> str:
    column = RawColumn(name, "INTEGER")
    columns = (column, *(RawColumn(o, "INTEGER") for o in others))
    found = measure_of(column, RawTable(table, "", columns), type_)
    return found.name if found else ""


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("hours",), "duration_hours"), (("hour",), "hour"), (("years",), ""),
        (("order_hour",), "hour"), (("numberOfBedrooms",), "bedrooms"),
        (("weight", "patients"), "weight_kg"), (("weight", "parcels"), ""),
        (("weight_kg", "t", "n", "height_cm"), "weight_kg"), (("year", "cars"), "model_year"),
        (("price", "houses", "n"), "property_value"), (("price", "products", "n"), ""),
        (("quantity", "order_items"), ""), (("quantity", "inventory"), "stock"),
        (("credit_score", "t", "t"), ""), (("price_per_hour",), ""), (("",), ""),
        (("x'); DROP TABLE victim; --",), ""),
    ],
)  # fmt: skip
def test_names(asked: tuple[str, ...], expected: str) -> None:
    assert named(*asked) == expected


@pytest.mark.parametrize("type_", ["INTEGER", "DECIMAL(10,2)", "DECIMAL(5,4)", "TINYINT"])
def test_every_measure_fits_every_type_or_leaves_it(type_: str) -> None:
    most = {"DECIMAL(5,4)": 9.9999, "TINYINT": 127}.get(type_, 1e13)
    made = 0
    for measure in measures():
        assert not measure.owner or measure.owner in GROUPS
        found = fill_measure(measure, {}, Ask("t", "c", type=type_))
        if found is None:
            continue
        made += 1
        spec = found["c"]
        held = spec.get("values") or [b["max"] for b in spec.get("bands", ())] or [spec["max"]]
        assert max(held) <= most, measure.name
    assert made > 40
