"""Networks: fidelity and seconds on Adult, sampling speed, memory on a table of 10 M rows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import child, scorer
from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.report import NOT_MEASURED, Line, Must, Report

LIMIT, TRAINED = 120, 105  # seconds for argn, and after which it stops training
DIFFUSION, DIFFUSION_CPU = 1_500, 300  # seconds for diffusion on a GPU, and on the CPU
LARGE, LARGE_COLUMNS, LARGE_SECONDS = 10_000_000, 10, 60
MOSTLY = "mostlyai-engine 2.7 (anchor)"
TREES = "trees"
HOLDOUT = "real holdout"


def run(options: Options) -> Report:
    """The parts that are asked for."""
    lines: list[Line] = []
    detail: dict[str, Any] = {}
    for name in options.parts(list(PARTS)):
        with TemporaryDirectory() as work:
            made, detail[name] = PARTS[name](options, Path(work))
        lines += made
    notes = (
        f"Scores by the referee, mean of its seeds {', '.join(map(str, scorer.SEEDS))}; generated "
        "with seed 0, as many rows as the training part has.",
        "Every fit runs in a process of its own. Anchors are numbers of ../shared/ANCHORS.md, "
        "measured earlier on a machine of this kind.",
        "'not measured': no CUDA device is here.",
    )
    return Report("neural", lines, {**machine(), "device": device_name()}, notes, detail)


def device_name() -> str:
    """The CUDA device, or that there is none."""
    import torch

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no CUDA device"


def has_gpu() -> bool:
    """Whether torch sees a CUDA device."""
    return device_name() != "no CUDA device"


Part = tuple[list[Line], dict[str, Any]]


def argn(options: Options, work: Path) -> Part:
    """Adult with `argn` in the time limit; how fast its rows come."""
    limit = 5 if options.quick else TRAINED
    told = {"method": "argn", "device": "cpu", "options": {"max_seconds": limit}}
    fitted = _fit(options, work, told)
    scores = _scores(options, work)
    trees = _fit(options, _folder(work, "trees"), {"method": "trees"})
    theirs = _scores(options, work / "trees")
    lines = [
        *_quality("argn", scores, theirs, Must(most=0.58), {MOSTLY: 0.604}),
        Line(
            "argn, adult: seconds of the fit",
            fitted["fit"],
            Must(most=LIMIT),
            {MOSTLY: 124, TREES: trees["fit"]},
        ),
        Line(
            "argn × 15 columns, CPU: rows/s",
            fitted["rows_per_s"],
            Must(least=100_000),
            {MOSTLY: 36_000, TREES: trees["rows_per_s"]},
        ),
        Line(
            "argn × 15 columns, GPU: rows/s",
            _on_gpu(options, work, told)["rows_per_s"] if has_gpu() else NOT_MEASURED,
            Must(least=500_000),
        ),
    ]
    return lines, {"fit": fitted, "scores": scores, "trees": theirs}


def _on_gpu(options: Options, work: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    return _fit(options, _folder(work, "gpu"), {**told, "device": "cuda", "cuda": True})


def diffusion(options: Options, work: Path) -> Part:
    """Adult with `diffusion`: on a GPU, and for a while on the CPU."""
    names = ("1 − quality.column_shapes, %", "1 − quality.pair_trends_all, %", "C2ST AUC")
    musts = (Must(most=1.2), Must(most=2.5), None)
    anchors: tuple[dict[str, float], ...] = (
        {"TabDiff": 0.63, "TabSyn": 0.81},
        {"TabDiff": 1.49, "TabSyn": 1.93},
        {},
    )
    cpu = {"method": "diffusion", "device": "cpu"}
    on_cpu = _diffused(options, _folder(work, "cpu"), cpu, DIFFUSION_CPU)
    gpu = {"method": "diffusion", "device": "cuda", "cuda": True}
    on_gpu = _diffused(options, _folder(work, "gpu"), gpu, DIFFUSION) if has_gpu() else {}
    lines = [
        Line(f"diffusion, adult, GPU: {name}", on_gpu.get(name, NOT_MEASURED), must, anchor)
        for name, must, anchor in zip(names, musts, anchors, strict=True)
    ]
    lines += [
        Line(f"diffusion, adult, CPU, {DIFFUSION_CPU} s: {name}", on_cpu[name], None, anchor)
        for name, anchor in zip(names, anchors, strict=True)
    ]
    return lines, {"gpu": on_gpu, "cpu": on_cpu}


def _diffused(options: Options, out: Path, told: Mapping[str, Any], limit: float) -> dict[str, Any]:
    """Fit for some time, and what the referee says."""
    given = {"max_seconds": 20 if options.quick else limit}
    fitted = _fit(options, out, {**told, "options": given, "rows": 5_000})
    parts = (*scorer.PARTS, "quality")
    seeds = scorer.SEEDS[:1] if options.quick else scorer.SEEDS
    scores = scorer.mean_of(options, options.table("adult"), out, parts=parts, seeds=seeds)
    quality, table = scores["quality"], scores["tables"]["adult"]
    return {
        "1 − quality.column_shapes, %": 100 * (1 - quality["column_shapes"]),
        "1 − quality.pair_trends_all, %": 100 * (1 - quality["pair_trends_all"]),
        "C2ST AUC": table["c2st"]["auc"],
        "fit": fitted,
        "scores": scores,
    }


def large(options: Options, work: Path) -> Part:
    """A table of 10 M rows × 10 columns: memory while a network is trained on it."""
    rows, limit = (200_000, 5) if options.quick else (LARGE, LARGE_SECONDS)
    told = {"file": str(work / "large.duckdb"), "rows": rows, "max_seconds": limit}
    found = child.start("large", json.dumps(told))
    name = f"argn, {rows:,} rows × {LARGE_COLUMNS} columns"
    return [
        Line(f"{name}: peak memory, MB", found["peak_mb"], Must(most=4_096)),
        Line(f"{name}: seconds, of which {limit} at most train", found["fit"]),
        Line(f"{name}: rows trained on", found["trained"]),
    ], found


def ctgan(options: Options, work: Path) -> Part:
    """`ctgan` and the ctgan package: the same epochs on the same machine in one run."""
    from benchmarks.neural_ctgan import compare

    found = compare(options, work)
    ours, theirs = found["ours"], found["package"]
    peer = f"ctgan {found['version']}"
    return [
        Line(
            f"ctgan, adult, {found['epochs']} epochs: seconds",
            ours["fit"],
            None,
            {peer: theirs["fit"]},
        ),
        Line("… times as fast", theirs["fit"] / ours["fit"], Must(least=3)),
        Line("… C2ST", ours["c2st"], Must(most=theirs["c2st"]), {peer: theirs["c2st"]}),
        Line("… TSTR AUC", ours["tstr"], Must(least=theirs["tstr"]), {peer: theirs["tstr"]}),
    ], found


PARTS: dict[str, Callable[[Options, Path], Part]] = {
    "argn": argn,
    "diffusion": diffusion,
    "ctgan": ctgan,
    "large": large,
}


def _quality(
    name: str,
    scores: Mapping[str, float],
    trees: Mapping[str, float],
    must: Must,
    anchor: Mapping[str, float],
) -> list[Line]:
    """The referee's numbers of one method beside those of trees."""

    def line(what: str, key: str, bound: Must | None = None, **more: float) -> Line:
        return Line(f"{name}, adult: {what}", scores[key], bound, {TREES: trees[key], **more})

    copies, share = scores["copies_holdout"], scores["share_full_expected"]
    return [
        line("C2ST AUC (.5 cannot tell)", "c2st", must, **anchor),
        line("own.shape", "shape"),
        line("own.pair", "pair"),
        line("TSTR AUC", "tstr", None, **{HOLDOUT: scores["tstr_real"]}),
        line("exact copies", "copies", Must(most=copies + 0.001), **{HOLDOUT: copies}),
        line("share_full", "share_full", Must(share - 0.02, share + 0.02)),
    ]


