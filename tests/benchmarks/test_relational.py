import json

import duckdb
import numpy as np
import pytest

import genesis_sql
from benchmarks import chinook, effect, flights_split, relational, scorer, tables, tried
from benchmarks.options import BenchmarkError, Options
from benchmarks.report import Line, Must


def test_parts_are_chosen_by_name_in_their_order():
    assert Options().parts(list(relational.PARTS)) == list(relational.PARTS)
    assert Options(only=("effect", "berka")).parts(list(relational.PARTS)) == ["berka", "effect"]
    with pytest.raises(BenchmarkError, match="no part 'berk'; --only takes berka_acc, berka"):
        Options(only=("berk",)).parts(list(relational.PARTS))


def test_scores_of_several_seeds_become_means_at_their_place():
    runs = [{"a": {"auc": 0.5, "real": "holdout"}, "b": x} for x in (1.0, 2.0)]
    assert scorer.merge(runs) == {"a": {"auc": 0.5, "real": "holdout"}, "b": 1.5}
    assert list(scorer.errors({"t": {"c2st": {"error": "no rows"}}})) == ["t.c2st: no rows"]


def test_nearness_is_judged_where_enough_rows_are_held_out():
    near = {"share_full": 0.84, "share_full_expected": 0.8}
    scores = {"tables": {"big": {"privacy": near}, "small": {"privacy": near}, "none": {}}}
    (line,) = relational.nearness("x", scores, {"big": 500, "small": 499, "none": 900})
    assert line.name == "x: share_full of big"
    assert line.failed


def test_what_was_tried_is_told_where_a_number_is_not_reached():
    reached, missed = (Line("x", v, Must(most=0.5)) for v in (0.4, 0.6))
    assert tried.of("berka", [reached]) == ()
    told = tried.of("berka", [reached, missed])
    assert [s.partition(":")[0] for s in told] == ["berka"] * len(tried.TRIED["berka"])
    assert tried.of("chinook", [missed]) == ()
    assert set(tried.TRIED) <= set(relational.PARTS)


def test_no_rows_at_all_are_no_integrity():
    whole = {"orphans": {"k": 0}, "duplicates": {"t": 0}, "rows": {"t": 5}}
    (good,) = relational.integrity("x", whole)
    (empty,) = relational.integrity("x", {**whole, "rows": {"t": 0}})
    (bad,) = relational.integrity("x", {**whole, "orphans": {"k": 1}})
    assert [good.failed, empty.failed, bad.failed] == [False, True, True]


def test_an_effect_of_the_parent_comes_back(tmp_path):
    part = effect.effect(Options(), tmp_path)
    assert not part.lines[0].failed
    assert part.detail["real"][1] > 9 * part.detail["real"][0]


@pytest.fixture
def small_chinook(tmp_path):
    keys = {
        "Employee": {
            "pk": "EmployeeId",
            "fks": [{"cols": ["ReportsTo"], "parent": "Employee", "parent_cols": ["EmployeeId"]}],
        },
        "PlaylistTrack": {"pk": ["PlaylistId", "TrackId"], "fks": []},
    }
    (tmp_path / "keys.json").write_text(json.dumps({"tables": keys}))
    for folder, circle, track in (("real", "2", "i"), ("synth", "3", "0")):
        (tmp_path / folder).mkdir()
        with duckdb.connect() as con:
            employees = f"(VALUES (1, NULL), (2, 1), (3, {circle})) t(EmployeeId, ReportsTo)"
            con.sql(f"FROM {employees}").write_parquet(str(tmp_path / folder / "Employee.parquet"))
            pairs = f"SELECT i // 2 AS PlaylistId, {track} AS TrackId FROM range(4) r(i)"
            con.sql(pairs).write_parquet(str(tmp_path / folder / "PlaylistTrack.parquet"))
    return tmp_path


def test_pairs_and_reports_are_counted_on_the_files(small_chinook):
    keys = tables.read_keys(small_chinook / "keys.json")
    found = chinook.count(small_chinook / "real", small_chinook / "synth", keys)
    assert (found["pairs"], found["lost"], found["sizes"]) == (2, 1, 0)
    assert (found["depths_real"], found["depths"]) == ({0: 1, 1: 1, 2: 1}, {0: 1, 1: 1})


def test_members_are_chosen_inside_their_group_by_weight():
    rng = np.random.default_rng(0)
    groups, weight = np.array([1, 1, 2, 3]), np.array([1, 3, 1, 0])
    kind = np.repeat([0, 1, 2, 3], 4000)
    got = flights_split.chosen(kind, groups, weight, rng)
    assert set(got[kind == 0]) == {-1}
    assert (got[kind == 1] == 1).mean() == pytest.approx(0.75, abs=0.03)
    assert set(got[kind == 2]) == {2}
    assert set(got[kind == 3]) == {0, 1, 2}, "a group without weight gives way to all"


FLIGHTS = """
CREATE TABLE carriers (carrier VARCHAR PRIMARY KEY, name VARCHAR);
CREATE TABLE planes (tailnum VARCHAR PRIMARY KEY, year INTEGER, seats INTEGER);
CREATE TABLE flights (flight_id INTEGER PRIMARY KEY, carrier VARCHAR, tailnum VARCHAR, distance INTEGER);
INSERT INTO carriers SELECT 'C' || i, 'name ' || i FROM range(40) r(i);
INSERT INTO planes SELECT 'N' || i, 1990 + i % 20, CASE WHEN i % 2 = 0 THEN 50 ELSE 300 END FROM range(80) r(i);
INSERT INTO flights SELECT i, 'C' || i % 40, 'N' || (2 * (i * 7 % 40) + i % 2), 100 + i % 2 * 3000 + i % 50
  FROM range(3000) r(i);
"""


def test_a_plane_of_the_models_kind_fits_a_real_flight(tmp_path):
    with genesis_sql.connect() as con, flights_split.kept_learners() as learners:
        con.execute(FLIGHTS)
        keys = ["flights.carrier -> carriers", "flights.tailnum -> planes"]
        options = {"flights": {"main": "carriers"}}
        genesis_sql.fit_database(con, "m", relationships=keys, options=options)
        told = flights_split.write_pairs(con, learners["flights"], tmp_path, seed=0)
        fits = "SELECT avg(CAST((distance > 3000) = (seats = 300) AS INTEGER)) FROM read_parquet(?)"
        shares = {
            way: con.execute(fits, [path]).fetchall()[0][0] for way, path in told["pairs"].items()
        }
    assert shares["real"] == 1
    assert shares["kinds"] > 0.98
    assert shares["random"] < 0.6
