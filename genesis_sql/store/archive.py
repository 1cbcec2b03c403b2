"""The `.genesis` file: a zip without compression, the same bytes for the same version.

It holds manifest.json (what the version is; place, size and sha256 of each part) and the parts as
they are stored. What is read is not trusted: nothing is unpacked to disk, only the names that the
manifest gives are looked at, and sizes are compared before anything is read.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from genesis_sql.errors import ModelFormatError
from genesis_sql.store.content import check_parts
from genesis_sql.store.rows import (
    MAX_PART,
    ColumnRow,
    ModelContent,
    ModelPart,
    ModelVersion,
    RelationshipRow,
    TableRow,
)

FILE_FORMAT = 1
"""Raised when a release writes files that earlier ones cannot read."""

_MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip entry; the same in every export."""


@dataclass(frozen=True)
class Entry:
    """A version on its way from one database to another."""

    model: str
    kind: str
    method: str
    arguments: Mapping[str, Any]
    library_version: str
    seconds: float | None
    content: ModelContent

    @classmethod
    def of(cls, found: ModelVersion, content: ModelContent) -> Entry:
        """The entry of a stored version."""
        arguments = json.loads(found.arguments)
        return cls(
            found.model,
            found.kind,
            found.method,
            arguments,
            found.library_version,
            found.seconds,
            content,
        )


def write(entry: Entry, file: BinaryIO) -> None:
    """Write the version as a zip."""
    manifest = json.dumps(_manifest(entry), ensure_ascii=False, indent=1, sort_keys=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_info(_MANIFEST), manifest.encode())
        for i, part in enumerate(entry.content.parts):
            archive.writestr(_info(_place(i)), part.data)


def read(file: BinaryIO) -> Entry:
    """The version in a zip.

    Raises:
        ModelFormatError: it is no export, is damaged, or was written by a newer release.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = _checked(archive)
            manifest = json.loads(archive.read(infos[_MANIFEST]), parse_constant=_no_constant)
            return _entry(manifest, {name: archive.read(info) for name, info in infos.items()})
    except ModelFormatError:
        raise
    # what zipfile and json raise on bytes of every kind; OSError is the caller's
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        message = f"the file was not written by genesis_export, or it is damaged ({error})"
        raise ModelFormatError(message) from error


def _place(index: int) -> str:
    return f"parts/{index:05d}"


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3  # the same bytes on Windows
    info.external_attr = 0o644 << 16
    return info


def _manifest(entry: Entry) -> dict[str, Any]:
    content = entry.content
    return {
        "genesis": FILE_FORMAT,
        "model": entry.model,
        "kind": entry.kind,
        "method": entry.method,
        "arguments": dict(entry.arguments),
        "library_version": entry.library_version,
        "seconds": entry.seconds,
        "uuid": content.uuid,
        "format_version": content.format_version,
        "fingerprint": content.fingerprint,
        "metrics": dict(content.metrics),
        "tables": [asdict(t) for t in content.tables],
        "relationships": [asdict(r) for r in content.relationships],
        "parts": [
            {
                "table": p.table,
                "part": p.part,
                "position": p.position,
                "bytes": len(p.data),
                "sha256": p.sha256,
            }
            for p in content.parts
        ],
    }


def _checked(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, after a look at names and sizes alone."""
    infos = archive.infolist()
    expected = {_MANIFEST, *(_place(i) for i in range(len(infos) - 1))}
    found = [info.filename for info in infos]
    if sorted(found) != sorted(expected):
        odd = next((repr(n) for n in found if n not in expected), "an entry twice, or none")
        message = f"the file was not written by genesis_export: it holds {odd}"
        raise ModelFormatError(message)
    archive.fp.seek(0, 2)  # type: ignore[union-attr]
    total = archive.fp.tell()  # type: ignore[union-attr]
    plain = all(i.compress_type == zipfile.ZIP_STORED and i.file_size <= MAX_PART for i in infos)
    if not plain or sum(i.file_size for i in infos) > total:
        message = (
            "the file was not written by genesis_export: "
            "its entries are compressed, overlap or are too large"
        )
        raise ModelFormatError(message)
    return {info.filename: info for info in infos}


