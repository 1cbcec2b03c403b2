import pytest

import genesis_sql
from benchmarks import profiles


@pytest.fixture
def made():
    with genesis_sql.connect() as con:
        profiles.save(con, "people", profiles.profile(profiles.PEOPLE, 500))
        yield con


def test_people_are_generated_and_pass(made):
    profiles.generate(made, "people", "people", 300)
    rows = made.execute("SELECT count(*), count(DISTINCT patient_id), avg(age) FROM made")
    assert rows.fetchall()[0][:2] == (300, 300)
    assert profiles.passes(made, 3) == 1.0
    assert profiles.same_again(made, 300)


def test_a_clamped_law_is_told_from_a_truncated_one(made):
    found = profiles.pile_up(made, 5_000)
    assert found["at"] < 0.001 < 0.15 < found["clamped at"]
    assert found["clamped p"] < 1e-6 < found["p"]


def test_random_and_faker_make_rows(made):
    made.execute(profiles.random_sql(50))
    assert made.execute("SELECT count(*) FROM made").fetchall() == [(50,)]
    assert len(made.execute("FROM made LIMIT 1").fetchall()[0]) == 9
    assert profiles.faker_rate(5) > 0
