"""Printing: tables on a terminal, aligned text where the output is piped, JSON for machines."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
import duckdb

Row = Mapping[str, Any]


def on_terminal() -> bool:
    """Whether a person reads the output."""
    return sys.stdout.isatty()


def note(text: str) -> None:
    """A line for the person, beside the data."""
    click.echo(text, err=True)


def rows_of(relation: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    """A small relation as dicts; its JSON columns as what they hold."""
    held = [str(t) == "JSON" for t in relation.types]
    return [
        {
            name: json.loads(value) if is_json and value is not None else value
            for name, value, is_json in zip(relation.columns, row, held, strict=True)
        }
        for row in relation.fetchall()
    ]


def rows(
    found: Sequence[Row], *, as_json: bool, columns: Sequence[str] = (), nothing: str = ""
) -> None:
    """Print rows.

    Args:
        found: the rows.
        as_json: as one JSON list, with all columns.
        columns: what a person sees of them; all where not given.
        nothing: what a person reads where there are no rows.
    """
    if as_json:
        click.echo(json.dumps(found, default=_plain, ensure_ascii=False, indent=1))
    elif not found:
        note(nothing)
    else:
        names = list(columns or found[0])
        table(names, [[row[n] for n in names] for row in found])


def table(names: Sequence[str], cells: Sequence[Sequence[Any]]) -> None:
    """Print a table: drawn on a terminal, plain aligned text elsewhere."""
    right = [
        all(isinstance(row[i], int | float | Decimal) or row[i] is None for row in cells)
        for i in range(len(names))
    ]
    if on_terminal():
        _drawn(names, cells, right)
        return
    texts = [list(names), *([_text(v) for v in row] for row in cells)]
    wide = [max(len(row[i]) for row in texts) for i in range(len(names))]
    for row in texts:
        parts = (t.rjust(w) if r else t.ljust(w) for t, w, r in zip(row, wide, right, strict=True))
        click.echo("  ".join(parts).rstrip())


def _drawn(names: Sequence[str], cells: Sequence[Sequence[Any]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, is_right in zip(names, right, strict=True):
        drawn.add_column(Text(name), justify="right" if is_right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*(Text(_text(v, grouped=True)) for v in row))
    Console().print(drawn)


def _text(value: Any, *, grouped: bool = False) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}" if grouped else f"{value:.3f}"
    if isinstance(value, int):
        return f"{value:,}" if grouped else str(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return " ".join(str(value).split())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def stream(
    con: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation, *, as_json: bool
) -> None:
    """Print a relation of any size: CSV, or one JSON list."""
    out = sys.stdout
    select = "CAST(to_json(r) AS VARCHAR)" if as_json else "CAST(COLUMNS(*) AS VARCHAR)"
    con.execute(f"SELECT {select} FROM ({relation.sql_query()}) AS r")  # noqa: S608 - our own SQL
    if as_json:
        out.write("[")
        for at, (line,) in enumerate(_fetched(con)):
            out.write(f"{',' if at else ''}\n{line}")
        out.write("\n]\n")
    else:
        write = csv.writer(out, lineterminator="\n")
        write.writerow(relation.columns)
        write.writerows(_fetched(con))


def _fetched(con: duckdb.DuckDBPyConnection) -> Iterable[tuple[Any, ...]]:
    while found := con.fetchmany(10_000):
        yield from found


def head(relation: duckdb.DuckDBPyRelation, most: int) -> None:
    """Print the first rows of a relation, as many columns as fit."""
    wide = shutil.get_terminal_size().columns
    relation.limit(most).show(max_width=wide, max_rows=max(most, 1))
