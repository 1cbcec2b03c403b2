"""Where the files go, by Hadoop's FileSystem: this machine, s3a, hdfs, or what else Spark knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from genesis_sql.engines.spark.starting import reason
from genesis_sql.errors import TargetError
from genesis_sql.store.redact import redact_text


class Place:
    """A folder and what is in it; names are relative to it."""

    def __init__(self, spark: Any, path: str) -> None:
        """Find a folder, which need not be there.

        Raises:
            TargetError: it is no path, or Spark cannot reach such places.
        """
        self.shown = redact_text(path)
        self._jvm, self._conf = spark._jvm, spark._jsc.hadoopConfiguration()
        with self._telling("reached"):
            self._root = self._path(self._absolute(path))
            self._fs = self._root.getFileSystem(self._conf)
            self._root = self._fs.makeQualified(self._root)

    def _absolute(self, path: str) -> str:
        """Workers have other current directories."""
        default = str(self._jvm.org.apache.hadoop.fs.FileSystem.getDefaultUri(self._conf))
        if "://" in path or path.startswith("file:") or not default.startswith("file:"):
            return path
        return str(Path(path).expanduser().absolute())

    def _path(self, text: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(text)

    def _at(self, name: str) -> Any:
        if not name:
            return self._root
        return self._jvm.org.apache.hadoop.fs.Path(self._root, name)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except TargetError:
            raise
        except Exception as error:  # of py4j, with one of Java inside
            why = reason(error)
            message = f"'{self.shown}' cannot be {what}: {why}"
            if "No FileSystem for scheme" in why or "ClassNotFoundException" in why:
                version = self._jvm.org.apache.hadoop.util.VersionInfo.getVersion()
                message = (
                    f"this Spark knows no places such as '{self.shown}' ({why}); for s3a add "
                    f"--spark-conf spark.jars.packages=org.apache.hadoop:hadoop-aws:{version}"
                )
            raise TargetError(message) from error

    def full(self, name: str = "") -> str:
        """The whole address of something in it."""
        return str(self._at(name).toString())

    def names(self, folder: str = "") -> list[str] | None:
        """What is in a folder, hidden files of the system left out; None where it is not there."""
        with self._telling("read"):
            at = self._at(folder)
            if not self._fs.exists(at):
                return None
            found = self._fs.listStatus(at)
            if len(found) == 1 and found[0].isFile() and found[0].getPath().equals(at):
                message = f"'{self.shown}' is a file; the tables go into a folder"
                raise TargetError(message)
            return sorted(
                name for s in found if not (name := str(s.getPath().getName())).endswith(".crc")
            )

    def read(self, name: str) -> str:
        """The text of a small file."""
        with self._telling("read"):
            stream = self._fs.open(self._at(name))
            try:
                return str(
                    self._jvm.org.apache.commons.io.IOUtils.toString(
                        stream, self._jvm.java.nio.charset.StandardCharsets.UTF_8
                    )
                )
            finally:
                stream.close()

    def write(self, name: str, text: str) -> None:
        """Write a small file; there is none of this name."""
        with self._telling("written"):
            stream = self._fs.create(self._at(name), False)
            try:
                stream.write(text.encode())
            finally:
                stream.close()

    def make(self, folder: str) -> None:
        """Make a folder, and those it is in."""
        with self._telling("written"):
            self._fs.mkdirs(self._at(folder))

    def move(self, name: str, other: str) -> bool:
        """Give a file another name; False where that is taken."""
        with self._telling("written"):
            if self._fs.exists(self._at(other)):
                return False
            return bool(self._fs.rename(self._at(name), self._at(other)))

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        with self._telling("written"):
            self._fs.delete(self._at(name), True)

    def rows(self, name: str) -> int:
        """The rows of a Parquet file, which its last bytes tell."""
        hadoop = self._jvm.org.apache.parquet.hadoop
        with self._telling("read"):
            source = hadoop.util.HadoopInputFile.fromPath(self._at(name), self._conf)
            reader = hadoop.ParquetFileReader.open(source)
            try:
                return int(reader.getRecordCount())
            finally:
                reader.close()
