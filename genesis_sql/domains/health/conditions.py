"""Who has which condition: hidden 0/1 columns, and the table of those that are 1.

The odds of a condition depend on age, sex and the conditions drawn before it (`measure_effects`).
Its level is calibrated on the place's own people, so that the place's total is that of CDC PLACES;
the same level then applies to whoever the profile describes: older people have more of it. A
prevalence of the spec is kept exactly among the people of the profile instead.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genesis_sql.domains.health.columns import (
    DEFAULT,
    SPEC,
    Column,
    constant,
    either,
    expression,
    made,
    zero_one,
)
from genesis_sql.domains.health.demographics import birth_date, population_columns
from genesis_sql.domains.health.figures import Effect, Figures, Measure
from genesis_sql.domains.health.geography import NATION, Place
from genesis_sql.domains.health.vocabulary import LEADING, Condition, condition
from genesis_sql.errors import OptionError

EVER = 130
"""No age is above this: where an age band has no end."""
OLDEST_YEAR = 100
"""The last single year of the Census: 100 and more."""


@dataclass(frozen=True)
class Wish:
    """What a spec says of one condition; without prevalence the reference tells it."""

    condition: Condition
    prevalence: float | None
    path: str


@dataclass(frozen=True)
class Drawn:
    """The conditions of a profile: the columns that draw them, and what each flag means."""

    columns: dict[str, Column]
    meaning: dict[str, Condition]

    def flag_of(self, named: str, path: str) -> str:
        """The flag of a condition by name or code.

        Raises:
            OptionError: the profile does not draw it.
        """
        wanted = condition(named, path)
        for column, known in self.meaning.items():
            if wanted.code == known.code or wanted.group == known.code:
                return column
        for column, known in self.meaning.items():
            if wanted.code == known.group:
                return column
        there = ", ".join(f"'{c.code}' ({c.description})" for c in self.meaning.values())
        message = f"{path}: the profile has no condition '{named}'; it has {there or 'none'}"
        raise OptionError(message)


def covered(known: Condition, place: Place, figures: Figures) -> bool:
    """Whether a public figure tells how common a condition is in a place, or in the nation."""
    measures = figures.measures().items()
    names = {n for n, m in measures if m.code == known.group and m.kind == "condition"}
    return bool(names) and names <= set(_rates(names, place, figures)[0])


def draw(wishes: Sequence[Wish], place: Place, figures: Figures, *, everything: bool) -> Drawn:
    """The conditions of a place, and those of the spec.

    Args:
        wishes: what the spec says; the first of a category takes the place of its measure.
        place: whose rates are used.
        figures: the reference tables.
        everything: whether all conditions of CDC PLACES that have a code are drawn.

    Raises:
        OptionError: a condition without prevalence that no public figure covers.
    """
    if not wishes and not everything:
        return Drawn({}, {})
    plan = _Plan.of(wishes, place, figures, everything=everything)
    levels = _calibrated(plan, place, figures)
    columns: dict[str, Column] = {}
    for name in plan.order:
        columns[plan.flags[name]] = _measured(plan, name, levels, place)
    for wish in plan.alone:
        columns[wish.condition.flag] = _alone(wish)
    meaning = {plan.flags[n]: c for n, c in plan.conditions.items()}
    meaning |= {w.condition.flag: w.condition for w in plan.alone}
    return Drawn(columns, {f: meaning[f] for f in sorted(meaning, key=lambda f: _rank(meaning[f]))})


def _rank(known: Condition) -> tuple[int, str]:
    return (LEADING.index(known.group) if known.group in LEADING else -1, known.code)


@dataclass(frozen=True)
class _Plan:
    """Which measures are drawn, in which order, as which columns.

    Attributes:
        order: measures, each behind what it depends on.
        flags: the column of each measure.
        conditions: what a measure means, for those that are diagnoses of this profile.
        wishes: what the spec says of a measure.
        alone: wishes that no measure covers.
        rates: share and release by measure, of the place or else of the nation.
        effects: what the odds of each measure depend on, without what is not drawn.
        measures: all that is known of each.
        borrowed: the measures whose rate is the nation's.
    """

    order: list[str]
    flags: dict[str, str]
    conditions: dict[str, Condition]
    wishes: dict[str, Wish]
    alone: list[Wish]
    rates: dict[str, tuple[float, str]]
    effects: dict[str, list[Effect]]
    measures: dict[str, Measure]
    borrowed: frozenset[str]

    @classmethod
    def of(
        cls, wishes: Sequence[Wish], place: Place, figures: Figures, *, everything: bool
    ) -> _Plan:
        measures = figures.measures()
        by_code = {m.code: n for n, m in measures.items() if m.code and m.kind == "condition"}
        wished: dict[str, Wish] = {}
        alone: list[Wish] = []
        for wish in wishes:
            name = by_code.get(wish.condition.group)
            if name is None or name in wished:
                alone.append(wish)
            else:
                wished[name] = wish
        drawn = set(wished) | (set(by_code.values()) if everything else set())
        effects = figures.effects()
        if everything:
            drawn = _closure(drawn, measures, effects)
        told = {n for n, wish in wished.items() if wish.prevalence is not None}
        drawn |= {m for n in drawn - told if (m := measures[n].within)}
        effects = {
            n: [e for e in effects.get(n, []) if e.factor in ("age", "sex") or e.factor in drawn]
            for n in drawn
        }
        rates, borrowed = _rates(drawn, place, figures)
        lacking = [n for n in drawn if n not in rates and n not in wished]
        order = [n for n in _ordered(drawn, measures, effects) if n not in lacking]
        conditions = {
            n: wished[n].condition if n in wished else condition(code)
            for code, n in by_code.items()
            if n in order
        }
        flags = {n: conditions[n].flag if n in conditions else f"has_{n.lower()}" for n in order}
        return cls(
            order, flags, conditions, wished, alone, rates, effects, measures, frozenset(borrowed)
        )


def _closure(
    drawn: set[str], measures: Mapping[str, Measure], effects: Mapping[str, list[Effect]]
) -> set[str]:
    """What is drawn with all it depends on."""
    todo = list(drawn)
    while todo:
        name = todo.pop()
        needs = {e.factor for e in effects.get(name, []) if e.factor in measures}
        if within := measures[name].within:
            needs.add(within)
        todo += needs - drawn
        drawn = drawn | needs
    return drawn


def _ordered(
    drawn: set[str], measures: Mapping[str, Measure], effects: Mapping[str, list[Effect]]
) -> list[str]:
    """Each measure behind its denominator and its factors; otherwise by name."""
    done: list[str] = []
    while len(done) < len(drawn):
        ready = [
            n
            for n in sorted(drawn - set(done))
            if not ({e.factor for e in effects[n]} & drawn - set(done))
            and (measures[n].within not in drawn or measures[n].within in done)
        ]
        if not ready:
            message = f"measure_effects go in a circle: {', '.join(sorted(drawn - set(done)))}"
            raise OptionError(message)
        done.append(ready[0])
    return done


def _rates(
    drawn: set[str], place: Place, figures: Figures
) -> tuple[dict[str, tuple[float, str]], set[str]]:
    """Rates of the place; the nation's for the measures it lacks, and their names."""
    rates = {n: r for n, r in figures.prevalences(place).items() if n in drawn}
    borrowed: set[str] = set()
    if drawn - set(rates) and place.kind != NATION.kind:
        nation = figures.prevalences(NATION)
        borrowed = (drawn - set(rates)) & set(nation)
        rates |= {n: nation[n] for n in borrowed}
    return rates, borrowed


