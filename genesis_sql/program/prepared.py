"""What the draws of a program are prepared to, once: trees as masks or packed nodes, cells packed.

Nothing here changes what a row is: masks, nodes and cells say the same in other forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from genesis_sql.program.cells import Cells
from genesis_sql.program.diagram import Diagram
from genesis_sql.program.domain import Domain
from genesis_sql.program.places import places
from genesis_sql.program.steps import Draw, Lookup, Program
from genesis_sql.program.tree import NEVER, Members, Tree, leaves_below, levels

if TYPE_CHECKING:
    from genesis_sql.program.fused import Plan

MASK_WORDS = 4  # of 64 leaves: above that a walk is faster (`python -m benchmarks kernel`)
JOINT = 128  # numbers of codes of inputs that are asked together
MASK_BYTES = 2**18  # of one step: they should stay in the second cache
SHORT = 2**16  # codes below it are held in 16 bits
LOOKUP = "#lookup:"
FAR, TOLD = 2**52, 2**17  # edges that doubles hold exactly; numbers whose codes are looked up

_SIFTS: WeakKeyDictionary[Tree, dict[tuple[int, ...], Sift | None]] = WeakKeyDictionary()
_PREPARED: WeakKeyDictionary[Program, Prepared] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Walk:
    """A tree as the packed nodes that the kernel walks down.

    Nodes stand level by level, siblings side by side, a word each: the place of the input's codes
    (16 bits), threshold (24), left child (24). A leaf leads to itself.
    """

    pick: int
    roots: np.ndarray
    nodes: np.ndarray
    leaf: np.ndarray
    levels: int

    def run(self, codes: np.ndarray, out: np.ndarray) -> None:
        """Cells of rows, see `kernel.walk`."""
        from genesis_sql.program import kernel

        kernel.walk(codes, self.pick, self.roots, self.nodes, self.leaf, self.levels, out)


@dataclass(frozen=True, eq=False)
class Sift:
    """A tree as masks: for each code of an input, the leaves that it leaves; see `kernel.sift`.

    Attributes:
        pick: the step's input that chooses a member.
        member: the member of each of its codes: its number (32 bits), where its masks begin (32).
        asked: the step's inputs that have masks, some of them together, see `together`.
        places: where the masks of each of these begin in a member's.
        masks: uint64 of shape (rows, words).
        leaf: the cell of each leaf, of shape (members, 64 * words).
    """

    pick: int
    member: np.ndarray
    asked: list[tuple[int, ...]]
    places: np.ndarray
    masks: np.ndarray
    leaf: np.ndarray

    def run(self, codes: np.ndarray, pick: int, asked: np.ndarray, out: np.ndarray) -> None:
        """Cells of rows.

        Args:
            codes: of shape (inputs, n).
            pick: where among them that of the member stands.
            asked: where those that have masks stand, and -1.
            out: int32 of shape (n,).
        """
        from genesis_sql.program import kernel

        masks = (self.places, self.masks, self.leaf)
        kernel.sift(codes, pick, self.member, asked, *masks, out)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A program's draws, prepared when they are first asked for.

    Attributes:
        domains: of the program's columns. The program itself is not held: what is prepared of it
            goes with it.
        cuts: the edges of its numeric inputs.
        place: the inputs of its trees, each with its place among the codes of a block.
        sizes: how many codes of each input its trees tell apart: all from the last on are alike.
        joint: inputs that are asked together, with their place behind the others.
        plans: by the columns that come out, see `fused.Plan`.
        diagrams: by the column that is drawn and what is asked at once.
    """

    domains: Mapping[str, Domain]
    cuts: Mapping[str, np.ndarray]
    place: dict[str, int]
    sizes: np.ndarray
    joint: dict[tuple[str, ...], int]
    routes: dict[str, Route] = field(default_factory=dict)
    numbers: dict[str, Numbers] = field(default_factory=dict)
    lookups: dict[str, Told | None] = field(default_factory=dict)
    plans: dict[tuple[str, ...], Plan | None] = field(default_factory=dict)
    diagrams: dict[tuple[Any, ...], Diagram | None] = field(default_factory=dict)

    @cached_property
    def dtype(self) -> type[np.generic]:
        """In what codes are held."""
        return np.uint16 if self.sizes.max(initial=0) <= SHORT else np.int32

    def edges(self, name: str) -> np.ndarray | None:
        """The edges that a tree asks about, None where the column is not cut."""
        edges = self.cuts.get(name)
        if edges is None or name not in self.place:
            return edges
        return edges[: max(int(self.sizes[self.place[name]]) - 2, 0)]

    def route(self, step: Draw) -> Route:
        """How a step finds the cells of rows."""
        if step.column not in self.routes:
            self.routes[step.column] = Route.of(self, step)
        return self.routes[step.column]

    def number(self, step: Draw) -> Numbers:
        """The slots of a step that draws whole numbers."""
        if step.column not in self.numbers:
            self.numbers[step.column] = Numbers.of(step.cells)
        return self.numbers[step.column]

    def told(self, name: str, edges: np.ndarray) -> Told | None:
        """The codes of whole numbers by table, None where `kernel.cut` has to search."""
        if name not in self.lookups:
            self.lookups[name] = Told.of(edges, self.dtype)
        return self.lookups[name]

    def looked_up(self, step: Lookup, *, labels: bool) -> Told | None:
        """What a lookup gives each value of its only input, None where they lie too far apart."""
        name = f"{LOOKUP}{step.column}"
        if name not in self.lookups:
            self.lookups[name] = Told.looked_up(step, labels=labels)
        return self.lookups[name]


