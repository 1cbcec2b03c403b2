"""The network `argn`: what it learns, the order it draws in, and that both samplers agree."""

from __future__ import annotations

import os
from dataclasses import replace

import duckdb
import numpy as np
import pytest
import torch

import genesis_sql
from genesis_sql.actions import learning as fitting
from genesis_sql.models.methods import METHODS
from genesis_sql.models.neural import argn_sampler, sampling
from genesis_sql.models.neural.argn import Argn, Config, sample_torch
from genesis_sql.models.neural.data import Field
from genesis_sql.models.neural.sampling import BLOCK_CPU, Asked, Held
from genesis_sql.models.neural.weights import as_part, pack, unpack
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.steps import Program, codes_part
from genesis_sql.session import session_of

SIZES, INPUTS = (5, 3, 40, 2), (4,)


@pytest.fixture(scope="module")
def held() -> Held:
    """A network of random weights, large enough that every column matters."""
    fields = [Field(str(j), v, False, False, (1 / v,) * v) for j, v in enumerate(SIZES)]
    config = Config(SIZES, INPUTS, hidden=32)
    network = Argn(config, fields, 3)
    tensors = {n: (p.detach() * 3).numpy() for n, p in network.named_parameters()}
    about = {
        "config": {"sizes": SIZES, "inputs": INPUTS, "embedding": 16, "hidden": 32},
        "fields": [{"made": f"c{j}"} for j in range(len(SIZES))],
    }
    return Held(tensors, about)


def asked(rows: int, given: dict[int, np.ndarray] | None = None, first: int = 0) -> Asked:
    numbers = np.arange(first, first + rows)

    def words(purpose: str) -> np.ndarray:
        seed = sum(map(ord, purpose))
        return np.array([hash((seed, int(i))) % 2**32 for i in numbers], np.uint32)

    return Asked(rows, (numbers[:, None] % 4).astype(np.int32), words, given or {})


def on_tensors(held: Held, one: Asked, order: list[int]) -> np.ndarray:
    u = np.stack([one.uniform(name) for name in held.fields])
    return held.in_blocks(sample_torch, one.context, u, order, one.given)


def test_the_kernel_and_tensors_agree_but_for_rounding(held: Held) -> None:
    one = asked(6_000)
    kernel, tensors = argn_sampler.sample(held, one), on_tensors(held, one, [0, 1, 2, 3])
    assert len(np.unique(kernel[:, 2])) > 20
    assert (kernel == tensors).all(axis=1).mean() > 0.999


def test_what_is_given_is_drawn_first_and_nothing_else(held: Held) -> None:
    weights = np.zeros(40)
    weights[[7, 30]] = 1.0, 3.0
    one = asked(6_000, {2: weights})
    kernel = argn_sampler.sample(held, one)
    assert set(kernel[:, 2]) == {7, 30}
    assert (kernel == on_tensors(held, one, [2, 0, 1, 3])).all(axis=1).mean() > 0.999


def test_a_row_is_the_same_in_any_range(held: Held) -> None:
    whole = argn_sampler.sample(held, asked(5_000))
    assert (argn_sampler.sample(held, asked(700, first=4_000)) == whole[4_000:4_700]).all()
    order = list(range(4))
    tensors = on_tensors(held, asked(BLOCK_CPU + 500), order)
    part = on_tensors(held, asked(300, first=BLOCK_CPU), order)
    assert (part == tensors[BLOCK_CPU : BLOCK_CPU + 300]).all()


@pytest.mark.gpu
def test_cpu_and_gpu_agree(held: Held) -> None:
    gpu = Held(held.tensors, held.about, "cuda:0")
    one = asked(20_000)
    kernel, made = argn_sampler.sample(held, one), argn_sampler.sample(gpu, one)
    assert (kernel == made).all(axis=1).mean() > 0.999


def test_networks_of_wide_tables_are_narrower() -> None:
    wide = Config.of(_rows(120))
    assert wide.hidden == 32
    assert Config.of(_rows(4)).hidden == 128


def _rows(columns: int):
    from genesis_sql.models.neural.data import Rows

    fields = tuple(Field(str(j), 2, False, False, (0.5, 0.5)) for j in range(columns))
    return Rows.of(np.zeros((50, columns), np.int16), np.zeros((50, 0), np.int16), fields, ())


PLANTED = """
CREATE TABLE planted AS
SELECT ['a', 'b', 'c'][1 + i % 3] AS kind, 100 * (i % 3) + hash(i) % 20 AS size,
       CASE WHEN i % 3 = 0 AND i % 2 = 0 THEN NULL ELSE hash(i, 1) % 50 / 10 END AS share,
       DATE '2024-01-01' + CAST(i % 3 * 100 + hash(i, 2) % 30 AS INTEGER) AS day
FROM range({}) AS r(i)
"""


def test_it_learns_what_belongs_together(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PLANTED.format(3_000))
    genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 12, "batch_size": 128})
    counted = """
        SELECT kind, avg(CAST(size // 100 = ord(kind) - 97 AS INTEGER)), count(share) / count(*),
               avg(CAST((day - DATE '2024-01-01') // 100 = ord(kind) - 97 AS INTEGER))
        FROM genesis_generate('m', rows := 3000) GROUP BY kind ORDER BY kind
    """
    found = con.execute(counted).fetchall()
    assert [k for k, *_ in found] == ["a", "b", "c"]
    assert all(fits > 0.95 and days > 0.95 for _, fits, _, days in found)
    assert [round(s, 1) for _, _, s, _ in found] == [0.5, 1.0, 1.0]


