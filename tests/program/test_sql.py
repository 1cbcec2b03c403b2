"""The SQL form of programs: what the kernel draws, bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_sql.errors import GenesisError
from genesis_sql.plan.output import batch, select_list
from genesis_sql.program.cells import Cells, alias_tables
from genesis_sql.program.domain import Categories, Domain, Fixed, Grid, Key, Raw, Reals, Words
from genesis_sql.program.draw import Stream, address
from genesis_sql.program.execute import Identity, Rows, run
from genesis_sql.program.pattern import DIGITS, UUID, IntegerKey, Pattern, Run, Shape
from genesis_sql.program.sql import ADDRESS, NUMBER, Around, add_steps
from genesis_sql.program.sql_address import address_columns
from genesis_sql.program.sql_decode import add_outputs
from genesis_sql.program.sql_nodes import as_type, numbers, real
from genesis_sql.program.sql_relation import Query, Relation, select
from genesis_sql.program.steps import (
    Block,
    Constant,
    Draw,
    Expression,
    Number,
    Output,
    Program,
    Random,
    Step,
    Tree,
    step_columns,
)
from genesis_sql.sqlbuild import column, fill, text

IDENTITY = Identity("uuid", 5)
ROWS = 200
LONG = 2**63 - 1
SALTED = Pattern("identifier", (Shape(("K", Run(DIGITS, 5))),), (90,), salt=9)
LITERAL = Pattern("identifier", (Shape(("same",)),), (1,))


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that knows nothing of this package."""
    con = duckdb.connect()
    yield con
    con.close()


def drawn(program: Program) -> list[str]:
    return [c for s in program.steps if not isinstance(s, Expression) for c in step_columns(s)]


def relation(query: Query) -> Relation:
    rows = 'SELECT i AS "#number", i * 7919 AS "#address" FROM range($n) AS r(i)'
    return Relation(query, "t", query.add("t", fill(rows, n=ROWS)), (NUMBER, ADDRESS))


def kernel(program: Program, wanted: list[str]) -> dict[str, Raw]:
    at = np.arange(ROWS)
    return run(program, IDENTITY, Rows(at * 7919, at), None, wanted)


def shown(raw: Raw) -> list[str]:
    """Texts that tell any two values apart."""
    valid = [True] * len(raw) if raw.valid is None else raw.valid.tolist()
    values = zip(raw.values.tolist(), valid, strict=True)
    return [repr(v if ok else None) for v, ok in values]


def check(db: duckdb.DuckDBPyConnection, program: Program) -> None:
    """All raw columns and all values are those of the kernel."""
    query, wanted = Query(), drawn(program)
    rows = relation(query)
    add_steps(rows, program, IDENTITY, Around(), wanted)
    outputs = add_outputs(rows, program)
    raws = [(f"#raw {n}", column(n)) for n in wanted]
    last = select([*raws, *outputs], rows.close()).order_by(column(NUMBER))
    db.execute(f"CREATE OR REPLACE TEMP TABLE made AS {query.text(last)}")
    found = db.sql("SELECT COLUMNS('^#raw') FROM made").to_arrow_table()
    raw = kernel(program, wanted)
    for name in wanted:
        assert [repr(v) for v in found[f"#raw {name}"].to_pylist()] == shown(raw[name]), name
    values = pa.RecordBatch.from_struct_array(batch(program, raw))
    db.register("kernel_rows", pa.Table.from_batches([values]))
    expected = db.sql(f"SELECT {select_list(program)} FROM kernel_rows")
    made = db.sql("SELECT COLUMNS('^[^#]') FROM made")
    assert made.types == expected.types
    texts = [r.project("CAST(COLUMNS(*) AS VARCHAR)").to_arrow_table() for r in (made, expected)]
    for name in expected.columns:
        assert texts[0][name].to_pylist() == texts[1][name].to_pylist(), name


