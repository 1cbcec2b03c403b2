"""The servers that the tests of deliveries write to are real, and each test has a database of its own."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy.engine import make_url

from tests.servers import PASSWORD, Server


def _engine(url: str) -> sqlalchemy.Engine:
    at = make_url(url)
    return sqlalchemy.create_engine(
        at.set(drivername=at.drivername.replace("postgresql", "postgresql+psycopg"))
    )


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_answers_and_databases_are_apart(kind: str, request: pytest.FixtureRequest):
    server: Server = request.getfixturevalue(f"{kind}_server")
    first, second = server.fresh(), server.fresh()
    for url in (first, second):
        engine = _engine(url)
        with engine.begin() as con:
            con.execute(sqlalchemy.text("CREATE TABLE t (a INTEGER PRIMARY KEY)"))
            con.execute(sqlalchemy.text("INSERT INTO t VALUES (1)"))
            assert con.execute(sqlalchemy.text("SELECT count(*) FROM t")).scalar() == 1
        engine.dispose()


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_password_is_asked_for(kind: str, request: pytest.FixtureRequest):
    server: Server = request.getfixturevalue(f"{kind}_server")
    database = {"postgres": "postgres", "mariadb": ""}[kind]
    right = make_url(server.url(database, "locked")).set(password=PASSWORD)
    for url, fails in ((right, False), (right.set(password="wrong"), True)):
        engine = _engine(url.render_as_string(hide_password=False))
        if fails:
            with pytest.raises(sqlalchemy.exc.OperationalError, match="(?i)password"):
                engine.connect()
        else:
            engine.connect().close()
        engine.dispose()
