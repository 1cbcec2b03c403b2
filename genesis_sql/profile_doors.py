"""The Python doors of profiles: saving and running what was written, and the cohorts of runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb

from genesis_sql.doors import Row, effect, listed, read
from genesis_sql.errors import OptionError
from genesis_sql.session import session_of  # noqa: TID251 - stage 23


def save_profile(
    con: duckdb.DuckDBPyConnection,
    name: str,
    spec: str | Mapping[str, Any],
    *,
    description: str | None = None,
    tags: Sequence[str] | None = None,
) -> list[Row]:
    """Save what a person wrote as a new version of a profile; the same again is kept as it is.

    Args:
        con: where the profile is kept.
        name: of the profile; it shares its names with models that were learnt.
        spec: JSON text, YAML text or a dict, with or without the outer key `profile`.
        description: what it is found by; that of the version before where not given.
        tags: the same.

    Raises:
        ProfileError: the spec does not keep the schema, or makes no sense; the path is told.
        ModelExistsError: the name is that of a model that was learnt.
    """
    given: Row = {"model": name, "spec": spec, "description": description}
    return effect(con, "save_profile", {**given, "tags": listed("tags", tags)})


def register_function(
    con: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[[Any, str], Any],
    *,
    arrow: bool = False,
) -> None:
    """Make a Python function known to profiles: columns of type 'function' are what it gives.

    It is kept with the open database, not stored: a program that opens the file registers it again.

    Args:
        con: where the profiles are read.
        name: what their columns call it; a name that is known is replaced.
        function: ``f(row, column)`` gets the columns it reads as a dict; with ``arrow``
            ``f(table, column)`` gets an Arrow table of many rows, a draw for each of them in its
            column ``u()``, and gives an Arrow array. What it takes from `random` or `numpy.random`
            is set by the seed of the call, row by row.
        arrow: whether it is of the second form.

    Raises:
        OptionError: it cannot be called, or the name is empty.

    Example:
        >>> import genesis_sql
        >>> con = genesis_sql.connect()
        >>> register_function(con, "twice", lambda row, column: 2 * row["a"])
        >>> columns = {
        ...     "a": {"type": "explicit", "values": [3]},
        ...     "b": {"type": "function", "function": "twice", "sql_type": "INTEGER"},
        ... }
        >>> spec = {"tables": {"t": {"rows": 2, "columns": columns}}}
        >>> saved = genesis_sql.save_profile(con, "p", spec)
        >>> con.execute("FROM genesis_generate('p', 't')").fetchall()
        [(3, 6), (3, 6)]
        >>> con.close()
    """
    if not callable(function) or not isinstance(name, str) or not name:
        message = f"register_function takes a name and a function, not {name!r} and {function!r}"
        raise OptionError(message)
    session = session_of(con)
    from genesis_sql.profiles.functions import Function

    session.functions[name] = Function(name, function, arrow)


def list_profiles(
    con: duckdb.DuckDBPyConnection,
    *,
    tags: Sequence[str] | None = None,
    search: str | None = None,
    product: str | None = None,
) -> duckdb.DuckDBPyRelation:
    """Profiles with all of these tags, this text in name or description, of this product."""
    given: Row = {"tags": listed("tags", tags), "search": search, "product": product}
    return read(con, "profiles", given)


def load_profile(
    con: duckdb.DuckDBPyConnection,
    name: str | None = None,
    *,
    version: int | None = None,
    execution: int | None = None,
) -> Row:
    """What a profile says: 'spec' as it was saved, 'resolved' with every distribution.

    Args:
        con: where the profile is kept.
        name: of the profile.
        version: another than the active one.
        execution: a run, in the place of a name: what that one was drawn from.
    """
    found = read(con, "profile_spec", {"model": name, "version": version, "execution": execution})
    row = dict(zip(found.columns, found.fetchall()[0], strict=True))
    return {**row, "spec": json.loads(row["spec"]), "resolved": json.loads(row["resolved"])}


def run_profile(
    con: duckdb.DuckDBPyConnection,
    name: str,
    cohort: str | None = None,
    *,
    seed: int | None = None,
    count: int | None = None,
    version: int | None = None,
    target: str | None = None,
    if_exists: str = "error",
) -> list[Row]:
    """Write every table of a profile, with its keys; recorded so that it can be run again.

    Args:
        con: where the profile is kept.
        name: of the profile.
        cohort: the name under which the tables are kept together.
        seed: another one gives other rows; the profile's own where not given.
        count: rows of the first table; the others follow. The profile's own where not given.
        version: another than the active one.
        target: a schema, or 'alias.schema' of an attached file; that of the cohort's name where
            not given.
        if_exists: 'error', 'replace' tables that an earlier run wrote, or 'append' to them.
    """
    given: Row = {"model": name, "cohort": cohort, "seed": seed, "count": count}
    more = {"version": version, "target": target, "if_exists": if_exists}
    return effect(con, "run", {**given, **more})


def replay(con: duckdb.DuckDBPyConnection, execution: int) -> list[Row]:
    """Draw a run again, into nothing, and prove each table the same by its content hash.

    Raises:
        IntegrityError: a table has other rows now; what changed since is told.
        ModelNotFoundError: the version that ran is gone.
    """
    return effect(con, "replay", {"execution": execution})


def validate_run(
    con: duckdb.DuckDBPyConnection, cohort: str | None = None, *, execution: int | None = None
) -> list[Row]:
    """What a run keeps of its profile, and what chance allows for that many rows.

    Args:
        con: where it is recorded.
        cohort: its name.
        execution: its number, in the place of a name.
    """
    return effect(con, "validate", {"cohort": cohort, "execution": execution})


def list_cohorts(
    con: duckdb.DuckDBPyConnection,
    *,
    tags: Sequence[str] | None = None,
    search: str | None = None,
) -> duckdb.DuckDBPyRelation:
    """Cohorts with all of these tags, and this text in name, description or profile."""
    return read(con, "cohorts", {"tags": listed("tags", tags), "search": search})


def save_cohort(
    con: duckdb.DuckDBPyConnection,
    name: str,
    *,
    schema: str | None = None,
    tables: Sequence[str] | Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    description: str | None = None,
) -> list[Row]:
    """Keep tables under a name: those of a schema, or frames that are written into one.

    Args:
        con: where.
        name: of the cohort.
        schema: where the tables are, or go; that of the cohort's name where not given.
        tables: only these; or frames (pandas, polars, Arrow) by table name.
        tags: what it is found by.
        description: the same.

    Example:
        >>> import pyarrow as pa
        >>> con = duckdb.connect()
        >>> people = pa.table({"id": [1, 2, 3]})
        >>> [r["rows"] for r in save_cohort(con, "few", tables={"people": people})]
        [3]
        >>> con.close()
    """
    given: Row = {"cohort": name, "schema": schema, "description": description}
    given["tags"] = listed("tags", tags)
    if isinstance(tables, Mapping):
        return effect(con, "save_cohort", {**given, "frames": dict(tables)})
    return effect(con, "save_cohort", {**given, "tables": listed("tables", tables)})


def rename_cohort(con: duckdb.DuckDBPyConnection, name: str, new_name: str) -> list[Row]:
    """Give a cohort another name; its tables stay in their schema, which DuckDB cannot rename."""
    return effect(con, "rename_cohort", {"cohort": name, "new_name": new_name})


def tag_cohort(
    con: duckdb.DuckDBPyConnection,
    name: str,
    tags: Sequence[str] | None = None,
    *,
    remove: Sequence[str] | None = None,
    description: str | None = None,
) -> list[Row]:
    """Add tags to a cohort, take others away, describe it anew."""
    given: Row = {"cohort": name, "tags": listed("tags", tags), "description": description}
    return effect(con, "tag_cohort", {**given, "remove": listed("remove", remove)})


def clone_cohort(
    con: duckdb.DuckDBPyConnection, name: str, new_name: str, *, schema: str | None = None
) -> list[Row]:
    """Copy a cohort, tables and keys, into a schema of the new name or another."""
    given: Row = {"cohort": name, "new_name": new_name, "schema": schema}
    return effect(con, "clone_cohort", given)


def merge_cohorts(
    con: duckdb.DuckDBPyConnection,
    cohorts: Sequence[str],
    new_name: str,
    *,
    schema: str | None = None,
) -> list[Row]:
    """Put the rows of cohorts of the same tables into a new one; ids are kept apart."""
    given: Row = {"cohorts": listed("cohorts", cohorts), "new_name": new_name, "schema": schema}
    return effect(con, "merge_cohorts", given)


def summarise_cohort(con: duckdb.DuckDBPyConnection, name: str) -> list[Row]:
    """Rows of a cohort's tables, numbers of their columns, shares of their labels."""
    return effect(con, "summarise_cohort", {"cohort": name})


def export_cohort(
    con: duckdb.DuckDBPyConnection,
    name: str,
    path: str,
    *,
    format: str | None = None,
    if_exists: str = "error",
) -> list[Row]:
    """Write a cohort into a folder of Parquet or CSV files, or a file that ends in .duckdb.

    Args:
        con: where the cohort is.
        name: of the cohort.
        path: the folder or file.
        format: 'parquet', 'csv' or 'duckdb'.
        if_exists: 'error', or 'replace' what an earlier export wrote.
    """
    given: Row = {"cohort": name, "path": str(path), "format": format, "if_exists": if_exists}
    return effect(con, "export_cohort", given)


def delete_cohort(
    con: duckdb.DuckDBPyConnection, name: str, *, keep_tables: bool = False
) -> list[Row]:
    """Drop a cohort's tables and forget it; tables that were not written here are left alone."""
    return effect(con, "delete_cohort", {"cohort": name, "keep_tables": keep_tables})
