"""Code sets a user has, or a package has for him -> tables of genesis_reference.

ICD-10-CM comes out of the publisher's file (order file, list of codes, or a table with code and
description), out of the package simple-icd-10-cm where that is installed, or is what ships. HCPCS
level II comes out of a table, or is what ships. No code of CPT (level I), no modifier and none of
the dental codes (D) gets in: they belong to the American Medical and Dental Associations.
"""

from __future__ import annotations

import functools
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesis_sql.errors import OptionError, SourceError, nearest
from genesis_sql.introspect import files
from genesis_sql.reference import place
from genesis_sql.reference.load import CODE_SET, load
from genesis_sql.reference.place import Con
from genesis_sql.reference.publishers import in_any_encoding, opened
from genesis_sql.sqlbuild import quoted, string
from genesis_sql.store.transaction import transaction
from genesis_sql.store.transfer import require_external_access

if TYPE_CHECKING:
    import pyarrow as pa

ICD10, HCPCS = "icd10cm", "hcpcs"
KINDS = (ICD10, HCPCS, "ms_drg", "mdc", "place_of_service")
EXTRA, MODULE = "simple-icd-10-cm", "simple_icd_10_cm"
LICENCE = "public domain (CDC/NCHS and CMS)"
_PUBLISHERS = {ICD10: "CDC/NCHS", HCPCS: "CMS"}
_PATTERNS = {
    ICD10: r"^[A-Z][0-9A][0-9A-Z](\.[0-9A-Z]{1,4})?$",
    HCPCS: r"^[A-CE-Z][0-9]{4}$",
}
"""The form of a code. Level II of HCPCS is a letter and four digits; D are the dental codes."""
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
        path: the user's file; without it the package simple-icd-10-cm, or what ships.

    Raises:
        OptionError: the kind is not known, or takes no file.
        SourceError: the file is missing, or is none of the layouts.
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
    if path is None and (kind != ICD10 or find_spec(MODULE) is None):
        return _shipped(con, database, kind)
    there = place.standing(con, database)
    place.require_ours(there, kind, f"CALL genesis_load_codes({string(kind)})")
    place.require_writable(con, database)
    if path is None:
        origin, rows = _of_package()
        comment = place.remark(CODE_SET, _PUBLISHERS[kind], origin, LICENCE)
        query = _dotted(f"FROM {quoted(_ARROW)}")
        count, left_out = _put(con, database, kind, query, comment, rows)
    else:
        origin = path
        require_external_access(con)
        files_there(path)
        comment = place.remark(CODE_SET, _PUBLISHERS[kind], path, LICENCE)

        def work(encoding: str) -> tuple[int, int]:
            return _put(con, database, kind, _of_file(con, kind, origin, encoding), comment, None)

        count, left_out = in_any_encoding(path, work)
    status = "replaced" if kind in there else "loaded"
    without = f"; {left_out:,} rows that are no codes of level II were left out" * (left_out > 0)
    note = f"from {origin}{without}"
    return [{"table_name": kind, "rows": count, "status": status, "note": note}]


def files_there(path: str) -> None:
    """Raise SourceError where there is no such file."""
    if not Path(path).is_file():
        files.require(path)
        message = f"'{path}' is no file"
        raise SourceError(message)


def _shipped(con: Con, database: str, kind: str) -> list[dict[str, Any]]:
    found = load(con, database, tables=[kind], codes_too=True)[0]
    note = f"what ships: {found.vintage}"
    return [{"table_name": kind, "rows": found.rows, "status": found.status, "note": note}]


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
    table, pattern = place.full(database, kind), string(_PATTERNS[kind])
    if kind == HCPCS:
        con.execute(f"DELETE FROM {table} WHERE NOT regexp_matches(code, {pattern})")  # noqa: S608
    query = (
        "SELECT count(*), count(*) - count(DISTINCT code), "  # noqa: S608 - quoted
        "count(*) FILTER (WHERE coalesce(description, '') = ''), "
        f"count(*) FILTER (WHERE NOT regexp_matches(coalesce(code, ''), {pattern})) "
        f"FROM {table}"
    )
    count, twice, untold, strange = con.execute(query).fetchall()[0]
    if not count or twice or untold or strange:
        message = (
            f"the file has {count:,} codes of {kind}, {twice:,} of them twice, {untold:,} without "
            f"a description and {strange:,} of another form; nothing was changed"
        )
        raise SourceError(message)
    return count, before - count


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
        return _dotted(
            "SELECT trim(line[7:13]) AS code, "  # noqa: S608
            "trim(coalesce(nullif(trim(line[78:]), ''), line[17:76])) AS description "
            f"FROM ({lines}) WHERE line[15] = '1'"
        )
    if all_like(_CODE_FILE):
        return _dotted(
            "SELECT regexp_extract(line, '^\\S+') AS code, "  # noqa: S608
            "trim(regexp_replace(line, '^\\S+', '')) AS description "
            f"FROM ({lines})"
        )
    message = (
        f"'{path}' is neither the order file (icd10cm_order_2026.txt) nor the list of codes "
        f"(icd10cm_codes_2026.txt) of CDC, nor a CSV or Parquet file with code and description"
    )
    raise SourceError(message)


def _of_table(con: Con, kind: str, path: str, encoding: str) -> str:
    """A table with code and description."""
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
    return _dotted(_mended(con, rows))


def _dotted(rows: str) -> str:
    """Codes of ICD-10-CM with their dot, in order."""
    return (
        "SELECT CASE WHEN length(code) > 3 THEN code[:3] || '.' || code[4:] ELSE code END AS code, "  # noqa: S608
        f"description FROM ({rows}) ORDER BY code"
    )


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
    """What simple-icd-10-cm (MIT; the files of CDC in it are public domain) has, without dots."""
    import pyarrow as pa

    icd = import_module(MODULE)
    known = dict.fromkeys(icd.get_all_codes(with_dots=False))  # a block of one category is twice
    codes = [c for c in known if icd.is_category_or_subcategory(c) and icd.is_leaf(c)]
    told = [icd.get_description(c) for c in codes]
    rows = {"code": pa.array(codes, pa.string()), "description": pa.array(told, pa.string())}
    return f"{EXTRA} {version(EXTRA)}", pa.table(rows)
