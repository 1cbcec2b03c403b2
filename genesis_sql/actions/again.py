"""A model's tables once more, in an empty database of their own: for tests, which make many.

The rows are those of `genesis_generate_database`. What it does besides is left out: the history,
and the counting of what the declared keys refuse anyhow.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa

from genesis_sql.actions.generate import broken_key
from genesis_sql.actions.integrity import require_rows
from genesis_sql.actions.loading import fill
from genesis_sql.actions.target import Target, Writing
from genesis_sql.actions.workspace import Workspace
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import rows_of, select_list
from genesis_sql.plan.query import comments_sql, create_sql
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.sizing import check_rows
from genesis_sql.plan.spec import Spec
from genesis_sql.sqlbuild import qualified

FEW = 10_000
"""Rows that are drawn at once; more of them go the usual way, in blocks."""
_ROWS = "genesis_rows_of_a_table"


def fill_again(
    ws: Workspace, name: str, database: str, *, rows: Mapping[str, int], seed: int
) -> None:
    """Write all tables of a model into the main schemas of an attached, empty database.

    Args:
        ws: where the model is kept.
        name: of the model.
        database: the alias of the attached one.
        rows: of tables by name.
        seed: another one gives other rows.

    Raises:
        OptionError: a table cannot have the rows asked for.
        IntegrityError: a key does not hold; nothing is kept then.
    """
    model = ws.load(name, None)
    spec = Spec.of(seed, 1.0, check_rows(model, rows))
    writing = Writing(Target(database, "main").of(model), spec, "declare")
    sampler = ws.sampler(model, spec)
    ws.con.execute("BEGIN")
    try:
        for schema in writing.target.schemas():
            ws.con.execute(f"CREATE SCHEMA IF NOT EXISTS {qualified(database, schema)}")
        require_rows([{"rows": _table(ws, model, writing, sampler, t)} for t in model.visible])
        ws.con.execute("COMMIT")
    except duckdb.ConstraintException as error:
        ws.con.execute("ROLLBACK")
        raise broken_key(error) from error
    except BaseException:
        ws.con.execute("ROLLBACK")
        raise


def _table(ws: Workspace, model: Model, writing: Writing, sampler: Sampler, table: str) -> int:
    """Make a table and fill it; returns the number of its rows."""
    size = sampler.size(table)
    own = any(key.parent == table for key in model.graph.parents(table))
    if own or table in model.verbatim or not 0 < size <= FEW:
        return fill(ws, model, writing, table).rows
    target = writing.target
    schema = target.place(table)[0]
    ws.con.execute(f"USE {qualified(target.database, schema)}")  # parents are named without it
    ws.con.execute(create_sql(model, table, target.database, schema))
    for statement in comments_sql(model, table, target.database, schema):
        ws.con.execute(statement)
    made = pa.Table.from_struct_array(rows_of(sampler, table, np.arange(size)))
    ws.con.register(_ROWS, made)
    try:
        columns = select_list(model.programs[table])
        ws.con.execute(f"INSERT INTO {target.table(table)} SELECT {columns} FROM {_ROWS}")  # noqa: S608 - quoted names
    finally:
        ws.con.unregister(_ROWS)
    return size
