"""Conditions over metrics, such as `c2st_auc < 0.6 AND orphans = 0`: kept, or an error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from genesis_sql import sqlbuild
from genesis_sql.errors import AssertError, OptionError, nearest
from genesis_sql.evaluate.measures import Measure, Metric

_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    exp.LT: lambda a, b: a < b,
    exp.LTE: lambda a, b: a <= b,
    exp.GT: lambda a, b: a > b,
    exp.GTE: lambda a, b: a >= b,
    exp.EQ: lambda a, b: a == b,
    exp.NEQ: lambda a, b: a != b,
}
_EXAMPLE = "'c2st_auc < 0.6 AND orphans = 0'"


@dataclass(frozen=True)
class Term:
    """A part of a condition that has to hold by itself.

    Attributes:
        tree: it.
        text: as DuckDB would write it.
        names: (table or '', metric) of the metrics it reads.
    """

    tree: Any
    text: str
    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Held:
    """How a term came out; ``value`` is that of its first metric."""

    term: Term
    value: float
    passed: bool


def read_condition(text: str, known: Mapping[str, Measure]) -> list[Term]:
    """The terms of a condition, joined by AND.

    Names are metrics, or `table.metric`; of several rows the worst counts. Numbers, AND, OR, NOT,
    brackets and < <= = <> >= > may be used.

    Raises:
        OptionError: it is no such condition, or names no metric.
    """
    try:
        tree: Any = sqlglot.parse_one(text, read=sqlbuild.DIALECT).unnest()
    except sqlglot.errors.SqlglotError as error:
        raise OptionError(_unread(text, "it is no condition")) from error
    parts = list(tree.flatten()) if isinstance(tree, exp.And) else [tree]
    return [_term(part, text, known) for part in parts]


def _term(tree: Any, text: str, known: Mapping[str, Measure]) -> Term:
    tree = tree.unnest()
    _check(tree, text, known, boolean=True)
    columns = list(tree.find_all(exp.Column))
    if not columns:
        raise OptionError(_unread(text, f"'{sqlbuild.text(tree)}' names no metric"))
    names = tuple(dict.fromkeys((c.table, c.name.lower()) for c in columns))
    return Term(tree, sqlbuild.text(tree), names)


def _check(tree: Any, text: str, known: Mapping[str, Measure], *, boolean: bool) -> None:
    if isinstance(tree, exp.Paren):
        _check(tree.this, text, known, boolean=boolean)
    elif boolean and isinstance(tree, exp.And | exp.Or):
        _check(tree.left, text, known, boolean=True)
        _check(tree.right, text, known, boolean=True)
    elif boolean and isinstance(tree, exp.Not):
        _check(tree.this, text, known, boolean=True)
    elif boolean and type(tree) in _COMPARISONS:
        _check(tree.left, text, known, boolean=False)
        _check(tree.right, text, known, boolean=False)
    elif not boolean and isinstance(tree, exp.Neg):
        _check(tree.this, text, known, boolean=False)
    elif not boolean and isinstance(tree, exp.Column):
        name = tree.name.lower()
        if name not in known:
            message = f"there is no metric '{tree.name}'{nearest(name, known)}"
            raise OptionError(message)
    elif not (not boolean and isinstance(tree, exp.Literal) and not tree.is_string):
        raise OptionError(_unread(text, f"'{sqlbuild.text(tree)}' has no place in it"))


def _unread(text: str, why: str) -> str:
    return f"condition '{text}' cannot be read: {why}; write it as in {_EXAMPLE}"


def hold(
    terms: Sequence[Term], metrics: Sequence[Metric], known: Mapping[str, Measure]
) -> list[Held]:
    """Each term with its value.

    Raises:
        AssertError: a metric was not measured: nothing compared is no pass.
        OptionError: a table has no such metric.
    """
    out = []
    for term in terms:
        values = {name: _worst(name, metrics, known) for name in term.names}
        out.append(Held(term, values[term.names[0]], bool(_value(term.tree, values))))
    return out


def require(model: str, held: Sequence[Held]) -> None:
    """Raise where a term does not hold.

    Raises:
        AssertError: it names each of them, with the value.
    """
    failed = [h for h in held if not h.passed]
    if failed:
        told = "; ".join(f"{h.term.text} does not hold, it is {h.value:.4g}" for h in failed)
        message = f"model '{model}' fails: {told}; FROM genesis_quality('{model}') shows all"
        raise AssertError(message)


def _worst(name: tuple[str, str], metrics: Sequence[Metric], known: Mapping[str, Measure]) -> float:
    table, metric = name
    rows = [m for m in metrics if m.name == metric]
    there = sorted({m.table for m in rows})
    rows = [m for m in rows if not table or m.table == table]
    if not rows and there:
        message = f"'{metric}' is not measured of table '{table}'{nearest(table, there)}"
        raise OptionError(message)
    scores = [m.score for m in rows if m.score is not None]
    if not scores:
        why = next((f": {m.note}" for m in rows if m.note), "")
        hint = "" if rows else "; it needs rows of that kind, and utility a target := 'column'"
        message = f"'{metric}' was not measured{why}{hint}"
        raise AssertError(message)
    better = known[metric].better
    return min(scores) if better == "higher" else sum(scores) if better == "zero" else max(scores)


def _value(tree: Any, values: Mapping[tuple[str, str], float]) -> float | bool:
    if isinstance(tree, exp.Paren):
        return _value(tree.this, values)
    if isinstance(tree, exp.And):
        return bool(_value(tree.left, values)) and bool(_value(tree.right, values))
    if isinstance(tree, exp.Or):
        return bool(_value(tree.left, values)) or bool(_value(tree.right, values))
    if isinstance(tree, exp.Not):
        return not _value(tree.this, values)
    if isinstance(tree, exp.Neg):
        return -_value(tree.this, values)
    if isinstance(tree, exp.Column):
        return values[(tree.table, tree.name.lower())]
    if isinstance(tree, exp.Literal):
        return float(tree.this)
    return bool(_COMPARISONS[type(tree)](_value(tree.left, values), _value(tree.right, values)))
