"""Random schemas with keys of every kind and random rows: what is generated keeps all of them.

Every count is a query of this file, none is the package's own report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

import genesis_sql
from tests.schemas.conftest import Example, Foreign, Table, examples


@contextmanager
def generated(example: Example, how: dict[str, Any]) -> Iterator[tuple[Any, dict[str, int]]]:
    """A connection with the source, its model and two runs of the same call; rows as reported."""
    note(
        f"{example.script()}\nrelationships := {example.relationships()}, {example.scale=}, {example.seed=}, {example.orphans=}"
    )
    with genesis_sql.connect() as con:
        con.execute(f"BEGIN; {example.script()} COMMIT;")
        keys = example.relationships()
        genesis_sql.fit_database(con, "m", relationships=keys, orphans=example.orphans, **how)
        given = {"scale": example.scale, "seed": example.seed}
        told = genesis_sql.generate_database(con, "m", "synth", **given)
        genesis_sql.generate_database(con, "m", "again", **given)
        yield con, {r["table_name"]: r["rows"] for r in told}


def one_number(con: Any, query: str) -> int:
    return con.execute(query).fetchall()[0][0]


def broken(con: Any, example: Example, schema: str = "synth") -> list[str]:
    """Everything in a schema that breaks a constraint of its tables, counted."""
    found = []
    for table in example.tables:
        place = f"{schema}.{table.name}"
        queries = {
            **{
                f"{c} is NULL": f"SELECT count(*) FROM {place} WHERE {c} IS NULL"
                for c in {*table.required, *table.primary}
            },
            **{f"not {c}": f"SELECT count(*) FROM {place} WHERE NOT ({c})" for c in table.checks},
            **{f"{k} repeats": repeats(place, k) for k in (table.primary, *table.unique) if k},
            **{
                f"{k.text} is lost": orphans(schema, table.name, k)
                for k in table.foreign
                if not example.keeps(k)
            },
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
    filled = " AND ".join(
        [f"c.{c} IS NOT NULL" for c in key.columns] + [key.label] * bool(key.label)
    )
    same = " AND ".join(
        f"c.{c} = p.{p}" for c, p in zip(key.columns, key.parent_columns, strict=True)
    )
    return (
        f"SELECT count(*) FROM {schema}.{name} c WHERE {filled} "
        f"AND NOT EXISTS (FROM {schema}.{key.parent} p WHERE {same})"
    )


def sizes(con: Any, tables: Sequence[Table], schema: str = "synth") -> dict[str, int]:
    return {t.name: one_number(con, f"SELECT count(*) FROM {schema}.{t.name}") for t in tables}


def check_all(example: Example, **how: Any) -> None:
    with generated(example, how) as (con, reported):
        held = sizes(con, example.tables)
        assert sum(held.values()) > 0, "nothing was generated, so nothing was checked"
        assert broken(con, example) == []
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
    assert broken(con, example, "sized") == []
    assert sizes(con, example.tables, "sized")[table.name] == wanted


def check_append(con: Any, example: Example, before: dict[str, int]) -> None:
    """More rows behind those that are there: none changes, and all keys hold across both."""
    given = {"scale": example.scale, "seed": example.seed, "if_exists": "append"}
    told = genesis_sql.generate_database(con, "m", "again", **given)
    assert broken(con, example, "again") == []
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
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


@QUICK
@given(examples())
def test_all_keys_and_counts_are_exact(example):
    check_all(example)


@pytest.mark.slow
@settings(QUICK, max_examples=150, derandomize=True)
@given(examples(most=8))
def test_all_keys_and_counts_are_exact_in_many_schemas(example):
    check_all(example)


@pytest.mark.slow
@settings(QUICK, max_examples=25, derandomize=True)
@given(examples())
def test_networks_keep_them_too(example):
    check_all(example, method="argn", options={"epochs": 1})


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
        found = broken(con, Example([above, below], 1, 0))
    assert sorted(found) == [
        "below: ('id',) repeats: 1",
        "below: ('m',) repeats: 1",
        "below: (above_id) -> above(id) is lost: 1",
        "below: n is NULL: 1",
        "below: not n >= 0: 1",
    ]
