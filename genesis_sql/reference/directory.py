"""A fictional directory drawn from counts: facilities, and the person in charge of each.

As many facilities of each type as facility_counts has in a county, with its beds shared out; the
persons and organisations are invented, :mod:`genesis_sql.reference.npi` has their numbers. A row
depends on the seed, the reference tables and its place among all facilities of the nation, so the
directory of a county is part of that of its state.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from genesis_sql.errors import OptionError, SourceError
from genesis_sql.reference import invented, place
from genesis_sql.reference.counties import county_code
from genesis_sql.reference.drawing import Pool, Sites, names, shared_out, taken
from genesis_sql.reference.load import ensure
from genesis_sql.reference.npi import MOST, fictional_npis
from genesis_sql.reference.place import Con
from genesis_sql.reference.states import state_code
from genesis_sql.sqlbuild import quoted
from genesis_sql.store.transaction import transaction

if TYPE_CHECKING:
    import pyarrow as pa

FACILITIES, PROVIDERS = "facilities_fictional", "providers_fictional"
STATEMENT = "CALL genesis_make_directory()"
NOTE = "invented: no such place or person; NPPES has given out no NPI that begins with 2"
NEEDS = ("counties", "facility_counts", "zip_county", "first_names", "surnames")
_ARROW = "genesis_directory_rows"
_AROUND = 0.5
"""Share of the radius of a circle with the county's land area: well inside all but odd shapes."""
_MILES_OF_LATITUDE, _MILES_OF_LONGITUDE = 69.0, 69.17
_DECADES = (1960, 1990)
"""Births of people who are now in charge of something."""
_COUNTS = """
SELECT c.fips, c.state, c.lat, c.lon, c.land_sqmi, f.type, f.facilities,
  coalesce(f.beds, 0) AS beds, CASE WHEN f.beds IS NULL THEN 0 ELSE f.with_beds END AS with_beds
FROM {counts} AS f JOIN {counties} AS c ON c.fips = f.fips
WHERE f.facilities > 0 ORDER BY c.fips, f.type
"""
_ZIPS = """
SELECT z.fips, z.zip, z.city, z.res_ratio
FROM {zips} AS z JOIN {counties} AS c ON c.fips = z.fips
WHERE z.res_ratio > 0 AND z.state = c.state ORDER BY z.fips, z.zip
"""
_FIRST = """
SELECT name, sex, sum("count") AS weight FROM {first}
WHERE TRY_CAST(left(CAST(decade AS VARCHAR), 4) AS INTEGER) BETWEEN {least} AND {most}
GROUP BY name, sex ORDER BY sex, name
"""


def make_directory(
    con: Con, database: str, *, state: str | None = None, county: str | None = None, seed: int = 0
) -> list[dict[str, Any]]:
    """Write the fictional facilities and providers of the nation, a state or a county.

    Args:
        con: a cursor outside a transaction.
        database: where they go, into the schema genesis_reference.
        state: only there.
        county: only there: its code, or its name with ``state``.
        seed: of everything that is invented.

    Raises:
        OptionError: there is no such state or county.
        SourceError: a table that it is drawn from is not there.
        TargetError: a table of the user's has the name of one of these.
    """
    code = None if state is None else state_code(state)
    place.require_writable(con, database)
    loaded = ensure(con, database, tables=NEEDS)
    there = place.standing(con, database)
    for name in (FACILITIES, PROVIDERS):
        place.require_ours(there, name, STATEMENT)
    for name in NEEDS:
        if name not in there:
            message = (
                f"a directory is drawn from {place.SCHEMA}.{name}, which is not there: "
                f"CALL genesis_load_reference()"
            )
            raise SourceError(message)
    fips = None if county is None else county_code(con, database, county, code)
    facilities, providers = _tables(con, database, code, fips, seed)
    write = functools.partial(_write, con, database, {FACILITIES: facilities, PROVIDERS: providers})
    made = transaction(con, write)
    return [{"table_name": n, "rows": None, "status": "loaded", "note": ""} for n in loaded] + made


