"""Expressions that read hidden columns, one another, and columns that are not there."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.errors import ExpressionError, ModelFormatError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.oracle import oracle_sql
from genesis_sql.plan.output import batch, select_list
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.allowlist import check_expression
from genesis_sql.program.expressions import columns_read, sampled
from genesis_sql.program.serialize import from_bytes, to_bytes
from genesis_sql.program.steps import Expression, Number, Output, Program
from genesis_sql.types import Graph

TYPE = """STRUCT(n INTEGER, "it's" STRUCT(half DOUBLE))"""


@pytest.fixture
def packed() -> Program:
    """A key, twice as much under a hidden name, and a struct of both."""
    from genesis_sql.program.domain import Key
    from genesis_sql.program.pattern import IntegerKey

    steps = (
        Number("#key"),
        Expression("double", '2 * "#key"'),
        Expression("#half", '"double" / 4'),
        Expression("s", 'CASE WHEN "double" > 20 THEN row("#key", row("#half")) END'),
    )
    domains = {"#key": Key("INTEGER", IntegerKey(1, 1))}
    return Program("t", 30, steps, domains, {}, (Output("double", "BIGINT"), Output("s", TYPE)))


def test_hidden_columns_travel_with_the_visible_ones(packed: Program) -> None:
    assert columns_read(packed.steps[3].sql) == ("double", "#key", "#half")  # type: ignore[union-attr]
    assert sampled(packed) == ("#key",)
    model = Model("m", 1, "u", Graph(()), {"t": packed}, {}, ("t",))
    raw = Sampler(model).raw("t", np.arange(30), sampled(packed))
    con = duckdb.connect()
    con.register(
        "rows", pa.Table.from_batches([pa.RecordBatch.from_struct_array(batch(packed, raw))])
    )
    made = con.sql(f"SELECT {select_list(packed)} FROM rows")
    assert list(map(str, made.types))[:1] == ["BIGINT"]
    found = made.fetchall()
    assert len(found) == 30
    assert sum(s is None for _, s in found) == sum(d <= 20 for d, _ in found) > 0
    assert all(s == {"n": d // 2, "it's": {"half": d / 4}} for d, s in found if s is not None)
    assert con.sql(oracle_sql(model, "t")).fetchall() == found
    con.close()


def test_a_stored_expression_reads_only_what_stands_before_it(packed: Program) -> None:
    assert to_bytes(from_bytes(to_bytes(packed))) == to_bytes(packed)
    turned = replace(packed, steps=(packed.steps[0], *packed.steps[:0:-1]))
    with pytest.raises(ModelFormatError, match="'double' is read before it is made"):
        from_bytes(to_bytes(turned))


@pytest.mark.parametrize(
    "sql", ["read_text('x')", "pg_sleep(1)", "main.row(a)", "struct_pack(a := 1)"]
)
def test_of_functions_without_a_class_only_row_is_allowed(sql: str) -> None:
    check_expression("row(a, row(b))")
    with pytest.raises(ExpressionError):
        check_expression(sql)
