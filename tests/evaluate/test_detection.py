from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from genesis_sql.evaluate import detection
from genesis_sql.evaluate.features import Coder, draw, features_of
from genesis_sql.evaluate.measures import Metric
from genesis_sql.evaluate.sides import Sides

Make = Callable[..., Sides]

ROWS = """
SELECT hash(i, $salt) % 40 AS a, CAST(hash(i, $salt) % 40 + hash(i, $salt, 'b') % 5 AS DOUBLE) AS b,
       chr(65 + CAST(hash(i, $salt) % 40 // 10 AS INTEGER)) AS c,
       DATE '2020-01-01' + CAST(hash(i, $salt, 'd') % 700 AS INTEGER) AS d
FROM range($rows) AS r(i)
"""


def _fill(con: duckdb.DuckDBPyConnection, rows: int = 400) -> None:
    for salt, schema in enumerate(("real", "synth", "held")):
        con.execute(
            f"CREATE TABLE {schema}.t AS {ROWS.replace('$salt', str(salt)).replace('$rows', str(rows))}"
        )


def _named(found: list[Metric], name: str, table: str = "t") -> Metric:
    return next(m for m in found if m.name == name and m.table == table)


def test_fresh_rows_are_not_told_apart(plain, few_trees, make_sides: Make) -> None:
    _fill(plain)
    found = detection.measure(make_sides(plain, holdout="held"))
    row = _named(found, "c2st_auc")
    assert row.score == pytest.approx(0.5, abs=0.08)
    assert row.baseline == pytest.approx(0.5, abs=0.08)
    assert (row.verdict, row.n, row.scope) == ("pass", 400, "table")


def test_a_shuffled_column_is_found_and_named(plain, few_trees, make_sides: Make) -> None:
    _fill(plain)
    plain.execute(
        "CREATE OR REPLACE TABLE synth.t AS SELECT a, o.b, c, d FROM"
        " (SELECT *, row_number() OVER () AS n FROM synth.t) POSITIONAL JOIN"
        " (SELECT b FROM synth.t ORDER BY hash(d)) AS o"
    )
    found = detection.measure(make_sides(plain))
    row = _named(found, "c2st_auc")
    assert row.score is not None
    assert row.score > 0.8
    assert (row.baseline, row.verdict) == (None, "fail")
    given = [m for m in found if m.name == "gives_away"]
    assert given[0].columns == ("b",)
    assert given[0].score == max(m.score or 0 for m in given)
    assert sum(m.score or 0 for m in given) <= 1 + 1e-9
    assert "c2st_auc falls by" in given[0].note


def test_the_real_side_is_the_holdout(plain, few_trees, make_sides: Make) -> None:
    """Copies of the training rows: against these they pass, against others they are as others."""
    _fill(plain)
    plain.execute("CREATE OR REPLACE TABLE synth.t AS FROM real.t")
    copied = _named(detection.measure(make_sides(plain)), "c2st_auc")
    held = _named(detection.measure(make_sides(plain, holdout="held")), "c2st_auc")
    assert copied.score is not None
    assert held.score is not None
    assert copied.score < 0.35 < held.score  # each row is its own double on the other side
    assert "held out" in held.note


def test_few_rows_are_not_measured(plain, make_sides: Make) -> None:
    _fill(plain, 49)
    found = detection.measure(make_sides(plain))
    assert len(found) == 1
    assert (found[0].score, found[0].verdict, found[0].n) == (None, "info", 49)
    assert "at least 50" in found[0].note


def test_the_sample_does_not_hang_on_the_order_of_rows_or_threads(
    plain, few_trees, make_sides: Make
) -> None:
    _fill(plain, 120)
    first = detection.measure(make_sides(plain, seed=3))
    plain.execute("SET threads = 1")
    plain.execute("CREATE OR REPLACE TABLE real.t AS FROM real.t ORDER BY b DESC, d")
    assert detection.measure(make_sides(plain, seed=3)) == first
    assert detection.measure(make_sides(plain, seed=4)) != first


def test_a_sample_of_few_different_rows_holds_them_all(plain, make_sides: Make) -> None:
    plain.execute("CREATE TABLE real.t AS SELECT CAST(i % 4 AS VARCHAR) AS c FROM range(8000) r(i)")
    plain.execute("CREATE TABLE synth.t AS FROM real.t")
    sides = make_sides(plain)
    rows = draw(plain, sides.real["t"], features_of(sides.graph.table("t")), 800, "salt")
    counts = [rows.values[0].tolist().count(v) for v in "0123"]
    assert sum(counts) == 800
    assert min(counts) > 150


