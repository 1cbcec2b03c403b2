"""What a column holds, from its type, name, comment, CHECKs, labels, length and neighbours.

The rules are data, see `genesis_sql.providers.rules`; the type wins where it disagrees with the
name. Options that a meaning may carry, for its provider:

- ``values``: the labels that may stand there, a list or a mapping of label and weight;
- ``path``: of a status, which labels may follow each label in the life of a row;
- ``min``, ``max``: bounds of a number;
- ``currency``: of a money amount, as the comment names it.
"""

from __future__ import annotations

from functools import lru_cache

from genesis_sql.errors import OptionError, nearest
from genesis_sql.providers.ask import Meaning
from genesis_sql.providers.matching import TINY, candidates
from genesis_sql.providers.meaning_names import MEANINGS
from genesis_sql.providers.rules import TYPES, Rule
from genesis_sql.providers.statuses import is_state
from genesis_sql.providers.told import LABELLED, default_of, length_of, told_bounds, told_options
from genesis_sql.providers.words import singular
from genesis_sql.types import RawColumn, RawSchema, RawTable

GIVEN = {
    "cpt_code": "procedure_code", "icd_code": "icd10_code", "diagnosis_code": "icd10_code",
    "address": "street_address", "name": "full_name", "person_name": "full_name",
    "zip": "postal_code", "zip_code": "postal_code", "zipcode": "postal_code",
    "postcode": "postal_code", "phone_number": "phone", "telephone": "phone", "mobile": "phone",
    "email_address": "email", "mail": "email", "ssn": "national_id", "dob": "birth_date",
    "date_of_birth": "birth_date", "sex": "gender", "company_name": "company",
    "organization": "company", "website": "url", "currency": "currency_code",
    "credit_card": "card_number", "ip": "ip_address", "guid": "uuid", "password": "password_hash",
    "user_name": "username", "mrn": "medical_record_number", "bool": "flag", "boolean": "flag",
    "percent": "percentage", "money": "amount", "time": "time_of_day", "lat": "latitude",
    "lon": "longitude", "lng": "longitude", "drug": "medication", "timestamp": "event_time",
    "datetime": "event_time", "product": "product_name", "colour": "color", "job": "job_title",
    "province": "state", "street": "street_address", "currency_amount": "amount",
    "description": "paragraph", "enum": "category", "notes": "comment", "lat_long": "latitude",
    "vat_number": "tax_id", "swift": "bic", "hash": "token", "ean": "barcode",
}  # fmt: skip
"""Other words for a meaning that a caller may give."""

ONLY_TYPES = frozenset(
    "number integer int bigint float double decimal numeric text string varchar char str any "
    "foreign_key primary_key key".split()
)
"""Words that say no more than the type: the name goes on telling."""

_BY_TYPE = {
    "b": "flag", "d": "date", "s": "event_time", "h": "time_of_day", "u": "uuid", "j": "json",
}  # fmt: skip
_INTS = frozenset(
    "TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT UHUGEINT".split()
)


def meaning_of(column: RawColumn, table: RawTable, schema: RawSchema) -> Meaning:
    """What a column holds.

    Args:
        column: a key or a foreign key is not asked for.
        table: that has the column; its name, checks and other columns tell too.
        schema: that has the table.

    Returns:
        The meaning, with the labels and bounds that the schema tells, and the reason; its name
        is '' where only the type tells.

    Raises:
        OptionError: the caller gave a meaning that does not exist.

    Example:
        >>> people = RawTable("customers", "", (RawColumn("cust_fname", "VARCHAR"),))
        >>> meaning_of(people.columns[0], people, RawSchema((people,))).name
        'first_name'
    """
    kind = type_class(column.type)
    bounds = told_bounds(column, table, kind)
    name, reason = _given(column, table, schema, kind) or _found(column, table, schema, kind)
    name = _refined(name, column, kind)
    if kind == "t" and name in ("state", "category", "") and is_state(default_of(column)):
        name, reason = "status", "its default is the state of a new row"
    if kind == "t" and name == "state" and bounds.values:
        name = "status"
    if bounds.values and kind in "ti" and name not in LABELLED:
        label = "the comment or the schema lists its labels"
        name, reason = "category", f"{label}; the name alone says {name}" if name else label
    options = told_options(name, column, table, kind, bounds)
    return Meaning(name, options, f"{reason[:1].upper()}{reason[1:]}." if reason else "")


