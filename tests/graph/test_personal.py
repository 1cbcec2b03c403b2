"""Personal data by name and content: what is found, and what is near but is not."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genesis_sql.graph.build import build_graph
from genesis_sql.graph.check import check
from genesis_sql.graph.personal import Personal, find_personal
from genesis_sql.graph.personal_kinds import words_of
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.types import Finding

LUHN = """CREATE MACRO luhn(text) AS (10 - list_sum(list_transform(range(1, 16), lambda k:
  CASE WHEN k % 2 = 1 THEN text[k]::INTEGER * 2 - CASE WHEN text[k]::INTEGER > 4 THEN 9 ELSE 0 END
  ELSE text[k]::INTEGER END)) % 10) % 10"""
"""The sixteenth digit behind fifteen."""
CARD = "'4' || lpad((i * 7919 % 10000019)::VARCHAR, 14, '3')"
NAMES = "['Anna', 'Jose', 'Maria', 'Peter', 'Linda', 'James', 'Laura', 'David', 'Julia', 'Karen']"
SURNAMES = "['Smith', 'Johnson', 'Schmidt', 'Garcia', 'Miller', 'Weber', 'Brown', 'Davis', 'Wilson', 'Moore']"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.execute(LUHN)
    yield con
    con.close()


def found(con, columns: str, table: str = "t", rows: int = 300) -> dict[str, Personal]:
    """What a table of such columns holds."""
    con.execute(f'CREATE OR REPLACE TABLE "{table}" AS SELECT {columns} FROM range({rows}) r(i)')
    graph = build_graph(con, read_schema(con, database="memory", schema="main"))
    return {p.column: p for p in find_personal(con, graph.table(table))}


@pytest.mark.parametrize(
    ("column", "kind", "by"),
    [
        ("'u' || i || '@example.com' AS email", "e-mail", "both"),
        ("'u' || i % 40 || '@example.com' AS x", "e-mail", "content"),
        ("printf('+49 30 %06d', i * 7919 % 999983) AS telefon", "phone number", "both"),
        ("printf('(212) 555-%04d', i) AS x", "phone number", "content"),
        ("2125550000 + i * 7919 % 9999 AS mobile_no", "phone number", "name"),
        ("printf('%03d-%02d-%04d', 1 + i % 600, 1 + i % 99, 1 + i) AS x", "US SSN", "content"),
        ("100010001 + i * 1010101 % 499999999 AS ssn", "US SSN", "name"),
        (f"{CARD} || luhn({CARD}) AS x", "card number", "content"),
        (f"({CARD} || luhn({CARD}))::BIGINT AS x", "card number", "content"),
        (f"({CARD} || luhn({CARD}))::DECIMAL(18, 0) AS cc_number", "card number", "both"),
        (f"{NAMES}[1 + i % 10] AS vorname", "first name", "name"),
        (f"{SURNAMES}[1 + i % 10] AS lastName", "last name", "name"),
        (f"{NAMES}[1 + i % 10] || ' ' || {SURNAMES}[1 + i // 10 % 10] AS x", "person name", "content"),
        (f"{NAMES}[1 + i % 10] || ' ' || {SURNAMES}[1 + i % 7] AS cust_name", "person name", "name"),
        ("(1 + i) || ' Main Street' AS x", "postal address", "content"),
        ("'Hauptstraße ' || (1 + i) AS anschrift", "postal address", "both"),
        ("printf('10.0.%d.%d', i // 250, i % 250) AS x", "IP address", "content"),
        ("printf('00:1b:44:11:%02x:%02x', i // 250, i % 250) AS x", "MAC address", "content"),
        ("'https://example.com/' || i AS x", "web address", "content"),
        ("DATE '1950-01-01' + i::INTEGER AS geburtsdatum", "date of birth", "name"),
        ("TIMESTAMP '1950-01-01' + to_days(i::INTEGER) AS birth_date", "date of birth", "name"),
        ("printf('%05d', 10000 + i) AS plz", "postal code", "name"),
        ("48 + i / 1000 AS latitude", "location", "name"),
        ("printf('MRN%06d', i) AS mrn", "medical record number", "name"),
        ("printf('C01X%05d', i) AS passport_no", "passport number", "name"),
        ("printf('B-AB %d', 1000 + i) AS kennzeichen", "licence plate", "name"),
    ],
)  # fmt: skip
def test_found(con, column: str, kind: str, by: str) -> None:
    (seen,) = found(con, column).values()
    assert (seen.kind, seen.by) == (kind, by)
    assert 0.5 <= seen.share <= 1


@pytest.mark.parametrize(
    "column",
    [
        "100000000 + i * 7919 AS amount",
        "printf('%016d', 4000000000000000 + i * 7919) AS order_no",
        "4000000000000000 + i * 7919 AS order_no",
        "1000000000 + i AS id_of_order",
        "20200101 + i AS day_number",
        "['visa', 'master', 'amex'][1 + i % 3] AS card_type",
        "i % 2 = 0 AS email_verified",
        "['yes', 'no'][1 + i % 2] AS email_opt_in",
        "['iPhone 12', 'Galaxy S9'][1 + i % 2] AS phone_model",
        "['iPhone', 'Galaxy'][1 + i % 2] AS phone",
        "['Texas', 'Georgia', 'Virginia', 'Ohio'][1 + i % 4] AS state",
        "['north', 'south'][1 + i % 2] AS address",
        "'SKU-' || i % 40 AS name",
        "i / 7 AS lot",
        "printf('9%03d-%02d-%04d', i, 1 + i % 99, i) AS part",
        "md5(i::VARCHAR) AS token",
        "i % 7 AS tel",
        "'v1.' || i % 9 AS version",
    ],
)
def test_near_misses(con, column: str) -> None:
    assert found(con, column) == {}


def test_a_name_is_a_persons_where_the_table_holds_people(con) -> None:
    name = f"{NAMES}[1 + i % 10] || ' ' || {SURNAMES}[1 + i % 7] AS name"
    assert found(con, name, table="Patients")["name"].kind == "person name"
    assert found(con, "'Widget ' || chr(65 + (i % 20)::INTEGER) AS name", table="products") == {}


def test_names_are_cut_into_words() -> None:
    assert words_of("CUST_eMailAddress") == "cust e mail address"
    assert words_of("teléfonoMóvil") == "telefono movil"


def test_the_sample_is_the_same_whatever_the_threads(con) -> None:
    shares = set()
    for threads in (1, 2):
        con.execute(f"SET threads = {threads}")
        mixed = "CASE WHEN i % 5 > 0 THEN 'u' || i || '@x.org' ELSE 'n/a ' || i END AS email"
        shares.add(found(con, mixed, rows=60_000)["email"].share)
    assert len(shares) == 1
    assert 0.7 < shares.pop() < 0.9


def test_names_with_sql_in_them(con) -> None:
    seen = found(con, """'u' || i || '@x.org' AS "mail'; DROP TABLE victim; --\"""", table="t'; --")
    assert [p.kind for p in seen.values()] == ["e-mail"]


