"""Common table expressions that read themselves, and trees that are written as text in parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Recursion:
    """A common table expression that reads itself.

    Attributes:
        first: its first rows.
        levels: trees by name, each a derived table of the ones that read it; the first one reads
            the expression itself.
        last: what makes the next rows out of the last level.
    """

    first: exp.Expression
    levels: tuple[tuple[str, exp.Expression], ...]
    last: exp.Expression

    def tree(self, write: Callable[[exp.Expression], str]) -> exp.Expression:
        """The union of both members.

        Args:
            write: gives the text of a level: trees nested so deeply cannot be walked as one.
        """
        texts: dict[str, str] = {}
        for name, tree in self.levels:
            texts[name] = write(nested(tree, texts))
        last = nested(self.last, texts)
        return exp.Union(this=self.first, expression=last, distinct=False)


def nested(tree: exp.Expression, texts: Mapping[str, str]) -> exp.Expression:
    """A tree with derived tables in the place of the levels that it reads."""
    for table in list(tree.find_all(exp.Table)):
        if table.name in texts and not table.db:
            alias = exp.to_identifier(table.alias or table.name, quoted=True)
            inner = exp.Var(this=texts[table.name])
            table.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=alias)))
    return tree
