"""A model's table as the body of a macro: the SELECT of `compile`, with seed and range open.

The parameters are ``rows``, ``first_row``, ``scale`` and ``seed``, as of `genesis_generate`. Sizes
are expressions of them: of the scale where it is given, of the rows asked for where it is not. A
child's scale is the smallest whose roots have enough children: as many roots are looked at as can
be expected to have them, and some more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import Span, Tables, copied, program_of, wanted_columns
from genesis_sql.plan.definition import Model
from genesis_sql.plan.open_keys import open_keys
from genesis_sql.plan.required import matches
from genesis_sql.plan.room import type_room
from genesis_sql.plan.settled import Settled
from genesis_sql.plan.sizing import MANY, MOST_PARENTS, MOST_ROWS, most_rows, text_room
from genesis_sql.program.expressions import sampled
from genesis_sql.program.sql import NUMBER
from genesis_sql.program.sql_decode import add_outputs
from genesis_sql.program.sql_keys import KEYS, SEED, HeldIdentity, key_tables
from genesis_sql.program.sql_nodes import both, less, literal, relation_name, up_to
from genesis_sql.program.sql_relation import Query, Relation, select
from genesis_sql.program.steps import Beyond, Pick, PickDistinct, Program
from genesis_sql.sqlbuild import column, fill, quoted, text

PARAMETERS = ("rows", "first_row", "scale", "seed")
MARK = "genesis_deploy "
"""What the text that says whose a macro is begins with; it stands in the macro itself."""
MOST_CHILDREN = 10**9
"""Rows of a child whose scale is looked for: the counts of more parents do not fit into memory."""
MARGIN, MORE = 1.25, 1000
"""Roots that are looked at for a child's rows: a quarter more than it takes, and so many more."""
_SHOWN = "#shown "
"""What the outputs are called until no other column can be confused with them."""
_NEW = "#own "
"""What stands in front of a column that is called like a parameter, which would be replaced."""
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|/\*.*?\*/", re.DOTALL)

_SEED = 'SELECT CAST(CAST(coalesce(seed, 0) AS HUGEINT) AS VARCHAR) AS "text"'
_PARTS = {
    "rows": "CAST(rows AS BIGINT)",
    "first": "CAST(coalesce(first_row, 0) AS BIGINT)",
    "scale": "CAST(scale AS DOUBLE)",
    "until": "(CAST(coalesce(first_row, 0) AS BIGINT) + coalesce(CAST(rows AS BIGINT), 0))",
    "limit": str(MOST_ROWS),
}
"""What the parameters say; the templates below have each as ``$name``."""
_GIVEN = """
CASE
  WHEN $rows < 0 OR $rows <> rows
    THEN error(concat('rows := ', rows, ' is no whole number from 0'))
  WHEN $first < 0 OR $first <> first_row
    THEN error(concat('first_row := ', first_row, ' is no whole number from 0'))
  WHEN $rows > $limit OR $first > $limit
    THEN error(concat('rows and first_row may be ', $limit, ' at most'))
  WHEN NOT ($scale > 0 AND $scale <= $limit)
    THEN error(concat('scale := ', scale, ' is not a positive number'))
  WHEN $scale IS NULL AND NOT ($rows IS NULL OR $until = 0) AND $until > $allowed
    THEN error(concat('rows := ', rows, ' of table ', $named, ': ', $refused))
  ELSE $first
END
"""
_OF_ROOT = """
CASE WHEN $scale IS NOT NULL THEN $scale WHEN $rows IS NULL OR $until = 0 THEN 1.0
  ELSE CAST($until AS DOUBLE) / $fitted END
"""
_OF_BOUND = """
CASE WHEN $scale IS NOT NULL THEN $scale WHEN $rows IS NULL OR $until = 0 THEN 1.0
  ELSE ceil($until * $each + $more) / $roots END
"""
_OR_ONE = "coalesce($scale, 1.0)"
_SIZE = "least(CAST(round_even(CAST($by AS DOUBLE) * $fitted, 0) AS BIGINT), $most)"
_COUNTED = 'SELECT count(*) AS "#size" FROM $rows_of'
_LARGEST = 'SELECT coalesce(max("#until"), 0) AS "#size" FROM $family'
_OF_COPY = """
CASE WHEN $until > $size THEN error(concat('table ', $named, ' is copied with its ', $size,
  ' rows; ask for fewer')) ELSE coalesce($rows, $size) END
"""
_CHECKED = """
CASE WHEN $size > $room
  THEN error(concat('table ', $named, ' would have ', $size, ' rows at that scale, and can have ',
    $room, ': take a smaller scale'))
  ELSE $size END
"""
_NEEDED = 'SELECT min("#parent") + 1 AS "#needed" FROM $family, $before WHERE "#until" >= "#needed"'
_FOUND = """
SELECT CASE WHEN $scale IS NOT NULL THEN $scale WHEN $rows IS NULL OR $until = 0 THEN 1.0
  WHEN "#needed" IS NULL THEN error(concat('table ', $named, ' does not reach ', $until,
    ' rows among the parents that were looked at: give a scale'))
  ELSE CAST("#needed" AS DOUBLE) / $roots END AS "#scale"
FROM $needed
"""
_SPAN = """
SELECT $given AS "#first", CASE
    WHEN $lost IS NOT NULL THEN error($lost)
    WHEN "#size" > $room THEN error(concat('table ', $named, ' would have ', "#size",
      ' rows at that scale, and can have ', $room, ': take a smaller scale'))
    WHEN $rows IS NULL THEN "#size"
    WHEN $until > "#size" AND $scale IS NULL THEN error(concat('table ', $named,
      ' does not reach ', $until, ' rows among the parents that were looked at: give a scale'))
    WHEN $until > "#size" THEN error(concat('table ', $named, ' has ', "#size",
      ' rows at scale ', $scale, ', rows ', $first, ' to ', $until,
      ' were asked for; leave scale out, or take a larger one'))
    ELSE $until END AS "#stop"
FROM $sized
"""


