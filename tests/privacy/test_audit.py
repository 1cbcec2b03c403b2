import duckdb
import pytest

import genesis_sql
from genesis_sql.errors import OptionError, SourceError
from genesis_sql.evaluate.measures import FAIL, INFO, PASS, WARN
from genesis_sql.privacy.audit import METRICS, audit

COPY = "FROM real.people"
PART = "(FROM people(5000, 990)) UNION ALL (FROM people(0, 10))"


def by_name(found):
    return {m.name: m for m in found}


def bad(found):
    return {m.name: m.verdict for m in found if m.verdict in (WARN, FAIL)}


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_fresh_sample_passes_everything(people, seed):
    found = audit(people(f"FROM people({10_000 + 2_000 * seed}, 1000)", seed=seed))
    assert bad(found) == {}
    assert sum(m.verdict == PASS for m in found) >= 9


def test_all_rows_copied_fail_nearly_everything(people):
    found = audit(people(COPY))
    names = {n for n, v in bad(found).items() if v == FAIL}
    assert names >= {
        "exact_copies",
        "nearest_train_share",
        "dcr_ratio",
        "outlier_copies",
        "membership_auc",
        "attribute_inference_risk",
        "linkability_risk",
        "singling_out_risk",
    }
    got = by_name(found)
    assert got["membership_auc"].score > 0.99
    assert got["exact_copies"].score == 1
    assert got["nearest_train_share"].score == pytest.approx(1, abs=0.01)


def test_a_hundredth_of_copies_is_found(people):
    assert bad(audit(people(PART)))["exact_copies"] == FAIL


def test_one_copied_outlier_is_found(people, con):
    sides = people("FROM people(5000, 1000)")
    con.execute("INSERT INTO real.people VALUES (99, 300, 'nowhere', true, 'c', DATE '2024-01-01')")
    assert bad(audit(sides)) == {}
    con.execute(
        "INSERT INTO synth.people VALUES (99, 300, 'nowhere', true, 'c', DATE '2024-01-01')"
    )
    found = audit(sides)
    assert bad(found) == {"outlier_copies": FAIL}
    assert by_name(found)["outlier_copies"].score == pytest.approx(0.1, abs=0.05)


def test_every_row_is_of_a_known_metric_and_has_its_fields(people):
    found = audit(people(), ["pay", "people.town"], ["age", "member"])
    known = {m.name for m in METRICS}
    assert {m.name for m in found} == known - {"copied_values"}
    assert {m.scope for m in found} == {"privacy"}
    for m in found:
        assert (m.score is None) == (m.baseline is None or m.n == 0) or m.verdict == INFO
        assert m.score is None or m.low is None or m.low <= max(0, m.score) <= m.high + 1e-9
    guessed = [m for m in found if m.name == "attribute_inference"]
    assert [m.columns for m in guessed] == [("pay",), ("town",)]
    assert "2 columns known" in guessed[0].note


def test_names_of_metrics_are_unique_and_told():
    assert len({m.name for m in METRICS}) == len(METRICS)
    assert all(m.told.endswith(".") for m in METRICS)


def test_same_seed_same_numbers_on_any_number_of_threads(people, con):
    sides = people(PART)
    con.execute("SET threads = 1")
    one = audit(sides)
    con.execute("SET threads = 4")
    con.execute("CREATE OR REPLACE TABLE real.people AS FROM people(0, 1000) ORDER BY pay, age")
    assert audit(sides) == one


def test_another_seed_looks_at_other_predicates(people):
    first, second = (by_name(audit(people(seed=s)))["singling_out"] for s in (0, 1))
    assert first.score != second.score


def test_without_a_holdout_what_needs_one_is_not_passed(people):
    found = audit(people(holdout=False))
    got = by_name(found)
    assert bad(found) == {}
    for name in ("nearest_train_share", "membership_auc", "linkability_risk", "singling_out_risk"):
        assert (got[name].score, got[name].verdict) == (None, INFO)
        assert "held out" in got[name].note
    assert "without held-out rows" in got["exact_copies"].note
    copied = by_name(audit(people(COPY, holdout=False)))
    assert copied["exact_copies"].verdict == FAIL
    assert copied["outlier_copies"].verdict == FAIL
    assert copied["dcr_ratio"].verdict == FAIL


