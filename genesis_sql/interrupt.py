"""Ctrl-C for work that runs inside a DuckDB function.

DuckDB 2 runs such functions on a worker thread, where Python delivers no KeyboardInterrupt. A
handler around the default one leaves a mark that long work looks at; with any other handler
installed nothing is touched.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

from genesis_sql.errors import InterruptedFitError

_pressed = threading.Event()


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    _pressed.set()
    signal.default_int_handler(number, frame)


def watch() -> None:
    """Install the handler where the default one is in place (main thread only)."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _on_interrupt)


def clear() -> None:
    """Forget an earlier Ctrl-C; called where work begins."""
    _pressed.clear()


def pressed() -> bool:
    """Whether Ctrl-C was pressed since :func:`clear`; DuckDB turns it into errors of many kinds."""
    return _pressed.is_set()


def check() -> None:
    """Raise where Ctrl-C was pressed since :func:`clear`.

    Raises:
        InterruptedFitError: it was.
    """
    if _pressed.is_set():
        raise cancelled()


def cancelled() -> InterruptedFitError:
    """What is raised then."""
    message = "cancelled by Ctrl-C; nothing was changed, call it again to start anew"
    return InterruptedFitError(message)
