"""Our `ctgan` beside the ctgan package on Adult: the same epochs, one after the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import child, scorer
from benchmarks.options import Options
from benchmarks.peer import Peer

PACKAGE = Path(__file__).with_name("peer_ctgan.py")
EPOCHS, QUICK = 10, 1


def compare(options: Options, work: Path, epochs: int | None = None) -> dict[str, Any]:
    """Seconds of both fits, on the CPU with as many threads as torch takes, and their scores.

    Args:
        options: where the data and the peers are.
        work: a folder for the rows.
        epochs: of both; None: `EPOCHS`, or `QUICK` where quick.

    Returns:
        ``epochs``, the package's ``version`` and ``threads``, and of ``ours`` and ``package``
        ``fit`` (seconds), ``rows_per_s`` and the scores of the referee (``c2st``, ``tstr``, …).
    """
    epochs = epochs or (QUICK if options.quick else EPOCHS)
    folder = options.table("adult")
    train = folder / "train" / "adult.parquet"
    for name in ("ours", "package"):
        (work / name).mkdir()
    plan = {
        "source": str(train),
        "out": str(work / "ours" / "adult.parquet"),
        "method": "ctgan",
        "device": "cpu",
        "rows": min(options.rows, 20_000 if options.quick else 300_000),
        "rounds": options.rounds,
        "options": {"epochs": epochs},
    }
    ours = child.start("network", json.dumps(plan), env={"CUDA_VISIBLE_DEVICES": ""})
    with Peer(options.peer_python(), train, PACKAGE, str(epochs)) as peer:
        told = peer.fitted
        size = _rows(train)
        sampled = peer.sample(size, work / "package" / "adult.parquet")
    package = {"fit": told["fit"], "rows_per_s": sampled["rows"] / sampled["seconds"]}
    seeds = scorer.SEEDS[:1] if options.quick else scorer.SEEDS
    return {
        "epochs": epochs,
        "version": told["version"],
        "threads": told["threads"],
        "ours": {**ours, **scorer.mean_scores(options, folder, work / "ours", "adult", seeds)},
        "package": {
            **package,
            **scorer.mean_scores(options, folder, work / "package", "adult", seeds),
        },
    }


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)
