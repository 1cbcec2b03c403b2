"""`get_manager`: profiles and cohorts that are kept, under the names of the framework guide."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from genesis_sql import profile_doors
from genesis_sql.compat.generation import RepeatableSpec, readable
from genesis_sql.compat.memory import database_of, dicts
from genesis_sql.session import connect, register
from genesis_sql.sqlbuild import qualified
from genesis_sql.store import executions, migrator, names, profiles, runs
from genesis_sql.store.transaction import transaction

DATABASE = "healthsim.duckdb"
"""What `get_manager()` opens, in the current directory; a file `genesis` would hide our schema."""
RECORDED = "record_execution"
"""The kind, in the history, of what was run elsewhere: there is no content to replay."""

Row = dict[str, Any]

_RUN_OF = "SELECT execution FROM genesis_cohorts() WHERE name = ? AND execution IS NOT NULL"
_RAN = """
SELECT r.resolved, e.seed, r.count FROM genesis.runs AS r
JOIN genesis.executions AS e ON e.id = r.execution WHERE r.execution = ?
"""
_TOLD = "SELECT schema_name, description, tags, execution FROM genesis_cohorts() WHERE name = ?"


@dataclass(frozen=True)
class SavedProfile:
    """A profile of the store.

    Attributes:
        id: 'name@version'.
        name: of the profile.
        version: of its text; every change makes a new one.
        profile_spec: as it was saved.
        resolved: with everything that the reference said then.
        product, description, tags: what it is found by.
    """

    id: str
    name: str
    version: int
    profile_spec: Row
    resolved: Row
    product: str | None
    description: str | None
    tags: tuple[str, ...]


class ProfileManager:
    """Profiles that are kept: `manager.profiles`."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def save_profile(
        self,
        name: str,
        profile_spec: str | Mapping[str, Any],
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> str:
        """Save a profile as a new version, where it says something new, and return its id."""
        saved = profile_doors.save_profile(
            self.con, name, profile_spec, description=description, tags=tags
        )
        return f"{name}@{saved[0]['version']}"

    def load_profile(self, name: str) -> SavedProfile:
        """The profile of a name, in its active version, or of an id.

        Raises:
            ModelNotFoundError: there is none; the nearest name is told.
        """
        known, version = self._named(name)
        row = profile_doors.load_profile(self.con, known, version=version)
        number = row["version"]
        product, description, tags = self._found_by(known, number)
        said = (row["spec"], readable(row["resolved"]))
        return SavedProfile(f"{known}@{number}", known, number, *said, product, description, tags)

    def list_profiles(
        self,
        tags: Sequence[str] | None = None,
        search: str | None = None,
        product: str | None = None,
    ) -> list[SavedProfile]:
        """The profiles that have all tags, the text in name or description, and the product."""
        found = profile_doors.list_profiles(self.con, tags=tags, search=search, product=product)
        return [self.load_profile(name) for (name,) in found.select("name").fetchall()]

    def record_execution(
        self,
        profile_id: str,
        cohort_id: str | None = None,
        seed: int | None = None,
        count: int | None = None,
        duration_ms: float | None = None,
    ) -> int:
        """The number, in the history, of an execution; what ran elsewhere is written there.

        Args:
            profile_id: the profile's id or name.
            cohort_id: of the result. A run that this database made is on record already: its own
                number is returned, and the rest was measured.
            seed: that was used; the profile's own where not given.
            count: of the people that were made.
            duration_ms: how long it took.
        """
        known = self.con.execute(_RUN_OF, [cohort_id]).fetchall()
        if known:
            return int(known[0][0])
        cursor, database = self.con.cursor(), database_of(self.con)
        name, version = self._named(profile_id)
        found = profiles.find(cursor, database, name, version)
        saved = profiles.load(cursor, database, name, found.version)
        given = {"profile_id": profile_id, "cohort_id": cohort_id, "count": count}
        number = executions.start(
            cursor, database, kind=RECORDED, model=name, version=found.version, arguments=given,
            seed=saved.seed if seed is None else seed,
        )  # fmt: skip
        ran = runs.Run.of(number, str(found.uuid), saved, count, cohort_id, "")
        seconds = None if duration_ms is None else duration_ms / 1000
        end = executions.Ended(rows=count, seconds=seconds)

        def write() -> None:
            runs.write(cursor, database, ran)
            executions.write_end(cursor, database, number, end)

        transaction(cursor, write)
        return number

    def get_execution_spec(self, execution_id: int) -> Row:
        """The spec of an execution, everything resolved, that makes the same rows again.

        Raises:
            ModelNotFoundError: there is no such execution.
        """
        cursor, database = self.con.cursor(), database_of(self.con)
        there = migrator.exists(cursor, database, needs=profiles.NEEDS)
        held = names.run(cursor, database, _RAN, execution_id) if there else []
        if not held:
            runs.find(cursor, database, execution_id)  # says what there is
        resolved, seed, count = held[0]
        return _repeatable(json.loads(resolved), seed, count)

    def _found_by(self, name: str, version: int) -> tuple[str | None, str | None, tuple[str, ...]]:
        """The product, description and tags of a version."""
        place = qualified(database_of(self.con), "genesis", "profiles")
        query = f"SELECT product, description, tags FROM {place} WHERE model = ? AND version = ?"  # noqa: S608 - quoted
        product, description, tags = self.con.execute(query, [name, version]).fetchall()[0]
        return product, description, tuple(tags)

    def _named(self, given: str) -> tuple[str, int | None]:
        """The name and the version of what is given as a name or as an id."""
        known = profile_doors.list_profiles(self.con).select("name").fetchall()
        name, at, version = given.rpartition("@")
        if (given,) in known or not (at and version.isdigit()):
            return given, None
        return name, int(version)


