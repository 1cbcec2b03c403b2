"""All that is measured of two sets of tables, group by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from genesis_sql.errors import OptionError, nearest
from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.sides import Sides

GROUPS = ("shapes", "pairs", "validity", "relations", "sequences", "detection", "utility")
"""Modules of this folder; each has METRICS and `measure(sides)`. The last two train classifiers."""


def metrics() -> Mapping[str, Measure]:
    """What all metrics mean, by name."""
    return {m.name: m for group in GROUPS for m in metrics_of(group)}


def metrics_of(group: str) -> tuple[Measure, ...]:
    """What the metrics of a group mean."""
    return tuple(_module(group).METRICS)


def check_groups(given: Sequence[str] | None) -> tuple[str, ...]:
    """The groups to measure, in order; all where none are given.

    Raises:
        OptionError: one is unknown, or the list is empty.
    """
    for name in given or ():
        if name not in GROUPS:
            message = f"there are no metrics '{name}'{nearest(name, GROUPS)}"
            raise OptionError(message)
    if given is not None and not given:
        message = f"metrics := [] measures nothing; leave it out, or choose of {', '.join(GROUPS)}"
        raise OptionError(message)
    return GROUPS if given is None else tuple(g for g in GROUPS if g in given)


def measurer(group: str) -> Callable[[Sides], list[Metric]]:
    """What measures a group."""
    return lambda sides: list(_module(group).measure(sides))


def evaluate(sides: Sides, groups: Sequence[str] = GROUPS) -> list[Metric]:
    """Measure groups of metrics; rows in their order.

    Without a target, utility is measured only where it was asked for, and then refuses.
    """
    out: list[Metric] = []
    if tuple(groups) == GROUPS and not sides.targets:
        groups = [g for g in GROUPS if g != "utility"]
    for at, group in enumerate(groups):
        sides.progress(f"measuring {group}", at / len(groups))
        measure: Callable[[Sides], list[Metric]] = _module(group).measure
        out += measure(sides)
    return out


def _module(group: str) -> Any:
    return import_module(f"genesis_sql.evaluate.{group}")
