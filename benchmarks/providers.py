"""Providers: names, e-mail addresses and postal addresses per second, beside Faker and random()."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from time import process_time
from typing import Any

from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report, Value
from genesis_sql.providers.ask import Ask, Columns
from genesis_sql.providers.catalog import fill

RANDOM, FAKER = "DuckDB random()", "faker"
FAKER_ROWS = 3_000
LEAST = 500_000
KINDS: dict[str, dict[str, str]] = {
    "names": {"first_name": "first_name", "last_name": "last_name", "full_name": "full_name"},
    "e-mails": {"first_name": "first_name", "last_name": "last_name", "email": "email"},
    "addresses": {
        "street_address": "street",
        "city": "city",
        "state_code": "state",
        "postal_code": "zip",
    },
}
"""What is made: columns by their meaning."""
UNIQUE = ("email",)


def columns(meanings: Mapping[str, str], rows: int) -> Columns:
    """The plain columns of a table."""
    out: Columns = {}
    for word, column in meanings.items():
        beside = {w: c for w, c in meanings.items() if w != word}
        ask = Ask("t", column, unique=word in UNIQUE, rows=rows, siblings=beside)
        out |= fill(word, ask)
    return out


def random_sql(kind: str, rows: int) -> str:
    """Columns of the same form out of random(): what DuckDB can do at most.

    Lists of 800 made-up words stand for the vocabularies; nothing agrees with anything.
    """
    word = "list_extract(words, 1 + CAST(floor(random() * 800) AS INTEGER))"
    made = {
        "names": f"{word} AS first_name, {word} AS last_name, {word} || ' ' || {word} AS full_name",
        "e-mails": f"{word} AS first_name, {word} AS last_name, lower({word}) || '.' || "
        f"lower({word}) || i || '@example.com' AS email",
        "addresses": f"CAST(1 + random() * 9000 AS INTEGER) || ' ' || {word} AS street, "
        f"{word} AS city, left({word}, 2) AS state, "
        "lpad(CAST(CAST(random() * 99999 AS INTEGER) AS VARCHAR), 5, '0') AS zip",
    }[kind]
    return (
        f"CREATE OR REPLACE TABLE made AS SELECT {made} FROM range({rows}) r(i), "  # noqa: S608 - a number
        "(SELECT list('Word' || k) AS words FROM range(800) w(k))"
    )


def faker_rate(kind: str, rows: int) -> float:
    """Rows per second of Faker, a value of each column."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(1)
    makers: dict[str, tuple[Callable[[], str], ...]] = {
        "names": (fake.first_name, fake.last_name, fake.name),
        "e-mails": (fake.first_name, fake.last_name, fake.email),
        "addresses": (fake.street_address, fake.city, fake.state_abbr, fake.postcode),
    }
    kept = makers[kind]
    return rows / seconds(lambda: [tuple(make() for make in kept) for _ in range(rows)])


def generate(con: Any, name: str, rows: int, seed: int = 0) -> None:
    """Rows of a saved profile as the table 'made'."""
    con.execute(
        "CREATE OR REPLACE TABLE made AS FROM genesis_generate($m, 't', rows := $n, seed := $s)",
        {"m": name, "n": rows, "s": seed},
    )


def speed(con: Any, kind: str, options: Options) -> dict[str, Any]:
    """Rows per second of the three in alternating rounds, and what is twice or does not agree."""
    rows = min(options.rows, 20_000) if options.quick else options.rows
    name = kind.replace("-", "")
    spec = {"tables": {"t": {"rows": rows, "columns": columns(KINDS[kind], rows)}}}
    con.execute("CALL genesis_save_profile(?, ?)", [name, json.dumps(spec)])
    generate(con, name, rows)
    ours, random, theirs, spent = [], [], [], []
    for _ in range(options.rounds):
        before = process_time()
        ours.append(rows / seconds(lambda: generate(con, name, rows)))
        spent.append(2 * rows / (process_time() - before))
        random.append(rows / seconds(lambda: con.execute(random_sql(kind, rows))))
        theirs.append(faker_rate(kind, 100 if options.quick else FAKER_ROWS))
    generate(con, name, rows)
    return {
        "rows": rows, "ours": median(ours), "random": median(random), "faker": median(theirs),
        "cores": median(spent), "wrong": wrong(con, kind),
        "rounds": {"ours": ours, "random": random, "faker": theirs},
    }  # fmt: skip


def wrong(con: Any, kind: str) -> int:
    """Rows that do not hold what they should: names in full, mail once each, ZIPs of their city."""
    query = {
        "names": "SELECT count(*) FROM made WHERE full_name <> first_name || ' ' || last_name",
        "e-mails": "SELECT count(*) - count(DISTINCT email) FROM made",
        "addresses": "SELECT count(*) FROM made WHERE (zip, lower(city), state) NOT IN "
        "(SELECT (zip, lower(city), state) FROM known)",
    }[kind]
    if kind == "addresses":
        from genesis_sql import refdata

        known = refdata.read("zip_county").select(["zip", "city", "state"])
        con.register("known", known)
    return int(con.execute(query).fetchall()[0][0])


def run(options: Options) -> Report:
    """All of it."""
    import genesis_sql

    place = machine()
    con = genesis_sql.connect()
    con.execute("SET threads = 2")
    found = {kind: speed(con, kind, options) for kind in KINDS}
    lines: list[Line] = []
    for kind, held in found.items():
        peers: dict[str, Value] = {RANDOM: held["random"], FAKER: held["faker"]}
        lines.append(Line(f"{kind}, rows/s into a table", held["ours"], Must(least=LEAST), peers))
        lines.append(Line("… per second of two cores' own time", held["cores"]))
        lines.append(Line("… times faker", held["ours"] / held["faker"]))
        lines.append(Line("… rows that do not agree or come twice", held["wrong"], Must(most=0)))
    notes = (
        f"Medians of alternating rounds of {options.rows:,} rows on 2 threads, three columns "
        f"(addresses four); faker {FAKER_ROWS:,} rows, one value of each column; random() draws "
        "from lists of 800 words, and nothing agrees with anything.",
        "Two cores' own time counts processor time only: the bound of an idle machine, not a "
        "measurement of one.",
    )
    return Report("providers", lines, place, notes, dict(found))
