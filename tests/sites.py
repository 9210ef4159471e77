"""A web site on loopback whose answers are written byte for byte, and a fetcher that reaches it."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.config import Politeness
from pipeline.fetch import Fetcher

NOW = dt.datetime(2024, 7, 1, 0, 30, tzinfo=dt.UTC)
PAGE = "<html><body><p>北京市卫生健康委推进电子病历共享。</p></body></html>".encode()
PUBLIC = "93.184.216.34"
Answer = bytes | Callable[[socket.socket], None]


def reply(body: bytes = PAGE, status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body


def moved(location: str) -> bytes:
    return reply(b"", "302 Found", Location=location)


class Site:
    """A web site whose answers are written byte for byte; `answers` maps a path to one or to several in turn."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer | list[Answer]] = {}
        self.requests: list[str] = []
        self.heads: list[str] = []
        site = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                connection: socket.socket = self.request
                with contextlib.suppress(OSError):
                    if context is not None:
                        connection = context.wrap_socket(connection, server_side=True)
                    site.serve(connection)
                    connection.close()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := connection.recv(65536)):
                return
            head += data
        path = head.split(b" ", 2)[1].decode("latin-1")
        self.requests.append(path)
        self.heads.append(head.decode("latin-1"))
        answer = self.answers.get(path, reply(b"", "404 Not Found"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer(connection)
        else:
            connection.sendall(answer)

    @property
    def pages(self) -> list[str]:
        """What was asked for besides robots.txt."""
        return [path for path in self.requests if path != "/robots.txt"]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Waits(list[float]):
    """Remembers how long somebody wanted to sleep, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def fetcher(
    site: Site,
    *,
    waits: Callable[[float], None] | None = None,
    hosts: str = "*:80",
    robots: bool = False,
    pause: float = 0,
    retries: int = 2,
    total: float = 20,
    read: float = 10,
    mebibytes: int = 1,
    resolve: Callable[..., list[tuple[object, ...]]] = socket.getaddrinfo,
    trust: Path | None = None,
    **more: Any,
) -> Fetcher:
    politeness = Politeness(
        seconds_per_host=pause,
        connect_seconds=10,
        read_seconds=read,
        total_seconds=total,
        retries=retries,
        robots=robots,
        max_mebibytes=mebibytes,
    )
    return Fetcher(
        politeness,
        clock=lambda: NOW,
        connect_to={hosts: site.address} if hosts else {},
        trust=trust,
        sleep=Waits() if waits is None else waits,
        resolve=resolve,
        **more,
    )


def names(**answers: str) -> Callable[..., list[tuple[object, ...]]]:
    """A resolver that knows these names (`_` for `.`) and takes numbers for themselves."""

    def resolve(host: str, port: int, **options: object) -> list[tuple[object, ...]]:
        known = answers.get(host.replace(".", "_"))
        if known is None:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)  # type: ignore[return-value]
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port, 0, 0) if ":" in one else (one, port),
            )
            for one in known.split()
        ]

    return resolve


def detour_to(site: Site, dialled: list[str]) -> type[socket.socket]:
    """A socket whose connections to `PUBLIC` end at the site, others are refused; all are noted in `dialled`.

    Those of this thread: what an earlier test left running in another one is none of the fetcher's.
    """
    here = threading.get_ident()

    class Detour(socket.socket):
        def connect(self, address: tuple[str, int]) -> None:  # type: ignore[override]
            if threading.get_ident() != here:
                super().connect(address)
                return
            dialled.append(address[0])
            if address[0] != PUBLIC:
                raise ConnectionRefusedError(111, "refused")
            super().connect(("127.0.0.1", site.port))

    return Detour
