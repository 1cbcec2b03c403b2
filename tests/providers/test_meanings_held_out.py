"""How many columns of public schemas are found right, and that names are what finds them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.meanings import HELD_OUT, SEEN, Asked, judged, read, shares
from genesis_sql.providers.ask import Meaning
from genesis_sql.providers.meaning_names import MEANINGS
from genesis_sql.providers.meanings import meaning_of
from genesis_sql.types import RawColumn, RawSchema, RawTable


@pytest.fixture(scope="module")
def held_out() -> list[Asked]:
    return read(HELD_OUT)


def test_the_held_out_columns_are_of_other_schemas_and_labelled(held_out: list[Asked]) -> None:
    assert len({(a.table.name, a.column.name) for a in held_out}) == len(held_out) >= 200
    assert all(a.meanings <= {*MEANINGS, ""} for a in held_out + read(SEEN))
    tables = {(t.name, t.columns) for a in read(SEEN) for t in a.schema.tables}
    assert not tables & {(t.name, t.columns) for a in held_out for t in a.schema.tables}


def test_nine_of_ten_held_out_columns_are_found(held_out: list[Asked]) -> None:
    found = judged(held_out)
    assert found.share >= 0.9, found.wrong


def test_the_columns_seen_stay_found() -> None:
    found = judged(read(SEEN))
    assert found.share >= 0.96, found.wrong


def test_without_names_and_comments_little_is_found(held_out: list[Asked]) -> None:
    def nameless(column: RawColumn, table: RawTable, schema: RawSchema) -> Meaning:
        return meaning_of(replace(column, name="qqx", comment=None), table, schema)

    assert judged(held_out, nameless).share < 0.35


def test_the_benchmark_says_the_same(held_out: list[Asked]) -> None:
    first = shares()[0]
    assert first.ours == judged(held_out).share
    assert first.holds is True