def atoms(low: np.ndarray, width: np.ndarray | None = None) -> Cells:
    """One cell of equally likely slots, the last of them NULL."""
    start = np.array([0, len(low)])
    accept, alias = alias_tables(start, np.ones(len(low), np.int64))
    null = np.arange(len(low)) == len(low) - 1
    return Cells(start, accept, alias, low, np.ones_like(low) if width is None else width, null)


def one_of(name: str, low: list[float], domain: Domain) -> Draw:
    if isinstance(domain, Categories):
        return Draw(name, (), Tree.single(), atoms(np.arange(len(low), dtype=np.int32)))
    values = np.array([*low, 0], np.float64 if isinstance(domain, Reals) else np.int64)
    width = np.zeros_like(values) if isinstance(domain, Reals) else np.ones_like(values)
    return Draw(name, (), Tree.single(), atoms(values, width))


def program_of(
    steps: list[Step], domains: dict[str, Domain], edges: dict[str, np.ndarray] | None = None
) -> Program:
    outputs = tuple(Output(n, d.type) for n, d in domains.items() if not n.startswith("#"))
    return Program("t", ROWS, tuple(steps), domains, edges or {}, outputs)


NUMBERS: list[tuple[Domain, list[float]]] = [
    (Grid("TINYINT"), [-128, 127]),
    (Grid("USMALLINT", 5), [0, 13107]),
    (Grid("BIGINT"), [-(2**63), LONG, 0]),
    (Grid("UBIGINT"), [0, LONG]),
    (Grid("HUGEINT", 3), [-5, 2**61]),
    (Grid("UHUGEINT"), [0, LONG]),
    (Grid("FLOAT", 1, 3), [-1234, 16777217]),
    (Grid("DOUBLE", 3, 9), [1, 333333333, -7]),
    (Grid("DECIMAL(4,1)", 1, 1), [-9999, 9999]),
    (Grid("DECIMAL(38,0)"), [LONG]),
    (Grid("DECIMAL(38,10)", 7, 2), [12345678901234, -1]),
    (Grid("DECIMAL(38,30)", 1, 30), [-LONG, 1]),
    (Grid("DATE"), [0, -1, 2**31 - 1, -(2**31 - 1), 2**31 - 2, -(2**31) + 2]),
    (Grid("TIMESTAMP", 1), [0, -1, LONG, -LONG, 86_399_999_999]),
    (Grid("TIMESTAMP_S", 1_000_000), [0, -5, 10**9]),
    (Grid("TIMESTAMP_MS"), [1499, 1500, -1500, LONG]),
    (Grid("TIMESTAMP_NS"), [1, -1, LONG, 1_700_000_000_123_456_789]),
    (Grid("TIMESTAMP WITH TIME ZONE"), [0, 10**15, LONG]),
    (Grid("TIME"), [0, 1, 86_399_999_999, 86_400_000_000]),
    (Grid("TIME_NS", 60_000_000), [0, 1439]),
    (Reals("DOUBLE"), [np.inf, -np.inf, np.nan, -0.0, 5e-324, 0.1, 1.7976931348623157e308]),
    (Reals("FLOAT"), [0.1, np.inf, np.nan, -1e-45]),
    (Reals("UBIGINT"), [1.8446744073709552e19, 1e19, 0.99, -5.0]),
    (Reals("HUGEINT"), [1e37, -1e37, 2.5, -2.5, 0.49999999999999994, 2**70 + 2**20]),
    (Reals("UHUGEINT"), [1e37, 0.5]),
    (Reals("DECIMAL(38,0)"), [1e37, -0.5]),
    (Reals("DECIMAL(38,10)"), [1234567890.1234567, -1e-11, 0.1, 5e-11, 1e27]),
]
LABELS: list[Domain] = [
    Categories("BOOLEAN", ("false", "true")),
    Categories("VARCHAR", ("it's", '"', "", "é\n", "NULL")),
    Categories("ENUM('b,c', 'it''s', 'ü')", ("b,c", "it's", "ü")),
    Categories("DATE", ("2024-02-29", "infinity")),
    Categories("INTEGER", ("-1", "10")),
    Categories("TIMESTAMP WITH TIME ZONE", ("2024-01-01 00:00:00+00",)),
    Categories("UUID", ("00000000-0000-4000-8000-000000000000",)),
]


