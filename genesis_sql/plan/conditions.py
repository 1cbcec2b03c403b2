"""Conditions: the rows of a table that are asked for, by the values of some of its columns.

A column that depends on nothing, or on columns that are fixed, is drawn among the values asked for.
Any other is drawn as ever, and the row again until it fits: what else the row holds is then as
likely as it should be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genesis_sql.errors import ConstraintError, OptionError, nearest
from genesis_sql.plan import restrict
from genesis_sql.plan.accept import Broken, Check
from genesis_sql.plan.definition import Model
from genesis_sql.plan.predicate import Predicates
from genesis_sql.plan.values import Allowed, allowed_values, range_text
from genesis_sql.program.domain import Categories, Key, Raw, Words
from genesis_sql.program.expressions import known_last
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.steps import (
    PARENT,
    Block,
    Copy,
    Digit,
    Draw,
    Expression,
    Number,
    Program,
    Random,
    Sibling,
    Step,
    Stratum,
    codes_part,
    step_columns,
)
from genesis_sql.sqlbuild import quoted, string

Given = Mapping[str, Any]
_NESTED = ("STRUCT", "MAP", "JSON")
_MADE_ANEW = (Number, Random, Digit, Sibling, Stratum)


# as they are given


def read_conditions(model: Model, table: str, given: Given) -> tuple[tuple[str, str], ...]:
    """Conditions on one table as a spec holds them.

    Args:
        model: has the table.
        table: its name.
        given: a value, a list of values or None (NULL) by column.

    Raises:
        OptionError: a column or a value is not there, or cannot be asked for.
    """
    if not given:
        return ()
    if table in model.verbatim:
        message = f"table '{table}' is copied as it is and takes no conditions; use WHERE"
        raise OptionError(message)
    names = [o.name for o in model.programs[table].outputs]
    plain: dict[str, list[str | None]] = {}
    for name, value in given.items():
        found = [n for n in names if n == name] or [n for n in names if n.lower() == name.lower()]
        if len(found) != 1:
            message = f"conditions name column '{name}' that '{table}' does not have"
            raise OptionError(message + nearest(name, names))
        plain[found[0]] = _texts(name, value)
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    Conditions(model.programs[table], text)  # says what cannot be asked for
    return ((table, text),)


def read_all(model: Model, given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Conditions by table as a spec holds them.

    Raises:
        OptionError: a table, a column or a value is not there, or cannot be asked for.
    """
    out: list[tuple[str, str]] = []
    for name, conditions in given.items():
        names = [n for n in model.order if n == name]
        names = names or [n for n in model.order if n.lower() == name.lower()]
        if len(names) != 1:
            message = f"conditions name table '{name}' that model '{model.name}' does not have"
            raise OptionError(message + nearest(name, model.order))
        if not isinstance(conditions, Mapping):
            message = (
                f"conditions := {{'{name}': {conditions!r}}} is no struct of columns; write "
                f"conditions := {{'{name}': {{'column': value}}}}"
            )
            raise OptionError(message)
        out += read_conditions(model, names[0], conditions)
    return tuple(out)


def _texts(column: str, value: Any) -> list[str | None]:
    """The values asked for as texts, None for NULL; each once."""
    values = value if isinstance(value, list | tuple) else [value]
    if not values:
        message = f"the condition on '{column}' is an empty list, which no row fulfils"
        raise OptionError(message)
    found: dict[str | None, None] = {}
    for one in values:
        if isinstance(one, Mapping | list | tuple):
            message = f"the condition on '{column}' is {value!r}; it takes a value, a list or NULL"
            raise OptionError(message)
        found[_text(one)] = None
    return sorted(found, key=lambda t: (t is None, t or ""))


def _text(value: Any) -> str | None:
    """A value as DuckDB casts it from text."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


# as they are kept


@dataclass(frozen=True, eq=False)
class _Condition:
    """One column's condition: as text, and the raw values that fulfil it (None: an expression)."""

    column: str
    texts: tuple[str | None, ...]
    allowed: Allowed | None

    @property
    def shown(self) -> str:
        """As SQL writes it."""
        texts = ["NULL" if t is None else string(t) for t in self.texts]
        value = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        return f"{{{string(self.column)}: {value}}}"


