"""What a differentially private model promises, as rows: paid for in the ledger, not measured."""

from __future__ import annotations

from genesis_sql.evaluate.measures import INFO, Measure, Metric
from genesis_sql.store import ledger
from genesis_sql.store.rows import ModelVersion

METRICS = (
    Measure(
        "epsilon",
        "lower",
        "the ε of a model of method 'dp': how much more probable a result can get by one unit more "
        "or less, as exp(ε) (Dwork & Roth 2014); not measured but spent",
        ideal=0.0,
    ),
    Measure(
        "delta",
        "lower",
        "the δ of a model of method 'dp': the chance that ε does not hold",
        ideal=0.0,
    ),
)


def guarantee(found: ModelVersion) -> list[Metric]:
    """The two numbers of a version; none where it promises nothing."""
    held = ledger.guarantee(found) or {}
    return [
        Metric("database", "", (), name, float(held[name]), None, 0, INFO, note=str(held["unit"]))
        for name in ("epsilon", "delta")
        if name in held
    ]
