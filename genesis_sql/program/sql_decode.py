"""Raw columns in SQL -> values of the column's type: what `plan.output` does with Arrow."""

from __future__ import annotations

import re

from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.program.domain import (
    Categories,
    Domain,
    Fixed,
    Grid,
    Key,
    Listed,
    Reals,
    Record,
    Words,
)
from genesis_sql.program.expressions import fixed_columns, inlined, sampled
from genesis_sql.program.pattern import Pattern
from genesis_sql.program.pattern_sql import integer_key_sql, render_columns, unique_columns
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    call,
    case,
    element,
    is_null,
    less,
    literal,
    op,
    own,
    real,
    texts,
    times,
)
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.steps import Program
from genesis_sql.sqlbuild import column

DAY = 86_400_000_000
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")


def add_outputs(relation: Relation, program: Program) -> list[tuple[str, exp.Expression]]:
    """Add the visible columns; returns the entries of the select list that names them.

    Args:
        relation: has the raw columns of all steps but expressions.
        program: whose outputs.
    """
    names = sampled(program)
    made = {name: f"#out {i}" for i, name in enumerate(names)}
    types = {n: program.domains[n].type for n in names} | {o.name: o.type for o in program.outputs}
    for name, out in made.items():
        node = _decode(relation, program.domains[name], name, types[name].upper())
        relation.put(out, as_type(node, types[name]), keep=True)

    fixed = fixed_columns(program)

    def value(read: str) -> exp.Expression | None:
        if read not in made and read in fixed:
            return as_type(_constant(fixed[read]), types.get(read, fixed[read].type))
        return column(made[read]) if read in made else None

    shown = ((o, value(o.name)) for o in program.outputs)
    return [
        (o.name, as_type(inlined(program, o.name, value), o.type) if node is None else node)
        for o, node in shown
    ]


def _constant(domain: Fixed) -> exp.Expression:
    return exp.null() if domain.value is None else exp.Literal.string(domain.value)


def comparable(relation: Relation, name: str, mine: Domain, other: Domain) -> exp.Expression:
    """What of a raw column can be compared with one of another domain: the value as text."""
    if mine == other:
        return column(name)
    value = as_type(_decode(relation, mine, name, mine.type.upper()), mine.type)
    return as_type(value, "VARCHAR")


def _decode(relation: Relation, domain: Domain, name: str, type_: str) -> exp.Expression:
    raw = column(name)
    if isinstance(domain, Categories):
        labels = relation.single(f"#{name} labels", texts(domain.labels))
        return case([(op(exp.GT, raw, 0), call("list_extract", labels, raw))])
    if isinstance(domain, Fixed):
        return _constant(domain)
    if isinstance(domain, Grid):
        return _grid(domain, times(raw, domain.step), type_)
    if isinstance(domain, Reals):
        return _reals(raw, type_)
    if isinstance(domain, Listed | Record):
        message = (
            f"column '{name}' holds lists, which have no SQL form; read it with genesis_generate"
        )
        raise GenesisError(message)
    return _text(relation, domain, name)


def _text(relation: Relation, domain: Key | Words, name: str) -> exp.Expression:
    """Keys and texts: NULL of a NULL, also where the text holds nothing of the number."""
    if isinstance(domain, Words):
        words = [f"#{name} word {w}" for w in range(domain.pattern.words_needed)]
        relation.put_all((w, element(column(name), i)) for i, w in enumerate(words))
        text = relation.put_all(render_columns(domain.pattern, words, f"#{name} text "))
    elif isinstance(domain.format, Pattern):
        text = relation.put_all(unique_columns(domain.format, name, f"#{name} text "))
    else:
        return integer_key_sql(domain.format, column(name))
    return case([(is_null(column(name)), exp.null())], text)


def _grid(domain: Grid, whole: exp.Expression, type_: str) -> exp.Expression:
    """The value of ``whole`` units."""
    if type_ in ("FLOAT", "DOUBLE"):
        return op(exp.Div, as_type(whole, "DOUBLE"), real(10.0**domain.scale))
    if type_.startswith("DECIMAL"):
        return _scaled(as_type(whole, "DECIMAL(19, 0)"), domain.scale)
    if type_ == "DATE":
        epoch = as_type(exp.Literal.string("1970-01-01"), "DATE")
        return _moment(whole, type_, 2**31 - 1, add(epoch, as_type(whole, "INTEGER")))
    if type_ == "TIMESTAMP_NS":
        return _moment(whole, type_, 2**63 - 1, call("make_timestamp_ns", whole))
    if type_.startswith("TIMESTAMP"):
        moment = _moment(whole, "TIMESTAMP", 2**63 - 1, call("make_timestamp", whole))
        if type_ == "TIMESTAMP WITH TIME ZONE":
            return exp.AtTimeZone(this=exp.paren(moment), zone=exp.Literal.string("UTC"))
        return moment
    if type_.startswith("TIME"):
        midnight = as_type(exp.Literal.string("24:00:00"), "TIME")
        at = as_type(call("make_timestamp", whole), "TIME")
        return case([(op(exp.EQ, whole, DAY), midnight)], at)
    return whole


def _moment(
    whole: exp.Expression, type_: str, largest: int, finite: exp.Expression
) -> exp.Expression:
    """The largest number and its negative stand for the infinities."""
    ends = [(largest, "infinity"), (-largest, "-infinity")]
    return case(
        [(op(exp.EQ, whole, n), as_type(exp.Literal.string(t), type_)) for n, t in ends], finite
    )


def _scaled(whole: exp.Expression, scale: int) -> exp.Expression:
    """A decimal without decimals, in units of 10^-scale."""
    if scale == 0:
        return whole
    unit = exp.Literal.string(f"0.{'0' * (scale - 1)}1")
    return times(whole, as_type(unit, f"DECIMAL({scale}, {scale})"))


def _reals(raw: exp.Expression, type_: str) -> exp.Expression:
    """Doubles; numbers beyond 64 bits by their whole part and the rest, rounded."""
    if type_ in ("FLOAT", "DOUBLE"):
        return raw
    if type_ == "UBIGINT":
        largest = real(2.0**64 - 2048)
        inside = [(less(raw, 0), literal(0)), (op(exp.GT, raw, largest), largest)]
        return case(inside, exp.Floor(this=own(raw)))
    found = _DECIMAL.fullmatch(type_)
    scale = int(found[2]) if found else 0
    whole = exp.Floor(this=own(raw))
    rest = times(op(exp.Sub, raw, whole), real(10.0**scale))
    units = exp.Floor(this=add(rest, real(0.5)))
    parts = [as_type(as_type(n, "HUGEINT"), "DECIMAL(38, 0)") for n in (whole, units)]
    return add(as_type(parts[0], f"DECIMAL(38, {scale})"), _scaled(parts[1], scale))
