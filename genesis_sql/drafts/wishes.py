"""What of a drafted schema a language model may propose, and what it is asked for in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from genesis_sql.drafts.custom import by_column
from genesis_sql.errors import OptionError
from genesis_sql.language.propose import Wish
from genesis_sql.program.allowlist import columns_of
from genesis_sql.providers.catalog import PROVIDERS
from genesis_sql.providers.meaning_names import TEXT
from genesis_sql.types import RawSchema, RawTable

OPEN = frozenset(
    "constant categorical explicit normal lognormal uniform exponential beta poisson bands "
    "conditional".split()
)
"""Types of columns that hang on no other: a proposal may take their place."""
FREE = frozenset((*TEXT, "job_title", "department", "industry", "team", "product_category"))
"""Meanings of texts that no other column goes by, whatever puts them together."""
MOST_TEXTS = 2_000

Columns = Mapping[str, Any]


def texts_wanted(schema: RawSchema, columns: Columns) -> tuple[Columns, dict[str, int]]:
    """What the caller gives, without the columns that want texts of a language model.

    Returns:
        The other columns, and how many texts each wants, by 'table.column'.

    Raises:
        OptionError: a number of texts makes no sense.
    """
    found = {f"{t}.{c}": v for (t, c), v in by_column(schema, columns).items()}
    wanted = {n: v["texts"] for n, v in found.items() if isinstance(v, Mapping) and "texts" in v}
    for name, many in wanted.items():
        if not isinstance(many, int | float) or many != int(many) or not 1 <= many <= MOST_TEXTS:
            message = (
                f"columns asks for {many!r} texts in '{name}'; ask for a whole number from 1 to "
                f"{MOST_TEXTS:,}: {{'texts': 50}}"
            )
            raise OptionError(message)
    rest = {n: v for n, v in found.items() if n not in wanted}
    return rest, {n: int(many) for n, many in wanted.items()}


def wish_of(
    schema: RawSchema,
    plain: Mapping[str, Any],
    given: Collection[str],
    prompt: str | Mapping[str, str] | None,
    texts: Mapping[str, int],
) -> Wish:
    """What to ask a language model.

    Left out are keys and what is computed, what is unique, what a CHECK names, and what the caller
    gives: there a guess could only break something.

    Args:
        schema: the tables.
        plain: their draft.
        given: what the caller fills, by 'table.column'.
        prompt: what the data are about.
        texts: how many texts columns want.
    """
    fill = [
        f"{table.name}.{name}"
        for table in schema.tables
        for name in _open(table, plain["tables"][table.name])
        if f"{table.name}.{name}" not in given
    ]
    words = tuple(sorted(PROVIDERS))
    return Wish(schema, tuple({*fill, *texts}), prompt, texts, words)


def _open(table: RawTable, drafted: Mapping[str, Any]) -> list[str]:
    closed = {c for key in (table.primary_key, *table.unique_keys) for c in key}
    closed |= {c for key in table.foreign_keys for c in key.columns}
    closed |= {name for check in table.checks for _, name in columns_of(check)}
    return [
        c.name
        for c in table.columns
        if c.name not in closed and not c.generated and _is_free(drafted["columns"].get(c.name, {}))
    ]


def _is_free(held: Mapping[str, Any]) -> bool:
    """Whether nothing else goes by a column; the meaning stands in front of its note."""
    return held.get("type") in OPEN or str(held.get("note")).partition(":")[0] in FREE
