"""`SyntheticDataGenerator`: the documents' names for schemas without data, thin over the SQL.

Where no connection is given, everything is made in memory and nothing stays. Prompts are kept as
comments of the tables; a language model, where one is named and has a key, is asked with them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql import doors, schema_doors
from genesis_sql.compat.memory import standing
from genesis_sql.errors import GenesisError, OptionError, nearest
from genesis_sql.language.config import ANTHROPIC, OPENAI, ModelConfig, read_config
from genesis_sql.sqlbuild import qualified, quoted, string
from genesis_sql.types import RawColumn, RawSchema, RawTable

if TYPE_CHECKING:
    import pandas as pd

Function = Callable[[dict[str, Any], str], Any]
Schema = Any
"""A dict of columns and what they hold, or a class of SQLAlchemy."""

References = dict[str, tuple[str, str]]
"""Columns that refer to another table: its name and column."""
_LOGGER = logging.getLogger(__name__)
NAME = "synthetic_data"
"""The profile, and the schema that its tables go into."""
KINDS = {
    "text": ("VARCHAR",), "string": ("VARCHAR",),
    "float": ("DOUBLE", "FLOAT", "DECIMAL"), "decimal": ("DECIMAL",),
    "number": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "FLOAT", "DECIMAL"),
    "integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
    "boolean": ("BOOLEAN",), "date": ("DATE",), "datetime": ("TIMESTAMP",),
}  # fmt: skip
"""Types of columns by the words that generators are registered for."""
FRAME = "genesis_frame_to_write"
FORMATS = {".csv": "FORMAT csv, HEADER", ".json": "FORMAT json, ARRAY true"}


class SyntheticDataGenerator:
    """Fills schemas of one or several tables.

    Args:
        con: where profiles and tables are kept; in memory, and not kept, without it.
        model: a language model's name; with its key it proposes what fills columns, see
            `genesis_sql.from_schema`. Without a key everything is made without it.
        model_config: its configuration; its ``seed`` is the seed of all rows, too.
        openai_api_key, anthropic_api_key: keys; without them those of the environment.

    Example:
        >>> spec = {"id": "number", "email": "email"}
        >>> SyntheticDataGenerator().generate_data(spec, "Users", sample_size=3).shape
        (3, 2)
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection | None = None,
        model: str | None = None,
        model_config: Any = None,
        openai_api_key: str | None = None,
        anthropic_api_key: str | None = None,
    ) -> None:
        self.con, self.model, self.model_config = con, model, model_config
        self._keys = {"openai": openai_api_key, "anthropic": anthropic_api_key}
        self._generators: dict[tuple[str, str | None], Function] = {}
        self._made: dict[tuple[str, str], list[Any]] = {}

    @property
    def seed(self) -> int:
        """Of all rows: that of the configuration, else 0."""
        return int(getattr(self.model_config, "seed", None) or 0)

    def register_generator(self, type: str, func: Function, column_name: str | None = None) -> None:
        """Fill columns with a function.

        Args:
            type: 'text', 'float', 'number', 'date', 'foreign_key', a meaning such as 'icd10_code'.
            func: ``f(row, column)``; it may draw from `random` and gets the same state again.
            column_name: only columns of that name; then the type only has to be a word.
        """
        if not callable(func):
            message = f"the generator for '{type}' is {func!r}; it takes a function f(row, column)"
            raise OptionError(message)
        self._generators[type.lower(), column_name] = func

    def generate_data(
        self,
        schema: Schema,
        prompt: str | None = None,
        sample_size: int = 10,
        output_path: str | Path | None = None,
    ) -> pd.DataFrame | str:
        """Rows of one table: a frame, or the path they were written to.

        Args:
            schema: {'patient_id': 'number', 'email': 'email'}, or a class of SQLAlchemy; what it
                refers to is taken from tables that this generator made before.
            prompt: what the rows are, in words: for the language model, and the table's comment.
            sample_size: how many rows.
            output_path: a .csv or .json file.

        Raises:
            OptionError: the path has another ending.
        """
        ending = _ending(output_path) if output_path is not None else None
        read = self._read(schema)
        (table,) = read.tables
        columns = {
            **self._known_keys(table, _references(schema)),
            **self._registered(table, _references(schema)),
        }
        alone = replace(_told(table, prompt), foreign_keys=())
        with standing(self.con) as con:
            self._save(con, RawSchema((alone,)), columns, {table.name: sample_size}, prompt)
            try:
                rows = doors.generate(con, NAME, table.name, rows=sample_size, seed=self.seed)
                frame = rows.df()
            finally:
                self._forget(con)
            self._remember(table, frame)
            if output_path is None:
                return frame
            _write(con, frame, str(output_path), str(ending))
            return str(output_path)

    def generate_related_data(
        self,
        models: Sequence[Schema] | Mapping[str, Schema],
        sample_sizes: Mapping[str, int] | None = None,
        prompts: Mapping[str, str] | None = None,
        custom_generators: Mapping[str, Mapping[str, Any]] | None = None,
        output_dir: str | Path | None = None,
    ) -> dict[str, pd.DataFrame]:
        """Tables that refer to one another, by the names of their classes.

        Args:
            models: classes of SQLAlchemy, or dicts of columns by the name of the table.
            sample_sizes: rows by class or table; the others follow.
            prompts: what the rows are, in words: for the language model, and as comments.
            custom_generators: what fills a column, by class and column: a function, SQL text, or
                what else `genesis_sql.from_sqlalchemy` takes.
            output_dir: a folder that gets a .csv file for each.

        Raises:
            OptionError: a name is none of the classes.
        """
        read, names = _several(models)
        told = _by_table(prompts, names, "prompts")
        sized = _by_table(sample_sizes, names, "sample_sizes")
        custom = _by_table(custom_generators, names, "custom_generators")
        tables = tuple(_told(t, told.get(t.name)) for t in read.tables)
        columns = {
            name: value
            for t in tables
            for name, value in {**self._registered(t), **_named(t, custom)}.items()
        }
        with standing(self.con) as con:
            self._save(con, RawSchema(tables, read.notes), columns, sized, told)
            try:
                target = f"{NAME}_made"
                doors.generate_database(
                    con, NAME, target, rows=sized, seed=self.seed, if_exists="replace"
                )
                frames = {
                    shown: con.sql(f"FROM {qualified(target, table)}").df()
                    for table, shown in names.items()
                }
                if self.con is None:
                    con.execute(f"DROP SCHEMA {quoted(target)} CASCADE")
            finally:
                self._forget(con)
            for table in tables:
                self._remember(table, frames[names[table.name]])
            if output_dir is not None:
                Path(output_dir).mkdir(parents=True, exist_ok=True)
                for name, frame in frames.items():
                    _write(con, frame, str(Path(output_dir) / f"{name}.csv"), ".csv")
        return frames

    # what columns are filled with

    def _read(self, schema: Schema) -> RawSchema:
        read = _schema_of(schema)
        if len(read.tables) != 1:
            names = ", ".join(f"'{t.name}'" for t in read.tables)
            message = f"the schema has the tables {names}; generate_related_data takes several"
            raise OptionError(message)
        return read

    def _registered(self, table: RawTable, refer: Collection[str] = ()) -> dict[str, Any]:
        """The generators that columns of a table have; ``refer`` are references of it."""
        keys = {*refer, *(c for k in table.foreign_keys for c in k.columns)}
        out: dict[str, Any] = {}
        for (kind, name), function in self._generators.items():
            for column in table.columns:
                own = name == column.name if name else _is_of(column, kind, keys)
                if own and column.name not in table.primary_key:
                    out[f"{table.name}.{column.name}"] = function
        return out

    def _known_keys(self, table: RawTable, refer: References) -> dict[str, Any]:
        """References to tables that were made before: one of their keys."""
        return {
            f"{table.name}.{own}": self._made[above]
            for own, above in refer.items()
            if above in self._made
        }

    def _remember(self, table: RawTable, frame: pd.DataFrame) -> None:
        for name in {*table.primary_key, *(c for k in table.unique_keys for c in k)}:
            self._made[table.name, name] = frame[name].dropna().tolist()

    def _save(
        self,
        con: duckdb.DuckDBPyConnection,
        schema: RawSchema,
        columns: Mapping[str, Any],
        rows: Mapping[str, int],
        prompt: str | Mapping[str, str] | None,
    ) -> None:
        """Save the profile, with what the language model proposes where one can be asked."""
        llm = self._language()
        schema_doors.from_schema(
            schema, con=con, name=NAME, columns=columns, rows=rows, llm=llm,
            prompt=(prompt or None) if llm else None,
        )  # fmt: skip

    def _language(self) -> ModelConfig | None:
        """The language model, None where none is named or it has no key."""
        config = read_config(self.model_config)
        if config is None and self.model is not None:
            provider = ANTHROPIC if self.model.startswith("claude") else OPENAI
            config = ModelConfig(provider, self.model)
        if config is None:
            return None
        config = replace(config, api_key=config.api_key or self._keys.get(config.provider))
        if not config.has_key:
            _LOGGER.warning("no key for '%s': made without a language model", config.model_name)
            return None
        return config

    def _forget(self, con: duckdb.DuckDBPyConnection) -> None:
        if self.con is None:
            with suppress(GenesisError):
                doors.drop(con, NAME)


