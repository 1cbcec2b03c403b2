"""A plain profile as a model: the sampling programs of its tables, and the graph around them.

What a draw depends on is the content of the profile (without its name, seed and notes) and the
seed: the model's uuid is a hash of that content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from genesis_sql.errors import ProfileError
from genesis_sql.plan.circles import circle
from genesis_sql.plan.definition import Model
from genesis_sql.profiles.allocated import put_allocated
from genesis_sql.profiles.calibrate import calibrated, expected_rows
from genesis_sql.profiles.choosing import by_match, check_distinct, is_placed
from genesis_sql.profiles.declared import check_nulls, checks_of, constrained
from genesis_sql.profiles.draws import draw_step
from genesis_sql.profiles.expressions import Computing, add_expressions
from genesis_sql.profiles.hidden import Hidden
from genesis_sql.profiles.kept import check_keys
from genesis_sql.profiles.laws import slots
from genesis_sql.profiles.links import COUNTED, put_link, put_weights
from genesis_sql.profiles.made import put_made
from genesis_sql.profiles.making import Making
from genesis_sql.profiles.relations import graph_of, parent_key
from genesis_sql.profiles.tables import CHOICE, TableLaws, read_tables
from genesis_sql.profiles.totals import put_totals
from genesis_sql.program.domain import Domain, Fixed
from genesis_sql.program.steps import (
    PARENT,
    ROW,
    Constant,
    Copy,
    Formula,
    Link,
    Lookup,
    MainParent,
    Number,
    Output,
    Program,
    Sibling,
)
from genesis_sql.program.validate import check_program
from genesis_sql.sqlbuild import quoted

NO_CONTENT = ("origin", "note", "title", "description", "comment")
"""What a column says about itself: it changes no draw."""
PER_FORMULA = 16  # flags in one formula: each takes some 60 of its 4,000 characters


def compile_profile(plain: Mapping[str, Any], *, name: str, version: int) -> Model:
    """The model of a plain profile.

    Args:
        plain: tables of columns, as `read_profile` or a domain gives it.
        name: of the model.
        version: of it.

    Raises:
        ProfileError: something in it cannot be drawn.

    Example:
        >>> people = {"columns": {"sex": {"type": "categorical", "values": {"F": 1, "M": 1}}}}
        >>> compile_profile({"tables": {"people": people}}, name="p", version=1).order
        ('people',)
    """
    tables = calibrated(read_tables(plain))
    order = tuple(tables)
    sizes = expected_rows(tables)
    computing = Computing(tables)
    programs, checks = {}, {}
    for table in tables.values():
        check_nulls(table, tables)
        check_distinct(table, sizes)
        made = _program(table, tables, sizes, computing)
        checks[table.name] = checks_of(table, {o.name: o.type for o in made.outputs})
        programs[table.name] = constrained(made, checks[table.name])
    for program in programs.values():
        check_program(program)
    graph = graph_of(tables, programs, checks)
    model = Model(name, version, content_id(plain), graph, programs, {}, order)
    check_keys(model, tables, sizes)
    _check_circle(model)
    return model


def _check_circle(model: Model) -> None:
    """Refuse columns that hang on themselves through the rows that others choose."""
    turning = circle(model)
    if turning:
        path = " → ".join(f"{table}.{column}" for table, column in turning)
        message = f"columns hang on one another in a circle: {path}; leave one of the copies out"
        raise ProfileError(message)


def set_until(child: str, at: int) -> str:
    """The hidden column of a parent with how many of a child's flags are set up to one."""
    return f"#count:{child}:{at}"


def content_id(plain: Mapping[str, Any]) -> str:
    """The hash of what a profile draws: 32 hex digits."""
    generation = {"count": plain.get("generation", {}).get("count")}
    kept = {"generation": generation, "tables": _content(plain["tables"])}
    written = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(written.encode(), digest_size=16, person=b"genesis-profile").hexdigest()


def _content(tables: Mapping[str, Any]) -> list[Any]:
    """Tables and columns in their order, without what they say about themselves."""
    return [
        [
            name,
            {k: v for k, v in table.items() if k != "columns" and k not in NO_CONTENT},
            [
                [c, {k: v for k, v in spec.items() if k not in NO_CONTENT}]
                for c, spec in table["columns"].items()
            ],
        ]
        for name, table in tables.items()
    ]


def _program(
    table: TableLaws,
    tables: Mapping[str, TableLaws],
    sizes: Mapping[str, int],
    computing: Computing,
) -> Program:
    made = Making()
    for column in table.of("key"):
        made.put(Number(column), table.kinds[column])
    for column in table.of("sibling"):
        made.put(Sibling(column, int(table.columns[column].get("base", 1))), table.kinds[column])
    _choose(made, table, late=False)
    for column in table.of("constant"):
        if column not in table.drawn:
            made.put(Constant(column), table.kinds[column])
    _listed(made, table)
    _choices(made, table)
    for column in table.order:
        held = table.columns.get(column, {})
        if held.get("type") == "allocated":
            put_allocated(made, column, held, table.kinds[column])
        else:
            made.put(draw_step(table.drawn[column], table.axes), table.kinds[column])
    _choose(made, table, late=True)
    hidden = Hidden()
    put_made(hidden, table, tables, sizes[table.name])
    if not any(not spec.get("hidden") and c in table.kinds for c, spec in table.columns.items()):
        hidden.number()  # SQL computes all columns, perhaps of nothing: rows are numbers then
    hidden.into(made)
    _for_others(made, table, tables)
    types = {c: k.type for c, k in table.kinds.items()}
    types |= put_totals(made, table, tables) | add_expressions(made, table, computing)
    return Program(
        table=table.name,
        rows=sizes[table.name],
        steps=tuple(made.steps),
        domains=dict(sorted(made.domains.items())),
        edges={n: a.edges for n, a in sorted(table.axes.items()) if a.edges is not None},
        outputs=tuple(
            Output(c, types[c]) for c, spec in table.columns.items() if not spec.get("hidden")
        ),
        main=_main(table, tables, sizes),
        links=tuple(made.links),
    )


