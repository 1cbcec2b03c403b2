"""One table by a synthesizer of SDV: trained on a frame, drawn in pages.

A page is a fixed number of rows whose random numbers depend on the model, the seed and the page's
address alone. So a row is the same in any range, in any statement.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.sdv.alone import alone, number_of
from genesis_sql.models.sdv.frames import Field, columns_of, described, frame_of
from genesis_sql.models.watch import Watch
from genesis_sql.program.domain import Raw
from genesis_sql.program.execute import Rows

PAGE = 8_192  # rows: SDV takes .2 s for one row or for all of them
WIDTHS = np.array([1, 1, 1, 2, 8])
"""Pages on which attempt 1 of a row is looked for, attempts 2 and 3, 4 to 7, 8 to 15, all later."""
KEPT = 24  # pages in memory: those of all attempts of a page, itself, and some others
AGAIN = 1 << 61  # the address of the pages of attempts
SHOWN = 256  # rows that tell one fitted synthesizer from another
TRIED = 1_000  # rows of the fit that tells how long one takes

Page = dict[str, Raw]


class FittedTable:
    """A synthesizer that was trained, with the columns that it draws.

    Attributes:
        fields: its columns.
        ended: why training ended.
    """

    def __init__(self, synthesizer: Any, fields: Sequence[Field], ended: str) -> None:
        self.synthesizer, self.fields, self.ended = synthesizer, list(fields), ended
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[int, ...], Page] = OrderedDict()

    def draw(self, rows: int, words: Sequence[int]) -> Page:
        """Rows that depend on these words alone."""
        with alone(words):
            frames = self.synthesizer.sample(num_rows=rows)
        return columns_of(self.fields, next(iter(frames.values())))

    def page(self, words: tuple[int, ...]) -> Page:
        """The page of these words; the last ones are kept."""
        with self._lock:
            found = self._pages.get(words)
            if found is None:
                found = self._pages[words] = self.draw(PAGE, words)
            self._pages.move_to_end(words)
            while len(self._pages) > KEPT:
                self._pages.popitem(last=False)
            return found

    def token(self) -> np.ndarray:
        """What it draws, in 16 bytes: other models have others."""
        drawn = self.draw(SHOWN, (0,))
        parts = [(n, r.values.tobytes(), _valid(r).tobytes()) for n, r in sorted(drawn.items())]
        return np.frombuffer(
            b"".join(number_of(i, *parts).to_bytes(8, "little") for i in range(2)), np.uint8
        ).copy()

    def rows(self, rows: Rows, words: Callable[[np.ndarray], np.ndarray]) -> Page:
        """Raw columns of rows.

        Args:
            rows: which.
            words: (addresses of pages) -> words of shape (pages, k) that the pages depend on.
        """
        pages, place = addresses(rows)
        asked, back = np.unique(pages, return_inverse=True)
        out = _empty(self.fields, len(place))
        for at, seed in enumerate(words(asked).tolist()):
            here = np.flatnonzero(back == at)
            for name, raw in self.page(tuple(seed)).items():
                values, valid = out[name]
                values[here] = raw.values[place[here]]
                if raw.valid is not None:
                    valid[here] = raw.valid[place[here]]
        return {n: Raw(v, None if ok.all() else ok) for n, (v, ok) in out.items()}


def addresses(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """The page of each row, and its place there.

    Rows that are drawn for the first time stand on the pages of their numbers. The attempts of the
    rows of such a page have pages of their own: rows that share an attempt and a page have
    different places on it.
    """
    first, place = rows.number // PAGE, rows.number % PAGE
    if rows.attempt is None:
        return first, place
    attempt = np.maximum(rows.attempt, 1)
    level = np.minimum(np.log2(attempt).astype(np.int64), len(WIDTHS) - 1)
    which = (rows.address >> 8) % WIDTHS[level]
    page = AGAIN + (first << 12) + (level << 8) + which
    return page, (place + attempt * 2_654_435_761) % PAGE


def _empty(fields: Sequence[Field], rows: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    kinds = {f.made: f.read([]).values.dtype for f in fields}
    return {n: (np.zeros(rows, kind), np.ones(rows, bool)) for n, kind in kinds.items()}


def _valid(raw: Raw) -> np.ndarray:
    return np.ones(len(raw), bool) if raw.valid is None else raw.valid


def fit_table(
    options: FitOptions, fields: Sequence[Field], order: np.ndarray, watch: Watch, table: str
) -> FittedTable:
    """Train a synthesizer on the rows of a table.

    Args:
        options: method, device, budget.
        fields: the columns to learn.
        order: the source's rows in an order by chance, no more than may be used.
        watch: who looks on.
        table: its name.
    """
    seed = number_of(options.trees.seed, table)
    frame = frame_of(fields, order, np.random.default_rng(seed))
    with alone((seed % 2**32, seed >> 32)):
        from genesis_sql.models.sdv.synthesizers import (
            TABLES,
            Training,
            epochs_of,
            global_draws,
            metadata,
            settings,
        )

        began = time.perf_counter()  # loading SDV takes seconds, once
        about = metadata({"rows": {"columns": described(fields)}}, [])
        how = settings(options.method, options.training, options.device, len(frame))
        left = options.max_seconds
        ended = ""
        if left is not None and options.method == "sdv:gaussian_copula":
            frame, ended = _fitting(TABLES[options.method], about, frame, left)
        synthesizer = TABLES[options.method](about, **how)
        if "epochs" in how:
            left = None if left is None else max(left - (time.perf_counter() - began), 0.0)
            epochs = epochs_of(options.method, options.training)
            synthesizer.training = Training(watch, table, len(frame), epochs, left)
        synthesizer.fit({"rows": frame})
        global_draws(synthesizer)
    if synthesizer.training is not None:
        ended, synthesizer.training = synthesizer.training.ended, None
    return FittedTable(synthesizer, [f.slim() for f in fields], ended)


def _fitting(kind: type[Any], about: Any, frame: Any, seconds: float) -> tuple[Any, str]:
    """As many rows as can be learnt in that time, by a trial with some of them."""
    if len(frame) <= TRIED:
        return frame, ""
    began = time.perf_counter()
    kind(about).fit({"rows": frame.head(TRIED).copy()})
    trial = time.perf_counter() - began
    most = max(TRIED, int(TRIED * (seconds - trial) / max(trial, 1e-3)))
    if most >= len(frame):
        return frame, ""
    return frame.head(most).copy(), f"learnt from {most:,} of {len(frame):,} rows: max_seconds"
