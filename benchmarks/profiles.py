"""Profiles: people per second, laws without pile-up, keys, validation, replay; Harris County."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report, Value

RANDOM, FAKER, CLAMPED = "DuckDB random()", "faker", "clamped"
FAKER_ROWS = 5_000
SEEDS, FEW = 1_000, 100
HARRIS = "48201"
PEOPLE: dict[str, Any] = {
    "patient_id": {"type": "key", "format": "P%08d"},
    "birth_date": {
        "type": "expression",
        "sql": "DATE '2024-07-01' - age * 365 - birth_day",
        "sql_type": "DATE",
    },
    "age": {
        "type": "bands",
        "bands": [
            {"min": 18, "max": 44, "weight": 0.5},
            {"min": 45, "max": 64, "weight": 0.32},
            {"min": 65, "max": 100, "weight": 0.18},
        ],
    },
    "gender": {
        "type": "conditional",
        "cases": [
            {
                "when": {"age": {"min": 65}},
                "then": {"type": "categorical", "values": {"F": 0.55, "M": 0.45}},
            }
        ],
        "otherwise": {"type": "categorical", "values": {"F": 0.5, "M": 0.5}},
    },
    "race": {
        "type": "categorical",
        "values": {"White": 0.6, "Black": 0.2, "Asian": 0.1, "Other": 0.1},
    },
    "ethnicity": {"type": "categorical", "values": {"Hispanic": 0.44, "Not Hispanic": 0.56}},
    "county_fips": {"type": "constant", "value": HARRIS},
    "state": {"type": "constant", "value": "TX"},
    "primary_condition": {
        "type": "conditional",
        "cases": [{"when": {"diabetes": 1}, "then": {"type": "constant", "value": "E11"}}],
        "otherwise": {"type": "constant", "value": None},
    },
    "diabetes": {
        "type": "logistic",
        "rate": 0.125,
        "effects": [
            {
                "column": "age",
                "bands": [
                    {"min": 45, "max": 64, "log_odds": 1.5},
                    {"min": 65, "log_odds": 2.1},
                ],
            },
            {"column": "gender", "levels": {"M": 0.2}},
        ],
        "hidden": True,
    },
    "birth_day": {"type": "uniform", "min": 0, "max": 364, "decimals": 0, "hidden": True},
}
NORMAL = {"type": "normal", "mean": 72, "std_dev": 8, "min": 65}


def profile(columns: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """A profile of one table."""
    return {"tables": {"people": {"rows": rows, "columns": dict(columns)}}}


def save(con: Any, name: str, spec: Mapping[str, Any]) -> None:
    """Save a profile."""
    con.execute("CALL genesis_save_profile(?, ?)", [name, json.dumps(spec)])


def generate(con: Any, name: str, table: str, rows: int, seed: int = 0) -> None:
    """Rows of a profile as the table 'made', without keys."""
    con.execute(
        "CREATE OR REPLACE TABLE made AS FROM genesis_generate($m, $t, rows := $n, seed := $s)",
        {"m": name, "t": table, "n": rows, "s": seed},
    )


def random_sql(rows: int) -> str:
    """The same columns out of random(): what DuckDB can do at most."""
    return (
        "CREATE OR REPLACE TABLE made AS SELECT 'P' || i AS patient_id, "  # noqa: S608 - a number
        "DATE '2024-07-01' - CAST(random() * 30000 AS INTEGER) AS birth_date, "
        "CAST(18 + random() * 80 AS INTEGER) AS age, "
        "CASE WHEN random() < .5 THEN 'F' ELSE 'M' END AS gender, "
        "['White', 'Black', 'Asian', 'Other'][1 + CAST(floor(4 * random()) AS INTEGER)] AS race, "
        "CASE WHEN random() < .44 THEN 'Hispanic' ELSE 'Not Hispanic' END AS ethnicity, "
        "'48201' AS county_fips, 'TX' AS state, "
        f"CASE WHEN random() < .125 THEN 'E11' END AS primary_condition FROM range({rows}) r(i)"
    )


def faker_rate(rows: int) -> float:
    """People per second of the library that others build on: eight of its values each."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(1)

    def people() -> list[tuple[Any, ...]]:
        return [
            (
                fake.bothify("P########"), fake.date_of_birth(minimum_age=18, maximum_age=100),
                fake.random_element(("F", "M")), fake.random_element(("White", "Black", "Asian")),
                fake.random_element(("Hispanic", "Not Hispanic")), HARRIS, "TX",
                fake.random_element(("E11", None)),
            )
            for _ in range(rows)
        ]  # fmt: skip

    return rows / seconds(people)