def test_a_table_that_real_and_holdout_share_has_no_control(people):
    found = by_name(audit(people(shared=frozenset(["people"]))))
    assert found["membership_auc"].score is None


def test_distances_say_what_they_do_not_show(people):
    found = by_name(audit(people()))
    for name in ("nearest_train_share", "dcr_ratio", "nndr"):
        assert "do not rule out" in found[name].note


def test_no_synthetic_rows_are_an_error(people, con):
    sides = people()
    con.execute("DELETE FROM synth.people")
    with pytest.raises(SourceError, match="'people' has no rows"):
        audit(sides)


def test_nothing_to_compare_is_an_error(con, opened):
    for schema in ("real", "synth"):
        con.execute(f"CREATE SCHEMA {schema}")
        con.execute(f"CREATE TABLE {schema}.t (id INTEGER PRIMARY KEY)")
        con.execute(f"INSERT INTO {schema}.t FROM range(50)")
    with pytest.raises(SourceError, match="nothing to compare"):
        audit(opened())


def test_few_rows_are_counted_only(people, con):
    sides = people()
    con.execute("DELETE FROM synth.people WHERE rowid >= 10")
    found = audit(sides)
    assert [m.name for m in found] == ["exact_copies", "membership_auc"]
    assert "fewer than 20 rows" in found[1].note


def test_names_are_never_run_as_sql(con, opened):
    evil = "x'); DROP TABLE victim; --\"$about $source"
    quoted = '"' + evil.replace('"', '""') + '"'
    con.execute("CREATE TABLE victim AS SELECT 1")
    for schema, first in (("real", 0), ("synth", 100), ("held", 300)):
        con.execute(f"CREATE SCHEMA {schema}")
        con.execute(
            f"CREATE TABLE {schema}.{quoted} AS SELECT pay AS {quoted}, plan, member, "
            f"md5(CAST(i AS VARCHAR)) AS secret FROM (SELECT *, row_number() OVER () + {first} AS i FROM people({first}, 100))"
        )
    found = audit(opened(), [evil, "secret"])
    assert {m.table for m in found} == {evil}
    assert (evil,) in {m.columns for m in found}
    assert con.execute("FROM victim").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("sensitive", "known", "text"),
    [
        (["pya"], None, "did you mean 'pay'"),
        (["people.twon"], None, "did you mean 'people.town'"),
        ([], None, "names no column"),
        (["pay"], ["agee"], "did you mean 'age'"),
        (["pay"], [], "names no column"),
    ],
)
def test_unknown_columns_are_refused(people, sensitive, known, text):
    with pytest.raises(OptionError, match=text):
        audit(people(), sensitive, known)


def test_temporary_objects_are_gone(people, con: duckdb.DuckDBPyConnection):
    before = con.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    audit(people(PART))
    after = con.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    assert after == [(before[0][0] + 3,)]


def test_rows_copied_under_other_numbers_are_copies() -> None:
    """Files declare no keys: a column called `id` that numbers the rows is none of their content."""
    with genesis_sql.connect() as con:
        con.execute(
            "CREATE TABLE r AS SELECT i AS id, hash(i) % 5000 AS pay, hash(i, 1) % 90 AS age, "
            "['a', 'b'][1 + CAST(hash(i, 2) % 2 AS INTEGER)] AS kind FROM range(600) AS r(i)"
        )
        copied = "(SELECT * REPLACE (id + 10000 AS id) FROM r)"
        found = genesis_sql.audit_privacy(con, "r", copied)
    copies = next(r for r in found if r["metric"] == "exact_copies")
    assert (copies["score"], copies["verdict"]) == (1.0, "fail")


def test_copied_personal_data_are_found_without_being_named() -> None:
    with genesis_sql.connect() as con:
        con.execute(
            "CREATE TABLE p AS SELECT 100010001 + hash(i) % 599999999 AS ssn, i % 60 AS age, "
            "'p' || i || '@example.com' AS email FROM range(300) AS r(i)"
        )
        found = genesis_sql.audit_privacy(con, "p", "(SELECT * FROM p)")
    copied = {r["columns"][0]: r["verdict"] for r in found if r["metric"] == "copied_values"}
    assert copied == {"ssn": "fail", "email": "fail"}
