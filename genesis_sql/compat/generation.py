"""`generate`, `ProfileExecutor` and the hybrid profiles: a save, a run, and the rows as dicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from genesis_sql import domains, doors, profile_doors
from genesis_sql.compat.memory import dicts, knowing, standing
from genesis_sql.compat.resolvers import TAXONOMY_MAP as TAXONOMY_MAP
from genesis_sql.compat.resolvers import NetworkSimResolver as NetworkSimResolver
from genesis_sql.compat.resolvers import ReferenceProfileResolver as ReferenceProfileResolver
from genesis_sql.domains.health.expand import profile_for
from genesis_sql.sqlbuild import qualified

Spec = str | Mapping[str, Any]
Result = dict[str, Any]

_TAKEN = """
SELECT name FROM genesis_cohorts() UNION ALL
SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()
"""


def generate(
    product: str = "patientsim",
    count: int = 100,
    condition: str | None = None,
    *,
    seed: int | None = None,
    con: duckdb.DuckDBPyConnection | None = None,
) -> Result:
    """The tables of a product as lists of dicts, `patients` and others.

    Args:
        product: 'patientsim', 'membersim', 'rxmembersim' or 'trialsim'.
        count: how many people.
        condition: that all of them have, by its name or ICD-10-CM code; without one people have
            what the nation's do.
        seed: another one gives other rows.
        con: where the profile and the run are kept; without it nothing is.

    Raises:
        OptionError: an unknown product or condition; the nearest one is told.

    Example:
        >>> len(generate(product="patientsim", count=10, condition="diabetes")["patients"])
        10
    """
    return ProfileExecutor(con).execute(profile_for(product, count, condition), seed=seed)


class RepeatableSpec(dict[str, Any]):
    """A spec as one execution used it: its seed stands in it, ``count`` is that of the run."""

    count: int | None = None


class ProfileExecutor:
    """Runs profiles: in memory, or recorded in the database of a connection.

    Args:
        con: keeps each profile under its own id, and each run as a cohort `<id>-<n>`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.con = con

    def execute(self, profile: Spec, *, seed: int | None = None) -> Result:
        """All tables of a profile as lists of dicts, and `cohort_id` where the run is kept.

        Args:
            profile: a dict, JSON or YAML, with or without the outer key `profile`.
            seed: another than the profile's own; the same one gives the same rows.
        """
        spec = domains.read(profile)
        name = str(spec.get("id") or "profile")
        count = profile.count if isinstance(profile, RepeatableSpec) else None
        with standing(self.con) as con:
            profile_doors.save_profile(con, name, spec)
            try:
                result = _run(con, name, seed, count)
                if self.con is None:
                    profile_doors.delete_cohort(con, result.pop("cohort_id"))
            finally:
                if self.con is None:
                    doors.drop(con, name)
        return result


def _run(con: duckdb.DuckDBPyConnection, name: str, seed: int | None, count: int | None) -> Result:
    taken = {row[0] for row in con.execute(_TAKEN).fetchall()}
    number = next(n for n in range(1, len(taken) + 2) if not {f"{name}-{n}"} & taken)
    cohort = f"{name}-{number}"
    schema = cohort.replace(".", "_")
    made = profile_doors.run_profile(
        con, name, cohort=cohort, seed=seed, count=count, target=schema
    )
    result: Result = {
        row["table_name"]: dicts(con.execute(f"FROM {qualified(schema, row['table_name'])}"))
        for row in made
    }
    return {**result, "cohort_id": cohort}


def create_hybrid_profile(spec: Spec, con: duckdb.DuckDBPyConnection | None = None) -> Result:
    """A profile with everything written down that the reference knows; what was given stays.

    Args:
        spec: a profile, such as one with `source: populationsim`; its providers are left out.
        con: whose reference is read; the package's own without it.

    Example:
        >>> spec = {"id": "x", "demographics": {"reference": {"type": "state", "state": "VT"}}}
        >>> sorted(create_hybrid_profile(spec)["profile"]["tables"])
        ['conditions', 'patients']
    """
    given = domains.read(spec)
    return create_hybrid_profile_with_network(
        {name: section for name, section in given.items() if name != "providers"}, con
    )


def create_hybrid_profile_with_network(
    spec: Spec, con: duckdb.DuckDBPyConnection | None = None
) -> Result:
    """The same with the providers of its section `providers`.

    Args:
        spec: a profile, such as one with `source: networksim`.
        con: whose reference is read; the package's own without it.
    """
    given = domains.read(spec)
    with knowing(con) as (place, database):
        return {"profile": readable(domains.expand(given, place, database))}


def readable(plain: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved profile as a spec: what is not set is left out."""
    return {name: value for name, value in plain.items() if value is not None}
