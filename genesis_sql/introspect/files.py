"""Files of data as queries: which endings are read, and how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from genesis_sql.errors import SourceError, nearest
from genesis_sql.sqlbuild import string

DATABASES = (".duckdb", ".ddb", ".db")
READERS = {
    ".csv": "read_csv", ".tsv": "read_csv", ".parquet": "read_parquet",
    ".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip
PACKED = {".gz": "gzip", ".zst": "zstd"}
_LOCK = re.compile(r"held in (.+?) \(PID (\d+)\)")


def kind(path: str) -> str:
    """The ending that says what is in a file, '' where it is none we know.

    Example:
        >>> kind("a/b.CSV.gz"), kind("shop.duckdb"), kind("x")
        ('.csv', '.duckdb', '')
    """
    endings = [e.lower() for e in Path(path).suffixes]
    if endings and endings[-1] in PACKED:
        endings.pop()
    known = endings[-1] if endings else ""
    return known if known in READERS or known in DATABASES else ""


def held_elsewhere(path: str, said: str) -> str | None:
    """A sentence on a file that another process has open; None where it is something else."""
    if "lock on file" not in said and "used by another process" not in said:
        return None
    found = _LOCK.search(said)
    who = f" ({Path(found[1]).name}, process {found[2]})" if found else ""
    return f"'{path}' is open in another process{who}: close it there, then try again"


def require(path: str, *, also: Sequence[str] = ()) -> None:
    """Raise where there is no such file; ``also`` has endings that are meant besides.

    Raises:
        SourceError: with the nearest name in the same folder.
    """
    place = Path(path)
    if place.exists() or (set(path) & set("*?[") and kind(path) in READERS):
        return
    if not place.parent.is_dir():
        message = f"there is no file '{path}', nor a folder '{place.parent}'"
        raise SourceError(message)
    others = [
        f.name for f in place.parent.iterdir() if f.is_file() and (_is_known(f) or f.suffix in also)
    ]
    message = f"there is no file '{path}'{nearest(place.name, others)}"
    raise SourceError(message)


def _is_known(path: Path) -> bool:
    return bool(kind(path.name)) or path.suffix == ".genesis"


def source(path: str) -> str:
    """The query that reads a file of data.

    Raises:
        SourceError: there is no such file, or it has another ending.
    """
    require(path)
    ending = kind(path)
    if ending not in READERS:
        message = f"'{path}' is neither a DuckDB database nor one of {', '.join(READERS)}"
        raise SourceError(message)
    return f"(SELECT * FROM {READERS[ending]}({string(path)}))"  # noqa: S608 - a quoted literal


def stem(path: str) -> str:
    """The name of the table in a file: its name without any ending that says what it is.

    Example:
        >>> stem("a/orders.csv.gz"), stem("b/v1.2.parquet")
        ('orders', 'v1.2')
    """
    name = Path(path).name
    for ending in (*PACKED, *READERS):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return name


def folder(path: str) -> list[str]:
    """The files of data in a folder, by name.

    Raises:
        SourceError: it has none.
    """
    found = sorted(str(f) for f in Path(path).iterdir() if f.is_file() and kind(f.name) in READERS)
    if not found:
        message = f"folder '{path}' has no file of data ({', '.join(READERS)})"
        raise SourceError(message)
    return found
