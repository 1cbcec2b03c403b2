"""Ctrl-C for work that runs inside a DuckDB function.

DuckDB 2 runs such functions on a worker thread, where Python delivers no KeyboardInterrupt. A
handler around the default one counts each press, and long work looks whether there were more since
it began; with any other handler installed nothing is touched. Work in the background does not
listen.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from genesis_sql.errors import InterruptedFitError


class _Presses:
    """How often Ctrl-C was pressed, and up to which press nobody need be told any more.

    ``own.seen`` is the same for the work of one thread: a read on another thread forgets nothing
    that this work has to see. Where ``lasting``, work that begins forgets nothing either. While
    ``held`` is above 0 a press is counted and raises nothing.
    """

    def __init__(self) -> None:
        self.count = 0
        self.held = 0
        self.lasting = False
        self.seen = 0.0
        self.own = threading.local()


_presses = _Presses()


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    _presses.count += 1
    if not _presses.held:
        signal.default_int_handler(number, frame)


def watch() -> None:
    """Install the handler where the default one is in place (main thread only)."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _on_interrupt)


def clear() -> None:
    """Forget an earlier Ctrl-C; called where reads and work begin."""
    if not _presses.lasting:
        _presses.seen = _presses.count


@contextmanager
def lasting() -> Iterator[None]:
    """While a command runs: one press ends it, wherever the exception for it got lost."""
    clear()
    _presses.lasting = True
    try:
        yield
    finally:
        _presses.lasting = False


@contextmanager
def held() -> Iterator[None]:
    """While locks are taken that others wait for: a press is told by `check`, not by an exception.

    An exception between the bytecodes of `threading.Condition` leaves it locked for good.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python runs handlers on the main thread alone
        return
    _presses.held += 1
    try:
        yield
    finally:
        _presses.held -= 1


@contextmanager
def working() -> Iterator[None]:
    """While this thread works: only what is pressed from now on counts for it."""
    clear()
    with _from(_presses.seen):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """While this thread works in the background: Ctrl-C is for others."""
    with _from(float("inf")):
        yield


@contextmanager
def _from(press: float) -> Iterator[None]:
    before = getattr(_presses.own, "seen", None)
    _presses.own.seen = press
    try:
        yield
    finally:
        _presses.own.seen = before


def settle() -> None:
    """What was pressed is dealt with; the work of this thread goes on until the next press."""
    own = getattr(_presses.own, "seen", None)
    if own == float("inf"):
        return
    _presses.seen = _presses.count
    if own is not None:  # outside of any work there is nothing to remember
        _presses.own.seen = _presses.count


def pressed() -> bool:
    """Whether Ctrl-C was pressed since work began; DuckDB turns it into errors of many kinds."""
    own = getattr(_presses.own, "seen", None)
    return _presses.count > (_presses.seen if own is None else own)


def check() -> None:
    """Raise where Ctrl-C was pressed since work began.

    Raises:
        InterruptedFitError: it was.
    """
    if pressed():
        raise cancelled()


def cancelled(why: str = "cancelled by Ctrl-C") -> InterruptedFitError:
    """What is raised then; its text up to the semicolon is kept in the history."""
    return InterruptedFitError(f"{why}; nothing was changed, call it again to start anew")
