"""The benchmark of providers: each kind is made, agrees, and has its peers."""

from __future__ import annotations

import json
from typing import Any

import pytest

import genesis_sql
from benchmarks import providers


@pytest.mark.parametrize("kind", [*providers.KINDS])
def test_each_kind_is_made_and_agrees(kind: str) -> None:
    columns = providers.columns(providers.KINDS[kind], 300)
    with genesis_sql.connect() as con:
        spec: dict[str, Any] = {"tables": {"t": {"rows": 300, "columns": columns}}}
        con.execute("CALL genesis_save_profile('p', ?)", [json.dumps(spec)])
        providers.generate(con, "p", 300)
        assert con.execute("SELECT count(*) FROM made").fetchall() == [(300,)]
        assert providers.wrong(con, kind) == 0
        shown = [c[0] for c in con.execute("DESCRIBE made").fetchall()]
        assert shown == [*providers.KINDS[kind].values()]
        con.execute(providers.random_sql(kind, 50))
        assert [c[0] for c in con.execute("DESCRIBE made").fetchall()] == shown
        if kind != "e-mails":
            assert providers.wrong(con, kind) > 40  # random() agrees with nothing
    assert providers.faker_rate(kind, 5) > 0
