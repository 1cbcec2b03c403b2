"""Columns of a profile that a Python function of the session gives, as one SQL expression.

The expression calls ``genesis_python``: what is called for, a word of the counter draw, the row's
number, and the columns that are read; it gives text, which is cast to the column's type.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from genesis_sql.profiles.hidden import Hidden, own_column
from genesis_sql.profiles.typed import is_nested
from genesis_sql.sqlbuild import column

if TYPE_CHECKING:
    from genesis_sql.profiles.tables import TableLaws

CALL = "genesis_python"


def call_tree(hidden: Hidden, table: TableLaws, name: str, known: Sequence[str]) -> exp.Expression:
    """The call of a function column.

    Args:
        hidden: takes the columns that the kernel makes for it.
        table: the column's.
        name: the column.
        known: what it reads where it does not say.
    """
    spec, where = table.columns[name], table.where(name)
    reads = [own_column(where, exp.column(str(r)), table.columns) for r in spec.get("reads", known)]
    asked = {
        "function": str(spec["function"]),
        "table": table.name,
        "column": name,
        "reads": reads,
        "type": str(spec["sql_type"]),
        "length": spec.get("length"),
        "nullable": spec.get("nullable", True) is not False,
    }
    given = [
        exp.Literal.string(json.dumps(asked, ensure_ascii=False)),
        column(hidden.word(name)),
        column(hidden.number()),
        *map(column, reads),
    ]
    call: exp.Expression = exp.Anonymous(this=CALL, expressions=given)
    if is_nested(str(spec["sql_type"])):
        call = exp.cast(call, "JSON", dialect="duckdb")
    return exp.cast(call, str(spec["sql_type"]), dialect="duckdb")
