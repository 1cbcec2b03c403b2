"""Health care: codes that exist, numbers that nobody has."""

from __future__ import annotations

from functools import lru_cache

from genesis_sql import refdata
from genesis_sql.errors import OptionError
from genesis_sql.providers import lists_health as words
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.check_digits import luhn_front, luhn_sql
from genesis_sql.providers.forms import (
    computed,
    helper,
    hidden,
    length_of,
    listed,
    option,
    require_length,
    shape_of,
    shaped,
    too_many,
    where,
)
from genesis_sql.providers.word import TEXT, Word
from genesis_sql.sqlbuild import quoted

MANY = 1_500
"""Codes of a column: every fiftieth of ICD-10-CM, every fifth of HCPCS, and the common ones."""


@lru_cache(maxsize=32)
def codes(table: str, begins: str = "", many: int = MANY) -> tuple[str, ...]:
    """Codes of a reference table that begin with a text, spread evenly where they are many.

    Example:
        >>> codes("icd10cm", "E11.9")
        ('E11.9',)
    """
    found = [c for c in _all(table) if c.startswith(begins)]
    step = max(len(found) / many, 1.0)
    return tuple(found[int(k * step)] for k in range(int(len(found) / step)))


def _many(ask: Ask) -> int:
    """Codes to take: each one once where they are unique."""
    return max(ask.rows, MANY) if ask.unique else MANY


@lru_cache(maxsize=2)
def _all(table: str) -> tuple[str, ...]:
    return tuple(refdata.read(table)["code"].to_pylist())


def icd10_code(ask: Ask) -> Columns:
    """A billable code of ICD-10-CM; three in five are the usual ones of general practice."""
    begins = str(option(ask, "begins", ""))
    found = codes("icd10cm", begins, _many(ask))
    if not found:
        message = f"{where(ask)}: no code of ICD-10-CM begins with '{begins}'"
        raise OptionError(message)
    weights = [1.0] * len(found)
    listed_ = list(found)
    if not begins:
        share = 1.5 * len(found) / sum(words.COMMON_ICD10.values())
        seldom = set(found)
        listed_ += [c for c in words.COMMON_ICD10 if c not in seldom]
        held = {c: w * share for c, w in words.COMMON_ICD10.items()}
        weights = [held.get(c, 1.0) for c in listed_]
    length = length_of(ask)
    if option(ask, "dot", True) is False or (length is not None and length < 8):
        listed_ = [c.replace(".", "") for c in listed_]
    require_length(ask, 3)
    return listed(ask, listed_, weights)


def procedure_code(ask: Ask) -> Columns:
    """A code of HCPCS level II; CPT, which is level I, is the AMA's and not here."""
    require_length(ask, 5)
    return listed(ask, codes("hcpcs", str(option(ask, "begins", "")), _many(ask)))


def npi(ask: Ask) -> Columns:
    """A provider number with its Luhn digit that begins with 2: none has been given out so far."""
    require_length(ask, 10)
    if ask.unique and ask.rows > 10**8:
        raise too_many(ask, 10**8)
    body = helper(ask, "body")
    made: Columns = {body: hidden(shape_of("2" + "#" * 8, unique=ask.unique))}
    check = luhn_sql(f"CAST({quoted(body)} AS BIGINT)", 9, luhn_front("80840", 9))
    return {**made, **computed(ask, f"{quoted(body)} || CAST({check} AS VARCHAR)")}


def medical_record_number(ask: Ask) -> Columns:
    """What a hospital numbers its patients by."""
    length = length_of(ask)
    return shaped(ask, "MRN########" if length is None or length >= 11 else "#" * min(length, 8))


def member_id(ask: Ask) -> Columns:
    """What an insurer numbers its members by."""
    length = length_of(ask)
    return shaped(ask, "@@@#########" if length is None or length >= 12 else "#" * min(length, 9))


def blood_type(ask: Ask) -> Columns:
    """ABO and rhesus, as often as in the United States."""
    return listed(ask, [*words.BLOOD], [*words.BLOOD.values()])


def medication(ask: Ask) -> Columns:
    """The name of a substance."""
    return listed(ask, words.SUBSTANCES, growing=True)


def specialty(ask: Ask) -> Columns:
    """A medical specialty."""
    return listed(ask, [*words.SPECIALTIES], [*words.SPECIALTIES.values()], growing=True)


WORDS: dict[str, Word] = {
    "icd10_code": Word(icd10_code, "a billable code of ICD-10-CM; options begins, dot", "E11.9",
                       TEXT, ("begins", "dot")),
    "procedure_code": Word(procedure_code, "a code of HCPCS level II", "G0439", TEXT, ("begins",)),
    "npi": Word(npi, "a provider number with Luhn digit that nobody has", "2481937565",
                ("text", "whole")),
    "medical_record_number": Word(medical_record_number, "a hospital's number of a patient",
                                  "MRN04821937", ("text", "whole")),
    "member_id": Word(member_id, "an insurer's number of a member", "KRD048219375"),
    "blood_type": Word(blood_type, "ABO and rhesus", "O+"),
    "medication": Word(medication, "the generic name of a substance", "metformin"),
    "specialty": Word(specialty, "a medical specialty", "Cardiology"),
}  # fmt: skip
