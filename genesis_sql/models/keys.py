"""Keys and text that are made anew: from the row number, or from random words by a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pyarrow as pa

from genesis_sql.encoders.identifier import fit_identifier, fit_pattern
from genesis_sql.encoders.key import fit_integer_key
from genesis_sql.encoders.number import fit_number
from genesis_sql.encoders.personal import personal_pattern
from genesis_sql.encoders.text import fit_text
from genesis_sql.graph.personal import anew
from genesis_sql.models.frame import Coded
from genesis_sql.models.invented import BIGINT, HIGHEST
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.program.column_types import POSITION
from genesis_sql.program.domain import Grid, Key, Words
from genesis_sql.program.pattern import UUID, Pattern
from genesis_sql.types import Column, Role


@dataclass(frozen=True)
class KeyColumn:
    """A column whose values are a bijection of the row number."""

    domain: Key


@dataclass(frozen=True)
class Residual:
    """The one column that, with the main parent's key, makes a composite key.

    A line number (``sibling``), or any value siblings do not share (``stratum``).
    """

    column: str
    kind: str
    base: int = 0


def key_column(loaded: Loaded, name: str) -> KeyColumn | None:
    """How to make a unique column: integers, text or UUIDs; None for other types."""
    column = loaded.table.column(name)
    array = loaded.arrow[name].combine_chunks()
    salt = crc32(f"{loaded.table.name}.{name}".encode())
    if anew(column) and column.type != "UUID":
        return KeyColumn(Key(column.type, _made_anew(column, array, salt)))
    if column.type in HIGHEST or column.type in ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"):
        domain, raw = fit_number(_one(array), column.type)
        if not isinstance(domain, Grid):
            return KeyColumn(
                Key(column.type, fit_integer_key(np.arange(1, len(raw) + 1), salt=salt))
            )
        known = raw.values if raw.valid is None else raw.values[raw.valid]
        known = known if len(known) else np.ones(1, np.int64)
        return KeyColumn(
            Key(
                column.type,
                fit_integer_key(
                    known * domain.step, highest=HIGHEST.get(column.type, BIGINT), salt=salt
                ),
            )
        )
    if column.type == "UUID":
        return KeyColumn(Key(column.type, Pattern("uuid", (UUID,), (1,), salt=salt)))
    if column.type == "VARCHAR":
        return KeyColumn(Key(column.type, fit_pattern(_texts(array), salt=salt)))
    return None


def text_column(loaded: Loaded, name: str) -> tuple[Words, int]:
    """The pattern of text that need not be unique, and how many random words a row takes."""
    column = loaded.table.column(name)
    salt = crc32(f"{loaded.table.name}.{name}".encode())
    if column.type == "UUID":
        pattern = Pattern("uuid", (UUID,), (1,), salt=salt)
    elif anew(column):
        pattern = _made_anew(column, loaded.arrow[name].combine_chunks(), salt)
    else:
        texts = _texts(loaded.arrow[name].combine_chunks())
        pattern = (
            fit_text(texts, salt=salt)
            if column.role is Role.TEXT
            else fit_identifier(texts, salt=salt)
        )
    return Words(column.type, pattern), pattern.words_needed


def _made_anew(column: Column, array: pa.Array | pa.ChunkedArray, salt: int) -> Pattern:
    """The pattern of personal data: gives no value of the source."""
    highest = None if column.type == "VARCHAR" else HIGHEST.get(column.type, BIGINT)
    prose = column.role is Role.TEXT
    texts = _texts(array)
    return personal_pattern(column.personal, texts, salt=salt, highest=highest, prose=prose)


def _one(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def _texts(array: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The texts in order; for a column without any, a stand-in code of a letter and digits."""
    texts = np.sort(_one(array).cast(pa.string()).drop_null().to_numpy(zero_copy_only=False))
    return texts if len(texts) else np.array(["A0000000"], object)


def residual(
    loaded: Loaded, own: Mapping[str, Coded], link: LinkData, chosen_keys: Set[str]
) -> Residual | None:
    """The column that makes a composite key unique among the main parent's children.

    Args:
        loaded: the table.
        own: its columns of numbers and labels, references to verbatim tables too.
        link: to the main parent.
        chosen_keys: columns that the choice of a further parent fills.

    Returns:
        None where the key has no column of its own that siblings do not share: then the other
        references make it unique, or the key is looked after when rows are made.
    """
    if loaded.table.nested:
        return Residual(POSITION, "sibling", 1)
    main = set(link.relationship.columns)
    for key in [loaded.table.primary_key, *loaded.table.unique_keys]:
        if len(key) < 2 or not main < set(key):
            continue
        left = [c for c in key if c not in main | chosen_keys and c in own]
        left = [c for c in left if differ(link.parent_row, own[c].rank)]
        if not left:
            continue
        chosen = max(left, key=lambda c: len(own[c].values))
        column = own[chosen]
        alone = set(key) == main | {chosen}
        if alone and isinstance(column.domain, Grid) and column.domain.step == 1:
            base = _counts_up(column.raw.values, link.parent_row)
            if base is not None:
                return Residual(chosen, "sibling", base)
        return Residual(chosen, "stratum")
    return None


def differ(parent: np.ndarray, values: np.ndarray) -> bool:
    """Whether no two rows of the same parent share a value (0 or more)."""
    has = (parent >= 0) & (values >= 0)
    order = np.lexsort((values[has], parent[has]))
    above, own = parent[has][order], values[has][order]
    return not bool(((above[1:] == above[:-1]) & (own[1:] == own[:-1])).any())


def _counts_up(values: np.ndarray, parent: np.ndarray) -> int | None:
    """The first number where all parents' children are numbered without gaps from the same one."""
    has = parent >= 0
    values, parent = values[has], parent[has]
    if not len(values):
        return None
    order = np.lexsort((values, parent))
    values, parent = values[order], parent[order]
    begins = np.r_[True, parent[1:] != parent[:-1]]
    base = int(values[0])
    start = np.maximum.accumulate(np.where(begins, np.arange(len(values)), 0))
    return base if bool((values == base + np.arange(len(values)) - start).all()) else None
