"""Effects planted in small tables: is a child's mean what its parent, or grandparent, makes it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.options import Options
from benchmarks.relational import Part
from benchmarks.report import Line, Must

PLANTED = (10.0, 100.0)
TABLES = """
    CREATE TABLE regions (region_id INTEGER PRIMARY KEY, climate VARCHAR NOT NULL);
    CREATE TABLE shops (
        shop_id INTEGER PRIMARY KEY, region_id INTEGER NOT NULL REFERENCES regions (region_id),
        size VARCHAR NOT NULL);
    CREATE TABLE sales (
        sale_id INTEGER PRIMARY KEY, shop_id INTEGER NOT NULL REFERENCES shops (shop_id),
        paid DOUBLE NOT NULL, weight DOUBLE NOT NULL);
    SELECT setseed(.5);
    INSERT INTO regions
        SELECT i, ['cold', 'warm'][1 + CAST(floor(2 * random()) AS INTEGER)] FROM range(200) r(i);
    INSERT INTO shops
        SELECT i, i // 5, ['small', 'large'][1 + CAST(floor(2 * random()) AS INTEGER)]
        FROM range(1000) r(i);
    INSERT INTO sales
        SELECT row_number() OVER (), shop_id,
               CASE size WHEN 'small' THEN 10 ELSE 100 END * (.8 + .4 * random()),
               CASE climate WHEN 'cold' THEN 10 ELSE 100 END * (.8 + .4 * random())
        FROM shops JOIN regions USING (region_id), range(6) r(k);
"""
MEANS = """
    SELECT avg(paid) FILTER (size = 'small'), avg(paid) FILTER (size = 'large'),
           avg(weight) FILTER (climate = 'cold'), avg(weight) FILTER (climate = 'warm')
    FROM {0}.sales JOIN {0}.shops USING (shop_id) JOIN {0}.regions USING (region_id)
"""


def effect(options: Options, work: Path) -> Part:
    """Means of a child's columns by a column of its parent, and of its grandparent."""
    import genesis_sql

    con = genesis_sql.connect()
    con.execute(TABLES)
    genesis_sql.fit_database(con, "m")
    genesis_sql.generate_database(con, "m", "synth")
    real, made = means(con, "main"), means(con, "synth")
    con.close()
    wrong = [abs(m / r - 1) for m, r in zip(made, real, strict=True)]
    other, must = {"another system": "54 against 58"}, Must(most=0.05)
    lines = [
        Line("effect of a parent, 10 against 100: largest error", max(wrong[:2]), must, other),
        Line("effect of a parent: means generated", f"{made[0]:.2f} against {made[1]:.2f}"),
        Line("effect of a grandparent, 10 against 100: largest error", max(wrong[2:]), must),
    ]
    return Part(lines, (), {"planted": PLANTED, "real": real, "generated": made})


def means(con: Any, schema: str) -> list[float]:
    """Mean of the child by the parent's two values, then by the grandparent's."""
    (row,) = con.execute(MEANS.format(schema)).fetchall()
    return [float(x) for x in row]
