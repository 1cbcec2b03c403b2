"""How a delivery stands in the history; a read-only database keeps none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genesis_sql.actions.integrity import Checked
from genesis_sql.actions.workspace import Workspace
from genesis_sql.plan.definition import Model
from genesis_sql.store import executions
from genesis_sql.store.rows import ExecutionTable


class Record:
    """A row of the history, from the beginning to the end of a delivery."""

    def __init__(
        self, ws: Workspace, model: Model, kind: str, arguments: Mapping[str, Any], seed: int
    ) -> None:
        self.ws = ws
        query = "SELECT readonly FROM duckdb_databases() WHERE database_name = ?"
        self.kept = not ws.con.execute(query, [ws.database]).fetchall()[0][0]
        self.number = 0
        if self.kept:
            self.number = executions.start(
                ws.con,
                ws.database,
                kind=kind,
                model=model.name,
                version=model.version,
                arguments=arguments,
                seed=seed,
                spec={"uuid": model.uuid},
            )
            ws.job.id = self.number
        ws.job.version = model.version

    def failed(self, status: str, text: str) -> None:
        """It ended in this way."""
        self._end(status, None, text)

    def done(
        self,
        report: Sequence[Mapping[str, Any]],
        checks: Mapping[str, Sequence[Checked]] | None = None,
    ) -> None:
        """It ended well, with these rows by table."""
        tables = tuple(
            ExecutionTable(
                r["table_name"], r["rows"], r.get("orphans", 0), r.get("violations", 0),
                r["seconds"],
                {"checks": [c.plain() for c in (checks or {}).get(r["table_name"], ())]},
            )
            for r in report
        )  # fmt: skip
        self._end("done", sum(int(r["rows"]) for r in report), None, tables)

    def _end(
        self,
        status: str,
        rows: int | None,
        error: str | None,
        tables: Sequence[ExecutionTable] = (),
    ) -> None:
        if self.kept:
            executions.finish(
                self.ws.con,
                self.ws.database,
                self.number,
                status=status,
                rows=rows,
                seconds=self.ws.seconds,
                error=error,
                tables=tables,
            )
