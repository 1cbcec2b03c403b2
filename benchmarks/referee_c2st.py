"""The referee's C2ST between two single tables: run as a file in the peers' Python.

`python referee_c2st.py score.py real.parquet SEEDS synth.parquet …` prints one line of JSON, the
AUC per synthetic file and seed. score.py is imported from its path: its own function judges.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any


def referee(path: str) -> Any:
    """The module score.py."""
    spec = importlib.util.spec_from_file_location("score", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(arguments: list[str]) -> int:
    """Judge every file."""
    import pandas as pd

    path, real, seeds, *files = arguments
    score = referee(path)
    raw = pd.read_parquet(real)
    kinds = score.schema({"t": raw}, {"tables": {"t": {}}})[0]["t"]
    truth = score.coerce(raw, kinds)
    out: dict[str, dict[str, float]] = {}
    for file in files:
        made = score.coerce(pd.read_parquet(file), kinds)
        for seed in seeds.split(","):
            score.SEED = int(seed)
            found = out.setdefault(Path(file).stem, {})
            found[seed] = score.c2st(truth, made, kinds)["auc"]
    print(json.dumps(out), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
