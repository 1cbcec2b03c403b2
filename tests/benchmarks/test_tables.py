import json

import duckdb
import pytest

from benchmarks import child, tables

KEYS = {
    "tables": {
        "a": {"pk": "id", "fks": []},
        "my b": {
            "pk": ["a_id", "n"],
            "fks": [{"cols": ["a_id"], "parent": "a", "parent_cols": ["id"]}],
        },
    }
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    with duckdb.connect() as con:
        con.sql("SELECT i AS id, i % 3 AS x FROM range(40) r(i)").write_parquet(
            str(tmp_path / "a.parquet")
        )
        con.sql("SELECT i % 40 AS a_id, i // 40 AS n FROM range(90) r(i)").write_parquet(
            str(tmp_path / "my b.parquet")
        )
    return tmp_path


def test_keys_become_relationships(folder):
    keys = tables.read_keys(folder / "keys.json")
    assert keys.relationships == ['"my b".a_id -> a.id']
    assert keys.primary == {"a": ("id",), "my b": ("a_id", "n")}


def test_lost_and_repeated_keys_are_counted(folder):
    keys = tables.read_keys(folder / "keys.json")
    with duckdb.connect() as con:
        tables.load(con, folder, keys)
        con.execute("CREATE SCHEMA s; CREATE TABLE s.a AS FROM main.a")
        con.execute('CREATE TABLE s."my b" AS FROM main."my b"')
        con.execute('INSERT INTO s."my b" VALUES (77, 0), (NULL, 1), (0, 0)')
        assert sum(tables.orphans(con, "main", keys).values()) == 0
        assert tables.duplicates(con, "main", keys) == {"a": 0, "my b": 0}
        assert tables.orphans(con, "s", keys) == {'"my b".a_id -> a.id': 1}
        assert tables.duplicates(con, "s", keys) == {"a": 0, "my b": 2}
        assert tables.sizes(con, "s", keys) == {"a": 40, "my b": 93}


def test_a_folder_is_fitted_and_generated_in_a_process_of_its_own(folder, tmp_path):
    plan = {"folder": folder, "keys": folder / "keys.json", "out": tmp_path / "out"}
    told = child.start("tables", json.dumps({k: str(v) for k, v in plan.items()}))
    assert told["rows"]["a"] == 40
    assert sum(told["orphans"].values()) + sum(told["duplicates"].values()) == 0
    assert 0 < told["fit"] + told["generate"] < told["wall"]
    with duckdb.connect() as con:
        written = con.read_parquet(str(tmp_path / "out" / "a.parquet"))
        assert (written.columns, len(written)) == (["id", "x"], 40)
