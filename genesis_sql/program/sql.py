"""The SQL form of a sampling program on DuckDB: the same rows as the kernel, bit by bit.

Plain and slow: the tests use it as the kernel's oracle. A program is written over a relation of
rows with the columns ``#number`` and ``#address``, and where the table has a main parent ``#k``
(-1: none), ``#count``, ``#parent_address`` and ``#row:parent``. Every step adds its raw column:
label codes, whole numbers on a grid, doubles, row numbers, or a list of words; NULL where the
kernel has no valid value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.program.domain import Categories, Domain
from genesis_sql.program.draw import LOW, WORD, Streams, draw_columns, folded
from genesis_sql.program.execute import STRIDES
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.sql_again import DRAWN
from genesis_sql.program.sql_cells import coded, drawn, fraction, lookup, spans
from genesis_sql.program.sql_decode import comparable
from genesis_sql.program.sql_fixed import (
    write_either,
    write_following,
    write_formula,
    write_lookup,
    write_override,
    write_part,
)
from genesis_sql.program.sql_nodes import (
    above,
    add,
    as_type,
    both,
    case,
    div,
    floored,
    greatest,
    is_null,
    least,
    less,
    literal,
    mod,
    op,
    own,
    relation_name,
    times,
    up_to,
)
from genesis_sql.program.sql_relation import Relation
from genesis_sql.program.sql_routes import routed
from genesis_sql.program.steps import (
    AGAIN,
    PARENT,
    PLACES,
    Beyond,
    Block,
    Constant,
    Copy,
    Digit,
    Draw,
    Either,
    Expression,
    Following,
    Formula,
    Lookup,
    Number,
    Override,
    Part,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Random,
    Sibling,
    Step,
    Stratum,
    step_columns,
    step_inputs,
)
from genesis_sql.sqlbuild import column, fill

NUMBER, ADDRESS, K, COUNT, PARENT_ADDRESS = "#number", "#address", "#k", "#count", "#parent_address"
EVERYONE = -1
"""The group that holds all members, for kinds that no member has."""


@dataclass(frozen=True)
class ParentRows:
    """A parent's rows: a relation with ``#number`` and its raw columns, and its program."""

    relation: str
    program: Program


@dataclass(frozen=True)
class Members:
    """The rows that a `Pick` chooses from.

    Attributes:
        totals: relation of (g0, g1, …, total): sum of the weights of each group.
        members: relation of (g0, g1, …, number, since, until): running weights inside the group.
    """

    totals: str
    members: str


@dataclass(frozen=True)
class Around:
    """What a program finds around it.

    Attributes:
        parents: their rows, by alias; not of a table that is its own parent.
        members: what picks choose from, by the column of the `Pick`.
    """

    parents: Mapping[str, ParentRows] = field(default_factory=dict)
    members: Mapping[str, Members] = field(default_factory=dict)


class Writing(Protocol):
    """Steps of one program while they are written."""

    def attach(self, alias: str) -> None:
        """Bring the columns of a parent that are read."""
        ...

    def write(self, step: Step) -> None:
        """Add the column of a step."""
        ...


def writing(
    relation: Relation,
    program: Program,
    identity: Streams,
    around: Around,
    inputs: Iterable[str],
) -> Writing:
    """What writes steps of a program.

    Args:
        relation: gets the columns; those that it has already are not made again.
        program: whose steps.
        identity: uuid and seed.
        around: parents and members.
        inputs: what is read.
    """
    return _Writer(relation, program, identity, around, inputs)


def add_steps(
    relation: Relation,
    program: Program,
    identity: Streams,
    around: Around,
    wanted: Iterable[str],
) -> None:
    """Add the raw columns that the wanted ones depend on, each under its name.

    Args:
        relation: the rows; see above.
        program: what to run.
        identity: uuid and seed.
        around: parents and members.
        wanted: columns of the program.

    Raises:
        GenesisError: a step has no SQL form.
    """
    names = list(wanted)
    steps = steps_of(program, names)
    read = [n for s in steps for n in step_inputs(s)] + [n for n in names if "." in n]
    writer = _Writer(relation, program, identity, around, read)
    if program.main is not None:
        writer.attach(PARENT)
    for step in steps:
        writer.write(step)
    relation.close()


def steps_of(program: Program, wanted: Iterable[str]) -> list[Step]:
    """The steps that make raw columns; an expression has none."""
    return [s for s in program.needed(wanted) if not isinstance(s, Expression)]


