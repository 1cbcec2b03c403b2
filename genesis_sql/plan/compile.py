"""A model's table as one SELECT that needs no Python: the same rows as the sampler.

Parents come first, each as a relation of raw columns; a child's rows are its parents' rows times
their counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from genesis_sql.errors import GenesisError, ModelNotFoundError, nearest
from genesis_sql.plan.definition import Model, apart, group_columns, read_of_parents
from genesis_sql.plan.open_keys import open_keys
from genesis_sql.plan.required import matches
from genesis_sql.plan.sizing import most_rows
from genesis_sql.program.execute import Identity
from genesis_sql.program.expressions import sampled
from genesis_sql.program.sql import (
    ADDRESS,
    COUNT,
    EVERYONE,
    NUMBER,
    PARENT_ADDRESS,
    Around,
    K,
    Members,
    ParentRows,
    add_steps,
    address_columns,
)
from genesis_sql.program.sql_decode import add_outputs, comparable
from genesis_sql.program.sql_nodes import (
    above,
    add,
    as_type,
    both,
    call,
    case,
    div,
    greatest,
    least,
    less,
    literal,
    named,
    op,
    relation_name,
    times,
    up_to,
)
from genesis_sql.program.sql_relation import Columns, Query, Relation, select
from genesis_sql.program.steps import (
    MainParent,
    Pick,
    PickDistinct,
    Program,
    Stratum,
    step_inputs,
)
from genesis_sql.sqlbuild import column, fill, text

DIALECTS = ("duckdb",)
"""Engines that a program is written for."""
DATA = ("values",)
"""Where what was learnt can stand: in the text itself."""
_ROOT = 'SELECT i AS "#number", i AS "#address" FROM range($first, $stop) AS r(i)'
_UNTIL = 'CAST(sum("#all") OVER (ORDER BY "#parent") AS BIGINT)'
_NUMBERS = 'unnest(range("#until" - "#all", "#until"))'
_WEIGHT = 'CASE WHEN sum("#weight") OVER () = 0 THEN 1 ELSE "#weight" END'
_OF_LEVEL = 'CASE WHEN sum("#weight") OVER (PARTITION BY "g0") = 0 THEN 1 ELSE "#weight" END'


def compile_sql(
    model: Model,
    table: str,
    *,
    seed: int = 0,
    scale: float = 1.0,
    first: int = 0,
    stop: int | None = None,
    raw: Iterable[str] = (),
) -> str:
    """A SELECT of rows of a table at a scale: columns in order and type, rows by number.

    Args:
        model: has the table's program.
        table: its name.
        seed: of the draws.
        scale: of the whole model.
        first: number of the first row.
        stop: number behind the last row, at most the table's size; None: all of them.
        raw: raw columns to show too, hidden ones as well: behind ``#number`` and ``#address``, each
            as ``#raw`` and its name, in front of the values.

    Raises:
        ModelNotFoundError: the model has no program for that table.
        GenesisError: a step has no SQL form.
    """
    span = Span(first, stop)
    if table in model.verbatim:
        return _copied(model, table, span)
    program, shown = _program(model, table), list(raw)
    whole = _Tables(model, seed, scale, table, [*sampled(program), *shown])
    if span.bounded and not whole.read_by_others(table):
        whole.span = {table: span}
    relation = whole.relation(table)
    values = add_outputs(relation, program)
    before = [(n, column(n)) for n in (NUMBER, ADDRESS)] if shown else []
    before += [(f"#raw {n}", column(n)) for n in shown]
    last = select([*before, *values], relation.close())
    if span.bounded:
        last = last.where(span.holds(column(NUMBER)), copy=False)
    return whole.query.text(last.order_by(column(NUMBER), copy=False))


def _copied(model: Model, table: str, span: Span) -> str:
    """The rows of a copied table as they are, one VALUES list."""
    rows = model.verbatim[table].slice(span.first)
    rows = rows if span.stop is None else rows.slice(0, max(span.stop - span.first, 0))
    types = {c.name: c.type for c in model.graph.table(table).columns}
    names = rows.column_names
    try:
        held = [a.cast("string").to_pylist() for a in rows.columns]
    except pa.ArrowNotImplementedError as error:
        message = (
            f"table '{table}' has nested columns, which have no SQL form; read it with "
            "genesis_generate"
        )
        raise GenesisError(message) from error
    texts = [tuple(_text(v) for v in row) for row in zip(*held, strict=True)]
    empty = tuple(exp.null() for _ in names)
    places = [exp.to_identifier(f"c{i}") for i in range(len(names))]
    values = exp.values([exp.Tuple(expressions=list(row)) for row in texts or [empty]])
    values.set("alias", exp.TableAlias(this=exp.to_identifier("held"), columns=places))
    shown = [(n, as_type(exp.column(f"c{i}"), types[n])) for i, n in enumerate(names)]
    last = exp.Select(expressions=named(shown)).from_(values, copy=False)
    return text(last if texts else last.where(exp.false(), copy=False))


def _text(value: str | None) -> exp.Expression:
    return exp.null() if value is None else exp.Literal.string(value)


@dataclass(frozen=True)
class Span:
    """Row numbers from ``first`` up to, not including, ``stop`` (None: to the end)."""

    first: int = 0
    stop: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether it leaves rows out."""
        return self.first > 0 or self.stop is not None

    def holds(self, number: exp.Expression) -> exp.Expression:
        """Whether a number lies in it."""
        return self.meets(number, number)

    def meets(self, lowest: exp.Expression, highest: exp.Expression) -> exp.Expression:
        """Whether numbers from the lowest to the highest have some in it."""
        tests = [up_to(literal(self.first), highest)]
        if self.stop is not None:
            tests.append(less(lowest, literal(self.stop)))
        return both(*tests)