def _calibrated(plan: _Plan, place: Place, figures: Figures) -> dict[str, float]:
    """The level of each measure with which the place's own people have its published rate."""
    from genesis_sql.profiles.calibrate import calibrate

    if not any(n not in plan.wishes or plan.wishes[n].prevalence is None for n in plan.order):
        return {}
    whole = calibrate(place_profile(plan, place, figures), "patients")
    columns = whole["tables"]["patients"]["columns"]
    return {n: columns[plan.flags[n]]["intercept"] for n in plan.order if n in plan.rates}


def place_profile(plan: _Plan, place: Place, figures: Figures) -> dict[str, Any]:
    """The people of a place with the conditions it is known for, as a plain profile."""
    columns: dict[str, Any] = population_columns(place, figures)
    for name in plan.order:
        if name in plan.rates:
            columns[plan.flags[name]] = {
                "type": "logistic",
                "rate": plan.rates[name][0],
                "among": _among(plan, name),
                "effects": _effects(plan, name),
                "hidden": True,
            }
    return {
        "id": place.id,
        "generation": {"count": 1},
        "tables": {"patients": {"rows": 1, "columns": columns}},
    }


def _among(plan: _Plan, name: str) -> dict[str, Any]:
    measure = plan.measures[name]
    last = EVER if measure.age_max is None or measure.age_max >= OLDEST_YEAR else measure.age_max
    among: dict[str, Any] = {"age": {"min": measure.age_min or 0, "max": last}}
    if measure.sex:
        among["gender"] = measure.sex
    if measure.within in plan.flags:
        among[plan.flags[str(measure.within)]] = 1
    return among


