"""Real PostgreSQL and MariaDB servers, started once where a test asks for one, on unix sockets.

`postgres` and `mariadb` are SQLAlchemy URLs of an empty database that the test has to itself; only
the server is shared. Where Debian's packages are missing (`make servers` installs them) the tests
are skipped, which CI never does: it sets GENESIS_SERVERS=required.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PASSWORD = "s3cret-w0rd"
"""Of the user `locked`, the only one that a server asks for one."""
_START = 60.0  # seconds that a server may take to begin
_BINARIES = ["/usr/sbin", "/usr/bin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin")))]
_HBA = "local all locked scram-sha-256\nlocal all all trust\n"


@dataclass
class Server:
    """A running server.

    Attributes:
        url: (database, user) -> the SQLAlchemy URL.
        run: runs SQL as its first user, outside a transaction.
        process: of the server.
    """

    url: Callable[..., str]
    run: Callable[[str], None]
    process: subprocess.Popen[bytes]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self.numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)


class MissingServer(Exception):
    """A program of a server is not installed."""


def _program(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join([*_BINARIES, os.environ["PATH"]]))
    if found is None:
        message = f"there is no {name}: make servers installs it"
        raise MissingServer(message)
    return found


def _as(user: str) -> dict[str, object]:
    """What starts a process as a user: neither server runs as root."""
    if os.geteuid() != 0:
        return {}
    found = pwd.getpwnam(user)
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _folder(user: str) -> Path:
    """A folder of that user, with a short name: a socket's may have 107 letters."""
    folder = Path(tempfile.mkdtemp(prefix="genesis-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
    return folder


def _await(process: subprocess.Popen[bytes], tried: Callable[[], object], log: Path) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + _START
    while True:
        try:
            tried()
        except Exception:
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                message = f"the server did not start: {log.read_text()[-2000:]}"
                raise RuntimeError(message) from None
            time.sleep(0.05)
        else:
            return


def _knock(path: Path) -> None:
    """Connect and hang up; PyMySQL leaves its socket open where nobody answers."""
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(str(path))


def _stop(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.send_signal(
        signal.SIGQUIT if (folder / "data" / "PG_VERSION").exists() else signal.SIGKILL
    )
    server.wait()  # at once: nobody reads these data again
    shutil.rmtree(folder, ignore_errors=True)


def _held(running: AbstractContextManager[Server]) -> Iterator[Server]:
    """A server for the tests; they are skipped where it is not installed and need not be."""
    try:
        with running as server:
            yield server
    except MissingServer as error:
        if os.environ.get("GENESIS_SERVERS") == "required":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server; user `locked` has to say PASSWORD."""
    yield from _held(running_postgres())


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    """A MariaDB server; user `locked` has to say PASSWORD."""
    yield from _held(running_mariadb())


@contextmanager
def running_postgres() -> Iterator[Server]:
    """A PostgreSQL server; user `locked` has to say PASSWORD."""
    initdb, postgres = _program("initdb"), _program("postgres")
    import psycopg

    folder = _folder("postgres")
    data, log = folder / "data", folder / "log"
    made = [
        initdb,
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd=folder, **_as("postgres"))
    (data / "pg_hba.conf").write_text(_HBA)
    how = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_wal_size=4GB"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [postgres, "-D", data, "-k", folder, *how],
            stdout=out,
            stderr=out,
            cwd=folder,
            **_as("postgres"),
        )

    def run(sql: str) -> None:
        with psycopg.connect(
            host=str(folder), user="postgres", dbname="postgres", autocommit=True
        ) as con:
            con.execute(sql)

    def url(database: str, user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={folder}"

    try:
        _await(process, lambda: run("SELECT 1"), log)
        run(f"CREATE USER locked PASSWORD '{PASSWORD}'")
        yield Server(url, run, process)
    finally:
        _stop(process, folder)


@pytest.fixture
def postgres(postgres_server: Server) -> str:
    """The URL of an empty PostgreSQL database."""
    return postgres_server.fresh()


@contextmanager
def running_mariadb() -> Iterator[Server]:
    """A MariaDB server; user `locked` has to say PASSWORD."""
    install, mariadbd = _program("mariadb-install-db"), _program("mariadbd")
    import pymysql

    folder = _folder("mysql")
    data, place, log = folder / "data", folder / "s", folder / "log"
    where = ["--no-defaults", f"--datadir={data}"]
    made = [install, *where, "--auth-root-authentication-method=normal", "--skip-test-db"]
    small = [
        "--innodb-log-file-size=16M",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=64M",
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*made, *small[:1]], check=True, cwd=folder, **quiet, **_as("mysql"))
    how = [
        f"--socket={place}",
        "--skip-networking",
        "--character-set-server=utf8mb4",
        f"--pid-file={folder / 'pid'}",
        *small,
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [mariadbd, *where, *how], stdout=out, stderr=out, cwd=folder, **_as("mysql")
        )

    def run(sql: str) -> None:
        with (
            pymysql.connect(unix_socket=str(place), user="root", autocommit=True) as con,
            con.cursor() as cursor,
        ):
            cursor.execute(sql)

    def url(database: str, user: str = "root") -> str:
        return f"mysql+pymysql://{user}@localhost/{database}?unix_socket={place}"

    try:
        _await(process, lambda: _knock(place), log)
        run(f"CREATE USER locked@localhost IDENTIFIED BY '{PASSWORD}'")
        yield Server(url, run, process)
    finally:
        _stop(process, folder)


@pytest.fixture
def mariadb(mariadb_server: Server) -> str:
    """The URL of an empty MariaDB database."""
    return mariadb_server.fresh()
