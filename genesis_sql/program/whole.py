"""Methods that draw all rows of all tables at once: their blocks look up what was drawn.

Such a model is drawn when a sampler begins: its programs come back with the drawn columns among
their parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from genesis_sql.program.domain import Raw
from genesis_sql.program.execute import Identity, Rows, Words, register_block
from genesis_sql.program.steps import Block, Program

WholeModel = Callable[[Mapping[str, Program], Identity, float], Mapping[str, Program]]
WHOLES: dict[str, WholeModel] = {}
"""By method; models register theirs (see `register_whole`)."""


def register_whole(method: str, draw: WholeModel) -> None:
    """Make a method known.

    ``draw(programs, identity, scale)`` gives the programs with `drawn_parts` of all their blocks.
    """
    WHOLES[method] = draw
    register_block(method, _drawn)


def whole_method(programs: Iterable[Program]) -> str:
    """The method that draws these programs at once, '' where none does."""
    blocks = (s.method for p in programs for s in p.steps if isinstance(s, Block))
    return next((m for m in blocks if m in WHOLES), "")


def drawn_parts(columns: Mapping[str, Raw]) -> dict[str, np.ndarray]:
    """Drawn columns of all rows of a table, as parts of its program."""
    parts = {f"#drawn:{name}": raw.values for name, raw in columns.items()}
    valid = {f"#valid:{n}": r.valid for n, r in columns.items() if r.valid is not None}
    return {**parts, **valid}


def _drawn(
    step: Block, program: Program, rows: Rows, raw: dict[str, Raw], words: Words
) -> dict[str, Raw]:
    out = {}
    for name in step.columns:
        values = program.parts[f"#drawn:{name}"]
        at = rows.number % max(len(values), 1)
        valid = program.parts.get(f"#valid:{name}")
        out[name] = Raw(values[at], None if valid is None else valid[at])
    return out
