"""What is prepared once for a model serves all its samplers, and goes when the model goes."""

from __future__ import annotations

import gc
import weakref

from genesis_sql.plan.checks import table_checks
from genesis_sql.plan.output import select_list
from genesis_sql.profiles.compile import compile_profile

PLAIN = {
    "tables": {
        "t": {
            "rows": 9,
            "columns": {
                "a": {"type": "uniform", "min": 1, "max": 9},
                "b": {"type": "uniform", "min": 1, "max": 9},
            },
            "checks": ["a <> b"],
        }
    }
}


def test_it_is_made_once_and_let_go() -> None:
    model = compile_profile(PLAIN, name="p", version=1)
    program = model.programs["t"]
    first = table_checks(model, program, None)
    assert first is not None
    assert table_checks(model, program, None) is first
    assert select_list(program) is select_list(program)
    gone = [weakref.ref(model), weakref.ref(program)]
    del model, program, first
    gc.collect()
    assert [r() for r in gone] == [None, None]
