from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from genesis_sql.errors import OptionError
from genesis_sql.evaluate import run, utility
from genesis_sql.evaluate.measures import Metric
from genesis_sql.evaluate.sides import Sides

Make = Callable[..., Sides]
Con = duckdb.DuckDBPyConnection

ROWS = """CREATE TABLE $s.t AS SELECT *,
  CASE WHEN a + b > 110 THEN 'high' WHEN a + b > 60 THEN 'middle' ELSE 'low' END AS class,
  CAST(3 * a - b AS DOUBLE) AS price, a > 40 AS big, 'x' AS same FROM
  (SELECT CAST(hash(i, $n) % 100 AS INTEGER) AS a, CAST(hash(i, 'b', $n) % 60 AS INTEGER) AS b,
   CAST(hash(i, 'c', $n) % 9 AS INTEGER) AS c FROM range(500) r(i))"""


@pytest.fixture
def goods(plain: Con) -> Con:
    for number, schema in enumerate(("real", "synth", "held")):
        plain.execute(ROWS.replace("$s", schema).replace("$n", str(number)))
    return plain


def _measured(sides: Sides) -> dict[str, Metric]:
    return {m.name: m for m in utility.measure(sides)}


def test_rows_that_serve_as_well_as_real_ones(goods: Con, few_trees, make_sides: Make) -> None:
    goods.execute("ALTER TABLE real.t DROP COLUMN big")
    found = _measured(make_sides(goods, holdout="held", targets={"t": "class"}))
    assert list(found) == ["tstr_auc", "trts_auc", "importance_agreement"]
    for name in ("tstr_auc", "trts_auc"):
        row = found[name]
        assert row.score is not None
        assert row.score > 0.9
        assert row.score == pytest.approx(row.baseline, abs=0.03)
        assert row.verdict == "pass"
    assert {(m.scope, m.table, m.columns, m.n) for m in found.values()} == {
        ("column", "t", ("class",), 500)
    }
    assert "counts most in the synthetic rows: " in found["importance_agreement"].note


def test_rows_without_what_hangs_together(goods: Con, few_trees, make_sides: Make) -> None:
    goods.execute("ALTER TABLE real.t DROP COLUMN big")
    goods.execute(
        "CREATE OR REPLACE TABLE synth.t AS SELECT a, b, c, o.class, price, same FROM synth.t"
        " POSITIONAL JOIN (SELECT class FROM synth.t ORDER BY hash(a, b, c)) AS o"
    )
    found = _measured(make_sides(goods, holdout="held", targets={"t": "class"}))
    for name in ("tstr_auc", "trts_auc"):
        assert found[name].score == pytest.approx(0.5, abs=0.12)
        assert (found[name].baseline or 0) > 0.9
        assert found[name].verdict == "fail"


def test_numbers_are_foretold_by_regression(goods: Con, few_trees, make_sides: Make) -> None:
    found = _measured(make_sides(goods, holdout="held", targets={"t": "price"}))
    assert list(found) == ["tstr_r2", "trts_r2", "importance_agreement"]
    assert found["tstr_r2"].score == pytest.approx(found["tstr_r2"].baseline, abs=0.05)
    goods.execute("UPDATE synth.t SET price = hash(price, b) % 300")
    worse = _measured(make_sides(goods, holdout="held", targets={"t": "price"}))
    assert worse["tstr_r2"].score is not None
    assert worse["tstr_r2"].score < 0.2
    assert worse["tstr_r2"].verdict == "fail"


def test_importances_that_disagree(goods: Con, few_trees, make_sides: Make) -> None:
    for schema in ("real", "held", "synth"):
        goods.execute(f"ALTER TABLE {schema}.t DROP COLUMN class")
        goods.execute(f"ALTER TABLE {schema}.t DROP COLUMN big")
        word = "b" if schema == "synth" else "a"
        goods.execute(f"UPDATE {schema}.t SET price = 10 * {word} + c")
    found = _measured(make_sides(goods, holdout="held", targets={"t": "price"}))
    row = found["importance_agreement"]
    assert row.score is not None
    assert row.baseline is not None
    assert row.score < 0.6 <= row.baseline
    assert row.note.startswith("counts most in the synthetic rows: b")


