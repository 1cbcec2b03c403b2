"""Aggregates of programs made by hand: every function, and what a stored one may not do."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np
import pytest

from genesis_sql.errors import GenesisError, ModelFormatError
from genesis_sql.plan import aggregate
from genesis_sql.plan.compile import compile_sql
from genesis_sql.plan.definition import Model
from genesis_sql.plan.output import batch
from genesis_sql.plan.parts import from_parts, to_parts
from genesis_sql.plan.sampler import Sampler
from genesis_sql.program.domain import Grid, Key, Listed, RawLists, Record
from genesis_sql.program.expressions import sampled
from genesis_sql.program.fold import Aggregate
from genesis_sql.program.pattern import IntegerKey
from genesis_sql.program.steps import Copy, Link, MainParent, Number, Output, Program
from genesis_sql.types import Column, Graph, Role, Table
from tests.plan.conftest import label, labels, whole
from tests.plan.test_compile import check

MONEY = Grid("DECIMAL(9,2)", 5, 2)
KEY = Key("INTEGER", IntegerKey(1, 1))


def model(*steps: Aggregate, **domains: object) -> Model:
    """A parent whose rows have 0, 1, 2 or 9 children, with these steps."""
    held = {"id": KEY, "#count:c": Grid("BIGINT"), "#has": labels("1"), **domains}
    first = [Number("id"), whole("#count:c", [0, 1, 2, 9]), label("#has", [1, 3])]
    outputs = tuple(Output(n, d.type) for n, d in held.items() if n[0] != "#")  # type: ignore[attr-defined]
    above = Program("p", 300, (*first, *steps), held, {}, outputs)  # type: ignore[arg-type]
    children = [
        Copy("p", "parent.id"),
        whole("x", [-3, 1, 4, 10], null=2),
        label("word", [1, 3, 3]),
    ]
    main = MainParent(Link("parent", "p", ("p",), ("id",)), "#count:c")
    read = {"p": KEY, "x": MONEY, "word": labels("a", "b")}
    below = Program("c", 900, tuple(children), read, {}, (), main)  # type: ignore[arg-type]
    tables = (Table("p", "", (Column("id", "INTEGER", Role.KEY),)), Table("c", "", ()))
    return Model("m", 1, "u", Graph(tables), {"p": above, "c": below}, {}, ("p", "c"))


def children(sampler: Sampler) -> list[list[int | None]]:
    """The raw values of x by parent."""
    family = sampler.family("c")
    raw = sampler.raw("c", np.arange(sampler.size("c")), ["x"])["x"]
    assert raw.valid is not None
    flat = [v if ok else None for v, ok in zip(raw.values.tolist(), raw.valid, strict=True)]
    return [flat[e - c : e] for e, c in zip(family.ends, family.counts, strict=True)]


@pytest.mark.parametrize("chunk", [7, 500_000])
@pytest.mark.parametrize(
    ("function", "meant"), [("sum", sum), ("min", min), ("max", max), ("count", len)]
)
def test_of_values(monkeypatch: pytest.MonkeyPatch, chunk: int, function: str, meant) -> None:
    monkeypatch.setattr(aggregate, "CHUNK", chunk)
    empty = 0 if function == "count" else None
    domain = Grid("BIGINT") if function == "count" else MONEY
    sampler = Sampler(model(Aggregate("t", "c", ("x",), function, empty), t=domain))
    chosen = np.array([17, 3, 3, 250, *range(300)])
    raw = sampler.raw("p", chosen, ["t"])["t"]
    held = [[v for v in values if v is not None] for values in children(sampler)]
    assert any(not h for h in held)
    expected = [meant(held[i]) if held[i] or function == "count" else None for i in chosen]
    valid = np.ones(len(chosen), bool) if raw.valid is None else raw.valid
    assert [v if ok else None for v, ok in zip(raw.values, valid, strict=True)] == expected


def test_of_rows_and_of_nothing() -> None:
    steps = (Aggregate("n", "c", (), "count", 0), Aggregate("t", "c", ("x",), "sum", 0))
    sampler = Sampler(model(*steps, n=Grid("BIGINT"), t=MONEY))
    raw = sampler.raw("p", np.arange(300), ["n", "t"])
    assert raw["n"].values.tolist() == sampler.family("c").counts.tolist()
    assert raw["t"].valid is None
    assert raw["t"].values[raw["n"].values == 0].tolist() == [0] * int((raw["n"].values == 0).sum())


def test_lists_keep_order_null_and_empty() -> None:
    both = Record("STRUCT(a DECIMAL(9,2))", (("a", MONEY),), optional=True)
    steps = (
        Aggregate("xs", "c", ("x",), "list", present="#has"),
        Aggregate("ys", "c", ("word", "x"), "list"),
    )
    lists = {
        "xs": Listed("DECIMAL(9,2)[]", MONEY),
        "ys": Listed("STRUCT(a DECIMAL(9,2))[]", both),
    }
    made = model(*steps, **lists)
    sampler = Sampler(made)
    raw = sampler.raw("p", np.arange(300), [*sampled(made.programs["p"]), "#has"])
    assert isinstance(raw["xs"], RawLists)
    rows = batch(made.programs["p"], raw).to_pylist()
    units = [[None if v is None else v * 5 for v in values] for values in children(sampler)]
    for i, row in enumerate(rows):
        got = (
            None if row["c1"] is None else [None if v is None else int(v * 100) for v in row["c1"]]
        )
        assert got == (units[i] if raw["#has"].values[i] else None)
        assert len(row["c2"]) == len(units[i])
    assert {row["c1"] is None for row in rows} == {True, False}
    assert any(row["c1"] == [] for row in rows)
    assert any(v is None for row in rows for v in row["c2"])


def test_a_sum_beyond_the_type_is_told() -> None:
    step, domain = Aggregate("t", "c", ("x",), "sum"), Grid("TINYINT", 5, 2)
    with pytest.raises(
        GenesisError, match="a sum leaves its type TINYINT; give the column a wider"
    ):
        Sampler(model(step, t=domain)).raw("p", np.arange(300), ["t"])


def test_the_sql_form_has_the_same_values() -> None:
    steps = [
        Aggregate(f"{f} {e}", "c", ("x",), f, e) for f in ("sum", "min", "max") for e in (None, 0)
    ]
    steps += [Aggregate(f"n {e}", "c", (), "count", e) for e in (None, 0)]
    steps += [Aggregate(f"m {e}", "c", (s,), "count", e) for s, e in (("word", 0), ("x", None))]
    domains = {s.column: Grid("BIGINT") if s.function == "count" else MONEY for s in steps}
    con = duckdb.connect()
    assert check(con, model(*steps, **domains), "p") == 300
    con.close()


def test_a_list_has_no_sql_form() -> None:
    made = model(Aggregate("t", "c", ("x",), "list"), t=Listed("DECIMAL(9,2)[]", MONEY))
    with pytest.raises(GenesisError, match="'t' of table 'p' is the list of rows of 'c'"):
        compile_sql(made, "p")


def test_a_sum_beyond_the_type_is_told_in_sql_too() -> None:
    made = model(Aggregate("t", "c", ("x",), "sum"), t=Grid("TINYINT", 5, 2))
    con = duckdb.connect()
    with pytest.raises(duckdb.ConversionException, match="INT8"):
        con.sql(compile_sql(made, "p")).fetchall()
    con.close()


def stored(made: Model) -> Model:
    return from_parts(to_parts(made), name="m", version=1, uuid="u")


def test_stored_aggregates_are_checked() -> None:
    step = Aggregate("t", "c", ("x",), "sum")
    whole_again = stored(model(step, t=MONEY))
    assert whole_again.programs["p"].steps[-1] == step
    listed = Listed("DECIMAL(9,2)[]", MONEY)
    wrong = {
        "is no child": model(replace(step, child="p"), t=MONEY),
        "'y' that 'c' lacks": model(replace(step, sources=("y",)), t=MONEY),
        "on another grid": model(step, t=Grid("DECIMAL(9,2)", 1, 2)),
        "unknown function": model(replace(step, function="median"), t=MONEY),
        "several sources": model(replace(step, sources=("x", "x")), t=MONEY),
        "does not fit its source": model(replace(step, function="list"), t=MONEY),
        "is no number": model(step, t=listed),
        r"'VARCHAR\) x' is no column type": model(
            Aggregate("t", "c", ("x",), "list"), t=Listed("DATE[]", Grid("VARCHAR) x"))
        ),
        "a list has no label": model(Aggregate("t", "c", ("x",), "list", present="id"), t=listed),
        "is computed, no step can read it": model(
            step, Aggregate("s", "c", ("x",), "sum", present="t"), t=MONEY, s=MONEY
        ),
    }
    for why, made in wrong.items():
        with pytest.raises(ModelFormatError, match=why):
            stored(made)


def test_a_child_does_not_read_what_is_made_of_it() -> None:
    made = model(Aggregate("t", "c", ("x",), "sum"), t=MONEY)
    child = made.programs["c"]
    turned = replace(
        child, steps=(*child.steps, Copy("y", "parent.t")), domains={**child.domains, "y": MONEY}
    )
    with pytest.raises(ModelFormatError, match="reads a column 't' that its parent 'p' does not"):
        stored(replace(made, programs={**made.programs, "c": turned}))
