"""Related tables by SDV's HMA: how many children a row has, and what they hold, by its parent.

SDV draws all tables at once: the columns, how many children each row has, which row of a further
parent a row refers to. Keys and texts are made as ever.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from genesis_sql.errors import OptionError
from genesis_sql.models.block import BLOCK
from genesis_sql.models.family import child_counts, whole
from genesis_sql.models.learnt import Learnt
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.models.sdv.alone import alone, number_of
from genesis_sql.models.sdv.frames import Field, columns_of, described, fields_of, frame_of
from genesis_sql.models.sdv.learner import KEPT, SdvLearner
from genesis_sql.models.sdv.memory import fitted_of, keep
from genesis_sql.models.totals import hidden
from genesis_sql.program.domain import Raw
from genesis_sql.program.execute import Identity
from genesis_sql.program.steps import Block, Link, Program
from genesis_sql.program.whole import drawn_parts
from genesis_sql.types import Table

METHOD = "sdv:hma"
TRIED = 60  # parents that a trial learns from
MOST_TABLES = 5  # what the free edition of SDV takes; parents and their children alone


class HmaLearner(SdvLearner):
    """Learns one of the tables that are learnt at once; `fit_database` is called behind the last.

    Attributes:
        fields: the open columns.
        counted: hidden columns with the number of children, by child table.
        referred: hidden columns with the row of a further parent, by reference.
    """

    @property
    def notes(self) -> list[str]:
        """That the model is not kept, and whether it was learnt from fewer rows."""
        return [KEPT, *([self.ended] if self.ended else [])]

    def _settle(self) -> None:
        self.fields: list[Field] = []
        self.counted: dict[str, str] = {}
        self.referred: list[tuple[LinkData, str]] = []
        super()._settle()

    def _settle_further(self, link: LinkData) -> None:
        key, alias = link.relationship, self.ties.alias(link)
        self.links.append(Link(alias, key.parent, key.columns, key.parent_columns))
        self.referred.append((link, self.links[-1].row))
        for own, above in zip(key.columns, key.parent_columns, strict=True):
            self._copy(own, alias, above, drawn_alone=False, link=link)

    def _order(self) -> list[str]:
        order = [c for c in super()._order() if c != BLOCK]
        return [BLOCK, *order]

    def _learn_block(self) -> None:
        targets = [self.own[c] for c in self.block]
        self.fields = fields_of(targets, self.options.fill, least=self.options.trees.min_cell)
        for child, bond in self.bonds.items():
            link = bond.main
            if link is not None and link.relationship.parent == self.name:
                counts = whole(f"#count:{child}", child_counts(link, self.loaded.rows))
                self.counted[child] = counts.name
                self.domains[counts.name] = counts.domain
        for link, row in self.referred:
            self.domains[row] = whole(row, np.maximum(link.parent_row, 0)).domain
        rows = [row for _, row in self.referred]
        names = (*(f.made for f in self.fields), *self.counted.values(), *rows)
        self.middle.append(Block(names, METHOD, BLOCK))
        self._told(self.fields)

    def _learn_children(self) -> None:
        visible = {c.name: c for c in self.inputs if not hidden(c.name)}
        self.learnt[self.name] = Learnt(visible, dict(self.domains))


@dataclass(frozen=True, eq=False)
class _Side:
    """A table as SDV and a program know it.

    Attributes:
        fields: its columns.
        main: the column of SDV with the main parent and that parent's table; None for a root.
        counted: hidden columns with the number of children, by child table.
        referred: the column of SDV, the parent's table and the hidden column of each reference.
    """

    fields: Sequence[Field]
    main: tuple[str, str] | None
    counted: Mapping[str, str]
    referred: Sequence[tuple[str, str, str]]


class FittedDatabase:
    """A trained HMA synthesizer.

    Attributes:
        sides: the tables, parents first.
        share: of the source's parents that it was learnt from.
    """

    def __init__(self, synthesizer: Any, sides: Mapping[str, _Side], share: float) -> None:
        self.synthesizer, self.sides, self.share = synthesizer, dict(sides), share

    def draw(self, scale: float, words: Sequence[int]) -> dict[str, Any]:
        """The frames of all tables."""
        from genesis_sql.models.sdv.synthesizers import global_draws

        with alone(words):
            self.synthesizer.reset_sampling()
            for one in self.synthesizer._table_synthesizers.values():
                global_draws(one)
            self.synthesizer._numpy_seed = number_of(*words) % 2**32
            frames: dict[str, Any] = self.synthesizer.sample_scale(scale / self.share)
        return frames

    def token(self) -> np.ndarray:
        """What it draws, in 16 bytes."""
        frames = self.draw(0.1, (0,))
        parts = [frames[name].to_csv() for name in self.sides]
        words = (number_of(i, *parts).to_bytes(8, "little") for i in range(2))
        return np.frombuffer(b"".join(words), np.uint8).copy()


def require_able(tables: Mapping[str, Loaded], methods: Iterable[str]) -> None:
    """Raise where SDV cannot learn these tables together.

    Raises:
        OptionError: it cannot; the message says why.
    """
    why = _unable({n: t for n, t in tables.items()}, set(methods))
    if why:
        message = f"method '{METHOD}' learns whole databases of simple keys: {why}"
        raise OptionError(message)


def _unable(tables: Mapping[str, Loaded], methods: set[str]) -> str:
    """What stands in the way, '' where nothing does."""
    if methods != {METHOD}:
        others = ", ".join(f"'{m}'" for m in sorted(methods - {METHOD}))
        return f"give it for all tables, not beside {others}"
    if len(tables) > MOST_TABLES:
        return f"SDV's free edition takes at most {MOST_TABLES} tables, there are {len(tables)}"
    for name, loaded in tables.items():
        if why := _unable_table(loaded.table, loaded.links):
            return f"table '{name}' {why}"
    for name, loaded in tables.items():
        for key in (x.relationship for x in loaded.links):
            if tables[key.parent].links:
                return (
                    f"SDV's free edition takes parents and their children, '{name}' has a parent "
                    f"'{key.parent}' that has one itself"
                )
    return ""


def _unable_table(table: Table, links: Sequence[LinkData]) -> str:
    if table.nested or table.verbatim:
        return "holds a list column's elements" if table.nested else "is to be copied (verbatim)"
    if not table.rows:
        return "is empty"
    if any(len(k) > 1 for k in (table.primary_key, *table.unique_keys)):
        return "has a key of several columns"
    for link in links:
        key = link.relationship
        if len(key.columns) > 1:
            return f"has a reference of several columns, {key.name}"
        if key.parent == table.name or key.cut:
            return f"refers to itself, by {key.name}"
        if key.when or key.kept_orphans:
            return f"has a reference that does not always hold, {key.name}"
        if key.columns in (table.primary_key, *table.unique_keys):
            return f"has a reference that is unique, {key.name}"
    return ""


def fit_database(learners: Mapping[str, HmaLearner]) -> None:
    """Train HMA on all tables, and give each program its part."""
    frames, about, relationships = {}, {}, []
    sides: dict[str, _Side] = {}
    above_of: dict[str, dict[str, str]] = {}
    seed = 0
    for name, learner in learners.items():
        seed = number_of(learner.options.trees.seed, name, seed)
        rows = learner.loaded.rows
        frame = frame_of(learner.fields, np.arange(rows), np.random.default_rng(seed))
        frame.insert(0, "id", np.arange(rows))
        columns: dict[str, Any] = {"id": {"sdtype": "id"}, **described(learner.fields)}
        key_of = {}
        for at, link in enumerate(learner.loaded.links):
            key = f"key{at}"
            key_of[link.relationship] = key
            frame[key] = _references(learner, link)
            columns[key] = {"sdtype": "id"}
            relationships.append({
                "parent_table_name": link.relationship.parent, "child_table_name": name,
                "parent_primary_key": "id", "child_foreign_key": key,
            })  # fmt: skip
        above_of[name] = {
            key_of[x.relationship]: x.relationship.parent for x in learner.loaded.links
        }
        frames[name], about[name] = frame, {"columns": columns, "primary_key": "id"}
        main = learner.ties.main
        above = None if main is None else (key_of[main.relationship], main.relationship.parent)
        referred = [
            (key_of[x.relationship], x.relationship.parent, row) for x, row in learner.referred
        ]
        fields = [f.slim() for f in learner.fields]
        sides[name] = _Side(fields, above, learner.counted, referred)
    with alone((seed % 2**32, seed >> 32)):
        from genesis_sql.models.sdv.synthesizers import Hma, metadata

        described_ = metadata(about, relationships)
        limit = min(
            (x.options.max_seconds for x in learners.values() if x.options.max_seconds is not None),
            default=None,
        )
        some: Mapping[str, Any] = frames
        share = 1.0
        if limit is not None:
            some, share = _in_time(partial(Hma, described_, verbose=False), frames, above_of, limit)
        synthesizer = Hma(described_, verbose=False)
        synthesizer.fit(some)
    fitted = FittedDatabase(synthesizer, sides, share)
    for name, learner in learners.items():
        if len(some[name]) < len(frames[name]):
            learner.ended = (
                f"learnt from {len(some[name]):,} of {len(frames[name]):,} rows: max_seconds"
            )
    token = fitted.token()
    for learner in learners.values():
        part = learner.parts[BLOCK] = token.copy()
        keep(part, fitted)


def _in_time(
    make: Callable[[], Any],
    frames: Mapping[str, Any],
    above: Mapping[str, Mapping[str, str]],
    seconds: float,
) -> tuple[Mapping[str, Any], float]:
    """As many parents with their children as can be learnt in that time, by a trial with a few.

    Args:
        make: a synthesizer.
        frames: the tables.
        above: by table the parent's table of each column that refers to one.
        seconds: the time.

    Returns:
        The tables, and the share of the parents.
    """
    most = max(len(frames[name]) for name, keys in above.items() if not keys)
    few = min(1.0, TRIED / most)
    if few == 1:
        return frames, 1.0
    began = time.perf_counter()
    make().fit(_some(frames, above, few))
    trial = time.perf_counter() - began
    share = min(1.0, max(few, few * (seconds - trial) / max(trial, 1e-3)))
    return (frames if share == 1 else _some(frames, above, share)), share


def _some(
    frames: Mapping[str, Any], above: Mapping[str, Mapping[str, str]], share: float
) -> dict[str, Any]:
    """Some of the parents by chance, and the children that they alone have."""
    kept = {
        name: frames[name].sample(max(1, round(len(frames[name]) * share)), random_state=0)
        for name, keys in above.items()
        if not keys
    }
    for name, keys in above.items():
        if keys:
            frame = frames[name]
            for key, parent in keys.items():
                frame = frame[frame[key].isna() | frame[key].isin(kept[parent]["id"])]
            kept[name] = (frame if len(frame) else frames[name].head(1)).copy()
    return kept


def _references(learner: HmaLearner, link: LinkData) -> np.ndarray:
    """Rows of the parent as SDV's keys; where a reference may not be NULL, none is missing."""
    at = link.parent_row
    missing = at < 0
    if not missing.any():
        return at
    columns = link.relationship.columns
    if all(learner.loaded.table.column(c).nullable for c in columns):
        return np.where(missing, np.nan, at.astype(np.float64))
    return np.where(missing, np.arange(len(at)) % max(int(at.max(initial=0)) + 1, 1), at)


