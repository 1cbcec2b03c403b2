"""The parts of the page that are facts: guarantee, certificate, meanings, provenance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .content import Content, Guarantee
from .markup import Safe, joined, name, number, tag
from .tables import figure, grid

_ROWS = 12
"""Rows of attacks that a test of the certificate names; the JSON has all."""


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, its heading, what it shows."""

    anchor: str
    heading: str
    body: Safe


def folded(heading: str, body: Safe) -> Safe:
    """A part that is shown when it is asked for; nothing where it is empty."""
    return tag("details", tag("summary", heading), body) if body else Safe("")


def _guarantee(content: Content) -> Section:
    g = content.guarantee
    return Section("guarantee", "Guarantee", Safe("") if g is None else _promise(g))


def _promise(g: Guarantee) -> Safe:
    facts = [
        ("ε", f"{g.epsilon:g}"),
        ("δ", f"{g.delta:g}"),
        ("unit of privacy", g.unit),
        ("mechanism", g.mechanism),
    ]
    facts += [("bounds and domains", b) for b in g.bounds]
    if g.ledger:
        total = sum(s.epsilon for s in g.ledger)
        limit = "no budget set" if g.budget is None else f"budget {g.budget:g}"
        facts.append(("spent on this source", f"ε = {total:g} by plain addition ({limit})"))
    body = [
        tag(
            "tr",
            tag("td", s.what),
            tag("td", s.when),
            figure(s.epsilon),
            tag("td", f"{s.delta:g}", class_="n"),
            figure(s.rho),
        )
        for s in g.ledger
    ]
    heads = [("what", False), ("when", False), ("ε", True), ("δ", True), ("rho (zCDP)", True)]
    return joined([pairs(facts), grid("Ledger of this source", heads, body) if body else ""])


def _certificate(content: Content) -> Section:
    if content.certificate is None:
        return Section("certificate", "Certificate", Safe(""))
    c = content.certificate
    written = json.dumps(c, indent=1, ensure_ascii=False, sort_keys=True)
    hipaa, gdpr, ccpa = (
        c[k] for k in ("hipaa_safe_harbor", "gdpr_recital_26", "ccpa_deidentified")
    )
    parts = [
        tag("p", c["statement"], class_="warned"),
        tag("h3", "HIPAA Safe Harbor: the 18 identifiers"),
        tag("p", hipaa["finding"]),
        _identifiers(hipaa),
        tag("h3", "GDPR recital 26: three tests"),
        pairs([(t["test"], _tested(t)) for t in gdpr["tests"]]),
        tag("h3", "CCPA: deidentified"),
        pairs([(r["requirement"], r["fact"]) for r in ccpa["requirements"]]),
        tag("h3", "Hashes (SHA-256)"),
        pairs([(k, v) for k, v in _hashes(c) if v]),
        folded("The certificate as JSON", tag("pre", written, tabindex=0)),
    ]
    return Section("certificate", "Certificate", joined(parts))


def _identifiers(hipaa: Mapping[str, Any]) -> Safe:
    lines = [(f"({i['letter']})", i["identifier"], i["columns"]) for i in hipaa["identifiers"]]
    lines.append(("", "free text, which may hold any of them", hipaa["free_text"]))
    body = []
    for letter, told, found in lines:
        listed: list[object] = []
        for c in found:
            listed += [name(f"{c['table']}.{c['column']}"), f": {c['made']}", tag("br")]
        cells = (letter, told, joined(listed) if listed else "none found")
        body.append(tag("tr", *(tag("td", cell) for cell in cells)))
    heads = [("", False), ("identifier", False), ("columns", False)]
    return grid("Identifiers of 45 CFR 164.514(b)(2)(i)", heads, body)


def _tested(test: Mapping[str, Any]) -> str:
    if not test["measured"]:
        return "not measured"
    rows = test["rows"][:_ROWS]
    told = [
        f"{'.'.join([r['metric'], r['table'], *r['columns']])} {number(r['score'])} "
        f"(baseline {number(r['baseline'])}): {r['verdict']}"
        for r in rows
    ]
    return "; ".join(told) + ("; …" if len(test["rows"]) > _ROWS else "")


def _hashes(certificate: Mapping[str, Any]) -> list[tuple[object, object]]:
    found = {**certificate["hashes"], "certificate": certificate["sha256"]}
    return [(k.replace("_", " "), tag("code", v)) for k, v in found.items() if isinstance(v, str)]


def _meanings(content: Content) -> Section:
    used = {m.name for m in content.metrics}
    facts = [
        (tag("code", n), content.meanings[n].told) for n in sorted(used) if n in content.meanings
    ]
    return Section("metrics", "What the metrics mean", pairs(facts) if facts else Safe(""))


def _provenance(content: Content) -> Section:
    p = content.provenance
    given = [
        ("model", p.model), ("version", p.version), ("method", p.method), ("fitted", p.fitted),
        ("seed of the fit", p.fit_seed), ("seed of the rows", p.seed), ("uuid", p.uuid),
        ("fingerprint of the source", p.fingerprint), ("the source since the fit", p.changed),
        ("baseline", p.holdout), ("genesis_sql", p.library), ("DuckDB", p.duckdb),
        ("options", _written(p.options)),
    ]  # fmt: skip
    facts: list[tuple[object, object]] = [(k, v) for k, v in given if v not in (None, "")]
    facts += [(f"hash of {k}", v) for k, v in p.parts.items()]
    heads = [("table", False), ("real rows", True), ("synthetic", True), ("held out", True)]
    sizes = [
        tag("tr", tag("td", name(t)), *(figure(n) for n in counts)) for t, counts in p.rows.items()
    ]
    body = joined(
        [pairs(facts) if facts else "", grid("Rows of each table", heads, sizes) if sizes else ""]
    )
    return Section("provenance", "Provenance", body)


def _written(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), ensure_ascii=False, default=str) if options else ""


def pairs(facts: Iterable[tuple[object, object]]) -> Safe:
    """Names with what they are."""
    return tag("dl", *(joined([tag("dt", k), tag("dd", v)]) for k, v in facts if v != ""))


FACTS = (_guarantee, _certificate, _meanings, _provenance)
"""In the order of the page."""