def _repeatable(resolved: Mapping[str, Any], seed: int | None, count: int | None) -> RepeatableSpec:
    generation = {**resolved.get("generation", {}), "seed": seed or 0}
    found = RepeatableSpec(readable(resolved), generation=generation)
    found.count = None if count == generation.get("count") else count
    return found


class StateManager:
    """What is kept in one database: `profiles`, and cohorts."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.profiles = ProfileManager(con)

    def persist(
        self,
        entities: Mapping[str, Any],
        context: str | None = None,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Row:
        """Write lists of dicts as the tables of a cohort, and return its summary, not its rows.

        Args:
            entities: such as the result of a generation; what is no list, or empty, is left out.
            context: what the cohort is, kept as its description.
            name: of the cohort; words of the context where not given.
            tags: what it is found by.
        """
        import pyarrow as pa

        frames = {
            table: pa.Table.from_pylist(rows)
            for table, rows in entities.items()
            if isinstance(rows, list) and rows
        }
        cohort = name or self._free(context or "cohort")
        profile_doors.save_cohort(self.con, cohort, tables=frames, tags=tags, description=context)
        return self.get_summary(cohort)

    def get_summary(self, cohort_id: str) -> Row:
        """How many rows the tables of a cohort have, and what is in their columns.

        Raises:
            CohortError: there is none; the nearest name is told.
        """
        columns = profile_doors.summarise_cohort(self.con, cohort_id)
        told = dicts(self.con.execute(_TOLD, [cohort_id]))[0]
        counts = {row["table_name"]: row["rows"] for row in columns}
        return {"cohort_id": cohort_id, **told, "counts": counts, "columns": columns}

    def close(self) -> None:
        """Close the database; `get_manager` opens it again."""
        self.con.close()

    def _free(self, words: str) -> str:
        stem = "_".join(re.findall(r"[a-z0-9]+", words.lower())[:5]) or "cohort"
        query = "SELECT schema_name FROM duckdb_schemas() UNION SELECT name FROM genesis_cohorts()"
        taken = {row[0] for row in self.con.execute(query).fetchall()}
        names = (stem if n == 1 else f"{stem}_{n}" for n in range(1, len(taken) + 2))
        return next(name for name in names if name not in taken)


def get_manager(con: duckdb.DuckDBPyConnection | str | None = None) -> StateManager:
    """What is kept in a database.

    Args:
        con: a connection, or the path of a database; `healthsim.duckdb` in the current directory
            where not given, made where it is missing.

    Example:
        >>> get_manager(duckdb.connect()).profiles.list_profiles()
        []
    """
    if con is None or isinstance(con, str):
        return StateManager(connect(con or DATABASE))
    return StateManager(register(con))