def test_a_large_table_is_streamed(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "STREAMED", 5_000)
    monkeypatch.setattr(fitting, "SAMPLE", 2_000)
    con.execute(PLANTED.replace("planted", "held").format(9_000))
    con.execute(
        "CREATE TABLE planted (id INTEGER PRIMARY KEY, kind VARCHAR, size BIGINT, day DATE)"
    )
    con.execute("INSERT INTO planted SELECT rowid, kind, size, day FROM held")
    row = genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 6})[0]
    assert row["rows"] == 9_000
    counted = """
        SELECT count(*), count(DISTINCT id),
               avg(CAST(size // 100 = ord(kind) - 97 AS INTEGER)) > 0.9
        FROM genesis_generate('m')
    """
    assert con.execute(counted).fetchall() == [(9_000, 9_000, True)]
    again = "SELECT fingerprint FROM genesis.model_versions ORDER BY version"
    genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 0})
    con.execute("UPDATE planted SET size = size + 1 WHERE id = 8999")  # not in any sample
    genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 0})
    prints = [p for (p,) in con.execute(again).fetchall()]
    assert prints[0] == prints[1] != prints[2]


def test_it_is_drawn_without_torch(con: duckdb.DuckDBPyConnection, script, tmp_path) -> None:
    con.execute(PLANTED.format(300))
    genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 1})
    path = str(tmp_path / "m.genesis")
    con.execute("CALL genesis_export('m', ?)", [path]).fetchall()
    done = script(
        "import sys, genesis_sql\n"
        "con = genesis_sql.connect()\n"
        "con.execute('CALL genesis_import(?)', [sys.argv[1]]).fetchall()\n"
        "print(con.execute(\"SELECT count(*) FROM genesis_generate('m', rows := 50)\").fetchall())\n"
        "print('torch' in sys.modules)\n"
        "con.close()\n",
        path,
    )
    expected = "[(50,)]\nFalse\n" if not os.path.exists("/dev/nvidiactl") else "[(50,)]\n"
    assert done.stdout.startswith(expected), done.stderr


def test_devices_take_turns_and_give_the_same_rows(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    con.execute(PLANTED.format(200))
    genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 1})
    query = "FROM genesis_generate('m', rows := 40000, seed := 1)"
    before = con.execute(query).fetchall()
    session_of(con).samplers.clear()  # they keep the last blocks
    seen = []

    def watched(held: Held, one: Asked) -> np.ndarray:
        seen.append(id(held))
        return argn_sampler.sample(held, one)

    monkeypatch.setattr(sampling, "devices", lambda: ("cpu", "cpu"))
    monkeypatch.setattr(sampling, "_HELD", {})
    sampling.register("argn", watched)
    try:
        assert con.execute(query).fetchall() == before
        assert len(set(seen)) == 2
    finally:
        sampling.register("argn", argn_sampler.sample)


def test_the_extra_is_named_where_it_is_missing(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "torch" else real(n, *a)
    )
    con.execute(PLANTED.format(30))
    with pytest.raises(
        genesis_sql.errors.MissingExtraError, match=r"pip install 'genesis-sql\[torch\]'"
    ):
        genesis_sql.fit(con, "m", "planted", method="argn")


def test_weights_that_were_changed_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    data = pack({"a": np.arange(3.0)}, {"b": 1})
    assert unpack(data)[1] == {"b": 1}
    for broken in (data[:20], b"", b"x" * 100, data[:-1]):
        with pytest.raises(genesis_sql.errors.ModelFormatError, match="cannot be read"):
            unpack(broken)


def _changed(program: Program, **parts: np.ndarray) -> Program:
    return replace(program, parts={**program.parts, **parts})


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.neural])
def test_weights_of_something_else_are_refused(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Nothing that an import brings may lead the kernel outside its arrays."""
    con.execute(PLANTED.format(60))
    genesis_sql.fit(con, "m", "planted", method=name, options={"epochs": 0})
    (model,) = session_of(con).models.values()
    program = model.programs["planted"]
    tensors, about = unpack(program.parts["#block"].tobytes())
    codes = codes_part("kind")
    weights = [n for n in tensors if not n.startswith("known.")]
    smaller = {n: tensors[n][..., :-1] for n in weights}
    broken = [
        {codes: np.array([1, 2, 99], np.int32)},
        {codes: np.array([1, 2], np.int32)},
        {codes: np.array([0.5, 1, 2])},
        {"#block": as_part(pack(tensors, {**about, "fields": about["fields"][:-1]}))},
        {"#block": as_part(pack(tensors, {**about, "config": {}}))},
        {"#block": as_part(pack({}, about))},
        *({"#block": as_part(pack({**tensors, n: smaller[n]}, about))} for n in weights),
    ]
    assert len(broken) > 10
    numbers = np.arange(20)
    for parts in broken:
        with pytest.raises(genesis_sql.errors.ModelFormatError, match="damaged"):
            run(
                _changed(program, **parts), Identity("u", 1), Rows(numbers, numbers), None, ["kind"]
            )
    run(program, Identity("u", 1), Rows(numbers, numbers), None, ["kind"])


def test_the_history_has_the_device_and_the_same_rows_come(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PLANTED.format(60))
    for device in ("cpu", "auto") if not torch.cuda.is_available() else ("cpu", "cpu"):
        genesis_sql.fit(con, "m", "planted", method="argn", device=device, options={"epochs": 1})
    told = "SELECT arguments->>'device' FROM genesis_history('m') ORDER BY id LIMIT 1"
    assert con.execute(told).fetchall() == [("cpu",)]
    same = "SELECT count(DISTINCT uuid), count(*) FROM genesis.model_versions"
    assert con.execute(same).fetchall() == [(1, 2)]


def test_torch_stays_out_of_the_state_of_others(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(PLANTED.format(100))
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    np.random.seed(5)
    genesis_sql.fit(con, "m", "planted", method="argn", options={"epochs": 2})
    assert torch.equal(torch.rand(3), expected)
