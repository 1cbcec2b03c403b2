"""Values of all kinds arrive as they are in the columns that databases have for them."""

from __future__ import annotations

import datetime as dt
import json
import resource
import signal
import uuid
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from genesis_sql.actions.delivering.cells import Cell, csv_line, family, packets
from genesis_sql.errors import TargetError
from tests.actions.delivering.conftest import SHOP, ask, counts, engine_of, fill, make

SAID = "tab\t \"q\" 's' \\ %s :x\nline, \\. ${y} é 漢 🙂"
KINDS = """
CREATE TABLE kinds (id BIGINT PRIMARY KEY, flag BOOLEAN, exact DECIMAL(10, 2), rough DOUBLE, said VARCHAR,
  day DATE, hour TIME, moment TIMESTAMP, instant TIMESTAMPTZ, id2 UUID, doc JSON, numbers INTEGER[], words VARCHAR[])
"""
ROW = [
    1,
    True,
    "1.50",
    0.1,
    SAID,
    "2020-01-02",
    "10:11:12.5",
    "2020-01-01 10:00:00.123456",
    "2020-06-01 10:00:00+02",
    "202bee2f-541b-4e3a-9dd0-8dbbe0e64d0f",
    '{"a": [1, "x\\n"]}',
    [1, None, 3],
    ['a,"b', None, "c\\d", ""],
]


def _there(dialect: str) -> sa.MetaData:
    meta, lists = sa.MetaData(), dialect == "postgresql"
    sa.Table(
        "kinds", meta, sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("flag", sa.Boolean), sa.Column("exact", sa.Numeric(10, 2)), sa.Column("rough", sa.Double),
        sa.Column("said", sa.Text), sa.Column("day", sa.Date), sa.Column("hour", sa.Time if lists else sa.String(20)), sa.Column("moment", sa.DateTime if dialect != "mysql" else mysql.DATETIME(fsp=6)),
        sa.Column("instant", sa.DateTime(timezone=True)), sa.Column("id2", sa.Uuid if dialect != "mysql" else sa.CHAR(32)), sa.Column("doc", postgresql.JSONB if lists else sa.JSON),
        sa.Column("numbers", postgresql.ARRAY(sa.Integer) if lists else sa.JSON), sa.Column("words", postgresql.ARRAY(sa.Text) if lists else sa.Text),
    )  # fmt: skip
    return meta


def test_values_arrive_as_they_are(con: duckdb.DuckDBPyConnection, url: str):
    con.execute(KINDS)
    con.execute(f"INSERT INTO kinds VALUES ({', '.join('?' * len(ROW))})", ROW)
    con.execute("INSERT INTO kinds (id, said, words) VALUES (2, '', []), (3, NULL, NULL)")
    con.execute("CALL genesis_fit_database('kinds', verbatim := ['kinds'])").fetchall()
    dialect = sa.make_url(url).get_backend_name()
    meta = _there(dialect)
    make(url, meta)
    fill(con, url, "kinds")
    with engine_of(url) as engine, engine.connect() as there:
        first, second, third = (
            dict(r._mapping)
            for r in there.execute(meta.tables["kinds"].select().order_by(sa.text("id")))
        )
    assert (first["flag"], first["exact"], first["rough"], first["said"]) == (
        True,
        Decimal("1.50"),
        0.1,
        SAID,
    )
    assert (first["day"], first["moment"]) == (
        dt.date(2020, 1, 2),
        dt.datetime(2020, 1, 1, 10, 0, 0, 123456),
    )
    assert str(first["hour"])[:10] == "10:11:12.5"
    assert (
        first["instant"].replace(tzinfo=first["instant"].tzinfo or dt.timezone.utc).timestamp()
        == 1590998400
    )
    assert first["id2"] in (uuid.UUID(ROW[9]), uuid.UUID(ROW[9]).hex)
    assert first["doc"] == {"a": [1, "x\n"]}
    assert first["numbers"] == [1, None, 3]
    assert (
        first["words"] if isinstance(first["words"], list) else json.loads(first["words"])
    ) == ROW[12]
    assert second["said"] == ""
    assert second["words"] in ([], "[]")
    assert [v for k, v in third.items() if k != "id"] == [None] * 12


