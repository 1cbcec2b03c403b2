"""genesis schema: what a database, a script or a file of words says of its tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command
from genesis_sql.graph import picture
from genesis_sql.introspect.from_anything import read_anything
from genesis_sql.introspect.to_mapping import to_mapping
from genesis_sql.introspect.written import to_ddl
from genesis_sql.types import RawSchema

_FORMATS = {".mmd": "mermaid", ".md": "mermaid", ".svg": "svg", ".txt": "text",
            ".json": "json", ".sql": "ddl", ".yaml": "yaml", ".yml": "yaml"}  # fmt: skip
"""What an output file's ending asks for."""


def _source_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """SOURCE, and what of it."""
    for option in (
        click.option("--output", metavar="FILE", help="Write it there, not to the screen."),
        click.option(
            "--table", multiple=True, help="Only this table, and others so named (repeat)."
        ),
        click.option("--schema", help="Of the database; its usual one where not given."),
        click.option("--dialect", help="Of a script of SQL; guessed where not given."),
        click.argument("source"),
    ):
        function = option(function)
    return function


@click.group()
def schema() -> None:
    """Schemas: read from a database, a script, models or a file."""


@schema.command(cls=Command)
@_source_options
@click.option(
    "--format", "kind", type=click.Choice(["yaml", "json", "ddl"]), help="yaml where not given."
)
@click.option("--to", metavar="DIALECT", help="Of the DDL, duckdb where not given.")
def infer(*, kind: str | None, output: str | None, to: str | None, **given: Any) -> None:
    """Print the schema that SOURCE has.

    SOURCE is a URL (postgresql://user:password@host/database, mysql://…, sqlite:///file,
    duckdb:///file) or a file: CREATE TABLE statements of any dialect, a DuckDB or SQLite database,
    JSON or YAML of tables, dbt's manifest.json; or package.module:Base, SQLAlchemy models. The YAML
    can be edited and given to genesis_schema as its spec.
    """
    found = _read(**given)
    kind = kind or ("ddl" if to else _kind_of(output, ("yaml", "json", "ddl")))
    if to and kind != "ddl":
        message = f"--to is the dialect of DDL, and --format is {kind}: take --format ddl"
        raise click.UsageError(message)
    _give(_written(found, kind, to), output)
    _tell(found)


@schema.command("show", cls=Command)
@_source_options
@click.option(
    "--format",
    "kind",
    type=click.Choice(["text", "mermaid", "svg"]),
    help="text where not given.",
)
def show_(*, kind: str | None, output: str | None, **given: Any) -> None:
    """Draw the tables of SOURCE and the keys between them.

    SOURCE is that of genesis schema infer. The ending of --output says what is drawn: .svg, .mmd
    or .txt.
    """
    found = _read(**given)
    kind = kind or _kind_of(output, ("text", "mermaid", "svg"))
    drawn = {"text": picture.as_text, "mermaid": picture.as_mermaid, "svg": picture.as_svg}
    _give(drawn[kind](found), output)
    if kind != "text":
        _tell(found)


def _read(
    *, source: str, dialect: str | None, schema: str | None, table: tuple[str, ...]
) -> RawSchema:
    return read_anything(source, dialect=dialect, schema=schema, tables=list(table) or None)


def _kind_of(output: str | None, known: tuple[str, ...]) -> str:
    found = _FORMATS.get(Path(output).suffix.lower(), "") if output else ""
    return found if found in known else known[0]


def _written(found: RawSchema, kind: str, to: str | None) -> str:
    if kind == "ddl":
        from genesis_sql.introspect.statements import dialect_of

        return to_ddl(found, dialect=dialect_of(to or "duckdb", option="to"))
    if kind == "json":
        return json.dumps(to_mapping(found), ensure_ascii=False, indent=1)
    import yaml

    text: str = yaml.safe_dump(to_mapping(found), sort_keys=False, allow_unicode=True, width=100)
    return text.rstrip()


def _give(text: str, output: str | None) -> None:
    if output is None:
        click.echo(text)
        return
    with files.replacing(output) as passing:
        Path(passing).write_text(text + "\n", encoding="utf-8")


def _tell(found: RawSchema) -> None:
    for note in found.notes:
        show.note(note)
