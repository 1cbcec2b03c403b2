"""Running SDV: one call at a time, its warnings unheard, its random numbers fixed from outside.

SDV, copulas, rdt and ctgan draw from the global generators of numpy, torch and Python. They are
set before each call and put back behind it, and no other call runs meanwhile.
"""

from __future__ import annotations

import logging
import random
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b

import numpy as np

_LOCK = threading.RLock()
_FILES = ("SingleTableSynthesizer", "MultiTableSynthesizer", "Metadata", "SingleTableMetadata")
"""Loggers with which SDV writes a file into the user's home."""


@contextmanager
def alone(words: Sequence[int]) -> Iterator[None]:
    """Run something of SDV with random numbers that depend on these words (below 2**32) alone."""
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _FILES:
            logging.getLogger(name).disabled = True
        import torch

        before, numbers = random.getstate(), np.random.get_state()
        with torch.random.fork_rng():
            random.seed(str(list(words)))
            np.random.seed(np.array(words, np.uint32))
            torch.manual_seed(number_of(*words))
            try:
                yield
            finally:
                random.setstate(before)
                np.random.set_state(numbers)


def number_of(*words: object) -> int:
    """A seed below 2**62 that depends on all of them."""
    digest = blake2b(repr(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 2