@dataclass(frozen=True, eq=False)
class Route:
    """How a step finds the cells of rows: by masks where its trees are small, else by a walk.

    Attributes:
        asked: the columns that are asked; none where all rows have one cell.
        sift: the masks, None where it walks.
        pick: where among the codes those stand that choose a member.
        begin: where those that have masks stand, and -1.
        joint: the columns that are asked together.
        walk: the nodes, None where it sifts.
    """

    asked: tuple[str, ...]
    sift: Sift | None = None
    pick: int = 0
    begin: np.ndarray | None = None
    joint: tuple[tuple[str, ...], ...] = ()
    walk: Walk | None = None

    @staticmethod
    def of(prepared: Prepared, step: Draw) -> Route:
        """The faster way of a step."""
        place = np.array([prepared.place.get(name, -1) for name in step.inputs], np.int64)
        if step.tree.leaves == 1:
            return Route(())
        asked = tuple(step.inputs[i] for i in np.unique(step.tree.feature) if i >= 0)
        sizes = np.where(place >= 0, prepared.sizes[place], 0)
        kept = _SIFTS.setdefault(step.tree, {})
        key = tuple(sizes.tolist())
        if key not in kept:
            kept[key] = masks(step.tree, sizes)
        sift = kept[key]
        if sift is None:
            return Route(asked, walk=packed(step.tree, sizes, place))
        names = [tuple(step.inputs[i] for i in group) for group in sift.asked]
        begin = [prepared.joint[n] if len(n) > 1 else prepared.place[n[0]] for n in names]
        joint = tuple(n for n in names if len(n) > 1)
        return Route(asked, sift, int(place[sift.pick]), np.array([*begin, -1]), joint)

    def cells(self, codes: np.ndarray, out: np.ndarray) -> None:
        """The cells of a block of rows into ``out`` (int32, n)."""
        if self.sift is not None and self.begin is not None:
            self.sift.run(codes, self.pick, self.begin, out)
        elif self.walk is not None:
            self.walk.run(codes, out)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Slots of whole numbers as `kernel.draw_grid` takes them.

    Numbers that fit in 32 bits stand beside the choices: one look into memory finds both.

    Attributes:
        choices: accept and alias of each slot.
        values: low and width by turns; the width of NULL is negative.
        apart: where in both a slot stands.
        wide: whether a slot is wider than one number.
    """

    choices: np.ndarray
    values: np.ndarray
    apart: np.ndarray
    wide: bool

    @staticmethod
    def of(cells: Cells) -> Numbers:
        """The slots of a step's cells."""
        if cells.width is None or cells.null is None:
            raise TypeError(cells)
        pairs = np.column_stack([cells.low, np.where(cells.null, -cells.width, cells.width)])
        wide = bool((cells.width > 1).any())
        if (np.abs(pairs.astype(np.float64)) >= 2**31).any():
            apart = np.array([1, 2, 0], np.uint64)
            return Numbers(cells.choices, pairs.astype(np.int64).reshape(-1), apart, wide)
        beside = np.empty((len(pairs), 2), np.uint64)
        beside[:, 0] = cells.choices
        beside.view(np.int32)[:, 2:] = pairs
        flat = beside.reshape(-1)
        return Numbers(flat, flat.view(np.int32), np.array([2, 4, 2], np.uint64), wide)


