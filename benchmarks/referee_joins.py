"""The referee's scores of one table and its joins: run as a file in the peers' Python.

`python referee_joins.py score.py FOLDER SYNTH TABLE SEEDS` prints one line of JSON. It calls the
functions of score.py that its own command line calls, but leaves out what costs minutes on large
tables (pairs over several hops, aggregates): C2ST of the table alone and joined with each parent,
nearness to the training rows. ``c2st_rows`` are joins with folds of rows instead of families: of a
parent that both sides share, a family's real rows and its made rows fall into different folds, and
the classifier takes each side for the other (AUC near 0).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from referee_c2st import referee


def main(arguments: list[str]) -> int:
    """Score the table for every seed."""
    path, folder, synth, table, seeds = arguments
    score = referee(path)
    keys = json.loads((Path(folder) / "keys.json").read_text())
    raw = score.load(Path(folder) / "train", keys)
    kinds = score.schema(raw, keys)[0]

    def tables(place: Path) -> dict[str, Any]:
        return {
            name: score.coerce(frame, kinds[name], score.key_columns(keys["tables"][name]))
            for name, frame in score.load(place, keys).items()
        }

    train, hold, made = (
        tables(p) for p in (Path(folder) / "train", Path(folder) / "holdout", Path(synth))
    )
    foreign = keys["tables"][table]["fks"]
    names = [f"{table}.{'+'.join(key['cols'])}->{key['parent']}" for key in foreign]
    joins = {
        name: (*score.joined(hold, table, key, kinds), score.joined(made, table, key, kinds)[0])
        for name, key in zip(names, foreign, strict=True)
    }
    out = []
    for seed in map(int, seeds.split(",")):
        score.SEED = seed
        alone = score.c2st(hold[table], made[table], kinds[table])
        near = score.privacy(train[table], hold[table], made[table], kinds[table])
        found = {n: score.c2st(a, b, k, group="__k")["auc"] for n, (a, k, b) in joins.items()}
        rows = {n: score.c2st(a, b, k)["auc"] for n, (a, k, b) in joins.items()}
        own = {"own": score.own(train[table], made[table], kinds[table])}
        out.append({
            "tables": {table: {"c2st": alone, "privacy": near, **own}},
            "relational": {"c2st_join": found, "c2st_rows": rows},
        })  # fmt: skip
    print(json.dumps(out, default=float), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
