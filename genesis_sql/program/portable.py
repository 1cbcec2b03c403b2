"""Expressions that have the same value on every engine; all others are refused on other engines.

A user's expression is DuckDB's. Rounding, texts of doubles, division by 0, order and case of texts
and most functions differ between engines without an error. What is known to agree is listed here,
by the kind of value that each part has: 'whole', 'real', 'text', 'truth', 'date', or the number of
decimals of a decimal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from genesis_sql.errors import GenesisError
from genesis_sql.program.dialects.base import Dialect

Kind = str | int
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(_WHOLE, "whole"),
    "DOUBLE": "real",
    "VARCHAR": "text",
    "TEXT": "text",
    "BOOLEAN": "truth",
    "DATE": "date",
}
_DECIMAL = re.compile(r"DECIMAL\(\d+, ?(\d+)\)")
_PARTS = ("YEAR", "MONTH", "DAY")
_COMPARED = (exp.LT, exp.LTE, exp.GT, exp.GTE)
_LOGIC = (exp.And, exp.Or, exp.Not)


def check_portable(
    dialect: Dialect,
    tree: exp.Expression,
    columns: Mapping[str, tuple[str, str]],
    name: str,
    table: str,
) -> None:
    """Refuse an expression whose value may be another one on the engine.

    Args:
        dialect: of the engine.
        tree: the expression with its columns.
        columns: what users call its columns, and DuckDB's types of them.
        name: the column that it gives.
        table: which has that.

    Raises:
        GenesisError: some part is not known to agree.
    """
    if dialect.writes == "duckdb":
        return
    types = {read: type_ for read, (_, type_) in columns.items()}
    found = _Kinds(types, decimals=dialect.decimals)
    try:
        found.of(tree)
    except _OtherError as other:
        shown = _told(other.node, columns)
        message = (
            f"{dialect.title} may give other values for {shown[:80]} in the expression of column "
            f"'{name}' of table '{table}'; leave that column out, or use genesis_generate, which "
            "gives the same rows"
        )
        raise GenesisError(message) from other


def _told(node: exp.Expression, columns: Mapping[str, tuple[str, str]]) -> str:
    """A part as users wrote it."""
    tree = node.copy()
    for read in list(tree.find_all(exp.Column)):
        if read.name in columns:
            read.set("this", exp.to_identifier(columns[read.name][0]))
    return tree.sql(dialect="duckdb")


class _OtherError(Exception):
    """A part that is not known to agree."""

    def __init__(self, node: exp.Expression) -> None:
        super().__init__()
        self.node = node


class _Kinds:
    """The kinds of the parts of an expression."""

    def __init__(self, types: Mapping[str, str], *, decimals: bool) -> None:
        self.types, self.decimals = types, decimals

    def of(self, node: exp.Expression) -> Kind | None:
        """The kind of a part; None of NULL, which goes with all."""
        if isinstance(node, exp.Null):
            return None
        if isinstance(node, exp.Boolean):
            return "truth"
        if isinstance(node, exp.Literal):
            return _literal(node)
        if isinstance(node, exp.Column):
            return self._typed(self.types.get(node.name, ""), node)
        if isinstance(node, exp.Cast) and type(node) is exp.Cast:
            return self._cast(node)
        if isinstance(node, exp.Paren):
            return self.of(node.this)
        if isinstance(node, exp.Neg | exp.Abs):
            return self._number(self.of(node.this), node)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul):
            return self._sum(node)
        if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
            return self._quotient(node)
        return self._other(node)

    def _other(self, node: exp.Expression) -> Kind | None:
        if isinstance(node, exp.Floor | exp.Ceil):
            return self._is(node.this, "real", node)
        if isinstance(node, exp.DPipe):
            self._is(node.this, "text", node)
            return self._is(node.expression, "text", node)
        if isinstance(node, _LOGIC):
            for part in node.iter_expressions():
                self._is(part, "truth", node)
            return "truth"
        if isinstance(node, exp.EQ | exp.NEQ):
            self._alike([node.this, node.expression], node)
            return "truth"
        if isinstance(node, _COMPARED):
            return self._ordered([node.this, node.expression], node)
        if isinstance(node, exp.Between):
            return self._ordered([node.this, node.args["low"], node.args["high"]], node)
        if isinstance(node, exp.In) and node.expressions:
            self._alike([node.this, *node.expressions], node)
            return "truth"
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            self.of(node.this)
            return "truth"
        return self._chosen(node)

    def _chosen(self, node: exp.Expression) -> Kind | None:
        if isinstance(node, exp.Case):
            if node.this is not None:
                self._alike([node.this, *(i.this for i in node.args["ifs"])], node)
            else:
                for one in node.args["ifs"]:
                    self._is(one.this, "truth", node)
            default = node.args.get("default")
            ends = [i.args["true"] for i in node.args["ifs"]]
            return self._alike([*ends, default] if default is not None else ends, node)
        if isinstance(node, exp.Coalesce):
            return self._alike([node.this, *node.expressions], node)
        if isinstance(node, exp.Nullif):
            return self._alike([node.this, node.expression], node)
        if isinstance(node, exp.Year | exp.Month | exp.Day):
            self._is(node.this, "date", node)
            return "whole"
        if isinstance(node, exp.Extract) and node.name.upper() in _PARTS:
            self._is(node.expression, "date", node)
            return "whole"
        raise _OtherError(node)

    def _typed(self, type_: str, node: exp.Expression) -> Kind:
        found = _DECIMAL.fullmatch(type_.upper())
        kind = int(found[1]) if found and self.decimals else _KINDS.get(type_.upper())
        if kind is None:
            raise _OtherError(node)
        return kind

    def _cast(self, node: exp.Cast) -> Kind:
        kind, to = self.of(node.this), self._typed(node.to.sql(dialect="duckdb"), node)
        if to == "whole" and not _KINDS.get(node.to.sql(dialect="duckdb").upper()):
            raise _OtherError(node)
        inner = node.this.unnest()
        rounded = to == "whole" and isinstance(inner, exp.Floor | exp.Ceil)
        written = to == "date" and isinstance(inner, exp.Literal)
        exact = kind == "whole" and to in ("real", "text")
        scaled = isinstance(to, int) and (kind == "whole" or (isinstance(kind, int) and kind <= to))
        if kind is None or kind == to or rounded or written or exact or scaled:
            return to
        raise _OtherError(node)

    def _sum(self, node: exp.Expression) -> Kind | None:
        left, right = (self._number(self.of(n), node) for n in (node.this, node.expression))
        if left is None or right is None or left == right == "whole":
            return right if left is None else left
        if "real" in (left, right):
            columns = any(isinstance(k, int) for k in (left, right)) and not _written(node)
            if columns:
                raise _OtherError(node)
            return "real"
        one, two = (0 if k == "whole" else int(k) for k in (left, right))
        return one + two if isinstance(node, exp.Mul) else max(one, two)

    def _quotient(self, node: exp.Expression) -> Kind | None:
        by = node.expression.unnest()
        if not isinstance(by, exp.Literal) or by.is_string or float(by.name) == 0:
            raise _OtherError(node)
        if isinstance(node, exp.Div):
            if self.of(node.this) not in ("whole", "real", None):
                raise _OtherError(node)
            return "real"
        self._is(node.expression, "whole", node)
        return self._is(node.this, "whole", node)

    def _number(self, kind: Kind | None, node: exp.Expression) -> Kind | None:
        if kind in ("text", "truth", "date"):
            raise _OtherError(node)
        return kind

    def _is(self, part: exp.Expression, kind: Kind, node: exp.Expression) -> Kind:
        if self.of(part) not in (kind, None):
            raise _OtherError(node)
        return kind

    def _alike(self, parts: list[exp.Expression], node: exp.Expression) -> Kind | None:
        kinds = {k for k in map(self.of, parts) if k is not None}
        if len(kinds) > 1 and not _exact(kinds):
            raise _OtherError(node)
        if len(kinds) > 1:
            return max(k for k in kinds if isinstance(k, int))
        return next(iter(kinds), None)

    def _ordered(self, parts: list[exp.Expression], node: exp.Expression) -> Kind:
        """Texts are ordered in other ways elsewhere; a whole number and a double are compared."""
        kinds = {k for k in map(self.of, parts) if k is not None}
        alike = len(kinds) < 2 or kinds <= {"whole", "real"} or _exact(kinds)
        if kinds & {"text", "truth"} or not alike:
            raise _OtherError(node)
        return "truth"


def _exact(kinds: set[Kind]) -> bool:
    """Whether all are whole numbers and decimals."""
    return all(k == "whole" or isinstance(k, int) for k in kinds)


def _literal(node: exp.Literal) -> Kind:
    if node.is_string:
        return "text"
    if node.name.isdecimal():
        return "whole"
    whole, _, decimals = node.name.partition(".")
    if not (whole + decimals).isdecimal():
        raise _OtherError(node)
    return len(decimals)


def _written(node: exp.Expression) -> bool:
    """Whether the decimal of an operation is a literal, which a double reads as it stands."""
    return any(isinstance(n.unnest(), exp.Literal) for n in (node.this, node.expression))
