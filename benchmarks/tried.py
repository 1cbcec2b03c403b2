"""What was tried where the benchmark `relational` does not reach a number, and what it gave.

Each entry belongs to the lines of one part; its sentences are printed while one of them fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.report import Line

POWER = (
    "Power: 235 real accounts a side; the referee's seeds differ by .03, the generator's by .01 "
    "to .02. With 4,500 real and 7,200 synthetic accounts the AUC is .66: what is left is spread "
    "over all tables (amounts .56, dates .53, balances .53, orders with trans .65, with loan .58)."
)
TRIED: Mapping[str, Sequence[str]] = {
    "berka_acc": (
        "Aggregates, helped: totals within bounds and hot days (.70 to .61), summaries only where "
        "rows dealt anew do not give them (.609 to .575), the set of kinds that a family has (.671 "
        "to .661 with 4,500 real accounts).",
        "Aggregates, did not help: gaps or dates without pace, the numbers of the row before or of "
        "the last of its kind as inputs, balances bounded by account, cells of 20, whole families "
        "held out for all columns, a stricter or laxer test of summaries (.58 to .61), sets of "
        "labels per column (.568 over two seeds), a kind that is still to come counted as long ago "
        "(sets right, dates wrong: .58), the same only where it is late (.581), counts of other "
        "child tables as inputs of every row (.661 to .656, but joins .534 to .542), the columns "
        "of a loan as summaries of its account (.577).",
        "Aggregates, not tried: a flag for amounts that repeat the last of their kind (standing "
        "orders do).",
        "Pairs: the sampling noise of the accounts themselves, whose holdout has .807; drawing the "
        "roots evenly instead of independently was not tried.",
        POWER,
    ),
    "berka": (
        "Aggregates: as for berka_acc, and the tables disp, card and client; one row of client per "
        "row of disp is chosen like any further parent (not tried: merging the two).",
        "share_full of account: its two scored columns are discrete, so ties decide; real accounts "
        "scored as if synthetic against the rest were .042 and .048 above the expected share, too.",
    ),
    "flights": (
        "Weather: cells of 20, 10 or 6 rows give .630, .604 and .576 for the table alone, the last "
        "with a nearness that just holds; regression where a number is nearly a function .597 "
        "instead of .615, but it raises totals of small groups by 10 to 15 %.",
    ),
}


def of(part: str, lines: Sequence[Line]) -> Sequence[str]:
    """The sentences for a part of which some line fails."""
    if not any(line.failed for line in lines):
        return ()
    return tuple(f"{part}: {sentence}" for sentence in TRIED.get(part, ()))
