"""References of a profile: which row of another table a row belongs to, and what it copies of it.

Columns of one link belong to one chosen row. Rows are chosen with equal weights, with lognormal
ones (`skew`), with none twice among siblings (`distinct`), or among the earlier rows of the same
table. A link that was cut out of a circle of tables is chosen when all tables are there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.draws import single
from genesis_sql.profiles.hidden import NUMBER, WHOLE
from genesis_sql.profiles.laws import Slots, slots
from genesis_sql.profiles.making import Making
from genesis_sql.profiles.ordering import link_name, may_be_null
from genesis_sql.program.domain import Categories, Domain, Grid
from genesis_sql.program.steps import (
    PARENT,
    Copy,
    Formula,
    Link,
    Number,
    Pick,
    PickDistinct,
    PickSelf,
)
from genesis_sql.sqlbuild import quoted

CHOSEN_KIND, CHOSEN_WEIGHT = "#kind all", "#count all"
"""Hidden columns of a table that others refer to: one group, equal weights."""
COUNTED = Grid("BIGINT", 1, 0)
ONE_LABEL = Slots(np.ones(1, np.int32), np.ones(1, np.int32), np.ones(1))
ONE = Slots(np.ones(1, np.int64), np.ones(1, np.int64), np.ones(1))
MEDIAN = 1_000_000
"""Of lognormal weights, which are whole numbers: one in a million is still told apart."""

Spec = Mapping[str, Any]
Keys = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class LinkLaw:
    """How a row of another table is chosen.

    Attributes:
        name: of the link; that of its column where there is only one.
        table: whose rows are chosen.
        pairs: own columns and those of the table that they name.
        shared: own columns that are made elsewhere, and those of the table that agree with them.
        null: share of rows that choose none.
        skew: standard deviation of the logarithm of the rows' weights, 0: all are alike.
        distinct: no two rows of one parent choose the same.
        optional: the columns may be NULL.
        own: the table itself, of which an earlier row is chosen.
        late: it was cut out of a circle of tables.
        order: the columns of the table that it names, as a key declares them.
        siblings: of the table itself, earlier rows of the same parent only.
        fan: of the table itself: row n chooses among the first n / fan rows, rounded up.
    """

    name: str
    table: str
    pairs: tuple[tuple[str, str], ...]
    shared: tuple[tuple[str, str], ...] = ()
    null: float = 0.0
    skew: float = 0.0
    distinct: bool = False
    optional: bool = False
    own: bool = False
    late: bool = False
    order: tuple[str, ...] = ()
    siblings: bool = False
    fan: int = 1

    @property
    def alias(self) -> str:
        """How programs call the chosen row."""
        return f"to:{self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The own columns."""
        return tuple(own for own, _ in self.pairs)

    @property
    def last(self) -> bool:
        """Whether its rows are chosen behind everything that is drawn."""
        return self.own or self.late

    @property
    def whole(self) -> tuple[tuple[str, str], ...]:
        """The foreign key: its columns, those that are shared among them."""
        return tuple(sorted(self.pairs + self.shared, key=lambda pair: self.order.index(pair[1])))

    @property
    def weight(self) -> str:
        """The hidden column with the weights of the table's rows."""
        return f"{CHOSEN_WEIGHT} {self.skew:g}" if self.skew else CHOSEN_WEIGHT


def keys_of(spec: Mapping[str, Any]) -> Keys:
    """What names a row of a table: its primary key, columns of type key, unique ones.

    Example:
        >>> keys_of({"columns": {"id": {"type": "key"}}, "unique": [["mail"], ["a", "b"]]})
        (('id',), ('mail',), ('a', 'b'))
    """
    own = [(name,) for name, held in spec["columns"].items() if held["type"] == "key"]
    more = [tuple(key) for key in spec.get("unique", ())]
    found = [tuple(spec.get("primary_key", ())), *own, *more]
    return tuple(dict.fromkeys(key for key in found if key))


