"""Rows that name earlier rows, and moments in the order of the rows; the kernel and SQL agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from genesis_sql.errors import ProfileError
from genesis_sql.profiles.compile import compile_profile
from tests.profiles.conftest import Drawn

Spec = dict[str, Any]
Compiled = Callable[[Mapping[str, Any]], Drawn]
BEGIN: Spec = {"type": "uniform", "min": "2024-01-01", "max": "2024-03-01", "sql_type": "TIMESTAMP"}
LATER: Spec = {"type": "uniform", "min": 1, "max": 40, "decimals": 0}


def ordered(of: str, until: str, **more: Any) -> Spec:
    return {"type": "after", "of": of, "ordered": True, "until": until, "unit": "second", **more}


def threads(**reply: Any) -> Spec:
    """Posts and their comments, which answer one another."""
    reference = {"type": "reference", "table": "comments", "among": "siblings", "null_share": 0.2}
    return {"tables": {
        "posts": {"rows": 40, "columns": {
            "id": {"type": "key"}, "made": BEGIN,
            "last": {"type": "after", "of": "made", "by": LATER, "unit": "day"},
        }},
        "comments": {"parent": "posts", "rows": {"type": "poisson", "mean": 6}, "columns": {
            "id": {"type": "key"}, "post": {"type": "parent", "column": "id"},
            "answers": {**reference, **reply},
            "since": {"type": "parent", "column": "made"},
            "until": {"type": "parent", "column": "last"},
            "said": ordered("since", "until"),
        }},
    }}  # fmt: skip


def staff(rows: int = 300, **boss: Any) -> Spec:
    """People and those who hired them."""
    return {"tables": {"staff": {"rows": rows, "columns": {
        "id": {"type": "key"}, "start": {"type": "constant", "value": "2020-01-01", "sql_type": "DATE"},
        "boss": {"type": "reference", "table": "staff", "fan": 5, **boss},
        "hired": {**ordered("start", "2023-12-31", half=40, sql_type="DATE"), "unit": "day"},
    }}}}  # fmt: skip


PAIRS = "comments AS c JOIN comments AS p ON p.id = c.answers"


def test_an_answer_is_of_the_same_parent_and_later(compiled: Compiled) -> None:
    made = compiled(threads())
    made.table("posts")
    assert made.table("comments") == made.in_sql("comments")
    many, wrong, late = made.one(
        f"SELECT count(*), count(*) FILTER (p.post <> c.post), count(*) FILTER (p.said >= c.said) FROM {PAIRS}"
    )
    assert (many > 80, wrong, late) == (True, 0, 0)
    assert made.one("SELECT count(*) FROM comments WHERE said < since OR said > until") == (0,)
    assert made.one("SELECT count(DISTINCT said) > 150 FROM comments") == (True,)


def test_answers_go_to_any_parent_without_the_option(compiled: Compiled) -> None:
    made = compiled(threads(among="earlier"))
    made.table("comments")
    assert made.one(f"SELECT count(*) > 80 FROM {PAIRS} WHERE p.post <> c.post") == (True,)


def test_the_first_of_a_parent_names_itself_where_null_may_not_stand(compiled: Compiled) -> None:
    made = compiled(threads(nullable=False, null_share=0.0))
    assert made.table("comments") == made.in_sql("comments")
    own = "SELECT count(*) FILTER (id = answers), count(DISTINCT post) FROM comments"
    first, parents = made.one(own)
    assert first == parents > 20
    assert made.one(f"SELECT count(*) FROM {PAIRS} WHERE p.post <> c.post") == (0,)


def test_whoever_hires_was_hired_before(compiled: Compiled) -> None:
    made = compiled(staff())
    rows = made.table("staff")
    assert rows == made.in_sql("staff")
    assert made.table("staff", rows=30) == rows[:30]
    made.table("staff", rows=300)
    pairs = "staff AS s JOIN staff AS b ON b.id = s.boss"
    assert made.one(f"SELECT count(*) FROM {pairs}") == (299,)
    assert made.one(f"SELECT count(*) FROM {pairs} WHERE b.hired >= s.hired") == (0,)
    assert made.one(f"SELECT count(*) FROM {pairs} WHERE b.id > (s.id + 3) // 5") == (0,)
    assert made.one("SELECT min(hired) >= '2020-01-01', max(hired) <= '2023-12-31' FROM staff") == (True, True)  # fmt: skip
    half = "SELECT count(*) BETWEEN 30 AND 50 FROM staff WHERE hired < '2022-01-01'"
    assert made.one(half) == (True,)


def test_a_key_of_two_columns_keeps_to_its_parent(compiled: Compiled) -> None:
    plain = threads(link="up", column="id", match={"post": "post"})
    plain["tables"]["comments"]["primary_key"] = ["post", "id"]
    made = compiled(plain)
    assert made.table("comments") == made.in_sql("comments")
    assert made.one(f"SELECT count(*) > 80 FROM {PAIRS} AND p.post = c.post") == (True,)


def test_a_later_moment_stays_before_a_column(compiled: Compiled) -> None:
    plain = threads()
    held = {
        "type": "after",
        "of": "since",
        "by": {**LATER, "max": 9999},
        "unit": "hour",
        "until": "until",
    }
    plain["tables"]["comments"]["columns"]["said"] = held
    made = compiled(plain)
    assert made.table("comments") == made.in_sql("comments")
    assert made.one("SELECT count(*) FROM comments WHERE said > until OR said < since") == (0,)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"boss": {"among": "siblings"}}, "is chosen among siblings, and 'staff' has no parent"),
        ({"hired": {"half": None}}, "needs 'half' in a table without parent"),
        ({"hired": {"until": None}}, "needs 'until'"),
        ({"hired": {"by": LATER}}, "'by' stands beside 'ordered'"),
        ({"hired": {"until": "id"}}, "comes after 'id', which holds"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(change: dict[str, Spec], told: str) -> None:
    plain = staff()
    for column, more in change.items():
        held = {**plain["tables"]["staff"]["columns"][column], **more}
        plain["tables"]["staff"]["columns"][column] = {
            k: v for k, v in held.items() if v is not None
        }
    with pytest.raises(ProfileError, match=told):
        compile_profile(plain, name="p", version=1)
    compile_profile(staff(), name="p", version=1)
