"""Every example in a docstring runs and prints what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import warnings

import pytest

NAMES = sorted(
    module.name
    for package in ("genesis_sql", "genesis_sql.reference_data", "genesis_sql.udfs")
    for module in pkgutil.walk_packages(
        importlib.import_module(package).__path__, prefix=f"{package}."
    )
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", NAMES)
def test_examples_of(name: str) -> None:
    if ".sdv." in name:
        pytest.importorskip("sdv", reason="the extra sdv is not installed: it wants pandas < 3")
    if name.endswith("dbt_plugin"):
        pytest.importorskip("dbt.adapters", reason="the extra dbt is not installed: make dbt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if ".sdv." in name else "error")  # SDV warns while it loads
        module = importlib.import_module(name)
    failed, _ = doctest.testmod(module)
    assert failed == 0


def test_examples_are_found() -> None:
    _, tried = doctest.testmod(importlib.import_module("genesis_sql.sqlbuild"))
    assert tried >= 2
