"""Strategies that draw schemas with keys of every kind, and rows for them.

`script` of an example is plain SQL: the whole reproduction of a failure but the fit.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

SIZES = (0, 1, 12, 35, 45)  # from 30 rows on, a parent may carry the size of its children
STYLES = ("integer", "text", "uuid", "pair")
KEY_TYPES = {"integer": "INTEGER", "text": "VARCHAR", "uuid": "UUID"}


@dataclass
class Foreign:
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    declared: bool = True
    strays: bool = False
    label: str = ""

    @property
    def text(self) -> str:
        key = f"({', '.join(self.columns)}) -> {self.parent}({', '.join(self.parent_columns)})"
        return f"{key} WHERE {self.label}" if self.label else key


@dataclass(repr=False)  # Hypothesis shows what it chooses from: without the rows
class Table:
    name: str
    types: dict[str, str] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def script(self) -> Iterator[str]:
        parts = [f"{c} {t}{' NOT NULL' * (c in self.required)}" for c, t in self.types.items()]
        parts += [f"PRIMARY KEY ({', '.join(self.primary)})"] if self.primary else []
        parts += [f"UNIQUE ({', '.join(u)})" for u in self.unique]
        parts += [f"CHECK ({c})" for c in self.checks]
        for key in self.foreign:
            if key.declared:
                above = f"{key.parent} ({', '.join(key.parent_columns)})"
                parts.append(f"FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {above}")
        yield f"CREATE TABLE {self.name} ({', '.join(parts)});"
        rows = [f"({', '.join(literal(row[c]) for c in self.types)})" for row in self.rows]
        own = any(key.parent == self.name for key in self.foreign)  # a parent goes in before
        for values in rows if own else filter(None, [", ".join(rows)]):
            yield f"INSERT INTO {self.name} VALUES {values};"


def literal(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float):
        return "NULL" if value is None else str(value)
    return f"'{value}'"


# what a column may hold


def payload(rng: random.Random, kind: str, at: int) -> Any:
    return {
        "category": lambda: rng.choice("abc"),
        "integer": lambda: rng.randint(0, 50),
        "double": lambda: round(rng.gauss(10, 3), 3),
        "decimal": lambda: rng.randint(0, 99_999) / 100,
        "date": lambda: date(2024, 1, 1) + timedelta(days=rng.randint(0, 700)),
        "timestamp": lambda: datetime(2024, 1, 1) + timedelta(minutes=rng.randint(0, 10**6)),
        "boolean": lambda: rng.random() < 0.3,
        "mail": lambda: f"{rng.choice(['ann', 'bob', 'cy'])}.{at}@example.org",
        "constant": lambda: 7,
    }[kind]()


TYPES = {
    "category": "VARCHAR",
    "integer": "INTEGER",
    "double": "DOUBLE",
    "decimal": "DECIMAL(8, 2)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "mail": "VARCHAR",
    "constant": "SMALLINT",
}
CHECKS = {
    "category": "{0} IN ('a', 'b', 'c')",
    "integer": "{0} BETWEEN 0 AND 50",
    "decimal": "{0} >= 0",
    "date": "{0} >= DATE '2024-01-01'",
}


def add_payload(draw: Callable[..., Any], rng: random.Random, table: Table) -> None:
    for at, kind in enumerate(draw(st.lists(st.sampled_from(list(TYPES)), max_size=3))):
        name = f"{kind}{at}"
        table.types[name] = TYPES[kind]
        share = draw(st.sampled_from((0.0, 0.0, 0.3)))
        if not share and draw(st.booleans()):
            table.required.add(name)
        if kind == "mail":
            table.unique.append((name,))
        elif kind in CHECKS and draw(st.booleans()):
            table.checks.append(CHECKS[kind].format(name))
        for number, row in enumerate(table.rows):
            row[name] = None if rng.random() < share else payload(rng, kind, number)
    if draw(st.booleans()):
        add_ordered(draw, rng, table)


def add_ordered(draw: Callable[..., Any], rng: random.Random, table: Table) -> None:
    """Two columns of a row that a CHECK compares."""
    table.types.update(low="INTEGER", high="INTEGER")
    table.checks.append(draw(st.sampled_from(("low <= high", "high >= low + 2"))))
    for row in table.rows:
        row["low"] = rng.choice((None, *range(9)))
        row["high"] = None if rng.random() < 0.1 else (row["low"] or 0) + rng.randint(2, 30)


# keys


def add_key(draw: Callable[..., Any], rng: random.Random, table: Table, rows: int) -> None:
    """A primary key of its own, or none."""
    style = draw(st.sampled_from((*STYLES, "none")))
    table.rows = [{} for _ in range(rows)]
    if style == "none":
        return
    table.primary = ("a", "b") if style == "pair" else ("id",)
    table.types.update(
        {"a": "VARCHAR", "b": "INTEGER"} if style == "pair" else {"id": KEY_TYPES[style]}
    )
    numbers = rng.sample(range(1, 4 * rows + 2), rows)
    for number, row in zip(numbers, table.rows, strict=True):
        if style == "pair":
            row.update(a="xyz"[number % 3], b=number // 3)
        else:
            row["id"] = {
                "integer": number,
                "text": f"K-{number:05d}",
                "uuid": uuid.UUID(int=rng.getrandbits(128), version=4),
            }[style]


def add_reference(
    draw: Callable[..., Any], rng: random.Random, table: Table, parent: Table, name: str
) -> None:
    """A foreign key to a table that has a primary key: nullable, not, or with orphans."""
    columns = tuple(f"{name}_{c}" for c in parent.primary)
    share = draw(st.sampled_from((0.0, 0.0, 0.3)))
    declared = draw(st.booleans())
    orphans = 0.0 if declared else draw(st.sampled_from((0.0, 0.2)))
    if not parent.rows and not share:
        table.rows = []
    table.types.update(zip(columns, (parent.types[c] for c in parent.primary), strict=True))
    required = not share and not orphans and draw(st.booleans())
    table.required.update(columns if required else ())
    strays = orphans > 0 and bool(table.rows)
    table.foreign.append(Foreign(columns, parent.name, parent.primary, declared, strays))
    for row in table.rows:
        values = [None] * len(columns)
        if rng.random() >= share and parent.rows:
            above = rng.choice(parent.rows)
            values = [above[c] for c in parent.primary]
            if rng.random() < orphans:
                values = [stray(v) for v in values]
        row.update(zip(columns, values, strict=True))


def stray(value: Any) -> Any:
    """A key that no parent has."""
    if isinstance(value, int):
        return value + 10_000
    return uuid.UUID(int=value.int ^ 1) if isinstance(value, uuid.UUID) else f"{value}?"


# kinds of tables; each adds to the list what it needs


def root(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    table = Table(f"root{len(made)}")
    add_key(draw, rng, table, draw(st.sampled_from(SIZES)))
    add_payload(draw, rng, table)
    if not table.types:
        table.types["n"] = "INTEGER"
        table.rows = [{"n": rng.randint(0, 9)} for _ in table.rows]
    made.append(table)


def keyed(made: Sequence[Table]) -> list[Table]:
    return [t for t in made if t.primary]


def child(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """One to three references, perhaps to the same parent."""
    table = Table(f"child{len(made)}")
    add_key(draw, rng, table, draw(st.sampled_from(SIZES)))
    for at, parent in enumerate(
        draw(st.lists(st.sampled_from(keyed(made)), min_size=1, max_size=3))
    ):
        add_reference(draw, rng, table, parent, f"p{at}")
    add_payload(draw, rng, table)
    made.append(table)


def lines(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """Numbered lines of a parent: its key and the number are the primary key."""
    parent = draw(st.sampled_from(keyed(made)))
    columns = tuple(f"of_{c}" for c in parent.primary)
    table = Table(
        f"lines{len(made)}",
        {
            **{c: parent.types[p] for c, p in zip(columns, parent.primary, strict=True)},
            "line": "INTEGER",
        },
    )
    for above in parent.rows:
        for line in range(rng.choice((0, 1, 1, 2, 4))):
            key = {c: above[p] for c, p in zip(columns, parent.primary, strict=True)}
            table.rows.append({**key, "line": 1 + line})
    table.primary = (*columns, "line")
    table.foreign.append(Foreign(columns, parent.name, parent.primary, draw(st.booleans())))
    add_payload(draw, rng, table)
    made.append(table)


def bridge(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """Unique pairs of two parents."""
    single = [t for t in keyed(made) if len(t.primary) == 1]
    if not single:
        return
    pair = [draw(st.sampled_from(single)) for _ in range(2)]
    table = Table(f"bridge{len(made)}")
    for name, parent in zip(("l", "r"), pair, strict=True):
        table.types[name] = parent.types[parent.primary[0]]
        table.foreign.append(Foreign((name,), parent.name, parent.primary, draw(st.booleans())))
    left, right = ([row[t.primary[0]] for row in t.rows] for t in pair)
    every = [(a, b) for a in left for b in right]
    chosen = rng.sample(every, min(len(every), draw(st.sampled_from(SIZES))))
    table.rows = [{"l": a, "r": b} for a, b in chosen]
    if draw(st.booleans()):
        table.primary = ("l", "r")
    else:
        table.unique.append(("l", "r"))
        table.required.update("lr")
    add_payload(draw, rng, table)
    made.append(table)


def one(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """At most one row per parent: the primary key is the foreign key."""
    parent = draw(st.sampled_from(keyed(made)))
    columns = tuple(f"of_{c}" for c in parent.primary)
    table = Table(
        f"one{len(made)}",
        dict(zip(columns, (parent.types[c] for c in parent.primary), strict=True)),
    )
    share = draw(st.sampled_from((0.4, 1.0)))
    some = [row for row in parent.rows if rng.random() < share]
    table.rows = [{c: row[p] for c, p in zip(columns, parent.primary, strict=True)} for row in some]
    table.primary = columns
    table.foreign.append(Foreign(columns, parent.name, parent.primary, draw(st.booleans())))
    add_payload(draw, rng, table)
    made.append(table)


def tree(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """Rows that refer to earlier rows of the same table."""
    table = Table(f"tree{len(made)}", {"id": "INTEGER", "above": "INTEGER"}, primary=("id",))
    for number in range(draw(st.sampled_from(SIZES))):
        above = rng.randint(1, number) if number and rng.random() < 0.8 else None
        table.rows.append({"id": number + 1, "above": above})
    table.foreign.append(Foreign(("above",), table.name, ("id",), draw(st.booleans())))
    add_payload(draw, rng, table)
    made.append(table)


def shared(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """Two composite keys that share a column."""
    first, second = Table(f"left{len(made)}"), Table(f"right{len(made)}")
    for table in (first, second):
        table.types, table.primary = {"a": "VARCHAR", "b": "INTEGER"}, ("a", "b")
        count = draw(st.sampled_from(SIZES))
        table.rows = [{"a": "xyz"[i % 3], "b": i // 3} for i in range(count)]
        add_payload(draw, rng, table)
    table = Table(
        f"both{len(made)}",
        {"id": "INTEGER", "a": "VARCHAR", "b": "INTEGER", "c": "INTEGER"},
        primary=("id",),
    )
    required = draw(st.booleans())
    if required:
        table.required = {"a", "b", "c"}
    for number in range(draw(st.sampled_from(SIZES))):
        a = rng.choice("xyz")
        fits = [[r["b"] for r in t.rows if r["a"] == a] for t in (first, second)]
        if required and not all(fits):
            continue
        b, c = (rng.choice(f) if f and (required or rng.random() < 0.8) else None for f in fits)
        table.rows.append({"id": number, "a": a, "b": b, "c": c})
    declared = draw(st.booleans())
    table.foreign = [
        Foreign(("a", "b"), first.name, ("a", "b"), declared),
        Foreign(("a", "c"), second.name, ("a", "b"), declared),
    ]
    add_payload(draw, rng, table)
    made += [first, second, table]


def circle(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """Teams have a head, who works in a team."""
    names = f"teams{len(made)}", f"staff{len(made)}"
    teams = Table(names[0], {"id": "INTEGER", "head": "INTEGER"}, primary=("id",))
    staff = Table(names[1], {"id": "INTEGER", "team": "INTEGER"}, primary=("id",))
    count, people = (draw(st.sampled_from(SIZES)) for _ in names)
    staff.rows = [{"id": i, "team": rng.randrange(count) if count else None} for i in range(people)]
    teams.rows = [
        {"id": i, "head": rng.randrange(people) if people and rng.random() < 0.8 else None}
        for i in range(count)
    ]
    teams.foreign.append(Foreign(("head",), staff.name, ("id",), declared=False))
    staff.foreign.append(Foreign(("team",), teams.name, ("id",), draw(st.booleans())))
    add_payload(draw, rng, teams)
    add_payload(draw, rng, staff)
    made += [teams, staff]


def labelled(draw: Callable[..., Any], rng: random.Random, made: list[Table]) -> None:
    """A label says which of two tables a number refers to."""
    able = [t for t in made if t.primary == ("id",) and t.types["id"] == "INTEGER" and t.rows]
    pair = draw(st.lists(st.sampled_from(able), min_size=1, max_size=2, unique_by=id))
    table = Table(f"label{len(made)}", {"kind": "VARCHAR", "ref": "INTEGER"})
    for _ in range(draw(st.sampled_from(SIZES))):
        above = rng.choice(pair)
        found = rng.choice(above.rows)["id"] if rng.random() < 0.8 else None
        table.rows.append({"kind": above.name, "ref": found})
    table.foreign = [
        Foreign(("ref",), t.name, ("id",), declared=False, label=f"kind = '{t.name}'") for t in pair
    ]
    add_payload(draw, rng, table)
    made.append(table)


KINDS = (root, child, child, lines, bridge, one, tree, shared, circle, labelled)


@dataclass(repr=False)
class Example:
    tables: list[Table]
    scale: float
    seed: int
    orphans: str = "null"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(f"an example of {', '.join(t.name for t in self.tables)}, see `script`")

    def script(self) -> str:
        return "\n".join(line for t in self.tables for line in t.script())

    def keeps(self, key: Foreign) -> bool:
        """Whether references of this key may lead nowhere."""
        return key.strays and self.orphans == "keep"

    def relationships(self) -> list[str]:
        return [f"{t.name}{k.text}" for t in self.tables for k in t.foreign if not k.declared]


@st.composite
def examples(draw: Callable[..., Any], most: int = 4) -> Example:
    rng = random.Random(draw(st.integers(0, 2**16)))
    first = Table("first", {"id": "INTEGER"}, primary=("id",))
    first.rows = [{"id": i} for i in range(35)]
    add_payload(draw, rng, first)
    made = [first]
    for _ in range(draw(st.integers(1, most))):
        draw(st.sampled_from(KINDS))(draw, rng, made)
    scale, seed = draw(st.sampled_from((0.5, 1.0, 1.7))), draw(st.integers(0, 99))
    return Example(made, scale, seed, draw(st.sampled_from(("null", "drop", "keep"))))
