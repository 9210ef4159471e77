"""A web of a few addresses on loopback, for tests that fetch through the real fetcher."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "jk.example.cn"


@dataclass(frozen=True)
class Answer:
    """What an address gives."""

    body: bytes = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""
    seconds: float = 0.0
    """How long it keeps silent first."""


class Loopback:
    """Serves `answers` (path with query → answer) under every host name that leads to it."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.asked: Counter[str] = Counter()
        """`host/path?query` → how often it was asked for."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def page(self, path: str, text: str) -> None:
        self.answers[path] = Answer(text.encode())

    def picture(self, path: str, data: bytes, kind: str = "image/jpeg") -> None:
        self.answers[path] = Answer(data, kind)

    def connect_to(self, *hosts: str) -> Mapping[str, str]:
        return {f"{host}:80": f"127.0.0.1:{self._server.server_address[1]}" for host in hosts}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(web: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = (self.headers.get("Host") or "").partition(":")[0]
            web.asked[f"{host}{self.path}"] += 1
            answer = web.answers.get(self.path, Answer(status=404))
            if callable(answer):
                answer = answer()
            time.sleep(answer.seconds)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.location:
                self.send_header("Location", answer.location)
            self.end_headers()
            with suppress(OSError):  # whoever asked may have gone
                self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def point_at(workspace: Path, web: Loopback, *paths: str, hosts: tuple[str, ...] = (HOST,), **pictures: float) -> None:
    """Makes a workspace whose one source names these pages of the loopback web; `pictures` are settings."""
    urls = "".join(f"    - http://{HOST}{path}\n" for path in paths)
    (workspace / "config" / "sources.yaml").write_text(
        f"- id: jk\n  name: 健康网\n  kind: manual\n  urls:\n{urls}", "utf-8"
    )
    settings = workspace / "config" / "settings.yaml"
    text = settings.read_text("utf-8")
    targets = ", ".join(f'"{name}": "{target}"' for name, target in web.connect_to(*hosts).items())
    text = text.replace("connect_to: {}", f"connect_to: {{{targets}}}").replace("retries: 2", "retries: 0")
    for pace in ("2.0", "0.5"):
        text = text.replace(f"seconds_per_host: {pace}", "seconds_per_host: 0")
    for name, value in pictures.items():
        head, mark, rest = text.partition("\npictures:")
        lines = rest.splitlines()
        place = next(i for i, line in enumerate(lines) if line.strip().startswith(f"{name}:"))
        lines[place] = f"  {name}: {value}"
        text = head + mark + "\n".join(lines) + "\n"
    settings.write_text(text, "utf-8")
