"""Enums and frozen dataclasses that several stages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol


class Role(str, Enum):
    """What a column is for; decides how it is learnt.

    KEY: names a row; made anew from the row number.
    FOREIGN_KEY: names a row of another table.
    CATEGORY: few labels, drawn with their frequencies.
    INTEGER, DECIMAL, DATE, TIMESTAMP, TIME: numbers on a grid (a wild double is a DECIMAL
        without one).
    BOOLEAN: two labels.
    IDENTIFIER: nearly unique text of a pattern; made anew.
    TEXT: free text; made anew from the shapes of its words.
    STRUCT: put together from its fields, which are columns. LIST: the elements are rows of a table
        of their own. JSON: text put together from its keys.
    CONSTANT: one value. EMPTY: nothing but NULL. UNSUPPORTED: left out, with the reason.
    """

    KEY = "key"
    FOREIGN_KEY = "foreign key"
    CATEGORY = "category"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIME = "time"
    IDENTIFIER = "identifier"
    TEXT = "text"
    STRUCT = "struct"
    LIST = "list"
    JSON = "json"
    CONSTANT = "constant"
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class RawColumn:
    """A column as the catalog has it; ``type`` is DuckDB's own text for it.

    Nested columns are flattened: ``role`` is given to a struct or list, ``inside`` names the column
    that a part belongs to, and ``reason`` says why one is left out. Of a key of JSON, ``nullable``
    says whether it is null where it has no value; otherwise it is missing there.

    What a schema without data tells besides: ``length``, the characters a text has at most;
    ``values``, the labels of an enum; ``default``, the SQL of its default; ``meaning``, what the
    caller says it holds ('email'), see `genesis_sql.providers`; ``generated``, whether the
    database computes it itself (GENERATED ALWAYS AS), so that nothing may be inserted; its
    ``default`` is then what it computes, where that is known. ``identity``: the database numbers
    it where nothing is inserted (SERIAL, AUTO_INCREMENT). A type that no value can be made of has
    the role UNSUPPORTED and the type VARCHAR.
    """

    name: str
    type: str
    nullable: bool = True
    comment: str | None = None
    role: Role | None = None
    inside: str = ""
    reason: str = ""
    length: int | None = None
    values: tuple[str, ...] = ()
    default: str | None = None
    meaning: str = ""
    generated: bool = False
    identity: bool = False


@dataclass(frozen=True)
class RawForeignKey:
    """A declared foreign key."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class RawTable:
    """A table, view or query as the catalog has it.

    ``source`` is SQL text that can stand behind FROM: a quoted three-part name, or a query in
    brackets. ``nested`` is the list column of another table that the rows are the elements of.
    """

    name: str
    source: str
    columns: tuple[RawColumn, ...]
    schema: str = "main"
    kind: str = "table"
    rows: int = 0
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[RawForeignKey, ...] = ()
    checks: tuple[str, ...] = ()
    comment: str | None = None
    nested: str = ""


