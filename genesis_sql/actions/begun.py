"""A version of a model from its first line in the history to its last, whatever ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genesis_sql import interrupt
from genesis_sql.actions.workspace import Workspace
from genesis_sql.store import executions, models


@dataclass
class Begun:
    """What of a version has begun; `failed` closes it (see `workspace.ending`).

    Attributes:
        ws: where.
        name: of the model.
        execution, version: their numbers, once they have begun.
    """

    ws: Workspace
    name: str
    execution: int | None = None
    version: int | None = None

    def start(self, kind: str, arguments: Mapping[str, Any], seed: int | None = None) -> int:
        """Begin the execution; its number is known here, whenever Ctrl-C comes."""
        ws = self.ws
        with interrupt.held():
            self.execution = executions.start(
                ws.con, ws.database, kind=kind, model=self.name, arguments=arguments, seed=seed
            )
        ws.job.id = self.execution
        return self.execution

    def begin(self, kind: str, method: str, arguments: Mapping[str, Any]) -> int:
        """Reserve the next version for the execution that was started.

        Raises:
            ModelExistsError: see `store.models.begin_version`.
        """
        if self.execution is None:
            message = "start comes before begin"
            raise ValueError(message)
        with interrupt.held():
            self.version = models.begin_version(
                self.ws.con, self.ws.database, self.name, kind=kind, method=method,
                arguments=arguments, execution=self.execution,
            )  # fmt: skip
        return self.version

    def failed(self, status: str, text: str) -> None:
        """Close what has begun with a status and the reason; nothing where nothing has."""
        how: dict[str, Any] = {"status": status, "error": text, "seconds": self.ws.seconds}
        con, database = self.ws.con, self.ws.database
        if self.version is not None:
            models.fail_version(con, database, self.name, self.version, **how)
        elif self.execution is not None:
            executions.finish(con, database, self.execution, **how)
