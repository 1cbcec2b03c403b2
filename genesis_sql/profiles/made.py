"""Columns of a profile that the kernel makes of others: later moments, formulas, patterns.

Later columns of the row, children and totals of parents may read them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.arithmetic import Exact, exact, parse_arithmetic
from genesis_sql.profiles.draws import Drawn, draw_step
from genesis_sql.profiles.hidden import Hidden, own_column
from genesis_sql.profiles.in_order import PLACE, amount, check_in_order
from genesis_sql.profiles.laws import as_number, text_of
from genesis_sql.profiles.moments import After, after_kind, by_law, check_plus, later_by
from genesis_sql.profiles.shapes import pattern_domain, pattern_step
from genesis_sql.program.domain import Domain, Fixed, Grid
from genesis_sql.program.steps import Formula
from genesis_sql.sqlbuild import quoted

if TYPE_CHECKING:
    from genesis_sql.profiles.tables import TableLaws

MADE = ("after", "formula", "pattern")
Tables = Mapping[str, "TableLaws"]
_BITS = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 64}


def read_made(table: TableLaws, tables: Tables) -> None:
    """Find how the made columns of a table are held, and in which order they are made.

    Args:
        table: with all other columns known; its ``kinds``, ``bys`` and ``made`` are filled.
        tables: those above it.

    Raises:
        ProfileError: one reads what is not there, what cannot be read, or itself.
    """
    path: list[str] = []

    def visit(name: str) -> None:
        if name in table.made or name not in table.columns:
            return
        if name in path:
            circle = " → ".join([*path[path.index(name) :], name])
            message = f"columns of table '{table.name}' read one another: {circle}"
            raise ProfileError(message)
        path.append(name)
        for other in _reads(table, name):
            if table.columns[other]["type"] in MADE:
                visit(other)
        _read(table, tables, path.pop())

    for name in table.of(*MADE):
        visit(name)


def _reads(table: TableLaws, name: str) -> Iterator[str]:
    """The columns of its own table that a made one reads."""
    spec, where = table.columns[name], table.where(name)
    if spec["type"] == "after":
        yield own_column(where, exp.column(str(spec["of"])), table.columns)
        if "plus" in spec:
            yield own_column(where, exp.column(str(spec["plus"])), table.columns)
        elif spec.get("until") in table.columns:
            yield str(spec["until"])
    if spec["type"] == "formula":
        for node in parse_arithmetic(where, str(spec["sql"])).find_all(exp.Column):
            if not node.table:
                yield own_column(where, node, table.columns)


def _read(table: TableLaws, tables: Tables, name: str) -> None:
    spec, where = table.columns[name], table.where(name)
    if spec["type"] == "pattern":
        table.kinds[name] = pattern_domain(where, spec)
    elif spec["type"] == "after":
        _read_after(table, name)
    elif is_late(table, name):
        return
    else:
        table.kinds[name] = _formula_kind(table, tables, name)
    table.made.append(name)


def _read_after(table: TableLaws, name: str) -> None:
    spec, where = table.columns[name], table.where(name)
    of, *other = _reads(table, name)
    table.kinds[name] = after_kind(where, spec, of, table.kinds.get(of))
    if "plus" in spec:
        check_plus(where, spec, other[0], table.kinds.get(other[0]))
        return
    for until in other:
        after_kind(where, {"unit": "second"}, until, table.kinds.get(until))
    if spec.get("ordered"):
        check_in_order(where, spec, root=table.parent is None)
        table.bys[name] = later_by(where, f"#own:by:{name}", PLACE, spec.get("null_share"))
    else:
        table.bys[name] = by_law(where, name, spec)


def is_late(table: TableLaws, name: str) -> bool:
    """Whether a formula reads what is made of children: SQL computes it then."""
    return any(
        table.columns[n]["type"] == "total"
        or (table.columns[n]["type"] == "formula" and is_late(table, n))
        for n in _reads(table, name)
    )


def put_made(hidden: Hidden, table: TableLaws, tables: Tables, rows: int) -> None:
    """Add the made columns of a table, each behind those it reads.

    Args:
        hidden: takes them.
        table: read by `read_made`.
        tables: all.
        rows: expected of it at scale 1.

    Raises:
        ProfileError: a value does not fit its type, or rows outnumber unique texts.
    """
    for name in table.made:
        spec, kind = table.columns[name], table.kinds[name]
        if spec["type"] == "pattern":
            present = hidden.some(name, spec["null_share"]) if spec.get("null_share") else None
            hidden.put(pattern_step(table.where(name), name, spec, kind, present, rows), kind)
        elif spec["type"] == "after":
            _after(hidden, table, name)
        else:
            _formula(hidden, table, tables, name)


def _after(hidden: Hidden, table: TableLaws, name: str) -> None:
    spec, kind = table.columns[name], table.kinds[name]
    of, *other = _reads(table, name)
    before, source = _moment(table, name, of)
    if not isinstance(kind, Grid):
        raise TypeError(kind)
    if "plus" in spec:
        made = After.of(source, kind, str(spec["unit"]))
        hidden.put(Formula(name, made.later(before, quoted(other[0]))), kind)
        return
    end, grid = _moment(table, name, other[0]) if other else ("", kind)
    made = After.of(source, kind, str(spec["unit"]), grid)
    drawn, room = table.bys[name], ""
    step = draw_step(drawn, table.axes)
    if spec.get("until"):
        end = end or str(int(as_number(table.where(name), spec["until"], kind.type)))
        left = Formula(f"#own:room:{name}", made.room(before, end))
        room = hidden.put(left, Grid("BIGINT", 1, 0))
    if not spec.get("ordered"):
        step = replace(step, at_most=room or None)
    by = hidden.put(step, drawn.kind)
    if spec.get("ordered"):
        half = spec.get("half")
        if half:
            hidden.number()
        units = Formula(f"#own:units:{name}", amount(room, by, half))
        by = hidden.put(units, Grid("BIGINT", 1, 0))
    hidden.put(Formula(name, made.later(before, quoted(by))), kind)


def _moment(table: TableLaws, name: str, of: str) -> tuple[str, Grid]:
    """A date or time that another one is after, in a formula, and how it is held."""
    source = table.kinds[of]
    if isinstance(source, Fixed):
        grid = after_kind(table.where(name), {"unit": "second"}, of, source)
        value = str(int(as_number(table.where(of), source.value, source.type)))
        return value, replace(grid, type=source.type)
    if not isinstance(source, Grid):
        raise TypeError(source)
    return quoted(of), source


def _formula_kind(table: TableLaws, tables: Tables, name: str) -> Grid:
    spec, where = table.columns[name], table.where(name)
    found = formula_of(table, tables, name, None)
    type_ = str(spec.get("sql_type") or "")
    scale = found.scale if spec.get("decimals") is None else int(spec["decimals"])
    if type_.startswith("DECIMAL("):
        own = int(type_[8:-1].split(",")[1])
        scale = own if spec.get("decimals") is None else scale
        if scale > own:
            message = f"{where}: decimals is {scale}, and its type {type_} holds {own}"
            raise ProfileError(message)
    elif type_.removeprefix("U") in _BITS:
        scale = 0 if spec.get("decimals") is None else scale
        if scale:
            message = f"{where}: {type_} has no decimals, and decimals is {scale}"
            raise ProfileError(message)
    elif type_ and type_ not in ("DOUBLE", "FLOAT"):
        message = f"{where}: a formula gives numbers, no {type_}"
        raise ProfileError(message)
    return Grid(type_ or (f"DECIMAL(18,{scale})" if scale else "BIGINT"), 1, scale)


def formula_of(table: TableLaws, tables: Tables, name: str, hidden: Hidden | None) -> Exact:
    """The exact value of a formula before it is rounded; parents' columns become hidden copies."""
    where = table.where(name)

    def find(node: exp.Column) -> Exact:
        if not node.table:
            own = own_column(where, node, table.columns)
            return _held(where, own, quoted(own), table.kinds.get(own), _bounds(table, tables, own))
        above = parent_named(where, node, table, tables)
        of = own_column(where, node, above.columns)
        kind = above.kinds.get(of)
        if hidden is not None and isinstance(kind, Grid):
            hidden.above(of, kind)
        return _held(where, node.sql(), quoted(f"#of:{of}"), kind, _bounds(above, tables, of))

    return exact(where, parse_arithmetic(where, str(table.columns[name]["sql"])), find)


