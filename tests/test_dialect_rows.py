"""What the driver takes for rows, and what for a count; what needs no commit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from genesis_sql.errors import TransactionError


@pytest.fixture
def engine(file: Path) -> Iterator[sa.Engine]:
    made = sa.create_engine(f"genesis:///{file}")
    with made.begin() as con:
        con.exec_driver_sql("CREATE TABLE t AS SELECT range AS a FROM range(3)")
    yield made
    made.dispose()


@pytest.mark.parametrize(
    "query",
    [
        'SELECT 5 AS "Count"',
        'FROM (SELECT 5 AS "Count")',
        'WITH w AS (SELECT 5 AS "Count") SELECT * FROM w',
        'INSERT INTO t VALUES (5) RETURNING a AS "Count"',
        '/* x */ SELECT 5 AS "Success"',
        'PIVOT (SELECT 5 AS a) ON a USING max(5) AS "Count"',
    ],
)
def test_a_column_may_be_named_count(engine: sa.Engine, query: str) -> None:
    with engine.begin() as con:
        rows = con.exec_driver_sql(query).fetchall()
    assert len(rows) == 1
    assert rows[0][-1] == 5


@pytest.mark.parametrize(
    ("statement", "changed"),
    [("INSERT INTO t SELECT range FROM range(4)", 4), ("DELETE FROM t WHERE a > 0", 2)],
)
def test_a_change_has_a_count_and_no_rows(engine: sa.Engine, statement: str, changed: int) -> None:
    with engine.begin() as con:
        made = con.exec_driver_sql(statement)
        assert not made.returns_rows
        assert made.rowcount == changed


@pytest.mark.parametrize(
    "query",
    [
        "WITH w AS (SELECT 1 AS a) SELECT a FROM w",
        "/* how many */ SELECT count(*) FROM t",
        "-- how many\nSELECT count(*) FROM t",
        "(SELECT 1)",
        "TABLE t",
    ],
)
def test_an_effect_may_follow_what_only_reads(engine: sa.Engine, query: str) -> None:
    """It has a transaction of its own, which must not wait for one that wrote."""
    with engine.connect() as con:
        assert con.exec_driver_sql(query).fetchall()
        fitted = con.exec_driver_sql("CALL genesis_fit('m', 't')").fetchall()
        assert fitted[0][0] == "m"


def test_an_effect_does_not_follow_a_change(engine: sa.Engine) -> None:
    with engine.connect() as con:
        con.exec_driver_sql("WITH w AS (SELECT 9 AS a) INSERT INTO t SELECT a FROM w")
        with pytest.raises(TransactionError, match="has written already"):
            con.exec_driver_sql("CALL genesis_fit('m', 't')")
