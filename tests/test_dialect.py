"""`create_engine("genesis:///shop.duckdb")`: functions on every connection, keys in every inspection."""

from __future__ import annotations

import decimal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import orm, pool
from sqlalchemy.ext.automap import automap_base

import genesis_sql
from genesis_sql.dialect.column_types import type_of
from genesis_sql.dialect.driver import called_effect
from genesis_sql.errors import TransactionError

text = sa.text
PEOPLE = text("CREATE TABLE people AS SELECT range % 5 AS a FROM range(60)")
FIT = text("CALL genesis_fit('m', 'people')")

MADE = """
CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE SEQUENCE numbers;
CREATE TABLE parts (shop INTEGER, code VARCHAR, PRIMARY KEY (code, shop));
CREATE TABLE "Big one" (
  id INTEGER DEFAULT nextval('numbers') PRIMARY KEY, feeling mood, size ENUM('S', 'it''s'),
  price DECIMAL(10, 2) NOT NULL CHECK (price > 0), tags VARCHAR[][], three INTEGER[3],
  nested STRUCT(a INTEGER, "b c" VARCHAR[]), m MAP(VARCHAR, INTEGER), u UUID, seen TIMESTAMPTZ,
  huge HUGEINT, note VARCHAR DEFAULT 'it''s', twice INTEGER GENERATED ALWAYS AS (id * 2),
  boss INTEGER REFERENCES "Big one" (id), shop INTEGER, code VARCHAR,
  UNIQUE (note, u), FOREIGN KEY (code, shop) REFERENCES parts (code, shop));
COMMENT ON TABLE "Big one" IS 'all of it'; COMMENT ON COLUMN "Big one".price IS 'in cents';
CREATE INDEX by_price ON "Big one" (price, huge);
CREATE UNIQUE INDEX by_note ON "Big one" (lower(note), (id + 1));
CREATE VIEW seen AS SELECT id, price FROM "Big one";
CREATE SCHEMA other; CREATE TABLE other.t (a INTEGER PRIMARY KEY); CREATE TABLE other.parts (x INTEGER);
"""


@pytest.fixture
def engine(file: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"genesis:///{file}")
    yield made
    made.dispose()


@pytest.fixture
def made(engine: sa.Engine) -> sa.Inspector:
    with engine.begin() as con:
        con.exec_driver_sql(MADE)
    return sa.inspect(engine)


# reflection


def test_names(made: sa.Inspector) -> None:
    assert made.get_table_names() == ["Big one", "parts"]
    assert made.get_view_names() == ["seen"]
    assert made.get_table_names("other") == ["parts", "t"]
    assert made.get_schema_names() == ["main", "other"]
    assert made.get_sequence_names() == ["numbers"]
    assert [made.has_table(n) for n in ("parts", "seen", "t", "pArts")] == [
        True,
        True,
        False,
        False,
    ]
    assert (made.has_table("t", "other"), made.has_schema("other"), made.has_schema("x")) == (
        True,
        True,
        False,
    )
    assert made.get_view_definition("seen").startswith("CREATE VIEW seen")
    assert made.default_schema_name == "main"


def test_columns(made: sa.Inspector) -> None:
    found = {c["name"]: c for c in made.get_columns("Big one")}
    kinds = {name: str(c["type"].compile(made.dialect)) for name, c in found.items()}
    assert kinds == {
        "id": "INTEGER", "feeling": "ENUM('glad', 'sad')", "size": "ENUM('S', 'it''s')",
        "price": "NUMERIC(10, 2)", "tags": "VARCHAR[][]", "three": "INTEGER[3]",
        "nested": 'STRUCT("a" INTEGER, "b c" VARCHAR[])', "m": "MAP(VARCHAR, INTEGER)", "u": "UUID",
        "seen": "TIMESTAMP WITH TIME ZONE", "huge": "HugeInt", "note": "VARCHAR",
        "twice": "INTEGER", "boss": "INTEGER", "shop": "INTEGER", "code": "VARCHAR",
    }  # fmt: skip
    assert (found["feeling"]["type"].name, found["size"]["type"].name) == ("mood", "Big one_size")
    assert [n for n, c in found.items() if not c["nullable"]] == ["id", "price"]
    assert (found["note"]["default"], found["id"]["default"]) == ("'it''s'", "nextval('numbers')")
    assert (found["id"]["autoincrement"], found["price"]["comment"]) == (True, "in cents")
    assert found["twice"]["default"] is None
    assert "id * 2" in found["twice"]["computed"]["sqltext"]
    assert [c["name"] for c in made.get_columns("seen")] == ["id", "price"]


