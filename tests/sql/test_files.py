"""Runs the *.test files of this folder: statements as a user types them, in a form like sqllogictest's.

A file is records apart by empty lines; lines that begin with # are comments. A record begins with

- ``load shop`` (or ``people``): import that model, and make its tables;
- ``cursor``: go on with a cursor, which gets the functions on its own;
- ``statement ok``: must run;
- ``statement error``: must fail with the text after ``----``, a part of the message, one line;
- ``query``, ``query rowsort``: must give the rows after ``----``, values apart by tabs.

``$tmp`` in a statement stands for a folder of the test's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

import genesis_sql

FILES = sorted(Path(__file__).parent.glob("*.test"))


def records(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line number, what, statement, expected) of every record."""
    lines = [*text.splitlines(), ""]
    start = 0
    for at, line in enumerate(lines):
        if line.strip():
            continue
        block = [part for part in lines[start:at] if not part.startswith("#")]
        if block:
            body = "\n".join(block[1:])
            statement, _, expected = body.partition("----")
            yield start + 1, block[0].strip(), statement.strip(), expected.strip("\n")
        start = at + 1


def shown(value: object) -> str:
    """A value as the files write it."""
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def run(
    con: duckdb.DuckDBPyConnection, what: str, statement: str, expected: str
) -> tuple[str, str]:
    """Run one record: what came and what should have come."""
    if what == "statement error":
        try:
            con.execute(statement).fetchall()
        except duckdb.Error as error:
            return (expected, expected) if expected in str(error) else (str(error), expected)
        return "no error", expected
    rows = ["\t".join(map(shown, row)) for row in con.execute(statement).fetchall()]
    if what == "statement ok":
        return "", ""
    assert what in ("query", "query rowsort"), what
    wanted = expected.splitlines()
    if what == "query rowsort":
        rows, wanted = sorted(rows), sorted(wanted)
    return "\n".join(rows), "\n".join(wanted)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_file(
    file: Path,
    tmp_path: Path,
    load: Callable[[duckdb.DuckDBPyConnection, str], None],
    con: duckdb.DuckDBPyConnection,
) -> None:
    opened = [con]
    for line, what, statement, expected in records(file.read_text(encoding="utf-8")):
        verb, _, name = what.partition(" ")
        if verb == "load":
            load(con, name)
        elif verb == "cursor":
            opened.append(genesis_sql.register(con.cursor()))
        else:
            try:
                got, want = run(
                    opened[-1],
                    what,
                    *(t.replace("$tmp", str(tmp_path)) for t in (statement, expected)),
                )
            except duckdb.Error as error:
                failure = str(error)
            else:
                failure = ""
            if failure:
                pytest.fail(f"{file.name}:{line}: {failure}")
            assert got == want, f"{file.name}:{line}: {statement}"


def test_there_are_files() -> None:
    assert len(FILES) >= 5


def test_records_are_read() -> None:
    text = "# c\nstatement ok\nSELECT 1\n\n\nquery\nSELECT 2\n# c\nUNION ALL SELECT 3\n----\n2\n3\n"
    assert list(records(text)) == [
        (1, "statement ok", "SELECT 1", ""),
        (6, "query", "SELECT 2\nUNION ALL SELECT 3", "2\n3"),
    ]
