"""One answer, bounded in time and size.

`timeout=` bounds the wait for each read, so a server that drips a byte every few seconds holds a reader
for ever; a timer that shuts the socket down does not let it. 3 kB can unpack to gigabytes, so unpacked
bytes are counted while they come.
"""

from __future__ import annotations

import socket
import threading
import time
import zlib
from collections.abc import Callable
from types import TracebackType

from pipeline.errors import FetchError, TooLarge
from pipeline.fetch.addresses import Trouble

_GZIP_MAGIC = b"\x1f\x8b"


class Deadline:
    """Shuts down the connection it watches when its time is up.

    Whoever reads must look at `passed` afterwards: a header block or a body without a length that was
    cut looks exactly like one that ended.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(max(seconds, 0), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            while self._watched:
                self._watched.pop().close()

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.left() <= 0

    def left(self) -> float:
        """Seconds that remain; negative when the time is up."""
        return self._end - time.monotonic()

    def watch(self, sock: socket.socket) -> None:
        """Takes responsibility for ending the connection of `sock`."""
        with self._lock:
            # TLS takes the socket's descriptor over; a duplicate still shuts the same connection down.
            self._watched.append(sock.dup())
        if self.passed:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            for sock in self._watched:
                try:
                    sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the server was faster


class Unpacker:
    """Undoes a content encoding piece by piece and stops at `most` unpacked bytes with `TooLarge`."""

    def __init__(self, encoding: str, most: int) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise FetchError(f"不支持的压缩方式 {self._encoding[:40]!r}")
        self._most = most
        self._stream = zlib.decompressobj(31) if self._encoding.endswith("gzip") else None
        self._pieces: list[bytes] = []
        self.size = 0
        self._started = False

    def feed(self, data: bytes) -> None:
        """Takes the next bytes from the wire."""
        if self._encoding in ("", "identity"):
            self._keep(data)
            return
        if self._stream is None:
            # "deflate" means zlib's format, but some servers send the bare stream
            wrapped = len(data) > 1 and data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._stream = zlib.decompressobj(15 if wrapped else -15)
        self._started = self._started or bool(data)
        try:
            while data:
                if self._stream.eof:
                    if not data.startswith(_GZIP_MAGIC) or self._encoding == "deflate":
                        return  # padding after the end
                    self._stream = zlib.decompressobj(31)
                self._keep(self._stream.decompress(data, self._most - self.size + 1))
                data = self._stream.unconsumed_tail or self._stream.unused_data
        except zlib.error:
            raise Trouble(f"内容并非其声明的 {self._encoding} 压缩格式，或已损坏", tries=1) from None

    @property
    def whole(self) -> bool:
        """Whether the compressed stream came to its own end."""
        return not self._started or self._stream is None or self._stream.eof

    def body(self) -> bytes:
        """Everything unpacked so far."""
        return b"".join(self._pieces)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._most:
            raise TooLarge(f"内容解压后超过上限 {self._most // 1024} KiB")
        self._pieces.append(data)


def read_all(read: Callable[[int], bytes], unpacker: Unpacker, most: int, *, cut: bool = False) -> bytes:
    """The body behind `read`, at most `most` bytes from the wire; with `cut` the rest is left unread."""
    taken = 0
    try:
        while data := read(65536):
            taken += len(data)
            if taken > most:
                raise TooLarge(f"内容超过上限 {most // 1024} KiB")
            unpacker.feed(data)
    except TooLarge:
        if not cut:
            raise
    return unpacker.body()