def _write(con: Con, database: str, tables: dict[str, pa.Table]) -> list[dict[str, Any]]:
    there = place.standing(con, database)
    made = []
    for name, rows in tables.items():
        comment = place.remark("fictional directory", "genesis_sql", NOTE, "public domain")
        con.register(_ARROW, rows)
        try:
            count = place.put(con, database, name, f"FROM {quoted(_ARROW)}", comment)
        finally:
            con.unregister(_ARROW)
        status = "replaced" if name in there else "made"
        made.append({"table_name": name, "rows": count, "status": status, "note": NOTE})
    return made


def _fetched(con: Con, database: str, query: str, **more: int) -> dict[str, np.ndarray]:
    names = {
        "counts": "facility_counts",
        "counties": "counties",
        "zips": "zip_county",
        "first": "first_names",
        "last": "surnames",
    }
    tables = {key: place.full(database, name) for key, name in names.items()}
    found = con.execute(query.format(**tables, **more)).fetchnumpy()
    return {name: np.ma.getdata(values) for name, values in found.items()}


def _tables(
    con: Con, database: str, state: str | None, fips: str | None, seed: int
) -> tuple[pa.Table, pa.Table]:
    """Facilities and providers as rows."""
    counts = _fetched(con, database, _COUNTS)
    number = counts["facilities"].astype(np.int64)
    if 2 * number.sum() > MOST:
        message = (
            f"facility_counts has {number.sum():,} facilities, {MOST // 2:,} can have a number"
        )
        raise OptionError(message)
    wanted = np.full(len(number), True)
    if state is not None:
        wanted &= counts["state"] == state
    if fips is not None:
        wanted &= counts["fips"] == fips
    group = np.repeat(np.arange(len(number)), number)
    begins = np.cumsum(number) - number
    kept = wanted[group]
    at = np.arange(len(group))[kept]
    group = group[kept]
    sites = Sites(at, group, at - begins[group], seed)
    of = {name: values[group] for name, values in counts.items()}
    where = _places(con, database, of, sites)
    facilities = _facilities(sites, of, where, counts)
    return facilities, _providers(con, database, sites, of, where)


def _places(
    con: Con, database: str, of: dict[str, np.ndarray], sites: Sites
) -> dict[str, np.ndarray]:
    """Address, city, ZIP, and a point in a circle around the county's point."""
    zips = _fetched(con, database, _ZIPS)
    pool = Pool.of(zips["zip"], zips["res_ratio"])
    first = np.searchsorted(zips["fips"].astype(str), of["fips"].astype(str), side="left")
    after = np.searchsorted(zips["fips"].astype(str), of["fips"].astype(str), side="right")
    ends = np.concatenate([[0.0], pool.cumulated])
    weight = ends[first] + sites.share("zip") * (ends[after] - ends[first])
    chosen = np.clip(pool.index(weight), first, np.maximum(after - 1, first))
    known = after > first
    some = np.where(known, np.minimum(chosen, max(len(zips["zip"]) - 1, 0)), 0)
    radius = _AROUND * np.sqrt(of["land_sqmi"].astype(float) / np.pi)
    away, turn = radius * np.sqrt(sites.share("away")), 2 * np.pi * sites.share("turn")
    lat = of["lat"].astype(float)
    lon = of["lon"] + away * np.sin(turn) / (_MILES_OF_LONGITUDE * np.cos(np.radians(lat)))
    streets = np.asarray(invented.STREETS, dtype=object)
    numbers = (100 + np.floor(sites.share("house") * 9900)).astype(int)
    street = streets[(sites.share("street") * len(streets)).astype(int)]
    return {
        "address": np.array(
            [f"{n} {s}" for n, s in zip(numbers, street, strict=True)], dtype=object
        ),
        "city": taken(known, zips["city"], some),
        "zip": taken(known, zips["zip"], some),
        "lat": np.round(lat + away * np.cos(turn) / _MILES_OF_LATITUDE, 5),
        "lon": np.round(lon, 5),
    }


