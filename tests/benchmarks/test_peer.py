import sys
from pathlib import Path

import pytest

from benchmarks.options import BenchmarkError
from benchmarks.peer import SDV, Peer

SCRIPT = """
import json, sys
print(json.dumps({"fit": 1.5, "table": sys.argv[1]}), flush=True)
for line in sys.stdin:
    wanted = json.loads(line)
    print(json.dumps({"seconds": .1, **wanted}), flush=True)
"""


def test_a_peer_fits_once_and_samples_on_request(tmp_path):
    (tmp_path / "peer.py").write_text(SCRIPT)
    with Peer(Path(sys.executable), Path("t.parquet"), tmp_path / "peer.py") as peer:
        assert peer.fitted == {"fit": 1.5, "table": "t.parquet"}
        assert peer.sample(5) == {"seconds": 0.1, "rows": 5, "out": None}
        assert peer.sample(6, Path("x.parquet"))["out"] == "x.parquet"
    assert peer.process.returncode == 0


def test_a_peer_that_dies_is_reported(tmp_path):
    (tmp_path / "peer.py").write_text("raise SystemExit(3)")
    with pytest.raises(BenchmarkError, match="ended with 3"):
        Peer(Path(sys.executable), Path("t.parquet"), tmp_path / "peer.py")


def test_the_script_of_the_peer_shares_no_module_with_us():
    assert "benchmarks" not in SDV.read_text()
    assert "genesis_sql" not in SDV.read_text()
