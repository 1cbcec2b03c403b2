"""commit := 'table': what is in stays, and the same call goes on behind it with the same rows."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.actions.delivering import filling
from genesis_sql.errors import InterruptedFitError, TargetError
from tests.actions.delivering.conftest import SHOP, ask, counts, fill, make

ALL = ("shops", "customers", "orders", "items")
SIZES = {"customers": 40, "orders": 500}
QUERY = "SELECT id, customer_id, amount, placed FROM orders ORDER BY id"


def _stopped_at(monkeypatch: pytest.MonkeyPatch, table: str, call: int) -> None:
    """The load of a table stops at a call of it, as Ctrl-C would stop it."""
    before, seen = filling.Filling._load, []

    def load(self: filling.Filling, name: str, first: int, stop: int) -> None:
        before(self, name, first, stop)
        seen.append(name)
        if seen.count(table) == call:
            raise InterruptedFitError("cancelled by Ctrl-C")

    monkeypatch.setattr(filling.Filling, "_load", load)


def test_a_fill_that_was_cut_off_goes_on(
    shop: duckdb.DuckDBPyConnection, url: str, monkeypatch: pytest.MonkeyPatch
):
    make(url, SHOP)
    fill(shop, url, rows=SIZES)
    expected, all_counts = ask(url, QUERY), counts(url, *ALL)
    for table in reversed(ALL):
        make(url, f"DELETE FROM {table}")
    monkeypatch.setattr(filling, "PIECE", 100)
    with monkeypatch.context() as patched:
        _stopped_at(patched, "orders", 3)
        with pytest.raises(InterruptedFitError):
            fill(shop, url, rows=SIZES, commit="table")
    assert counts(url, "customers", "orders", "items") == [40, 200, 0]
    assert dict(ask(url, "SELECT table_name, written FROM genesis_fill"))["orders"] == 200
    with pytest.raises(TargetError, match="an earlier fill of other rows did not end"):
        fill(shop, url, rows=SIZES, seed=9, commit="table")
    report = fill(shop, url, rows=SIZES, commit="table")
    assert counts(url, *ALL) == all_counts == [r["rows"] for r in report]
    assert ask(url, QUERY) == expected
    with pytest.raises(Exception, match="genesis_fill"):
        ask(url, "SELECT * FROM genesis_fill")  # nothing of ours stays
    with pytest.raises(TargetError, match="holds rows already"):
        fill(shop, url, rows=SIZES, commit="table")


def test_one_transaction_keeps_nothing_of_what_was_cut_off(
    shop: duckdb.DuckDBPyConnection, url: str, monkeypatch: pytest.MonkeyPatch
):
    make(url, SHOP)
    with monkeypatch.context() as patched:
        _stopped_at(patched, "items", 1)
        with pytest.raises(InterruptedFitError):
            fill(shop, url, rows=SIZES)
    assert counts(url, *ALL) == [0, 0, 0, 0]
    assert shop.execute(
        "SELECT status FROM genesis_history('shop') WHERE kind = 'fill' ORDER BY id DESC LIMIT 1"
    ).fetchall() == [("interrupted",)]
    fill(shop, url, rows=SIZES)


def test_replace_in_pieces_and_tables_that_were_changed_since(
    shop: duckdb.DuckDBPyConnection, postgres: str, monkeypatch: pytest.MonkeyPatch
):
    make(postgres, SHOP)
    fill(shop, postgres, rows={"orders": 30})
    with monkeypatch.context() as patched:
        _stopped_at(patched, "items", 1)
        with pytest.raises(InterruptedFitError):
            fill(shop, postgres, rows=SIZES, commit="table", if_exists="replace")
    assert counts(postgres, "orders", "items") == [500, 0]
    make(postgres, "DELETE FROM orders WHERE id = (SELECT min(id) FROM orders)")
    with pytest.raises(
        TargetError,
        match="table 'orders' has 499 rows and an earlier call left 500: it was changed since",
    ):
        fill(shop, postgres, rows=SIZES, commit="table", if_exists="replace")
    fill(shop, postgres, rows=SIZES, seed=1, commit="table", if_exists="replace")
    assert counts(postgres, "orders") == [500]


KILLED = """
import sys
import genesis_sql
con = genesis_sql.connect(sys.argv[1])
genesis_sql.fill(con, "shop", sys.argv[2], rows={"customers": 1000, "orders": 5_000_000}, commit=sys.argv[3])
"""


@pytest.mark.slow
@pytest.mark.parametrize("commit", ["all", "table"])
def test_a_killed_process_leaves_whole_pieces_or_nothing(
    load: Callable[..., None], tmp_path: Path, postgres: str, commit: str
):
    make(postgres, SHOP)
    file = str(tmp_path / "shop.duckdb")
    with genesis_sql.connect(file) as con:
        load(con, "shop")
    process = subprocess.Popen([sys.executable, "-c", KILLED, file, postgres, commit])
    began = "SELECT count(*) FROM pg_stat_progress_copy WHERE tuples_processed > 2000"
    done = "SELECT count(*) FROM orders"
    until = time.monotonic() + 120
    while (
        time.monotonic() < until and not ask(postgres, done if commit == "table" else began)[0][0]
    ):
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()
    while ask(
        postgres,
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%%' AND state = 'active'",
    )[0][0]:
        time.sleep(0.05)
    left = counts(postgres, "orders")[0]
    if commit == "all":
        assert counts(postgres, *ALL) == [0, 0, 0, 0]
    else:
        assert left > 0
        assert left % filling.PIECE == 0
        assert ask(postgres, "SELECT written FROM genesis_fill WHERE table_name = 'orders'") == [
            (left,)
        ]
    with genesis_sql.connect(file) as con:
        assert con.execute(
            "SELECT status FROM genesis_history('shop') WHERE kind = 'fill'"
        ).fetchall() == [("interrupted",)]
