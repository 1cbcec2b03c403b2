"""Planted leaks on Adult: rows of the real table hidden among synthetic ones, and who finds them.

Our own rows and a fresh sample of real rows stand beside them: nothing may be found there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.options import Options
from benchmarks.report import Line, Must
from genesis_sql.evaluate.measures import FAIL, PASS, WARN, Metric
from genesis_sql.evaluate.sides import Sides
from genesis_sql.sqlbuild import qualified

LIMIT = 60  # seconds for an audit of Adult
PLANTED = {
    "all rows copied": "FROM leaks.train",
    "1 % of rows copied": (
        "(FROM leaks.made ORDER BY hash(fnlwgt, age) "
        "OFFSET (SELECT count(*) // 100 FROM leaks.made)) UNION ALL "
        "(FROM leaks.train ORDER BY hash(age, fnlwgt) "
        "LIMIT (SELECT count(*) // 100 FROM leaks.made))"
    ),
    "one outlier copied": "(FROM leaks.made) UNION ALL (FROM leaks.outlier)",
}
CLEAN = {"our rows": "FROM leaks.made"}
FRESH = "a fresh sample of real rows"

_OUTLIER = """
CREATE TABLE leaks.outlier AS SELECT * REPLACE (
    17 AS age, 'Doctorate' AS education, 'Armed-Forces' AS occupation, 'Widowed' AS marital_status,
    99 AS hours_per_week, 'Vietnam' AS native_country, 4356 AS capital_loss)
FROM leaks.train ORDER BY fnlwgt LIMIT 1
"""
"""A person like nobody else, added to the rows that are learnt from."""


def lines(options: Options) -> tuple[list[Line], dict[str, Any]]:
    """The table's lines, and every row of every audit."""
    import genesis_sql

    con = genesis_sql.connect()
    try:
        load(con, options)
        detail: dict[str, Any] = {}
        out: list[Line] = []
        for name, query in {**CLEAN, **PLANTED}.items():
            sides = open_sides(con, query, "leaks.train", "leaks.held")
            out += _told(name, sides, detail, planted=name in PLANTED)
        sides = open_sides(con, "FROM leaks.fresh", "leaks.half", "leaks.held")
        out += _told(FRESH, sides, detail, planted=False)
    finally:
        con.close()
    return out, detail


def load(con: Any, options: Options) -> None:
    """Adult with one outlier more, as many rows of a model of it, and two halves of the real."""
    folder = options.table("adult")
    con.execute("CREATE SCHEMA leaks")
    some = "LIMIT 3000" if options.quick else ""
    for name, part in (("train", "train"), ("held", "holdout")):
        path = str(folder / part / "adult.parquet")
        con.execute(f"CREATE TABLE leaks.{name} AS FROM read_parquet(?) {some}", [path])
    con.execute(_OUTLIER)
    con.execute("INSERT INTO leaks.train FROM leaks.outlier")
    con.execute("CALL genesis_fit('leaks', 'leaks.train')").fetchall()
    size = con.execute("SELECT count(*) FROM leaks.train").fetchall()[0][0]
    con.execute("CREATE TABLE leaks.made AS FROM genesis_generate('leaks', rows := ?)", [size])
    halves = "SELECT * FROM leaks.train WHERE (hash(fnlwgt * 31 + age) // 8) % 2 ="
    con.execute(f"CREATE TABLE leaks.half AS {halves} 0")
    con.execute(f"CREATE TABLE leaks.fresh AS {halves} 1")


def open_sides(con: Any, query: str, real: str, held: str) -> Sides:
    """What the audit is told, with the answer of a query as the synthetic table."""
    from genesis_sql.graph.build import build_graph
    from genesis_sql.introspect.from_duckdb import read_schema

    con.execute("DROP TABLE IF EXISTS leaks.planted")
    con.execute(f"CREATE TABLE leaks.planted AS {query}")
    database = con.execute("SELECT current_database()").fetchall()[0][0]
    name = real.split(".")[1]
    raw = read_schema(con, database=database, schema="leaks", tables=[name])
    graph = build_graph(con, raw)
    sides = Sides(con, graph, {name: qualified(*real.split("."))}, {name: '"leaks"."planted"'})
    return replace(sides, holdout={name: qualified(*held.split("."))})


def _told(name: str, sides: Sides, detail: dict[str, Any], *, planted: bool) -> list[Line]:
    """Seconds of one audit, how many metrics found something, and what they say."""
    from genesis_sql.privacy.audit import audit

    begun = time.perf_counter()
    found = audit(sides)
    taken = time.perf_counter() - begun
    detail[name] = [vars(m) for m in found]
    failed = [m for m in found if m.verdict == FAIL]
    must = Must(least=1) if planted else Must(most=0)
    out = [
        Line(f"{name}: metrics that fail", len(failed), must, _others(found)),
        *(Line(f"… {_name(m)}", m.score, None, {"baseline": m.baseline}) for m in failed),
    ]
    return [*out, Line("… seconds of the audit", taken, Must(most=LIMIT))]


def _others(found: Sequence[Metric]) -> dict[str, int]:
    return {v: sum(m.verdict == v for m in found) for v in (WARN, PASS)}


def _name(m: Metric) -> str:
    return f"{m.name} ({', '.join(m.columns)})" if m.columns else m.name
