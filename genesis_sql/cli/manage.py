"""genesis methods, models, describe, history, activate, drop, export, import: what is there."""

from __future__ import annotations

import click

from genesis_sql import doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, file_argument, json_option, version_option

_MODELS = ("model", "version", "active", "status", "tables", "rows", "created_at", "error")
_METHODS = ("name", "family", "installed", "needs", "licence", "data", "conditions", "compile")
_HISTORY = (
    "id", "kind", "model", "version", "status", "rows", "seconds", "started_at", "error",
)  # fmt: skip


@click.command(cls=Command)
@json_option
def methods(*, as_json: bool) -> None:
    """List how a model can be learnt, and what each method can."""
    with files.memory() as con:
        found = show.rows_of(doors.list_methods(con))
    show.rows(found, as_json=as_json, columns=_METHODS)


@click.command(cls=Command)
@file_argument
@json_option
def models(*, file: str, as_json: bool) -> None:
    """List the models that FILE keeps, with their versions."""
    with files.opened(file, "either") as con:
        found = show.rows_of(doors.list_models(con))
    nothing = f"No models yet: genesis fit {file} NAME"
    show.rows(found, as_json=as_json, columns=_MODELS, nothing=nothing)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@version_option
@json_option
def describe(*, file: str, model: str, version: int | None, as_json: bool) -> None:
    """Show how every column of MODEL is made."""
    with files.opened(file, "read") as con:
        found = show.rows_of(doors.describe(con, model, version=version))
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model", required=False)
@json_option
def history(*, file: str, model: str | None, as_json: bool) -> None:
    """List what was run on FILE, and how it ended.

    The newest first; of one MODEL where it is named.
    """
    with files.opened(file, "either") as con:
        found = show.rows_of(doors.history(con, model))
    nothing = "Nothing was run on this file yet."
    show.rows(found, as_json=as_json, columns=_HISTORY, nothing=nothing)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@click.option("--version", type=int, required=True, help="Its number, see genesis models.")
@json_option
def activate(*, file: str, model: str, version: int, as_json: bool) -> None:
    """Choose the version of MODEL that is used.

    It is used wherever no version is named; a new fit becomes the active one itself.
    """
    with files.opened(file) as con:
        found = doors.activate(con, model, version=version)
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@json_option
def drop(*, file: str, model: str, as_json: bool) -> None:
    """Remove MODEL with all its versions.

    The history stays.
    """
    with files.opened(file) as con:
        found = doors.drop(con, model)
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("model")
@click.argument("out")
@version_option
@json_option
def export(*, file: str, model: str, out: str, version: int | None, as_json: bool) -> None:
    """Write MODEL of FILE into the file OUT.

    An earlier export there is replaced, any other file is not.
    """
    with files.opened(file, "either") as con:
        found = doors.export(con, model, out, version=version)
    show.rows(found, as_json=as_json)


@click.command("import", cls=Command)
@file_argument
@click.argument("model_file")
@click.option("--name", help="Another name than the one it was exported under.")
@json_option
def import_(*, file: str, model_file: str, name: str | None, as_json: bool) -> None:
    """Put an exported model into FILE.

    MODEL_FILE comes from genesis export. FILE is made where it is missing.
    """
    files.require(model_file)
    with files.opened(file, "create") as con:
        found = doors.import_(con, model_file, name=name)
    show.rows(found, as_json=as_json)
