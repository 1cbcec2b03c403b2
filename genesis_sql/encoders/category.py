"""Categories: labels -> codes.

Code 0 is NULL; the order of the codes is set by the models (see `reorder`).
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from genesis_sql.program.domain import Categories, Raw

_DICTIONARIES: WeakKeyDictionary[Categories, pa.Array] = WeakKeyDictionary()


def encode_labels(array: pa.Array) -> tuple[tuple[str, ...], np.ndarray]:
    """Distinct labels of an Arrow string array in sorted order, and the code of every row.

    The codes are int32 of shape (n,), 0 = NULL.
    """
    coded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    labels = coded.dictionary.cast(pa.string()).to_pylist()
    order = sorted(range(len(labels)), key=lambda i: labels[i])
    rank = np.empty(len(labels) + 1, np.int32)
    rank[order] = np.arange(1, len(labels) + 1)
    rank[-1] = 0
    index = pc.fill_null(coded.indices.cast(pa.int64()), len(labels)).to_numpy(zero_copy_only=False)
    return tuple(labels[i] for i in order), rank[index]


def reorder(
    labels: tuple[str, ...], codes: np.ndarray, order: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray]:
    """Put the labels in another order; ``order`` holds 0-based label positions, shape (labels,)."""
    place = np.empty(len(labels) + 1, np.int32)
    place[0] = 0
    place[order + 1] = np.arange(1, len(labels) + 1)
    return tuple(labels[i] for i in order), place[codes]


def decode_labels(domain: Categories, raw: Raw) -> pa.DictionaryArray:
    """Codes as an Arrow dictionary array of strings, of which the first is NULL.

    The codes are not copied. DuckDB casts it to the column's type.
    """
    codes = raw.values.astype(np.int32, copy=False)
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), _dictionary(domain))


def _dictionary(domain: Categories) -> pa.Array:
    """What each code stands for; made once."""
    found = _DICTIONARIES.get(domain)
    if found is None:
        found = _DICTIONARIES[domain] = pa.array([None, *domain.labels], pa.string())
    return found
