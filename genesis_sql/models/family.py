"""Which parent a table's rows belong to, and what a parent says about its children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.load import LinkData, Loaded
from genesis_sql.models.order import binned
from genesis_sql.models.trees import whole_tree
from genesis_sql.program.domain import Categories, Grid, Raw
from genesis_sql.program.steps import PARENT, Tree

KINDS, KIND_ROWS = 128, 5  # groups of a further parent's rows, and the rows a group has at least
MIN_PARENTS = 30  # the counts of fewer parents vary too much to carry a table's size
LIKENESS_ROWS = 50_000


@dataclass(frozen=True, eq=False)
class Ties:
    """The foreign keys of a table by the part they play.

    Attributes:
        main: its rows are numbered within this parent's rows.
        further: a row of the parent is chosen.
        copied: the parent is verbatim: its key is drawn like a label.
        own: the parent is the table itself.
        late: chosen when all tables are learnt: those that close a circle of tables, and those
            that hold for one value of a column.
    """

    main: LinkData | None
    further: tuple[LinkData, ...]
    copied: tuple[LinkData, ...]
    own: tuple[LinkData, ...]
    late: tuple[LinkData, ...] = ()

    def alias(self, link: LinkData) -> str:
        """How the program calls this parent: without a point, behind which its columns stand."""
        key = link.relationship
        chosen = self.further + self.own + self.late
        same = [x for x in chosen if x.relationship.parent == key.parent]
        alone = len(same) == 1 and key.parent.casefold() != PARENT
        name = key.parent if alone else f"{key.parent}({', '.join(key.columns)})"
        return name.replace(".", "·")


def ties(tables: Mapping[str, Loaded], name: str, main: str | None = None) -> Ties:
    """Sort the foreign keys of a table; ``main`` names the main parent, else `choose_main` does.

    A parent of a handful of rows is no main parent, unless a key of the table needs it.
    """
    loaded = tables[name]
    verbatim = [n for n, t in tables.items() if t.table.verbatim]
    typed = tuple(x for x in loaded.links if x.relationship.when)
    open_ = [x for x in loaded.links if x not in typed]
    own = tuple(x for x in open_ if x.relationship.parent == loaded.table.name)
    copied = tuple(x for x in open_ if x.relationship.parent in verbatim)
    late = (*(x for x in open_ if x.relationship.cut and x not in copied), *typed)
    rest = [x for x in loaded.links if x not in own + copied + late]
    keyed = {c for k in (loaded.table.primary_key, *loaded.table.unique_keys) for c in k}
    able = [
        x
        for x in rest
        if tables[x.relationship.parent].rows >= MIN_PARENTS
        or loaded.table.nested
        or keyed.intersection(x.relationship.columns)
    ]
    given = next((x for x in rest if x.relationship.parent == main), None)
    chosen = given or choose_main(loaded, able)
    return Ties(chosen, tuple(x for x in rest if x is not chosen), copied, own, late)


def choose_main(loaded: Loaded, links: Sequence[LinkData]) -> LinkData | None:
    """The parent whose children resemble one another most: the one they form a history of.

    A reference inside a composite key goes first, then one that contains another's columns; one
    that is mostly NULL goes last.
    """
    if len(links) < 2:
        return links[0] if links else None
    keys = [set(k) for k in (loaded.table.primary_key, *loaded.table.unique_keys) if len(k) > 1]

    def rank(link: LinkData) -> tuple[int, int, int, float]:
        columns = set(link.relationship.columns)
        keyed = int(any(columns <= k for k in keys))
        covers = sum(columns > set(x.relationship.columns) for x in loaded.links)
        mostly = int((link.parent_row >= 0).mean() > 0.5) if loaded.rows else 0
        return keyed, covers, mostly, likeness(loaded, link)

    return max(links, key=rank)


def likeness(loaded: Loaded, link: LinkData) -> float:
    """How much more, or less, often siblings agree than any two rows do: 0 (not at all) to 1.

    The mean over the columns. Siblings that differ on purpose (an owner and who may sign for him)
    are a family too.
    """
    order = np.lexsort((loaded.hash, link.parent_row))
    order = order[link.parent_row[order] >= 0][:LIKENESS_ROWS]
    same = link.parent_row[order][1:] == link.parent_row[order][:-1]
    if same.sum() < 10:
        return 0.0
    gains = [0.0]
    for column in loaded.columns.values():
        code = binned(column)[order]
        chance = float(((np.bincount(code) / max(len(code), 1)) ** 2).sum())
        if chance < 0.99:
            agree = float((code[1:] == code[:-1])[same].mean())
            gains.append(abs(agree - chance) / (1 - chance))
    return float(np.mean(gains)) * float(same.mean())


def gather(column: Coded, rows: np.ndarray, name: str) -> Coded:
    """A parent's column for its children; NULL where the row is -1."""
    at, has = np.maximum(rows, 0), rows >= 0
    if len(column.rank) == 0:
        return replace(
            column,
            name=name,
            raw=Raw(np.zeros(len(rows), column.raw.values.dtype), has),
            rank=np.zeros(len(rows), np.int32),
        )
    raw = column.raw.take(at)
    if isinstance(column.domain, Categories):
        raw = Raw(np.where(has, raw.values, 0))
    else:
        raw = Raw(raw.values, has if raw.valid is None else raw.valid & has)
    return replace(
        column, name=name, raw=raw, rank=np.where(has, column.rank[at], 0).astype(np.int32)
    )


