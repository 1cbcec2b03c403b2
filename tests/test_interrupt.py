"""Who hears Ctrl-C: the work that runs, not what began later, not what runs in the background."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable

import pytest

from genesis_sql import interrupt
from genesis_sql.errors import InterruptedFitError


def press() -> None:
    """Ctrl-C, as the handler gets it."""
    with pytest.raises(KeyboardInterrupt, match="^$"):
        interrupt._on_interrupt(signal.SIGINT, sys._getframe())


def beside(work: Callable[[], object]) -> object:
    """What another thread finds."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


def test_work_hears_what_is_pressed_while_it_runs() -> None:
    press()
    with interrupt.working():
        assert not interrupt.pressed()
        interrupt.check()
        press()
        with pytest.raises(InterruptedFitError, match="cancelled by Ctrl-C; nothing was changed"):
            interrupt.check()


def test_a_read_elsewhere_does_not_forget_it() -> None:
    with interrupt.working():
        press()
        assert beside(interrupt.pressed)
        interrupt.clear()
        assert not beside(interrupt.pressed)
        assert interrupt.pressed()


def test_settled_until_it_is_pressed_again() -> None:
    with interrupt.working():
        press()
        interrupt.settle()
        assert not interrupt.pressed()
        press()
        assert interrupt.pressed()


def test_the_background_does_not_hear_it() -> None:
    with interrupt.ignored():
        press()
        assert not interrupt.pressed()
        interrupt.settle()
        assert beside(interrupt.pressed)
    assert interrupt.pressed()
    interrupt.clear()
    assert not interrupt.pressed()


def test_a_command_forgets_no_press() -> None:
    with interrupt.lasting():
        press()  # its exception may get lost, in a callback of an import for one
        interrupt.clear()
        with interrupt.working(), pytest.raises(InterruptedFitError, match="cancelled by Ctrl-C"):
            interrupt.check()
    interrupt.clear()
    assert not interrupt.pressed()


def test_held_presses_are_counted_and_raise_nothing() -> None:
    with interrupt.working():
        with interrupt.held():
            interrupt._on_interrupt(signal.SIGINT, sys._getframe())
        assert interrupt.pressed()
        press()
    interrupt.clear()
