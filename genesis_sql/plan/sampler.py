"""Samples a model: row numbers to addresses, parents to their children, then the programs run.

Every method is a pure function of (model, spec, row numbers); what is remembered between calls only
saves time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from genesis_sql.errors import OptionError
from genesis_sql.plan.above import Above, is_summary
from genesis_sql.plan.accept import Again, Checks, draw
from genesis_sql.plan.aggregate import aggregate, aggregates
from genesis_sql.plan.blocks import Blocks
from genesis_sql.plan.checks import table_checks
from genesis_sql.plan.conditions import conditioned
from genesis_sql.plan.definition import Model, parent_of
from genesis_sql.plan.family import BlockedFamily, Family
from genesis_sql.plan.open_keys import OpenKey, open_keys
from genesis_sql.plan.required import matches
from genesis_sql.plan.sequence import is_sequential, run_families
from genesis_sql.plan.sizing import Sizing, positive
from genesis_sql.plan.spec import Spec
from genesis_sql.plan.unique import Breaks, Repair, overridden
from genesis_sql.plan.whole import drawn_whole
from genesis_sql.plan.written import Texts
from genesis_sql.program.domain import Domain, Raw
from genesis_sql.program.draw import address
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.partial import steps_from
from genesis_sql.program.steps import (
    PARENT,
    Override,
    Pick,
    Program,
    Step,
    sequential,
    step_columns,
    step_inputs,
)

KEY_ROUNDS = 200  # looks at rows that follow those that were changed
KEY_BLOCK = 65_536  # rows that are drawn at a time where keys are looked through
KEEP_ROWS = 200_000  # a parent of so few rows is drawn once and kept


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of a parent that can be chosen, by group; the last group holds all of them.

    Attributes:
        members: row numbers, sorted by group.
        offsets: where each group begins, and the end.
        cumulated: running weight inside the group.
        kinds: the group of each kind; of a kind without rows, the last group.
        places: the group of each combination of shared values.
    """

    members: np.ndarray
    offsets: np.ndarray
    cumulated: np.ndarray
    kinds: np.ndarray
    places: Mapping[tuple[object, ...], int]

    def size(self, group: int) -> int:
        """Rows of a group."""
        return int(self.offsets[group + 1] - self.offsets[group])


