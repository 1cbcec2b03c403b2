"""What a call asks for: which rows of which tables, in how large partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from genesis_sql.engines.spark.doors import HOW, PARTITION_ROWS
from genesis_sql.errors import OptionError
from genesis_sql.plan.conditions import read_all, read_conditions
from genesis_sql.plan.definition import Model
from genesis_sql.plan.query import check_range
from genesis_sql.plan.sizing import check_rows
from genesis_sql.plan.spec import Spec
from genesis_sql.reads import choose_table, row_range

if TYPE_CHECKING:
    from genesis_sql.session import Session


@dataclass(frozen=True)
class SparkArguments:
    """Arguments of `generate_on_spark`."""

    to: str
    table: str | None = None
    master: str | None = None
    rows: int | Mapping[str, int] | None = None
    first_row: int = 0
    scale: float | None = None
    seed: int = 0
    version: int | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    if_exists: str = "resume"
    partition_rows: int = PARTITION_ROWS
    conf: Mapping[str, str] = field(default_factory=dict)
    how: str = "kernel"

    def plain(self) -> dict[str, Any]:
        """As the history keeps them: all that is not left out."""
        return {name: value for name, value in vars(self).items() if value not in (None, {})}

    def check(self) -> None:
        """Refuse what no model can make sense of.

        Raises:
            OptionError: a value makes no sense.
        """
        if not self.to:
            message = "to is empty; say where the files go, as in to='s3a://bucket/shop'"
            raise OptionError(message)
        if self.partition_rows < 1:
            message = f"partition_rows={self.partition_rows} is not positive; give a number from 1"
            raise OptionError(message)
        if self.how not in HOW:
            message = f"how='{self.how}' is not known; it takes 'kernel' or 'sql'"
            raise OptionError(message)
        rows = None if isinstance(self.rows, Mapping) else self.rows
        check_range(rows, self.first_row, self.scale)


@dataclass(frozen=True)
class Asked:
    """The rows of a call: by table the first, and the one behind the last."""

    spec: Spec
    ranges: tuple[tuple[str, int, int], ...]


def asked(session: Session, model: Model, arguments: SparkArguments) -> Asked:
    """The rows that a call asks for: of one table, or of all.

    Raises:
        OptionError: a table cannot have them, or arguments exclude each other.
        ModelNotFoundError: there is no such table.
    """
    counts, single = arguments.rows, len(model.visible) == 1
    one = arguments.table is not None or (single and not isinstance(counts, Mapping))
    if one:
        if isinstance(counts, Mapping):
            message = (
                f"rows={dict(counts)!r} is about several tables and the call about "
                f"'{arguments.table}'; give a number, or leave the table out"
            )
            raise OptionError(message)
        table = choose_table(model, arguments.table)
        conditions = read_conditions(model, table, arguments.conditions)
        spec = replace(Spec.of(arguments.seed), conditions=conditions)
        wanted = {"rows": counts, "first_row": arguments.first_row, "scale": arguments.scale}
        spec, first, stop = row_range(session, model, table, wanted, spec)
        return Asked(spec, ((table, first, stop),))
    if isinstance(counts, int) or arguments.first_row:
        given = "rows" if counts is not None else "first_row"
        message = (
            f"{given} is about one table and model '{model.name}' has {len(model.visible)}; name "
            f"one as in table='{model.visible[-1]}', or take scale or "
            f"rows={{'{model.visible[-1]}': 1000}}"
        )
        raise OptionError(message)
    scale = 1.0 if arguments.scale is None else arguments.scale
    spec = Spec.of(arguments.seed, scale, check_rows(model, counts or {}))
    spec = replace(spec, conditions=read_all(model, arguments.conditions))
    sampler = session.sampler(model, spec)
    return Asked(spec, tuple((table, 0, sampler.size(table)) for table in model.visible))
