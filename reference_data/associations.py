"""How the odds of a measure depend on age, sex and other measures: derived, not published.

Ages: CDC PLACES gives each county's prevalence as it is (crude) and as it would be with the age
structure of the year 2000. What multiplies a whole county cancels in the ratio of the two, which
leaves the national prevalence by age: crude / adjusted = sum(w p) / sum(s p), w being the county's
and s the standard's shares of each age. A logit that is quadratic in age is fitted to the ratios of
3,135 counties by weighted least squares, its level to the national prevalence.

Sex and other measures: logistic regressions on adults of NHANES 2009-12 (weighted, with age bands),
of which only these log odds are kept. Blood pressure is what was measured there, treated or not;
cholesterol is left out, for its treatment hides the association. The log odds of ages are then
solved once more, so that with them the prevalence at each age stays what PLACES says.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import duckdb
import numpy as np

from genesis_sql.reference_data.registry import PUBLIC, File, Row, Source, Table

BANDS = ((18, 24), (25, 34), (35, 44), (45, 54), (55, 64), (65, 74), (75, 84), (85, None))
REFERENCE = 3
"""The band whose log odds are 0."""
STANDARD = {
    15: 72169, 20: 66478, 25: 64529, 30: 71044, 35: 80762, 40: 81851, 45: 72118, 50: 62716,
    55: 48454, 60: 38793, 65: 34264, 70: 31773, 75: 26999, 80: 17842, 85: 15508,
}  # fmt: skip
"""The 2000 U.S. standard million (NCHS) by the first age of five years; 85 has no end."""
WHOLE = (
    "ARTHRITIS", "BINGE", "BPHIGH", "CANCER", "CASTHMA", "CHD", "CHECKUP", "CHOLSCREEN", "COPD",
    "CSMOKING", "DENTAL", "DEPRESSION", "DIABETES", "GHLTH", "HIGHCHOL", "KIDNEY", "LPA", "MHLTH",
    "OBESITY", "PHLTH", "SLEEP", "STROKE",
)  # fmt: skip
"""Measures of all adults; those of narrower ages show too little of the curve."""
SCREENED = {"HIGHCHOL": "CHOLSCREEN"}
"""Measures that are asked of those alone who have another one."""
PARENTS = {
    "DIABETES": ("OBESITY",),
    "BPHIGH": ("OBESITY", "DIABETES"),
    "DEPRESSION": ("OBESITY", "DIABETES"),
}
"""What NHANES says more of than age and sex; each stands behind what it depends on."""
NHANES = {
    "OBESITY": "BMI >= 30",
    "DIABETES": "Diabetes = 'Yes'",
    "BPHIGH": "BPSysAve >= 140 OR BPDiaAve >= 90",
    "DEPRESSION": "Depressed = 'Most'",
    "CSMOKING": "coalesce(SmokeNow, 'No') = 'Yes' AND Smoke100 IS NOT NULL",
    "LPA": "PhysActive = 'No'",
    "SLEEP": "SleepHrsNight < 7",
    "GHLTH": "HealthGen IN ('Fair', 'Poor')",
    "MHLTH": "DaysMentHlthBad >= 14",
    "PHLTH": "DaysPhysHlthBad >= 14",
}
_PLACES, _SURVEY = "CDC PLACES 2022, crude against age-adjusted", "NHANES 2009-12"
_AGES = np.arange(18, 101)

ADJUSTED = File(
    "places_both",
    "PLACES_county_GIS_2022_release.csv",
    ("CountyFIPS", *(f"{m}_{kind}Prev" for m in WHOLE for kind in ("Crude", "Adj"))),
    folder="cdc_places",
    others="places_county_gis_*_release.csv",
)
MEDIANS = File(
    "medians",
    "openintro_county_complete_2000_2019.csv",
    ("fips", "name", "state", "median_age_2019"),
    folder="census",
    others="*county_complete*.csv",
)
NATION = File(
    "nation_2020",
    "nc-est2024-agesex-res.csv",
    ("SEX", "AGE", "POPESTIMATE2020"),
    folder="census",
    others="nc-est*-agesex-res.csv",
)
ADULTS = File(
    "bands_2018",
    "county_sex_by_4_age_bands_2018.csv",
    (
        "GEO.display-label", "Total", "Total_age0to17", "Total_age18to64", "Total_age65plus",
        "Total_age85plusr",
    ),
    folder="census",
    others="county_sex_by_4_age_bands_*.csv",
    delimiter=";",
)  # fmt: skip
SURVEY = File(
    "nhanes",
    "nhanes_2009_2012_raw.parquet",
    (
        "ID", "Age", "Gender", "WTMEC2YR", "BMI", "Diabetes", "BPSysAve", "BPDiaAve", "Depressed",
        "SmokeNow", "Smoke100", "PhysActive", "SleepHrsNight", "HealthGen", "DaysMentHlthBad",
        "DaysPhysHlthBad",
    ),
    folder="microdata",
    others="nhanes_*_raw.parquet",
    delimiter="",
)  # fmt: skip


def _effects(con: duckdb.DuckDBPyConnection) -> Iterable[Row]:
    curves = age_curves(con)
    survey, men = _survey(con), _men(con)
    sexes, others = {}, {}
    for measure in NHANES:
        sexes[measure], others[measure] = _associations(survey, measure)
    for measure in sorted(curves):
        yield from _rows(measure, curves, sexes, others, men)


def _rows(
    measure: str,
    curves: dict[str, np.ndarray],
    sexes: dict[str, float],
    others: dict[str, dict[str, float]],
    men: np.ndarray,
) -> Iterator[Row]:
    sex, other = sexes.get(measure, 0.0), others.get(measure, {})
    level = conditional_levels(measure, curves, sexes, others, men)
    for (low, high), odds in zip(BANDS, level - level[REFERENCE], strict=True):
        yield (measure, "age", low, high, None, _rounded(odds), _PLACES)
    if measure in sexes:
        yield (measure, "sex", None, None, "F", 0.0, _SURVEY)
        yield (measure, "sex", None, None, "M", _rounded(sex), _SURVEY)
    for parent, odds in other.items():
        yield (measure, parent, None, None, "0", 0.0, _SURVEY)
        yield (measure, parent, None, None, "1", _rounded(odds), _SURVEY)


def _rounded(odds: float) -> float:
    return round(float(odds), 3) + 0.0


# ages


def age_curves(con: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    """The national prevalence of each measure at the ages 18 to 100, 0 to 1."""
    fips, people, share = _county_ages(con)
    standard = _standard(con)
    curves: dict[str, np.ndarray] = {}
    for measure in sorted(WHOLE, key=lambda m: m in SCREENED):  # those asked of all go first
        found = con.execute(
            f"SELECT code(CountyFIPS), figure({measure}_CrudePrev), figure({measure}_AdjPrev) "  # noqa: S608 - names of this file
            f"FROM {ADJUSTED.view}"
        ).fetchall()
        value = {row[0]: row[1:] for row in found}
        both = np.array([value.get(f, (None, None)) for f in fips], np.float64)
        asked = curves[SCREENED[measure]] if measure in SCREENED else np.ones(len(_AGES))
        curves[measure] = _curve(both, people, share * asked, standard * asked)
    return curves


def _curve(
    both: np.ndarray, people: np.ndarray, share: np.ndarray, standard: np.ndarray
) -> np.ndarray:
    """The curve that explains crude / adjusted of all counties best."""
    from scipy.optimize import least_squares

    ratio = both[:, 0] / both[:, 1]
    known = np.isfinite(ratio)
    share = share / share.sum(axis=1, keepdims=True)
    standard = standard / standard.sum()
    nation = (share * people[:, None])[known].sum(axis=0)
    target = float(np.average(both[known, 0], weights=people[known])) / 100
    weight = np.sqrt(people[known] / people[known].mean())
    z = (_AGES - 50) / 10

    def prevalence(slopes: np.ndarray) -> np.ndarray:
        return _levelled(slopes[0] * z + slopes[1] * z**2, nation / nation.sum(), target)

    def residual(slopes: np.ndarray) -> np.ndarray:
        p = prevalence(slopes)
        return ((share[known] @ p) / (standard @ p) - ratio[known]) * weight

    bent = ([-np.inf, -np.inf], [np.inf, 0.0])  # a curve bent upwards would near 1 at high ages
    return prevalence(least_squares(residual, [0.3, -0.01], bounds=bent).x)


def _levelled(logit: np.ndarray, weight: np.ndarray, target: float) -> np.ndarray:
    """Probabilities of these log odds plus a constant, with this weighted mean (bisection)."""
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        if weight @ _expit(logit + middle) < target:
            low = middle
        else:
            high = middle
    return _expit(logit + low)


def _expit(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _national(con: duckdb.DuckDBPyConnection) -> np.ndarray:
    """People of each age 0 to 100 in 2020; 100 stands for all above."""
    found = con.execute(
        f"SELECT figure(POPESTIMATE2020) FROM {NATION.view} "  # noqa: S608 - a name of this file
        "WHERE figure(SEX) = 0 AND figure(AGE) < 999 ORDER BY figure(AGE)"
    ).fetchall()
    return np.array(found, np.float64)[:, 0]


def _standard(con: duckdb.DuckDBPyConnection) -> np.ndarray:
    """The standard population by single years 18 to 100, five years in equal parts."""
    out = np.zeros(101)
    for first, people in STANDARD.items():
        out[first : first + 5] = people / 5
    nation = _national(con)
    out[85:] = STANDARD[85] * nation[85:] / nation[85:].sum()
    return out[18:] / out[18:].sum()


_COUNTIES = """
SELECT p.fips, figure(b.Total), figure(b.Total_age0to17), figure(b.Total_age18to64),
       figure(b.Total_age65plus) - figure(b.Total_age85plusr), figure(b.Total_age85plusr), n.median
