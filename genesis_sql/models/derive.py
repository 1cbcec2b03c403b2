"""Columns that others fix exactly: found at fit, kept as expressions."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np
from sqlglot import exp

from genesis_sql.models.frame import Coded
from genesis_sql.program.domain import Grid
from genesis_sql.sqlbuild import column as column_node
from genesis_sql.sqlbuild import text

DAY = 86_400_000_000
MIN_ROWS = 50


def derived_columns(columns: Mapping[str, Coded], settled: Set[str]) -> dict[str, str]:
    """Integer columns that are a calendar part of a date or time in every row: column -> SQL."""
    out: dict[str, str] = {}
    for name, moment in columns.items():
        domain = moment.domain
        if (
            not isinstance(domain, Grid)
            or not domain.type.startswith(("DATE", "TIMESTAMP"))
            or "ZONE" in domain.type
        ):
            continue
        if len(moment.rank) < MIN_ROWS or domain.type in ("TIMESTAMP_NS",):
            continue
        whole = moment.raw.values * domain.step * (DAY if domain.type == "DATE" else 1)
        parts = _parts(whole)
        for other, held in columns.items():
            if (
                other == name
                or other in settled
                or other in out
                or not isinstance(held.domain, Grid)
                or "INT" not in held.domain.type
            ):
                continue
            part = _match(held, moment, parts)
            if part is not None:
                node = exp.cast(
                    exp.Extract(this=exp.var(part.upper()), expression=column_node(name)),
                    held.domain.type,
                )
                out[other] = text(node)
    return out


def _parts(micros: np.ndarray) -> dict[str, np.ndarray]:
    moment = micros.astype("datetime64[us]")
    days = moment.astype("datetime64[D]")
    months = moment.astype("datetime64[M]")
    seconds = (micros - days.astype("datetime64[us]").astype(np.int64)) // 1_000_000
    return {
        "year": moment.astype("datetime64[Y]").astype(np.int64) + 1970,
        "month": months.astype(np.int64) % 12 + 1,
        "day": (days - months.astype("datetime64[D]")).astype(np.int64) + 1,
        "hour": seconds // 3600,
        "minute": seconds // 60 % 60,
    }


def _match(held: Coded, moment: Coded, parts: Mapping[str, np.ndarray]) -> str | None:
    """The part that equals the column in every row (both NULL or neither)."""
    if len(held.values) < 2 and len(moment.values) > 1:
        return None
    values = held.raw.values * getattr(held.domain, "step", 1)
    mine = np.ones(len(values), bool) if held.raw.valid is None else held.raw.valid
    theirs = np.ones(len(values), bool) if moment.raw.valid is None else moment.raw.valid
    if not np.array_equal(mine, theirs):
        return None
    return next((name for name, part in parts.items() if bool((part == values)[mine].all())), None)
