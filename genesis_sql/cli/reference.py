"""genesis reference build: the public figures that ship, and refreshing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from genesis_sql import refdata, reference_doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, file_argument, json_option, seed_option

_NOBODY = "The directory has none of these."
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


_state = click.option("--state", help="Only there: TX, or Texas.")
_county = click.option("--county", help="Only there: 48201, or a name together with --state.")
_city = click.option("--city", help="Only there.")
_limit = click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="So many rows.",
)


@reference.command(cls=Command)
@file_argument
@click.option("--from", "path", help="A folder that genesis reference build wrote.")
@click.option("--table", "tables", multiple=True, help="Only this one; can be given several times.")
@json_option
def load(*, file: str, path: str | None, tables: Sequence[str], as_json: bool) -> None:
    """Put the tables into FILE, schema genesis_reference."""
    with files.opened(file, "create") as con:
        found = reference_doors.load_reference(con, path=path, tables=list(tables) or None)
    show.rows(found, as_json=as_json, columns=("table_name", "rows", "status", "vintage"))


@reference.command(cls=Command)
@click.argument("file", required=False, type=click.Path())
@json_option
def tables(*, file: str | None, as_json: bool) -> None:
    """List the reference tables, and which of them are in FILE."""
    with files.memory() if file is None else files.opened(file, "read") as con:
        found = show.rows_of(reference_doors.list_reference_tables(con))
    show.rows(found, as_json=as_json, columns=("table_name", "rows", "loaded", "vintage"))


@reference.command("make-directory", cls=Command)
@file_argument
@_state
@_county
@seed_option
@json_option
def make_directory(*, file: str, as_json: bool, **given: Any) -> None:
    """Invent facilities by their counts, and who leads them."""
    with files.opened(file, "create") as con:
        found = reference_doors.make_directory(con, **given)
    show.rows(found, as_json=as_json)


@reference.command("load-directory", cls=Command)
@file_argument
@click.argument("kind")
@click.argument("path")
@_state
@json_option
def load_directory(*, file: str, kind: str, path: str, state: str | None, as_json: bool) -> None:
    """Put a directory that you downloaded into FILE.

    KIND is nppes (npidata_pfile), pos (CMS Provider of Services) or care_compare (CMS Hospital
    General Information); PATH is the publisher's file.
    """
    with files.opened(file, "create") as con:
        found = reference_doors.load_directory(con, kind, path, state=state)
    show.rows(found, as_json=as_json)


@reference.command("load-codes", cls=Command)
@file_argument
@click.argument("kind")
@click.argument("path", required=False)
@json_option
def load_codes(*, file: str, kind: str, path: str | None, as_json: bool) -> None:
    """Put a code set into FILE: icd10cm, hcpcs, ms_drg and others.

    PATH is the publisher's file of icd10cm or hcpcs, for another release than the one that ships.
    """
    with files.opened(file, "create") as con:
        found = reference_doors.load_codes(con, kind, path=path)
    show.rows(found, as_json=as_json)


@reference.command(cls=Command)
@file_argument
@_state
@_city
@_county
@click.option("--specialty", help="In plain words: cardiology.")
@click.option("--taxonomy", help="The code that providers give of themselves: 207RC0000X.")
@_limit
@json_option
def providers(*, file: str, as_json: bool, **given: Any) -> None:
    """Find providers in the directory of FILE."""
    with files.opened(file, "read") as con:
        found = show.rows_of(reference_doors.find_providers(con, **given))
    names = ("npi", "first_name", "last_name", "organisation", "specialty", "city", "state")
    show.rows(found, as_json=as_json, columns=(*names, "fictional"), nothing=_NOBODY)


@reference.command(cls=Command)
@file_argument
@_state
@_city
@_county
@click.option("--type", "facility_type", help="hospital, nursing, dialysis …")
@click.option("--min-beds", type=click.IntRange(min=0), help="At least so many.")
@_limit
@json_option
def facilities(*, file: str, as_json: bool, **given: Any) -> None:
    """Find facilities in the directory of FILE."""
    with files.opened(file, "read") as con:
        found = show.rows_of(reference_doors.find_facilities(con, **given))
    names = ("facility_id", "name", "type", "city", "state", "beds")
    show.rows(found, as_json=as_json, columns=(*names, "fictional"), nothing=_NOBODY)