def _effects(plan: _Plan, name: str, *, from_birth: bool = False) -> list[dict[str, Any]]:
    """The effects of a measure as the plain profile writes them.

    ``from_birth`` gives the youngest band to children, too, for a prevalence among all people.
    """
    effects = [e for e in plan.effects.get(name, []) if e.factor == "age" or e.log_odds]
    ages = [e for e in effects if e.factor == "age"]
    bands = [
        {
            "min": 0 if from_birth and i == 0 else int(e.low or 0),
            "max": EVER if e.high is None else int(e.high),
            "log_odds": e.log_odds,
        }
        for i, e in enumerate(sorted(ages, key=lambda e: e.low or 0))
    ]
    found: list[dict[str, Any]] = [{"column": "age", "bands": bands}] if bands else []
    levels: dict[str, dict[str, float]] = {}
    for e in effects:
        if e.factor != "age":
            column = "gender" if e.factor == "sex" else plan.flags.get(e.factor, "")
            levels.setdefault(column, {})[str(e.level)] = e.log_odds
    return found + [{"column": c, "levels": values} for c, values in levels.items() if c]


def _measured(plan: _Plan, name: str, levels: Mapping[str, float], place: Place) -> Column:
    wish = plan.wishes.get(name)
    if wish is not None and wish.prevalence is not None:
        note = f"{wish.path}: exactly this share of all; more or less of it by age and sex"
        effects = _effects(plan, name, from_birth=True)
        return _exact(wish.prevalence, effects, note)
    rate, release = plan.rates[name]
    measure = plan.measures[name]
    whose = "the United States (nothing is published for it)" if name in plan.borrowed else ""
    note = (
        f"CDC PLACES {release}: {rate * 100:.1f} % of {_asked(measure)} of "
        f"{whose or place.name}; calibrated on the people of {place.name}"
    )
    column: Column = {
        "type": "logistic",
        "intercept": levels[name],
        "among": _among(plan, name),
        "effects": _effects(plan, name),
    }
    return made(column, place.origin, note, hidden=True)


def _asked(measure: Measure) -> str:
    """Who the denominator of a measure is, in words."""
    people = {"F": "women", "M": "men"}.get(measure.sex or "", "people")
    open_end = measure.age_max is None or measure.age_max >= OLDEST_YEAR
    ages = f"{measure.age_min}+" if open_end else f"{measure.age_min}-{measure.age_max}"
    within = f" with {measure.within}" if measure.within else ""
    return f"the {people} aged {ages}{within}"


