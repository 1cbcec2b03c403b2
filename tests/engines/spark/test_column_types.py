"""Names of users stay names in the texts that DuckDB and Spark read."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from genesis_sql.engines.spark.column_types import arrow_schema, cast_sql, columns_of, schema_text

ODD = ['a"b', "a`b", "x int, y", "'; DROP TABLE t; --", "a.b c"]


def test_odd_names_are_quoted() -> None:
    names = ", ".join('1::UTINYINT AS "' + n.replace('"', '""') + '"' for n in ODD)
    with duckdb.connect() as con:
        query = f"SELECT {names}"
        columns = columns_of(con.sql(query), times=True)
        found = con.sql(cast_sql(columns, query))
        assert found.columns == ODD
        assert [str(t) for t in found.types] == ["SMALLINT"] * len(ODD)
        assert found.fetchall() == [(1,) * len(ODD)]
    assert schema_text(columns) == ", ".join(f"`{n.replace('`', '``')}` smallint" for n in ODD)
    assert arrow_schema(columns).names == ODD


@pytest.mark.parametrize(
    ("value", "spark", "arrow"),
    [
        ("1::UINTEGER", "bigint", pa.int64()),
        ("1::DECIMAL(12, 3)", "decimal(12,3)", pa.decimal128(12, 3)),
        ("TIMESTAMP_S '2020-01-01'", "timestamp_ntz", pa.timestamp("us")),
        ("TIME '10:00:00'", "time(6)", pa.time64("ns")),
        ("INTERVAL 1 DAY", "string", pa.string()),
        ("[1, 2]::INTEGER[2]", "array<int>", pa.list_(pa.int32())),
        ("MAP {'a': 1::UTINYINT}", "map<string, smallint>", pa.map_(pa.string(), pa.int16())),
        (
            "{'p`q': [1::HUGEINT]}",
            "struct<`p``q`: array<decimal(38,0)>>",
            pa.struct([pa.field("p`q", pa.list_(pa.decimal128(38, 0)))]),
        ),
    ],
)
def test_types_inside_types(value: str, spark: str, arrow: pa.DataType) -> None:
    with duckdb.connect() as con:
        query = f"SELECT {value} AS v"
        (column,) = columns_of(con.sql(query), times=True)
        made = con.sql(cast_sql((column,), query)).to_arrow_table()
    assert column.written.spark == spark
    assert column.written.arrow == arrow
    assert made.cast(arrow_schema((column,))).num_rows == 1
