"""Adult census income: fidelity and privacy by the referee, speed beside SDV and random()."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import child, scorer
from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.peer import Peer
from benchmarks.report import Line, Must, Report

SEEDS = (0, 1, 2)
PEER_ROWS = 200_000
SDV = "SDV GaussianCopula"
RANDOM = "DuckDB random()"
HOLDOUT = "real holdout"


def run(options: Options) -> Report:
    """The whole table."""
    place, folder = machine(), options.table("adult")
    train = folder / "train" / "adult.parquet"
    with TemporaryDirectory() as name, Peer(options.peer_python(), train) as peer:
        work = Path(name)
        first = first_fits(options, train)
        con = _fitted(train)
        size = con.execute("SELECT count(*) FROM adult").fetchall()[0][0]
        speed = measure_speed(con, peer, options)
        seeds = SEEDS[:1] if options.quick else SEEDS
        ours = {s: _write(con, work / f"seed{s}", size, s) for s in seeds}
        con.close()
        (work / "sdv").mkdir()
        peer.sample(size, work / "sdv" / "adult.parquet")
        scoring = scorer.SEEDS[:1] if options.quick else scorer.SEEDS
        scores = {
            s: scorer.mean_scores(options, folder, p, "adult", scoring) for s, p in ours.items()
        }
        theirs = scorer.mean_scores(options, folder, work / "sdv", "adult", scoring)
        detail = {
            "seeds": scores,
            "sdv": theirs,
            "first_fit": first,
            "speed": speed,
            "peer": peer.fitted,
        }
    lines = [*_quality(scores[0], theirs), *_speed(first, speed, peer.fitted), *_spread(scores)]
    return Report("adult", lines, place, _notes(options, speed["rows"], scoring), detail)


def first_fits(options: Options, train: Path) -> dict[str, Any]:
    """Fresh processes that import, load and fit; and one that compiles its kernels first."""
    runs = [child.start("first-fit", str(train)) for _ in range(options.rounds)]
    with TemporaryDirectory() as empty:
        compiled = child.start("first-fit", str(train), env={"NUMBA_CACHE_DIR": empty})
    return {
        "wall": median([r["wall"] for r in runs]),
        "fit": median([r["fit"] for r in runs]),
        "peak_mb": max(r["peak_mb"] for r in runs),
        "wall_compiling": compiled["wall"],
    }


def _fitted(train: Path) -> Any:
    import genesis_sql

    con = genesis_sql.connect()
    con.execute("CREATE TABLE adult AS FROM read_parquet(?)", [str(train)])
    con.execute("CALL genesis_fit('m', 'adult')").fetchall()
    return con


def generate(con: Any, rows: int, seed: int = 0) -> None:
    """The statement whose speed counts."""
    con.execute(
        "CREATE OR REPLACE TABLE made AS FROM genesis_generate('m', rows := ?, seed := ?)",
        [rows, seed],
    )


def _write(con: Any, folder: Path, rows: int, seed: int) -> Path:
    """As many rows as the training part, as the referee reads them."""
    folder.mkdir()
    generate(con, rows, seed)
    con.table("made").write_parquet(str(folder / "adult.parquet"))
    return folder


def random_sql(rows: int) -> str:
    """A table of the same shape out of random(): 6 BIGINT, 9 short strings."""
    numbers = [f"CAST(random() * 1000000 AS BIGINT) AS n{i}" for i in range(6)]
    texts = [
        f"'value ' || CAST(CAST(random() * 40 AS INTEGER) AS VARCHAR) AS t{i}" for i in range(9)
    ]
    columns = ", ".join(numbers + texts)
    return f"CREATE OR REPLACE TABLE made AS SELECT {columns} FROM range({rows:d})"  # noqa: S608 - numbers


def measure_speed(con: Any, peer: Peer, options: Options) -> dict[str, Any]:
    """Rows per second of the three in alternating rounds; before them, our cold statement."""
    rows = min(options.rows, 20_000) if options.quick else options.rows
    peer_rows = min(rows, PEER_ROWS)
    cold = rows / seconds(lambda: generate(con, rows))
    peer.sample(1000)
    ours, random, theirs = [], [], []
    for _ in range(options.rounds):
        ours.append(rows / seconds(lambda: generate(con, rows)))
        random.append(rows / seconds(lambda: con.execute(random_sql(rows))))
        told = peer.sample(peer_rows)
        theirs.append(told["rows"] / told["seconds"])
    return {
        "rows": rows,
        "cold": cold,
        "ours": median(ours),
        "random": median(random),
        "sdv": median(theirs),
        "rounds": {"ours": ours, "random": random, "sdv": theirs},
    }


def _quality(ours: Mapping[str, float], theirs: Mapping[str, float]) -> list[Line]:
    def line(name: str, key: str, must: Must, **real: float) -> Line:
        return Line(name, ours[key], must, {SDV: theirs[key], **real})

    copies, share = ours["copies_holdout"], ours["share_full_expected"]
    return [
        line("C2ST AUC (.5 cannot tell)", "c2st", Must(most=0.515)),
        line("own.shape", "shape", Must(least=0.994)),
        line("own.pair", "pair", Must(least=0.985)),
        line("TSTR AUC", "tstr", Must(least=0.918), **{HOLDOUT: ours["tstr_real"]}),
        line("exact copies", "copies", Must(most=copies + 0.001), **{HOLDOUT: copies}),
        line("share_full", "share_full", Must(share - 0.02, share + 0.02), **{HOLDOUT: share}),
    ]


def _speed(
    first: Mapping[str, float], speed: Mapping[str, Any], peer: Mapping[str, float]
) -> list[Line]:
    sdv, random = speed["sdv"], speed["random"]
    return [
        Line(
            "first fit of a process, imports included, s",
            first["wall"],
            Must(most=6),
            {SDV: peer["fit_with_imports"]},
        ),
        Line("rows/s into a table", speed["ours"], None, {SDV: sdv, RANDOM: random}),
        Line("… times SDV", speed["ours"] / sdv, Must(least=6)),
        Line("… times random()", speed["ours"] / random, Must(least=0.15)),
        Line("rows/s, first statement of the process", speed["cold"]),
        Line("fit alone, imports done, s", first["fit"], None, {SDV: peer["fit"]}),
        Line("first fit of a machine, kernels compiled, s", first["wall_compiling"]),
        Line("peak memory of the first fit, MB", first["peak_mb"]),
    ]


def _spread(scores: Mapping[int, Mapping[str, float]]) -> list[Line]:
    """Lowest and highest over the seeds of generation."""

    def both(key: str) -> str:
        values = [s[key] for s in scores.values()]
        return f"{min(values):.4f} – {max(values):.4f}"

    names = {"c2st": "C2ST", "pair": "own.pair", "tstr": "TSTR", "share_full": "share_full"}
    seeds = ", ".join(str(s) for s in scores)
    return [Line(f"{name}, seeds {seeds}", both(key)) for key, name in names.items()]


def _notes(options: Options, rows: int, scoring: Sequence[int]) -> Sequence[str]:
    return (
        f"Scores by the referee, mean of its seeds {', '.join(map(str, scoring))}; "
        "generated with seed 0, as many rows as the training part has.",
        f"Speeds: medians of {options.rounds} alternating rounds of {rows:,} rows (SDV: at most "
        f"{PEER_ROWS:,}); random() makes 6 BIGINT and 9 short strings FROM range(N).",
        "The peer runs in its own environment (`make peers`).",
    )
