"""Declarative models, MetaData and Tables as a schema."""

from __future__ import annotations

import datetime
import enum
import re
import uuid
from typing import ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, UserDefinedType

from genesis_sql.errors import SchemaError
from genesis_sql.introspect.from_sqlalchemy import read_models
from genesis_sql.types import RawColumn, RawForeignKey, RawSchema, RawTable, Role


class Base(orm.DeclarativeBase):
    pass


class Mood(enum.Enum):
    CALM = "c"
    WILD = "w"


class Lower(TypeDecorator[str]):
    impl = sa.String(12)
    cache_ok = True


class Place(UserDefinedType[str]):
    def get_col_spec(self) -> str:
        return "geometry(POINT, 4326)"


class Person(Base):
    """A person
    who buys."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True, comment="what it is known by")
    mood: Mapped[Mood] = mapped_column(default=Mood.CALM)
    price: Mapped[float] = mapped_column(sa.Numeric(10, 2), server_default="0", doc="in euros")
    made: Mapped[datetime.datetime] = mapped_column(server_default=sa.func.now())
    token: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid4)
    boss_id = sa.Column(sa.ForeignKey("people.id"))
    boss = orm.relationship("Person", remote_side="Person.id", doc="who leads")
    half = sa.Column(sa.Float, sa.CheckConstraint("half > 0"))
    twice = sa.Column(sa.Float, sa.Computed("half * 2"))
    zoned = sa.Column(sa.DateTime(timezone=True))
    state = sa.Column(sa.String(9), sa.CheckConstraint("state IN ('on', 'off')"))
    mail = sa.Column(sa.Text, info={"meaning": "email"})
    open = sa.Column(sa.Boolean, default=True)
    kind = sa.Column(sa.String(9))
    __mapper_args__: ClassVar = {"polymorphic_on": "kind", "polymorphic_identity": "plain"}
    __table_args__ = (
        sa.CheckConstraint(sa.column("price") <= 1000),
        sa.UniqueConstraint("mood", "code"),
        sa.Index("whole", "price", unique=True),
        sa.Index("of_lower", sa.func.lower(sa.column("code")), unique=True),
    )


class Boss(Person):
    __tablename__ = "bosses"
    id: Mapped[int] = mapped_column(sa.ForeignKey("people.id"), primary_key=True)
    tags = orm.relationship("Tag", secondary="boss_tags")
    __mapper_args__: ClassVar = {"polymorphic_identity": "boss"}


sa.Table(
    "boss_tags",
    Base.metadata,
    sa.Column("boss", sa.ForeignKey("bosses.id"), primary_key=True),
    sa.Column("a", sa.Integer, primary_key=True),
    sa.Column("b", sa.Integer),
    sa.ForeignKeyConstraint(["a", "b"], ["tags.a", "tags.b"]),
)


class Tag(Base):
    __tablename__ = "tags"
    a: Mapped[int] = mapped_column(primary_key=True)
    b: Mapped[int] = mapped_column(primary_key=True)


def _table(schema: RawSchema, name: str) -> RawTable:
    return next(t for t in schema.tables if t.name == name)


def _columns(table: RawTable) -> dict[str, RawColumn]:
    return {c.name: c for c in table.columns}


@pytest.fixture(scope="module")
def schema() -> RawSchema:
    return read_models(Base)


def test_keys_checks_and_the_docstring(schema: RawSchema) -> None:
    people = _table(schema, "people")
    assert people.primary_key == ("id",)
    assert people.unique_keys == (("code",), ("mood", "code"), ("price",))
    assert people.foreign_keys == (RawForeignKey(("boss_id",), "people", ("id",)),)
    assert set(people.checks) == {"price <= 1000", "half > 0", "state IN ('on', 'off')"}
    assert people.comment == "A person who buys."
    assert [n for n in schema.notes if "of_lower" in n]


def test_types_lengths_defaults_and_comments(schema: RawSchema) -> None:
    columns = _columns(_table(schema, "people"))
    assert {n: c.type for n, c in columns.items()} == {
        "id": "INTEGER", "code": "VARCHAR", "mood": "ENUM('CALM', 'WILD')",
        "price": "DECIMAL(10,2)", "made": "TIMESTAMP", "token": "UUID", "boss_id": "INTEGER",
        "half": "DOUBLE", "twice": "DOUBLE", "zoned": "TIMESTAMP WITH TIME ZONE",
        "state": "VARCHAR", "mail": "VARCHAR", "open": "BOOLEAN", "kind": "VARCHAR",
    }  # fmt: skip
    assert (columns["code"].length, columns["mail"].length) == (20, None)
    assert [n for n, c in columns.items() if not c.nullable] == [
        "id", "code", "mood", "price", "made", "token",
    ]  # fmt: skip
    assert [columns[n].default for n in ("mood", "price", "made", "token", "open")] == [
        "'CALM'", "'0'", "CURRENT_TIMESTAMP", None, "TRUE",
    ]  # fmt: skip
    assert [columns[n].comment for n in ("code", "price", "boss_id")] == [
        "what it is known by", "in euros", "who leads",
    ]  # fmt: skip
    assert columns["mood"].values == ("CALM", "WILD")
    assert columns["state"].values == ("on", "off")
    assert columns["mail"].meaning == "email"
    assert (columns["twice"].generated, columns["twice"].default) == (True, "half * 2")
    assert [n for n, c in columns.items() if c.identity] == ["id"]


def test_joined_inheritance_and_association_tables(schema: RawSchema) -> None:
    bosses, between = _table(schema, "bosses"), _table(schema, "boss_tags")
    assert [c.name for c in bosses.columns] == ["id"]
    assert bosses.foreign_keys == (RawForeignKey(("id",), "people", ("id",)),)
    assert not bosses.columns[0].identity
    assert _columns(_table(schema, "people"))["kind"].values == ("plain", "boss")
    assert between.foreign_keys == (
        RawForeignKey(("boss",), "bosses", ("id",)),
        RawForeignKey(("a", "b"), "tags", ("a", "b")),
    )


def test_a_list_of_models_brings_what_lies_between_them() -> None:
    schema = read_models([Boss, Tag])
    assert [t.name for t in schema.tables] == ["people", "bosses", "tags", "boss_tags"]
    assert _table(schema, "people").comment == "A person who buys."
    assert [t.name for t in read_models(Tag).tables] == ["tags"]


def test_a_key_to_a_model_that_was_not_given_becomes_a_note() -> None:
    meta = sa.MetaData()
    sa.Table("p", meta, sa.Column("id", sa.Integer, primary_key=True))
    child = sa.Table("c", meta, sa.Column("p_id", sa.ForeignKey("p.id")))
    schema = read_models(child)
    assert schema.tables[0].foreign_keys == ()
    assert schema.tables[0].columns[0].type == "INTEGER"
    assert schema.notes == (
        "table 'c', column 'p_id' refers to 'p', which is not among the models: left out",
    )
    assert read_models(meta).tables[1].foreign_keys


def test_tables_of_several_schemas() -> None:
    meta = sa.MetaData()
    sa.Table("t", meta, sa.Column("id", sa.Integer, primary_key=True), schema="a")
    sa.Table("t", meta, sa.Column("id", sa.ForeignKey("a.t.id"), primary_key=True), schema="b")
    schema = read_models(meta)
    assert [(t.name, t.schema) for t in schema.tables] == [("a.t", "a"), ("b.t", "b")]
    assert schema.tables[1].foreign_keys == (RawForeignKey(("id",), "a.t", ("id",)),)


@pytest.mark.parametrize(
    ("type_", "expected", "more"),
    [
        (postgresql.JSONB(), "JSON", {}),
        (postgresql.INET(), "VARCHAR", {"meaning": "ip_address"}),
        (postgresql.TSVECTOR(), "VARCHAR", {"role": Role.UNSUPPORTED}),
        (postgresql.ENUM("x", "y", name="xy"), "ENUM('x', 'y')", {"values": ("x", "y")}),
        (postgresql.ARRAY(sa.Integer, dimensions=2), "INTEGER[][]", {}),
        (postgresql.DOMAIN("d", sa.String(7)), "VARCHAR", {"length": 7}),
        (mysql.TINYINT(1), "BOOLEAN", {}),
        (mysql.INTEGER(unsigned=True), "UINTEGER", {}),
        (mysql.SET("x", "y"), "VARCHAR", {"values": ("x", "y")}),
        (mysql.YEAR(), "SMALLINT", {}),
        (sa.Enum("x", "y", native_enum=False, length=4), "VARCHAR", {"length": 4}),
        (sa.Double(), "DOUBLE", {}),
        (sa.REAL(), "FLOAT", {}),
        (sa.Numeric(), "DECIMAL(18,3)", {}),
        (sa.BigInteger(), "BIGINT", {}),
        (sa.Interval(), "INTERVAL", {}),
        (sa.LargeBinary(), "BLOB", {}),
        (sa.PickleType(), "BLOB", {}),
        (Lower(), "VARCHAR", {"length": 12}),
        (Place(), "VARCHAR", {"role": Role.UNSUPPORTED}),
        (sa.String(9).with_variant(sa.Text(), "mysql"), "VARCHAR", {"length": 9}),
    ],
)
def test_types_of_databases_and_of_others(
    type_: sa.types.TypeEngine[object], expected: str, more: dict[str, object]
) -> None:
    column = read_models(sa.Table("t", sa.MetaData(), sa.Column("c", type_))).tables[0].columns[0]
    assert (column.type, {k: getattr(column, k) for k in more}) == (expected, more)


class Nobodys(UserDefinedType[str]):
    def get_col_spec(self) -> str:
        return "VACHAR(3)"


def _loose() -> list[type]:
    class Other(orm.DeclarativeBase):
        pass

    class Left(Other):
        __tablename__ = "left_side"
        id: Mapped[int] = mapped_column(primary_key=True)
        rights = orm.relationship("Right")

    class Right(Other):
        __tablename__ = "right_side"
        id: Mapped[int] = mapped_column(primary_key=True)

    return [Left, Right]


def _alone(*columns: sa.Column[object]) -> sa.Table:
    return sa.Table("t", sa.MetaData(), *columns)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ([], "have no tables: import the modules"),
        (sa.MetaData(), "have no tables: import the modules"),
        ([int], "int is no model of SQLAlchemy"),
        ("people", "'people' is no model of SQLAlchemy"),
        (_alone(sa.Column("a", sa.ForeignKey("no.id"))), "refers to the table 'no', which is not"),
        (_alone(sa.Column("a")), "table 't', column 'a' has no type"),
        (_alone(sa.Column("a", Nobodys())), "column 'a': nobody knows the type 'VACHAR'; did you"),
        (_alone(sa.Column("a", sa.Enum())), "its Enum has no labels"),
        (_loose(), "SQLAlchemy refuses the models: .* no foreign keys linking these tables"),
    ],
)
def test_what_is_wrong_is_named(source: object, expected: str) -> None:
    with pytest.raises(SchemaError, match=expected) as raised:
        read_models(source)
    assert "\n" not in str(raised.value)
    assert not re.search("sqlalche.me", str(raised.value))


def test_a_check_of_a_table_with_hostile_names() -> None:
    evil = "x'); DROP TABLE victim; --\""
    column = sa.Column(evil, sa.Integer)
    table = sa.Table(evil, sa.MetaData(), column, sa.CheckConstraint(column > 0))
    found = read_models(table).tables[0]
    assert (found.name, found.columns[0].name) == (evil, evil)
    assert len(found.checks) == 1
