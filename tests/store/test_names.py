"""Three-part names, whatever the database is called."""

from __future__ import annotations

import pytest

from genesis_sql.store import names


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("SELECT m.x FROM genesis.models AS m", 'SELECT m.x FROM {}."models" AS m'),
        ("UPDATE genesis.t SET a = ? WHERE b = ?", 'UPDATE {}."t" SET a = ? WHERE b = ?'),
        (
            "DELETE FROM genesis.t WHERE a IN (SELECT b FROM genesis.u)",
            '{0}."t" WHERE a IN (SELECT b FROM {0}."u")',
        ),
        ("SELECT 1 FROM duckdb_tables(), other.models", "FROM DUCKDB_TABLES(), other.models"),
        ("CREATE SCHEMA IF NOT EXISTS genesis", "CREATE SCHEMA IF NOT EXISTS {}"),
    ],
)
@pytest.mark.parametrize("database", ["genesis", 'a "b".c; --', "Größe"])
def test_only_the_tables_of_the_store_are_qualified(
    template: str, expected: str, database: str
) -> None:
    place = '"' + database.replace('"', '""') + '"."genesis"'
    assert expected.format(place).lower() in names.sql(template, database).lower()


def test_values_of_a_text_are_literals() -> None:
    text = names.filled(
        "SELECT 1 FROM genesis.t WHERE a = $a AND b = $b", "d", a="x'; DROP TABLE t; --", b=None
    )
    assert text.endswith("""a = 'x''; DROP TABLE t; --' AND b = NULL""")
