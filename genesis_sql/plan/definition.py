"""A fitted model as one object: its schema graph and the programs of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from genesis_sql.program.steps import Program
from genesis_sql.types import Graph


@dataclass(frozen=True, eq=False)
class Model:
    """Programs of one or more related tables.

    Attributes:
        name, version, uuid: what it is called; the uuid alone (with the seed) decides the draws.
        graph: tables and foreign keys, as fitted.
        programs: by table.
        verbatim: rows of the tables that are copied unchanged, by table.
        order: all tables, parents first.
    """

    name: str
    version: int
    uuid: str
    graph: Graph
    programs: Mapping[str, Program]
    verbatim: Mapping[str, pa.Table]
    order: tuple[str, ...]
