"""Weights as bytes: safetensors, whose reader runs no code. They are a part of a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from genesis_sql.errors import ModelFormatError

Tensors = dict[str, np.ndarray]
_KEY = "genesis"


def pack(tensors: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> bytes:
    """Arrays by name and a JSON document as one safetensors file; equal input gives equal bytes."""
    from safetensors.numpy import save

    held = {n: np.asarray(tensors[n], order="C") for n in sorted(tensors)}
    text = json.dumps(about, sort_keys=True, ensure_ascii=False)
    return bytes(save(held, metadata={_KEY: text}))


def unpack(data: bytes) -> tuple[Tensors, dict[str, Any]]:
    """The arrays and the document of :func:`pack`.

    Raises:
        ModelFormatError: the bytes are something else.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        about = json.loads(header["__metadata__"][_KEY])
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        message = f"the weights of a model cannot be read: {error!r}"
        raise ModelFormatError(message) from error
    return tensors, about


def as_part(data: bytes) -> np.ndarray:
    """Bytes as a program keeps them: uint8."""
    return np.frombuffer(data, np.uint8)
