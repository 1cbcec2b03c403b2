"""Checks a program that came from outside before the kernel may index with its numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from genesis_sql.errors import ModelFormatError
from genesis_sql.program.allowlist import columns_of
from genesis_sql.program.calendar import PARTS
from genesis_sql.program.column_types import MAX_DEPTH, is_known, is_plain
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
from genesis_sql.program.expressions import columns_read
from genesis_sql.program.fold import FUNCTIONS, Aggregate
from genesis_sql.program.formula import parse_formula
from genesis_sql.program.steps import (
    AGO,
    BEFORE,
    KIND,
    NEVER,
    PARENT,
    PAST,
    PREV,
    TIME,
    Beyond,
    Copy,
    Digit,
    Draw,
    Either,
    Expression,
    Following,
    Formula,
    Lookup,
    Part,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Random,
    Stratum,
    Tree,
    earlier_columns,
    step_columns,
    step_inputs,
)

MOST_ROWS, MOST_WORDS = 10**12, 64


def _require(condition: object, text: str) -> None:
    if not condition:
        message = f"a stored program is damaged: {text}"
        raise ModelFormatError(message)


def _between(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and low <= value <= high


def check_type(type_: str, *, plain: bool = False) -> None:
    """Refuse text that is no DuckDB type a column can have: it is written into statements.

    ``plain`` refuses structs and lists, too.
    """
    fits = is_plain(type_) if plain else is_known(type_)
    _require(fits, f"'{str(type_)[:40]}' is no column type")


def check_program(program: Program) -> None:
    """Refuse a program with numbers outside its arrays, or steps that read what is not there."""
    aliases = {link.alias for link in program.links} | ({PARENT} if program.main else set())
    made: set[str] = set()
    all_made = {c for step in program.steps for c in step_columns(step)}
    _check_shape(program)
    late = {s.column for s in program.steps if isinstance(s, Expression | Aggregate)}
    fixed = {n for n, domain in program.domains.items() if isinstance(domain, Fixed)}
    for output in program.outputs:
        check_type(output.type, plain=output.name not in late | fixed)
    for step in program.steps:
        optional = [getattr(step, field, None) for field in ("present", "otherwise")]
        names = [n for n in optional if n is not None]
        for name in (*step_columns(step), *step_inputs(step), *names):
            _require(isinstance(name, str) and name, "a column has no name")
        for name in step_inputs(step):
            _require(name not in late, f"column '{name}' is computed, no step can read it")
            alias = name.partition(".")[0]
            foreign = "." in name and (alias == PARENT or f"#row:{alias}" in made)
            foreign = foreign and alias in aliases
            if name.startswith(BEFORE):
                foreign = _is_earlier(name, program, made, all_made)
            _require(foreign or name in made, f"column '{name}' is read before it is made")
        for name in columns_read(step.sql) if isinstance(step, Expression) else ():
            _require(name in made, f"column '{name}' is read before it is made")
        for column in step_columns(step):
            _require(column not in made, f"column '{column}' is made twice")
            made.add(column)
    _check_domains(program, made)
    _check_constraints(program, aliases)
    for step in program.steps:
        if isinstance(step, Draw):
            _check_draw(step, program)
        if isinstance(step, Digit | Stratum):
            _check_part(step, program)
        if isinstance(step, Lookup):
            _check_lookup(step, program)
        if isinstance(step, Formula):
            parse_formula(step.sql)
            grid = program.domains.get(step.column)
            _require(isinstance(grid, Grid), f"formula '{step.column}' has no grid")
        if isinstance(step, Following):
            fits = _between(step.factor, 1, 2**62) and len(step.days) > 0
            _require(fits and bool((np.diff(step.days) > 0).all()), "days are not in order")
        if isinstance(step, Part):
            _check_date_part(step)
        if isinstance(step, Random):
            _check_words(step, program)
        if isinstance(step, Aggregate):
            _check_aggregate(step, program)
        if isinstance(step, Pick | PickDistinct | PickSelf | Beyond):
            _require(step.alias in aliases, f"parent '{step.alias}' is not there")
            _check_choice(step, program)


def _check_choice(step: Pick | PickDistinct | PickSelf | Beyond, program: Program) -> None:
    if isinstance(step, Beyond):
        key = isinstance(program.domains.get(step.column), Key)
        _require(key and _between(step.spread, 1, 2**32), "references do not dangle")
    if isinstance(step, Pick):
        texts = [step.group, step.weight, *(n for pair in step.shared for n in pair)]
        _require(all(isinstance(t, str) for t in texts), "a column has no name")


def _check_date_part(step: Part) -> None:
    fits = step.part in PARTS and _between(step.unit, 1, 2**62)
    _require(fits, f"'{str(step.part)[:20]}' is no part of a date")


def _is_earlier(name: str, program: Program, made: set[str], all_made: set[str]) -> bool:
    """Whether an input names something of an earlier sibling that can be told by now."""
    which, _, of = name.partition(".")
    if not all_made.issuperset(earlier_columns(name, program.moment)):
        return False
    if which in (AGO, TIME, PAST):
        kinds = program.domains[KIND]
        known = of.isdecimal() and isinstance(kinds, Categories)
        known = known and 0 < int(of) <= len(kinds.labels)  # type: ignore[union-attr]
        timed = which == AGO or (program.moment is not None and program.main is not None)
        return known and timed and (which != TIME or program.moment in made)
    return which == PREV


def _check_shape(program: Program) -> None:
    """The fields of the program itself."""
    main, texts = program.main, [program.table]
    _require(_between(program.rows, 0, MOST_ROWS), "its rows do not count")
    for link in [*program.links, *([main.link] if main else [])]:
        texts += [link.alias, link.parent, *link.columns, *link.parent_columns]
    if main:
        texts.append(main.count)
        fits = _between(main.loose, 0, MOST_ROWS) and _between(main.parents, 1, MOST_ROWS)
        _require(fits, "rows without parent do not count")
    _require(all(isinstance(t, str) for t in texts), "a name is no text")
    for edges in program.edges.values():
        _require(edges.dtype.kind in "if", "edges are no numbers")


def _check_constraints(program: Program, aliases: set[str]) -> None:
    """Predicates: of the allow-list, over columns that are there."""
    made = {o.name for o in program.outputs}
    for constraint in program.constraints:
        texts = (constraint.sql, constraint.source, constraint.shown)
        _require(all(isinstance(t, str) for t in texts), "a constraint is no text")
        for path, name in columns_of(constraint.sql):
            there = path.partition(".")[0] in aliases if path else name in made
            _require(there, f"a constraint reads '{name}', which is not there")


def _check_part(step: Digit | Stratum, program: Program) -> None:
    """Values of a key's part: codes with labels, or numbers."""
    values, domain = step.values, program.domains[step.column]
    _require(len(values) and values.dtype.kind in "if", "a key part has no values")
    if isinstance(step, Digit):
        fits = _between(step.divisor, 1, 2**62) and _between(step.base, 0, 2**62)
        _require(fits and _between(step.step, -(2**62), 2**62), "a key part does not count")
    if isinstance(domain, Categories):
        codes = values.dtype.kind == "i" and values.min() >= 0
        _require(codes and int(values.max()) <= len(domain.labels), "a code has no label")


