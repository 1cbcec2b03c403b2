"""How each column is made, by the catalog and the caller alone: the data are not asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from genesis_sql.errors import OptionError
from genesis_sql.graph.roles import role_of_type
from genesis_sql.models.dp.learn import Asked
from genesis_sql.program.column_types import is_plain
from genesis_sql.program.domain import Categories, Domain, Grid, Key, Reals, Words
from genesis_sql.program.pattern import HEX, UUID, Pattern, Run, Shape
from genesis_sql.program.scatter import IntegerKey
from genesis_sql.types import Column, RawColumn, RawTable, Role

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DAY = 86_400_000_000
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31
_WIDE = 2**62
_ENUM = re.compile(r"'((?:[^']|'')*)'")
_LIMITS = {
    "TINYINT": (-(2**7), 2**7 - 1), "UTINYINT": (0, 2**8 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1), "USMALLINT": (0, 2**16 - 1),
    "INTEGER": (-(2**31), 2**31 - 1), "UINTEGER": (0, 2**32 - 1), "BIGINT": (-_WIDE, _WIDE),
    "DATE": (FIRST_DAY, LAST_DAY), "TIME": (0, DAY - 1), "TIME_NS": (0, DAY - 1),
    "TIMESTAMP_NS": (-_WIDE, _WIDE),
}  # fmt: skip
"""Least and greatest raw number of each type; what lies beyond counts as the last one."""

_REAL = ("FLOAT", "DOUBLE", "HUGEINT", "UHUGEINT", "UBIGINT")
ROLES = ("category", "identifier", "text", "unsupported")


@dataclass(frozen=True)
class Plan:
    """How one column is made.

    Attributes:
        column: of the graph, without a count.
        domain: of a key, or of text that is made anew; None where the column is learnt.
        asked: what is learnt; None where it is not.
        told: why.
        source: the parent's column that it copies.
        sibling: whether it numbers the rows of a parent.
    """

    column: Column
    domain: Domain | None = None
    asked: Asked | None = None
    told: str = ""
    source: str = ""
    sibling: bool = False


def plans(raw: RawTable, roles: Mapping[str, str], keys: Sequence[str]) -> list[Plan]:
    """How the columns of a table are made.

    Args:
        raw: the table as the catalog has it.
        roles: by column, from the caller.
        keys: columns that name a row.

    Raises:
        OptionError: a role that a private fit does not know, or that the type cannot have.
    """
    return [_plan(raw.name, c, roles.get(c.name), key=c.name in keys) for c in raw.columns]


def _plan(table: str, raw: RawColumn, wanted: str | None, *, key: bool) -> Plan:
    by_type = role_of_type(raw.type)
    if wanted is not None and wanted not in (*ROLES, by_type.value):
        message = (
            f"column '{raw.name}' has role '{wanted}'; a private fit takes "
            f"{', '.join(sorted({*ROLES, by_type.value}))}"
        )
        raise OptionError(message)
    salt = crc32(f"{table}.{raw.name}".encode())
    if wanted == "unsupported":
        return Plan(_column(raw, Role.UNSUPPORTED), told="left out by the caller")
    if by_type is Role.UNSUPPORTED or not is_plain(raw.type):
        told = f"type {raw.type} cannot be learnt privately; the column is left out"
        return Plan(_column(raw, Role.UNSUPPORTED, told), told=told)
    if key:
        return Plan(_column(raw, Role.KEY), _key(raw.type, salt), told="made anew from row numbers")
    if wanted in ("identifier", "text") or raw.type == "UUID":
        told = "made anew from random letters; the data are not looked at"
        return Plan(_column(raw, Role.IDENTIFIER), words(raw.type, salt), told=told)
    role = Role.CATEGORY if wanted == "category" else by_type
    return Plan(_column(raw, role), asked=_asked(raw, role))


def _column(raw: RawColumn, role: Role, reason: str = "") -> Column:
    return Column(raw.name, raw.type, role, raw.nullable, comment=raw.comment, reason=reason)


def _key(type_: str, salt: int) -> Key:
    if type_ == "UUID":
        return Key(type_, Pattern("uuid", (UUID,), (1,), salt=salt))
    if type_ == "VARCHAR":
        return Key(type_, Pattern("identifier", (Shape((Run(HEX, 16),)),), (1,), salt=salt))
    return Key(type_, IntegerKey(1, salt=salt))


def words(type_: str, salt: int) -> Words:
    """Text that tells nothing: twelve letters, or a UUID."""
    if type_ == "UUID":
        return Words(type_, Pattern("uuid", (UUID,), (1,), salt=salt))
    return Words(type_, Pattern("text", (Shape((Run(LETTERS, 12),)),), (1,), salt=salt))


def _asked(raw: RawColumn, role: Role) -> Asked:
    if role is Role.BOOLEAN:
        domain = Categories(raw.type, ("false", "true"))
        return Asked(raw.name, raw.type, domain, raw.nullable, open=False)
    if raw.type.startswith("ENUM("):
        labels = tuple(x.replace("''", "'") for x in _ENUM.findall(raw.type))
        return Asked(raw.name, raw.type, Categories(raw.type, labels), raw.nullable, open=False)
    if role is Role.CATEGORY:
        return Asked(raw.name, raw.type, Categories(raw.type, ()), raw.nullable)
    domain_, limits = number_domain(raw.type)
    return Asked(raw.name, raw.type, domain_, raw.nullable, limits)


def number_domain(type_: str) -> tuple[Grid | Reals, tuple[float, float]]:
    """How numbers of a type are read, and the range they can have."""
    if type_ in _REAL:
        return Reals(type_), (0.0 if type_.startswith("U") else -(2.0**63), 2.0**63)
    if type_.startswith("DECIMAL"):
        digits, scale = (int(x) for x in re.findall(r"\d+", type_))
        if digits > 18:
            return Reals(type_), (-(2.0**63), 2.0**63)
        return Grid(type_, 1, scale), (1 - 10**digits, 10**digits - 1)
    if type_ in _LIMITS:
        return Grid(type_), _LIMITS[type_]
    return Grid(type_), (FIRST_DAY * DAY, LAST_DAY * DAY)
