"""Blocks of SDV in programs."""

from __future__ import annotations

import numpy as np

from genesis_sql.models.sdv.database import METHOD as HMA
from genesis_sql.models.sdv.database import draw_database
from genesis_sql.models.sdv.memory import fitted_of
from genesis_sql.models.sdv.sequences import METHOD as PAR
from genesis_sql.models.sdv.sequences import draw_sequences
from genesis_sql.program.domain import Raw
from genesis_sql.program.execute import Rows, Words, register_block
from genesis_sql.program.steps import Block, Program
from genesis_sql.program.whole import register_whole

TABLES = ("sdv:gaussian_copula", "sdv:ctgan", "sdv:copulagan", "sdv:tvae")
WORDS = 4  # words of 32 bits that a page depends on


def _rows(
    step: Block, program: Program, rows: Rows, raw: dict[str, Raw], words: Words
) -> dict[str, Raw]:
    def of_pages(pages: np.ndarray) -> np.ndarray:
        return np.column_stack([words(f"page{k}", pages) for k in range(WORDS)])

    found: dict[str, Raw] = fitted_of(program, step).rows(rows, of_pages)
    return found


for _method in TABLES:
    register_block(_method, _rows)
register_whole(PAR, draw_sequences)
register_whole(HMA, draw_database)
