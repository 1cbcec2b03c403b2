"""What a directory is drawn with: facilities by number, pools of values, shares of a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from genesis_sql.program.draw import draw, stream
from genesis_sql.reference import invented

_WORD = 2.0**32


@dataclass(frozen=True)
class Pool:
    """What is drawn from: values with the running sum of their weights."""

    values: np.ndarray
    cumulated: np.ndarray

    @classmethod
    def of(cls, values: Any, weights: Any) -> Pool:
        """A pool; values that nobody has are in it, and never drawn."""
        return cls(np.asarray(values), np.cumsum(np.asarray(weights, dtype=float)))

    def at(self, share: np.ndarray) -> np.ndarray:
        """The values at these shares of all weight."""
        found: np.ndarray = self.values[self.index(share * self.cumulated[-1])]
        return found

    def index(self, weight: np.ndarray) -> np.ndarray:
        """Where a running weight falls."""
        found = np.searchsorted(self.cumulated, weight, side="right")
        return np.minimum(found, len(self.cumulated) - 1)


@dataclass(frozen=True)
class Sites:
    """The facilities to be made: an entry per facility.

    ``number`` is its place in the nation, ``group`` the row of facility_counts that it is of.
    """

    number: np.ndarray
    group: np.ndarray
    k: np.ndarray
    seed: int

    def share(self, purpose: str) -> np.ndarray:
        """A number in [0, 1) per facility."""
        keys = stream(self.seed, "genesis_reference directory", "facilities", purpose, "share")
        return draw(keys, self.number) / _WORD


def taken(known: np.ndarray, values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Values where something is known, None elsewhere."""
    found = np.full(len(known), None, dtype=object)
    found[known] = values[index[known]]
    return found


def names(sites: Sites, types: np.ndarray) -> list[str]:
    """An invented name per facility."""
    first = (sites.share("first part") * len(invented.FIRST_PARTS)).astype(int).tolist()
    last = (sites.share("last part") * len(invented.LAST_PARTS)).astype(int).tolist()
    found = []
    for a, b, kind, share in zip(first, last, types.tolist(), sites.share("ending"), strict=True):
        endings = invented.ENDINGS.get(kind, (kind.title(),))
        ending = endings[int(share * len(endings))]
        found.append(f"{invented.FIRST_PARTS[a]}{invented.LAST_PARTS[b]} {ending}")
    return found


def shared_out(
    sites: Sites, sizes: np.ndarray, beds: np.ndarray, with_beds: np.ndarray
) -> list[int | None]:
    """Beds per facility: those of its county and type, shared out among as many as they are of.

    The sums are those of the table; the beds of the other facilities are not known there, nor here.
    """
    weights = 0.25 + sites.share("beds")
    found: list[int | None] = []
    for start in np.flatnonzero(sites.k == 0).tolist():
        group = int(sites.group[start])
        size, known = int(sizes[group]), int(with_beds[group])
        if known:
            cumulated = np.cumsum(weights[start : start + known])
            ends = np.round(cumulated / cumulated[-1] * float(beds[group])).astype(int)
            found += np.diff(ends, prepend=0).tolist()
        found += [None] * (size - known)
    return found
