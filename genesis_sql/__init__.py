"""Synthetic data where the data lives: a DuckDB connection becomes a synthetic-data engine.

The names are those of `genesis_sql.public`, loaded by the first that is asked for: every run of
pytest on a machine imports this package for its plugin, and must not pay for what it does not use.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genesis_sql.public import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("_") and name != "__all__":
        message = f"module '{__name__}' has no attribute '{name}'"
        raise AttributeError(message)
    if find_spec(f"{__name__}.{name}") is not None:  # no name below is a module's
        return import_module(f"{__name__}.{name}")
    public = import_module("genesis_sql.public")
    if name == "__all__":
        return public.__all__
    if name not in public.__all__:
        from genesis_sql.errors import nearest

        message = f"genesis_sql has no '{name}'{nearest(name, public.__all__)}"
        raise AttributeError(message)
    globals().update({n: getattr(public, n) for n in public.__all__})
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module("genesis_sql.public").__all__})
