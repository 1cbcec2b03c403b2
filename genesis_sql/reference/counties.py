"""Counties as people name them -> FIPS codes."""

from __future__ import annotations

from genesis_sql.errors import OptionError, nearest
from genesis_sql.reference import place
from genesis_sql.reference.place import Con
from genesis_sql.reference.states import state_code

_KINDS = ("county", "parish", "borough", "census area", "municipality", "planning region", "city")


def county_code(con: Con, database: str, given: str, state: str | None = None) -> str:
    """The FIPS code of a county that is given by it or by its name.

    Args:
        con: any cursor.
        database: whose genesis_reference.counties is asked.
        given: '48201', 'Harris County', 'Harris'.
        state: where it lies; needed for a name that several states have.

    Raises:
        OptionError: there is no such county, or there are several.
    """
    rows = _counties(con, database)
    code = None if state is None else state_code(state)
    rows = [row for row in rows if code in (None, row[1])]
    where = "" if code is None else f" in {code}"
    if given.strip().isdigit():
        if given.strip() in (fips for fips, _, _ in rows):
            return given.strip()
        message = f"there is no county '{given}'{where}{nearest(given, [r[0] for r in rows])}"
        raise OptionError(message)
    wanted = given.strip().lower()
    forms = {wanted, *(f"{wanted} {kind}" for kind in _KINDS)}
    found = [r for r in rows if r[2].lower() == wanted] or [
        r for r in rows if r[2].lower() in forms
    ]
    if not found:
        message = f"there is no county '{given}'{where}{nearest(given, [r[2] for r in rows])}"
        raise OptionError(message)
    if len(found) > 1:
        some = ", ".join(f"'{fips}' ({name}, {st})" for fips, st, name in found[:6])
        message = (
            f"county '{given}' can be any of {some}; give its code, as county := '{found[0][0]}'"
        )
        raise OptionError(message)
    return found[0][0]


def _counties(con: Con, database: str) -> list[tuple[str, str, str]]:
    query = f"SELECT fips, state, name FROM {place.full(database, 'counties')} ORDER BY fips"  # noqa: S608 - quoted
    return con.execute(query).fetchall()
