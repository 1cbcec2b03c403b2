"""A DuckDB instance with this package on it: cursors, functions, models in memory, SQL's doors.

DuckDB keeps Python functions per instance and never lets go of them, so what is registered are thin
dispatchers: they find the instance's session by a token. A session holds its connections weakly; a
file closes when its user closes it.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import threading
import uuid
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import entry_points
from typing import Any

import duckdb

from genesis_sql import interrupt
from genesis_sql.errors import (
    GenesisError,
    ModelNotFoundError,
    OptionError,
    SourceError,
    from_wire,
    to_wire,
)
from genesis_sql.jobs import Job, Jobs
from genesis_sql.transactions import Watch
from genesis_sql.types import Call

_SESSIONS: dict[str, Session] = {}
_FUNCTIONS: list[Callable[..., Any]] = []
"""Every function ever given: DuckDB does not hold them once the registering cursor is gone."""
_LOCK = threading.RLock()
_WRAPPED = ("connection", "dbapi_connection", "_ConnectionWrapper__c")
"""Where SQLAlchemy's Connection, its pool's and the one of duckdb-engine hold what they wrap."""
_ZONES = "SELECT count(*) FROM duckdb_settings() WHERE name = 'TimeZone'"
TOKEN = "genesis_session_token"
SAMPLERS = 8
WRITELESS = (
    "check", "cancel", "compare", "privacy_audit", "profile", "replay", "validate",
    "summarise_cohort",
)  # fmt: skip
"""Verbs that are allowed inside BEGIN, for they write nothing."""


def connect(path: str = ":memory:", **options: Any) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB database with the functions of this package on it.

    Args:
        path: a file, or ':memory:'.
        **options: passed to `duckdb.connect` (read_only, config).

    Example:
        >>> con = connect()
        >>> con.execute("SELECT count(*) FROM genesis_models()").fetchall()
        [(0,)]
        >>> con.close()
    """
    return register(duckdb.connect(path, **options))


