"""References that find no parent: made NULL, left out with their rows, or kept."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

import genesis_sql

SHOP = """
CREATE TABLE town AS SELECT 'T' || (100 + i) AS code, i * 7 % 50 AS size FROM range(40) r(i);
CREATE TABLE customer AS SELECT i AS id, i % 9 AS grade,
  CASE WHEN i % 5 = 0 THEN 'X' || (900 + i % 7) WHEN i % 5 < 4 THEN 'T' || (100 + i % 40) END AS town,
  CASE WHEN i % 10 = 0 THEN 5000 + i WHEN i % 3 > 0 THEN i // 3 END AS invited_by FROM range(300) r(i);
CREATE TABLE sale AS SELECT i AS id, i * 13 % 400 AS customer, i % 40 AS price FROM range(900) r(i);
CREATE TABLE line AS SELECT i * 7 % 950 AS sale, i // 950 AS nr, i % 11 AS amount FROM range(1900) r(i);
"""
KEYS = [
    "customer.town -> town.code",
    "customer.invited_by -> customer.id",
    "sale.customer -> customer.id",
    "line.sale -> sale.id",
]


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    con = genesis_sql.connect()
    con.execute(SHOP)
    yield con
    con.close()


def fit(db: duckdb.DuckDBPyConnection, orphans: str, **more: object) -> dict[str, tuple]:
    found = genesis_sql.fit_database(db, "m", relationships=KEYS, orphans=orphans, **more)  # type: ignore[arg-type]
    return {r["table_name"]: (r["orphans"], r["notes"]) for r in found}


def lost(db: duckdb.DuckDBPyConnection, place: str = "synth.") -> dict[str, int]:
    """Dangling references by column."""
    out = {}
    for text in KEYS:
        (child, column), (parent, above) = (side.split(".") for side in text.split(" -> "))
        query = f"""SELECT count(*) FROM {place}{child} c ANTI JOIN {place}{parent} p
            ON c.{column} = p.{above} WHERE c.{column} IS NOT NULL"""
        out[f"{child}.{column}"] = db.execute(query).fetchall()[0][0]
    return out


def shares(db: duckdb.DuckDBPyConnection, place: str) -> list[float]:
    query = "SELECT avg(CAST(town IS NULL AS INTEGER)), avg(CAST(invited_by IS NULL AS INTEGER)) FROM {}customer"
    return [float(v) for v in db.execute(query.format(place)).fetchall()[0]]


def test_they_become_null(db: duckdb.DuckDBPyConnection) -> None:
    told = fit(db, "null")
    assert told["customer"] == (90, "90 dangling references become NULL")
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    assert set(lost(db).values()) == {0}
    assert sum(lost(db, "").values()) == 90 + 223 + 100


def test_their_rows_are_left_out_with_those_below(db: duckdb.DuckDBPyConnection) -> None:
    told = fit(db, "drop")
    db.execute("""
        CREATE TABLE c AS FROM customer WHERE (town IS NULL OR town LIKE 'T%');
        CREATE TABLE s AS FROM sale; CREATE TABLE l AS FROM line;
    """)
    for _ in range(12):  # until nothing dangles any more
        db.execute("""
            DELETE FROM c WHERE invited_by IS NOT NULL AND invited_by NOT IN (SELECT id FROM c);
            DELETE FROM s WHERE customer NOT IN (SELECT id FROM c);
            DELETE FROM l WHERE sale NOT IN (SELECT id FROM s);
        """)
    for table, short in (("customer", "c"), ("sale", "s"), ("line", "l")):
        before, after = (
            db.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in (table, short)
        )
        assert told[table][1] == f"{before - after} rows with dangling references left out"
        rows = "SELECT rows FROM genesis.model_tables WHERE table_name = ?"
        assert db.execute(rows, [table]).fetchall() == [(after,)]
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    assert set(lost(db).values()) == {0}


@pytest.mark.parametrize("scale", [1, 2.5])
def test_as_many_are_kept(db: duckdb.DuckDBPyConnection, scale: float) -> None:
    told = fit(db, "keep")
    assert told["customer"] == (90, "90 dangling references are kept")
    report = db.execute(
        f"CALL genesis_generate_database('m', target := 'synth', scale := {scale})"
    ).fetchall()
    made, real = lost(db), lost(db, "")
    assert {r[0]: r[2] for r in report}["customer"] == made["customer.town"] + made[
        "customer.invited_by"
    ]
    for name, count in real.items():
        child = name.partition(".")[0]
        old, new = (
            db.execute(f"SELECT count(*) FROM {p}{child}").fetchall()[0][0] for p in ("", "synth.")
        )
        assert abs(made[name] / new - count / old) < 0.05, name
    assert max(abs(a - b) for a, b in zip(shares(db, "synth."), shares(db, ""), strict=True)) < 0.07
    kept = "SELECT DISTINCT declared, reason FROM genesis.relationships WHERE target = 'synth'"
    assert db.execute(kept).fetchall() == [(False, "orphans are kept")]
    formats = "SELECT count(*) FROM synth.customer WHERE town NOT SIMILAR TO 'T[0-9]{3}'"
    assert db.execute(formats).fetchall() == [(0,)]


def test_copied_tables(db: duckdb.DuckDBPyConnection) -> None:
    """A reference to a copied table is kept too; what dangles inside copies follows the choice."""
    db.execute("CREATE TABLE land AS SELECT i AS id, 'land ' || i AS name FROM range(6) r(i)")
    db.execute(
        "ALTER TABLE town ADD COLUMN land INTEGER; UPDATE town SET land = ascii(right(code, 1)) - 47"
    )
    more = {
        "relationships": [KEYS[0], "town.land -> land.id"],
        "tables": ["town", "land", "customer"],
    }
    for orphans, null, dangling in (("null", 20, 0), ("keep", 0, 20), ("drop", 0, 0)):
        genesis_sql.fit_database(db, "m", orphans=orphans, verbatim=["town", "land"], **more)  # type: ignore[arg-type]
        db.execute("CALL genesis_generate_database('m', target := 'synth', if_exists := 'replace')")
        found = """SELECT count(*) FILTER (WHERE land IS NULL),
            count(*) FILTER (WHERE land NOT IN (SELECT id FROM synth.land)) FROM synth.town"""
        assert db.execute(found).fetchall() == [(null, dangling)]
        towns = "SELECT count(*) FROM synth.customer WHERE town LIKE 'X%'"
        assert abs(db.execute(towns).fetchall()[0][0] - (60 if orphans == "keep" else 0)) < 30


def test_what_cannot_be_kept_becomes_null_and_is_told(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""
        CREATE TABLE shelf AS SELECT i // 4 AS shop, i % 4 AS nr, i % 5 AS size FROM range(160) r(i);
        CREATE TABLE stock AS SELECT i AS id, i % 50 AS shop, i % 4 AS nr FROM range(500) r(i);
    """)
    keys = ["stock(shop, nr) -> shelf(shop, nr)"]
    found = genesis_sql.fit_database(
        db, "m", tables=["shelf", "stock"], relationships=keys, orphans="keep"
    )
    assert found[1]["notes"] == "100 dangling references become NULL (a key of several columns)"
    db.execute("CALL genesis_generate_database('m', target := 'synth')")
    empty = "SELECT count(*) FROM synth.stock WHERE shop IS NULL OR nr IS NULL"
    assert 50 < db.execute(empty).fetchall()[0][0] < 150


def test_another_choice_is_refused(db: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error, match="did you mean 'drop'.*'null' .*'drop' .*'keep'"):
        db.execute("CALL genesis_fit_database('m', orphans := 'dropp')")


def test_a_copy_that_may_not_be_null(db: duckdb.DuckDBPyConnection) -> None:
    db.execute("""CREATE TABLE zone (id INTEGER PRIMARY KEY); INSERT INTO zone VALUES (1), (2);
        CREATE TABLE area (id INTEGER, zone INTEGER NOT NULL); INSERT INTO area SELECT i, i % 4 FROM range(8) r(i)""")
    with pytest.raises(
        genesis_sql.errors.SchemaError, match="verbatim table 'area' has 4 references"
    ):
        genesis_sql.fit_database(
            db,
            "m",
            tables=["zone", "area"],
            relationships=["area.zone -> zone.id"],
            verbatim=["zone", "area"],
        )