def parent_named(where: str, node: exp.Column, table: TableLaws, tables: Tables) -> TableLaws:
    """The main parent that a qualified column names.

    Raises:
        ProfileError: it names another table.
    """
    if table.parent is None or node.table.lower() != table.parent.lower():
        known = f"its parent is '{table.parent}'" if table.parent else "its table has no parent"
        message = f"{where} reads '{node.sql(dialect='duckdb')}', and {known}"
        raise ProfileError(message + (nearest(node.table, [table.parent]) if table.parent else ""))
    return tables[table.parent]


def _held(where: str, name: str, sql: str, kind: Domain | None, ends: tuple[float, float]) -> Exact:
    """A column inside a formula."""
    if isinstance(kind, Fixed) and kind.value is not None:
        return exact(where, parse_arithmetic(where, text_of(kind.value)), lambda _: Exact("0"))
    if not isinstance(kind, Grid) or kind.type.startswith(("DATE", "TIME")):
        what = "has no fixed number of decimals; give it 'decimals'" if kind else "is computed late"
        message = (
            f"{where}: a formula cannot read '{name}', which {what}; or take the type 'expression'"
        )
        raise ProfileError(message)
    step = "" if kind.step == 1 else f" * {kind.step}"
    return Exact(sql + step, kind.scale, ends[0] * kind.step, ends[1] * kind.step)