@dataclass(frozen=True, eq=False)
class Told:
    """What whole numbers stand for, by table: `kernel.tell` looks up.

    Attributes:
        lowest: the first number; lower ones stand for the same.
        codes: of the numbers from there on; higher ones stand for the last.
    """

    lowest: int
    codes: np.ndarray

    @staticmethod
    def of(edges: np.ndarray, dtype: type[np.generic]) -> Told | None:
        """The codes that edges give whole numbers; None where they lie too far apart."""
        if not len(edges) or not (np.abs(edges) < FAR).all():
            return None
        lowest, highest = int(np.floor(edges[0])), int(np.floor(edges[-1])) + 1
        if highest - lowest >= TOLD:
            return None
        below = np.searchsorted(edges, np.arange(lowest, highest + 1), side="left")
        return Told(lowest, (1 + below).astype(dtype))

    @staticmethod
    def looked_up(step: Lookup, *, labels: bool) -> Told | None:
        """What a lookup gives each value between the ends of its levels; code 0 is NULL."""
        levels = step.levels[0]
        if levels.dtype.kind != "i" or int(levels[-1]) - int(levels[0]) >= TOLD:
            return None
        lowest = 0 if labels else int(levels[0])
        held = np.arange(lowest, int(levels[-1]) + 1)
        known = held > 0 if labels else np.ones(len(held), bool)
        return Told(lowest, step.values[places(step, [held], [known])])


def prepare(program: Program) -> Prepared:
    """The draws of a program; equal answers for the same program, made once."""
    found = _PREPARED.get(program)
    if found is None:
        found = _PREPARED[program] = _inputs(program)
    return found


def _inputs(program: Program) -> Prepared:
    place: dict[str, int] = {}
    sizes: list[int] = []
    for step in program.steps:
        if not isinstance(step, Draw):
            continue
        inner = step.tree.feature >= 0
        most = np.full(len(step.inputs), -1, np.int64)
        np.maximum.at(most, step.tree.feature[inner], step.tree.threshold[inner])
        for name, threshold in zip(step.inputs, most.tolist(), strict=True):
            if threshold >= 0:
                at = place.setdefault(name, len(place))
                sizes += [0] * (at == len(sizes))
                sizes[at] = max(sizes[at], threshold + 2)
    told = np.array([*sizes, 0], np.int64)
    joint: dict[tuple[str, ...], int] = {}
    for step in program.steps:
        if isinstance(step, Draw) and step.tree.leaves > 1:
            own = told[[place.get(name, len(sizes)) for name in step.inputs]]
            for group in together(step.tree, own):
                if len(group) > 1:
                    names = tuple(step.inputs[i] for i in group)
                    joint.setdefault(names, len(place) + len(joint))
    return Prepared(program.domains, program.edges, place, told[:-1], joint)


def together(tree: Tree, sizes: np.ndarray) -> list[tuple[int, ...]]:
    """The inputs that have masks: neighbours with few codes are asked together.

    The input that chooses a member stands alone, behind the others.
    """
    asked = [int(i) for i in np.unique(tree.feature) if i >= 0]
    groups: list[tuple[int, ...]] = []
    product = JOINT + 1
    for i in (i for i in asked if i != tree.feature[0]):
        product *= int(sizes[i])
        if product <= JOINT:
            groups[-1] = (*groups[-1], i)
        else:
            groups.append((i,))
            product = int(sizes[i])
    return groups


def packed(tree: Tree, sizes: np.ndarray, place: np.ndarray) -> Walk:
    """A tree as packed nodes over the codes at those places."""
    members = Members.of(tree)
    found = levels(tree, members.roots)
    order = np.concatenate(found)
    depth = np.repeat(np.arange(len(found)), [len(level) for level in found])
    stands = np.zeros(len(tree.feature), np.int64)
    stands[order] = np.arange(len(order))
    feature, leaf = tree.feature[order].astype(np.int64), tree.feature[order] < 0
    threshold = np.where(leaf, NEVER, tree.threshold[order]).astype(np.int64)
    left = np.where(leaf, stands[order], stands[np.where(leaf, 0, tree.left[order])])
    asked = np.where(leaf, place[members.asked], place[np.maximum(feature, 0)])
    nodes = (asked << 48 | threshold << 24 | left).astype(np.uint64)
    cells = np.where(leaf, tree.left[order], -1).astype(np.int32)
    roots = stands[members.roots][members.of_codes(int(sizes[members.asked]))].astype(np.uint64)
    return Walk(int(place[members.asked]), roots, nodes, cells, int(depth[leaf].mean()) + 2)


