"""What a column is about, by its name and role: a hint for a reader, nothing that decides."""

from __future__ import annotations

import re

from genesis_sql.types import Role

_NUMBERS = frozenset({Role.INTEGER, Role.DECIMAL})
_MOMENTS = frozenset({Role.DATE, Role.TIMESTAMP})
_TEXTS = frozenset({Role.CATEGORY, Role.IDENTIFIER, Role.TEXT, Role.KEY})
_ANY = _NUMBERS | _MOMENTS | _TEXTS | {Role.BOOLEAN}

_BY_NAME: tuple[tuple[str, str, frozenset[Role]], ...] = (
    ("email", r"e[ _-]?mail", _TEXTS),
    ("phone", r"(tele)?phone|mobile|cell|fax|tel", _TEXTS | _NUMBERS),
    ("date of birth", r"dob|birth ?(date|day|dt)?|date of birth|born", _MOMENTS | _TEXTS),
    ("postcode", r"zip ?(code)?|post(al)? ?code|plz", _TEXTS | _NUMBERS),
    ("latitude", r"lat(itude)?", _NUMBERS),
    ("longitude", r"lng|lon(g|gitude)?", _NUMBERS),
    ("country", r"country( ?code)?|nation(ality)?", _TEXTS),
    ("city", r"city|town", _TEXTS),
    ("address", r"address|street", _TEXTS),
    ("url", r"url|website|link|uri", _TEXTS),
    ("ip address", r"ip( ?(address|addr|v4|v6))?", _TEXTS),
    ("currency", r"currency( ?code)?", _TEXTS),
    ("gender", r"gender|sex", _TEXTS | {Role.BOOLEAN, Role.INTEGER}),
    ("age", r"age( ?years?)?", _NUMBERS),
    (
        "amount",
        r"amount|price|cost|total|sum|balance|salary|income|revenue|fee|pay(ment)?|wage",
        _NUMBERS,
    ),
    ("quantity", r"qty|quantity|count|units|number of .*|n ?units", _NUMBERS),
    ("share", r"percent(age)?|pct|rate|ratio|share|discount", _NUMBERS),
    ("year", r"year", _NUMBERS),
    ("name", r"(first|last|full|middle|sur|given|family|user)? ?name", _TEXTS),
    ("description", r"description|comment|note|remarks?|review|text|message|body", _TEXTS),
    ("status", r"status|state|type|kind|category|class|level|grade", _TEXTS),
    ("flag", r"(is|has|was|can) .*|flag|active|enabled|deleted", frozenset({Role.BOOLEAN})),
    ("identifier", r"(.* )?(id|uuid|guid|key|code|nr|no|number)", _ANY),
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[\W_]+")


def meaning_of(name: str, role: Role) -> str:
    """What a name says the column is about; '' where it says nothing, or its role denies it.

    Example:
        >>> meaning_of("Email_Address", Role.IDENTIFIER), meaning_of("unitPrice", Role.DECIMAL)
        ('email', 'amount')
        >>> meaning_of("birthday", Role.DATE), meaning_of("x17", Role.INTEGER)
        ('date of birth', '')
    """
    if role is Role.FOREIGN_KEY:
        return "reference"
    words = " ".join(w for w in _WORDS.split(name) if w).lower()
    for meaning, pattern, roles in _BY_NAME:
        if role in roles and re.search(rf"(^| )({pattern})( |$)", words):
            return meaning
    return {Role.KEY: "identifier", Role.DATE: "date", Role.TIMESTAMP: "moment"}.get(role, "")