def whole(name: str, values: np.ndarray, valid: np.ndarray | None = None) -> Coded:
    """A column of whole numbers made here."""
    return coded(name, Grid("BIGINT"), Raw(values.astype(np.int64), valid))


def child_counts(link: LinkData, parents: int) -> np.ndarray:
    """Children of every parent row, int64 of shape (parents,)."""
    return np.bincount(link.parent_row[link.parent_row >= 0], minlength=parents).astype(np.int64)


def parent_kinds(
    parent: Loaded,
    columns: Sequence[Coded],
    child: Loaded,
    link: LinkData,
) -> tuple[Tree, np.ndarray]:
    """Kind of every parent row, 1 … KINDS.

    The kinds are the leaves of a tree that predicts the mean profile of a parent's children.

    Args:
        parent: its rows.
        columns: what the tree may ask about, columns of the parent.
        child: its children.
        link: which child row belongs to which parent row.

    Returns:
        The tree, thresholds in ranks, and its cell for every row, int64 of shape (parents,).
    """
    from sklearn.tree import DecisionTreeRegressor

    has = link.parent_row >= 0
    rows = link.parent_row[has]
    count = np.bincount(rows, minlength=parent.rows)
    seen = np.flatnonzero(count)
    profile = [
        np.bincount(rows, weights=t[has], minlength=parent.rows)[seen] / count[seen]
        for t in _targets(list(child.columns.values()))
    ]
    if not columns or not profile or len(seen) < 2 * KIND_ROWS:
        return Tree.single(), np.zeros(parent.rows, np.int64)
    features = np.column_stack([c.rank for c in columns]).astype(np.float32)
    grown = DecisionTreeRegressor(max_leaf_nodes=KINDS, min_samples_leaf=KIND_ROWS, random_state=0)
    grown.fit(features[seen], np.column_stack(profile), sample_weight=np.sqrt(count[seen]))
    return whole_tree(grown, features)


def _targets(columns: Sequence[Coded]) -> list[np.ndarray]:
    """What a child row is like, as numbers with spread 1.

    Ranks of numbers, and for labels whether it is one of the commonest.
    """
    out = []
    for column in columns:
        if column.numeric:
            out.append(column.rank / max(len(column.values), 1))
        else:
            common = np.argsort(-column.count, kind="stable")[:8]
            out += [(column.rank == 1 + c).astype(np.float64) for c in common]
    return [t / t.std() for t in out if len(t) and t.std() > 0]
