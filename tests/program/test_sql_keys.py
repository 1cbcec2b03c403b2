"""Keys of streams in SQL: blake2b written out, against hashlib."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from genesis_sql.program.draw import Stream, stream
from genesis_sql.program.sql_keys import KEYS, SEED, HeldIdentity, key_tables
from genesis_sql.program.sql_nodes import relation_name
from genesis_sql.sqlbuild import text

UUID = "0123456789abcdef" * 2
NAMES = [
    ("orders", "qty", "cell"),
    ("orders", "qty", "within"),
    ("", "", ""),
    ("o'rd\"ers", 'a "b"', "cell'); DROP TABLE t; --"),
    ("t" * 63, "ä" * 40, "cell"),
    ("t" * 150, "c" * 150, "within"),
    *(("t", "c" * n, "p") for n in range(50, 62)),  # both sides of the end of a block
]


def keys_sql(identity: HeldIdentity, seed: str) -> str:
    """The statement that makes all keys, the seed as a text."""
    one = exp.Select(expressions=[exp.alias_(exp.Literal.string(seed), "text")])
    last = exp.select("*").from_(relation_name(KEYS))
    for name, tree in [(SEED, one), *key_tables(identity.tails)]:
        alias = exp.to_identifier(name, quoted=True)
        last = last.with_(alias, as_=tree, recursive=True, copy=False)
    return text(last)


def found(con: duckdb.DuckDBPyConnection, seed: int) -> list[Stream]:
    identity = HeldIdentity(UUID)
    held = [identity.stream(*names) for names in NAMES]
    row = con.sql(keys_sql(identity, str(seed)))
    values = dict(zip(row.columns, row.fetchall()[0], strict=True))
    return [Stream(values[h.a], values[h.b]) for h in held]


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.mark.parametrize("seed", [0, -7, -(2**63), 2**127 - 1])
def test_the_keys_of_hashlib(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    expected = [stream(seed, UUID, *names) for names in NAMES]
    assert len(set(expected)) == len(NAMES)
    assert found(con, seed) == expected


@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(-(2**127), 2**127 - 1),
    names=st.lists(st.tuples(*[st.text(max_size=50)] * 3), min_size=1, max_size=5, unique=True),
)
def test_any_names(
    con: duckdb.DuckDBPyConnection, seed: int, names: list[tuple[str, str, str]]
) -> None:
    identity = HeldIdentity("u")
    for parts in names:
        identity.stream(*parts)
    ((*values,),) = con.execute(keys_sql(identity, str(seed))).fetchall()
    expected = [stream(seed, "u", *parts) for parts in names]
    assert values == [key for s in expected for key in (s.a, s.b)]


def test_a_stream_is_made_but_once() -> None:
    identity = HeldIdentity(UUID)
    assert identity.stream("t", "c", "p") == identity.stream("t", "c", "p")
    assert identity.stream("t", "c", "p") != identity.stream("t", "c", "q")
    assert len(identity.tails) == 2
