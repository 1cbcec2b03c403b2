"""genesis generate --engine spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import click

from genesis_sql.cli import files, show
from genesis_sql.engines.spark.doors import HOW, PARTITION_ROWS, generate_on_spark

_Function = TypeVar("_Function", bound=Callable[..., Any])

OPTIONS = ("to", "master", "how", "partition_rows", "spark_conf")
"""What only Spark takes, by name."""


def spark_options(function: _Function) -> _Function:
    """--engine and what goes with it."""
    for option in reversed(
        (
            click.option(
                "--engine",
                type=click.Choice(["duckdb", "spark"]),
                default="duckdb",
                show_default=True,
                help="What makes the rows; spark writes partitions into --to.",
            ),
            click.option(
                "--to", metavar="FOLDER", help="Spark: s3a://…, hdfs://… or a path all share."
            ),
            click.option("--master", help="Spark: local[4], spark://host:7077, yarn, k8s://…."),
            click.option(
                "--how",
                type=click.Choice(HOW),
                help="Spark: this package on the workers (kernel, the faster one and what is taken "
                "unless given), or the compiled program (sql), which needs no Python there.",
            ),
            click.option(
                "--partition-rows",
                metavar="N",
                help=f"Spark: of each file ({PARTITION_ROWS:,} unless given).",
            ),
            click.option(
                "--spark-conf",
                multiple=True,
                metavar="KEY=VALUE",
                help="Spark: a setting (repeat).",
            ),
        )
    ):
        function = option(function)
    return function


def number_of(text: str) -> int | None:
    """A whole number, also as 10e9; None where it is none.

    Example:
        >>> number_of("10e9")
        10000000000
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > 30 or value != value.to_integral_value():
        return None
    return int(value)


def refuse_without_spark(given: Mapping[str, Any]) -> None:
    """Raise where options of Spark are given and the engine is another."""
    for name in OPTIONS:
        if given[name]:
            message = f"--{name.replace('_', '-')} goes with --engine spark"
            raise click.UsageError(message)


def on_spark(
    file: str,
    model: str,
    table: str | None,
    *,
    rows: int | Mapping[str, int] | None,
    as_json: bool,
    given: Mapping[str, Any],
    conditions: Mapping[str, Any],
) -> None:
    """Write a model's rows on Spark and show what was written."""
    for name in ("out", "target"):
        if given[name] is not None:
            message = f"--engine spark writes into --to FOLDER and takes no --{name}"
            raise click.UsageError(message)
    if given["to"] is None:
        message = "--engine spark writes files: say where, as in --to s3a://bucket/shop"
        raise click.UsageError(message)
    if given["if_exists"] == "append":
        message = "--engine spark goes on where it was cut off (resume), and appends to nothing"
        raise click.UsageError(message)
    chosen = {k: given[k] for k in ("to", "master", "first_row", "scale", "seed", "version")}
    with files.opened(file, "either") as con:
        found = generate_on_spark(
            con,
            model,
            table,
            rows=rows,
            conditions=conditions,
            if_exists=given["if_exists"] or "resume",
            partition_rows=_partition_rows(given["partition_rows"]),
            conf=_settings(given["spark_conf"]),
            how=given["how"] or HOW[0],
            **chosen,
        )
    show.rows(found, as_json=as_json)


def _partition_rows(text: str | None) -> int:
    if text is None:
        return PARTITION_ROWS
    number = number_of(text)
    if number is None:
        message = f"--partition-rows {text}: give a number, as in --partition-rows 5e6"
        raise click.UsageError(message)
    return number


def _settings(given: Sequence[str]) -> dict[str, str]:
    out = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            message = f"--spark-conf {text}: write KEY=VALUE, as in spark.executor.memory=8g"
            raise click.UsageError(message)
        out[name] = value
    return out
