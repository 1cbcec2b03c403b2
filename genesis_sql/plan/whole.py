"""Models whose rows are drawn all at once, for one seed and one scale."""

from __future__ import annotations

from dataclasses import replace

from genesis_sql.errors import OptionError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.spec import Spec
from genesis_sql.program.execute import Identity
from genesis_sql.program.whole import WHOLES, whole_method


def drawn_whole(model: Model, spec: Spec) -> Model:
    """The model with all its rows drawn, where its method can draw them only together.

    Raises:
        OptionError: the spec asks for what such a method cannot do.
    """
    method = whole_method(model.programs.values())
    if not method:
        return model
    refused = ""
    if spec.conditions:
        refused = "takes no conditions; generate and use WHERE"
    elif len(spec.sizes) > 1:
        refused = "cannot go on from rows that are there; generate all of them with a larger scale"
    elif spec.sizes[-1].rows:
        refused = "has the rows that it draws; ask for more or fewer with scale := …"
    if refused:
        message = f"model '{model.name}' is drawn as a whole by method '{method}', which {refused}"
        raise OptionError(message)
    identity = Identity(model.uuid, spec.seed)
    drawn = WHOLES[method](model.programs, identity, spec.sizes[-1].scale)
    return replace(model, programs={**model.programs, **drawn})
