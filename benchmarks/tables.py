"""Folders of Parquet tables with a keys.json, as the referee reads them: load, check, write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genesis_sql.graph.notation import relationship_text
from genesis_sql.sqlbuild import qualified, quoted
from genesis_sql.types import Relationship


@dataclass(frozen=True)
class Keys:
    """What keys.json says of the keys.

    Attributes:
        primary: the key of each table, empty where it has none.
        foreign: all foreign keys.
    """

    primary: Mapping[str, tuple[str, ...]]
    foreign: tuple[Relationship, ...]

    @property
    def relationships(self) -> list[str]:
        """As `genesis_fit_database` takes them."""
        return [relationship_text(key) for key in self.foreign]


def read_keys(path: Path) -> Keys:
    """Read a keys.json."""
    tables: dict[str, dict[str, Any]] = json.loads(path.read_text())["tables"]
    primary = {name: _tuple(spec.get("pk")) for name, spec in tables.items()}
    foreign = tuple(
        Relationship(name, tuple(key["cols"]), key["parent"], tuple(key["parent_cols"]))
        for name, spec in tables.items()
        for key in spec.get("fks", ())
    )
    return Keys(primary, foreign)


def _tuple(key: str | list[str] | None) -> tuple[str, ...]:
    if key is None:
        return ()
    return (key,) if isinstance(key, str) else tuple(key)


def load(con: Any, folder: Path, keys: Keys) -> None:
    """Make a table of every Parquet file that the keys name, with its primary key."""
    for name, columns in keys.primary.items():
        query = f"CREATE TABLE {quoted(name)} AS FROM read_parquet(?)"
        con.execute(query, [str(folder / f"{name}.parquet")])
        if columns:
            listed = ", ".join(quoted(c) for c in columns)
            con.execute(f"ALTER TABLE {quoted(name)} ADD PRIMARY KEY ({listed})")


def write(con: Any, schema: str, keys: Keys, folder: Path) -> None:
    """Write the tables of a schema as Parquet, columns in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in keys.primary:
        rows = con.sql(f"FROM {qualified(schema, name)}")
        rows.write_parquet(str(folder / f"{name}.parquet"))


def orphans(con: Any, schema: str, keys: Keys) -> dict[str, int]:
    """Rows whose reference is complete and leads nowhere, per foreign key."""
    found = {}
    for key in keys.foreign:
        child, parent = qualified(schema, key.child), qualified(schema, key.parent)
        pairs = list(zip(key.columns, key.parent_columns, strict=True))
        same = " AND ".join(f"c.{quoted(a)} = p.{quoted(b)}" for a, b in pairs)
        known = " AND ".join(f"c.{quoted(a)} IS NOT NULL" for a, _ in pairs)
        lost = f"NOT EXISTS (FROM {parent} p WHERE {same})"
        query = f"SELECT count(*) FROM {child} c WHERE {known} AND {lost}"  # noqa: S608 - quoted
        found[relationship_text(key)] = _one(con, query)
    return found


def duplicates(con: Any, schema: str, keys: Keys) -> dict[str, int]:
    """Rows whose primary key is NULL or another row's, per table."""
    found = {}
    for name, columns in keys.primary.items():
        if columns:
            listed = ", ".join(quoted(c) for c in columns)
            null = " OR ".join(f"{quoted(c)} IS NULL" for c in columns)
            rows = qualified(schema, name)
            query = (
                f"SELECT (SELECT count(*) FROM {rows}) - "  # noqa: S608 - quoted
                f"(SELECT count(*) FROM (SELECT DISTINCT {listed} FROM {rows})) + "
                f"(SELECT count(*) FROM {rows} WHERE {null})"
            )
            found[name] = _one(con, query)
    return found


def sizes(con: Any, schema: str, keys: Keys) -> dict[str, int]:
    """Rows per table."""
    return {
        name: _one(con, f"SELECT count(*) FROM {qualified(schema, name)}")  # noqa: S608 - quoted
        for name in keys.primary
    }


def _one(con: Any, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0])
