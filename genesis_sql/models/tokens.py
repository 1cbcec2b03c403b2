"""Columns as tokens: what block models learn and draw, small whole numbers for values of any kind.

A label is a token of its own while there are few; numbers, and labels past `MOST`, share tokens in
groups of neighbours. What a row with such a token has is drawn from the group's cell, which is
filled like the cells of trees: numbers are interpolated, no cell is a person. NULL is a token.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.encoders.number import encode_number
from genesis_sql.models.fill import FillOptions, fill_labels, fill_numbers
from genesis_sql.models.frame import Coded, coded
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Domain, Grid, Raw, Reals
from genesis_sql.program.steps import Tree

MOST = 512  # tokens of one column: the output layer of a network grows with them
BINS = 128  # groups of about equal rows that a number is cut into


@dataclass(frozen=True, eq=False)
class Tokens:
    """How one column stands for tokens 0 … size - 1.

    Attributes:
        column: what is told by them.
        made: the column the block makes: ``column`` itself, or a hidden one of groups.
        size: how many there are.
        share: float64 of shape (size,), the share of the source's rows with each.
        ordered: whether they lie on a scale (behind the one for NULL).
        null: whether token 0 stands for NULL.
        codes: int32 of shape (size,), the label code of ``made`` for each.
        of_rank: int32 of shape (values + 1,), the token of each rank; -1 where it is withheld.
        edges: raw values of shape (ordered tokens - 1,): the first value of each but the first.
    """

    column: str
    made: str
    size: int
    share: np.ndarray
    ordered: bool
    null: bool
    codes: np.ndarray
    of_rank: np.ndarray
    edges: np.ndarray

    @property
    def grouped(self) -> bool:
        """Whether values share tokens, and are drawn from cells."""
        return self.made != self.column

    @property
    def commonest(self) -> int:
        """The token of most rows."""
        return int(np.argmax(self.share))

    @property
    def known(self) -> np.ndarray:
        """What `raw_tokens` needs to tell them: edges of numbers, the token of each label code."""
        return self.edges if self.ordered else self.of_rank


def tokens_of(column: Coded, options: FillOptions, *, least: int, bins: int = BINS) -> Tokens:
    """The tokens of a column.

    Args:
        column: n rows.
        options: labels below its floor are withheld.
        least: rows that a group has at least.
        bins: groups that a number is cut into.
    """
    count = np.bincount(column.rank, minlength=len(column.values) + 1)
    if column.numeric:
        return _of_numbers(column, count, least, bins)
    return _of_labels(column, count, options.floor)


def _of_numbers(column: Coded, count: np.ndarray, least: int, bins: int) -> Tokens:
    null = bool(count[0]) or not len(column.values)
    group = _groups(count[1:], least, bins)
    of_rank = np.r_[0 if null else -1, group + null].astype(np.int32)
    begins = np.flatnonzero(np.diff(group)) + 1
    size = int(group[-1]) + 1 + null if len(group) else 1
    codes = np.arange(1, size + 1, dtype=np.int32)
    share = _shares(of_rank, count, size)
    edges = column.values[begins]
    return Tokens(
        column.name, f"#bin:{column.name}", size, share, True, null, codes, of_rank, edges
    )


def _groups(count: np.ndarray, least: int, bins: int) -> np.ndarray:
    """Neighbouring values in groups: a spike alone, the others until they are rows enough."""
    if not len(count):
        return np.zeros(0, np.int64)
    enough = max(least, int(count.sum()) // bins if len(count) > bins else 0)
    out = np.zeros(len(count), np.int64)
    group = held = 0
    for at, rows in enumerate(count.tolist()):
        if held and (held >= enough or (rows >= enough and held >= least)):
            group, held = group + 1, 0
        out[at] = group
        held += rows
    if group and held < least:  # the last ones stand with those before them
        out[out == group] = group - 1
    return out


def _of_labels(column: Coded, count: np.ndarray, floor: int) -> Tokens:
    held = count >= floor
    held[0] = count[0] > 0
    if not held[1:].any():  # all are rare: a small table
        held[1:] = count[1:] > 0
    ranks = np.flatnonzero(held)
    if len(ranks) == 0:
        ranks = np.zeros(1, np.int64)
    of_rank = np.full(len(count), -1, np.int32)
    null = bool(ranks[0] == 0)
    if len(ranks) <= MOST:
        of_rank[ranks] = np.arange(len(ranks))
        size, made, codes = len(ranks), column.name, ranks.astype(np.int32)
    else:
        of_rank[ranks] = _pooled(count[ranks], null=null)
        size, made = int(of_rank.max()) + 1, f"#bin:{column.name}"
        codes = np.arange(1, size + 1, dtype=np.int32)
    share = _shares(of_rank, count, size)
    return Tokens(column.name, made, size, share, False, null, codes, of_rank, np.zeros(0))


def _pooled(count: np.ndarray, *, null: bool) -> np.ndarray:
    """Many labels in `MOST` groups of neighbours; NULL and the commonest stand alone."""
    rows = count.astype(np.float64)
    rest = MOST // 2
    alone = np.argsort(-rows, kind="stable")[:rest]
    single = np.zeros(len(rows), bool)
    single[alone] = True
    single[0] |= null
    share = np.cumsum(np.where(single, 0, rows))
    place = np.minimum(share * (rest - 2) / max(share[-1], 1), rest - 3).astype(np.int64)
    # singles first in their own order, then the groups
    out = np.where(single, np.cumsum(single) - 1, single.sum() + place)
    return np.asarray(np.unique(out, return_inverse=True)[1])


def _shares(of_rank: np.ndarray, count: np.ndarray, size: int) -> np.ndarray:
    known = of_rank >= 0
    rows = np.bincount(of_rank[known], weights=count[known], minlength=size)
    return np.asarray(rows / max(rows.sum(), 1))


def raw_tokens(
    raw: Raw, known: np.ndarray, *, ordered: bool, null: bool, commonest: int
) -> np.ndarray:
    """Tokens of generated values: int32 of shape (n,); what is unknown is the commonest."""
    if not ordered:
        padded = np.append(known, -1)
        found = padded[np.clip(raw.values, 0, len(known))]
    else:
        found = null + np.searchsorted(known, raw.values, side="right")
        if raw.valid is not None:
            found = np.where(raw.valid, found, 0 if null else -1)
    return np.where(found < 0, commonest, found).astype(np.int32, copy=False)


def encode(tokens: Tokens, rank: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Tokens of the source's rows, int16 of shape (n,); withheld labels become others by chance.

    They are rare: fewer rows than the floor for each.
    """
    return _filled(tokens, tokens.of_rank[rank], rng)


