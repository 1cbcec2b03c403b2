"""genesis cohorts: tables under a name, copied, merged, summarised and given away."""

from __future__ import annotations

from typing import Any

import click

from genesis_sql import profile_doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, file_argument, json_option

_COHORTS = ("name", "schema_name", "tables", "rows", "profile", "tags", "description")


@click.group()
def cohorts() -> None:
    """Cohorts: the tables of runs, and others, under a name."""


@cohorts.command("list", cls=Command)
@file_argument
@click.option("--tag", "tags", multiple=True, help="Only those with this tag (repeat).")
@click.option("--search", help="Only those with this text in name, description or profile.")
@json_option
def list_(*, file: str, tags: tuple[str, ...], search: str | None, as_json: bool) -> None:
    """List the cohorts of FILE."""
    with files.opened(file, "either") as con:
        relation = profile_doors.list_cohorts(con, tags=list(tags) or None, search=search)
        found = show.rows_of(relation)
    nothing = f"No such cohorts: genesis run {file} PROFILE --cohort NAME"
    show.rows(found, as_json=as_json, columns=_COHORTS, nothing=nothing)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@click.option("--schema", help="Where the tables are; that of the cohort's name by default.")
@click.option("--table", "tables", multiple=True, help="Only this table (repeat).")
@click.option("--tag", "tags", multiple=True, help="What it is found by (repeat).")
@click.option("--description", help="The same.")
@json_option
def save(*, file: str, cohort: str, as_json: bool, **given: Any) -> None:
    """Keep the tables of a schema of FILE as COHORT."""
    given["tables"], given["tags"] = list(given["tables"]) or None, list(given["tags"])
    with files.opened(file) as con:
        found = profile_doors.save_cohort(con, cohort, **given)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@click.argument("new_name")
@json_option
def rename(*, file: str, cohort: str, new_name: str, as_json: bool) -> None:
    """Give COHORT another name; its tables stay in their schema."""
    with files.opened(file) as con:
        found = profile_doors.rename_cohort(con, cohort, new_name)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@click.argument("tags", nargs=-1)
@click.option("--remove", multiple=True, help="A tag to take away (repeat).")
@click.option("--description", help="What it is found by.")
@json_option
def tag(
    *,
    file: str,
    cohort: str,
    tags: tuple[str, ...],
    remove: tuple[str, ...],
    description: str | None,
    as_json: bool,
) -> None:
    """Add TAGS to COHORT, or take others away."""
    how: dict[str, Any] = {"remove": list(remove), "description": description}
    with files.opened(file) as con:
        found = profile_doors.tag_cohort(con, cohort, list(tags), **how)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@click.argument("new_name")
@click.option("--schema", help="Where the copy goes; that of the new name by default.")
@json_option
def clone(*, file: str, cohort: str, new_name: str, schema: str | None, as_json: bool) -> None:
    """Copy COHORT, tables and keys."""
    with files.opened(file) as con:
        found = profile_doors.clone_cohort(con, cohort, new_name, schema=schema)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("new_name")
@click.argument("cohort", nargs=-1, required=True)
@click.option("--schema", help="Where the rows go; that of the new name by default.")
@json_option
def merge(
    *, file: str, new_name: str, cohort: tuple[str, ...], schema: str | None, as_json: bool
) -> None:
    """Put several COHORTs into NEW_NAME, their ids kept apart."""
    with files.opened(file) as con:
        found = profile_doors.merge_cohorts(con, list(cohort), new_name, schema=schema)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@json_option
def summarise(*, file: str, cohort: str, as_json: bool) -> None:
    """Show rows, numbers and labels of COHORT."""
    with files.opened(file, "either") as con:
        found = profile_doors.summarise_cohort(con, cohort)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@click.argument("out")
@click.option("--format", type=click.Choice(["parquet", "csv", "duckdb"]), help="By OUT if left.")
@click.option(
    "--if-exists",
    type=click.Choice(["error", "replace"]),
    default="error",
    show_default=True,
    help="Where an earlier export is there already.",
)
@json_option
def export(*, file: str, cohort: str, out: str, as_json: bool, **given: Any) -> None:
    """Write COHORT into OUT: a folder or a .duckdb file."""
    with files.opened(file, "either") as con:
        found = profile_doors.export_cohort(con, cohort, out, **given)
    show.rows(found, as_json=as_json)


@cohorts.command(cls=Command)
@file_argument
@click.argument("cohort")
@click.option("--keep-tables", is_flag=True, help="Forget the cohort alone.")
@json_option
def delete(*, file: str, cohort: str, keep_tables: bool, as_json: bool) -> None:
    """Drop the tables of COHORT and forget it."""
    with files.opened(file) as con:
        found = profile_doors.delete_cohort(con, cohort, keep_tables=keep_tables)
    show.rows(found, as_json=as_json)