def test_keys_checks_and_comments(made: sa.Inspector) -> None:
    assert made.get_pk_constraint("parts")["constrained_columns"] == ["code", "shop"]
    keys = {tuple(k["constrained_columns"]): k for k in made.get_foreign_keys("Big one")}
    assert {c: (k["referred_schema"], k["referred_table"], k["referred_columns"]) for c, k in keys.items()} == {
        ("boss",): (None, "Big one", ["id"]), ("code", "shop"): (None, "parts", ["code", "shop"]),
    }  # fmt: skip
    assert [u["column_names"] for u in made.get_unique_constraints("Big one")] == [["note", "u"]]
    assert [c["sqltext"] for c in made.get_check_constraints("Big one")] == ["(price > 0)"]
    assert made.get_table_comment("Big one") == {"text": "all of it"}
    assert made.get_indexes("Big one") == [
        {"name": "by_note", "unique": True, "column_names": [None, None], "expressions": ["lower(note)", "(id + 1)"]},
        {"name": "by_price", "unique": False, "column_names": ["price", "huge"]},
    ]  # fmt: skip
    assert made.get_pk_constraint("seen")["constrained_columns"] == []
    with pytest.raises(sa.exc.NoSuchTableError, match="nope"):
        made.get_columns("nope")


def test_metadata_and_automap(engine: sa.Engine, made: sa.Inspector) -> None:
    metadata = sa.MetaData()
    metadata.reflect(engine, views=True)
    assert set(metadata.tables) == {"Big one", "parts", "seen"}
    big = metadata.tables["Big one"]
    assert {k.target_fullname for k in big.foreign_keys} == {
        "Big one.id",
        "parts.code",
        "parts.shop",
    }
    assert (big.comment, big.c.price.comment) == ("all of it", "in cents")
    other = sa.MetaData()
    other.reflect(engine, schema="other")
    assert set(other.tables) == {"other.t", "other.parts"}
    base = automap_base()
    base.prepare(autoload_with=engine)
    assert base.classes.parts.__table__.primary_key.columns.keys() == ["code", "shop"]
    assert hasattr(base.classes["Big one"], "parts")


def test_a_schema_reflected_can_be_made_again(engine: sa.Engine, made: sa.Inspector) -> None:
    metadata = sa.MetaData()
    metadata.reflect(engine)
    again = sa.create_engine("genesis://")
    with again.begin() as con:
        con.exec_driver_sql("CREATE SEQUENCE numbers")
        metadata.create_all(con)
    copied = sa.inspect(again)
    for kind in ("pk_constraint", "foreign_keys", "unique_constraints", "table_comment", "indexes"):
        first, second = (getattr(i, f"get_{kind}")("Big one") for i in (made, copied))
        assert first == second != [], kind
    again.dispose()


def test_temporary_tables(engine: sa.Engine, made: sa.Inspector) -> None:
    with engine.connect() as con:
        con.exec_driver_sql("CREATE TEMP TABLE parts (only_here INTEGER PRIMARY KEY)")
        con.exec_driver_sql("CREATE TEMP VIEW v AS SELECT 1 AS x")
        inside = sa.inspect(con)
        assert (inside.get_temp_table_names(), inside.get_temp_view_names()) == (["parts"], ["v"])
        assert inside.get_table_names() == ["Big one"]
        assert [c["name"] for c in inside.get_columns("parts")] == ["only_here"]
        assert inside.get_pk_constraint("parts")["constrained_columns"] == ["only_here"]
        assert [c["name"] for c in inside.get_columns("parts", "main")] == ["shop", "code"]


def test_attached_files(engine: sa.Engine, made: sa.Inspector, tmp_path: Path) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
        con.exec_driver_sql(f"ATTACH '{tmp_path / 'x.duckdb'}' AS \"a.b\"")
        con.exec_driver_sql('CREATE TABLE "a.b".main.far (a INTEGER PRIMARY KEY)')
        inside = sa.inspect(con)
        assert inside.get_schema_names() == ["main", "other", '"a.b".main']
        assert inside.get_pk_constraint("far", '"a.b".main')["constrained_columns"] == ["a"]
        far = sa.Table("far", sa.MetaData(), schema='"a.b".main', autoload_with=con)
        con.execute(far.insert().values(a=1))
        assert con.execute(sa.select(far.c.a)).scalars().all() == [1]


