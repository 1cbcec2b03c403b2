"""Code sets a user has, or a package has for him -> tables of genesis_reference.

ICD-10-CM comes out of the publisher's file (order file, list of codes, or a table with code and
description), or out of the package simple-icd-10-cm where that is installed. HCPCS level II comes
out of a table. No code of CPT (level I) and none of the dental codes (D) gets in: they belong to
the American Medical Association and the American Dental Association.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_sql import refdata
from genesis_sql.errors import MissingExtraError, OptionError, SourceError, nearest
from genesis_sql.introspect import files
from genesis_sql.reference import place
from genesis_sql.reference.load import load
from genesis_sql.reference.place import Con
from genesis_sql.reference.publishers import in_any_encoding, opened
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.store.transaction import transaction
from genesis_sql.store.transfer import require_external_access

if TYPE_CHECKING:
    import pyarrow as pa

ICD10, HCPCS = "icd10cm", "hcpcs"
SHIPPED = ("hcpcs", "ms_drg", "mdc", "place_of_service")
KINDS = (ICD10, *SHIPPED)
EXTRA = "simple-icd-10-cm"
LICENCE = "public domain (CDC/NCHS and CMS)"
_ARROW = "genesis_code_rows"
_ORDER_FILE = r"^\d{5} [A-Z][0-9A-Z]{2,6} +[01] .+"
_CODE_FILE = r"^[A-Z][0-9A-Z]{2,6} +\S.*"
_LINES = """
SELECT line FROM read_csv({path}, header := false, columns := {{'line': 'VARCHAR'}},
  delim := '\\x00', quote := '', escape := '', auto_detect := false, encoding := {encoding})
WHERE trim(line) <> ''
"""
_CUT = "length(code) = 5 AND regexp_matches(description, '^' || code[5] || '[0-9A-Z]{0,2} ')"


def load_codes(
    con: Con, database: str, *, kind: str, path: str | None = None
) -> list[dict[str, Any]]:
    """Put a code set into the database.

    Args:
        con: a cursor outside a transaction.
        database: where it goes, into the schema genesis_reference.
        kind: 'icd10cm', 'hcpcs', 'ms_drg', 'mdc' or 'place_of_service'.
        path: the user's file; without it, what ships or the package simple-icd-10-cm.

    Raises:
        OptionError: the kind is not known, or takes no file.
        SourceError: the file is missing, or is none of the layouts.
        MissingExtraError: there is neither a file nor the package.
    """
    if kind not in KINDS:
        message = f"there is no code set '{kind}'{nearest(kind, KINDS)}"
        raise OptionError(message)
    if path is not None and kind not in (ICD10, HCPCS):
        message = (
            f"'{kind}' ships with this package and takes no file: "
            f"CALL genesis_load_codes({string(kind)})"
        )
        raise OptionError(message)
    if kind != ICD10 and path is None:
        return _shipped(con, database, kind)
    there = place.standing(con, database)
    place.require_ours(there, kind, f"CALL genesis_load_codes({string(kind)})")
    place.require_writable(con, database)
    publisher = "CDC/NCHS" if kind == ICD10 else "CMS"
    if path is None:
        origin, rows = _of_package()
        comment = place.remark("code set", publisher, origin, LICENCE)
        count, left_out = _put(con, database, kind, f"FROM {quoted(_ARROW)}", comment, rows)
    else:
        require_external_access(con)
        files_there(path)
        comment = place.remark("code set", publisher, path, LICENCE)

        def work(encoding: str) -> tuple[int, int]:
            query = _of_file(con, kind, str(path), encoding)
            return _put(con, database, kind, query, comment, None)

        count, left_out = in_any_encoding(path, work)
    status = "replaced" if kind in there else "loaded"
    note = f"{left_out:,} rows of CPT or dental codes were left out" if left_out else ""
    return [{"table_name": kind, "rows": count, "status": status, "note": note}]


def files_there(path: str) -> None:
    """Raise SourceError where there is no such file."""
    if not Path(path).is_file():
        files.require(path)
        message = f"'{path}' is no file"
        raise SourceError(message)


def _shipped(con: Con, database: str, kind: str) -> list[dict[str, Any]]:
    if kind not in refdata.sources():
        message = f"'{kind}' does not ship with this release{nearest(kind, refdata.sources())}"
        raise SourceError(message)
    found = load(con, database, tables=[kind])
    return [
        {"table_name": r.table_name, "rows": r.rows, "status": r.status, "note": ""} for r in found
    ]


def _put(
    con: Con, database: str, kind: str, query: str, comment: str, rows: pa.Table | None
) -> tuple[int, int]:
    """Write the codes in one transaction; see :func:`_write`."""
    if rows is not None:
        con.register(_ARROW, rows)
    try:
        return transaction(con, functools.partial(_write, con, database, kind, query, comment))
    finally:
        if rows is not None:
            con.unregister(_ARROW)


def _write(con: Con, database: str, kind: str, query: str, comment: str) -> tuple[int, int]:
    """Rows that got in, and those of others' codes that were left out."""
    place.make_schema(con, database)
    before = place.put(con, database, kind, query, comment)
    table = place.full(database, kind)
    if kind == HCPCS:
        con.execute(f"DELETE FROM {table} WHERE NOT {_is_level_two('code')}")  # noqa: S608 - quoted
    empty = "count(*) FILTER (WHERE description IS NULL)"
    query = f"SELECT count(*), count(DISTINCT code), {empty} FROM {table}"  # noqa: S608 - quoted
    count, distinct, untold = con.execute(query).fetchall()[0]
    if not count or count != distinct or untold:
        message = (
            f"the file has {count:,} codes, {count - distinct:,} of them twice and {untold:,} "
            f"without a description; nothing was changed"
        )
        raise SourceError(message)
    return count, before - count