def speed(con: Any, options: Options) -> dict[str, Any]:
    """Rows per second of the three in alternating rounds."""
    rows = min(options.rows, 20_000) if options.quick else options.rows
    save(con, "people", profile(PEOPLE, rows))
    generate(con, "people", "people", rows)
    ours, random, theirs = [], [], []
    for _ in range(options.rounds):
        ours.append(rows / seconds(lambda: generate(con, "people", "people", rows)))
        random.append(rows / seconds(lambda: con.execute(random_sql(rows))))
        theirs.append(faker_rate(200 if options.quick else FAKER_ROWS))
    generate(con, "people", "people", rows)
    twice = con.execute("SELECT count(*) - count(DISTINCT patient_id) FROM made").fetchall()[0][0]
    return {
        "rows": rows, "ours": median(ours), "random": median(random), "faker": median(theirs),
        "twice": twice, "rounds": {"ours": ours, "random": random, "faker": theirs},
    }  # fmt: skip


def pile_up(con: Any, rows: int) -> dict[str, float]:
    """normal(72, 8) from 65: distance to the truncated law, and the share at the bound."""
    from scipy.stats import kstest, norm, truncnorm

    save(con, "bounded", profile({"weight": NORMAL}, rows))
    generate(con, "bounded", "people", rows)
    values = con.execute("SELECT weight FROM made").fetchnumpy()["weight"]
    law = truncnorm((65 - 72) / 8, np.inf, 72, 8)
    clamped = np.maximum(norm(72, 8).rvs(rows, random_state=1), 65.0)
    return {
        "p": float(kstest(values, law.cdf).pvalue),
        "at": float((values == 65).mean()),
        "clamped p": float(kstest(clamped, law.cdf).pvalue),
        "clamped at": float((clamped == 65).mean()),
    }


def passes(con: Any, seeds: int) -> float:
    """The share of correct runs of 100 rows that pass their validation."""
    from genesis_sql.profiles.validate import validate

    plain = profile(PEOPLE, FEW)
    save(con, "few", plain)
    good = 0
    for seed in range(seeds):
        generate(con, "few", "people", FEW, seed)
        good += all(c.passed is not False for c in validate(con, {"people": "made"}, plain))
    return good / seeds


def same_again(con: Any, rows: int) -> bool:
    """Whether one and two threads give the same bytes, in the same order."""
    hashes = []
    for threads in (1, 2):
        con.execute(f"SET threads = {threads}")
        generate(con, "people", "people", rows, seed=3)
        told = con.execute(
            "SELECT sha256(string_agg(md5(CAST(made AS VARCHAR)), '' ORDER BY rowid)) FROM made"
        )
        hashes.append(told.fetchall()[0][0])
    return bool(hashes[0] == hashes[1])


