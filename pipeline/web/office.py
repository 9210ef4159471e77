"""The desk that all requests share, and what is remembered between them."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, cast

import structlog

from pipeline.config import Config
from pipeline.desk import Desk
from pipeline.errors import DeskError
from pipeline.model import Clock, Desked, Finding, Window
from pipeline.web.layouts import Layouts

log = structlog.get_logger("pipeline.web")


class Launch(Protocol):
    """Has drafts made, each in a process of its own, a few at a time."""

    def __call__(self, series: str, window: Window, asker: str) -> None:
        """Has the draft of a window made for somebody; returns at once."""

    def ahead(self, series: str, window: Window) -> int | None:
        """How many drafts have to be made before that of a window is begun; `None` when nobody waits for it."""


_KEPT = 64  # of what was worked out about drafts: a list of a thousand rows takes a megabyte
_ERRANDS = 50  # that can still be asked for
_REMEMBERED = 8  # drafts; one with a thousand candidates takes some ten megabytes


T = TypeVar("T")


def _as_it_stands(desked: Desked) -> tuple[object, ...]:
    return desked.id, desked.revision, desked.number, desked.state


@dataclass(slots=True)
class _Opened:
    desk: Desk
    guests: int = 0


class Office:
    """A workspace with its desk open for many requests at once.

    The desk is opened anew when somebody changed the configuration; requests that are under way end with the old one.
    """

    def __init__(self, workspace: Path, open_desk: Callable[[], Desk], clock: Clock, launch: Launch) -> None:
        self.clock = clock
        self.launch = launch
        self.trouble = ""
        """Why the configuration as it stands now cannot be used, so that the one before it is; empty when it can."""
        self.layouts = Layouts()
        self._workspace = workspace
        self._open = open_desk
        self._lock = threading.Lock()
        self._stamp = self._stamped()
        self._current = _Opened(open_desk())
        self._drafts: OrderedDict[tuple[object, ...], Desked] = OrderedDict()
        self._messengers = ThreadPoolExecutor(2, "errand")
        self._errands: OrderedDict[tuple[str, str], Future[object]] = OrderedDict()
        self._kept: OrderedDict[tuple[str, object], object] = OrderedDict()

    def close(self) -> None:
        """Closes the desk, when what was sent off has come back."""
        self._messengers.shutdown(cancel_futures=True)
        self._current.desk.close()

    def send(self, place: str, errand: Callable[[Desk], object]) -> str:
        """Has something done that may take longer than people wait for a page; returns what it is asked for by.

        Two such things are done at a time. `place` is the address of what it is for; only there is it told of.
        """

        def done() -> object:
            with self.opened() as desk:
                return errand(desk)

        name = secrets.token_urlsafe(9)
        with self._lock:
            self._errands[place, name] = self._messengers.submit(done)
            while len(self._errands) > _ERRANDS:
                self._errands.popitem(last=False)
        return name

    def errand(self, place: str, name: str) -> Future[object] | None:
        """What was sent off there under a name; `None` when nothing was, or it is long ago."""
        with self._lock:
            return self._errands.get((place, name))

    @contextmanager
    def opened(self) -> Iterator[Desk]:
        """The desk, for as long as one request needs it."""
        with self._lock:
            self._renew()
            mine = self._current
            mine.guests += 1
        try:
            yield mine.desk
        finally:
            with self._lock:
                mine.guests -= 1
                if mine is not self._current and not mine.guests:
                    mine.desk.close()

    @property
    def config(self) -> Config:
        """The configuration as requests found it last; waits for nothing, not even while the desk is opened anew."""
        return self._current.desk.config

    def desked(self, desk: Desk, series: str, window: Window) -> Desked:
        """The draft or issue of a window, from memory while it is as it was; raises `UsageError` when there is none."""
        stand = desk.issues.stand(series).get(window.start)
        key = (series, window.start, stand)
        with self._lock:
            if stand and key in self._drafts:
                self._drafts.move_to_end(key)
                return self._drafts[key]
        found = desk.desked(series, window)
        with self._lock:
            self._drafts[key] = found
            while len(self._drafts) > _REMEMBERED:
                self._drafts.popitem(last=False)
        return found

    def kept(self, what: str, desked: Desked, make: Callable[[], T]) -> T:
        """Something worked out about a draft as it stands, worked out once."""
        return self.remembered(what, _as_it_stands(desked), make)

    def remembered(self, what: str, as_of: object, make: Callable[[], T]) -> T:
        """Something worked out once for as long as what it was worked out of, `as_of`, is the same."""
        known = self._known(what, as_of)
        if known is not None:
            return cast(T, known)
        found = make()
        with self._lock:
            self._kept[what, as_of] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def findings(self, desk: Desk, desked: Desked) -> list[Finding]:
        """What the checks say of a draft, from memory while all that they look at is as it was."""
        return self.remembered("findings", desk.grounds(desked), lambda: desk.findings(desked))

    def known_findings(self, desk: Desk, desked: Desked) -> list[Finding] | None:
        """What the checks say of a draft; `None` when nobody asked yet."""
        return cast("list[Finding] | None", self._known("findings", desk.grounds(desked)))

    def _known(self, what: str, as_of: object) -> object | None:
        with self._lock:
            if (what, as_of) in self._kept:
                self._kept.move_to_end((what, as_of))
            return self._kept.get((what, as_of))

    def _renew(self) -> None:
        if (stamp := self._stamped()) == self._stamp:
            return
        self._stamp = stamp
        try:
            opened = _Opened(self._open())
        except DeskError as error:
            self.trouble = str(error)
            log.warning("the configuration cannot be used", why=error.message)
            return
        before, self._current, self.trouble = self._current, opened, ""
        self._drafts.clear()
        self._kept.clear()
        if not before.guests:
            before.desk.close()

    def _stamped(self) -> tuple[object, ...]:
        found = []
        for path in sorted((self._workspace / "config").glob("*.yaml")):
            with suppress(OSError):  # an editor's lock file leads nowhere, its temporary one is gone by now
                status = path.stat()
                found.append((path.name, status.st_mtime_ns, status.st_size))
        return tuple(found)
