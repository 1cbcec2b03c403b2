"""One page that needs nothing else: no network, no code but its own, readable without any."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from .content import Content
from .facts import Section
from .markup import Safe, joined, name, tag
from .sections import attention, sections
from .verdict import Verdict, verdict

GENERATOR = "genesis_sql report"
"""What a page says of itself, so that only pages like it are written over."""


def page(content: Content) -> str:
    """The report as HTML.

    Args:
        content: what was measured.

    Returns:
        A whole document. Its policy forbids every request and every script and style but its own.
    """
    found, parts = verdict(content), sections(content)
    style, script = _asset("page.css"), _asset("page.js")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="generator", content=GENERATOR),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", f"{content.title}: quality and privacy of synthetic data"),
        tag("style", style),
    )
    main = tag("main", _first(content, found), *map(_section, parts), id="top")
    body = tag("body", _contents(parts), main, tag("script", script))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _asset(file: str) -> Safe:
    return Safe(files("genesis_sql.report").joinpath(file).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    allowed = " ".join(
        f"{kind}-src '{_digest(what)}';" for kind, what in (("style", style), ("script", script))
    )
    return f"default-src 'none'; {allowed} base-uri 'none'; form-action 'none'"


def _digest(given: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(given.encode()).digest()).decode()


def _contents(parts: list[Section]) -> Safe:
    links = [tag("li", tag("a", s.heading, href=f"#{s.anchor}")) for s in parts]
    search = tag(
        "label",
        tag("span", "Find a column or table"),
        tag("input", type="search", id="find", autocomplete="off"),
        tag("output", id="found", for_="find"),
        id="search",
        hidden=True,
    )
    return tag(
        "nav", tag("a", "Verdict", href="#top"), tag("ul", *links), search, aria_label="Contents"
    )


def _first(content: Content, found: Verdict) -> Safe:
    p = content.provenance
    version = f" · version {p.version}" if p.version is not None else ""
    seed = f" · seed {p.seed}" if p.seed is not None else ""
    counts = [
        ("pass", found.passed), ("warn", found.warned), ("fail", found.failed),
        ("told only", found.told), ("not measured", found.unmeasured),
    ]  # fmt: skip
    shown = [
        tag("span", tag("b", f"{n:,}"), f" {word}", class_=word.split()[0])
        for word, n in counts
        if n
    ]
    lead, rest = found.sentences[0], found.sentences[1:]
    failing = attention(content)
    return tag(
        "header",
        tag("h1", name(content.title)),
        tag("p", f"Quality and privacy of synthetic data{version}{seed}", class_="soft"),
        tag("p", p.changed, class_="warned") if p.changed else "",
        tag(
            "p",
            tag("strong", found.word, class_=f"badge {found.status}"),
            " ",
            lead,
            class_="lead",
        ),
        *(tag("p", sentence) for sentence in rest),
        tag("p", *shown, class_="counts") if shown else "",
        joined([tag("h2", "What fails or warns"), failing]) if failing else "",
    )


def _section(s: Section) -> Safe:
    return tag(
        "section",
        tag("h2", s.heading, id=f"{s.anchor}-h"),
        s.body,
        id=s.anchor,
        aria_labelledby=f"{s.anchor}-h",
    )