def encode_values(
    tokens: Tokens, domain: Domain, array: pa.Array, rng: np.random.Generator
) -> np.ndarray:
    """Tokens of values that the column may never have seen, as `encode` gives them."""
    if isinstance(domain, Categories):
        known = pc.index_in(array.cast(pa.string()), pa.array(domain.labels, pa.string()))
        code = pc.fill_null(known, -1).to_numpy(zero_copy_only=False) + 1
        unknown = (code == 0) & np.asarray(array.is_valid().to_numpy(zero_copy_only=False), bool)
        return _filled(tokens, np.where(unknown, -1, tokens.of_rank[code]), rng)
    if not isinstance(domain, Grid | Reals):
        raise TypeError(domain)
    raw = encode_number(array, domain)
    found = raw_tokens(
        raw, tokens.known, ordered=True, null=tokens.null, commonest=tokens.commonest
    )
    return found.astype(np.int16)


def _filled(tokens: Tokens, found: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Withheld labels become others by chance."""
    lost = np.flatnonzero(found < 0)
    if len(lost):
        found = found.copy()
        found[lost] = rng.choice(tokens.size, len(lost), p=tokens.share)
    return found.astype(np.int16)


def cells_of(tokens: Tokens, column: Coded, options: FillOptions) -> Cells:
    """The cell of each token's group, filled with all rows that have it."""
    token = tokens.of_rank[column.rank]
    rows = np.flatnonzero(token >= 0)
    goal, at = column.rows(rows), token[rows].astype(np.int64)
    if column.numeric:
        return fill_numbers(goal, at, tokens.size, options)
    return fill_labels(goal, at, tokens.size, replace(options, floor=1))[0]


def groups_as_column(tokens: Tokens) -> Coded:
    """The hidden column of groups, as an input of the step that draws from their cells."""
    labels = tuple(str(code) for code in tokens.codes)
    return coded(tokens.made, Categories("VARCHAR", labels), Raw(tokens.codes))


def one_cell_each(size: int) -> Tree:
    """The tree that leads code c to cell c - 1, as flat as it can be."""
    feature: list[int] = []
    threshold: list[int] = []
    left: list[int] = []
    right: list[int] = []

    def grow(first: int, stop: int) -> int:
        at = len(feature)
        for column in (feature, threshold, left, right):
            column.append(0)
        if stop - first == 1:
            feature[at], left[at] = -1, first
            return at
        middle = (first + stop) // 2
        threshold[at] = middle
        left[at], right[at] = grow(first, middle), grow(middle, stop)
        return at

    grow(0, size)
    return Tree(*(np.array(a, np.int32) for a in (feature, threshold, left, right)))
