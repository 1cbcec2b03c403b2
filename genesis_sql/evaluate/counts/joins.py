"""Rows beside those they belong to, as SQL: children with an ancestor, parents with their children.

Keys are compared by equality, a reference with a NULL in it is none. Where a key names several
rows (counted elsewhere), they count as one, so that a broken key cannot multiply a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template

from genesis_sql.evaluate.features import Feature, features_of, number_sql
from genesis_sql.evaluate.sides import LABEL, Sides, measured
from genesis_sql.graph.keys import holds
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Graph, Relationship

Way = tuple[Relationship, ...]
"""Foreign keys from a table up to one above it."""

_CHILDREN = Template("SELECT * FROM $child WHERE $referring")
_NAMED = Template("SELECT $keys, $values FROM $table WHERE $referring GROUP BY $groups")
_REACHED = Template('(SELECT $columns FROM ($child) AS "#0" $joins)')
_JOIN = Template("$how JOIN ($rows) AS $alias ON $same")
_GROUPED = Template('(SELECT $columns FROM (SELECT * FROM $parent) AS "#0" $joins)')


def ways_up(sides: Sides, table: str, most: int = 3) -> list[Way]:
    """Every way from a table to one above it, along at most so many foreign keys."""
    steps = [r for r in sides.relationships if r.columns]
    out: list[Way] = []
    front: list[Way] = [(r,) for r in steps if r.child == table]
    while front:
        out += front
        longer = [w for w in front if len(w) < most]
        front = [(*w, r) for w in longer for r in steps if r.child == w[-1].parent]
    return out


def referring(key: Relationship) -> str:
    """The rows of a child that refer to a parent, as a condition."""
    filled = [f"{quoted(c)} IS NOT NULL" for c in key.columns]
    return " AND ".join([*filled, holds(key.when)])


def family(key: Relationship, alias: str = "#0") -> str:
    """A number that rows of one parent share."""
    return f"hash({', '.join(f'{quoted(alias)}.{quoted(c)}' for c in key.columns)})"


def same_key(key: Relationship, below: str, above: str) -> str:
    """The condition that a row refers to another, whose key columns are called k0 and so on."""
    return " AND ".join(
        f"{quoted(below)}.{quoted(c)} = {quoted(above)}.k{i}" for i, c in enumerate(key.columns)
    )


def reached(
    place: Mapping[str, str],
    way: Way,
    below: Mapping[str, str],
    above: Mapping[str, str],
    *,
    orphans: bool = False,
) -> str:
    """Rows of the lowest table with values of the highest one, to stand behind FROM.

    Args:
        place: SQL text behind FROM by table.
        way: foreign keys between the two.
        below: SQL over the rows called "#0", by the name it gets.
        above: SQL over bare columns of the highest table, by the name it gets.
        orphans: whether rows are kept whose parent is not there.
    """
    joins = []
    for at, key in enumerate(way):
        last = at + 1 == len(way)
        carried = above if last else {c: quoted(c) for c in way[at + 1].columns}
        rows = _named(place[key.parent], key, carried, "true" if last else referring(way[at + 1]))
        low, high = f"#{at}", f"#{at + 1}"
        how = "LEFT" if orphans else ""
        same = same_key(key, low, high)
        joins.append(_JOIN.substitute(how=how, rows=rows, alias=quoted(high), same=same))
    columns = [f"{sql} AS {quoted(name)}" for name, sql in below.items()]
    columns += [f"{quoted(f'#{len(way)}')}.{quoted(name)}" for name in above]
    child = _CHILDREN.substitute(child=place[way[0].child], referring=referring(way[0]))
    return _REACHED.substitute(columns=", ".join(columns), child=child, joins=" ".join(joins))


def _named(table: str, key: Relationship, carried: Mapping[str, str], where: str) -> str:
    """A row for each value of a key, with the least of each value it carries."""
    names = [f"k{i}" for i in range(len(key.parent_columns))]
    keys = [f"{quoted(c)} AS {n}" for n, c in zip(names, key.parent_columns, strict=True)]
    values = [f"min({sql}) AS {quoted(name)}" for name, sql in carried.items()]
    return _NAMED.substitute(
        keys=", ".join(keys),
        values=", ".join(values) or "true",
        table=table,
        referring=where,
        groups=", ".join(map(str, range(1, len(names) + 1))),
    )


def joined(
    graph: Graph, place: Mapping[str, str], key: Relationship
) -> tuple[str, tuple[Feature, ...]]:
    """Children with their parent: what stands behind FROM, and the features of both."""
    own = features_of(graph.table(key.child), "#0")
    theirs = features_of(graph.table(key.parent), "", f"{key.parent}.")
    below = {f"b{i}": f.sql for i, f in enumerate(own)} | {"family": family(key)}
    above = {f"a{i}": f.sql for i, f in enumerate(theirs)}
    source = reached(place, (key,), below, above, orphans=True)
    named = [Feature(f.column, quoted(f"b{i}"), f.label) for i, f in enumerate(own)]
    named += [Feature(f.column, quoted(f"a{i}"), f.label) for i, f in enumerate(theirs)]
    return source, tuple(named)


def gathered(
    graph: Graph, place: Mapping[str, str], parent: str, keys: Sequence[Relationship]
) -> tuple[str, tuple[Feature, ...]]:
    """Parents with aggregates of their children: what stands behind FROM, and the features.

    Of each child table: how many rows; mean, least and greatest of numbers and moments; how many
    different labels.
    """
    columns, joins, features = [], [], []
    for i, feature in enumerate(features_of(graph.table(parent), "#0")):
        columns.append(f"{feature.sql} AS p{i}")
        features.append(Feature(feature.column, f"p{i}", feature.label))
    for number, key in enumerate(keys):
        alias = f"#c{number}"
        names = [f"k{i}" for i in range(len(key.columns))]
        values = {"rows": "count(*)"} | _aggregates(graph, key)
        rows = _NAMED.substitute(
            keys=", ".join(f"{quoted(c)} AS {n}" for n, c in zip(names, key.columns, strict=True)),
            values=", ".join(f"{sql} AS {quoted(name)}" for name, sql in values.items()),
            table=place[key.child],
            referring=referring(key),
            groups=", ".join(map(str, range(1, len(names) + 1))),
        )
        same = " AND ".join(
            f'"#0".{quoted(c)} = {quoted(alias)}.{n}'
            for n, c in zip(names, key.parent_columns, strict=True)
        )
        joins.append(_JOIN.substitute(how="LEFT", rows=rows, alias=quoted(alias), same=same))
        for i, name in enumerate(values):
            sql = f"{quoted(alias)}.{quoted(name)}"
            sql = f"coalesce({sql}, 0)" if name == "rows" else sql
            columns.append(f"{sql} AS c{number}_{i}")
            shown = f"{key.child}({', '.join(key.columns)}) {name}"
            features.append(Feature(shown, f"CAST(c{number}_{i} AS DOUBLE)", label=False))
    source = _GROUPED.substitute(
        columns=", ".join(columns), parent=place[parent], joins=" ".join(joins)
    )
    return source, tuple(features)


def _aggregates(graph: Graph, key: Relationship) -> dict[str, str]:
    """SQL by name of what is gathered of the rows of one parent."""
    table, out = graph.table(key.child), {}
    for name, kind in measured(table).items():
        if kind == LABEL:
            out[f"different {name}"] = f"count(DISTINCT {quoted(name)})"
            continue
        sql = number_sql(quoted(name), table.column(name).role)
        for shown, function in (("mean", "avg"), ("least", "min"), ("greatest", "max")):
            out[f"{shown} {name}"] = f"{function}({sql})"
    return out
