"""A real Chromium for tests, driven over two pipes by its own protocol; no other package is needed.

The picture of a report in the README: python -m tests.report.browser report.html docs/report.png
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_QUIET = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-extensions "
    "--disable-default-apps --hide-scrollbars --remote-debugging-pipe"
).split()
# Chromium reads commands from descriptor 3 and writes to 4; descriptors below 10 are not used here.
_START = "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); os.execv(sys.argv[3], sys.argv[3:])"
_PATIENCE = 60.0


def find() -> str | None:
    """Where a Chromium is."""
    return next((p for p in map(shutil.which, _NAMES) if p), None)


def _high(descriptor: int) -> int:
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return moved


class Page:
    """A tab of the browser, and all that it complained about or asked the network for.

    Attributes:
        console: errors and warnings, of scripts and of the browser (its policy, the network).
        requests: addresses that were asked for, but for the file itself.
        dialogs: texts of alerts.
    """

    def __init__(self, program: str) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (theirs_in, self._out), (self._in, theirs_out) = (
            [_high(end) for end in pair] for pair in (os.pipe(), os.pipe())
        )
        command = [program, *_QUIET, f"--user-data-dir={self._folder.name}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), *command],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._rest, self._number, self._session = b"", 0, ""
        self._events: list[dict[str, Any]] = []
        self.console: list[str] = []
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call("Performance.enable", timeDomain="threadTicks")

    def open(
        self, file: Path, width: int = 1200, *, dark: bool = False, scripts: bool = True
    ) -> None:
        """Show a file in a window of that width."""
        self.console, self.requests, self.dialogs, self._events = [], [], [], []
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
        self._call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self._call("Page.navigate", url=file.as_uri())
        self._until("Page.loadEventFired")
        self._call("Runtime.evaluate", expression="1")  # events up to here have come

    def seconds(self) -> float:
        """Processor time of the thread that shows the page: waiting for other programs is left out."""
        self.run("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        found = self._call("Performance.getMetrics")["metrics"]
        return next(m["value"] for m in found if m["name"] == "TaskDuration")

    def run(self, script: str) -> Any:
        """What a script in the page comes to."""
        done = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def picture(self, scale: float = 1.0, top: int = 0, height: int = 900) -> bytes:
        """A PNG of a part of the page as wide as the window."""
        width = self.run("innerWidth")
        clip = {"x": 0, "y": top, "width": width, "height": height, "scale": scale}
        shot = self._call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip
        )
        return base64.b64decode(shot["data"])

    def paper(self, *, dark: bool = False) -> None:
        """Show the page as it would be printed."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", media="print", features=[scheme])

    def close(self) -> None:
        """End this browser."""
        self._process.terminate()
        self._process.wait(timeout=_PATIENCE)
        os.close(self._in)
        os.close(self._out)
        self._folder.cleanup()

    def _call(self, method: str, **given: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": given}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (found := self._read()).get("id") != self._number:
            self._note(found)
        assert "error" not in found, (method, found["error"])
        return found.get("result", {})

    def _until(self, method: str) -> None:
        while not any(e["method"] == method for e in self._events):
            self._note(self._read())

    def _note(self, event: dict[str, Any]) -> None:
        if "method" not in event:  # an answer nobody waited for
            return
        self._events.append(event)
        told, name = event["params"], event["method"]
        if name == "Log.entryAdded":
            self.console.append(told["entry"]["text"])
        elif name == "Runtime.consoleAPICalled":
            self.console.append(f"{told['type']}: {told['args']}")
        elif name == "Runtime.exceptionThrown":
            self.console.append(str(told["exceptionDetails"]))
        elif name == "Network.requestWillBeSent" and told.get("type") != "Document":
            self.requests.append(told["request"]["url"])
        elif name == "Page.javascriptDialogOpening":
            self.dialogs.append(told["message"])
            self._number += 1
            answer = {"id": self._number, "method": "Page.handleJavaScriptDialog"}
            answer |= {"params": {"accept": True}, "sessionId": self._session}
            os.write(self._out, json.dumps(answer).encode() + b"\0")

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], _PATIENCE)
            assert ready, "the browser has been silent for a minute"
            got = os.read(self._in, 1 << 20)
            assert got, f"the browser ended with {self._process.poll()}"
            self._rest += got
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


def main(report: str, picture: str) -> None:
    """The top of a report as a PNG."""
    page = Page(find() or "chromium")
    page.open(Path(report).resolve(), 1240)
    Path(picture).write_bytes(page.picture(height=1240))
    page.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
