"""All effects by verb: those that act, measure, refer to public figures, and follow profiles."""

from __future__ import annotations

from genesis_sql import delivering, effects, filling, measuring, referencing, specifying
from genesis_sql.effects import Effect

EFFECTS: dict[str, Effect] = {
    **effects.EFFECTS,
    **measuring.EFFECTS,
    **referencing.EFFECTS,
    **specifying.EFFECTS,
    **filling.EFFECTS,
    **delivering.EFFECTS,
}
