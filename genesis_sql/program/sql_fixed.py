"""The SQL form of the steps that compute: lookups, formulas, calendar parts, choices."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from sqlglot import exp

from genesis_sql.program.calendar import DAY
from genesis_sql.program.domain import Categories
from genesis_sql.program.formula import formula_columns, parse_formula
from genesis_sql.program.sql_cells import cut, lookup
from genesis_sql.program.sql_nodes import (
    above,
    add,
    as_type,
    both,
    call,
    case,
    div,
    greatest,
    is_null,
    least,
    less,
    literal,
    mod,
    named,
    op,
    own,
    real,
    times,
)
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.steps import Either, Following, Formula, Lookup, Override, Part, Program
from genesis_sql.sqlbuild import column

MOST_DAYS = 200_000
"""Places of a list that leads from a moment to the day behind it; beyond, it is searched."""


class Writer(Protocol):
    """What these steps ask of the writer of a program."""

    relation: Relation
    program: Program

    def keep(self, name: str, node: exp.Expression) -> exp.Column:
        """Add a column."""
        ...


def write_lookup(writer: Writer, step: Lookup) -> None:
    """Places among the levels, their mixed radix number, the last key that is not above it."""
    place: exp.Expression = literal(0)
    for name, levels in zip(step.inputs, step.levels, strict=True):
        labels = levels.dtype == np.int32
        known = above(column(name), 0) if labels else exp.Not(this=is_null(column(name)))
        at = greatest(op(exp.Sub, _reached(column(name), levels), 1), 1)
        place = add(times(place, len(levels) + 1), case([(known, at)], literal(0)))
    number = writer.keep(f"#{step.column} place", place)
    found = greatest(op(exp.Sub, _reached(number, step.keys), 2), 0)
    at = writer.keep(f"#{step.column} at", found)
    value = lookup(writer.relation, f"#{step.column} values", step.values, at)
    if step.valid is not None:
        valid = lookup(
            writer.relation, f"#{step.column} valid", step.valid.astype(np.int64), at.copy()
        )
        value = case([(op(exp.EQ, valid, 1), value)])
    writer.keep(step.column, value)


def _reached(value: exp.Expression, levels: np.ndarray) -> exp.Expression:
    """1 + the levels that are not above a value; 0 for NULL."""
    edges = (
        levels.astype(np.int64) - 1 if levels.dtype.kind == "i" else np.nextafter(levels, -np.inf)
    )
    return cut(value, edges)


def write_formula(writer: Writer, step: Formula) -> None:
    """The formula itself; NULL where one of its columns is, and 0 where it divides by 0."""

    def guarded(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.IntDiv | exp.Mod) and not isinstance(node.expression, exp.Literal):
            return case([(op(exp.EQ, node.expression.copy(), 0), literal(0))], node)
        return node

    tree = parse_formula(step.sql).copy().transform(guarded)
    made: exp.Expression = as_type(tree, "BIGINT")
    names = formula_columns(step.sql)
    if names:
        missing = [is_null(column(n)) for n in names]
        made = case([(one, exp.Null()) for one in missing], made)
    if step.otherwise is not None:
        made = call("coalesce", made, column(step.otherwise))
    writer.keep(step.column, made)


def write_part(writer: Writer, step: Part) -> None:
    """A part of a date, in whole numbers."""
    raw, per_day = column(step.source), max(DAY // step.unit, 1)
    days = _floored(raw, per_day) if step.unit < DAY else times(raw, step.unit // DAY)
    day = writer.keep(f"#{step.column} days", days)
    if step.part == "weekday":
        made = mod(add(mod(add(day.copy(), 3), 7), 7), 7)
    elif step.part == "minute of day":
        rest = op(exp.Sub, raw.copy(), times(day.copy(), per_day))
        made = div(times(rest, step.unit), 60 * 10**9)
    else:
        made = _calendar(writer, f"#{step.column}", day, step.part)
    writer.keep(step.column, as_type(made, "BIGINT"))


_ERA, _ERAS = 146_097, 15
"""Days of 400 years, and how many of them are added so that no day of 5,999 BC on is below 0."""


def _calendar(writer: Writer, name: str, day: exp.Column, part: str) -> exp.Expression:
    """A part of a date in whole numbers (Hinnant, "chrono-Compatible Low-Level Date Algorithms").

    Years begin with March, so that a leap day is the last of its year.
    """
    put = writer.relation.put
    since = put(f"{name} since", add(day.copy(), 719_468 + _ERA * _ERAS))
    of_era = put(f"{name} of era", mod(since, _ERA))
    leaps = op(
        exp.Sub, add(of_era, div(of_era, 36_524)), add(div(of_era, 1_460), div(of_era, 146_096))
    )
    years = put(f"{name} years", div(leaps, 365))
    past = op(exp.Sub, add(times(years, 365), div(years, 4)), div(years, 100))
    of_year = put(f"{name} of year", op(exp.Sub, of_era, past))
    month = put(f"{name} from March", div(add(times(of_year, 5), 2), 153))
    begins = div(add(times(month, 153), 2), 5)
    if part == "day":
        return add(op(exp.Sub, of_year, begins), 1)
    if part == "month":
        return case([(less(month, 10), add(month, 3))], op(exp.Sub, month, 9))
    year = op(exp.Sub, add(years, times(div(since, _ERA), 400)), 400 * _ERAS)
    year = put(f"{name} year", add(year, case([(less(month, 10), literal(0))], literal(1))))
    if part == "year":
        return year
    ends = div(add(times(add(month, 1), 153), 2), 5)
    leap = both(op(exp.EQ, mod(add(year, 8_000), 4), 0), _not_a_century(year))
    return op(
        exp.Sub,
        op(
            exp.Sub,
            case([(less(month, 11), ends)], add(case([(leap, literal(1))], literal(0)), 365)),
            of_year,
        ),
        1,
    )


def _not_a_century(year: exp.Expression) -> exp.Expression:
    """Whether a year that 4 divides is a leap year."""
    whole = add(year, 8_000)
    hundred = op(exp.NEQ, mod(whole, 100), 0)
    return exp.paren(exp.Or(this=hundred, expression=op(exp.EQ, mod(own(whole), 400), 0)))


def _floored(raw: exp.Expression, by: int) -> exp.Expression:
    """Whole division that rounds down below 0 too."""
    below = op(exp.Sub, literal(-1), div(op(exp.Sub, literal(-1), raw.copy()), by))
    return case([(less(raw.copy(), 0), below)], div(raw, by))


def write_either(writer: Writer, step: Either) -> None:
    """One column where the flag says so, else the other."""
    flag = op(exp.EQ, column(step.flag), 1)
    one: exp.Expression = column(step.source)
    if isinstance(writer.program.domains[step.column], Categories):
        one = call("coalesce", one, literal(0))
    writer.keep(step.column, case([(flag, one)], column(step.otherwise)))


def write_following(writer: Writer, step: Following) -> None:
    """The day that many hops behind the first one not before the base; the bound where above it."""
    base, hops, last = column(step.base), column(step.hops), len(step.days) - 1
    first = _days_before(writer, step)
    at = least(add(first, greatest(hops, 0)), last)
    found = lookup(writer.relation, f"#{step.column} days", step.days.astype(np.int64), at)
    missing = [(is_null(node), exp.null()) for node in (base, hops)]
    made: exp.Expression = case(missing, found)
    if step.at_most is not None:
        whole = writer.keep(f"#{step.column} found", made)
        bound = column(step.at_most)
        made = case([(less(bound, whole), bound)], whole)
    writer.keep(step.column, made)


def _days_before(writer: Writer, step: Following) -> exp.Expression:
    """How many of the days lie before the base."""
    days, base = step.days.astype(np.int64), column(step.base)
    low, high = int(days[0]) // step.factor, -(-int(days[-1]) // step.factor)
    if high - low >= MOST_DAYS:
        raw = writer.keep(f"#{step.column} base", times(base, step.factor))
        return op(exp.Sub, cut(raw, days), 1)
    before = np.searchsorted(days, np.arange(low, high + 2) * step.factor)
    place = greatest(op(exp.Sub, least(base, literal(high + 1)), literal(low)), 0)
    return lookup(writer.relation, f"#{step.column} before", before.astype(np.int32), place)


def write_override(writer: Writer, step: Override) -> None:
    """Other values for some rows, joined by their numbers."""
    relation, hit, other = writer.relation, f"#{step.column} changed", f"#{step.column} other"
    source = held_rows(relation, f"{step.column} changed", step.numbers, step.values, step.valid)
    same = op(exp.EQ, column("number", "o"), column("#number", "r"))
    relation.join(source, same, [(hit, column("number", "o")), (other, column("value", "o"))])
    kept = column(step.column)
    relation.replace(step.column, case([(is_null(column(hit)), kept)], column(other)))


def _value(value: float, *, whole: bool) -> exp.Expression:
    return literal(int(value)) if whole else real(value)


def held_rows(
    relation: Relation,
    name: str,
    numbers: np.ndarray,
    values: np.ndarray,
    valid: np.ndarray | None = None,
) -> str:
    """A relation of (number, value) that stands in the statement; returns its name."""
    known = np.ones(len(numbers), bool) if valid is None else valid
    whole = values.dtype.kind != "f"
    rows = [
        exp.Tuple(expressions=[literal(n), _value(v, whole=whole) if ok else exp.null()])
        for n, v, ok in zip(numbers.tolist(), values.tolist(), known, strict=True)
    ]
    table, columns = relation.query.dialect.held(rows)
    types = ("BIGINT", "BIGINT" if whole else "DOUBLE")
    shown = [
        (n, as_type(c, t)) for n, c, t in zip(("number", "value"), columns, types, strict=True)
    ]
    tree = exp.Select(expressions=named(shown)).from_(table, copy=False)
    return relation.query.add(f"{relation.name} {name}", tree, shared=True)
