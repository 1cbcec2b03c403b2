"""Programs whose data stand outside of their text: in a table, in a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genesis_sql.errors import OptionError
from genesis_sql.plan.compiled import Compiled, compiled, place_of
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.dialects.base import OTHERS
from genesis_sql.program.dialects.postgres import POSTGRES
from genesis_sql.program.dialects.sqlite import SQLITE
from tests.engines.conftest import Engine
from tests.engines.test_engines import expected, plain
from tests.plan.test_compile import fitted

SCHEMAS = {"duckdb": "main", "postgres": "public", "sqlite": "main", "clickhouse": "default",
           "datafusion": "public", "spark": "default"}  # fmt: skip
"""Where an engine keeps tables that nobody says more of."""
TABLE = 'evil "cells" \'; DROP TABLE x; -- \\'
LABEL = "it's */ \\ | ; 'x' -- $1 \\' \n ü"


@pytest.fixture(scope="module")
def model() -> Model:
    label = LABEL.replace("'", "''")
    return fitted(
        f"""CREATE TABLE t AS SELECT ['{label}', 'b~^', NULL, 'c'][1 + i * i % 4] AS "a \\ ' "" b",
        CASE WHEN i % 9 > 0 THEN round(sin(i) * exp(i % 5), 3) END AS x, i * i % 37 AS n,
        DATE '2020-01-01' + CAST(i * 31 % 700 AS INTEGER) AS d FROM range(300) AS r(i)"""
    )


def written(model: Model, engine: Engine, data: str) -> Compiled:
    size = Sampler(model, 7, 1.0).size("t")
    return compiled(
        model, "t", engine.dialect, place_of(data), seed=7, scale=1.0, first=0, stop=size
    )


def quoted(name: str, engine: Engine) -> str:
    """A name in the engine's own quotes, by hand."""
    if engine.dialect.name in ("clickhouse", "spark"):
        doubled = name.replace("\\", "\\\\") if engine.dialect.name == "clickhouse" else name
        return "`" + doubled.replace("`", "``") + "`"
    return '"' + name.replace('"', '""') + '"'


def check(engine: Engine, model: Model, made: Compiled) -> None:
    types, rows = expected(model, "t", 7, 1.0)
    found = engine.ask(made.query)
    assert len(found) == len(rows) == 300
    name = engine.dialect.name
    for at, type_ in enumerate(types):
        assert [plain(r[at], type_, name) for r in found] == [
            plain(r[at], type_, name) for r in rows
        ]


def holds_nothing_learnt(text: str) -> None:
    assert "b~^" not in text
    assert "$1" not in text


@pytest.mark.parametrize(
    "engine", ["duckdb", "postgres", "sqlite", "clickhouse", "datafusion"], indirect=True
)
def test_a_table_holds_the_data(engine: Engine, model: Model) -> None:
    place = f'{SCHEMAS[engine.dialect.name]}."{TABLE.replace(chr(34), chr(34) * 2)}"'
    made = written(model, engine, place)
    holds_nothing_learnt(made.query)
    engine.put(f"{SCHEMAS[engine.dialect.name]}.{quoted(TABLE, engine)}", made.cells)
    check(engine, model, made)


@pytest.mark.parametrize(
    "engine", ["duckdb", "postgres", "sqlite", "clickhouse", "datafusion"], indirect=True
)
def test_other_data_are_an_error(engine: Engine, model: Model) -> None:
    place = f"{SCHEMAS[engine.dialect.name]}.others"
    made = written(model, engine, place)
    assert len(made.cells) > 3
    engine.put(place, made.cells[1:])
    with pytest.raises(Exception, match=OTHERS[:20]):
        engine.ask(made.query)


@pytest.mark.parametrize("engine", ["duckdb", "clickhouse", "datafusion", "spark"], indirect=True)
def test_a_parquet_file_holds_the_data(engine: Engine, model: Model, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "it's \\ `my\" cells.parquet"
    made = written(model, engine, str(path))
    holds_nothing_learnt(made.query)
    names, values = zip(*made.cells, strict=True)
    pq.write_table(pa.table({"name": names, "values": values}), path)
    for statement in made.dialect.first()[len(engine.dialect.before) :]:
        engine.run(statement)
    check(engine, model, made)


@pytest.mark.parametrize("dialect", [POSTGRES, SQLITE])
def test_engines_that_read_no_parquet(dialect: Any, model: Model) -> None:
    with pytest.raises(OptionError, match=f"{dialect.title} reads no Parquet file: load the rows"):
        compiled(model, "t", dialect, place_of("x.parquet"), seed=7, scale=1.0, first=0, stop=9)


@pytest.mark.parametrize(
    "name",
    ["", "a", "a.", ".b", "a.b.c.d", "a b.c", "a.b; DROP", 'a."b', "a.b--", ".parquet", "a.1b"],
)
def test_names_that_are_none(name: str) -> None:
    with pytest.raises(OptionError, match="is not known; there are: 'values'"):
        place_of(name)


@pytest.mark.parametrize("name", ["a\n.parquet", "a.\x00b", "x\u2028.parquet", "a\r.b"])
def test_names_that_break_a_comment(name: str) -> None:
    with pytest.raises(OptionError, match="characters that cannot be seen"):
        place_of(name)
