"""The tables of a profile before they become programs: columns, what they ask, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.allocated import as_law
from genesis_sql.profiles.choices import as_cases
from genesis_sql.profiles.draws import Drawn, read_drawn
from genesis_sql.profiles.keys import key_domain, sibling_kind
from genesis_sql.profiles.laws import Spec, kind_of, text_of
from genesis_sql.profiles.links import LinkLaw, keys_of, kind_there, read_links
from genesis_sql.profiles.made import MADE, read_made
from genesis_sql.profiles.ordering import link_name, ordered
from genesis_sql.profiles.totals import read_totals
from genesis_sql.profiles.typed import check_texts, is_nested, length_of, type_of
from genesis_sql.profiles.when import Axis, Reach, Test, axis
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid

VALUES = (*MADE, "total", "combined", "function")
"""Columns that are made of others; none of them is drawn."""
LATE = ("key", "reference", "expression", "listed", *VALUES)
"""Columns that no condition can ask about."""
CHOICE = "#each"
"""The flag that a child row stands for, counted from 0."""


@dataclass(eq=False)
class TableLaws:
    """A table of a profile.

    Attributes:
        name: the table.
        spec: as the profile has it.
        parent: the table above, None for a root.
        rows: of a root.
        above: the keys of the parent, the first of which a child best copies.
        links: how rows of other tables are chosen, by name.
        kinds: how each column is held; not those of expressions.
        drawn: columns with laws, the numbers of children (``#count:child``) among them.
        asked: the tests of each column.
        bys: the draws inside columns of type 'after'.
        made: columns of `MADE` that the kernel makes, each behind those it reads.
    """

    name: str
    spec: Mapping[str, Any]
    parent: str | None
    rows: int
    above: tuple[tuple[str, ...], ...] = ()
    links: Mapping[str, LinkLaw] = field(default_factory=dict)
    kinds: dict[str, Domain] = field(default_factory=dict)
    drawn: dict[str, Drawn] = field(default_factory=dict)
    asked: dict[str, list[Test]] = field(default_factory=dict)
    bys: dict[str, Drawn] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)

    @property
    def columns(self) -> Mapping[str, Spec]:
        """The columns by name."""
        found: Mapping[str, Spec] = self.spec["columns"]
        return found

    def of(self, *types: str) -> list[str]:
        """The columns of these types."""
        return [n for n, c in self.columns.items() if c["type"] in types]

    @property
    def flags(self) -> tuple[str, ...]:
        """The parent's 0/1 columns that the rows stand for."""
        each = self.parent is not None and self.spec["rows"]["type"] == "each"
        return tuple(self.spec["rows"]["flags"]) if each else ()

    @property
    def key(self) -> str | None:
        """The column that names a row."""
        return next(iter(self.of("key")), None)

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """What names a row: the primary key, columns of type key, unique ones."""
        return keys_of(self.spec)

    @property
    def copies(self) -> list[str]:
        """The columns that copy the main parent's."""
        return [c for c in self.of("parent") if "of" not in self.columns[c]]

    def source_of(self, column: str) -> str:
        """The column that a copy or a reference takes, of the row that it is of."""
        law = self.link_of(column)
        pairs = {} if law is None else dict(law.pairs)
        return pairs.get(column) or str(self.columns[column]["column"])

    @property
    def main(self) -> tuple[tuple[str, str], ...]:
        """The columns that copy a key of the parent, with what they copy; none where none do."""
        copied = {str(self.columns[c]["column"]): c for c in reversed(self.copies)}
        whole = (key for key in self.above if all(c in copied for c in key))
        return tuple((copied[c], c) for c in next(whole, ()))

    @property
    def parent_key(self) -> str | None:
        """The first column that copies the parent's key."""
        return next((own for own, _ in self.main), None)

    def link_of(self, column: str) -> LinkLaw | None:
        """The link whose row a column copies; None: the main parent's.

        Raises:
            ProfileError: it names no reference of the table.
        """
        spec = self.columns[column]
        of = column if spec["type"] == "reference" else spec.get("of")
        if of is None or (of == self.parent and of not in self.columns and of not in self.links):
            return None
        held = self.columns.get(of, {})
        name = link_name(of, held) if held.get("type") == "reference" else of
        if name not in self.links:
            message = f"{self.where(column)} copies of '{of}', which is no reference of its table"
            raise ProfileError(message + nearest(str(of), [*self.links, *self.columns]))
        return self.links[name]

    def where(self, column: str) -> str:
        """A column, for errors."""
        return f"{self.name}.{column}"

    @cached_property
    def axes(self) -> dict[str, Axis]:
        """The codes of the columns that something asks about."""
        return {
            name: axis(self.where(name), self.kinds[name], tests, self._reach(name))
            for name, tests in self.asked.items()
        }

    def _reach(self, name: str) -> Reach:
        return self.drawn[name].reach if name in self.drawn else Reach()

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Drawn columns, each behind those it asks about."""
        done: dict[str, None] = {}
        path: list[str] = []

        def visit(name: str) -> None:
            if name in done or name not in self.drawn:
                return
            if name in path:
                circle = " → ".join([*path[path.index(name) :], name])
                message = f"columns of table '{self.name}' depend on one another: {circle}"
                raise ProfileError(message)
            path.append(name)
            for other in self.drawn[name].inputs:
                visit(other)
            done[path.pop()] = None

        for name in self.drawn:
            visit(name)
        return tuple(done)


def read_tables(plain: Mapping[str, Any]) -> dict[str, TableLaws]:
    """The tables of a plain profile by name, those that others refer to first.

    Raises:
        ProfileError: something refers to what is not there, or in a circle.
    """
    specs = plain["tables"]
    made: dict[str, TableLaws] = {}
    order, cut = ordered(specs)
    for name in order:
        late = {link for table, link in cut if table == name}
        table = made[name] = _read(name, specs, made, plain, late)
        for child, spec in specs.items():
            if spec.get("parent") == name:
                _count(table, child, spec)
        _check_asked(table)
        _fix_constants(table)
    for table in made.values():
        _settle_late(table, made)
    for table in made.values():
        _check_copies(table, made)
    read_totals(made)
    return made


def _settle_late(table: TableLaws, made: Mapping[str, TableLaws]) -> None:
    """How columns are held whose rows are chosen when all tables are there."""
    for law in table.links.values():
        if law.last:
            for own, theirs in law.pairs:
                _named(table, own, law, theirs, made[law.table])
    for column in table.of("parent"):
        of = table.link_of(column)
        if of is not None and of.last:
            _copied(table, column, made[of.table])


def _named(table: TableLaws, own: str, law: LinkLaw, theirs: str, above: TableLaws) -> None:
    kind = kind_there(table.where(own), law, theirs, above.columns, above.kinds)
    if kind is not None:
        table.kinds[own] = kind


def _check_copies(table: TableLaws, made: Mapping[str, TableLaws]) -> None:
    """Refuse columns that copy themselves, by whatever way round."""
    for column in table.of("parent"):
        path, at, name = [table.where(column)], table, column
        while at.columns[name]["type"] == "parent" and name not in at.kinds:
            of, name = at.link_of(name), at.columns[name]["column"]
            at = made[str(at.parent) if of is None else of.table]
            if at.where(name) in path:
                circle = " → ".join([*path, at.where(name)])
                message = f"{path[0]} copies itself: {circle}; copy a column that is drawn"
                raise ProfileError(message)
            path.append(at.where(name))


def _check_asked(table: TableLaws) -> None:
    for name in table.asked:
        if table.columns[name]["type"] in LATE or name not in table.kinds:
            message = (
                f"a condition of table '{table.name}' asks about '{name}', a column of type "
                f"'{table.columns[name]['type']}'; conditions ask about drawn columns"
            )
            raise ProfileError(message)


def _read(
    name: str,
    specs: Mapping[str, Any],
    made: Mapping[str, TableLaws],
    plain: Mapping[str, Any],
    late: set[str],
) -> TableLaws:
    spec = specs[name]
    parent = spec.get("parent")
    count = plain.get("generation", {}).get("count") or 1
    rows = 0 if parent is not None else int(spec.get("rows", count))
    columns = {c: _typed(f"{name}.{c}", held) for c, held in spec["columns"].items()}
    spec = {**spec, "columns": columns}
    links = read_links(name, columns, {t: keys_of(held) for t, held in specs.items()}, late)
    above = made[parent].keys if parent else ()
    table = TableLaws(name, spec, parent, rows, above, links)
    _check_names(table)
    for column, held in table.columns.items():
        where, type_ = table.where(column), held["type"]
        if type_ == "key":
            table.kinds[column] = key_domain(where, held)
        elif type_ == "parent":
            source = _source(table, column, made)
            if source is not None:
                _copied(table, column, source)
        elif type_ == "reference":
            law = links[link_name(column, held)]
            if not law.last:
                _named(table, column, law, dict(law.pairs)[column], made[law.table])
        elif type_ == "sibling":
            table.kinds[column] = sibling_kind(where, held, parent)
        elif type_ == "listed":
            if parent is not None:
                message = f"{where} lists the rows of a table, and '{name}' hangs on '{parent}'"
                raise ProfileError(message)
            table.kinds[column] = kind_of(where, {**held, "type": "explicit"})
        elif type_ == "chosen":
            table.kinds[column] = _chosen_kind(table, column, made)
        elif type_ == "allocated":
            table.drawn[column] = read_drawn(where, column, as_law(where, held))
            table.kinds[column] = table.drawn[column].kind
        elif type_ not in VALUES:
            cases = as_cases(held, table.columns) if type_ == "expression" else held
            if cases is not None:
                table.drawn[column] = read_drawn(where, column, cases)
                table.kinds[column] = table.drawn[column].kind
    for column, kind in table.kinds.items():
        _check_texts(table, column, kind)
    read_made(table, made)
    for drawn in (*table.drawn.values(), *table.bys.values()):
        _ask(table, drawn)
    return table


def _check_texts(table: TableLaws, column: str, kind: Domain) -> None:
    """Labels are values of the column's type, and fit into it."""
    held = table.columns[column]
    if isinstance(kind, Categories) and held["type"] not in ("parent", "reference"):
        check_texts(table.where(column), kind.type, kind.labels, held.get("length"))
    nested = isinstance(kind, Categories) and is_nested(kind.type)
    if nested and (held["type"] != "constant" or held.get("null_share")):
        message = (
            f"{table.where(column)}: a {kind.type[:60]} is a constant or an expression; write it "
            "as one of these"
        )
        raise ProfileError(message)


def _typed(where: str, held: Spec) -> Spec:
    """A column with its type as DuckDB spells it."""
    if not held.get("sql_type"):
        return held
    found, length = type_of(where, held["sql_type"]), length_of(held["sql_type"])
    return {**held, "sql_type": found, **({} if length is None else {"length": length})}


def _check_names(table: TableLaws) -> None:
    seen: dict[str, str] = {}
    for column in (table.name, *table.columns):
        if not column or column[0] == "#" or any(c in column for c in ".·\0"):
            message = (
                f"table '{table.name}': '{column}' cannot be a name; names do not begin with # "
                "and hold no point"
            )
            raise ProfileError(message)
    for column in table.columns:
        if column.lower() in seen:
            message = (
                f"table '{table.name}' has the columns '{seen[column.lower()]}' and '{column}', "
                "which SQL takes for the same name"
            )
            raise ProfileError(message)
        seen[column.lower()] = column


def _source(table: TableLaws, column: str, made: Mapping[str, TableLaws]) -> TableLaws | None:
    """The table that a column copies of; None where its rows are chosen last."""
    law = table.link_of(column)
    if law is not None:
        return None if law.last else made[law.table]
    if table.parent is None:
        where = table.where(column)
        message = f"{where} copies a column of the parent, and table '{table.name}' has none"
        raise ProfileError(message)
    return made[table.parent]


def _copied(table: TableLaws, column: str, above: TableLaws) -> None:
    where, source = table.where(column), table.columns[column]["column"]
    law = table.link_of(column)
    if source not in above.columns:
        what = "the parent" if law is None else "table"
        message = f"{where}: {what} '{above.name}' has no column '{source}'"
        raise ProfileError(message + nearest(source, above.columns))
    kind = above.kinds.get(source)
    if isinstance(kind, Fixed) and law is not None and (law.null or law.own):
        message = (
            f"{where} copies the constant '{above.name}.{source}' of a row that may not be there; "
            "write it as a column of type 'conditional' or 'expression'"
        )
        raise ProfileError(message)
    if kind is not None:
        table.kinds[column] = kind


def _chosen_kind(table: TableLaws, column: str, made: Mapping[str, TableLaws]) -> Domain:
    where, labels = table.where(column), table.columns[column]["labels"]
    if not table.flags:
        message = f"{where} is chosen by a flag, so the rows of '{table.name}' have to be of 'each'"
        raise ProfileError(message)
    for flag in table.flags:
        if flag not in labels:
            message = f"{where}: labels has no value for the flag '{flag}'"
            raise ProfileError(message)
    for flag in labels:
        if flag not in table.flags:
            message = f"{where}: '{flag}' is no flag of this table"
            raise ProfileError(message + nearest(flag, table.flags))
    values = [labels[f] for f in table.flags]
    spec = {**table.columns[column], "type": "explicit", "values": values}
    return kind_of(where, spec)


def _ask(table: TableLaws, drawn: Drawn) -> None:
    for test in drawn.tests:
        if test.column not in table.columns:
            message = f"{drawn.where} asks about '{test.column}', which its table does not have"
            raise ProfileError(message + nearest(test.column, table.columns))
        table.asked.setdefault(test.column, []).append(test)


def _count(above: TableLaws, child: str, spec: Mapping[str, Any]) -> None:
    """Give the parent a column with the number of a child's rows."""
    name, where = f"#count:{child}", f"tables.{child}.rows"
    if spec["rows"]["type"] != "each":
        above.drawn[name] = read_drawn(where, name, spec["rows"], counts=True)
        above.kinds[name] = above.drawn[name].kind
        _ask(above, above.drawn[name])
        return
    for flag in spec["rows"]["flags"]:
        if flag not in above.columns:
            message = f"{where}.flags: the parent '{above.name}' has no column '{flag}'"
            raise ProfileError(message + nearest(flag, above.columns))
        held = above.columns[flag]
        plain = held["type"] == "logistic" and isinstance(above.kinds[flag], Grid)
        if not plain or held.get("null_share"):
            message = (
                f"{where}.flags: '{flag}' has to be a logistic column of whole numbers, never NULL"
            )
            raise ProfileError(message)


def _fix_constants(table: TableLaws) -> None:
    """A constant that nothing asks about is no draw: it costs nothing."""
    for column in table.of("constant"):
        spec, kind = table.columns[column], table.kinds[column]
        if column in table.asked or spec.get("null_share"):
            continue
        del table.drawn[column]
        value = spec["value"]
        type_ = kind.type if value is not None else str(spec.get("sql_type", "VARCHAR"))
        table.kinds[column] = Fixed(type_, None if value is None else text_of(value))
    for column in table.of("parent"):
        fixed = table.kinds.get(column)
        if isinstance(fixed, Fixed) and column in table.asked:
            spec = {"type": "constant", "value": fixed.value, "sql_type": fixed.type}
            table.drawn[column] = read_drawn(table.where(column), column, spec)
            table.kinds[column] = table.drawn[column].kind
