"""The README's table of methods, out of `genesis_methods()`: `python -m benchmarks.methods`."""

from __future__ import annotations

import sys
from pathlib import Path

import genesis_sql

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- methods: python -m benchmarks.methods -->\n", "<!-- end -->"
COLUMNS = {
    "name": "method",
    "family": "what it is",
    "needs": "extra",
    "licence": "its licence",
    "data": "data",
    "nulls": "nulls",
    "dates": "dates",
    "conditions": "conditions",
    "compile": "plain SQL",
    "row_random": "any rows alone",
    "real_rows": "starts from real rows",
    "kept": "kept",
}


def table() -> str:
    """The rows as Markdown; whether one is installed differs from place to place."""
    with genesis_sql.connect() as con:
        found = con.sql("FROM genesis_methods()").select(*COLUMNS).fetchall()
    lines = [list(COLUMNS.values()), ["---"] * len(COLUMNS)]
    lines += [[f"`{name}`", *map(_cell, rest)] for name, *rest in found]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def put(path: Path, begin: str, table: str) -> int:
    """Exchange what stands between a line and the next end; an exit code."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(END)
    if not after:
        print(f"Error: {path} has no lines '{begin.strip()}' and '{END}'", file=sys.stderr)
        return 2
    path.write_text(f"{before}{begin}{table}{END}{after}", encoding="utf-8")
    return 0


def main(path: Path = README) -> int:
    """Put the table into the README."""
    return put(path, BEGIN, table())


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