def _is_level_two(column: str) -> str:
    """HCPCS level II: a letter other than D and four digits, or a modifier of two characters.

    P1 to P6 are modifiers of CPT that stand in the file of CMS, too.
    """
    name = quoted(column)
    return (
        f"(regexp_matches({name}, '^([A-CE-Z][0-9]{{4}}|[A-Z][0-9A-Z])$') "
        f"AND NOT regexp_matches({name}, '^P[1-6]$'))"
    )


def _of_file(con: Con, kind: str, path: str, encoding: str) -> str:
    """The query of a user's file."""
    if files.kind(path) in (".parquet", ".csv", ".tsv"):
        return _of_table(con, kind, path, encoding)
    if kind == HCPCS:
        message = f"'{path}' is neither a CSV nor a Parquet file with code and description"
        raise SourceError(message)
    lines = _LINES.format(path=string(path), encoding=string(encoding))
    found = con.execute(f"SELECT line FROM ({lines}) LIMIT 20").fetchall()  # noqa: S608 - quoted
    return _of_lines(con, path, lines, [line for (line,) in found])


def _of_lines(con: Con, path: str, lines: str, some: list[str]) -> str:
    def all_like(pattern: str) -> bool:
        query = "SELECT bool_and(regexp_matches(line, ?)) FROM (SELECT unnest(?) AS line)"
        return bool(some) and bool(con.execute(query, [pattern, some]).fetchall()[0][0])

    if all_like(_ORDER_FILE):
        return (
            "SELECT trim(line[7:13]) AS code, "  # noqa: S608
            "trim(coalesce(nullif(trim(line[78:]), ''), line[17:76])) AS description, "
            f"line[15] = '1' AS billable FROM ({lines}) ORDER BY code"
        )
    if all_like(_CODE_FILE):
        return (
            "SELECT regexp_extract(line, '^\\S+') AS code, "  # noqa: S608
            "trim(regexp_replace(line, '^\\S+', '')) AS description, "
            f"true AS billable FROM ({lines}) ORDER BY code"
        )
    message = (
        f"'{path}' is neither the order file (icd10cm_order_2026.txt) nor the list of codes "
        f"(icd10cm_codes_2026.txt) of CDC, nor a CSV or Parquet file with code and description"
    )
    raise SourceError(message)


def _of_table(con: Con, kind: str, path: str, encoding: str) -> str:
    """A table with code and description; the dots of ICD-10-CM are taken out."""
    forms = (
        ("code", "hcpcs", "hcpc", "icd10cm", "icd_10_cm"),
        ("description", "long_description", "long description"),
    )
    found = opened(con, path, forms, (("seqnum",),), f"a list of {kind} codes", encoding)
    code, description = (found.headings[name] for name in ("code", "description"))
    if "seqnum" in found.headings:  # CMS goes on with long descriptions in further lines
        description = f"string_agg({description}, ' ' ORDER BY {found.headings['seqnum']})"
        ended = f" GROUP BY {code}"
    else:
        ended = ""
    rows = (
        f"SELECT upper(replace(trim(CAST({code} AS VARCHAR)), '.', '')) AS code, "  # noqa: S608 - quoted
        f"trim(CAST({description} AS VARCHAR)) AS description FROM {found.query}{ended}"
    )
    if kind == HCPCS:
        return f"{rows} ORDER BY code"
    return f"SELECT *, true AS billable FROM ({_mended(con, rows)}) ORDER BY code"  # noqa: S608


def _mended(con: Con, rows: str) -> str:
    """Codes that were cut after five characters, whose rest begins the description, made whole.

    Copies of CDC's fixed-width file go round that took the code from five columns and the
    description from the fifth: 'A0100' with '0   Typhoid fever'.
    """
    query = (
        f"SELECT count(*) FILTER (WHERE {_CUT}), count(*) FILTER (WHERE length(code) = 5), "  # noqa: S608
        f"count(*) - count(DISTINCT code) FROM ({rows})"
    )
    cut, five, twice = con.execute(query).fetchall()[0]
    if not twice or cut != five:
        return rows
    rest = "regexp_extract(description, '^\\S+')"
    return (
        f"SELECT CASE WHEN length(code) = 5 THEN code[:4] || {rest} ELSE code END AS code, "  # noqa: S608
        f"CASE WHEN length(code) = 5 THEN trim(regexp_replace(description, '^\\S+', '')) "
        f"ELSE description END AS description FROM ({rows})"
    )


def _of_package() -> tuple[str, pa.Table]:
    """What simple-icd-10-cm (MIT; the files of CDC in it are public domain) has."""
    import pyarrow as pa

    try:
        import simple_icd_10_cm as icd  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        message = (
            f"no file was given and the package {EXTRA} is not installed: pip install {EXTRA}, or "
            f"CALL genesis_load_codes('icd10cm', path := 'icd10cm_order_2026.txt')"
        )
        raise MissingExtraError(message) from error
    from importlib.metadata import version

    known = dict.fromkeys(icd.get_all_codes(with_dots=False))  # a block of one category is twice
    codes = [c for c in known if icd.is_category_or_subcategory(c)]
    rows = pa.table(
        {
            "code": pa.array(codes, pa.string()),
            "description": pa.array([icd.get_description(c) for c in codes], pa.string()),
            "billable": pa.array([icd.is_leaf(c) for c in codes], pa.bool_()),
        }
    )
    return f"{EXTRA} {version(EXTRA)}", rows