def read_links(
    table: str, columns: Mapping[str, Spec], keys: Mapping[str, Keys], cut: set[str]
) -> dict[str, LinkLaw]:
    """The links of a table by name.

    Args:
        table: which.
        columns: its columns as the profile has them.
        keys: of each table; a reference names the first of one column where it says nothing.
        cut: links that are chosen last.

    Raises:
        ProfileError: columns of one link disagree, or ask for what does not go together.
    """
    found: dict[str, list[str]] = {}
    for column, held in columns.items():
        if held["type"] == "reference":
            found.setdefault(link_name(column, held), []).append(column)
    return {
        name: _read(table, name, {c: columns[c] for c in own}, keys, late=name in cut)
        for name, own in found.items()
    }


def _read(
    table: str,
    name: str,
    columns: Mapping[str, Spec],
    keys: Mapping[str, Keys],
    *,
    late: bool,
) -> LinkLaw:
    where = f"{table}.{next(iter(columns))}"
    above = str(_agreed(where, name, columns, "table", None))
    single = next((key[0] for key in keys[above] if len(key) == 1), None)
    pairs = []
    for column, held in columns.items():
        named = held.get("column", single)
        if named is None:
            message = (
                f"{table}.{column}: table '{above}' has no column of type 'key' to refer to; "
                'name one, as in "column": "code"'
            )
            raise ProfileError(message)
        pairs.append((column, str(named)))
    match = _agreed(where, name, columns, "match", {})
    shared = tuple((str(own), str(theirs)) for own, theirs in match.items())
    named_all = {theirs for _, theirs in (*pairs, *shared)}
    if len(named_all) < len(pairs) + len(shared):
        message = f"{where}: two columns of the link '{name}' name the same column of '{above}'"
        raise ProfileError(message)
    same = next((key for key in keys[above] if set(key) == named_all), ())
    law = LinkLaw(
        name,
        above,
        tuple(sorted(pairs, key=lambda pair: same.index(pair[1]) if same else 0)),
        shared,
        null=float(_agreed(where, name, columns, "null_share", 0.0)),
        skew=float(_agreed(where, name, columns, "skew", 0.0)),
        distinct=bool(_agreed(where, name, columns, "distinct", False)),
        optional=_optional(columns, own=above == table),
        own=above == table,
        late=late,
        order=same or tuple(theirs for _, theirs in (*pairs, *shared)),
        siblings=_agreed(where, name, columns, "among", "earlier") == "siblings",
        fan=int(_agreed(where, name, columns, "fan", 1)),
    )
    _check(where, law, columns)
    return law


def _optional(columns: Mapping[str, Spec], *, own: bool) -> bool:
    """Whether a row may be without one; the first row of a table has no earlier one to name."""
    if own:
        return all(held.get("nullable", True) for held in columns.values())
    return any(may_be_null(held) for held in columns.values())


def _agreed(where: str, link: str, columns: Mapping[str, Spec], key: str, default: Any) -> Any:
    """What the columns of a link say of it; those that say nothing agree."""
    given = {repr(held[key]): held[key] for held in columns.values() if key in held}
    if len(given) > 1:
        message = (
            f"{where}: the columns of the link '{link}' disagree on {key}: {' and '.join(given)}"
        )
        raise ProfileError(message)
    return next(iter(given.values()), default)


def _check(where: str, law: LinkLaw, columns: Mapping[str, Spec]) -> None:
    strict = [c for c, held in columns.items() if held.get("nullable") is False]
    if law.null and strict:
        message = (
            f"{where}: null_share is {law.null:g}, and '{strict[0]}' is not nullable; "
            "leave one of them out"
        )
        raise ProfileError(message)
    other = any(own != theirs for own, theirs in law.shared)
    if law.own and (law.skew or law.distinct or (law.shared and not law.siblings) or other):
        what = "skew" if law.skew else "distinct" if law.distinct else "match"
        message = f"{where} refers to its own table, where {what} is not possible; leave it out"
        raise ProfileError(message)
    if not law.own and (law.siblings or law.fan > 1):
        what = "fan" if law.fan > 1 else "among"
        message = f"{where} refers to another table, where {what} is not possible; leave it out"
        raise ProfileError(message)


