"""The server in front of the page."""

from __future__ import annotations

import asyncio
import socket
import threading

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipeline.errors import UsageError, reason

_HEAD_SECONDS = 15.0  # for the head of a request; uvicorn alone waits for it for ever
_HEAD_BYTES = 32 * 1024
_CONNECTIONS = 300  # a browser holds six


def listening(address: str) -> socket.socket:
    """A socket at `host:port`; raises `UsageError` when it cannot be had."""
    host, _, port = address.rpartition(":")
    try:
        door = socket.create_server(
            (host.strip("[]"), int(port)),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
        )
        # asyncio sets it only where the protocol was named: a page's end waited 40 ms for its head to be acknowledged
        door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return door
    except (OSError, OverflowError) as error:
        told = reason(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"{address} 打不开（{told}）。", "请用 --listen 或 settings.yaml 的 web.listen 换一个地址。"
        ) from None


def serve(app: Starlette, door: socket.socket, stopping: threading.Event) -> None:
    """Answers at `door` until `stopping` is set."""
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=_Patient,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            h11_max_incomplete_event_size=_HEAD_BYTES,
            timeout_graceful_shutdown=3,
        )
    )

    def watch() -> None:
        stopping.wait()
        server.should_exit = True

    threading.Thread(target=watch, name="closing", daemon=True).start()
    asyncio.run(server.serve([door]))


class _Patient(H11Protocol):
    """Hangs up on who takes too long over the head of a request."""

    waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self.waiting is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._rest()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self.waiting = self.loop.call_later(_HEAD_SECONDS, self.transport.close)

    def _rest(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None
