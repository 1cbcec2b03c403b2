"""genesis compile, deploy, undeploy: a model where there is no Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from genesis_sql import doors
from genesis_sql.cli import files, show
from genesis_sql.cli.cells import write_cells
from genesis_sql.cli.command import (
    Command,
    file_argument,
    json_option,
    seed_option,
    version_option,
)
from genesis_sql.plan.compiled import script
from genesis_sql.program.dialects.registry import DIALECTS


def _told() -> str:
    ran = ", ".join(name for name, one in DIALECTS.items() if one.ran)
    others = ", ".join(name for name, one in DIALECTS.items() if not one.ran)
    return f"The engine that runs it: {ran}" + (
        f"; written but not run: {others}." if others else "."
    )


@click.command("compile", cls=Command)
@file_argument
@click.argument("model")
@click.argument("table", required=False)
@click.option("--rows", type=int, help="How many; all of the table where not given.")
@click.option("--first-row", type=int, default=0, help="The number of the first one, from 0.")
@click.option("--scale", type=float, help="2 makes twice as many as there were.")
@seed_option
@version_option
@click.option("--dialect", default="duckdb", show_default=True, help=_told())
@click.option(
    "--data",
    metavar="values|FILE.parquet|SCHEMA.TABLE",
    default="values",
    show_default=True,
    help="Where what was learnt stands: in the text, in a Parquet file that is written too, or in "
    "a table with the rows of genesis_compile_data.",
)
@click.option("--out", metavar="FILE", help="Write the text there; else it is printed.")
@json_option
def compile_(
    *, file: str, model: str, table: str | None, out: str | None, as_json: bool, **given: Any
) -> None:
    """Turn MODEL into SQL that needs no Python.

    The text makes the rows that genesis generate makes, on the engine of --dialect, as in
    genesis compile shop.duckdb shop --dialect postgres | psql.
    """
    with files.opened(file, "read") as con:
        text = doors.compile_sql(con, model, table, **given)
        if given["data"].lower().endswith(".parquet"):
            asked = {name: value for name, value in given.items() if name != "data"}
            write_cells(given["data"], doors.compile_data(con, model, table, **asked), con)
    if out is None:
        click.echo(json.dumps([{"sql": text}], ensure_ascii=False) if as_json else script(text))
        return
    Path(out).write_text(f"{script(text)}\n", encoding="utf-8")
    if as_json:
        show.rows([{"path": out, "characters": len(text)}], as_json=True)
    else:
        click.echo(f"{out}: {len(text):,} characters of SQL for {given['dialect']}")


@click.command(cls=Command)
@file_argument
@click.argument("model")
@version_option
@click.option("--prefix", help="What the names begin with; by default MODEL and an underscore.")
@click.option(
    "--if-exists",
    type=click.Choice(["error", "replace"]),
    default="error",
    show_default=True,
    help="What becomes of macros that an earlier call wrote.",
)
@json_option
def deploy(*, file: str, model: str, as_json: bool, **given: Any) -> None:
    """Write the tables of MODEL into FILE as macros.

    Any client of the file then makes rows without Python: FROM shop_orders(rows := 1000).
    """
    with files.opened(file) as con:
        found = doors.deploy(con, model, **given)
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@json_option
def undeploy(*, file: str, model: str, as_json: bool) -> None:
    """Remove the macros of MODEL from FILE."""
    with files.opened(file) as con:
        found = doors.undeploy(con, model)
    show.rows(found, as_json=as_json)
