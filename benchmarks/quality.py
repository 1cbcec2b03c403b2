"""What measuring costs, and whether it says what the referee says: Adult, and 3 M rows."""

from __future__ import annotations

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import child, scorer
from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.peer import Peer
from benchmarks.report import Line, Must, Report

LARGE = 3_000_000
LIGHT = ["shapes", "pairs", "validity", "relations", "sequences"]
SDMETRICS = Path(__file__).with_name("peer_sdmetrics.py")
REPORT = "sdmetrics report"
REFEREE = "referee"
TOLERANCE = {"c2st_auc": 0.02, "tstr_auc": 0.01}
"""Two samples of 20,000 rows and folds of another order; shapes and pairs are exact but for that
the referee takes 100,000 rows at most."""


def run(options: Options) -> Report:
    """Both parts."""
    lines: list[Line] = []
    detail: dict[str, Any] = {}
    for name in options.parts(list(PARTS)):
        made, detail[name] = PARTS[name](options)
        lines += made
    notes = (
        "The second fit is not counted: it is learnt before, and the median is of measurements "
        "behind it; reading, splitting and drawing rows are.",
        f"Agreement is with score.py on the same tables, C2ST within {TOLERANCE['c2st_auc']}.",
    )
    return Report("quality", lines, machine(), notes, detail)


Part = tuple[list[Line], dict[str, Any]]


def adult(options: Options) -> Part:
    """Seconds of `genesis_quality` beside the report of sdmetrics; agreement with the referee."""
    import genesis_sql

    folder = options.table("adult")
    train = folder / "train" / "adult.parquet"
    con = genesis_sql.connect()
    con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [str(train)])
    con.execute("CALL genesis_fit('m', 'adult')").fetchall()
    light = "FROM genesis_quality('m', metrics := ?)"
    whole = "FROM genesis_quality('m', target := 'income')"
    con.execute(light, [LIGHT]).fetchall()
    rounds = 1 if options.quick else options.rounds
    quick = [seconds(lambda: con.execute(light, [LIGHT]).fetchall()) for _ in range(rounds)]
    slow = [seconds(lambda: con.execute(whole).fetchall()) for _ in range(rounds)]
    found = _scores(con, whole)
    with TemporaryDirectory() as work:
        ours, theirs = _agreement(options, con, folder, Path(work))
        made = Path(work) / "synth" / "adult.parquet"
        with Peer(options.peer_python(), train, SDMETRICS, str(made)) as peer:
            reported = peer.fitted
    con.close()
    lines = [
        Line(
            "genesis_quality, Adult, without C2ST and TSTR: s",
            median(quick),
            Must(most=2),
            {REPORT: reported["seconds"]},
        ),
        Line("genesis_quality, Adult, everything: s", median(slow), Must(most=40)),
        *(
            Line(f"{name} of the same tables", ours[name], None, {REFEREE: theirs[name]})
            for name in ours
        ),
        *(
            Line(f"{name}: difference", abs(ours[name] - theirs[name]), Must(most=within))
            for name, within in [("shape", 0.0005), ("pair", 0.0005), *TOLERANCE.items()]
        ),
    ]
    return lines, {"light": quick, "whole": slow, "quality": found, "referee": theirs}


def _agreement(
    options: Options, con: Any, folder: Path, work: Path
) -> tuple[dict[str, float], dict[str, float]]:
    """Our numbers and the referee's of the same three sets of rows."""
    (work / "synth").mkdir()
    rows = con.execute("SELECT count(*) FROM adult").fetchall()[0][0]
    con.execute("CREATE TABLE synth AS FROM genesis_generate('m', rows := ?)", [rows])
    con.table("synth").write_parquet(str(work / "synth" / "adult.parquet"))
    held = str(folder / "holdout" / "adult.parquet")
    con.execute("CREATE TABLE held AS FROM read_parquet(?)", [held])
    asked = "FROM genesis_compare('adult', 'synth', holdout := 'held', target := 'income')"
    found = _scores(con, asked)
    seeds = scorer.SEEDS[:1] if options.quick else scorer.SEEDS
    theirs = scorer.mean_scores(options, folder, work / "synth", "adult", seeds)
    named = {"shape": "shape", "pair": "pair", "c2st_auc": "c2st", "tstr_auc": "tstr"}
    return {n: found[n] for n in named}, {n: theirs[m] for n, m in named.items()}


def _scores(con: Any, asked: str) -> dict[str, float]:
    """What was measured of the whole table, by metric."""
    query = f"SELECT metric, score FROM ({asked}) WHERE list_contains(?, metric)"  # noqa: S608 - ours
    return dict(con.execute(query, [["shape", "pair", "c2st_auc", "tstr_auc"]]).fetchall())


def large(options: Options) -> Part:
    """`genesis_compare` of 3 M × 5 rows in a process of its own."""
    rows = 20_000 if options.quick else LARGE
    rounds = 1 if options.quick else options.rounds
    runs = [child.start("compare", json.dumps({"rows": rows})) for _ in range(rounds)]
    taken, peak = median([r["seconds"] for r in runs]), max(r["peak_mb"] for r in runs)
    lines = [
        Line("genesis_compare, 3 M × 5 rows: s", taken, Must(most=20)),
        Line("genesis_compare, 3 M × 5 rows: peak GB", peak / 1024, Must(most=2)),
    ]
    return lines, {"runs": runs}


def compare_job(told: str) -> dict[str, Any]:
    """Compare two made tables of five columns, without classifiers."""
    import genesis_sql

    rows = json.loads(told)["rows"]
    with TemporaryDirectory() as work:
        con = genesis_sql.connect(str(Path(work) / "large.duckdb"))
        for name, salt in (("original", 1), ("made", 2)):
            con.execute(
                f"CREATE TABLE {name} AS SELECT hash(i, {salt}) % 90 AS age, "  # noqa: S608 - numbers
                f"sqrt(CAST(hash(i, {salt}, 1) AS DOUBLE)) AS pay, "
                f"['a', 'b', 'c', 'd'][1 + CAST(hash(i, {salt}, 2) % 4 AS INTEGER)] AS kind, "
                f"DATE '2020-01-01' + CAST(hash(i, {salt}, 3) % 1500 AS INTEGER) AS day, "
                f"if(hash(i, {salt}, 4) % 9 = 0, NULL, hash(i, {salt}, 5) % 1000) AS code "
                f"FROM range({rows}) AS r(i)"
            )
        begun = time.perf_counter()
        found = con.execute(
            "FROM genesis_compare('original', 'made', metrics := ?)", [LIGHT]
        ).fetchall()
        answer = {"seconds": time.perf_counter() - begun, "rows": rows, "numbers": len(found)}
        con.close()
    return {**answer, "peak_mb": child.peak_mb()}


PARTS = {"adult": adult, "large": large}
