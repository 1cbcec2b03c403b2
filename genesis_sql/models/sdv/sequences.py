"""Sequences by SDV's PAR: the rows of each sequence follow each other, sequences are independent.

One column names the sequence of a row; its values are made anew. Columns that never change within
a sequence are told of it as a whole.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.errors import OptionError, nearest
from genesis_sql.models.block import BLOCK
from genesis_sql.models.keys import key_column
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.sdv.alone import alone, number_of
from genesis_sql.models.sdv.frames import Field, columns_of, described, fields_of, frame_of
from genesis_sql.models.sdv.learner import SdvLearner
from genesis_sql.models.sdv.memory import fitted_of, keep
from genesis_sql.models.watch import Watch
from genesis_sql.program.domain import Raw
from genesis_sql.program.execute import Identity
from genesis_sql.program.steps import Block, Program
from genesis_sql.program.whole import drawn_parts

METHOD = "sdv:par"
SHOWN = 3  # sequences that tell one fitted synthesizer from another
ROUNDS = 100  # draws until there are rows enough


class FittedSequences:
    """A trained PAR synthesizer.

    Attributes:
        key: the column that names the sequence.
        fields: the other columns.
        length: rows of a sequence in the source, on average.
        ended: why training ended.
    """

    def __init__(
        self, synthesizer: Any, key: str, fields: Sequence[Field], length: float, ended: str
    ) -> None:
        self.synthesizer, self.key, self.fields = synthesizer, key, list(fields)
        self.length, self.ended = length, ended

    def draw(self, sequences: int, words: Sequence[int]) -> dict[str, Raw]:
        """So many sequences, numbered from 0."""
        from genesis_sql.models.sdv.synthesizers import global_draws

        with alone(words):
            context = self.synthesizer._context_synthesizer
            context.reset_sampling()
            for part in (self.synthesizer, context):
                global_draws(part)
            (frame,) = self.synthesizer.sample_sequences(num_sequences=sequences).values()
        names = frame["key"].to_numpy()
        number = np.cumsum(np.r_[True, names[1:] != names[:-1]]) - 1
        return {self.key: Raw(number.astype(np.int64)), **columns_of(self.fields, frame)}

    def rows(self, size: int, words: Sequence[int]) -> dict[str, Raw]:
        """So many rows: whole sequences but the last one, which ends where they are enough."""
        from_rounds: list[dict[str, Raw]] = []
        have = first = 0
        for at in range(ROUNDS):
            sequences = math.ceil(max(size - have, 1) / max(self.length, 1))
            drawn = self.draw(sequences, (*words, at))
            key = drawn[self.key].values
            drawn[self.key] = Raw(key + first)
            first += int(key.max(initial=-1)) + 1
            have += len(key)
            from_rounds.append(drawn)
            if have >= size:
                break
        return {n: _joined([d[n] for d in from_rounds], size) for n in from_rounds[0]}

    def token(self) -> np.ndarray:
        """What it draws, in 16 bytes."""
        drawn = sorted(self.draw(SHOWN, (0,)).items())
        parts = [(n, r.values.tobytes()) for n, r in drawn]
        words = (number_of(i, *parts).to_bytes(8, "little") for i in range(2))
        return np.frombuffer(b"".join(words), np.uint8).copy()


def _joined(parts: Sequence[Raw], size: int) -> Raw:
    values = np.concatenate([p.values for p in parts])[:size]
    if all(p.valid is None for p in parts):
        return Raw(values)
    valid = [np.ones(len(p), bool) if p.valid is None else p.valid for p in parts]
    return Raw(values, np.concatenate(valid)[:size])


class ParLearner(SdvLearner):
    """Learns a table of sequences."""

    def _settle_key(self) -> None:
        super()._settle_key()
        name = self._named("sequence_key")
        if name is None:
            columns = ", ".join(f"'{n}'" for n in self.loaded.table.names)
            message = (
                f"method '{METHOD}' learns sequences: name the column that tells to which one a "
                f"row of '{self.name}' belongs, options := {{'sequence_key': …}}; there are: "
                f"{columns}"
            )
            raise OptionError(message)
        values = self.loaded.arrow[name].combine_chunks()
        distinct = pa.table({name: pc.unique(values)})
        found = key_column(replace(self.loaded, arrow=distinct), name)
        if found is None or values.null_count or name in self.settled:
            why = "holds NULL" if values.null_count else "is a key itself, or of no type for keys"
            message = f"'{self.name}.{name}' cannot be the sequence_key: it {why}; name another"
            raise OptionError(message)
        self.sequence_key = name
        self.own.pop(name, None)
        self.domains[name] = found.domain
        self._done(name, METHOD, "names the sequence, made anew")

    def _named(self, option: str) -> str | None:
        name = self.options.training.get(option)
        if name is None:
            return None
        known = [
            c.name for c in self.loaded.table.columns if c.name in self.loaded.arrow.schema.names
        ]
        if name not in known:
            message = (
                f"option '{option}' names column '{name}' that '{self.name}' does not have"
                f"{nearest(str(name), known)}"
            )
            raise OptionError(message)
        return str(name)

    def _order(self) -> list[str]:
        index = self._named("sequence_index")
        order = super()._order()
        if index is not None and index not in self.block:
            message = (
                f"'{self.name}.{index}' cannot be the sequence_index: it is made of other columns"
            )
            raise OptionError(message)
        return order

    def _learn_block(self) -> None:
        targets = [self.own[c] for c in self.block]
        fields = fields_of(targets, self.options.fill, least=self.options.trees.min_cell)
        index = self._named("sequence_index")
        names = self.loaded.arrow[self.sequence_key].combine_chunks()
        number = names.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
        fitted = fit_sequences(
            self.options, (self.sequence_key, number), fields, index, self.watch, self.name
        )
        self.ended = fitted.ended
        part = self.parts[BLOCK] = fitted.token()
        keep(part, fitted)
        made = (self.sequence_key, *(f.made for f in fields))
        self.middle.append(Block(made, self.options.method, BLOCK))
        self._told(fields)


def fit_sequences(
    options: FitOptions,
    key: tuple[str, np.ndarray],
    fields: Sequence[Field],
    index: str | None,
    watch: Watch,
    table: str,
) -> FittedSequences:
    """Train PAR on the rows of a table.

    Args:
        options: device, budget.
        key: the column that names the sequence, and each row's sequence by number.
        fields: the columns to learn.
        index: the one of them that orders a sequence; the rows are in order where there is none.
        watch: who looks on.
        table: its name.
    """
    seed, rows = number_of(options.trees.seed, table), len(key[1])
    frame = frame_of(fields, np.arange(rows), np.random.default_rng(seed))
    frame.insert(0, "key", key[1])
    names = {field.target.name: f"c{i}" for i, field in enumerate(fields)}
    context = [
        names[f.target.name]
        for f in fields
        if f.target.name != index and _steady(key[1], f.target.rank)
    ]
    about: dict[str, Any] = {"columns": {"key": {"sdtype": "id"}, **described(fields)}}
    about["sequence_key"] = "key"
    if index is not None:
        about["sequence_index"] = names[index]
    with alone((seed % 2**32, seed >> 32)):
        from genesis_sql.models.neural.network import device_of
        from genesis_sql.models.sdv.synthesizers import Par, Training, epochs_of, metadata

        began = time.perf_counter()
        epochs = epochs_of(METHOD, options.training)
        cuda = device_of(options.device).type == "cuda"
        synthesizer = Par(
            metadata({"rows": about}, []), context_columns=context, epochs=epochs, cuda=cuda
        )
        limit = options.max_seconds
        left = None if limit is None else max(limit - (time.perf_counter() - began), 0.0)
        training = synthesizer.training = Training(watch, table, rows, epochs, left)
        synthesizer.fit({"rows": frame})
        synthesizer.training = None
    length = rows / max(len(np.unique(key[1])), 1)
    return FittedSequences(synthesizer, key[0], [f.slim() for f in fields], length, training.ended)


def _steady(sequence: np.ndarray, rank: np.ndarray) -> bool:
    """Whether a column has one value in each sequence."""
    order = np.argsort(sequence, kind="stable")
    same = sequence[order][1:] == sequence[order][:-1]
    return not bool((rank[order][1:] != rank[order][:-1])[same].any())


def draw_sequences(
    programs: Mapping[str, Program], identity: Identity, scale: float
) -> dict[str, Program]:
    """The programs with all their rows drawn."""
    out = {}
    for name, program in programs.items():
        step = next(s for s in program.steps if isinstance(s, Block))
        fitted: FittedSequences = fitted_of(program, step)
        stream = identity.stream(name, "#block", "sequences")
        drawn = fitted.rows(max(round(scale * program.rows), 1), (stream.a, stream.b))
        out[name] = replace(program, parts={**program.parts, **drawn_parts(drawn)})
    return out