def test_hostile_names(engine: sa.Engine) -> None:
    evil = "x'); DROP TABLE victim; --\""
    metadata = sa.MetaData()
    sa.Table("victim", metadata, sa.Column("a", sa.Integer, primary_key=True))
    sa.Table(
        evil, metadata, sa.Column(evil, sa.Integer, primary_key=True), sa.Column("k", sa.Enum(evil, "b", name=evil)),
        sa.Column("up", sa.ForeignKey(f"{evil}.{evil}")) if "." not in evil else sa.Column("up", sa.Integer),
        comment=evil,
    )  # fmt: skip
    metadata.create_all(engine)
    found = sa.inspect(engine)
    assert found.get_table_names() == ["victim", evil]
    assert found.get_columns(evil)[1]["type"].enums == [evil, "b"]
    assert found.get_table_comment(evil) == {"text": evil}
    with engine.begin() as con:
        table = metadata.tables[evil]
        con.execute(table.insert().values(k=evil))
        assert con.execute(sa.select(table)).all() == [(1, evil, None)]
    metadata.drop_all(engine)
    assert (sa.inspect(engine).get_table_names(), sa.inspect(engine).get_sequence_names()) == (
        [],
        [],
    )


def test_types_nobody_knows_are_null_types() -> None:
    assert isinstance(type_of("SOMETHING NEW"), sa.types.NullType)
    assert isinstance(type_of("SELECT 1; DROP"), sa.types.NullType)


# keys that DuckDB cannot declare


SPEC = """
generation: {count: 20}
tables:
  buyers: {columns: {id: {type: key, format: "B%03d"}}}
  orders:
    parent: buyers
    rows: {type: poisson, mean: 2}
    columns: {id: {type: key, format: "O%04d"}, buyer_id: {type: parent, column: id}}
"""


