"""Quasi-identifiers that were generalised are drawn together: no row gets a group nobody is in.

Column by column, trees would combine generalised values as no source row does. So the group of a
row is one hidden label, and the group fixes the quasi-identifiers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from genesis_sql.errors import OptionError
from genesis_sql.models.anonymity import anonymity_note
from genesis_sql.models.determine import lookup_step
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.load import Loaded
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.types import Graph

if TYPE_CHECKING:
    from genesis_sql.models.fit import Learner

GROUP = "#quasi"
MOST = 512
"""Groups that a tree tells apart by the parent's columns; of more, only how frequent they are."""


def group_of(columns: Sequence[Coded]) -> Coded:
    """The combination of the columns' values as one label column."""
    ranks = np.stack([c.rank for c in columns], axis=1)
    found, place = np.unique(ranks, axis=0, return_inverse=True)
    labels = tuple(str(k + 1) for k in range(len(found)))
    return coded(GROUP, Categories("VARCHAR", labels), Raw(place.ravel().astype(np.int32) + 1))


def learn_quasi(learner: Learner, names: Sequence[str]) -> None:
    """Learn the group, then look up each quasi-identifier in it.

    Raises:
        OptionError: A quasi-identifier is fixed by a key or by the children of the rows.
    """
    lost = [n for n in names if n not in learner.open]
    if lost:
        message = (
            f"quasi-identifier '{lost[0]}' of table '{learner.name}' follows from other columns or "
            "tables; leave it out"
        )
        raise OptionError(message)
    group = group_of([learner.own[n] for n in names])
    learner.grow(GROUP, group, learner.asked() if len(group.values) <= MOST else [])
    for name in names:
        target = learner.own[name]
        learner.domains[name] = target.domain
        learner.middle.append(lookup_step(target, [group], 1))
        learner._done(name, "lookup", "generalised, drawn together with the quasi-identifiers")
        learner._known_now(target)


def anonymity_notes(
    graph: Graph, tables: Mapping[str, Loaded], options: Mapping[str, FitOptions]
) -> dict[str, list[str]]:
    """How far the rows of each table were generalised, by table."""
    asked = {n: o.anonymity for n, o in options.items()}
    return {
        name: [anonymity_note(graph.table(name), tables[name].arrow, wanted)]
        for name, wanted in asked.items()
        if wanted is not None
    }
