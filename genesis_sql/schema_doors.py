"""The Python doors of schemas without data: SQLAlchemy, a URL, DDL, a mapping, a dbt manifest.

Each reads a schema and saves the profile that fills it, as `genesis_schema` does in SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from genesis_sql.delivery_doors import url_text
from genesis_sql.doors import Row, effect, listed
from genesis_sql.profile_doors import register_function
from genesis_sql.types import RawSchema

Columns = Mapping[str, Any]
Rows = Mapping[str, int]
Prompt = str | Mapping[str, str] | None
Scenarios = Mapping[str, Any] | str | None
Language = Any
"""A `genesis_sql.language.config.ModelConfig`, or a dict of the same; None asks nobody."""


def from_schema(
    schema: RawSchema,
    *,
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Columns | None = None,
    rows: Rows | None = None,
    locale: str | None = None,
    prompt: Prompt = None,
    llm: Language = None,
    scenarios: Scenarios = None,
) -> list[Row]:
    """Save the profile of a schema that was read; what the other doors end in.

    Args:
        schema: as a reader of `genesis_sql.introspect` gives it.
        con: where the profile is kept.
        name: of the profile.
        columns: what fills a column, by 'table.column' or by table and column: SQL text, a list
            of values, {"provider": word}, {"type": …}, or a Python function ``f(row, column)``.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts, 'en_US' where not given.
        prompt: what the data are about, for the language model; a text by table is possible.
        llm: the language model that proposes what fills columns; its answer is checked and kept.
        scenarios: workflows by name, a mapping or JSON text: the table whose rows are the
            instances, weighted paths of events, values they share, the name of the ledger.

    Returns:
        A row for each table: what it hangs on, and how many rows it gets by default.

    Raises:
        SchemaError: a foreign key leads nowhere, or no row can keep a CHECK.
        OptionError: rows or columns name what is not there.
    """
    given: Row = {"model": name, "raw": schema, "rows": rows, "locale": locale}
    given |= {"prompt": prompt, "llm": llm, "scenarios": scenarios}
    return effect(con, "schema", {**given, "columns": _with_functions(con, name, schema, columns)})


def _with_functions(
    con: duckdb.DuckDBPyConnection, name: str, schema: RawSchema, columns: Columns | None
) -> dict[str, Any]:
    """Functions are registered and named; everything else stays as it is."""
    from genesis_sql.drafts.calls import reads
    from genesis_sql.drafts.custom import by_column

    out: dict[str, Any] = {}
    tables = {t.name: t for t in schema.tables}
    for (table, column), value in by_column(schema, columns or {}).items():
        spec = value
        if callable(value):
            own = [c.name for c in tables[table].columns if c.name != column]
            called = f"{name}.{table}.{column}"
            register_function(con, called, value)
            spec = {"type": "function", "function": called}
            named = reads(value, own)
            if named is not None:
                spec["reads"] = named
        out.setdefault(table, {})[column] = spec
    return out


def from_sqlalchemy(
    source: Any,
    *,
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Columns | None = None,
    rows: Rows | None = None,
    locale: str | None = None,
    prompt: Prompt = None,
    llm: Language = None,
    scenarios: Scenarios = None,
) -> list[Row]:
    """Save the profile of SQLAlchemy models.

    Args:
        source: a declarative base, a list of its classes, a MetaData or Tables.
        con: where the profile is kept.
        name: of the profile.
        columns: what fills a column, see `from_schema`.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts.
        prompt: what the data are about, for a language model.
        llm: the language model, see `from_schema`.
        scenarios: workflows that rows take, see `from_schema`.
    """
    from genesis_sql.introspect.from_sqlalchemy import read_models

    schema = read_models(source)
    return from_schema(
        schema,
        con=con,
        name=name,
        columns=columns,
        rows=rows,
        locale=locale,
        prompt=prompt,
        llm=llm,
        scenarios=scenarios,
    )


def from_url(
    url: Any,
    *,
    con: duckdb.DuckDBPyConnection,
    name: str,
    schema: str | None = None,
    tables: Sequence[str] | None = None,
    columns: Columns | None = None,
    rows: Rows | None = None,
    locale: str | None = None,
    prompt: Prompt = None,
    llm: Language = None,
    scenarios: Scenarios = None,
) -> list[Row]:
    """Save the profile of the tables of a live database, as its catalog describes them.

    Args:
        url: of SQLAlchemy, such as 'postgresql://user@host/shop', or an Engine or URL object.
        schema: of that database, its default one where not given.
        tables: only these.
        con: where the profile is kept.
        name: of the profile.
        columns: what fills a column, see `from_schema`.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts.
        prompt: what the data are about, for a language model.
        llm: the language model, see `from_schema`.
        scenarios: workflows that rows take, see `from_schema`.
    """
    from genesis_sql.filling import may_reach
    from genesis_sql.introspect.from_url import read_url

    may_reach(con)
    read = read_url(url, schema=schema, tables=tables)
    return from_schema(
        read,
        con=con,
        name=name,
        columns=columns,
        rows=rows,
        locale=locale,
        prompt=prompt,
        llm=llm,
        scenarios=scenarios,
    )


def from_ddl(
    text: str,
    *,
    con: duckdb.DuckDBPyConnection,
    name: str,
    dialect: str | None = None,
    columns: Columns | None = None,
    rows: Rows | None = None,
    locale: str | None = None,
    prompt: Prompt = None,
    llm: Language = None,
    scenarios: Scenarios = None,
) -> list[Row]:
    """Save the profile of a script of CREATE TABLE statements.

    Args:
        text: the script.
        dialect: of sqlglot; guessed where not given.
        con: where the profile is kept.
        name: of the profile.
        columns: what fills a column, see `from_schema`.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts.
        prompt: what the data are about, for a language model.
        llm: the language model, see `from_schema`.
        scenarios: workflows that rows take, see `from_schema`.

    Example:
        >>> import genesis_sql
        >>> con = genesis_sql.connect()
        >>> ddl = "CREATE TABLE tags (id INT PRIMARY KEY, name VARCHAR(20) UNIQUE)"
        >>> [r["rows"] for r in from_ddl(ddl, con=con, name="few", rows={"tags": 5})]
        [5]
        >>> con.close()
    """
    from genesis_sql.introspect.from_ddl import read_ddl

    read = read_ddl(text, dialect=dialect)
    return from_schema(
        read,
        con=con,
        name=name,
        columns=columns,
        rows=rows,
        locale=locale,
        prompt=prompt,
        llm=llm,
        scenarios=scenarios,
    )


def from_dict(
    spec: Mapping[str, Any],
    *,
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Columns | None = None,
    rows: Rows | None = None,
    locale: str | None = None,
    prompt: Prompt = None,
    llm: Language = None,
    scenarios: Scenarios = None,
) -> list[Row]:
    """Save the profile of a mapping such as {'patient_id': 'number', 'email': 'email'}.

    Args:
        spec: columns and what they hold, of one table or by table.
        con: where the profile is kept.
        name: of the profile.
        columns: what fills a column, see `from_schema`.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts.
        prompt: what the data are about, for a language model.
        llm: the language model, see `from_schema`.
        scenarios: workflows that rows take, see `from_schema`.
    """
    from genesis_sql.introspect.from_mapping import read_mapping

    read = read_mapping(spec)
    return from_schema(
        read,
        con=con,
        name=name,
        columns=columns,
        rows=rows,
        locale=locale,
        prompt=prompt,
        llm=llm,
        scenarios=scenarios,
    )


def from_manifest(
    manifest: str | Path | Mapping[str, Any],
    *,
    con: duckdb.DuckDBPyConnection,
    name: str,
    columns: Columns | None = None,
    rows: Rows | None = None,
    locale: str | None = None,
    prompt: Prompt = None,
    llm: Language = None,
    scenarios: Scenarios = None,
) -> list[Row]:
    """Save the profile of the sources and models of a dbt project.

    Args:
        manifest: path of its manifest.json, or what is in it.
        con: where the profile is kept.
        name: of the profile.
        columns: what fills a column, see `from_schema`.
        rows: of tables, at scale 1.
        locale: of names, addresses and texts.
        prompt: what the data are about, for a language model.
        llm: the language model, see `from_schema`.
        scenarios: workflows that rows take, see `from_schema`.
    """
    from genesis_sql.introspect.from_manifest import read_manifest

    read = read_manifest(manifest)
    return from_schema(
        read,
        con=con,
        name=name,
        columns=columns,
        rows=rows,
        locale=locale,
        prompt=prompt,
        llm=llm,
        scenarios=scenarios,
    )


def copy_database(
    con: duckdb.DuckDBPyConnection,
    url: Any,
    target: str,
    *,
    schema: str | None = None,
    tables: Sequence[str] | None = None,
    most: int | None = None,
) -> list[Row]:
    """Bring the tables of another database into a new schema, with their rows, to learn them there.

    Args:
        con: where they go.
        url: of a PostgreSQL, MySQL, MariaDB or SQLite database.
        target: the schema to make.
        schema: one of the other database's schemas.
        tables: only these.
        most: rows of each table, the first ones by its primary key.

    Returns:
        A row for each table: its rows, and its foreign keys as `relationships` of
        `fit_database` takes them.

    Raises:
        SourceError: the database cannot be reached or read, or a value does not fit its column.
        TargetError: the schema is there already.
    """
    given: Row = {"url": url_text(url), "target": target, "schema": schema, "most": most}
    return effect(con, "copy_database", {**given, "tables": listed("tables", tables)})