def test_without_a_holdout_some_real_rows_are_the_test(
    goods: Con, few_trees, make_sides: Make
) -> None:
    found = _measured(make_sides(goods, targets={"t": "PRICE"}))
    assert found["tstr_r2"].n == 100
    assert "no rows are held out: tested on 20% of the real rows" in found["tstr_r2"].note
    assert found == _measured(make_sides(goods, targets={"t": "price"}))


def test_one_class_in_the_synthetic_rows(goods: Con, few_trees, make_sides: Make) -> None:
    goods.execute("UPDATE synth.t SET class = 'low'")
    found = _measured(make_sides(goods, holdout="held", targets={"t": "class"}))
    assert (found["tstr_auc"].score, found["tstr_auc"].verdict) == (0.5, "fail")
    assert found["trts_auc"].score is None
    assert "one value" in found["trts_auc"].note


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ({}, "say target := 'column', as in"),
        ({"t": "clas"}, "'clas' is no column of 't'; did you mean 'class'?"),
        ({"u": "class"}, "there is no table 'u' to foretell a column of; there are: 't'"),
        ({"t": "same"}, "'same' has one value only in the real rows of 't'.*name another column"),
        ({"t": "id"}, "'id' is a key, text or empty"),
    ],
)
def test_targets_that_cannot_be_foretold(
    goods: Con, make_sides: Make, targets: dict[str, str], says: str
) -> None:
    for schema in ("real", "synth"):
        goods.execute(f"ALTER TABLE {schema}.t ADD COLUMN id INTEGER")
        goods.execute(f"UPDATE {schema}.t SET id = rowid")
        goods.execute(f"ALTER TABLE {schema}.t ADD PRIMARY KEY (id)")
    with pytest.raises(OptionError, match=says):
        utility.measure(make_sides(goods, targets=targets))


def test_rows_with_a_target_that_is_known_count(goods: Con, few_trees, make_sides: Make) -> None:
    goods.execute("UPDATE synth.t SET class = NULL WHERE rowid >= 40")
    found = _measured(make_sides(goods, holdout="held", targets={"t": "class"}))
    assert {(m.score, m.verdict, m.n) for m in found.values()} == {(None, "info", 40)}
    goods.execute("DELETE FROM synth.t")
    found = _measured(make_sides(goods, holdout="held", targets={"t": "class"}))
    assert {(m.score, m.verdict, m.n) for m in found.values()} == {(None, "fail", 0)}


def test_asked_for_alone_it_needs_a_target(goods: Con, make_sides: Make) -> None:
    with pytest.raises(OptionError, match="target := 'column'"):
        run.evaluate(make_sides(goods), ("utility",))


@pytest.mark.parametrize("target", ["income", pytest.param("age", marks=pytest.mark.slow)])
def test_models_as_the_referee_learns_them(
    plain: Con, make_sides: Make, real_tables: Path, referee: Any, target: str
) -> None:
    """Within .01."""
    file = str(real_tables / "adult" / "train" / "adult.parquet")
    read = "SELECT * FROM read_parquet(?) ORDER BY hash(fnlwgt, age, education) LIMIT 1500 OFFSET "
    for number, schema in enumerate(("real", "synth", "held")):
        plain.execute(f"CREATE TABLE {schema}.adult AS {read} {1500 * number}", [file])
    plain.execute(
        "UPDATE synth.adult SET education_num = 9, age = age // 10 * 10 WHERE fnlwgt % 3 < 2"
    )
    ours = _measured(make_sides(plain, holdout="held", targets={"adult": target}))
    name, key, task = (
        ("tstr_auc", "auc", "classification")
        if target == "income"
        else ("tstr_r2", "r2", "regression")
    )
    raw = {s: plain.execute(f"FROM {s}.adult").df() for s in ("real", "synth", "held")}
    kinds = referee.schema({"adult": raw["real"]}, {"tables": {"adult": {}}})[0]["adult"]
    real, made, held = (referee.coerce(raw[s], kinds) for s in ("real", "synth", "held"))
    synth = referee.efficacy(made, held, kinds, target, task, real)[key]
    best = referee.efficacy(real, held, kinds, target, task, real)[key]
    assert abs(synth - best) > 0.003
    assert ours[name].score == pytest.approx(synth, abs=0.01)
    assert ours[name].baseline == pytest.approx(best, abs=0.01)
