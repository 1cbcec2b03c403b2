"""What the reading functions mean: a plan each, SQL text out of arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from genesis_sql.actions.arguments import number, text, texts, whole
from genesis_sql.actions.kept import require_there
from genesis_sql.errors import ModelNotFoundError, OptionError, nearest
from genesis_sql.models.methods import METHODS
from genesis_sql.plan.compiled import Compiled, compiled, place_of
from genesis_sql.plan.conditions import read_conditions
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range, function_name, rows_sql
from genesis_sql.plan.scaling import smallest_scale, uncounted_scale
from genesis_sql.plan.spec import Spec
from genesis_sql.program.dialects.registry import dialect_of
from genesis_sql.reference.plans import PLANS as REFERENCE
from genesis_sql.sqlbuild import rows_of, string
from genesis_sql.store import cohorts, executions, ledger, models, profiles, runs, training
from genesis_sql.store.names import empty

if TYPE_CHECKING:
    import duckdb

    from genesis_sql.session import Session

Plan = Callable[["Session", dict[str, Any], str, str], str]


def _generate(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    with session.cursor() as cursor:
        model, table = _chosen(session, cursor, arguments, database)
        name = function_name(model, table)
        if name not in session.given:
            session.announce(cursor, model)
            message = (
                f"model '{model.name}' was not known when this statement began; run it again "
                f"(genesis_sql.register(con) after ATTACH makes all models known)"
            )
            raise OptionError(message)
        require_there(cursor, database, model)
    given = arguments.get("conditions") or {}
    if not isinstance(given, Mapping):
        message = f"conditions is {given!r}; it takes a struct, as in {{'state': 'CA'}}"
        raise OptionError(message)
    spec = Spec.of(whole(arguments, "seed") or 0)
    spec = replace(spec, conditions=read_conditions(model, table, given))
    spec, first, stop = _open_range(session, model, table, arguments, spec)
    return rows_sql(model, table, spec, first=first, stop=stop)


def _compile(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    return rows_of(["sql"], [[_compiled(session, arguments, database).text]])


def _compile_data(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    given = {**arguments, "data": "main.cells"}  # the rows are the same for any place
    found = _compiled(session, given, database).cells
    return rows_of(["name", "values"], found) if found else empty("name VARCHAR, values VARCHAR")


def _compiled(session: Session, arguments: dict[str, Any], database: str) -> Compiled:
    dialect, place = dialect_of(text(arguments, "dialect")), place_of(text(arguments, "data"))
    with session.cursor() as cursor:
        model, table = _chosen(session, cursor, arguments, database)
    spec = Spec.of(whole(arguments, "seed") or 0)
    spec, first, stop = row_range(session, model, table, arguments, spec)
    scale = spec.sizes[0].scale
    return compiled(
        model, table, dialect, place, seed=spec.seed, scale=scale, first=first, stop=stop
    )


def _chosen(
    session: Session, cursor: duckdb.DuckDBPyConnection, arguments: dict[str, Any], database: str
) -> tuple[Model, str]:
    """The model and the table that a read is about."""
    part = _optional(arguments, "part")
    name, version = text(arguments, "model"), whole(arguments, "version")
    model = session.load(cursor, database, name, version)
    return model, choose_table(model, part)


def row_range(
    session: Session, model: Model, table: str, arguments: dict[str, Any], spec: Spec
) -> tuple[Spec, int, int]:
    """The scale that is meant, the first row and the one behind the last."""
    rows, first = whole(arguments, "rows"), whole(arguments, "first_row") or 0
    scale = number(arguments, "scale")
    check_range(rows, first, scale)
    if scale is None:
        scale = (
            1.0
            if rows is None
            else smallest_scale(session.sampler, model, table, first + rows, spec)
        )
    spec = spec.at(scale)
    size = session.sampler(model, spec).size(table)
    stop = size if rows is None else first + rows
    if stop > size:
        message = (
            f"table '{table}' has {size:,} rows at scale {scale}, rows {first:,} to {stop:,} were "
            "asked for; leave scale out, or take a larger one"
        )
        raise OptionError(message)
    return spec, first, max(stop, first)


def _open_range(
    session: Session, model: Model, table: str, arguments: dict[str, Any], spec: Spec
) -> tuple[Spec, int, int]:
    """The same; the scale is left open where children would have to be counted to find it."""
    rows, first = whole(arguments, "rows"), whole(arguments, "first_row") or 0
    if rows is None or number(arguments, "scale") is not None:
        return row_range(session, model, table, arguments, spec)
    check_range(rows, first, None)
    if uncounted_scale(model, table, first + rows) is not None:
        return row_range(session, model, table, arguments, spec)
    return replace(spec, least=(table, first + rows)), first, first + rows


def choose_table(model: Model, table: str | None) -> str:
    """The table a read is about: the only one, or the one named.

    Raises:
        OptionError: none is named and the model has several.
        ModelNotFoundError: the model has no such table.
    """
    names = list(model.visible)
    if table is None:
        if len(names) == 1:
            return names[0]
        message = (
            f"model '{model.name}' has {len(names)} tables, name one as in "
            f"genesis_generate('{model.name}', '{names[-1]}'){nearest('', names)}"
        )
        raise OptionError(message)
    folded = [n for n in names if n == table] or [n for n in names if n.lower() == table.lower()]
    if len(folded) != 1:
        message = f"model '{model.name}' has no table '{table}'{nearest(table, names)}"
        raise ModelNotFoundError(message)
    return folded[0]


def _models(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    with session.cursor() as cursor:
        session.meet(cursor, database)
        return models.list_sql(cursor, database, begun=session.local.begun)


def _describe(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    name, version = text(arguments, "model"), whole(arguments, "version")
    with session.cursor() as cursor:
        made = models.describe_sql(cursor, database, name, version)
    own = ", ".join(string(m.name) for m in METHODS.values() if not m.compile)
    runs = f"CASE WHEN step IN ({own}) THEN step {_RUNS} END AS runs"
    return f"SELECT *, {runs} FROM ({made})"  # noqa: S608 - names of this package


_RUNS = "WHEN step = 'verbatim' THEN 'copy' WHEN step <> 'left out' THEN 'kernel'"
"""What makes a column whose method has no sampler of its own. Compiled SQL is never taken where the
package is: the kernel was two to six times as fast for the smallest tables, too."""


def _history(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    name = None if arguments.get("model") is None else text(arguments, "model")
    with session.cursor() as cursor:
        return executions.history_sql(cursor, database, name, begun=session.local.begun)


def _integrity(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    name = None if arguments.get("model") is None else text(arguments, "model")
    with session.cursor() as cursor:
        return executions.integrity_sql(cursor, database, name, begun=session.local.begun)


def _training_log(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    name, version = text(arguments, "model"), whole(arguments, "version")
    with session.cursor() as cursor:
        begun = getattr(session.local, "begun", None)
        return training.log_sql(cursor, database, name, version, begun=begun)


METHOD_COLUMNS = (
    "name", "family", "installed", "needs", "licence", "data", "nulls", "dates", "conditions",
    "compile", "row_random", "real_rows", "kept",
)  # fmt: skip


def _methods(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    return rows_of(
        METHOD_COLUMNS, [[getattr(m, c) for c in METHOD_COLUMNS] for m in METHODS.values()]
    )


def _ledger(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    with session.cursor() as cursor:
        return ledger.list_sql(cursor, database, begun=session.local.begun)


def _profiles(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    found_by = {n: _optional(arguments, n) for n in ("search", "product")}
    with session.cursor() as cursor:
        session.meet(cursor, database)
        begun, tags = session.local.begun, texts(arguments, "tags")
        return profiles.list_sql(cursor, database, tags=tags, begun=begun, **found_by)


def _profile_spec(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    name, version = _optional(arguments, "model"), whole(arguments, "version")
    execution = whole(arguments, "execution")
    with session.cursor() as cursor:
        columns, row = runs.spec_row(cursor, database, name, version, execution)
    return rows_of(columns, [row])


def _cohorts(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    tags, search = texts(arguments, "tags"), _optional(arguments, "search")
    with session.cursor() as cursor:
        begun = session.local.begun
        return cohorts.list_sql(cursor, database, tags=tags, search=search, begun=begun)


def _optional(arguments: Mapping[str, Any], name: str) -> str | None:
    return None if arguments.get(name) is None else text(arguments, name)


def _providers(session: Session, arguments: dict[str, Any], database: str, schema: str) -> str:
    from genesis_sql.providers.catalog import TOLD, told  # lists of words: only for who asks

    return rows_of(TOLD, told())


PLANS: dict[str, Plan] = {
    "generate": _generate,
    "compile": _compile,
    "compile_data": _compile_data,
    "models": _models,
    "describe": _describe,
    "history": _history,
    "integrity": _integrity,
    "training_log": _training_log,
    "methods": _methods,
    "ledger": _ledger,
    **REFERENCE,
    "profiles": _profiles,
    "profile_spec": _profile_spec,
    "cohorts": _cohorts,
    "providers": _providers,
}
