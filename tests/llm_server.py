"""A server that speaks OpenAI's protocol on the loopback, and says what it is told to say."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class LlmServer:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answer = '{"score": 0.5, "because": "拿不准"}'
        self._status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(Request(self.path, dict(self.headers), body))
                told = {"choices": [{"message": {"role": "assistant", "content": outer._answer}}]}
                data = json.dumps(told).encode()
                self.send_response(outer._status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                with suppress(ConnectionError):  # whoever asked may have heard enough
                    self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                """Keeps quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def says(self, answer: str) -> None:
        self._answer = answer

    def fails(self, status: int) -> None:
        self._status = status

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
