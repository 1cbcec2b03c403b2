"""genesis reference build: the public figures that ship, and refreshing them."""

from __future__ import annotations

import click

from genesis_sql import refdata
from genesis_sql.cli import show
from genesis_sql.cli.command import Command, json_option

_BUILT = ("table", "status", "rows")


@click.group()
def reference() -> None:
    """Public figures: counties, ages, prevalences, names, codes."""


@reference.command(cls=Command)
@click.option(
    "--from",
    "origin",
    required=True,
    metavar="DIR|URL",
    help="Where the publishers' files lie, under their own names: a folder or an http(s) address.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False),
    default="genesis-reference",
    show_default=True,
    help="Where to write the tables.",
)
@json_option
def build(*, origin: str, folder: str, as_json: bool) -> None:
    """Make the reference tables anew from the publishers' files.

    A table whose files are not there stays as it ships, or as the folder has it already. A file of
    another vintage, or without the columns that are needed, is refused and nothing is written.
    """
    built = refdata.build(origin, folder)
    show.rows(built, as_json=as_json, columns=_BUILT)
    for row in built:
        if row["missing"]:
            show.note(f"{row['table']} stays as it was; missing: {', '.join(row['missing'])}")
    show.note(f"Load them with: genesis reference load FILE --from {folder}")
