"""Which learner a method of SDV has, whether it can learn these tables, and what comes last."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql.errors import OptionError
from genesis_sql.models.load import Loaded
from genesis_sql.models.sdv.database import METHOD as HMA
from genesis_sql.models.sdv.database import HmaLearner, fit_database, require_able
from genesis_sql.models.sdv.learner import SdvLearner
from genesis_sql.models.sdv.sequences import METHOD as PAR
from genesis_sql.models.sdv.sequences import ParLearner


def learner_of(method: str, tables: Mapping[str, Loaded], methods: set[str]) -> type[SdvLearner]:
    """The learner of a method.

    Args:
        method: of one table.
        tables: all that are fitted.
        methods: of all of them.

    Raises:
        OptionError: the method cannot learn these tables.
    """
    if method == HMA:
        require_able(tables, methods)
        return HmaLearner
    if method == PAR:
        if len(tables) > 1:
            message = f"method '{PAR}' learns the sequences of one table: CALL genesis_fit"
            raise OptionError(message)
        return ParLearner
    return SdvLearner


def learn_together(learners: Mapping[str, object]) -> None:
    """Train what is trained on all tables at once, behind the last of them."""
    found = {n: x for n, x in learners.items() if isinstance(x, HmaLearner)}
    if found:
        fit_database(found)
