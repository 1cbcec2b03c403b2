"""Every exception class of the package.

One tree under :class:`GenesisError`, one family per stage. A text says what is wrong, what exists
instead and which statement mends it. Only text survives a DuckDB function, so each text can be
turned back into its class: see :func:`to_wire` and :func:`from_wire`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

_WIRE = re.compile(r"genesis: (\w+): (.*?)(?:\n\nAt:|\s*$)", re.DOTALL)


class GenesisError(Exception):
    """Anything this package refuses or cannot do."""


class SourceError(GenesisError, ValueError):
    """The table or query to learn from is missing, empty, temporary or not committed."""


class SchemaError(GenesisError, ValueError):
    """Keys or relationships do not fit the tables."""


class UnsupportedTypeError(GenesisError, ValueError):
    """A column's type cannot be learnt."""


class ModelNotFoundError(GenesisError, KeyError):
    """No model, table or version of that name."""

    def __str__(self) -> str:
        """Plain text; KeyError would show the quotes of its repr."""
        return str(self.args[0]) if self.args else ""


class ModelExistsError(GenesisError, ValueError):
    """The name is taken, or another fit of this name is running."""


class ModelFormatError(GenesisError, ValueError):
    """A stored or imported model has a format this release cannot read, or was changed."""


class OptionError(GenesisError, ValueError):
    """An argument or option has a wrong name or value."""


class ExpressionError(GenesisError, ValueError):
    """An expression uses something outside the allow-list."""


class ProfileError(GenesisError, ValueError):
    """A profile says something that makes no sense, or that no program can draw."""


class TargetError(GenesisError, ValueError):
    """The place to write to exists already, cannot be written, or is not there."""


class TransactionError(GenesisError, ValueError):
    """An effect was called inside an explicit transaction."""


class ReadOnlyError(GenesisError, ValueError):
    """The database is read-only and the call would write."""


class IntegrityError(GenesisError, ValueError):
    """Generated rows break a key, or nothing at all could be checked."""


class ConstraintError(GenesisError, ValueError):
    """A constraint or a condition cannot be read, or no row was found that keeps it."""


class AssertError(GenesisError, ValueError):
    """What was measured of a model does not keep the condition that was asserted."""


class BudgetError(GenesisError, ValueError):
    """A fit under differential privacy would spend more than the budget of its source allows."""


class CohortError(GenesisError, ValueError):
    """No cohort of that name, its name is taken, or cohorts do not fit together."""


class LanguageError(GenesisError, ValueError):
    """A language model cannot be asked, or its answer cannot be used."""


class MigrationError(GenesisError):
    """The stored schema is newer than this release, or was changed by hand."""


class AccessError(GenesisError, PermissionError):
    """Files may not be touched: ``enable_external_access`` is off."""


class MissingExtraError(GenesisError, ImportError):
    """An optional dependency is not installed."""


class InterruptedFitError(GenesisError):
    """The user cancelled the work: Ctrl-C, or `genesis_cancel`."""


def _classes() -> dict[str, type[GenesisError]]:
    return {c.__name__: c for c in GenesisError.__subclasses__()} | {"GenesisError": GenesisError}


def to_wire(error: GenesisError) -> str:
    """Text that carries the class of an error across a DuckDB function."""
    return f"genesis: {type(error).__name__}: {error}"


def from_wire(text: str) -> GenesisError | None:
    """The error inside a DuckDB message, or None where the message is not ours."""
    found = _WIRE.search(text)
    if found is None or found[1] not in _classes():
        return None
    return _classes()[found[1]](found[2])


def nearest(name: str, known: Iterable[str]) -> str:
    """The ending ``; did you mean 'x'?`` for a mistyped name, or a list of what exists, or nothing.

    Example:
        >>> nearest("custmers", ["customers", "orders"])
        "; did you mean 'customers'?"
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=1, cutoff=0.6)
    if close:
        original = next(n for n in names if n.lower() == close[0])
        return f"; did you mean '{original}'?"
    if not names:
        return ""
    shown = ", ".join(f"'{n}'" for n in names[:8]) + (", …" if len(names) > 8 else "")
    return f"; there are: {shown}"
