"""A model's table as one SELECT that needs no Python: the same rows as the sampler.

Parents come first, each as a relation of raw columns; a child's rows are its parents' rows times
their counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from genesis_sql.errors import GenesisError, ModelNotFoundError, nearest
from genesis_sql.plan.aggregate import aggregates
from genesis_sql.plan.compile_folds import add_fold, plain, unfolded
from genesis_sql.plan.definition import Model, apart, group_columns, read_of_parents
from genesis_sql.plan.settled import Settled
from genesis_sql.plan.sizing import only_child
from genesis_sql.program.dialects.base import Dialect
from genesis_sql.program.dialects.duckdb import DUCKDB
from genesis_sql.program.draw import Streams
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
)
from genesis_sql.program.sql_address import address_columns
from genesis_sql.program.sql_again import add_attempts
from genesis_sql.program.sql_cells import lookup
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
    real,
    relation_name,
    times,
    up_to,
)
from genesis_sql.program.sql_relation import Columns, Query, Relation, select
from genesis_sql.program.sql_sequence import add_sequence
from genesis_sql.program.steps import (
    MainParent,
    Pick,
    PickDistinct,
    Program,
    Step,
    Stratum,
    sequential,
    step_inputs,
)
from genesis_sql.sqlbuild import column, fill

_UNTIL = 'CAST(sum("#all") OVER (ORDER BY "#parent") AS BIGINT)'
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
    dialect: Dialect = DUCKDB,
    query: Query | None = None,
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
        dialect: of the engine that is to run it.
        query: what the statement is written into, which then knows its cell data; of that dialect.

    Raises:
        ModelNotFoundError: the model has no program for that table.
        GenesisError: a step has no SQL form.
    """
    span = Span(first, stop)
    if table in model.verbatim:
        return dialect.text(dialect.rewritten(copied(model, table, span, dialect), {}))
    program, shown = program_of(model, table), list(raw)
    query = query or Query(dialect)
    whole = Tables(Settled(model, seed, scale), table, [*sampled(program), *shown], query)
    program = whole.model.programs[table]
    if span.bounded and not whole.read_by_others(table):
        whole.span = {table: span}
    relation = whole.folded(table)
    values = add_outputs(relation, program)
    before = [(n, column(n)) for n in (NUMBER, ADDRESS)] if shown else []
    before += [(f"#raw {n}", column(n)) for n in shown]
    last = select([*before, *values], relation.close())
    if span.bounded:
        last = last.where(span.holds(column(NUMBER)), copy=False)
    return whole.query.text(last.order_by(column(NUMBER), copy=False))


def copied(model: Model, table: str, span: Span, dialect: Dialect = DUCKDB) -> exp.Select:
    """The rows of a copied table as they are and in their order, one VALUES list."""
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
    doubles = [types[n].upper() in ("FLOAT", "DOUBLE") for n in names]
    texts = [
        tuple(_text(v, double=d) for v, d in zip(row, doubles, strict=True))
        for row in zip(*held, strict=True)
    ]
    empty = tuple(exp.null() for _ in names)
    numbered = [exp.Tuple(expressions=[literal(i), *r]) for i, r in enumerate(texts or [empty])]
    values, (number, *columns) = dialect.held(numbered)
    shown = [(n, as_type(c, types[n])) for n, c in zip(names, columns, strict=True)]
    last = exp.Select(expressions=named(shown)).from_(values, copy=False)
    last = last if texts else last.where(exp.false(), copy=False)
    return last.order_by(number, copy=False)


def _text(value: str | None, *, double: bool) -> exp.Expression:
    """A value as text; a double to the last bit, which not every engine reads of a text."""
    if value is None:
        return exp.null()
    return real(float(value)) if double else exp.Literal.string(value)


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

    def beside(self, tree: exp.Select) -> exp.Select:
        """A SELECT that can read what the tests read; here they read literals."""
        return tree

    def meets(self, lowest: exp.Expression, highest: exp.Expression) -> exp.Expression:
        """Whether numbers from the lowest to the highest have some in it."""
        tests = [up_to(literal(self.first), highest)]
        if self.stop is not None:
            tests.append(less(lowest, literal(self.stop)))
        return both(*tests)


def program_of(model: Model, table: str) -> Program:
    """The program of a table; a ModelNotFoundError where there is none."""
    if table not in model.programs:
        known = nearest(table, model.programs)
        message = f"model '{model.name}' has no program for table '{table}'{known}"
        raise ModelNotFoundError(message)
    return model.programs[table]


