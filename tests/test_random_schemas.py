"""Random schemas with keys of every kind and random rows: what is generated keeps all of them.

Every count is a query of this file, none is the package's own report. `script` of a failing example
is plain SQL: the whole reproduction but the fit.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

import genesis_sql

SIZES = (0, 1, 12, 35, 45)  # from 30 rows on, a parent may carry the size of its children
STYLES = ("integer", "text", "uuid", "pair")
KEY_TYPES = {"integer": "INTEGER", "text": "VARCHAR", "uuid": "UUID"}


@dataclass
class Foreign:
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    declared: bool = True

    @property
    def text(self) -> str:
        return f"({', '.join(self.columns)}) -> {self.parent}({', '.join(self.parent_columns)})"


@dataclass
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
    table.foreign.append(Foreign(columns, parent.name, parent.primary, declared))
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
    for number in range(draw(st.sampled_from(SIZES))):
        a = rng.choice("xyz")
        fits = [[r["b"] for r in t.rows if r["a"] == a] for t in (first, second)]
        b, c = (rng.choice(f) if f and rng.random() < 0.8 else None for f in fits)
        table.rows.append({"id": number, "a": a, "b": b, "c": c})
    declared = draw(st.booleans())
    table.foreign = [
        Foreign(("a", "b"), first.name, ("a", "b"), declared),
        Foreign(("a", "c"), second.name, ("a", "b"), declared),
    ]
    add_payload(draw, rng, table)
    made += [first, second, table]


KINDS = (root, child, child, lines, bridge, one, tree, shared)


@dataclass(repr=False)
class Example:
    tables: list[Table]
    scale: float
    seed: int

    def script(self) -> str:
        return "\n".join(line for t in self.tables for line in t.script())

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
    return Example(made, draw(st.sampled_from((0.5, 1.0, 1.7))), draw(st.integers(0, 99)))


# what must hold, by queries


@contextmanager
def generated(example: Example) -> Iterator[tuple[Any, dict[str, int]]]:
    """A connection with the source, its model and two runs of the same call; rows as reported."""
    note(
        f"{example.script()}\nrelationships := {example.relationships()}, {example.scale=}, {example.seed=}"
    )
    with genesis_sql.connect() as con:
        con.execute(f"BEGIN; {example.script()} COMMIT;")
        genesis_sql.fit_database(con, "m", relationships=example.relationships())
        given = {"scale": example.scale, "seed": example.seed}
        told = genesis_sql.generate_database(con, "m", "synth", **given)
        genesis_sql.generate_database(con, "m", "again", **given)
        yield con, {r["table_name"]: r["rows"] for r in told}


def one_number(con: Any, query: str) -> int:
    return con.execute(query).fetchall()[0][0]


def broken(con: Any, tables: Sequence[Table], schema: str = "synth") -> list[str]:
    """Everything in a schema that breaks a constraint of its tables, counted."""
    found = []
    for table in tables:
        place = f"{schema}.{table.name}"
        queries = {
            **{
                f"{c} is NULL": f"SELECT count(*) FROM {place} WHERE {c} IS NULL"
                for c in {*table.required, *table.primary}
            },
            **{f"not {c}": f"SELECT count(*) FROM {place} WHERE NOT ({c})" for c in table.checks},
            **{f"{k} repeats": repeats(place, k) for k in (table.primary, *table.unique) if k},
            **{f"{k.text} is lost": orphans(schema, table.name, k) for k in table.foreign},
        }
        found += [
            f"{table.name}: {what}: {n}" for what, q in queries.items() if (n := one_number(con, q))
        ]
    return found


def repeats(place: str, key: Sequence[str]) -> str:
    listed, filled = ", ".join(key), " AND ".join(f"{c} IS NOT NULL" for c in key)
    groups = f"SELECT count(*) AS n FROM {place} WHERE {filled} GROUP BY {listed}"
    return f"SELECT coalesce(sum(n - 1), 0) FROM ({groups})"


def orphans(schema: str, name: str, key: Foreign) -> str:
    filled = " AND ".join(f"c.{c} IS NOT NULL" for c in key.columns)
    same = " AND ".join(
        f"c.{c} = p.{p}" for c, p in zip(key.columns, key.parent_columns, strict=True)
    )
    return (
        f"SELECT count(*) FROM {schema}.{name} c WHERE {filled} "
        f"AND NOT EXISTS (FROM {schema}.{key.parent} p WHERE {same})"
    )


def sizes(con: Any, tables: Sequence[Table], schema: str = "synth") -> dict[str, int]:
    return {t.name: one_number(con, f"SELECT count(*) FROM {schema}.{t.name}") for t in tables}


def check_all(example: Example) -> None:
    with generated(example) as (con, reported):
        held = sizes(con, example.tables)
        assert sum(held.values()) > 0, "nothing was generated, so nothing was checked"
        assert broken(con, example.tables) == []
        assert reported == held
        roots = {t.name: len(t.rows) for t in example.tables if not t.foreign}
        assert {n: held[n] for n in roots} == {
            n: round(example.scale * rows) for n, rows in roots.items()
        }
        for table in example.tables:
            assert differing(con, f"synth.{table.name}", f"again.{table.name}") == 0
            check_ranges(con, example, table.name, held[table.name])
        check_sizes(con, example)
        check_append(con, example, held)


def check_sizes(con: Any, example: Example) -> None:
    """A named table has exactly as many rows as were asked for, where its keys leave room."""
    free = [t for t in example.tables if t.rows and t.name[:3] not in ("one", "bri")]
    table = free[example.seed % len(free)]
    wanted = len(table.rows) + example.seed % 7
    rows = {table.name: wanted}
    genesis_sql.generate_database(con, "m", "sized", rows=rows, seed=example.seed)
    assert broken(con, example.tables, "sized") == []
    assert sizes(con, example.tables, "sized")[table.name] == wanted


def check_append(con: Any, example: Example, before: dict[str, int]) -> None:
    """More rows behind those that are there: none changes, and all keys hold across both."""
    given = {"scale": example.scale, "seed": example.seed, "if_exists": "append"}
    told = genesis_sql.generate_database(con, "m", "again", **given)
    assert broken(con, example.tables, "again") == []
    after = sizes(con, example.tables, "again")
    assert {r["table_name"]: r["rows"] for r in told} == {n: after[n] - before[n] for n in after}
    for table in example.tables:
        lost = f"SELECT count(*) FROM (FROM synth.{table.name} EXCEPT ALL FROM again.{table.name})"
        assert one_number(con, lost) == 0
        if not table.foreign:
            assert after[table.name] >= before[table.name] + (len(table.rows) > 1)


def differing(con: Any, left: str, right: str) -> int:
    """Rows that only one of two tables has."""
    return one_number(
        con,
        f"SELECT (SELECT count(*) FROM (FROM {left} EXCEPT ALL FROM {right})) "
        f"+ (SELECT count(*) FROM (FROM {right} EXCEPT ALL FROM {left}))",
    )


def check_ranges(con: Any, example: Example, table: str, rows: int) -> None:
    """Pieces drawn alone are the whole, row by row; the whole is what was kept."""
    call = f"FROM genesis_generate('m', '{table}', scale := {example.scale}, seed := {example.seed}"
    whole = con.execute(f"{call})").fetchall()
    con.execute(f"CREATE OR REPLACE TEMP TABLE whole AS {call})")
    assert len(whole) == rows
    assert differing(con, "whole", f"synth.{table}") == 0
    cut = sorted({0, rows // 3, rows // 3 + 1, rows} & set(range(rows + 1)))
    pieces = []
    for first, stop in pairwise(cut):
        pieces += con.execute(f"{call}, first_row := {first}, rows := {stop - first})").fetchall()
    assert pieces == whole[: len(pieces)]
    assert len(pieces) == rows


QUICK = settings(
    max_examples=6,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@QUICK
@given(examples())
def test_all_keys_and_counts_are_exact(example):
    check_all(example)


@pytest.mark.slow
@settings(QUICK, max_examples=150, derandomize=False)
@given(examples(most=8))
def test_all_keys_and_counts_are_exact_in_many_schemas(example):
    check_all(example)


def test_the_checks_see_what_is_broken():
    """The queries above find one broken constraint of each kind; nothing generated is no success."""
    above = Table("above", {"id": "INTEGER"}, primary=("id",))
    below = Table(
        "below",
        {"id": "INTEGER", "above_id": "INTEGER", "n": "INTEGER", "m": "VARCHAR"},
        {"n"},
        ("id",),
        [("m",)],
        ["n >= 0"],
        [Foreign(("above_id",), "above", ("id",))],
    )
    with genesis_sql.connect() as con:
        con.execute("CREATE SCHEMA synth; CREATE TABLE synth.above AS SELECT 1 AS id")
        con.execute(
            "CREATE TABLE synth.below AS FROM (VALUES (1, 1, 1, 'a'), (1, 1, 2, 'b'), (2, 9, 3, 'c'), "
            "(3, 1, NULL, 'd'), (4, 1, -1, 'e'), (5, NULL, 4, 'e')) t(id, above_id, n, m)"
        )
        found = broken(con, [above, below])
    assert sorted(found) == [
        "below: ('id',) repeats: 1",
        "below: ('m',) repeats: 1",
        "below: (above_id) -> above(id) is lost: 1",
        "below: n is NULL: 1",
        "below: not n >= 0: 1",
    ]