def test_labels_nulls_and_infinities_become_numbers(plain, make_sides: Make) -> None:
    plain.execute("CREATE TABLE real.t (x DOUBLE, l VARCHAR, m TIMESTAMP, k TIME, b BOOLEAN)")
    plain.execute("""INSERT INTO real.t VALUES ('inf', 'x', 'infinity', '01:00', true),
      ('nan', NULL, '2024-01-01 05:00', NULL, false), (1.5, 'x', NULL, '23:00', NULL)""")
    plain.execute("CREATE TABLE synth.t AS FROM real.t")
    features = features_of(make_sides(plain).graph.table("t"))
    rows = draw(plain, "real.t", features, 10, "")
    matrix = Coder([rows]).matrix(rows)
    assert matrix.shape == (3, 7)
    assert not (abs(matrix) > 1e300).any()
    assert [f.column for f in features] == ["x", "l", "m", "m", "m", "k", "b"]
    assert sorted(matrix[:, 0])[:2] == [1.5, 1e300]


def test_rare_labels_share_a_code() -> None:
    from genesis_sql.evaluate.features import Feature, Rows, filled

    labels = [f"l{i}" for i in range(400)] + ["l399"] * 3
    import numpy as np

    rows = Rows((Feature("l", "l", label=True),), (filled(np.array(labels, object), label=True),))
    codes = Coder([rows]).matrix(rows)[:, 0]
    assert codes[399] == 0
    assert codes.max() == 250
    assert (codes == 250).sum() == 150


def _families(con: duckdb.DuckDBPyConnection) -> None:
    """120 parents of 5 children; synthetic children have nothing of their parent."""
    for salt, schema in enumerate(("real", "synth", "held")):
        con.execute(f"""CREATE TABLE {schema}.p AS SELECT {salt} * 1000 + i AS id,
          hash(i, {salt}) % 100 AS size FROM range(120) r(i)""")
        con.execute(f"ALTER TABLE {schema}.p ADD PRIMARY KEY (id)")
        con.execute(f"""CREATE TABLE {schema}.c AS SELECT id * 10 + j AS id, id AS p,
          CAST(size * {int(schema != "synth")} + hash(id, j) % 100 * {1 + (schema == "synth")} / 2
          AS INTEGER) AS x FROM {schema}.p, range(5) r(j)""")
        con.execute(f"ALTER TABLE {schema}.c ADD PRIMARY KEY (id)")


def test_children_that_do_not_fit_their_parent_are_told_apart(
    plain, few_trees, make_sides: Make
) -> None:
    _families(plain)
    sides = make_sides(plain, holdout="held", relationships=["c(p) -> p(id)"])
    found = detection.measure(sides)
    join, parent = _named(found, "c2st_join_auc", "c"), _named(found, "c2st_children_auc", "p")
    assert (join.scope, join.columns, join.n) == ("parent-child", ("p",), 600)
    assert (parent.scope, parent.columns, parent.n) == ("table", (), 120)
    for row in (join, parent):
        assert row.score is not None
        assert row.baseline is not None
        assert row.score > 0.7 > 0.62 > row.baseline


def test_shared_tables_are_left_out(plain, few_trees, make_sides: Make) -> None:
    _families(plain)
    sides = make_sides(
        plain, holdout="held", relationships=["c(p) -> p(id)"], shared=frozenset({"p"})
    )
    names = {(m.name, m.table) for m in detection.measure(sides) if m.name != "gives_away"}
    assert names == {("c2st_auc", "c")}


def test_tables_of_keys_only_are_left_out(plain, few_trees, make_sides: Make) -> None:
    for schema in ("real", "synth"):
        plain.execute(f"CREATE TABLE {schema}.p AS SELECT i AS id FROM range(80) r(i)")
        plain.execute(f"CREATE TABLE {schema}.c AS SELECT i // 2 AS p FROM range(160) r(i)")
    sides = make_sides(plain, relationships=["c(p) -> p(id)"])
    found = detection.measure(sides)  # how many children there are is all that can be seen
    assert [(m.name, m.table) for m in found] == [("c2st_children_auc", "p")]


def test_families_share_a_fold() -> None:
    """Children that are their parent's copies: found again by memory where siblings are split."""
    import numpy as np

    from genesis_sql.evaluate.detection import FOLDS, _folds
    from genesis_sql.evaluate.features import Rows

    families = np.repeat(np.arange(60), 4)
    parts = [Rows((), (families,), families)] * 2
    for side in _folds(parts, FOLDS, 1):
        assert set(side) == set(range(FOLDS))
        assert all(len(set(side[families == f])) == 1 for f in range(60))
    few = [Rows((), (families,), families % 49)] * 2
    assert len(set(_folds(few, FOLDS, 1)[0][families % 49 == 0])) > 1


def test_many_tables_cost_less(plain, few_trees, make_sides: Make, monkeypatch) -> None:
    _fill(plain, 1500)
    asked: list[int] = []
    drawn = detection.draw
    monkeypatch.setattr(detection, "draw", lambda *a: (asked.append(a[3]), drawn(*a))[1])
    monkeypatch.setattr(detection, "CELLS", 7_000)
    found = detection.measure(make_sides(plain))
    assert asked == [1400, 1400]  # five features: a, b, c, and d with its weekday
    assert _named(found, "c2st_auc").n == 1400


