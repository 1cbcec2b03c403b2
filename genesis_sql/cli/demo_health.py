"""genesis demo health: the people of a county, made from public figures, beside those figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click
import duckdb

from genesis_sql import profile_doors, reference_doors
from genesis_sql.cli import files, show
from genesis_sql.cli.command import Command, json_option
from genesis_sql.errors import TargetError

FILE = "demo-health.duckdb"
PROFILE, COHORT = "harris", "harris_1"
COUNTY = "48201"
"""Harris County, Texas: 4.8 million people around Houston."""

SPEC: dict[str, Any] = {
    "id": PROFILE,
    "product": "patientsim",
    "generation": {"count": 100_000, "seed": 42},
    "demographics": {
        "source": "populationsim",
        "reference": {"type": "county", "fips": COUNTY},
    },
}
"""All that is written down; the rest comes from the reference."""

CHANCE = 3.29
"""Standard errors within which 999 of 1,000 samples lie."""

COMPARE = """
WITH people AS (
  SELECT patient_id, age, upper(gender[1]) AS sex FROM {patients}
), counted AS (
  SELECT sex, age_min, coalesce(age_max, 200) AS age_max, population
  FROM genesis_reference.county_ages WHERE fips = $county
), bands AS (
  SELECT age_min, age_max, sum(population) / sum(sum(population)) OVER () AS reference
  FROM counted GROUP BY ALL
), shares AS (
  SELECT 0 AS part, 0 AS place, 'women and girls' AS figure,
         sum(population) FILTER (sex = 'F') / sum(population) AS reference,
         (SELECT avg(CAST(sex = 'F' AS INTEGER)) FROM people) AS cohort,
         (SELECT count(*) FROM people) AS n
  FROM counted
  UNION ALL
  SELECT 1, age_min,
         'aged ' || age_min || CASE WHEN age_max >= 100 THEN ' and over' ELSE ' to ' || age_max END,
         any_value(reference),
         avg(CAST(age BETWEEN age_min AND age_max AS INTEGER)), count(*)
  FROM bands CROSS JOIN people GROUP BY age_min, age_max
  UNION ALL
  SELECT 2, row_number() OVER (ORDER BY p.percent DESC),
         m.name || CASE WHEN m.age_min > 18 THEN ', aged ' || m.age_min || ' and over' ELSE '' END,
         p.percent / 100, c.cohort, c.n
  FROM genesis_reference.measures AS m
  JOIN genesis_reference.prevalences AS p ON p.measure = m.measure AND p.fips = $county
  JOIN (
    SELECT m.measure, count(*) AS n, avg(CAST(i.patient_id IS NOT NULL AS INTEGER)) AS cohort
    FROM genesis_reference.measures AS m
    JOIN people AS q ON q.age BETWEEN coalesce(m.age_min, 0) AND coalesce(m.age_max, 200)
                    AND (m.sex IS NULL OR m.sex = q.sex)
    LEFT JOIN (SELECT DISTINCT patient_id, code FROM {conditions}) AS i
           ON i.patient_id = q.patient_id AND i.code[:3] = m.code
    WHERE m.code IS NOT NULL AND m."within" IS NULL
    GROUP BY m.measure
  ) AS c ON c.measure = m.measure
)
SELECT part, figure, 100 * reference, 100 * cohort, n,
       100 * $chance * sqrt(reference * (1 - reference) / n)
