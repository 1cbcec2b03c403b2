"""`genesis_generate` beside random(): the same shape of table, in alternating rounds."""

from __future__ import annotations

from typing import Any

from benchmarks.machine import seconds
from benchmarks.options import Options

NUMBERS, TEXTS = 6, 9


def random_sql(rows: int) -> str:
    """A table of the shape of adult: whole numbers, and labels out of a list."""
    numbers = [f"(random() * 100)::BIGINT AS a{i}" for i in range(NUMBERS)]
    labels = "['a', 'b', 'c', 'd', 'e']"
    texts = [f"{labels}[1 + (random() * 4)::INT] AS b{i}" for i in range(TEXTS)]
    columns = ", ".join(numbers + texts)
    return f"CREATE OR REPLACE TABLE random_made AS SELECT {columns} FROM range({rows:d})"  # noqa: S608 - numbers


def generate_sql(rows: int) -> str:
    """The statement that is measured beside it."""
    return f"CREATE OR REPLACE TABLE made AS FROM genesis_generate('m', rows := {rows:d})"


def fitted(options: Options) -> Any:
    """A connection with the table adult and its model m, fitted with the defaults.

    Raises:
        BenchmarkError: the table is not there.
    """
    import genesis_sql

    train = options.table("adult") / "train" / "adult.parquet"
    con = genesis_sql.connect()
    con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [str(train)])
    con.execute("CALL genesis_fit('m', 'adult')").fetchall()
    return con


def compare(con: Any, rows: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Ratios, our rows per second, and random()'s, of rounds in which each runs once.

    Args:
        con: a connection with a model m of one table.
        rows: of a round.
        rounds: how many; one before them is not counted.
    """
    con.execute(generate_sql(min(rows, 20_000)))
    con.execute(random_sql(min(rows, 20_000)))
    ours, random = [], []
    for _ in range(rounds):
        ours.append(rows / seconds(lambda: con.execute(generate_sql(rows))))
        random.append(rows / seconds(lambda: con.execute(random_sql(rows))))
    return [a / b for a, b in zip(ours, random, strict=True)], ours, random


def generate_against_random(options: Options) -> tuple[list[float], list[float], list[float]]:
    """`compare` for adult: ratios, our rows per second, and random()'s."""
    con = fitted(options)
    try:
        rows = min(options.rows, 20_000) if options.quick else options.rows
        return compare(con, rows, options.rounds)
    finally:
        con.close()
