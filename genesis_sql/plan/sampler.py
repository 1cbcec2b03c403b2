"""Samples a model: translates row numbers to addresses, brings parents to their children, runs the programs.

Every method is a pure function of (model, seed, scale, row numbers); what is remembered between calls only saves time.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from genesis_sql.plan.definition import Model
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.draw import address
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.steps import PARENT, Link, MainParent, Pick, PickDistinct, Program

COUNT_BLOCK = 65_536  # parents whose counts are drawn at a time
KEEP_ROWS = 4_000_000  # values of a parent's column kept for its children


@dataclass(frozen=True, eq=False)
class Family:
    """Children of all parents so far: ``ends[p]`` rows belong to parents up to p, ``counts[p]`` of them are its children."""

    ends: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of a parent that can be chosen, by group: member row numbers, where groups begin, running weights."""

    members: np.ndarray
    offsets: np.ndarray
    cumulated: np.ndarray
    codes: Mapping[tuple[object, ...], int]


class Sampler:
    """Draws rows of a model for one seed and scale. Thread-safe."""

    def __init__(self, model: Model, seed: int = 0, scale: float = 1.0) -> None:
        self.model, self.seed, self.scale = model, seed, scale
        self.identity = Identity(model.uuid, seed)
        self._lock = threading.RLock()
        self._families: dict[str, Family] = {}
        self._groups: dict[tuple[str, str], Groups] = {}
        self._kept: dict[str, dict[str, Raw]] = {}

    # sizes

    def size(self, table: str) -> int:
        """Rows of a table at this scale."""
        if table in self.model.verbatim:
            return self.model.verbatim[table].num_rows
        program = self.model.programs[table]
        if program.main is None:
            return round(self.scale * program.rows)
        ends = self.family(table).ends
        return int(ends[-1]) if len(ends) else 0

    def family(self, table: str, parents: int | None = None) -> Family:
        """Counts of the children of the first ``parents`` rows of the main parent (default: all at this scale)."""
        main = self._main(table)
        wanted = self.size(main.link.parent) if parents is None else parents
        with self._lock:
            known = self._families.get(table, Family(np.zeros(0, np.int64), np.zeros(0, np.int64)))
            if len(known.ends) < wanted:
                known = self._grow(table, main, known, wanted)
                self._families[table] = known
        return Family(known.ends[:wanted], known.counts[:wanted])

    def _grow(self, table: str, main: MainParent, known: Family, wanted: int) -> Family:
        pieces, ends = [known.counts], [known.ends]
        for first in range(len(known.ends), wanted, COUNT_BLOCK):
            numbers = np.arange(first, min(first + COUNT_BLOCK, wanted), dtype=np.int64)
            counts = np.maximum(
                self.raw(main.link.parent, numbers, [main.count])[main.count].values.astype(
                    np.int64
                ),
                0,
            )
            counts = np.minimum(counts, self._most(table))
            loose = (
                numbers + 1
            ) * main.loose // main.parents - numbers * main.loose // main.parents
            before = int(ends[-1][-1]) if len(ends[-1]) else 0
            ends.append(before + np.cumsum(counts + loose))
            pieces.append(counts)
        return Family(np.concatenate(ends), np.concatenate(pieces))

    def _most(self, table: str) -> int:
        """The most children a parent can have: a bridge table has no more than its other parent has rows."""
        program = self.model.programs[table]
        links = {link.alias: link.parent for link in program.links}
        return min(
            [2**31]
            + [self.size(links[s.alias]) for s in program.steps if isinstance(s, PickDistinct)]
        )

    def _main(self, table: str) -> MainParent:
        main = self.model.programs[table].main
        if main is None:
            raise KeyError(table)
        return main

    # rows

    def rows(self, table: str, numbers: np.ndarray) -> Rows:
        """Addresses of rows by number."""
        return self._locate(table, numbers)[0]

    def _locate(self, table: str, numbers: np.ndarray) -> tuple[Rows, np.ndarray | None]:
        """Addresses, and each row's parent number (-1: none)."""
        numbers = np.asarray(numbers, np.int64)
        main = self.model.programs[table].main
        if main is None:
            return Rows(numbers, numbers), None
        family = self.family(table)
        parent = np.searchsorted(family.ends, numbers, side="right")
        k = numbers - np.where(parent > 0, family.ends[np.maximum(parent, 1) - 1], 0)
        count = family.counts[parent]
        parents, back = np.unique(parent, return_inverse=True)
        above = self.rows(main.link.parent, parents).address[back]
        streams = (
            self.identity.stream(table, "#address", "low"),
            self.identity.stream(table, "#address", "high"),
        )
        own = address(streams, above, k)
        alone = k >= count
        rows = Rows(own, numbers, np.where(alone, -1, k), np.where(alone, 0, count), above)
        return rows, np.where(alone, -1, parent)

    def raw(self, table: str, numbers: np.ndarray, wanted: Iterable[str]) -> dict[str, Raw]:
        """Raw columns of rows by number (any order, any subset).

        Args:
            table: a generated table.
            numbers: int64 of shape (n,).
            wanted: columns, hidden ones too.
        """
        program = self.model.programs[table]
        rows, parent = self._locate(table, numbers)
        return run(program, self.identity, rows, _Parents(self, program, parent, rows), wanted)

    def column(self, table: str, name: str, numbers: np.ndarray) -> Raw:
        """A raw column of a parent by row number; all of it is kept where it is small and asked for often."""
        size = self.size(table)
        if size > KEEP_ROWS or (
            self.model.programs[table].main is not None and len(numbers) * 8 < size
        ):
            places, back = np.unique(numbers, return_inverse=True)
            return self.raw(table, places, [name])[name].take(back)
        with self._lock:
            kept = self._kept.setdefault(table, {})
            if name not in kept:
                kept[name] = self.raw(table, np.arange(size, dtype=np.int64), [name])[name]
        return kept[name].take(numbers)

    # further parents

    def choose(
        self, program: Program, step: Pick, kind: np.ndarray, shared: list[Raw], word: np.ndarray
    ) -> np.ndarray:
        """Row numbers of a chosen parent: -1 where kind is 0, or nothing agrees with the shared columns."""
        from genesis_sql.program import kernel

        groups = self.groups(program, step)
        everyone = groups.codes[()]
        if step.shared:
            cells = list(zip(*(_hashable(r) for r in shared), strict=True))
            group = np.array([groups.codes.get(c, -1) for c in cells], np.int64)
        else:
            lookup = np.full(
                int(max([c[0] for c in groups.codes if c], default=0)) + 2, everyone, np.int64
            )  # type: ignore[type-var,call-overload]
            for code, at in groups.codes.items():
                if code:
                    lookup[code[0]] = at  # type: ignore[index]
            group = lookup[np.minimum(kind, len(lookup) - 1)]
        group = np.where(kind > 0, group, -1)
        at = np.empty(len(word), np.int64)
        kernel.choose(group, word, groups.offsets, groups.cumulated, at)
        found = (
            np.where(at >= 0, groups.members[np.maximum(at, 0)], -1)
            if len(groups.members)
            else np.full(len(at), -1, np.int64)
        )
        return np.asarray(found)

    def groups(self, program: Program, step: Pick) -> Groups:
        """The parent's rows in groups, drawn once for a scale."""
        with self._lock:
            key = (program.table, step.alias)
            if key not in self._groups:
                link = next(link for link in program.links if link.alias == step.alias)
                self._groups[key] = self._make_groups(link.parent, step)
            return self._groups[key]

    def _make_groups(self, parent: str, step: Pick) -> Groups:
        numbers = np.arange(self.size(parent), dtype=np.int64)
        names = [step.weight] + ([own for _, own in step.shared] or [step.group])
        raw = self.raw(parent, numbers, names)
        weight = np.maximum(raw[step.weight].values.astype(np.int64), 0)
        if weight.sum() == 0:
            weight = np.ones(len(numbers), np.int64)
        if step.shared:
            labels = list(zip(*(_hashable(raw[own]) for _, own in step.shared), strict=True))
            codes = {label: i for i, label in enumerate(dict.fromkeys(labels))}
            group = np.array([codes[label] for label in labels], np.int64)
            weight = np.maximum(weight, 1)
        else:
            values, group = np.unique(raw[step.group].values, return_inverse=True)
            codes = {(int(v),): i for i, v in enumerate(values)}
        return _grouped(numbers, group, weight, codes)