FROM shares ORDER BY part, place
"""
"""Every figure of the county beside its share in the cohort, among those whom the figure is of."""

NEXT = (
    "SELECT age // 10 * 10 AS age, round(100 * avg(diabetic), 1) AS diabetes\n"
    "  FROM (SELECT p.age, CAST(c.code IS NOT NULL AS INTEGER) AS diabetic\n"
    "        FROM harris_1.patients AS p LEFT JOIN harris_1.conditions AS c\n"
    "          ON c.patient_id = p.patient_id AND c.code = 'E11')\n"
    "  GROUP BY 1 ORDER BY 1;",
    "FROM genesis_generate('harris', 'patients', rows := 5, seed := 7);",
    "SELECT column_name, step, inputs, reason FROM genesis_describe('harris')\n"
    "  WHERE table_name = 'patients';",
    "FROM genesis_validate(cohort := 'harris_1');",
    "SELECT name, state, population FROM genesis_reference.counties\n"
    "  ORDER BY population DESC LIMIT 5;",
)
"""Statements to try; a test runs them."""

_Result = TypeVar("_Result")


@click.command(cls=Command)
@click.option(
    "--people", type=click.IntRange(min=1000), default=SPEC["generation"]["count"],
    show_default=True, help="How many.",
)  # fmt: skip
@click.option("--seed", type=int, default=42, show_default=True, help="Of the draws.")
@json_option
def health(*, people: int, seed: int, as_json: bool) -> None:
    """Try it without data: a county's people from public figures.

    Writes the figures, a profile and a cohort into ./demo-health.duckdb, and shows the cohort
    beside the figures of the county.
    """
    say: Callable[[str], None] = (lambda text: None) if as_json else click.echo
    say("The people of Harris County, Texas, made from public figures\n")
    seconds: dict[str, float] = {}
    _begin(FILE)
    with files.opened(FILE, "write") as con:
        _timed(seconds, "load", lambda: reference_doors.load_reference(con))
        say(f"  {seconds['load']:4.1f} s  reference loaded, schema genesis_reference of {FILE}")
        _timed(seconds, "save", lambda: profile_doors.save_profile(con, PROFILE, SPEC))
        say(f"  {seconds['save']:4.1f} s  profile '{PROFILE}' saved: the county, nothing else")
        made = _timed(
            seconds,
            "run",
            lambda: profile_doors.run_profile(
                con, PROFILE, cohort=COHORT, seed=seed, count=people, if_exists="replace"
            ),
        )
        say(f"  {seconds['run']:4.1f} s  cohort '{COHORT}' of {people:,} people made, recorded\n")
        figures = compare(con)
    report = {
        "county": COUNTY,
        "tables": made,
        "figures": figures,
        "seconds": seconds,
        "next": list(NEXT),
    }
    if as_json:
        show.rows([report], as_json=True)
    else:
        _tell(report)


def _timed(seconds: dict[str, float], step: str, work: Callable[[], _Result]) -> _Result:
    started = time.perf_counter()
    found = work()
    seconds[step] = time.perf_counter() - started
    return found


def _begin(path: str) -> None:
    """Make the file where it is missing, so that DuckDB 1.5 can open it too.

    Raises:
        TargetError: there is a file of that name that is no database.
    """
    if not Path(path).exists():
        with files.memory() as con:
            name = files.alias(path)
            files.attach(con, path, name, new=True)
            files.detach(con, name)
    elif not files.is_database(path):
        message = f"'{path}' is no DuckDB database: move it, or run the demo elsewhere"
        raise TargetError(message)


def compare(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The county's figures and the cohort's, in percent, with what chance alone explains."""
    query = COMPARE.format(patients=f"{COHORT}.patients", conditions=f"{COHORT}.conditions")
    found = con.execute(query, {"county": COUNTY, "chance": CHANCE}).fetchall()
    return [
        {
            "figure": figure,
            "reference": reference,
            "cohort": cohort,
            "people": n,
            "chance": chance,
            "within": abs(cohort - reference) <= chance,
        }
        for _, figure, reference, cohort, n, chance in found
    ]


def _tell(report: dict[str, Any]) -> None:
    names = ["figure", "county %", "cohort %", "±", "within"]
    show.table(names, [_shown(figure) for figure in report["figures"]])
    figures = report["figures"]
    within = sum(f["within"] for f in figures)
    click.echo(
        f"\n{within} of {len(figures)} figures are within ±, where chance leaves 999 of 1,000.\n"
        "Conditions are among adults. The county has figures; these people are made up.\n"
    )
    click.echo(f"Try next, with con = genesis_sql.connect('{FILE}') and con.sql(…):\n")
    for statement in report["next"]:
        click.echo(f"{statement}\n")


def _shown(figure: dict[str, Any]) -> list[Any]:
    numbers = (figure["reference"], figure["cohort"], figure["chance"])
    return [figure["figure"], *(Decimal(f"{n:.2f}") for n in numbers), figure["within"]]
