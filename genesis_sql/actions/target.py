"""Where tables are written: the schema, what stands there, and what an earlier call wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import ReadOnlyError, TargetError, nearest
from genesis_sql.plan.definition import Model
from genesis_sql.plan.spec import Sizes, Spec
from genesis_sql.sqlbuild import qualified, quoted
from genesis_sql.store import executions, migrator
from genesis_sql.store.rows import Execution

_NAMES = """
SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?
UNION SELECT view_name FROM duckdb_views() WHERE database_name = ? AND schema_name = ?
"""


@dataclass(frozen=True)
class Target:
    """A schema of an attached database.

    For a model of several schemas it begins the names of as many, as in `synth_crm`; ``places``
    then has the (schema, name) of each table.
    """

    database: str
    schema: str
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def of(self, model: Model) -> Target:
        """The same for the tables of a model."""
        places = {
            t.name: (f"{self.schema}_{t.schema}", t.bare_name)
            for t in model.graph.tables
            if t.schema
        }
        return replace(self, places=places)

    def place(self, table: str) -> tuple[str, str]:
        """The schema of a table, and its name there."""
        return self.places.get(table, (self.schema, table))

    def table(self, name: str) -> str:
        """A table there, as SQL text."""
        return qualified(self.database, *self.place(name))

    def schemas(self) -> list[str]:
        """All schemas that are written."""
        return list(dict.fromkeys(s for s, _ in self.places.values())) or [self.schema]

    @property
    def name(self) -> str:
        """As the history keeps it."""
        return f"{self.database}.{self.schema}"


@dataclass(frozen=True)
class Writing:
    """What a call writes: the rows of a spec; of its last segment alone where ``appended``."""

    target: Target
    spec: Spec
    keys: str
    appended: bool = False

    def record(self, model: Model) -> dict[str, Any]:
        """As the history keeps it; lists, for what stands under a table's name may be masked."""
        sizes = [[s.scale, [list(r) for r in s.rows]] for s in self.spec.sizes]
        return {
            "target": self.target.name,
            "uuid": model.uuid,
            "keys": self.keys,
            "sizes": sizes,
            "conditions": _digest(self.spec),
        }


def _digest(spec: Spec) -> str:
    text = json.dumps(spec.conditions)
    return blake2b(text.encode(), digest_size=8).hexdigest() if spec.conditions else ""


def find_target(ws: Workspace, text: str) -> Target:
    """The schema that `target` names: of this database, or ``alias.schema`` of an attached one."""
    names = [
        r[0]
        for r in ws.con.execute(
            "SELECT database_name FROM duckdb_databases() WHERE NOT internal"
        ).fetchall()
    ]
    database, dot, schema = text.partition(".")
    if not dot:
        database, schema = ws.database, text
    if (
        not schema.strip()
        or (schema.lower(), database) == ("genesis", ws.database)
        or schema.lower() in ("information_schema", "pg_catalog")
    ):
        message = (
            f"target '{text}' is no place for tables; give target := 'synth', or 'alias.schema' "
            "of an attached file"
        )
        raise TargetError(message)
    if database not in names:
        message = (
            f"target '{text}' names database '{database}', which is not attached"
            f"{nearest(database, names)}; ATTACH '<file>' AS {quoted(database)} first"
        )
        raise TargetError(message)
    if ws.con.execute(
        "SELECT readonly FROM duckdb_databases() WHERE database_name = ?", [database]
    ).fetchall()[0][0]:
        message = (
            f"database '{database}' is read-only; attach a file that can be written and name it "
            "in target"
        )
        raise ReadOnlyError(message)
    return Target(database, schema)


def settle(
    ws: Workspace, model: Model, target: Target, spec: Spec, *, if_exists: str, keys: str
) -> Writing:
    """What is to be written there.

    Raises:
        TargetError: what stands there is in the way, or nothing can be appended to it.
    """
    taken = _there(ws, model, target)
    schema, first = target.place(taken[0] if taken else "")
    where = f"schema '{schema}' of '{target.database}'"
    if taken and if_exists == "error":
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        message = (
            f"{where} has a table '{first}'{more} already; take another target, or "
            "if_exists := 'replace'"
        )
        raise TargetError(message)
    runs = _runs(ws, target) if taken else []
    if taken and not runs:
        message = (
            f"{where} holds '{first}', which genesis_generate_database did not write; drop it "
            "yourself, or take another target"
        )
        raise TargetError(message)
    if taken and if_exists == "append":
        return _appended(ws, model, target, spec, runs)
    return Writing(target, spec, keys)


