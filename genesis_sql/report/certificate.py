"""What was measured and guaranteed, as facts in JSON with hashes; no opinion on any law.

Sources: HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(A)-(R); GDPR recital 26 with the three tests of
the Article 29 Working Party's opinion 05/2014 (WP216) on anonymisation; California Civil Code
1798.140(m), "deidentified".
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from genesis_sql.errors import IntegrityError
from genesis_sql.evaluate.measures import FAIL, INFO, PASS, WARN, Metric

from .content import LEARNT, Content, Guarantee, Handled
from .identifiers import FREE_TEXT, IDENTIFIERS, letter_of

FORMAT = 1
"""Version of the JSON; a key never changes its meaning within one."""
STATEMENT = (
    "This lists what was measured and what holds by construction. It is no legal opinion and no "
    "stamp: whether data are anonymous or de-identified in law depends on more than is shown here."
)
FINDING = (
    "Columns were looked for by name and content. That none was found for an identifier is no "
    "proof that there is none."
)
UNSEEN = (
    "A differentially private fit does not look for personal data, since that would be looking at "
    "rows: nothing is known of these identifiers here."
)
_TESTS = {
    "singling out": "Can one person's record be isolated?",
    "linkability": "Can two records of one person be linked?",
    "inference": "Can a value of a person be deduced from the others?",
}
_COPIES = ("membership", "cop", "memor")
"""Parts of names of metrics that say whether rows of the source come back."""


def certificate(content: Content, issued: str = "") -> dict[str, Any]:
    """The facts about a model, ready for JSON.

    Args:
        content: what was measured; `columns` says how each column is handled.
        issued: when, as text; left out of the JSON where it is empty.

    Raises:
        IntegrityError: nothing was measured and nothing was spent on a guarantee.
    """
    executed = [m for m in content.metrics if _executed(m)]
    g = content.guarantee
    if not executed and not (g and g.ledger):
        message = (
            f"no measurement of '{content.title}' was executed, so there is nothing to certify; "
            f"run genesis_quality and genesis_privacy on it first"
        )
        raise IntegrityError(message)
    attacks = [m for m in content.privacy if _executed(m)]
    facts: dict[str, Any] = {
        "format": FORMAT,
        "statement": STATEMENT,
        "subject": _subject(content),
        "measured": {
            **{v: sum(m.verdict == v for m in executed) for v in (PASS, WARN, FAIL, INFO)},
            "not_measured": len(content.metrics) - len(executed),
            "quality": [_row(m) for m in content.quality if _executed(m)],
            "privacy": [_row(m) for m in attacks],
        },
        "guaranteed": None if g is None else _guaranteed(g),
        "hipaa_safe_harbor": _hipaa(content),
        "gdpr_recital_26": _gdpr(attacks, g),
        "ccpa_deidentified": _ccpa(attacks, g),
        "hashes": _hashes(content),
    }
    if issued:
        facts["issued"] = issued
    return {**facts, "sha256": digest(facts)}


def _executed(m: Metric) -> bool:
    return m.score is not None and m.n > 0


def intact(given: Mapping[str, Any]) -> bool:
    """Whether a certificate still is what was issued: its own hash fits the rest of it."""
    rest = {k: v for k, v in given.items() if k != "sha256"}
    return given.get("sha256") == digest(rest)


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON: keys sorted, no spaces, UTF-8.

    Example:
        >>> digest({"b": 1, "a": [None]}) == digest({"a": [None], "b": 1})
        True
    """
    written = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return hashlib.sha256(written.encode("ascii")).hexdigest()


def _subject(content: Content) -> dict[str, Any]:
    p = content.provenance
    sizes = ("real", "synthetic", "held_out")
    return {
        "title": content.title,
        "model": p.model,
        "version": p.version,
        "method": p.method,
        "uuid": p.uuid,
        "fitted": p.fitted,
        "fit_seed": p.fit_seed,
        "seed": p.seed,
        "library": p.library,
        "duckdb": p.duckdb,
        "source_changed": p.changed,
        "baseline": p.holdout,
        "rows": {table: dict(zip(sizes, n, strict=True)) for table, n in p.rows.items()},
        "options": json.loads(json.dumps(dict(p.options), default=str)),
    }


def _hashes(content: Content) -> dict[str, Any]:
    p = content.provenance
    return {
        "model": digest({"uuid": p.uuid, "parts": dict(p.parts)}),
        "parts": dict(p.parts),
        "source_fingerprint": digest(p.fingerprint) if p.fingerprint else None,
        "measurements": digest([_row(m) for m in content.metrics]),
    }


