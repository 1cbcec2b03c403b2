"""Runs the referee, score.py, in the environment of the peers: it shares no code with us."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator, Mapping, Sequence
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


def mean_of(
    options: Options,
    folder: Path,
    synth: Path,
    *,
    parts: Sequence[str],
    seeds: Sequence[int] = SEEDS,
) -> dict[str, Any]:
    """The referee's whole JSON, every number the mean over the scorer's seeds."""
    runs = [score(options, folder, synth, seed=s, parts=parts) for s in seeds]
    for run in runs:
        wrong = list(errors(run))
        if wrong:
            message = f"the referee could not score {synth}: {'; '.join(wrong)}"
            raise BenchmarkError(message)
    merged = merge(runs)
    return {"scorer_seeds": list(seeds), **merged}


def merge(runs: Sequence[Any]) -> Any:
    """Means of the numbers at the same place of nested dicts; all else as the first has it."""
    first = runs[0]
    if isinstance(first, dict):
        return {k: merge([r[k] for r in runs if k in r]) for k in first}
    if isinstance(first, float | int) and not isinstance(first, bool):
        return statistics.fmean(runs)
    return first


def errors(scores: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """What the referee could not compute, with its place."""
    for key, value in scores.items():
        if key == "error":
            yield f"{place}: {value}"
        elif isinstance(value, dict):
            yield from errors(value, f"{place}.{key}" if place else key)


def c2st(
    options: Options, real: Path, synth: Sequence[Path], *, seeds: Sequence[int] = SEEDS
) -> dict[str, dict[str, float]]:
    """The referee's C2ST of single tables: AUC by file stem and scorer seed."""
    got: dict[str, dict[str, float]] = _in_peers(
        options, "referee_c2st.py", real, ",".join(map(str, seeds)), *synth
    )
    return got


def joins(
    options: Options, folder: Path, synth: Path, table: str, *, seeds: Sequence[int] = SEEDS
) -> dict[str, Any]:
    """C2ST of one table alone and joined with its parents, and nearness: means over the seeds."""
    given = (folder, synth, table, ",".join(map(str, seeds)))
    merged: dict[str, Any] = merge(_in_peers(options, "referee_joins.py", *given))
    return {"scorer_seeds": list(seeds), **merged}


def _in_peers(options: Options, script: str, *arguments: object) -> Any:
    """What a script beside this file answers in the peers' Python, score.py given first."""
    file = Path(__file__).with_name(script)
    command = [options.peer_python(), file, options.score_file(), *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"the referee failed in {script}: {done.stderr.strip()[-2000:]}"
        raise BenchmarkError(message)
    return json.loads(done.stdout)
