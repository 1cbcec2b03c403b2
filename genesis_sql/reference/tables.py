"""What there is of reference tables: those that ship, and what was loaded or made beside them."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql import refdata
from genesis_sql.reference import place
from genesis_sql.reference.place import Con, Standing
from genesis_sql.sqlbuild import string

_ROW = (
    'SELECT {name} AS table_name, CAST({rows} AS BIGINT) AS "rows", {vintage} AS vintage, '
    "{licence} AS licence, {publisher} AS publisher, {loaded} AS loaded"
)


def tables_sql(con: Con, database: str) -> str:
    """A SELECT of one row per table; `loaded` says whether it stands in the database.

    The rows, vintage and licence are those of what is loaded, or of what would be. Rows are counted
    when the statement runs: its macro is bound on every connection.
    """
    there = {n: s for n, s in place.standing(con, database).items() if s.ours and not s.is_view}
    shipped = refdata.sources()
    found = [_shipped(database, n, s, there.get(n)) for n, s in shipped.items()]
    found += [_standing(database, there[n]) for n in sorted(set(there) - set(shipped))]
    return " UNION ALL ".join(found or [_row("", "0", "", "", "", loaded=False) + " WHERE false"])


def _shipped(database: str, name: str, source: Mapping[str, str], standing: Standing | None) -> str:
    if standing is not None:
        return _standing(database, standing)
    stated = (source["vintage"], source["licence"], source["publisher"])
    return _row(name, str(int(source["rows"])), *stated, loaded=False)


def _standing(database: str, standing: Standing) -> str:
    _, publisher, vintage, licence = place.stated(standing)
    rows = f"(SELECT count(*) FROM {place.full(database, standing.name)})"  # noqa: S608 - quoted
    return _row(standing.name, rows, vintage, licence, publisher, loaded=True)


def _row(name: str, rows: str, vintage: str, licence: str, publisher: str, *, loaded: bool) -> str:
    return _ROW.format(
        name=string(name),
        rows=rows,
        vintage=string(vintage),
        licence=string(licence),
        publisher=string(publisher),
        loaded="true" if loaded else "false",
    )
