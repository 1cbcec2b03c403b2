"""Messages name what can be typed in a shell."""

from __future__ import annotations

import pytest

from genesis_sql.cli.words import spoken


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("FROM genesis_history() lists all", "genesis history x.db lists all"),
        ("see FROM genesis_check('a b')", "see genesis check x.db"),
        (
            "CALL genesis_activate('m', version := 2)",
            "genesis activate x.db 'm' --version 2",
        ),
        ("CALL genesis_drop('it''s') first", "genesis drop x.db 'it''s' first"),
        ("as in genesis_generate('m', 't')", "as in genesis generate x.db 'm' 't'"),
        ("rows := -1 is negative", "--rows -1 is negative"),
        ("generate in pieces with first_row", "generate in pieces with first-row"),
        ("or if_exists := 'replace'", "or --if-exists 'replace'"),
        (
            "relationships := ['a(x, y) -> b(x, y)', 'c(z) -> d(z)']",
            "--relationship 'a(x, y) -> b(x, y)' --relationship 'c(z) -> d(z)'",
        ),
        (
            "options := {'tab': {'roles': {'id': 'key'}}}",
            """--option 'tab.roles={"id": "key"}'""",
        ),
        (
            "table 'a' was not found, or is TEMP, a frame: COMMIT, or …; did you mean 'b'?",
            "table 'a' was not found; did you mean 'b'?",
        ),
        ("nothing of the kind: a := b", "nothing of the kind: --a b"),
    ],
)
def test_sql_becomes_what_can_be_typed(message: str, expected: str) -> None:
    assert spoken(message, "x.db") == expected


def test_measurements_in_the_words_of_the_shell() -> None:
    told = spoken("it is 0.9; FROM genesis_quality('m') shows all", "a.duckdb")
    assert told == "it is 0.9; genesis quality a.duckdb 'm' shows all"
    told = spoken("compare with FROM genesis_compare('real', 'synthetic')", "a.duckdb")
    assert told == "compare with genesis compare REAL SYNTHETIC"
