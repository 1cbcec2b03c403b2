"""What a report draws: each column over itself, and how strongly columns hang together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from string import Template

from genesis_sql.evaluate.counts.counting import table_facts
from genesis_sql.evaluate.counts.edges import bin_sql, drawn_edges
from genesis_sql.evaluate.counts.facts import FINE, Facts, Numbers
from genesis_sql.evaluate.counts.joint import Joint, Pair, all_pairs, joint_facts
from genesis_sql.evaluate.counts.values import run, sides_of, stacked, value_sql
from genesis_sql.evaluate.measures import Distribution, Matrix
from genesis_sql.evaluate.pairs import chosen
from genesis_sql.evaluate.sides import MOMENT, Sides
from genesis_sql.types import Role, Table

MOST_BINS, MOST_COLUMNS = 20, 30
REST = "…"


def distributions(sides: Sides, most_bins: int = MOST_BINS) -> list[Distribution]:
    """Every measured column of every table, real beside synthetic.

    Labels: the commonest of the real side, then '…' for all others. Numbers and moments: bins of
    one width from the real side's 1 % to its 99 % quantile; the outer bins hold what lies beyond,
    synthetic values outside of the real range too. Few different numbers have a bin each.

    Raises:
        SchemaError: a table has no rows.
    """
    return [
        _drawn(sides, table, name, fact, most_bins)
        for table in sides.tables
        for name, fact in table_facts(sides, table).items()
    ]


def matrices(sides: Sides, most_columns: int = MOST_COLUMNS) -> list[Matrix]:
    """How columns hang together, for every table with two measured columns or more.

    Association is mutual information over the root of the product of the two entropies, of labels
    and of numbers in 10 quantile bins: 0 for independent columns, 1 where each tells the other. Of
    a wide table those columns are shown that are in the strongest or the worst pair.

    Raises:
        SchemaError: a table has no rows.
    """
    found = []
    for table in sides.tables:
        facts = table_facts(sides, table)
        if len(facts) > 1:
            names = _shown(sides, table, facts, most_columns)
            pairs = all_pairs({n: facts[n] for n in names})
            found.append(_matrix(table.name, names, facts, joint_facts(sides, table, pairs)))
    return found


# distributions

_BINS = Template("SELECT side, $bin AS bin, count(*) FROM $rows GROUP BY ALL ORDER BY ALL")


def _drawn(sides: Sides, table: Table, name: str, fact: Facts, most: int) -> Distribution:
    if fact.labels is not None:
        bins = fact.labels.names[:most]
        counts = [list(c[:most]) for c in fact.labels.counts[:2]]
        rest = [fact.values[side] - sum(counts[side]) for side in (0, 1)]
        if any(rest):
            bins = (*bins, REST)
            counts = [[*c, r] for c, r in zip(counts, rest, strict=True)]
    elif fact.numbers is not None:
        bins, counts = _number_bins(sides, table, fact, fact.numbers, most)
    shares = [tuple(c / rows for c in side) for side, rows in zip(counts, fact.rows, strict=False)]
    return Distribution(
        table=table.name,
        column=name,
        kind=fact.kind,
        bins=tuple(map(str, bins)),
        real=shares[0],
        synthetic=shares[1],
        nulls=(fact.nulls(0), fact.nulls(1)),
        similarity=1 - fact.variation[0],
    )


def _number_bins(
    sides: Sides, table: Table, fact: Facts, numbers: Numbers, most: int
) -> tuple[tuple[str, ...], list[list[int]]]:
    if numbers.distinct <= min(most, FINE):
        edges = numbers.fine
        counts = [list(c[1:]) for c in numbers.counts[:2]]
    else:
        edges = drawn_edges(numbers.low, numbers.high, numbers.middle, most, whole=numbers.whole)
        value = f"{value_sql(fact.column, fact.kind)} AS v"
        rows = stacked(sides_of(sides, table.name)[:2], value)
        statement = _BINS.substitute(bin=bin_sql("v", edges), rows=rows)
        found = {(side, b): count for side, b, count in run(sides.con, statement)}
        counts = [[found.get((side, b), 0) for b in range(1, len(edges) + 2)] for side in (0, 1)]
    return tuple(_shown_edge(e, fact) for e in (numbers.low, *edges, numbers.high)), counts


def _shown_edge(value: float, fact: Facts) -> str:
    """An edge as people write it."""
    if fact.kind != MOMENT:
        return f"{value:.6g}"
    try:
        moment = datetime(1970, 1, 1) + timedelta(microseconds=value)
    except OverflowError:
        return f"{value:.6g}"
    role = fact.column.role
    if role is Role.TIME:
        return moment.strftime("%H:%M:%S")
    return moment.date().isoformat() if role is Role.DATE else moment.isoformat(" ", "minutes")


# matrices


def _shown(sides: Sides, table: Table, facts: Mapping[str, Facts], most: int) -> Sequence[str]:
    if len(facts) <= most:
        return list(facts)
    joint = joint_facts(sides, table, chosen(facts))
    best: dict[str, float] = dict.fromkeys(facts, 0.0)
    for pair, both in joint.items():
        for name in pair:
            best[name] = max(best[name], both.information[0], both.variation[0] - both.chance)
    keep = set(sorted(facts, key=lambda n: (-best[n], n))[:most])
    return [n for n in facts if n in keep]


def _matrix(
    table: str,
    names: Sequence[str],
    facts: Mapping[str, Facts],
    joint: Mapping[Pair, Joint],
) -> Matrix:
    def rows(side: int) -> tuple[tuple[float, ...], ...]:
        return tuple(
            tuple(1.0 if a == b else _of(joint, a, b).information[side] for b in names)
            for a in names
        )

    similarity = tuple(
        tuple(
            1 - (facts[a].variation[0] if a == b else _of(joint, a, b).variation[0]) for b in names
        )
        for a in names
    )
    return Matrix(table, tuple(names), rows(0), rows(1), similarity)


def _of(joint: Mapping[Pair, Joint], a: str, b: str) -> Joint:
    return joint[a, b] if (a, b) in joint else joint[b, a]
