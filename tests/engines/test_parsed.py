"""Engines that the tests do not run: what is written for them parses, and is in their own words."""

from __future__ import annotations

import re

import pytest
import sqlglot
from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.program.dialects.registry import DIALECTS
from tests.plan.test_compile import KEYS, PEOPLE, RELATIONSHIPS, SHOP, fitted

COMMON = set("CAST COALESCE COUNT FLOOR GREATEST LEAST LPAD MAX SUBSTRING SUM".split())
WORDS = {
    "snowflake": "ABS ARRAY_CONSTRUCT ARRAY_GENERATE_RANGE BITAND BITSHIFTRIGHT BITXOR DATEADD DATE_PART FLATTEN GENERATOR GET "
    "PARSE_JSON ROW_NUMBER SEQ8 SPLIT TABLE TIMESTAMPNTZ TIMESTAMPTZ TO_TIMESTAMP_NTZ TO_TIMESTAMP_TZ",
    "bigquery": "ABS BIGNUMERIC DATETIME DATE_FROM_UNIX_DATE DIV EXTRACT GENERATE_ARRAY MOD NUMERIC OFFSET SAFE_OFFSET SPLIT STRUCT "
    "TIME TIMESTAMP_MICROS UNNEST",
    "redshift": "ARRAY DATEADD EXTRACT JSON_PARSE",
    "trino": "AT_TIMEZONE BITWISE_AND BITWISE_RIGHT_SHIFT BITWISE_XOR DATE_ADD ELEMENT_AT EXTRACT FROM_UNIXTIME_NANOS INFINITY "
    "ARRAY JSON_PARSE NAN SEQUENCE SPLIT SUBSTR TABLE TIME TIMESTAMP UNNEST",
}
"""What stands in front of a bracket: functions and types that the engine's documentation has."""
KEYWORDS = set(
    "ALL AND AS BY CASE ELSE FROM IN IS JOIN NOT ON OR OVER SELECT THEN VALUES WHEN WHERE".split()
)
QUOTED = re.compile(r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`[^`]*`|/\*.*?\*/""", re.DOTALL)
PARSED = pytest.mark.parametrize("name", list(WORDS))


@pytest.fixture(scope="module")
def people() -> Model:
    sql = PEOPLE.replace("WHEN i % 50 = 0 THEN 'infinity'", "WHEN i % 50 = 0 THEN NULL")
    return fitted(sql)


@pytest.fixture(scope="module")
def shop() -> Model:
    keys = (f'ALTER TABLE "{t}" ADD PRIMARY KEY ({", ".join(k)})' for t, k in KEYS.items())
    return fitted(SHOP, *keys, relationships=RELATIONSHIPS)


def check(name: str, model: Model, table: str) -> None:
    """A table's text: parsed, its outputs in order, and every function one of the engine's."""
    sql = compile_sql(model, table, seed=7, dialect=DIALECTS[name])
    tree = sqlglot.parse_one(sql, dialect=name)
    assert isinstance(tree, exp.Select)
    assert tree.named_selects == [o.name for o in model.programs[table].outputs]
    assert {cte.alias for cte in tree.find_all(exp.CTE)} >= {
        t.name for t in tree.find_all(exp.Table) if t.name
    }
    assert "genesis_" not in sql
    bare = QUOTED.sub("''", sql)
    assert "//" not in bare
    called = {word.upper() for word in re.findall(r"(?<!AS )\b(\w+) ?\(", bare)}
    assert called - KEYWORDS <= COMMON | set(WORDS[name].split())
    assert "CAST" in called


def test_all_engines_have_a_name() -> None:
    assert list(DIALECTS) == [
        "duckdb", "postgres", "sqlite", "clickhouse", "datafusion", "spark",
        "snowflake", "bigquery", "redshift", "trino",
    ]  # fmt: skip
    assert [n for n, d in DIALECTS.items() if not d.ran] == list(WORDS)
    assert all(name == one.name for name, one in DIALECTS.items())


@PARSED
def test_a_table_of_all_types(name: str, people: Model) -> None:
    check(name, people, "people")


@PARSED
@pytest.mark.parametrize("table", ["likes", "sales", "a.b"])
def test_related_tables(name: str, shop: Model, table: str) -> None:
    check(name, shop, table)


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        ("bigquery", "CAST(TIMESTAMP '2020-01-01' + to_minutes(i * i) AS TIMESTAMP_NS)", "BigQuery has no timestamps of nanoseconds"),
        ("redshift", "CAST(TIMESTAMP '2020-01-01' + to_minutes(i * i) AS TIMESTAMP_NS)", "Redshift has no timestamps of nanoseconds"),
        ("snowflake", "CASE WHEN i % 9 = 0 THEN 'infinity' ELSE TIMESTAMP '2020-01-01' + to_minutes(i * i) END", "Snowflake has no infinite dates and timestamps, which column 'x'"),
        ("trino", "CASE WHEN i % 9 = 0 THEN TIME '24:00:00' ELSE TIME '10:00:00' + to_minutes(i % 99) END", "Trino has no time of day 24:00:00, which column 'x' of table 't' holds"),
        ("datafusion", "CASE WHEN i % 9 = 0 THEN TIME '24:00:00' ELSE TIME '10:00:00' + to_minutes(i % 99) END", "DataFusion has no time of day 24:00:00, which column 'x' of table 't' holds"),
    ],
)  # fmt: skip
def test_types_an_engine_has_not(name: str, column: str, message: str) -> None:
    model = fitted(f"CREATE TABLE t AS SELECT {column} AS x FROM range(500) AS r(i)")
    with pytest.raises(GenesisError, match=message):
        compile_sql(model, "t", dialect=DIALECTS[name])


@PARSED
def test_names_and_labels_stay_what_they_are(name: str) -> None:
    column, label = 'a"`; DROP TABLE t; -- */', "it's */ \\ | ; , 'x' -- $1"
    quoted = column.replace('"', '""')
    value = label.replace("'", "''")
    model = fitted(
        f"""CREATE TABLE t AS SELECT CASE WHEN i % 3 > 0 THEN '{value}' ELSE 'ü|;~^' END AS "{quoted}",
        i % 7 AS n FROM range(100) AS r(i)"""
    )
    sql = compile_sql(model, "t", dialect=DIALECTS[name])
    (tree,) = sqlglot.parse(sql, dialect=name)
    assert tree is not None
    assert tree.named_selects == [column, "n"]
    texts = {n.name for n in tree.find_all(exp.Literal) if n.is_string}
    assert any(label in text for text in texts)