def register(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Put the functions on an open connection or cursor, as often as you like, and return it.

    SQLAlchemy's wrappers of one are taken, too: their `cursor()` gives the connection itself.
    """
    interrupt.watch()
    own = _unwrapped(con)
    with _LOCK:
        session = _session_of(own)
        session.attach(own)
    return con


def session_of(con: duckdb.DuckDBPyConnection) -> Session:
    """The session of a connection, registered if it was not yet; it works for this caller next."""
    interrupt.watch()
    with _LOCK:
        session = _session_of(con)
        if session.number(con) is None:
            session.attach(con)
        session.local.caller = session.number(con)
    return session


def _unwrapped(con: Any) -> duckdb.DuckDBPyConnection:
    inner = con
    while not isinstance(inner, duckdb.DuckDBPyConnection):
        found = (getattr(inner, name, None) for name in _WRAPPED)
        inner = next((value for value in found if value is not None), None)
        if inner is None:
            message = (
                f"{type(con).__name__} is no DuckDB connection; give the one duckdb.connect made"
            )
            raise OptionError(message)
    return inner


def _session_of(con: duckdb.DuckDBPyConnection) -> Session:
    cursor = con.cursor()
    try:
        try:
            token = str(cursor.execute(f"SELECT {TOKEN}()").fetchall()[0][0])
        except duckdb.CatalogException:
            token = uuid.uuid4().hex
            give(cursor, TOKEN, lambda: token, [], "VARCHAR")
        for other, session in _SESSIONS.items():
            if other != token and not session.alive():
                session.forget()
        return _SESSIONS.setdefault(token, Session(token))
    finally:
        cursor.close()


@functools.cache
def _registrars() -> tuple[Callable[..., Any], ...]:
    """What puts functions on a connection: ours, and those of other packages."""
    return tuple(entry.load() for entry in entry_points(group="genesis_sql.udfs"))


@functools.cache
def _signature(many: int) -> inspect.Signature:
    """What DuckDB would work out for each function, in about a millisecond."""
    kind = inspect.Parameter.POSITIONAL_ONLY
    return inspect.Signature([inspect.Parameter(f"a{at}", kind) for at in range(many)])


def give(
    con: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., Any],
    takes: list[str] | None,
    returns: str,
    **how: Any,
) -> None:
    """Create a scalar function that outlives the cursor it was created with."""
    _FUNCTIONS.append(function)
    if takes is not None:
        function.__signature__ = _signature(len(takes))  # type: ignore[attr-defined]
    con.create_function(name, function, takes, returns, **how)  # type: ignore[arg-type]


@atexit.register
def _close_all() -> None:
    """Close what the user forgot to close: DuckDB 2 would print of leaked instances."""
    for session in list(_SESSIONS.values()):
        session.close()


class Session:
    """One DuckDB instance: its connections, its models in memory, its doors."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.lock = threading.RLock()
        self.connections: dict[int, weakref.ref[duckdb.DuckDBPyConnection]] = {}
        self.local = threading.local()
        self.known: dict[str, tuple[str, str, int]] = {}
        self.models: dict[str, Any] = {}
        self.samplers: OrderedDict[tuple[str, Any], Any] = OrderedDict()
        self.given: set[str] = set()
        self.marked: set[str] = set()
        self.watch = Watch()
        self.jobs = Jobs()
        self.zones = False
        self.twins: Any = None
        self.functions: dict[str, Any] = {}

    # connections

    def attach(self, con: duckdb.DuckDBPyConnection) -> None:
        """Make the macros on this connection, and the instance's functions where missing."""
        number = con.execute("SELECT current_connection_id()").fetchall()[0][0]
        self.connections = {n: r for n, r in self.connections.items() if r() is not None}
        self.connections[number] = weakref.ref(con)
        self.local.attaching = True
        try:
            for put in _registrars():
                put(con, _Door(self.token))
        finally:
            self.local.attaching = False
        cursor = con.cursor()
        try:
            for database in self._databases(cursor):
                self._bury(cursor, database)
                self.meet(cursor, database)
            self.watch.look(cursor)
        finally:
            cursor.close()

    def number(self, con: duckdb.DuckDBPyConnection) -> int | None:
        """DuckDB's id of a connection that was registered."""
        return next((n for n, r in self.connections.items() if r() is con), None)

    def alive(self) -> bool:
        """Whether any of its connections can still be used."""
        return any(_usable(r()) for r in list(self.connections.values()))

    def forget(self) -> None:
        """Let go of its models: nobody can ask for them until a connection is registered again."""
        with self.lock:
            self.known.clear()
            self.models.clear()
            self.samplers.clear()
            self.marked.clear()

    def close(self) -> None:
        """Close all its connections."""
        for reference in list(self.connections.values()):
            con = reference()
            if con is not None:
                con.close()

    @contextmanager
    def cursor(self, *, lasting: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of its own on the caller's connection, or on any other that lives.

        It closes with the connection it is made on, so another's will not do while there is one. A
        ``lasting`` one does not: it is made on a cursor that is gone at once.
        """
        caller = self.connections.get(getattr(self.local, "caller", 0))
        for reference in filter(None, [caller, *self.connections.values()]):
            con = reference()
            if con is None:
                continue
            try:
                cursor = con.cursor().cursor() if lasting else con.cursor()
            except duckdb.Error:
                continue
            try:
                self.zones = self.zones or bool(cursor.execute(_ZONES).fetchall()[0][0])
                if self.zones:
                    cursor.execute("SET TimeZone = 'UTC'")
                self.watch.look(cursor)
                yield cursor
            finally:
                cursor.close()
            return
        message = (
            "the connection that was registered is closed; call genesis_sql.register(con) on "
            "this one"
        )
        raise SourceError(message)

    def _databases(self, cursor: duckdb.DuckDBPyConnection) -> list[str]:
        query = (
            "SELECT DISTINCT database_name FROM duckdb_tables() "
            "WHERE schema_name = 'genesis' AND table_name = 'model_versions'"
        )
        return [r[0] for r in cursor.execute(query).fetchall()]

    def meet(self, cursor: duckdb.DuckDBPyConnection, database: str) -> None:
        """Give DuckDB the functions of all ready models of a database that it has not yet."""
        from genesis_sql.store import names

        query = "SELECT model, version, uuid FROM genesis.model_versions WHERE status = 'ready'"
        try:
            stored = names.run(cursor, database, query)
        except duckdb.Error:  # no store, or a schema genesis of the user's own
            return
        for model, version, identity in stored:
            if identity not in self.known:
                with suppress(GenesisError):  # who asks for this model will be told
                    self.announce(cursor, self.load(cursor, database, model, version))

    def _bury(self, cursor: duckdb.DuckDBPyConnection, database: str) -> None:
        """Close what dead processes left, once for each database."""
        from genesis_sql.store import executions

        if database not in self.marked:
            self.marked.add(database)
            with suppress(duckdb.Error):  # no store of ours
                executions.mark_interrupted(cursor, database)

    # models

    def load(
        self, cursor: duckdb.DuckDBPyConnection, database: str, name: str, version: int | None
    ) -> Any:
        """A model by name; the active version where none is given."""
        from genesis_sql.actions.manage import join_parts
        from genesis_sql.models.methods import prepare
        from genesis_sql.plan.definition import block_methods
        from genesis_sql.plan.parts import from_parts
        from genesis_sql.store import models

        model, number, key = models.used(cursor, database, name, version)
        with self.lock:
            self.known[key] = (database, model, number)
            held = self.models.get(key)
            if held is None:
                parts = join_parts(models.load_parts(cursor, database, model, number))
                held = self.models[key] = from_parts(parts, name=model, version=number, uuid=key)
                prepare(block_methods(held.programs.values()))
        return held

    @functools.cached_property
    def _scales(self) -> Any:
        from genesis_sql.plan.scaling import Scales

        return Scales()

    def sampler(self, model: Any, spec: Any) -> Any:
        """The sampler of a model for one spec; the last few are kept."""
        from genesis_sql.plan.sampler import Sampler

        spec = self._scales.found(self.sampler, model, spec)
        with self.lock:
            key = (model.uuid, spec)
            if key not in self.samplers:
                self.samplers[key] = Sampler(model, spec)
                while len(self.samplers) > SAMPLERS:
                    self.samplers.popitem(last=False)
            self.samplers.move_to_end(key)
            return self.samplers[key]

    def announce(self, cursor: duckdb.DuckDBPyConnection, model: Any) -> None:
        """Give DuckDB the functions that sample a model's tables."""
        from genesis_sql.plan.query import function_name, function_type

        with self.lock:
            self.models[model.uuid] = model
            for table in model.order:
                self.give(
                    cursor,
                    function_name(model, table),
                    _rows_function(self.token, model.uuid, table),
                    ["BIGINT", "BIGINT", "VARCHAR"],
                    function_type(model, table),
                    type="arrow",
                )

    def give(
        self,
        con: duckdb.DuckDBPyConnection,
        name: str,
        function: Callable[..., Any],
        takes: list[str] | None,
        returns: str,
        **how: Any,
    ) -> None:
        """Create a function where the instance lacks it; DuckDB never forgets one."""
        with self.lock:
            if name not in self.given:
                give(con, name, function, takes, returns, **how)
                self.given.add(name)

    def rows(self, identity: str, table: str, numbers: Any, end: int, spec: str) -> Any:
        """Groups of rows as one Arrow list array; the query that asks ends before ``end``."""
        from genesis_sql.plan.output import chunk_of
        from genesis_sql.plan.spec import Spec

        interrupt.check()
        model = self.models.get(identity)
        if model is None:
            if identity not in self.known:
                message = (
                    f"the model of this query is not there any more (table '{table}'); fit or "
                    "import it again"
                )
                raise ModelNotFoundError(message)
            with self.cursor() as cursor:
                model = self.load(cursor, *self.known[identity])
        with interrupt.held():
            drawn = chunk_of(self.sampler(model, Spec.from_json(spec)), table, numbers, end)
        interrupt.check()
        return drawn

    # doors

    def plan(
        self,
        kind: str,
        arguments: Mapping[str, Any],
        database: str,
        schema: str,
        connection: int = 0,
        begun: int | None = None,
    ) -> str:
        """SQL of a read; its statement sees what was committed before ``begun`` (epoch µs)."""
        from genesis_sql import reads

        if getattr(self.local, "attaching", False):  # CREATE MACRO binds what takes no argument
            return "SELECT NULL"
        interrupt.clear()
        self.local.caller, self.local.begun = connection, begun
        return reads.PLANS[kind](self, dict(arguments), database, schema)

    def effect(self, call: Call) -> list[dict[str, Any]]:
        """Run an effect on a cursor of its own, or begin it in the background."""
        from genesis_sql import background
        from genesis_sql.progress import reporting

        if call.verb == "jobs":
            return self.jobs.rows(call.database)
        if call.connection:
            self.local.caller = call.connection
        with self.cursor() as cursor:
            if call.verb not in WRITELESS:
                self.watch.check(call, cursor)
            self._bury(cursor, call.database)
            with reporting(call.verb) as report:
                if background.wanted(call):
                    return background.start(self, call, report)
                job = Job(call.verb, call.arguments.get("model"), call.database)
                job.report = report
                return self.work(call, cursor, job)

    def work(self, call: Call, cursor: duckdb.DuckDBPyConnection, job: Job) -> list[dict[str, Any]]:
        """Run an effect on this cursor as a job."""
        from genesis_sql.verbs import EFFECTS

        with self.watch.busy(cursor), self.jobs.running(job), restored():
            return EFFECTS[call.verb](self, cursor, call, job)


class _Door:
    """What the registered functions hold: a token, nothing that keeps a database open."""

    def __init__(self, token: str) -> None:
        self.token = token

    def _session(self) -> Session:
        session = _SESSIONS.get(self.token)
        if session is None:
            message = "this connection has lost its session; call genesis_sql.register(con) on it"
            raise SourceError(message)
        return session

    def give(
        self,
        con: duckdb.DuckDBPyConnection,
        name: str,
        function: Callable[..., Any],
        takes: list[str] | None,
        returns: str,
        **how: Any,
    ) -> None:
        """Create a function where it is missing."""
        self._session().give(con, name, function, takes, returns, **how)

    def plan(self, *given: Any) -> str:
        """See `Session.plan`."""
        return self._session().plan(*given)

    def values(self, *given: Any) -> Any:
        """What a Python function of the session gives for a block of rows."""
        from genesis_sql.profiles.functions import give_values

        interrupt.check()
        return give_values(self._session().functions, given)

    def effect(self, call: Call) -> list[dict[str, Any]]:
        """See `Session.effect`."""
        return self._session().effect(call)


def _rows_function(token: str, identity: str, table: str) -> Callable[..., Any]:
    def rows(i: Any, end: Any, spec: Any) -> Any:
        try:
            session = _Door(token)._session()
            return session.rows(identity, table, i, end[0].as_py(), spec[0].as_py())
        except GenesisError as error:
            raise RuntimeError(to_wire(error)) from error
        except KeyboardInterrupt as error:
            raise RuntimeError(to_wire(interrupt.cancelled())) from error

    return rows


def _usable(con: duckdb.DuckDBPyConnection | None) -> bool:
    if con is None:
        return False
    try:
        con.cursor().close()
    except duckdb.Error:
        return False
    return True


@contextmanager
def restored() -> Iterator[None]:
    """Turn a DuckDB error that carries one of ours back into it."""
    try:
        yield
    except duckdb.Error as error:
        ours = from_wire(str(error))
        if ours is None:
            raise
        raise ours from error
