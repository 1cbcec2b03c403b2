"""Tokens with a planted dependence, and words for samplers: shared by tests of networks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from genesis_sql.models.neural.data import Field, Rows
from genesis_sql.models.neural.sampling import Asked, Held
from genesis_sql.models.neural.training import Trained

KINDS = 3
FIELDS = (
    Field("kind", KINDS, False, False, (0.5, 0.3, 0.2)),
    Field("same", KINDS, False, False, (0.5, 0.3, 0.2)),
    Field("number", 13, True, True, (0.1, *(0.9 / 12,) * 12)),
)
Fitted = tuple[dict[str, np.ndarray], dict[str, object], Trained]


def planted(rows: int, *, inputs: bool = False, wide: int = 0) -> Rows:
    """Two columns that are equal, and a number that lies in a range of its own for each kind.

    Args:
        rows: how many.
        inputs: whether the first column is known before, too.
        wide: tokens of the second column, independent of the others; 0 for the planted one.
    """
    rng = np.random.default_rng(3)
    kind = rng.choice(KINDS, rows, p=FIELDS[0].share)
    number = 1 + kind * 4 + rng.integers(0, 4, rows)
    number[rng.random(rows) < 0.1] = 0
    second = rng.integers(0, wide, rows) if wide else kind
    tokens = np.column_stack([kind, second, number]).astype(np.int16)
    sizes = (KINDS, wide or KINDS, 13)
    fields = tuple(
        replace(f, size=size, share=tuple(np.bincount(tokens[:, j], minlength=size) / max(rows, 1)))
        for j, (f, size) in enumerate(zip(FIELDS, sizes, strict=True))
    )
    known = tokens[:, :1] if inputs else tokens[:, :0]
    return Rows.of(tokens, known, fields, fields[:1] if inputs else ())


def together(made: np.ndarray) -> tuple[float, float]:
    """The share of rows that fit together as planted, and what it is for shuffled columns."""
    rng = np.random.default_rng(0)
    mixed = np.column_stack([rng.permutation(made[:, j]) for j in range(3)])

    def fits(x: np.ndarray) -> float:
        number = (x[:, 2] == 0) | ((x[:, 2] - 1) // 4 == x[:, 0])
        return float(((x[:, 0] == x[:, 1]) & number).mean())

    return fits(made), fits(mixed)


def asked(rows: int, *, first: int = 0, at: np.ndarray | None = None, inputs: int = 0) -> Asked:
    """Rows to draw: those numbers, words that are functions of the number and the purpose."""
    numbers = np.arange(first, first + rows) if at is None else at

    def words(purpose: str) -> np.ndarray:
        mixed = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= np.uint64(int.from_bytes(purpose.encode().ljust(8, b"#")[-8:], "little"))
        mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
        return (mixed >> np.uint64(32)).astype(np.uint32)

    context = np.repeat(numbers[:, None] % KINDS, inputs, axis=1).astype(np.int32)
    return Asked(len(numbers), context, words, {})


def held_of(fitted: Fitted) -> Held:
    """A trained network as a program holds it."""
    tensors, about, _ = fitted
    fields = [{"made": f.name} for f in FIELDS]
    return Held(tensors, {**about, "fields": fields})
