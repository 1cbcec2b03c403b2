"""Tables of a private fit as the catalog has them: a tree whose root holds the units of privacy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from genesis_sql.actions.private_options import Guarantee, with_bounds
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import OptionError, SchemaError, SourceError, nearest
from genesis_sql.graph import keys
from genesis_sql.graph.constraints import read_checks
from genesis_sql.graph.order import topological
from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.catalog import match
from genesis_sql.models.dp.learn import Asked
from genesis_sql.models.dp.roles import Plan, plans
from genesis_sql.program.domain import Grid
from genesis_sql.program.steps import PARENT
from genesis_sql.types import Graph, RawSchema, RawTable, Relationship, Role, Table

KEY_ROLES = {Role.INTEGER, Role.CATEGORY, Role.IDENTIFIER}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table, and how each of its columns will be made.

    Attributes:
        raw: as the catalog has it.
        table: its node in the graph.
        plans: of its columns.
        link: the key to the table above.
        depth: how many tables stand above.
    """

    raw: RawTable
    table: Table
    plans: tuple[Plan, ...]
    link: Relationship | None = None
    depth: int = 0

    @property
    def name(self) -> str:
        """The table's."""
        return self.table.name

    @property
    def asked(self) -> list[Asked]:
        """The columns that are learnt."""
        return [p.asked for p in self.plans if p.asked is not None]


def prepare(
    ws: Workspace, raws: Sequence[RawTable], relationships: Sequence[str], guarantee: Guarantee
) -> list[Prepared]:
    """The tables, the root first, without a look at their rows.

    Raises:
        SchemaError: the tables are no tree.
        SourceError: one is a view, or has nothing that can be learnt.
        OptionError: an option does not fit.
    """
    for raw in raws:
        require_table(raw)
    found = _links(RawSchema(tuple(raws)), relationships)
    root = _root(raws, found, guarantee)
    empty = tuple(Table(r.name, r.source, ()) for r in raws)
    order = topological(Graph(empty, tuple(found.values())))
    domains: dict[str, dict[str, Plan]] = {}
    out: dict[str, Prepared] = {}
    for name in order:
        link = found.get(name)
        depth = 0 if link is None else out[link.parent].depth + 1
        above = {} if link is None else domains[link.parent]
        raw = next(r for r in raws if r.name == name)
        out[name] = _prepared(ws, raw, guarantee, link, above, depth)
        domains[name] = {p.column.name: p for p in out[name].plans}
    assert next(iter(out)) == root
    return list(out.values())


def require_table(raw: RawTable) -> None:
    """Refuse views and queries.

    Raises:
        SourceError: it is one.
    """
    if raw.kind != "table":
        message = (
            f"a private fit takes a table, since its rows are what is hidden; a {raw.kind} may "
            f"make many rows of one: CREATE TABLE … AS FROM it, with a row per unit of privacy"
        )
        raise SourceError(message)


def _links(raw: RawSchema, relationships: Sequence[str]) -> dict[str, Relationship]:
    """The one key of each child table.

    Raises:
        SchemaError: a table has several, refers to itself, or to columns that are no key.
    """
    declared, _ = keys.declared(raw)
    merged = keys.merge(declared, [keys.resolve(raw, text) for text in relationships])
    found: dict[str, Relationship] = {}
    for link in merged:
        parent = next(t for t in raw.tables if t.name == link.parent)
        if link.when or link.child == link.parent:
            message = (
                f"a private fit does not follow '{link.name}': leave it out with tables := […]"
            )
            raise SchemaError(message)
        if not keys.has_key(parent, link.parent_columns):
            message = (
                f"a private fit does not count whether '{link.parent}' has one row for each "
                f"reference of '{link.name}': declare its key in the catalog"
            )
            raise SchemaError(message)
        if link.child in found:
            message = (
                f"table '{link.child}' refers to '{found[link.child].parent}' and "
                f"'{link.parent}': a private fit follows one key, since a row has to belong to one "
                f"unit of privacy; take fewer tables with tables := […]"
            )
            raise SchemaError(message)
        found[link.child] = link
    return found


