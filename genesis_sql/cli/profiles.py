"""genesis profiles, run, replay: what was written, drawn, and drawn again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from genesis_sql import domains, profile_doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, file_argument, json_option, version_option
from genesis_sql.errors import SourceError

_PROFILES = (
    "name", "version", "product", "tags", "tables", "count", "executions", "description",
)  # fmt: skip


@click.group()
def profiles() -> None:
    """Profiles: models that are written, not learnt."""


@profiles.command(cls=Command)
@file_argument
@click.argument("name")
@click.argument("spec")
@click.option("--description", help="What it is found by.")
@click.option("--tag", "tags", multiple=True, help="The same (repeat).")
@json_option
def save(
    *,
    file: str,
    name: str,
    spec: str,
    description: str | None,
    tags: tuple[str, ...],
    as_json: bool,
) -> None:
    """Save SPEC, a JSON or YAML file, as the profile NAME.

    FILE is made where it is missing. The same spec again makes no new version.
    """
    try:
        written = Path(spec).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        message = f"'{spec}' cannot be read: {reason}"
        raise SourceError(message) from error
    how: dict[str, Any] = {"description": description, "tags": list(tags) or None}
    with files.opened(file, "create") as con:
        found = profile_doors.save_profile(con, name, written, **how)
    show.rows(found, as_json=as_json)


@profiles.command("list", cls=Command)
@file_argument
@click.option("--tag", "tags", multiple=True, help="Only those with this tag (repeat).")
@click.option("--search", help="Only those with this text in name or description.")
@click.option("--product", help="Only those of this product.")
@json_option
def list_(
    *,
    file: str,
    tags: tuple[str, ...],
    search: str | None,
    product: str | None,
    as_json: bool,
) -> None:
    """List the profiles that FILE keeps."""
    how: dict[str, Any] = {"tags": list(tags) or None, "search": search, "product": product}
    with files.opened(file, "either") as con:
        found = show.rows_of(profile_doors.list_profiles(con, **how))
    nothing = f"No such profiles: genesis profiles save {file} NAME SPEC"
    show.rows(found, as_json=as_json, columns=_PROFILES, nothing=nothing)


@profiles.command("show", cls=Command)
@file_argument
@click.argument("name", required=False)
@version_option
@click.option("--execution", type=int, help="What this run was drawn from, in the place of NAME.")
@click.option("--resolved", is_flag=True, help="With every table, column and distribution.")
def show_(
    *, file: str, name: str | None, version: int | None, execution: int | None, resolved: bool
) -> None:
    """Print what the profile NAME says, as JSON."""
    with files.opened(file, "either") as con:
        found = profile_doors.load_profile(con, name, version=version, execution=execution)
    text = found["resolved" if resolved else "spec"]
    click.echo(json.dumps(text, ensure_ascii=False, indent=1))


@profiles.command(cls=Command)
def schema() -> None:
    """Print the JSON Schema that every profile keeps."""
    click.echo(json.dumps(domains.schema(), ensure_ascii=False, indent=1))


@click.command(cls=Command)
@file_argument
@click.argument("profile")
@click.option("--cohort", help="The name under which the tables are kept together.")
@click.option("--seed", type=int, help="Of the draws; the profile's own where not given.")
@click.option("--count", type=int, help="Rows of the first table; the others follow.")
@version_option
@click.option("--target", help="A schema of FILE; that of the cohort's name where not given.")
@click.option(
    "--if-exists",
    type=click.Choice(["error", "replace", "append"]),
    default="error",
    show_default=True,
    help="Where the tables are there already.",
)
@json_option
def run(*, file: str, profile: str, as_json: bool, **given: Any) -> None:
    """Write every table of PROFILE into FILE, recorded."""
    with files.opened(file) as con:
        found = profile_doors.run_profile(con, profile, **given)
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("execution", type=int)
@json_option
def replay(*, file: str, execution: int, as_json: bool) -> None:
    """Draw the run EXECUTION again and prove its rows the same.

    Nothing is written. The number is that of genesis history.
    """
    with files.opened(file, "either") as con:
        found = profile_doors.replay(con, execution)
    show.rows(found, as_json=as_json)


@click.command(cls=Command)
@file_argument
@click.argument("cohort", required=False)
@click.option("--execution", type=int, help="A run by its number, in the place of COHORT.")
@json_option
def validate(*, file: str, cohort: str | None, execution: int | None, as_json: bool) -> None:
    """Compare COHORT with its profile; ends with 1 where it fails."""
    with files.opened(file, "either") as con:
        found = profile_doors.validate_run(con, cohort, execution=execution)
    show.rows(found, as_json=as_json)
    failed = [row for row in found if row["passed"] is False]
    if failed:
        show.note(f"{len(failed)} of {len(found)} checks failed.")
        raise click.exceptions.Exit(1)
