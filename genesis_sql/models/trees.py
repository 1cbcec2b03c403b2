"""Sequential trees: a column is drawn from the leaf of a decision tree over the columns before it.

After Reiter, "Using CART to generate partially synthetic public use microdata" (2005). The tree
finds the cells; the cells are filled with *all* rows, smoothed so that no cell is a person: see
:mod:`genesis_sql.models.fill`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from threading import Thread
from zlib import crc32

import numpy as np

from genesis_sql.models.frame import MANY_ROWS, Coded
from genesis_sql.models.order import binned
from genesis_sql.program.domain import Grid
from genesis_sql.program.steps import Tree

BINS = 10  # groups of a number that a tree tells apart: more than its mean depends on the inputs
OFTEN, MANY = 20, 64  # numbers of large tables that recur so often: told apart in more groups
SMOOTH = 0.95  # share of the loss that goes where a number is nearly a function of the inputs
FEW = 20  # numbers with at most that many values are classified, not regressed
MAX_CLASSES = 128  # labels beyond that are split along their order, like numbers
SNAP_SHARE, WIDER = 4, 4.0  # how near a gap must be, as a share of a cell, and how much wider
LEARN_SHARE = 0.7  # of the sampled rows grow the tree, the others prune it


@contextmanager
def made_ready(rows: int) -> Iterator[None]:
    """Import what grows trees, while a large table is read: that takes one second or two.

    It is there when trees begin to grow: a process that ends may not import it any more.
    """

    def bring() -> None:
        with suppress(ImportError):  # who grows a tree is told
            import_module("sklearn.tree")

    if rows < MANY_ROWS:
        yield
        bring()
        return
    thread = Thread(target=bring, name="genesis_import", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@dataclass(frozen=True)
class TreeOptions:
    """How trees are grown.

    Attributes:
        min_cell: rows that a cell has at least.
        max_leaves: leaves a tree has at most; None for no limit.
        max_rows: rows the splits are learnt from; the cells see all rows.
        forest: trees per column; a draw picks the one a row uses.
        forest_rows: tables with more rows need but one tree per column.
        slack: a subtree stays while it raises the loss on held-out rows by at most this share of
            its root's loss; for numbers.
        label_slack: the same for labels.
        apart: groups of a number leave its spikes beside them, see `binned`.
        seed: of the order in which equally good splits are tried.
    """

    min_cell: int = 20
    max_leaves: int | None = None
    max_rows: int = 100_000
    forest: int = 5
    forest_rows: int = 60_000
    slack: float = 0.003
    label_slack: float = 0.005
    apart: bool = False
    seed: int = 0


def learn_tree(
    inputs: Sequence[Coded], target: Coded, options: TreeOptions, order: np.ndarray
) -> tuple[Tree, np.ndarray]:
    """Grow a tree on the ranks of the inputs and prune it on rows it has not seen.

    Args:
        inputs: columns of n rows each.
        target: column of n rows.
        options: limits.
        order: the rows in a random order, of which the first ones are the sample.

    Returns:
        The tree with thresholds in *ranks* (see `to_edges`), and the cell of every row, int64 of
        shape (n,).
    """
    n = len(target.rank)
    sample = order[: options.max_rows]
    if not inputs or n < 2 * options.min_cell or len(np.unique(target.rank[sample])) == 1:
        return Tree.single(), np.zeros(n, np.int64)
    scale = target.numeric and len(target.values) > FEW
    grower = _Grower(inputs, options, sample, options.slack if scale else options.label_slack)
    if not scale:
        few = target.numeric or len(target.values) <= MAX_CLASSES
        return grower.grow(target.rank if few else _spread(target.rank), classes=few)[0]
    often = len(target.values) * OFTEN <= n
    if n > options.forest_rows:
        y = binned(target, MANY, apart=options.apart) if often else _spread(target.rank)
        return grower.grow(y, classes=often)[0]
    smooth, told = grower.grow(_spread(target.rank), classes=False)
    if told >= SMOOTH:
        return smooth
    return grower.grow(binned(target, BINS, apart=options.apart), classes=True)[0]


class _Grower:
    """Grows trees for one target on the same inputs."""

    def __init__(
        self, inputs: Sequence[Coded], options: TreeOptions, sample: np.ndarray, slack: float
    ) -> None:
        self.inputs, self.options, self.sample, self.slack = inputs, options, sample, slack
        self.features = np.empty((len(inputs[0].rank), len(inputs)), np.float32)
        for i, column in enumerate(inputs):
            self.features[:, i] = column.rank

    def grow(self, y: np.ndarray, *, classes: bool) -> tuple[tuple[Tree, np.ndarray], float]:
        """The tree for a class or a number per row, its cells, and how much of the loss it takes.

        The loss is that of the rows it was pruned on.
        """
        options, size = self.options, len(self.sample)
        many = max(int(size * LEARN_SHARE), min(size, 2 * options.min_cell))
        seen, held = self.sample[:many], self.sample[many:]
        grown = _grow(self.features[seen], y[seen], options, classes=classes)
        _snap(grown.tree_, self.inputs, options.min_cell)
        leaf = grown.apply(self.features)
        loss = node_loss(grown, leaf[held], y[held], classes=classes)
        cut, best = _cut(grown.tree_, loss, leaf, options.min_cell, self.slack)
        told = 1 - best / loss[0] if loss[0] > 0 else 0.0
        return _as_tree(grown, leaf, cut), told


def learn_forest(
    inputs: Sequence[Coded],
    target: Coded,
    options: TreeOptions,
    rows: np.ndarray,
    family: np.ndarray | None = None,
) -> tuple[Tree, np.ndarray, int]:
    """Several trees as one, whose root asks which of them a row uses.

    It asks the input after all others (codes 1 … size). Each tree grows on its own share of the
    rows; together they smooth the borders of their cells.

    Args:
        inputs: columns, as for `learn_tree`.
        target: column, as for `learn_tree`.
        options: limits, and the number of trees.
        rows: all rows in their canonical order: what is drawn by chance is drawn in it.
        family: of the rows in that order; those of one family (all >= 0) are held out together:
            siblings share what their parent is, and a tree that has seen one of them knows the
            others by it.

    Returns:
        The tree, the cell of every row in every member (int64 of shape (size · n,)), and the size.
    """
    n = len(target.rank)
    size = options.forest if n <= options.forest_rows else 1

    def grown(member: int) -> tuple[Tree, np.ndarray]:
        # its own share of the rows for every column too: one share for all would tie the columns
        keys = [options.seed, member, crc32(target.name.encode())]
        order = _order(np.random.default_rng(keys), n, family)
        return learn_tree(inputs, target, options, rows[order])

    if size == 1:
        return *grown(0), 1
    with ThreadPoolExecutor(min(size, os.cpu_count() or 1)) as pool:
        trees, cells = zip(*pool.map(grown, range(size)), strict=True)
    single = next((t for t in trees if t.leaves == 1), None)
    if single is not None:
        return single, np.zeros(n, np.int64), 1
    before = np.cumsum([0] + [t.leaves for t in trees])
    return (
        _joined(trees, before, len(inputs)),
        np.concatenate([c + b for c, b in zip(cells, before, strict=False)]),
        size,
    )


def _order(rng: np.random.Generator, n: int, family: np.ndarray | None) -> np.ndarray:
    """Rows in random order, those of a family side by side."""
    order = rng.permutation(n)
    if family is None or not (family >= 0).any():
        return order
    place = rng.permutation(int(family.max()) + 1 + n)
    key = np.where(family >= 0, place[family], place[int(family.max()) + 1 + np.arange(n)])
    return np.asarray(order[np.argsort(key[order], kind="stable")])


def _joined(trees: Sequence[Tree], before: np.ndarray, asked: int) -> Tree:
    """One tree: a chain of nodes over input ``asked``, then the members.

    The members' nodes and cells are moved up.
    """
    chain = len(trees) - 1
    begins = chain + np.cumsum([0] + [len(t.feature) for t in trees])
    feature, threshold = [np.full(chain, asked)], [np.arange(1, chain + 1)]
    left, right = [begins[:chain]], [np.r_[np.arange(1, chain), begins[chain]]]
    for tree, begin, cells in zip(trees, begins, before, strict=False):
        inner = tree.feature >= 0
        feature.append(tree.feature)
        threshold.append(tree.threshold)
        left.append(tree.left + np.where(inner, begin, cells))
        right.append(tree.right + np.where(inner, begin, 0))
    return Tree(*(np.concatenate(a).astype(np.int32) for a in (feature, threshold, left, right)))


def _spread(rank: np.ndarray) -> np.ndarray:
    """Ranks as places between 0 and 1, ties in the middle of their run."""
    count = np.bincount(rank)
    return np.asarray(((np.cumsum(count) - count / 2) / len(rank))[rank])


def _grow(features: np.ndarray, y: np.ndarray, options: TreeOptions, *, classes: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    kind = (
        partial(DecisionTreeClassifier, criterion="entropy") if classes else DecisionTreeRegressor
    )
    least = max(1, int(options.min_cell * LEARN_SHARE))
    tree = kind(
        min_samples_leaf=least, max_leaf_nodes=options.max_leaves, random_state=options.seed
    )
    with warnings.catch_warnings():  # kinds of a further parent may be as many as half the rows
        warnings.filterwarnings("ignore", "The number of unique classes")
        return tree.fit(features, y)


def _snap(tree, inputs: Sequence[Coded], min_cell: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Move thresholds of numbers into the widest gap near them.

    Between ranks all gaps are alike, between values they are not: a split a few rows beside the
    gap between two humps would mix them.
    """
    reach = max(min_cell // SNAP_SHARE, 1)
    for node in np.flatnonzero(tree.children_left >= 0):
        column = inputs[tree.feature[node]]
        if not column.numeric:
            continue
        at, values = int(np.floor(tree.threshold[node])), column.values
        first, stop = max(at - reach, 1), min(at + reach + 1, len(values))
        if at < 1 or at >= len(values) or stop - first < 2:
            continue
        with np.errstate(invalid="ignore", over="ignore"):
            gaps = np.diff(values[first - 1 : stop].astype(np.float64))
        widest = int(np.argmax(gaps))
        if gaps[widest] / WIDER > gaps[at - first]:
            tree.threshold[node] = first + widest + 0.5


def _up(children: tuple[np.ndarray, np.ndarray], at_leaves: np.ndarray) -> np.ndarray:
    """Sums over subtrees; sklearn numbers children after their parents."""
    left, right = children
    out = at_leaves.copy()
    for node in range(len(left) - 1, -1, -1):
        if left[node] >= 0:
            out[node] += out[left[node]] + out[right[node]]
    return out


def node_loss(grown, leaf: np.ndarray, y: np.ndarray, *, classes: bool) -> np.ndarray:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Loss of every node on held-out rows, if it were a leaf.

    The Brier score of its shares, or the squared error of its mean.
    """
    tree = grown.tree_
    children = (tree.children_left, tree.children_right)
    nodes = tree.node_count
    rows = _up(children, np.bincount(leaf, minlength=nodes).astype(np.float64))
    if not classes:
        mean = tree.value[:, 0, 0]
        total = _up(children, np.bincount(leaf, weights=y, minlength=nodes))
        square = _up(children, np.bincount(leaf, weights=y * y, minlength=nodes))
        return np.asarray(square - 2 * mean * total + rows * mean**2)
    share = tree.value[:, 0, :] / tree.value[:, 0, :].sum(1, keepdims=True)
    known = np.isin(y, grown.classes_)
    label = np.searchsorted(grown.classes_, y[known])
    k = len(grown.classes_)
    seen = _up(
        children,
        np.bincount(leaf[known] * k + label, minlength=nodes * k)
        .reshape(nodes, k)
        .astype(np.float64),
    )
    return np.asarray(rows * (share**2).sum(1) - 2 * (seen * share).sum(1) + rows)


def _cut(  # type: ignore[no-untyped-def]
    tree,  # noqa: ANN001
    loss: np.ndarray,
    leaf: np.ndarray,
    min_cell: int,
    slack: float,
) -> tuple[np.ndarray, float]:
    """Which inner nodes become leaves, bool of shape (nodes,), and the loss that is left."""
    left, right = tree.children_left, tree.children_right
    rows = _up((left, right), np.bincount(leaf, minlength=len(left)).astype(np.int64))
    best, cut = loss.copy(), np.zeros(len(left), bool)
    for node in range(len(left) - 1, -1, -1):
        if left[node] < 0:
            continue
        below = best[left[node]] + best[right[node]]
        thin = min(rows[left[node]], rows[right[node]]) < min_cell
        if thin or below > loss[node] * (1 + slack):
            cut[node] = True
        else:
            best[node] = below
    return cut, float(best[0])


def _as_tree(grown, leaf: np.ndarray, cut: np.ndarray) -> tuple[Tree, np.ndarray]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """The pruned tree with its nodes renumbered, and the cell of every row."""
    inner = grown.tree_
    left, right = inner.children_left, inner.children_right
    is_leaf = (left < 0) | cut
    stands = np.full(
        len(left), -1
    )  # the leaf that a node has been folded into, -1: it is still an inner node
    reached = np.zeros(len(left), bool)
    reached[0] = True
    for node in range(len(left)):
        if is_leaf[node] and stands[node] < 0 and reached[node]:
            stands[node] = node
        if left[node] >= 0:
            stands[left[node]] = stands[right[node]] = stands[node]
            reached[left[node]] = reached[right[node]] = reached[node] and stands[node] < 0
    kept = np.flatnonzero(reached)
    place = np.full(len(left), -1)
    place[kept] = np.arange(len(kept))
    ends = is_leaf[kept]
    number = np.cumsum(ends) - 1
    tree = Tree(
        feature=np.where(ends, -1, inner.feature[kept]).astype(np.int32),
        threshold=np.where(ends, 0, np.floor(inner.threshold[kept])).astype(np.int32),
        left=np.where(ends, number, place[left[kept]]).astype(np.int32),
        right=np.where(ends, 0, place[right[kept]]).astype(np.int32),
    )
    return tree, number[place[stands[leaf]]].astype(np.int64)


def whole_tree(grown, features: np.ndarray) -> tuple[Tree, np.ndarray]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """A tree of scikit-learn's as it is, and the cell of every row."""
    leaf = grown.apply(features)
    return _as_tree(grown, leaf, np.zeros(grown.tree_.node_count, bool))


def used_inputs(tree: Tree, inputs: Sequence[str]) -> tuple[Tree, tuple[str, ...]]:
    """The tree with only those inputs that it asks about."""
    used = np.unique(tree.feature[tree.feature >= 0])
    place = np.full(len(inputs) + 1, -1, np.int32)
    place[used] = np.arange(len(used))
    return Tree(place[tree.feature], tree.threshold, tree.left, tree.right), tuple(
        inputs[i] for i in used
    )


def between(column: Coded, rank: int) -> int | float:
    """The edge between a rank and the next: half-way between the two values."""
    low = column.values[rank - 1]
    high = column.values[min(rank, len(column.values) - 1)]
    if isinstance(column.domain, Grid):
        return (int(low) + int(high)) // 2
    middle = float(low) / 2 + float(high) / 2
    return middle if np.isfinite(middle) and middle < high else float(low)


def collect_edges(trees: Sequence[tuple[Tree, Sequence[Coded]]]) -> dict[str, np.ndarray]:
    """Every threshold at which some tree cuts a numeric input: sorted values by input name."""
    cuts: dict[str, set[int | float]] = {}
    kind: dict[str, type] = {}
    for tree, inputs in trees:
        for feature, rank in zip(tree.feature.tolist(), tree.threshold.tolist(), strict=True):
            if feature >= 0 and inputs[feature].numeric:
                column = inputs[feature]
                kind[column.name] = np.int64 if isinstance(column.domain, Grid) else np.float64
                found = cuts.setdefault(column.name, set())
                if 0 < rank < len(column.values):
                    found.add(between(column, rank))
    return {name: np.array(sorted(found), dtype=kind[name]) for name, found in cuts.items()}


def to_edges(tree: Tree, inputs: Sequence[Coded], edges: dict[str, np.ndarray]) -> Tree:
    """Thresholds in ranks -> thresholds in codes (labels keep theirs)."""
    threshold = tree.threshold.copy()
    for node in np.flatnonzero(tree.feature >= 0):
        column = inputs[tree.feature[node]]
        if column.numeric and threshold[node] > 0:
            cuts = edges[column.name]
            at = min(int(threshold[node]), len(column.values))
            threshold[node] = (
                len(cuts) + 1
                if at == len(column.values)
                else 1 + int(np.searchsorted(cuts, between(column, at)))
            )
    return Tree(tree.feature, threshold, tree.left, tree.right)
