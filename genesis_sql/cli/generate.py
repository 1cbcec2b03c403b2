"""genesis generate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from genesis_sql import doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import (
    Command,
    file_argument,
    json_option,
    seed_option,
    version_option,
)
from genesis_sql.cli.learn import read_options
from genesis_sql.cli.progress import watching
from genesis_sql.cli.spark import number_of, on_spark, refuse_without_spark, spark_options
from genesis_sql.errors import TargetError

FIRST = 20
"""Rows shown on a terminal where no number was asked for."""


@click.command(cls=Command)
@file_argument
@click.argument("model")
@click.argument("table", required=False)
@click.option(
    "--rows",
    multiple=True,
    metavar="N | TABLE=N",
    help="How many rows of the one table, also as 10e9; of several tables TABLE=N (repeat).",
)
@click.option("--first-row", type=int, default=0, help="The number of the first one, from 0.")
@click.option("--scale", type=float, help="2 makes twice as many as there were.")
@seed_option
@version_option
@click.option("--out", metavar="FILE", help=f"Write one table: {', '.join(files.WRITERS)}.")
@click.option(
    "--target", help="Write all tables, with their keys: a .duckdb file, or a schema of FILE."
)
@click.option(
    "--if-exists",
    type=click.Choice(["error", "replace", "append", "resume"]),
    help="Where --out, --target or --to is there already (error; with --engine spark resume); "
    "only tables of --target can be appended to.",
)
@click.option(
    "--keys",
    type=click.Choice(["declare", "none"]),
    default="declare",
    show_default=True,
    help="Of the tables of --target.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="What every row has: state=CA; with --target TABLE.COLUMN=VALUE (repeat).",
)
@spark_options
@json_option
def generate(*, file: str, model: str, table: str | None, as_json: bool, **given: Any) -> None:
    """Make rows of MODEL, which FILE keeps.

    Rows of one TABLE (it may be left out where the model has one), or all tables with --target.
    Without --out and --target the rows go to the standard output: a look at the first ones on a
    terminal, CSV where it is piped. The same call always gives the same rows. With --engine spark
    workers of Spark write them as Parquet files into --to, and the same call goes on after a cut.
    """
    rows, where = given.pop("rows"), read_options(given.pop("where"), "'--where'")
    if given.pop("engine") == "spark":
        counts = _counts(rows) if rows and number_of(rows[0]) is None else _one_number(rows)
        on_spark(file, model, table, rows=counts, as_json=as_json, given=given, conditions=where)
        return
    refuse_without_spark(given)
    given["if_exists"] = given["if_exists"] or "error"
    if given["if_exists"] == "resume":
        message = "--if-exists resume goes with --engine spark"
        raise click.UsageError(message)
    if given["target"] is None:
        _table(file, model, table, as_json=as_json, rows=_one_number(rows), where=where, **given)
        return
    for option, value in (
        ("TABLE", table),
        ("--first-row", given["first_row"]),
        ("--out", given["out"]),
    ):
        if value:
            message = (
                f"--target writes all tables and takes no {option}; it takes --scale and --rows "
                "TABLE=N"
            )
            raise click.UsageError(message)
    chosen = {k: given[k] for k in ("seed", "version", "if_exists", "keys")}
    chosen["conditions"] = where
    chosen["rows"] = _counts(rows)
    scale = 1.0 if given["scale"] is None else given["scale"]
    found = _database(file, model, given["target"], scale=scale, **chosen)
    show.rows(found, as_json=as_json)


def _one_number(rows: Sequence[str]) -> int | None:
    """The number of --rows where one table is made."""
    if not rows:
        return None
    number = number_of(rows[0])
    if len(rows) > 1 or number is None:
        message = f"--rows {' --rows '.join(rows)}: give one number, or --target for all tables"
        raise click.UsageError(message)
    return number


def _counts(rows: Sequence[str]) -> dict[str, int]:
    """The numbers of --rows where several tables are made."""
    return dict(_table_number(text) for text in rows)


def _table_number(text: str) -> tuple[str, int]:
    """A table and its rows out of TABLE=N."""
    table, _, told = text.rpartition("=")
    number = number_of(told)
    if not table or number is None:
        message = (
            f"--target writes all tables and takes no --rows {text}; write --rows TABLE=N, as in "
            "--rows customers=10000"
        )
        raise click.UsageError(message)
    return table, number


def _table(
    file: str,
    model: str,
    table: str | None,
    *,
    as_json: bool,
    out: str | None,
    if_exists: str,
    rows: int | None,
    where: dict[str, Any],
    **given: Any,
) -> None:
    if out is not None:
        _refuse_out(out, if_exists)
    wanted = {k: given[k] for k in ("first_row", "scale", "seed", "version")}
    with files.opened(file, "read") as con:
        relation = doors.generate(con, model, table, rows=rows, conditions=where, **wanted)
        if out is not None:
            with watching(con, f"generate {Path(out).name}"):
                count = files.copy(relation, con, out)
            show.rows([{"path": out, "rows": count}], as_json=as_json)
        elif as_json or not show.on_terminal():
            show.stream(con, relation, as_json=as_json)
        else:
            show.head(relation, FIRST if rows is None else rows)
            if rows is None:
                show.note(f"The first {FIRST} rows; --rows N shows more, --out FILE keeps all.")


def _refuse_out(out: str, if_exists: str) -> None:
    if files.kind(out) in files.DATABASES:
        message = f"'{out}' is a database: write all tables into it with --target {out}"
        raise click.UsageError(message)
    if files.kind(out) not in files.WRITERS:
        message = f"--out '{out}' has none of the endings {', '.join(files.WRITERS)}"
        raise click.UsageError(message)
    if if_exists == "append":
        message = "--out writes a whole file; --if-exists append goes with --target"
        raise click.UsageError(message)
    if Path(out).exists() and if_exists == "error":
        message = f"'{out}' is there already: take another name, or --if-exists replace"
        raise TargetError(message)


def _database(file: str, model: str, target: str, **given: Any) -> list[dict[str, Any]]:
    if files.kind(target) not in files.DATABASES:
        with files.opened(file) as con:
            return doors.generate_database(con, model, target, **given)
    files.require(file)
    if Path(target).exists() and Path(target).samefile(file):
        message = "--target is FILE itself; name a schema of it, as in --target synth"
        raise click.UsageError(message)
    if Path(target).exists():
        with files.opened(file, "either") as con:
            return into_file(con, model, target, files.alias(target), new=False, **given)
    with files.replacing(target) as passing, files.opened(file, "either") as con:
        return into_file(con, model, passing, files.alias(target), new=True, **given)


def into_file(
    con: Any, model: str, path: str, name: str, *, new: bool, **given: Any
) -> list[dict[str, Any]]:
    """Write all tables of a model into the schema main of a file, attached meanwhile."""
    files.attach(con, path, name, new=new)
    try:
        found = doors.generate_database(con, model, f"{name}.main", **given)
    except TargetError as error:
        text = str(error).replace(f"schema 'main' of '{name}'", f"'{path}'")
        raise TargetError(text) from error
    files.detach(con, name)
    return found