def _exact(prevalence: float, effects: list[dict[str, Any]], note: str) -> Column:
    shaped = {"effects": effects} if 0 < prevalence < 1 else {}
    return made({**zero_one(prevalence), **shaped}, SPEC, note, hidden=True)


def _alone(wish: Wish) -> Column:
    if wish.prevalence is None:
        message = (
            f"{wish.path}: no public figure of this package tells how common "
            f"'{wish.condition.code}' ({wish.condition.description}) is; give its prevalence"
        )
        raise OptionError(message)
    return _exact(wish.prevalence, [], f"{wish.path}: this share of all")


def primary_column(drawn: Drawn, primary: str | None) -> Column:
    """`primary_condition`: the spec's where a person has it, else the gravest of the others.

    Args:
        drawn: the conditions of the profile.
        primary: the flag of the spec's primary condition.
    """
    flags = sorted(drawn.meaning, key=lambda f: f != primary)
    if not flags:
        note = "no condition is drawn: name one in clinical, or a county in demographics.reference"
        return made({**constant(None), "sql_type": "VARCHAR"}, DEFAULT, note)
    order = ", ".join(drawn.meaning[f].code for f in flags)
    note = f"the first that a person has of {order}"
    column = either([({f: 1}, constant(drawn.meaning[f].code)) for f in flags])
    return made({**column, "sql_type": "VARCHAR"}, SPEC if primary else DEFAULT, note)


def conditions_table(drawn: Drawn, day: datetime.date) -> dict[str, Any]:
    """A row for each condition of a person: its code, its name, since when."""
    codes = {flag: c.code for flag, c in drawn.meaning.items()}
    words = {flag: c.description for flag, c in drawn.meaning.items()}
    first = {c.code: c.earliest for c in drawn.meaning.values()}
    columns = {
        "patient_id": made({"type": "parent", "column": "patient_id"}, DEFAULT, "whose it is"),
        "code": made({"type": "chosen", "labels": codes}, *_sources(drawn)),
        "description": made({"type": "chosen", "labels": words}, DEFAULT, "what the code means"),
        "age": made({"type": "parent", "column": "age"}, DEFAULT, "for onset", hidden=True),
        "birth_day": made(
            {"type": "parent", "column": "birth_day"}, DEFAULT, "for onset", hidden=True
        ),
        "life_part": made(
            {"type": "beta", "alpha": 3, "beta": 1}, DEFAULT, "when in life it began", hidden=True
        ),
        "onset": made(
            expression(_onset(first, day), "DATE"),
            DEFAULT,
            "a choice of ours: between the earliest plausible age and now, later ones more often",
        ),
    }
    return {
        "parent": "patients",
        "rows": {"type": "each", "flags": list(drawn.meaning)},
        "columns": columns,
    }


def _sources(drawn: Drawn) -> tuple[str, str]:
    """Where the conditions come from, and what each one's column says of itself."""
    columns = {flag: drawn.columns[flag] for flag in drawn.meaning}
    origins = {column["origin"] for column in columns.values()}
    told = [f"{drawn.meaning[flag].code}: {column['note']}" for flag, column in columns.items()]
    return SPEC if SPEC in origins else next(iter(origins)), "; ".join(told)


def _onset(first: Mapping[str, int], day: datetime.date) -> str:
    """SQL: a part of the days between the earliest plausible age (at most today's) and the day."""
    whens = " ".join(f"WHEN '{code}' THEN {years}" for code, years in first.items())
    start = f"CAST({birth_date(day)} + to_years(least(age, CASE code {whens} ELSE 0 END)) AS DATE)"
    days = f"date_diff('day', {start}, CAST('{day.isoformat()}' AS DATE))"
    return f"{start} + CAST(floor(life_part * {days}) AS INTEGER)"