def _facilities(
    sites: Sites,
    of: dict[str, np.ndarray],
    where: dict[str, np.ndarray],
    counts: dict[str, np.ndarray],
) -> pa.Table:
    import pyarrow as pa

    size = len(sites.number)
    npis = fictional_npis(2 * sites.number, sites.seed)
    beds = shared_out(sites, counts["facilities"], counts["beds"], counts["with_beds"])
    columns: dict[str, Any] = {
        "facility_id": pa.array([f"F{n:07d}" for n in sites.number.tolist()], pa.string()),
        "npi": pa.array([str(n) for n in npis.tolist()], pa.string()),
        "name": pa.array(names(sites, of["type"]), pa.string()),
        "type": pa.array(of["type"].tolist(), pa.string()),
        "subtype": pa.nulls(size, pa.string()),
        **_where_columns(of, where),
        "beds": pa.array(beds, pa.int32()),
        "ownership": pa.nulls(size, pa.string()),
        "rating": pa.nulls(size, pa.int32()),
        "fictional": pa.array([True] * size, pa.bool_()),
    }
    return pa.table(columns)


def _where_columns(of: dict[str, np.ndarray], where: dict[str, np.ndarray]) -> dict[str, Any]:
    import pyarrow as pa

    return {
        "address": pa.array(where["address"].tolist(), pa.string()),
        "city": pa.array(where["city"].tolist(), pa.string()),
        "state": pa.array(of["state"].tolist(), pa.string()),
        "zip": pa.array(where["zip"].tolist(), pa.string()),
        "county_fips": pa.array(of["fips"].tolist(), pa.string()),
        "lat": pa.array(where["lat"].tolist(), pa.float64()),
        "lon": pa.array(where["lon"].tolist(), pa.float64()),
    }


def _providers(
    con: Con,
    database: str,
    sites: Sites,
    of: dict[str, np.ndarray],
    where: dict[str, np.ndarray],
) -> pa.Table:
    """The person in charge of each facility."""
    import pyarrow as pa

    size = len(sites.number)
    firsts = _fetched(con, database, _FIRST, least=_DECADES[0], most=_DECADES[1])
    lasts = _fetched(con, database, "SELECT name, share FROM {last} ORDER BY name")
    sex = np.where(sites.share("sex") < 0.5, "F", "M")
    given = np.full(size, None, dtype=object)
    for one in ("F", "M"):
        of_sex = firsts["sex"] == one
        if of_sex.any():
            pool = Pool.of(firsts["name"][of_sex], firsts["weight"][of_sex])
            given[sex == one] = pool.at(sites.share("first name"))[sex == one]
    family = Pool.of(lasts["name"], lasts["share"]).at(sites.share("last name"))
    npis = fictional_npis(2 * sites.number + 1, sites.seed)
    roles = [invented.role(kind) for kind in of["type"].tolist()]
    columns: dict[str, Any] = {
        "npi": pa.array([str(n) for n in npis.tolist()], pa.string()),
        "entity": pa.array(["person"] * size, pa.string()),
        "first_name": pa.array(given.tolist(), pa.string()),
        "last_name": pa.array(family.tolist(), pa.string()),
        "sex": pa.array(sex.tolist(), pa.string()),
        "organisation": pa.array(names(sites, of["type"]), pa.string()),
        "facility_id": pa.array([f"F{n:07d}" for n in sites.number.tolist()], pa.string()),
        "specialty": pa.array(of["type"].tolist(), pa.string()),
        "role": pa.array(roles, pa.string()),
        "credential": pa.nulls(size, pa.string()),
        "taxonomy": pa.nulls(size, pa.string()),
        "taxonomies": pa.nulls(size, pa.list_(pa.string())),
        **_where_columns(of, where),
        "phone": pa.nulls(size, pa.string()),
        "fictional": pa.array([True] * size, pa.bool_()),
    }
    return pa.table(columns)
