"""Fitted synthesizers, in memory as long as the model that they belong to.

A stored program knows one by a part: an array of 16 bytes that tell what it draws. The synthesizer
hangs on that very array; an array read from a database has none.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import Any

import numpy as np

from genesis_sql.errors import ModelNotFoundError
from genesis_sql.program.steps import Block, Program

PREFIX = "sdv:"
WHY = "SDV saves its models by pickle, which runs code when it is read, so no database keeps them"

_LOCK = threading.Lock()
_HELD: dict[int, tuple[weakref.ref[np.ndarray], Any]] = {}


def keep(part: np.ndarray, fitted: Any) -> None:
    """Hold a fitted synthesizer while the array lives."""
    key = id(part)

    def gone(_: weakref.ref[np.ndarray]) -> None:
        _HELD.pop(key, None)

    with _LOCK:
        _HELD[key] = (weakref.ref(part, gone), fitted)


def held(part: np.ndarray) -> Any:
    """The synthesizer of an array; None where it was not fitted in this process."""
    with _LOCK:
        found = _HELD.get(id(part))
    return found[1] if found is not None and found[0]() is part else None


def lost(programs: Iterable[Program]) -> str:
    """The method of a block whose synthesizer is not there any more, '' where all are."""
    for program in programs:
        for step in program.steps:
            if isinstance(step, Block) and step.method.startswith(PREFIX):
                part = program.parts.get(step.part)
                if part is None or held(part) is None:
                    return step.method
    return ""


def fitted_of(program: Program, step: Block) -> Any:
    """The synthesizer of a block.

    Raises:
        ModelNotFoundError: it was fitted on a connection that is closed.
    """
    found = held(program.parts[step.part])
    if found is None:
        message = (
            f"table '{program.table}' was learnt by method '{step.method}' and its model is not "
            f"there any more: {WHY}; fit it again"
        )
        raise ModelNotFoundError(message)
    return found
