"""k-anonymity and l-diversity of the rows that a fit sees, by Mondrian.

LeFevre, DeWitt, Ramakrishnan, "Mondrian multidimensional k-anonymity", 2006: rows are cut at the
median of one quasi-identifier after the other, the widest first, as long as both halves keep k rows
and l different values of each sensitive column (distinct l-diversity, Machanavajjhala et al. 2006).
All rows of a part then have the same quasi-identifiers. Every part has k rows or more from the
beginning, so no row is left to be suppressed.

What it does not do: k-anonymity says nothing of the columns that are not named, and nothing against
somebody who knows them; l-diversity counts values, not how alike they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.errors import OptionError, nearest
from genesis_sql.program.allowlist import columns_of
from genesis_sql.types import Column, RawTable, Role, Table

_NUMBERS = (Role.INTEGER, Role.DECIMAL, Role.DATE, Role.TIMESTAMP, Role.TIME)
_LABELS = (Role.CATEGORY, Role.BOOLEAN)
OPTIONS = ("k_anonymity", "l_diversity", "quasi_identifiers", "sensitive")
FLOOR = 5
"""Rows in the whole column below which a label is never named: '*' stands for it."""
FEW = 3
"""Labels of a part that are named together, 'a|b'; more of them are '*'."""


@dataclass(frozen=True)
class Anonymity:
    """What is asked for one table.

    Attributes:
        k: rows that share their quasi-identifiers, at least.
        quasi: the quasi-identifiers.
        diversity: different values of each sensitive column among them, at least.
        sensitive: those columns.
    """

    k: int
    quasi: tuple[str, ...]
    diversity: int = 1
    sensitive: tuple[str, ...] = ()


def labels_of(table: RawTable, given: Mapping[str, Any]) -> dict[str, str]:
    """Roles of text that is generalised: labels, also where nearly all of them differ."""
    names = {str(n).casefold() for n in given.get("quasi_identifiers", ())}
    return {
        c.name: Role.CATEGORY.value
        for c in table.columns
        if c.name.casefold() in names and c.type == "VARCHAR"
    }


def anonymity_of(table: Table, given: Mapping[str, Any]) -> Anonymity | None:
    """What the options of a table ask for, its columns checked; None: nothing.

    Raises:
        OptionError: An option is missing, names no column or one that cannot be generalised, or
            asks for more rows than there are.
    """
    asked = [n for n in OPTIONS if n in given]
    if not asked:
        return None
    if not given.get("quasi_identifiers"):
        message = (
            f"option '{asked[0]}' of table '{table.name}' needs the columns that others may know: "
            "options := {'k_anonymity': 5, 'quasi_identifiers': ['zip', 'birth_date']}"
        )
        raise OptionError(message)
    if "l_diversity" in given and not given.get("sensitive"):
        message = (
            f"option 'l_diversity' of table '{table.name}' needs the columns whose values are to "
            "differ: options := {'l_diversity': 2, 'sensitive': ['diagnosis']}"
        )
        raise OptionError(message)
    diversity = int(given.get("l_diversity", 1))
    k = int(given.get("k_anonymity", max(diversity, 2)))
    quasi = _columns(table, "quasi_identifiers", given["quasi_identifiers"])
    sensitive = _columns(table, "sensitive", given.get("sensitive", ()))
    both = [n for n in sensitive if n in quasi]
    if both:
        message = (
            f"column '{both[0]}' of table '{table.name}' is both quasi-identifier and sensitive"
        )
        raise OptionError(message)
    if table.verbatim:
        message = (
            f"table '{table.name}' is copied: take it out of verbatim, or its 'k_anonymity' out"
        )
        raise OptionError(message)
    if k > table.rows:
        message = (
            f"option 'k_anonymity' is {k}, but table '{table.name}' has {table.rows:,} rows; give "
            f"at most {table.rows}"
        )
        raise OptionError(message)
    return Anonymity(k, quasi, diversity, sensitive)


def _columns(table: Table, option: str, names: Iterable[Any]) -> tuple[str, ...]:
    """The columns of an option, which must be numbers, dates or labels."""
    known = dict(zip(table.names, table.columns, strict=True))
    folded = {n.casefold(): n for n in known}
    keys = {n for key in (table.primary_key, *table.unique_keys) for n in key}
    out = []
    for given in names:
        name = folded.get(str(given).casefold())
        if name is None:
            message = (
                f"option '{option}' names column '{given}' that '{table.name}' does not have"
                f"{nearest(str(given), list(known))}"
            )
            raise OptionError(message)
        column = known[name]
        able = column.role in (*_NUMBERS, *_LABELS, Role.CONSTANT) and not column.inside
        if column.name in keys or not able:
            message = (
                f"option '{option}' names column '{name}' of '{table.name}', which is made anew "
                f"({column.role.value}) and tells nothing: leave it out"
            )
            raise OptionError(message)
        if column.role is not Role.CONSTANT:
            out.append(column.name)
    return tuple(dict.fromkeys(out))


def anonymous(table: Table, arrow: pa.Table, wanted: Anonymity | None) -> pa.Table:
    """The rows with their quasi-identifiers generalised; the same rows where nothing is asked.

    Raises:
        OptionError: A sensitive column has too few different values.
    """
    if wanted is None or not wanted.quasi:
        return arrow
    ranks = np.stack([_ranks(arrow[n]) for n in wanted.quasi], axis=1)
    secret = [_ranks(arrow[n]) for n in wanted.sensitive]
    for name, values in zip(wanted.sensitive, secret, strict=True):
        found = len(np.unique(values))
        if found < wanted.diversity:
            message = (
                f"option 'l_diversity' is {wanted.diversity}, but column '{name}' of table "
                f"'{table.name}' has {found} different values; give at most {found}"
            )
            raise OptionError(message)
    part = mondrian(ranks, secret, k=wanted.k, diversity=wanted.diversity)
    for at, name in enumerate(wanted.quasi):
        column = table.column(name)
        values = arrow[name].combine_chunks()
        made = _general(table, column, values, (ranks[:, at], part), max(wanted.k, FLOOR))
        place = arrow.column_names.index(name)
        arrow = arrow.set_column(place, arrow.schema.field(place), made)
    return arrow.combine_chunks()


def _ranks(values: pa.ChunkedArray) -> np.ndarray:
    """Places of the values among the different ones in order, 0: NULL; int64 of shape (n,)."""
    coded = values.combine_chunks().dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary).to_numpy()
    rank = np.zeros(len(order) + 1, np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    index = pc.fill_null(coded.indices.cast(pa.int64()), len(order))
    return np.asarray(rank[index.to_numpy(zero_copy_only=False)])


def mondrian(
    ranks: np.ndarray, sensitive: Sequence[np.ndarray], *, k: int, diversity: int = 1
) -> np.ndarray:
    """The part of each row, int64 of shape (n,), 0 and up.

    Args:
        ranks: int64 of shape (n, quasi-identifiers).
        sensitive: codes of the sensitive columns, each int64 of shape (n,).
        k: rows of a part, at least.
        diversity: different values of each sensitive column in a part, at least.

    Example:
        >>> mondrian(np.array([[1], [2], [3], [9], [9]]), [], k=2).tolist()
        [0, 0, 1, 1, 1]
    """
    out = np.zeros(len(ranks), np.int64)
    whole = np.maximum(ranks.max(axis=0) - ranks.min(axis=0), 1)
    waiting, parts = [np.arange(len(ranks))], 0
    while waiting:
        rows = waiting.pop()
        halves = _halves(ranks, rows, whole, sensitive, k, diversity)
        if halves is None:
            out[rows] = parts
            parts += 1
        else:
            waiting += [halves[1], halves[0]]
    return out


def _halves(
    ranks: np.ndarray,
    rows: np.ndarray,
    whole: np.ndarray,
    sensitive: Sequence[np.ndarray],
    k: int,
    diversity: int,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Two halves that both may stand, cut along the column that is widest there; None: no cut."""
    if len(rows) < 2 * k:
        return None
    held = ranks[rows]
    width = (held.max(axis=0) - held.min(axis=0)) / whole
    for at in np.argsort(-width, kind="stable"):
        if width[at] == 0:
            return None
        values = held[:, at]
        middle = np.partition(values, len(values) // 2)[len(values) // 2]
        for left in (values < middle, values <= middle):
            halves = rows[left], rows[~left]
            if all(len(half) >= k for half in halves) and all(
                len(np.unique(s[half])) >= diversity for s in sensitive for half in halves
            ):
                return halves
    return None


def _general(
    table: Table,
    column: Column,
    values: pa.Array,
    placed: tuple[np.ndarray, np.ndarray],
    floor: int,
) -> pa.Array:
    """For each row what stands for the values of its part.

    Args:
        table: has CHECKs.
        column: which.
        values: of n rows.
        placed: the rank and the part of each row.
        floor: rows of a label that may be named.
    """
    ranks, part = placed
    order = np.argsort(part, kind="stable")
    bounds = np.r_[np.flatnonzero(np.diff(part[order], prepend=-1)), len(order)]
    distinct = values.dictionary_encode().dictionary
    distinct = distinct.take(pc.array_sort_indices(distinct))
    if column.role in _NUMBERS:
        numbers, scale = _numbers(distinct)
        made = [_mean(numbers, ranks[order[a:b]], scale) for a, b in _pairs(bounds)]
        chosen = _as_type(made, distinct.type, scale)
    else:
        free = column.type == "VARCHAR" and not _bound(table, column.name)
        labels = distinct.to_pylist()
        count = np.bincount(ranks, minlength=len(labels) + 1)
        often = np.where(count >= floor, count, 0)
        some = [
            _label(labels, ranks[order[a:b]], often, free=free, nullable=column.nullable)
            for a, b in _pairs(bounds)
        ]
        chosen = pa.array(some, distinct.type)
    return chosen.take(pa.array(part))


def _pairs(bounds: np.ndarray) -> list[tuple[int, int]]:
    return list(pairwise(bounds.tolist()))


def _bound(table: Table, name: str) -> bool:
    """Whether a CHECK of the table reads the column, which may refuse new labels."""
    return any(name == read for sql in table.checks for _, read in columns_of(sql))


def _numbers(distinct: pa.Array) -> tuple[list[Any], int]:
    """The values as numbers that can be added up, and the decimals they have."""
    kind = distinct.type
    if pa.types.is_decimal(kind):
        return [int(v.scaleb(kind.scale)) for v in distinct.to_pylist()], kind.scale
    if pa.types.is_floating(kind):
        return distinct.to_pylist(), -1
    if pa.types.is_date(kind):
        return distinct.cast(pa.int32()).to_pylist(), 0
    if pa.types.is_temporal(kind):
        return distinct.cast(pa.int64()).to_pylist(), 0
    return [int(v) for v in distinct.to_pylist()], 0


def _mean(numbers: Sequence[Any], ranks: np.ndarray, scale: int) -> Any:
    """The mean of the values, rounded to their decimals; None where most are NULL."""
    known = ranks[ranks > 0]
    if 2 * len(known) <= len(ranks):
        return None
    at, count = np.unique(known, return_counts=True)
    if len(at) == 1:
        return numbers[int(at[0]) - 1]
    total = sum(numbers[int(a) - 1] * int(n) for a, n in zip(at, count, strict=True))
    rows = int(count.sum())
    return total / rows if scale < 0 else (2 * total + rows) // (2 * rows)


def _as_type(made: list[Any], kind: pa.DataType, scale: int) -> pa.Array:
    if pa.types.is_decimal(kind):
        from decimal import Decimal

        return pa.array([None if v is None else Decimal(v).scaleb(-scale) for v in made], kind)
    if pa.types.is_date(kind):
        return pa.array(made, pa.int32()).cast(pa.date32()).cast(kind)
    if pa.types.is_temporal(kind):
        return pa.array(made, pa.int64()).cast(kind)
    return pa.array(made, kind)


def _label(
    labels: Sequence[Any], ranks: np.ndarray, often: np.ndarray, *, free: bool, nullable: bool
) -> Any:
    """What stands for the labels of a part; ``often``: rows of each rank, 0 where it is rare.

    One label stays. Codes of one length keep what they begin with ('902**'), a few others are named
    together ('a|b'), more are '*', and so are rare ones ('a|*'). A type or CHECK that holds no such
    text gets NULL or, where that is not allowed, the commonest label.
    """
    counts = Counter(ranks.tolist())
    if len(counts) == 1:
        only = next(iter(counts))
        return labels[only - 1] if only else None
    if not free and nullable:
        return None
    known = sorted(k for k in counts if k)
    if not free:
        return labels[max(known, key=lambda k: int(often[k])) - 1]
    if 2 * counts.get(0, 0) > len(ranks):
        return None
    texts = [labels[k - 1] for k in known]
    start = _common(texts)
    if start:
        return start
    named = [labels[k - 1] for k in known if often[k]]
    if len(known) > FEW or not named:
        return "*"
    return "|".join([*named, *(["*"] if len(named) < len(known) else [])])


def _common(texts: Sequence[str]) -> str:
    """The common beginning of codes with digits, stars behind it; '' where there is none."""
    size = len(texts[0])
    if len(texts) < 2 or any(len(t) != size or not any(c.isdigit() for c in t) for t in texts):
        return ""
    same = next(k for k in range(size) if len({t[k] for t in texts}) > 1)
    return texts[0][:same] + "*" * (size - same) if same else ""


def anonymity_note(table: Table, arrow: pa.Table, wanted: Anonymity) -> str:
    """What was done, for the notes of a fit: the smallest group and the values that are left.

    Args:
        table: as it was counted before.
        arrow: the generalised rows.
        wanted: what was asked for.
    """
    if not wanted.quasi:
        return "no quasi-identifier has two values: nothing is generalised"
    groups = arrow.group_by(list(wanted.quasi), use_threads=False).aggregate([([], "count_all")])
    least = pc.min(groups["count_all"]).as_py()
    left = ", ".join(
        f"{n} {table.column(n).distinct:,} -> {pc.count_distinct(arrow[n]).as_py():,}"
        for n in wanted.quasi
    )
    diverse = (
        f", {wanted.diversity}-diverse in {', '.join(wanted.sensitive)}" if wanted.sensitive else ""
    )
    return (
        f"{wanted.k}-anonymous{diverse}: {groups.num_rows:,} groups of {least:,} rows or more; "
        f"different values {left}; no row suppressed"
    )
