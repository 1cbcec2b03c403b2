"""chinook: eleven tables, a bridge table with unique pairs, employees who report to employees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import child, tables
from benchmarks.options import Options
from benchmarks.relational import Part, integrity
from benchmarks.report import Line, Must
from genesis_sql.sqlbuild import quoted

SDV = {"SDV HMA": "refuses"}
NONE = Must(most=0)
DEPTHS = """
    WITH RECURSIVE below(id, depth) AS (
        SELECT EmployeeId, 0 FROM {schema}."Employee" WHERE ReportsTo IS NULL
        UNION ALL
        SELECT e.EmployeeId, depth + 1
        FROM {schema}."Employee" e JOIN below ON e.ReportsTo = below.id
        WHERE depth < 100
    )
    SELECT depth, count(*) FROM below GROUP BY depth ORDER BY depth
"""


def chinook(options: Options, work: Path) -> Part:
    """Fit and generate; everything is counted by queries on what was written."""
    folder = options.table("chinook")
    plan = {"folder": folder, "keys": folder / "keys.json", "out": work / "synth"}
    told = child.start("tables", json.dumps({k: str(Path(v).resolve()) for k, v in plan.items()}))
    found = count(folder, work / "synth", tables.read_keys(folder / "keys.json"))
    lines = [
        Line("chinook: tables generated", found["tables"], Must(least=11), SDV),
        *integrity("chinook", found),
        Line("chinook: pairs of PlaylistTrack that are not unique", found["pairs"], NONE, SDV),
        Line("chinook: employees in a circle or below nobody", found["lost"], NONE, SDV),
        Line("chinook: tables with another number of rows, roots", found["sizes"], NONE),
        Line("chinook: employees by depth, real", _shown(found["depths_real"])),
        Line("chinook: employees by depth, generated", _shown(found["depths"])),
        Line("chinook: fit, s", told["fit"]),
        Line("chinook: generate, keys declared, s", told["generate"]),
    ]
    return Part(lines, (), {"told": told, "found": found})


def _shown(depths: dict[int, int]) -> str:
    return " · ".join(str(n) for n in depths.values())


def count(real: Path, synth: Path, keys: tables.Keys) -> dict[str, Any]:
    """What is wrong with the written tables, by queries of our own on the Parquet files."""
    import duckdb

    with duckdb.connect() as con:
        for schema, folder in (("real", real), ("synth", synth)):
            con.execute(f"CREATE SCHEMA {schema}")
            for name in keys.primary:
                path = str(folder / f"{name}.parquet").replace("'", "''")
                view = f"{schema}.{quoted(name)}"
                con.execute(f"CREATE VIEW {view} AS FROM read_parquet('{path}')")
        rows, before = tables.sizes(con, "synth", keys), tables.sizes(con, "real", keys)
        duplicates = tables.duplicates(con, "synth", keys)
        depths, real_depths = (
            dict(con.execute(DEPTHS.format(schema=s)).fetchall()) for s in ("synth", "real")
        )
        roots = set(keys.primary) - {k.child for k in keys.foreign if k.child != k.parent}
        return {
            "tables": sum(n > 0 for n in rows.values()),
            "rows": rows,
            "rows_real": before,
            "orphans": tables.orphans(con, "synth", keys),
            "duplicates": duplicates,
            "pairs": duplicates["PlaylistTrack"],
            "lost": rows["Employee"] - sum(depths.values()),
            "sizes": sum(rows[n] != before[n] for n in roots),
            "depths": depths,
            "depths_real": real_depths,
        }
