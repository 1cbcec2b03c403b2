"""The fixture `genesis_db`: a filled database for a test, seeded by its name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SPEC = """
tables:
  customers: {rows: 20, columns: {id: {type: key, format: "C%03d"}, age: {type: normal, mean: 40, std_dev: 9}}}
  products: {rows: 10, columns: {id: {type: key, format: "P%03d"}, price: {type: uniform, min: 1, max: 9}}}
  orders:
    parent: customers
    rows: {type: poisson, mean: 2}
    columns:
      id: {type: key, format: "O%04d"}
      customer_id: {type: parent, column: id}
      product_id: {type: reference, table: products}
  items: {parent: orders, rows: {type: poisson, mean: 2}, columns: {id: {type: key, format: "I%04d"}, order_id: {type: parent, column: id}}}
  notes: {parent: customers, rows: {type: poisson, mean: 1}, columns: {id: {type: key, format: "N%04d"}, customer_id: {type: parent, column: id}}}
"""

INNER = """
from pathlib import Path
import time, duckdb, pytest

SPEC = Path(__file__).with_name("shop.yaml")
SEEN = {}

def ages(con):
    return con.execute("SELECT age FROM customers ORDER BY ALL").fetchall()

def test_first_takes_longest(genesis_db):
    began = time.process_time()
    SEEN["one"] = ages(genesis_db(SPEC))
    SEEN["first"] = time.process_time() - began

def test_rows_and_keys(genesis_db):
    con = genesis_db(SPEC, rows={"customers": 7})
    assert len(ages(con)) == 7
    keys = "SELECT count(*) FROM duckdb_constraints() WHERE database_name = current_database() AND constraint_type = 'FOREIGN KEY'"
    assert con.execute(keys).fetchall() == [(4,)]
    with pytest.raises(duckdb.ConstraintException):
        con.execute("INSERT INTO notes VALUES ('N', 'nobody')")
    orphans = "SELECT count(*) FROM orders LEFT JOIN customers c ON c.id = customer_id WHERE c.id IS NULL"
    assert con.execute(orphans).fetchall() == [(0,)]

def test_another_test_has_other_rows(genesis_db):
    assert ages(genesis_db(SPEC)) != SEEN["one"]

def test_two_databases_of_a_test(genesis_db):
    one, two, three = genesis_db(SPEC), genesis_db(SPEC), genesis_db(SPEC, seed=5)
    assert ages(one) == ages(two) != ages(three)
    one.execute("DELETE FROM items")
    assert two.execute("SELECT count(*) > 0 FROM items").fetchall() == [(True,)]
    SEEN["five"] = ages(three)

def test_a_seed_gives_the_same_rows_anywhere(genesis_db):
    assert ages(genesis_db(SPEC, seed=5)) == SEEN["five"]

def test_later_ones_are_quick(genesis_db):
    took = []
    for _ in range(5):
        began = time.process_time()
        genesis_db(SPEC)
        took.append(time.process_time() - began)
    assert min(took) < SEEN["first"] / 3, (took, SEEN["first"])

def test_ddl(genesis_db):
    con = genesis_db(ddl="CREATE TABLE marks (id INT PRIMARY KEY, mark INT CHECK (mark BETWEEN 1 AND 5))", rows={"marks": 30})
    assert con.execute("SELECT count(*), min(mark) >= 1, max(mark) <= 5 FROM marks").fetchall() == [(30, True, True)]

def test_models(genesis_db):
    import sqlalchemy as sa
    metadata = sa.MetaData()
    sa.Table("marks", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("mark", sa.Integer))
    assert genesis_db(metadata, rows={"marks": 4}).execute("SELECT count(*) FROM marks").fetchall() == [(4,)]

DDL = "CREATE TABLE marks (id INT PRIMARY KEY, mark INT, word VARCHAR)"

def marks(con):
    return con.execute("FROM marks ORDER BY ALL").fetchall()

def test_a_changed_dict_is_read_anew(genesis_db):
    spec = {"tables": {"t": {"rows": 3, "columns": {"id": {"type": "key"}, "n": {"type": "constant", "value": 1}}}}}
    assert genesis_db(spec).execute("SELECT DISTINCT n FROM t").fetchall() == [(1,)]
    spec["tables"]["t"]["columns"]["n"]["value"] = 2
    assert genesis_db(spec).execute("SELECT DISTINCT n FROM t").fetchall() == [(2,)]

