"""What a folder of partitions is: written into it first, compared where a call goes on."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from genesis_sql.engines.spark.column_types import Column
from genesis_sql.engines.spark.places import Place
from genesis_sql.errors import OptionError, TargetError
from genesis_sql.plan.spec import Spec
from genesis_sql.store.migrator import library_version

FORMAT = 1
MANIFEST = "_genesis.json"
DONE = "_SUCCESS"
"""Written when all is there, as Hadoop's own jobs do it."""
PASSING = "_passing"
"""The folder of what is being written."""
CHOICES = ("resume", "error", "replace")
_PART = re.compile(r"part-\d{5,}-\d+-\d+\.parquet")


@dataclass(frozen=True)
class Part:
    """Rows [first, stop) of a table, a file."""

    number: int
    first: int
    stop: int

    @property
    def name(self) -> str:
        """Of the file."""
        return f"part-{self.number:05d}-{self.first}-{self.stop}.parquet"


@dataclass(frozen=True)
class TablePlan:
    """Rows [first, stop) of a table, in partitions of ``size`` rows.

    Attributes:
        table, folder: its name, and where its files go.
        how: what makes the rows; 'python' is the sampler of this package, 'sql' its compiled text.
        columns: as they are written.
    """

    table: str
    folder: str
    first: int
    stop: int
    size: int
    how: str
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """Of all partitions."""
        return self.stop - self.first

    @property
    def count(self) -> int:
        """Of partitions; a table without rows has one, which tells its columns."""
        return max(1, -(-self.rows // self.size))

    def parts(self) -> Iterator[Part]:
        """All partitions."""
        for number in range(self.count):
            at = self.first + number * self.size
            yield Part(number, at, min(at + self.size, self.stop))


@dataclass(frozen=True)
class Plan:
    """All that decides what is in the folder."""

    model: str
    uuid: str
    version: int
    spec: Spec
    partition_rows: int
    tables: tuple[TablePlan, ...]

    def plain(self) -> dict[str, Any]:
        """As the manifest holds it."""
        return {
            "genesis": FORMAT,
            "library_version": library_version(),
            "model": self.model,
            "uuid": self.uuid,
            "version": self.version,
            "seed": self.spec.seed,
            "spec": json.loads(self.spec.to_json()),
            "partition_rows": self.partition_rows,
            "tables": [
                {
                    "table": t.table, "folder": t.folder, "first": t.first, "stop": t.stop,
                    "how": t.how, "columns": [
                        {"name": c.name, "type": c.type, "written": c.written.spark}
                        for c in t.columns
                    ],
                }
                for t in self.tables
            ],
        }  # fmt: skip


def settle(place: Place, plan: Plan, if_exists: str) -> None:
    """Make a folder ready for a plan: a new one, one to go on with, or one to replace.

    Raises:
        OptionError: ``if_exists`` is none of `CHOICES`.
        TargetError: it holds something else.
    """
    if if_exists not in CHOICES:
        message = f"if_exists='{if_exists}' is not known; it takes 'resume', 'error' or 'replace'"
        raise OptionError(message)
    found = place.names() or []
    if MANIFEST in found:
        held = _read(place)
        if if_exists == "error":
            message = (
                f"'{place.shown}' holds rows of model '{held.get('model')}' already; take another "
                "folder, or if_exists='resume' or 'replace'"
            )
            raise TargetError(message)
        if if_exists == "resume":
            _require_same(place, held, plan)
            return
        _clear(place, held)
    else:
        others = [n for n in found if n != PASSING and not n.startswith(f"{MANIFEST}.")]
        if others:
            message = (
                f"'{place.shown}' holds other things, such as '{others[0]}', which were left "
                "alone; take an empty folder, or one that is not there yet"
            )
            raise TargetError(message)
    _begin(place, plan)


def _begin(place: Place, plan: Plan) -> None:
    place.make("")
    passing = f"{MANIFEST}.{uuid.uuid4().hex}"
    place.write(passing, json.dumps(plan.plain(), ensure_ascii=False, indent=1))
    if not place.move(passing, MANIFEST):  # another call was quicker
        place.remove(passing)
        _require_same(place, _read(place), plan)
    for table in plan.tables:
        place.make(table.folder)


def _read(place: Place) -> dict[str, Any]:
    try:
        held = json.loads(place.read(MANIFEST))
        folders = [t["folder"] for t in held["tables"]]
        if not all(isinstance(f, str) and f and "/" not in f and f != ".." for f in folders):
            raise TypeError(folders)
    except (ValueError, KeyError, TypeError) as error:
        message = (
            f"'{place.full(MANIFEST)}' was not written by genesis_sql, or it is damaged; take "
            "another folder"
        )
        raise TargetError(message) from error
    return dict(held)


_WORDS = {
    "uuid": "model", "seed": "seed", "spec": "size or conditions", "partition_rows":
    "rows per partition", "tables": "tables",
}  # fmt: skip


def _require_same(place: Place, held: dict[str, Any], plan: Plan) -> None:
    """Raise where a folder is of another plan."""
    wanted = json.loads(json.dumps(plan.plain()))
    other = [name for name in ("genesis", *_WORDS) if held.get(name) != wanted[name]]
    if not other:
        return
    name = other[0]
    word = _WORDS.get(name, "format of this release")
    told = f" ({_told(held, name)} there, {_told(wanted, name)} here)"
    message = (
        f"'{place.shown}' was begun with another {word}{told}; take another folder, or "
        "if_exists='replace'"
    )
    raise TargetError(message)


def _told(plain: dict[str, Any], name: str) -> str:
    if name == "uuid":
        return f"'{plain.get('model')}' version {plain.get('version')}"
    if name == "tables":
        tables = [
            f"{t.get('table')} {t.get('first')} to {t.get('stop')} by {t.get('how')}"
            for t in plain["tables"]
        ]
        return ", ".join(tables)
    return json.dumps(plain.get(name), ensure_ascii=False)


def _clear(place: Place, held: dict[str, Any]) -> None:
    """Remove what an earlier call wrote, the manifest last; other files stay and are told.

    Raises:
        TargetError: a folder of a table holds other things.
    """
    for table in held["tables"]:
        require_parts(place, table["folder"])
    for name in (DONE, PASSING, *(t["folder"] for t in held["tables"]), MANIFEST):
        place.remove(name)


def require_parts(place: Place, folder: str) -> list[str]:
    """The partitions in the folder of a table.

    Raises:
        TargetError: it holds other things, which would be read with them.
    """
    found = place.names(folder) or []
    others = [n for n in found if not _PART.fullmatch(n)]
    if others:
        message = (
            f"'{place.full(folder)}' holds other things, such as '{others[0]}', which would be "
            "read with the rows; move them away"
        )
        raise TargetError(message)
    return found
