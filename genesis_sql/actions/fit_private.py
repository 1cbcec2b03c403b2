"""Fitting under differential privacy: charge the ledger, buy noisy counts, keep nothing else.

Up to the charge only the catalog is read. From the first row on, no error text and no number
leaves but through a `Meter`. How long a fit takes is not hidden.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.begun import Begun
from genesis_sql.actions.private_options import Guarantee, read_guarantee
from genesis_sql.actions.private_tables import Prepared, prepare, require_table
from genesis_sql.actions.private_units import below, count_name, counts_asked, read_bounded
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import GenesisError, OptionError, SourceError
from genesis_sql.introspect.from_duckdb import read_schema, read_table
from genesis_sql.models.constrain import constrain, shown_constraints
from genesis_sql.models.dp.accountant import Cost, rho_of
from genesis_sql.models.dp.compose import table_program, told
from genesis_sql.models.dp.learn import Learnt, learn
from genesis_sql.models.dp.meter import Meter
from genesis_sql.models.learnt import Described
from genesis_sql.plan.definition import Model
from genesis_sql.plan.parts import to_parts
from genesis_sql.program.domain import Categories
from genesis_sql.program.steps import FORMAT, PARENT, Link, MainParent
from genesis_sql.sqlbuild import qualified, string
from genesis_sql.store import ledger, models
from genesis_sql.store.content import split
from genesis_sql.store.rows import ColumnRow, ModelContent, RelationshipRow, TableRow
from genesis_sql.types import Graph, RawTable, Role

if TYPE_CHECKING:
    from genesis_sql.actions.learning import FitArguments

RISK = 0.1
"""Share of δ for labels that nobody named, where there are any."""


def fit_private_table(
    ws: Workspace, name: str, source: str, arguments: FitArguments
) -> list[dict[str, Any]]:
    """Fit one table under differential privacy, as a new version of a model.

    Raises:
        OptionError: the options do not make a guarantee.
        BudgetError: the ledger does not allow it.
        SourceError: the source is missing, or is no table.
    """
    models.check_name(name)
    _refuse_others(arguments)
    raw = read_table(ws.con, source, database=ws.database, schema=ws.schema, counted=False)
    guarantee = read_guarantee(arguments.options, [raw])
    _require_whole(ws, [raw], guarantee)
    raw = replace(raw, foreign_keys=())
    prepared = prepare(ws, [raw], (), guarantee)
    stored = {**arguments.plain(), "source": source}
    return _fit(ws, name, prepared, guarantee, stored, arguments)


def fit_private_schema(
    ws: Workspace,
    name: str,
    schema: str | Sequence[str] | None,
    tables: Sequence[str] | None,
    arguments: FitArguments,
) -> list[dict[str, Any]]:
    """Fit the tables of a schema that hang on one root, whose rows are the units of privacy.

    Raises:
        OptionError: the options do not make a guarantee.
        SchemaError: the tables are no tree.
        BudgetError: the ledger does not allow it.
    """
    models.check_name(name)
    _refuse_others(arguments)
    named = [schema] if isinstance(schema, str) else list(schema or [ws.schema])
    if len(named) != 1:
        message = "a private fit takes the tables of one schema: schema := 'main'"
        raise OptionError(message)
    found = read_schema(
        ws.con, database=ws.database, schema=named[0], tables=tables, counted=False
    ).tables
    raws = [t for t in found if tables is not None or t.kind == "table"]
    if not raws:
        message = f"schema '{named[0]}' has no tables to learn from"
        raise SourceError(message)
    guarantee = read_guarantee(arguments.options, raws)
    _require_whole(ws, raws, guarantee)
    prepared = prepare(ws, raws, arguments.relationships, guarantee)
    stored = {**arguments.plain(), "schema": named[0], "tables": tables}
    return _fit(ws, name, prepared, guarantee, stored, arguments)


def source_name(raw: RawTable) -> str:
    """How the ledger of a database calls a table of it; a copy or another name is another one."""
    return qualified(raw.schema, raw.name)


def _require_own(ws: Workspace, raw: RawTable) -> None:
    """Refuse tables whose ledger another database keeps: a budget there would not be seen.

    Raises:
        SourceError: it is one.
    """
    if raw.kind == "table" and qualified(ws.database, raw.schema, raw.name) != raw.source:
        message = (
            f"table {raw.source} is of another database than '{ws.database}', which would keep the "
            f"ledger: USE its database first, so that its own budget counts"
        )
        raise SourceError(message)


def _require_whole(ws: Workspace, raws: Sequence[RawTable], guarantee: Guarantee) -> None:
    """Refuse tables whose rows belong to rows that the fit leaves out, unless that is said.

    Raises:
        OptionError: a row of the table would silently be the unit of privacy.
        SourceError: a table is of another database.
    """
    names = {raw.name for raw in raws}
    for raw in raws:
        _require_own(ws, raw)
        above = [key.parent for key in raw.foreign_keys if key.parent not in names]
        if above and guarantee.unit is None:
            message = (
                f"table '{raw.name}' refers to '{above[0]}', which this fit leaves out, so that a "
                f"row of '{raw.name}' would be hidden and not one of '{above[0]}' with all that "
                f"belongs to it: take both with genesis_fit_database, or say that you mean it with "
                f"options := {{'privacy_unit': {string(raw.name)}}}"
            )
            raise OptionError(message)


def private_source(ws: Workspace, source: str) -> str:
    """The name in the ledger of a table that a caller names; its rows are not read.

    Raises:
        SourceError: it is not there, or is no table.
    """
    raw = read_table(ws.con, source, database=ws.database, schema=ws.schema, counted=False)
    require_table(raw)
    _require_own(ws, raw)
    return source_name(raw)


def budget(
    ws: Workspace, source: str, epsilon: float | None, delta: float | None
) -> list[dict[str, Any]]:
    """Set what may be spent of a table in all; what was spent before counts.

    Raises:
        OptionError: epsilon or delta is missing or out of range.
        SourceError: the source is not there, or is no table.
    """
    example = "as in CALL genesis_budget('customers', epsilon := 1.0, delta := 1e-9)"
    if epsilon is None or not 0 < epsilon < float("inf"):
        message = f"epsilon is {epsilon}; a budget takes a number above 0, {example}"
        raise OptionError(message)
    if delta is None or not 0 < delta < 1:
        message = f"delta is {delta}; a budget takes a chance between 0 and 1, {example}"
        raise OptionError(message)
    name = private_source(ws, source)
    held = ledger.set_budget(ws.con, ws.database, name, epsilon, delta)
    return [
        {
            "source": name, "epsilon": epsilon, "delta": delta,
            "spent_epsilon": held.epsilon, "spent_rho": held.spent.rho,
        }
    ]  # fmt: skip


def _refuse_others(arguments: FitArguments) -> None:
    """Refuse what would look at the data besides.

    Raises:
        OptionError: constraints, which are counted, or tables to copy.
    """
    if arguments.constraints:
        message = (
            "method 'dp' takes no constraints: they are tried on the rows; CHECKs of the catalog "
            "are kept without that"
        )
        raise OptionError(message)
    if arguments.orphans == "keep":
        message = (
            "method 'dp' keeps no references that dangle: their rows belong to no unit of privacy "
            "and do not count; leave orphans out"
        )
        raise OptionError(message)
    if arguments.verbatim:
        message = "method 'dp' copies no table: rows of verbatim tables would be shown as they are"
        raise OptionError(message)


def _fit(
    ws: Workspace,
    name: str,
    prepared: Sequence[Prepared],
    guarantee: Guarantee,
    stored: dict[str, Any],
    arguments: FitArguments,
) -> list[dict[str, Any]]:
    begun = Begun(ws, name)
    kind = "fit" if arguments.kind == "table" else "fit_database"
    with ending(begun.failed):
        begun.start(kind, stored, arguments.seed)
        version = begun.begin(arguments.kind, ledger.DP, stored)
        ws.job.begun(version, _rows(name, version, prepared, None, 0.0, "runs in the background"))
        cost = _cost(guarantee, prepared)
        sources = [source_name(p.raw) for p in prepared]
        ledger.charge(
            ws.con, ws.database, sources, name, version, guarantee.epsilon, guarantee.delta, cost
        )
        with sealed(name):
            found = _learn(ws, prepared, guarantee, cost)
        ws.progress("storing", 1.0)
        model, content = _content(name, version, prepared, guarantee, cost, found)
        models.finish_version(ws.con, ws.database, name, version, content, seconds=ws.seconds)
    ws.announce(model)
    note = _note(guarantee, prepared, cost)
    return _rows(name, version, prepared, found, ws.seconds, note)


def _cost(guarantee: Guarantee, prepared: Sequence[Prepared]) -> Cost:
    """What the fit may spend: a part of δ only where labels have to be found."""
    named = any(a.open and isinstance(a.domain, Categories) for p in prepared for a in p.asked)
    risk = RISK * guarantee.delta if named else 0.0
    return Cost(rho_of(guarantee.epsilon, guarantee.delta - risk), risk)


def _learn(
    ws: Workspace, prepared: Sequence[Prepared], guarantee: Guarantee, cost: Cost
) -> dict[str, Learnt]:
    """Read the rows, bound what a unit adds, and buy what is learnt: an equal share for a table."""
    ws.progress("reading", 0.0)
    with ws.job.reading(ws.con):
        held = read_bounded(ws.con, prepared, guarantee.most)
    out: dict[str, Learnt] = {}
    groups: dict[str, list[Any]] = {}
    for at, p in enumerate(prepared):
        ws.progress(f"learning {p.name}", (1 + at) / (1 + len(prepared)))
        share = 1 / len(prepared)
        meter = Meter(cost.rho * share, cost.delta * share, guarantee.most**p.depth)
        context = None
        if p.link is not None:
            context = below(out[p.link.parent], groups[p.link.parent], held[p.name].parent_row)
        asked = [*p.asked, *counts_asked(prepared, p, guarantee.most)]
        out[p.name], groups[p.name] = learn(meter, asked, held[p.name].arrow, context)
    return out


@contextmanager
def sealed(model: str) -> Iterator[None]:
    """Rows are looked at inside: no text of an error that may hold a value comes out."""
    try:
        yield
    except (GenesisError, duckdb.InterruptException, KeyboardInterrupt):
        raise
    except MemoryError:
        message = f"the private fit of '{model}' ran out of memory; how much it needed is not told"
        raise GenesisError(message) from None
    except Exception:
        message = (
            f"the private fit of '{model}' stopped while it read the rows; what went wrong is not "
            f"told, since it might tell of them"
        )
        raise GenesisError(message) from None


def _content(
    name: str,
    version: int,
    prepared: Sequence[Prepared],
    guarantee: Guarantee,
    cost: Cost,
    found: dict[str, Learnt],
) -> tuple[Model, ModelContent]:
    """The model and what the store keeps of it."""
    tables = tuple(replace(p.table, rows=found[p.name].rows) for p in prepared)
    links = tuple(p.link for p in prepared if p.link is not None)
    graph = Graph(tables, links)
    programs = constrain(
        graph,
        {p.name: table_program(p.name, p.plans, found[p.name], _main(p, found)) for p in prepared},
    )
    order = tuple(p.name for p in prepared)
    model = Model(name, version, secrets.token_hex(16), graph, programs, {}, order)
    described = [d for p in prepared for d in told(p.name, p.plans, found[p.name])]
    shown = shown_constraints(graph, described)
    rows = tuple(
        TableRow(n, found[n].rows, tuple(_column(d) for d in shown if d.table == n)) for n in order
    )
    parts = tuple(p for t, part, data in to_parts(model) for p in split(t, part, data))
    private = {
        "epsilon": guarantee.epsilon, "delta": guarantee.delta, "rho": cost.rho,
        "risk": cost.delta, "unit": f"a row of {order[0]}",
    } | ({"most_children": guarantee.most} if links else {})  # fmt: skip
    keys = tuple(RelationshipRow.of(r) for r in links)
    return model, ModelContent(model.uuid, FORMAT, parts, rows, keys, metrics={"privacy": private})


def _main(p: Prepared, found: dict[str, Learnt]) -> MainParent | None:
    if p.link is None:
        return None
    link = Link(PARENT, p.link.parent, p.link.columns, p.link.parent_columns)
    return MainParent(link, count_name(p.name), 0, max(found[p.link.parent].rows, 1))


def _column(d: Described) -> ColumnRow:
    return ColumnRow(d.column, d.type, d.role, d.step, d.inputs, d.cells or None, d.reason)


def _note(guarantee: Guarantee, prepared: Sequence[Prepared], cost: Cost) -> str:
    bound = (
        f" with all that belongs to it, of which at most {guarantee.most} rows below each row count"
        if len(prepared) > 1
        else ""
    )
    return (
        f"epsilon {guarantee.epsilon:g} at delta {guarantee.delta:g} for a row of "
        f"{prepared[0].name}{bound} (zCDP rho {cost.rho:.4g}); rows are a noisy count"
    )


def _rows(
    name: str,
    version: int,
    prepared: Sequence[Prepared],
    found: dict[str, Learnt] | None,
    seconds: float,
    note: str,
) -> list[dict[str, Any]]:
    """What the call returns: a row per table."""
    out = []
    for p in prepared:
        left = [f"{x.column.name}: {x.told}" for x in p.plans if x.column.role is Role.UNSUPPORTED]
        out.append({
            "model": name, "version": version, "table_name": p.name, "method": ledger.DP,
            "rows": found[p.name].rows if found else None, "columns": len(p.plans), "orphans": 0,
            "seconds": round(seconds, 3), "notes": "; ".join([note, *left]),
        })  # fmt: skip
    return out
