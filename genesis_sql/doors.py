"""The Python doors: what SQL can do as Python functions, which raise the real exception classes.

Each takes an open DuckDB connection (any, registered or not) and works where that connection
stands. Effects return one dict per thing they touched, reads a relation of the connection, which
has `.df()`, `.pl()`, `.to_arrow_table()`, `.show()`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from genesis_sql import interrupt
from genesis_sql.errors import OptionError, TransactionError
from genesis_sql.session import WRITELESS, Session, session_of  # noqa: TID251 - stage 15
from genesis_sql.transactions import open_on
from genesis_sql.types import Call

Row = dict[str, Any]


def fit(
    con: duckdb.DuckDBPyConnection,
    name: str,
    source: Any,
    *,
    method: str = "trees",
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
    constraints: Sequence[str] | None = None,
    wait: bool = True,
) -> list[Row]:
    """Learn one table, query or frame as a new version of a model.

    Args:
        con: where the model is kept.
        name: of the model.
        source: a table's name, a query as '(SELECT …)', or a pandas, polars or Arrow frame.
        method: how it is learnt.
        seed: of the choices the fit makes.
        device: where a network is trained: 'auto', 'cpu', 'cuda', 'cuda:1'.
        options: of the method, such as {'min_cell': 50}.
        constraints: predicates that every new row keeps, such as 'till >= since'.
        wait: False returns at once and fits in the background, see :func:`list_jobs`; not a frame.

    Raises:
        SourceError: the source is not there, is empty, or cannot be read.

    Example:
        >>> con = duckdb.connect()
        >>> _ = con.execute("CREATE TABLE t AS SELECT range % 3 AS a FROM range(100)")
        >>> [(row["model"], row["rows"]) for row in fit(con, "m", "t")]
        [('m', 100)]
        >>> con.close()
    """
    given = {"model": name, "method": method, "seed": seed, "device": device}
    given["wait"] = wait
    given["options"] = _plain(options)
    given["constraints"] = listed("constraints", constraints)
    key = "source" if isinstance(source, str) else "frame"
    return effect(con, "fit", {**given, key: source})


def fit_database(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    schema: str | Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    relationships: Sequence[str] | None = None,
    verbatim: Sequence[str] | None = None,
    orphans: str = "null",
    constraints: Sequence[str] | None = None,
    method: str = "trees",
    seed: int = 0,
    device: str = "auto",
    options: Mapping[str, Any] | None = None,
    wait: bool = True,
) -> list[Row]:
    """Learn the tables of a schema and the keys between them as a new version of a model.

    Args:
        con: where the tables are and the model is kept.
        name: of the model.
        schema: another than the current one, or a list of several; their tables are then called
            'schema.table', and one target schema is written for each.
        tables: only these; views too where they are named.
        relationships: keys the catalog does not have, as 'orders(customer_id) -> customers(id)'.
        verbatim: tables to copy unchanged.
        orphans: what becomes of references that find no parent: 'null'; 'drop' leaves their rows
            out; 'keep' has as many of them in the new rows.
        constraints: predicates that every new row keeps, over a row or over a row and its parents,
            such as 'orders.placed >= customers.joined'.
        method: how they are learnt.
        seed: of the choices the fit makes.
        device: where networks are trained: 'auto', 'cpu', 'cuda', 'cuda:1'.
        options: of the method, for all tables or by table, such as {'orders': {'min_cell': 50}}.
        wait: False returns at once and fits in the background, see :func:`list_jobs`.
    """
    return effect(
        con,
        "fit_database",
        {
            "model": name,
            "schema": schema if isinstance(schema, str) else listed("schema", schema),
            "tables": listed("tables", tables),
            "relationships": listed("relationships", relationships),
            "verbatim": listed("verbatim", verbatim),
            "orphans": orphans,
            "constraints": listed("constraints", constraints),
            "method": method,
            "seed": seed,
            "device": device,
            "options": _plain(options),
            "wait": wait,
        },
    )


def generate(
    con: duckdb.DuckDBPyConnection,
    name: str,
    table: str | None = None,
    *,
    rows: int | None = None,
    first_row: int = 0,
    scale: float | None = None,
    seed: int = 0,
    version: int | None = None,
    conditions: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyRelation:
    """Rows of a model as a relation; nothing is written, and the rows are drawn when they are read.

    Args:
        con: where the model is kept.
        name: of the model.
        table: may be left out where the model has one table.
        rows: how many; all of the table at that scale where not given.
        first_row: the number of the first one, from 0.
        scale: of the whole database that the rows belong to.
        seed: another one gives other rows.
        version: another than the active one.
        conditions: values that every row has, such as {'state': 'CA', 'age': [30, 31]}; None is
            NULL.
    """
    session, database, schema = _place(con)
    interrupt.clear()
    with session.cursor() as cursor:
        session.announce(cursor, session.load(cursor, database, name, version))
    arguments = {
        "model": name,
        "part": table,
        "rows": rows,
        "first_row": first_row,
        "scale": scale,
        "seed": seed,
        "version": version,
        "conditions": _values(conditions),
    }
    return _read(con, session, "generate", arguments, database, schema)


def compile_sql(
    con: duckdb.DuckDBPyConnection,
    name: str,
    table: str | None = None,
    *,
    rows: int | None = None,
    first_row: int = 0,
    scale: float | None = None,
    seed: int = 0,
    version: int | None = None,
    dialect: str = "duckdb",
    data: str = "values",
) -> str:
    """SQL text that makes rows of a model without Python: those of :func:`generate`.

    Args:
        con: where the model is kept.
        name: of the model.
        table: may be left out where the model has one table.
        rows: how many; all of the table at that scale where not given.
        first_row: the number of the first one, from 0.
        scale: of the whole database that the rows belong to.
        seed: another one gives other rows.
        version: another than the active one.
        dialect: the engine that runs it: 'duckdb', 'postgres', 'sqlite', 'clickhouse',
            'datafusion', 'spark'. Where a session needs statements first, the text begins with
            comments that hold one each: `-- run first: SET jit = off;`.
        data: 'values' writes what was learnt into the text; a Parquet file ('cells.parquet') or a
            table with its schema ('main.cells') has it read from there, see :func:`compile_data`.

    Raises:
        GenesisError: a step has no SQL form there.
    """
    given = {"model": name, "part": table, "rows": rows, "first_row": first_row, "scale": scale}
    more = {"seed": seed, "version": version, "dialect": dialect, "data": data}
    ((made,),) = read(con, "compile", {**given, **more}).fetchall()
    return str(made)


def compile_data(
    con: duckdb.DuckDBPyConnection,
    name: str,
    table: str | None = None,
    *,
    rows: int | None = None,
    first_row: int = 0,
    scale: float | None = None,
    seed: int = 0,
    version: int | None = None,
    dialect: str = "duckdb",
) -> duckdb.DuckDBPyRelation:
    """What a text of :func:`compile_sql` reads where ``data`` is a file or a table: (name, values).

    The arguments are those of the text. Names tell contents apart, so that one table can hold the
    data of many texts.
    """
    given = {"model": name, "part": table, "rows": rows, "first_row": first_row, "scale": scale}
    more = {"seed": seed, "version": version, "dialect": dialect}
    return read(con, "compile_data", {**given, **more})


def generate_database(
    con: duckdb.DuckDBPyConnection,
    name: str,
    target: str,
    *,
    scale: float = 1.0,
    rows: Mapping[str, int] | None = None,
    seed: int = 0,
    version: int | None = None,
    if_exists: str = "error",
    keys: str = "declare",
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Row]:
    """Write all tables of a model, with their keys, into a schema; all of them or none.

    Args:
        con: where the model is kept.
        name: of the model.
        target: a schema, or 'alias.schema' of an attached file.
        scale: 2 makes twice as many rows.
        rows: how many exactly, by table, such as {'users': 10000}; the others follow the scale.
        seed: another one gives other rows.
        version: another than the active one.
        if_exists: 'error', 'replace' tables that an earlier call wrote, or 'append' to them.
        keys: 'declare' them, or 'none'.
        conditions: values that every row of a table has, such as {'users': {'state': 'CA'}}.
    """
    given = {"model": name, "target": target, "scale": scale, "seed": seed, "version": version}
    more = {"rows": _plain(rows), "if_exists": if_exists, "keys": keys}
    more["conditions"] = _values(conditions)
    return effect(con, "generate_database", {**given, **more})


def check(
    con: duckdb.DuckDBPyConnection,
    source: Any = "main",
    *,
    relationships: Sequence[str] | None = None,
    verbatim: Sequence[str] | None = None,
) -> list[Row]:
    """What would be left out of a fit or fail, and why: a schema, a table, a query or a frame."""
    given = {
        "relationships": listed("relationships", relationships),
        "verbatim": listed("verbatim", verbatim),
    }
    return effect(con, "check", {**given, "source" if isinstance(source, str) else "frame": source})


def list_models(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """Models and their versions (`genesis_models()`; `genesis_sql.models` is a folder)."""
    session, database, schema = _place(con)
    return _read(con, session, "models", {}, database, schema)


def describe(
    con: duckdb.DuckDBPyConnection, name: str, *, version: int | None = None
) -> duckdb.DuckDBPyRelation:
    """How every column of a model is made."""
    session, database, schema = _place(con)
    arguments = {"model": name, "version": version}
    return _read(con, session, "describe", arguments, database, schema)


def history(con: duckdb.DuckDBPyConnection, name: str | None = None) -> duckdb.DuckDBPyRelation:
    """What was run, with which arguments, and how it ended; the newest first."""
    session, database, schema = _place(con)
    return _read(con, session, "history", {"model": name}, database, schema)


def integrity(con: duckdb.DuckDBPyConnection, name: str | None = None) -> duckdb.DuckDBPyRelation:
    """What was checked of the tables that were written last, and how many rows break it: none."""
    session, database, schema = _place(con)
    return _read(con, session, "integrity", {"model": name}, database, schema)


def list_methods(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """The methods of a fit, what each needs, and what it can (`genesis_methods()`)."""
    session, database, schema = _place(con)
    return _read(con, session, "methods", {}, database, schema)


def training_log(
    con: duckdb.DuckDBPyConnection, name: str, *, version: int | None = None
) -> duckdb.DuckDBPyRelation:
    """How the training of a model's networks went, or goes; by default of the newest version."""
    session, database, schema = _place(con)
    arguments = {"model": name, "version": version}
    return _read(con, session, "training_log", arguments, database, schema)


