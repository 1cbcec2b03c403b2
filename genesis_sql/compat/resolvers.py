"""`ReferenceProfileResolver`, `NetworkSimResolver`, `TAXONOMY_MAP`: look-ups in the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb

from genesis_sql import reference_doors
from genesis_sql.compat.memory import dicts, knowing
from genesis_sql.domains.health.figures import Figures
from genesis_sql.domains.health.geography import place_of
from genesis_sql.errors import ModelNotFoundError, nearest
from genesis_sql.reference.load import ensure
from genesis_sql.reference.specialties import TAXONOMIES

Row = dict[str, Any]

_COUNTY = "SELECT * FROM genesis_reference.county_figures WHERE fips = ?"
_STATE = "SELECT * FROM genesis_reference.states WHERE state = ?"
_DIRECTORIES = """
SELECT 1 FROM duckdb_tables()
WHERE database_name = ? AND schema_name = 'genesis_reference' AND table_name LIKE 'facilities^_%'
  ESCAPE '^'
"""


class _Taxonomies(dict[str, str]):
    def __missing__(self, name: str) -> str:
        message = f"there is no specialty '{name}'{nearest(name, self)}"
        raise ModelNotFoundError(message)


TAXONOMY_MAP: dict[str, str] = _Taxonomies(
    {key: code for name, code in TAXONOMIES.items() for key in (name, name.replace(" ", "_"))}
)
"""Specialties in plain words, with blanks or underscores, to the codes of NPPES."""


class ReferenceProfile:
    """The figures of a county or a state as attributes, such as `pct_diabetes`.

    Percentages are 0 to 100; a figure that the publishers do not have is None.
    """

    def __init__(self, figures: Mapping[str, Any]) -> None:
        self._figures = dict(figures)

    def __getattr__(self, name: str) -> Any:
        """A figure by its name."""
        figures: dict[str, Any] = self.__dict__.get("_figures", {})
        if name not in figures:
            message = f"there is no figure '{name}'{nearest(name, figures)}"
            raise AttributeError(message)
        return figures[name]

    def __dir__(self) -> list[str]:
        """The figures too, so that they complete in a notebook."""
        return sorted({*super().__dir__(), *self._figures})

    def __repr__(self) -> str:
        """The place and how much is known of it."""
        return f"<ReferenceProfile of {self.name}: {len(self._figures)} figures>"

    def to_dict(self) -> Row:
        """All figures by name."""
        return dict(self._figures)


class ReferenceProfileResolver:
    """Looks up places.

    Args:
        con: whose reference is read, loaded into it where missing; the package's own without it.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.con = con

    def resolve_county(self, fips: str) -> ReferenceProfile:
        """The figures of a county by its FIPS code.

        Raises:
            OptionError: there is none; the nearest one is told.

        Example:
            >>> ReferenceProfileResolver().resolve_county("48201").name
            'Harris County'
        """
        return self._resolve({"type": "county", "fips": fips}, _COUNTY)

    def resolve_state(self, state: str) -> ReferenceProfile:
        """The figures of a state by its letters or its name, each weighted by its denominator.

        Raises:
            OptionError: there is none; the nearest one is told.
        """
        return self._resolve({"type": "state", "state": state}, _STATE)

    def _resolve(self, reference: Mapping[str, Any], query: str) -> ReferenceProfile:
        with knowing(self.con) as (con, database):
            ensure(con.cursor(), database)
            place = place_of(reference, Figures(con, database), f"resolve_{reference['type']}")
            return ReferenceProfile(dicts(con.execute(query, [place.id]))[0])


class NetworkSimResolver:
    """Looks up providers and facilities, in the directories of a database.

    Facilities are invented from public counts where no directory was loaded; providers of a
    specialty are not, for nobody publishes counts of them: CMS's own file has to be loaded.

    Args:
        con: whose directories are read; one made in memory without it.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.con = con

    def find_providers(
        self,
        state: str | None = None,
        city: str | None = None,
        taxonomy: str | None = None,
        limit: int = 100,
        *,
        county: str | None = None,
        specialty: str | None = None,
    ) -> list[Row]:
        """Providers as dicts.

        Args:
            state: its letters or its name.
            city: in any case.
            taxonomy: a code, such as `TAXONOMY_MAP['cardiology']`.
            limit: how many at most.
            county: a FIPS code.
            specialty: a name instead of the code.

        Raises:
            ModelNotFoundError: no directory here can tell; it says what to load.
        """
        with self._directories() as con:
            found = reference_doors.find_providers(
                con, state=state, city=city, county=county, specialty=specialty,
                taxonomy=taxonomy, limit=limit,
            )  # fmt: skip
            return dicts(found)

    def find_facilities(
        self,
        state: str | None = None,
        facility_type: str | None = None,
        min_beds: int | None = None,
        limit: int = 100,
        *,
        city: str | None = None,
        county: str | None = None,
    ) -> list[Row]:
        """Facilities as dicts.

        Args:
            state: its letters or its name.
            facility_type: such as 'hospital', 'nursing', 'dialysis'.
            min_beds: leaves out those with fewer, or unknown ones.
            limit: how many at most.
            city: in any case.
            county: a FIPS code.
        """
        with self._directories() as con:
            found = reference_doors.find_facilities(
                con, state=state, city=city, county=county, facility_type=facility_type,
                min_beds=min_beds, limit=limit,
            )  # fmt: skip
            return dicts(found)

    @contextmanager
    def _directories(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection whose database has a directory of facilities, invented where none is."""
        with knowing(self.con) as (con, database):
            if not con.execute(_DIRECTORIES, [database]).fetchall():
                reference_doors.make_directory(con)
            yield con
