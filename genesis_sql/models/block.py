"""Learns one table with a block model: all columns that its keys leave are drawn at once.

Keys, texts, nested columns and what other columns fix are made as ever; so are the counts and the
kinds of its children, by trees. What the parent is and says are inputs of the block.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from zlib import crc32

import numpy as np

from genesis_sql.models.fit import Learner
from genesis_sql.models.frame import Coded
from genesis_sql.models.learnt import Drawn
from genesis_sql.models.methods import METHODS
from genesis_sql.models.stream import Stream
from genesis_sql.models.tokens import (
    Tokens,
    cells_of,
    encode,
    encode_values,
    groups_as_column,
    one_cell_each,
    tokens_of,
)
from genesis_sql.models.totals import shown, stand_in
from genesis_sql.models.watch import NoWatch, Watch
from genesis_sql.program.domain import Categories
from genesis_sql.program.steps import Block, codes_part

BLOCK = "#block"
GOLDEN = 0.6180339887498949  # of the rows, about: how far apart neighbours of a stream lie
INPUT_BINS = 32  # groups of a number that is only asked


class BlockLearner(Learner):
    """Learns all open columns of a table as one block.

    Attributes:
        watch: who looks on while it is trained.
        block: the columns of the block, those of few values first.
        ended: why training ended.
    """

    watch: Watch = NoWatch()
    block: Sequence[str] = ()
    ended = ""

    @property
    def notes(self) -> list[str]:
        """Why training ended."""
        return [self.ended] if self.ended else []

    def _order(self) -> list[str]:
        order = super()._order()
        apart = {*self.fixed, *self.local}
        self.block = [c for c in order if c not in apart]
        rest = [c for c in order if c in apart]
        return [BLOCK, *rest] if self.block else rest

    def learn(self, column: str) -> None:
        """Learn one column, or the block."""
        if column == BLOCK:
            self._learn_block()
        else:
            super().learn(column)

    def _learn_block(self) -> None:
        targets = [self.own[c] for c in self.block]
        fill, least = self.options.fill, self.options.trees.min_cell
        made = [tokens_of(t, fill, least=least) for t in targets]
        asked = self._asked()
        inputs = [tokens_of(c, replace(fill, floor=1), least=least, bins=INPUT_BINS) for c in asked]
        part = self.train(made, inputs, targets, asked)
        names = tuple(t.made for t in made)
        direct = METHODS[self.options.method].conditions == "direct"
        self.parts |= {BLOCK: part, **{codes_part(t.made): t.codes for t in made}}
        self.middle.append(
            Block(names, self.options.method, BLOCK, tuple(c.name for c in asked), direct)
        )
        for tokens, target in zip(made, targets, strict=True):
            self.domains[target.name] = target.domain
            if tokens.grouped:
                self._draw_in_groups(tokens, target)
        for tokens, target in zip(made, targets, strict=True):
            self._tell_block(tokens, target, asked)
            self._known_now(target)

    def _asked(self) -> list[Coded]:
        """What the block is told of a row: columns that differ among rows, each once."""
        if self.loaded.stream is not None:
            return []
        found = {c.name: c for c in [*self.context, *self.inputs]}
        return [c for c in found.values() if len(np.unique(c.rank[: self.loaded.rows])) > 1]

    def train(
        self, made: list[Tokens], inputs: list[Tokens], targets: list[Coded], asked: list[Coded]
    ) -> np.ndarray:
        """The parameters of the block as a program keeps them."""
        from genesis_sql.models.neural.fit import fit_network

        rng = np.random.default_rng([self.options.trees.seed, crc32(self.name.encode())])
        order = self.sample()
        if self.loaded.stream is None:
            context = _matrix(inputs, asked, order, rng)
            tokens = _matrix(made, targets, order, rng)
        else:
            tokens = streamed(self.loaded.stream, made, targets, rng)
            context = np.zeros((len(tokens), 0), np.int16)
        part, trained = fit_network(
            self.options,
            (tokens, made),
            (context, inputs),
            self.watch,
            self.name,
            seconds_gone=time.perf_counter() - self.began,
        )
        self.ended = trained
        return part

    def _draw_in_groups(self, tokens: Tokens, target: Coded) -> None:
        """Groups come out of the block, values out of the cells of groups."""
        groups = groups_as_column(tokens)
        self.domains[tokens.made] = groups.domain
        cells = cells_of(tokens, target, self.options.fill)
        self.drawn[target.name] = Drawn(target, (groups,), one_cell_each(tokens.size), cells)

    def _tell_block(self, tokens: Tokens, target: Coded, asked: list[Coded]) -> None:
        if stand_in(target.name):
            return
        names = (
            *(shown(c) for c in self.block if c != target.name),
            *(shown(c.name) for c in asked),
        )
        rare = ""
        if isinstance(target.domain, Categories):
            withheld = int(((tokens.of_rank[1:] < 0) & (target.count > 0)).sum())
            rare = f"{withheld} rare labels withheld" if withheld else ""
        self._done(target.name, self.options.method, rare, names, tokens.size)


def _matrix(
    tokens: list[Tokens], columns: list[Coded], order: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Tokens of the rows in some order, int16 of shape (n, columns)."""
    out = np.empty((len(order), len(tokens)), np.int16)
    for j, (one, column) in enumerate(zip(tokens, columns, strict=True)):
        out[:, j] = encode(one, column.rank[order], rng)
    return out


def streamed(
    stream: Stream, tokens: list[Tokens], columns: list[Coded], rng: np.random.Generator
) -> np.ndarray:
    """Tokens of all rows of a stream in a file without a name, rows in no order.

    int16 of shape (n, columns): a few bytes for each row, of which memory holds what it can.
    """
    n = stream.rows
    with TemporaryFile() as file:
        out: np.ndarray = np.memmap(file, np.int16, "w+", shape=(n, len(tokens)))
    stride = next(p for p in range(int(n * GOLDEN) | 1, 2 * n + 3, 2) if math.gcd(p, n) == 1)
    at = 0
    for batch in stream.batches([shown(c.name) for c in columns]):
        rows = min(batch.num_rows, n - at)  # rows that came meanwhile are left out
        place = (np.arange(at, at + rows) * stride) % n
        for j, (one, column) in enumerate(zip(tokens, columns, strict=True)):
            out[place, j] = encode_values(one, column.domain, batch.column(j)[:rows], rng)
        at += rows
    if at < n:  # and those that went
        out = out[(rng.permutation(at) * stride) % n]
    return out
