"""How far a fill is that commits in pieces: a table in the other database, gone when all is in.

A row is written in the very transaction of the rows that it counts, so that after a kill it is
known what was committed, and a second call goes on behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genesis_sql.errors import TargetError

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.engine import Connection

NAME = "genesis_fill"


@dataclass(frozen=True)
class Entry:
    """How far a table is: rows that are in, and those that were there before."""

    rows: int
    before: int


class Ledger:
    """The ledger of one fill.

    Args:
        con: of the database that is filled, outside a transaction.
        schema: where its table stands.
        run: says which rows are written: the same for the same model, seed and sizes.
    """

    def __init__(self, con: Connection, schema: str | None, run: str) -> None:
        self.con, self.run = con, run
        self.table = _table(schema)

    def there(self) -> bool:
        """Whether an earlier fill left one."""
        import sqlalchemy

        found = sqlalchemy.inspect(self.con).has_table(NAME, schema=self.table.schema)
        self.con.rollback()
        return bool(found)

    def open(self, *, anew: bool) -> dict[str, Entry]:
        """What is in already, by table; makes the ledger where there is none.

        Raises:
            TargetError: it is about other rows, and they are not to be replaced.
        """
        import sqlalchemy

        with self.con.begin():
            self.table.create(self.con, checkfirst=True)
        with self.con.begin():
            rows = self.con.execute(sqlalchemy.select(self.table)).all()
            mine = {r.table_name: Entry(r.written, r.before) for r in rows if r.run == self.run}
            if len(mine) < len(rows) and not anew:
                message = (
                    f"an earlier fill of other rows did not end, as table '{NAME}' there tells: "
                    f"call that one again to go on, or take if_exists := 'replace'"
                )
                raise TargetError(message)
            if len(mine) < len(rows):
                self.con.execute(sqlalchemy.delete(self.table))
                mine = {}
        return mine

    def write(self, table: str, entry: Entry) -> None:
        """Keep how far a table is, in the caller's transaction."""
        import sqlalchemy

        mine = (self.table.c.run == self.run) & (self.table.c.table_name == table)
        self.con.execute(sqlalchemy.delete(self.table).where(mine))
        values: dict[str, Any] = {"run": self.run, "table_name": table}
        row = values | {"written": entry.rows, "before": entry.before}
        self.con.execute(sqlalchemy.insert(self.table).values(row))

    def drop(self) -> None:
        """All is in."""
        with self.con.begin():
            self.table.drop(self.con, checkfirst=True)


def _table(schema: str | None) -> Table:
    import sqlalchemy as sa

    return sa.Table(
        NAME,
        sa.MetaData(),
        sa.Column("run", sa.String(64), primary_key=True),
        sa.Column("table_name", sa.String(190), primary_key=True),
        sa.Column("written", sa.BigInteger, nullable=False),
        sa.Column("before", sa.BigInteger, nullable=False),
        schema=schema,
    )
