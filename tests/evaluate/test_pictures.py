"""What a report draws adds up, and is of the right columns."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from genesis_sql.evaluate import pairs, shapes
from genesis_sql.evaluate.pictures import distributions, matrices

from .opened import FRESH, by_name, opened


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database without the functions: none is needed here."""
    with duckdb.connect() as connection:
        connection.execute(FRESH)
        yield connection


def test_shares_and_nulls_add_up(con: duckdb.DuckDBPyConnection) -> None:
    with opened(con, "real", "synth") as sides:
        drawn = {d.column: d for d in distributions(sides)}
        similar = by_name(shapes.measure(sides), "tv_similarity")
    assert {c: d.kind for c, d in drawn.items()} == {
        "age": "number", "grade": "label", "pay": "number", "since": "moment", "member": "label",
    }  # fmt: skip
    for column, d in drawn.items():
        assert len(d.real) == len(d.synthetic) == len(d.bins) - (d.kind != "label")
        assert sum(d.real) + d.nulls[0] == pytest.approx(1)
        assert sum(d.synthetic) + d.nulls[1] == pytest.approx(1)
        assert d.similarity == pytest.approx(similar[(column,)].score)
    assert drawn["grade"].bins[-1] == "…"  # the synthetic 'e'
    assert drawn["grade"].real[-1] == 0 < drawn["grade"].synthetic[-1]
    assert (drawn["since"].bins[0], drawn["since"].bins[-1]) == ("2020-01-01", "2020-12-30")
    widths = [
        float(b) - float(a) for a, b in zip(drawn["age"].bins, drawn["age"].bins[1:], strict=False)
    ]
    assert set(widths[:-1]) == {widths[0]}
    assert widths[0] == int(widths[0])


def test_few_bins_many_labels_and_long_tails(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE t AS SELECT 'k' || (i % 40) AS c, exp(i % 1000 / 50) AS x, i % 3 AS few, "
                "TIMESTAMP '2024-01-01' + to_minutes(i) AS at FROM range(3000) AS r(i)")  # fmt: skip
    with opened(con, "t", "t") as sides:
        drawn = {d.column: d for d in distributions(sides, most_bins=6)}
    assert len(drawn["c"].bins) == 7
    assert drawn["few"].real == pytest.approx((1 / 3,) * 3)
    assert all(len(d.real) <= 7 for d in drawn.values())
    assert max(drawn["x"].real) < 0.95
    assert drawn["at"].bins[0] == "2024-01-01 00:00"


def test_matrices_show_what_hangs_together(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE TABLE a AS SELECT i % 4 AS x, 'k' || (i % 4) AS y, i // 4 % 4 AS z FROM range(320) AS r(i)"
    )
    con.execute("CREATE TABLE b AS SELECT x, 'k' || z AS y, z FROM a")
    with opened(con, "a", "b") as sides:
        (m,) = matrices(sides)
    assert m.columns == ("x", "y", "z")
    assert m.real[0] == pytest.approx((1, 1, 0), abs=1e-6)
    assert m.synthetic[0] == pytest.approx((1, 0, 0), abs=1e-6)
    assert m.similarity[0][1] == pytest.approx(0.25)
    for grid in (m.real, m.synthetic, m.similarity):
        assert all(grid[i][j] == grid[j][i] for i in range(3) for j in range(3))


def test_wide_tables_show_the_strongest_and_the_worst(con: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"hash(i * 100 + {k}) % 5 AS c{k}" for k in range(12))
    con.execute(
        f"CREATE TABLE a AS SELECT {columns}, i % 6 AS p, i % 6 * 2 AS q, i % 3 AS w FROM range(600) AS r(i)"
    )
    con.execute("CREATE TABLE b AS SELECT * REPLACE (0 AS w) FROM a")
    with opened(con, "a", "b") as sides:
        (m,) = matrices(sides, most_columns=4)
        pairs.measure(sides)
        again = matrices(sides, most_columns=4)
    assert len(m.columns) == 4
    assert {"p", "q", "w"} < set(m.columns)
    assert again == [m]
