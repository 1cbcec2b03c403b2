"""Opens what a caller names as real, synthetic and held-out rows, and lays it side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from string import Template

from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import SchemaError, nearest
from genesis_sql.evaluate.counts.values import run
from genesis_sql.evaluate.opening.found import Found, find
from genesis_sql.evaluate.opening.matching import check_table
from genesis_sql.evaluate.opening.targets import find_targets
from genesis_sql.evaluate.sides import Sides, measured
from genesis_sql.graph.build import build_graph
from genesis_sql.introspect.catalog import match
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Graph, RawSchema, RawTable

_SIDES = {"synthetic": "synthetic", "holdout": "held-out"}


@contextmanager
def open_sides(
    ws: Workspace,
    real: str,
    synthetic: str,
    *,
    holdout: str | None = None,
    relationships: Sequence[str] = (),
    targets: str | Mapping[str, str] | None = None,
    seed: int = 0,
) -> Iterator[Sides]:
    """Two or three sets of tables, side by side; temporary tables vanish at the end.

    A place is a schema ('shop', 'other.main'), a table, a query in brackets, a file of data or a
    folder of such files. One table beside one table is compared whatever they are called; else
    every table of the real side must be on the others by its name. Tables without rows on both
    sides are passed over, as are tables and columns that only the other sides have. Roles and keys
    are those of the real side. Without a holdout nothing has a baseline.

    Args:
        ws: where the caller stands; its cursor is used.
        real: what the synthetic rows were learnt from.
        synthetic: what is compared with it.
        holdout: real rows that nothing was learnt from.
        relationships: keys that the catalog of the real side does not have.
        targets: the column that utility is about: 'income', 'adult.income', or by table.
        seed: of samples and classifiers.

    Raises:
        SourceError: there is nothing at a place.
        SchemaError: tables lack rows, columns or each other, or nothing can be compared.
        OptionError: a target is no column, or is constant.
        AccessError: a place is a file, and the connection is closed to files.
    """
    with ExitStack() as open_:
        first = find(ws, real, open_)
        given = {"synthetic": synthetic} | ({} if holdout is None else {"holdout": holdout})
        others = {side: find(ws, place, open_, first) for side, place in given.items()}
        matched = {side: _matched(first, found, _SIDES[side]) for side, found in others.items()}
        raw = _with_rows(first, matched["synthetic"])
        graph = build_graph(ws.con, raw, relationships=relationships)
        names = [t.name for t in raw.tables]
        for side, tables in matched.items():
            for name in names:
                check_table(graph.table(name), tables[name], _SIDES[side])
        _require_columns(graph, first)
        sources = {side: {n: tables[n].source for n in names} for side, tables in matched.items()}
        yield Sides(
            con=ws.con,
            graph=graph,
            real={t.name: t.source for t in raw.tables},
            synthetic=sources["synthetic"],
            holdout=sources.get("holdout"),
            shared=_shared(ws, raw, matched.get("holdout")),
            targets=find_targets(graph, targets),
            seed=seed,
            progress=ws.progress,
        )


def _matched(real: Found, other: Found, side: str) -> dict[str, RawTable]:
    """The other side's tables by the names of the real ones.

    Raises:
        SchemaError: one is not there.
    """
    if (real.single or other.single) and len(real.tables) == len(other.tables) == 1:
        return dict(zip(real.tables, other.tables.values(), strict=True))
    tables, missing = {}, []
    for name, table in real.tables.items():
        found = match(name, other.tables)
        if found is not None:
            tables[name] = other.tables[found]
        elif table.columns:  # a view that no longer binds has none
            missing.append(name)
    if missing:
        shown = ", ".join(f"'{n}'" for n in missing[:8]) + (", …" if len(missing) > 8 else "")
        hint = nearest(missing[0], other.tables)
        none = "no table of" if len(missing) == len(real.tables) else "not all tables of"
        msg = (
            f"the {side} side '{other.place}' has {none} the real side '{real.place}': it lacks "
            f"{shown}{hint}; rename it there, or name two tables instead of two schemas"
        )
        raise SchemaError(msg)
    return tables


def _with_rows(real: Found, synthetic: Mapping[str, RawTable]) -> RawSchema:
    """The real tables that can be compared.

    Raises:
        SchemaError: a real table has no rows where the synthetic one has some, or none has any.
    """
    kept = []
    for name, table in real.tables.items():
        if not table.columns:
            continue
        if table.rows:
            kept.append(replace(table, name=name))
        elif synthetic[name].rows:
            msg = f"the real table '{name}' has no rows, the synthetic one {synthetic[name].rows:,}"
            raise SchemaError(msg)
    if not kept:
        msg = f"no table of the real side '{real.place}' has rows: there is nothing to compare"
        raise SchemaError(msg)
    return RawSchema(tuple(kept))


def _require_columns(graph: Graph, real: Found) -> None:
    """Raise where there is nothing that any metric looks at."""
    if not graph.relationships and not any(measured(t) for t in graph.tables if not t.nested):
        roles = sorted({c.role.value for t in graph.tables for c in t.columns})
        msg = (
            f"the real side '{real.place}' has no column that can be compared, only of the roles "
            f"{', '.join(roles)}"
        )
        raise SchemaError(msg)


_DIFFERENT = Template("""
SELECT 1 FROM (SELECT $columns FROM $real EXCEPT ALL SELECT $columns FROM $other) LIMIT 1
""")


def _shared(
    ws: Workspace, raw: RawSchema, holdout: Mapping[str, RawTable] | None
) -> frozenset[str]:
    """The tables of which the holdout has the very rows of the real side."""
    found = set()
    for table in raw.tables if holdout else ():
        other = (holdout or {})[table.name]
        columns = ", ".join(quoted(c.name) for c in table.columns)
        statement = _DIFFERENT.substitute(columns=columns, real=table.source, other=other.source)
        if table.rows == other.rows and not run(ws.con, statement):
            found.add(table.name)
    return frozenset(found)
