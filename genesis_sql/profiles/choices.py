"""Expressions that choose among fixed values: CASE over equalities of drawn columns.

Drawn as cases they need no columns in SQL: nothing hidden leaves the kernel for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

from genesis_sql.profiles.laws import Spec
from genesis_sql.program.allowlist import DRAWS, check_expression

ASKED = ("logistic",)
"""Types of columns that such an expression asks about: flags."""


def as_cases(spec: Spec, columns: Mapping[str, Spec]) -> dict[str, Any] | None:
    """The conditional law that says the same as an expression; None where there is none.

    Args:
        spec: of type 'expression', made of text.
        columns: of its table.

    Example:
        >>> spec = {"type": "expression", "sql": "CASE WHEN ill = 1 THEN 'E11' END"}
        >>> as_cases({**spec, "sql_type": "VARCHAR"}, {"ill": {"type": "logistic"}})["cases"]
        [{'when': {'ill': 1}, 'then': {'type': 'constant', 'value': 'E11'}}]
    """
    tree = check_expression(str(spec["sql"]), DRAWS).unnest()
    if not isinstance(tree, exp.Case) or tree.this is not None or spec.get("sql_type") != "VARCHAR":
        return None
    known = {name.lower(): name for name, c in columns.items() if c["type"] in ASKED}
    cases = []
    for branch in tree.args["ifs"]:
        when, then = _when(branch.this, known, columns), _fixed(branch.args["true"])
        if when is None or then is None:
            return None
        cases.append({"when": when, "then": then})
    otherwise = _fixed(tree.args.get("default") or exp.null())
    if otherwise is None:
        return None
    kept = {k: v for k, v in spec.items() if k not in ("type", "sql")}
    return {**kept, "type": "conditional", "cases": cases, "otherwise": otherwise}


def _when(
    node: exp.Expression, known: Mapping[str, str], columns: Mapping[str, Spec]
) -> dict[str, Any] | None:
    """A condition: flags that are 0 or 1, joined by AND, each named once."""
    out: dict[str, Any] = {}
    for part in _parts(node):
        sides = (part.this.unnest(), part.expression.unnest()) if isinstance(part, exp.EQ) else ()
        if not sides or not isinstance(sides[0], exp.Column) or sides[0].table:
            return None
        name = known.get(sides[0].name.lower())
        value = sides[1]
        if name is None or name in out or "sql_type" in columns[name]:
            return None
        if not isinstance(value, exp.Literal) or value.sql() not in ("0", "1"):
            return None
        out[name] = int(value.name)
    return out


def _parts(node: exp.Expression) -> Iterator[Any]:
    inner = node.unnest()
    if isinstance(inner, exp.And):
        yield from _parts(inner.this)
        yield from _parts(inner.expression)
    else:
        yield inner


def _fixed(node: exp.Expression) -> dict[str, Any] | None:
    """A text or NULL as a law."""
    inner = node.unnest()
    if isinstance(inner, exp.Null):
        return {"type": "constant", "value": None}
    if isinstance(inner, exp.Literal) and inner.is_string:
        return {"type": "constant", "value": str(inner.name)}
    return None
