"""Blocks of rows from stored networks: what is asked, what is held, the device."""

from __future__ import annotations

import importlib.util
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from genesis_sql.errors import ModelFormatError
from genesis_sql.models.neural.weights import Tensors, unpack
from genesis_sql.program.domain import Categories, Raw
from genesis_sql.program.execute import HALF_OPEN, Rows, register_block
from genesis_sql.program.steps import Block, Program, codes_part

BLOCK_CPU, BLOCK_GPU = 512, 32_768
"""Rows that a network is run on at once; short ones are filled up, so that a row is the same in
any range."""


@dataclass(frozen=True, eq=False)
class Asked:
    """The rows to draw.

    Attributes:
        size: how many.
        context: int32 of shape (size, context fields), tokens.
        words: (purpose) -> uint32 of shape (size,).
        given: weights of the tokens of a field by its position, float64 of shape (tokens,).
    """

    size: int
    context: np.ndarray
    words: Callable[[str], np.ndarray]
    given: dict[int, np.ndarray]

    def uniform(self, purpose: str) -> np.ndarray:
        """Numbers in [0, 1) of one purpose, float64 of shape (size,)."""
        return self.words(purpose) * HALF_OPEN


@dataclass(eq=False)
class Held:
    """Stored weights, read once.

    Attributes:
        tensors: arrays by name.
        about: the document beside them.
    """

    tensors: Tensors
    about: dict[str, Any]
    device: str = "cpu"
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, Any]:
        """The sizes of the network, as its configuration takes them."""
        held: dict[str, Any] = self.about["config"]
        return {n: tuple(v) if isinstance(v, list) else v for n, v in held.items()}

    @property
    def fields(self) -> list[str]:
        """Names of the columns that are made."""
        return [f["made"] for f in self.about["fields"]]

    def once(self, name: str, make: Callable[[Held], Any]) -> Any:
        """Something made of the weights, made once.

        Raises:
            ModelFormatError: they are not what it is made of.
        """
        with self._lock:
            if name not in self._made:
                try:
                    self._made[name] = make(self)
                except _DAMAGED as error:
                    message = f"the weights of a model are damaged: {error!r}"
                    raise ModelFormatError(message) from error
            return self._made[name]

    def network(self, make: Callable[[Held], Any]) -> Any:
        """The torch module with the weights, on the device."""
        import torch

        def loaded(held: Held) -> Any:
            module = make(held)
            state = {n: torch.from_numpy(a.copy()) for n, a in held.tensors.items()}
            own = dict(module.named_parameters())
            if missing := sorted(set(own) - set(state)):
                message = f"the weights of a model lack {', '.join(missing[:3])}"
                raise ModelFormatError(message)
            module.load_state_dict({n: state[n] for n in own}, strict=False)
            return module.to(held.device).eval().requires_grad_(False)

        return self.once("network", loaded)

    def in_blocks(
        self, draw: Callable[..., Any], context: np.ndarray, noise: np.ndarray, *more: Any
    ) -> np.ndarray:
        """Run a torch sampler on blocks of one size: its output for all rows, as numpy has it.

        Args:
            draw: (held, context (B, K), noise (…, B), …) -> (B, …).
            context: int32 of shape (n, K).
            noise: of shape (…, n).
            more: passed on.
        """
        import torch

        size = BLOCK_CPU if self.device == "cpu" else BLOCK_GPU
        out = []
        with torch.inference_mode(), _OneThread(self.device):
            for at in range(0, max(len(context), 1), size):
                held, part = context[at : at + size], noise[..., at : at + size]
                short = size - len(held)
                if short:
                    held = np.pad(held, ((0, short), (0, 0)))
                    part = np.pad(part, [(0, 0)] * (part.ndim - 1) + [(0, short)])
                made = draw(
                    self,
                    torch.from_numpy(held.astype(np.int64)).to(self.device),
                    torch.from_numpy(np.ascontiguousarray(part)).to(self.device),
                    *more,
                )
                out.append(made[: size - short].cpu().numpy())
        return np.concatenate(out)


class _OneThread:
    """On the CPU blocks are drawn side by side on threads of ours: torch's own would only wait."""

    def __init__(self, device: str) -> None:
        self.cpu = device == "cpu"

    def __enter__(self) -> None:
        import torch

        self.before = torch.get_num_threads()
        if self.cpu and self.before > 1:
            torch.set_num_threads(1)

    def __exit__(self, *error: object) -> None:
        import torch

        if self.cpu and self.before > 1:
            torch.set_num_threads(self.before)


_LOCK = threading.Lock()
_HELD: dict[int, tuple[weakref.ref[np.ndarray], Iterator[Held]]] = {}


