"""pytest's plugin: the fixture ``genesis_db`` gives a test a filled database of its own.

    def test_totals(genesis_db):
        con = genesis_db(ddl="CREATE TABLE t (id INT PRIMARY KEY)", rows={"t": 100})
        assert con.execute("SELECT count(*) FROM t").fetchall() == [(100,)]

The rows depend on the test's name alone, or on ``seed``. A schema is read once for a session of
pytest, and once more where it changed. Everything is imported by the first test that asks for it:
others pay nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import duckdb

PREFIX = "genesis_db_"
_PROFILES = (".yaml", ".yml", ".json")


class _Same:
    """An object as a part of a key: equal to itself alone, and held, so that no other gets its id.

    Example:
        >>> _Same(PREFIX) == _Same(PREFIX), _Same([]) == _Same([])
        (True, False)
    """

    def __init__(self, held: object) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.held is other.held

    def __hash__(self) -> int:
        return id(self.held)


def _content(value: Any) -> Any:
    """A value as a key: by what it holds now, where that can be told; functions by their code.

    Example:
        >>> _content({"a": [1]}) == _content({"a": [1]}) != _content({"a": [True]})
        True
    """
    if isinstance(value, Mapping):
        return (dict, *((k, _content(v)) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return (list, *map(_content, value))
    if value is None or isinstance(value, str | bytes | int | float):
        return (type(value), value)
    if isinstance(value, FunctionType):  # written within a test, it is another object each time
        cells = tuple(_Same(cell.cell_contents) for cell in value.__closure__ or ())
        return (value.__code__, _Same(value.__globals__), _content(value.__defaults__), cells)
    return _of_models(value)


def _of_models(value: Any) -> Any:
    """SQLAlchemy's objects by their tables and columns, which may grow; others by identity."""
    tables = getattr(getattr(value, "metadata", value), "tables", None)
    table = getattr(value, "__table__", value)
    found = [*tables.values()] if isinstance(tables, Mapping) else []
    found += [table] if hasattr(table, "columns") else []
    parts = [(_Same(t), t.comment, *map(_of_column, t.columns), *_ordered(t)) for t in found]
    return (_Same(value), *parts)


def _of_column(column: Any) -> Any:
    return (_Same(column), _Same(column.type), column.nullable, column.comment)


def _ordered(table: Any) -> list[_Same]:
    return sorted(map(_Same, (*table.constraints, *table.indexes)), key=hash)


class Models:
    """The models that the tests of a session have asked for, in one database in memory."""

    def __init__(self) -> None:
        from genesis_sql.session import connect

        self.con = connect()
        self.names: dict[Any, str] = {}
        self.filled: set[str] = set()
        self.read = self.made = 0

    def model(self, source: Any, ddl: str | None, columns: Any, locale: str | None) -> str:
        """The name of the model of a source; it is read the first time, and when it changed."""
        given = ddl if ddl is not None else source
        path = _file(source) if ddl is None and isinstance(source, str | Path) else None
        about = (path.suffix, path.read_bytes()) if path else _content(given)
        key = (about, _content(columns), locale)
        if key not in self.names:
            self.read += 1
            name = f"model_{self.read}"
            self._read(name, given, path, columns, locale)
            self.names[key] = name
        return self.names[key]

    def _read(
        self, name: str, given: Any, path: Path | None, columns: Any, locale: str | None
    ) -> None:
        from genesis_sql import doors, profile_doors, schema_doors

        how: Any = {"con": self.con, "name": name, "columns": columns, "locale": locale}
        if path is not None and path.suffix == ".genesis":
            doors.import_(self.con, str(path), name=name)
        elif path is not None and path.suffix in _PROFILES:
            profile_doors.save_profile(self.con, name, path.read_text(encoding="utf-8"))
        elif path is not None:
            schema_doors.from_ddl(path.read_text(encoding="utf-8"), **how)
        elif isinstance(given, str):
            schema_doors.from_ddl(given, **how)
        elif isinstance(given, Mapping):
            profile_doors.save_profile(self.con, name, given)
        else:
            schema_doors.from_sqlalchemy(given, **how)

    def database(self, model: str, rows: Mapping[str, int] | None, seed: int) -> str:
        """The alias of a new database with the rows that a seed gives."""
        self.made += 1
        alias = f"{PREFIX}{self.made}"
        self.con.execute(f"ATTACH ':memory:' AS {alias}")
        try:
            self._fill(model, alias, rows, seed)
        except BaseException:
            self.con.execute(f"DETACH {alias}")
            raise
        return alias

    def _fill(self, model: str, alias: str, rows: Mapping[str, int] | None, seed: int) -> None:
        """The first time all keys are counted; after that what is declared refuses a wrong row."""
        from genesis_sql.actions.again import fill_again
        from genesis_sql.doors import generate_database
        from genesis_sql.effects import workspace
        from genesis_sql.jobs import Job
        from genesis_sql.session import restored, session_of

        if model not in self.filled:
            generate_database(self.con, model, f"{alias}.main", rows=rows, seed=seed)
            self.filled.add(model)
            return
        session = session_of(self.con)
        with session.cursor() as cursor, restored():
            ws = workspace(session, cursor, "memory", "main", Job("fill", model))
            fill_again(ws, model, alias, rows=rows or {}, seed=seed)