def _without_form(program: Program, step: Step) -> str:
    """Why a step has no SQL form, and what to do."""
    columns = ", ".join(step_columns(step))
    if isinstance(step, Block):
        what = f"has a block step of method '{step.method}' for {columns}"
    elif isinstance(step, Aggregate):
        return (
            f"column '{step.column}' of table '{program.table}' is the {step.function} of rows of "
            f"'{step.child}', which has no SQL form; read it with genesis_generate"
        )
    else:
        what = f"makes {columns} of the rows before it"
    return f"table '{program.table}' {what}, which has no SQL form; read it with genesis_generate"


class _Writer:
    """The steps of one program while they are written."""

    def __init__(
        self,
        relation: Relation,
        program: Program,
        identity: Streams,
        around: Around,
        inputs: Iterable[str],
    ) -> None:
        self.relation, self.program, self.identity = relation, program, identity
        self.around, self.inputs = around, list(dict.fromkeys(inputs))
        self.words = 0

    def write(self, step: Step) -> None:
        """Add the column of a step; a GenesisError where it has no SQL form."""
        if type(step) not in _WRITE:
            raise GenesisError(_without_form(self.program, step))
        _WRITE[type(step)](self, step)

    def keep(self, name: str, node: exp.Expression) -> exp.Column:
        return self.relation.put(name, node, keep=True)

    def word(self, of: str, purpose: str, row: str | None = None) -> exp.Column:
        """A word of the draw, as a column."""
        self.words += 1
        row = row or (DRAWN if DRAWN in self.relation.columns else ADDRESS)
        keys = self.identity.stream(self.program.table, of, purpose)
        low, name = self.relation.low and row == ADDRESS, f"#word {self.words} "
        mixed = self.relation.once("#folded", folded(row)).name if low else None
        return self.relation.put_all(draw_columns(keys, row, name, low=low, mixed=mixed))

    def code(self, name: str) -> exp.Expression:
        """Code of an input, as a column; labels are codes already."""
        if name not in self.program.edges:
            return column(name)
        if not self.relation.has(f"#code {name}"):
            self.keep(f"#code {name}", coded(self.relation, self.program, name))
        return column(f"#code {name}")

    def size(self, name: str) -> int | None:
        """What all codes of an input are below; None where it is not known."""
        if name in self.program.edges:
            return len(self.program.edges[name]) + 2
        domain = self.program.domains.get(name)
        return len(domain.labels) + 1 if isinstance(domain, Categories) else None

    def family(self) -> tuple[exp.Expression, exp.Expression]:
        """The row's place among its siblings, and their number."""
        if self.program.main is None:
            return column(NUMBER), add(column(NUMBER), 1)
        return column(K), column(COUNT)

    def attach(self, alias: str) -> None:
        """Bring the columns of a parent that steps read; its row ``#row:alias`` is known by now."""
        there = set(self.relation.columns)
        asked = [n for n in self.inputs if n.startswith(f"{alias}.") and n not in there]
        asked = [n.split(".", 1)[1] for n in asked]
        if alias == PARENT and "#k" in asked:
            self.keep(f"{alias}.#k", case([(up_to(literal(0), column(K)), column(K))]))
        if alias == PARENT and "#count" in asked:
            self.keep(f"{alias}.#count", column(COUNT))
        if alias == PARENT and "#left" in asked:
            left = op(exp.Sub, op(exp.Sub, column(COUNT), column(K)), 1)
            self.keep(f"{alias}.#left", case([(up_to(literal(0), column(K)), left)]))
        asked = [n for n in asked if alias != PARENT or n not in PLACES]
        if not asked:
            return
        main = [self.program.main.link] if self.program.main else []
        link = next(x for x in [*main, *self.program.links] if x.alias == alias)
        if alias in self.around.parents:
            other = self.around.parents[alias].relation
            program = self.around.parents[alias].program
        else:
            other, program = self.relation.close(shared=True), self.program
        on = op(exp.EQ, column(NUMBER, "o"), column(link.row, "r"))
        self.relation.join(
            other, on, [(f"{alias}.{n}", self._above(alias, program, n)) for n in asked]
        )

    def _above(self, alias: str, program: Program, name: str) -> exp.Expression:
        """A parent's column; what the parent reads of its own parents is a number or a code."""
        label = "." in name and name not in program.domains
        if label and f"{alias}.{name}" not in self.program.edges:
            return exp.Coalesce(this=column(name, "o"), expressions=[literal(0)])
        return _or_zero(program, name)

    # one method for each kind of step

    def draw(self, step: Draw) -> None:
        name, domain = step.column, self.program.domains[step.column]
        inputs = [(self.code(n), self.size(n)) for n in step.inputs]
        cell = routed(self.relation, f"#{name}", step.tree, inputs, spans(step.cells)[0])
        if step.cells.count > 1:
            cell = self.relation.put(f"#{name} cell", cell)
        bounds = (step.at_most, step.at_least)
        if bounds == (None, None):
            self.keep(name, self._cells(step, domain, cell, ""))
            return
        made = self.keep(f"#{name} 0", self._cells(step, domain, cell, ""))
        for again in range(1, AGAIN + 1):
            other = self._cells(step, domain, cell.copy(), str(again))
            made = self.keep(f"#{name} {again}", case([(_outside(made, *bounds), other)], made))
        for bound, over in zip(bounds, (exp.GT, exp.LT), strict=True):
            if bound is not None:
                beyond = op(over, made.copy(), column(bound))
                made = self.keep(f"#{name} {bound}", case([(beyond, column(bound))], made))
        self.keep(name, made.copy())

    def _cells(
        self, step: Draw, domain: Domain, cell: exp.Expression, again: str
    ) -> exp.Expression:
        """What the cells draw with the words of one attempt."""
        return drawn(
            self.relation,
            f"#{step.column}{again}",
            step.cells,
            domain,
            cell,
            self.word(step.column, f"cell{again}"),
            lambda: self.word(step.column, f"within{again}"),
        )

    def number(self, step: Number) -> None:
        self.keep(step.column, _where(step.present, column(NUMBER)))

    def constant(self, step: Constant) -> None:
        self.keep(step.column, literal(0))

    def random(self, step: Random) -> None:
        words = [self.word(step.column, f"word{w}") for w in range(step.words)]
        self.keep(step.column, _where(step.present, exp.Array(expressions=words)))

    def copy(self, step: Copy) -> None:
        source = column(step.source)
        if step.otherwise is None:
            self.keep(step.column, source)
            return
        labels = isinstance(self.program.domains[step.column], Categories)
        missing = op(exp.EQ, source, 0) if labels else is_null(source)
        self.keep(step.column, case([(missing, column(step.otherwise))], source))

    def digit(self, step: Digit) -> None:
        at, last = div(column(NUMBER), step.divisor), len(step.values) - 1
        at = self.relation.put(f"#{step.column} digit", mod(at, step.base) if step.base else at)
        inside = lookup(self.relation, f"#{step.column} values", step.values, least(at, last))
        beyond = greatest(op(exp.Sub, at, last), 0)
        self.keep(step.column, add(inside, times(beyond, step.step)))

    def sibling(self, step: Sibling) -> None:
        self.keep(step.column, add(self.family()[0], step.base))

    def stratum(self, step: Stratum) -> None:
        k, count = self.family()
        size, place, many = len(step.values), greatest(k, 0), greatest(count, 1)
        first = self.relation.put(f"#{step.column} first", div(times(place, size), many))
        until = div(times(add(place, 1), size), many)
        share = fraction(self.word(step.column, "cell"))
        width = as_type(op(exp.Sub, until, first), "DOUBLE")
        at = least(add(first, floored(times(share, width))), size - 1)
        self.keep(step.column, lookup(self.relation, f"#{step.column} values", step.values, at))

    def pick(self, step: Pick) -> None:
        """Choose the group, then the member whose running weights hold the word's share."""
        around, name = self.around.members[step.column], f"#{step.column}"
        mine, theirs = self.program.domains, self.around.parents[step.alias].program.domains
        chosen = [
            comparable(self.relation, here, mine[here], theirs[there])
            for here, there in step.shared
        ]
        if not step.shared:
            group = op(exp.EQ, column("g0", "o"), column(step.kind, "r"))
            known = column(f"{name} known")
            self.relation.join(around.totals, group, [(known.name, column("g0", "o"))])
            chosen = [exp.Coalesce(this=known, expressions=[literal(EVERYONE)])]
        groups = [self.keep(f"{name} g{i}", own(node)) for i, node in enumerate(chosen)]
        word = self.keep(f"{name} word", self.word(step.column, "cell"))
        same = [
            op(exp.NullSafeEQ, column(f"g{i}", "o"), column(g.name, "r"))
            for i, g in enumerate(groups)
        ]
        some = above(column(step.kind, "r"), 0)
        total = column(f"{name} total")
        self.relation.join(around.totals, both(some, *same), [(total.name, column("total", "o"))])
        exact = div(times(word, total), WORD)
        rough = floored(times(fraction(word), as_type(total, "DOUBLE")))
        target = self.keep(f"{name} target", case([(less(total, LOW), exact)], rough))
        reached = column(target.name, "r")
        inside = [up_to(column("since", "o"), reached), above(column("until", "o"), reached)]
        self.relation.join(
            around.members, both(*same, *inside), [(step.column, column("number", "o"))]
        )
        self._chosen(step)

    def pick_distinct(self, step: PickDistinct) -> None:
        k, _ = self.family()
        offset = self.word(step.column, "offset", PARENT_ADDRESS)
        stride = self.word(step.column, "stride", PARENT_ADDRESS)
        rows = relation_name(self.around.parents[step.alias].relation)
        count = exp.select("count(*)").from_(rows).subquery()
        size = self.relation.single(f"#{step.column} size", fill("(SELECT $size)", size=count))
        prime = self._prime(f"#{step.column}", size, stride)
        place = mod(add(offset, times(greatest(k, 0), prime)), greatest(size, 1))
        self.keep(step.column, case([(up_to(literal(0), k), place)]))
        self._chosen(step)

    def _prime(self, name: str, size: exp.Column, stride: exp.Column) -> exp.Expression:
        """One of the primes that do not divide a size: number stride mod their count of them."""
        fits = [
            self.relation.put(
                f"{name} fits {p}", case([(op(exp.EQ, mod(size, p), 0), literal(0))], literal(1))
            )
            for p in STRIDES
        ]
        counts = [fits[0]]
        for i, one in enumerate(fits[1:], 1):
            counts.append(self.relation.put(f"{name} fitting {i}", add(counts[-1], one)))
        wanted = self.relation.put(f"{name} chosen", add(mod(stride, greatest(counts[-1], 1)), 1))
        reached = [op(exp.EQ, c, wanted) for c in counts]
        return case([(r, literal(p)) for r, p in zip(reached, STRIDES, strict=True)])

    def pick_self(self, step: PickSelf) -> None:
        many = column(step.many or NUMBER)
        share = times(fraction(self.word(step.column, "cell")), as_type(many, "DOUBLE"))
        chosen = add(column(step.first), floored(share)) if step.first else floored(share)
        chosen = _where(step.present, chosen)
        self.keep(step.column, case([(above(many.copy(), 0), chosen)]))
        self._chosen(step)

    def _chosen(self, step: Pick | PickDistinct | PickSelf) -> None:
        """Bring what is read of the chosen rows, unless some are going to be other ones."""
        changed = (s.column for s in self.program.steps if isinstance(s, Override))
        if step.column not in changed:
            self.attach(step.alias)

    def override(self, step: Override) -> None:
        write_override(self, step)
        for link in self.program.links:
            if link.row == step.column:
                self.attach(link.alias)

    def beyond(self, step: Beyond) -> None:
        rows = relation_name(self.around.parents[step.alias].relation)
        count = exp.select("count(*)").from_(rows).subquery()
        size = self.relation.single(f"#{step.column} size", fill("(SELECT $size)", size=count))
        at = floored(times(fraction(self.word(step.column, "cell")), literal(step.spread)))
        self.keep(step.column, _where(step.present, add(size, at)))