def _folder(work: Path, name: str) -> Path:
    (work / name).mkdir()
    return work / name


def _fit(options: Options, out: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """Fit Adult in a process of its own, write as many rows, measure the speed."""
    train = options.table("adult") / "train" / "adult.parquet"
    rows = min(options.rows, 20_000) if options.quick else min(options.rows, 300_000)
    plan = {"source": str(train), "out": str(out / "adult.parquet"), "rows": rows, **told}
    hidden = {} if told.get("cuda") else {"CUDA_VISIBLE_DEVICES": ""}
    return child.start("network", json.dumps({"rounds": options.rounds, **plan}), env=hidden)


def _scores(options: Options, work: Path) -> dict[str, float]:
    seeds = scorer.SEEDS[:1] if options.quick else scorer.SEEDS
    return scorer.mean_scores(options, options.table("adult"), work, "adult", seeds)


# in a process of its own


def fit_job(told: str) -> dict[str, Any]:
    """Fit a Parquet file, write as many rows, then measure rows per second.

    Args:
        told: JSON with ``source``, ``out``, ``method``, ``rows``, ``rounds`` and, where they are
            wanted, ``device`` and ``options``.
    """
    import genesis_sql

    plan = json.loads(told)
    con = genesis_sql.connect()
    con.execute("CREATE TABLE source AS FROM read_parquet(?)", [plan["source"]])
    size = con.execute("SELECT count(*) FROM source").fetchall()[0][0]
    begun = time.perf_counter()
    row = genesis_sql.fit(
        con,
        "m",
        "source",
        method=plan["method"],
        device=plan.get("device", "auto"),
        options=plan.get("options"),
    )[0]
    fitted = time.perf_counter()

    def make(rows: int, seed: int = 0) -> None:
        query = "CREATE OR REPLACE TABLE made AS FROM genesis_generate('m', rows := ?, seed := ?)"
        con.execute(query, [rows, seed])

    make(size)
    con.table("made").write_parquet(plan["out"])
    seeds = range(1, plan["rounds"] + 1)  # blocks of the same seed may still be in memory
    taken = [seconds(partial(make, plan["rows"], seed)) for seed in seeds]
    answer = {
        "fit": fitted - begun,
        "rows_per_s": plan["rows"] / median(taken),
        "peak_mb": child.peak_mb(),
        "notes": row["notes"],
    }
    con.close()
    return answer


_LARGE = """
CREATE TABLE large AS SELECT
    i AS id, 'k' || hash(i) % 4 AS kind, hash(i, 1) % 1000 AS many,
    hash(i, 2) % 100000 / 100.0 AS price,
    DATE '2020-01-01' + CAST(hash(i, 3) % 2000 AS INTEGER) AS day,
    CASE WHEN hash(i, 4) % 10 > 0 THEN hash(i, 4) % 50 END AS missing,
    hash(i) % 4 * 10 + hash(i, 5) % 10 AS bound, sqrt(hash(i, 6) % 1000000) AS real,
    'label ' || hash(i, 7) % 300 AS label, hash(i, 8) % 2 = 0 AS flag
FROM range(CAST(? AS BIGINT)) AS r(i)
"""


def large_job(told: str) -> dict[str, Any]:
    """Make a large table in a file, then train `argn` on it.

    Args:
        told: JSON with ``file``, ``rows``, ``max_seconds``.
    """
    import genesis_sql

    plan = json.loads(told)
    con = genesis_sql.connect(plan["file"])
    con.execute(_LARGE, [plan["rows"]])
    con.execute("CHECKPOINT")
    limit = {"max_seconds": plan["max_seconds"]}
    begun = time.perf_counter()
    row = genesis_sql.fit(con, "m", "large", method="argn", device="cpu", options=limit)[0]
    fitted = time.perf_counter()
    query = """
        SELECT CAST(step AS BIGINT), CAST(epoch * ? AS BIGINT) FROM genesis_training_log('m')
        ORDER BY step DESC LIMIT 1
    """
    steps, trained = con.execute(query, [plan["rows"]]).fetchall()[0]
    answer = {
        "fit": fitted - begun,
        "steps": steps,
        "trained": trained,
        "peak_mb": child.peak_mb(),
        "notes": row["notes"],
    }
    con.close()
    return answer
