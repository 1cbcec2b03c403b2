"""The stages of a row's life, by the words of names: of moments, and of states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genesis_sql.drafts.words import stems


@dataclass(frozen=True)
class Stage:
    """Moments of one kind.

    Attributes:
        told: words of names.
        days: mean days after the moment before it.
        missing: share of rows without one, where it may be NULL and no state decides.
        side: it is no step of a course: no moment but an end follows it.
        end: it is one that leads out of a course; the last change follows it.
    """

    told: tuple[str, ...]
    days: float
    missing: float = 0.0
    side: bool = False
    end: bool = False


STAGES = (
    Stage(("crea", "adde", "regi", "sign", "join", "open", "plac", "orde", "issu", "invo", "hire",
           "subm", "requ", "book", "inse", "repo", "file"), 30),
    Stage(("star", "begi", "from", "admi", "sche", "depa", "effe", "vali", "chec"), 10),
    Stage(("conf", "acce", "appr", "assi", "veri"), 1, 0.1),
    Stage(("paid", "char", "bill"), 2, 0.1),
    Stage(("proc", "pack", "prep", "pick"), 1, 0.15),
    Stage(("ship", "disp", "sent", "fulf"), 2, 0.2),
    Stage(("deli", "arri", "rece"), 4, 0.25),
    Stage(("comp", "fini", "clos", "reso", "end", "ende", "unti", "disc", "to", "out", "publ",
           "done"), 7, 0.25),
    Stage(("due", "dead", "expe"), 21, 0.0, side=True),
    Stage(("last",), 40),
    Stage(("expi", "rene"), 365, 0.1, side=True),
    Stage(("canc", "refu", "retu", "reje", "void", "fail", "term", "dele", "remo", "arch", "bloc",
           "deac", "lost", "dece", "deat", "died"), 20, 0.9, side=True, end=True),
    Stage(("upda", "modi", "chan", "edit"), 40),
)  # fmt: skip
"""In the order in which they come to a row; words by their first letters, see `stems`."""
START, END, DUE, EXPIRY, EXIT = 1, 7, 8, 10, 11
"""Places in it: of a begin and an end, of what is planned, of what leads out of a course."""
BY_MEANING = {
    "created_at": 0, "start_time": 1, "due_time": 8, "end_time": 7, "updated_at": 12,
    "deleted_at": 11,
}  # fmt: skip
OTHER = Stage((), 5, 0.05)


def place_of(name: str) -> int | None:
    """The stage that a name speaks of, the latest where there are several.

    Example:
        >>> place_of("order_date"), place_of("order_shipped_at"), place_of("colour")
        (0, 5, None)
    """
    told = set(stems(name))
    found = [at for at, stage in enumerate(STAGES) if told & set(stage.told)]
    return found[-1] if found else None


def place_beside(name: str, moments: Sequence[str]) -> int | None:
    """The stage that a name speaks of because of others beside it; None where they say nothing.

    A guest arrives before the departure, as the table lists it; what is lent is mostly returned; an
    end follows the cancellation.

    Example:
        >>> place_beside("departure", ["arrival", "departure"])
        7
    """
    told = set(stems(name))
    known = [(at, stem) for at, other in enumerate(moments) for stem in stems(other)]
    come = min((at for at, stem in known if stem == "arri"), default=None)
    gone = min((at for at, stem in known if stem == "depa"), default=None)
    if come is not None and gone is not None and come < gone and told & {"arri", "depa"}:
        return START if "arri" in told else END
    beside = {stem for _, stem in known}
    if "retu" in told and beside & {"due", "rent", "borr", "loan", "pick"}:
        return END
    return EXIT if "ende" in told and "canc" in beside else None
