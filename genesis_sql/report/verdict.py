"""The first sentence of a report, out of the verdicts on its rows; none measured is a failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from genesis_sql.evaluate.measures import FAIL, INFO, PASS, WARN, Measure, Metric

from .content import Content, Guarantee
from .markup import number

_DETECTED = {
    PASS: "A classifier hardly tells synthetic rows from real ones",
    WARN: "A classifier tells synthetic rows from real ones better than it should",
    FAIL: "A classifier tells synthetic rows from real ones",
    INFO: "A classifier tried to tell synthetic rows from real ones",
}
_HARDLY = 0.65
"""An AUC above it is not called hardly telling, even where real rows score the same."""
_NAMED = 3
"""Failed checks that the sentence names."""


@dataclass(frozen=True)
class Verdict:
    """What a reader has to know first.

    Attributes:
        status: 'pass', 'warn' or 'fail'; 'fail' where nothing was judged, at best 'warn' where
            privacy is neither measured nor guaranteed.
        word: the same for a reader.
        sentences: of plain text.
        passed, warned, failed, told, unmeasured: how many rows; told ones have no verdict.
    """

    status: str
    word: str
    sentences: tuple[str, ...]
    passed: int = 0
    warned: int = 0
    failed: int = 0
    told: int = 0
    unmeasured: int = 0


def verdict(content: Content) -> Verdict:
    """Judge what was measured."""
    rows = content.metrics
    measured = [m for m in rows if m.score is not None]
    by = {v: [m for m in measured if m.verdict == v] for v in (PASS, WARN, FAIL, INFO)}
    counts = {
        "passed": len(by[PASS]),
        "warned": len(by[WARN]),
        "failed": len(by[FAIL]),
        "told": len(by[INFO]),
        "unmeasured": len(rows) - len(measured),
    }
    judged = counts["passed"] + counts["warned"] + counts["failed"]
    promised = _promised(content.guarantee)
    if not judged:
        nothing = (
            "Nothing was measured" if not measured else "Nothing that was measured has a verdict"
        )
        return Verdict(
            FAIL,
            "Nothing measured",
            (f"{nothing}: this report shows no quality and no privacy.", *promised),
            **counts,
        )
    sentences = [*_detected(measured), _counted(content.meanings, by, counts["unmeasured"])]
    sentences += [_privacy(content), *promised]
    unknown = content.guarantee is None and not _judged(content.privacy)
    if by[FAIL]:
        return Verdict(FAIL, "Fail", tuple(sentences), **counts)
    if unknown:
        return Verdict(WARN, "Privacy not measured", tuple(sentences), **counts)
    status, word = (WARN, "Pass, with warnings") if by[WARN] else (PASS, "Pass")
    return Verdict(status, word, tuple(sentences), **counts)


def _judged(rows: Iterable[Metric]) -> list[Metric]:
    return [m for m in rows if m.score is not None and m.verdict != INFO]


def _detected(measured: Iterable[Metric]) -> list[str]:
    """The classifier that tells best, of those that looked at whole tables."""
    found = [m for m in measured if is_c2st(m)]
    if not found:
        return []
    worst = min(found, key=lambda m: (rank(m), -excess(m)))
    told = _DETECTED[worst.verdict]
    if worst.verdict == PASS and (worst.score or 0.0) > _HARDLY:
        told = (
            "A classifier tells synthetic rows from real ones no better than real ones from others"
        )
    real = "" if worst.baseline is None else f"; real against real {number(worst.baseline)}"
    where = f", worst {called(worst)}" if len(found) > 1 else ""
    return [f"{told} (AUC {number(worst.score)}{where}{real})."]


def excess(m: Metric) -> float:
    """How far an AUC lies above what real rows score against each other."""
    return (m.score or 0.0) - max(0.5, m.baseline or 0.5)


def is_c2st(m: Metric) -> bool:
    """Whether a row is the area under the curve of a classifier that tells real from synthetic."""
    return m.name.startswith("c2st") and "auc" in m.name and m.scope not in ("column", "pair")


def _counted(
    meanings: Mapping[str, Measure], by: Mapping[str, list[Metric]], unmeasured: int
) -> str:
    failed, warned = by[FAIL], by[WARN]
    judged = len(failed) + len(warned) + len(by[PASS])
    checks = f"{judged:,} check{'s' * (judged != 1)}"
    rest = f"; {unmeasured:,} could not be measured" if unmeasured else ""
    if not failed and not warned:
        return f"{'The one check passes' if judged == 1 else f'All {checks} pass'}{rest}."
    if not failed:
        return f"None of {checks} fails, {len(warned):,} warn{'s' * (len(warned) == 1)}{rest}."
    named = _named(failed, meanings)
    also = f", {len(warned):,} warn{'s' * (len(warned) == 1)}" if warned else ""
    fail = "fails" if len(failed) == 1 else "fail"
    return f"{len(failed):,} of {checks} {fail}{also}{rest}: {named}"


def _named(failed: Sequence[Metric], meanings: Mapping[str, Measure]) -> str:
    first = "; ".join(called(m) for m in worst_first(failed, meanings)[:_NAMED])
    return f"{first}; …" if len(failed) > _NAMED else f"{first}."


_RANK = {FAIL: 0, WARN: 1, PASS: 2}


def worst_first(
    rows: Iterable[Metric], meanings: Mapping[str, Measure] = MappingProxyType({})
) -> list[Metric]:
    """Failed rows, then warned, passed and told ones; in each, those furthest behind first.

    Args:
        rows: to sort.
        meanings: say what is ideal, for rows without a baseline.
    """

    def behind(m: Metric) -> float:
        ideal = meanings[m.name].ideal if m.name in meanings else None
        wanted = ideal if m.baseline is None else m.baseline
        return 0.0 if m.score is None or wanted is None else abs(m.score - wanted)

    return sorted(rows, key=lambda m: (rank(m), -behind(m)))


def rank(m: Metric) -> int:
    """Failed rows have 0, warned ones 1, passed ones 2, others 3."""
    return _RANK.get(m.verdict, 3)


def called(m: Metric) -> str:
    """A row in words: metric and place."""
    place = ".".join(p for p in (m.table, " × ".join(m.columns)) if p)
    return f"{m.name} of {place}" if place else m.name


def _privacy(content: Content) -> str:
    judged, guarantee = _judged(content.privacy), content.guarantee
    if not judged:
        return "No attack on privacy was measured." if guarantee is None else "No attack was run."
    failed = [m for m in judged if m.verdict == FAIL]
    if failed:
        named = _named(failed, content.meanings)
        return f"{len(failed)} of {len(judged)} privacy checks fail: {named}"
    warned = sum(m.verdict == WARN for m in judged)
    if warned:
        return f"No privacy check fails, {warned} of {len(judged)} warn."
    return f"All {len(judged)} privacy checks lie where rows that were held out lie."


def _promised(guarantee: Guarantee | None) -> list[str]:
    if guarantee is None:
        return []
    unit = f" {guarantee.unit}" if guarantee.unit else ""
    return [
        f"Guaranteed by construction: ε = {guarantee.epsilon:g}, δ = {guarantee.delta:g}.{unit}"
    ]
