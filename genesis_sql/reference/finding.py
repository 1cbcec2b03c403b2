"""Providers and facilities that meet some conditions: a query of a real or invented directory."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_sql.errors import ModelNotFoundError, OptionError, nearest
from genesis_sql.reference import place
from genesis_sql.reference.counties import county_code
from genesis_sql.reference.directory import FACILITIES, PROVIDERS, STATEMENT
from genesis_sql.reference.place import Con, Standing
from genesis_sql.reference.publishers import KNOWN_STATES
from genesis_sql.reference.specialties import TAXONOMIES, plain, require_code
from genesis_sql.reference.states import state_code
from genesis_sql.sqlbuild import quoted, string

NPPES, POS, CARE_COMPARE = "providers_nppes", "facilities_pos", "facilities_care_compare"
MOST = 100
"""How many rows a search gives where nothing else is asked for."""
PROVIDER_COLUMNS = (
    "npi", "entity", "first_name", "last_name", "organisation", "credential", "specialty", "role",
    "taxonomy", "address", "city", "state", "zip", "county_fips", "phone", "fictional",
)  # fmt: skip
FACILITY_COLUMNS = (
    "facility_id", "npi", "name", "type", "subtype", "address", "city", "state", "zip",
    "county_fips", "lat", "lon", "beds", "ownership", "rating", "fictional",
)  # fmt: skip
_LOAD_NPPES = (
    "download the NPPES file and CALL genesis_load_directory('nppes', path := 'npidata_pfile.csv')"
)
_LOAD_POS = "CALL genesis_load_directory('pos', path := 'Hospital_and_other.csv')"
_TYPES = {"surgery center": "surgery centre", "nursing home": "nursing", "hospitals": "hospital"}


def providers_sql(
    con: Con,
    database: str,
    *,
    state: str | None = None,
    city: str | None = None,
    county: str | None = None,
    specialty: str | None = None,
    taxonomy: str | None = None,
    most: int | None = None,
) -> str:
    """The query of providers: of NPPES where it was loaded, else of the fictional directory.

    Args:
        con: any cursor.
        database: whose schema genesis_reference is asked.
        state: as in 'TX' or 'Texas'.
        city: as the directory writes it; capitals do not matter.
        county: a FIPS code, or a name with ``state``.
        specialty: in plain words, as 'cardiology'; of the fictional directory a type of facility.
        taxonomy: the code that providers give of themselves.
        most: how many rows.

    Raises:
        ModelNotFoundError: there is no directory, or none that knows the specialty.
        OptionError: a state, county, specialty or taxonomy is not known.
    """
    there = place.standing(con, database)
    code = None if taxonomy is None else require_code(taxonomy)
    if _is_ours(there, NPPES):
        table, conditions = NPPES, []
        for wanted in (code, None if specialty is None else _taxonomy(specialty)):
            if wanted is not None:
                conditions.append(f"list_contains(taxonomies, {string(wanted)})")
    else:
        table = PROVIDERS
        if code is not None:
            raise ModelNotFoundError(_uncounted(f"taxonomy '{code}'"))
        conditions = _fictional(con, database, there, specialty)
    conditions += _where(con, database, state, city, county)
    return _query(database, table, PROVIDER_COLUMNS, conditions, ("npi",), most)


def facilities_sql(
    con: Con,
    database: str,
    *,
    state: str | None = None,
    city: str | None = None,
    county: str | None = None,
    facility_type: str | None = None,
    min_beds: int | None = None,
    most: int | None = None,
) -> str:
    """The query of facilities: of a real directory where one was loaded, else of the fictional one.

    Provider of Services has all types and beds, Care Compare hospitals without beds: it is taken
    where no beds are asked for and nothing but hospitals.

    Args:
        con: any cursor.
        database: whose schema genesis_reference is asked.
        state: as in 'TX' or 'Texas'.
        city: as the directory writes it; capitals do not matter.
        county: a FIPS code, or a name with ``state``.
        facility_type: as in 'hospital'.
        min_beds: at least so many; those whose beds are not known are left out.
        most: how many rows.

    Raises:
        ModelNotFoundError: there is no directory that can answer.
        OptionError: a state, county or type is not known.
    """
    there = place.standing(con, database)
    kind = None if facility_type is None else plain(facility_type)
    kind = kind if kind is None else _TYPES.get(kind, kind)
    hospitals = kind in (None, "hospital") and min_beds is None
    tables = [POS, *[CARE_COMPARE] * hospitals, FACILITIES]
    table = next((t for t in tables if _is_ours(there, t)), None)
    if table is None:
        lacks = f"; {CARE_COMPARE} has hospitals only, without beds" * _is_ours(there, CARE_COMPARE)
        message = (
            f"no directory of facilities is there{lacks}: {_LOAD_POS}, or {STATEMENT} for an "
            f"invented one"
        )
        raise ModelNotFoundError(message)
    conditions = _where(con, database, state, city, county)
    if kind is not None:
        _require(kind, _known(con, database, table, "type"), "facility type", "facility_type")
        conditions.append(_of_type("type", kind))
    if min_beds is not None:
        conditions.append(f"beds >= {int(min_beds)}")
    return _query(database, table, FACILITY_COLUMNS, conditions, ("facility_id",), most)


def _is_ours(there: dict[str, Standing], name: str) -> bool:
    return name in there and there[name].ours


def _taxonomy(specialty: str) -> str:
    word = plain(specialty)
    _require(word, list(TAXONOMIES), "specialty", "taxonomy := '207RC0000X' or specialty")
    return TAXONOMIES[word]


def _fictional(
    con: Con, database: str, there: dict[str, Standing], specialty: str | None
) -> list[str]:
    """The condition on a specialty in the fictional directory, which has what is counted."""
    word = None if specialty is None else plain(specialty)
    if word in TAXONOMIES:
        raise ModelNotFoundError(_uncounted(f"specialty '{word}'"))
    if not _is_ours(there, PROVIDERS):
        message = (
            f"no directory of providers is there: {_LOAD_NPPES}, or {STATEMENT} for an invented one"
        )
        raise ModelNotFoundError(message)
    if word is None:
        return []
    known = _known(con, database, PROVIDERS, "specialty")
    _require(word, [*known, *TAXONOMIES], "specialty", "specialty")
    return [_of_type("specialty", word)]


def _of_type(name: str, kind: str) -> str:
    """A type; 'hospital' is any kind of hospital."""
    some = " OR ends_with(type, ' hospital')".replace("type", name) if kind == "hospital" else ""
    return f"({name} = {string(kind)}{some})"


def _uncounted(what: str) -> str:
    return f"no public figures count the providers of {what}, so none are invented: {_LOAD_NPPES}"


def _require(word: str, known: Sequence[str], what: str, argument: str) -> None:
    if word not in known:
        message = f"there is no {what} '{word}' here; give another {argument}{nearest(word, known)}"
        raise OptionError(message)


def _known(con: Con, database: str, table: str, name: str) -> list[str]:
    """The types in a directory; 'hospital' is one wherever there is any kind of hospital."""
    query = f"SELECT DISTINCT {quoted(name)} FROM {place.full(database, table)} ORDER BY 1"  # noqa: S608
    found = [value for (value,) in con.execute(query).fetchall() if value is not None]
    return [*found, *["hospital"] * any(value.endswith(" hospital") for value in found)]


def _where(
    con: Con, database: str, state: str | None, city: str | None, county: str | None
) -> list[str]:
    conditions = []
    code = None if state is None else state_code(state, KNOWN_STATES)
    if code is not None:
        conditions.append(f"state = {string(code)}")
    if city is not None:
        conditions.append(f"upper(city) = upper({string(' '.join(city.split()))})")
    if county is not None:
        if "counties" not in place.standing(con, database):
            message = (
                "counties are found in genesis_reference.counties: CALL genesis_load_reference()"
            )
            raise ModelNotFoundError(message)
        conditions.append(f"county_fips = {string(county_code(con, database, county, code))}")
    return conditions


def _query(
    database: str,
    table: str,
    columns: Sequence[str],
    conditions: Sequence[str],
    order: Sequence[str],
    most: int | None,
) -> str:
    if most is not None and most < 0:
        message = f"{most} rows cannot be given; most takes a whole number from 0"
        raise OptionError(message)
    listed = ", ".join(map(quoted, columns))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    by = ", ".join(map(quoted, order))
    return (
        f"SELECT {listed}, {string(table)} AS source FROM {place.full(database, table)}{where} "  # noqa: S608 - quoted
        f"ORDER BY {by} LIMIT {MOST if most is None else most}"
    )
