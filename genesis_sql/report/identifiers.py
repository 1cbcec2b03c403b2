"""The 18 identifiers of HIPAA Safe Harbor, and which of them a kind of personal data is."""

from __future__ import annotations

IDENTIFIERS = {
    "A": "names",
    "B": "geographic subdivisions smaller than a state (street, city, county, ZIP code, geocode)",
    "C": "dates but for the year that relate to a person; ages over 89",
    "D": "telephone numbers",
    "E": "fax numbers",
    "F": "electronic mail addresses",
    "G": "social security numbers; national ids of other countries are listed here too",
    "H": "medical record numbers",
    "I": "health plan beneficiary numbers",
    "J": "account numbers",
    "K": "certificate and license numbers",
    "L": "vehicle identifiers and license plates",
    "M": "device identifiers and serial numbers",
    "N": "web addresses (URLs)",
    "O": "IP addresses",
    "P": "biometric identifiers",
    "Q": "full-face photographs and comparable images",
    "R": "any other unique identifying number, characteristic or code",
}
"""45 CFR 164.514(b)(2)(i), paraphrased."""
FREE_TEXT = frozenset({"free_text", "text", "note", "comment"})
"""Kinds that can hold any of the 18, and are listed on their own."""

_WORDS = (
    ("E", "fax"),
    ("F", "email mail"),
    ("D", "phone telephone mobile"),
    ("G", "ssn social national"),
    ("H", "medical mrn patient"),
    ("I", "beneficiary health insurance medicare"),
    ("J", "account card iban bank credit"),
    ("L", "vehicle vin plate"),
    ("K", "license licence certificate passport driver npi"),
    ("M", "device mac imei serial"),
    ("O", "ip ipv4 ipv6"),
    ("N", "url web website"),
    ("P", "biometric fingerprint"),
    ("Q", "photo image"),
    ("B", "address street city county zip postal postcode geo geocode latitude longitude place"),
    ("C", "date birth birthday birthdate dob age"),
    ("A", "name names surname person"),
)
"""Letters and words of kinds, in the order they are tried: a 'passport_name' would be K."""


def letter_of(kind: str) -> str:
    """The identifier that a kind of personal data is; R where it is none of the others.

    Example:
        >>> [letter_of(k) for k in ("email", "first_name", "birth_date", "us_ssn", "username")]
        ['F', 'A', 'C', 'G', 'R']
    """
    words = set(kind.lower().replace("-", "_").replace(" ", "_").split("_"))
    return next((letter for letter, known in _WORDS if words & set(known.split())), "R")
