"""A checksum of the reference tables that stand in a database, from their rows.

It does not depend on the order of rows, the file, the name of the database or DuckDB's version: per
table the sum of the first 64 bits of the MD5 of each row's text, all of them under one SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from genesis_sql.reference import place
from genesis_sql.reference.place import Con
from genesis_sql.sqlbuild import quoted

_HALF = 2**64 - 1
"""Half of a hash; `md5_number_lower` gives one too, and takes longer: it goes through text."""


def fingerprint(con: Con, database: str, *, tables: Sequence[str] | None = None) -> str:
    """Checksum of what is loaded; an edited row changes it.

    Args:
        con: any cursor.
        database: whose schema genesis_reference it is about.
        tables: only these, where only they matter; all tables of this package where not given.

    Returns:
        64 hexadecimal digits; that of nothing where no table is there.
    """
    there = place.standing(con, database)
    names = sorted(n for n, s in there.items() if s.ours and not s.is_view)
    digest = hashlib.sha256()
    for name in names if tables is None else sorted(set(names).intersection(tables)):
        digest.update(f"{name} {_content(con, database, name)}\n".encode())
    return digest.hexdigest()


def _content(con: Con, database: str, name: str) -> str:
    """Columns, number of rows and sum of their hashes."""
    columns = place.columns(con, database, name)
    values = ", ".join(f"coalesce(CAST({quoted(c)} AS VARCHAR), chr(1))" for c in columns)
    half = f"CAST(md5_number(concat_ws(chr(0), {values})) & {_HALF} AS UBIGINT)"
    query = f"SELECT count(*), sum({half}) FROM {place.full(database, name)}"  # noqa: S608 - quoted
    count, total = con.execute(query).fetchall()[0]
    return f"{list(columns)} {count} {total}"