def _check_aggregate(step: Aggregate, program: Program) -> None:
    domain, names = program.domains.get(step.column), [step.child, *step.sources]
    _require(all(isinstance(n, str) and n for n in names), "an aggregate has no source")
    _require(step.function in FUNCTIONS, "an aggregate has an unknown function")
    flag = None if step.present is None else program.domains.get(step.present)
    _require(step.present is None or isinstance(flag, Categories), "a list has no label")
    if step.function == "list":
        items = _leaves(domain.item) if isinstance(domain, Listed) else []
        _require(len(items) == len(step.sources) > 0, "a list does not fit its source")
        return
    _require(isinstance(domain, Grid), "an aggregate is no number")
    most = 0 if step.function == "count" else 1
    _require(most <= len(step.sources) <= 1, "an aggregate has several sources")
    _require(
        step.empty is None or _between(step.empty, -(2**62), 2**62), "an empty one is no number"
    )


def _leaves(domain: Domain) -> list[Domain | None]:
    """The domains of a list's raw columns; None stands for the label that a struct is there."""
    if not isinstance(domain, Record):
        return [domain]
    first: list[Domain | None] = [None] if domain.optional else []
    return first + [leaf for _, field in domain.fields for leaf in _leaves(field)]


def _check_lookup(step: Lookup, program: Program) -> None:
    """Arrays that fit each other; codes that have labels."""
    _require(len(step.levels) == len(step.inputs) > 0, "a lookup has no inputs")
    size = 1
    for levels in step.levels:
        _require(levels.dtype.kind in "if" and len(levels), "a lookup has no levels")
        size *= len(levels) + 1
    _require(size < 2**62, "a lookup is too large")
    _require(len(step.keys) == len(step.values) > 0, "a lookup has no values")
    _require(step.valid is None or len(step.valid) == len(step.keys), "null marks do not fit")
    _require(step.keys.dtype == np.int64, "keys of a lookup are no whole numbers")
    _require(bool((np.diff(step.keys) > 0).all()), "keys of a lookup are not in order")
    domain = program.domains[step.column]
    if isinstance(domain, Categories):
        codes = step.values.dtype == np.int32 and int(step.values.min()) >= 0
        _require(codes and int(step.values.max()) <= len(domain.labels), "a code has no label")
    else:
        kind = np.float64 if isinstance(domain, Reals) else np.int64
        _require(step.values.dtype == kind, "a lookup is of another kind than its column")


