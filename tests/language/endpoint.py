"""A local HTTP server that speaks the protocols of OpenAI and Anthropic, well or badly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[dict[str, Any]], Any]
"""From the body of a request: the text of an answer, or (status, raw body), or None to be silent."""
DRIP = object()
"""A reply that comes a byte at a time and never ends."""


class Endpoint:
    """What it was asked, and where it stands.

    Attributes:
        replies: used in order; the last one for all that come after.
        seen: path, headers and body of each request.
    """

    def __init__(self, *replies: Any) -> None:
        self.replies, self.seen = list(replies), []
        self.closing = threading.Event()
        self.url = ""

    def next(self) -> Any:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


@contextmanager
def serving(*replies: Any) -> Iterator[Endpoint]:
    """An endpoint with these replies: texts, functions of the body, or (status, raw body)."""
    endpoint = Endpoint(*replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            endpoint.seen.append((self.path, dict(self.headers), body))
            reply = endpoint.next()
            reply = reply(body) if callable(reply) else reply
            if reply is None:
                endpoint.closing.wait(5)
                return
            if reply is DRIP:
                return self.drip()
            status, raw = reply if isinstance(reply, tuple) else (200, _said(self.path, reply))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def drip(self) -> None:
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
            with suppress(OSError):  # the other side has gone
                while not endpoint.closing.wait(0.05):
                    self.wfile.write(b" ")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield endpoint
    finally:
        endpoint.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _said(path: str, text: str) -> bytes:
    """The text in the protocol that the path belongs to."""
    cut = text.endswith("…")
    if "messages" in path or "anthropic" in path:
        said: dict[str, Any] = {
            "id": "m", "type": "message", "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "stop_reason": "max_tokens" if cut else "end_turn",
            "usage": {"input_tokens": 1000, "output_tokens": 200},
        }  # fmt: skip
    else:
        said = {
            "id": "c", "object": "chat.completion", "created": int(time.time()), "model": "m",
            "choices": [
                {
                    "index": 0, "finish_reason": "length" if cut else "stop",
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
        }  # fmt: skip
    return json.dumps(said).encode()