class Sampler:
    """Draws rows of a model for one spec. Thread-safe.

    A seed and a scale may stand for the spec that has no more than these.
    """

    def __init__(self, model: Model, spec: Spec | int = 0, scale: float = 1.0) -> None:
        self.spec = spec if isinstance(spec, Spec) else Spec.of(spec, scale)
        whole = drawn_whole(model, self.spec)
        self.model, self._conditions = conditioned(whole, self.spec.conditions)
        self.identity = Identity(model.uuid, self.spec.seed)
        self.before: Sampler | None = (
            Sampler(model, replace(self.spec, sizes=self.spec.sizes[:-1]))
            if len(self.spec.sizes) > 1
            else None
        )
        self._lock = threading.RLock()
        self.sizing: Sizing = Sizing(self, self._lock, self.before.sizing if self.before else None)
        self._programs: dict[str, Program] = {}
        self._passing: dict[str, Program] = {}
        self._groups: dict[tuple[str, str], Groups] = {}
        self._kept: dict[str, dict[str, Raw]] = {}
        self._blocks: dict[str, Blocks] = {}
        self._checks: dict[str, Checks | None] = {}
        self._texts: dict[str, Texts] = {}

    def blocks(self, table: str, draw: Callable[[int, int], pa.StructArray]) -> Blocks:
        """Where chunks of a table's rows are served from; ``draw`` makes them."""
        with self._lock:
            return self._blocks.setdefault(table, Blocks(draw))

    def texts(self, table: str) -> Texts:
        """The texts of a table's foreign keys."""
        with self._lock:
            if table not in self._texts:
                self._texts[table] = Texts(self.model.programs[table])
            return self._texts[table]

    # sizes

    def size(self, table: str) -> int:
        """Rows of a table; see `Sizing.size`."""
        return self.sizing.size(table)

    def family(self, table: str) -> Family | BlockedFamily:
        """The children of all rows of a table's main parent."""
        return self.sizing.family(table)

    # rows

    def rows(self, table: str, numbers: np.ndarray) -> Rows:
        """Addresses of rows by number."""
        return self.locate(table, numbers)[0]

    def locate(self, table: str, numbers: np.ndarray) -> tuple[Rows, np.ndarray | None]:
        """Addresses, and each row's parent number (-1: none; None where the table is a root)."""
        numbers = np.asarray(numbers, np.int64)
        main = self.model.programs[table].main
        if main is None:
            return Rows(numbers, numbers), None
        parent, k, count = self.family(table).find(numbers)
        parents, back = distinct(parent)
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
        names = tuple(wanted)
        if self.before is None:
            return self._raw(table, numbers, names)
        old = np.asarray(numbers) < self.before.size(table)
        if old.all():
            return self.before.raw(table, numbers, names)
        if not old.any():
            return self._raw(table, numbers, names)
        back = np.argsort(np.r_[np.flatnonzero(old), np.flatnonzero(~old)])
        parts = (
            self.before.raw(table, numbers[old], names),
            self._raw(table, numbers[~old], names),
        )
        return {n: joined(*(part[n] for part in parts)).take(back) for n in names}

    def _raw(self, table: str, numbers: np.ndarray, asked: tuple[str, ...]) -> dict[str, Raw]:
        """Rows of the last segment."""
        program = self.program(table)
        folded = aggregates(program, asked)
        if not folded:
            return self._drawn(program, numbers, asked)
        names = [n for n in asked if n not in folded]
        labels = [s.present for s in folded.values() if s.present]
        out = self._drawn(program, numbers, tuple(dict.fromkeys([*names, *labels])))
        for name, step in folded.items():
            present = out[step.present].values > 0 if step.present else None
            out[name] = aggregate(self, program, step, numbers, present)
        return out

    def _drawn(
        self,
        program: Program,
        numbers: np.ndarray,
        names: tuple[str, ...],
        again: Again | None = None,
    ) -> dict[str, Raw]:
        """Raw columns that depend on no children."""
        table, checks = program.table, self.checks(program.table)
        needed = (*names, *checks.needed) if checks else names
        rows, parent = self.locate(table, numbers)
        if is_sequential(program, needed):
            return run_families(self, program, self.identity, rows, parent, names, again)
        above = Above(self, program, parent, rows, needed)
        return draw(program, self.identity, rows, above, names, checks, again=again)

    def redrawn(
        self, table: str, numbers: np.ndarray, addresses: np.ndarray, names: Sequence[str]
    ) -> dict[str, Raw]:
        """Hidden columns of rows, drawn anew under other addresses; visible ones stay."""
        program, wanted = self.model.programs[table], tuple(names)
        visible = {c for s in program.steps for c in step_columns(s) if not is_summary(c)}
        steps = steps_from(program, wanted, frozenset(visible))
        if sequential(steps):
            return self.columns(table, numbers, names)
        read = {n for s in steps for n in (*step_inputs(s), *_rows_of(program, s))} & visible
        known = self.columns(table, numbers, sorted(read))
        rows, parent = self.locate(table, numbers)
        rows = rows.take(np.arange(len(numbers)), addresses)
        above = Above(self, program, parent, rows, wanted)
        return run(program, self.identity, rows, above, wanted, given=known)

    def attempts(self, table: str, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The rows of a table that are drawn again for some columns, and how often: sorted."""
        found: dict[int, int] = {}

        def again(numbers: np.ndarray, tries: np.ndarray) -> None:
            found.update(zip(numbers.tolist(), tries.tolist(), strict=True))

        size, program = self.size(table), self.program(table)
        for at in range(0, size, KEY_BLOCK):
            numbers = np.arange(at, min(at + KEY_BLOCK, size), dtype=np.int64)
            self._drawn(program, numbers, tuple(names), again)
        held = np.array(sorted(found.items()), np.int64).reshape(-1, 2)
        return held[:, 0], held[:, 1]

    def checks(self, table: str) -> Checks | None:
        """What the rows of a table have to keep, None where there is nothing."""
        with self._lock:
            if table not in self._checks:
                self._checks[table] = table_checks(
                    self.model, self.model.programs[table], self._conditions.get(table)
                )
            return self._checks[table]

    # keys

    def program(self, table: str) -> Program:
        """What makes the rows of the last segment: with the values that its open keys need."""
        return self._programs.get(table) or self._program(table)

    def _program(self, table: str) -> Program:
        """What makes the rows of the last segment: the program, with what its open keys need."""
        with self._lock:
            if table in self._programs:
                return self._programs[table]
            if table in self._passing:  # asked for while its keys are looked through
                return self._passing[table]
            self._passing[table] = self.model.programs[table]
            try:
                keys = open_keys(self.model, table, self.spec.conditioned(table))
                if keys:
                    self._keep(table, keys)
                self._programs[table] = self._passing[table]
            finally:
                del self._passing[table]
            return self._programs[table]

    def _keep(self, table: str, keys: tuple[OpenKey, ...]) -> None:
        """Look through all rows until no key of the table repeats."""
        program = self.model.programs[table]
        repair = Repair(self, program, keys, self.sizing.first(table), self._breaks(program, keys))
        size = self.size(table)
        own = any(link.parent == table for link in program.links)
        for _ in range(KEY_ROUNDS if size else 0):
            if not repair.look(self._key_columns(table, repair.names, size)):
                return
            self._passing[table] = overridden(program, repair.overrides())
            self._kept.pop(table, None)
            for key in [k for k in self._groups if k[0] == table]:
                del self._groups[key]
            if not own and not is_sequential(program, repair.drawn):
                return
        if size:
            raise OptionError(repair.impossible(keys[0]))

    def _breaks(self, program: Program, keys: tuple[OpenKey, ...]) -> Breaks | None:
        """Tells rows that break a check with other values of keys; None where none reads them.

        What no key may change is as it is drawn at first.
        """
        checks = self.checks(program.table)
        if checks is None or is_sequential(program, checks.needed):
            return None
        made = {c for step in program.needed(checks.needed) for c in step_columns(step)}
        if not made & {piece.name for key in keys for piece in key.free}:
            return None

        def breaks(numbers: np.ndarray, others: list[Override]) -> np.ndarray:
            changed = overridden(program, others)
            rows, parent = self.locate(program.table, numbers)
            above = Above(self, changed, parent, rows, checks.needed)
            raw = run(changed, self.identity, rows, above, checks.needed)
            return checks.broken(raw, len(numbers))

        return breaks

    def _key_columns(self, table: str, names: tuple[str, ...], size: int) -> dict[str, Raw]:
        """Columns of all rows; `PARENT` stands for the number of the main parent's row."""
        blocks: dict[str, list[Raw]] = {name: [] for name in names}
        drawn = [name for name in names if name != PARENT]
        for at in range(0, size, KEY_BLOCK):
            numbers = np.arange(at, min(at + KEY_BLOCK, size), dtype=np.int64)
            for name, raw in self.raw(table, numbers, drawn).items():
                if name in blocks:
                    blocks[name].append(raw)
            parent = self.locate(table, numbers)[1]
            if PARENT in blocks and parent is not None:
                blocks[PARENT].append(Raw(parent, parent >= 0))
        return {name: joined(*parts) for name, parts in blocks.items()}

    def columns(self, table: str, numbers: np.ndarray, names: Sequence[str]) -> dict[str, Raw]:
        """Raw columns of a parent by row number; a small parent is drawn once and kept whole."""
        size = self.size(table)
        if size > KEEP_ROWS:
            places, back = distinct(numbers)
            raw = self.raw(table, places, names)
            return {n: raw[n].take(back) for n in names}
        with self._lock:
            kept = self._kept.setdefault(table, {})
            missing = [n for n in names if n not in kept]
            if missing:
                raw = self.raw(table, np.arange(size, dtype=np.int64), missing)
                kept.update({n: raw[n] for n in missing})
        return {n: kept[n].take(numbers) for n in names}

    # further parents

    def choose(
        self, program: Program, step: Pick, kind: np.ndarray, shared: list[Raw], word: np.ndarray
    ) -> np.ndarray:
        """Row numbers of a chosen parent: -1 where kind is 0 or no row has the shared columns."""
        from genesis_sql.program import kernel

        groups = self.groups(program, step)
        if step.shared:
            domains = (self._shared(program, step, own, above)[0] for own, above in step.shared)
            cells = zip(*map(_comparable, domains, shared), strict=True)
            group = np.array([groups.places.get(c, -1) for c in cells], np.int64)
        else:
            group = groups.kinds[np.minimum(kind, len(groups.kinds) - 1)]
        group = np.where(kind > 0, group, -1)
        at = np.empty(len(word), np.int64)
        kernel.choose(group, word, groups.offsets, groups.cumulated, at)
        found = (
            np.where(at >= 0, groups.members[np.maximum(at, 0)], -1)
            if len(groups.members)
            else np.full(len(at), -1, np.int64)
        )
        return np.asarray(found)

    def can_have_children(self, program: Program, source: str, numbers: np.ndarray) -> np.ndarray:
        """Whether rows of a parent can have a child: a required further parent has rows for it."""
        fits = np.ones(len(numbers), bool)
        parent = parent_of(program, source)
        for match in matches(self.model, program):
            if match.source != source or parent is None:
                continue
            groups = self.groups(program, match.step)
            raw = self.columns(parent, numbers, match.columns) if match.columns else {}
            pairs = zip(match.step.shared, match.columns, strict=True)
            cells = zip(
                *(
                    _comparable(self._shared(program, match.step, own, above)[0], raw[name])
                    for (own, above), name in pairs
                ),
                strict=True,
            )
            held = {label for label, at in groups.places.items() if groups.size(at)}
            here = [c in held for c in cells] if match.columns else len(groups.members) > 0
            fits &= np.asarray(here, bool)
        return fits

    def members(self, program: Program, step: Pick) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows that a choice is made from: members, where each group begins, group of each kind."""
        groups = self.groups(program, step)
        return groups.members, groups.offsets, groups.kinds

    def groups(self, program: Program, step: Pick) -> Groups:
        """The parent's rows in groups, drawn once for a scale."""
        with self._lock:
            key = (program.table, step.alias)
            if key not in self._groups:
                self._groups[key] = self._make_groups(program, step)
            return self._groups[key]

    def _make_groups(self, program: Program, step: Pick) -> Groups:
        parent = next(link.parent for link in program.links if link.alias == step.alias)
        numbers = np.arange(self.size(parent), dtype=np.int64)
        names = [step.weight] + ([own for _, own in step.shared] or [step.group])
        raw = self.raw(parent, numbers, names)
        weight = positive(raw[step.weight])
        if weight.sum() == 0:
            weight = np.ones(len(numbers), np.int64)
        fits = self.can_have_children(program, step.alias, numbers)
        if step.shared:
            domains = (self._shared(program, step, own, above)[1] for own, above in step.shared)
            held = map(_comparable, domains, (raw[above] for _, above in step.shared))
            labels = list(zip(*held, strict=True))
            places = {label: i for i, label in enumerate(dict.fromkeys(labels))}
            group = np.array([places[label] for label in labels], np.int64)
            return _grouped(numbers, group, np.maximum(weight, 1) * fits, len(places), places)
        kinds = raw[step.group].values.astype(np.int64)
        if parent == program.table:  # a level without any weight has to be chosen from all the same
            total = np.bincount(kinds, weights=weight)
            weight = np.where(total[kinds] == 0, 1, weight)
        return _grouped(numbers, kinds, weight * fits, int(kinds.max(initial=0)) + 1, {})

    def _shared(
        self, program: Program, step: Pick, own: str, above: str
    ) -> tuple[Domain | None, Domain | None]:
        """How both sides of a shared column are read; twice None where they are coded alike."""
        parent = next(link.parent for link in program.links if link.alias == step.alias)
        mine, theirs = program.domains[own], self.model.programs[parent].domains[above]
        return (None, None) if mine == theirs else (mine, theirs)


def distinct(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Different numbers in order, and where among them each one stands.

    Numbers in order, as those of the parents of a range of rows, are not sorted again.

    Example:
        >>> [found.tolist() for found in distinct(np.array([4, 4, 7]))]
        [[4, 7], [0, 0, 1]]
    """
    if len(numbers) == 0 or not (numbers[1:] >= numbers[:-1]).all():
        places, back = np.unique(numbers, return_inverse=True)
        return places, back
    new = np.r_[True, numbers[1:] != numbers[:-1]]
    return numbers[new], np.cumsum(new) - 1


def _grouped(
    numbers: np.ndarray,
    group: np.ndarray,
    weight: np.ndarray,
    count: int,
    places: dict[tuple[object, ...], int],
) -> Groups:
    """Members of positive weight sorted by group, and behind them one group of all."""
    chosen = np.flatnonzero(weight > 0)
    order = chosen[np.argsort(group[chosen], kind="stable")]
    sizes = np.bincount(group[order], minlength=count)
    members = np.r_[numbers[order], numbers[chosen]]
    offsets = np.r_[0, np.cumsum(sizes), len(order) + len(chosen)].astype(np.int64)
    running = np.cumsum(np.r_[weight[order], weight[chosen]])
    begins = np.r_[0, running][offsets[:-1]]
    cumulated = (running - np.repeat(begins, np.diff(offsets))).astype(np.int64)
    kinds = np.r_[np.where(sizes > 0, np.arange(count), count), count].astype(np.int64)
    return Groups(members, offsets, cumulated, kinds, places)


def _comparable(domain: Domain | None, raw: Raw) -> list[object]:
    """The values, as text where a domain tells how they are read; None for NULL."""
    if domain is not None:
        from genesis_sql.plan.output import decode

        return [None if v is None else str(v) for v in decode(domain, raw).to_pylist()]
    values = raw.values.tolist()
    return (
        values
        if raw.valid is None
        else [v if ok else None for v, ok in zip(values, raw.valid.tolist(), strict=True)]
    )


def _valid(raw: Raw) -> np.ndarray:
    return np.ones(len(raw), bool) if raw.valid is None else raw.valid


def joined(*parts: Raw) -> Raw:
    """The rows of one behind those of the other."""
    valid = None
    if any(part.valid is not None for part in parts):
        valid = np.concatenate([_valid(part) for part in parts])
    return Raw(np.concatenate([part.values for part in parts]), valid)


def _rows_of(program: Program, step: Step) -> list[str]:
    """The columns with the rows of further parents that a step reads through."""
    links = {link.alias: link.row for link in program.links}
    return [links[a] for a in (n.partition(".")[0] for n in step_inputs(step)) if a in links]