def _root(raws: Sequence[RawTable], links: dict[str, Relationship], guarantee: Guarantee) -> str:
    """The table whose rows are the units."""
    roots = [r.name for r in raws if r.name not in links]
    wanted = guarantee.unit
    if wanted is not None:
        unit = match(wanted, roots)
        if unit is None:
            message = (
                f"privacy_unit names '{wanted}', which is no root table{nearest(wanted, roots)}"
            )
            raise OptionError(message)
    if len(roots) != 1:
        shown = "', '".join(roots)
        message = (
            f"tables '{shown}' hang on no other: a private fit takes one of them as the unit of "
            f"privacy, with the tables below it: name these with tables := […]"
            if roots
            else "the tables refer to each other in a circle; a private fit needs a root"
        )
        raise SchemaError(message)
    return roots[0]


def _prepared(
    ws: Workspace,
    raw: RawTable,
    guarantee: Guarantee,
    link: Relationship | None,
    above: dict[str, Plan],
    depth: int,
) -> Prepared:
    made = _made(raw, guarantee, link, above)
    made = with_bounds(ws.con, guarantee, raw.name, made)
    columns = tuple(p.column for p in made)
    if all(c.role is Role.UNSUPPORTED for c in columns):
        message = f"table '{raw.name}' has no column of a type that can be learnt privately"
        raise SourceError(message)
    usable = {c.name for c in columns if c.role is not Role.UNSUPPORTED}
    checks, _ = read_checks(ws.con, raw, columns, counted=False)
    table = Table(
        raw.name,
        raw.source,
        columns,
        primary_key=raw.primary_key if set(raw.primary_key) <= usable else (),
        unique_keys=tuple(key for key in raw.unique_keys if set(key) <= usable),
        comment=raw.comment,
        checks=checks,
        schema=raw.schema if raw.name.startswith(f"{raw.schema}.") else "",
    )
    return Prepared(raw, table, tuple(made), link, depth)


def _made(
    raw: RawTable, guarantee: Guarantee, link: Relationship | None, above: dict[str, Plan]
) -> list[Plan]:
    """The plans of a table's columns, references and line numbers among them."""
    single = [key[0] for key in (raw.primary_key, *raw.unique_keys) if len(key) == 1]
    types = {c.name: c.type for c in raw.columns}
    names = [n for n in single if role_of_type(types[n]) in KEY_ROLES]
    names = [n for n in names if not types[n].startswith("ENUM(")]
    roles = dict(guarantee.tables[raw.name].get("roles") or {})
    pairs = dict(zip(link.columns, link.parent_columns, strict=True)) if link else {}
    line = _line_number(raw, link, types)
    out = []
    for plan in plans(raw, roles, names):
        name = plan.column.name
        if name in pairs:
            source = above[pairs[name]]
            if source.domain is None:
                message = (
                    f"'{name}' of '{raw.name}' refers to '{pairs[name]}', which is learnt and no "
                    f"key made anew: a private fit cannot follow it"
                )
                raise SchemaError(message)
            column = replace(plan.column, role=Role.FOREIGN_KEY)
            told = f"a row of {link.parent if link else ''}, of which {guarantee.most} rows count"
            plan = Plan(column, source.domain, told=told, source=f"{PARENT}.{pairs[name]}")
        elif name == line:
            plan = Plan(
                replace(plan.column, role=Role.KEY),
                Grid(types[name]),
                told="the place among the rows of its parent",
                sibling=True,
            )
        out.append(plan)
    return out


def _line_number(raw: RawTable, link: Relationship | None, types: dict[str, str]) -> str | None:
    """The whole number that with the reference makes up the primary key, if there is one."""
    if link is None:
        return None
    left = [c for c in raw.primary_key if c not in link.columns]
    fits = len(left) == 1 and len(raw.primary_key) == len(link.columns) + 1
    return left[0] if fits and role_of_type(types[left[0]]) is Role.INTEGER else None
