"""Fitting under differential privacy: charge the ledger, buy noisy counts, keep nothing else.

Up to the charge only the catalog is read. From the first row on, no error text and no number
leaves but through a `Meter`. How long a fit takes is not hidden.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.actions.private_options import Guarantee, read_guarantee, with_bounds
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import GenesisError, OptionError, SourceError
from genesis_sql.graph.constraints import read_checks
from genesis_sql.graph.roles import role_of_type
from genesis_sql.introspect.from_duckdb import read_table
from genesis_sql.models.constrain import constrain, shown_constraints
from genesis_sql.models.dp.accountant import Cost, rho_of
from genesis_sql.models.dp.compose import table_program, told
from genesis_sql.models.dp.learn import Learnt, learn
from genesis_sql.models.dp.meter import Meter
from genesis_sql.models.dp.roles import Plan, plans
from genesis_sql.models.learnt import Described
from genesis_sql.models.stream import read_table as read_rows
from genesis_sql.plan.definition import Model
from genesis_sql.plan.parts import to_parts
from genesis_sql.program.steps import FORMAT
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import executions, ledger, models
from genesis_sql.store.content import split
from genesis_sql.store.rows import ColumnRow, ModelContent, TableRow
from genesis_sql.types import Graph, RawTable, Role, Table

if TYPE_CHECKING:
    from genesis_sql.actions.learning import FitArguments

RISK = 0.1
"""Share of δ for labels that nobody named, where there are any."""

_KEYS = {Role.INTEGER, Role.CATEGORY, Role.IDENTIFIER}


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table as the catalog has it, and how each of its columns will be made."""

    raw: RawTable
    table: Table
    plans: tuple[Plan, ...]


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
    raw = replace(raw, foreign_keys=())
    guarantee = read_guarantee(arguments.options, [raw])
    prepared = _prepare(ws, raw, guarantee)
    stored = {**arguments.plain(), "source": source}
    return _fit(ws, name, prepared, guarantee, stored, arguments)


def fit_private_schema(
    ws: Workspace,
    name: str,
    schema: str | Sequence[str] | None,
    tables: Sequence[str] | None,
    arguments: FitArguments,
) -> list[dict[str, Any]]:
    """Refuse: related tables have no guarantee yet.

    Raises:
        OptionError: always.
    """
    message = (
        "method 'dp' learns one table; related tables have no guarantee yet: "
        "CALL genesis_fit(model, 'table', method := 'dp', …) for each of them"
    )
    raise OptionError(message)


def source_name(ws_database: str, raw: RawTable) -> str:
    """How the ledger calls a table: without its database where that keeps the ledger itself.

    So a file may be renamed. A copy of a table is another one.
    """
    own = qualified(ws_database, raw.schema, raw.name) == raw.source
    return qualified(raw.schema, raw.name) if own else raw.source


def private_source(ws: Workspace, source: str) -> str:
    """The name in the ledger of a table that a caller names; its rows are not read.

    Raises:
        SourceError: it is not there, or is no table.
    """
    raw = read_table(ws.con, source, database=ws.database, schema=ws.schema, counted=False)
    _require_table(raw)
    return source_name(ws.database, raw)


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


def _require_table(raw: RawTable) -> None:
    if raw.kind != "table":
        message = (
            f"a private fit takes a table, since its rows are what is hidden; a {raw.kind} may "
            f"make many rows of one: CREATE TABLE … AS FROM it, with a row per unit of privacy"
        )
        raise SourceError(message)


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
    if arguments.verbatim:
        message = "method 'dp' copies no table: rows of verbatim tables would be shown as they are"
        raise OptionError(message)


def _prepare(ws: Workspace, raw: RawTable, guarantee: Guarantee) -> Prepared:
    """A table without a look at its rows."""
    _require_table(raw)
    single = [key[0] for key in (raw.primary_key, *raw.unique_keys) if len(key) == 1]
    types = {c.name: role_of_type(c.type) for c in raw.columns}
    keys = [name for name in single if types[name] in _KEYS and not _is_enum(raw, name)]
    roles = dict(guarantee.tables[raw.name].get("roles") or {})
    made = with_bounds(ws.con, guarantee, raw.name, plans(raw, roles, keys))
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
    )
    return Prepared(raw, table, tuple(made))


def _is_enum(raw: RawTable, name: str) -> bool:
    return next(c.type for c in raw.columns if c.name == name).startswith("ENUM(")


