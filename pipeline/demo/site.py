"""The demo web, running: every site of `sites.py` behind one HTTP and one HTTPS server on loopback."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

import trustme

from pipeline.demo.sites import DEAD, HOSTS, INSECURE, Answer, answers

_LOOPBACK = "127.0.0.1"
_IDLE_SECONDS = 10.0  # how long a kept connection may be silent


@dataclass(frozen=True, slots=True)
class Request:
    """One request the demo web answered."""

    host: str
    path: str
    status: int


class DemoWeb:
    """Starts the sites on entering and stops them on leaving; a fetcher finds them through `connect_to`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        """Every request answered so far, in order."""
        self._authority = trustme.CA(organization_name="bulletin-desk demo", organization_unit_name="throw-away")
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []
        self._closed_port: socket.socket | None = None

    @property
    def ca_pem(self) -> bytes:
        """The certificate authority that the sites' certificates come from, made anew each time."""
        return self._authority.cert_pem.bytes()

    @property
    def connect_to(self) -> Mapping[str, str]:
        """`host:port` → `address:port` for every site, the dead one included."""
        if self._closed_port is None:
            raise RuntimeError("DemoWeb is not running; use it in a with statement")
        plain, secure = (f"{_LOOPBACK}:{server.server_address[1]}" for server in self._servers)
        refusing = f"{_LOOPBACK}:{self._closed_port.getsockname()[1]}"
        return (
            {f"{host}:80": plain for host in HOSTS}
            | {f"{host}:443": secure for host in HOSTS}
            | {f"{DEAD}:80": refusing, f"{DEAD}:443": refusing}
        )

    def __enter__(self) -> DemoWeb:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*HOSTS).configure_cert(context)
        self._servers = [_Server(self.requests), _Server(self.requests, context)]
        # Bound but not listening, the port stays ours and refuses every connection.
        self._closed_port = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._closed_port.bind((_LOOPBACK, 0))
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in self._servers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
        if self._closed_port is not None:
            self._closed_port.close()
            self._closed_port = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, log: list[Request], context: ssl.SSLContext | None = None) -> None:
        super().__init__((_LOOPBACK, 0), _Handler)
        self.log = log
        self.secure = context is not None
        self.answers = answers()
        if context is not None:
            # The handshake waits for the connection's own thread: a silent client must not hold up the others.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a client that breaks off is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "nginx"
    sys_version = ""
    timeout = _IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Answers a page, "not modified", a redirect to HTTPS, or 404."""
        host = (self.headers.get("Host") or "").partition(":")[0].lower()
        path = urlsplit(self.path).path
        answer = self.server.answers.get((host, path))
        if not self.server.secure and host in HOSTS and host not in INSECURE:
            self._send(host, 301, b"", {"Location": f"https://{host}{self.path}"})
        elif answer is None:
            self._send(host, 404, "<html><title>404</title>页面不存在</html>".encode(), {"Content-Type": "text/html"})
        else:
            headers = {"ETag": answer.etag, "Last-Modified": format_datetime(_utc(answer), usegmt=True)}
            if self._unchanged(answer):
                self._send(host, 304, b"", headers)
            else:
                self._send(host, answer.status, answer.body, headers | {"Content-Type": answer.content_type})

    def do_HEAD(self) -> None:
        """Answers as a GET would, without the body."""
        self.do_GET()

    def _unchanged(self, answer: Answer) -> bool:
        if tag := self.headers.get("If-None-Match"):
            return answer.etag in tag
        if since := self.headers.get("If-Modified-Since"):
            try:
                return parsedate_to_datetime(since) >= _utc(answer)
            except ValueError:
                return False
        return False

    def _send(self, host: str, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.server.log.append(Request(host, self.path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: `DemoWeb.requests` is the log."""


def _utc(answer: Answer) -> dt.datetime:
    return answer.modified.astimezone(dt.UTC).replace(microsecond=0)