def test_keys_that_stand_only_in_the_store(file: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        con.execute("CALL genesis_save_profile('shop', ?)", [SPEC]).fetchall()
        for target, keys in (("bare", "none"), ("keyed", "declare")):
            query = "CALL genesis_generate_database('shop', target := ?, keys := ?)"
            con.execute(query, [target, keys]).fetchall()
        query = "SELECT DISTINCT schema_name FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
        assert con.execute(query).fetchall() == [("keyed",)]
    engine = sa.create_engine(f"genesis:///{file}")
    for schema in ("bare", "keyed"):
        keys = sa.inspect(engine).get_foreign_keys("orders", schema)
        assert [
            (k["constrained_columns"], k["referred_schema"], k["referred_table"]) for k in keys
        ] == [(["buyer_id"], schema, "buyers")]
    metadata = sa.MetaData()
    metadata.reflect(engine, schema="bare")
    assert [t.name for t in metadata.sorted_tables] == ["buyers", "orders"]
    engine.dispose()
    again = sa.create_engine(f"genesis:///{file.rename(file.with_name('moved.duckdb'))}")
    assert len(sa.inspect(again).get_foreign_keys("orders", "bare")) == 1
    again.dispose()


# effects and transactions


def test_an_effect_runs_where_nothing_was_written(engine: sa.Engine) -> None:
    with engine.connect() as con:
        con.execute(PEOPLE)
        con.commit()
        con.execute(text("SELECT count(*) FROM people")).scalar()
        assert con.execute(FIT).all()[0][:2] == ("m", 1)
        con.rollback()
        assert con.execute(text("SELECT count(*) FROM genesis_models()")).scalar() == 1
        made = con.execute(
            text("SELECT count(*) FROM genesis_generate('m', rows := :n)"), {"n": 12}
        )
        assert made.scalar() == 12
        with pytest.raises(sa.exc.DBAPIError, match="genesis: ModelNotFoundError"):
            con.execute(text("SELECT * FROM genesis_generate('nope')"))


def test_an_effect_behind_a_write_is_refused(engine: sa.Engine) -> None:
    with engine.connect() as con:
        con.execute(PEOPLE)
        with pytest.raises(
            TransactionError, match=r"call commit\(\) .*isolation_level='AUTOCOMMIT'"
        ):
            con.execute(FIT)
        con.commit()
        assert con.execute(FIT).all()[0][:2] == ("m", 1)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
        con.execute(text("INSERT INTO people VALUES (9)"))
        assert con.execute(FIT).all()[0][:2] == ("m", 2)
        con.rollback()
        assert con.execute(text("SELECT count(*) FROM people")).scalar() == 61


def test_a_transaction_can_be_taken_back(engine: sa.Engine) -> None:
    with engine.connect() as con:
        con.execute(PEOPLE)
        con.rollback()
        assert not sa.inspect(con).has_table("people")
        con.execute(text("SELECT 'genesis_fit(' AS t"))
        con.execute(
            text("CREATE TABLE notes AS SELECT 'CALL genesis_fit(''m'')' AS t -- genesis_fit(")
        )
        con.rollback()
        assert not sa.inspect(con).has_table("notes")


@pytest.mark.parametrize(
    ("statement", "effect"),
    [
        ("call GENESIS_FIT ('m', 't')", "genesis_fit"),
        ("CREATE TABLE t AS FROM genesis_generate_database('m')", "genesis_generate_database"),
        ("SELECT * FROM genesis_generate('m')", None),
        ("SELECT genesis_fit FROM t", None),
        ("CALL genesis_check('t')", None),
        ("SELECT 'it''s genesis_fit('", None),
        ("SELECT 1 /* genesis_fit( */ -- genesis_fit(", None),
    ],
)
def test_which_statements_are_effects(statement: str, effect: str | None) -> None:
    assert called_effect(statement) == effect


def test_two_results_at_the_same_time(engine: sa.Engine) -> None:
    with engine.connect() as con:
        rows = con.execute(text("SELECT i FROM range(5000) r(i)"))
        inner = [
            con.execute(text("SELECT :x + 1"), {"x": i}).scalar() for (i,) in rows if i % 1000 == 0
        ]
        assert inner == [1, 1001, 2001, 3001, 4001]
        open_one = con.execute(text("SELECT i FROM range(10) r(i)"))
        con.commit()
        assert len(open_one.fetchmany(3) + open_one.fetchall()) == 10


# pools, threads, memory, read-only


@pytest.mark.parametrize(
    ("url", "how"),
    [
        ("genesis://", None),
        ("genesis:///:memory:", pool.NullPool),
        ("genesis:///:memory:", pool.StaticPool),
        ("genesis://", pool.SingletonThreadPool),
    ],
)
def test_memory_is_one_database_for_all_connections(url: str, how: type[pool.Pool] | None) -> None:
    engine, other = sa.create_engine(url, poolclass=how), sa.create_engine(url)
    with engine.begin() as con:
        con.execute(text("CREATE TABLE t AS SELECT 1 AS a"))
    with engine.connect() as con:
        assert con.execute(text("SELECT a FROM t")).scalar() == 1
        assert con.execute(text("SELECT count(*) FROM genesis_models()")).scalar() == 0
    assert not sa.inspect(other).has_table("t")
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize("how", [pool.NullPool, pool.QueuePool])
def test_threads(file: Path, how: type[pool.Pool]) -> None:
    engine = sa.create_engine(f"genesis:///{file}", poolclass=how)
    with engine.begin() as con:
        con.execute(text("CREATE TABLE t (a INTEGER)"))

    def work(number: int) -> int:
        with engine.begin() as con:
            con.execute(text("INSERT INTO t VALUES (:a)"), {"a": number})
            con.execute(text("FROM genesis_models()")).all()
            return int(
                con.execute(text("SELECT count(*) FROM t WHERE a = :a"), {"a": number}).scalar_one()
            )

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(8))) == [1] * 8
    with engine.connect() as con:
        assert con.execute(text("SELECT count(DISTINCT a) FROM t")).scalar() == 8
    engine.dispose()
    duckdb.connect(str(file), config={"threads": 1}).close()  # no connection was left open