def test_values_of_every_type(db: duckdb.DuckDBPyConnection) -> None:
    domains: dict[str, Domain] = {}
    steps: list[Step] = []
    for domain, low in [*NUMBERS, *((d, [0, *d.labels]) for d in LABELS)]:
        name = f"{type(domain).__name__} {domain.type}"
        steps.append(one_of(name, low, domain))
        domains[name] = domain
    program = program_of(steps, domains)
    check(db, program)


def test_keys_texts_and_constants(db: duckdb.DuckDBPyConnection) -> None:
    has = Categories("VARCHAR", ("1",))
    domains: dict[str, Domain] = {
        "#has": has,
        "scattered": Key("INTEGER", IntegerKey(-50, 7, 5, 11, False, 3)),
        "counted": Key("HUGEINT", IntegerKey(LONG - 1000, 2)),
        "code": Key("VARCHAR", SALTED),
        "uuid": Key("UUID", Pattern("uuid", (UUID,), (1,), salt=1)),
        "word": Words("VARCHAR", SALTED),
        "random uuid": Words("UUID", Pattern("uuid", (UUID,), (1,))),
        "literal": Words("VARCHAR", LITERAL),
        "fixed": Fixed("TIMESTAMP WITH TIME ZONE", "2024-01-01 05:00:00+00"),
        "quoted": Fixed("VARCHAR", "it's \\ {x}"),
        "nothing": Fixed("DECIMAL(4,1)", None),
    }
    steps: list[Step] = [one_of("#has", [0, 1], has)]
    for name, domain in list(domains.items())[1:]:
        if isinstance(domain, Key):
            steps.append(Number(name, "#has"))
        elif isinstance(domain, Words):
            steps.append(Random(name, domain.pattern.words_needed, "#has"))
        else:
            steps.append(Constant(name))
    program = program_of(steps, domains)
    check(db, program)
    raw = kernel(program, ["literal"])["literal"]
    assert raw.valid is not None
    assert 0 < raw.valid.sum() < ROWS


def test_numbers_are_cut_at_their_edges(db: duckdb.DuckDBPyConnection) -> None:
    wild = [np.nan, np.inf, -np.inf, 0.0, 1.5, 2.5]
    sources: dict[str, Domain] = {"x": Reals("DOUBLE"), "n": Grid("BIGINT")}
    steps: list[Step] = [
        one_of("x", wild, sources["x"]),
        one_of("n", [-(2**63), 5, 6, LONG], sources["n"]),
    ]
    edges = {"x": np.array([-1.0, 1.5, 2.0, np.inf]), "n": np.array([-(2**63), 5, 2**53 + 1])}
    domains = dict(sources)
    for name, codes in (("x", 6), ("n", 5)):
        chain = np.arange(codes - 1, dtype=np.int32)  # a node for each code but the last
        leaves = np.arange(codes, dtype=np.int32)
        tree = Tree(
            np.r_[chain * 0, leaves * 0 - 1].astype(np.int32),
            np.r_[chain, leaves * 0].astype(np.int32),
            np.r_[chain + codes - 1, leaves].astype(np.int32),
            np.r_[chain[1:], 2 * (codes - 1), leaves * 0].astype(np.int32),
        )
        low = np.arange(codes, dtype=np.int32)
        ones = np.full(codes, 2**32 - 1, np.uint32)
        cells = Cells(np.arange(codes + 1), ones, low, low)
        steps.append(Draw(f"code of {name}", (name,), tree, cells))
        labels = tuple(str(i) for i in range(1, codes))
        domains[f"code of {name}"] = Categories("INTEGER", labels)
    program = program_of(steps, domains, edges)
    check(db, program)
    raw = kernel(program, ["x", "code of x"])
    for value, code in ((np.nan, 5), (np.inf, 4), (-np.inf, 1), (1.5, 2), (2.5, 4)):
        same = np.isnan(raw["x"].values) if np.isnan(value) else raw["x"].values == value
        assert set(raw["code of x"].values[same]) == {code}