def wanted_columns(model: Model, table: str, columns: Iterable[str]) -> dict[str, list[str]]:
    """The columns of a table and of those above it that must be drawn for these, by table."""
    wanted = unfolded(model, table, columns)
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


class Tables:
    """The tables of a model as relations of one statement."""

    def __init__(
        self,
        settled: Settled,
        table: str,
        columns: Iterable[str],
        query: Query | None = None,
    ) -> None:
        self.settled, model = settled, settled.model
        self.identity: Streams = Identity(model.uuid, settled.seed)
        self.query = query or Query()
        self.wanted = wanted_columns(model, table, columns)
        self.made: dict[str, Relation] = {}
        self.span: Mapping[str, Span] = {}
        self.model = settled.programs(self.wanted)

    def read_by_others(self, table: str) -> bool:
        """Whether rows of a table are parents of some that are made too."""
        programs = (self.model.programs[name] for name in self.wanted)
        links = (x for p in programs for x in [*p.links, *([p.main.link] if p.main else [])])
        return any(link.parent == table for link in links)

    def relation(self, table: str) -> Relation:
        """``#number``, ``#address`` and the wanted raw columns of a table."""
        if table not in self.made:
            program = self.model.programs[table]
            drawn = plain(program, self.wanted[table])
            rows = self._drawn(program, drawn)
            kept = dict.fromkeys([NUMBER, ADDRESS, *drawn])
            tree = select([(n, column(n)) for n in kept], rows.source)
            name = self.query.add(table, tree, shared=True)
            self.made[table] = Relation(self.query, table, name, kept)
        return self.made[table]

    def folded(self, table: str) -> Relation:
        """The rows of a table with the wanted columns that are made of their children, too."""
        rows, program = self.relation(table), self.model.programs[table]
        made = aggregates(program, tuple(self.wanted[table])).values()
        if not made:
            return rows
        rows = Relation(self.query, table, rows.source, rows.columns)
        for step in made:
            add_fold(rows, self.folded(step.child), self.model.programs[step.child], step)
        return rows

    def _drawn(self, program: Program, wanted: Sequence[str]) -> Relation:
        """The rows of a table with their raw columns."""
        around = self._around(program)
        rows, attempts = self._rows(program), self.settled.attempts(program)
        if program.main is not None and sequential(program.needed(wanted)):
            return add_sequence(_begun(rows), program, self.identity, around, wanted, attempts)
        if program.main is not None:
            self._address(rows, program)
        if attempts is not None:
            add_attempts(rows, self.identity, program.table, attempts)
        add_steps(rows, program, self.identity, around, wanted)
        return rows

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
        if program.main is not None and sequential(steps):
            parents |= self._own(program, steps)
        parents |= {s.alias: self._apart(program, s) for s in picks if s.alias in alone}
        members = {s.column: self._members(program, parents[s.alias], s) for s in picks}
        return Around(parents, members)

    def _apart(self, program: Program, step: Pick) -> ParentRows:
        """A relation of its own for a parent that does not stand before the table."""
        parent = next(x.parent for x in program.links if x.alias == step.alias)
        reads = (n.partition(".") for s in program.steps for n in step_inputs(s))
        names = [read for alias, _, read in reads if alias == step.alias]
        names += [step.weight, *group_columns(step)]
        return self._another(parent, names)

    def _another(self, table: str, names: Iterable[str]) -> ParentRows:
        """A relation with columns of a table that this one is not made of."""
        there = self._beside(table, names)
        return ParentRows(there.relation(table).source, there.model.programs[table])

    def _own(self, program: Program, steps: Iterable[Step]) -> dict[str, ParentRows]:
        """The earlier rows of a table that rows read, where these are drawn in their order."""
        aliases = [link.alias for link in program.links if link.parent == program.table]
        asked = [*self.wanted[program.table], *(n for s in steps for n in step_inputs(s))]
        read = {a: [n.split(".", 1)[1] for n in asked if n.startswith(f"{a}.")] for a in aliases}
        return {a: self._another(program.table, names) for a, names in read.items() if names}

    def _beside(self, table: str, columns: Iterable[str]) -> Tables:
        """Other columns of a table, made apart from those that are made here."""
        return Tables(self.settled, table, columns, self.query)

    # rows

    def _rows(self, program: Program) -> Relation:
        if program.main is not None:
            return self._children(program, program.main)
        first, stop = self._ends(program)
        rows = self.query.dialect.rows(first, stop)
        # DuckDB hands out range() on one thread, rows that were computed once on all of them
        name = self.query.add(program.table, rows, shared=True)
        self.query.kept.add(name)
        literals = isinstance(first, exp.Literal) and isinstance(stop, exp.Literal)
        ends = (first, stop) if literals else None
        return Relation(self.query, program.table, name, (NUMBER, ADDRESS), ends)

    def _ends(self, program: Program) -> tuple[exp.Expression, exp.Expression]:
        """The first row of a root, and the one behind its last."""
        size = self.settled.roots(program)
        span = self.span.get(program.table, Span())
        stop = size if span.stop is None else min(span.stop, size)
        return literal(min(span.first, stop)), literal(stop)

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
        loose = op(exp.Sub, until, since)
        settled = self.settled.children(program)
        if settled is None or settled.counts is None or settled.loose is None:
            many = self._most(program, column(main.count))
            many = many if settled is None else least(many, settled.most)
        else:
            many = lookup(family, "#children known", settled.counts, column(NUMBER))
            loose = lookup(family, "#loose known", settled.loose, column(NUMBER))
        children = family.put("#children", as_type(many, "BIGINT"), keep=True)
        family.put("#all", add(children, loose), keep=True)
        family.put("#until", fill(_UNTIL), keep=True)
        self._counted_out(program, family)
        begin = op(exp.Sub, column("#until"), column("#all"))
        source, known = family.close(), list(family.columns)
        each = self.query.dialect.repeated(source, known, begin, column("#until"), NUMBER)
        name = self.query.add(program.table, each)
        rows = Relation(self.query, program.table, name, [*known, NUMBER])
        first = op(exp.Sub, column("#until"), column("#all"))
        place = rows.put("#place", op(exp.Sub, column(NUMBER), first), keep=True)
        inside = less(place, children)
        rows.put(K, case([(inside, place)], literal(-1)), keep=True)
        rows.put(COUNT, case([(inside, children)], literal(0)), keep=True)
        rows.put(main.link.row, case([(inside, column("#parent"))]), keep=True)
        return rows

    def _address(self, rows: Relation, program: Program) -> None:
        """Add the addresses of children."""
        low, high = (self.identity.stream(program.table, ADDRESS, p) for p in ("low", "high"))
        made = rows.put_all(address_columns((low, high), PARENT_ADDRESS, "#place"))
        rows.put(ADDRESS, made, keep=True)

    def _counted_out(self, program: Program, family: Relation) -> None:
        """What is done with the numbers of children before they become rows."""
        if program.table in self.span:
            self._narrow(family, self.span[program.table])

    def _narrow(self, family: Relation, span: Span) -> None:
        """Leave out the families that have no row of the span."""
        since = op(exp.Sub, column("#until"), column("#all"))
        last = op(exp.Sub, column("#until"), 1)
        source = family.close()
        tree = select([(n, column(n)) for n in family.columns], source)
        tree = span.beside(tree.where(span.meets(since, last), copy=False))
        family.source = self.query.add(family.name, tree)

    def _most(self, program: Program, count: exp.Expression) -> exp.Expression:
        """The number of children: no more than there are values that keep them apart."""
        count = greatest(call("coalesce", count, literal(0)), 0)
        for parent in _counted(program):
            rows = relation_name(self.relation(parent).source)
            count = call("least", count, exp.select("count(*)").from_(rows).subquery())
        for step in program.steps:
            if isinstance(step, Stratum):
                count = least(count, len(step.values))
        return least(count, 1) if only_child(self.model, program.table) else count

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
        weight = greatest(weight, 1) if step.shared else weight
        unfit = self.settled.unfit(program, step)
        if len(unfit):
            left_out = exp.In(this=column(NUMBER), expressions=[literal(n) for n in unfit])
            weight = case([(left_out, literal(0))], weight)
        rows.put("weight", weight, keep=True)
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


def _begun(rows: Relation) -> Relation:
    """The first rows of families; a row without parent is a family of its own."""
    source = rows.close()
    tree = select([(n, column(n)) for n in rows.columns], source)
    begun = rows.query.add(rows.name, tree.where(up_to(column(K), 0), copy=False))
    return Relation(rows.query, rows.name, begun, rows.columns)


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