def _fit(
    ws: Workspace,
    name: str,
    prepared: Prepared,
    guarantee: Guarantee,
    stored: dict[str, Any],
    arguments: FitArguments,
) -> list[dict[str, Any]]:
    execution: int | None = None
    version: int | None = None

    def failed(status: str, text: str) -> None:
        how: dict[str, Any] = {"status": status, "error": text, "seconds": ws.seconds}
        if version is not None:
            models.fail_version(ws.con, ws.database, name, version, **how)
        elif execution is not None:
            executions.finish(ws.con, ws.database, execution, **how)

    kind = "fit" if arguments.kind == "table" else "fit_database"
    with ending(failed):
        execution = executions.start(
            ws.con, ws.database, kind=kind, model=name, arguments=stored, seed=arguments.seed
        )
        ws.job.id = execution
        version = models.begin_version(
            ws.con, ws.database, name, kind=arguments.kind, method=ledger.DP, arguments=stored,
            execution=execution,
        )  # fmt: skip
        ws.job.begun(version, _rows(name, version, prepared, None, 0.0, "runs in the background"))
        cost = _cost(guarantee, prepared)
        source = source_name(ws.database, prepared.raw)
        ledger.charge(
            ws.con, ws.database, [source], name, version, guarantee.epsilon, guarantee.delta, cost
        )
        with sealed(prepared.raw.name):
            ws.progress("reading", 0.0)
            with ws.job.reading(ws.con):
                arrow = read_rows(ws.con, _learnt(prepared))
            ws.progress("learning", 0.3)
            found = learn(
                Meter(cost.rho, cost.delta), [p.asked for p in prepared.plans if p.asked], arrow
            )
            del arrow
        ws.progress("storing", 1.0)
        model, content = _content(name, version, prepared, guarantee, cost, found)
        models.finish_version(ws.con, ws.database, name, version, content, seconds=ws.seconds)
    ws.announce(model)
    note = _note(guarantee, source, cost)
    return _rows(name, version, prepared, found.rows, ws.seconds, note)


def _cost(guarantee: Guarantee, prepared: Prepared) -> Cost:
    """What the fit may spend: a part of δ only where labels have to be found."""
    named = any(p.asked and p.asked.open and p.column.role is Role.CATEGORY for p in prepared.plans)
    risk = RISK * guarantee.delta if named else 0.0
    return Cost(rho_of(guarantee.epsilon, guarantee.delta - risk), risk)


def _learnt(prepared: Prepared) -> Table:
    """The table with the columns alone that are learnt."""
    columns = tuple(p.column for p in prepared.plans if p.asked is not None)
    return replace(prepared.table, columns=columns)


@contextmanager
def sealed(table: str) -> Iterator[None]:
    """Rows are looked at inside: no text of an error that may hold a value comes out."""
    try:
        yield
    except (GenesisError, duckdb.InterruptException, KeyboardInterrupt, MemoryError):
        raise
    except Exception:
        message = (
            f"the private fit of '{table}' stopped while it read the rows; what went wrong is not "
            f"told, since it might tell of them"
        )
        raise GenesisError(message) from None


def _content(
    name: str, version: int, prepared: Prepared, guarantee: Guarantee, cost: Cost, found: Learnt
) -> tuple[Model, ModelContent]:
    """The model and what the store keeps of it."""
    table = replace(prepared.table, rows=found.rows)
    graph = Graph((table,))
    program = table_program(table.name, prepared.plans, found)
    programs = constrain(graph, {table.name: program})
    model = Model(name, version, secrets.token_hex(16), graph, programs, {}, (table.name,))
    described = shown_constraints(graph, told(table.name, prepared.plans, found))
    rows = (TableRow(table.name, found.rows, tuple(_column(d) for d in described)),)
    parts = tuple(p for t, part, data in to_parts(model) for p in split(t, part, data))
    private = {
        "epsilon": guarantee.epsilon, "delta": guarantee.delta, "rho": cost.rho,
        "risk": cost.delta, "unit": f"a row of {table.name}",
    }  # fmt: skip
    return model, ModelContent(model.uuid, FORMAT, parts, rows, metrics={"privacy": private})


def _column(d: Described) -> ColumnRow:
    return ColumnRow(d.column, d.type, d.role, d.step, d.inputs, d.cells or None, d.reason)


def _note(guarantee: Guarantee, source: str, cost: Cost) -> str:
    return (
        f"epsilon {guarantee.epsilon:g} at delta {guarantee.delta:g} for a row of {source} "
        f"(zCDP rho {cost.rho:.4g}); rows are a noisy count"
    )


def _rows(
    name: str, version: int, prepared: Prepared, rows: int | None, seconds: float, note: str
) -> list[dict[str, Any]]:
    left = [
        f"{p.column.name}: {p.told}" for p in prepared.plans if p.column.role is Role.UNSUPPORTED
    ]
    return [
        {
            "model": name, "version": version, "table_name": prepared.raw.name,
            "method": ledger.DP, "rows": rows, "columns": len(prepared.plans), "orphans": 0,
            "seconds": round(seconds, 3), "notes": "; ".join([note, *left]),
        }
    ]  # fmt: skip
