"""The Python door: a model's rows on Spark. It loads what it needs when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

PARTITION_ROWS = 5_000_000
"""Of a file, unless another number is given."""
HOW = ("kernel", "sql")
"""What makes the rows: this package on the workers, or Spark's own SQL."""
Row = dict[str, Any]


def generate_on_spark(
    con: duckdb.DuckDBPyConnection,
    name: str,
    table: str | None = None,
    *,
    to: str,
    master: str | None = None,
    spark: Any = None,
    rows: int | Mapping[str, int] | None = None,
    first_row: int = 0,
    scale: float | None = None,
    seed: int = 0,
    version: int | None = None,
    conditions: Mapping[str, Any] | None = None,
    if_exists: str = "resume",
    partition_rows: int = PARTITION_ROWS,
    conf: Mapping[str, str] | None = None,
    how: str = "kernel",
) -> list[Row]:
    """Write the rows of one table, or of all, as Parquet files that workers of Spark make.

    They are the rows of `generate` and `generate_database`. Each partition is a file of its own,
    there when all its rows are; the same call goes on where an earlier one was cut off.

    Args:
        con: where the model is kept.
        name: of the model.
        table: of it; all of them where not given.
        to: a folder that all workers reach: s3a://…, hdfs://…, a shared path.
        master: of the cluster, as Spark writes it; this machine where not given.
        spark: a SparkSession that runs already; an active one is taken without being named.
        rows: how many of the table; or by table, the others follow ``scale``.
        first_row: number of the first one; with ``table`` only.
        scale: 2 makes twice as many rows.
        seed: another one gives other rows.
        version: another than the active one.
        conditions: what every row has: {'state': 'CA'} with ``table``, by table without it.
        if_exists: where the folder is not empty: 'resume', 'error', or 'replace' what an earlier
            call wrote.
        partition_rows: of each file.
        conf: settings of the Spark that is started, such as {'spark.executor.memory': '8g'}.
        how: 'kernel' draws with this package on every worker, by far the faster way; 'sql' lets
            Spark run the compiled program, for workers that have no Python of their own.

    Raises:
        MissingExtraError: pyspark or Java is missing here, or this package on a worker.
        OptionError: an argument makes no sense.
        TargetError: Spark or the place cannot be reached, or the place holds something else.
    """
    from genesis_sql.engines.spark.arguments import SparkArguments
    from genesis_sql.engines.spark.generating import generate

    arguments = SparkArguments(
        str(to), table, master, dict(rows) if isinstance(rows, Mapping) else rows, first_row,
        scale, seed, version, conditions or {}, if_exists, partition_rows, conf or {}, how,
    )  # fmt: skip
    return generate(con, name, arguments, spark)
