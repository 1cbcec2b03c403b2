"""Filling a database of another kind: its tables in the order of their keys, all or none."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from genesis_sql.actions.delivering import appending, checking, loads
from genesis_sql.actions.delivering.connecting import complaint, opened, read_url, shown, telling
from genesis_sql.actions.delivering.ledger import Entry, Ledger
from genesis_sql.actions.delivering.recording import Record
from genesis_sql.actions.delivering.there import There, look, units
from genesis_sql.actions.integrity import Checked, require_rows
from genesis_sql.actions.kept import require_there
from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.errors import GenesisError, InterruptedFitError, OptionError, TargetError
from genesis_sql.plan.conditions import read_all
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range, rows_sql
from genesis_sql.plan.sizing import check_rows
from genesis_sql.plan.spec import Spec
from genesis_sql.store.transfer import require_external_access

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

MANY = 20_000
"""Rows from which keys are checked all at once; it costs some locks, and nothing for fewer."""
PIECE = 50_000
"""Rows of a transaction where a table is committed in pieces; at 50,000 a second it is one."""


@dataclass(frozen=True)
class FillArguments:
    """Arguments of `genesis_fill`."""

    url: str
    scale: float = 1.0
    seed: int = 0
    version: int | None = None
    if_exists: str = "error"
    commit: str = "all"
    schema: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False

    def plain(self) -> dict[str, Any]:
        """As the history keeps them, without secrets."""
        return {**vars(self), "url": shown(read_url(self.url))}

    def spec(self, model: Model) -> Spec:
        """The rows they ask for."""
        conditions = read_all(model, self.conditions)
        return replace(Spec.of(self.seed, self.scale, self.rows), conditions=conditions)


def fill_database(ws: Workspace, name: str, arguments: FillArguments) -> list[dict[str, Any]]:
    """Write all tables of a model into the database of a URL; one row per table.

    Raises:
        OptionError: an argument makes no sense.
        TargetError: the database cannot be reached or written, its tables do not fit the model, or
            hold rows and ``if_exists`` is 'error'.
        IntegrityError: a key does not hold there; nothing is kept then.
    """
    _require(arguments)
    require_external_access(ws.con)
    model = ws.load(name, arguments.version)
    require_there(ws.con, ws.database, model)
    arguments = replace(arguments, rows=check_rows(model, arguments.rows))
    with opened(arguments.url) as con:
        there = look(con, model, arguments.schema)
        con.rollback()
        work = Filling(ws, con, model, there, arguments)
        if arguments.dry_run:
            return work.foreseen()
        with telling("the database", "does not tell what its tables hold"):
            work.begin()
        record = Record(ws, model, "fill", arguments.plain(), arguments.seed)
        with ending(record.failed):
            report = work.run()
            record.done(report, {t: work.checks[t] for t in work.checks})
    return report


def _require(arguments: FillArguments) -> None:
    for option, known in (
        ("if_exists", ("error", "replace", "append")),
        ("commit", ("all", "table")),
    ):
        value = getattr(arguments, option)
        if value not in known:
            choices = " or ".join(repr(k) for k in known)
            message = f"{option} := '{value}' is not known; it takes {choices}"
            raise OptionError(message)
    check_range(None, 0, arguments.scale)


class Filling:
    """One fill, on one connection.

    Attributes:
        checks: what was checked, by table, once that is done.
    """

    def __init__(
        self,
        ws: Workspace,
        con: Connection,
        model: Model,
        there: There,
        arguments: FillArguments,
    ) -> None:
        self.ws, self.con, self.model, self.there = ws, con, model, there
        self.arguments, self.spec = arguments, arguments.spec(model)
        self.sampler = ws.sampler(model, self.spec)
        self.loader = loads.loader(con)
        self.units = units(model, there)
        self.ledger = Ledger(con, arguments.schema, self._run_id())
        self.checks: dict[str, tuple[Checked, ...]] = {}
        self.seconds = dict.fromkeys(model.visible, 0.0)
        self.written = dict.fromkeys(model.visible, 0)
        self.total = max(sum(self.sampler.size(t) for t in model.visible), 1)
        self.goes_on = False
        self.shifts: appending.Shifts = {}

    def _run_id(self) -> str:
        text = json.dumps([self.model.uuid, self.spec.to_json()])
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def order(self) -> list[str]:
        """All tables, parents first."""
        return [t for unit in self.units for t in unit]

    def foreseen(self) -> list[dict[str, Any]]:
        """The report of what would be written."""
        none = {"orphans": None, "violations": None, "seconds": None}
        return [{"table_name": t, "rows": self.sampler.size(t), **none} for t in self.order]

    def begin(self) -> None:
        """Look whether the tables may be filled; nothing is written yet.

        Raises:
            TargetError: they hold rows.
        """
        self.loader.begin(self.con)
        replaced = self.arguments.if_exists == "replace"
        self.goes_on = self.arguments.commit == "table" and self.ledger.there()
        with self.con.begin():
            if self.arguments.if_exists == "error" and not self.goes_on:
                self._require_empty()
            if replaced:
                checking.require_unreferred(self.con, self.there)

    def _require_empty(self) -> None:
        taken = [t for t in self.order if checking.holds_rows(self.con, self.there.places[t])]
        if taken:
            more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
            message = (
                f"table '{self.there.places[taken[0]].shown}'{more} of the database holds rows "
                f"already; add to them with if_exists := 'append', or delete them with 'replace'"
            )
            raise TargetError(message)

    def run(self) -> list[dict[str, Any]]:
        """Write and check all tables."""
        if self.arguments.commit == "table":
            return self._in_pieces()
        with self._telling("nothing was kept"), self.con.begin():
            if self.arguments.if_exists == "replace":
                self._delete()
            before = {t: checking.count(self.con, self.there.places[t]) for t in self.order}
            self._move({t: Entry(0, n) for t, n in before.items()})
            with self._keys(before) as there:
                for unit in self.units:
                    with self.loader.circles(self.con, there, unit):
                        for table in unit:
                            self._load(table, 0, self.sampler.size(table))
                self.ws.job.enter(len(self.order) + 1, len(self.order) + 1)
            report = self._check(before)
        if self.arguments.if_exists == "replace":
            self.ledger.drop()
        return report

    def _move(self, done: Mapping[str, Entry]) -> None:
        """Settle what is added to keys where rows are there already."""
        if not any(entry.before for entry in done.values()):
            return
        before = {}
        for table, entry in done.items():
            whole, first = (
                rows_sql(self.model, table, self.spec, first=0, stop=stop)
                for stop in (self.sampler.size(table), entry.rows)
            )
            before[table] = appending.Before(entry.before, entry.rows, whole, first)
        self.shifts = appending.shifts(self.ws.con, self.con, self.model, self.there, before)

    @contextmanager
    def _keys(self, before: Mapping[str, int]) -> Iterator[There]:
        """The keys that are checked while rows go in: few where many rows come."""
        few = any(before[t] > self.sampler.size(t) for t in self.order)
        if self.total < MANY or few:
            yield self.there
            return
        with self.loader.aside(self.con, self.there) as there:
            yield there

    @contextmanager
    def _telling(self, end: str) -> Iterator[None]:
        """Errors name the table that was written, and say what is left."""
        try:
            yield
        except GenesisError as error:
            if isinstance(error, InterruptedFitError):
                raise
            text = str(error).partition("; nothing was")[0]
            message = f"{text}; {end}"
            raise type(error)(message) from error
        except Exception as error:
            kind, reason = complaint(error)
            if kind is None:
                raise
            table = self.ws.job.table or ""
            place = self.there.places.get(table)
            what = f"table '{place.shown}' of the database" if place else "the database"
            message = f"{what} does not take the rows: {reason}; {end}"
            raise kind(message) from error

    def _in_pieces(self) -> list[dict[str, Any]]:
        """The same piece by piece; an earlier call that was cut off is gone on with."""
        left = "what is committed stays, and the same call goes on behind it"
        with self._telling(left):
            done = self.ledger.open(anew=self.arguments.if_exists == "replace")
            if not done:
                done = self._start()
            with self.con.begin():
                self._move(done)
            for unit in self.units:
                if len(unit) > 1 or self.there.own(unit[0]):
                    self._whole(unit, done)
                else:
                    self._pieces(unit[0], done[unit[0]])
            with self.con.begin():
                report = self._check({t: done[t].before for t in self.order})
            self.ledger.drop()
        return report

    def _start(self) -> dict[str, Entry]:
        """The ledger's first rows, with what is deleted."""
        with self.con.begin():
            if self.arguments.if_exists == "replace":
                self._delete()
            places = self.there.places
            done = {t: Entry(0, checking.count(self.con, places[t])) for t in self.order}
            for table, entry in done.items():
                self.ledger.write(table, entry)
        return done

    def _whole(self, unit: tuple[str, ...], done: Mapping[str, Entry]) -> None:
        """Tables of a circle, or one that refers to itself, in one transaction."""
        if all(done[t].rows for t in unit):
            for table in unit:
                self._require_as_left(table, done[table])
            return
        with self.con.begin(), self.loader.circles(self.con, self.there, unit):
            for table in unit:
                self._load(table, 0, self.sampler.size(table))
                self.ledger.write(table, replace(done[table], rows=self.sampler.size(table)))

    def _pieces(self, table: str, entry: Entry) -> None:
        size = self.sampler.size(table)
        self._require_as_left(table, entry)
        for first in range(entry.rows, size, PIECE):
            stop = min(first + PIECE, size)
            with self.con.begin(), self.loader.circles(self.con, self.there, (table,)):
                self._load(table, first, stop)
                self.ledger.write(table, replace(entry, rows=stop))

    def _require_as_left(self, table: str, entry: Entry) -> None:
        with self.con.begin():
            found = checking.count(self.con, self.there.places[table])
        if found != entry.before + entry.rows:
            message = (
                f"table '{table}' has {found:,} rows and an earlier call left "
                f"{entry.before + entry.rows:,}: it was changed since; take if_exists := 'replace'"
            )
            raise TargetError(message)

    def _delete(self) -> None:
        """Empty all tables, children first."""
        import sqlalchemy

        for unit in reversed(self.units):
            with self.loader.circles(self.con, self.there, unit):
                for table in reversed(unit):
                    self.con.execute(sqlalchemy.delete(checking.table_of(self.there.places[table])))

    def _load(self, table: str, first: int, stop: int) -> None:
        """Rows [first, stop) of a table."""
        place, started = self.there.places[table], time.perf_counter()
        job = self.ws.job
        job.enter(self.order.index(table) + 1, len(self.order) + 1, table)

        def tick(rows: int) -> None:
            self.written[table] += rows
            self.ws.progress(table, min(sum(self.written.values()) / self.total, 1.0))

        tick(0)
        if stop > first:
            source = rows_sql(self.model, table, self.spec, first=first, stop=stop)
            source = appending.moved(source, place, self.shifts.get(table, {}))
            select = self.loader.select(place, source)
            with job.reading(self.ws.con), loads.batches(self.ws.con, select) as rows:
                self.loader.load(self.con, place, rows, tick)
        if stop == self.sampler.size(table):
            self.loader.end(self.con, place)
        self.seconds[table] += time.perf_counter() - started

    def _check(self, before: Mapping[str, int]) -> list[dict[str, Any]]:
        self.ws.job.enter(len(self.order) + 1, len(self.order) + 1)
        self.ws.progress("checking keys", 1.0)
        sizes = {t: self.sampler.size(t) for t in self.order}
        report = []
        for table in self.order:
            started, expected = time.perf_counter(), before[table] + sizes[table]
            made = checking.verify(self.con, self.model, self.there, table, expected)
            self.checks[table] = made
            orphans = sum(c.violations for c in made if c.kind == "orphans")
            seconds = self.seconds[table] + time.perf_counter() - started
            report.append({
                "table_name": table, "rows": sizes[table], "orphans": orphans,
                "violations": sum(c.violations for c in made) - orphans,
                "seconds": round(seconds, 3),
            })  # fmt: skip
        require_rows(report)
        return report