def findings(con, **options) -> dict[str | None, Finding]:
    raw = read_schema(con, database="memory", schema="main")
    return {
        f.column: f
        for f in check(con, raw, **options)
        if "personal" in f.finding or "looks" in f.finding
    }


def test_check_lists_what_it_found(con) -> None:
    con.execute(f"""CREATE TABLE people AS SELECT i AS n, 'u' || i || '@x.org' AS email,
      {SURNAMES}[1 + i % 10] AS surname, DATE '1950-01-01' + (i % 99)::INTEGER AS dob,
      [{", ".join(f"'{n}'" for n in ("Anna", "Jose"))}][1 + i % 2]::ENUM('Anna', 'Jose') AS first_name
      FROM range(400) r(i)""")
    seen = findings(con)
    assert seen["email"].severity == "info"
    assert (
        "looks like an e-mail (by its name and values): made anew, never copied"
        in seen["email"].finding
    )
    assert "with the role 'category' it is copied" in seen["surname"].finding
    assert seen["surname"].fix == "options := {'people': {'roles': {'surname': 'category'}}}"
    assert "'quasi_identifiers': ['dob']" in seen["dob"].fix
    assert seen["first_name"].severity == "warning"
    con.execute(seen["first_name"].fix)
    assert "made anew" in findings(con)["first_name"].finding
    copied = findings(con, verbatim=["people"])
    assert copied["email"].severity == "warning"
    assert "copied unchanged" in copied["email"].finding
