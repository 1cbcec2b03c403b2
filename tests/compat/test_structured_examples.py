"""The documents' two examples through their Python names, offline: a CRM and health insurance."""

from __future__ import annotations

import datetime
import random
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from genesis_sql.compat import SyntheticDataGenerator

Base: Any = orm.declarative_base()


class Customer(Base):
    """Organisations that buy."""

    __tablename__ = "customers"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(100), unique=True, comment="Name of the organisation")
    industry = sa.Column(sa.String(50), comment="What it works in")
    website = sa.Column(sa.String(100), comment="Address of its site")
    status = sa.Column(sa.String(20), comment="Active, Inactive, Prospect")
    created_at = sa.Column(sa.Date, default=datetime.date.today, comment="Day it was entered")
    contacts = orm.relationship("Contact", back_populates="customer")
    orders = orm.relationship("Order", back_populates="customer")


class Contact(Base):
    __tablename__ = "contacts"
    id = sa.Column(sa.Integer, primary_key=True)
    customer_id = sa.Column(sa.Integer, sa.ForeignKey("customers.id"), nullable=False)
    first_name = sa.Column(sa.String(50))
    last_name = sa.Column(sa.String(50))
    email = sa.Column(sa.String(100), unique=True)
    phone = sa.Column(sa.String(20))
    position = sa.Column(sa.String(100), comment="Job title or position")
    is_primary = sa.Column(sa.Boolean, default=False)
    customer = orm.relationship("Customer", back_populates="contacts")


class Product(Base):
    __tablename__ = "products"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(100), unique=True)
    category = sa.Column(sa.String(50))
    price = sa.Column(sa.Float, comment="Price in USD")
    description = sa.Column(sa.Text)
    lines = orm.relationship("OrderItem", back_populates="product")


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.Integer, primary_key=True)
    customer_id = sa.Column(sa.Integer, sa.ForeignKey("customers.id"), nullable=False)
    order_date = sa.Column(sa.Date)
    status = sa.Column(sa.String(20), comment="Order status: New, Processing, Shipped, Delivered")
    total_amount = sa.Column(sa.Float, comment="Total in USD")
    customer = orm.relationship("Customer", back_populates="orders")
    items = orm.relationship("OrderItem", back_populates="order")


class OrderItem(Base):
    __tablename__ = "order_items"
    id = sa.Column(sa.Integer, primary_key=True)
    order_id = sa.Column(sa.Integer, sa.ForeignKey("orders.id"), nullable=False)
    product_id = sa.Column(sa.Integer, sa.ForeignKey("products.id"), nullable=False)
    quantity = sa.Column(sa.Integer)
    unit_price = sa.Column(sa.Float)
    order = orm.relationship("Order", back_populates="items")
    product = orm.relationship("Product", back_populates="lines")


SIZES = {"Customer": 10, "Contact": 25, "Product": 15, "Order": 30, "OrderItem": 60}
MOODS = ("Active", "Asleep")


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pd.DataFrame], Path]:
    folder = tmp_path_factory.mktemp("crm")
    made = SyntheticDataGenerator(model="gpt-nobody").generate_related_data(
        models=[Customer, Contact, Product, Order, OrderItem],
        prompts={"Customer": "Software companies.", "Product": "Cloud software."},
        sample_sizes=SIZES,
        custom_generators={
            "Customer": {"status": lambda row, column: random.choice(MOODS)},
            "Product": {"price": lambda row, column: round(random.uniform(50, 5000), 2)},
        },
        output_dir=str(folder),
    )
    return made, folder


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def test_sizes_keys_and_files(crm: tuple[dict[str, pd.DataFrame], Path]) -> None:
    made, folder = crm
    assert {name: len(frame) for name, frame in made.items()} == SIZES
    for child, column, parent in (
        ("Contact", "customer_id", "Customer"), ("Order", "customer_id", "Customer"),
        ("OrderItem", "order_id", "Order"), ("OrderItem", "product_id", "Product"),
    ):  # fmt: skip
        assert made[child][column].isin(made[parent]["id"]).all(), (child, column)
    for name, frame in made.items():
        assert frame["id"].is_unique
        assert len(pd.read_csv(folder / f"{name}.csv")) == len(frame)
    assert made["Customer"]["name"].is_unique
    assert made["Contact"]["email"].is_unique


