"""What the CHECKs of a table say about single columns, and which column is never above another.

Only simple shapes are understood: IN, BETWEEN, comparisons with constants, comparisons of two
columns, all joined by AND. What is left over is still kept: whole CHECKs go into the profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genesis_sql.errors import SchemaError
from genesis_sql.types import Ordered, RawTable

Value = str | int | float | bool

_TURNED: dict[type, type] = {exp.LT: exp.GT, exp.LTE: exp.GTE, exp.GT: exp.LT, exp.GTE: exp.LTE}


@dataclass(frozen=True)
class Facts:
    """What is known of one column.

    Attributes:
        values: the only ones, None where they are not listed.
        low, high: bounds, None where there is none.
        above, below: whether the bound itself is not allowed.
        sources: the CHECKs that say so.
    """

    values: tuple[Value, ...] | None = None
    low: Value | None = None
    high: Value | None = None
    above: bool = False
    below: bool = False
    sources: tuple[str, ...] = ()

    @property
    def bounded(self) -> bool:
        """Whether it has a bound."""
        return self.low is not None or self.high is not None


@dataclass
class Checked:
    """The facts of a table by column, and its pairs of columns in order."""

    facts: dict[str, Facts] = field(default_factory=dict)
    ordered: list[Ordered] = field(default_factory=list)

    def of(self, column: str) -> Facts:
        """What is known of a column."""
        return self.facts.get(column, Facts())


def read_checks(table: RawTable) -> Checked:
    """What the CHECKs of a table say.

    Raises:
        SchemaError: no row can keep them.

    Example:
        >>> from genesis_sql.types import RawColumn
        >>> columns = (RawColumn("state", "VARCHAR"), RawColumn("age", "INTEGER"))
        >>> checks = ("state IN ('new', 'old')", "age BETWEEN 1 AND 9 AND age > 3")
        >>> found = read_checks(RawTable("t", "", columns, checks=checks))
        >>> found.of("state").values, found.of("age").low, found.of("age").above
        (('new', 'old'), 3, True)
    """
    found = Checked()
    known = {c.name.lower(): c.name for c in table.columns}
    for sql in table.checks:
        for part in _parts(_parsed(sql)):
            _read(found, part, known, sql)
    for name, facts in found.facts.items():
        _satisfiable(table, name, facts)
    _no_circle(table, found.ordered)
    return found


def is_read(table: RawTable, sql: str) -> bool:
    """Whether a CHECK says nothing but what is understood: bounds, values, two columns in order.

    Example:
        >>> from genesis_sql.types import RawColumn
        >>> table = RawTable("t", "", (RawColumn("a", "INTEGER"), RawColumn("b", "INTEGER")))
        >>> is_read(table, "a < b AND a > 3"), is_read(table, "a + b = 7")
        (True, False)
    """
    known = {c.name.lower(): c.name for c in table.columns}
    for part in _parts(_parsed(sql)):
        found = Checked()
        _read(found, part, known, sql)
        if not found.facts and not found.ordered:
            return False
    return True


def parts_of(sql: str) -> Iterator[exp.Expression]:
    """What a CHECK says, as far as it is joined by AND."""
    return _parts(_parsed(sql))


def _parsed(sql: str) -> Any:
    try:
        return sqlglot.parse_one(sql, dialect="duckdb")
    except SqlglotError:  # not understood; the CHECK itself is still kept
        return exp.true()


def _parts(node: exp.Expression) -> Iterator[exp.Expression]:
    inner = _bare(node)
    if isinstance(inner, exp.And):
        yield from _parts(inner.this)
        yield from _parts(inner.expression)
    else:
        yield inner


def _bare(node: exp.Expression) -> exp.Expression:
    """Without brackets and casts, which catalogs write around everything."""
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node


def _read(found: Checked, node: exp.Expression, known: Mapping[str, str], sql: str) -> None:
    listed = _listed(node, known)
    if listed is not None:
        _meet(found, listed[0], Facts(values=listed[1], sources=(sql,)))
    elif isinstance(node, exp.Between):
        name = _column(node.this, known)
        low, high = _value(node.args["low"]), _value(node.args["high"])
        if name is not None and low is not None and high is not None:
            _meet(found, name, Facts(low=low, high=high, sources=(sql,)))
    elif isinstance(node, exp.LT | exp.LTE | exp.GT | exp.GTE):
        _compared(found, node, known, sql)


def _compared(found: Checked, node: Any, known: Mapping[str, str], sql: str) -> None:
    kind: type = type(node)
    left, right = node.this, node.expression
    if _column(left, known) is None and _value(left) is not None:
        left, right, kind = right, left, _TURNED[kind]
    name, other, value = _column(left, known), _column(right, known), _value(right)
    if name is None:
        return
    strict = kind in (exp.LT, exp.GT)
    if other is not None:
        low, high = (name, other) if kind in (exp.LT, exp.LTE) else (other, name)
        found.ordered.append(Ordered(low, high, strict))
    elif value is not None and kind in (exp.LT, exp.LTE):
        _meet(found, name, Facts(high=value, below=strict, sources=(sql,)))
    elif value is not None:
        _meet(found, name, Facts(low=value, above=strict, sources=(sql,)))


def _listed(node: exp.Expression, known: Mapping[str, str]) -> tuple[str, tuple[Value, ...]] | None:
    """A column and its only values: IN, = ANY (ARRAY[...]), or equalities joined by OR."""
    items: list[exp.Expression] | None = None
    if isinstance(node, exp.In) and node.expressions:
        name, items = _column(node.this, known), node.expressions
    elif isinstance(node, exp.EQ):
        name, right = _column(node.this, known), _bare(node.expression)
        items = [right]
        if isinstance(right, exp.Any):
            inner = _bare(right.this)
            items = inner.expressions if isinstance(inner, exp.Array) else None
    elif isinstance(node, exp.Or):
        sides = [_listed(_bare(side), known) for side in (node.this, node.expression)]
        if sides[0] is None or sides[1] is None or sides[0][0] != sides[1][0]:
            return None
        return sides[0][0], tuple(dict.fromkeys((*sides[0][1], *sides[1][1])))
    else:
        return None
    values = [_value(item) for item in items or ()]
    if name is None or not values or any(v is None for v in values):
        return None
    return name, tuple(dict.fromkeys(v for v in values if v is not None))


def _column(node: exp.Expression, known: Mapping[str, str]) -> str | None:
    inner = _bare(node)
    return known.get(inner.name.lower()) if isinstance(inner, exp.Column) else None


def _value(node: exp.Expression) -> Value | None:
    inner = _bare(node)
    if isinstance(inner, exp.Boolean):
        return bool(inner.this)
    sign = 1
    if isinstance(inner, exp.Neg):
        sign, inner = -1, _bare(inner.this)
    if not isinstance(inner, exp.Literal):
        return None
    if inner.is_string:
        return str(inner.this) if sign == 1 else None
    text = str(inner.this)
    return sign * (int(text) if text.isdecimal() else float(text))


def _meet(found: Checked, name: str, new: Facts) -> None:
    """Both what was known and what is new have to hold."""
    old = found.of(name)
    values = new.values if old.values is None else old.values
    if old.values is not None and new.values is not None:
        values = tuple(v for v in old.values if v in new.values)
    held = replace(old, values=values, sources=(*old.sources, *new.sources))
    if new.low is not None and (old.low is None or _after(new.low, old.low, also=new.above)):
        held = replace(held, low=new.low, above=new.above)
    if new.high is not None and (old.high is None or _after(old.high, new.high, also=new.below)):
        held = replace(held, high=new.high, below=new.below)
    found.facts[name] = held


def _after(one: Value, other: Value, *, also: bool = False) -> bool:
    """Whether one value is above another (or as high, where ``also``)."""
    if isinstance(one, str) or isinstance(other, str):
        one, other = str(one), str(other)
        return one > other or (also and one == other)
    return one > other or (also and one == other)


def inside(value: Value, facts: Facts) -> bool:
    """Whether a value keeps the bounds."""
    low = facts.low is None or _after(value, facts.low, also=not facts.above)
    return low and (facts.high is None or _after(facts.high, value, also=not facts.below))


def _satisfiable(table: RawTable, name: str, facts: Facts) -> None:
    where = f"column '{name}' of table '{table.name}'"
    shown = " and ".join(f"CHECK ({s})" for s in dict.fromkeys(facts.sources))
    if facts.values is not None and not any(inside(v, facts) for v in facts.values):
        message = f"no value of {where} keeps {shown}; widen one of them, or drop it"
        raise SchemaError(message)
    if facts.low is None or facts.high is None:
        return
    strict = facts.above or facts.below
    if not _after(facts.high, facts.low, also=not strict):
        message = f"no value of {where} keeps {shown}; widen one of them, or drop it"
        raise SchemaError(message)


def _no_circle(table: RawTable, ordered: list[Ordered]) -> None:
    """Refuse columns of which each is below the next, round in a circle."""
    above: dict[str, set[str]] = {}
    for pair in ordered:
        if pair.strict:
            above.setdefault(pair.low, set()).add(pair.high)
    for start in above:
        reached, waiting = set[str](), [start]
        while waiting:
            for name in above.get(waiting.pop(), ()):
                if name == start:
                    message = (
                        f"no row of table '{table.name}' keeps its CHECKs: '{start}' would be "
                        "below itself; drop one of them"
                    )
                    raise SchemaError(message)
                if name not in reached:
                    reached.add(name)
                    waiting.append(name)