def _there(ws: Workspace, model: Model, target: Target) -> list[str]:
    """The tables of a model whose places are taken."""
    found = set()
    for schema in target.schemas():
        rows = ws.con.execute(_NAMES, [target.database, schema] * 2).fetchall()
        found |= {(schema, r[0].lower()) for r in rows}
    places = {t: target.place(t) for t in model.visible}
    return [t for t, (schema, name) in places.items() if (schema, name.lower()) in found]


def _runs(ws: Workspace, target: Target) -> list[Execution]:
    """The calls that wrote this schema, the newest first."""
    return runs_into(ws, target.database, target.schema)


def runs_into(ws: Workspace, database: str, schema: str) -> list[Execution]:
    """The calls that wrote a schema of a database, the newest first."""
    name = f"{database}.{schema}".lower()
    if not migrator.exists(ws.con, ws.database):
        return []
    return [
        r
        for r in executions.history(ws.con, ws.database)
        if r.kind in ("generate_database", "run")
        and r.status == "done"
        and str(_record(r).get("target", "")).lower() == name
    ]


def _record(run: Execution) -> Mapping[str, Any]:
    found = json.loads(run.spec or "{}")
    return found if isinstance(found, dict) else {}


def _appended(
    ws: Workspace, model: Model, target: Target, spec: Spec, runs: list[Execution]
) -> Writing:
    """The rows of a spec behind those that are there, which must be as they were written."""
    mine = {t.lower() for t in model.visible}
    last = next(
        (
            r
            for r in runs
            if mine & {t.table.lower() for t in executions.tables(ws.con, ws.database, r.id)}
        ),
        runs[0],
    )
    record = _record(last)
    wrong = _unlike(model, spec, last, record)
    if wrong:
        message = (
            f"nothing can be appended to '{target.schema}': its tables were written {wrong}, or "
            "write anew with if_exists := 'replace'"
        )
        raise TargetError(message)
    sizes = tuple(Sizes(scale, tuple((t, n) for t, n in rows)) for scale, rows in record["sizes"])
    old = Spec(spec.seed, sizes, spec.conditions)
    _require_untouched(ws, model, target, old)
    more = Spec(spec.seed, (*sizes, *spec.sizes), spec.conditions)
    return Writing(target, more, str(record["keys"]), appended=True)


def _unlike(model: Model, spec: Spec, run: Execution, record: Mapping[str, Any]) -> str:
    """How an earlier call differs from this one, and what mends it; nothing where it does not."""
    if record.get("uuid") != model.uuid:
        return (
            f"by version {run.version} of model '{run.model}', not by this one of "
            f"'{model.name}'; name that one and its version"
        )
    if run.seed != spec.seed:
        return f"with seed := {run.seed}; give the same seed"
    if "sizes" not in record:
        return "by an earlier release, which kept no sizes; take another target"
    if record.get("conditions", "") != _digest(spec):
        return "under other conditions; give the same ones"
    return ""


def _require_untouched(ws: Workspace, model: Model, target: Target, old: Spec) -> None:
    sampler = ws.sampler(model, old)
    there = _there(ws, model, target)
    for table in model.visible:
        count = 0
        if table in there:
            query = f"SELECT count(*) FROM {target.table(table)}"  # noqa: S608 - quoted names
            count = ws.con.execute(query).fetchall()[0][0]
        if count != sampler.size(table) or table not in there:
            message = (
                f"nothing can be appended to '{target.schema}': table '{table}' has {count:,} rows "
                f"there, {sampler.size(table):,} were written, so it was changed since; take "
                "another target, or write anew with if_exists := 'replace'"
            )
            raise TargetError(message)
