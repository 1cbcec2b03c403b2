"""Models as parts: equal after a round trip, refused where tables do not fit together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genesis_sql.errors import ModelFormatError
from genesis_sql.plan.definition import Model
from genesis_sql.plan.parts import from_parts, to_parts
from genesis_sql.program.steps import Copy, Link, MainParent, Pick, PickSelf, Program
from genesis_sql.types import Column, Graph, Role, Table


def with_graph(model: Model, **programs: Program) -> Model:
    held = {**model.programs, **programs}
    columns = {
        n: tuple(Column(o.name, o.type, Role.CATEGORY) for o in p.outputs) for n, p in held.items()
    }
    tables = tuple(Table(n, "", columns[n]) for n in model.order)
    return replace(model, graph=Graph(tables), programs=held)


def again(model: Model) -> Model:
    return from_parts(to_parts(model), name="m", version=3, uuid="u")


def test_a_model_survives(family: Model) -> None:
    model = with_graph(family)
    found = again(model)
    assert (found.name, found.version, found.uuid) == ("m", 3, "u")
    assert found.order == model.order
    assert found.graph == model.graph
    assert to_parts(found) == to_parts(model)


def test_a_parent_that_is_not_there(family: Model) -> None:
    likes = family.programs["likes"]
    lost = replace(likes, links=(Link("tags", "tag", ("code",), ("code",)),))
    with pytest.raises(ModelFormatError, match="'likes' has a parent 'tag' that is not there"):
        again(with_graph(family, likes=lost))


def test_a_column_that_its_parent_does_not_have(family: Model) -> None:
    users = family.programs["users"]
    less = replace(users, steps=tuple(s for s in users.steps if s.column != "#count:likes"))  # type: ignore[union-attr]
    with pytest.raises(ModelFormatError, match="'likes' reads a column '#count:likes'"):
        again(with_graph(family, users=less))


def test_a_table_before_its_parent(family: Model) -> None:
    order = ("orders", *(n for n in family.order if n != "orders"))
    with pytest.raises(ModelFormatError, match="'orders' stands before its parent 'tags'"):
        again(with_graph(replace(family, order=order)))


def test_a_table_in_a_circle(family: Model) -> None:
    users = family.programs["users"]
    turned = replace(
        users, main=MainParent(Link("parent", "users", ("boss",), ("id",)), "#count:likes")
    )
    with pytest.raises(ModelFormatError, match="'users' stands before its parent 'users'"):
        again(with_graph(family, users=turned))
    steps = [Copy("boss", "boss.boss") if s == Copy("boss", "boss.id") else s for s in users.steps]
    with pytest.raises(ModelFormatError, match="'users' reads its own column 'boss' in a circle"):
        again(with_graph(family, users=replace(users, steps=tuple(steps))))


def test_a_choice_among_own_rows_may_not_hang_on_itself(family: Model) -> None:
    users = family.programs["users"]
    for weight, group in (("#count:likes", "rank"), ("rank", "zone")):
        pick = Pick("#row:boss", "boss", "#kind:boss", group, weight)
        steps = tuple(pick if isinstance(s, PickSelf) else s for s in users.steps)
        with pytest.raises(ModelFormatError, match="'users' reads its own column '.*' in a circle"):
            again(with_graph(family, users=replace(users, steps=steps)))
    pick = Pick("#row:boss", "boss", "#kind:boss", "zone", "#count:likes")
    steps = tuple(pick if isinstance(s, PickSelf) else s for s in users.steps)
    assert again(with_graph(family, users=replace(users, steps=steps))).order == family.order


def test_the_program_of_another_table(family: Model) -> None:
    with pytest.raises(ModelFormatError, match="'tags' has the program of another table"):
        again(with_graph(family, tags=family.programs["places"]))
