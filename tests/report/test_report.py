"""genesis_report and genesis_certificate through SQL: measured, written, never over other files."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import genesis_sql
from genesis_sql.report.certificate import intact

PEOPLE = """
CREATE TABLE people AS
SELECT i AS id, 18 + CAST(hash(i) % 60 AS INTEGER) AS age, ['a', 'b<b>'][1 + CAST(hash(i, 1) % 2 AS INTEGER)] AS grade,
       'p' || i || '@example.com' AS email
FROM range(600) AS r(i)
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of people, with everything measured."""
    path = tmp_path_factory.mktemp("report") / "people.duckdb"
    with genesis_sql.connect(str(path)) as con:
        con.execute(PEOPLE)
        con.execute("ALTER TABLE people ADD PRIMARY KEY (id)")
        con.execute("CALL genesis_fit('m', 'people')").fetchall()
        done = con.execute("CALL genesis_report('m', path := ?)", [str(path.with_name("r.html"))])
        assert done.fetchall()[0][2]
    return path


def test_the_page_is_written_and_written_again(people: Path) -> None:
    page = people.with_name("r.html")
    text = page.read_text(encoding="utf-8")
    assert "b&lt;b&gt;" in text
    assert "b<b>" not in text
    assert "c2st_auc" in text
    assert "exact_copies" in text
    with genesis_sql.connect(str(people), read_only=True) as con:
        runs = con.execute("SELECT kind FROM genesis_history('m') ORDER BY id").fetchall()
        assert runs == [("fit",), ("report",)]
        again = con.execute("CALL genesis_report('m', path := ?)", [str(page)]).fetchall()
    assert again[0][1] == page.stat().st_size
    assert not list(people.parent.glob("*.part"))


def test_no_other_file_is_written_over(people: Path, tmp_path: Path) -> None:
    other = tmp_path / "notes.html"
    other.write_text("mine")
    with genesis_sql.connect(str(people), read_only=True) as con:
        with pytest.raises(duckdb.Error, match=r"notes.html' exists and is no report"):
            con.execute("CALL genesis_report('m', path := ?)", [str(other)]).fetchall()
        with pytest.raises(duckdb.Error, match="there is no folder"):
            con.execute(
                "CALL genesis_report('m', path := ?)", [str(tmp_path / "x" / "r.html")]
            ).fetchall()
        con.execute("SET enable_external_access = false")
        with pytest.raises(duckdb.Error, match="AccessError"):
            con.execute(
                "CALL genesis_report('m', path := ?)", [str(tmp_path / "r.html")]
            ).fetchall()
    assert other.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [other]


def test_in_python_it_is_an_object_for_notebooks(people: Path, tmp_path: Path) -> None:
    with genesis_sql.connect(str(people), read_only=True) as con:
        report = genesis_sql.make_report(con, "m")
    assert "<iframe" in report._repr_html_()
    assert "<svg" in report.distribution("people", "age").svg
    report.write(tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size > 10_000


def test_the_certificate_says_what_was_measured(people: Path) -> None:
    with genesis_sql.connect(str(people), read_only=True) as con:
        (row,) = con.execute("FROM genesis_certificate('m')").fetchall()
    facts = json.loads(row[2])
    assert intact(facts)
    assert facts["sha256"] == row[3]
    assert facts["measured"]["pass"] > 10
    mails = next(i for i in facts["hipaa_safe_harbor"]["identifiers"] if i["letter"] == "F")
    assert [(c["column"], c["made"]) for c in mails["columns"]] == [("email", "made anew")]


def test_a_private_model_shows_its_guarantee_and_nothing_measured(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    con.execute(PEOPLE)
    asked = "{'epsilon': 2.0, 'delta': 1e-6, 'bounds': {'age': [18, 77], 'id': [0, 600]}, 'domains': {'grade': ['a', 'b<b>']}, 'roles': {'email': 'unsupported'}}"
    con.execute(f"CALL genesis_fit('p', 'people', method := 'dp', options := {asked})").fetchall()
    for call in ("FROM genesis_quality('p')", "FROM genesis_privacy('p')"):
        with pytest.raises(duckdb.Error, match=r"differentially private.*ε did not pay for"):
            con.execute(call).fetchall()
    path = tmp_path / "p.html"
    con.execute("CALL genesis_report('p', path := ?)", [str(path)]).fetchall()
    text = path.read_text(encoding="utf-8")
    assert "ε = 2" in text
    facts = json.loads(
        con.execute("SELECT certificate FROM genesis_certificate('p')").fetchall()[0][0]
    )
    assert (facts["guaranteed"]["epsilon"], facts["guaranteed"]["delta"]) == (2.0, 1e-6)
    assert facts["measured"]["quality"] == []
    assert facts["hipaa_safe_harbor"]["columns_looked_at"] == 0
    assert con.execute("CALL genesis_assert('p', 'epsilon <= 2 AND delta < 0.001')").fetchall()[0][
        2
    ]
    with pytest.raises(duckdb.Error, match="epsilon < 1 does not hold, it is 2"):
        con.execute("CALL genesis_assert('p', 'epsilon < 1')").fetchall()
    assert con.execute("SELECT count(*) FROM genesis_history('p')").fetchall() == [(1,)]
