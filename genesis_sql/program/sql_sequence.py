"""Rows that read earlier siblings, as a recursive common table expression over their place.

All families go on together. A family begins with a row in front of its first one, which is never
shown: so the steps are written once, in the recursive member, each level of them a derived table of
the next. A row hands on what the next one reads: the columns of earlier siblings, and of each kind
that is asked for the place and the moment of its last row. Steps that no later sibling depends on
are written behind the recursion.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from sqlglot import exp

from genesis_sql.program.domain import Categories, Reals, Words
from genesis_sql.program.draw import Streams
from genesis_sql.program.sql import (
    ADDRESS,
    NUMBER,
    PARENT_ADDRESS,
    Around,
    K,
    steps_of,
    writing,
)
from genesis_sql.program.sql_address import own_address, parent_words
from genesis_sql.program.sql_again import DRAWN, Attempts, add_attempts
from genesis_sql.program.sql_nodes import (
    add,
    as_type,
    case,
    is_null,
    less,
    literal,
    named,
    op,
    relation_name,
)
from genesis_sql.program.sql_recursion import Recursion
from genesis_sql.program.sql_relation import Query, Relation, select
from genesis_sql.program.steps import (
    AGO,
    BEFORE,
    KIND,
    PARENT,
    PAST,
    PLACES,
    PREV,
    TIME,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Step,
    earlier_columns,
    sequential,
    step_columns,
    step_inputs,
)
from genesis_sql.sqlbuild import column

PLACE, CHILDREN, END = "#place", "#children", "#end"
"""Place behind the parent, its children, and the place behind the last row of the family."""
_WORDS = ("#above low", "#above high")
_CHOICES = Pick | PickDistinct | PickSelf


class Nest(Query):
    """Relations that are written inside each other: each is a derived table of the next.

    What does not read the relation that recurs stands in front of it.
    """

    def __init__(self, outer: Query, start: str) -> None:
        super().__init__(outer.dialect, outer.keys)
        self.outer, self.start = outer, start
        self.levels: dict[str, exp.Expression] = {}
        self.items = outer.items

    def item(
        self, name: str, values: np.ndarray | tuple[str, ...], places: int = 0, align: int = 1
    ) -> str:
        """Add an array to the cell data of the whole statement."""
        return self.outer.item(name, values, places, align)

    def add(
        self, name: str, tree: exp.Expression, *, shared: bool = False, comment: str = ""
    ) -> str:
        """Add a level, or what stands in front of the recursion."""
        read = {t.name for t in tree.find_all(exp.Table)}
        if read.isdisjoint({self.start, *self.levels}):
            return self.outer.add(name, tree, shared=shared, comment=comment)
        if comment:
            tree.add_comments([comment])
        made = f"{name} level {len(self.levels)}"
        self.levels[made] = tree
        return made


@dataclass(frozen=True)
class Plan:
    """Which steps stand where, and what rows hand on.

    Attributes:
        inner: steps that later siblings depend on, in order.
        outer: the other ones, in order.
        read: earlier siblings' inputs of both.
        handed: columns of inner steps that are read later: by siblings, by outer steps, by users.
    """

    inner: tuple[Step, ...]
    outer: tuple[Step, ...]
    read: tuple[str, ...]
    handed: tuple[str, ...]

    def kinds(self) -> list[str]:
        """The kinds whose last row is asked for."""
        names = (n.partition(".") for n in self.read)
        return sorted({of for which, _, of in names if which != PREV}, key=int)


def planned(program: Program, wanted: Iterable[str]) -> Plan:
    """What of a program stands inside the recursion."""
    names = list(wanted)
    steps = steps_of(program, names)
    asked = [*names, *(n for s in steps for n in step_inputs(s))]
    carried = {c for n in asked for c in earlier_columns(n, program.moment)}
    inner = steps_of(program, sorted(carried))
    inside = {id(step) for step in inner}
    outer = [s for s in steps if id(s) not in inside]
    made = {c for s in inner for c in step_columns(s)}
    later = {*names, *(n for s in outer for n in step_inputs(s)), *carried}
    later |= {s.column for s in inner if isinstance(s, _CHOICES)}
    read = dict.fromkeys(n for n in asked if n.startswith(BEFORE))
    return Plan(tuple(inner), tuple(outer), tuple(read), tuple(sorted(made & later)))


def add_sequence(
    families: Relation,
    program: Program,
    identity: Streams,
    around: Around,
    wanted: Iterable[str],
    attempts: Attempts | None = None,
) -> Relation:
    """The rows of families with the raw columns that the wanted ones depend on.

    Args:
        families: the first row of each: ``#number``, `PLACE`, `CHILDREN`, ``#k`` (-1: the row has
            no parent and is a family of its own), ``#count``, ``#parent_address``, and the parent's
            row. It is closed here.
        program: what to run.
        identity: uuid and seed.
        around: parents and members.
        wanted: columns of the program.
        attempts: rows that are drawn again.

    Raises:
        GenesisError: a step has no SQL form.
    """
    names = list(wanted)
    plan = planned(program, names)
    if not families.query.dialect.walks:
        following = _following((*plan.inner, *plan.outer), program)
        raise families.query.dialect.without_walks(following, program.table)
    made = _Sequence(families, program, identity, around, plan)
    made.attempts = attempts
    return made.rows(names)


def _following(steps: Iterable[Step], program: Program) -> str:
    """A column that follows from earlier rows of its family, best one that users see."""
    names = [n for s in steps if sequential([s]) for n in step_columns(s)]
    shown = {o.name for o in program.outputs}
    return next((n for n in names if n in shown), names[0])


class _Sequence:
    """The recursion of one program while it is written."""

    def __init__(
        self, families: Relation, program: Program, identity: Streams, around: Around, plan: Plan
    ) -> None:
        self.families, self.program, self.identity = families, program, identity
        self.around, self.plan = around, plan
        self.query = families.query
        self.kinds = plan.kinds()
        self.attempts: Attempts | None = None

    def rows(self, wanted: Iterable[str]) -> Relation:
        """All rows, with all that is wanted of them."""
        plan = self.plan
        start, kept = self._begin()
        name = self.query.name(f"{self.program.table} walk")
        nest = Nest(self.query, name)
        last = self._next(nest, kept)
        self.query.add_recursion(name, Recursion(start, tuple(nest.levels.items()), last))
        shown = [*kept, *(n for n, _ in self._empty())]
        tree = select([(n, column(n)) for n in shown], name)
        tree = tree.where(exp.Not(this=is_null(column(K))), copy=False)
        rows = Relation(self.query, self.program.table, self.query.add(name, tree), shown)
        inputs = [n for s in plan.outer for n in step_inputs(s)] + [n for n in wanted if "." in n]
        writer = writing(rows, self.program, self.identity, self.around, inputs)
        writer.attach(PARENT)
        for step in plan.inner:
            if isinstance(step, _CHOICES):
                writer.attach(step.alias)
        for step in plan.outer:
            writer.write(step)
        rows.close()
        return rows

    def _begin(self) -> tuple[exp.Select, list[str]]:
        """The row in front of each family, and the columns that all its rows share."""
        families, read = self.families, [n for s in self.plan.inner for n in step_inputs(s)]
        above = [n for n in read if n.startswith(f"{PARENT}.") and n.split(".", 1)[1] not in PLACES]
        writing(families, self.program, self.identity, self.around, above).attach(PARENT)
        low, high = (self.identity.stream(self.program.table, ADDRESS, p) for p in ("low", "high"))
        for name, chain in zip(_WORDS, parent_words((low, high), PARENT_ADDRESS), strict=True):
            families.put(name, families.put_all(chain), keep=True)
        alone = less(column(K), 0)
        end = case([(alone, add(column(PLACE), 1))], column(CHILDREN))
        families.put(END, end, keep=True)
        source = families.close()
        moving = [(n, op(exp.Sub, column(n), 1)) for n in (NUMBER, PLACE)]
        moving = [(n, as_type(node, "BIGINT")) for n, node in moving]
        gone = {NUMBER, PLACE, K, ADDRESS}
        constant = [n for n in families.columns if n not in gone]
        entries = [*moving, *((n, column(n)) for n in constant), *self._empty()]
        return select(entries, source), [NUMBER, PLACE, *constant]

    def _empty(self) -> list[tuple[str, exp.Expression]]:
        """What the row in front of a family hands on."""
        out: list[tuple[str, exp.Expression]] = [
            (ADDRESS, as_type(exp.null(), "BIGINT")),
            (K, as_type(exp.null(), "BIGINT")),
        ]
        if self.attempts is not None:
            out.append((DRAWN, as_type(exp.null(), "BIGINT")))
        for name in self.plan.handed:
            out.append((name, self._typed(name, self._nothing(name))))
        for name in self._told():
            out.append((name, self._typed(name, self._nothing(name))))
        for kind in self.kinds:
            out += [(n, as_type(exp.null(), "BIGINT")) for n in _last(kind)]
        return out

    def _told(self) -> list[str]:
        """What outer steps read of earlier siblings."""
        read = {n for s in self.plan.outer for n in step_inputs(s)}
        return [n for n in self.plan.read if n in read]

    def _nothing(self, name: str) -> exp.Expression:
        return literal(0) if isinstance(self._domain(name), Categories) else exp.null()

    def _domain(self, name: str) -> object:
        name = name.partition(".")[2] if name.startswith(f"{PREV}.") else name
        return self.program.domains.get(name)

    def _typed(self, name: str, node: exp.Expression) -> exp.Expression:
        """A column in the one type that it has in both members."""
        domain = self._domain(name)
        if isinstance(domain, Categories):
            return as_type(node, "INTEGER")
        if isinstance(domain, Words):
            return as_type(node, "BIGINT[]")
        return as_type(node, "DOUBLE" if isinstance(domain, Reals) else "BIGINT")

    # the recursive member

    def _next(self, nest: Nest, constant: list[str]) -> exp.Select:
        """The row behind the one that was handed on."""
        program, plan = self.program, self.plan
        rows = self._turned(nest, constant)
        rows.put(
            K,
            case([(less(column(PLACE), column(CHILDREN)), column(PLACE))], literal(-1)),
            keep=True,
        )
        rows.put(ADDRESS, rows.put_all(own_address(_WORDS, PLACE)), keep=True)
        drawn = []
        if self.attempts is not None:
            add_attempts(rows, self.identity, program.table, self.attempts)
            drawn = [DRAWN]
        writer = writing(
            rows,
            program,
            self.identity,
            self.around,
            [n for s in plan.inner for n in step_inputs(s)],
        )
        writer.attach(PARENT)
        wait = [n for n in plan.read if not n.startswith(f"{PREV}.")]
        inner = {c for s in plan.inner for c in step_columns(s)}
        moment = program.moment or ""
        for step in plan.inner:
            self._tell(rows, [n for n in wait if n in step_inputs(step)])
            wait = [n for n in wait if n not in step_inputs(step)]
            writer.write(step)
        self._tell(rows, wait)
        same = {k: op(exp.EQ, column(KIND), literal(int(k))) for k in self.kinds}
        entries: list[tuple[str, exp.Expression]] = [
            (n, column(n)) for n in (*constant, ADDRESS, K, *drawn)
        ]
        entries = [
            (n, as_type(node, "BIGINT") if n in (NUMBER, PLACE, ADDRESS, K, DRAWN) else node)
            for n, node in entries
        ]
        entries += [(n, self._typed(n, column(n))) for n in (*plan.handed, *self._told())]
        for kind in self.kinds:
            place, then = _last(kind)
            values = [column(PLACE), column(moment) if moment in inner else exp.null()]
            for name, value in zip((place, then), values, strict=True):
                node = case([(same[kind], value)], column(name))
                entries.append((name, as_type(node, "BIGINT")))
        return select(entries, rows.close())

    def _turned(self, nest: Nest, constant: list[str]) -> Relation:
        """The columns handed on as those of the row before."""
        wanted = {n.partition(".")[2] for n in self.plan.read if n.startswith(f"{PREV}.")}
        if any(n.startswith(f"{PAST}.") for n in self.plan.read) and self.program.moment:
            wanted.add(self.program.moment)
        moving = (NUMBER, PLACE)
        entries = [(n, add(column(n, "w"), 1) if n in moving else column(n, "w")) for n in constant]
        entries += [(f"{PREV}.{n}", column(n, "w")) for n in sorted(wanted)]
        entries += [(n, column(n, "w")) for kind in self.kinds for n in _last(kind)]
        walk = exp.alias_(relation_name(nest.start), "w", table=True)
        tree = exp.Select(expressions=named(entries)).from_(walk, copy=False)
        more = less(add(column(PLACE, "w"), 1), column(END, "w"))
        source = nest.add(self.program.table, tree.where(more, copy=False))
        return Relation(nest, self.program.table, source, [n for n, _ in entries])

    def _tell(self, rows: Relation, names: Iterable[str]) -> None:
        """Add what is asked of the last row of a kind."""
        for name in names:
            which, _, kind = name.partition(".")
            place, then = _last(kind)
            moment = self.program.moment or ""
            begin = {AGO: PLACE, TIME: moment, PAST: f"{PREV}.{moment}"}[which]
            known = column(place if which == AGO else then)
            rows.put(name, op(exp.Sub, column(begin), known), keep=True)


def _last(kind: str) -> tuple[str, str]:
    """The columns with place and moment of the last row of a kind."""
    return f"#at.{kind}", f"#then.{kind}"
