"""Derives the reference tables from their publishers' files.

``python -m genesis_sql.reference_data.build --from DIR|URL [--to DIR]``, where DIR holds the files
under the publishers' own names, in any subfolder. Writes the tables and SOURCES.csv, by default
beside this file; the result has the same content for the same input, and the same bytes for the
same pyarrow.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from genesis_sql.errors import SourceError, TargetError
from genesis_sql.reference_data import (
    associations,
    care,
    codes,
    files,
    geography,
    health,
    people,
    population,
    races,
)
from genesis_sql.reference_data.registry import Source, Table, checksum, pairs

if TYPE_CHECKING:
    import pyarrow as pa

HERE = Path(__file__).parent
DECIMALS = 6
LEAST = 0.9
"""Of the rows that ship; of two vintages none differs by that much."""
TABLES: tuple[Table, ...] = (
    *population.TABLES,
    *races.TABLES,
    *health.TABLES,
    associations.EFFECTS,
    *care.TABLES,
    *people.TABLES,
    *codes.TABLES,
)


@dataclass(frozen=True)
class Built:
    """What became of a table: built anew, or kept because files are missing."""

    source: Source
    status: str
    missing: tuple[str, ...] = ()


def build(origin: str | Path, target: Path, tables: Sequence[Table] = TABLES) -> list[Built]:
    """Derive the tables, write them and SOURCES.csv into a folder; nothing where one is refused.

    Args:
        origin: a folder with the publishers' files, or an http(s) address under which they lie.
        target: the folder for the tables; made where it is not there. A table whose files are
            missing stays as it is there, or else as it ships.
        tables: what to derive, in an order in which none comes before what it is made after.

    Raises:
        SourceError: a file is of another vintage, lacks columns or is cut short; or none is there.
        TargetError: the folder cannot be written.
    """
    wanted = list(dict.fromkeys(file for table in tables for file in table.files))
    with files.folder_of(str(origin), wanted) as folder:
        made = _make(folder, target, tables, str(origin))
    try:
        target.mkdir(parents=True, exist_ok=True)
        for built, data in made:
            if data is not None:
                _write(target / f"{built.source.table}.parquet", data)
        _write(target / "SOURCES.csv", _csv([built.source for built, _ in made]).encode())
    except OSError as error:
        message = f"'{target}' cannot be written: {error.strerror}"
        raise TargetError(message) from error
    return [built for built, _ in made]


def _make(
    folder: Path, target: Path, tables: Sequence[Table], origin: str
) -> list[tuple[Built, bytes | None]]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.execute("SET enable_progress_bar = false")
        geography.prepare(con)
        there = _registered(con, folder, tables)
        if not there:
            example = next(file.name for table in tables for file in table.files)
            message = f"'{origin}' holds none of the publishers' files, such as {example}"
            raise SourceError(message)
        made = []
        for table in tables:
            missing = _missing(table, there)
            made.append(_kept(con, table, target, missing) if missing else _made(con, table))
        return made


def _registered(con: duckdb.DuckDBPyConnection, folder: Path, tables: Sequence[Table]) -> set[str]:
    """The views of the files that are there; all are looked at before any table is made."""
    wanted = list(dict.fromkeys(file for table in tables for file in table.files))
    names = {file.name.lower() for file in wanted}
    there, below = set(), files.below(folder)
    for file in wanted:
        place = files.found(below, file, names)
        if place is None:
            files.register_empty(con, file)
        else:
            files.register(con, file, place)
            there.add(file.view)
    return there


def _missing(table: Table, there: set[str]) -> tuple[str, ...]:
    return tuple(
        file.name
        for file in table.files
        if not (file.optional or file.view in there or file.instead in there)
    )


def _made(con: duckdb.DuckDBPyConnection, table: Table) -> tuple[Built, bytes]:
    try:
        rows = [tuple(map(_rounded, row)) for row in table.make(con)]
    except (duckdb.Error, ValueError) as error:
        of = ", ".join(file.name for file in table.files)
        said = str(error).split("\n", 1)[0]
        message = f"'{table.name}' cannot be made, a value of its files is wrong ({of}): {said}"
        raise SourceError(message) from error
    _require_whole(table, len(rows))
    columns = pairs(table.source.columns)
    data = arrow(columns, rows)
    con.register(table.name, data)
    source = replace(
        table.source,
        files="; ".join(file.name for file in table.files),
        rows=len(rows),
        sha256=checksum([name for name, _ in columns], rows),
    )
    return Built(source, "built"), parquet(data)


def _require_whole(table: Table, rows: int) -> None:
    """Refuse a table that lost a tenth of what ships: a download that broke off looks like that."""
    ships = _stated(HERE).get(table.name)
    if ships is not None and rows < LEAST * ships.rows:
        of = ", ".join(file.name for file in table.files)
        message = (
            f"'{table.name}' would have {rows} rows where {ships.rows} ship, so one of its files "
            f"is cut short: {of}"
        )
        raise SourceError(message)


def _rounded(value: Any) -> Any:
    """A value; a fraction to DECIMALS, by Python, for DuckDB's versions round differently."""
    return round(value, DECIMALS) if isinstance(value, float) else value


def _kept(
    con: duckdb.DuckDBPyConnection, table: Table, target: Path, missing: tuple[str, ...]
) -> tuple[Built, bytes | None]:
    """The table as it is in the target folder, or else as it ships."""
    from pyarrow import parquet as files_of

    for folder in (target, HERE):
        place, stated = folder / f"{table.name}.parquet", _stated(folder).get(table.name)
        if stated is not None and place.is_file():
            con.register(table.name, files_of.read_table(place, use_threads=False))
            data = place.read_bytes() if folder != target else None
            return Built(stated, "kept", missing), data
    message = f"'{table.name}' cannot be made without {', '.join(missing)}"
    raise SourceError(message)


def _stated(folder: Path) -> dict[str, Source]:
    place = folder / "SOURCES.csv"
    if not place.is_file():
        return {}
    rows = csv.DictReader(io.StringIO(place.read_text(encoding="utf-8")))
    names = {field.name for field in fields(Source)}
    known = [row for row in rows if names <= set(row)]
    return {
        row["table"]: Source(**{n: row[n] for n in names - {"rows"}}, rows=int(row["rows"]))
        for row in known
    }


def arrow(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows as an Arrow table of the types that SOURCES.csv states."""
    import pyarrow as pa

    kinds = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
    }
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    return pa.table(
        {
            name: pa.array(column, kinds[kind])
            for (name, kind), column in zip(columns, values, strict=True)
        }
    )


def parquet(table: pa.Table) -> bytes:
    """A compact Parquet file."""
    from pyarrow import parquet as writer

    data = io.BytesIO()
    writer.write_table(
        table, data, compression="zstd", compression_level=12, store_schema=False,
        data_page_version="2.0",
    )  # fmt: skip
    return data.getvalue()


def _write(place: Path, data: bytes) -> None:
    passing = place.with_name(f".{os.getpid()}-{place.name}")
    passing.write_bytes(data)
    os.replace(passing, place)


def _csv(sources: Iterable[Source]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(field.name for field in fields(Source))
    lines.writerows(astuple(source) for source in sources)
    return text.getvalue()


def main() -> None:
    """Parse the arguments, build, done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--from", dest="origin", required=True, metavar="DIR|URL")
    parser.add_argument("--to", dest="target", type=Path, default=HERE, metavar="DIR")
    given = parser.parse_args()
    build(given.origin, given.target)


if __name__ == "__main__":
    main()
