"""Columns of public schemas whose meaning is found: labelled by hand before the rules were run.

The columns and their labels stand in ``tests/providers``; the rules were made without those of
``held_out_columns.csv``. A column counts as right where the meaning found is one of those labelled.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report
from genesis_sql.providers.ask import Meaning
from genesis_sql.providers.meanings import meaning_of
from genesis_sql.types import RawColumn, RawSchema, RawTable

FOLDER = Path(__file__).parents[1] / "tests" / "providers"
HELD_OUT, SEEN = FOLDER / "held_out_columns.csv", FOLDER / "seen_columns.csv"
LEAST = 0.9
TABLES, COLUMNS = 30, 300
"""Size of the schema that the speed is measured on."""

Judge = Callable[[RawColumn, RawTable, RawSchema], Meaning]


@dataclass(frozen=True)
class Asked:
    """A column and what it holds: one of `meanings`, where '' says that only the type tells."""

    column: RawColumn
    table: RawTable
    schema: RawSchema
    meanings: frozenset[str]


@dataclass(frozen=True)
class Judged:
    """How many columns were found right, and 'schema.table.column: found' of the others."""

    asked: int
    right: int
    wrong: tuple[str, ...]

    @property
    def share(self) -> float:
        """Of the columns asked for, 0 to 1."""
        return self.right / self.asked


def read(path: Path) -> list[Asked]:
    """The columns of a file, with the tables and schemas they stand in."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    schemas: dict[str, dict[str, list[dict[str, str]]]] = {}
    for row in rows:
        schemas.setdefault(row["schema"], {}).setdefault(row["table"], []).append(row)
    asked = []
    for tables in schemas.values():
        schema = RawSchema(tuple(_table(name, told) for name, told in tables.items()))
        for table in schema.tables:
            for column, row in zip(table.columns, tables[table.name], strict=True):
                asked.append(Asked(column, table, schema, frozenset(row["meanings"].split("|"))))
    return asked


def _table(name: str, rows: Sequence[dict[str, str]]) -> RawTable:
    checks = tuple(row["check"] for row in rows if row["check"])
    return RawTable(name, "", tuple(_column(row) for row in rows), checks=checks)


def _column(row: dict[str, str]) -> RawColumn:
    length = re.fullmatch(r"VARCHAR\((\d+)\)", row["type"])
    type_ = "VARCHAR" if length else row["type"]
    most = int(length[1]) if length else None
    return RawColumn(row["column"], type_, comment=row["comment"] or None, length=most)


def judged(asked: Sequence[Asked], judge: Judge = meaning_of) -> Judged:
    """Ask for each column."""
    wrong = []
    for one in asked:
        found = judge(one.column, one.table, one.schema).name
        if found not in one.meanings:
            wrong.append(f"{one.table.name}.{one.column.name}: '{found}'")
    return Judged(len(asked), len(asked) - len(wrong), tuple(wrong))


def seconds() -> float:
    """CPU seconds for a schema of `TABLES` tables with `COLUMNS` columns, all names different."""
    words = [a.column.name for a in read(SEEN)][:COLUMNS]
    schema = RawSchema(
        tuple(
            RawTable(f"t{at}", "", tuple(RawColumn(f"x{at}_{w}", "VARCHAR") for w in words))
            for at in range(TABLES)
        )
    )
    meaning_of(schema.tables[0].columns[0], schema.tables[0], schema)  # the rules are read once
    start = time.process_time()
    for table in schema.tables:
        for column in table.columns:
            meaning_of(column, table, schema)
    return time.process_time() - start


def shares() -> list[Line]:
    """The shares found right."""
    held_out, seen = judged(read(HELD_OUT)), judged(read(SEEN))
    return [
        Line(f"meanings: {held_out.asked} held-out columns, right", held_out.share, Must(LEAST)),
        Line(f"… {seen.asked} columns the rules were made with, right", seen.share),
    ]


def lines() -> list[Line]:
    """What `benchmarks schema` says of meanings."""
    speed = f"… {TABLES} tables of {COLUMNS} columns, CPU seconds"
    return [*shares(), Line(speed, seconds(), Must(most=1.0))]


def run(options: Options) -> Report:
    """All of it; it has no options of its own."""
    return Report("meanings", lines(), machine(), detail={"wrong": judged(read(HELD_OUT)).wrong})
