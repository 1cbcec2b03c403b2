"""The ctgan package in its own environment: run as a file there, sharing no module with us.

Fits the Parquet file given for as many epochs as given, then answers every line read,
`{"rows": n, "out": path or null}`, with one line of JSON after sampling n rows.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib.metadata import version
from typing import Any


def fit(path: str, epochs: int) -> tuple[Any, dict[str, Any]]:
    """The fitted synthesizer and how long it took, imports left out."""
    import pandas as pd
    import torch
    from ctgan import CTGAN

    frame = pd.read_parquet(path)
    labels = [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c])]
    frame[labels] = frame[labels].astype(object).fillna("NULL")
    torch.manual_seed(0)
    start = time.perf_counter()
    model = CTGAN(epochs=epochs, enable_gpu=False)
    model.set_random_state(0)
    model.fit(frame, labels)
    taken = time.perf_counter() - start
    return model, {"fit": taken, "version": version("ctgan"), "threads": torch.get_num_threads()}


def main(arguments: list[str]) -> int:
    """Fit, then sample on request."""
    warnings.filterwarnings("ignore")
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever the libraries print is no answer

    def answer(what: dict[str, Any]) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    model, told = fit(arguments[0], int(arguments[1]))
    answer(told)
    for line in sys.stdin:
        wanted = json.loads(line)
        start = time.perf_counter()
        rows = model.sample(wanted["rows"])
        taken = time.perf_counter() - start
        if wanted.get("out"):
            rows = rows.replace("NULL", None)
            rows.to_parquet(wanted["out"], index=False)
        answer({"seconds": taken, "rows": len(rows)})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
