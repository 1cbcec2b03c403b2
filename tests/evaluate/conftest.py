"""What the tests of measurements share: sides out of schemas, real tables, the referee."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from genesis_sql.evaluate import boosting
from genesis_sql.evaluate.sides import Sides
from genesis_sql.graph.build import build_graph
from genesis_sql.graph.constraints import declare
from genesis_sql.introspect.from_duckdb import read_schema
from genesis_sql.sqlbuild import qualified

MakeSides = Callable[..., Sides]


def _sides(
    con: duckdb.DuckDBPyConnection,
    *,
    real: str = "real",
    synthetic: str = "synth",
    holdout: str | None = None,
    relationships: Sequence[str] = (),
    constraints: Sequence[str] = (),
    **given: Any,
) -> Sides:
    """Sides of which each is a schema of the database."""
    raw = read_schema(con, database="memory", schema=real)
    graph = declare(con, build_graph(con, raw, relationships=relationships), constraints)

    def place(schema: str) -> dict[str, str]:
        return {t.name: qualified("memory", schema, t.name) for t in graph.tables if not t.nested}

    held = None if holdout is None else place(holdout)
    return Sides(con, graph, place(real), place(synthetic), held, **given)


@pytest.fixture
def make_sides() -> MakeSides:
    return _sides


@pytest.fixture
def plain() -> duckdb.DuckDBPyConnection:
    """A connection without our functions, with a schema for each side."""
    connection = duckdb.connect(config={"threads": 2})
    for schema in ("real", "synth", "held"):
        connection.execute(f"CREATE SCHEMA {schema}")
    return connection


SHARED = Path(__file__).parents[3] / "shared"


@pytest.fixture(scope="session")
def real_tables() -> Path:
    """The folder of real tables, beside the checkout."""
    if not (SHARED / "data").exists():
        pytest.skip("the real tables are not here")
    return SHARED / "data"


@pytest.fixture
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models that are quick and poor, where only what is asked of them matters."""
    monkeypatch.setattr(boosting, "TREES", 8)


@pytest.fixture
def referee(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module score.py, which shares no code with us; its models run in one thread as ours do."""
    path = SHARED / "score" / "score.py"
    if not path.exists():
        pytest.skip("the referee is not here")
    before = os.environ.get("OMP_WAIT_POLICY")
    spec = importlib.util.spec_from_file_location("genesis_referee", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if before is None:
        os.environ.pop("OMP_WAIT_POLICY", None)
    plain = pd.Series.to_numpy  # the referee writes into arrays, which pandas 3 forbids
    monkeypatch.setattr(pd.Series, "to_numpy", lambda *a, **k: plain(*a, **k).copy())
    with threadpool_limits(1):
        yield module


@pytest.fixture
def accounts_given() -> tuple[str, ...]:
    """The keys of the tables berka_acc."""
    return tuple(f"{t}(account_id) -> account(account_id)" for t in ("loan", "orders", "trans"))


@pytest.fixture
def accounts(plain: duckdb.DuckDBPyConnection, real_tables: Path) -> duckdb.DuckDBPyConnection:
    """A part of berka_acc: real and held; of synthetic ones the amounts are shuffled a little."""
    keys = {"account": "account_id", "loan": "loan_id", "orders": "order_id", "trans": "trans_id"}
    for schema, part in (("real", "train"), ("held", "holdout"), ("synth", "train")):
        some = 8 + (schema == "synth")  # other families than the real ones
        for table, key in keys.items():
            file = str(real_tables / "berka_acc" / part / f"{table}.parquet")
            plain.execute(f"CREATE TABLE {schema}.{table} AS FROM read_parquet(?) LIMIT 0", [file])
            plain.execute(f"ALTER TABLE {schema}.{table} ADD PRIMARY KEY ({key})")
            left = {"orders": ", account_to", "trans": ", account_to"}.get(table, "")
            plain.execute(
                f"INSERT INTO {schema}.{table} FROM read_parquet(?)"
                f" WHERE ? = 'holdout' OR account_id % 10 IN (?, ?) ORDER BY {key}",
                [file, part, some % 10, (some + 4) % 10],
            )
            for column in left.split(", ")[1:]:
                plain.execute(f"ALTER TABLE {schema}.{table} DROP COLUMN {column}")
    plain.execute(
        "UPDATE synth.trans SET amount = 3 + amount * (100 + trans_id % 5 * 20) // 100,"
        " operation = CASE WHEN trans_id % 3 > 0 THEN operation END"
    )
    plain.execute("DELETE FROM synth.orders WHERE order_id % 4 = 0")
    return plain


@pytest.fixture
def account_keys() -> dict[str, Any]:
    """The keys of berka_acc as the referee is told them."""
    refers = [{"cols": ["account_id"], "parent": "account", "parent_cols": ["account_id"]}]
    keys = {"account": "account_id", "loan": "loan_id", "orders": "order_id", "trans": "trans_id"}
    return {
        "tables": {t: {"pk": k, "fks": [] if t == "account" else refers} for t, k in keys.items()}
    }
