import json

import pytest

from benchmarks.report import Line, Must, Report, render, shown

LINES = [
    Line("rows/s", 600_000.0, None, {"SDV": 60_000.0}),
    Line("C2ST", 0.511, Must(most=0.515), {"SDV": 0.999}),
    Line("share", 0.83, Must(0.78, 0.82)),
    Line("pair", None, Must(least=0.985)),
]
REPORT = Report("adult", LINES, {"CPU": "abacus", "cores": "2"}, ["measured by hand"], {"x": [1]})


def test_a_bound_holds_or_not():
    assert [line.failed for line in LINES] == [False, False, True, True]
    assert REPORT.failures == ["share", "pair"]
    assert Must(least=6).holds(6)
    assert not Must(most=0).holds("none")


def test_the_table_shows_ours_the_must_the_peer_and_the_machine():
    text = render(REPORT)
    table = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    assert [c.strip() for c in table[0]] == ["", "genesis_sql", "must", "", "SDV"]
    assert [c.strip() for c in table[2]] == ["rows/s", "600,000", "", "", "60,000"]
    assert [c.strip() for c in table[3]] == ["C2ST", ".511", "≤ .515", "yes", ".999"]
    assert [c.strip() for c in table[4]] == ["share", ".830", ".780 – .820", "no", ""]
    assert [c.strip() for c in table[5]] == ["pair", "–", "≥ .985", "no", ""]
    assert len({len(line) for line in text.splitlines() if line.startswith("|")}) == 1
    assert "Machine: CPU abacus, cores 2." in text
    assert "- measured by hand" in text


def test_the_report_is_json():
    told = json.loads(json.dumps(REPORT.as_json()))
    assert told["lines"][1]["must"] == {"least": None, "most": 0.515}
    assert [line["holds"] for line in told["lines"]] == [None, True, False, False]
    assert told["detail"] == {"x": [1]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0028, ".0028"),
        (0.5, ".500"),
        (1.0, "1.00"),
        (-0.5, "-.500"),
        (12.34, "12.3"),
        (360_000.4, "360,000"),
        (1_000_000, "1,000,000"),
        ("0.1 – 0.2", "0.1 – 0.2"),
        (None, "–"),
    ],
)
def test_numbers_are_shown_as_people_read_them(value, text):
    assert shown(value) == text
