"""A session of Spark: what it needs, where it runs, and one sentence where it cannot be had."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module, util
from pathlib import Path
from typing import Any

from genesis_sql.errors import MissingExtraError, OptionError, TargetError

JAVA = "apt-get install openjdk-17-jre-headless"
LOCAL = "local[*]"
KNOCK = 5.0  # seconds that a master may take to answer
_MASTER = re.compile(
    r"local(\[(\*|\d+)(,\d+)?\])?|local-cluster\[\d+,\d+,\d+\]|spark://\S+|yarn|k8s://\S+"
)
_RAISED = re.compile(r"(?:[a-zA-Z_]\w*\.)*[A-Z]\w*(?:Error|Exception): \S")
"""The last line of a traceback of Python."""
_OURS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.files.maxRecordsPerFile": "0",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.writeLegacyFormat": "false",
    "spark.sql.timeType.enabled": "true",
}
"""What the files depend on; set for a session of our own, whatever the user's has."""
_STARTED = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
"""Of a Spark that is started here, unless other settings are given."""


@contextmanager
def session(master: str | None, conf: Mapping[str, str], given: Any = None) -> Iterator[Any]:
    """A SparkSession with our settings; one that was started here is stopped at the end.

    Args:
        master: of the cluster; this machine where not given.
        conf: settings of a Spark that is started here.
        given: the user's SparkSession, which goes on.

    Raises:
        MissingExtraError: pyspark or Java is not there.
        OptionError: there is no such master, or an active Spark has another.
        TargetError: the master does not answer.
    """
    require_pyspark()
    if master is not None:
        _require_form(master)
    with _quiet():
        sql = import_module("pyspark.sql")
        active = given or sql.SparkSession.getActiveSession()
        if active is not None:
            yield _ours(_checked(active, master, conf, given))
            return
        chosen = master or conf.get("spark.master") or LOCAL
        _require_form(chosen)
        if chosen.startswith("spark://"):
            _knock(chosen)
        _require_java()
        started = _start(sql, chosen, conf)
        try:
            yield _ours(started)
        finally:
            started.stop()


def require_pyspark() -> None:
    """Raise where pyspark is not installed."""
    if util.find_spec("pyspark") is None:
        message = "Spark is reached by pyspark: pip install 'genesis-sql[spark]'"
        raise MissingExtraError(message)


def has_times() -> bool:
    """Whether this Spark has a type for the time of a day."""
    version = str(import_module("pyspark").__version__)
    return tuple(int(part) for part in version.split(".")[:2]) >= (4, 1)


def _require_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if (home and (Path(home) / "bin" / "java").exists()) or (not home and shutil.which("java")):
        return
    where = f"JAVA_HOME is '{home}' and has no bin/java" if home else "there is no java on PATH"
    message = f"Spark runs on Java 17 or newer, and {where}: {JAVA}"
    raise MissingExtraError(message)


def _require_form(master: str) -> None:
    """Raise where a text is no master."""
    if master.startswith("sc://"):
        message = (
            f"master '{master}' is Spark Connect, which gives no access to files; name the "
            "cluster itself, as in spark://host:7077 or yarn"
        )
        raise OptionError(message)
    if not _MASTER.fullmatch(master):
        message = (
            f"master '{master}' is none; it is local[N], spark://host:7077, yarn or k8s://…, as "
            "in --master local[4]"
        )
        raise OptionError(message)


def _knock(master: str) -> None:
    """Raise where no master of a standalone cluster answers: Spark would try for a minute."""
    why = ""
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.rpartition(":")
        if not host or not port.isdecimal():
            message = f"master '{master}' has no port; write it as spark://host:7077"
            raise OptionError(message)
        try:
            socket.create_connection((host, int(port)), KNOCK).close()
        except (OSError, OverflowError) as error:
            why = str(error)
        else:
            return
    message = (
        f"no Spark master answers at '{master}' ({why}); start one with "
        "sbin/start-master.sh of Spark, or take --master local[*]"
    )
    raise TargetError(message)


def _checked(active: Any, master: str | None, conf: Mapping[str, str], given: Any) -> Any:
    """The Spark that runs in this process already; there cannot be another."""
    if not hasattr(active, "sparkContext") or type(active).__module__.startswith(
        "pyspark.sql.connect"
    ):
        message = "a session of Spark Connect gives no access to files; use one of a cluster itself"
        raise OptionError(message)
    runs = str(active.sparkContext.master)
    if (master is not None and master != runs) or conf:
        whose = "given" if given is not None else "active"
        message = (
            f"the {whose} SparkSession runs on '{runs}' and keeps its settings; leave master and "
            "conf out, or stop it first: spark.stop()"
        )
        raise OptionError(message)
    return active


def _ours(spark: Any) -> Any:
    """A session beside the user's, with settings of its own."""
    own = spark.newSession()
    for name, value in _OURS.items():
        own.conf.set(name, value)
    return own


def _start(sql: Any, master: str, conf: Mapping[str, str]) -> Any:
    builder = sql.SparkSession.builder.appName("genesis_sql").master(master)
    for name, value in {**_STARTED, **conf}.items():
        builder = builder.config(name, value)
    held = signal.getsignal(signal.SIGINT)
    try:
        with _same_python(master):
            started = builder.getOrCreate()
    except Exception as error:  # of pyspark, py4j and the JVM: no class in common
        message = f"Spark does not start on '{master}': {reason(error)}"
        if "JAVA_GATEWAY_EXITED" in str(error) or "UnsupportedClassVersionError" in str(error):
            message = f"{message}; it wants Java 17 or newer: {JAVA}"
            raise MissingExtraError(message) from error
        raise TargetError(message) from error
    if threading.current_thread() is threading.main_thread() and held is not None:
        signal.signal(signal.SIGINT, held)  # pyspark puts one of its own there
    if "spark.log.level" not in conf:
        started.sparkContext.setLogLevel("OFF")  # of an error one sentence is told
    return started


@contextmanager
def _same_python(master: str) -> Iterator[None]:
    """Workers on this machine run this Python, unless another is named."""
    name = "PYSPARK_PYTHON"
    if not master.startswith("local") or name in os.environ:
        yield
        return
    os.environ[name] = sys.executable
    try:
        yield
    finally:
        del os.environ[name]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what pyspark says of pandas, which has no part in this."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
        yield


def reason(error: BaseException) -> str:
    """What went wrong, in one line of the many that Spark tells."""
    java = getattr(error, "java_exception", None)
    if java is not None:
        with suppress(Exception):  # the JVM may be gone
            return _first(str(_root(java).toString()))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)]
    return _first((raised or lines or [repr(error)])[-1 if raised else 0])


def _root(java: Any) -> Any:
    """The exception of Java that all others came of."""
    while (cause := java.getCause()) is not None:
        java = cause
    return java


def _first(text: str) -> str:
    """Its first line, without the package of the class."""
    line = text.splitlines()[0]
    return re.sub(r"^(?:[a-z]\w*\.)+(?=[A-Z])", "", line).rstrip(" .")
