"""CREATE TABLE as DuckDB takes it: whole-number keys count up by a sequence of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, exc, schema, types
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler, PGExecutionContext

from genesis_sql.sqlbuild import qualified, string

_Compiler: Any = PGDDLCompiler
_Context: Any = PGExecutionContext


class DDLCompiler(_Compiler):  # type: ignore[misc]
    """PostgreSQL's, without SERIAL, which DuckDB does not know."""

    def visit_create_table(self, create: Any, **how: Any) -> str:
        """CREATE TABLE, behind the sequence that its key counts by."""
        made = str(super().visit_create_table(create, **how))
        name = sequence_of(create.element._autoincrement_column)
        first = f"CREATE SEQUENCE IF NOT EXISTS {name};" if name else ""
        return first + made

    def visit_drop_table(self, drop: Any, **how: Any) -> str:
        """DROP TABLE, and the sequence behind it."""
        made = str(super().visit_drop_table(drop, **how))
        name = sequence_of(drop.element._autoincrement_column)
        return f"{made}; DROP SEQUENCE IF EXISTS {name}" if name else made

    def get_column_specification(self, column: Column[Any], **how: Any) -> str:
        """A column: a counted one has the next number of its sequence as default."""
        words = [self.preparer.format_column(column)]
        words.append(self.dialect.type_compiler_instance.process(column.type))
        name = sequence_of(column)
        default = f"nextval({string(name)})" if name else self.get_column_default_string(column)
        if default is not None:
            words += ["DEFAULT", default]
        if column.computed is not None:
            words.append(self.process(column.computed))
        return " ".join(words if column.nullable else [*words, "NOT NULL"])

    def visit_computed_column(self, generated: Any, **how: Any) -> str:
        """A column that is computed when it is read; DuckDB stores none."""
        if generated.persisted:
            message = "DuckDB stores no computed columns; leave out persisted, or make it False"
            raise exc.CompileError(message)
        inner = self.sql_compiler.process(
            generated.sqltext, include_table=False, literal_binds=True
        )
        return f"GENERATED ALWAYS AS ({inner}) VIRTUAL"


class ExecutionContext(_Context):  # type: ignore[misc]
    """One statement: the default of a serial column is asked of its sequence."""

    def get_insert_default(self, column: Any) -> Any:
        """The value of a key that was not given."""
        name = sequence_of(column)
        if name is None:
            return super().get_insert_default(column)
        return self._execute_scalar(f"SELECT nextval({string(name)})", column.type)


def sequence_of(column: Column[Any] | None) -> str | None:
    """The qualified name of the sequence that a key counts by; None for any other column."""
    if column is None or column.table._autoincrement_column is not column:
        return None
    if column.default is not None and not (
        isinstance(column.default, schema.Sequence) and column.default.optional
    ):
        return None
    if column.server_default is not None or not isinstance(column.type, types.Integer):
        return None
    parts = [column.table.schema] if column.table.schema else []
    plain = f"{column.table.name}_{column.name}_seq".replace('"', "_")  # nextval of 1.5 reads none
    return qualified(*parts, plain)
