"""A family of programs made by hand: all kinds of steps, and what fits seldom or never make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from genesis_sql.plan.definition import Model
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid, Key, Reals, Words
from genesis_sql.program.pattern import DIGITS, UUID, IntegerKey, Pattern, Run, Shape
from genesis_sql.program.steps import (
    Constant,
    Copy,
    Digit,
    Draw,
    Expression,
    Link,
    MainParent,
    Number,
    Output,
    Pick,
    PickDistinct,
    PickSelf,
    Program,
    Random,
    Sibling,
    Step,
    Stratum,
    Tree,
)
from genesis_sql.types import Graph


def cell_of(weights: list[int], low: list[float], dtype: type, null: int | None = None) -> Cells:
    """One cell of atoms."""
    start, values = np.array([0, len(low)]), np.array(low, dtype)
    accept, alias = alias_tables(start, np.array(weights))
    if dtype is np.int32:
        return Cells(start, accept, alias, values)
    width = np.ones_like(values) if dtype is np.int64 else np.zeros_like(values)
    return Cells(start, accept, alias, values, width, np.arange(len(low)) == null)


def label(name: str, weights: list[int]) -> Draw:
    """A label of code 0, 1, … with these weights."""
    return Draw(name, (), Tree.single(), cell_of(weights, list(range(len(weights))), np.int32))


def whole(name: str, low: list[float], null: int | None = None) -> Draw:
    return Draw(name, (), Tree.single(), cell_of([1] * len(low), low, np.int64, null))


def split(name: str, asked: tuple[str, ...], thresholds: tuple[int, ...], dtype: type) -> Draw:
    """A chain of questions, one cell for each answer and one for the rest."""
    n = len(asked)
    tree = Tree(
        np.array([*range(n), *[-1] * (n + 1)], np.int32),
        np.array([*thresholds, *[0] * (n + 1)], np.int32),
        np.array([*range(n, 2 * n), *range(n + 1)], np.int32),
        np.array([*range(1, n), *[2 * n] * (n > 0), *[0] * (n + 1)], np.int32),
    )
    cells = 2 * np.arange(n + 2)
    accept, alias = alias_tables(cells, np.tile([1, 3], n + 1))
    low = np.arange(2 * n + 2).astype(dtype) % (3 if dtype is np.int32 else 100)
    if dtype is np.int32:
        return Draw(name, asked, tree, Cells(cells, accept, alias, low))
    width = np.full_like(low, 7)
    return Draw(name, asked, tree, Cells(cells, accept, alias, low, width, low % 5 == 3))


def labels(*names: str) -> Categories:
    return Categories("VARCHAR", names)


ZONES, ZONES_TURNED = labels("n", "s", "w"), labels("w", "n", "q")
USER = Key("INTEGER", IntegerKey(10, 5))
CODE = Key("VARCHAR", Pattern("identifier", (Shape(("T", Run(DIGITS, 4))),), (40,), salt=2))


def program(
    table: str, rows: int, steps: list[Step], domains: dict[str, Domain], **more: object
) -> Program:
    outputs = tuple(Output(n, d.type) for n, d in domains.items() if not n.startswith("#"))
    return Program(table, rows, tuple(steps), domains, more.pop("edges", {}), outputs, **more)  # type: ignore[arg-type]


def users() -> Program:
    counts = {"#count:orders": Grid("BIGINT"), "#count:likes": Grid("BIGINT")}
    domains = {"id": USER, "zone": ZONES, "level": Grid("DATE", 7)}
    steps = [
        Number("id"),
        label("zone", [1, 2, 3, 4]),
        whole("level", [0, 100, 2000], null=1),
        whole("#count:orders", [0, 1, 2, 5, -3]),
        whole("#count:likes", [0, 3, 30]),
        label("#kind:boss", [1, 4]),
        PickSelf("#row:boss", "boss", "#kind:boss"),
        Copy("boss", "boss.id"),
        Copy("zone of boss", "boss.zone"),
        split("rank", ("boss.zone", "zone"), (0, 2), np.int32),
    ]
    more = {"boss": domains["id"], "zone of boss": ZONES, "rank": ZONES, "#kind:boss": labels("1")}
    links = (Link("boss", "users", ("boss",), ("id",)),)
    return program("users", 40, steps, {**domains, **counts, **more}, links=links)


def tags() -> Program:
    domains: dict[str, Domain] = {"code": CODE, "weight": Reals("DOUBLE")}
    hidden: dict[str, Domain] = {"#kind": labels("1", "2", "3", "4"), "#weight": Grid("BIGINT")}
    steps = [
        Number("code"),
        Draw("weight", (), Tree.single(), cell_of([1, 1], [0.1, np.inf], np.float64)),
        label("#kind", [1, 2, 2, 1, 1]),
        whole("#weight", [0, 0, 1, 7]),
    ]
    return program("tags", 30, steps, {**domains, **hidden})


def places() -> Program:
    domains: dict[str, Domain] = {
        "zone": ZONES_TURNED,
        "nr": Grid("SMALLINT"),
        "#weight": Grid("BIGINT"),
    }
    steps = [
        Digit("zone", np.array([1, 2], np.int32), 1, 1, 2),
        Digit("nr", np.array([3, 5, 9]), 2, 2, 0),
        whole("#weight", [0]),
    ]
    return program("places", 8, steps, domains)


def orders() -> Program:
    main = MainParent(Link("parent", "users", ("user_id",), ("id",)), "#count:orders", 13, 40)
    links = (
        Link("tags", "tags", ("code",), ("code",)),
        Link("places", "places", ("zone", "nr"), ("zone", "nr")),
        Link("any", "places", ("other",), ("nr",)),
    )
    domains: dict[str, Domain] = {
        "user_id": USER, "zone": ZONES, "level": Grid("DATE", 7), "line": Grid("BIGINT"),
        "day": Grid("DATE"), "code": CODE, "nr": Grid("SMALLINT"), "other": Grid("SMALLINT"),
        "fit": Reals("DOUBLE"), "#count:lines": Grid("BIGINT"), "#zone": ZONES,
        "#level": Grid("DATE", 7), "#kind:tags": labels("1", "2", "3", "4", "5", "6"),
        "#kind:places": labels("1"), "#kind:any": labels("1", "2"),
    }  # fmt: skip
    edges = {
        "parent.level": np.array([50, 100]),
        "parent.#k": np.array([0, 1]),
        "parent.#count": np.array([0, 3]),
        "tags.weight": np.array([0.5]),
    }
    steps: list[Step] = [
        Sibling("line", 1),
        Stratum("day", np.array([3, 50, 51, 700])),
        label("#zone", [1, 1, 1]),
        whole("#level", [5, 6, 7], null=2),
        label("#kind:tags", [1, 1, 1, 1, 1, 1, 1]),
        label("#kind:places", [1, 9]),
        label("#kind:any", [1, 1, 1]),
        split("#count:lines", ("parent.#k", "parent.#count", "parent.level"), (1, 2, 0), np.int64),
        Copy("user_id", "parent.id"),
        Copy("zone", "parent.zone", "#zone"),
        Copy("level", "parent.level", "#level"),
        Pick("#row:tags", "tags", "#kind:tags", "#kind", "#weight"),
        Copy("code", "tags.code"),
        split("fit", ("tags.weight", "zone", "parent.zone"), (1, 1, 0), np.float64),
        Pick("#row:places", "places", "#kind:places", "", "#weight", (("zone", "zone"),)),
        Copy("nr", "places.nr"),
        Pick("#row:any", "any", "#kind:any", "zone", "#weight"),
        Copy("other", "any.nr"),
    ]
    return program("orders", 60, steps, domains, main=main, links=links, edges=edges)


def likes() -> Program:
    main = MainParent(Link("parent", "users", ("user_id",), ("id",)), "#count:likes")
    links = (Link("tags", "tags", ("code",), ("code",)),)
    domains: dict[str, Domain] = {"user_id": USER, "code": CODE}
    steps = [
        Copy("user_id", "parent.id"),
        PickDistinct("#row:tags", "tags"),
        Copy("code", "tags.code"),
    ]
    return program("likes", 60, steps, domains, main=main, links=links)


def lines() -> Program:
    link = Link("parent", "orders", ("user_id", "line"), ("user_id", "line"))
    main = MainParent(link, "#count:lines", 5, 60)
    domains: dict[str, Domain] = {
        "user_id": USER,
        "line": Grid("BIGINT"),
        "nr": Grid("INTEGER"),
        "zone": ZONES,
    }
    steps: list[Step] = [
        Sibling("nr"),
        Copy("user_id", "parent.user_id"),
        Copy("line", "parent.line"),
        split("zone", ("parent.zone", "parent.nr"), (1, 2), np.int32),
    ]
    edges = {"parent.nr": np.array([4, 6])}
    return program("lines", 100, steps, domains, main=main, edges=edges)


def notes() -> Program:
    word = Pattern(
        "text", (Shape((Run("babebi", 3, 2), " ", Run("xyz", 2))), Shape(("-",))), (3, 1)
    )
    domains: dict[str, Domain] = {
        "key": Key("BIGINT", IntegerKey(-5, 3, 40, 41, False, 6)), "text": Words("VARCHAR", word),
        "uuid": Words("UUID", Pattern("uuid", (UUID,), (1,))), "fixed": Fixed("DATE", "2024-02-29"),
        "at": Grid("TIMESTAMP", 3_600_000_000), "real": Reals("DOUBLE"), "#has": labels("1", "2"),
    }  # fmt: skip
    edges = {"real": np.array([10.0, 60.0]), "at": np.array([40])}
    steps: list[Step] = [
        Number("key"),
        Constant("fixed"),
        split("real", (), (), np.float64),
        split("at", ("real", "real"), (1, 2), np.int64),
        split("#has", ("at",), (1,), np.int32),
        Random("text", word.words_needed, "#has"),
        Random("uuid", 4),
        Expression("hour", 'CAST(EXTRACT(HOUR FROM "at") AS TINYINT)'),
    ]
    made = program("notes", 50, steps, domains, edges=edges)
    return replace(made, outputs=(*made.outputs, Output("hour", "TINYINT")))


@pytest.fixture(scope="session")
def family() -> Model:
    """Seven tables; `tests/program/fixtures` holds their programs as bytes."""
    made = {p.table: p for p in (users(), tags(), places(), notes(), orders(), likes(), lines())}
    return Model("family", 1, "family", Graph(()), made, {}, tuple(made))
