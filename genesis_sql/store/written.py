"""What a person wrote as a profile, on its way into the store and out of it.

It travels with its version, as one part of the model (of no table): an export file carries it. The
table `profiles` repeats what is searched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from genesis_sql.errors import ModelFormatError
from genesis_sql.store import names
from genesis_sql.store.names import Con
from genesis_sql.store.rows import ModelPart

PART = "profile"
_INSERT = "INSERT INTO genesis.profiles VALUES (?, ?, ?, ?, ?, CAST(? AS VARCHAR[]), ?, ?)"


@dataclass(frozen=True)
class Saved:
    """What a saved profile says.

    Attributes:
        spec: as it was given.
        resolved: the plain profile that was compiled: every table, column and distribution.
        schema_version: of the form that the spec is written in.
        product, description, tags: what it is found by.
        reference: fingerprint of the public figures it was resolved with; None where it read none.
    """

    spec: Mapping[str, Any]
    resolved: Mapping[str, Any]
    schema_version: int = 1
    product: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = field(default=())
    reference: str | None = None

    @property
    def count(self) -> int | None:
        """The rows of the first table at scale 1; None where the tables say that themselves."""
        generation = self.resolved.get("generation")
        count = generation.get("count") if isinstance(generation, Mapping) else None
        return count if isinstance(count, int) else None

    @property
    def seed(self) -> int | None:
        """The seed that it is written with."""
        generation = self.resolved.get("generation")
        seed = generation.get("seed") if isinstance(generation, Mapping) else None
        return seed if isinstance(seed, int) else None

    def to_bytes(self) -> bytes:
        """As a part of the model; tables and columns keep their order, for it says something."""
        plain = {**vars(self), "tags": list(self.tags)}
        return json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")

    @staticmethod
    def from_bytes(data: bytes) -> Saved:
        """The profile of :meth:`to_bytes`.

        Raises:
            ModelFormatError: it is something else.
        """
        try:
            plain = json.loads(data)
            found = Saved(**{**plain, "tags": tuple(plain["tags"])})
        except (KeyError, TypeError, ValueError) as error:
            message = f"the text of the profile is damaged: {error!r}"
            raise ModelFormatError(message) from error
        texts = (found.product, found.description, found.reference)
        right = (
            isinstance(found.spec, dict)
            and isinstance(found.resolved, dict)
            and type(found.schema_version) is int
            and all(t is None or isinstance(t, str) for t in texts)
            and isinstance(plain["tags"], list)
            and all(isinstance(t, str) for t in found.tags)
        )
        if not right:
            message = "the text of the profile is damaged: a field has another type"
            raise ModelFormatError(message)
        return found


def of_parts(parts: Iterable[ModelPart]) -> Saved | None:
    """The profile inside a model; None where it was learnt, not written."""
    found = sorted((p for p in parts if (p.table, p.part) == ("", PART)), key=lambda p: p.position)
    return Saved.from_bytes(b"".join(p.data for p in found)) if found else None


def write(con: Con, database: str, name: str, version: int, parts: Iterable[ModelPart]) -> None:
    """The row that a profile is found by, for a transaction of the caller."""
    saved = of_parts(parts)
    if saved is None:
        return
    found_by = [saved.product, saved.description, list(saved.tags), saved.count, saved.reference]
    names.run(con, database, _INSERT, name, version, saved.schema_version, *found_by)