def test_expressions_see_values_of_their_types(db: duckdb.DuckDBPyConnection) -> None:
    domains: dict[str, Domain] = {"at": Grid("TIMESTAMP", 1), "price": Grid("DECIMAL(10,2)", 1, 2)}
    steps = [one_of("at", [0, 10**15], domains["at"]), one_of("price", [5, 999], domains["price"])]
    made = [
        Expression("year", 'CAST(EXTRACT(YEAR FROM "at") AS INTEGER)'),
        Expression("twice", '"price" * 2 + 0.005'),
    ]
    program = program_of([*steps, *made], domains)
    outputs = (Output("twice", "DECIMAL(12,3)"), *program.outputs, Output("year", "INTEGER"))
    check(db, Program(**{**vars(program), "outputs": outputs}))


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_programs(
    db: duckdb.DuckDBPyConnection, random_program: Callable[[int], Program], seed: int
) -> None:
    program = random_program(seed)
    check(db, program)


def test_only_what_is_wanted_is_written(random_program: Callable[[int], Program]) -> None:
    program = random_program(3)
    query = Query()
    rows = relation(query)
    add_steps(rows, program, IDENTITY, Around(), [])
    assert rows.columns == [NUMBER, ADDRESS]
    add_steps(rows, program, IDENTITY, Around(), [drawn(program)[0]])
    assert rows.columns[:3] == [NUMBER, ADDRESS, drawn(program)[0]]


def test_a_block_step_is_refused_by_name() -> None:
    block = Block(("x", "y"), "net", "weights")
    program = program_of([block], {"x": Reals("DOUBLE"), "y": Reals("DOUBLE")})
    with pytest.raises(GenesisError, match="table 't' has a block step of method 'net' for x, y"):
        add_steps(relation(Query()), program, IDENTITY, Around(), ["y"])


def test_addresses_of_children(db: duckdb.DuckDBPyConnection) -> None:
    keys = Stream(123, 2**32 - 1), Stream(0, 77)
    parents = np.r_[np.arange(50), 2**62 - 1 - np.arange(50) * 2**50]
    k = np.r_[np.arange(50), np.arange(50) * 40_000_000]
    db.register("family", pa.table({"p": parents, "k": k, "i": np.arange(100)}))
    query = Query()
    rows = Relation(query, "t", "family", ("i",))
    rows.put("address", rows.put_all(address_columns(keys, "p", "k")), keep=True)
    last = select([("address", column("address"))], rows.close()).order_by(column("i"))
    found = [row[0] for row in db.execute(query.text(last)).fetchall()]
    assert found == address(keys, parents, k).tolist()
    assert min(found) >= 0
    assert max(found) < 2**62


@pytest.mark.parametrize("value", [0.1, -0.0, 5e-324, 1.7976931348623157e308, np.inf, 2.0**-32])
def test_doubles_keep_their_bits(db: duckdb.DuckDBPyConnection, value: float) -> None:
    values = np.array([value, -value])
    found = db.execute(f"SELECT {text(real(value))}, {text(numbers(values))}").fetchall()[0]
    assert repr(found) == repr((value, values.tolist()))


def test_a_cast_over_a_cast_stays(db: duckdb.DuckDBPyConnection) -> None:
    node = as_type(as_type(real(1.25), "DECIMAL(4, 1)"), "DECIMAL(9, 3)")
    assert db.execute(f"SELECT CAST({text(node)} AS VARCHAR)").fetchall()[0][0] in (
        "1.300",
        "1.200",
    )
