"""genesis check, genesis fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

import click

from genesis_sql import doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, file_argument, json_option, seed_option
from genesis_sql.cli.words import spoken

_Function = TypeVar("_Function", bound=Callable[..., Any])

_DATA = ", ".join(files.READERS)


def key_options(function: _Function) -> _Function:
    """--relationship and --verbatim."""
    function = click.option(
        "--verbatim", multiple=True, metavar="TABLE", help="Copy this table unchanged (repeat)."
    )(function)
    return click.option(
        "--relationship",
        multiple=True,
        metavar="KEY",
        help="A foreign key the file does not declare: 'orders(customer_id) -> customers(id)' "
        "(repeat).",
    )(function)


@click.command(cls=Command)
@file_argument
@click.argument("source", required=False)
@key_options
@json_option
def check(
    *,
    file: str,
    source: str | None,
    relationship: tuple[str, ...],
    verbatim: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell what a fit of FILE would leave out or refuse.

    FILE is a DuckDB database or a table of data. SOURCE is a schema, a table or a '(SELECT …)' of
    the database; its schema main where not given. Ends with 1 where a finding is an error.
    """
    keys: dict[str, Any] = {"relationships": relationship, "verbatim": verbatim}
    files.require(file)
    if files.is_database(file):
        with files.opened(file, "read") as con:
            found = doors.check(con, source or "main", **keys)
    elif source is not None:
        message = f"'{file}' is one table; leave SOURCE out"
        raise click.UsageError(message)
    else:
        with files.memory() as con:
            found = doors.check(con, files.source(file), **keys)
    if not as_json:
        found = [{**f, "fix": spoken(f["fix"], file)} for f in found]
    show.rows(found, as_json=as_json, nothing="No findings: everything can be learnt.")
    if any(f["severity"] == "error" for f in found):
        raise click.exceptions.Exit(1)


@click.command(cls=Command)
@file_argument
@click.argument("name")
@click.option("--to", metavar="FILE", help="The database for a model of a table of data.")
@click.option("--source", help="One table or '(SELECT …)' instead of all tables.")
@click.option("--schema", multiple=True, help="Another schema than main; several (repeat).")
@click.option("--table", multiple=True, help="Only this table, and others so named (repeat).")
@key_options
@click.option(
    "--orphans",
    help="References without a parent: null (the default), drop their rows, or keep such ones.",
)
@click.option(
    "--method", default="trees", show_default=True, help="How it is learnt: genesis methods."
)
@click.option(
    "--device", default="auto", show_default=True, help="Where networks are trained: cpu, cuda."
)
@click.option(
    "--option",
    multiple=True,
    metavar="KEY=VALUE",
    help="Of the method: min_cell=50, or orders.min_cell=50 for one table (repeat).",
)
@click.option(
    "--constraint",
    multiple=True,
    metavar="PREDICATE",
    help="What every new row keeps: 'till >= since', 'orders.placed >= customers.joined' (repeat).",
)
@seed_option
@json_option
def fit(*, file: str, name: str, as_json: bool, **given: Any) -> None:
    """Learn FILE as model NAME.

    A second fit makes a second version. FILE is a DuckDB database, whose tables are learnt together
    with their keys and which keeps the model; or a table of data, whose model goes into the
    database of --to.
    """
    common = {
        "method": given["method"],
        "device": given["device"],
        "seed": given["seed"],
        "options": read_options(given["option"]),
        "constraints": given["constraint"] or None,
    }
    files.require(file)
    with ExitStack() as stack:
        if not files.is_database(file):
            _refuse(given, "to", f"'{file}' is one table and takes no --{{}}")
            if given["to"] is None:
                message = f"'{file}' cannot hold a model: name a database, as in --to models.duckdb"
                raise click.UsageError(message)
            query = files.source(file)
            con = stack.enter_context(files.opened(given["to"], "create"))
            found = doors.fit(con, name, query, **common)
        elif given["to"] is not None:
            message = f"--to is for a table of data; '{file}' keeps its models itself"
            raise click.UsageError(message)
        elif given["source"] is not None:
            _refuse(given, "source", "--source is one table and takes no --{}")
            con = stack.enter_context(files.opened(file))
            found = doors.fit(con, name, given["source"], **common)
        else:
            con = stack.enter_context(files.opened(file))
            found = doors.fit_database(
                con,
                name,
                schema=given["schema"] or None,
                tables=given["table"] or None,
                relationships=given["relationship"],
                verbatim=given["verbatim"],
                orphans=given["orphans"] or "null",
                **common,
            )
    show.rows(found, as_json=as_json)
    if show.on_terminal() and not as_json:
        one = found[-1]["table_name"] if len(found) > 1 else ""
        show.note(f"Next: genesis generate {given['to'] or file} {name} {one}".rstrip())


_MANY = ("to", "source", "schema", "table", "relationship", "verbatim", "orphans")


def _refuse(given: dict[str, Any], allowed: str, message: str) -> None:
    """A fit of one table takes no options of many."""
    for option in _MANY:
        if option != allowed and given[option]:
            raise click.UsageError(message.format(option))


def read_options(pairs: tuple[str, ...], hint: str = "'--option'") -> dict[str, Any]:
    """Options from KEY=VALUE; a value is JSON, or else text.

    Example:
        >>> read_options(("min_cell=50", 'orders.first=["state"]', "main=shop"))
        {'min_cell': 50, 'orders': {'first': ['state']}, 'main': 'shop'}
    """
    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            message = f"'{pair}' is not KEY=VALUE"
            raise click.BadParameter(message, param_hint=hint)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        table, dot, own = key.rpartition(".")
        if dot:
            options.setdefault(table, {})[own] = value
        else:
            options[key] = value
    return options
