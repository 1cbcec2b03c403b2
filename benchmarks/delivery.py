"""Five related tables into PostgreSQL, MariaDB, SQLite and files, beside SQLAlchemy's executemany.

All on one machine: what draws the rows, what writes them and the server share its cores. Our time
is that of the whole call, from the model to the commit with its keys checked there; that of
executemany has the rows in memory already.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa

import genesis_sql
from benchmarks.machine import machine, median, seconds
from benchmarks.options import Options
from benchmarks.report import Line, Must, Report
from tests.servers import running_mariadb, running_postgres

PEER = "SQLAlchemy executemany"
SHARES = {"customers": 0.1, "contacts": 0.15, "products": 0.01, "orders": 0.24, "order_items": 0.5}
"""Of all rows, by table."""
_NAMES = {"type": "categorical", "values": {f"name {i}": 0.005 for i in range(200)}}
_DAYS = {
    "type": "expression",
    "sql": "TIMESTAMP '2024-01-01' + to_days(CAST(day AS INTEGER))",
    "sql_type": "TIMESTAMP",
}
_DAY = {"type": "uniform", "min": 0, "max": 700, "decimals": 0, "hidden": True}


def _key(**more: Any) -> dict[str, Any]:
    return {"type": "key", "start": 1, **more}


def profile(rows: int) -> dict[str, Any]:
    """A shop of five tables that is written, not learnt."""
    n = {t: max(int(rows * share), 1) for t, share in SHARES.items()}
    money = {"type": "lognormal", "mean": 3.5, "std_dev": 1, "max": 90_000, "decimals": 2}
    return {
        "id": "crm",
        "generation": {"count": n["customers"], "seed": 1},
        "tables": {
            "customers": {
                "rows": n["customers"],
                "columns": {"id": _key(format="C%08d"), "name": _NAMES, "score": money},
            },
            "products": {
                "rows": n["products"],
                "columns": {"id": _key(format="P%06d"), "title": _NAMES, "price": money},
            },
            "contacts": {
                "rows": n["contacts"],
                "columns": {
                    "id": _key(format="K%08d"),
                    "customer_id": {"type": "reference", "table": "customers"},
                    "name": _NAMES,
                },
            },
            "orders": {
                "rows": n["orders"],
                "columns": {
                    "id": _key(format="O%08d"),
                    "customer_id": {"type": "reference", "table": "customers"},
                    "day": _DAY,
                    "placed": _DAYS,
                    "total": money,
                },
            },
            "order_items": {
                "rows": n["order_items"],
                "columns": {
                    "id": _key(format="I%09d"),
                    "order_id": {"type": "reference", "table": "orders"},
                    "product_id": {"type": "reference", "table": "products"},
                    "quantity": {"type": "uniform", "min": 1, "max": 9, "decimals": 0},
                    "price": money,
                },
            },
        },
    }


def tables() -> sa.MetaData:
    """The same tables as SQLAlchemy has them, with their keys."""
    meta = sa.MetaData()

    def key(to: str) -> Any:
        return sa.Column(f"{to[:-1]}_id", sa.String(12), sa.ForeignKey(f"{to}.id"), nullable=False)

    def own() -> Any:
        return sa.Column("id", sa.String(12), primary_key=True)

    name, money = sa.String(40), sa.Numeric(12, 2)
    sa.Table("customers", meta, own(), sa.Column("name", name), sa.Column("score", money))
    sa.Table("products", meta, own(), sa.Column("title", name), sa.Column("price", money))
    sa.Table("contacts", meta, own(), key("customers"), sa.Column("name", name))
    placed, total = sa.Column("placed", sa.DateTime), sa.Column("total", money)
    sa.Table("orders", meta, own(), key("customers"), placed, total)
    quantity, price = sa.Column("quantity", sa.Integer), sa.Column("price", money)
    sa.Table("order_items", meta, own(), key("orders"), key("products"), quantity, price)
    return meta


def engine_of(url: str) -> sa.Engine:
    """An engine with the driver that we use."""
    driver = url.replace("postgresql://", "postgresql+psycopg://")
    return sa.create_engine(driver, poolclass=sa.NullPool)


def ours(con: Any, url: str, most: int) -> tuple[float, int, int]:
    """Seconds of one call, rows, and orphans."""
    tables().create_all(engine_of(url))
    report: list[dict[str, Any]] = []
    taken = seconds(lambda: report.extend(genesis_sql.fill(con, "crm", url, scale=1.0)))
    rows = sum(r["rows"] for r in report)
    if rows < most // 2:
        message = f"{rows} rows are too few"
        raise AssertionError(message)
    return taken, rows, sum(r["orphans"] + r["violations"] for r in report)


def theirs(con: Any, url: str) -> float:
    """Rows per second of executemany in one transaction, the rows in memory already."""
    engine, meta = engine_of(url), tables()
    meta.create_all(engine)
    held = {}
    for table in meta.sorted_tables:
        found = con.execute(f'FROM synth."{table.name}"')
        names = [d[0] for d in found.description]
        held[table] = [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def write() -> None:
        with engine.begin() as there:
            for table, rows in held.items():
                there.execute(table.insert(), rows)

    taken = seconds(write)
    engine.dispose()
    return sum(map(len, held.values())) / taken


def run(options: Options) -> Report:
    """Rows per second into each kind of place."""
    place, lines = machine(), []
    rows = 20_000 if options.quick else min(options.rows, 500_000)
    with genesis_sql.connect() as con, tempfile.TemporaryDirectory() as folder:
        genesis_sql.save_profile(con, "crm", profile(rows))
        genesis_sql.generate_database(con, "crm", "synth", scale=0.2)
        with running_postgres() as postgres, running_mariadb() as mariadb:
            fresh = {"PostgreSQL": postgres.fresh, "MariaDB": mariadb.fresh}
            fresh["SQLite"] = lambda: _sqlite(folder)
            for name, make in fresh.items():
                tried = [ours(con, make(), rows) for _ in range(options.rounds)]
                peer = theirs(con, make())
                rate = median([n / taken for taken, n, _ in tried])
                must = Must(least=50_000) if name == "PostgreSQL" else None
                lines.append(Line(f"{name}: rows/s end to end", rate, must, {PEER: peer}))
                broken = sum(b for *_, b in tried)
                lines.append(Line(f"{name}: orphans and violations", broken, Must(most=0)))
        for kind in ("parquet", "csv", "sql"):
            out = Path(folder) / kind
            taken = seconds(
                lambda k=kind, o=out: genesis_sql.export_database(con, "crm", o, format=k)
            )
            lines.append(Line(f"{kind} files: rows/s", tried[0][1] / taken))
    notes = (f"{tried[0][1]:,} rows in five tables; medians of {options.rounds} rounds.",)
    return Report("delivery", lines, place, notes)


def _sqlite(folder: str) -> str:
    path = Path(tempfile.mkdtemp(dir=folder)) / "shop.db"
    path.touch()
    return f"sqlite:///{path}"