def _choose(made: Making, table: TableLaws, *, late: bool) -> None:
    """The rows that references choose, and what is copied of them and of the parent."""
    if not late:
        _copy(made, table, table.copies)
    for law in by_match(table):
        if law.last is not late:
            continue
        put_link(made, law, table.kinds, placed=is_placed(table, law))
        _copy(made, table, [c for c in table.of("parent") if table.link_of(c) is law])


def _copy(made: Making, table: TableLaws, columns: Sequence[str]) -> None:
    """Copies of what the parent or a chosen row has."""
    for column in columns:
        of = table.link_of(column)
        if column in table.kinds and column not in table.drawn:
            alias = PARENT if of is None else of.alias
            fixed = isinstance(table.kinds[column], Fixed)
            source = Copy(column, f"{alias}.{table.columns[column]['column']}")
            made.put(Constant(column) if fixed else source, table.kinds[column])


def _listed(made: Making, table: TableLaws) -> None:
    """Columns whose values stand in a list, one for each row."""
    columns = table.of("listed")
    if columns:
        made.put(Number(ROW), COUNTED)
    for column in columns:
        kind, values = table.kinds[column], table.columns[column]["values"]
        many, where = len(values), table.where(column)
        laws = [slots(where, {"type": "constant", "value": v}, kind) for v in values]
        valid = np.array([len(law.low) > 0 for law in laws])
        raw = np.concatenate([law.low if len(law.low) else np.zeros(1) for law in laws])
        raw = raw.astype(next((law.low.dtype for law in laws if len(law.low)), raw.dtype))
        place = f"#nth:{many}"
        if place not in made.domains:
            made.put(Formula(place, f"{quoted(ROW)} % {many}"), COUNTED)
        keys, levels = np.arange(1, many + 1), (np.arange(many),)
        some = None if valid.all() else valid
        made.put(Lookup(column, (place,), levels, keys, raw, some), kind)


def _choices(made: Making, table: TableLaws) -> None:
    """The flag that a row stands for, and the columns that follow from it.

    Row k of a parent stands for its first flag up to which more than k are set. With P_j the flags
    set up to flag j, that is the number of j with P_j ≤ k. With m flags, (k + m + 1 − P_j)
    // (m + 1) is 1 for those and 0 for the others, as k and P_j lie from 0 to m.
    """
    many = len(table.flags)
    if not many:
        return
    terms = [
        f'("{PARENT}.#k" + {many + 1} - {quoted(_until(table, at))}) // {many + 1}'
        for at in range(many)
    ]
    parts = [terms[at : at + PER_FORMULA] for at in range(0, many, PER_FORMULA)]
    names = [f"{CHOICE} {at}" for at in range(len(parts))] if len(parts) > 1 else [CHOICE]
    for name, part in zip(names, parts, strict=True):
        made.put(Formula(name, " + ".join(part)), COUNTED)
    if len(parts) > 1:
        made.put(Formula(CHOICE, " + ".join(map(quoted, names))), COUNTED)
    for column in table.of("chosen"):
        kind = table.kinds[column]
        values = _chosen(table, column, kind)
        levels = (np.arange(many, dtype=np.int64),)
        keys = np.arange(1, many + 1, dtype=np.int64)
        made.put(Lookup(column, (CHOICE,), levels, keys, values), kind)


def _until(table: TableLaws, at: int) -> str:
    """The parent's hidden column with the flags set up to one, as the child names it."""
    return f"{PARENT}.{set_until(table.name, at)}"


def _chosen(table: TableLaws, column: str, kind: Domain) -> np.ndarray:
    labels = table.columns[column]["labels"]
    laws = (
        slots(table.where(column), {"type": "constant", "value": labels[flag]}, kind)
        for flag in table.flags
    )
    return np.concatenate([law.low for law in laws])


def _for_others(made: Making, table: TableLaws, tables: Mapping[str, TableLaws]) -> None:
    """Hidden columns that children and tables with a reference read."""
    for child in tables.values():
        if child.parent != table.name or not child.flags:
            continue
        before = ""
        for at, flag in enumerate(child.flags):
            name = set_until(child.name, at)
            made.put(Formula(name, before + quoted(flag)), COUNTED)
            before = f"{quoted(name)} + "
        made.put(Formula(f"#count:{child.name}", quoted(name)), COUNTED)
    laws = [law for t in tables.values() for law in t.links.values() if law.table == table.name]
    put_weights(made, laws)


def _main(
    table: TableLaws, tables: Mapping[str, TableLaws], sizes: Mapping[str, int]
) -> MainParent | None:
    if table.parent is None:
        return None
    above = tables[table.parent]
    pairs = parent_key(table, above)
    own, theirs = (tuple(pair[i] for pair in pairs) for i in (0, 1))
    link = Link(PARENT, above.name, own, theirs)
    return MainParent(link, f"#count:{table.name}", 0, max(sizes[above.name], 1))
