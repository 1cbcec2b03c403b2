"""What conditions are called: everyday names, ICD-10-CM categories and the measures of CDC PLACES.

Codes and titles follow ICD-10-CM (CDC/NCHS, public domain), the titles in short words of our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesis_sql.errors import OptionError, nearest

_CODE = re.compile(r"[A-TV-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")


@dataclass(frozen=True)
class Condition:
    """An ICD-10-CM code, what it means, and how early in life it can begin (years of age)."""

    code: str
    description: str
    earliest: int = 0

    @property
    def group(self) -> str:
        """The category: the three characters before the dot."""
        return self.code[:3]

    @property
    def flag(self) -> str:
        """The hidden 0/1 column that says who has it."""
        return "has_" + re.sub(r"\W", "_", self.code.lower())


KNOWN = (
    Condition("E11", "Type 2 diabetes mellitus", 18),
    Condition("E10", "Type 1 diabetes mellitus", 1),
    Condition("I10", "Hypertension", 18),
    Condition("E78", "High cholesterol and other lipid disorders", 18),
    Condition("E66", "Obesity", 2),
    Condition("I25", "Chronic ischaemic heart disease", 30),
    Condition("I63", "Stroke", 25),
    Condition("I50", "Heart failure", 30),
    Condition("I48", "Atrial fibrillation and flutter", 30),
    Condition("J44", "Chronic obstructive pulmonary disease", 35),
    Condition("J45", "Asthma", 1),
    Condition("C80", "Cancer", 5),
    Condition("F32", "Depression", 10),
    Condition("F41", "Anxiety", 6),
    Condition("M19", "Arthritis", 25),
    Condition("M81", "Osteoporosis", 45),
    Condition("N18", "Chronic kidney disease", 20),
    Condition("K08", "All teeth lost", 40),
)
"""The conditions this package has words for. ``earliest`` is a bound of ours for a plausible
onset, no published figure."""

NAMES = {
    "E11": ("diabetes", "type 2 diabetes", "type2 diabetes", "t2dm", "dm", "dm2"),
    "E10": ("type 1 diabetes", "type1 diabetes", "t1dm"),
    "I10": ("hypertension", "htn", "high blood pressure", "bphigh"),
    "E78": ("hyperlipidemia", "hyperlipidaemia", "high cholesterol", "highchol", "dyslipidemia"),
    "E66": ("obesity",),
    "I25": ("coronary heart disease", "chd", "cad", "ischemic heart disease", "heart disease"),
    "I63": ("stroke",),
    "I50": ("heart failure", "hf", "chf"),
    "I48": ("atrial fibrillation", "afib"),
    "J44": ("copd", "chronic obstructive pulmonary disease"),
    "J45": ("asthma", "casthma"),
    "C80": ("cancer",),
    "F32": ("depression",),
    "F41": ("anxiety",),
    "M19": ("arthritis", "osteoarthritis"),
    "M81": ("osteoporosis",),
    "N18": ("chronic kidney disease", "ckd", "kidney disease", "renal disease", "kidney"),
    "K08": ("teeth lost", "teethlost", "tooth loss"),
}
"""Everyday names by code, in small letters; blanks, ``_`` and ``-`` are the same."""

LEADING = (
    "C80", "I50", "I63", "I25", "N18", "J44", "E11", "E10", "I48", "F32", "J45", "M19", "I10",
    "E78", "E66", "F41", "M81", "K08",
)  # fmt: skip
"""Which of a person's conditions is called the primary one: the first of these,
what is not among them before."""

_BY_CODE = {c.code: c for c in KNOWN}
_BY_NAME = {name: code for code, names in NAMES.items() for name in names}


def plain(name: str) -> str:
    """A name as it is compared: small letters, single blanks.

    Example:
        >>> plain("Heart-Failure ")
        'heart failure'
    """
    return re.sub(r"[\s_\-]+", " ", name).strip().lower()


def condition(named: str, path: str = "condition", description: str | None = None) -> Condition:
    """The condition of a name or a code.

    Args:
        named: an everyday name (``diabetes``), or an ICD-10-CM code with or without its dot.
        path: where it stands in the spec, for the error.
        description: what the spec calls it.

    Raises:
        OptionError: it is no known name and has not the form of a code.

    Example:
        >>> condition("CKD").code, condition("e119").code
        ('N18', 'E11.9')
    """
    known = _BY_CODE.get(_BY_NAME.get(plain(named), ""))
    if known is not None:
        return known if description is None else Condition(known.code, description, known.earliest)
    code = _dotted(named.strip().upper())
    if not _CODE.fullmatch(code):
        message = (
            f"{path}: there is no condition '{named}'{nearest(plain(named), _BY_NAME)}; "
            "an ICD-10-CM code such as 'E11.9' works, too"
        )
        raise OptionError(message)
    group = _BY_CODE.get(code[:3])
    words = description or (group.description if group else code)
    return Condition(code, words, group.earliest if group else 0)


def _dotted(code: str) -> str:
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "." not in code else code
