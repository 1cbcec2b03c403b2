import numpy as np
import pytest

import genesis_sql
from genesis_sql.actions import learning
from genesis_sql.models.fill import FillOptions, fill_labels
from genesis_sql.models.frame import coded
from genesis_sql.models.recount import _Slots
from genesis_sql.program.cells import Cells
from genesis_sql.program.domain import Categories, Raw

ROWS = 120_000
SOURCE = f"""
    CREATE TABLE t AS WITH numbered AS (
        SELECT i AS id, [md5_number_lower(CAST(i AS VARCHAR) || k) FOR k IN range(7)] AS z
        FROM range({ROWS}) AS r(i))
    SELECT id,
        CASE WHEN z[1] % 3 = 0 THEN 'a' WHEN z[1] % 7 = 1 THEN NULL ELSE 'b' END AS kind,
        CASE WHEN z[2] % 11 = 0 THEN NULL
             ELSE CAST(z[3] % 50 + 100 * (z[1] % 3) AS INTEGER) END AS size,
        DATE '2024-01-01' + CAST(z[4] % 300 AS INTEGER) AS day,
        CAST(z[5] % 1000 AS DOUBLE) / 7 AS part,
        CASE WHEN id < 3 THEN 'rare' ELSE 'x' || z[6] % 4 END AS label
    FROM numbered
"""
DAYS = """
    SELECT sum((a.n - b.n) ** 2 / (a.n + b.n)), count(*)
    FROM (SELECT day, count(*) AS n FROM t GROUP BY 1) AS a
    JOIN (SELECT day, count(*) AS n FROM made GROUP BY 1) AS b USING (day)
"""
MEANS = """
    SELECT coalesce(kind, '-') AS kind, count(*) / sum(count(*)) OVER () AS share,
           avg(size) AS size, avg(CAST(size IS NULL AS INTEGER)) AS missing, avg(part) AS part,
           avg(month(day)) AS month
    FROM {} GROUP BY ALL ORDER BY ALL
"""


@pytest.fixture(scope="module")
def streamed():
    """A model whose trees were grown on a tenth of the rows, beside all of them."""
    with pytest.MonkeyPatch.context() as patch, genesis_sql.connect() as con:
        patch.setattr(learning, "TREE_STREAMED", ROWS - 1)
        patch.setattr(learning, "TREE_SAMPLE", ROWS // 10)
        con.execute(SOURCE)
        con.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
        con.execute("CALL genesis_fit('m', 't', options := {'forest': 1})").fetchall()
        con.execute("CREATE TABLE made AS FROM genesis_generate('m', seed := 1)")
        yield con


def test_a_streamed_table_has_all_its_rows(streamed):
    assert streamed.execute("SELECT count(*), count(DISTINCT id) FROM made").fetchall() == [
        (ROWS, ROWS)
    ]


def test_a_streamed_table_keeps_what_columns_say_of_each_other(streamed):
    real, made = (streamed.execute(MEANS.format(t)).fetchall() for t in ("t", "made"))
    assert [r[0] for r in made] == [r[0] for r in real] == ["-", "a", "b"]
    for one, other in zip(real, made, strict=True):
        assert other[1] == pytest.approx(one[1], abs=0.005)
        assert other[2] == pytest.approx(one[2], abs=1.5)
        assert other[3] == pytest.approx(one[3], abs=0.01)
        assert other[4] == pytest.approx(one[4], abs=2)
        assert other[5] == pytest.approx(one[5], abs=0.1)


def test_values_are_counted_over_all_rows(streamed):
    ((distance, days),) = streamed.execute(DAYS).fetchall()
    assert days == 300
    assert distance < 225  # mean 150 where one side is the other's law; of a sample's cells 700


def test_labels_are_counted_over_all_rows_and_rare_ones_withheld(streamed):
    found = dict(streamed.execute("SELECT label, count(*) FROM made GROUP BY 1").fetchall())
    real = dict(streamed.execute("SELECT label, count(*) FROM t GROUP BY 1").fetchall())
    assert real.pop("rare") == 3
    assert set(found) == set(real)
    for label, count in real.items():
        assert found[label] == pytest.approx(count, rel=0.03)


def test_one_tree_without_branches_is_counted_exactly():
    con = genesis_sql.connect()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "TREE_STREAMED", 9_999)
        patch.setattr(learning, "TREE_SAMPLE", 5_000)
        con.execute("CREATE TABLE t AS SELECT i % 10 AS n FROM range(9000) AS r(i)")
        con.execute("INSERT INTO t SELECT 3 FROM range(9000)")
        con.execute("CALL genesis_fit('m', 't')").fetchall()
    n = 200_000
    query = "SELECT count(*) FILTER (n = 3) FROM genesis_generate('m', rows := ?)"
    ((threes,),) = con.execute(query, [n]).fetchall()
    assert threes / n == pytest.approx(0.55, abs=5 * np.sqrt(0.55 * 0.45 / n))
    con.close()


def slots(low, width, start=(0, 4), *, null=(0,)):
    count = len(low)
    at = np.zeros(count, bool)
    at[list(null)] = True
    none = np.zeros(count, np.uint32)
    return _Slots(
        Cells(np.array(start), none, none.astype(np.int32), np.array(low), np.array(width), at)
    )


def test_a_value_goes_to_the_nearest_slot_of_its_cell():
    found = slots([0, 5, 10, 20], [1, 1, 5, 1])
    values = np.array([5, 4, 8, 6, 12, 14, 16, 18, 99, 7])
    valid = np.ones(10, bool)
    valid[-1] = False
    at = found.find(np.zeros(10, np.int32), Raw(values, valid))
    assert at.tolist() == [1, 1, 2, 1, 2, 2, 2, 3, 3, 0]


def test_a_cell_without_null_or_numbers_takes_none():
    found = slots([0, 7, 9], [1, 1, 1], (0, 1, 3))
    cell = np.array([0, 0, 1, 1, 1])
    raw = Raw(np.array([3, 0, 1, 50, 8]), np.array([True, False, True, True, False]))
    assert found.find(cell, raw).tolist() == [-1, 0, 1, 2, -1]


def test_labels_by_counts_are_those_by_rows():
    rng = np.random.default_rng(0)
    codes, cell = rng.integers(0, 9, 3_000).astype(np.int32), rng.integers(0, 12, 3_000)
    cell[codes == 8] = 11
    codes[:3] = 7
    column = coded("c", Categories("VARCHAR", tuple("abcdefghi")), Raw(codes))
    cells, withheld = fill_labels(column, cell, 13, FillOptions(floor=330))
    assert withheld == int((column.count[column.count > 0] < 330).sum()) > 0
    assert cells.count == 13
    sizes = np.diff(cells.start)
    assert sizes.min() >= 1
    assert set(cells.low) == {0, *(np.flatnonzero(column.count >= 330) + 1)}
