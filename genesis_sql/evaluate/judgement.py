"""A model's measurements, part by part: those that are stored, and what is still to be measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from genesis_sql.actions.workspace import Workspace, ending
from genesis_sql.evaluate.measures import INFO, WARN, Measure, Metric
from genesis_sql.evaluate.sides import Sides
from genesis_sql.evaluate.split import Rule, Split
from genesis_sql.evaluate.trial import Source, Trial, Twins, trial
from genesis_sql.store import executions, measurements
from genesis_sql.store.measurements import Measurement, Subject

SPLIT = "split"
"""The part that says what was held out; all others are measured on it."""

NOTHING = "nothing"
"""In the place of a metric: the part was measured, and has none here."""

METRICS = (
    Measure(
        "held_out",
        "none",
        "rows of a table that the judged model never saw; the note says by which rule they were "
        "chosen",
    ),
    Measure(
        "source_changed",
        "none",
        "1 where the source is another than the one that the kept model was learnt from",
    ),
)

Measurers = Mapping[str, Callable[[Sides], list[Metric]]]


class Judgement:
    """What is known of one version; the trial begins when something has to be measured.

    Attributes:
        source: the kept model and its source.
        execution: of what was measured and stored last; None where nothing was.
    """

    def __init__(
        self,
        ws: Workspace,
        source: Source,
        measurers: Measurers,
        *,
        kind: str,
        asked: Mapping[str, Any],
        seed: int = 0,
        twins: Twins,
    ) -> None:
        self.ws, self.source, self.measurers = ws, source, measurers
        self.kind, self.asked, self.seed, self.twins = kind, asked, seed, twins
        self.execution: int | None = None
        self._stack = ExitStack()
        self._trial: Trial | None = None
        self._found: dict[str, list[Metric]] = {}
        found = source.version
        self.subject = Subject(
            found.model, found.version, source.model.uuid, source.fingerprint, seed
        )

    @property
    def trial(self) -> Trial:
        """The three sides."""
        if self._trial is None:
            asked = self.asked.get("target")
            self._trial = self._stack.enter_context(
                trial(self.ws, self.source, targets=asked, seed=self.seed, twins=self.twins)
            )
        return self._trial

    def close(self) -> None:
        """Let go of the sides."""
        self._stack.close()

    def about(self, part: str) -> str:
        """What else a part was asked, as the store keeps it."""
        names = {"utility": ("target",), "privacy": ("sensitive", "known")}.get(part, ())
        asked = {n: self.asked[n] for n in names if self.asked.get(n) is not None}
        return json.dumps(asked, sort_keys=True, ensure_ascii=False) if asked else ""

    def known(self, part: str) -> list[Metric] | None:
        """The rows of a part of the same version, source and seed; None where none was measured."""
        if part in self._found:
            return self._found[part]
        where = (self.ws.con, self.ws.database, self.subject, part, self.about(part))
        kept = measurements.kept(*where)
        return [_metric(m) for m in kept if m.metric != NOTHING] if kept else None

    def measure(self, parts: Sequence[str]) -> list[Metric]:
        """Measure parts and store them; what was held out comes first."""
        begun = time.perf_counter()
        with self._recorded() as execution:
            rows = [(SPLIT, m) for m in _split_rows(self.trial)]
            for at, part in enumerate(parts):
                self.ws.progress(f"measuring {part}", at / len(parts))
                rows += [(part, m) for m in self.measurers[part](self.trial.sides)]
            if execution is not None:
                measurements.keep(
                    self.ws.con,
                    self.ws.database,
                    execution,
                    self.subject,
                    [(self.about(part), m) for part, m in _stored(rows, parts)],
                    seconds=time.perf_counter() - begun,
                )
        for part in (SPLIT, *parts):
            self._found[part] = [m for of, m in rows if of == part]
        return [m for _, m in rows]

    def parts(self, names: Sequence[str]) -> list[Metric]:
        """Parts from the store where they are there, measured where they are not."""
        missing = [part for part in names if self.known(part) is None]
        if missing:
            self.measure([part for part in missing if part != SPLIT])
        return [m for part in names for m in self.known(part) or []]

    @contextmanager
    def _recorded(self) -> Iterator[int | None]:
        """An execution of the history; a read-only database keeps none."""
        query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
        if self.ws.con.execute(query, [self.ws.database]).fetchall()[0][0]:
            yield None
            return
        where = (self.ws.con, self.ws.database)
        asked = {k: v for k, v in self.asked.items() if v is not None}
        number = measurements.start(*where, self.kind, self.subject, asked)

        def failed(status: str, text: str) -> None:
            executions.finish(*where, number, status=status, error=text, seconds=self.ws.seconds)

        with ending(failed):
            yield number
        self.execution = number


def _split_rows(done: Trial) -> list[Metric]:
    """What was held out, table by table, and whether the source has changed."""
    rows = []
    for table in done.sides.tables:
        if done.split is None:
            count = int(done.source.graph.table(table.name).rows)
            note = "too few rows to hold any out: compared with the rows that were learnt from"
            rows.append(
                Metric("table", table.name, (), "held_out", 0.0, None, count, INFO, note=note)
            )
            continue
        train, held = done.split.rows[table.name]
        rule = next(r for r in done.split.rules if r.table == table.name)
        shared = table.name in done.sides.shared
        note = _told(rule, done.split, shared=shared)
        score = 0.0 if shared else float(held)
        rows.append(
            Metric("table", table.name, (), "held_out", score, None, train, INFO, note=note)
        )
    changed = done.source.changed
    note = "the source has changed since the fit: what is judged is a fit of its rows of today"
    rows.append(
        Metric(
            "database", "", (), "source_changed", float(changed), None,
            sum(r.n for r in rows), WARN if changed else INFO, note=note if changed else "",
        )
    )  # fmt: skip
    return rows


def _told(rule: Rule, done: Split, *, shared: bool) -> str:
    """A rule in words."""
    columns = ", ".join(rule.columns)
    by = {
        "key": f"20 of 100 by the hash of {columns}",
        "content": "20 of 100 by the hash of the row",
        "parent": f"with its row of {rule.of}, by {columns}",
        "children": f"with the rows of {rule.of} that refer to it",
        "shared": "all rows are in both parts",
    }[rule.by]
    return f"{by}; too many rows are in both parts" if shared and rule.by != "shared" else by


def _stored(
    rows: Sequence[tuple[str, Metric]], parts: Sequence[str]
) -> Iterator[tuple[str, Measurement]]:
    """As the store keeps them; a part without any row has one that says so."""
    for part, m in rows:
        yield part, _measurement(part, m)
    for part in set(parts) - {of for of, _ in rows}:
        note = "there is nothing of this kind to measure"
        yield part, _measurement(part, Metric("", "", (), NOTHING, None, None, 0, INFO, note=note))


def _measurement(part: str, m: Metric) -> Measurement:
    return Measurement(
        part, m.scope, m.table, m.columns, m.name, m.score, m.baseline, m.low, m.high, m.n,
        m.verdict, m.note,
    )  # fmt: skip


def _metric(m: Measurement) -> Metric:
    return Metric(
        m.scope, m.table, m.columns, m.metric, m.score, m.baseline, m.n, m.verdict, m.low, m.high,
        m.note,
    )  # fmt: skip
