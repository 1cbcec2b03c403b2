"""Runs the referee, score.py, in the environment of the peers: it shares no code with us."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.options import BenchmarkError, Options

SEEDS = (0, 1, 2)
PARTS = ("own", "privacy", "c2st", "tstr")


def score(
    options: Options, folder: Path, synth: Path, *, seed: int = 0, parts: Sequence[str] = PARTS
) -> dict[str, Any]:
    """The referee's JSON for one folder of synthetic tables.

    Args:
        options: where the referee and its Python are.
        folder: holds train/, holdout/ and keys.json.
        synth: holds the synthetic tables as Parquet.
        seed: the scorer's own seed.
        parts: which scores.

    Raises:
        BenchmarkError: the referee failed.
    """
    command = [
        *(str(options.peer_python()), str(options.score_file())),
        *("--train", str(folder / "train"), "--holdout", str(folder / "holdout")),
        *("--synth", str(synth), "--keys", str(folder / "keys.json")),
        *("--seed", str(seed), "--only", ",".join(parts)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"the referee failed on {synth}: {done.stderr.strip()[-2000:]}"
        raise BenchmarkError(message)
    got: dict[str, Any] = json.loads(done.stdout)
    return got


def numbers(scores: Mapping[str, Any], table: str) -> dict[str, float]:
    """The scores of one table by short name."""
    found = scores["tables"][table]
    own, privacy = found.get("own", {}), found.get("privacy", {})
    tstr = found.get("tstr", {})
    both = {
        "c2st": found.get("c2st", {}).get("auc"),
        "shape": own.get("shape"),
        "pair": own.get("pair"),
        "tstr": tstr.get("synth", {}).get("auc"),
        "tstr_real": tstr.get("real", {}).get("auc"),
        "copies": privacy.get("exact_copies"),
        "copies_holdout": privacy.get("exact_copies_holdout"),
        "share_full": privacy.get("share_full"),
        "share_full_expected": privacy.get("share_full_expected"),
    }
    return {k: v for k, v in both.items() if v is not None}


def mean_scores(
    options: Options, folder: Path, synth: Path, table: str, seeds: Sequence[int] = SEEDS
) -> dict[str, float]:
    """Means over the scorer's seeds."""
    runs = [numbers(score(options, folder, synth, seed=s), table) for s in seeds]
    return {k: statistics.fmean(r[k] for r in runs) for k in runs[0]}
