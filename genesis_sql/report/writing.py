"""A page into a file: whole or not at all, and never over a file of another kind."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from genesis_sql.errors import TargetError
from genesis_sql.store.transfer import local_path, replace_file

from .page import GENERATOR


def check_place(path: str) -> Path:
    """Where a page may be written.

    Raises:
        TargetError: something else is there, or there is no such folder.
    """
    place = local_path(path)
    if not place.parent.is_dir():
        message = f"'{path}' cannot be written: there is no folder '{place.parent}'"
        raise TargetError(message)
    if place.exists() and not _is_report(place):
        message = f"'{path}' exists and is no report of genesis_sql; give another path := '…'"
        raise TargetError(message)
    return place


def write_page(path: str, page: bytes) -> None:
    """Write a page in the place of an earlier one.

    Raises:
        TargetError: the file cannot be written.
    """
    place = check_place(path)

    def write(file: BinaryIO) -> None:
        file.write(page)

    try:
        replace_file(place, write)
    except OSError as error:
        message = f"cannot write '{path}': {error.strerror or error}"
        raise TargetError(message) from error


def _is_report(place: Path) -> bool:
    if not place.is_file():
        return False
    with place.open("rb") as file:
        return GENERATOR.encode() in file.read(2_000)
