"""Frames of pandas, polars and Arrow as DuckDB sees them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from genesis_sql.errors import SourceError
from genesis_sql.introspect.frames import registered, to_arrow

ROWS = {"i": [1, None, 3], "t": ["x", None, "z"], "f": [0.5, None, 2.0], "b": [True, None, False]}


def described(frame: Any, *, rows: bool = True) -> list[tuple[Any, ...]]:
    """Names and types, then the rows (DuckDB needs pytz for zoned timestamps)."""
    with duckdb.connect() as con, registered(con, frame) as query:
        types = con.execute(
            f"SELECT column_name, column_type FROM (DESCRIBE FROM {query})"
        ).fetchall()
        return [*types, *(con.execute(f"FROM {query}").fetchall() if rows else [])]


def test_all_libraries_give_the_same() -> None:
    expected = [
        *[("i", "BIGINT"), ("t", "VARCHAR"), ("f", "DOUBLE"), ("b", "BOOLEAN")],
        *[(1, "x", 0.5, True), (None, None, None, None), (3, "z", 2.0, False)],
    ]
    assert described(pa.table(ROWS)) == expected
    assert described(pa.table(ROWS).to_reader()) == expected
    assert described(pd.DataFrame(ROWS).astype({"i": "Int64"})) == expected
    with duckdb.connect() as con:
        held = pa.table(ROWS)
        assert described(con.from_arrow(held)) == expected


def test_polars() -> None:
    pl = pytest.importorskip("polars")
    assert described(pl.DataFrame(ROWS)) == described(pa.table(ROWS))
    with pytest.raises(SourceError, match=r"polars LazyFrame; .*call \.collect\(\) on it first"):
        to_arrow(pl.DataFrame(ROWS).lazy())


def test_pandas_of_all_sorts() -> None:
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b", "a"]),
            "odd": ["1", None, "x"],
            "at": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
            "zoned": pd.to_datetime(["2024-01-01", None, "2024-01-03"]).tz_localize("UTC"),
            7: [1, 2, 3],
        },
        index=["r", "s", "t"],
    )
    types = dict(described(frame, rows=False))
    assert list(types) == ["kind", "odd", "at", "zoned", "7"]
    assert types["kind"] == types["odd"] == "VARCHAR"
    assert types["at"].startswith("TIMESTAMP")
    assert types["zoned"] == "TIMESTAMP WITH TIME ZONE"
    moment = to_arrow(frame)["zoned"][0].as_py()
    assert moment == datetime(2024, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (pd.DataFrame({"m": [1, "a", 2.5]}), "pandas DataFrame cannot be read: .*column m"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Duplicate column names found"),
        (pd.DataFrame(), "pandas DataFrame has no columns"),
        ([1, 2], "the source is a list; give a table's name"),
        (None, "the source is a NoneType"),
        (pa.array([1]), "pyarrow Int64Array"),
    ],
    ids=str,
)
def test_what_is_no_frame(frame: Any, expected: str) -> None:
    with pytest.raises(SourceError, match=expected):
        to_arrow(frame)


def test_nothing_stays_registered() -> None:
    with duckdb.connect() as con:
        with registered(con, pa.table(ROWS)):
            pass
        assert con.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [
            (0,)
        ]
