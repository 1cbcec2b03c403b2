"""genesis fill."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from genesis_sql import delivery_doors, schema_doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, json_option, seed_option, version_option
from genesis_sql.cli.progress import watching
from genesis_sql.profiles.yaml_text import from_yaml

NAME = "filled"
"""Of the model that is drafted where none is named."""


@click.command(cls=Command)
@click.argument("url")
@click.option(
    "--rows",
    multiple=True,
    metavar="TABLE=N",
    help="How many rows of a table (repeat); the others follow.",
)
@click.option("--scale", type=float, default=1.0, show_default=True, help="2 makes twice as many.")
@click.option("--schema", help="Of the database; the connection's own where not given.")
@click.option("--model", help="What makes the rows; drafted from the database where not given.")
@click.option(
    "--scenarios", metavar="FILE", help="Workflows that rows take: JSON or YAML, by name."
)
@click.option("--database", metavar="FILE", help="The DuckDB file that keeps --model.")
@seed_option
@version_option
@click.option(
    "--if-exists",
    type=click.Choice(["error", "append", "replace"]),
    default="error",
    show_default=True,
    help="Where the tables hold rows already.",
)
@click.option(
    "--commit",
    type=click.Choice(["all", "table"]),
    default="all",
    show_default=True,
    help="All tables or none; or piece by piece, and the same call goes on after a kill.",
)
@click.option("--dry-run", is_flag=True, help="Look whether all fits; write nothing.")
@json_option
def fill(
    *,
    url: str,
    rows: Sequence[str],
    model: str | None,
    scenarios: str | None,
    database: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Fill the empty tables of the database at URL.

    URL is SQLAlchemy's: postgresql://user:password@host/database, mysql+pymysql://…,
    sqlite:///file. Without --model its tables, columns, keys and comments are read, and say what
    fills them.
    """
    if (model is None) != (database is None):
        message = "--model and --database go together: the model, and the DuckDB file that keeps it"
        raise click.UsageError(message)
    if scenarios is not None and model is not None:
        message = "--scenarios say what is drafted, and --model is drafted already; leave one out"
        raise click.UsageError(message)
    sizes = dict(_size(text) for text in rows)
    if database is not None:
        with files.opened(database, "either") as con, watching(con, "fill"):
            found = delivery_doors.fill(con, str(model), url, rows=sizes, **given)
    else:
        with files.memory() as con, watching(con, "fill"):
            _draft(con, url, given["schema"], sizes, scenarios)
            found = delivery_doors.fill(con, NAME, url, rows=sizes, **given)
    shown = [{k: v for k, v in row.items() if v is not None} for row in found]
    show.rows(shown, as_json=as_json)
    if given["dry_run"]:
        show.note("Nothing was written (--dry-run).")


def _draft(
    con: Any, url: str, schema: str | None, rows: Mapping[str, int], scenarios: str | None
) -> None:
    """Read the schema of a database and save what fills it as a model."""
    from genesis_sql.actions.delivering import connecting, ledger
    from genesis_sql.introspect.from_url import read_url

    connecting.read_url(url)  # told first, in the words of what is to be done
    found = read_url(url, schema=schema)
    tables = tuple(t for t in found.tables if t.name != ledger.NAME)
    flows = None if scenarios is None else _workflows(scenarios)
    whole = replace(found, tables=tables)
    schema_doors.from_schema(whole, con=con, name=NAME, rows=rows, scenarios=flows)


def _workflows(path: str) -> Any:
    """The scenarios of a file, without the tables that hold their plans: they are not there."""
    files.require(path)
    text = Path(path).read_text(encoding="utf-8")
    try:
        found = json.loads(text) if Path(path).suffix.lower() == ".json" else from_yaml(text)
    except json.JSONDecodeError as error:
        message = f"--scenarios {path} is no JSON: {error}"
        raise click.UsageError(message) from error
    if not isinstance(found, Mapping):
        message = f"--scenarios {path} holds no scenarios by name"
        raise click.UsageError(message)
    plain = {k: {"ledger": False, **v} if isinstance(v, Mapping) else v for k, v in found.items()}
    return json.dumps(plain)


def _size(text: str) -> tuple[str, int]:
    table, _, number = text.rpartition("=")
    if not table or not number.isdecimal():
        message = f"--rows {text}: write --rows TABLE=N, as in --rows orders=30000"
        raise click.UsageError(message)
    return table, int(number)
