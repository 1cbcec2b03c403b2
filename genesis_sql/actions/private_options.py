"""The options of a fit under differential privacy, checked before a row is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
import pyarrow as pa

from genesis_sql.actions.options import split_options
from genesis_sql.encoders.number import encode_number
from genesis_sql.errors import OptionError, nearest
from genesis_sql.introspect.catalog import match
from genesis_sql.models.dp.learn import Asked
from genesis_sql.models.dp.roles import Plan
from genesis_sql.program.domain import Categories
from genesis_sql.types import RawTable

TAKES = (
    "epsilon",
    "delta",
    "bounds",
    "domains",
    "roles",
    "privacy_unit",
    "most_children",
    "method",
)
EXAMPLE = "options := {'epsilon': 1.0, 'delta': 1e-9}"
REQUIRED = "required"


@dataclass(frozen=True)
class Guarantee:
    """What the caller asks for.

    Attributes:
        epsilon, delta: of the whole fit.
        unit: the root table a row of which is hidden, where the caller names it.
        required: whether bounds and domains may not be estimated.
        most: rows of a child table that count for each row above.
    """

    epsilon: float
    delta: float
    unit: str | None = None
    required: bool = False
    most: int = 10
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_guarantee(options: Mapping[str, Any], tables: Sequence[RawTable]) -> Guarantee:
    """The options of a private fit.

    Raises:
        OptionError: one is missing, out of range, or of another method.
    """
    names = [t.name for t in tables]
    by_table = split_options(options, names, "a private fit")
    for table, given in by_table.items():
        for name in given:
            if name not in TAKES:
                message = f"method 'dp' has no option '{name}'; it takes {', '.join(sorted(TAKES))}"
                raise OptionError(message)
        if given.get("method", "dp") != "dp":
            message = (
                f"table '{table}' has method '{given['method']}' in a fit by method 'dp': a model "
                f"is private as a whole or not at all; fit the table by itself"
            )
            raise OptionError(message)
    first = by_table[names[0]]
    for name in ("epsilon", "delta", "privacy_unit", "most_children"):
        if any(given.get(name) != first.get(name) for given in by_table.values()):
            message = f"option '{name}' is one for the whole fit; give it once, for no table"
            raise OptionError(message)
    epsilon, delta = (_positive(first, name) for name in ("epsilon", "delta"))
    if not delta < 1:
        message = f"delta is {delta:g}; it is a chance between 0 and 1, as in {EXAMPLE}"
        raise OptionError(message)
    required = options.get("bounds") == REQUIRED
    unit = first.get("privacy_unit")
    most = int(first.get("most_children", 10))
    return Guarantee(epsilon, delta, unit, required, most, by_table)


def _positive(given: Mapping[str, Any], name: str) -> float:
    value = given.get(name)
    if value is None:
        message = f"method 'dp' needs {name}: {EXAMPLE}"
        raise OptionError(message)
    if not 0 < float(value) < float("inf"):
        message = f"{name} is {value}; it has to be above 0, as in {EXAMPLE}"
        raise OptionError(message)
    return float(value)


def with_bounds(
    con: duckdb.DuckDBPyConnection, guarantee: Guarantee, table: str, plans: Sequence[Plan]
) -> list[Plan]:
    """The columns with the bounds and domains that the caller gave.

    Raises:
        OptionError: they name no such column, do not fit its type, or miss where they are required.
    """
    given = guarantee.tables[table]
    learnt = {p.column.name: p.asked for p in plans if p.asked is not None}
    bounds = given.get("bounds") or {}
    domains = _by_column("domains", given.get("domains") or {}, table, learnt)
    found = {} if bounds == REQUIRED else _by_column("bounds", bounds, table, learnt)
    for name, pair in found.items():
        learnt[name] = _bounded(con, learnt[name], pair)
    for name, labels in domains.items():
        learnt[name] = _named(learnt[name], labels)
    if guarantee.required or bounds == REQUIRED:
        _require_all(table, learnt)
    return [replace(p, asked=learnt[p.column.name]) if p.asked else p for p in plans]


def _by_column(
    option: str, given: object, table: str, learnt: Mapping[str, Asked]
) -> dict[str, list[Any]]:
    if not isinstance(given, Mapping):
        message = f"option '{option}' is {given!r}; it takes a struct, as in {{'age': [0, 120]}}"
        raise OptionError(message)
    out = {}
    for name, value in given.items():
        column = match(str(name), learnt)
        if column is None:
            message = (
                f"option '{option}' names column '{name}', which is not learnt of '{table}'"
                f"{nearest(str(name), learnt)}"
            )
            raise OptionError(message)
        if not isinstance(value, Sequence) or isinstance(value, str):
            message = f"option '{option}' of '{column}' is {value!r}; it takes a list"
            raise OptionError(message)
        out[column] = list(value)
    return out


def _bounded(con: duckdb.DuckDBPyConnection, asked: Asked, pair: Sequence[Any]) -> Asked:
    if isinstance(asked.domain, Categories):
        message = f"column '{asked.name}' has labels: give them with 'domains', not 'bounds'"
        raise OptionError(message)
    if len(pair) != 2 or any(v is None for v in pair):
        message = f"bounds of '{asked.name}' are {pair!r}; they take two values, as in [0, 120]"
        raise OptionError(message)
    two = ", ".join([f"CAST(? AS {asked.type})"] * 2)  # the text of a plain type
    try:
        given = con.sql(f"SELECT unnest([{two}]) AS v", params=[str(v) for v in pair])
        held = pa.concat_arrays(given.to_arrow_table()["v"].chunks)
    except duckdb.Error as error:
        message = f"bounds of '{asked.name}' are {pair!r}, which are no {asked.type}"
        raise OptionError(message) from error
    values = encode_number(held, asked.domain).values
    if not values[0] < values[1]:
        message = f"bounds of '{asked.name}' are {pair!r}; the first has to be below the second"
        raise OptionError(message)
    return replace(asked, limits=(values[0].item(), values[1].item()), open=False)


def _named(asked: Asked, labels: Sequence[Any]) -> Asked:
    if not isinstance(asked.domain, Categories):
        message = (
            f"column '{asked.name}' has numbers: give 'bounds', or the role 'category' with "
            f"'domains'"
        )
        raise OptionError(message)
    if not labels or not all(isinstance(v, str) for v in labels):
        message = f"domains of '{asked.name}' are {labels!r}; they take texts, as in ['F', 'M']"
        raise OptionError(message)
    distinct = tuple(dict.fromkeys(labels))
    return replace(asked, domain=Categories(asked.type, distinct), open=False)


def _require_all(table: str, learnt: Mapping[str, Asked]) -> None:
    """Refuse columns whose bounds or labels would have to be estimated."""
    numbers = [a.name for a in learnt.values() if a.open and not isinstance(a.domain, Categories)]
    labels = [a.name for a in learnt.values() if a.open and isinstance(a.domain, Categories)]
    if not numbers and not labels:
        return
    wanted = [f"bounds of {', '.join(numbers)}"] if numbers else []
    wanted += [f"domains of {', '.join(labels)}"] if labels else []
    own = [f"'bounds': {{'{numbers[0]}': [0, 120], …}}"] if numbers else []
    own += [f"'domains': {{'{labels[0]}': ['F', 'M'], …}}"] if labels else []
    message = (
        f"table '{table}' needs {' and '.join(wanted)}, since 'bounds' is 'required': give them as "
        f"options := {{'bounds': 'required', '{table}': {{{', '.join(own)}}}, …}}"
    )
    raise OptionError(message)
