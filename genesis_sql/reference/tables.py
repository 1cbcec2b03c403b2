"""What there is of reference tables: those that ship, and what was loaded or made beside them."""

from __future__ import annotations

from typing import Any

from genesis_sql import refdata
from genesis_sql.reference import place
from genesis_sql.reference.place import Con, Standing
from genesis_sql.sqlbuild import rows_of

COLUMNS = ("table_name", "rows", "vintage", "licence", "publisher", "loaded")


def tables_sql(con: Con, database: str) -> str:
    """A SELECT of one row per table; `loaded` says whether it stands in the database.

    The rows, vintage and licence are those of what is loaded, or of what would be.
    """
    there = {n: s for n, s in place.standing(con, database).items() if s.ours and not s.is_view}
    shipped = refdata.sources()
    found = [_shipped(con, database, n, there.get(n)) for n in shipped]
    found += [_beside(con, database, there[n]) for n in sorted(set(there) - set(shipped))]
    return rows_of(COLUMNS, found)


def _shipped(con: Con, database: str, name: str, standing: Standing | None) -> list[Any]:
    source = refdata.sources()[name]
    if standing is None:
        stated = [source["vintage"], source["licence"], source["publisher"]]
        return [name, int(source["rows"]), *stated, False]
    return _beside(con, database, standing)


def _beside(con: Con, database: str, standing: Standing) -> list[Any]:
    count = place.count(con, database, standing.name)
    _, publisher, vintage, licence = place.stated(standing)
    return [standing.name, count, vintage, licence, publisher, True]
