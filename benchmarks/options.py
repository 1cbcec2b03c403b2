"""What a benchmark is told on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(".venv-peers/bin/python")
DATA = Path("../shared/data")


class BenchmarkError(Exception):
    """Something a benchmark needs is not there; the message says what to do."""


@dataclass(frozen=True)
class Options:
    """Paths and sizes.

    Attributes:
        data: the folder with adult/ and the others.
        peers: a Python that has the peers and the referee's libraries.
        referee: score.py; None: ../score/score.py beside `data`.
        rows: rows per speed measurement.
        rounds: measurements per number.
        quick: smaller everything, to see that it runs.
        only: parts of a benchmark that has parts; empty: all.
    """

    data: Path = DATA
    peers: Path = PEERS
    referee: Path | None = None
    rows: int = 1_000_000
    rounds: int = 3
    quick: bool = False
    only: tuple[str, ...] = ()

    def parts(self, known: Sequence[str]) -> list[str]:
        """The parts to run, in the benchmark's order.

        Raises:
            BenchmarkError: it has no part of that name.
        """
        for name in self.only:
            if name not in known:
                message = f"there is no part '{name}'; --only takes {', '.join(known)}"
                raise BenchmarkError(message)
        return [name for name in known if not self.only or name in self.only]

    def table(self, name: str) -> Path:
        """The folder of one data set.

        Raises:
            BenchmarkError: it is not there.
        """
        folder = self.data / name
        if not (folder / "keys.json").exists():
            message = f"{folder} holds no keys.json; name the folder of the tables with --data"
            raise BenchmarkError(message)
        return folder

    def score_file(self) -> Path:
        """The referee.

        Raises:
            BenchmarkError: it is not there.
        """
        path = self.referee or self.data.parent / "score" / "score.py"
        if not path.exists():
            message = f"the referee {path} is not there; name it with --referee"
            raise BenchmarkError(message)
        return path

    def peer_python(self) -> Path:
        """The peers' Python.

        Raises:
            BenchmarkError: it is not there.
        """
        if not self.peers.exists():
            message = f"{self.peers} is not there; run `make peers`, or name a Python with --peers"
            raise BenchmarkError(message)
        return self.peers

    def own_python(self) -> str:
        """The Python that runs this."""
        return sys.executable