class Conditions:
    """The conditions on one table.

    Attributes:
        program: draws what can be drawn directly among the values asked for.
    """

    def __init__(self, program: Program, text: str) -> None:
        self.table = program.table
        made = {c: s for s in program.steps for c in step_columns(s)}
        self.all = [_condition(program, made[c], c, t) for c, t in json.loads(text).items()]
        by_name = {c.column: c.allowed for c in self.all if c.allowed is not None}
        self.program, self.direct = _restricted(program, by_name)
        for condition in self.all:
            if condition.column not in self.direct:
                _require_atoms(program, made[condition.column], condition)

    def checks(self, model: Model) -> list[tuple[Check, tuple[str, ...]]]:
        """What is left to check of each row, and the columns that it reads."""
        return [
            self._check(model, condition)
            for condition in self.all
            if condition.column not in self.direct
        ]

    def _check(self, model: Model, condition: _Condition) -> tuple[Check, tuple[str, ...]]:
        name = condition.column
        mends = f"fit with options := {_first(self.table, name)}, so that it is drawn directly"
        if any(isinstance(s, Block) and name in s.columns for s in self.program.steps):
            mends = "it is drawn with all others of its row: use WHERE on more rows"
        if self.program.main is not None:
            mends = "rows stay with their parents: put it on the parent, or use WHERE on more rows"
        broken: Broken
        if condition.allowed is None:
            mends = "it is computed: put the condition on the columns it is computed from"
            asked = Predicates(model, self.program, [_predicate(self.program, condition)])
            broken, needed = asked, asked.needed
        else:
            broken, needed = _differs(name, condition.allowed), (name,)
        return Check(f"condition {condition.shown}", mends, broken), needed


def _differs(name: str, allowed: Allowed) -> Broken:
    def broken(raw: Mapping[str, Raw], n: int) -> np.ndarray:
        return ~allowed.holds(raw[name])

    return broken


def _predicate(program: Program, condition: _Condition) -> str:
    """The condition on a computed column in SQL."""
    type_ = next(o.type for o in program.outputs if o.name == condition.column)
    name = quoted(condition.column)
    values = [f"CAST({string(t)} AS {type_})" for t in condition.texts if t is not None]
    inside = f"{name} IN ({', '.join(values)})" if values else "FALSE"
    null = "TRUE" if None in condition.texts else "FALSE"
    return f"CASE WHEN {name} IS NULL THEN {null} ELSE {inside} END"


def _condition(program: Program, step: Step, column: str, texts: list[str | None]) -> _Condition:
    """The condition, if the column can have such values.

    Raises:
        OptionError: it cannot.
    """
    where = f"'{program.table}.{column}'"
    type_ = next(o.type for o in program.outputs if o.name == column)
    last = column in known_last(program)
    if last or type_.endswith("]") or type_.startswith(_NESTED):
        what = f"a {type_[:40]}"
        if last:
            below = isinstance(step, Aggregate)
            what = "made of the rows below it" if below else "computed when all rows are drawn"
        message = f"{where} is {what}, so no value of it can be asked for; generate and use WHERE"
        raise OptionError(message)
    if isinstance(step, Expression):
        allowed_values(where, None, type_, texts)
        return _Condition(column, tuple(texts), None)
    domain = program.domains[column]
    anew = isinstance(step, _MADE_ANEW) or isinstance(domain, Key | Words)
    if anew and [*texts] != [None]:
        what = "text that is made anew" if isinstance(domain, Words) else "a key that is made anew"
        message = f"{where} is {what}, so no value of it can be asked for; generate and use WHERE"
        raise OptionError(message)
    if isinstance(step, Copy) and step.source.startswith(f"{PARENT}."):
        above = step.source.partition(".")[2]
        message = f"{where} is its parent's '{above}'; put the condition on the parent"
        raise OptionError(message)
    allowed = allowed_values(where, domain, domain.type, texts)
    _require_possible(where, program, step, column, allowed)
    return _Condition(column, tuple(texts), allowed)


def _require_possible(
    where: str, program: Program, step: Step, column: str, allowed: Allowed
) -> None:
    """Refuse values that no cell of the column holds."""
    if isinstance(step, Block):
        if codes_part(column) in program.parts:  # others do not say what they can give
            _require_codes(where, program, column, allowed)
        return
    if not isinstance(step, Draw):
        never_null = isinstance(step, Number | Random) and step.present is None
        never_null = never_null or isinstance(step, Digit | Sibling | Stratum)
        if allowed.null and never_null:
            message = f"{where} is never NULL"
            raise OptionError(message)
        return
    domain = program.domains[step.column]
    for value, text in zip(allowed.values, allowed.texts, strict=True):
        if restrict.possible(step.cells, domain, value):
            continue
        if isinstance(domain, Categories):
            codes = np.unique(step.cells.low)
            known = [domain.labels[c - 1] for c in codes if c > 0]
            message = f"{where} is never {string(text)} in this model{nearest(text, known)}"
        else:
            message = f"{where} is never {text} in this model; {range_text(domain, step.cells)}"
        raise OptionError(message)
    if allowed.null and not restrict.has_null(step.cells, domain):
        message = f"{where} is never NULL in this model"
        raise OptionError(message)


