"""Rows by the compiled text of a model: workers of Spark that need no Python of this package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import duckdb
import pyarrow as pa

from genesis_sql.engines.spark.column_types import Column, arrow_schema, backticked, cast_sql
from genesis_sql.engines.spark.manifest import Part, Plan, TablePlan
from genesis_sql.errors import GenesisError, OptionError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import rows_sql
from genesis_sql.plan.spec import Spec
from genesis_sql.program.dialects.spark import SPARK

RECURSIVE = "WITH RECURSIVE "
_RECURSES = (4, 1)
"""The first Spark whose SQL has a relation that reads itself."""
_SETTINGS = {"spark.sql.leafNodeDefaultParallelism": "1"}
"""A partition of rows is one of Spark, so that it becomes one file, in order."""


def require_sql(model: Model, spec: Spec, tables: Sequence[str]) -> None:
    """Raise where Spark SQL cannot make the rows of some tables.

    Raises:
        OptionError: what it lacks, and that the kernel has it.
    """
    if spec.conditions:
        message = "how='sql' takes no conditions; leave them out, or take how='kernel'"
        raise OptionError(message)
    if len(spec.sizes) > 1 or spec.sizes[0].rows:
        message = "how='sql' makes all tables by scale; leave rows out, or take how='kernel'"
        raise OptionError(message)
    for table in tables:
        if table not in model.verbatim:
            _text(model, spec, table, 0, 0)


def _text(model: Model, spec: Spec, table: str, first: int, stop: int) -> str:
    """The text of some rows."""
    scale = spec.sizes[0].scale
    try:
        made = compile_sql(
            model, table, seed=spec.seed, scale=scale, first=first, stop=stop, dialect=SPARK
        )
    except OptionError:
        raise
    except GenesisError as error:
        told = str(error).rpartition("; ")[0] or str(error)
        message = f"{told}; take --how kernel (how='kernel'), which gives the same rows"
        raise OptionError(message) from error
    require_version(made, table, str(import_module("pyspark").__version__))
    return made


def require_version(made: str, table: str, version: str) -> None:
    """Raise where a Spark does not know a word of a text.

    Raises:
        OptionError: it has no WITH RECURSIVE.
    """
    found = tuple(int(part) for part in version.split(".")[:2])
    if made.startswith(RECURSIVE) and found < _RECURSES:
        message = (
            f"rows of table '{table}' or of one above it read the rows before them, for which "
            f"Spark has WITH RECURSIVE from 4.1 on, and this is {version}; take --how kernel "
            "(how='kernel')"
        )
        raise OptionError(message)


def compiled(
    con: duckdb.DuckDBPyConnection, model: Model, plan: Plan, spark: Any
) -> Callable[[TablePlan, Sequence[Part]], Any]:
    """What makes the rows of partitions out of the text of each.

    Args:
        con: has the rows of tables that are copied.
        model: of the rows.
        plan: which rows.
        spark: a session of our own, which is set up for long statements.
    """
    for statement in SPARK.before:
        spark.sql(statement)
    for name, value in _SETTINGS.items():
        spark.conf.set(name, value)

    def frame(table: TablePlan, parts: Sequence[Part]) -> Any:
        frames = [_part(table, part) for part in parts]
        whole = frames[0]
        for other in frames[1:]:
            whole = whole.union(other)
        return whole

    def _part(table: TablePlan, part: Part) -> Any:
        if table.table in model.verbatim:
            query = rows_sql(model, table.table, plan.spec, first=part.first, stop=part.stop)
            return _copied(con, table.columns, query, spark)
        made = _text(model, plan.spec, table.table, part.first, part.stop)
        return _as_written(spark.sql(made), table.columns).coalesce(1)

    return frame


def _copied(
    con: duckdb.DuckDBPyConnection, columns: Sequence[Column], query: str, spark: Any
) -> Any:
    """Rows that stand in the model as they are, sent from here."""
    with con.cursor() as cursor:
        rows: pa.Table = cursor.sql(cast_sql(columns, query)).to_arrow_table()
    return spark.createDataFrame(rows.cast(arrow_schema(columns))).coalesce(1)


def _as_written(rows: Any, columns: Sequence[Column]) -> Any:
    """Rows in the types of the files."""
    functions = import_module("pyspark.sql.functions")
    shown = []
    for (_, found), column in zip(rows.dtypes, columns, strict=True):
        value = functions.col(backticked(column.name))
        shown.append(value if found == column.written.spark else value.cast(column.written.spark))
    return rows.select(*(v.alias(c.name) for v, c in zip(shown, columns, strict=True)))
