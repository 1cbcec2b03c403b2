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
FREE_TEXT = frozenset({"free text", "free_text", "text", "note", "comment"})
"""Kinds that can hold any of the 18, and are listed on their own."""

_KINDS = {
    "A": "first name, last name, person name",
    "B": "postal address, postal code, location",
    "C": "date of birth",
    "D": "phone number",
    "F": "e-mail",
    "G": "US SSN, national id, UK national insurance number, Italian codice fiscale, Spanish DNI, "
    "French NIR, German tax id, Brazilian CPF, Dutch BSN",
    "H": "medical record number, UK NHS number",
    "J": "IBAN, card number, account number",
    "K": "provider id (NPI), passport number, driving licence",
    "L": "vehicle id, licence plate",
    "M": "device id, MAC address",
    "N": "web address",
    "O": "IP address",
    "R": "user name",
}
"""The kinds that `genesis_check` tells."""
_LETTERS = {kind.lower(): letter for letter, kinds in _KINDS.items() for kind in kinds.split(", ")}
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
"""Letters and words of other kinds, in the order they are tried: a passport's name would be K."""


def letter_of(kind: str) -> str:
    """The identifier that a kind of personal data is; R where it is none of the others.

    Example:
        >>> [letter_of(k) for k in ("e-mail", "Dutch BSN", "user name", "fax_number", "badge")]
        ['F', 'G', 'R', 'E', 'R']
    """
    told = kind.lower()
    if told in _LETTERS:
        return _LETTERS[told]
    words = set(told.replace("-", "_").replace(" ", "_").split("_"))
    return next((letter for letter, known in _WORDS if words & set(known.split())), "R")