def _row(m: Metric) -> dict[str, Any]:
    return {
        "scope": m.scope,
        "table": m.table,
        "columns": list(m.columns),
        "metric": m.name,
        "score": _finite(m.score),
        "baseline": _finite(m.baseline),
        "low": _finite(m.low),
        "high": _finite(m.high),
        "n": m.n,
        "verdict": m.verdict,
        "note": m.note,
    }


def _finite(value: float | None) -> float | None:
    """JSON has no infinity and no NaN."""
    return None if value is None or not math.isfinite(value) else float(value)


def _guaranteed(g: Guarantee) -> dict[str, Any]:
    return {
        "epsilon": g.epsilon,
        "delta": g.delta,
        "unit": g.unit,
        "mechanism": g.mechanism,
        "bounds": list(g.bounds),
        "budget": g.budget,
        "ledger": [
            {"what": s.what, "epsilon": s.epsilon, "delta": s.delta, "rho": s.rho, "when": s.when}
            for s in g.ledger
        ],
    }


def _hipaa(content: Content) -> dict[str, Any]:
    found: dict[str, list[Handled]] = {}
    for column in _personal(content):
        found.setdefault(letter_of(column.kind), []).append(column)
    rows = [
        {
            "letter": letter,
            "identifier": told,
            "columns": [_handled(c) for c in found.get(letter, [])],
        }
        for letter, told in IDENTIFIERS.items()
    ]
    texts = [_handled(c) for c in content.columns if c.kind in FREE_TEXT]
    return {
        "source": "45 CFR 164.514(b)(2)(i)(A)-(R)",
        "finding": FINDING if content.guarantee is None else UNSEEN,
        "columns_looked_at": len(content.columns) if content.guarantee is None else 0,
        "identifiers": rows,
        "free_text": texts,
    }


def _personal(content: Content) -> list[Handled]:
    """Columns with a kind of personal data, and dates: those are known by their type."""
    found = [c for c in content.columns if c.kind and c.kind not in FREE_TEXT]
    named = {(c.table, c.column) for c in found}
    made = {(c.table, c.column): c for c in content.columns}
    for d in content.distributions:
        at = (d.table, d.column)
        if d.kind == "moment" and at not in named:
            known = made.get(at, Handled(*at, "", LEARNT))
            found.append(Handled(*at, "date", known.made, known.how))
    return found


def _handled(c: Handled) -> dict[str, str]:
    return {"table": c.table, "column": c.column, "kind": c.kind, "made": c.made, "how": c.how}


def tested_by(metric: str) -> str | None:
    """The test of recital 26 that a metric speaks to, by its name.

    Example:
        >>> [tested_by(m) for m in ("singling_out_alone", "attribute_inference", "exact_copies")]
        ['singling out', 'inference', None]
    """
    name = metric.lower()
    if "singl" in name:
        return "singling out"
    if "link" in name:
        return "linkability"
    inferred = ("attribute" in name or "inference" in name) and "membership" not in name
    return "inference" if inferred else None


def _gdpr(attacks: Sequence[Metric], g: Guarantee | None) -> dict[str, Any]:
    tests = []
    for test, question in _TESTS.items():
        rows = [_row(m) for m in attacks if tested_by(m.name) == test]
        tests.append({"test": test, "question": question, "measured": bool(rows), "rows": rows})
    others = [_row(m) for m in attacks if any(part in m.name for part in _COPIES)]
    return {
        "source": "GDPR recital 26; Article 29 Working Party, opinion 05/2014 (WP216)",
        "tests": tests,
        "also_measured": others,
        "guarantee": None if g is None else {"epsilon": g.epsilon, "delta": g.delta},
    }


def _ccpa(attacks: Sequence[Metric], g: Guarantee | None) -> dict[str, Any]:
    judged = [m for m in attacks if m.verdict != INFO]
    failed = [m for m in judged if m.verdict == FAIL]
    measured = (
        f"{len(judged)} checks of privacy were run, {len(failed)} failed."
        if judged
        else "No attack was measured."
    )
    promised = "" if g is None else f" Guaranteed: epsilon {g.epsilon:g}, delta {g.delta:g}."
    theirs = "An act of the business that holds the data; nothing here can measure it."
    said = {
        "cannot reasonably be used to infer information about, or be linked to, a consumer": (
            measured + promised
        ),
        "(1) reasonable measures against association with a consumer or household": theirs,
        "(2) a public commitment to keep it deidentified and not to reidentify": theirs,
        "(3) a contract that obliges every recipient to the same": theirs,
    }
    requirements = [{"requirement": k, "fact": v} for k, v in said.items()]
    return {"source": "California Civil Code 1798.140(m)", "requirements": requirements}
