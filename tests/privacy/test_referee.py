"""What the referee measures too agrees with it, on a part of Adult."""

import importlib.util
import sys
import warnings
from pathlib import Path

import pytest

from genesis_sql.privacy import copies, nearness
from genesis_sql.privacy.rows import read_rows

SHARED = Path(__file__).parents[2].parent / "shared"
ADULT = SHARED / "data" / "adult"
KEYS = {"tables": {"adult": {"pk": None, "fks": []}}}

pytestmark = pytest.mark.skipif(
    not (ADULT.exists() and (SHARED / "score" / "score.py").exists()),
    reason="the referee and its tables are not there",
)


@pytest.fixture
def adult(con, opened):
    """2,000 rows to learn from, as many held out, and 2,000 of which some are copies."""
    files = {p: str(ADULT / p / "adult.parquet") for p in ("train", "holdout")}
    parts = {
        "real": "FROM read_parquet($train) LIMIT 2000",
        "held": "FROM read_parquet($holdout) LIMIT 2000",
        "synth": "(FROM read_parquet($train) LIMIT 200 OFFSET 200) UNION ALL "
        "(FROM read_parquet($train) LIMIT 1800 OFFSET 20000)",
    }
    for schema, query in parts.items():
        con.execute(f"CREATE SCHEMA {schema}")
        given = {k: v for k, v in files.items() if f"${k}" in query}
        con.execute(f"CREATE TABLE {schema}.adult AS {query}", given)
    return opened()


@pytest.fixture
def referee():
    """Its module; it turns all warnings off, which must not outlive the test."""
    spec = importlib.util.spec_from_file_location("score", SHARED / "score" / "score.py")
    module = importlib.util.module_from_spec(spec)
    before = dict(sys.modules)
    with warnings.catch_warnings():
        spec.loader.exec_module(module)
        yield module
    assert "score" not in before


def test_copies_and_nearness_agree(adult, referee):
    tables = {s: adult.con.execute(f"FROM {s}.adult").df() for s in ("real", "synth", "held")}
    kinds, _ = referee.schema({"adult": tables["real"]}, KEYS)
    frames = {s: referee.coerce(t, kinds["adult"]) for s, t in tables.items()}
    theirs = referee.privacy(frames["real"], frames["held"], frames["synth"], kinds["adult"])
    rows = read_rows(adult, adult.tables[0])
    assert set(rows.names) == set(kinds["adult"])
    ours = {m.name: m for m in nearness.nearness(rows, "adult")}
    copied = copies.copies(adult, adult.tables[0])
    assert copied.score == pytest.approx(theirs["exact_copies"], abs=1e-4)
    assert copied.baseline == pytest.approx(theirs["exact_copies_holdout"], abs=1e-4)
    share = ours["nearest_train_share"]
    assert share.baseline == pytest.approx(theirs["share_full_expected"], abs=1e-4)
    assert share.score == pytest.approx(theirs["share_full"], abs=0.002)  # ties of a last digit
    ratio = ours["dcr_ratio"].score  # rows as many as held out: theirs samples the larger side
    assert ratio == pytest.approx(theirs["dcr_ratio_holdout"], abs=0.001)
