"""What the doors give of a compiled table: a text with what a session needs first, and its data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from genesis_sql.errors import OptionError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.program.dialects.base import Dialect, Place
from genesis_sql.program.sql_relation import Query

FIRST = "-- run first: "
"""What a line begins with that holds a statement a session needs in front of the text."""
_PART = r'"(?:[^"]|"")+"|[^\W\d]\w*'
_TABLE = re.compile(rf"(?:{_PART})(?:\.(?:{_PART})){{1,2}}")
_PATTERN = re.compile(r"[*?\[\]{}]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True)
class Compiled:
    """A table's rows as a statement of an engine.

    Attributes:
        dialect: of the engine.
        query: the statement.
        cells: the rows (name, values) that it reads where they are kept outside of it.
    """

    dialect: Dialect
    query: str
    cells: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The statement behind comments: that it was not run, and what a session needs first."""
        return "".join(f"{line}\n" for line in self._comments()) + self.query

    def _comments(self) -> Iterable[str]:
        if not self.dialect.ran:
            title = self.dialect.title
            yield f"-- Written for {title} and parsed, but not run: no test has a {title}."
        for statement in self.dialect.first():
            yield f"{FIRST}{statement};"


def script(text: str) -> str:
    r"""A text with the statements of its first comments as statements, for a command line.

    Example:
        >>> print(script("-- run first: SET jit = off;\nSELECT 1"))
        SET jit = off;
        SELECT 1;
    """
    lines = text.split("\n")
    told = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    head = [line.removeprefix(FIRST) for line in lines[:told]]
    return "\n".join([*head, *lines[told:]]) + ";"


def compiled(
    model: Model,
    table: str,
    dialect: Dialect,
    place: Place | None,
    *,
    seed: int,
    scale: float,
    first: int,
    stop: int,
) -> Compiled:
    """A table's rows as a statement, and the cell data that it reads from a place."""
    query = Query(replace(dialect, data=place))
    made = compile_sql(
        model,
        table,
        seed=seed,
        scale=scale,
        first=first,
        stop=stop,
        dialect=query.dialect,
        query=query,
    )
    cells = () if place is None else tuple(query.rows())
    return Compiled(query.dialect, made, cells)


def place_of(data: str) -> Place | None:
    """Where the cell data stand: None in the text, else a Parquet file or a table with its schema.

    Raises:
        OptionError: it is none of them.

    Example:
        >>> place_of('lake."my cells"')
        Place(table=('lake', 'my cells'), parquet='')
    """
    if data == "values":
        return None
    if _UNSEEN.search(data):
        message = f"data := {data!r} has characters that cannot be seen; take another name"
        raise OptionError(message)
    if _TABLE.fullmatch(data) is None and _PATTERN.search(data):
        message = (
            f"data := {data!r} reads like a pattern of files; take a name without * ? [ ] {{ }}"
        )
        raise OptionError(message)
    if data.lower().endswith(".parquet") and len(data) > len(".parquet"):
        return Place(parquet=data)
    if _TABLE.fullmatch(data):
        return Place(table=tuple(_plain(part) for part in re.findall(_PART, data)))
    message = (
        f"data := {data!r} is not known; there are: 'values', a Parquet file as in "
        "'cells.parquet', a table with its schema as in 'main.cells'"
    )
    raise OptionError(message)


def _plain(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
