r"""The notation for keys that no catalog holds: `relationships := ['orders.c_id -> customers']`.

| form | meaning |
|---|---|
| `flights(origin, time_hour) -> weather(origin, time_hour)` | the child's columns, the parent's |
| `flights.carrier -> airlines.carrier` | the same for a single column |
| `orders.customer_id -> customers` | the parent's primary key |
| `likes.liked_id -> posts.id WHERE liked_type = 'post'` | only rows with that text or number |
| `crm.orders.customer_id -> crm.customers.id` | in a fit of several schemas |

A name with spaces or signs stands in double quotes (`"my table"."a b" -> x.y`), a double quote
inside it is doubled. Names are compared with the tables' own; they never become SQL as they are.
"""

from __future__ import annotations

import re

from genesis_sql.errors import SchemaError
from genesis_sql.sqlbuild import string
from genesis_sql.types import Relationship

_BARE = r"(?:(?!->)[^\s\"'`().,;→])+"
_TOKEN = re.compile(rf'\s*(?:(->|→)|([(),.])|"((?:[^"]|"")+)"|({_BARE}))')
_IN_WHEN = rf'"((?:[^"]|"")+)"|({_BARE.replace("→", "→=")})'
_WHEN = re.compile(
    rf"(?:(?:{_IN_WHEN})\s*\.\s*)?(?:{_IN_WHEN})\s*=\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?))"
)
"""What stands behind WHERE: a column, its table in front if you like, and a literal."""
_FORMS = "write 'child.column -> parent.column' or 'child(a, b) -> parent(a, b)'"

_Token = tuple[str, str]
"""A kind ('arrow', 'mark', 'name') and its text."""


def parse_relationship(text: str) -> Relationship:
    """A relationship as the caller wrote it; `parent_columns` is empty where they were left out.

    Args:
        text: One of the three forms above.

    Raises:
        SchemaError: The text has none of them.

    Example:
        >>> parse_relationship("orders.customer_id -> customers.id").name
        'orders(customer_id) -> customers(id)'
    """
    tokens, condition = _tokens(text)
    arrows = [at for at, token in enumerate(tokens) if token[0] == "arrow"]
    if len(arrows) != 1:
        raise _refused(text, f"it has {len(arrows) or 'no'} arrow{'s' * (len(arrows) > 1)}")
    child, columns = _side(tokens[: arrows[0]], text)
    parent, parent_columns = _side(tokens[arrows[0] + 1 :], text)
    if not columns:
        raise _refused(text, f"which column of '{child}' is meant?")
    if parent_columns and len(parent_columns) != len(columns):
        reason = f"{len(columns)} columns on the left and {len(parent_columns)} on the right"
        raise _refused(text, reason)
    for names in (columns, parent_columns):
        if len(set(names)) != len(names):
            raise _refused(text, "a column is named twice")
    when = None if condition is None else _when(condition, child, text)
    if when and when[0] in columns:
        raise _refused(text, "the condition is about a column of the reference itself")
    return Relationship(child, columns, parent, parent_columns, when=when)


def relationship_text(relationship: Relationship) -> str:
    """The relationship in the notation, quoted where needed: what `parse_relationship` reads.

    Example:
        >>> relationship_text(Relationship("my table", ("a",), "b", ("c",)))
        '"my table".a -> b.c'
    """
    left = _side_text(relationship.child, relationship.columns)
    right = _side_text(relationship.parent, relationship.parent_columns)
    return f"{left} -> {right}{condition_text(relationship)}"


def condition_text(relationship: Relationship) -> str:
    r"""The condition of a reference that holds for some rows only, with WHERE; empty for others.

    Example:
        >>> condition_text(Relationship("a", ("x",), "b", ("y",), when=("kind of", "it's")))
        ' WHERE "kind of" = \'it\'\'s\''
    """
    if relationship.when is None:
        return ""
    name, value = relationship.when
    plain = re.fullmatch(_BARE, name) and "=" not in name
    shown = name if plain else _quoted(name)
    return f" WHERE {shown} = {string(value)}"


def _tokens(text: str) -> tuple[list[_Token], str | None]:
    """The tokens up to WHERE, and what stands behind it."""
    tokens: list[_Token] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refused(text, f"it stops making sense at {text[at:].strip()[:20]!r}")
        arrow, mark, inside, bare = found.groups()
        if bare and bare.casefold() == "where" and _may_end(tokens):
            return tokens, text[found.end() :]
        if arrow or mark:
            tokens.append(("arrow" if arrow else "mark", arrow or mark))
        else:
            tokens.append(("name", inside.replace('""', '"') if inside else bare))
        at = found.end()
    return tokens, None


def _may_end(tokens: list[_Token]) -> bool:
    """Whether both sides of the arrow are there, so that WHERE is no name."""
    return any(t[0] == "arrow" for t in tokens) and (
        tokens[-1][0] == "name" or tokens[-1] == ("mark", ")")
    )


def _when(condition: str, child: str, text: str) -> tuple[str, str]:
    """The column and the value of a condition."""
    found = _WHEN.fullmatch(condition.strip())
    if found is None:
        raise _refused(text, "behind WHERE stands one column = 'text' or a number")
    names = [n.replace('""', '"') if n else None for n in found.groups()[:4]]
    table, column = names[0] or names[1], names[2] or names[3] or ""
    if table is not None and table != child:
        raise _refused(text, f"the condition is about '{table}', it takes a column of '{child}'")
    literal, number = found.groups()[4:]
    return column, number if literal is None else literal.replace("''", "'")


def _side(tokens: list[_Token], text: str) -> tuple[str, tuple[str, ...]]:
    """The table and its columns from one side of the arrow."""
    shape = "".join(value if kind == "mark" else "n" for kind, value in tokens)
    names = tuple(value for kind, value in tokens if kind == "name")
    if re.fullmatch(r"n|n\.n|n\(n(,n)*\)", shape):
        return names[0], names[1:]
    if re.fullmatch(r"n\.n(\.n|\(n(,n)*\))", shape):
        return f"{names[0]}.{names[1]}", names[2:]
    if "nn" in shape:
        raise _refused(text, "a name with spaces stands in double quotes")
    raise _refused(text, "one side is not a table with its columns")


def _side_text(table: str, columns: tuple[str, ...]) -> str:
    if not columns:
        return _name_text(table)
    if len(columns) == 1:
        return f"{_table_text(table)}.{_name_text(columns[0])}"
    return f"{_table_text(table)}({', '.join(map(_name_text, columns))})"


def _table_text(name: str) -> str:
    """A table, its schema in front where the fit has several."""
    parts = name.split(".")
    both = len(parts) == 2 and all(re.fullmatch(_BARE, p) for p in parts)
    return name if both else _name_text(name)


def _name_text(name: str) -> str:
    return name if re.fullmatch(_BARE, name) else _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refused(text: str, reason: str) -> SchemaError:
    return SchemaError(f"relationship '{text}' cannot be read: {reason}; {_FORMS}")
