"""Run by the peers' Python: the quality report of sdmetrics for one table, in seconds."""

from __future__ import annotations

import json
import sys
import time
import warnings


def main(real: str, synthetic: str) -> None:
    """Print how long the report takes, and its score."""
    warnings.filterwarnings("ignore")
    import pandas
    from sdmetrics.reports.single_table import QualityReport

    frames = [pandas.read_parquet(path) for path in (real, synthetic)]
    kinds = {
        c: {"sdtype": "numerical" if frames[0][c].dtype.kind in "iuf" else "categorical"}
        for c in frames[0].columns
    }
    begun = time.perf_counter()
    report = QualityReport()
    report.generate(*frames, {"columns": kinds}, verbose=False)
    answer = {"seconds": time.perf_counter() - begun, "score": report.get_score()}
    print(json.dumps(answer, default=float), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3])
