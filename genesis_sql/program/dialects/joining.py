"""Engines that read an element of an array as a row that is joined by its place."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from genesis_sql.program.dialects.base import Dialect, Item, Node
from genesis_sql.program.sql_nodes import literal, op, relation_name
from genesis_sql.sqlbuild import column

SHORT = 256
"""Elements up to which an array stands in a CASE: a join takes longer to plan."""
PLACE, VALUE = "# place", "# value"
"""The columns of the rows of an array."""


class Joining(Dialect):
    """The arrays are joined to the levels that read them, short ones are a CASE of literals."""

    def rows_of(self, item: Item) -> exp.Query:
        """A SELECT of a row for each element of an item: `PLACE`, counted from 0, and `VALUE`."""
        raise NotImplementedError

    def cells(self, items: list[Item]) -> exp.Expression | None:
        """None: the arrays stand where they are read."""
        return None

    def joined(self, tree: exp.Select, source: str, items: Mapping[str, Item]) -> exp.Select:
        """A level whose elements come of joins, those that others ask for first.

        A hash table is made of the left side, so that the rows stand on the right.
        """
        known: dict[str, Node] = {}
        rows: exp.Expression = relation_name(source)
        rows.set("joins", tree.args.get("joins"))

        def swap(node: exp.Expression) -> exp.Expression:
            nonlocal rows
            if not isinstance(node, exp.Anonymous) or node.this != "genesis_at":
                return node
            item, place = items[node.expressions[0].name], node.expressions[1].transform(swap)
            if self._is_short(item):
                return self._chosen(item, place)
            shown = exp.Tuple(expressions=[exp.Literal.string(item.name), place]).sql()
            if shown not in known:
                alias = f"#at {len(known)}"
                known[shown] = column(VALUE, alias)
                inner = rows if isinstance(rows, exp.Table) else exp.Subquery(this=rows)
                same = op(exp.EQ, column(PLACE, alias), place)
                rows = _derived(self.rows_of(item), alias)
                rows.set("joins", [exp.Join(this=inner, side="RIGHT", on=same)])
            return known[shown].copy()

        tree.set("expressions", [entry.transform(swap) for entry in tree.expressions])
        tree.set("joins", None)
        return tree.from_(rows, copy=False)

    def at(self, item: Item, index: exp.Expression) -> exp.Expression:
        """An element where no level asks for it, by a subquery unless the array is short."""
        if self._is_short(item):
            return self._chosen(item, index)
        found = exp.Select(expressions=[column(VALUE, "#at")])
        found = found.from_(_derived(self.rows_of(item), "#at"), copy=False)
        same = op(exp.EQ, column(PLACE, "#at"), index)
        return exp.Subquery(this=found.where(same, copy=False))

    def _is_short(self, item: Item) -> bool:
        """Whether an array stands in the text as a CASE."""
        return self.data is None and len(item.values) <= SHORT

    def _chosen(self, item: Item, place: exp.Expression) -> exp.Expression:
        """An element of a short array."""
        values = item.values if isinstance(item.values, tuple) else item.values.tolist()
        shown: list[Node] = []
        for value in values:
            if isinstance(value, str):
                shown.append(exp.Literal.string(value))
            else:
                shown.append(literal(value) if item.kind == "int" else self.real(value))
        if not shown:
            return exp.null()
        ifs = [exp.If(this=literal(at), true=one) for at, one in enumerate(shown)]
        return exp.Case(this=exp.paren(place), ifs=ifs)


def _derived(tree: exp.Query, name: str) -> exp.Subquery:
    alias = exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    return exp.Subquery(this=tree, alias=alias)
