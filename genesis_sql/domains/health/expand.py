"""The health sections of a spec -> a plain profile."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genesis_sql.domains.health import clinical, coverage, pharmacy, providers, trial
from genesis_sql.domains.health.affected import affected_ages
from genesis_sql.domains.health.columns import DEFAULT, REFERENCE, SPEC, Column, Told, made
from genesis_sql.domains.health.conditions import Drawn, conditions_table, draw, primary_column
from genesis_sql.domains.health.demographics import as_of, person_columns, places
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.people import address_columns, name_columns
from genesis_sql.domains.health.vocabulary import condition
from genesis_sql.errors import OptionError, nearest

if TYPE_CHECKING:
    import duckdb

SECTIONS = ("demographics", "clinical", "coverage", "pharmacy", "trial", "providers")
PRODUCTS = {
    "patientsim": (),
    "membersim": ("coverage",),
    "rxmembersim": ("coverage", "pharmacy"),
    "trialsim": ("trial",),
}
"""The sections that a product has where the spec does not write them."""
COUNT = 100
"""People of a profile that names no count."""
FIRST = (
    "patient_id", "birth_date", "age", "gender", "race", "ethnicity", "county_fips", "state",
    "primary_condition",
)  # fmt: skip
"""The columns of patients that stand first, in this order."""


def expand(
    spec: Mapping[str, Any], con: duckdb.DuckDBPyConnection, database: str
) -> dict[str, Any]:
    """A plain profile out of a validated spec; the reference tables are loaded where needed.

    Args:
        spec: the sections of the health schema, and ``tables`` that add to what they make.
        con: a connection that may write the reference tables.
        database: the database that holds them.

    Raises:
        OptionError: a product, place, specialty or condition that is unknown (with the nearest
            one), shares that do not sum to 1, or something that contradicts itself.
    """
    return expanded(spec, Figures(con, database))


def expanded(spec: Mapping[str, Any], figures: Figures) -> dict[str, Any]:
    """The same with the figures at hand."""
    product = _product(spec)
    sections = {name: dict(spec[name]) for name in SECTIONS if spec.get(name) is not None}
    for name in PRODUCTS[product or "patientsim"]:
        sections.setdefault(name, {})
    people = sections.get("demographics", {})
    generation = {"count": COUNT, **dict(spec.get("generation") or {})}
    tables = _tables(sections, people, figures)
    return {
        "id": str(spec.get("id") or "profile"),
        **({"product": product} if product else {}),
        "generation": generation,
        "tables": merged(tables, spec.get("tables") or {}),
    }


def _product(spec: Mapping[str, Any]) -> str | None:
    given = spec.get("product")
    if given is None:
        return None
    product = str(given).lower()
    if product not in PRODUCTS:
        message = f"product: there is no product '{given}'{nearest(product, PRODUCTS)}"
        raise OptionError(message)
    return product


def _tables(
    sections: Mapping[str, dict[str, Any]], people: Mapping[str, Any], figures: Figures
) -> dict[str, Any]:
    place, home = places(people, figures)
    day = as_of(people)
    wishes = clinical.wishes(sections.get("clinical", {}), figures)
    takes = "pharmacy" in sections and not wishes  # of what, if nobody has anything
    everything = place.origin == REFERENCE or takes
    drawn = draw(wishes, place, figures, everything=everything)
    primary = wishes[0] if wishes and "primary_condition" in sections["clinical"] else None
    flag = drawn.flag_of(primary.condition.code, primary.path) if primary else None
    columns: dict[str, Column] = {
        "patient_id": made({"type": "key", "format": "P%08d"}, DEFAULT, "unique"),
        **person_columns(people, place, home, figures),
        **drawn.columns,
        "primary_condition": primary_column(drawn, flag),
    }
    if primary and primary.prevalence == 1 and "age" not in people:
        columns["age"] = affected_ages(primary, place, figures)
    further: dict[str, Any] = {}
    if drawn.meaning:
        further["conditions"] = conditions_table(drawn, day)
    if "clinical" in sections:
        columns |= clinical.severity_column(sections["clinical"], flag)
        _add(columns, further, *clinical.labs(sections["clinical"], drawn))
    _add(columns, further, *_taken(sections, drawn, day))
    if "coverage" in sections:
        more, plans = coverage.payer_columns(sections["coverage"], place, figures)
        _add(columns, further, more, {"coverage": coverage.coverage_table(plans, day)})
    if "trial" in sections:
        more = trial.subject_columns(sections["trial"], day)
        _add(columns, further, more, {"visits": trial.visits_table(sections["trial"], day)})
    roots: dict[str, Any] = {}
    if "providers" in sections:
        more, roots = providers.tables(sections["providers"], home, figures)
        columns |= more
    columns |= name_columns(people, figures) | address_columns(people, home, figures)
    first = {name: columns[name] for name in FIRST}
    return {**roots, "patients": {"columns": first | columns}, **further}


def _taken(
    sections: Mapping[str, dict[str, Any]], drawn: Drawn, day: datetime.date
) -> tuple[dict[str, Column], dict[str, Any]]:
    """Medications of `clinical` and `pharmacy`, and the fills of the latter."""
    given: list[dict[str, Any]] = []
    paths: list[str] = []
    for name in ("clinical", "pharmacy"):
        if (some := sections.get(name, {}).get("medications")) is not None:
            path = f"{name}.medications"
            given, paths = [*given, *clinical.listed(some, path)], [*paths, path]
    told = Told(SPEC, " and ".join(paths))
    if "pharmacy" in sections and not paths:
        given, told = pharmacy.usual(drawn), Told(DEFAULT, "a choice of ours")
    columns, tables = clinical.medications(given, drawn, day, told)
    if "pharmacy" in sections and tables:
        tables["fills"] = pharmacy.fills_table(sections["pharmacy"], day)
    return columns, tables


def _add(
    columns: dict[str, Column],
    tables: dict[str, Any],
    more: Mapping[str, Column],
    further: Mapping[str, Any],
) -> None:
    columns.update(more)
    tables.update(further)


def merged(made_: Mapping[str, Any], custom: Mapping[str, Any]) -> dict[str, Any]:
    """Tables with those of the spec: its columns come behind ours or take their place.

    A column of the spec that is None removes ours.

    Example:
        >>> merged({"t": {"rows": 1, "columns": {"a": 1, "b": 2}}}, {"t": {"columns": {"b": None}}})
        {'t': {'rows': 1, 'columns': {'a': 1}}}
    """
    found = {name: dict(table) for name, table in made_.items()}
    for name, table in custom.items():
        ours = found.get(name, {})
        columns = dict(ours.get("columns", {}))
        for column, spec in (table.get("columns") or {}).items():
            if spec is None:
                columns.pop(column, None)
            else:
                columns[column] = {
                    "origin": SPEC,
                    "note": f"tables.{name}.columns.{column}",
                    **spec,
                }
        found[name] = {**ours, **table, "columns": columns}
    return found


def profile_for(
    product: str = "patientsim", count: int = 10, condition_: str | None = None
) -> dict[str, Any]:
    """The spec of ``generate(product=…, count=…, condition=…)``.

    Raises:
        OptionError: an unknown product or condition.

    Example:
        >>> profile_for("patientsim", 10, "diabetes")["clinical"]["primary_condition"]["code"]
        'E11'
    """
    spec: dict[str, Any] = {"id": product, "product": product, "generation": {"count": count}}
    _product(spec)
    if condition_ is not None:
        known = condition(condition_)
        spec["id"] = f"{product}-{condition_}"
        spec["clinical"] = {
            "primary_condition": {
                "code": known.code,
                "description": known.description,
                "prevalence": 1.0,
            }
        }
    return spec
