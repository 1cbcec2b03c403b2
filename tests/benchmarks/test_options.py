import sys
from pathlib import Path

import pytest

from benchmarks.options import BenchmarkError, Options


def test_the_referee_lies_beside_the_data(tmp_path):
    (tmp_path / "score").mkdir()
    (tmp_path / "score" / "score.py").touch()
    assert Options(data=tmp_path / "data").score_file() == tmp_path / "score" / "score.py"
    mine = tmp_path / "mine.py"
    mine.touch()
    assert Options(referee=mine).score_file() == mine


def test_what_is_missing_is_named_with_the_option(tmp_path):
    nowhere = Options(data=tmp_path / "data", peers=tmp_path / "python")
    with pytest.raises(BenchmarkError, match="--referee"):
        nowhere.score_file()
    with pytest.raises(BenchmarkError, match="make peers"):
        nowhere.peer_python()
    with pytest.raises(BenchmarkError, match="--data"):
        nowhere.table("adult")
    assert Options(peers=Path(sys.executable)).peer_python() == Path(sys.executable)