NASTY = "x'); DROP TABLE victim; --\""


def test_names_are_quoted(plain, few_trees, make_sides: Make) -> None:
    name = '"' + NASTY.replace('"', '""') + '"'
    plain.execute("CREATE TABLE victim (i INTEGER)")
    for schema in ("real", "synth"):
        plain.execute(
            f"CREATE TABLE {schema}.{name} AS SELECT i AS {name}, i % 7 AS f0, chr(65 + i % 3) AS family,"
            " DATE '2020-01-01' + i AS \"#i\" FROM range(60) r(i)".replace(
                "range(60) r(i)", "(SELECT CAST(i AS INTEGER) AS i FROM range(60) r(i))"
            )
        )
        plain.execute(f"ALTER TABLE {schema}.{name} ADD PRIMARY KEY ({name})")
        plain.execute(
            f"CREATE TABLE {schema}.child AS SELECT i AS k0, i AS {name}, i % 5 AS rows, i % 3 AS a0 FROM range(60) r(i)"
        )
    own = '"' + NASTY.replace('"', '""') + '"'
    found = detection.measure(make_sides(plain, relationships=[f"child({own}) -> {own}({own})"]))
    assert {m.name for m in found} >= {"c2st_auc", "c2st_join_auc", "c2st_children_auc"}
    assert plain.execute("FROM victim").fetchall() == []


# the referee


def test_rows_as_the_referee_tells_them(
    plain, make_sides: Make, real_tables: Path, referee: Any
) -> None:
    """Within .02 on the same rows: only the folds differ."""
    file = str(real_tables / "adult" / "train" / "adult.parquet")
    read = "SELECT * FROM read_parquet(?) ORDER BY hash(fnlwgt, age, education) LIMIT 1000 OFFSET "
    plain.execute(f"CREATE TABLE real.adult AS {read} 0", [file])
    plain.execute(f"CREATE TABLE synth.adult AS {read} 1000", [file])
    plain.execute("""UPDATE synth.adult SET hours_per_week = hours_per_week + (fnlwgt % 7),
      education = 'HS-grad' WHERE fnlwgt % 3 = 0""")
    ours = _named(detection.measure(make_sides(plain)), "c2st_auc", "adult")
    real, made = (plain.execute(f"FROM {s}.adult").df() for s in ("real", "synth"))
    keys = {"tables": {"adult": {}}}
    kinds = referee.schema({"adult": real}, keys)[0]["adult"]
    theirs = referee.c2st(referee.coerce(real, kinds), referee.coerce(made, kinds), kinds)
    assert 0.6 < theirs["auc"] < 0.95
    assert ours.score == pytest.approx(theirs["auc"], abs=0.02)
    assert ours.n == theirs["n_per_side"] == 1000


@pytest.mark.slow
def test_joins_and_children_as_the_referee_tells_them(
    accounts, make_sides: Make, referee: Any, account_keys: dict[str, Any]
) -> None:
    """Within .03, means over three deals of the folds: one deal's number moves by as much."""
    keys = ["trans(account_id) -> account(account_id)"]
    tables = {t: account_keys["tables"][t] for t in ("account", "trans")}
    given = {"tables": tables}
    raw = {
        s: {t: accounts.execute(f"FROM {s}.{t}").df() for t in tables} for s in ("real", "synth")
    }
    kinds = referee.schema(raw["real"], given)[0]
    real, made = (
        {t: referee.coerce(f, kinds[t], referee.key_columns(tables[t])) for t, f in raw[s].items()}
        for s in ("real", "synth")
    )
    (a, k), (b, _) = (
        referee.joined(s, "trans", tables["trans"]["fks"][0], kinds) for s in (real, made)
    )
    (c, m), (d, _) = (referee.aggregated(s, "account", given, kinds) for s in (real, made))
    ours: dict[str, list[float]] = {"c2st_join_auc": [], "c2st_children_auc": []}
    theirs: dict[str, list[float]] = {"c2st_join_auc": [], "c2st_children_auc": []}
    for seed in range(3):
        referee.SEED = seed
        theirs["c2st_join_auc"].append(referee.c2st(a, b, k, group="__k")["auc"])
        theirs["c2st_children_auc"].append(referee.c2st(c, d, m)["auc"])
        for row in detection.measure(make_sides(accounts, relationships=keys, seed=seed)):
            if row.name in ours:
                ours[row.name].append(row.score or 0)
    for name, scores in ours.items():
        assert sum(theirs[name]) / 3 > 0.6
        assert sum(scores) / 3 == pytest.approx(sum(theirs[name]) / 3, abs=0.03)
