"""The rules for what a column holds: patterns over the words of its name, in `rules.csv`.

A pattern is read against the END of the name, for there the noun stands: `email` finds `cust_email`
and `primaryEmail`. ``=`` before it asks for the whole name, ``^`` for the beginning, ``+`` for a
word before it; ``;`` stands between patterns. An owner (see `OWNERS`) is what the name is of: the
words before it, else the table; 'category+product' is a category in a schema that has products.
Patterns are read as names are, see `genesis_sql.providers.words`: 'tel no' and 'telephone numbers'
are the same. The highest score wins (see `meanings`), among equals the first row.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

WHOLE, NUMBER, MOMENT = "i", "in", "dst"
"""Classes of types: t text, i whole, n decimal, b boolean, d date, s timestamp, h time of day,
u uuid, j JSON, v interval. A moment may be text: SQLite has no type for it."""


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes:
        meaning: what the column then holds; '' where only the type tells.
        patterns: over the words of the name.
        owner: a group of `OWNERS` that the column or table must belong to; '' for any.
        types: classes of types it holds for; '' those of `TYPES`.
        weight: added to the score; below 0 for words that tell little (`name`, `type`).
        beside: words, one of which another column of the table must have.
    """

    meaning: str
    patterns: tuple[str, ...]
    owner: str = ""
    beside: str = ""
    types: str = ""
    weight: int = 0


MONEY = frozenset("price cost amount total_amount balance salary discount tax".split())
"""Meanings that are amounts of money."""

OWNERS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "people": "person people customer client patient employee user member contact student "
        "teacher doctor physician nurse staff worker driver author actor artist passenger guest "
        "owner manager supervisor agent applicant candidate subscriber tenant resident sender "
        "recipient receiver buyer salesperson rep representative participant attendee player "
        "instructor professor faculty lecturer coach voter citizen spouse parent guardian child "
        "beneficiary holder cardholder borrower lender approver reviewer assignee reporter creator "
        "responsible prescriber practitioner director friend relative speaker judge "
        "kunde mitarbeiter benutzer ansprechpartner cliente empleado persona usuario paciente "
        "utilisateur employe contributor commenter commentator composer writer personnel signer "
        "payee payer volunteer donor trainer therapist consultant father mother "
        "husband wife son daughter kin crew pilot visitor lead prospect",
        "upload": "file attachment upload blob media",
        "athlete": "player athlete roster lineup",
        "identity": "account profile user member author person contact customer employee staff",
        "worker": "employee staff worker contact user agent personnel crew manager",
        "company": "company organization organisation vendor supplier shipper manufacturer "
        "employer carrier corporation firm business merchant partner bank insurer payer agency "
        "publisher sponsor lieferant firma empresa proveedor entreprise fournisseur shop store "
        "restaurant hotel hospital clinic pharmacy "
        "airline facility institution university school distributor "
        "retailer dealer contractor seller enterprise brokerage label studio laboratory",
        "product": "product item article goods merchandise part catalog catalogue artikel produkt "
        "producto produit sku variant material menuitem dish",
        "category": "category genre subcategory kategorie categoria",
        "taxonomy": "tag topic category group type role kind genre level status class",
        "brand": "brand make",
        "city": "city town municipality village stadt ciudad ville ort",
        "state": "state province region",
        "county": "county",
        "country": "country nation land pais pays",
        "currency": "currency money",
        "language": "language locale",
        "department": "department division",
        "industry": "industry sector",
        "team": "team squad club franchise",
        "file": "image photo picture avatar file attachment upload document asset blob export "
        "import media",
        "image": "image photo picture thumbnail avatar logo icon banner cover poster screenshot",
        "work": "film movie book album track song post article course video episode page show "
        "series play publication paper lesson blog question topic thread recipe playlist chapter "
        "event task issue ticket story poll survey quiz survey project milestone news job",
        "medication": "medication drug medicine prescription",
        "diagnosis": "diagnosis condition disease icd problem",
        "procedure": "procedure cpt",
        "specialty": "specialty speciality",
        "address": "address location venue site place warehouse office branch",
        "coupon": "coupon voucher promotion promo",
        "review": "review feedback rating testimonial survey",
        "feed": "comment note reply message",
    }.items()
}

TYPES: dict[str, str] = {
    "age": NUMBER,
    **dict.fromkeys(("year", "month"), "int"),
    **dict.fromkeys(("quantity", "score", "rating", "percentage"), NUMBER),
    **dict.fromkeys(("price", "cost", "amount", "total_amount", "balance", "salary"), NUMBER),
    **dict.fromkeys(("discount", "tax", "weight", "height", "width", "length"), NUMBER),
    **dict.fromkeys(("temperature",), NUMBER),
    **dict.fromkeys(("latitude", "longitude"), "nt"),
    "count": WHOLE,
    "duration": "invh",
    "position": WHOLE,
    "sequence_number": "it",
    "version": "itn",
    **dict.fromkeys(("created_at", "updated_at", "deleted_at", "event_time", "due_time"), MOMENT),
    **dict.fromkeys(("birth_date", "date"), MOMENT),
    **dict.fromkeys(("start_time", "end_time"), MOMENT + "h"),
    "time_of_day": "ht",
    "card_expiry": "td",
    "flag": "bit",
    **dict.fromkeys(("status", "category", "priority", "code"), "ti"),
    **dict.fromkeys(("phone", "national_id", "postal_code", "barcode", "card_number"), "ti"),
    **dict.fromkeys(("account_number", "routing_number", "cvv", "tax_id", "npi"), "ti"),
    **dict.fromkeys(("medical_record_number", "member_id", "isbn"), "ti"),
    "identifier": "tiu",
    "uuid": "ut",
    "token": "tu",
    "json": "jt",
}
"""Classes of types that a meaning fits; text where none is given."""


@cache
def rules() -> tuple[Rule, ...]:
    """The table of rules, in its order."""
    text = files("genesis_sql.providers").joinpath("rules.csv").read_text("utf-8")
    return tuple(
        Rule(
            row["meaning"],
            tuple(row["patterns"].split(";")),
            row["owner"],
            row["beside"],
            row["types"],
            int(row["weight"] or 0),
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def vocabulary() -> frozenset[str]:
    """The words of the table and of the owners, as written there; without very short ones."""
    written = {w for r in rules() for p in r.patterns for w in p.strip("=^+").split()}
    words = written.union(*OWNERS.values())
    return frozenset(w for w in words if len(w) > 2 and w.isalpha()) | _WRITTEN


_WRITTEN = frozenset("ship supply extended market login day".split())
"""Words inside others that no rule begins with."""