FROM (SELECT code(CountyFIPS) AS fips FROM places_both) AS p
JOIN (SELECT code(fips) AS fips, name || ', ' || state AS county, figure(median_age_2019) AS median
      FROM medians) AS n USING (fips)
JOIN bands_2018 AS b ON b."GEO.display-label" = n.county
WHERE n.median IS NOT NULL ORDER BY p.fips
"""


def _county_ages(
    con: duckdb.DuckDBPyConnection,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """FIPS, people, and the share of each age 18 to 100 among adults, of shape (counties, 83).

    National single years, scaled to the county's four bands; inside 18 to 64 tilted exponentially
    until the county's median age is met.
    """
    found = con.execute(_COUNTIES).fetchall()
    given = np.array([row[1:] for row in found], np.float64)
    ages, nation = np.arange(101), _national(con)
    band = np.digitize(ages, [18, 65, 85])
    base = nation / np.bincount(band, nation)[band]
    low, high = np.full(len(given), -0.2), np.full(len(given), 0.2)
    for _ in range(40):
        middle = (low + high) / 2
        above = _median(_tilted(base, band, given[:, 1:5], middle)) >= given[:, 5]
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    adults = _tilted(base, band, given[:, 1:5], low)[:, 18:]
    share = adults / adults.sum(axis=1, keepdims=True)
    return [row[0] for row in found], given[:, 0], share


def _tilted(base: np.ndarray, band: np.ndarray, people: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """People by county and single year, of shape (counties, 101)."""
    inside = band == 1
    out: np.ndarray = base * np.exp(tilt[:, None] * (np.arange(101) - 41) * inside)
    out[:, inside] /= out[:, inside].sum(axis=1, keepdims=True)
    return out * people[:, band]


def _median(people: np.ndarray) -> np.ndarray:
    """The median age of each row, with whole years spread evenly."""
    below = people.cumsum(axis=1)
    half = below[:, -1] / 2
    at = (below < half[:, None]).sum(axis=1)
    rows = np.arange(len(people))
    before = np.where(at > 0, below[rows, np.maximum(at - 1, 0)], 0.0)
    median: np.ndarray = at + (half - before) / people[rows, at]
    return median


# sex and other measures


def _survey(con: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    """Adults of NHANES: age band, sex (1: male), weight, and each measure (NaN: not asked)."""
    asked = ", ".join(f"CAST({sql} AS DOUBLE) AS {name}" for name, sql in NHANES.items())
    found = con.execute(
        f"SELECT Age, CAST(Gender = 'male' AS DOUBLE) AS male, WTMEC2YR AS weight, {asked} "  # noqa: S608 - SQL of this file
        f"FROM {SURVEY.view} WHERE Age >= 18 AND WTMEC2YR > 0 ORDER BY ID"
    ).fetchnumpy()
    out = {n: np.ma.filled(np.ma.asarray(v, np.float64), np.nan) for n, v in found.items()}
    return out | {"band": np.digitize(out["Age"], [low for low, _ in BANDS]) - 1.0}


def _associations(survey: dict[str, np.ndarray], measure: str) -> tuple[float, dict[str, float]]:
    """Log odds of men against women, and of those with each other measure against the rest."""
    from sklearn.linear_model import LogisticRegression

    parents = PARENTS.get(measure, ())
    columns = [survey["male"], *(survey[p] for p in parents)]
    known = np.isfinite(np.column_stack([survey[measure], *columns])).all(axis=1)
    bands = np.eye(len(BANDS))[survey["band"].astype(int)]
    x = np.column_stack([*columns, bands])[known]
    weight = survey["weight"][known] / survey["weight"][known].mean()
    model = LogisticRegression(C=100.0, max_iter=2_000, tol=1e-10)
    odds = model.fit(x, survey[measure][known], sample_weight=weight).coef_[0]
    return float(odds[0]), dict(zip(parents, map(float, odds[1:]), strict=False))


def _men(con: duckdb.DuckDBPyConnection) -> np.ndarray:
    """The share of men among people of each age 18 to 100."""
    found = con.execute(
        f"SELECT figure(POPESTIMATE2020) FROM {NATION.view} WHERE figure(SEX) > 0 "  # noqa: S608 - a name of this file
        "AND figure(AGE) BETWEEN 18 AND 100 ORDER BY figure(SEX), figure(AGE)"
    ).fetchall()
    men, women = np.array(found, np.float64)[:, 0].reshape(2, -1)
    return men / (men + women)


def conditional_levels(
    measure: str,
    curves: dict[str, np.ndarray],
    sexes: dict[str, float],
    others: dict[str, dict[str, float]],
    men: np.ndarray,
) -> np.ndarray:
    """The log odds of each band for a woman with no other measure, float64 of shape (bands,).

    Solved so that the prevalence in each band is that of the curve, the other measures being
    distributed as their own curves say.
    """
    people = [np.flatnonzero((low <= _AGES) & ((high or 100) >= _AGES)) for low, high in BANDS]
    level = np.zeros(len(BANDS))
    for at, inside in enumerate(people):
        target = float(curves[measure][inside].mean())
        cases = _cases(PARENTS.get(measure, ()), at, curves, sexes, others, men)
        shift = np.array([_shift(measure, c, sexes, others) for c, _ in cases])
        weight = np.array([w for _, w in cases])
        solved = _levelled(shift, weight / weight.sum(), target)
        level[at] = np.log(solved[0] / (1 - solved[0])) - shift[0]
    return level


def _shift(
    measure: str,
    case: dict[str, int],
    sexes: dict[str, float],
    others: dict[str, dict[str, float]],
) -> float:
    extra = others.get(measure, {})
    return sexes.get(measure, 0.0) * case["male"] + sum(o * case[p] for p, o in extra.items())


def _cases(
    parents: Sequence[str],
    band: int,
    curves: dict[str, np.ndarray],
    sexes: dict[str, float],
    others: dict[str, dict[str, float]],
    men: np.ndarray,
) -> list[tuple[dict[str, int], float]]:
    """Every combination of sex and other measures in a band, with its probability."""
    low, high = BANDS[band]
    male = float(men[(low <= _AGES) & ((high or 100) >= _AGES)].mean())
    levels = {p: conditional_levels(p, curves, sexes, others, men)[band] for p in parents}
    out = []
    for sex, *values in itertools.product((0, 1), *((0, 1) for _ in parents)):
        case = {"male": sex, **dict(zip(parents, values, strict=True))}
        weight = male if sex else 1 - male
        for parent in parents:
            p = float(_expit(np.array(levels[parent] + _shift(parent, case, sexes, others))))
            weight *= p if case[parent] else 1 - p
        out.append((case, weight))
    return out


EFFECTS = Table(
    Source(
        table="measure_effects",
        publisher="derived by this project from CDC PLACES, CDC/NCHS NHANES and the Census Bureau",
        vintage="PLACES 2022 (BRFSS 2019/20); NHANES 2009-12; Census 2018, 2019, 2020",
        licence=PUBLIC,
        denominator="the odds of an adult, or of those that the measure is within",
        files="",
        transformation=(
            "ages: a logit quadratic in age (not bent upwards) fitted to crude / age-adjusted "
            "prevalence of counties, the single years of each county raked to its bands and median "
            "age; sex and other measures: coefficients of weighted logistic regressions on NHANES "
            "adults, figures only; ages solved again so that each band keeps its prevalence"
        ),
        columns="measure VARCHAR, factor VARCHAR, level_min INTEGER, level_max INTEGER, "
        "level VARCHAR, log_odds DOUBLE, source VARCHAR",
    ),
    files=(ADJUSTED, MEDIANS, NATION, ADULTS, SURVEY),
    make=_effects,
)
