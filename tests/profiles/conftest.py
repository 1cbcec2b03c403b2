"""What the tests of profiles share: rows of a model from the kernel, and the same from plain SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import rows_of, select_list
from genesis_sql.plan.parts import from_parts, to_parts
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.spec import Spec
from genesis_sql.profiles.compile import compile_profile

Columns = Mapping[str, Mapping[str, Any]]


class Drawn:
    """A compiled profile whose tables can be drawn into a connection."""

    def __init__(self, con: duckdb.DuckDBPyConnection, plain: Mapping[str, Any]) -> None:
        self.con = con
        made = compile_profile(plain, name="p", version=1)
        self.model: Model = from_parts(to_parts(made), name="p", version=1, uuid=made.uuid)

    def table(self, name: str, seed: int = 0, rows: int | None = None) -> list[tuple[Any, ...]]:
        """Rows of a table from the kernel; they are a table of the connection, too."""
        sizes = {name: rows} if rows is not None else {}
        sampler = Sampler(self.model, Spec.of(seed, rows=sizes))
        drawn = rows_of(sampler, name, np.arange(sampler.size(name)))
        self.con.register("drawn", pa.Table.from_batches([pa.RecordBatch.from_struct_array(drawn)]))
        columns = select_list(self.model.programs[name])
        self.con.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT {columns} FROM drawn')
        return self.con.execute(f'FROM "{name}"').fetchall()

    def in_sql(self, name: str, seed: int = 0) -> list[tuple[Any, ...]]:
        """The same rows by one statement without Python."""
        return self.con.execute(compile_sql(self.model, name, seed=seed)).fetchall()

    def one(self, query: str) -> Any:
        """The first row of a query."""
        return self.con.execute(query).fetchall()[0]


@pytest.fixture
def bare() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection without the package."""
    with duckdb.connect() as con:
        yield con


@pytest.fixture
def compiled(bare: duckdb.DuckDBPyConnection) -> Callable[[Mapping[str, Any]], Drawn]:
    """Compiles a plain profile."""
    return lambda plain: Drawn(bare, plain)


@pytest.fixture
def one_table(
    compiled: Callable[[Mapping[str, Any]], Drawn],
) -> Callable[[Columns, int], Drawn]:
    """Compiles a profile of one table 't'."""

    def make(columns: Columns, rows: int) -> Drawn:
        return compiled({"tables": {"t": {"rows": rows, "columns": columns}}})

    return make


class Stored:
    """A profile that was saved through SQL, and its rows as SQL gives them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, tables: Mapping[str, Any]) -> None:
        self.con = con
        spec = json.dumps({"tables": tables})
        con.execute("CALL genesis_save_profile('p', ?)", [spec])

    def rows(self, table: str, seed: int = 1, more: str = "") -> list[tuple[Any, ...]]:
        """Rows of a table."""
        query = f"FROM genesis_generate('p', '{table}', seed := {seed}{more})"
        return self.con.execute(query).fetchall()

    def written(self, seed: int = 1) -> Stored:
        """Write all tables into the schema ``made``."""
        self.con.execute(f"CALL genesis_generate_database('p', target := 'made', seed := {seed})")
        return self

    def one(self, query: str) -> Any:
        """The first row of a query."""
        return self.con.execute(query).fetchall()[0]

    def steady(self, table: str) -> bool:
        """Whether a part of the rows, with one thread, is the same part of all with two."""
        self.con.execute("SET threads = 2")
        whole = self.rows(table)
        self.con.execute("SET threads = 1")
        first, many = len(whole) // 3, max(len(whole) // 2, 1)
        part = self.rows(table, more=f", first_row := {first}, rows := {many}")
        again = self.rows(table, seed=2)
        return whole[first : first + many] == part and len(whole) > 1 and whole != again


@pytest.fixture
def stored(con: duckdb.DuckDBPyConnection) -> Callable[[Mapping[str, Any]], Stored]:
    """Saves tables as a profile through SQL."""
    return lambda tables: Stored(con, tables)
