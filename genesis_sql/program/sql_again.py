"""Rows that are drawn again until they keep their constraints, in SQL: under another address.

Which attempt of a row is the first that keeps all is found where the SQL is written; it stands in
the statement, by row number.
"""

from __future__ import annotations

import numpy as np
from sqlglot import exp

from genesis_sql.program.draw import Streams
from genesis_sql.program.sql_address import address_columns
from genesis_sql.program.sql_fixed import held_rows
from genesis_sql.program.sql_nodes import case, is_null, op
from genesis_sql.program.sql_relation import Relation
from genesis_sql.sqlbuild import column

ADDRESS, DRAWN, ATTEMPT = "#address", "#drawn", "#attempt"
"""The address of a row, the one that it is drawn under, and how often it was drawn before."""
Attempts = tuple[np.ndarray, np.ndarray]
"""Rows that are drawn again, by number, and the attempt that each of them has: int64, sorted."""


def add_attempts(relation: Relation, identity: Streams, table: str, attempts: Attempts) -> None:
    """Add the address that rows are drawn under.

    Args:
        relation: rows with their number and address.
        identity: uuid and seed.
        table: its name.
        attempts: of the rows that are drawn again.
    """
    source = held_rows(relation, "drawn again", *attempts)
    same = op(exp.EQ, column("number", "o"), column("#number", "r"))
    relation.join(source, same, [(ATTEMPT, column("value", "o"))])
    low, high = (identity.stream(table, "#again", purpose) for purpose in ("low", "high"))
    made = relation.put_all(address_columns((low, high), ADDRESS, ATTEMPT))
    drawn = case([(is_null(column(ATTEMPT)), column(ADDRESS))], made)
    relation.put(DRAWN, drawn, keep=True)
    relation.close()