def _bounds(table: TableLaws, tables: Tables, name: str) -> tuple[float, float]:
    """From where to where the raw numbers of a column can be; infinite where that is not known."""
    if name in table.drawn:
        reach = table.drawn[name].reach
        return reach.low, reach.high
    spec = table.columns[name]
    if spec["type"] == "parent" and table.parent in tables and "of" not in spec:
        return _bounds(tables[str(table.parent)], tables, str(spec["column"]))
    if spec["type"] == "formula" and name in table.made:
        kind = table.kinds[name]
        made = formula_of(table, tables, name, None)
        made = made.rounded(kind.scale) if isinstance(kind, Grid) else made
        return made.low, made.high
    return -math.inf, math.inf


def _formula(hidden: Hidden, table: TableLaws, tables: Tables, name: str) -> None:
    spec, kind = table.columns[name], table.kinds[name]
    if not isinstance(kind, Grid):
        raise TypeError(kind)
    found = formula_of(table, tables, name, hidden)
    check_fit(table.where(name), kind, found)
    if found.scale > kind.scale:  # the value stands once, its rounding names it twice
        whole = hidden.put(Formula(f"#own:whole:{name}", found.sql), Grid("BIGINT", 1, 0))
        found = Exact(quoted(whole), found.scale, found.low, found.high)
    sql = found.rounded(kind.scale).sql
    if spec.get("null_share"):
        law = {"type": "explicit", "values": [0], "null_share": spec["null_share"]}
        gap = later_by(table.where(name), f"#own:gap:{name}", law, spec["null_share"])
        sql = f"({sql}) + {quoted(hidden.put(draw_step(gap, {}), gap.kind))}"
    hidden.put(Formula(name, sql), kind)


def check_fit(where: str, kind: Grid, made: Exact) -> None:
    """Refuse a formula whose values can leave its type.

    Raises:
        ProfileError: tells the value and the type.
    """
    rounded = made.rounded(kind.scale)
    unit = 10.0**kind.scale
    if kind.type.startswith("DECIMAL("):
        digits, scale = map(int, kind.type[8:-1].split(","))
        low, high = -(10.0 ** (digits - scale)) * unit, 10.0 ** (digits - scale) * unit
    else:
        bits = _BITS.get(kind.type.removeprefix("U"), 64)
        unsigned = kind.type.startswith("U")
        low, high = (-1.0, 2.0**bits) if unsigned else (-(2.0 ** (bits - 1)) - 1, 2.0 ** (bits - 1))
    for end, outside in ((rounded.low, rounded.low <= low), (rounded.high, rounded.high >= high)):
        if math.isfinite(end) and outside:
            message = (
                f"{where}: the formula can reach {end / unit:,.10g}, which its type {kind.type} "
                "does not hold; give it a wider sql_type, or its columns bounds"
            )
            raise ProfileError(message)


def drawn_inside(table: TableLaws) -> Iterator[Drawn]:
    """The draws inside made columns, which may ask about others."""
    yield from table.bys.values()
