"""What a benchmark says: lines of our number, what it must be, the peers; a table, and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Value = float | int | str | None
NOT_MEASURED = "not measured"
"""In the place of a number that this machine cannot give: neither kept nor missed."""


@dataclass(frozen=True)
class Must:
    """A bound on a number: 'most' and 'least', each None where there is none."""

    least: float | None = None
    most: float | None = None

    def holds(self, value: Value) -> bool:
        """Whether a number keeps the bound; a missing one does not."""
        if not isinstance(value, int | float):
            return False
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        if self.least is not None and self.most is not None:
            return f"{shown(self.least)} – {shown(self.most)}"
        return f"≥ {shown(self.least)}" if self.least is not None else f"≤ {shown(self.most)}"


@dataclass(frozen=True)
class Line:
    """One row of the table.

    Attributes:
        name: what is measured, with its unit.
        ours: our number.
        must: what it has to be; None for a line that only informs.
        peers: the same number of others, by name.
    """

    name: str
    ours: Value
    must: Must | None = None
    peers: Mapping[str, Value] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether there is a bound and it is not kept."""
        return self.holds is False

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None where there is none, or no number."""
        if self.must is None or self.ours == NOT_MEASURED:
            return None
        return self.must.holds(self.ours)


@dataclass(frozen=True)
class Report:
    """The outcome of a benchmark; ``detail`` holds everything that was measured."""

    title: str
    lines: Sequence[Line]
    machine: Mapping[str, Value]
    notes: Sequence[str] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """Names of the lines whose bound is not kept."""
        return [line.name for line in self.lines if line.failed]

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "title": self.title,
            "machine": dict(self.machine),
            "lines": [
                {
                    "name": line.name,
                    "ours": line.ours,
                    "must": None if line.must is None else vars(line.must),
                    "holds": line.holds,
                    "peers": dict(line.peers),
                }
                for line in self.lines
            ],
            "notes": list(self.notes),
            "detail": dict(self.detail),
        }


def shown(value: Value) -> str:
    """A number as people read it.

    Example:
        >>> shown(0.51234), shown(361234.5), shown(12.345), shown(None)
        ('.512', '361,234', '12.3', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    if abs(value) >= 1:
        return f"{value:.2f}"
    digits = f"{value:.4f}" if 0 < abs(value) < 0.1 else f"{value:.3f}"
    return digits.replace("0.", ".", 1)


def render(report: Report) -> str:
    """A report as a Markdown table with the machine under it."""
    peers = list(dict.fromkeys(name for line in report.lines for name in line.peers))
    head = ["", "genesis_sql", "must", "", *peers]
    rows = [
        [
            line.name,
            shown(line.ours),
            "" if line.must is None else str(line.must),
            {True: "yes", False: "no", None: ""}[line.holds],
            *(shown(line.peers[p]) if p in line.peers else "" for p in peers),
        ]
        for line in report.lines
    ]
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    text = [f"## {report.title}", "", _row(head, widths), _row(["-" * w for w in widths], widths)]
    text += [_row(r, widths) for r in rows]
    machine = ", ".join(f"{k} {shown(v)}" for k, v in report.machine.items())
    return "\n".join([*text, "", f"Machine: {machine}.", *(f"- {n}" for n in report.notes)])


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"
