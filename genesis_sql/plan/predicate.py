"""Predicates in SQL over the rows of a block and their parents: which rows break them.

A query over the decoded columns in their final types answers, so that casts, NULLs, dates and
decimals mean what they mean in DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from sqlglot import exp

from genesis_sql.errors import ConstraintError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import decode, value_sql
from genesis_sql.plan.private import ask
from genesis_sql.program.allowlist import check_expression, columns_of
from genesis_sql.program.domain import Raw
from genesis_sql.program.expressions import columns_read, computed, sampled
from genesis_sql.program.steps import Link, Program
from genesis_sql.sqlbuild import column, quoted, text

Path = tuple[str, ...]
"""Aliases from a row to a parent or a parent of it; () is the row itself."""

_QUERY = 'SELECT "#at" FROM (SELECT "#at", {values} FROM block{joins}) WHERE NOT ({kept})'


class Predicates:
    """Predicates of one table, asked together.

    Attributes:
        needed: the columns of the program that they read.
    """

    def __init__(self, model: Model, program: Program, sqls: Sequence[str]) -> None:
        self.model, self.program = model, program
        self.paths: list[Path] = [()]
        self.fields: list[tuple[Path, str]] = []
        self.joins: dict[str, tuple[str, str]] = {}
        values, names = [], {}
        for at, (path, name) in enumerate(sorted({r for s in sqls for r in reads(s)})):
            values.append(f"{self._value(path, name)} AS x{at}")
            names[path, name] = f"x{at}"
        self.needed = tuple(".".join([*path, name]) for path, name in self.fields)
        kept = " AND ".join(f"coalesce({_renamed(s, names)}, true)" for s in sqls)
        joins = "".join(f" LEFT JOIN {n} ON {on}" for n, (_, on) in self.joins.items())
        self.query = _QUERY.format(values=", ".join(values) or "0", joins=joins, kept=kept)

    def __call__(self, raw: Mapping[str, Raw], n: int) -> np.ndarray:
        """The rows that break one of the predicates: bool of shape (n,)."""
        out = np.zeros(n, bool)
        if n == 0:
            return out
        arrays: dict[str, pa.Array] = {"#at": pa.array(np.arange(n))}
        for at, ((path, name), read) in enumerate(zip(self.fields, self.needed, strict=True)):
            owner = end_of(self.model, self.program, path)[0]
            arrays[f"f{at}"] = decode(owner.domains[name], raw[read])
        copies = {n: self.model.verbatim[t] for n, (t, _) in self.joins.items()}
        try:
            found = ask(self.query, block=pa.table(arrays), **copies)
        except duckdb.Error as error:
            message = (
                f"the constraints of table '{self.program.table}' cannot be computed on a row: "
                f"{str(error).splitlines()[0]}; write them so that they hold for every value"
            )
            raise ConstraintError(message) from error
        out[np.asarray(found["#at"], np.int64)] = True
        return out

    # the query

    def _value(self, path: Path, name: str) -> str:
        """SQL of a column in its final type."""
        model = self.model
        owner, link = end_of(model, self.program, path)
        if link is None or link.parent not in model.verbatim:
            return value_sql(owner, name, self._fields(path, owner, name))
        child = end_of(model, self.program, path[:-1])[0]
        join = f"v{[*self.paths, path].index(path)}"
        if path not in self.paths:
            self.paths.append(path)
        node = model.graph.table(link.parent)
        same = []
        for own, above in zip(link.columns, link.parent_columns, strict=True):
            mine = value_sql(child, own, self._fields(path[:-1], child, own))
            same.append(f"{mine} = CAST({join}.{quoted(above)} AS {node.column(above).type})")
        self.joins[join] = (link.parent, " AND ".join(same))
        return f"CAST({join}.{quoted(name)} AS {node.column(name).type})"

    def _fields(self, path: Path, owner: Program, name: str) -> dict[str, str]:
        """The fields of a block that a column is made of."""
        out = {}
        for base in bases(owner, name):
            if (path, base) not in self.fields:
                self.fields.append((path, base))
            out[base] = f"f{self.fields.index((path, base))}"
        return out


def reads(sql: str) -> list[tuple[Path, str]]:
    """(path, column) of what a predicate reads."""
    return [(tuple(q.split(".")) if q else (), name) for q, name in columns_of(sql)]


def link_of(program: Program, alias: str) -> Link:
    """The link of an alias.

    Raises:
        KeyError: there is none.
    """
    links = [*program.links, *([program.main.link] if program.main else [])]
    found = [link for link in links if link.alias == alias]
    if not found:
        raise KeyError(alias)
    return found[0]


def end_of(model: Model, program: Program, path: Path) -> tuple[Program, Link | None]:
    """The program at the end of a path and the link that leads there.

    Of a copied table, which has none, it is the program before it.

    Raises:
        KeyError: the path leads nowhere.
    """
    link = None
    for at, alias in enumerate(path):
        link = link_of(program, alias)
        if link.parent in model.verbatim:
            if at + 1 < len(path):
                raise KeyError(path[at + 1])
        else:
            program = model.programs[link.parent]
    return program, link


def bases(program: Program, name: str) -> list[str]:
    """The sampled columns that a visible column is made of."""
    if name in sampled(program) or name not in computed(program):
        return [name]
    inner = columns_read(computed(program)[name])
    return sorted({b for other in inner for b in bases(program, other)})


def _renamed(sql: str, names: Mapping[tuple[Path, str], str]) -> str:
    """The predicate with its columns under the names that the query gives them."""

    def swap(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            path = tuple(node.table.split(".")) if node.table else ()
            return column(names[path, node.name])
        return node

    return text(check_expression(sql).transform(swap))


def unreadable(model: Model, program: Program, sqls: Iterable[str]) -> str | None:
    """The first column of some predicates that the model does not have."""
    for path, name in (read for sql in sqls for read in reads(sql)):
        try:
            owner, link = end_of(model, program, path)
        except KeyError:
            return name
        copied = link is not None and link.parent in model.verbatim
        known = (
            model.verbatim[link.parent].column_names
            if copied and link is not None
            else [o.name for o in owner.outputs]
        )
        if name not in known:
            return name
    return None