def test_text_of_what_no_model_holds_yet(postgres: str):
    """Blobs, intervals, lists in lists: COPY reads back what `csv_line` writes."""
    con = duckdb.connect()
    query = """
    SELECT from_hex('00ab5c22') AS b, INTERVAL '1 year 2 days 3 hours' AS i, [[1, 2], [3, 4]] AS l,
           [from_hex('ff00'), NULL] AS bs, 'nan'::DOUBLE AS f, 170141183460469231731687303715884105727::HUGEINT AS h
    """
    types = {r[0]: r[1] for r in con.execute(f"DESCRIBE {query}").fetchall()}
    cells = [Cell(n, t, n, "list" if t.endswith("]") else family(t)) for n, t in types.items()]
    make(
        postgres,
        "CREATE TABLE t (b BYTEA, i INTERVAL, l INTEGER[][], bs BYTEA[], f DOUBLE PRECISION, h NUMERIC)",
    )
    lines = (
        con.sql(f"SELECT {csv_line(cells)} AS line FROM ({query})")
        .to_arrow_table()["line"]
        .combine_chunks()
    )
    with engine_of(postgres) as engine, engine.begin() as there:
        cursor = there.connection.driver_connection.cursor()
        with cursor, cursor.copy("COPY t FROM STDIN (FORMAT csv)") as copy:
            for packet in packets(lines, 1):
                copy.write(packet)
    con.close()
    found = ask(postgres, "SELECT b, i = '1 year 2 days 3 hours', l, bs, f::text, h FROM t")[0]
    assert (bytes(found[0]), found[1], found[2]) == (b"\x00\xab\x5c\x22", True, [[1, 2], [3, 4]])
    assert [None if v is None else bytes(v) for v in found[3]] == [b"\xff\x00", None]
    assert found[4:] == ("NaN", Decimal(2**127 - 1))


def test_packets_cut_between_lines():
    import pyarrow as pa

    lines = pa.array(["zero\n", "a\n", "bb\n", "", "c" * 50 + "\n", "d\n"])[1:]
    for most in (1, 3, 5, 52, 1000):
        pieces = [bytes(p) for p in packets(lines, most)]
        assert b"".join(pieces) == "".join(lines.to_pylist()).encode()
        assert all(p.endswith(b"\n") or p == b"" for p in pieces)
        assert all(len(p) <= most or p.count(b"\n") <= 1 for p in pieces)
    assert list(packets(pa.array([], pa.string()), 10)) == []


def test_hostile_names_and_values(con: duckdb.DuckDBPyConnection, url: str):
    evil = "x'); DROP TABLE victim; --"
    con.execute('CREATE TABLE "ta""b;`%s" ("a\'b" INTEGER PRIMARY KEY, "v:w%d""" VARCHAR)')
    con.execute(
        'INSERT INTO "ta""b;`%s" VALUES (1, ?), (2, ?)', [evil, "\\'); DROP TABLE victim; --\\"]
    )
    con.execute("CALL genesis_fit_database('evil', verbatim := ['ta\"b;`%s'])").fetchall()
    meta = sa.MetaData()
    there = sa.Table(
        'ta"b;`%s',
        meta,
        sa.Column("a'b", sa.Integer, primary_key=True),
        sa.Column('v:w%d"', sa.String(80)),
    )
    victim = sa.Table("victim", meta, sa.Column("id", sa.Integer, primary_key=True))
    make(url, meta)
    fill(con, url, "evil")
    with engine_of(url) as engine, engine.connect() as connection:
        assert [r[1] for r in connection.execute(there.select().order_by(there.c["a'b"]))] == [
            evil,
            "\\'); DROP TABLE victim; --\\",
        ]
        assert connection.execute(victim.select()).all() == []


def test_a_database_that_only_reads(shop: duckdb.DuckDBPyConnection, url: str, tmp_path: Path):
    make(url, SHOP)
    closed = url
    if url.startswith("postgresql"):
        make(
            url,
            f"ALTER DATABASE {sa.make_url(url).database} SET default_transaction_read_only = on",
        )
    elif url.startswith("mysql"):
        closed = url + "&init_command=SET+SESSION+TRANSACTION+READ+ONLY"
    else:
        closed = f"sqlite:///file:{tmp_path / 'empty.db'}?mode=ro&uri=true"
    with pytest.raises(
        TargetError,
        match=r"table 'shops' of the database does not take the rows: .*(read-only|readonly|READ ONLY).*; nothing was kept",
    ):
        fill(shop, closed)


def test_a_database_that_is_full(shop: duckdb.DuckDBPyConnection, tmp_path: Path):
    (tmp_path / "small.db").touch()
    url = f"sqlite:///{tmp_path / 'small.db'}"
    make(url, SHOP)
    most, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(
            TargetError, match=r"does not take the rows: .*(full|I/O).*; nothing was kept"
        ):
            fill(shop, url, rows={"orders": 5_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert counts(url, "shops", "orders") == [0, 0]
