"""A bar for statements that DuckDB runs on its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from genesis_sql.progress import interactive

OFTEN = 0.2  # seconds between two looks


@contextmanager
def watching(con: duckdb.DuckDBPyConnection, title: str) -> Iterator[None]:
    """Show how far the running statement of a connection is; nothing where nobody looks."""
    if not interactive():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress

    con.execute("SET enable_progress_bar = true")
    con.execute("SET enable_progress_bar_print = false")
    done = threading.Event()
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def look() -> None:
            while not done.wait(OFTEN):
                share = con.query_progress()
                if share > 0:
                    bar.update(task, total=100, completed=share)

        watcher = threading.Thread(target=look, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