def _open(template: str, **nodes: exp.Expression) -> exp.Expression:
    """A template with the parts that the parameters make."""
    return fill(template, **{name: fill(part) for name, part in _PARTS.items()}, **nodes)


def macro_sql(model: Model, table: str, mark: str) -> str:
    """The body of the macro that makes a table's rows: a SELECT over its parameters.

    Args:
        model: has the table's program.
        table: its name.
        mark: what is told about it; it stands in the text.

    Raises:
        ModelNotFoundError: the model has no program for that table.
        GenesisError: a step has no SQL form.
    """
    marked = ("#genesis", exp.select(exp.alias_(exp.Literal.string(MARK + mark), "mark")), False)
    if table in model.verbatim:
        return _copied_sql(model, table, marked)
    program, query, identity = program_of(model, table), Query(keys=KEYS), HeldIdentity(model.uuid)
    sizes = _sizes(model, table, query, identity)
    whole = _Open(model, table, sampled(program), query, identity, sizes)
    whole.target = None if whole.read_by_others(table) else table
    relation = whole.folded(table)
    values = add_outputs(relation, program)
    shown = [(f"{_SHOWN}{i}", node) for i, (_, node) in enumerate(values)]
    span = whole.span_relation()
    last = select(shown, relation.close()).join(relation_name(span), join_type="cross", copy=False)
    last = last.where(_OpenSpan(span).holds(column(NUMBER)), copy=False)
    keys = key_tables(identity.tails) if identity.tails else []
    seed = [(SEED, fill(_SEED), True)] if keys else []
    query.begin([marked, *seed, *((name, tree, name == KEYS) for name, tree in keys)])
    return _renamed(query.text(last.order_by(column(NUMBER), copy=False)), [n for n, _ in values])


