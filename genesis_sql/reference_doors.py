"""The Python doors of reference data: public figures, directories and codes in the database."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from genesis_sql.doors import Row, effect, listed, read


def load_reference(
    con: duckdb.DuckDBPyConnection,
    *,
    path: str | None = None,
    tables: Sequence[str] | None = None,
) -> list[Row]:
    """Put reference tables into the schema genesis_reference, and return a dict per table.

    Args:
        con: where they go.
        path: a folder that `genesis reference build` wrote; the shipped tables where not given.
        tables: only these.

    Raises:
        TargetError: a table of yours has the name of one of these; nothing was changed.

    Example:
        >>> con = duckdb.connect()
        >>> [row["status"] for row in load_reference(con, tables=["counties"])]
        ['loaded']
        >>> [row["status"] for row in load_reference(con, tables=["counties"])]
        ['kept']
        >>> con.close()
    """
    return effect(con, "load_reference", {"path": path, "tables": listed("tables", tables)})


def list_reference_tables(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation:
    """What there is of reference tables, loaded or not, with publisher, vintage and licence."""
    return read(con, "reference_tables", {})


def make_directory(
    con: duckdb.DuckDBPyConnection,
    *,
    state: str | None = None,
    county: str | None = None,
    seed: int = 0,
) -> list[Row]:
    """Draw a fictional directory from public counts, and return a dict per table.

    The tables are facilities_fictional and providers_fictional of the schema genesis_reference:
    as many facilities of each type as a county has, and the person in charge of each. Their NPIs
    are valid and begin with 2, which no real one does.

    Args:
        con: where they go.
        state: only there, as in 'TX'.
        county: only there: a FIPS code, or a name with ``state``.
        seed: of everything that is invented.

    Raises:
        OptionError: there is no such state or county.
    """
    return effect(con, "make_directory", {"state": state, "county": county, "seed": seed})


def load_directory(
    con: duckdb.DuckDBPyConnection, kind: str, path: str, *, state: str | None = None
) -> list[Row]:
    """Put a real directory that you downloaded into the database, and return a dict per table.

    Args:
        con: where it goes, into the schema genesis_reference.
        kind: 'nppes' (npidata_pfile), 'pos' (CMS Provider of Services) or 'care_compare' (CMS
            Hospital General Information).
        path: the publisher's file, CSV or Parquet.
        state: only what lies there.

    Raises:
        SourceError: the file is missing, or lacks a column of the publisher's layout.
        AccessError: the connection may not read files.
    """
    return effect(con, "load_directory", {"kind": kind, "path": path, "state": state})


def load_codes(con: duckdb.DuckDBPyConnection, kind: str, *, path: str | None = None) -> list[Row]:
    """Put a code set into the database, and return a dict per table.

    Args:
        con: where it goes, into the schema genesis_reference.
        kind: 'icd10cm', 'hcpcs', 'ms_drg', 'mdc' or 'place_of_service'.
        path: your file; without it ICD-10-CM comes from the package simple-icd-10-cm where that is
            installed, all else is what ships.

    Raises:
        SourceError: the file is missing, or is none of the publisher's layouts.
    """
    return effect(con, "load_codes", {"kind": kind, "path": path})


def find_providers(
    con: duckdb.DuckDBPyConnection,
    *,
    state: str | None = None,
    city: str | None = None,
    county: str | None = None,
    specialty: str | None = None,
    taxonomy: str | None = None,
    limit: int = 100,
) -> duckdb.DuckDBPyRelation:
    """Providers of NPPES where you loaded it, else of the fictional directory.

    Args:
        con: where the directory is.
        state: as in 'TX' or 'Texas'.
        city: as the directory writes it; capitals do not matter.
        county: a FIPS code, or a name with ``state``.
        specialty: in plain words, as 'cardiology'.
        taxonomy: the code that providers give of themselves in NPPES.
        limit: how many rows.

    Raises:
        ModelNotFoundError: there is no directory, or none that knows the specialty.
        OptionError: a state, county, specialty or taxonomy is not known.
    """
    given: Row = {"state": state, "city": city, "county": county, "most": limit}
    return read(con, "find_providers", {**given, "specialty": specialty, "taxonomy": taxonomy})


def find_facilities(
    con: duckdb.DuckDBPyConnection,
    *,
    state: str | None = None,
    city: str | None = None,
    county: str | None = None,
    facility_type: str | None = None,
    min_beds: int | None = None,
    limit: int = 100,
) -> duckdb.DuckDBPyRelation:
    """Facilities of a real directory where you loaded one, else of the fictional one.

    Args:
        con: where the directory is.
        state: as in 'TX' or 'Texas'.
        city: as the directory writes it; capitals do not matter.
        county: a FIPS code, or a name with ``state``.
        facility_type: as in 'hospital'.
        min_beds: at least so many.
        limit: how many rows.

    Raises:
        ModelNotFoundError: there is no directory that can answer.
        OptionError: a state, county or type is not known.
    """
    given: Row = {"state": state, "city": city, "county": county, "most": limit}
    return read(
        con, "find_facilities", {**given, "facility_type": facility_type, "min_beds": min_beds}
    )
