"""The one allow-list of what an expression inside a model, profile or import may hold.

Values, columns of the row, arithmetic, comparisons, CASE, casts and the functions below: nothing
that reads files, the network, the environment, other tables, or the clock.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from genesis_sql.errors import ExpressionError

MAX_LENGTH, MAX_NODES = 10_000, 2_000

_NEWER = (
    "Array", "ArrayContains", "ArrayToString", "Ascii", "Bracket", "Cbrt", "Chr", "ConcatWs",
    "Contains", "Cos", "DateFromParts", "DayOfWeekIso", "Dayname", "EndsWith", "Hex",
    "Hour", "MD5", "Minute", "Monthname", "Pi", "PropertyEQ", "RegexpExtract", "RegexpReplace",
    "Replace", "Reverse", "SHA2", "Second", "Sin", "Slice", "Split", "SplitPart", "StrToTime",
    "Struct", "Tan", "TimeFromParts", "TimeToStr", "TimestampFromParts", "TimeToUnix", "ToDays",
    "Translate", "Trunc", "Unicode",
)  # fmt: skip
"""Classes that some release of sqlglot from 26.0 lacks: it takes their functions for unknown."""
NODES: tuple[type, ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Neg, exp.Not,
    exp.And, exp.Or, exp.Xor,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe,
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.Between, exp.In, exp.Like,
    exp.ILike, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
    exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var, exp.Extract,
    exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sqrt, exp.Exp, exp.Ln, exp.Log, exp.Pow, exp.Sign,
    exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Substring, exp.Concat, exp.Left, exp.Right,
    exp.StartsWith, exp.Pad, exp.StrPosition, exp.RegexpLike,
    exp.Year, exp.Month, exp.Day, exp.DayOfWeek, exp.DayOfYear, exp.Quarter, exp.Week,
    exp.DateDiff, exp.DateAdd, exp.DateTrunc, exp.TimestampTrunc, exp.LastDay,
    *(getattr(exp, name) for name in _NEWER if hasattr(exp, name)),
)  # fmt: skip
"""Node classes allowed, exactly these: a subclass is not allowed by its parent."""

FUNCTIONS = frozenset(
    {"row", "to_json", "date_part", "trunc", "strip_accents", "replace"}
    | {f"to_{part}s" for part in ("year", "month", "day", "hour", "minute", "second")}
    | {
        "array_extract", "array_to_string", "ascii", "atan2", "bit_count", "cbrt", "chr",
        "concat_ws", "contains", "cos", "dayname", "ends_with", "epoch", "even", "hex", "isodow",
        "jaccard", "list_contains", "list_extract", "list_value", "make_date", "make_time",
        "make_timestamp", "md5", "monthname", "nfc_normalize", "pi", "prefix", "regexp_extract",
        "regexp_replace", "reverse", "sha256", "sin", "split_part", "strftime", "strip_accents",
        "strptime", "struct_extract", "struct_pack", "suffix", "tan", "to_milliseconds", "to_weeks",
        "translate", "unicode",
    }
)  # fmt: skip
"""Functions that a release of sqlglot has no class for: pure functions of their arguments, which
read nothing else and make no text much longer than what they are given; some are what DuckDB's
catalog writes for EXTRACT and INTERVAL."""
DRAWS = frozenset({"u", "n"})
"""What an expression of a profile may call besides: a draw of its own, and the row's number."""
CALLS = frozenset({"genesis_python"})
"""What an expression of a compiled profile may call besides: a Python function of the session."""

PARTS = frozenset(
    {
        "YEAR",
        "MONTH",
        "DAY",
        "HOUR",
        "MINUTE",
        "SECOND",
        "QUARTER",
        "WEEK",
        "DOW",
        "DOY",
        "EPOCH",
        "ISODOW",
    }
)
"""What may stand in EXTRACT, and as the unit of an interval or a date function."""
_ALLOWED = frozenset(NODES)


def check_expression(sql: str, also: frozenset[str] = frozenset()) -> exp.Expression:
    """Parse an expression and refuse all that is not on the list.

    Args:
        sql: one scalar expression in DuckDB's dialect.
        also: names of functions that this one may call besides, in lower case.

    Returns:
        The parsed tree.

    Raises:
        ExpressionError: it does not parse, is too long, or holds something else.

    Example:
        >>> check_expression("round(price * 1.2, 2)").sql()
        'ROUND(price * 1.2, 2)'
    """
    if not isinstance(sql, str) or len(sql) > MAX_LENGTH:
        message = f"an expression is text of at most {MAX_LENGTH} characters"
        raise ExpressionError(message)
    try:
        trees = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, RecursionError) as error:
        message = f"the expression {sql[:80]!r} does not parse: {str(error).splitlines()[0]}"
        raise ExpressionError(message) from error
    if len(trees) != 1 or trees[0] is None:
        message = f"{sql[:80]!r} is not one expression"
        raise ExpressionError(message)
    tree = cast(exp.Expression, trees[0])
    for count, node in enumerate(tree.walk()):
        _check_node(cast(exp.Expression, node), sql, also)
        if count > MAX_NODES:
            message = f"the expression {sql[:80]!r} has more than {MAX_NODES} parts"
            raise ExpressionError(message)
    return tree


@lru_cache(maxsize=1024)
def columns_of(sql: str) -> tuple[tuple[str, str], ...]:
    """(qualifier, column) of every column an expression reads, each once; '' where there is none.

    Raises:
        ExpressionError: see :func:`check_expression`.

    Example:
        >>> columns_of('a < "b"."c d" AND a > 1')
        (('', 'a'), ('b', 'c d'))
    """
    found = check_expression(sql).find_all(exp.Column)
    return tuple(sorted({(c.table, c.name) for c in found}))


def _check_node(node: exp.Expression, sql: str, also: frozenset[str]) -> None:
    named = type(node) is exp.Anonymous and node.name.lower() in FUNCTIONS | also
    if type(node) not in _ALLOWED and not named:
        what = node.sql(dialect="duckdb")[:60]
        message = (
            f"the expression {sql[:80]!r} holds {what!r} ({type(node).__name__}), which models may "
            "not; allowed are columns, values, operators, CASE, CAST and plain scalar functions"
        )
        raise ExpressionError(message)
    if isinstance(node, exp.Column) and node.args.get("db"):
        message = f"the expression {sql[:80]!r} names another schema"
        raise ExpressionError(message)
    if isinstance(node, exp.DataType) and node.this in (
        exp.DataType.Type.USERDEFINED,
        exp.DataType.Type.UNKNOWN,
    ):
        message = f"the expression {sql[:80]!r} casts to a type that models may not use"
        raise ExpressionError(message)
    if type(node) is exp.Var and node.name.upper().rstrip("S") not in {
        p.rstrip("S") for p in PARTS
    }:
        message = f"the expression {sql[:80]!r} holds the word {node.name!r}, which is no date part"
        raise ExpressionError(message)
