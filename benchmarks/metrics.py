"""The README's table of metrics, out of the code: `python -m benchmarks.metrics`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.methods import README, put
from genesis_sql.measuring import PRIVACY, SPLIT, all_metrics, part_of

BEGIN = "<!-- metrics: python -m benchmarks.metrics -->\n"
_BETTER = {"higher": "1", "zero": "0", "none": ""}
NAMES = {SPLIT: "(always)", PRIVACY: "`genesis_privacy`"}


def table() -> str:
    """The rows as Markdown."""
    lines = [["metric", "group", "ideal", "what it is"], ["---"] * 4]
    for name, measure in all_metrics().items():
        part = part_of(name)
        ideal = _BETTER.get(measure.better, f"{measure.ideal:g}")
        lines.append([f"`{name}`", NAMES.get(part, part), ideal, measure.told.replace("|", "\\|")])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(path: Path = README) -> int:
    """Put the table into the README."""
    return put(path, BEGIN, table())


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
