"""Compares a run with its profile: what must always hold, and what chance allows.

Keys, references, bounds, labels, copies and expressions hold in every row. Shares and
distributions have p-values that are valid at every size (`chance`), one for each column, corrected
together after Holm: a correct run fails with a chance of at most 5 %, whatever its size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import duckdb
import numpy as np

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.calibrate import Joint, calibrated
from genesis_sql.profiles.chance import distance_p, holm, sum_p
from genesis_sql.profiles.draws import Drawn, routed
from genesis_sql.profiles.laws import Slots
from genesis_sql.profiles.made_checks import made_checks
from genesis_sql.profiles.observe import (
    Seen,
    bounds_of,
    edges_of,
    labels_seen,
    law_sql,
    numbers_seen,
)
from genesis_sql.profiles.related import relation_checks
from genesis_sql.profiles.rows import Shown, row_checks, whole
from genesis_sql.profiles.tables import TableLaws, read_tables
from genesis_sql.profiles.verdict import Check
from genesis_sql.program.domain import Categories
from genesis_sql.program.steps import Tree
from genesis_sql.sqlbuild import quoted

LEVEL = 0.05
"""The chance that a correct run fails, of all its checks together."""

Con = duckdb.DuckDBPyConnection


def validate(con: Con, tables: Mapping[str, str], plain: Mapping[str, Any]) -> list[Check]:
    """The checks of a run.

    Args:
        con: where it lies.
        tables: text that can stand behind FROM, by table of the profile; quoted by the caller.
        plain: the profile it was made of.

    Returns:
        Every check; those of chance with their p-value, adjusted for all of them.

    Raises:
        ProfileError: a table is not one of the profile.

    Example:
        >>> people = {"rows": 2, "columns": {"id": {"type": "key"}}}
        >>> run = {"people": "(SELECT unnest([1, 1]) AS id)"}
        >>> checks = validate(duckdb.connect(), run, {"tables": {"people": people}})
        >>> [(c.check, c.passed) for c in checks]
        [('rows', True), ('unique', False)]
    """
    laws = _laws(json.dumps(plain))
    for name in tables:
        if name not in laws:
            message = f"the profile has no table '{name}'{nearest(name, laws)}"
            raise ProfileError(message)
    shown = {n: Shown.of(con, laws[n], laws, tables) for n in laws if n in tables}
    out: list[Check] = []
    for name, table in laws.items():
        if name not in shown:
            out.append(Check(name, "", "rows", "a table", "no table", False))
            continue
        out += row_checks(con, table, laws, shown)
        out += made_checks(con, table, laws, shown)
        out += relation_checks(con, table, laws, shown)
        out += _chances(con, table, shown[name])
    for name, table in laws.items():
        if name in shown and table.parent in shown and not table.flags:
            out += _children(con, table, laws, shown)
    return _together(out)


@lru_cache(maxsize=16)
def _laws(plain: str) -> dict[str, TableLaws]:
    """The tables of a profile with the intercepts of its rates, once for many runs."""
    return calibrated(read_tables(json.loads(plain)))


def _together(checks: Sequence[Check]) -> list[Check]:
    """The checks of chance, adjusted for one another."""
    at = [i for i, c in enumerate(checks) if c.p_value is not None]
    adjusted = dict(zip(at, holm([checks[i].p_value or 0.0 for i in at]), strict=True))
    return [
        replace(c, p_value=adjusted[i], passed=adjusted[i] > LEVEL) if i in adjusted else c
        for i, c in enumerate(checks)
    ]


def _chances(con: Con, table: TableLaws, shown: Shown) -> Iterator[Check]:
    """A check of the distribution of each drawn column that the run shows."""
    if not shown.rows:
        return
    for name in table.order:
        if name not in shown.columns and name not in shown.copies:
            continue
        drawn = table.drawn[name]
        known = all(i in shown.columns or i in shown.copies for i in drawn.inputs)
        found = routed(drawn, table.axes) if known else _marginal(table, drawn)
        if found is None:
            text = "depends on hidden columns"
            yield Check(table.name, name, "distribution", "", text, None)
            continue
        tree, laws = found
        held = drawn if known else replace(drawn, cases=(), logit=None)
        select = law_sql(held, table.axes if known else {}, tree, shown.source)
        yield from _distribution(con, table.name, drawn, laws, select)


def _marginal(table: TableLaws, drawn: Drawn) -> tuple[Tree, Sequence[Slots]] | None:
    """The law of a root's column whatever it depends on; None where that is not known."""
    if table.parent is not None:
        return None
    try:
        joint = Joint(table, [drawn.name])
    except ProfileError:
        return None
    if drawn.logit is not None:
        share = joint.ones[drawn.name] / max(1.0 - drawn.null, 1e-300)
        return Tree.single(), [drawn.flag(share)]
    parts = list(zip(joint.cells[drawn.name], drawn.laws, strict=True))
    parts = [(share, law) for share, law in parts if share > 0]
    mixed = Slots(
        np.concatenate([law.low for _, law in parts]),
        np.concatenate([law.width for _, law in parts]),
        np.concatenate([share * law.weight for share, law in parts]),
        float(sum(share * law.null for share, law in parts)),
    )
    return Tree.single(), [mixed]