def draw_database(
    programs: Mapping[str, Program], identity: Identity, scale: float
) -> dict[str, Program]:
    """The programs with all their rows drawn."""
    first = next(iter(programs.values()))
    step = next(s for s in first.steps if isinstance(s, Block))
    fitted: FittedDatabase = fitted_of(first, step)
    stream = identity.stream("", "#block", "database")
    frames = fitted.draw(scale, (stream.a, stream.b))
    number: dict[str, dict[Any, int]] = {}
    drawn: dict[str, dict[str, Raw]] = {}
    loose: dict[str, int] = {}
    for name, side in fitted.sides.items():
        frame, parents = frames[name].reset_index(drop=True), None
        if side.main is not None:
            key, parent = side.main
            above, size = _rows(frame[key], number[parent]), len(number[parent])
            order, loose[name] = _by_parent(above, size)
            frame, parents = frame.iloc[order].reset_index(drop=True), above[order]
            counts = np.bincount(parents[parents >= 0], minlength=size)
            drawn[parent][fitted.sides[parent].counted[name]] = Raw(counts.astype(np.int64))
        number[name] = {key: at for at, key in enumerate(frame["id"].tolist())}
        drawn[name] = columns_of(side.fields, frame)
        for key, parent, row in side.referred:
            found = _rows(frame[key], number[parent])
            drawn[name][row] = Raw(np.maximum(found, 0), found >= 0)
    return {n: _with(programs[n], drawn[n], number, loose.get(n, 0)) for n in fitted.sides}


def _rows(keys: Any, number: Mapping[Any, int]) -> np.ndarray:
    """Rows of the parent by its keys, -1 where there is none."""
    return np.array([number.get(k, -1) for k in keys.tolist()], np.int64)


def _by_parent(above: np.ndarray, parents: int) -> tuple[np.ndarray, int]:
    """The order of children by their parents, and how many have none.

    Those without stand behind the children of some parents, as `MainParent` spreads them.
    """
    alone_ = np.flatnonzero(above < 0)
    ends = (np.arange(parents) + 1) * len(alone_) // max(parents, 1)
    behind = above.copy()
    behind[alone_] = np.searchsorted(ends, np.arange(len(alone_)), side="right")
    return np.lexsort((above < 0, behind)), len(alone_)


def _with(
    program: Program,
    drawn: Mapping[str, Raw],
    number: Mapping[str, Mapping[Any, int]],
    loose: int,
) -> Program:
    """A program with its drawn columns, and with as many rows without parent as there are."""
    main = program.main
    if main is not None:
        main = replace(main, loose=loose, parents=max(len(number[main.link.parent]), 1))
    return replace(program, parts={**program.parts, **drawn_parts(drawn)}, main=main)