@dataclass(frozen=True)
class RawSchema:
    """The tables that one fit sees, as the catalog has them; ``notes`` say what was left out."""

    tables: tuple[RawTable, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of the schema graph, with what one pass over the data told.

    ``distinct`` and ``nulls`` are counts over ``rows`` rows; ``reason`` says why a role was given
    where it is not plain from the type. ``inside`` names the nested column it is a part of,
    ``personal`` the kind of personal data it holds ('e-mail', …; see `genesis_sql.graph.personal`).
    """

    name: str
    type: str
    role: Role
    nullable: bool = True
    rows: int = 0
    distinct: int = 0
    nulls: int = 0
    comment: str | None = None
    reason: str = ""
    inside: str = ""
    personal: str = ""


@dataclass(frozen=True)
class Relationship:
    """A foreign key, declared in the catalog or by the caller.

    ``orphans`` counts the child rows whose reference finds no parent, ``nulls`` those with a NULL
    in it. ``cut`` marks a key that was cut out of a circle of tables: its rows are chosen last.
    ``when`` is a column of the child and its value (as text) for a key that holds in some rows
    only. Of ``kept_orphans`` of the source's rows the like is generated.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    declared: bool = False
    orphans: int = 0
    nulls: int = 0
    cut: bool = False
    when: tuple[str, str] | None = None
    kept_orphans: int = 0

    @property
    def name(self) -> str:
        """The notation that `relationships := [...]` takes."""
        own, above = ", ".join(self.columns), ", ".join(self.parent_columns)
        condition = f" WHERE {self.when[0]} = '{self.when[1]}'" if self.when else ""
        return f"{self.child}({own}) -> {self.parent}({above}){condition}"


@dataclass(frozen=True)
class Rule:
    """A predicate over one row of a table and its parents, declared by the caller.

    Attributes:
        table: whose rows have to keep it.
        sql: columns of the table stand alone, those of parents behind the name of a path.
        paths: name of each path and the names of the relationships that it follows, from the table.
        shown: as the caller wrote it.
        broken: source rows that break it.
    """

    table: str
    sql: str
    paths: tuple[tuple[str, tuple[str, ...]], ...] = ()
    shown: str = ""
    broken: int = 0


@dataclass(frozen=True)
class Ordered:
    """Two columns of which one is never above the other in a row.

    Names are those that the learner uses: a column's own, 'parent.column' for the main parent's.
    ``strict``: never equal either.
    """

    low: str
    high: str
    strict: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the schema graph; ``checks`` are the catalog's CHECKs that its rows will keep.

    ``schema`` is given where tables of several schemas are learnt together; it then begins the
    name. Where ``nested`` is given, nobody sees the table: its rows are the elements of that list
    column of its only parent, in order.
    """

    name: str
    source: str
    columns: tuple[Column, ...]
    rows: int = 0
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    verbatim: bool = False
    comment: str | None = None
    checks: tuple[str, ...] = ()
    nested: str = ""
    schema: str = ""

    @property
    def bare_name(self) -> str:
        """The name inside its schema."""
        return self.name.removeprefix(f"{self.schema}.") if self.schema else self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The columns as users write them: a field of a struct behind a plain point."""
        return tuple(
            c.name.replace("·{}", "").replace("·", ".") if c.inside else c.name
            for c in self.columns
        )

    def column(self, name: str) -> Column:
        """The column of that name (exact)."""
        return next(c for c in self.columns if c.name == name)


@dataclass(frozen=True)
class Graph:
    """The schema graph: tables, the foreign keys between them, and declared constraints."""

    tables: tuple[Table, ...]
    relationships: tuple[Relationship, ...] = ()
    rules: tuple[Rule, ...] = ()

    def table(self, name: str) -> Table:
        """The table of that name (exact)."""
        return next(t for t in self.tables if t.name == name)

    def parents(self, child: str) -> tuple[Relationship, ...]:
        """The foreign keys of a table, in declaration order."""
        return tuple(r for r in self.relationships if r.child == child)

    def children(self, parent: str) -> tuple[Relationship, ...]:
        """The foreign keys that point at a table."""
        return tuple(r for r in self.relationships if r.parent == parent)


@dataclass(frozen=True)
class Finding:
    """A row of `genesis_check`.

    ``severity`` is 'error', 'warning' or 'info'; ``fix`` a statement or option.
    """

    severity: str
    table: str
    column: str | None
    finding: str
    fix: str = ""


@dataclass(frozen=True)
class Call:
    """An effect as SQL passes it: verb, arguments, where the caller stands, and its statement.

    ``query`` and ``transaction`` are DuckDB's running numbers, ``begun`` the start of the
    transaction and ``bound`` the moment the statement was bound, in microseconds, ``connection``
    the id of the caller's. All five are 0 where Python calls.
    """

    verb: str
    arguments: Mapping[str, Any]
    database: str = "memory"
    schema: str = "main"
    query: int = 0
    transaction: int = 0
    begun: int = 0
    bound: int = 0
    connection: int = 0


class Doors(Protocol):
    """What `udfs` may ask of a session."""

    def plan(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        database: str,
        schema: str,
        connection: int = 0,
    ) -> str:
        """SQL text for a read, to stand inside query()."""
        ...

    def effect(self, call: Call) -> list[dict[str, Any]]:
        """Run an effect, return one row per thing it touched."""
        ...


Progress = Callable[[str, float], None]
"""Called with a phase's text and the share done, 0 to 1. May raise to cancel."""


def no_progress(phase: str, share: float) -> None:
    """The progress of nobody."""


@dataclass(frozen=True)
class Batch:
    """A numbered run of rows, half open."""

    first: int
    stop: int


def batches(first: int, stop: int, size: int) -> Iterator[Batch]:
    """Cut [first, stop) into runs of at most ``size`` rows."""
    for at in range(first, stop, size):
        yield Batch(at, min(at + size, stop))
