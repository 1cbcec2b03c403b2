"""Trees as chains of lookups lead every row to the cell that the kernel leads it to."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from genesis_sql.program import diagram, sql_layers, sql_routes
from genesis_sql.program.prepared import cells_of
from genesis_sql.program.sql_relation import Query, Relation, select
from genesis_sql.program.sql_routes import asked, links, routed
from genesis_sql.program.tree import Tree
from genesis_sql.sqlbuild import column

INPUTS, CODES = 6, 30


def grown(leaves: int, seed: int) -> Tree:
    """A tree that splits its leaves at random places, each within the codes that reach it."""
    rng = np.random.default_rng(seed)
    nodes, growing = [[-1, 0, 0, 0]], [(0, [(0, CODES)] * INPUTS)]
    while len(growing) < leaves:
        node, box = growing.pop(int(rng.integers(len(growing))))
        feature = int(rng.choice([f for f, (low, high) in enumerate(box) if high > low]))
        low, high = box[feature]
        cut = int(rng.integers(low, high))
        nodes[node] = [feature, cut, len(nodes), len(nodes) + 1]
        for side in ((low, cut), (cut + 1, high)):
            growing.append((len(nodes), [*box[:feature], side, *box[feature + 1 :]]))
            nodes.append([-1, 0, 0, 0])
    for cell, (node, _) in enumerate(growing):
        nodes[node][2] = cell
    return Tree(*np.array(nodes, np.int32).T)


def by_kernel(tree: Tree, codes: np.ndarray) -> list[int]:
    return [int(cell) for cell in cells_of(tree, codes)]


def by_sql(tree: Tree, codes: np.ndarray, size: int | None = None) -> list[int]:
    names = [f"c{i}" for i in range(len(codes))]
    with duckdb.connect() as con:
        values = ", ".join(f"c{i} INTEGER" for i in range(len(codes)))
        con.execute(f"CREATE TABLE codes (number INTEGER, {values})")
        con.executemany(
            f"INSERT INTO codes VALUES ({', '.join('?' * (len(codes) + 1))})",
            [[at, *map(int, row)] for at, row in enumerate(codes.T)],
        )
        query = Query()
        relation = Relation(query, "t", "codes", ["number", *names])
        found = np.arange(tree.leaves)
        cell = routed(relation, "x", tree, [(column(n), size) for n in names], found)
        relation.put("cell", cell, keep=True)
        shown = select([("cell", column("cell")), ("number", column("number"))], relation.close())
        found = con.execute(query.text(shown.order_by(column("number")))).fetchall()
    return [cell for cell, _ in found]


@pytest.mark.parametrize(("leaves", "seed"), [(25, 0), (60, 1), (200, 2), (700, 3)])
def test_cells_are_those_of_the_kernel(leaves: int, seed: int) -> None:
    tree = grown(leaves, seed)
    # above all thresholds, too: a code that the fit never saw
    codes = np.random.default_rng(seed).integers(0, CODES + 3, (INPUTS, 400)).astype(np.int32)
    assert len(asked(tree)) == INPUTS
    expected = by_kernel(tree, codes)
    assert len(set(expected)) > leaves // 20
    assert by_sql(tree, codes) == expected
    assert by_sql(tree, codes, CODES + 3) == expected


def test_tables_of_bins_lead_to_the_same_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = grown(120, 7)
    codes = np.random.default_rng(7).integers(0, CODES + 3, (INPUTS, 300)).astype(np.int32)
    monkeypatch.setattr(sql_routes, "SPARE", -1)
    assert by_sql(tree, codes, CODES + 3) == by_kernel(tree, codes)


@pytest.mark.parametrize("joined", [-(10**9), 0, 10**6])
def test_inputs_that_are_asked_together_lead_to_the_same_cells(
    joined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = grown(120, 8)
    codes = np.random.default_rng(8).integers(0, CODES + 1, (INPUTS, 300)).astype(np.int32)
    monkeypatch.setattr(sql_routes, "JOINED", joined)
    assert by_sql(tree, codes, CODES + 1) == by_kernel(tree, codes)
    sizes = dict.fromkeys(range(INPUTS), CODES + 1)
    many = len(links(asked(tree), sizes, padded=True))
    assert many < INPUTS if joined > 0 else many == INPUTS


def test_small_trees_stay_cases() -> None:
    codes = np.random.default_rng(5).integers(0, CODES, (INPUTS, 100)).astype(np.int32)
    for tree in (Tree.single(), grown(sql_routes.SMALL, 4)):
        assert by_sql(tree, codes) == by_kernel(tree, codes)


def test_trees_with_too_many_states_are_cut_into_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(6).integers(0, CODES, (INPUTS, 100)).astype(np.int32)
    large = grown(300, 6)
    monkeypatch.setattr(diagram, "MOST_LEAVES", 200)
    monkeypatch.setattr(sql_layers, "MOST", 1_000)
    assert len(asked(large)) > INPUTS
    assert by_sql(large, codes) == by_kernel(large, codes)


@pytest.mark.parametrize("padded", [True, False])
def test_tables_lead_from_one_state_to_one_cell_each(padded: bool) -> None:
    tree = grown(120, 7)
    chain = links(asked(tree), dict.fromkeys(range(INPUTS), CODES + 1), padded=padded)
    assert sorted(i for link in chain for i in link.features) == list(range(INPUTS))
    states = 1
    for link in chain:
        assert link.next.shape == (states, np.prod(link.widths))
        states = int(link.next.max()) + 1
    assert sorted(set(chain[-1].next.ravel().tolist())) == list(range(120))
