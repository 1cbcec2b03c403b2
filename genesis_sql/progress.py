"""Progress of long work: a bar on a terminal or in a notebook, nothing where output is piped."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from genesis_sql import interrupt
from genesis_sql.types import Progress


def interactive() -> bool:
    """Whether somebody is watching: a terminal, or a notebook."""
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


def _silent(phase: str, share: float) -> None:
    interrupt.check()


@contextmanager
def reporting(title: str) -> Iterator[Progress]:
    """A progress callback for one piece of work; it also raises after Ctrl-C."""
    with interrupt.working(), _shown(title) as report:
        yield report


@contextmanager
def _shown(title: str) -> Iterator[Progress]:
    if not interactive():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)

        def report(phase: str, share: float) -> None:
            interrupt.check()
            bar.update(task, description=f"{title}: {phase}"[:60].ljust(60), completed=share)

        yield report
