"""Columns in time: moments counted from others, siblings one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from sqlglot import exp

from genesis_sql.models.family import Ties, whole
from genesis_sql.models.frame import Coded, coded
from genesis_sql.models.gaps import Gap, gap_to, holds, hot_days, parts, tight, unit
from genesis_sql.models.grow import Grown
from genesis_sql.models.learnt import Drawn, FitOptions, Learnt
from genesis_sql.models.load import Loaded
from genesis_sql.models.order import entropy
from genesis_sql.models.running import Running
from genesis_sql.models.siblings import (
    Siblings,
    ago,
    before,
    kind_columns,
    kind_step,
    siblings_matter,
)
from genesis_sql.models.telling import TELLS, telling
from genesis_sql.models.variety import flags
from genesis_sql.program.domain import Categories, Grid, Raw
from genesis_sql.program.steps import (
    KIND,
    PARENT,
    PAST,
    PREV,
    Either,
    Following,
    Formula,
    Lookup,
)
from genesis_sql.sqlbuild import column as column_node
from genesis_sql.sqlbuild import text

CALENDAR = ("month", "day", "days left", "weekday", "minute of day")
SHARES = 1024  # of the pace, in which gaps are counted
FINE = 64  # parts of a raw number in which the pace is counted
FARTHEST = 0.995  # quantile of the distance to a hot day that is still believed
YES = Categories("VARCHAR", ("1", "2"))
"""Labels of a flag: code 1 means yes."""


class Timed(Grown):
    """A table with what its columns are counted from, and its rows among their siblings.

    Attributes:
        kinds: the labels that make the kind of a row.
        kind: the kinds of the rows; None where nothing is known of earlier rows.
        later: what is known of earlier rows once the moment is there.
    """

    def __init__(
        self,
        tables: Mapping[str, Loaded],
        bonds: Mapping[str, Ties],
        learnt: dict[str, Learnt],
        name: str,
        options: FitOptions,
    ) -> None:
        super().__init__(tables, bonds, learnt, name, options)
        self.kinds: tuple[str, ...] = ()
        self.kind: Coded | None = None
        self.later: list[Coded] = []
        self.inputs += [part for c in list(self.inputs) for part in self.calendar(c)]
        may = flags(name, self.context)
        self.add_once([step for step, _ in may])
        self.domains |= {c.name: c.domain for _, c in may}
        self.inputs += [c for _, c in may]
        known = options.siblings and self.family is not None
        if known and self.family is not None and siblings_matter(self.family):
            self._begin_siblings(self.family)

    # siblings

    def _begin_siblings(self, family: Siblings) -> None:
        """What a row knows of the rows before it: the last one, and how long ago each kind was.

        Nothing, where that tells nothing: then rows are drawn independently of each other.
        """
        told = {n: c for n, c in self.open.items() if not c.numeric or n in self._steady(family)}
        self.past = before(told, family.previous)
        self.kinds = kind_columns(self.open, list(self.open))
        if self.kinds:
            order = sorted(self.kinds, key=lambda c: (entropy(self.own[c]), c))
            self.kind_step, self.kind = kind_step([self.own[c] for c in order])
            moment = family.moment if self._ordering(family.moment) else None
            timed = self.own[moment] if moment is not None else None
            rows, past, self.later = ago(self.kind, family, self.parent_row(), timed)
            self.past += [*rows, *past]
        if self.running is None and not self._telling(family):
            self.past, self.kinds, self.kind, self.later = [], (), None, []

    def _steady(self, family: Siblings) -> tuple[str | None, ...]:
        """Numbers that a row knows of the row before: what goes on from there.

        Others made the generated rows drift away from the source: trees that ask for the amount
        before are sure of what holds only along the paths that the source has taken.
        """
        return (family.moment, self.running.total if self.running is not None else None)

    def _telling(self, family: Siblings) -> bool:
        """Whether the rows before tell something of a row that its parent does not tell."""
        later = [c for n, c in self.open.items() if n != family.moment]
        inputs = [
            *self.context,
            *([self.open[family.moment]] if family.moment in self.open else []),
        ]
        past = [c for c in self.past if not c.name.startswith(f"{PAST}.")] + self.later
        order = self.sample(family.count > 1)
        found = telling(later, inputs, past, self.parent_row(), order)
        return found >= TELLS

    def _ordering(self, column: str | None) -> bool:
        """Whether a column is the moment that orders siblings, in every row."""
        family = self.family
        return (
            family is not None
            and column is not None
            and column == family.moment
            and column in self.open
            and bool(self.past)
            and bool((self.own[column].rank > 0).all())
        )

    def order_siblings(self, column: str) -> None:
        """Once the moment is there, tell how long ago; once the labels are, tell the kind."""
        family = self.family
        if family is None or self.kind is None:
            return
        if self._ordering(column):
            passed = (f"{PAST}.", f"{PREV}.{column}")
            self.past = [c for c in self.past if not c.name.startswith(passed)] + self.later
        if column in self.kinds and all(self._known(c) for c in self.kinds):
            self.middle.append(self.kind_step)
            self.domains[KIND] = self.kind.domain
            self.inputs.append(self.kind)

    def _known(self, column: str) -> bool:
        return any(c.name == column for c in self.inputs)

    def moment_known(self) -> str | None:
        """The moment that orders siblings, once it is drawn."""
        moment = self.family.moment if self.family else None
        known = moment is not None and self._ordering(moment) and self._known(moment)
        return moment if known else None

    # moments counted from others

    def bases(
        self, name: str, target: Coded, inputs: Sequence[Coded], *, always: bool
    ) -> list[Gap]:
        """What a column can be counted from.

        What a constraint puts below it; of moments the nearest that is never above it.
        """
        by = {c.name: c for c in inputs}
        for pair in self.options.ordered:
            gap = gap_to(target, by[pair.low], f"#gap:{name}") if pair.low in by else None
            if pair.high == name and gap is not None and holds(gap, strict=pair.strict):
                return [gap]
        if unit(target.domain) is None:
            return []
        able = []
        for base in inputs:
            plain = not base.name.startswith((f"{PREV}.", "#"))
            if unit(base.domain) is None or not plain:
                continue
            gap = gap_to(target, base, f"#gap:{name} {base.name}")
            if gap is not None and holds(gap) and (always or tight(target, gap)):
                able.append(gap)
        apart = [float(np.median(g.gap.raw.values[g.gap.rank > 0])) for g in able]
        return [able[int(np.argmin(apart))]] if able else []

    def count_from(
        self,
        name: str,
        target: Coded,
        gaps: Sequence[Gap],
        inputs: Sequence[Coded],
        rows: np.ndarray | None = None,
    ) -> Drawn:
        """A column as base + gap; where the base is NULL from the next one, at last by itself."""
        rest, told, column = self.sample() if rows is None else rows, None, name
        everything = rest
        self.domains[name] = target.domain
        for gap in gaps:
            more = self.calendar(gap.base)
            known = rest[gap.base.rank[rest] > 0]
            item = self.grow(gap.gap.name, gap.gap, [*inputs, *more], known)
            told = told or item
            rest = rest[gap.gap.rank[rest] == 0]
            otherwise = f"#else:{gap.gap.name}" if len(rest) else None
            self.middle.append(gap.formula(column, otherwise))
            if otherwise is None:
                return told
            column = otherwise
            self.domains[column] = target.domain
        learn = rest if len(rest) >= self.options.child_cell else everything
        item = self.grow(column, replace(target, name=column), inputs, learn)
        return told or item

    def calendar(self, base: Coded) -> list[Coded]:
        """Calendar parts of a moment, as inputs; their steps once."""
        made = list(parts(base, CALENDAR))
        self.add_once([step for step, _ in made])
        return [c for _, c in made]

    def follow(self, column: str) -> Drawn | None:
        """The moment that orders siblings: from the sibling before, on.

        It lies between the first and the last moment that the parent tells; some days are hot: all
        families meet there (ends of months, holidays). Hot moments are counted in hot days.
        """
        target, inputs = self.own[column], self.asked()
        previous = next(c for c in self.past if c.name == f"{PREV}.{column}")
        gap = gap_to(target, previous, f"#gap:{column}")
        if gap is None or not holds(gap):
            return None
        room = self._room(gap, target)
        pace = self._pace(column, room)
        more = [*inputs, room, pace, *self.calendar(previous)]
        known = previous.rank > 0
        days = hot_days(target)
        hot = np.isin(target.raw.values, days) & known
        name = f"#free:{column}"
        if len(days):
            self._limit(column, gap, (room, pace), hot)
            self._hot(column, gap, (hot, known), days, more)
        item = self._paced(column, gap, (room, pace), more, known & ~hot)
        self.middle.append(gap.formula(name, None))
        self.domains[name] = target.domain
        if len(days):
            self._either(f"#next:{column}", f"#hot:{column}", f"#day:{column}", name)
            name = f"#next:{column}"
        self._ends(column, name, inputs, _behind(gap, int(gap.gap.values[0])))
        return item

    def _hot(
        self,
        column: str,
        gap: Gap,
        rows: tuple[np.ndarray, np.ndarray],
        days: np.ndarray,
        inputs: Sequence[Coded],
    ) -> None:
        """Whether the next moment is a hot day, and which of those to come."""
        hot, known = rows
        target = self.own[column]
        flag = coded(f"#hot:{column}", YES, Raw(np.where(hot, 1, 2).astype(np.int32)))
        self.grow(flag.name, flag, inputs, self.sample(known))
        least = int(gap.gap.values[0])
        first = np.searchsorted(days, gap.base.raw.values * gap.factor + least)
        at = np.searchsorted(days, target.raw.values) - first
        hops = whole(f"#hops:{column}", np.where(hot, at, 0), hot)
        self.grow(hops.name, hops, inputs, self.sample(hot))
        after = f"#after:{column}"
        self.middle.append(Formula(after, text(_behind(gap, least))))
        self.domains[after] = target.domain
        step = Following(f"#day:{column}", after, hops.name, days, at_most=f"#limit:{column}")
        self.middle.append(step)
        self.domains[step.column] = target.domain

    def _paced(
        self,
        column: str,
        gap: Gap,
        told: tuple[Coded, Coded],
        inputs: Sequence[Coded],
        rows: np.ndarray,
    ) -> Drawn:
        """A gap in shares of the pace, so that siblings who run late or early find back."""
        room, pace = told
        one = np.maximum(np.where(pace.rank > 0, pace.raw.values, 0), 1)
        share = -(-gap.gap.raw.values * SHARES * FINE // one)  # up: it gives the same gap again
        valid = (gap.gap.rank > 0) & (pace.rank > 0)
        drawn = whole(f"#share:{column}", np.where(valid, share, 0), valid)
        item = self.grow(drawn.name, drawn, inputs, self.sample(rows & valid))
        each = exp.Greatest(
            this=column_node(pace.name), expressions=[exp.Literal.number(1)], ignore_nulls=True
        )
        by = exp.Literal.number(SHARES * FINE)
        back = exp.IntDiv(this=exp.paren(column_node(drawn.name) * each), expression=by)
        self.middle.append(Formula(gap.gap.name, text(_within(back, room, gap))))
        self.domains[gap.gap.name] = gap.gap.domain
        return item

    def _limit(self, column: str, gap: Gap, told: tuple[Coded, Coded], rows: np.ndarray) -> None:
        """How far the next hot day may be: as many times the pace as it was in the source."""
        room, pace = told
        at = rows & (pace.rank > 0)
        times = gap.gap.raw.values[at] * FINE // (pace.raw.values[at] + FINE)
        most = int(np.quantile(times, FARTHEST)) + 1 if at.any() else 1
        each = exp.IntDiv(
            this=exp.paren(exp.paren(column_node(pace.name) + FINE) * most),
            expression=exp.Literal.number(FINE),
        )
        base = column_node(gap.base.name)
        whole_base = base if gap.factor == 1 else base * gap.factor
        name = f"#limit:{column}"
        self.middle.append(Formula(name, text(whole_base + exp.paren(_within(each, room, gap)))))
        self.domains[name] = self.own[column].domain

    def _either(self, column: str, flag: str, source: str, otherwise: str) -> None:
        self.middle.append(Either(column, flag, source, otherwise))
        self.domains[column] = self.domains[otherwise]

    def _last(self, column: str) -> str | None:
        """The parent's column with the last moment of all its children."""
        name = f"{PARENT}.#max:{self.name}.{column}"
        return name if any(c.name == name for c in self.context) else None

    def _ends(
        self, column: str, following: str, inputs: Sequence[Coded], soonest: exp.Expression
    ) -> None:
        """The first moment, and the last: what the parent tells, behind the sibling before."""
        target, family = self.own[column], self.family
        first, last = f"{PARENT}.#min:{self.name}.{column}", self._last(column)
        start = f"#start:{column}"
        none = family.previous < 0 if family is not None else np.ones(self.loaded.rows, bool)
        self.grow(start, replace(target, name=start), inputs, self.sample(none))
        if any(c.name == first for c in self.context):
            self.middle.append(Formula(f"#first:{column}", _same(first), start))
            self.domains[f"#first:{column}"] = target.domain
            start = f"#first:{column}"
        name = column if last is None else f"#before:{column}"
        self.middle.append(Formula(name, _same(following), start))
        self.domains[name] = target.domain
        if last is None:
            return
        flag = f"#last:{column}"
        levels, keys = (np.arange(2, dtype=np.int64),), np.arange(3, dtype=np.int64)
        values = np.array([2, 1, 2], np.int32)
        self.middle.append(Lookup(flag, (f"{PARENT}.#left",), levels, keys, values))
        self.domains[flag] = YES
        end = exp.Greatest(this=column_node(last), expressions=[soonest], ignore_nulls=True)
        self.middle.append(Formula(f"#end:{column}", text(end), name))
        self.domains[f"#end:{column}"] = target.domain
        self._either(column, flag, f"#end:{column}", name)

    # running totals

    def run_total(self, column: str, running: Running) -> Drawn | None:
        """A balance: that of the sibling before, plus or minus the amount."""
        target, rest = self.own[column], running.rest
        known, item = rest.rank > 0, None
        change = column_node(running.amount)
        signed: exp.Expression = change if running.factor == 1 else change * running.factor
        sign = self._sign(running)
        signed = exp.Neg(this=exp.paren(signed)) if sign == -1 else signed
        if isinstance(sign, str):
            signed = column_node(sign) * exp.paren(signed)
        if len(rest.values) > 1:
            item = self.grow(rest.name, rest, self.asked(), self.sample(known))
            signed = signed + column_node(rest.name)
        start = f"#start:{column}"
        self.domains[start] = self.domains[column] = target.domain
        if running.from_zero:
            self.middle.append(Formula(start, text(signed)))
        else:
            first = self.sample(self.family.previous < 0) if self.family else None
            item = self.grow(start, replace(target, name=start), self.asked(), first)
        step = column_node(f"{PREV}.{column}") + exp.paren(signed)
        self.middle.append(Formula(column, text(step), start))
        return item

    def total_room(self, running: Running) -> str:
        """The hidden column with the most an amount may be, so that the total stays in bounds.

        They are the least and the largest total of all.
        """
        total, name = self.own[running.total], f"#room:{running.amount}"
        before = column_node(f"{PREV}.{running.total}")
        low, high = (_whole_number(int(total.values[at])) for at in (0, -1))
        sign = self._sign(running)
        up, down = exp.paren(high - before), exp.paren(before - low)
        if isinstance(sign, int):
            room: exp.Expression = up if sign > 0 else down
        else:
            s, two = column_node(sign), exp.Literal.number(2)
            rising = exp.IntDiv(this=exp.paren(s + 1), expression=two)
            falling = exp.IntDiv(this=exp.paren(exp.Literal.number(1) - s), expression=two.copy())
            room = exp.paren(rising) * up + exp.paren(falling) * down
        zero = exp.Literal.number(0)
        room = exp.Greatest(this=room, expressions=[zero], ignore_nulls=True)
        by = exp.Literal.number(running.factor)
        self.middle.append(Formula(name, text(exp.IntDiv(this=room, expression=by))))
        self.domains[name] = Grid("BIGINT")
        return name

    def _sign(self, running: Running) -> str | int:
        """1, -1, or the hidden column that holds the sign of a row's label."""
        if running.by is None:
            return int(running.signs[0])
        name = f"#sign:{running.total}"
        if name in self.domains:
            return name
        levels = (np.arange(1, len(running.signs), dtype=np.int32),)
        keys = np.arange(len(running.signs), dtype=np.int64)
        self.middle.append(Lookup(name, (running.by,), levels, keys, running.signs))
        self.domains[name] = Grid("BIGINT")
        return name

    def _room(self, gap: Gap, target: Coded) -> Coded:
        """How much later the last moment is than the sibling before: the family's, or of all."""
        name, last = f"#room:{target.name}", self._last(target.name)
        base = column_node(gap.base.name)
        taken = exp.paren(base if gap.factor == 1 else base * gap.factor)
        known = gap.base.rank > 0
        if last is None:
            until = np.full(len(known), int(target.values[-1]))
            number = exp.Literal.number(abs(int(target.values[-1])))
            most: exp.Expression = number if target.values[-1] >= 0 else exp.Neg(this=number)
        else:
            column = next(c for c in self.context if c.name == last)
            until, known, most = column.raw.values, known & (column.rank > 0), column_node(last)
        self.middle.append(Formula(name, text(exp.Sub(this=most, expression=taken))))
        self.domains[name] = Grid("BIGINT")
        return whole(name, np.where(known, until - gap.base.raw.values * gap.factor, 0), known)

    def _pace(self, column: str, room: Coded) -> Coded:
        """The time left for each of the siblings to come, in parts of FINE."""
        name, left = f"#pace:{column}", f"{PARENT}.#left"
        after = exp.paren(column_node(left) + 1)
        step = exp.IntDiv(this=exp.paren(column_node(room.name) * FINE), expression=after)
        self.middle.append(Formula(name, text(step)))
        self.domains[name] = Grid("BIGINT")
        siblings = next(c for c in self.context if c.name == left)
        known = (room.rank > 0) & (siblings.rank > 0)
        each = np.where(known, room.raw.values * FINE // (siblings.raw.values + 1), 0)
        return whole(name, each, known)


def _behind(gap: Gap, least: int) -> exp.Expression:
    """The sibling's moment before, and the least gap that the source has."""
    base = column_node(gap.base.name)
    return (base if gap.factor == 1 else base * gap.factor) + least


def _within(wanted: exp.Expression, room: Coded, gap: Gap) -> exp.Expression:
    """A gap that leaves those to come their least ones; itself never below the least."""
    least, left = int(gap.gap.values[0]), column_node(f"{PARENT}.#left")
    kept = column_node(room.name) - exp.paren(left * least) if least else column_node(room.name)
    most = exp.Least(this=wanted, expressions=[kept], ignore_nulls=True)
    lowest = exp.Literal.number(least)
    return exp.Greatest(this=most, expressions=[lowest], ignore_nulls=True)


def _whole_number(value: int) -> exp.Expression:
    number = exp.Literal.number(abs(value))
    return number if value >= 0 else exp.paren(exp.Neg(this=number))


def _same(name: str) -> str:
    """The formula that is a column itself."""
    return text(column_node(name))
