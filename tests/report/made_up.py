"""Contents of reports with random numbers, of the size of real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from genesis_sql.evaluate.measures import Distribution, Matrix, Measure, Metric, judged
from genesis_sql.report.content import (
    ANEW,
    COPIED,
    LEARNT,
    Content,
    Guarantee,
    Handled,
    Provenance,
    Spending,
)

MEANINGS = {
    m.name: m
    for m in (
        Measure("ks", "higher", "1 − the largest gap between two cumulative shares, 0 to 1.", 0.03, 0.1),
        Measure("tv", "higher", "1 − total variation of two sets of labels, 0 to 1.", 0.03, 0.1),
        Measure("pair", "higher", "1 − total variation of a binned pair, 0 to 1.", 0.05, 0.15),
        Measure("cardinality", "higher", "1 − total variation of children per parent.", 0.05, 0.15),
        Measure("orphans", "zero", "Children whose parent is not there.", ideal=0.0),
        Measure("lag_correlation", "higher", "Correlation with the row before, compared.", 0.05, 0.15),
        Measure("c2st_auc", "lower", "How well a classifier tells real from synthetic: .5 not at all, 1 always.", 0.1, 0.25, 0.5),
        Measure("gives_away", "none", "How much the classifier relies on a column, shares of 1."),
        Measure("tstr", "higher", "AUC of a model trained on synthetic, tested on real rows.", 0.03, 0.1),
        Measure("exact_copies", "lower", "Share of rows that are in the source too.", 0.005, 0.02, 0.0),
        Measure("membership_auc", "lower", "AUC of an attacker who guesses who was in the source.", 0.03, 0.1, 0.5),
        Measure("singling_out", "lower", "Share of guesses that single out one person.", 0.03, 0.1, 0.0),
        Measure("linkability", "lower", "Share of halves of a row that are linked.", 0.03, 0.1, 0.0),
        Measure("attribute_inference", "lower", "Share of secrets guessed.", 0.03, 0.1, 0.0),
    )
}  # fmt: skip
GROUPS = {
    "ks": "shapes", "tv": "shapes", "pair": "pairs", "cardinality": "relations",
    "orphans": "relations", "lag_correlation": "sequences", "c2st_auc": "detection",
    "gives_away": "detection", "tstr": "utility",
}  # fmt: skip
WORDS = "age income sex state visits opened amount code weight grade".split()


def row(
    scope: str,
    table: str,
    columns: tuple[str, ...],
    name: str,
    score: float | None,
    baseline: float | None = None,
    **more: object,
) -> Metric:
    """A judged row."""
    return judged(
        MEANINGS[name], Metric(scope, table, columns, name, score, baseline, 6000, **more)
    )  # type: ignore[arg-type]


def distribution(table: str, column: str, kind: str, random: np.random.Generator) -> Distribution:
    bins = 20 if kind != "label" else 14
    real = random.dirichlet(np.linspace(1, 8, bins)[::-1])
    synthetic = random.dirichlet(real * 300 + 0.5)
    null = 0.08 if random.random() < 0.3 else 0.0
    named = {
        "number": tuple(f"{17 + i * 3.65:.6g}" for i in range(bins + 1)),
        "moment": tuple(f"{1998 + i}-01-01" for i in range(bins + 1)),
        "label": (*(f"label number {i}" for i in range(bins - 1)), "…"),
    }[kind]
    off = float(abs(real - synthetic).sum() / 2)
    return Distribution(
        table,
        column,
        kind,
        named,
        tuple(real * (1 - null)),
        tuple(synthetic * (1 - null)),
        (null, null * 1.1),
        1 - off,
    )


def matrix(table: str, columns: tuple[str, ...], random: np.random.Generator) -> Matrix:
    def square(of: np.ndarray) -> tuple[tuple[float, ...], ...]:
        both = np.clip((of + of.T) / 2, 0, 1)
        np.fill_diagonal(both, 1)
        return tuple(map(tuple, both.tolist()))

    size = len(columns)
    real = random.beta(1, 4, (size, size))
    return Matrix(
        table, columns, square(real), square(real + random.normal(0, 0.07, (size, size))),
        square(1 - random.beta(1, 12, (size, size))),
    )  # fmt: skip


KINDS = "number number label label number moment number label number label".split()


@cache
def content(tables: int = 3, columns: int = 10, seed: int = 7) -> Content:
    """A schema with random numbers."""
    random = np.random.default_rng(seed)
    every = range(columns)
    names = tuple(WORDS[c % 10] + (f"_{c // 10}" if c >= 10 else "") for c in every)
    called = [("customers", "orders", "items")[t] if t < 3 else f"table_{t}" for t in range(tables)]
    drawn = [
        distribution(table, names[c], KINDS[c % 10], random) for table in called for c in every
    ]
    maps = [matrix(table, names, random) for table in called]
    handled = [Handled(d.table, d.column, "", LEARNT, "tree") for d in drawn]
    handled += [
        Handled("customers", "email", "email", ANEW, "made from a pattern"),
        Handled("customers", "phone", "phone", ANEW, "made from a pattern"),
        Handled("customers", "ssn", "national_id", COPIED, "verbatim"),
    ]
    return Content(
        title="shop",
        provenance=provenance(called),
        quality=tuple(rows(drawn, maps, random)),
        privacy=tuple(attacks()),
        distributions=tuple(drawn),
        matrices=tuple(maps),
        meanings=MEANINGS,
        groups=GROUPS,
        columns=tuple(handled),
    )


def rows(
    drawn: list[Distribution], maps: list[Matrix], random: np.random.Generator
) -> Iterator[Metric]:
    """Rows of quality of each kind."""
    for d in drawn:
        name = "tv" if d.kind == "label" else "ks"
        yield row("column", d.table, (d.column,), name, d.similarity, 0.99)
    for t, m in enumerate(maps):
        table, names = m.table, m.columns
        for i in range(len(names)):
            for j in range(i):
                pair = (names[i], names[j])
                yield row("pair", table, pair, "pair", m.similarity[i][j], 0.98)
        auc = 0.52 + 0.05 * t / len(maps)
        yield row("table", table, (), "c2st_auc", auc, 0.503, low=0.50, high=0.56)
        shares = sorted(random.dirichlet(np.ones(min(len(names), 5))), reverse=True)
        for name, share in zip(names, shares, strict=False):
            yield row("column", table, (name,), "gives_away", float(share))
        yield row("table", table, (names[1],), "tstr", 0.922, 0.931)
        if t:
            key = ("customer_id",)
            yield row("parent-child", table, key, "cardinality", 0.992, 0.995)
            yield row("parent-child", table, key, "orphans", 0.0, 0.0)
            yield row("parent-child", table, (*key, "opened"), "lag_correlation", 0.97, 0.99)


def provenance(tables: list[str]) -> Provenance:
    return Provenance(
        model="shop", version=3, method="trees", uuid="5f7c2a0e-93a1-5c3b-8f0e-2b1f5e8f1c11",
        fitted="2026-11-26 18:40:02 UTC", fit_seed=0, seed=7, fingerprint="b7e1" * 16,
        library="0.1.0", duckdb="2.0.1", options={"min_cell": 20}, parts={"program": "c0ffee" * 10},
        rows=dict.fromkeys(tables, (31258, 31258, 7815)),
        holdout="A second model, fitted on 80 % of the families, against the other 20 %.",
    )  # fmt: skip


def attacks(table: str = "customers") -> list[Metric]:
    """What a harmless model scores."""
    return [
        row("privacy", table, (), "exact_copies", 0.0019, 0.0021, low=0.0011, high=0.0027),
        row("privacy", table, (), "membership_auc", 0.506, 0.5, low=0.488, high=0.524),
        row("privacy", table, (), "singling_out", 0.021, 0.018, low=0.011, high=0.034),
        row(
            "privacy",
            table,
            (),
            "linkability",
            0.005,
            0.004,
            low=0.0,
            high=0.012,
            note="500 guesses, 5 neighbours",
        ),
        row(
            "privacy", table, ("income",), "attribute_inference", 0.311, 0.302, low=0.27, high=0.35
        ),
    ]


def private(given: Content) -> Content:
    """The same of a differentially private model."""
    spent = (Spending("fit of shop, version 3", 1.0, 1e-9, 0.0117, "2026-11-26"),)
    promise = Guarantee(
        1.0, 1e-9, "One row of customers with all that refers to it.",
        "Discrete Gaussian noise, counted in zCDP.", ("income: estimated with 5 % of ε",), spent, 3.0,
    )  # fmt: skip
    return replace(given, guarantee=promise)