def harris(con: Any, rows: int) -> dict[str, float]:
    """Harris County: how many standard errors the made people stand from the reference."""
    spec = {
        "generation": {"count": rows},
        "demographics": {
            "source": "populationsim",
            "reference": {"type": "county", "fips": HARRIS},
        },
    }
    save(con, "harris", spec)
    generate(con, "harris", "conditions", round(rows * 1.2))
    con.execute("CREATE OR REPLACE TABLE ill AS FROM made")
    generate(con, "harris", "patients", rows)
    out = {}
    for measure, code in (("DIABETES", "E11"), ("OBESITY", "E66")):
        wanted, found, n = con.execute(
            "SELECT (SELECT percent / 100 FROM genesis_reference.prevalences WHERE fips = $f "
            "AND measure = $m), avg(CAST(patient_id IN "
            "(SELECT patient_id FROM ill WHERE code = $c) AS INTEGER)), count(*) "
            "FROM made WHERE age >= 18 "
            "AND patient_id <= (SELECT max(patient_id) FROM ill)",
            {"f": HARRIS, "m": measure, "c": code},
        ).fetchall()[0]
        out[measure] = abs(found - wanted) / (wanted * (1 - wanted) / n) ** 0.5
    out["bands"] = _bands(con)
    return out


def _bands(con: Any) -> float:
    """The largest distance of the age bands by sex, in standard errors."""
    worst = con.execute(
        "WITH b AS (SELECT sex, age_min, coalesce(age_max, 200) AS high, population / "
        "sum(population) OVER () AS p FROM genesis_reference.county_ages WHERE fips = $f), "
        "n AS (SELECT count(*) AS n FROM made) "
        "SELECT max(abs((SELECT count(*) FROM made WHERE gender = sex AND age BETWEEN age_min "
        "AND high) / n - p) / sqrt(p * (1 - p) / n)) FROM b, n",
        {"f": HARRIS},
    )
    return float(worst.fetchall()[0][0])


def run(options: Options) -> Report:
    """All of it."""
    import genesis_sql

    place = machine()
    con = genesis_sql.connect()
    con.execute("SET threads = 2")
    fast = speed(con, options)
    small = 20_000 if options.quick else 1_000_000
    seeds = 30 if options.quick else SEEDS
    bound, good = pile_up(con, small), passes(con, seeds)
    same = same_again(con, small // 10)
    con.execute("SET threads = 2")
    patients = 5_000 if options.quick else 100_000
    county = harris(con, patients)
    detail = {"speed": fast, "bound": bound, "passes": good, "same": same, "harris": county}
    lines, notes = _lines(fast, bound, good, same, county), _notes(fast, seeds, patients)
    return Report("profiles", lines, place, notes, detail)


def _lines(
    fast: Mapping[str, Any],
    bound: Mapping[str, float],
    good: float,
    same: bool,  # noqa: FBT001 - a measured fact
    county: Mapping[str, float],
) -> list[Line]:
    peers: dict[str, Value] = {RANDOM: fast["random"], FAKER: fast["faker"]}
    error = Must(most=4.0)
    return [
        Line("people, 9 columns, rows/s into a table", fast["ours"], Must(least=2_000_000), peers),
        Line("… times random()", fast["ours"] / fast["random"]),
        Line("ids twice", int(fast["twice"]), Must(most=0)),
        Line(
            "normal(72, 8) from 65: p against the truncated law",
            bound["p"], Must(least=0.001), {CLAMPED: bound["clamped p"]},
        ),
        Line("… share at 65", bound["at"], Must(most=0.001), {CLAMPED: bound["clamped at"]}),
        Line("correct runs of 100 rows that pass", good, Must(least=0.94)),
        Line("one and two threads: the same bytes", int(same), Must(least=1)),
        Line("Harris County, adults with diabetes: standard errors", county["DIABETES"], error),
        Line("… with obesity", county["OBESITY"], error),
        Line("… age bands by sex, the largest of eight", county["bands"], error),
    ]  # fmt: skip


def _notes(fast: Mapping[str, Any], seeds: int, patients: int) -> tuple[str, ...]:
    return (
        f"Speeds: medians of alternating rounds of {fast['rows']:,} rows on 2 threads; random() "
        f"makes columns of the same types, faker {FAKER_ROWS:,} rows of eight values.",
        f"Validation: {seeds:,} seeds. 'clamped' moves what is below 65 to 65.",
        f"Harris County: {patients:,} patients beside CDC PLACES 2024 and the county's age bands.",
    )