def _schema_of(schema: Schema) -> RawSchema:
    if isinstance(schema, Mapping):
        from genesis_sql.introspect.from_mapping import read_mapping

        return read_mapping(schema)
    from genesis_sql.introspect.from_sqlalchemy import read_models

    return read_models([schema])


def _references(schema: Schema) -> References:
    """Columns of a class that refer to others: their table and column."""
    found = getattr(getattr(schema, "__table__", None), "foreign_keys", ())
    return {str(k.parent.name): _target(k.target_fullname) for k in found}


def _target(name: str) -> tuple[str, str]:
    """Table and column of 'schema.table.column'."""
    *_, table, column = name.split(".")
    return table, column


def _several(models: Any) -> tuple[RawSchema, dict[str, str]]:
    """The schema of several models, and by table the name its rows are known by."""
    if isinstance(models, Mapping):
        read = _schema_of(models)
        return read, {t.name: t.name for t in read.tables}
    from genesis_sql.introspect.from_sqlalchemy import read_models

    read = read_models(list(models))
    shown = {str(getattr(m, "__tablename__", "")): m.__name__ for m in models}
    return read, {t.name: shown.get(t.name, t.name) for t in read.tables}


def _by_table(
    given: Mapping[str, Any] | None, names: Mapping[str, str], what: str
) -> dict[str, Any]:
    """What is given by class or table, by table."""
    classes = {shown: table for table, shown in names.items()}
    known = {**{t: t for t in names}, **classes}
    out = {}
    for name, value in (given or {}).items():
        if name not in known:
            message = f"{what} names '{name}', which is none of the models{nearest(name, classes)}"
            raise OptionError(message)
        out[known[name]] = value
    return out


