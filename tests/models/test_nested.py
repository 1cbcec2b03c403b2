"""Structs and lists: what comes back has the type, the NULLs, the lengths and the order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from tests.models.test_fit import one

VISITS = """
CREATE TABLE visits AS SELECT i AS id, ['a', 'b', 'c'][1 + i % 3] AS kind,
    CASE WHEN i % 10 = 0 THEN NULL ELSE {
        'x': i % 7,
        'it''s "q"': CASE WHEN i % 5 = 0 THEN NULL ELSE (i % 7) * 10 + i % 3 END,
        'n': CASE WHEN i % 9 = 0 THEN NULL ELSE {'day': DATE '2020-01-01' + (i % 50)::INT,
            'codes': ['u', 'v', NULL][1:1 + i % 3]} END} END AS s,
    CASE WHEN i % 4 = 0 THEN NULL WHEN i % 4 = 1 THEN []
        ELSE [((i * 7) % 20 + k * 3)::SMALLINT FOR k IN range(1 + i % 6)] END AS tags,
    [CASE WHEN k = 3 THEN NULL ELSE {'at': TIMESTAMP '2024-01-01' + k * INTERVAL 1 DAY,
        'mood': ['sad', 'glad'][1 + (i + k) % 2]::ENUM ('sad', 'glad')} END
        FOR k IN range(i % 5)] AS objects,
    CASE WHEN i % 2 = 0 THEN ['N' || (i * 7919 % 90000 + 10000)] END AS notes
FROM range(1, 901) t(i);
ALTER TABLE visits ADD PRIMARY KEY (id);
"""


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(VISITS)
    con.execute("CALL genesis_fit('m', 'visits')")
    con.execute("CREATE TABLE made AS FROM genesis_generate('m', rows := 900, seed := 5)")
    yield con
    con.close()


def both(db: duckdb.DuckDBPyConnection, value: str) -> tuple[float, float]:
    return one(db, f"SELECT {value} FROM visits"), one(db, f"SELECT {value} FROM made")


def test_types_are_kept(db: duckdb.DuckDBPyConnection) -> None:
    assert db.sql("FROM made").types == db.sql("FROM visits").types
    assert db.sql("FROM made").columns == db.sql("FROM visits").columns
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    assert (
        db.execute("DESCRIBE synth.visits").fetchall() == db.execute("DESCRIBE visits").fetchall()
    )


@pytest.mark.parametrize(
    "share",
    [
        "s IS NULL",
        "s IS NOT NULL AND s.n IS NULL",
        """s."it's ""q\""" IS NULL""",
        "tags IS NULL",
        "tags = []",
        "len(s.n.codes) = 2",
        "objects = []",
        "list_contains([o IS NULL FOR o IN objects], true)",
        "notes IS NULL",
    ],
)
def test_shares_of_null_and_empty_are_kept(db: duckdb.DuckDBPyConnection, share: str) -> None:
    real, made = both(db, f"avg(CAST(coalesce({share}, false) AS INTEGER))")
    assert 0 < real < 1
    assert abs(made - real) < 0.05


def test_fields_belong_together(db: duckdb.DuckDBPyConnection) -> None:
    real, made = both(db, """corr(s.x, s."it's ""q\""")""")
    assert made > real - 0.01
    agree = "avg(CAST(objects[1].mood = objects[3].mood AS INTEGER))"
    real, made = both(db, "avg(CAST(objects[1].mood = 'glad' AS INTEGER))")
    assert abs(made - real) < 0.06
    assert one(db, f"SELECT {agree} FROM visits") == 1


def test_lengths_and_order_of_lists_are_kept(db: duckdb.DuckDBPyConnection) -> None:
    for value in ("avg(len(tags))", "stddev(len(tags))", "avg(len(objects))"):
        real, made = both(db, value)
        assert abs(made / real - 1) < 0.08
    for list_ in ("tags", "[o.at FOR o IN objects IF o IS NOT NULL]"):
        real, made = both(db, f"avg(CAST(list_sort({list_}) = {list_} AS INTEGER))")
        assert real == 1
        assert made > 0.6  # in random order .35


def test_texts_of_lists_are_new(db: duckdb.DuckDBPyConnection) -> None:
    shape = (
        "SELECT count(*) FROM made WHERE notes IS NOT NULL AND NOT notes[1] SIMILAR TO 'N[0-9]+'"
    )
    assert one(db, shape) == 0
    copied = "SELECT count(*) FROM made WHERE notes IN (SELECT notes FROM visits WHERE notes IS NOT NULL)"
    assert one(db, copied) < 45


