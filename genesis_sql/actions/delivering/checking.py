"""What the tables of the other database hold, asked there: rows, orphans, repeated keys, NULLs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis_sql.actions.delivering.there import Place, There
from genesis_sql.actions.integrity import Checked
from genesis_sql.errors import IntegrityError, TargetError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.verify import Check, kept

if TYPE_CHECKING:
    from sqlalchemy import TableClause
    from sqlalchemy.engine import Connection
    from sqlalchemy.sql.elements import ColumnElement


def table_of(place: Place, more: Iterable[str] = ()) -> TableClause:
    """A table there, for a query."""
    import sqlalchemy

    names = dict.fromkeys([*(c.there for c in place.cells), *more])
    columns: list[Any] = [sqlalchemy.column(n) for n in names]
    return sqlalchemy.table(place.name, *columns, schema=place.schema)


def count(con: Connection, place: Place) -> int:
    """The rows of a table."""
    from sqlalchemy import func, select

    found = con.execute(select(func.count()).select_from(table_of(place))).scalar()
    return int(found or 0)


def holds_rows(con: Connection, place: Place) -> bool:
    """Whether a table has any."""
    from sqlalchemy import literal_column, select

    query: Any = select(literal_column("1")).select_from(table_of(place)).limit(1)
    return con.execute(query).first() is not None


def require_unreferred(con: Connection, there: There) -> None:
    """Refuse to delete rows that a table refers to which is not filled.

    Raises:
        TargetError: it does.
    """
    import sqlalchemy

    for schema, name, columns, parent in there.outside:
        found: list[Any] = [sqlalchemy.column(c) for c in columns]
        table = sqlalchemy.table(name, *found, schema=schema)
        filled = sqlalchemy.and_(*(c.is_not(None) for c in found))
        one: Any = sqlalchemy.literal_column("1")
        query = sqlalchemy.select(one).select_from(table).where(filled).limit(1)
        if con.execute(query).first() is not None:
            message = (
                f"rows of '{there.places[parent].shown}' cannot be replaced: those of '{name}', "
                f"which the model does not have, refer to them; empty that table first"
            )
            raise TargetError(message)


@dataclass(frozen=True)
class _Reference:
    """A reference between two tables, by the names there."""

    name: str
    child: str
    columns: tuple[str, ...]
    parent: Place
    parent_columns: tuple[str, ...]
    when: tuple[str, str] | None = None


def _references(model: Model, there: There) -> Iterator[tuple[_Reference, Any]]:
    """Those that the model knows, with its relationship, and those that the database adds."""
    seen = set()
    for r in model.graph.relationships:
        if r.child not in there.places or r.parent not in there.places:
            continue
        child, parent = there.places[r.child], there.places[r.parent]
        wanted = {*r.columns, *(r.when[:1] if r.when else ())}
        if wanted <= child.held and set(r.parent_columns) <= parent.held:
            own, theirs = child.there(r.columns), parent.there(r.parent_columns)
            when = (child.there(r.when[:1])[0], r.when[1]) if r.when else None
            seen.add((r.child, own, r.parent))
            yield _Reference(r.name, r.child, own, parent, theirs, when), r
    for f in there.foreign:
        if (f.child, f.columns, f.parent) not in seen:
            name = f"{f.child}({', '.join(f.columns)}) -> {f.parent}({', '.join(f.parent_columns)})"
            above = there.places[f.parent]
            yield _Reference(name, f.child, f.columns, above, f.parent_columns), None
    for b in there.beyond:
        name = f"{b.child}({', '.join(b.columns)}) -> {b.parent}({', '.join(b.parent_columns)})"
        above = Place(b.parent, b.schema, b.parent, ())
        yield _Reference(name, b.child, b.columns, above, b.parent_columns), None


def verify(
    con: Connection, model: Model, there: There, table: str, expected: int
) -> tuple[Checked, ...]:
    """Count what is broken in a table there.

    Raises:
        IntegrityError: something is.
    """
    rows = count(con, there.places[table])
    made = [Checked("rows", table, rows, abs(rows - expected), rows == expected)]
    for reference, known in _references(model, there):
        if reference.child == table:
            looked, broken = _orphans(con, there, reference)
            asked = Check("orphans", reference.name, "")
            asked = kept(model, known, asked) if known is not None else asked
            holds = asked.holds(rows, broken)
            made.append(Checked("orphans", reference.name, looked, broken, holds))
    made += _nulls(con, model, there.places[table], rows)
    made += _duplicates(con, model, there.places[table])
    for check in made:
        if not check.holds:
            message = (
                f"table '{there.places[table].shown}' of the database has {check.violations:,} "
                f"rows of {check.rows:,} that break the check '{check.kind}' of {check.of}"
            )
            raise IntegrityError(message)
    return tuple(made)


def _orphans(con: Connection, there: There, reference: _Reference) -> tuple[int, int]:
    """Rows that refer to another, and those of them that find none."""
    import sqlalchemy as sa

    more = reference.when[:1] if reference.when else ()
    child = table_of(there.places[reference.child], (*reference.columns, *more)).alias("c")
    parent = table_of(reference.parent, reference.parent_columns).alias("p")
    filled: list[ColumnElement[bool]] = [child.c[n].is_not(None) for n in reference.columns]
    if reference.when:
        filled.append(sa.cast(child.c[reference.when[0]], sa.String(255)) == reference.when[1])
    pairs = zip(reference.columns, reference.parent_columns, strict=True)
    same = sa.and_(*(child.c[a] == parent.c[b] for a, b in pairs))
    lost = ~sa.exists().select_from(parent).where(same)
    looked = sa.select(sa.func.count()).select_from(child).where(*filled)
    broken = looked.where(lost)
    return int(con.execute(looked).scalar() or 0), int(con.execute(broken).scalar() or 0)


def _nulls(con: Connection, model: Model, place: Place, rows: int) -> Iterator[Checked]:
    from sqlalchemy import func, select

    node = model.graph.table(place.table)
    wanted = [c.name for c in node.columns if not c.nullable and c.name in place.held]
    if not wanted:
        return
    table = table_of(place)
    counts = [func.count(table.c[n]) for n in place.there(wanted)]
    for name, found in zip(wanted, con.execute(select(*counts)).one(), strict=True):
        yield Checked("not null", name, rows, rows - int(found), rows == int(found))


def _duplicates(con: Connection, model: Model, place: Place) -> Iterator[Checked]:
    """Keys of the model that the database does not keep unique itself."""
    import sqlalchemy as sa

    node = model.graph.table(place.table)
    for key in dict.fromkeys(k for k in (node.primary_key, *node.unique_keys) if k):
        if set(key) <= place.held and not any(k <= set(key) for k in place.keys):
            looked, broken = _repeated(con, sa, place, place.there(key))
            of = f"{place.table}({', '.join(key)})"
            yield Checked("duplicates", of, looked, broken, not broken)


def _repeated(con: Connection, sa: Any, place: Place, key: Sequence[str]) -> tuple[int, int]:
    table = table_of(place)
    columns = [table.c[n] for n in key]
    groups = sa.select(sa.func.count().label("n")).select_from(table)
    groups = groups.where(*(c.is_not(None) for c in columns)).group_by(*columns).subquery()
    total, distinct = con.execute(
        sa.select(sa.func.coalesce(sa.func.sum(groups.c.n), 0), sa.func.count())
    ).one()
    return int(total), int(total) - int(distinct)
