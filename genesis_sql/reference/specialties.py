"""Specialties in plain words -> the codes that providers give of themselves in NPPES.

The codes are the identifiers that NPPES publishes with each provider; the words are ours.
"""

from __future__ import annotations

import re

from genesis_sql.errors import OptionError, nearest

TAXONOMIES: dict[str, str] = {
    "allergy": "207K00000X",
    "anesthesiology": "207L00000X",
    "cardiology": "207RC0000X",
    "dentistry": "122300000X",
    "dermatology": "207N00000X",
    "emergency medicine": "207P00000X",
    "endocrinology": "207RE0101X",
    "family medicine": "207Q00000X",
    "gastroenterology": "207RG0100X",
    "geriatrics": "207RG0300X",
    "hematology oncology": "207RH0003X",
    "hospital medicine": "208M00000X",
    "infectious disease": "207RI0200X",
    "internal medicine": "207R00000X",
    "nephrology": "207RN0300X",
    "neurology": "2084N0400X",
    "nurse practitioner": "363L00000X",
    "obstetrics and gynecology": "207V00000X",
    "oncology": "207RX0202X",
    "ophthalmology": "207W00000X",
    "orthopedics": "207X00000X",
    "otolaryngology": "207Y00000X",
    "pediatrics": "208000000X",
    "pharmacy": "333600000X",
    "physical therapy": "225100000X",
    "physician assistant": "363A00000X",
    "psychiatry": "2084P0800X",
    "pulmonology": "207RP1001X",
    "radiology": "2085R0202X",
    "rheumatology": "207RR0500X",
    "surgery": "208600000X",
    "urology": "208800000X",
}
"""What `find_providers` knows by name; any other code can be asked for as it is."""

_CODE = re.compile(r"[0-9A-Z]{9}X")


def plain(word: str) -> str:
    """A word as the keys are written.

    Example:
        >>> plain("Emergency_Medicine")
        'emergency medicine'
    """
    return " ".join(word.replace("_", " ").replace("-", " ").lower().split())


def require_code(given: str) -> str:
    """A taxonomy code: ten characters, the last of them X.

    Raises:
        OptionError: it is none.

    Example:
        >>> require_code("207rc0000x")
        '207RC0000X'
    """
    code = given.strip().upper()
    if not _CODE.fullmatch(code):
        message = (
            f"taxonomy '{given}' is no code of ten characters that ends with X, as '207RC0000X'; "
            f"give a name as specialty{nearest(given, TAXONOMIES)}"
        )
        raise OptionError(message)
    return code
