"""The methods of a fit: what each is, needs, and can; nothing is imported before it is used."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from genesis_sql.errors import MissingExtraError, OptionError, nearest

TREES = "trees"
DP = "dp"
"""Marginals with noise: the only method with a guarantee."""


@dataclass(frozen=True)
class Method:
    """A row of `genesis_methods`.

    Attributes:
        name: as `method := '…'` takes it.
        family: what kind of model it is.
        needs: the extra that has to be installed, '' for none.
        modules: what that extra brings.
        licence: of what it needs.
        data: 'one table', 'related tables' or 'sequences'.
        nulls, dates: whether they are learnt.
        conditions: 'direct' (drawn among the values asked for where possible), 'redrawn' or 'none'.
        compile: whether it becomes plain SQL.
        row_random: whether any range of rows can be made without the others.
        real_rows: whether generation starts from rows of the source.
        kept: whether the database keeps the model.
        sampler: the module that draws its blocks, '' for none.
        takes: options of training, besides those of trees.
    """

    name: str
    family: str
    needs: str = ""
    modules: tuple[str, ...] = ()
    licence: str = "MIT"
    data: str = "related tables"
    nulls: bool = True
    dates: bool = True
    conditions: str = "redrawn"
    compile: bool = False
    row_random: bool = True
    real_rows: bool = False
    kept: bool = True
    sampler: str = ""
    takes: tuple[str, ...] = ("epochs", "batch_size", "learning_rate", "resume")

    @property
    def installed(self) -> bool:
        """Whether what it needs is there."""
        return all(importlib.util.find_spec(m) is not None for m in self.modules)

    @property
    def neural(self) -> bool:
        """Whether it is a network of ours."""
        return self.needs == "torch"


def _network(name: str, family: str, conditions: str = "redrawn", sampler: str = "") -> Method:
    return Method(
        name,
        family,
        "torch",
        ("torch",),
        "BSD-3-Clause",
        conditions=conditions,
        sampler=f"genesis_sql.models.neural.{sampler or name}",
    )


def _sdv(name: str, family: str, takes: tuple[str, ...] = (), data: str = "one table") -> Method:
    whole = data != "one table"
    return Method(
        f"sdv:{name}",
        family,
        "sdv",
        ("sdv",),
        "Business Source License 1.1",
        data,
        conditions="none" if whole else "redrawn",
        row_random=not whole,
        kept=False,
        sampler="genesis_sql.models.sdv.sampling",
        takes=takes,
    )


METHODS = {
    m.name: m
    for m in (
        Method(TREES, "sequential decision trees", conditions="direct", compile=True),
        Method(DP, "noisy marginals (MST, AIM)", compile=True, takes=()),
        _network("argn", "autoregressive network", "direct", "argn_sampler"),
        _network("diffusion", "masked diffusion", "direct"),
        _network("tvae", "variational autoencoder"),
        _network("ctgan", "generative adversarial network"),
        _sdv("gaussian_copula", "Gaussian copula"),
        _sdv("ctgan", "adversarial network", ("epochs", "batch_size", "learning_rate")),
        _sdv("tvae", "variational autoencoder", ("epochs", "batch_size")),
        _sdv("copulagan", "adversarial network", ("epochs", "batch_size", "learning_rate")),
        _sdv(
            "par",
            "autoregressive network",
            ("epochs", "sequence_key", "sequence_index"),
            "sequences",
        ),
        _sdv("hma", "Gaussian copulas of parents and children", data="related tables"),
    )
}
"""By name."""


def find_method(name: str) -> Method:
    """The method of that name, ready to be used.

    Raises:
        OptionError: there is none.
        MissingExtraError: what it needs is not installed.
    """
    if name not in METHODS:
        near = nearest(name, METHODS)
        message = f"there is no method '{name}'{near}; FROM genesis_methods() shows what each can"
        raise OptionError(message)
    method = METHODS[name]
    if not method.installed:
        message = (
            f"method '{name}' needs {' and '.join(method.modules)}: "
            f"pip install 'genesis-sql[{method.needs}]'"
        )
        raise MissingExtraError(message)
    return method


def prepare(blocks: Iterable[str]) -> None:
    """Make the samplers of block methods known, so that programs with such blocks can run."""
    for name in blocks:
        if name in METHODS and METHODS[name].sampler:
            import_module(METHODS[name].sampler)