# kinds


def kind_there(
    where: str,
    law: LinkLaw,
    column: str,
    columns: Mapping[str, Spec],
    kinds: Mapping[str, Domain],
) -> Domain | None:
    """How a column of the chosen row is held; None where SQL computes it.

    Args:
        where: the column that names it, for errors.
        law: the link.
        column: of its table.
        columns: of that table.
        kinds: how they are held, as far as that is known.

    Raises:
        ProfileError: it is not there, or made of the rows below it.
    """
    if column not in columns:
        message = f"{where} names '{law.table}.{column}', which is no column of it"
        raise ProfileError(message + nearest(column, columns))
    if columns[column]["type"] == "total":
        message = f"{where} names '{law.table}.{column}', a total of other rows; name its key"
        raise ProfileError(message)
    if column not in kinds and law.own and not law.optional:
        message = (
            f"{where} names '{law.table}.{column}', which is computed, so that the first row "
            "cannot name itself; let it be nullable"
        )
        raise ProfileError(message)
    return kinds.get(column)


# steps


def put_link(made: Making, law: LinkLaw, kinds: Mapping[str, Domain], *, placed: bool) -> None:
    """The steps of a link: the choice of a row, and the copies of what names it.

    Args:
        made: the program.
        law: the link.
        kinds: how the own columns are held.
        placed: the rows of siblings are told apart by their place (`PickDistinct`).
    """
    own, theirs = (tuple(pair[i] for pair in law.whole) for i in (0, 1))
    link = Link(law.alias, law.table, own, theirs)
    made.links.append(link)
    if placed:
        made.put(PickDistinct(link.row, law.alias))
    else:
        kind, name = Categories("VARCHAR", ("1",)), f"#kind:{law.name}"
        some = Slots(ONE_LABEL.low, ONE_LABEL.width, np.array([1.0 - law.null]), law.null)
        made.put(single(name, kind, some if law.null < 1.0 else _NEVER), kind)
        choice = Pick(link.row, law.alias, name, CHOSEN_KIND, law.weight, law.shared)
        made.put(_pick_self(made, law, link.row, name) if law.own else choice)
    for column, source in law.pairs:
        if column not in kinds:  # computed there, and so computed again
            continue
        itself = source if law.own and not law.optional else None
        made.put(Copy(column, f"{law.alias}.{source}", itself), kinds[column])


def _pick_self(made: Making, law: LinkLaw, row: str, present: str) -> PickSelf:
    """The choice of an earlier row: of all, of those of the same parent, of the first ones."""
    if not law.siblings and law.fan == 1:
        return PickSelf(row, law.alias, present)
    if NUMBER not in made.domains:
        made.put(Number(NUMBER), WHOLE)
    place = quoted(f"{PARENT}.#k") if law.siblings else quoted(NUMBER)
    many, first = f"#own:many:{law.name}", f"#own:first:{law.name}"
    made.put(Formula(many, f"({place} + {law.fan - 1}) // {law.fan}"), COUNTED)
    if not law.siblings:
        return PickSelf(row, law.alias, present, many)
    made.put(Formula(first, f"{quoted(NUMBER)} - {place}"), COUNTED)
    return PickSelf(row, law.alias, present, many, first)


_NEVER = Slots(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), 1.0)


def put_weights(made: Making, chosen: Iterable[LinkLaw]) -> None:
    """Hidden columns of a table whose rows others choose: their group and their weights."""
    laws = [law for law in chosen if not law.own]
    if not laws:
        return
    kind = Categories("VARCHAR", ("1",))
    made.put(single(CHOSEN_KIND, kind, ONE_LABEL), kind)
    made.put(single(CHOSEN_WEIGHT, COUNTED, ONE), COUNTED)
    for skew, name in sorted({(law.skew, law.weight) for law in laws if law.skew}):
        law = {"type": "lognormal", "mean": math.log(MEDIAN), "std_dev": skew, "min": 1}
        made.put(single(name, COUNTED, slots(name, law, COUNTED)), COUNTED)