def test_columns_fit_one_another(crm: tuple[dict[str, pd.DataFrame], Path]) -> None:
    made, _ = crm
    assert set(made["Customer"]["status"]) == set(MOODS)
    assert made["Product"]["price"].between(50, 5000).all()
    spent = (
        made["OrderItem"].assign(s=lambda f: f.quantity * f.unit_price).groupby("order_id").s.sum()
    )
    owed = made["Order"].set_index("id").total_amount
    assert owed.sub(spent.reindex(owed.index).fillna(0)).abs().max() < 0.01
    both = made["Order"].merge(made["Customer"], left_on="customer_id", right_on="id")
    assert (pd.to_datetime(both.order_date) >= pd.to_datetime(both.created_at)).all()


class Patient(Base):
    """People who are insured."""

    __tablename__ = "patients"
    id = sa.Column(sa.Integer, primary_key=True)
    member_id = sa.Column(sa.String(20), unique=True)
    first_name = sa.Column(sa.String(50))
    birth_date = sa.Column(sa.Date)
    gender = sa.Column(sa.String(10))


class Claim(Base):
    __tablename__ = "claims"
    id = sa.Column(sa.Integer, primary_key=True)
    patient_id = sa.Column(sa.Integer, sa.ForeignKey("patients.id"))
    claim_number = sa.Column(sa.String(20), unique=True)
    primary_diagnosis = sa.Column(sa.String(10))
    procedure_code = sa.Column(sa.String(10))
    billed_amount = sa.Column(sa.Float)
    allowed_amount = sa.Column(sa.Float)
    status = sa.Column(sa.String(20))


PRICES = {"A100": (100, 300), "B200": (500, 1500)}
CAUSES = {"A100": ("J06.9", "M54.5"), "B200": ("I10", "E11.9")}


def test_insurance(tmp_path: Path) -> None:
    generator = SyntheticDataGenerator()
    patients = generator.generate_data(
        schema=Patient, prompt="People of one state.", sample_size=50
    )

    def billed(row: dict[str, Any], column: str) -> float:
        return round(random.uniform(*PRICES[row["procedure_code"]]), 2)

    generator.register_generator(
        "text",
        lambda row, column: random.choice(CAUSES[row["procedure_code"]]),
        "primary_diagnosis",
    )
    generator.register_generator(
        "text", lambda row, column: random.choice(list(PRICES)), column_name="procedure_code"
    )
    generator.register_generator(
        "text", lambda row, column: random.choices(["Pending", "Paid"], [0.2, 0.8])[0], "status"
    )
    generator.register_generator("float", billed, column_name="billed_amount")
    generator.register_generator(
        "float",
        lambda row, column: round(row["billed_amount"] * random.uniform(0.6, 0.9), 2),
        column_name="allowed_amount",
    )
    ids = patients["id"].tolist()
    generator.register_generator(
        "foreign_key", lambda row, column: random.choice(ids), column_name="patient_id"
    )
    path = tmp_path / "claims.csv"
    told = generator.generate_data(Claim, "Claims.", sample_size=200, output_path=str(path))
    assert told == str(path)
    claims = pd.read_csv(path)
    assert (len(patients), len(claims), claims.claim_number.nunique()) == (50, 200, 200)
    assert claims.patient_id.isin(patients.id).all()
    for claim in claims.itertuples():
        low, high = PRICES[claim.procedure_code]
        assert low <= claim.billed_amount <= high
        assert 0.59 * claim.billed_amount < claim.allowed_amount < 0.91 * claim.billed_amount
        assert claim.primary_diagnosis in CAUSES[claim.procedure_code]
    assert claims.status.value_counts()["Paid"] > claims.status.value_counts()["Pending"]


def test_the_quick_start(tmp_path: Path) -> None:
    spec = {
        "patient_id": "number", "diagnosis_code": "icd10_code", "email": "email",
        "visit_date": "date", "notes": "text",
    }  # fmt: skip
    path = tmp_path / "out.csv"
    told = SyntheticDataGenerator().generate_data(
        schema=spec, prompt="Visits.", sample_size=15, output_path=str(path)
    )
    assert told == str(path)
    with duckdb.connect() as con:
        query = f"SELECT count(*), count(DISTINCT patient_id) FROM '{path}' WHERE email LIKE '%@%'"
        assert con.execute(query).fetchall() == [(15, 15)]