def _named(table: RawTable, custom: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {f"{table.name}.{column}": v for column, v in custom.get(table.name, {}).items()}


def _told(table: RawTable, prompt: str | None) -> RawTable:
    """The table with a prompt in its comment."""
    texts = [t for t in (table.comment, prompt) if t]
    return replace(table, comment="\n".join(texts) or None)


def _is_of(column: RawColumn, kind: str, keys: set[str]) -> bool:
    """Whether a generator that is registered for a kind is meant for a column."""
    if kind == "foreign_key" or column.name in keys:
        return kind == "foreign_key" and column.name in keys
    if kind == column.meaning.lower():
        return True
    return column.type.split("(")[0].upper() in KINDS.get(kind, ())


def _ending(path: str | Path) -> str:
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        message = f"output_path '{path}' ends in '{ending}'; it takes .csv or .json"
        raise OptionError(message)
    return ending


def _write(con: duckdb.DuckDBPyConnection, frame: pd.DataFrame, path: str, ending: str) -> None:
    """Write a frame with DuckDB, which keeps to ``enable_external_access``."""
    con.register(FRAME, frame)
    try:
        con.execute(f"COPY (FROM {quoted(FRAME)}) TO {string(path)} ({FORMATS[ending]})")
    finally:
        con.unregister(FRAME)
