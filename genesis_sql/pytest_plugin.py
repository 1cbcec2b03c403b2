"""pytest's plugin: the fixture ``genesis_db`` gives a test a filled database of its own.

    def test_totals(genesis_db):
        con = genesis_db(ddl="CREATE TABLE t (id INT PRIMARY KEY)", rows={"t": 100})
        assert con.execute("SELECT count(*) FROM t").fetchall() == [(100,)]

The rows depend on the test's name alone, or on ``seed``. A schema is read once for a session of
pytest. Everything is imported by the first test that asks for it: others pay nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import duckdb

PREFIX = "genesis_db_"


class Models:
    """The models that the tests of a session have asked for, in one database in memory."""

    def __init__(self) -> None:
        from genesis_sql.session import connect

        self.con = connect()
        self.names: dict[Any, str] = {}
        self.kept: list[Any] = []
        self.made = 0

    def model(self, source: Any, ddl: str | None, columns: Any, locale: str | None) -> str:
        """The name of the model of a source; it is read the first time."""
        given = ddl if ddl is not None else source
        path = Path(given) if ddl is None and isinstance(given, str | Path) else None
        about: Any = path.read_bytes() if path else given
        key = (about if isinstance(about, str | bytes) else id(about), id(columns), locale)
        if key not in self.names:
            name = f"model_{len(self.names)}"
            self._read(name, given, path, columns, locale)
            self.kept.append((given, columns))  # so that nothing else gets their ids
            self.names[key] = name
        return self.names[key]

    def _read(
        self, name: str, given: Any, path: Path | None, columns: Any, locale: str | None
    ) -> None:
        from genesis_sql import doors, profile_doors, schema_doors

        how: Any = {"con": self.con, "name": name, "columns": columns, "locale": locale}
        if path is not None and path.suffix == ".genesis":
            doors.import_(self.con, str(path), name=name)
        elif path is not None and path.suffix in (".yaml", ".yml", ".json"):
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
        from genesis_sql.doors import generate_database

        self.made += 1
        alias = f"{PREFIX}{self.made}"
        self.con.execute(f"ATTACH ':memory:' AS {alias}")
        generate_database(self.con, model, f"{alias}.main", rows=rows, seed=seed)
        return alias


class Filler:
    """What ``genesis_db`` is: call it for a connection to a filled database."""

    def __init__(self, models: Models, seed: int) -> None:
        self._models, self._seed = models, seed
        self._open: list[tuple[str, duckdb.DuckDBPyConnection]] = []

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
        con = self._models.con.cursor()
        self._open.append((alias, con))
        con.execute(f"USE {alias}")
        return con

    def close(self) -> None:
        """Let go of all that the test was given."""
        for alias, con in self._open:
            con.close()
            self._models.con.execute(f"DETACH {alias}")


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
