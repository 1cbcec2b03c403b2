"""Looks on while networks are trained: writes the log, keeps checkpoints, passes a cancel on."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping

from genesis_sql import interrupt
from genesis_sql.actions.workspace import Workspace
from genesis_sql.errors import OptionError
from genesis_sql.graph.order import topological
from genesis_sql.models.learnt import FitOptions
from genesis_sql.models.watch import TrainingRow
from genesis_sql.store import training
from genesis_sql.types import Graph, Role

OFTEN = 1.0  # seconds between two writes of the log


class Watching:
    """The `Watch` of a fit: what it is told goes into the store while the fit runs.

    Attributes:
        notes: what the caller should know, by table.
    """

    def __init__(
        self,
        ws: Workspace,
        model: str,
        version: int,
        graph: Graph,
        options: Mapping[str, FitOptions],
    ) -> None:
        self.ws, self.model, self.version = ws, model, version
        self.graph, self.options = graph, options
        self.con = ws.con.cursor()
        self.notes: dict[str, list[str]] = {}
        self.made = [n for n in topological(graph) if not graph.table(n).verbatim]
        self.stopped = False
        self._rows: list[training.LogRow] = []
        self._written, self._at = 0, -math.inf
        self._share = 0.0
        self._asked: set[str] = set()

    # phases

    @property
    def phases(self) -> int:
        """Reading, each table, storing."""
        return len(self.made) + 2

    def progress(self, phase: str, share: float) -> None:
        """What a fit of tables tells: `table.column`."""
        begun = [n for n in self.made if phase.startswith(f"{n}.")]
        self._share = share
        if begun:
            table = max(begun, key=len)
            self.ws.job.enter(self.made.index(table) + 2, self.phases, table)
            column = phase.removeprefix(f"{table}.")
            phase = "learning" if column.startswith("#") else f"learning {column}"
        self.ws.progress(phase, share)

    # the protocol

    @property
    def cancelled(self) -> bool:
        """Whether the fit was asked to stop for good."""
        return self.ws.job.stopping

    def log(self, table: str, row: TrainingRow) -> None:
        """Take a row of the log; it is written about once a second.

        Raises:
            InterruptedFitError: the fit has to stop.
        """
        job, loss = self.ws.job, _finite(row.loss)
        job.step, job.left = row.step, row.left
        job.loss = job.loss if loss is None else loss
        told = (row.step, row.epoch, loss, _finite(row.validation_loss))
        self._rows.append((table, *told, _finite(row.rows_per_s), row.seconds, row.note))
        if row.note or time.perf_counter() - self._at >= OFTEN:
            self.flush()
        self.ws.progress("training", self._share)

    def flush(self) -> None:
        """Write what is not written yet."""
        rows = tuple(self._rows)
        if rows:
            where = (self.ws.database, self.model, self.version, self._written)
            with interrupt.held():  # DuckDB would end the statement with an error like any other
                training.append_log(self.con, *where, rows)
            self._written += len(rows)
            del self._rows[: len(rows)]
        self._at = time.perf_counter()

    def save(self, table: str, state: bytes) -> None:
        """Keep a checkpoint in the place of the one before."""
        with interrupt.held():
            training.save_checkpoint(
                self.con,
                self.ws.database,
                self.model,
                self.version,
                table,
                method=self.options[table].method,
                about=json.dumps({"columns": self._columns(table)}, ensure_ascii=False),
                state=state,
            )

    def saved(self, table: str) -> bytes | None:
        """The checkpoint of a fit of the same name that was stopped; None, with a note, if none is.

        Raises:
            OptionError: it is of other columns.
        """
        self._asked.add(table)
        found = training.latest_checkpoint(
            self.con,
            self.ws.database,
            self.model,
            table,
            method=self.options[table].method,
            before=self.version,
        )
        if found is None:
            self._note_anew(table)
            return None
        before = {n: t for n, t in json.loads(found.about)["columns"]}
        now = dict(self._columns(table))
        if before != now:
            names = sorted(n for n in before | now if before.get(n) != now.get(n))
            message = (
                f"version {found.version} of model '{self.model}', which was stopped, cannot be "
                f"resumed: table '{table}' had other columns then ({', '.join(names)}); leave "
                f"option 'resume' out to begin anew"
            )
            raise OptionError(message)
        self.notes.setdefault(table, []).append(f"resumed from version {found.version}")
        return found.data

    def settle(self) -> None:
        """Ctrl-C ended a training whose best state is taken: the fit goes on with it."""
        self.stopped = True
        interrupt.settle()

    # the end

    def learnt(self) -> None:
        """All tables are learnt: say where nothing could be resumed."""
        for table in self.made:
            if self.options[table].training.get("resume") and table not in self._asked:
                self._note_anew(table)

    def stored(self) -> None:
        """The version is ready: checkpoints are of no more use, unless Ctrl-C ended a training."""
        if not self.stopped:
            training.forget_checkpoints(self.con, self.ws.database, self.model, self.version)

    def _note_anew(self, table: str) -> None:
        note = f"no stopped training by '{self.options[table].method}' to resume, begun anew"
        self.notes.setdefault(table, []).append(note)

    def _columns(self, table: str) -> list[list[str]]:
        columns = self.graph.table(table).columns
        return [[c.name, c.type] for c in columns if c.role is not Role.UNSUPPORTED]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
