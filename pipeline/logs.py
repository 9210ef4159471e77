"""The log: one JSON object a line, to stderr and to a file, whatever becomes of these.

An event is a short name and fields: `{"event": "drafted", "series": …, "run": 12, "level": "info", "timestamp": …}`.
Fields that belong to all that happens meanwhile (`run`, `series`, `window`, `source`, `request`) are bound once with
`structlog.contextvars`. Whatever a title or an address carries, an event stays one line without terminal codes.

A full disk, a folder that is gone, a reader who left: none of it ends the work. What could not be written is counted,
and whoever minds the desk is told by a sign in its database (`Desk.own_up`).
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from logging.handlers import RotatingFileHandler, WatchedFileHandler
from pathlib import Path
from typing import Any

import structlog

from pipeline.errors import reason

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What JSON leaves as it is, and terminals act on: C1 codes, line separators, marks of direction."""


@dataclass(slots=True)
class _Lost:
    """Lines that could not be written."""

    count: int = 0
    why: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, where: str, error: BaseException | None) -> None:
        with self.lock:
            self.count += 1
            told = reason(error) if isinstance(error, OSError) else type(error).__name__
            self.why = f"{where}：{told}"

    def taken(self) -> tuple[int, str]:
        with self.lock:
            found = (self.count, self.why)
            self.count = 0
            return found


_LOST = _Lost()
_OPEN: list[logging.Handler] = []  # of which there is one at most: a process has one log


def lost() -> tuple[int, str]:
    """How many lines could not be written since somebody asked last, and why the last of them could not."""
    return _LOST.taken()


class Stderr:
    """Stderr for what is said along the way: a full disk or a reader who left must not end the work."""

    def write(self, text: str) -> None:
        """Says it, if that can be."""
        try:
            sys.stderr.write(text)
        except (OSError, ValueError) as error:
            _LOST.add("stderr", error)

    def flush(self) -> None:
        """Says what waits to be said, if that can be."""
        try:
            sys.stderr.flush()
        except (OSError, ValueError) as error:
            _LOST.add("stderr", error)


class _Rotating(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        _owned_up(self)


class _Watched(WatchedFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        _owned_up(self)


def _owned_up(handler: logging.FileHandler) -> None:
    _LOST.add(handler.baseFilename, sys.exc_info()[1])
    # what is left of the line in the file's buffer would fail again; the next line opens the file anew
    with suppress(OSError, ValueError):
        handler.close()


class _Lines:
    """Takes events as lines."""

    def __init__(self, handler: logging.Handler | None) -> None:
        self._stderr = Stderr()
        self._handler = handler

    def msg(self, line: str) -> None:
        self._stderr.write(f"{line}\n")
        self._stderr.flush()
        if self._handler:
            self._handler.handle(logging.LogRecord("pipeline", logging.INFO, "", 0, line, None, None))

    debug = info = warning = error = critical = exception = msg


def configure(level: str, file: Path | None = None, *, mebibytes: float = 10, keep: int = 5, own: bool = True) -> None:
    """Logs events of this level and above to stderr, and to `file`.

    Whose file it is begins a new one when it has so many `mebibytes` and keeps the last few; a process that only
    writes along (`own` false) follows it.
    """
    if _OPEN:
        _OPEN.pop().close()
    handler: logging.Handler | None = None
    if file:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            _LOST.add(str(file), error)
        handler = (
            _Rotating(file, maxBytes=int(mebibytes * 1024**2), backupCount=keep, encoding="utf-8", delay=True)
            if own
            else _Watched(file, encoding="utf-8", delay=True)
        )
        handler.setFormatter(logging.Formatter("%(message)s"))
        _OPEN.append(handler)
    lines = _Lines(handler)
    structlog.configure(
        processors=processors(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
    )


def processors() -> Sequence[Any]:
    """What makes a line of an event."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        # JSON escapes line breaks and terminal codes that a title may carry: one event, one line
        structlog.processors.JSONRenderer(ensure_ascii=False),
        _tamed,
    ]


def _tamed(_logger: object, _method: str, line: str) -> str:
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