def _program(model: Model, table: str) -> Program:
    if table not in model.programs:
        known = nearest(table, model.programs)
        message = f"model '{model.name}' has no program for table '{table}'{known}"
        raise ModelNotFoundError(message)
    return model.programs[table]


def wanted_columns(model: Model, table: str, columns: Iterable[str]) -> dict[str, list[str]]:
    """The columns of a table and of those above it that must be drawn for these, by table."""
    wanted: dict[str, dict[str, None]] = {table: dict.fromkeys(columns)}
    for name in reversed(model.order):
        before = -1
        while name in wanted and len(wanted[name]) > before:  # a table may be its own parent
            before = len(wanted[name])
            program = model.programs[name]
            for parent, read in read_of_parents(program, wanted[name], apart(model, program)):
                wanted.setdefault(parent, {})[read] = None
            for parent in _counted(program):
                wanted.setdefault(parent, {})
    return {name: list(found) for name, found in wanted.items()}


def _counted(program: Program) -> list[str]:
    """The parents whose number of rows matters."""
    links = {link.alias: link.parent for link in program.links}
    return [links[s.alias] for s in program.steps if isinstance(s, PickDistinct)]


class _Tables:
    """The tables of a model as relations of one statement."""

    def __init__(
        self,
        model: Model,
        seed: int,
        scale: float,
        table: str,
        columns: Iterable[str],
        query: Query | None = None,
    ) -> None:
        self.model, self.seed, self.scale = model, seed, scale
        self.identity = Identity(model.uuid, seed)
        self.query = query or Query()
        self.wanted = wanted_columns(model, table, columns)
        self.made: dict[str, Relation] = {}
        self.span: Mapping[str, Span] = {}
        for name in self.wanted:
            if model.programs[name].constraints:
                message = (
                    f"table '{name}' has constraints, whose rows are drawn again until they hold; "
                    f"plain SQL cannot do that yet, so leave them out of the fit for it"
                )
                raise GenesisError(message)

    def read_by_others(self, table: str) -> bool:
        """Whether rows of a table are parents of some that are made too."""
        programs = (self.model.programs[name] for name in self.wanted)
        links = (x for p in programs for x in [*p.links, *([p.main.link] if p.main else [])])
        return any(link.parent == table for link in links)

    def relation(self, table: str) -> Relation:
        """``#number``, ``#address`` and the wanted raw columns of a table."""
        if table not in self.made:
            program = self.model.programs[table]
            for key in open_keys(self.model, table):
                message = (
                    f"table '{table}' has a key ({', '.join(key.columns)}) for which all its rows "
                    "are looked through, which has no SQL form; read it with genesis_generate"
                )
                raise GenesisError(message)
            for match in matches(self.model, program):
                if match.columns:
                    message = (
                        f"rows of '{table}' need one of '{match.link.parent}' that agrees in "
                        f"{', '.join(own for own, _ in match.step.shared)}, which has no SQL form; "
                        "read it with genesis_generate"
                    )
                    raise GenesisError(message)
            rows = self._rows(program)
            add_steps(rows, program, self.identity, self._around(program), self.wanted[table])
            kept = dict.fromkeys([NUMBER, ADDRESS, *self.wanted[table]])
            tree = select([(n, column(n)) for n in kept], rows.source)
            name = self.query.add(table, tree, shared=True)
            self.made[table] = Relation(self.query, table, name, kept)
        return self.made[table]

    def _around(self, program: Program) -> Around:
        steps = program.needed(self.wanted[program.table])
        links = [*program.links, *([program.main.link] if program.main else [])]
        alone = apart(self.model, program)
        parents = {
            x.alias: ParentRows(self.relation(x.parent).source, self.model.programs[x.parent])
            for x in links
            if x.parent in self.wanted and x.parent != program.table and x.alias not in alone
        }
        picks = [s for s in steps if isinstance(s, Pick)]
        parents |= {s.alias: self._apart(program, s) for s in picks if s.alias in alone}
        members = {s.column: self._members(program, parents[s.alias], s) for s in picks}
        return Around(parents, members)

    def _apart(self, program: Program, step: Pick) -> ParentRows:
        """A relation of its own for a parent that does not stand before the table."""
        parent = next(x.parent for x in program.links if x.alias == step.alias)
        reads = (n.partition(".") for s in program.steps for n in step_inputs(s))
        names = [read for alias, _, read in reads if alias == step.alias]
        names += [step.weight, *group_columns(step)]
        there = _Tables(self.model, self.seed, self.scale, parent, names, self.query)
        return ParentRows(there.relation(parent).source, self.model.programs[parent])

    # rows

    def _rows(self, program: Program) -> Relation:
        if program.main is not None:
            return self._children(program, program.main)
        size = min(round(self.scale * program.rows), most_rows(program))
        span = self.span.get(program.table, Span())
        stop = size if span.stop is None else min(span.stop, size)
        rows = fill(_ROOT, first=literal(min(span.first, stop)), stop=literal(stop))
        # DuckDB hands out range() on one thread, rows that were computed once on all of them
        name = self.query.add(program.table, rows, shared=True)
        return Relation(self.query, program.table, name, (NUMBER, ADDRESS))

    def _children(self, program: Program, main: MainParent) -> Relation:
        """Rows in the order (parent, k): those of a parent, then the loose ones behind it."""
        parent = self.relation(main.link.parent)
        until, since = (
            div(times(node, main.loose), main.parents)
            for node in (add(column(NUMBER), 1), column(NUMBER))
        )
        family = Relation(self.query, program.table, parent.source, [])
        family.put("#parent", column(NUMBER), keep=True)
        family.put(PARENT_ADDRESS, column(ADDRESS), keep=True)
        children = family.put("#children", self._most(program, column(main.count)), keep=True)
        family.put("#all", add(children, op(exp.Sub, until, since)), keep=True)
        family.put("#until", fill(_UNTIL), keep=True)
        if program.table in self.span:
            self._narrow(family, self.span[program.table])
        family.put(NUMBER, fill(_NUMBERS), keep=True)
        rows = Relation(self.query, program.table, family.close(), family.columns)
        first = op(exp.Sub, column("#until"), column("#all"))
        place = rows.put("#place", op(exp.Sub, column(NUMBER), first), keep=True)
        known = less(place, children)
        rows.put(K, case([(known, place)], literal(-1)), keep=True)
        rows.put(COUNT, case([(known, children)], literal(0)), keep=True)
        rows.put(main.link.row, case([(known, column("#parent"))]), keep=True)
        low, high = (self.identity.stream(program.table, ADDRESS, p) for p in ("low", "high"))
        made = rows.put_all(address_columns((low, high), PARENT_ADDRESS, "#place"))
        rows.put(ADDRESS, made, keep=True)
        return rows

    def _narrow(self, family: Relation, span: Span) -> None:
        """Leave out the families that have no row of the span."""
        since = op(exp.Sub, column("#until"), column("#all"))
        last = op(exp.Sub, column("#until"), 1)
        source = family.close()
        tree = select([(n, column(n)) for n in family.columns], source)
        family.source = self.query.add(family.name, tree.where(span.meets(since, last), copy=False))

    def _most(self, program: Program, count: exp.Expression) -> exp.Expression:
        """The number of children: no more than there are values that keep them apart."""
        count = greatest(call("coalesce", count, literal(0)), 0)
        for parent in _counted(program):
            rows = relation_name(self.relation(parent).source)
            count = call("least", count, exp.select("count(*)").from_(rows).subquery())
        for step in program.steps:
            if isinstance(step, Stratum):
                count = least(count, len(step.values))
        return count

    # further parents

    def _members(self, program: Program, parent: ParentRows, step: Pick) -> Members:
        """The rows that can be chosen, with their running weights in their group."""
        keys, name = [f"g{i}" for i in range(len(group_columns(step)))], f"{step.column} members"
        rows = Relation(self.query, name, parent.relation, [])
        rows.put("number", column(NUMBER), keep=True)
        mine, theirs = program.domains, parent.program.domains
        values = [comparable(rows, b, theirs[b], mine[a]) for a, b in step.shared]
        for key, value in zip(keys, values or [column(step.group)], strict=True):
            rows.put(key, value, keep=True)
        rows.put("#weight", greatest(call("coalesce", column(step.weight), literal(0)), 0))
        own = parent.program.table == program.table and not step.shared
        weight = fill(_OF_LEVEL if own else _WEIGHT)
        rows.put("weight", greatest(weight, 1) if step.shared else weight, keep=True)
        source = rows.close(shared=True)
        chosen: exp.Expression = _chosen(source, [(k, column(k)) for k in keys])
        if not step.shared:
            everyone = _chosen(source, [(k, literal(EVERYONE)) for k in keys])
            chosen = exp.Union(this=chosen, expression=everyone, distinct=False)
        members = Relation(self.query, name, self.query.add(name, chosen), ["number", *keys])
        until = members.put("until", _running(keys), keep=True)
        members.put("since", op(exp.Sub, until, column("weight")), keep=True)
        running = members.close(shared=True)
        totals = [*((k, column(k)) for k in keys), ("total", exp.Max(this=column("until")))]
        largest = select(totals, running).group_by(*map(column, keys), copy=False)
        return Members(self.query.add(f"{name} totals", largest, shared=True), running)


def _chosen(source: str, keys: Columns) -> exp.Select:
    """The rows that can be chosen, in these groups."""
    named = [("number", column("number")), ("weight", column("weight")), *keys]
    return select(named, source).where(above(column("weight"), 0), copy=False)


def _running(keys: Iterable[str]) -> exp.Expression:
    """The running weight inside a group, in the order of the row numbers."""
    total = exp.Window(
        this=exp.Sum(this=column("weight")),
        partition_by=[column(k) for k in keys],
        order=exp.Order(expressions=[exp.Ordered(this=column("number"))]),
    )
    return as_type(total, "BIGINT")
