"""All attacks on a set of synthetic tables, table by table."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_sql.errors import SourceError
from genesis_sql.evaluate.measures import Measure, Metric
from genesis_sql.evaluate.sides import Sides, measured
from genesis_sql.introspect.query import ask
from genesis_sql.privacy import copies, inference, membership, nearness, outliers, singling
from genesis_sql.privacy.chance import unmeasured
from genesis_sql.privacy.rows import Rows, read_rows
from genesis_sql.privacy.sensitive import Attacked, choose
from genesis_sql.types import Table

METRICS: tuple[Measure, ...] = (
    *copies.METRICS,
    *nearness.METRICS,
    *outliers.METRICS,
    *membership.METRICS,
    *inference.METRICS,
    *singling.METRICS,
)

LEAST = 20
"""Rows of a side below which only copies are counted."""


def audit(
    sides: Sides, sensitive: Sequence[str] | None = None, known: Sequence[str] | None = None
) -> list[Metric]:
    """Attack synthetic tables; each number stands beside what rows held out score.

    Args:
        sides: the tables.
        sensitive: columns whose values an attacker is after, 'income' or 'table.column'; None: up
            to three labels of each table are chosen.
        known: columns that he knows; None: all the others.

    Raises:
        OptionError: there is no such column.
        SourceError: a synthetic table has no rows, or there is nothing to compare.
    """
    attacked = choose(sides.tables, sensitive, known)
    out: list[Metric] = []
    tables = [t for t in sides.tables if measured(t) or attacked[t.name].named]
    for at, table in enumerate(tables):
        sides.progress(f"attacking {table.name}", at / len(tables))
        real, made = (_size(sides, s[table.name], table) for s in (sides.real, sides.synthetic))
        if real and not made:
            message = (
                f"the synthetic table '{table.name}' has no rows, so nothing can be measured; "
                f"generate some, as in CALL genesis_generate_database(…, target := '…')"
            )
            raise SourceError(message)
        if real:
            out += _table(sides, table, attacked[table.name], min(real, made))
    if not out:
        message = (
            "there is nothing to compare: no table has rows and a column other than keys, free "
            "text and identifiers; name one with sensitive := ['…']"
        )
        raise SourceError(message)
    return out


def _size(sides: Sides, source: str, table: Table) -> int:
    about = f"the rows of '{table.name}'"
    return int(ask(sides.con, "SELECT count(*) FROM $source", about=about, source=source)[0][0])


def _table(sides: Sides, table: Table, attacked: Attacked, fewest: int) -> list[Metric]:
    """All rows of one table."""
    out = [copies.copied_values(sides, table, c) for c in attacked.named]
    if not measured(table):
        return out
    out.insert(0, copies.copies(sides, table))
    if table.verbatim:
        return out
    if fewest < LEAST:
        why = f"fewer than {LEAST} rows: only copies are counted"
        return [*out, unmeasured(membership.AUC, table.name, why)]
    rows = read_rows(sides, table)
    return [
        *out,
        *nearness.nearness(rows, table.name),
        *outliers.outliers(rows, table.name),
        *membership.membership(rows, table.name),
        *_guesses(rows, table.name, attacked),
        *inference.linkability(rows, table.name),
        *singling.singling_out(rows, table.name),
    ]


def _guesses(rows: Rows, table: str, attacked: Attacked) -> list[Metric]:
    """Attribute inference of each sensitive column."""
    out: list[Metric] = []
    for name in attacked.sensitive:
        place = rows.names.index(name)
        others = [i for i, n in enumerate(rows.names) if i != place]
        known = [i for i in others if attacked.known is None or rows.names[i] in attacked.known]
        if not known:
            why = "no other column of this table is known: name some with known := ['…']"
            out.append(unmeasured(inference.GUESS_RISK, table, why, (name,)))
            continue
        out += inference.guessing(rows, table, place, known, attacked.why)
    if not attacked.sensitive and not attacked.named:
        why = "no column of this table is sensitive: name some with sensitive := ['…']"
        out.append(unmeasured(inference.GUESS_RISK, table, why))
    return out
