"""All sides of a table as small whole numbers: the bin or the label of each value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from string import Template

from genesis_sql.evaluate.counts.edges import bin_sql, equal_edges
from genesis_sql.evaluate.counts.facts import COARSE, Facts
from genesis_sql.evaluate.counts.values import kept, sides_of, stacked, value_sql
from genesis_sql.evaluate.sides import Sides
from genesis_sql.sqlbuild import quoted, string


def code_names(columns: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What the codes of each column are called: by quantile or label, and by bins of one width."""
    return (
        {c: quoted(f"q{at}") for at, c in enumerate(columns)},
        {c: quoted(f"w{at}") for at, c in enumerate(columns)},
    )


_CODES = Template("SELECT $parts FROM $rows")


@contextmanager
def coded(sides: Sides, table: str, facts: Mapping[str, Facts]) -> Iterator[str]:
    """A temporary table of the codes of some columns, and `side`; 0 is NULL in each of them."""
    quantile, wide = code_names(list(facts))
    some_labels = any(f.labels for f in facts.values())
    values: list[str] = []
    parts = ["side"]
    for name, fact in facts.items():
        value, code = quoted(f"v{len(values)}"), quantile[name]
        values.append(f"{value_sql(fact.column, fact.kind)} AS {value}")
        if fact.labels is not None:
            parts.append(f"{_label_sql(value, fact.labels.names)} AS {code}")
        elif fact.numbers is not None:
            parts.append(f"{bin_sql(value, fact.numbers.coarse)} AS {code}")
            if some_labels:
                edges = equal_edges(fact.numbers.low, fact.numbers.high, COARSE)
                parts.append(f"{bin_sql(value, edges)} AS {wide[name]}")
    query = _CODES.substitute(
        parts=", ".join(parts), rows=stacked(sides_of(sides, table), ", ".join(values))
    )
    with kept(sides.con, query) as made:
        yield made


def _label_sql(value: str, names: Sequence[str]) -> str:
    """The place of a label in a list, from 1; one more where it is not in it; 0 of NULL."""
    known = ", ".join(string(n) for n in names)
    type_ = "UTINYINT" if len(names) < 254 else "USMALLINT"
    place = f"enum_code(TRY_CAST({value} AS ENUM({known})))"
    other = f"CASE WHEN {value} IS NULL THEN 0 ELSE {len(names) + 1} END"
    return f"CAST(coalesce(CAST({place} AS USMALLINT) + 1, {other}) AS {type_})"
