"""A peer in an environment of its own that samples when asked, so that rounds can alternate."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.options import BenchmarkError

SDV = Path(__file__).with_name("peer_sdv.py")


class Peer:
    """A process that has fitted a table; `fitted` holds what it said about that."""

    def __init__(self, python: Path, table: Path, script: Path = SDV, *more: str) -> None:
        self.command = [str(python), str(script), str(table), *more]
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.fitted = self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            self.close()
            ended = f"the peer ended with {self.process.returncode}"
            message = f"{ended}; to see why, run: {' '.join(self.command)}"
            raise BenchmarkError(message)
        got: dict[str, Any] = json.loads(line)
        return got

    def sample(self, rows: int, out: Path | None = None) -> dict[str, Any]:
        """Seconds for that many rows, written to a Parquet file where one is named."""
        if self.process.stdin is None:
            message = "the peer takes no requests"
            raise BenchmarkError(message)
        self.process.stdin.write(json.dumps({"rows": rows, "out": out and str(out)}) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask for nothing more, and wait for its end."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        self.process.wait()
