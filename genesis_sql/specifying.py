"""What the verbs of profiles, runs and cohorts mean: arguments out of SQL, an action each."""

from __future__ import annotations

from genesis_sql.effects import Effect

EFFECTS: dict[str, Effect] = {}