def _require_codes(where: str, program: Program, column: str, allowed: Allowed) -> None:
    """Refuse labels that a block never gives."""
    domain, codes = program.domains[column], program.parts[codes_part(column)]
    if not isinstance(domain, Categories):
        raise TypeError(column)
    for value, text in zip(allowed.values, allowed.texts, strict=True):
        if int(value) not in codes:
            known = [domain.labels[c - 1] for c in codes if c > 0]
            message = f"{where} is never {string(text)} in this model{nearest(text, known)}"
            raise OptionError(message)
    if allowed.null and 0 not in codes:
        message = f"{where} is never NULL in this model"
        raise OptionError(message)


def _require_atoms(program: Program, step: Step, condition: _Condition) -> None:
    """Refuse single points of a continuum where a row would have to hit them by chance."""
    if not isinstance(step, Draw) or condition.allowed is None:
        return
    for value, text in zip(condition.allowed.values, condition.allowed.texts, strict=True):
        if not restrict.is_atom(step.cells, program.domains[step.column], value):
            message = (
                f"'{program.table}.{step.column}' is hardly ever exactly {text}; fit with "
                f"options := {_first(program.table, step.column)}, so that it is drawn directly"
            )
            raise OptionError(message)


def _first(table: str, column: str) -> str:
    return f"{{{string(table)}: {{'first': [{string(column)}]}}}}"


def _restricted(program: Program, allowed: Mapping[str, Allowed]) -> tuple[Program, frozenset[str]]:
    """The program with columns drawn among the values asked for, and which columns those are.

    A column is, if all that it depends on is one value; columns of a block, if all but the last of
    them are.
    """
    fixed: dict[str, int] = {}
    steps: list[Step] = []
    direct: set[str] = set()
    several: dict[str, Draw] = {}
    for step in program.steps:
        if isinstance(step, Block) and step.direct:
            step, codes, several = _given(program, step, allowed)
            fixed |= codes
            direct |= {name for name, _ in step.given} & set(allowed)
        known = isinstance(step, Draw) and all(name in fixed for name in step.inputs)
        if isinstance(step, Draw) and step.column in several:
            step = several[step.column]
            direct.add(step.column)
        elif isinstance(step, Draw) and known and step.column in allowed:
            values = allowed[step.column]
            inputs = [fixed[name] for name in step.inputs]
            cells = restrict.cells(step, program.domains[step.column], inputs, values)
            if cells is None:
                message = (
                    f"no row of '{program.table}' has these values of "
                    f"{', '.join(f'{n!r}' for n in (*step.inputs, step.column))} together"
                )
                raise ConstraintError(message)
            step = replace(step, inputs=(), tree=restrict.ONE, cells=cells)
            direct.add(step.column)
            code = values.code(program.edges.get(step.column))
            if code is not None:
                fixed[step.column] = code
        steps.append(step)
    if not direct:
        return program, frozenset()
    return replace(program, steps=tuple(steps)), frozenset(direct)


def _given(
    program: Program, block: Block, allowed: Mapping[str, Allowed]
) -> tuple[Block, dict[str, int], dict[str, Draw]]:
    """A block that draws among codes, those of one code, and the steps behind groups of several.

    Columns of one code stand first; of those of several one is drawn directly, behind them.
    """
    single: list[tuple[str, tuple[tuple[int, float], ...]]] = []
    several: list[tuple[str, tuple[tuple[int, float], ...], Draw | None]] = []
    behind = {s.inputs[0]: s for s in program.steps if isinstance(s, Draw) and len(s.inputs) == 1}
    for made in block.columns:
        grouped = behind.get(made) if made not in program_outputs(program) else None
        name = made if grouped is None else grouped.column
        if name not in allowed:
            continue
        values, step = allowed[name], None
        if grouped is None:
            codes = [*map(int, values.values), *([0] if values.null else [])]
            weights = dict.fromkeys(codes, 1.0)
        else:
            weights, step = restrict.groups(grouped, program.domains[name], values)
        pairs = tuple(sorted(weights.items()))
        if len(pairs) == 1:
            single.append((made, pairs))
        elif pairs:
            several.append((made, pairs, step))
    last = several[:1]
    given = (*single, *((made, pairs) for made, pairs, _ in last))
    fixed = {made: pairs[0][0] for made, pairs in single}
    steps = {step.column: step for _, _, step in last if step is not None}
    return replace(block, given=given), fixed, steps


def program_outputs(program: Program) -> set[str]:
    """Names of the columns that users see."""
    return {o.name for o in program.outputs}


def conditioned(
    model: Model, given: Iterable[tuple[str, str]]
) -> tuple[Model, dict[str, Conditions]]:
    """The model that draws under conditions, and those conditions by table."""
    found = {table: Conditions(model.programs[table], text) for table, text in given}
    if not found:
        return model, {}
    programs = {**model.programs, **{t: c.program for t, c in found.items()}}
    return replace(model, programs=programs), found
