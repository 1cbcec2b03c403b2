import sys
from pathlib import Path

import pytest

from benchmarks import scorer
from benchmarks.options import BenchmarkError, Options

REFEREE = """
import json, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
if given["--synth"].endswith("bad"):
    sys.exit("column 'age' missing")
seed = int(given["--seed"])
print(json.dumps({"tables": {"t": {
    "own": {"shape": .99, "pair": .98},
    "c2st": {"auc": .5 + seed / 100},
    "tstr": {"synth": {"auc": .9}, "real": {"auc": .93}},
    "privacy": {"exact_copies": .001, "exact_copies_holdout": .002,
                "share_full": .81, "share_full_expected": .8},
}}, "given": given}))
"""


@pytest.fixture
def options(tmp_path):
    (tmp_path / "score.py").write_text(REFEREE)
    return Options(peers=Path(sys.executable), referee=tmp_path / "score.py")


def test_the_referee_is_told_where_everything_lies(options, tmp_path):
    given = scorer.score(options, tmp_path / "adult", tmp_path / "synth", seed=2)["given"]
    assert given["--train"].endswith("adult/train")
    assert given["--holdout"].endswith("adult/holdout")
    assert given["--keys"].endswith("adult/keys.json")
    assert (given["--seed"], given["--only"]) == ("2", "own,privacy,c2st,tstr")


def test_scores_are_means_over_the_seeds(options, tmp_path):
    got = scorer.mean_scores(options, tmp_path, tmp_path / "synth", "t")
    assert got["c2st"] == pytest.approx(0.51)
    assert (got["pair"], got["copies_holdout"], got["tstr_real"]) == (0.98, 0.002, 0.93)


def test_a_failing_referee_is_quoted(options, tmp_path):
    with pytest.raises(BenchmarkError, match="column 'age' missing"):
        scorer.score(options, tmp_path, tmp_path / "bad")
