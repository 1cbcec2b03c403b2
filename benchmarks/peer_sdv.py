"""SDV's GaussianCopula in its own environment: run as a file there, sharing no module with us.

Fits the Parquet file given, then answers every line read, `{"rows": n, "out": path or null}`, with
one line of JSON after sampling n rows.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any


def fit(path: str) -> tuple[Any, dict[str, Any]]:
    """The fitted synthesizer and how long it took, imports left out."""
    import pandas as pd
    import sdv
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    frame = pd.read_parquet(path)
    start = time.perf_counter()
    tables = {Path(path).stem: frame}
    synthesizer = GaussianCopulaSynthesizer(Metadata.detect_from_dataframes(tables))
    synthesizer.fit(tables)
    return synthesizer, {"fit": time.perf_counter() - start, "version": sdv.__version__}


def main(arguments: list[str]) -> int:
    """Fit, then sample on request."""
    warnings.filterwarnings("ignore")
    answers = sys.stdout
    sys.stdout = sys.stderr  # whatever the libraries print is no answer

    def answer(what: dict[str, Any]) -> None:
        answers.write(json.dumps(what) + "\n")
        answers.flush()

    start = time.perf_counter()
    synthesizer, told = fit(arguments[0])
    answer({**told, "fit_with_imports": time.perf_counter() - start})
    for line in sys.stdin:
        wanted = json.loads(line)
        start = time.perf_counter()
        (rows,) = synthesizer.sample(wanted["rows"]).values()
        taken = time.perf_counter() - start
        if wanted.get("out"):
            rows.to_parquet(wanted["out"], index=False)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        answer({"seconds": taken, "rows": len(rows), "peak_mb": peak})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
