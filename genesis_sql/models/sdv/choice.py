"""Which learner a method of SDV has, and whether it can learn these tables."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_sql.errors import OptionError
from genesis_sql.models.load import Loaded
from genesis_sql.models.sdv.learner import SdvLearner
from genesis_sql.models.sdv.sequences import METHOD as PAR
from genesis_sql.models.sdv.sequences import ParLearner


def learner_of(method: str, tables: Mapping[str, Loaded]) -> type[SdvLearner]:
    """The learner of a method.

    Raises:
        OptionError: the method cannot learn these tables.
    """
    if method == PAR:
        if len(tables) > 1:
            message = f"method '{PAR}' learns the sequences of one table: CALL genesis_fit"
            raise OptionError(message)
        return ParLearner
    return SdvLearner