def _renamed(sql: str, outputs: Sequence[str]) -> str:
    """Outputs under their names; no other column is called like a parameter."""

    def swap(found: re.Match[str]) -> str:
        token = found[0]
        if token.startswith(f'"{_SHOWN}'):
            return quoted(outputs[int(token[len(_SHOWN) + 1 : -1])])
        if token.startswith('"') and token[1:-1].lower() in PARAMETERS:
            return f'"{_NEW}{token[1:-1].lower()}"'
        return token

    return _TOKEN.sub(swap, sql)


def _copied_sql(model: Model, table: str, marked: tuple[str, exp.Expression, bool]) -> str:
    """The rows of a copied table, which has as many at any scale."""
    size = model.verbatim[table].num_rows
    refused = f"it is copied with its {size} rows"
    given = _given(table, size, refused)
    stop = _open(_OF_COPY, size=literal(size), named=exp.Literal.string(f"'{table}'"))
    tree = copied(model, table, Span()).limit(stop, copy=False).offset(given, copy=False)
    return text(tree.with_(exp.to_identifier(marked[0], quoted=True), as_=marked[1], copy=False))


def _given(table: str, allowed: int, refused: str) -> exp.Expression:
    """The first row; an error where the arguments make no sense."""
    told = {"named": exp.Literal.string(f"'{table}'"), "refused": exp.Literal.string(refused)}
    return _open(_GIVEN, allowed=literal(allowed), **told)


@dataclass(frozen=True)
class _Sizes:
    """How large tables are.

    Attributes:
        table: whose macro it is.
        scale: an expression of the parameters, or the largest that the scale can be.
        found: the relation of one row with the scale itself, where a statement has to find it.
        allowed: the most rows that can be asked for without a scale.
        refused: why no more.
    """

    table: str
    scale: str
    nodes: dict[str, exp.Expression]
    found: str | None
    allowed: int
    refused: str

    def node(self) -> exp.Expression:
        """The scale, or what it is at most."""
        return _open(self.scale, **self.nodes)


def _sizes(model: Model, table: str, query: Query, identity: HeldIdentity) -> _Sizes:
    """How the scale follows from the parameters of a table's macro."""
    program = model.programs[table]
    empty = "it was empty when it was fitted, so that it has no rows at any scale"
    if program.main is None:
        most = most_rows(program)
        why = f"it has at most {most} rows, for its key is made of labels"
        nodes = {"fitted": literal(max(program.rows, 1))}
        return _Sizes(
            table,
            _OF_ROOT,
            nodes,
            None,
            most if program.rows else 0,
            why if program.rows else empty,
        )
    counts = wanted_columns(model, table, [])
    if not program.rows:
        return _Sizes(table, _OR_ONE, {}, None, 0, empty)
    if _follow_sizes(model, counts):
        why = "its size depends on that of other tables, so give the scale, too: scale := 1"
        return _Sizes(table, _OR_ONE, {}, None, 0, why)
    many = f"at most {MOST_CHILDREN} can be counted; give scale too, and first_row for pieces"
    roots = _chain(model, table)[-1].rows
    each = max(roots, 1) / program.rows
    nodes = {
        "each": _real(MARGIN * each),
        "more": _real(MORE + 20 * each),
        "roots": literal(max(roots, 1)),
    }
    bound = _Sizes(table, _OF_BOUND, nodes, None, MOST_CHILDREN, many)
    if not _follow_sizes(model, wanted_columns(model, table, sampled(program))):
        return bound
    probe = _Open(model, table, [], query, identity, bound)
    found = probe.found_scale(table)
    return _Sizes(table, _OF_BOUND, nodes, found, MOST_CHILDREN, many)


def _real(value: float) -> exp.Expression:
    """A double."""
    return fill("CAST($x AS DOUBLE)", x=exp.Literal.string(repr(float(value))))


def _chain(model: Model, table: str) -> list[Program]:
    """A table's program and those of its main parents, the root last."""
    out = [model.programs[table]]
    while out[-1].main is not None:
        out.append(model.programs[out[-1].main.link.parent])
    return out