def test_read_only(file: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        con.execute("CALL genesis_save_profile('shop', ?)", [SPEC]).fetchall()
        con.execute("CREATE TABLE t AS SELECT 1 AS a")
    for engine in (
        sa.create_engine(f"genesis:///{file}?access_mode=read_only"),
        sa.create_engine(f"genesis:///{file}", connect_args={"read_only": True}),
    ):
        with engine.connect() as con:
            assert (
                con.execute(
                    text("SELECT count(*) FROM genesis_generate('shop', 'buyers', rows := 5)")
                ).scalar()
                == 5
            )
            assert sa.inspect(con).get_table_names() == ["t"]
            with pytest.raises(sa.exc.DBAPIError, match="read-only"):
                con.execute(text("DELETE FROM t"))
        engine.dispose()


# ORM, pandas, Alembic


class Base(orm.DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (
        sa.CheckConstraint("paid >= 0", name="ck_paid"), sa.Index("ix_paid", "paid"),
        sa.UniqueConstraint("email", name="uq_email"), {"comment": "who buys"},
    )  # fmt: skip
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    email: orm.Mapped[str] = orm.mapped_column(sa.String(50), comment="unique")
    kind: orm.Mapped[str] = orm.mapped_column(sa.Enum("new", "old", name="kind"))
    paid: orm.Mapped[decimal.Decimal] = orm.mapped_column(sa.Numeric(10, 2))
    weight: orm.Mapped[float]
    code: orm.Mapped[uuid.UUID] = orm.mapped_column(default=uuid.uuid4)
    more: orm.Mapped[dict[str, object]] = orm.mapped_column(sa.JSON)
    boss: orm.Mapped[int | None] = orm.mapped_column(sa.ForeignKey("person.id"))
    text: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    data: orm.Mapped[bytes | None] = orm.mapped_column(sa.LargeBinary)
    orders: orm.Mapped[list[Order]] = orm.relationship(back_populates="person")


class Order(Base):
    __tablename__ = "order"
    id: orm.Mapped[int] = orm.mapped_column(sa.BigInteger, primary_key=True)
    person_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("person.id"))
    at: orm.Mapped[object] = orm.mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now()
    )
    person: orm.Mapped[Person] = orm.relationship(back_populates="orders")


def test_orm(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        people = [
            Person(email=f"{i}@x", kind="new", paid=decimal.Decimal("1.50"), weight=0.1, more={"a": [i]}, orders=[Order(), Order()])
            for i in range(3)
        ]  # fmt: skip
        session.add_all(people)
        session.commit()
        one = session.scalars(sa.select(Person).where(Person.email == "1@x")).one()
        assert (one.paid, one.weight, one.more, len(one.orders)) == (
            decimal.Decimal("1.50"),
            0.1,
            {"a": [1]},
            2,
        )
        assert isinstance(one.code, uuid.UUID)
        one.weight = 0.5
        session.commit()
        assert session.execute(sa.update(Person).values(text="x")).rowcount == 3
        session.rollback()
        assert session.scalars(sa.select(Person.text)).all() == [None] * 3
        with pytest.raises(sa.exc.IntegrityError, match=r"(?i)duplicate key"):
            session.execute(
                sa.insert(Person).values(
                    id=9, email="1@x", kind="old", paid=1, weight=1, code=uuid.uuid4(), more={}
                )
            )


def test_stored_computed_columns_are_refused(engine: sa.Engine) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("a", sa.Integer),
        sa.Column("b", sa.Integer, sa.Computed("a + 1", persisted=True)),
    )
    with pytest.raises(sa.exc.CompileError, match="leave out persisted"):
        table.create(engine)


def test_pandas(engine: sa.Engine) -> None:
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "x": [0.1, 2.5],
            "name": ["a", "b"],
            "at": pd.to_datetime(["2024-01-01", "2024-06-01"]),
        }
    )
    assert frame.to_sql("frame", engine, index=False) == 2
    assert frame.to_sql("frame", engine, index=False, if_exists="append", method="multi") == 2
    back = pd.read_sql("frame", engine)
    assert (back["x"].tolist(), back["name"].tolist()) == ([0.1, 2.5] * 2, ["a", "b"] * 2)
    assert pd.read_sql("SELECT count(*) AS n FROM frame", engine)["n"].tolist() == [4]
    assert str(back["at"].dtype).startswith("datetime64")


def test_alembic_sees_no_difference_in_an_unchanged_schema(engine: sa.Engine) -> None:
    Base.metadata.create_all(engine)
    with engine.connect() as con:
        assert compare_metadata(MigrationContext.configure(con), Base.metadata) == []
        more = sa.MetaData()
        for table in Base.metadata.sorted_tables:
            table.to_metadata(more)
        more.tables["person"].append_column(sa.Column("city", sa.Text))
        found = compare_metadata(MigrationContext.configure(con), more)
        assert [d[0] for d in found] == ["add_column"]
        less = sa.MetaData()
        Person.__table__.to_metadata(less)
        assert "remove_table" in [
            d[0] for d in compare_metadata(MigrationContext.configure(con), less)
        ]
