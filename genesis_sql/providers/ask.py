"""What a column of a schema wants to be filled with, and what fills it: the wall between rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Columns = dict[str, dict[str, Any]]
"""Columns of a plain profile, by name and in order; helpers of a column are hidden ones."""


@dataclass(frozen=True)
class Meaning:
    """What a column holds.

    Attributes:
        name: of a provider, see `genesis_sql.providers.catalog.PROVIDERS`; '' where only the type
            tells what may stand there.
        options: of the provider, such as the labels that a comment lists.
        reason: why, in one sentence for `genesis_describe`.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Ask:
    """One column that a provider shall fill.

    Attributes:
        table, column: which; helpers are hidden columns ``<column>_<word>`` with ``hidden: true``.
        type: DuckDB's text for its type.
        length: characters it holds at most, None where there is no limit.
        unique: whether no two rows may have the same value, by construction.
        nullable: whether NULL may stand there.
        rows: how many rows a table may get at most; what is unique must reach that far.
        locale: such as 'en_US'.
        siblings: columns of the table by their meaning ('first_name' -> 'fname'), without this one.
        options: of the meaning, and what the caller gave.
        types: DuckDB's types of the siblings by their meaning; a text where nothing is said.
    """

    table: str
    column: str
    type: str = "VARCHAR"
    length: int | None = None
    unique: bool = False
    nullable: bool = False
    rows: int = 1_000_000
    locale: str = "en_US"
    siblings: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)


Provider = Callable[[Ask], Columns]
"""The columns that make the one asked for; it stands last and is the only one not hidden."""