@lru_cache(maxsize=4096)
def type_class(text: str) -> str:
    """The class of a type, a letter as `rules` has it; '?' for nested and binary ones.

    Example:
        >>> [type_class(t) for t in ("VARCHAR(20)", "DECIMAL(10,2)", "DECIMAL(9,0)", "TINYINT")]
        ['t', 'n', 'i', 'i']
    """
    if text.endswith("]") or text.startswith(("STRUCT", "MAP", "UNION")):
        return "?"
    base, _, rest = text.upper().partition("(")
    if base in _INTS:
        return "i"
    if base in ("DECIMAL", "NUMERIC"):
        scale = rest.rstrip(") ").partition(",")[2].strip()
        return "i" if rest and scale in ("", "0") else "n"
    if base.startswith("TIMESTAMP") or base == "DATETIME":
        return "s"
    if base.startswith("TIME"):
        return "h"
    plain_types = {
        "VARCHAR": "t", "TEXT": "t", "CHAR": "t", "ENUM": "t", "STRING": "t", "BPCHAR": "t",
        "DOUBLE": "n", "FLOAT": "n", "REAL": "n", "BOOLEAN": "b", "DATE": "d", "UUID": "u",
        "JSON": "j", "INTERVAL": "v",
    }  # fmt: skip
    return plain_types.get(base, "?")


def _given(
    column: RawColumn, table: RawTable, schema: RawSchema, kind: str
) -> tuple[str, str] | None:
    """The meaning that the caller wrote, or None where that is only a type."""
    word = column.meaning.strip().lower().replace(" ", "_").replace("-", "_")
    if not word:
        return None
    name = GIVEN.get(word, word)
    if name in MEANINGS:
        by_name = _found(column, table, schema, kind)[0]
        # 'date' for a date of birth says less than the name does
        if word == "date" and by_name and "d" in TYPES.get(by_name, "t"):
            return by_name, "it is a date, and its name tells which"
        if word == "name":
            return by_name or "label", "its name and table tell what kind of name it is"
        return name, f"the schema gives the meaning '{column.meaning}'"
    if word in ONLY_TYPES:
        return None
    hint = nearest(word, (*MEANINGS, *GIVEN, *ONLY_TYPES))
    message = (
        f"column '{table.name}.{column.name}' is given the meaning '{column.meaning}', which does "
        f"not exist{hint}; leave it out to let the name and type tell"
    )
    raise OptionError(message)


def _found(column: RawColumn, table: RawTable, schema: RawSchema, kind: str) -> tuple[str, str]:
    """The meaning by the best rule, or by the type alone."""
    best: tuple[int, int, Rule, str] | None = None
    for points, rank, rule, shown in candidates(column, table, schema, kind):
        if best is None or (points, -rank) > (best[0], -best[1]):
            best = (points, rank, rule, shown)
    if best is not None and best[0] > 0:
        return best[2].meaning, best[3]
    name = _BY_TYPE.get(kind, "")
    if column.type in TINY:
        name = "flag"  # what MySQL has in the place of a BOOLEAN
    if kind == "i" and not name and _many(column.name.lower()):
        return "count", f"it is {column.type} and its name a plural"
    if kind == "t" and length_of(column) == 1:
        yes = any(
            rule.meaning == "flag" for _, _, rule, _ in candidates(column, table, schema, "b")
        )
        return ("flag", "one letter tells yes or no") if yes else ("", "")
    if kind == "t" and (column.name,) in table.unique_keys:
        return "identifier", "no two rows have the same"
    return name, f"its type is {column.type}" if name else ""


def _many(name: str) -> bool:
    """Whether a name ends on a plural: `adults`."""
    last = name.rsplit("_", 1)[-1]
    return len(last) > 3 and last.endswith("s") and singular(last) != last


def _refined(name: str, column: RawColumn, kind: str) -> str:
    """The nearest meaning that the type and the length leave."""
    if name == "date" and kind == "s":
        return "event_time"
    if name == "event_time" and kind == "d":
        return "date"
    if name in ("month", "year") and column.name.lower().endswith("s"):
        return "duration"  # warranty_months
    if name == "duration" and kind == "i" and column.name.lower().endswith("times"):
        return "count"
    if name in ("country", "state") and (length_of(column) or 99) <= 3:
        return f"{name}_code"
    return name
