"""What keeps the keys of a profile unique: how rows are made, or that repeated ones are mended."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql.errors import ProfileError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.open_keys import OpenKey, open_keys
from genesis_sql.profiles.choosing import is_placed
from genesis_sql.profiles.declared import Columns, Tables, declared, main_columns
from genesis_sql.profiles.distinct import is_distinct
from genesis_sql.profiles.keys import MOST, most_keys
from genesis_sql.profiles.tables import TableLaws
from genesis_sql.program.domain import Key

_OF_ITS_OWN = ("key", "function")
"""Types whose values differ from row to row, or are the caller's to keep apart."""


def check_keys(model: Model, tables: Tables, sizes: Mapping[str, int]) -> None:
    """Refuse keys that no step keeps unique, and more rows than a key has values.

    Args:
        model: the compiled profile.
        tables: of it.
        sizes: rows of each table at scale 1.

    Raises:
        ProfileError: names the key.
    """
    for table in tables.values():
        _check_room(table, sizes[table.name])
        open_ = {key.columns: key for key in open_keys(model, table.name)}
        for key in declared(table).keys:
            if key in open_:
                _check_values(model, table, open_[key], sizes)
            elif not _is_kept(table, key, sizes[table.name]):
                message = (
                    f"table '{table.name}' cannot keep ({', '.join(key)}) unique; add a column of "
                    "type 'key' to it, or make one of its columns of type 'pattern' or "
                    "'combined' with \"unique\": true"
                )
                raise ProfileError(message)


def _check_room(table: TableLaws, rows: int) -> None:
    for column in table.of("key"):
        kind = table.kinds[column]
        most = most_keys(kind, table.columns[column].get("length")) if isinstance(kind, Key) else 0
        if rows > most:
            message = (
                f"{table.where(column)}: {rows:,} rows need as many keys, and its type holds "
                f"{most:,}; take a larger type, or fewer rows"
            )
            raise ProfileError(message)


def _check_values(model: Model, table: TableLaws, key: OpenKey, sizes: Mapping[str, int]) -> None:
    """A key of labels and choices alone has so many values; NULL may stand in as many rows."""
    links = {link.alias: link.parent for link in model.programs[table.name].links}
    room = 1
    for piece in key.pieces:
        if piece.counts or not piece.free or piece.missing:
            return
        room *= piece.labels or sizes[links[piece.choice.alias]] if piece.choice else piece.labels
        room = min(room, MOST)
    if room < sizes[table.name]:
        message = (
            f"table '{table.name}' asks for {sizes[table.name]:,} rows, and its key "
            f"({', '.join(key.columns)}) has {room:,} different values; take fewer rows, or more "
            "values"
        )
        raise ProfileError(message)


def _is_kept(table: TableLaws, key: Columns, rows: int) -> bool:
    """Whether rows differ in a key by how they are made."""
    if any(_differs(table, column, rows) for column in key):
        return True
    main, columns = set(main_columns(table)), set(key)
    if not main or not (main <= columns or columns <= main):
        return False
    if columns <= main or any(table.columns[c]["type"] in ("sibling", "chosen") for c in key):
        return True
    return any(
        is_placed(table, law) and set(law.columns) <= columns for law in table.links.values()
    )


def _differs(table: TableLaws, column: str, rows: int) -> bool:
    """Whether a column has another value in each row."""
    held = table.columns[column]
    if held["type"] in _OF_ITS_OWN or held.get("unique") is True:
        return True
    if held["type"] == "listed":
        return len({str(v) for v in held["values"]}) == len(held["values"]) >= rows
    if held["type"] != "expression" or column in table.drawn:
        return False
    known = {c.lower(): c for c in table.columns if c != column}

    def differs(name: str) -> bool:
        other = known.get(name.lower())
        return other is not None and _differs(table, other, rows)

    return is_distinct(str(held["sql"]), differs, rows)
