"""One table while its profile is drafted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genesis_sql.drafts.checks import Checked
from genesis_sql.providers.ask import Columns, Meaning
from genesis_sql.types import RawColumn, RawForeignKey, RawTable

NUMBERS = ("DECIMAL", "NUMERIC", "DOUBLE", "FLOAT", "REAL")
WHOLE = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
)  # fmt: skip


@dataclass
class Sheet:
    """A table and what is known of it so far.

    Attributes:
        raw: as the schema has it.
        rows: how many it gets by default.
        checked: what its CHECKs say.
        main: the reference whose rows it hangs on, None for a root.
        others: its further references.
        meanings: what each column holds, but for keys.
        made: columns of the profile by the column they belong to; helpers stand before it.
        notes: what is to be told of the table.
        period: first and last day of what happens in it, ISO text.
        moment: the column that says when a row came to be, in the profile.
        hidden: columns that belong to no other, for tables above or below.
        apart: columns that differ from row to row so that a key of several does.
    """

    raw: RawTable
    rows: int
    checked: Checked
    main: RawForeignKey | None = None
    others: tuple[RawForeignKey, ...] = ()
    meanings: dict[str, Meaning] = field(default_factory=dict)
    made: dict[str, Columns] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    period: tuple[str, str] = ("2020-01-01", "2025-12-31")
    moment: str | None = None
    hidden: Columns = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The table's."""
        return self.raw.name

    def column(self, name: str) -> RawColumn:
        """The column of that name."""
        return next(c for c in self.raw.columns if c.name == name)

    def meaning(self, name: str) -> str:
        """The word for what a column holds; '' where only its type tells."""
        found = self.meanings.get(name)
        return found.name if found else ""

    def left(self) -> list[RawColumn]:
        """The columns that nothing fills yet."""
        return [c for c in self.raw.columns if c.name not in self.made]

    def free_name(self, wanted: str) -> str:
        """A name for a helper that no column has."""
        taken = {c.name.lower() for c in self.raw.columns}
        taken |= {n.lower() for held in (self.hidden, *self.made.values()) for n in held}
        name, at = wanted, 1
        while name.lower() in taken:
            at += 1
            name = f"{wanted}_{at}"
        return name

    def put(self, name: str, spec: Mapping[str, Any], helpers: Columns | None = None) -> None:
        """Fill a column, its helpers hidden before it."""
        hidden = {h: {**held, "hidden": True} for h, held in (helpers or {}).items()}
        self.made[name] = {**hidden, name: dict(spec)}

    def hide(self, name: str, spec: Mapping[str, Any]) -> None:
        """Add a column that nobody sees, for other tables."""
        self.hidden[name] = {**spec, "hidden": True}

    def columns(self) -> Columns:
        """All columns of the profile, in the order of the table."""
        out: Columns = {}
        for column in self.raw.columns:
            out |= self.made.get(column.name, {})
        return out | self.hidden

    @property
    def key_columns(self) -> set[str]:
        """Columns of the primary key."""
        return set(self.raw.primary_key)

    def unique(self, name: str) -> bool:
        """Whether a column alone has to tell rows apart."""
        alone = (name,) in self.raw.unique_keys or self.raw.primary_key == (name,)
        return alone or name in self.apart


def base_type(type_: str) -> str:
    """The type without its arguments.

    Example:
        >>> base_type("decimal(10,2)"), base_type("TIMESTAMP WITH TIME ZONE")
        ('DECIMAL', 'TIMESTAMP WITH TIME ZONE')
    """
    return type_.split("(", 1)[0].strip().upper()


def is_moment(type_: str) -> bool:
    """Whether it is a day or a moment."""
    return base_type(type_) in ("DATE", "DATETIME") or base_type(type_).startswith("TIMESTAMP")


def is_text(type_: str) -> bool:
    """Whether it is text of any length."""
    return base_type(type_) in ("VARCHAR", "TEXT", "CHAR", "STRING", "BPCHAR")


def is_whole(type_: str) -> bool:
    """Whether it is a whole number."""
    return base_type(type_) in WHOLE


def is_number(type_: str) -> bool:
    """Whether it is a number of any kind."""
    return is_whole(type_) or base_type(type_) in NUMBERS