def _grouped(
    numbers: np.ndarray, group: np.ndarray, weight: np.ndarray, codes: dict[tuple[object, ...], int]
) -> Groups:
    """Members of positive weight sorted by group, and behind them one group of all."""
    chosen = np.flatnonzero(weight > 0)
    order = chosen[np.argsort(group[chosen], kind="stable")]
    sizes = np.bincount(group[order], minlength=len(codes))
    members = np.r_[numbers[order], numbers[chosen]]
    offsets = np.r_[0, np.cumsum(sizes), len(order) + len(chosen)]
    running = np.cumsum(np.r_[weight[order], weight[chosen]])
    begins = np.r_[0, running][offsets[:-1]]
    cumulated = running - np.repeat(begins, np.diff(offsets))
    lost = {c: len(codes) for c, i in codes.items() if sizes[i] == 0}
    return Groups(
        members,
        offsets.astype(np.int64),
        cumulated.astype(np.int64),
        {**codes, **lost, (): len(codes)},
    )


def _hashable(raw: Raw) -> list[object]:
    values = raw.values.tolist()
    return (
        values
        if raw.valid is None
        else [v if ok else None for v, ok in zip(values, raw.valid.tolist(), strict=True)]
    )


class _Parents:
    """The parents of one block of rows."""

    def __init__(
        self, sampler: Sampler, program: Program, parent: np.ndarray | None, rows: Rows
    ) -> None:
        self.sampler, self.program, self.parent, self.rows = sampler, program, parent, rows
        self.links: dict[str, Link] = {link.alias: link for link in program.links}

    def column(self, name: str, raw: Mapping[str, Raw]) -> Raw:
        alias, _, column = name.partition(".")
        if alias == PARENT and column == "#k":
            return Raw(np.maximum(_known(self.rows.k), 0), _known(self.rows.k) >= 0)
        if alias == PARENT and column == "#count":
            return Raw(_known(self.rows.count))
        if alias == PARENT:
            main = self.program.main
            if main is None:
                raise KeyError(name)
            number, table = _known(self.parent), main.link.parent
        else:
            chosen = raw[self.links[alias].row]
            number = (
                chosen.values if chosen.valid is None else np.where(chosen.valid, chosen.values, -1)
            )
            table = self.links[alias].parent
        return self._of_rows(table, column, number)

    def _of_rows(self, table: str, column: str, number: np.ndarray) -> Raw:
        """A parent's column, NULL where the number is -1."""
        has = number >= 0
        if has.all():
            return self.sampler.column(table, column, number)
        if not has.any():
            empty = self.sampler.raw(table, np.zeros(0, np.int64), [column])[column]
            return self._null(table, column, np.zeros(len(number), empty.values.dtype), has)
        found = self.sampler.column(table, column, number[has])
        values = np.zeros((len(number), *found.values.shape[1:]), found.values.dtype)
        values[has] = found.values
        valid = has.copy()
        if found.valid is not None:
            valid[has] = found.valid
        return self._null(table, column, values, valid)

    def _null(self, table: str, column: str, values: np.ndarray, valid: np.ndarray) -> Raw:
        labels = isinstance(self.sampler.model.programs[table].domains[column], Categories)
        return Raw(values) if labels else Raw(values, valid)

    def choose(
        self, step: Pick, kind: np.ndarray, shared: list[Raw], word: np.ndarray
    ) -> np.ndarray:
        return self.sampler.choose(self.program, step, kind, shared, word)

    def size(self, alias: str) -> int:
        return self.sampler.size(self.links[alias].parent)


def _known(values: np.ndarray | None) -> np.ndarray:
    if values is None:
        message = "a root has no parent"
        raise KeyError(message)
    return values
