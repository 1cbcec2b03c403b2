"""What an action works with: a cursor of its own, the place the caller stands, progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from genesis_sql import interrupt
from genesis_sql.errors import GenesisError, InterruptedFitError, OptionError, nearest
from genesis_sql.jobs import Job
from genesis_sql.plan.definition import Model
from genesis_sql.plan.sampler import Sampler
from genesis_sql.plan.spec import Spec
from genesis_sql.types import Progress


@dataclass(frozen=True, eq=False)
class Workspace:
    """One action's surroundings.

    Attributes:
        con: a cursor outside any transaction, used by nobody else.
        database, schema: where the caller stands.
        load: (name, version) -> the model.
        sampler: (model, spec) -> its sampler.
        announce: makes a new model's functions known to the connection.
        job: told how far the work is; raises where it has to stop.
    """

    con: duckdb.DuckDBPyConnection
    database: str
    schema: str
    load: Callable[[str, int | None], Model]
    sampler: Callable[[Model, Spec], Sampler]
    announce: Callable[[Model], None]
    job: Job = field(default_factory=Job)
    started: float = field(default_factory=time.perf_counter)

    @property
    def progress(self) -> Progress:
        """Told how far the work is; raises after Ctrl-C."""
        return self.job.progress

    @property
    def seconds(self) -> float:
        """Seconds since the action began."""
        return time.perf_counter() - self.started


@contextmanager
def ending(failed: Callable[[str, str], None]) -> Iterator[None]:
    """Run work; where it raises, call ``failed(status, text)`` once and let the exception go on."""
    try:
        yield
    except BaseException as error:
        ours = isinstance(error, KeyboardInterrupt | InterruptedFitError)
        if ours or isinstance(error, duckdb.InterruptException) or interrupt.pressed():
            told = error if isinstance(error, InterruptedFitError) else interrupt.cancelled()
            failed("interrupted", str(told).partition(";")[0])
            if ours:
                raise
            raise told from error
        failed(
            "error",
            str(error) if isinstance(error, GenesisError) else f"{type(error).__name__}: {error}",
        )
        raise


def require_known(
    given: Mapping[str, Any], known: Mapping[str, type | tuple[type, ...]], where: str
) -> dict[str, Any]:
    """Check the names and types of options.

    Raises:
        OptionError: a name is unknown (the nearest and the list are named), or a value has the
            wrong type.
    """
    for name, value in given.items():
        if name not in known:
            message = (
                f"{where} has no option '{name}'{nearest(name, known)}; options are: "
                f"{', '.join(sorted(known))}"
            )
            raise OptionError(message)
        types = known[name]
        wanted = types if isinstance(types, tuple) else (types,)
        if value is not None and (
            not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted)
        ):
            names = " or ".join(_PLAIN.get(t, t.__name__) for t in wanted)
            message = f"option '{name}' of {where} is {value!r}, it takes {names}"
            raise OptionError(message)
    return {n: v for n, v in given.items() if v is not None}


_PLAIN: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a struct or map",
    bool: "true or false",
}