def _follow_sizes(model: Model, wanted: dict[str, list[str]]) -> bool:
    """Whether a value among these columns, or a number of rows, depends on a table's size."""
    for table, names in wanted.items():
        program = model.programs[table]
        if any(isinstance(s, Pick | PickDistinct | Beyond) for s in program.needed(names)):
            return True
        if program.main is not None and any(isinstance(s, PickDistinct) for s in program.steps):
            return True
    return False


@dataclass(frozen=True)
class _OpenSpan(Span):
    """A span whose ends stand in a relation of one row."""

    relation: str = ""

    def __init__(self, relation: str) -> None:
        object.__setattr__(self, "relation", relation)

    def beside(self, tree: exp.Select) -> exp.Select:
        """A SELECT that can read the ends, too."""
        return tree.join(relation_name(self.relation), join_type="cross", copy=False)

    def meets(self, lowest: exp.Expression, highest: exp.Expression) -> exp.Expression:
        """Whether numbers from the lowest to the highest have some in it."""
        return both(up_to(column("#first"), highest), less(lowest, column("#stop")))


class _Unsettled(Settled):
    """What is known of the rows where the seed is not: nothing that hangs on all rows together."""

    def __init__(self, model: Model) -> None:
        super().__init__(model, 0, 1.0)

    def programs(self, tables: Iterable[str]) -> Model:
        """The model as it is.

        Raises:
            GenesisError: rows of a table depend on all others of one seed and scale.
        """
        for table in tables:
            program = self.model.programs[table]
            for key in open_keys(self.model, table):
                what = (
                    f"has a key ({', '.join(key.columns)}) that all its rows are looked through for"
                )
                raise GenesisError(_fixed(table, what))
            if program.constraints:
                what = "has constraints, whose rows are drawn again until they hold"
                raise GenesisError(_fixed(table, what))
            for match in matches(self.model, program):
                if match.columns:
                    columns = ", ".join(own for own, _ in match.step.shared)
                    what = f"needs rows of '{match.link.parent}' that agree in {columns}"
                    raise GenesisError(_fixed(table, what))
        return self.model

    def children(self, program: Program) -> None:
        """As many as the parents say."""

    def unfit(self, program: Program, step: Pick) -> np.ndarray:
        """None."""
        return np.zeros(0, np.int64)

    def attempts(self, program: Program) -> None:
        """None."""


def _fixed(table: str, what: str) -> str:
    return (
        f"table '{table}' {what}, which SQL can have for one seed and scale only: genesis_compile "
        "writes it; genesis_generate makes it for any"
    )