def held_in(program: Program, step: Block) -> Held:
    """The weights of a block, read once while the program lives; on each device in its turn.

    Raises:
        ModelFormatError: they are no weights, or those of another block.
    """
    array = program.parts[step.part]
    with _LOCK:
        found = _HELD.get(id(array))
        if found is None or found[0]() is not array:
            for key in [k for k, (r, _) in _HELD.items() if r() is None]:
                del _HELD[key]
            tensors, about = unpack(array.tobytes())
            held = [Held(tensors, about, device) for device in devices()]
            held[0].once("checked", partial(_check, step=step, program=program))
            turns = cycle(held)
            found = _HELD[id(array)] = (weakref.ref(array), turns)
        return next(found[1])


_DAMAGED = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError)
"""What reading numbers that nobody vouches for can raise."""


def _check(held: Held, step: Block, program: Program) -> bool:
    """Raise where indices would point outside: a kernel does not look before it reads."""
    fields, inputs, config = (held.about[n] for n in ("fields", "inputs", "config"))
    sizes = [int(f["size"]) for f in (*fields, *inputs)]
    if [f["made"] for f in fields] != list(step.columns) or len(inputs) != len(step.inputs):
        message = f"the weights are of other columns than {', '.join(step.columns)[:200]}"
        raise ValueError(message)
    if min(sizes) < 1 or [*config["sizes"], *config["inputs"]] != sizes:
        message = "a column has other tokens than its network"
        raise ValueError(message)
    for name, size in zip(step.columns, sizes, strict=False):
        codes, domain = program.parts[codes_part(name)], program.domains[name]
        labels = len(domain.labels) if isinstance(domain, Categories) else -1
        _require_within(codes, 0, labels, name)
        _require_within(np.array([len(codes)]), size, size, name)
    for k, about in enumerate(inputs):
        known, size = held.tensors[f"known.{k}"], int(about["size"])
        if about["ordered"]:
            _require_within(
                np.array([len(known)]), 0, size - 1 - bool(about["null"]), step.inputs[k]
            )
        else:
            _require_within(known, -1, size - 1, step.inputs[k])
        _require_within(np.array([about["commonest"]]), 0, size - 1, step.inputs[k])
    return True


def _require_within(values: np.ndarray, low: int, high: int, name: str) -> None:
    whole = values.ndim == 1 and values.dtype.kind in "iu"
    if not whole or (len(values) and not low <= int(values.min()) <= int(values.max()) <= high):
        message = f"column '{name}' has numbers outside its labels or tokens"
        raise ValueError(message)


@lru_cache(maxsize=1)
def devices() -> tuple[str, ...]:
    """Where blocks are drawn: on all CUDA devices where there are some, else on the CPU."""
    if importlib.util.find_spec("torch") is None:
        return ("cpu",)
    if os.name == "posix" and not Path("/dev/nvidiactl").exists():
        return ("cpu",)  # without a driver there is no need to load torch
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return tuple(f"cuda:{i}" for i in range(count)) or ("cpu",)


Sample = Callable[[Held, Asked], np.ndarray]


def register(method: str, sample: Sample) -> None:
    """Make a network's sampler a block method of programs.

    ``sample(held, asked)`` gives tokens, integers of shape (rows, fields).
    """

    def block(
        step: Block,
        program: Program,
        rows: Rows,
        raw: dict[str, Raw],
        words: Callable[[str], np.ndarray],
    ) -> dict[str, Raw]:
        held = held_in(program, step)
        context = [_of_raw(held, k, raw[name]) for k, name in enumerate(step.inputs)]
        n = len(rows.address)
        tokens = np.column_stack(context) if context else np.zeros((n, 0), np.int32)
        codes = [program.parts[codes_part(name)] for name in step.columns]
        given = _given(step, codes)
        made = sample(held, Asked(n, tokens, words, given))
        return {
            name: Raw(codes[j][made[:, j]].astype(np.int32)) for j, name in enumerate(step.columns)
        }

    register_block(method, block)


def _of_raw(held: Held, k: int, raw: Raw) -> np.ndarray:
    """Tokens of a context column, int32 of shape (n,)."""
    from genesis_sql.models.tokens import raw_tokens

    about = held.about["inputs"][k]
    known = held.tensors[f"known.{k}"]
    return raw_tokens(
        raw, known, ordered=about["ordered"], null=about["null"], commonest=about["commonest"]
    )


def _given(step: Block, codes: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
    """Weights of tokens by field, out of weights of codes; in the order they are given."""
    out: dict[int, np.ndarray] = {}
    for name, pairs in step.given:
        j, weights = step.columns.index(name), dict(pairs)
        out[j] = np.array([weights.get(int(code), 0.0) for code in codes[j]])
    return out
