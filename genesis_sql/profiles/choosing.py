"""How the rows of references are chosen: in which order, and which by their place alone."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql.errors import ProfileError, nearest
from genesis_sql.profiles.declared import declared, main_columns
from genesis_sql.profiles.links import LinkLaw
from genesis_sql.profiles.tables import TableLaws


def is_placed(table: TableLaws, law: LinkLaw) -> bool:
    """Whether siblings choose different rows by their place alone (`PickDistinct`).

    So it is where their rows have to differ, each is as likely as the others, and none is missing.
    """
    if table.parent is None or law.null or law.skew or law.shared or law.last:
        return False
    pair = {*main_columns(table), *law.columns}
    return law.distinct or any(set(key) == pair for key in declared(table).keys)


def by_match(table: TableLaws) -> list[LinkLaw]:
    """The links of a table, each behind those that make what it shares with them.

    Raises:
        ProfileError: one has to agree with a column that no reference and no copy makes.
    """
    makers = {column: law for law in table.links.values() for column in law.columns}
    makers |= {c: law for c in table.of("parent") if (law := table.link_of(c)) is not None}
    done: dict[str, LinkLaw] = {}

    def visit(law: LinkLaw, path: tuple[str, ...]) -> None:
        _check_siblings(table, law)
        for own, _ in law.shared:
            maker = makers.get(own)
            made = maker is not None or own in table.copies
            later = maker is not None and (maker.name in path or maker.last > law.last)
            if not made or later:
                what = "is chosen after it" if later else "is no reference and no copy"
                message = (
                    f"{table.where(law.columns[0])} has to agree with '{own}', which {what}; name "
                    "a column of the main parent's key, or of another reference"
                )
                raise ProfileError(message + nearest(own, [*makers, *table.copies]))
            if maker is not None:
                visit(maker, (*path, law.name))
        done.setdefault(law.name, law)

    for law in table.links.values():
        visit(law, (law.name,))
    return list(done.values())


def _check_siblings(table: TableLaws, law: LinkLaw) -> None:
    """Refuse a choice among the rows of one parent where there is none, or where keys differ.

    Raises:
        ProfileError: tells the column.
    """
    if not law.siblings:
        return
    where = table.where(law.columns[0])
    if table.parent is None:
        message = (
            f"{where} is chosen among siblings, and '{table.name}' has no parent; leave it out"
        )
        raise ProfileError(message)
    other = next((own for own, _ in law.shared if own not in main_columns(table)), None)
    if other is not None:
        message = f"{where} has to agree with '{other}', which is no column of the parent's key"
        raise ProfileError(message + nearest(other, main_columns(table)))


def check_distinct(table: TableLaws, sizes: Mapping[str, int]) -> None:
    """Refuse rows of a parent that are to choose different rows of a table that has too few.

    Args:
        table: which.
        sizes: rows of each table at scale 1.

    Raises:
        ProfileError: names the reference.
    """
    for law in table.links.values():
        if not law.distinct and not is_placed(table, law):
            continue
        where = table.where(law.columns[0])
        if table.parent is None:
            message = (
                f"{where} is to be distinct among the rows of one parent, and '{table.name}' has "
                f'none; for different rows in all, write "unique": [["{law.columns[0]}"]]'
            )
            raise ProfileError(message)
        mean = sizes[table.name] / max(sizes[table.parent], 1)
        if sizes[law.table] < mean:
            message = (
                f"{where}: a row of '{table.parent}' has {mean:.4g} rows of '{table.name}' on "
                f"average, each with another row of '{law.table}', which has {sizes[law.table]:,}; "
                f"give '{law.table}' more rows, or take distinct away"
            )
            raise ProfileError(message)
