"""The `options` of a fit, as the method takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_sql.actions.workspace import require_known
from genesis_sql.errors import OptionError, nearest
from genesis_sql.models.fill import FillOptions
from genesis_sql.models.fit import FitOptions
from genesis_sql.models.methods import DP, TREES, find_method
from genesis_sql.models.trees import TreeOptions

KNOWN: dict[str, type | tuple[type, ...]] = {
    "min_cell": int, "child_cell": int, "max_leaves": int, "max_rows": int,
    "slack": (float, int), "label_slack": (float, int), "forest": int, "floor": int,
    "first": list, "roles": dict, "main": str, "max_seconds": (float, int),
    "siblings": bool, "method": str, "epochs": (float, int), "batch_size": int,
    "learning_rate": (float, int), "resume": bool, "sequence_key": str, "sequence_index": str,
    "k_anonymity": int, "l_diversity": int, "quasi_identifiers": list, "sensitive": list,
    "epsilon": (float, int), "delta": (float, int), "bounds": (dict, str), "domains": dict,
    "privacy_unit": str, "most_children": int,
}  # fmt: skip
PRIVATE = ("epsilon", "delta", "bounds", "domains", "privacy_unit", "most_children")
TRAINING = (
    "epochs", "batch_size", "learning_rate", "resume", "sequence_key", "sequence_index",
)  # fmt: skip
_LEAST = {
    "min_cell": 1,
    "child_cell": 1,
    "max_leaves": 2,
    "max_rows": 100,
    "slack": 0,
    "label_slack": 0,
    "forest": 1,
    "floor": 1,
    "max_seconds": 0,
    "epochs": 0,
    "batch_size": 1,
    "learning_rate": 0,
    "k_anonymity": 2,
    "l_diversity": 2,
    "most_children": 1,
}


def split_options(
    options: Mapping[str, Any], tables: list[str], where: str
) -> dict[str, dict[str, Any]]:
    """Options by table: those of all tables, with a table's own (`{'flights': {...}}`) on top.

    Raises:
        OptionError: a name is neither an option nor a table, or a value does not fit.
    """
    own = {
        n: v
        for n, v in options.items()
        if n in tables and isinstance(v, Mapping) and n not in KNOWN
    }
    general = {n: v for n, v in options.items() if n not in own}
    for name, value in general.items():
        if name not in KNOWN and isinstance(value, Mapping):
            message = f"options name a table '{name}' that is not fitted{nearest(name, tables)}"
            raise OptionError(message)
    checked = require_known(general, KNOWN, where)
    out = {}
    for table in tables:
        mine = require_known(dict(own.get(table, {})), KNOWN, f"{where}, table '{table}'")
        out[table] = {**checked, **mine}
        for name, least in _LEAST.items():
            if name in out[table] and not out[table][name] >= least:
                message = f"option '{name}' is {out[table][name]}, it must be at least {least}"
                raise OptionError(message)
    return out


def fit_options(
    given: Mapping[str, Any], seed: int, method: str = TREES, device: str = "auto"
) -> FitOptions:
    """How one table is learnt; its own ``method`` goes before that of the fit.

    Raises:
        OptionError: there is no such method.
        MissingExtraError: what it needs is not installed.
    """
    base = TreeOptions()
    trees = TreeOptions(
        min_cell=given.get("min_cell", base.min_cell),
        max_leaves=given.get("max_leaves"),
        max_rows=given.get("max_rows", base.max_rows),
        slack=float(given.get("slack", base.slack)),
        label_slack=float(given.get("label_slack", base.label_slack)),
        forest=given.get("forest", base.forest),
        seed=(seed ^ seed >> 32) % 2**32,  # scikit-learn takes no more
    )
    defaults = FitOptions()
    chosen = find_method(given.get("method", method))
    if chosen.name == DP or any(name in given for name in PRIVATE):
        message = (
            "a guarantee holds for a whole fit: say method := 'dp' with options := "
            "{'epsilon': 1.0, 'delta': 1e-9}, for no table alone and with no other method"
        )
        raise OptionError(message)
    training = {n: given[n] for n in TRAINING if n in given}
    for name in training:
        if name not in chosen.takes:
            takes = ", ".join(chosen.takes) or "none"
            message = f"method '{chosen.name}' has no option '{name}'; of training it takes {takes}"
            raise OptionError(message)
    return FitOptions(
        trees=trees,
        fill=FillOptions(floor=given.get("floor", defaults.fill.floor), edge_rows=trees.min_cell),
        first=tuple(given.get("first", ())),
        main=given.get("main"),
        child_cell=given.get("child_cell", min(defaults.child_cell, trees.min_cell)),
        max_seconds=given.get("max_seconds"),
        siblings=given.get("siblings", True),
        method=chosen.name,
        device=device,
        training=training,
    )
