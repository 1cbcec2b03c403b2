"""Raw columns in SQL -> values of the column's type: what `plan.output` does with Arrow."""

from __future__ import annotations

import re

import numpy as np
from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.program.cells import Cells
from genesis_sql.program.dialects.base import Dialect
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
from genesis_sql.program.portable import check_portable
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    case,
    decimal,
    exact,
    is_null,
    less,
    literal,
    moment,
    op,
    own,
    real,
    times,
    word,
)
from genesis_sql.program.sql_relation import OUT, Relation
from genesis_sql.program.steps import Draw, Program
from genesis_sql.sqlbuild import column

_MIDNIGHT = 86_400_000_000
"""Microseconds of a day."""
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")


def add_outputs(relation: Relation, program: Program) -> list[tuple[str, exp.Expression]]:
    """Add the visible columns; returns the entries of the select list that names them.

    Args:
        relation: has the raw columns of all steps but expressions.
        program: whose outputs.
    """
    names = sampled(program)
    made = {name: f"{OUT}{name}" for name in names}
    types = {n: program.domains[n].type for n in names} | {o.name: o.type for o in program.outputs}
    _check(relation.query.dialect, program)
    for name, out in made.items():
        node = _decode(relation, program.domains[name], name, types[name].upper())
        relation.put(out, as_type(node, types[name]), keep=True)

    fixed = fixed_columns(program)

    def value(read: str) -> exp.Expression | None:
        if read not in made and read in fixed:
            return as_type(_constant(fixed[read]), types.get(read, fixed[read].type))
        return column(made[read]) if read in made else None

    known = {out: (name, types[name]) for name, out in made.items()}

    def computed(name: str, type_: str) -> exp.Expression:
        tree = as_type(inlined(program, name, value), type_)
        check_portable(relation.query.dialect, tree, known, name, program.table)
        for node in tree.find_all(exp.IntDiv, exp.Mod):  # may be below 0: no shift and no mask
            node.set("expression", exp.paren(node.expression))
        return tree

    shown = ((o, value(o.name)) for o in program.outputs)
    return [(o.name, computed(o.name, o.type) if node is None else node) for o, node in shown]


def _check(dialect: Dialect, program: Program) -> None:
    """Refuse values that the engine does not have."""
    for step in program.steps:
        domain = program.domains.get(step.column) if isinstance(step, Draw) else None
        if not isinstance(step, Draw) or domain is None:
            continue
        low, what = step.cells.low, ""
        if isinstance(domain, Reals) and not dialect.nan and np.isnan(low).any():
            what = "NaN"
        elif isinstance(domain, Grid):
            what = _beyond(dialect, domain, step.cells)
        if what:
            message = f"{what}, which column '{step.column}' of table '{program.table}' holds"
            raise dialect.without(message)


def _beyond(dialect: Dialect, domain: Grid, cells: Cells) -> str:
    """What cells of a grid hold that the engine does not have; '' where there is nothing."""
    low, type_ = cells.low, domain.type.upper()
    largest = _largest(type_)
    if not dialect.infinite and largest and (np.abs(low * domain.step) == largest).any():
        return "infinite dates and timestamps"
    high = low if cells.width is None else low + np.maximum(cells.width - 1, 0)
    if type_ == "TIME" and not dialect.midnight and (high * domain.step >= _MIDNIGHT).any():
        return "time of day 24:00:00"
    return ""


def _largest(type_: str) -> int:
    """The number that stands for infinity; 0 for types that have none."""
    if type_ == "DATE":
        return 2**31 - 1
    return 2**63 - 1 if type_.startswith("TIMESTAMP") else 0


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
    dialect = relation.query.dialect
    if isinstance(domain, Categories):
        real_ = type_ in ("FLOAT", "DOUBLE")
        labels = np.array([float(v) for v in domain.labels]) if real_ else domain.labels
        at = relation.array(f"{name} labels", labels, op(exp.Sub, raw, 1))
        return case([(op(exp.GT, raw, 0), at)])
    if isinstance(domain, Fixed):
        return _constant(domain)
    if isinstance(domain, Grid):
        whole = raw if domain.step == 1 else times(raw, domain.step)
        return _grid(dialect, domain, whole, type_)
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
        relation.put_all((w, word(column(name), i)) for i, w in enumerate(words))
        text = relation.put_all(render_columns(domain.pattern, words, f"#{name} text "))
    elif isinstance(domain.format, Pattern):
        text = relation.put_all(unique_columns(domain.format, name, f"#{name} text "))
    else:
        return integer_key_sql(domain.format, column(name))
    return case([(is_null(column(name)), exp.null())], text)


def _grid(dialect: Dialect, domain: Grid, whole: exp.Expression, type_: str) -> exp.Expression:
    """The value of ``whole`` units."""
    if type_ in ("FLOAT", "DOUBLE"):
        return op(exp.Div, as_type(whole, "DOUBLE"), real(10.0**domain.scale))
    if type_.startswith("DECIMAL"):
        return decimal(as_type(whole, "DECIMAL(19, 0)"), domain.scale)
    if type_ == "TIME" or type_.startswith("TIME_") or type_.startswith("TIME "):
        return moment("time", whole)
    kind = {
        "DATE": "date",
        "TIMESTAMP_NS": "timestamp_ns",
        "TIMESTAMP WITH TIME ZONE": "timestamp_tz",
    }.get(type_, "timestamp")
    largest = _largest(type_)
    if not largest:
        return whole
    finite = moment(kind, whole)
    if not dialect.infinite:
        return finite
    ends = [(largest, "infinity"), (-largest, "-infinity")]
    return case(
        [(op(exp.EQ, whole, n), as_type(exp.Literal.string(t), type_)) for n, t in ends], finite
    )


def _reals(raw: exp.Expression, type_: str) -> exp.Expression:
    """Doubles; numbers beyond 64 bits by their whole part and the rest, rounded."""
    if type_ in ("FLOAT", "DOUBLE"):
        return raw
    if type_ == "UBIGINT":
        largest = real(2.0**64 - 2048)
        inside = [(less(raw, 0), literal(0)), (op(exp.GT, raw, largest), largest)]
        return exact(case(inside, exp.Floor(this=own(raw))))
    found = _DECIMAL.fullmatch(type_)
    scale = int(found[2]) if found else 0
    whole = exp.Floor(this=own(raw))
    rest = times(op(exp.Sub, raw, whole), real(10.0**scale))
    units = exp.Floor(this=add(rest, real(0.5)))
    return add(as_type(exact(whole), f"DECIMAL(38, {scale})"), decimal(exact(units), scale))