def _check_words(step: Random, program: Program) -> None:
    domain = program.domains.get(step.column)
    needed = domain.pattern.words_needed if isinstance(domain, Words) else 1
    _require(_between(step.words, needed, MOST_WORDS), "a text has too few words, or too many")


def _check_domains(program: Program, made: set[str]) -> None:
    computed = {s.column for s in program.steps if isinstance(s, Expression)}
    for output in program.outputs:
        _require(output.name in made, f"column '{output.name}' is not made")
        _require(
            output.name in computed or output.name in program.domains,
            f"column '{output.name}' has no domain",
        )
    for step in program.steps:
        if isinstance(step, Draw | Copy | Digit | Stratum | Lookup | Either):
            _require(step.column in program.domains, f"column '{step.column}' has no domain")
    for domain in (d for held in program.domains.values() for d in _with_inner(held)):
        check_type(domain.type, plain=not isinstance(domain, Listed | Record | Fixed))
        _require(
            not isinstance(domain, Fixed) or domain.value is None or isinstance(domain.value, str),
            "a constant is no text",
        )
        if isinstance(domain, Grid | Reals):
            text = domain.type.startswith(("BOOLEAN", "VARCHAR", "UUID", "ENUM"))
            _require(not text, f"numbers of the type {domain.type}")
        if isinstance(domain, Grid):
            fits = _between(domain.step, 1, 2**63 - 1) and _between(domain.scale, 0, 38)
            _require(fits, "a grid has no step")


def _with_inner(domain: Domain, depth: int = 0) -> Iterator[Domain]:
    """A domain, and those of the elements of its lists."""
    _require(depth <= MAX_DEPTH, "its lists are too deep")
    yield domain
    if isinstance(domain, Listed):
        yield from _with_inner(domain.item, depth + 1)
    if isinstance(domain, Record):
        for name, field in domain.fields:
            _require(isinstance(name, str) and name, "a field has no name")
            yield from _with_inner(field, depth + 1)


def _check_draw(step: Draw, program: Program) -> None:
    _check_tree(step.tree, len(step.inputs), step.cells.count)
    cells, slots = step.cells, len(step.cells.low)
    _require(
        len(cells.start) > 1 and cells.start[0] == 0 and cells.start[-1] == slots,
        "cells do not fit their slots",
    )
    _require(bool((np.diff(cells.start) > 0).all()), "a cell is empty")
    _require(len(cells.accept) == slots == len(cells.alias), "alias tables do not fit")
    _require(
        slots and int(cells.alias.min()) >= 0 and int(cells.alias.max()) < slots,
        "an alias points outside",
    )
    for name in step.inputs:
        coded = name in program.edges or name not in program.domains
        coded = coded or isinstance(program.domains[name], Categories)
        _require(coded, f"number '{name}' is read without edges")
    if isinstance(program.domains[step.column], Categories):
        labels = len(program.domains[step.column].labels)  # type: ignore[union-attr]
        _require(
            cells.low.dtype == np.int32
            and int(cells.low.min()) >= 0
            and int(cells.low.max()) <= labels,
            "a code has no label",
        )
    else:
        kind = np.dtype(np.float64 if isinstance(program.domains[step.column], Reals) else np.int64)
        drawn = [a for a in (cells.low, cells.width) if a is not None]
        _require(all(a.dtype == kind for a in drawn), "slots are of another kind than the column")
        _require(cells.width is not None and len(cells.width) == slots, "widths do not fit")
        _require(cells.null is not None and len(cells.null) == slots, "null marks do not fit")


def _check_tree(tree: Tree, inputs: int, cells: int) -> None:
    n = len(tree.feature)
    _require(
        n == len(tree.threshold) == len(tree.left) == len(tree.right) and n > 0,
        "a tree's arrays differ in length",
    )
    inner = tree.feature >= 0
    _require(
        int(tree.feature.max()) < inputs and int(tree.feature.min()) >= -1,
        "a tree asks about an input it does not have",
    )
    after = np.arange(n)[inner]
    for child in (tree.left[inner], tree.right[inner]):
        _require(
            bool((child > after).all()) and (len(child) == 0 or int(child.max()) < n),
            "a tree is no tree",
        )
    below = np.sort(np.concatenate([tree.left[inner], tree.right[inner]]))
    _require(np.array_equal(below, np.arange(1, n)), "a tree is no tree")
    asked = tree.threshold[inner]
    fits = n <= NEVER and bool(((asked >= 0) & (asked < NEVER)).all())
    _require(fits, "a tree asks for more than there is")
    ends = tree.left[~inner]
    _require(len(ends) and int(ends.min()) >= 0 and int(ends.max()) < cells, "a leaf has no cell")
