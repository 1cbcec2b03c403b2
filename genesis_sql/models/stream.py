"""Reading tables: whole, or a sample of the rows and all of them as a stream of batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from genesis_sql.models.invented import exchange
from genesis_sql.sqlbuild import quoted
from genesis_sql.types import Column, Role, Table

LABELS = {Role.CATEGORY, Role.BOOLEAN}
BATCH = 65_536  # rows that are read at a time
_NUMBER = "#row"


def read_table(con: duckdb.DuckDBPyConnection, table: Table) -> pa.Table:
    """The supported columns as one Arrow table; labels as text."""
    put_together = () if table.verbatim else (Role.STRUCT, Role.JSON)
    names = [c for c in table.columns if c.role not in (Role.UNSUPPORTED, *put_together)]
    if not names:
        return pa.table({})
    got: pa.Table = con.sql(_select(names, table.source)).to_arrow_table()
    return got.combine_chunks()


def _select(columns: Sequence[Column], source: str) -> str:
    return f"SELECT {', '.join(map(_cell, columns))} FROM {source}"  # noqa: S608 - quoted names


def _cell(column: Column) -> str:
    name = quoted(column.name)
    as_text = column.role in LABELS or column.role in (
        Role.IDENTIFIER,
        Role.TEXT,
        Role.CONSTANT,
        Role.JSON,
    )
    if as_text and column.type != "VARCHAR":
        return f"CAST({name} AS VARCHAR) AS {name}"
    return name


@dataclass(frozen=True, eq=False)
class Stream:
    """All rows of one table, of which only a sample is in memory.

    Attributes:
        con: reads the table.
        table: which.
        rows: how many it has.
        exchanged: labels that stand for others, by column.
    """

    con: duckdb.DuckDBPyConnection
    table: Table
    rows: int
    exchanged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def sample(self, rows: int) -> pa.Table:
        """About so many rows, spread over the table; the same whenever its order is."""
        name = _NUMBER
        while any(c.name == name for c in self.table.columns):
            name += "#"
        number = quoted(name)
        numbered = f"(SELECT *, row_number() OVER () AS {number} FROM {self.table.source})"  # noqa: S608
        columns = [c for c in self.table.columns if c.role is not Role.UNSUPPORTED]
        share = min(1.0, rows / max(self.rows, 1))
        kept = f"hash({number}) % 1000000 < {round(share * 1_000_000)}"
        query = f"{_select(columns, numbered)} WHERE {kept}"
        got: pa.Table = self.con.sql(query).to_arrow_table()
        return got.combine_chunks()

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Some columns of all rows, some thousand rows at a time."""
        columns = [self.table.column(n) for n in names]
        query = _select(columns, self.table.source)
        reader: Iterable[pa.RecordBatch] = self.con.sql(query).to_arrow_reader(BATCH)
        for batch in reader:
            yield exchange(batch, self.exchanged)

    def distinct(self, name: str) -> pa.Table:
        """The values of a column that are not NULL, and how many rows have each."""
        query = _select([self.table.column(name)], self.table.source)
        value = quoted(name)
        got: pa.Table = self.con.sql(
            f"SELECT {value}, count(*) AS rows FROM ({query}) "  # noqa: S608 - quoted names
            f"WHERE {value} IS NOT NULL GROUP BY {value}"
        ).to_arrow_table()
        return got.combine_chunks()

    def fingerprint(self) -> str:
        """Of all rows, whatever their order."""
        columns = [c for c in self.table.columns if c.role is not Role.UNSUPPORTED]
        names = ", ".join(quoted(c.name) for c in columns)
        query = (
            f"SELECT count(*), sum(CAST(hash({names}) AS HUGEINT)), bit_xor(hash({names})) "  # noqa: S608
            f"FROM {self.table.source}"
        )
        return str(self.con.execute(query).fetchall()[0])
