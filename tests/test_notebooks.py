"""Notebooks: `%sql` of JupySQL through `genesis:///`, and frames out of the connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import polars as pl
import pyarrow as pa
import sqlalchemy as sa

import genesis_sql

Script = Callable[..., CompletedProcess[str]]
SPEC = """
tables:
  people: {rows: 30, columns: {id: {type: key, format: "P%03d"}, age: {type: normal, mean: 40, std_dev: 9}}}
"""
CELLS = """
import os, sys
os.environ["PLOOMBER_STATS_ENABLED"] = "false"  # it would ask the network
os.environ["PLOOMBER_VERSION_CHECK_DISABLED"] = "true"
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
magic = shell.run_line_magic
magic("load_ext", "sql")
magic("config", "SqlMagic.displaycon = False")
magic("sql", "genesis:///" + sys.argv[1])
magic("sql", "CREATE TABLE before AS SELECT 1 AS a")
made = magic("sql", "CALL genesis_generate_database('shop', target := 'out')")
assert [row[0] for row in made] == ["people"], list(made)
few = magic("sql", "SELECT * FROM genesis_generate('shop', rows := 5, seed := 1)")
assert "<table>" in few._repr_html_() and "P00" in few._repr_html_()
assert list(few.DataFrame().columns) == ["id", "age"] and len(few.PolarsDataFrame()) == 5
magic("config", "SqlMagic.autopandas = True")
shell.user_ns["n"] = 3
frame = shell.run_cell_magic("sql", "", "SELECT * FROM genesis_generate('shop', rows := {{n}})")
assert type(frame).__name__ == "DataFrame" and len(frame) == 3
assert "before" in str(magic("sqlcmd", "tables"))
assert "DOUBLE" in str(magic("sqlcmd", "columns -t people -s out"))
print("all cells ran")
"""


def test_sql_magic(script: Script, file: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        genesis_sql.save_profile(con, "shop", SPEC)
    done = script(CELLS, file)
    assert "all cells ran" in done.stdout, done.stdout + done.stderr
    with genesis_sql.connect(str(file)) as con:
        assert con.execute("SELECT count(*) FROM out.people").fetchall() == [(30,)]


def test_frames_out_of_the_connection(file: Path) -> None:
    with genesis_sql.connect(str(file)) as con:
        genesis_sql.save_profile(con, "shop", SPEC)
    engine = sa.create_engine(f"genesis:///{file}")
    query = "SELECT * FROM genesis_generate('shop', rows := 9, seed := 4)"
    with engine.connect() as held:
        frame = pd.read_sql(query, held)
        assert pl.read_database(query, held)["age"].to_list() == frame["age"].tolist()
        raw = held.connection.driver_connection
        arrow = raw.sql(query).to_arrow_table()
        assert isinstance(arrow, pa.Table)
        assert arrow.column("age").to_pylist() == frame["age"].tolist()
        assert raw.sql(query).pl()["id"].to_list() == frame["id"].tolist()
        assert raw.sql(query).df().equals(frame)
        assert "P00" in str(raw.sql(query))  # what a cell shows
    engine.dispose()
    assert len(frame) == 9