def test_hidden_tables_are_not_shown(db: duckdb.DuckDBPyConnection) -> None:
    tables = db.execute("SELECT DISTINCT table_name FROM genesis_describe('m')").fetchall()
    assert tables == [("visits",)]
    found = db.execute("SELECT tables, rows FROM genesis_models() WHERE model = 'm'").fetchall()
    assert found == [(1, 900)]
    steps = dict(db.execute("SELECT column_name, step FROM genesis_describe('m')").fetchall())
    assert steps["s"] == "struct"
    assert steps["tags"] == "list"
    assert {"s.x", "s.n.day", "s.n.codes", """s.it's "q\""""} <= set(steps)
    with pytest.raises(duckdb.Error, match="has no table 'visits.tags'"):
        db.execute("FROM genesis_generate('m', 'visits.tags')")


def test_any_range_of_rows_after_a_move(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    db.execute(f"CALL genesis_export('m', '{tmp_path}/m.genesis')")
    con = genesis_sql.connect()
    con.execute(f"CALL genesis_import('{tmp_path}/m.genesis')")
    part = "FROM genesis_generate('m', rows := 40, first_row := 700, scale := 1, seed := 5)"
    whole = db.execute("FROM genesis_generate('m', rows := 900, scale := 1, seed := 5)").fetchall()
    assert con.execute(part).fetchall() == whole[700:740]
    con.close()


def test_options_name_fields_with_a_point(db: duckdb.DuckDBPyConnection) -> None:
    options = "{'first': ['s.n.day'], 'roles': {'s.x': 'category', 'tags': 'unsupported'}}"
    db.execute(f"CALL genesis_fit('o', 'visits', options := {options})")
    described = db.execute("SELECT column_name, role, inputs, reason FROM genesis_describe('o')")
    rows = {r[0]: r[1:] for r in described.fetchall()}
    assert rows["s.n.day"][1] == []
    assert rows["s.x"][0] == "category"
    assert rows["tags"] == ("unsupported", [], "left out by the caller")
    with pytest.raises(
        duckdb.Error, match=r"column 's\.y' that 'visits' does not have; did you mean 's\.x'"
    ):
        db.execute("CALL genesis_fit('o', 'visits', options := {'first': ['s.y']})")


def test_order_of_rows_and_the_name_play_no_role() -> None:
    made = []
    for by in ("i", "hash(i)"):
        con = genesis_sql.connect()
        con.execute(f"""CREATE TABLE t AS SELECT i % 3 AS a, [i % 5 + k FOR k IN range(i % 4)] AS l,
            {{'b': i % 11}} AS s FROM range(400) t(i) ORDER BY {by}""")
        con.execute(f"CALL genesis_fit('{by[:1]}', 't')")
        made.append(con.execute(f"FROM genesis_generate('{by[:1]}', rows := 300)").fetchall())
        con.close()
    assert made[0] == made[1]


def test_in_related_and_copied_tables() -> None:
    con = genesis_sql.connect()
    con.execute("""CREATE TABLE kinds (id INTEGER PRIMARY KEY, l INTEGER[], s STRUCT(a DATE));
        INSERT INTO kinds VALUES (1, [1, NULL], NULL), (2, NULL, {'a': '2020-02-02'});
        CREATE TABLE p (id INTEGER PRIMARY KEY, l INTEGER[], n BIGINT);
        INSERT INTO p SELECT i, [i % 4 FOR k IN range(i % 3)], i % 3 FROM range(200) t(i);
        CREATE TABLE "c.d" (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id),
            "parent.x" INTEGER, s STRUCT(id INTEGER, "p.q" VARCHAR), kind INTEGER);
        INSERT INTO "c.d" SELECT i, i % 190, i % 5, {'id': i % 5, 'p.q': 'v' || i % 3}, 1 + i % 2
        FROM range(600) t(i)""")
    con.execute("""CALL genesis_fit_database('m', verbatim := ['kinds'],
        relationships := ['"c.d".kind -> kinds'])""")
    con.execute("CALL genesis_generate_database('m', target := 'synth')")
    assert con.execute("FROM synth.kinds").fetchall() == con.execute("FROM kinds").fetchall()
    for table in ("kinds", "p", '"c.d"'):
        assert con.sql(f"FROM synth.{table}").types == con.sql(f"FROM {table}").types
    assert one(con, "SELECT count(*) FROM synth.p WHERE n <> len(l)") == 0
    reason = con.execute("SELECT reason FROM genesis_describe('m') WHERE column_name = 'n'")
    assert reason.fetchall() == [("count of p.l",)]
    assert one(con, 'SELECT count(*) FROM synth."c.d" WHERE s.id <> "parent.x"') < 30
    con.close()


DOCS = """
CREATE TABLE docs AS SELECT i AS id,
    CASE WHEN i % 10 = 0 THEN NULL ELSE CAST(
        '{"x":' || i % 7 || ',"y":' || (i % 7) * 10.5 || ',"it''s \\"q\\"":' ||
        CASE WHEN i % 4 = 0 THEN 'null' ELSE '{"ok":' || (i % 2 = 0) || ',"l":' ||
            to_json(['a', 'b', 'c'][1:i % 3]) || '}' END ||
        CASE WHEN i % 3 = 0 THEN ',"opt/~":"v' || i % 5 || '"' ELSE '' END || '}' AS JSON) END AS doc,
    to_json([{'at': i % 5 + k} FOR k IN range(i % 4)]) AS arr,
    CAST(CASE WHEN i % 2 = 0 THEN '1' ELSE '{}' END AS JSON) AS odd,
    CAST('{"a":{"b":{"c":{"d":1}}}}' AS JSON) AS deep,
    NULL::JSON AS nothing
FROM range(1, 901) t(i)
"""


@pytest.fixture(scope="module")
def docs() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(DOCS)
    con.execute("CALL genesis_fit('m', 'docs')")
    con.execute("CREATE TABLE made AS FROM genesis_generate('m', rows := 900, seed := 5)")
    yield con
    con.close()


def test_json_is_written_from_its_keys(docs: duckdb.DuckDBPyConnection) -> None:
    assert docs.sql("FROM made").columns == ["id", "doc", "arr", "nothing"]
    assert [str(t) for t in docs.sql("FROM made").types] == ["BIGINT", "JSON", "JSON", "JSON"]
    shape = "SELECT json_group_structure(doc), json_group_structure(arr), count(nothing) FROM {0}"
    real, made = (docs.execute(shape.format(t)).fetchall()[0] for t in ("docs", "made"))
    assert made == real


@pytest.mark.parametrize(
    "share",
    [
        "doc IS NULL",
        "json_type(doc, '/opt~1~0') IS NULL",  # a missing key, not null
        "json_type(doc, '/it''s \"q\"') = 'NULL'",  # null, not missing
        "json_extract(doc, '/it''s \"q\"/l') = '[]'",
        "json_extract(doc, '/it''s \"q\"/ok') = 'true'",
        "arr = '[]'",
    ],
)
def test_shares_in_json_are_kept(docs: duckdb.DuckDBPyConnection, share: str) -> None:
    query = "SELECT avg(CAST(coalesce({0}, false) AS INTEGER)) FROM {1}"
    real, made = (one(docs, query.format(share, t)) for t in ("docs", "made"))
    assert 0 < real < 1
    assert abs(made - real) < 0.05


def test_keys_of_json_belong_together(docs: duckdb.DuckDBPyConnection) -> None:
    assert one(docs, "SELECT corr((doc->>'x')::INT, (doc->>'y')::DOUBLE) FROM made") > 0.99
    assert one(docs, "SELECT count(*) FROM made WHERE json_type(doc, '/opt~1~0') = 'NULL'") == 0


def test_irregular_json_is_left_out_with_the_reason(docs: duckdb.DuckDBPyConnection) -> None:
    left = docs.execute("""SELECT column_name, reason FROM genesis_describe('m')
        WHERE step = 'left out'""").fetchall()
    begin = "type JSON cannot be learnt: "
    assert dict(left) == {
        "odd": f"{begin}its values are not all objects, or all arrays; the column is left out",
        "deep": f"{begin}it is more than 3 levels deep; the column is left out",
    }
    found = docs.execute("FROM genesis_check('docs')").fetchall()
    said = {(c, text) for _, _, c, text, _ in found}
    assert (
        "doc",
        """its keys are learnt as columns: doc.x, doc.y, doc.it's "q", \
doc.it's "q".ok, doc.it's "q".l, doc.opt/~""",
    ) in said
    assert ("arr", "its keys are learnt as columns: arr") not in said