def _file(source: str | Path) -> Path:
    """A file that is there.

    Raises:
        ValueError: there is none.
    """
    path = Path(source)
    if "\n" in str(source) or not path.is_file():
        message = (
            f"there is no file '{str(source)[:200]}': give a path from {Path.cwd()}, or CREATE "
            f"TABLE statements as genesis_db(ddl='CREATE …')"
        )
        raise ValueError(message)
    return path


class Filler:
    """What ``genesis_db`` is: call it for a connection to a filled database."""

    def __init__(self, models: Models, seed: int) -> None:
        self._models, self._seed = models, seed
        self._open = ExitStack()

    def __call__(
        self,
        source: Any = None,
        *,
        ddl: str | None = None,
        rows: Mapping[str, int] | None = None,
        columns: Mapping[str, Any] | None = None,
        locale: str | None = None,
        seed: int | None = None,
    ) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection whose tables are filled; nobody else sees what is done there.

        Args:
            source: SQLAlchemy models, a profile as dict, or a file: a model (.genesis), a profile
                (.yaml, .json), or CREATE TABLE statements (.sql).
            ddl: CREATE TABLE statements instead.
            rows: how many, by table.
            columns: what fills a column, see `genesis_sql.from_schema`.
            locale: of names and texts.
            seed: the same one gives the same rows; by default it comes from the test's name.
        """
        if (source is None) == (ddl is None):
            message = "genesis_db takes one schema: genesis_db(Base), or genesis_db(ddl='CREATE …')"
            raise ValueError(message)
        model = self._models.model(source, ddl, columns, locale)
        alias = self._models.database(model, rows, self._seed if seed is None else seed)
        self._open.callback(self._models.con.execute, f"DETACH {alias}")
        con = self._models.con.cursor()
        self._open.callback(con.close)
        con.execute(f"USE {alias}")
        return con

    def close(self) -> None:
        """Let go of all that the test was given."""
        self._open.close()


@pytest.fixture(scope="session")
def _genesis_models() -> Iterator[Models]:
    models = Models()
    yield models
    models.con.close()


@pytest.fixture
def genesis_db(request: pytest.FixtureRequest, _genesis_models: Models) -> Iterator[Filler]:
    """Fills a schema and gives a connection: `genesis_db(ddl=…, rows={…}, seed=…)`."""
    digest = hashlib.blake2b(request.node.nodeid.encode(), digest_size=4).digest()
    filler = Filler(_genesis_models, int.from_bytes(digest, "big"))
    yield filler
    filler.close()