def list_jobs(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """What runs, how far it is, and what has run in this session (`genesis_jobs()`)."""
    _place(con)
    return con.sql("FROM genesis_jobs()")


def cancel(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    """Stop what runs for a model; what it was to make is not made."""
    return effect(con, "cancel", {"model": name})


def activate(con: duckdb.DuckDBPyConnection, name: str, *, version: int) -> list[Row]:
    """Make a version the one that is used where none is named."""
    return effect(con, "activate", {"model": name, "version": version})


def drop(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    """Remove a model with its versions; the history stays."""
    return effect(con, "drop", {"model": name})


def export(
    con: duckdb.DuckDBPyConnection, name: str, path: str, *, version: int | None = None
) -> list[Row]:
    """Write a model into a file."""
    return effect(con, "export", {"model": name, "path": str(path), "version": version})


def import_(con: duckdb.DuckDBPyConnection, path: str, *, name: str | None = None) -> list[Row]:
    """Store the model of a file, under another name where one is given."""
    return effect(con, "import", {"path": str(path), "model": name})


def deploy(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    version: int | None = None,
    prefix: str | None = None,
    if_exists: str = "error",
) -> list[Row]:
    """Write the tables of a model as macros into the current schema; they need no Python.

    Any client of the file then reads ``FROM shop_orders(rows := 1000, seed := 7)``, also with
    ``first_row`` and ``scale``: the rows of :func:`generate`.

    Args:
        con: where the model is kept.
        name: of the model.
        version: another than the active one.
        prefix: what the names begin with, by default the model's name and an underscore.
        if_exists: 'error', or 'replace' macros that an earlier call wrote.

    Raises:
        TargetError: a name is taken.
        GenesisError: a step has no SQL form; nothing is written then.
    """
    given = {"model": name, "version": version, "prefix": prefix, "if_exists": if_exists}
    return effect(con, "deploy", given)


def undeploy(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    """Remove the macros that :func:`deploy` wrote for a model."""
    return effect(con, "undeploy", {"model": name})


def uninstall(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Remove the schema genesis: models, history and all."""
    return effect(con, "uninstall", {})


def _place(con: duckdb.DuckDBPyConnection) -> tuple[Session, str, str]:
    """The session of a connection, and the database and schema where it stands."""
    session = session_of(con)
    database, schema = con.execute("SELECT current_database(), current_schema()").fetchall()[0]
    return session, database, schema


def effect(con: duckdb.DuckDBPyConnection, verb: str, arguments: Row) -> list[Row]:
    """Run an effect where a connection stands."""
    session, database, schema = _place(con)
    if verb not in WRITELESS and open_on(con):
        message = (
            f"{verb} was called inside a transaction, whose ROLLBACK would not undo it: "
            f"COMMIT or ROLLBACK first, then call it again"
        )
        raise TransactionError(message)
    return session.effect(Call(verb, arguments, database, schema))


def read(con: duckdb.DuckDBPyConnection, kind: str, arguments: Row) -> duckdb.DuckDBPyRelation:
    """What a reading function gives where a connection stands, for doors in other files."""
    session, database, schema = _place(con)
    return _read(con, session, kind, arguments, database, schema)


def _read(
    con: duckdb.DuckDBPyConnection,
    session: Session,
    kind: str,
    arguments: Row,
    database: str,
    schema: str,
) -> duckdb.DuckDBPyRelation:
    from genesis_sql.reads import PLANS

    session.local.begun = None  # that of an earlier statement would hide what was written since
    return con.sql(PLANS[kind](session, arguments, database, schema))


def _plain(options: Mapping[str, Any] | None) -> Any:
    """Options as SQL would pass them: what JSON can hold."""
    try:
        return json.loads(json.dumps(options))
    except (TypeError, ValueError) as error:
        message = f"options={options!r} is not made of numbers, texts, lists and dicts"
        raise OptionError(message) from error


def _values(conditions: Mapping[str, Any] | None) -> Any:
    """Conditions as SQL would pass them: dates and the like as their text."""
    return json.loads(json.dumps(conditions, default=str))


def listed(name: str, value: Sequence[str] | None) -> list[str] | None:
    """A list of texts; a text alone would be a list of letters."""
    if isinstance(value, str):
        message = f"{name}={value!r} is no list of texts; write {name}=[{value!r}]"
        raise OptionError(message)
    return None if value is None else list(value)
