"""One database with the reference tables, and what a plain profile is expected to give."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import duckdb
import pytest

import genesis_sql
from genesis_sql.domains.health.expand import expanded
from genesis_sql.domains.health.figures import Figures

HARRIS = {"type": "county", "fips": "48201"}


@pytest.fixture(scope="session")
def reference() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that holds the shipped figures; tests only read it."""
    with genesis_sql.connect() as connection:
        Figures(connection, "memory").measures()
        yield connection


@pytest.fixture(scope="session")
def figures(reference: duckdb.DuckDBPyConnection) -> Figures:
    """The figures of that database."""
    return Figures(reference, "memory")


@pytest.fixture(scope="session")
def harris(figures: Figures) -> dict[str, Any]:
    """The plain profile of Harris County."""
    spec = {"id": "harris", "demographics": {"source": "populationsim", "reference": HARRIS}}
    return expanded(spec, figures)


def keep(con: duckdb.DuckDBPyConnection, plain: Mapping[str, Any], name: str) -> None:
    """Save a plain profile under a name, as `genesis_save_profile` does after `expand`."""
    from genesis_sql.actions.save_profile import Compiled, Resolved, Written, save_profile
    from genesis_sql.effects import workspace
    from genesis_sql.jobs import Job
    from genesis_sql.profiles.compile import compile_profile
    from genesis_sql.session import session_of

    def compiled(resolved: Mapping[str, Any], version: int) -> Compiled:
        return Compiled(compile_profile(resolved, name=name, version=version), ())

    session = session_of(con)
    with session.cursor() as cursor:
        ws = workspace(session, cursor, "memory", "main", Job("save_profile", name, "memory"))
        save_profile(ws, name, Written({"id": name}, 1), lambda: Resolved(plain), compiled)


Share = Callable[..., float]


@pytest.fixture(scope="session")
def share() -> Share:
    """`expected`, for the tests."""
    return expected


def expected(plain: Mapping[str, Any], flag: str, among: Mapping[str, Any]) -> float:
    """The share of ones of a 0/1 column among some people, by going through all of them.

    A second way to what `calibrate` finds, which shares no code with it.
    """
    columns = plain["tables"]["patients"]["columns"]
    order = [c for c in columns if columns[c]["type"] == "logistic"]
    ones = total = 0.0
    for weight, person in _people(columns):
        for part, state in _with_flags(columns, _needed(columns, flag, among, order), person):
            if _holds(among, state):
                total += weight * part
                ones += weight * part * state[flag]
    return ones / total


def _people(columns: Mapping[str, Any]) -> Iterator[tuple[float, dict[str, Any]]]:
    genders = columns["gender"]
    sexes = genders.get("values") or {genders["value"]: 1.0}
    for sex, of_sex in sexes.items():
        ages = columns["age"]
        if ages["type"] == "conditional":
            cases = [c["then"] for c in ages["cases"] if c["when"] == {"gender": sex}]
            ages = cases[0] if cases else ages["otherwise"]
        for age, of_age in zip(ages["values"], ages["weights"], strict=True):
            yield of_sex * of_age, {"gender": sex, "age": age}


def _needed(
    columns: Mapping[str, Any], flag: str, among: Mapping[str, Any], order: list[str]
) -> list[str]:
    wanted, todo = {flag}, [flag, *(c for c in among if c in order)]
    while todo:
        name = todo.pop()
        spec = columns[name]
        above = {e["column"] for e in spec.get("effects", ())} | set(spec.get("among", {}))
        todo += [a for a in above if a in order and a not in wanted]
        wanted |= {name, *(a for a in above if a in order)}
    return [c for c in order if c in wanted]


def _with_flags(
    columns: Mapping[str, Any], names: list[str], person: dict[str, Any]
) -> list[tuple[float, dict[str, Any]]]:
    states = [(1.0, person)]
    for name in names:
        states = [
            (weight * part, {**state, name: value})
            for weight, state in states
            for value, part in _law(columns[name], state)
            if part > 0
        ]
    return states


def _law(spec: Mapping[str, Any], state: Mapping[str, Any]) -> list[tuple[int, float]]:
    if not _holds(spec.get("among", {}), state):
        return [(0, 1.0)]
    odds = spec["intercept"]
    for effect in spec.get("effects", ()):
        at = state[effect["column"]]
        odds += effect.get("levels", {}).get(str(at), 0.0)
        bands = effect.get("bands", ())
        odds += next((b["log_odds"] for b in bands if b["min"] <= at <= b["max"]), 0.0)
    one = 1 / (1 + math.exp(-odds))
    return [(0, 1 - one), (1, one)]


def _holds(when: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
    for column, asked in when.items():
        at = state[column]
        if isinstance(asked, Mapping):
            if not asked.get("min", at) <= at <= asked.get("max", at):
                return False
        elif at != asked:
            return False
    return True