def test_a_new_column_of_models_is_read(genesis_db):
    import sqlalchemy as sa
    metadata = sa.MetaData()
    table = sa.Table("marks", metadata, sa.Column("id", sa.Integer, primary_key=True))
    genesis_db(metadata, rows={"marks": 4})
    table.append_column(sa.Column("mark", sa.Integer))
    assert genesis_db(metadata, rows={"marks": 4}).execute("SELECT count(mark) FROM marks").fetchall()
    sa.Table("more", metadata, sa.Column("id", sa.Integer, primary_key=True))
    assert genesis_db(metadata).execute("SELECT count(*) > 0 FROM more").fetchall() == [(True,)]

def test_what_is_written_in_line_is_read_once(genesis_db, _genesis_models):
    read = _genesis_models.read
    for factor in (2, 2, 3):
        for _ in range(3):
            con = genesis_db(ddl=DDL, rows={"marks": 5}, columns={"marks.mark": lambda row, column: 7 * factor, "marks.word": ["a"]})
            assert set(marks(con)) == {(i, 7 * factor, "a") for i in range(1, 6)}
    assert _genesis_models.read == read + 2

def test_a_function_may_be_written_in_line(genesis_db):
    for _ in range(2):
        with pytest.raises(Exception, match="ZeroDivisionError"):
            genesis_db(ddl=DDL, columns={"marks.mark": lambda row, column: 1 / 0})

def test_a_call_that_fails_leaves_nothing(genesis_db, _genesis_models):
    for _ in range(2):
        with pytest.raises(Exception, match="mark"):
            genesis_db(ddl=DDL, rows={"mark": 5})
    assert len(marks(genesis_db(ddl=DDL, rows={"marks": 6}))) == 6

def test_a_file_that_is_not_there(genesis_db):
    with pytest.raises(ValueError, match="there is no file 'shop.yml'"):
        genesis_db("shop.yml")
    with pytest.raises(ValueError, match="genesis_db[(]ddl="):
        genesis_db(DDL)

def test_later_rows_are_those_of_the_engine(genesis_db, _genesis_models):
    from genesis_sql import generate_database
    own = "CREATE TABLE people (id INT PRIMARY KEY, boss INT REFERENCES people, pay INT CHECK (pay BETWEEN 1 AND 9)); CREATE TABLE pets (id INT PRIMARY KEY, owner INT REFERENCES people, name VARCHAR)"
    for seed in (1, 2):
        con = genesis_db(ddl=own, rows={"people": 40, "pets": 9}, seed=seed)
    seen = [con.execute(f"FROM {t} ORDER BY ALL").fetchall() for t in ("people", "pets")]
    model = list(_genesis_models.names.values())[-1]
    generate_database(_genesis_models.con, model, "whole", rows={"people": 40, "pets": 9}, seed=2)
    assert [_genesis_models.con.execute(f"FROM whole.{t} ORDER BY ALL").fetchall() for t in ("people", "pets")] == seen
    _genesis_models.con.execute("DROP SCHEMA whole CASCADE")

def test_nothing_is_left(genesis_db, _genesis_models):
    left = "SELECT count(*) FROM duckdb_databases() WHERE database_name LIKE 'genesis_db_%'"
    assert _genesis_models.con.execute(left).fetchall() == [(0,)]

def test_one_schema(genesis_db):
    with pytest.raises(ValueError, match="takes one schema"):
        genesis_db()
"""


def test_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("shop.yaml").write_text(SPEC)
    pytester.makepyfile(INNER)
    pytester.runpytest_subprocess().assert_outcomes(passed=17)


def test_a_seed_comes_from_the_name_alone(pytester: pytest.Pytester) -> None:
    """Another session, and another test before it, change nothing."""
    pytester.path.joinpath("shop.yaml").write_text(SPEC)
    body = """
        from pathlib import Path
        def test_before(genesis_db): genesis_db(Path(__file__).with_name("shop.yaml"))
        def test_it(genesis_db):
            rows = genesis_db(Path(__file__).with_name("shop.yaml")).execute("FROM customers ORDER BY ALL").fetchall()
            with open("rows.txt", "a") as file: file.write(repr(rows) + chr(10))
    """
    pytester.makepyfile(body)
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    pytester.runpytest_subprocess("-k", "test_it").assert_outcomes(passed=1)
    first, second = pytester.path.joinpath("rows.txt").read_text().splitlines()
    assert first == second
    assert "C00" in first


def test_the_plugin_loads_nothing_heavy(tmp_path: Path) -> None:
    """A session of pytest that does not use the fixture."""
    heavy = ("pandas", "sklearn", "sqlalchemy", "numba", "torch", "scipy", "duckdb", "sqlglot")
    code = f"import sys\ndef test_it():\n    assert 'genesis_sql.pytest_plugin' in sys.modules\n    assert [m for m in {heavy} if m in sys.modules] == []\n"
    (tmp_path / "test_it.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout
