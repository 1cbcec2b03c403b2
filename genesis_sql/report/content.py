"""What a report and a certificate are made of: what was measured, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from genesis_sql.evaluate.measures import Distribution, Matrix, Measure, Metric

ANEW, LEFT_OUT, COPIED, LEARNT = "made anew", "left out", "copied", "learnt"
"""How a column's values come about. Learnt: drawn from what the source's values look like."""


@dataclass(frozen=True)
class Provenance:
    """Where the rows came from.

    Attributes:
        model: name of the model; '' where two sets of tables were compared without one.
        version: of the model.
        method: 'trees', 'dp', …; several where tables differ.
        uuid: of the model's version.
        fitted: when, as text with its time zone.
        fit_seed, seed: of the fit, and of the rows that were measured.
        fingerprint: of the source, as the fit stored it; '' where a `dp` model keeps none.
        changed: one sentence where the source is not what was fitted any more, else ''.
        library, duckdb: versions.
        rows: real, synthetic and held-out rows by table; None where not told.
        options: as they were given to the fit.
        parts: hashes of the stored parts of the model, by name.
        holdout: one sentence: what the baseline compares with.
    """

    model: str = ""
    version: int | None = None
    method: str = ""
    uuid: str = ""
    fitted: str = ""
    fit_seed: int | None = None
    seed: int | None = None
    fingerprint: str = ""
    changed: str = ""
    library: str = ""
    duckdb: str = ""
    rows: Mapping[str, tuple[int | None, int | None, int | None]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    holdout: str = ""


@dataclass(frozen=True)
class Spending:
    """One entry of the ledger: what of the budget went where.

    Attributes:
        what: the fit, or the part of one, that was paid for.
        epsilon, delta: what it cost; rho where it was counted in zCDP.
        when: as text.
    """

    what: str
    epsilon: float
    delta: float = 0.0
    rho: float | None = None
    when: str = ""


@dataclass(frozen=True)
class Guarantee:
    """What holds by construction, whoever attacks.

    Attributes:
        epsilon, delta: of the model.
        unit: one sentence: whose presence is hidden, and the bound on what one unit contributes.
        mechanism: how the noise was drawn and counted.
        bounds: sentences on domains and bounds: given, or estimated with which share.
        ledger: all that was spent on this source, this fit included.
        budget: what may be spent in total; None where none was set.
    """

    epsilon: float
    delta: float
    unit: str = ""
    mechanism: str = ""
    bounds: tuple[str, ...] = ()
    ledger: tuple[Spending, ...] = ()
    budget: float | None = None


@dataclass(frozen=True)
class Handled:
    """How one column of the source is handled.

    Attributes:
        table, column: whose.
        kind: of personal data, as `genesis_check` names it; '' where none was found.
        made: ANEW, LEFT_OUT, COPIED or LEARNT.
        how: the step or role, for a reader.
    """

    table: str
    column: str
    kind: str
    made: str
    how: str = ""


@dataclass(frozen=True)
class Content:
    """All that a report shows.

    Attributes:
        title: of the page: the model's name, or what was compared.
        provenance: where the rows came from.
        quality: rows of `genesis_quality` or `genesis_compare`.
        privacy: rows of `genesis_privacy`.
        distributions, matrices: pictures.
        meanings: what each metric means, by name.
        groups: the group of `evaluate.run.GROUPS` that a metric belongs to, by name; what is
            missing is placed by its scope.
        guarantee: of a differentially private model.
        columns: how each column is handled; for the certificate.
        certificate: as `certificate()` made it; shown where it is there.
    """

    title: str
    provenance: Provenance = field(default_factory=Provenance)
    quality: tuple[Metric, ...] = ()
    privacy: tuple[Metric, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    meanings: Mapping[str, Measure] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    guarantee: Guarantee | None = None
    columns: tuple[Handled, ...] = ()
    certificate: Mapping[str, Any] | None = None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Rows of quality, then of privacy."""
        return (*self.quality, *self.privacy)