def _no_constant(text: str) -> Any:
    message = f"{text} in {_MANIFEST}"
    raise ValueError(message)


def _entry(manifest: Any, data: Mapping[str, bytes]) -> Entry:
    top = _Fields(manifest, _MANIFEST)
    if top.number("genesis") > FILE_FORMAT:
        message = (
            f"the file has format {top.number('genesis')} of genesis_sql "
            f"{top.text('library_version')}, this "
            f"release reads {FILE_FORMAT}: upgrade it with: pip install --upgrade genesis-sql"
        )
        raise ModelFormatError(message)
    content = ModelContent(
        uuid=top.text("uuid"),
        format_version=top.number("format_version"),
        parts=_parts(top.items("parts"), data),
        tables=tuple(_table(t) for t in top.items("tables")),
        relationships=tuple(_relationship(r) for r in top.items("relationships")),
        fingerprint=top.optional("fingerprint", str),
        metrics=top.mapping("metrics"),
    )
    check_parts(content.parts)
    return Entry(
        top.text("model"),
        top.text("kind"),
        top.text("method"),
        top.mapping("arguments"),
        top.text("library_version"),
        top.optional("seconds", float, int),
        content,
    )


def _parts(fields: list[_Fields], data: Mapping[str, bytes]) -> tuple[ModelPart, ...]:
    parts = []
    if len(fields) != len(data) - 1:
        message = (
            f"the file is damaged: {_MANIFEST} names {len(fields)} parts, the file holds "
            f"{len(data) - 1}"
        )
        raise ModelFormatError(message)
    for i, part in enumerate(fields):
        found = data[_place(i)]
        checksum = hashlib.sha256(found).hexdigest()
        if (checksum, len(found)) != (part.text("sha256"), part.number("bytes")):
            message = (
                f"the file is damaged: {_place(i)} does not have the size and sha256 of {_MANIFEST}"
            )
            raise ModelFormatError(message)
        parts.append(
            ModelPart(part.text("table"), part.text("part"), part.number("position", 31), found)
        )
    return tuple(parts)


def _table(t: _Fields) -> TableRow:
    return TableRow(t.text("name"), t.number("rows"), tuple(_column(c) for c in t.items("columns")))


def _column(c: _Fields) -> ColumnRow:
    head = (c.text("name"), c.text("type"), c.text("role"), c.text("step"))
    cells = None if c.optional("cells", int) is None else c.number("cells")
    return ColumnRow(*head, c.texts("inputs"), cells, c.text("reason"))


def _relationship(r: _Fields) -> RelationshipRow:
    keys = (r.text("child"), r.texts("columns"), r.text("parent"), r.texts("parent_columns"))
    counts = (r.number("orphans"), r.number("nulls"))
    return RelationshipRow(*keys, bool(r.optional("declared", bool)), *counts, r.text("reason"))


class _Fields:
    """A JSON object whose fields are taken out by type."""

    def __init__(self, value: Any, where: str) -> None:
        """Wrap a value that should be an object; ``where`` names it in errors."""
        self.where = where
        self.value = self._typed(value, where, dict)

    @staticmethod
    def _typed(value: Any, where: str, *types: type) -> Any:
        if type(value) not in types:
            message = f"the file is damaged: {where} is missing or of a wrong type"
            raise ModelFormatError(message)
        return value

    def _get(self, key: str, *types: type) -> Any:
        return self._typed(self.value.get(key), f"{self.where}: {key}", *types)

    def text(self, key: str) -> str:
        value: str = self._get(key, str)
        value.encode()  # a lone surrogate is a ValueError
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._typed(v, f"{self.where}: {key}", str) for v in self._get(key, list))

    def number(self, key: str, bits: int = 63) -> int:
        value: int = self._get(key, int)
        if not 0 <= value < 2**bits:
            message = f"the file is damaged: {self.where}: {key} is {value}"
            raise ModelFormatError(message)
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value: dict[str, Any] = self._get(key, dict)
        return value

    def optional(self, key: str, *types: type) -> Any:
        return self._get(key, *types, type(None))

    def items(self, key: str) -> list[_Fields]:
        return [_Fields(v, f"{self.where}: {key}[{i}]") for i, v in enumerate(self._get(key, list))]
