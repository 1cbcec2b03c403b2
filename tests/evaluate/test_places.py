"""Sides are opened from schemas, tables, queries, files and folders, or refused with the fix."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from genesis_sql.errors import AccessError, OptionError, SchemaError, SourceError
from genesis_sql.evaluate import shapes
from genesis_sql.evaluate.sides import measured

from .opened import FRESH, by_name, opened


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database without the functions: none is needed here."""
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def fresh(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    con.execute(FRESH)
    return con


SHOP = """
CREATE SCHEMA {0};
CREATE TABLE {0}.shops (id INTEGER PRIMARY KEY, region VARCHAR, code VARCHAR);
CREATE TABLE {0}.sales (id INTEGER PRIMARY KEY, shop INTEGER REFERENCES {0}.shops (id), amount DOUBLE, day DATE);
INSERT INTO {0}.shops SELECT i, ['n', 's'][i % 2 + 1], printf('%05d', i % 7) FROM range(40) AS r(i);
INSERT INTO {0}.sales SELECT i, i % 40, i * 7 % 90 / 8, DATE '2024-01-01' + CAST(i % 90 AS INTEGER) FROM range({1}) AS r(i);
"""


@pytest.fixture
def shops(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    for name, rows in (("real", 200), ("synth", 100), ("held", 80)):
        con.execute(SHOP.format(name, rows))
    return con


def _score(con: duckdb.DuckDBPyConnection, *places: str, **more: object) -> float | None:
    with opened(con, *places, **more) as sides:
        return by_name(shapes.measure(sides), "shape")[()].score


def _files(con: duckdb.DuckDBPyConnection, schema: str, folder: Path, ending: str) -> str:
    folder.mkdir()
    for table in [r[0] for r in con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = ?", [schema]).fetchall()]:  # fmt: skip
        file = f"{folder / table}{ending}".replace("'", "''")
        con.execute(f"COPY {schema}.{table} TO '{file}'")
    return str(folder)


# what is opened


def test_schemas_have_the_keys_and_roles_of_the_real_side(shops: duckdb.DuckDBPyConnection) -> None:
    with opened(shops, "real", "synth", holdout="held", seed=3) as sides:
        assert [t.name for t in sides.tables] == ["sales", "shops"]
        assert [r.name for r in sides.relationships] == ["sales(shop) -> shops(id)"]
        assert measured(sides.graph.table("sales")) == {"amount": "number", "day": "moment"}
        assert sides.seed == 3
        assert sides.shared == {"shops"}
        counts = {
            (side, t): sides.con.execute(f"SELECT count(*) FROM {getattr(sides, side)[t]}").fetchall()[0][0]
            for side in ("real", "synthetic", "holdout") for t in ("shops", "sales")
        }  # fmt: skip
    assert counts == {("real", "shops"): 40, ("synthetic", "shops"): 40, ("holdout", "shops"): 40,
                      ("real", "sales"): 200, ("synthetic", "sales"): 100, ("holdout", "sales"): 80}  # fmt: skip


def test_every_way_to_name_a_table_scores_the_same(
    fresh: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    expected = _score(fresh, "real", "synth")
    fresh.execute("CREATE VIEW other_name AS FROM synth.people")
    fresh.execute("ATTACH ':memory:' AS db")
    fresh.execute("CREATE TABLE db.people AS FROM synth.people")
    folders = [_files(fresh, "synth", tmp_path / e.strip("."), e) for e in
               (".csv", ".csv.gz", ".parquet", ".json", ".tsv")]  # fmt: skip
    one = _files(fresh, "real", tmp_path / "it's real", ".csv")
    places = ["synth.people", "(SELECT * FROM synth.people)", "other_name", "db.main", "db.people",
              *folders, f"{folders[0]}/people.csv", f"{folders[1]}/people.csv.gz"]  # fmt: skip
    for place in places:
        real = (
            "real.people"
            if place in ("synth.people", "other_name") or place.startswith("(")
            else "real"
        )
        assert _score(fresh, real, place) == pytest.approx(expected, abs=1e-12), place
    for place in ("synth", places[-1]):
        assert _score(fresh, one, place) == pytest.approx(expected, abs=1e-12), place
    assert expected is not None
    assert expected < 1


def test_a_csv_takes_the_types_of_the_real_side(
    shops: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    shops.execute("CREATE TABLE real_shops AS SELECT *, NULL::DATE AS shut FROM real.shops")
    shops.execute("UPDATE real_shops SET shut = DATE '2020-01-01' WHERE id = 3")
    shops.execute(f"COPY (SELECT *, NULL AS shut FROM real.shops) TO '{tmp_path}/shops.csv'")
    with opened(shops, "real_shops", f"{tmp_path}/shops.csv") as sides:
        similar = by_name(shapes.measure(sides), "tv_similarity")
    assert similar[("code",)].score == 1  # '00003' did not become 3
    assert similar[("shut",)].score == pytest.approx(1 - 1 / 40)


def test_temporary_tables_vanish(fresh: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = _files(fresh, "synth", tmp_path / "csv", ".csv")
    left = "SELECT count(*) FROM duckdb_tables() WHERE temporary"
    with opened(fresh, "(FROM real.people)", folder) as sides:
        cursor = sides.con
        assert cursor.execute(left).fetchall() == [(2,)]

    def fail() -> None:
        from genesis_sql.evaluate.opening.places import open_sides

        from .opened import workspace

        ws = workspace(fresh)
        with pytest.raises(ZeroDivisionError), open_sides(ws, "(FROM real.people)", folder):
            _ = 1 / 0
        assert ws.con.execute(left).fetchall() == [(0,)]
        with pytest.raises(SchemaError), open_sides(ws, "(FROM real.people)", "(SELECT 1 AS x)"):
            pass
        assert ws.con.execute(left).fetchall() == [(0,)]

    fail()


def test_relationships_give_keys_to_files(shops: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    real = _files(shops, "real", tmp_path / "real", ".parquet")
    synth = _files(shops, "synth", tmp_path / "synth", ".csv")
    with opened(shops, real, synth, relationships=["sales(shop) -> shops(id)"]) as sides:
        assert len(sides.relationships) == 1
        assert "shop" not in measured(sides.graph.table("sales"))


def test_more_columns_and_tables_than_the_real_side_has_are_passed_over(
    shops: duckdb.DuckDBPyConnection,
) -> None:
    shops.execute("CREATE TABLE synth.more AS SELECT 1 AS a")
    shops.execute("ALTER TABLE synth.sales ADD COLUMN extra INTEGER")
    with opened(shops, "real", "synth") as sides:
        assert {t.name for t in sides.tables} == {"sales", "shops"}
        assert ("extra",) not in {m.columns for m in shapes.measure(sides)}


def test_tables_without_rows_on_both_sides_are_passed_over(
    shops: duckdb.DuckDBPyConnection,
) -> None:
    for schema in ("real", "synth"):
        shops.execute(f"CREATE TABLE {schema}.none (a INTEGER)")
    with opened(shops, "real", "synth") as sides:
        assert {t.name for t in sides.tables} == {"sales", "shops"}
    shops.execute("INSERT INTO synth.none VALUES (1)")
    with pytest.raises(SchemaError, match="real table 'none' has no rows, the synthetic one 1"), \
            opened(shops, "real", "synth"):  # fmt: skip
        pass


# targets


@pytest.mark.parametrize("given", ["amount", "sales.amount", "AMOUNT", {"sales": "amount"}])
def test_targets_are_found(shops: duckdb.DuckDBPyConnection, given: object) -> None:
    with opened(shops, "real", "synth", targets=given) as sides:
        assert sides.targets == {"sales": "amount"}


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("amont", "no column 'amont'; did you mean 'amount'"),
        ("sale.amount", "no column 'sale.amount'; did you mean 'sales.amount'"),
        ("id", "'id' is in several tables: write one of 'sales.id', 'shops.id'"),
        ("sales.id", "'sales.id' has the role 'key'"),
        ({"sale": "amount"}, "no table 'sale'; did you mean 'sales'"),
        ({"sales": "amout"}, "no column 'amout' of table 'sales'; did you mean 'amount'"),
        (7, "target := 7 is no column"),
        ("same", "'shops.same' is constant"),
        ("none", "'shops.none' is constant"),
    ],
)
def test_targets_that_cannot_be(
    shops: duckdb.DuckDBPyConnection, given: object, match: str
) -> None:
    for schema in ("real", "synth"):
        shops.execute(f"ALTER TABLE {schema}.shops ADD COLUMN same INTEGER DEFAULT 4")
        shops.execute(f"ALTER TABLE {schema}.shops ADD COLUMN none VARCHAR")
    with pytest.raises(OptionError, match=match), opened(shops, "real", "synth", targets=given):
        pass


# what is refused


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("DELETE FROM synth.people", "synthetic table 'people' has no rows: there is nothing"),
        ("DELETE FROM real.people", "real table 'people' has no rows, the synthetic one 800"),
        ("ALTER TABLE synth.people RENAME pay TO pays", "no column 'pay'; did you mean 'pays'"),
        ("ALTER TABLE synth.people ALTER age TYPE VARCHAR", "'age' of table 'people' is BIGINT on the real side and VARCHAR.*CAST"),
        ("ALTER TABLE synth.people RENAME TO peeple", "lacks 'people'; did you mean 'peeple'"),
        ("ALTER TABLE held.people DROP since", "held-out table 'people' has no column 'since'"),
        ("DELETE FROM held.people", "held-out table 'people' has no rows"),
        ("DELETE FROM synth.people; DELETE FROM real.people", "no table of the real side 'real' has rows"),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_compared(
    fresh: duckdb.DuckDBPyConnection, change: str, match: str
) -> None:
    fresh.execute(change)
    with pytest.raises(SchemaError, match=match), opened(fresh, "real", "synth", holdout="held"):
        pass


def test_nothing_that_can_be_compared(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE a AS SELECT uuid() AS u FROM range(200)")
    with pytest.raises(SchemaError, match="no column that can be compared, only of the roles identifier"), \
            opened(con, "a", "a"):  # fmt: skip
        pass


@pytest.mark.parametrize(
    ("place", "match"),
    [
        ("", "is empty: name a schema"),
        ("sinth", "no schema, table, file or folder 'sinth'; did you mean 'synth'"),
        ("xyzzy", "table 'xyzzy' was not found"),
        ("(DELETE FROM synth.people)", "source query cannot be parsed"),
        ("(SELECT 1); DROP TABLE synth.people", "must be one statement"),
        ("nothing.csv", "no file 'nothing.csv'"),
        ("genesis", "table 'genesis' was not found"),
    ],
)
def test_places_that_are_not_there(
    fresh: duckdb.DuckDBPyConnection, place: str, match: str
) -> None:
    with pytest.raises(SourceError, match=match), opened(fresh, "real", place):
        pass
    assert fresh.execute("SELECT count(*) FROM synth.people").fetchall() == [(800,)]


def test_folders_and_files_that_cannot_be_read(
    fresh: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    two = Path(_files(fresh, "synth", tmp_path / "two", ".csv"))
    _files(fresh, "synth", tmp_path / "other", ".tsv")
    (tmp_path / "other" / "people.tsv").rename(two / "people.tsv")
    (tmp_path / "a.duckdb").write_bytes(b"")
    (tmp_path / "bad.parquet").write_bytes(b"nonsense")
    for place, match in (
        (tmp_path / "empty", "has no file of data"),
        (two, "two files of the table 'people'"),
        (tmp_path / "a.duckdb", "is a database: ATTACH"),
        (tmp_path / "bad.parquet", "cannot be read; DuckDB says"),
    ):
        with pytest.raises(SourceError, match=match), opened(fresh, "real", str(place)):
            pass


def test_files_are_closed_where_the_connection_is(
    fresh: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = _files(fresh, "synth", tmp_path / "csv", ".csv")
    fresh.execute("SET enable_external_access = false")
    for place in (folder, f"{folder}/people.csv", "/etc", "./x/y.csv"):
        with pytest.raises(AccessError, match="enable_external_access"), \
                opened(fresh, "real", place):  # fmt: skip
            pass
    assert _score(fresh, "real", "synth") is not None


def test_names_are_harmless(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    name = "x'); DROP TABLE victim; --"
    con.execute("CREATE TABLE victim AS SELECT 1 AS a")
    con.execute(
        'CREATE TABLE data AS SELECT i % 9 AS "x\'); DROP TABLE victim; --" FROM range(90) AS r(i)'
    )
    con.execute(f'CREATE SCHEMA "{name}"')
    con.execute(f'CREATE TABLE "{name}"."{name}" AS FROM data')
    file = tmp_path / f"{name}.csv"
    con.execute("COPY data TO '" + str(file).replace("'", "''") + "'")
    for place in (name, str(file), f'"{name}"."{name}"'):
        with opened(con, "data", place) if place != name else opened(con, name, name) as sides:
            assert by_name(shapes.measure(sides), "shape")[()].score == 1
    assert con.execute("SELECT count(*) FROM victim").fetchall() == [(1,)]
