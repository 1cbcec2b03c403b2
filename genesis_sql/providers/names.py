"""Names of people: the United States' from the reference tables, others from Faker.

US: SSA's counts of births by name and sex, decades from 1950, and the Census Bureau's surnames of
1990: see reference_data/SOURCES.csv.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

from genesis_sql import refdata
from genesis_sql.errors import OptionError
from genesis_sql.providers.faker_words import locale_of, vocabulary

FIRST, LAST = 300, 800
"""Names kept per sex, and surnames: as many people have another one as one of them."""
SINCE = 1950
Words = tuple[tuple[str, ...], tuple[float, ...]]

FEMALE = (
    "F", "f", "Female", "female", "FEMALE", "W", "w", "Woman", "woman", "Girl", "girl", "weiblich",
    "Frau", "Femme", "femme", "Féminin", "Mujer", "mujer", "Femenino", "femenino", "Donna",
    "Femminile", "femminile", "Feminino", "feminino", "Vrouw", "vrouw", "女性", "女", "fem",
)  # fmt: skip
MALE = (
    "M", "m", "Male", "male", "MALE", "Man", "man", "Boy", "boy", "männlich", "Mann", "Herr",
    "Homme", "homme", "H", "Masculin", "Hombre", "hombre", "Masculino", "masculino", "Uomo",
    "Maschile", "maschile", "Homem", "homem", "mannelijk", "男性", "男", "masc",
)  # fmt: skip
"""How tables write the sexes."""
UNWRITTEN = ("ja", "zh", "ko", "ru", "uk", "el", "ar", "fa", "he", "hi", "bn", "th", "ka", "hy",
             "bg", "ta", "ne")  # fmt: skip
"""Languages whose names hold letters that no e-mail address has."""


@lru_cache(maxsize=64)
def first_names(locale: str, sex: str) -> Words:
    """Names of a sex ('F' or 'M') with their weights.

    Example:
        >>> first_names("en_US", "F")[0][:2]
        ('Mary', 'Jennifer')
    """
    if is_us(locale):
        return _us_first(sex)
    return _faker("first_name_female" if sex == "F" else "first_name_male", "first_name", locale)


@lru_cache(maxsize=64)
def last_names(locale: str) -> Words:
    """Surnames with their weights.

    Example:
        >>> last_names("en_US")[0][:2]
        ('Smith', 'Johnson')
    """
    if is_us(locale):
        table = refdata.read("surnames").slice(0, LAST)
        return tuple(table["name"].to_pylist()), tuple(table["share"].to_pylist())
    return _faker("last_name", "name", locale)


def is_us(locale: str) -> bool:
    """Whether our own lists serve.

    Example:
        >>> is_us("en-us"), is_us("en_GB")
        (True, False)
    """
    return locale.strip().replace("-", "_").lower() in ("en_us", "en", "us")


def is_latin(locale: str) -> bool:
    """Whether names of the locale can stand in an e-mail address without their accents."""
    return is_us(locale) or locale_of(locale).split("_")[0] not in UNWRITTEN


def _us_first(sex: str) -> Words:
    table = refdata.read("first_names")
    counts: dict[str, int] = defaultdict(int)
    columns = (table[c].to_pylist() for c in ("name", "sex", "decade", "count"))
    for name, of, decade, count in zip(*columns, strict=True):
        if of == sex and decade >= SINCE:
            counts[name] += count
    kept = sorted(counts.items(), key=lambda held: (-held[1], held[0]))[:FIRST]
    return tuple(n for n, _ in kept), tuple(float(c) for _, c in kept)


def _faker(method: str, other: str, locale: str) -> Words:
    """Values of a method, of another where the locale lacks it."""
    try:
        values, weights = vocabulary(method, locale)
    except OptionError:
        values, weights = vocabulary(other, locale)
    return tuple(str(v) for v in values), weights