class _Open(Tables):
    """The tables of a statement whose seed and sizes are parameters.

    Attributes:
        target: the table whose range of rows is asked for; None where all of its rows are needed.
    """

    def __init__(
        self,
        model: Model,
        table: str,
        columns: Iterable[str],
        query: Query,
        identity: HeldIdentity,
        sizes: _Sizes,
    ) -> None:
        super().__init__(_Unsettled(model), table, columns, query)
        self.identity = self.held = identity
        self.table, self.sizes = table, sizes
        self.target: str | None = None
        self.families: dict[str, str] = {}
        self.ends: str | None = None

    def _beside(self, table: str, columns: Iterable[str]) -> Tables:
        return _Open(self.model, table, columns, self.query, self.held, self.sizes)

    def _rows(self, program: Program) -> Relation:
        rows = super()._rows(program)
        if program.main is None and self.sizes.found is not None:
            size = self._size(program, column("#scale"))
            tree = select([(n, column(n)) for n in rows.columns], rows.source)
            tree = tree.join(relation_name(self.sizes.found), join_type="cross", copy=False)
            tree = tree.where(less(column(NUMBER), size), copy=False)
            rows.source = self.query.add(program.table, tree)
        return rows

    def _ends(self, program: Program) -> tuple[exp.Expression, exp.Expression]:
        size = self._size(program, self.sizes.node())
        first = _given(self.sizes.table, self.sizes.allowed, self.sizes.refused)
        if program.table != self.target:
            return literal(0), fill("CASE WHEN $given >= 0 THEN $size END", given=first, size=size)
        until = _open("CASE WHEN $rows IS NULL THEN $n ELSE least($until, $n) END", n=size)
        return first, _open("greatest($first, $end)", end=until)

    def _size(self, program: Program, scale: exp.Expression) -> exp.Expression:
        """Rows of a root at a scale."""
        table, texts = program.table, text_room(program)[0]
        most = min(most_rows(program), texts if texts < MANY else 2**62)
        room = min(type_room(self.model, table).rows, MOST_ROWS)
        if table != self.table:
            room = min(room, MOST_PARENTS)
        size = fill(_SIZE, by=scale, fitted=literal(program.rows), most=literal(most))
        named = exp.Literal.string(f"'{table}'")
        return fill(_CHECKED, size=size, room=literal(room), named=named)

    def _counted_out(self, program: Program, family: Relation) -> None:
        self.families[program.table] = family.close(shared=True)
        if program.table == self.target:
            sized = fill(_LARGEST, family=relation_name(self.families[program.table]))
            self.ends = self._span(sized)
            self._narrow(family, _OpenSpan(self.ends))

    def span_relation(self) -> str:
        """The relation of one row with the ends of the range that is asked for."""
        if self.ends is None:
            program = self.model.programs[self.table]
            sized = fill('SELECT $n AS "#size"', n=self._size(program, self.sizes.node()))
            if program.main is not None:
                rows = relation_name(self.relation(self.table).source)
                sized = fill(_COUNTED, rows_of=rows)
            self.ends = self._span(sized)
        return self.ends

    def _span(self, sized: exp.Expression) -> str:
        room = min(type_room(self.model, self.table).rows, MOST_ROWS)
        texts = text_room(self.model.programs[self.table])[0]
        given = _given(self.sizes.table, self.sizes.allowed, self.sizes.refused)
        tree = _open(
            _SPAN,
            given=given,
            lost=self._lost(),
            room=literal(min(room, texts if texts < MANY else room)),
            named=exp.Literal.string(f"'{self.table}'"),
            sized=exp.Subquery(this=sized, alias=exp.to_identifier("sized")),
        )
        return self.query.add("#span", tree, shared=True)

    def _lost(self) -> exp.Expression:
        """What makes the sizes above impossible, as a text; NULL where nothing does."""
        told: list[exp.Expression] = []
        for table in self.made:
            program = self.model.programs[table]
            room = min(type_room(self.model, table).rows, text_room(program)[0])
            if program.main is not None and room < MANY:
                told.append(self._told(table, room, f" has more rows at that scale than {room}"))
        for table in [*self.made, self.table]:
            for match in matches(self.model, self.model.programs[table]):
                if match.link.parent in self.made:
                    why = f" has no rows at that scale, which '{table}' needs: take a larger one"
                    told.append(self._told(match.link.parent, 0, why, more=False))
        return (
            fill("coalesce(NULL, $all)", all=told[0])
            if len(told) == 1
            else (exp.Coalesce(this=told[0], expressions=told[1:]) if told else exp.null())
        )

    def _told(self, table: str, rows: int, why: str, *, more: bool = True) -> exp.Expression:
        test = "(SELECT count(*) FROM $t) > $n" if more else "(SELECT count(*) FROM $t) = $n"
        return fill(
            "CASE WHEN $test THEN $why END",
            test=fill(test, t=relation_name(self.made[table].source), n=literal(rows)),
            why=exp.Literal.string(f"table '{table}'{why}"),
        )

    def found_scale(self, table: str) -> str:
        """The relation of the smallest scale that has the rows asked for of a child."""
        self.relation(table)
        needed = self.query.add("#needed", _open('SELECT $until AS "#needed"'))
        chain = _chain(self.model, table)
        for program in chain[:-1]:
            before, family = relation_name(needed), relation_name(self.families[program.table])
            needed = self.query.add("#needed", fill(_NEEDED, family=family, before=before))
        found = _open(
            _FOUND,
            named=exp.Literal.string(f"'{table}'"),
            roots=literal(max(chain[-1].rows, 1)),
            needed=relation_name(needed),
        )
        return self.query.add("#scale", found, shared=True)