def _outside(value: exp.Expression, at_most: str | None, at_least: str | None) -> exp.Expression:
    """Whether a value is beyond one of its bounds; NULL is not."""
    tests: list[exp.Expression] = []
    if at_most is not None:
        tests.append(op(exp.GT, value.copy(), column(at_most)))
    if at_least is not None:
        tests.append(op(exp.LT, value.copy(), column(at_least)))
    known = [exp.Coalesce(this=t, expressions=[exp.false()]) for t in tests]
    return cast(exp.Expression, exp.or_(*known))


def _where(present: str | None, node: exp.Expression) -> exp.Expression:
    """NULL where the column ``present`` has code 0."""
    return node if present is None else case([(above(column(present), 0), node)])


def _or_zero(program: Program, name: str) -> exp.Expression:
    """A parent's column where the parent may be missing: codes have 0 for NULL."""
    if isinstance(program.domains.get(name), Categories):
        return exp.Coalesce(this=column(name, "o"), expressions=[literal(0)])
    return column(name, "o")


_WRITE: dict[type, Callable[[_Writer, Any], None]] = {
    Draw: _Writer.draw,
    Number: _Writer.number,
    Constant: _Writer.constant,
    Random: _Writer.random,
    Copy: _Writer.copy,
    Digit: _Writer.digit,
    Sibling: _Writer.sibling,
    Stratum: _Writer.stratum,
    Pick: _Writer.pick,
    PickDistinct: _Writer.pick_distinct,
    PickSelf: _Writer.pick_self,
    Beyond: _Writer.beyond,
    Lookup: write_lookup,
    Formula: write_formula,
    Part: write_part,
    Either: write_either,
    Following: write_following,
    Override: _Writer.override,
}
