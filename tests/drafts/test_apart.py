"""Keys of a reference and something else: their rows differ, and refer to rows that are there."""

from __future__ import annotations

import duckdb
import pytest

import genesis_sql
from genesis_sql.drafts.draft import draft
from genesis_sql.introspect.from_ddl import read_ddl

USERS = "CREATE TABLE users (id INT PRIMARY KEY, name TEXT);"
PAIRS = {
    "a slug": ("slug TEXT NOT NULL, title TEXT, UNIQUE (user_id, slug)", "slug"),
    "an e-mail": ("email VARCHAR(80) NOT NULL, UNIQUE (user_id, email)", "email"),
    "a code of the world": ("sku TEXT, PRIMARY KEY (user_id, sku)", "sku"),
    "a word": ("meta_key VARCHAR(20), v TEXT, PRIMARY KEY (user_id, meta_key)", "meta_key"),
    "a day": ("day DATE NOT NULL, UNIQUE (user_id, day)", "day"),
    "two letters": ("site VARCHAR(2) NOT NULL, UNIQUE (user_id, site)", "site"),
    "a locale": ("locale VARCHAR(5), PRIMARY KEY (user_id, locale)", "locale"),
}
TENANTS = """
CREATE TABLE tenants (id INT PRIMARY KEY, name TEXT);
CREATE TABLE users (
  tenant_id INT NOT NULL REFERENCES tenants (id), id INT, email TEXT, PRIMARY KEY (tenant_id, id));
CREATE TABLE projects (
  tenant_id INT REFERENCES tenants (id), project_id INT, name TEXT, owner_id INT NOT NULL,
  PRIMARY KEY (tenant_id, project_id),
  FOREIGN KEY (tenant_id, owner_id) REFERENCES users (tenant_id, id));
CREATE TABLE tasks (
  tenant_id INT NOT NULL REFERENCES tenants (id), task_id INT, project_id INT NOT NULL,
  PRIMARY KEY (tenant_id, task_id),
  FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, project_id));
"""


def fill(con: duckdb.DuckDBPyConnection, ddl: str, **rows: int) -> dict[str, int]:
    genesis_sql.from_ddl(ddl, con=con, name="m", rows=rows)
    told = genesis_sql.generate_database(con, "m", "made", seed=2)
    assert sum(r["orphans"] + r["violations"] for r in told) == 0
    con.execute("USE made")
    return {r["table_name"]: r["rows"] for r in told}


def count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0])


@pytest.mark.parametrize("wanted", PAIRS.values(), ids=PAIRS)
def test_a_reference_and_another_column(
    con: duckdb.DuckDBPyConnection, wanted: tuple[str, str]
) -> None:
    columns, other = wanted
    ddl = f"{USERS} CREATE TABLE low (user_id INT NOT NULL REFERENCES users (id), {columns});"
    made = fill(con, ddl, users=60, low=200)
    assert made["low"] > 150
    assert count(con, f"(SELECT DISTINCT user_id, {other} FROM low)") == made["low"]
    assert count(con, "low WHERE user_id IN (SELECT id FROM users)") == made["low"]


def test_what_another_row_shows_stays_what_it_means() -> None:
    ddl = f"{USERS} CREATE TABLE low (user_id INT REFERENCES users (id), {PAIRS['a locale'][0]});"
    assert draft(read_ddl(ddl))["tables"]["low"]["columns"]["locale"]["type"] == "explicit"


def test_cities_of_states_and_folders_of_folders(con: duckdb.DuckDBPyConnection) -> None:
    ddl = """
    CREATE TABLE places (id INT PRIMARY KEY, city VARCHAR(30), state VARCHAR(20), UNIQUE (city, state));
    CREATE TABLE folders (id INT PRIMARY KEY, parent_id INT REFERENCES folders (id),
      name VARCHAR(30) NOT NULL, UNIQUE (parent_id, name));"""
    made = fill(con, ddl, places=300, folders=300)
    assert made == {"places": 300, "folders": 300}
    assert count(con, "(SELECT DISTINCT city, state FROM places)") == 300
    assert count(con, "(SELECT DISTINCT parent_id, name FROM folders)") == 300


def test_all_rows_of_a_tenant_stay_with_it(con: duckdb.DuckDBPyConnection) -> None:
    made = fill(con, TENANTS, tenants=30, users=90, projects=90, tasks=300)
    assert made["tasks"] > 200
    assert made["projects"] > 60
    assert count(con, "(SELECT DISTINCT tenant_id, task_id FROM tasks)") == made["tasks"]
    assert count(con, "tasks JOIN projects USING (tenant_id, project_id)") == made["tasks"]
    joined = "projects AS p JOIN users AS u ON u.tenant_id = p.tenant_id AND u.id = p.owner_id"
    assert count(con, joined) == made["projects"]
    assert count(con, "tasks WHERE tenant_id IN (SELECT id FROM tenants)") == made["tasks"]