def cells_of(tree: Tree, codes: np.ndarray) -> np.ndarray:
    """The cells of rows by a tree alone, without its program: int32 of shape (n,).

    Args:
        tree: the router.
        codes: of its inputs, int32 of shape (inputs, n), 0 or more.
    """
    out = np.full(codes.shape[1], tree.left[0], np.int32)
    if tree.leaves > 1:
        sizes, inner = np.ones(len(codes), np.int64), tree.feature >= 0
        np.maximum.at(sizes, tree.feature[inner], tree.threshold[inner] + 2)
        told = np.minimum(codes, sizes[:, None] - 1).astype(np.int32)
        packed(tree, sizes, np.arange(len(codes))).run(told, out)
    return out


def masks(tree: Tree, sizes: np.ndarray) -> Sift | None:
    """A tree as masks over codes below those sizes; None where they would be too large."""
    from genesis_sql.program import kernel

    members = Members.of(tree)
    found = levels(tree, members.roots)
    begin, count, member = _leaves(tree, found, len(members.roots))
    words = 1 << max(0, int(count[members.roots].max() - 1) // 64).bit_length()
    asked = np.unique(tree.feature[np.concatenate(found)])
    asked = asked[asked >= 0]
    places = np.cumsum(np.append(0, sizes[asked]))
    rows = int(places[-1])
    if words > MASK_WORDS or rows * len(members.roots) * words * 8 > MASK_BYTES:
        return None
    made = np.empty((len(members.roots), rows, words), np.uint64)
    leaf = np.zeros((len(members.roots), 64 * words), np.int32)
    where = np.zeros(len(sizes), np.int64)
    where[asked] = places[:-1]
    for at, root in enumerate(members.roots):
        left = np.clip(count[root] - 64 * np.arange(words), 0, 64)
        made[at] = np.array([2 ** int(bits) - 1 for bits in left], np.uint64)
        own = np.concatenate(found)[member == at]
        inner, ends = own[tree.feature[own] >= 0], own[tree.feature[own] < 0]
        bounds = np.column_stack(
            [begin[inner], begin[tree.right[inner]], begin[inner] + count[inner]]
        )
        asks = (tree.feature[inner].astype(np.int64), tree.threshold[inner].astype(np.int64))
        kernel.cross_out(made[at], where, sizes, *asks, bounds)
        leaf[at, begin[ends]] = tree.left[ends]
        if len(ends) == 1:
            leaf[at] = tree.left[ends[0]]
    first = np.arange(len(members.roots)) << 32
    which = first[members.of_codes(int(sizes[members.asked]))].astype(np.uint64)
    groups = together(tree, sizes)
    if members.asked in asked:
        groups.append((members.asked,))
    return _joined(Sift(members.asked, which, groups, where, made, leaf), sizes)


def _joined(sift: Sift, sizes: np.ndarray) -> Sift:
    """The masks of inputs that are asked together: what each of them leaves of the others'."""
    parts, (count, _, words) = [], sift.masks.shape
    for group in sift.asked:
        part = np.full((count, 1, words), 2**64 - 1, np.uint64)
        for i in group:
            one = sift.masks[:, sift.places[i] : sift.places[i] + sizes[i]]
            part = (part[:, :, None] & one[:, None]).reshape(count, -1, words)
        parts.append(part)
    ends = np.cumsum([0] + [part.shape[1] for part in parts])
    masks = np.concatenate(parts, axis=1) if parts else sift.masks
    numbers = np.arange(count)[(sift.member >> np.uint64(32)).astype(np.int64)]
    member = (numbers << 32 | numbers * masks.shape[1]).astype(np.uint64)
    places = ends[:-1].astype(np.uint64)
    flat = np.ascontiguousarray(masks.reshape(-1, words))
    return Sift(sift.pick, member, sift.asked, places, flat, sift.leaf)


def _leaves(
    tree: Tree, found: list[np.ndarray], members: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each node the number of leaves left of it in its member, and below it; the members.

    The members are those of the nodes level by level.
    """
    begin, count = leaves_below(tree, found)
    of = np.zeros(len(tree.feature), np.int64)
    of[found[0]] = np.arange(members)
    for level in found:
        inner = level[tree.feature[level] >= 0]
        of[tree.left[inner]] = of[tree.right[inner]] = of[inner]
    return begin, count, of[np.concatenate(found)]
