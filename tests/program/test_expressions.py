"""Expressions that read hidden columns, one another, and columns that are not there."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from genesis_sql.errors import ExpressionError, ModelFormatError
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
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
    assert con.sql(compile_sql(model, "t")).fetchall() == found
    con.close()


def test_a_stored_expression_reads_only_what_stands_before_it(packed: Program) -> None:
    assert to_bytes(from_bytes(to_bytes(packed))) == to_bytes(packed)
    turned = replace(packed, steps=(packed.steps[0], *packed.steps[:0:-1]))
    with pytest.raises(ModelFormatError, match="'double' is read before it is made"):
        from_bytes(to_bytes(turned))


@pytest.mark.parametrize(
    "sql",
    [
        "read_text('x')", "pg_sleep(1)", "main.row(a)", "getenv('HOME')", "getvariable('x')",
        "current_setting('x')", "nextval('s')", "random()", "uuid()", "now()", "today()",
        "current_date", "query('SELECT 1')", "repeat('x', 1000000000)", "u()", "n()",
        "genesis_python('{}')", "genesis_plan_('a')", "list_transform([1], x -> x)", "hash(a)",
        "unnest([1])", "sum(a)", "(SELECT 1)", "COLUMNS(*)", "format('{:999999}', a)",
    ],
)  # fmt: skip
def test_functions_off_the_list_are_refused(sql: str) -> None:
    with pytest.raises(ExpressionError):
        check_expression(sql)


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("row(1, row('b'))", (1, ("b",))),
        ("lower(strip_accents('Äé'))", "ae"),
        ("regexp_replace('a-b_c', '[^a-z]', '', 'g')", "abc"),
        ("['a', 'b', 'c'][2]", "b"),
        ("list_extract(['a', 'b'], 2)", "b"),
        ("lpad('7', 3, '0')", "007"),
        ("chr(65) || chr(66)", "AB"),
        ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("split_part('a.b', '.', 2)", "b"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("strftime(DATE '2024-03-09', '%d.%m.%Y')", "09.03.2024"),
        ("CAST(make_date(2024, 3, 9) AS VARCHAR)", "2024-03-09"),
        ("dayname(DATE '2024-03-09')", "Saturday"),
        ("struct_pack(a := 1)", {"a": 1}),
        ("{'a': [1, 2]}", {"a": [1, 2]}),
        ("translate(reverse('abc'), 'a', 'x')", "cbx"),
    ],
)
def test_plain_functions_mean_in_stored_expressions_what_they_mean_in_duckdb(
    sql: str, value: object
) -> None:
    with duckdb.connect() as con:
        made = check_expression(sql).sql(dialect="duckdb")
        query = f"SELECT {made} AS a, {sql} AS b"
        found = con.execute(query).fetchall()[0]
    assert found == (value, value)