def _distribution(
    con: Con, table: str, drawn: Drawn, laws: Sequence[Slots], select: str
) -> Iterator[Check]:
    labels = isinstance(drawn.kind, Categories) or drawn.logit is not None
    if labels:
        seen = labels_seen(con, drawn, laws, select)
        strange = sum(s.strange for s in seen)
        if strange:
            yield Check(
                table, drawn.name, "values", "its labels only", f"{strange:,} others", False
            )
        p, expected, found = _of_labels(drawn, seen)
    else:
        edges = edges_of(laws)
        seen = numbers_seen(con, drawn, laws, select, edges)
        yield from _bounds(table, drawn, seen, edges)
        p, expected, found = _of_numbers(seen, edges)
    yield Check(table, drawn.name, "distribution", expected, found, None, p)


def _of_labels(drawn: Drawn, seen: Sequence[Seen]) -> tuple[float, str, str]:
    """Every label and NULL: their number in all rows, and under each law."""
    kind = drawn.kind
    many = len(kind.labels) if isinstance(kind, Categories) else 2
    first = 1 if isinstance(kind, Categories) else 0
    seen = [s for s in seen if s.rows]
    sizes, rows = [s.rows for s in seen], sum(s.rows for s in seen)
    shares = np.array([[_share(s.law, first + i) for i in range(many)] for s in seen])
    counts = np.array([s.counts for s in seen])
    tested = range(1, many) if many == 2 else range(many)
    tests = [(counts[:, i], shares[:, i]) for i in tested]
    tests.append((np.array([s.nulls for s in seen]), np.array([s.law.null for s in seen])))
    tests = [(c, p) for c, p in tests if c.any() or p.any()]
    found = [sum_p(int(c.sum()), sizes, p.tolist()) for c, p in tests]
    if len(seen) > 1:
        pairs = [(c, p, n) for cs, ps in tests for c, p, n in zip(cs, ps, sizes, strict=True)]
        found += [sum_p(int(c), [n], [float(p)]) for c, p, n in pairs]
    wanted = (shares * np.array(sizes)[:, None]).sum(axis=0) / rows
    far = int(np.argmax(np.abs(wanted - counts.sum(axis=0) / rows)))
    label = kind.labels[far] if isinstance(kind, Categories) else str(far)
    if many == 2:
        far, label = 1, kind.labels[1] if isinstance(kind, Categories) else "1"
    return (
        min(1.0, min(found, default=1.0) * max(len(found), 1)),
        f"{label}: {wanted[far]:.2%}",
        f"{counts[:, far].sum() / rows:.2%} of {rows:,}",
    )


def _share(law: Slots, value: int) -> float:
    return float(law.weight[law.low == value].sum())


def _bounds(table: str, drawn: Drawn, seen: Sequence[Seen], edges: np.ndarray) -> Iterator[Check]:
    """Numbers outside what their law allows: before its first value, behind its last."""
    outside = 0
    for one in (s for s in seen if s.rows):
        known, until = one.rows - one.nulls, np.cumsum(one.counts)
        if len(one.law.low):
            low, high = (int(np.searchsorted(edges, end)) for end in bounds_of(one.law))
            outside += int(until[low] + known - until[high])
        else:
            outside += known
    if outside:
        found = f"{outside:,} values outside"
        yield Check(table, drawn.name, "values", "inside its bounds", found, False)


def _of_numbers(seen: Sequence[Seen], edges: np.ndarray) -> tuple[float, str, str]:
    """The largest distance of the distribution functions under each law, and the NULLs."""
    found, worst = [], (0.0, 0)
    for one in seen:
        known = one.rows - one.nulls
        if one.rows and (one.nulls or one.law.null):
            found.append(sum_p(one.nulls, [one.rows], [one.law.null]))
        if not known or not len(one.law.low):
            continue
        wanted = one.law.below(edges) / max(1.0 - one.law.null, 1e-300)
        distance = float(np.abs(np.cumsum(one.counts)[:-1] / known - wanted).max(initial=0.0))
        worst = max(worst, (distance, known))
        found.append(distance_p(distance, known))
    p = min(1.0, min(found, default=1.0) * max(len(found), 1))
    return p, "distance 0", f"{worst[0]:.4f} in {worst[1]:,} rows"


def _children(
    con: Con, table: TableLaws, laws: Mapping[str, TableLaws], shown: Mapping[str, Shown]
) -> Iterator[Check]:
    """How many children the parents have."""
    above = laws[str(table.parent)]
    own, theirs = ([pair[i] for pair in table.main] for i in (0, 1))
    name = f"#count:{table.name}"
    drawn, there = above.drawn[name], shown[above.name]
    known = all(i in there.columns or i in there.copies for i in drawn.inputs)
    there_ = set(own) <= shown[table.name].columns and set(theirs) <= there.columns
    if not own or not there_ or not there.rows:
        return
    found = routed(drawn, above.axes) if known else _marginal(above, drawn)
    if found is None:
        yield Check(table.name, "", "children", "", "depends on hidden columns", None)
        return
    tree, slots = found
    counts = (
        f"(SELECT p.*, coalesce(c.n, 0) AS {quoted(name)} FROM {there.source} AS p LEFT JOIN "  # noqa: S608
        f"(SELECT {whole(own, 't')} AS k, count(*) AS n FROM {shown[table.name].relation} AS t "
        f"GROUP BY k) AS c ON c.k = {whole(theirs, 'p')})"
    )
    held = drawn if known else replace(drawn, cases=())
    select = law_sql(held, above.axes if known else {}, tree, counts)
    edges = edges_of(slots)
    seen = numbers_seen(con, drawn, slots, select, edges)
    p, expected, told = _of_numbers(seen, edges)
    yield Check(table.name, "", "children", expected, told, None, p)
