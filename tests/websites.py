"""A web site on loopback for tests: what each address answers, and what was asked."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from pipeline.config import Politeness
from pipeline.fetch import Fetcher

NOW = dt.datetime(2024, 7, 1, 0, 30, tzinfo=dt.UTC)
Answer = bytes | str | Callable[[str], bytes | str]


class Website:
    """Serves `answers` (path with its query, or path alone → body); other addresses are 404."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.types: dict[str, str] = {}
        """Path → content type; HTML if not given."""
        self.moved: dict[str, str] = {}
        """Path → where it redirects."""
        self.asked: list[str] = []
        """What was asked, without robots.txt."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site._serve(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: `asked` is the log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fetcher(self, **changes: object) -> Fetcher:
        """A fetcher that finds every host here."""
        politeness = Politeness.model_validate({"seconds_per_host": 0, "retries": 0, **changes})
        connect: Mapping[str, str] = {"*:80": f"127.0.0.1:{self.port}"}
        return Fetcher(politeness, clock=lambda: NOW, connect_to=connect)

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        path, bare = request.path, request.path.partition("?")[0]
        if path != "/robots.txt":
            self.asked.append(path)
        if (to := self.moved.get(path)) is not None:
            request.send_response(302)
            request.send_header("Location", to)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        answer = self.answers.get(path, self.answers.get(bare))
        body = answer(path) if callable(answer) else answer
        data = body.encode() if isinstance(body, str) else body
        request.send_response(404 if data is None else 200)
        request.send_header("Content-Type", self.types.get(bare, "text/html; charset=utf-8"))
        request.send_header("Content-Length", str(len(data or b"")))
        request.end_headers()
        request.wfile.write(data or b"")
