"""Calls in child processes that may die, hang or eat too much without taking anything along."""

from __future__ import annotations

import atexit
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

import structlog

from pipeline.errors import DeskError, SourceError, reason
from pipeline.executor.nursery import (
    ANSWER,
    CALL,
    END,
    FAILED,
    GAVE,
    GLUTTED,
    REFUSED,
    REQUEST,
    RETURN,
    START,
    receive,
)

log = structlog.get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

_MEBIBYTES = 768  # of memory: the parsers take 170, 81 pages of news 220, one of 2 MiB 230
_STARTUP_SECONDS = 120.0  # importing the parsers takes 1.5 s, on a machine with nothing to spare much longer
_ANSWER_SECONDS = 20.0  # a fork or a kill takes milliseconds
_LOOK_SECONDS = 0.2  # between two looks whether a thread that waits for a free child still has to
_CALLS = 500  # then a fresh child: what memory fragments, and what pages left behind, goes with the old one
_INTERRUPTED = b"i"  # beside the kinds that a child itself sends
_MAX_RETURN = 256 * 1024 * 1024
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_BEGIN = (
    "import json, sys; order = json.loads(sys.argv[1]); sys.path[:] = order['path']; "
    "from pipeline.executor.nursery import serve; serve(order['preload'], order['mebibytes'])"
)


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in place of a result that never came."""

    because: str
    """Why, in Chinese."""
    interrupted: bool = False
    """Whether somebody else ended the process, or the system for want of memory: that is no fault of the item."""


@dataclass(frozen=True, slots=True)
class Packed(Generic[T, R]):
    """A function with all that it holds as it travels: pickled once for however many items and processes."""

    data: bytes
    name: str

    @classmethod
    def of(cls, function: Callable[[T], R]) -> Packed[T, R]:
        """Pickles a function, which must be importable by name."""
        inner = getattr(function, "func", function)  # a `partial` has no name of its own
        return cls(pickle.dumps(function, pickle.HIGHEST_PROTOCOL), getattr(inner, "__name__", "call"))


class Stopped(BaseException):
    """The children were sent home while somebody waited for one: the work is not done, and not failed either.

    Not an `Exception`, so that nobody takes it for a fault of the page.
    """


class Children:
    """As many child processes as there are cores, started when they are needed and kept.

    `workers` 0 means one a core; a call gets `seconds`, on the clock and of computing, and `mebibytes` of memory,
    libraries included. `preload` names the modules whose functions will be called. Functions, arguments and results
    travel pickled, so functions must be importable by name. Safe to share between threads, which wait for a free child.
    """

    def __init__(
        self, workers: int = 0, seconds: float = 30.0, *, preload: Sequence[str] = (), mebibytes: int = _MEBIBYTES
    ) -> None:
        self._workers = workers or _cores()
        self._seconds = seconds
        self._order = (tuple(preload), mebibytes)
        self._lock = threading.Lock()
        self._places = threading.Semaphore(self._workers)
        self._living: set[_Child] = set()
        self._idle: list[_Child] = []
        self._closed = False
        _all.add(self)

    def prepare(self) -> None:
        """Has the parsers loaded meanwhile, for whoever will need them in a moment."""
        _nursery(*self._order)

    @property
    def limits(self) -> tuple[float, tuple[str, ...], int]:
        """Seconds, preloaded modules and MiB: what makes children like these elsewhere."""
        return self._seconds, *self._order

    def each(self, function: Callable[[T], R] | Packed[T, R], items: Sequence[T]) -> Iterator[R | Lost]:
        """`function` of each item, in their order, on all children; `Lost` for one that failed, the others go on."""
        pickled = (function if isinstance(function, Packed) else Packed.of(function)).data
        mine: set[_Child] = set()
        left = threading.Event()

        def one(item: T) -> R | Lost:
            kind, value = self._call(pickled, pickle.dumps(((item,), {}), pickle.HIGHEST_PROTOCOL), mine, left)
            if kind == GAVE:
                result: R = value
                return result
            return Lost(value.message if kind == REFUSED else value, kind == _INTERRUPTED)

        threads = ThreadPoolExecutor(max(1, min(self._workers, len(items))), thread_name_prefix="child")
        try:
            yield from threads.map(one, items)
        finally:
            # Also reached when the caller stops listening: what has not begun is dropped, what runs is killed.
            left.set()
            threads.shutdown(wait=False, cancel_futures=True)
            with self._lock:
                running = list(mine)
            for child in running:
                child.end()
            threads.shutdown(wait=True)

    def apart(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, called in a child; a `DeskError` that it raises is raised here.

        Raises `SourceError` when the child died, took too long or too much memory, or raised anything else.
        """
        call = pickle.dumps(function, pickle.HIGHEST_PROTOCOL)
        kind, value = self._call(call, pickle.dumps((args, kwargs), pickle.HIGHEST_PROTOCOL), set(), threading.Event())
        if kind == GAVE:
            result: R = value
            return result
        if kind == REFUSED:
            raise value
        raise SourceError(value)

    def close(self) -> None:
        """Sends all children home; whoever waits for one gets `Stopped`."""
        with self._lock:
            self._closed = True
            running = list(self._living)
        for child in running:
            child.end()

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -------------------------------------------------------------------------------------- one call

    def _call(self, function: bytes, arguments: bytes, mine: set[_Child], left: threading.Event) -> tuple[bytes, Any]:
        """`GAVE` and the result, `REFUSED` and the error, or `FAILED` or `_INTERRUPTED` and why in Chinese."""
        tries = 2  # a child may die of what an earlier page did to it, or because the system needs memory
        while True:
            tries -= 1
            child = self._taken(mine, left)
            good = False
            try:
                kind, value = child.call(function, arguments, self._seconds)
                good = kind != GLUTTED
            except TimeoutError:
                return FAILED, f"内容过于复杂：读取超过时限 {self._seconds:g} 秒"
            except (EOFError, OSError):
                ended = child.end()
                if self._closed or left.is_set():
                    raise Stopped from None
                if os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGXCPU:
                    return FAILED, f"内容过于复杂：读取超过时限 {self._seconds:g} 秒"
                if not tries and os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGKILL:
                    return _INTERRUPTED, "读取中断：读取进程被强行结束"
                if not tries:
                    return FAILED, f"内容过于复杂：读取进程意外退出{_how(ended)}"
                continue
            finally:
                self._give_back(child, good, mine)
            if kind == GLUTTED:
                return FAILED, f"内容过于复杂：读取所需内存超过上限 {self._order[1]} MiB"
            outcome = pickle.loads(value)  # noqa: S301 - by our own child
            if kind != FAILED:
                return kind, outcome
            name, text, trace = outcome
            log.error("failed in a child", error=name, trace=trace)
            return FAILED, f"读取出错（{name}：{text[:200]}）"

    def _taken(self, mine: set[_Child], left: threading.Event) -> _Child:
        while not self._places.acquire(timeout=_LOOK_SECONDS):
            if self._closed or left.is_set():
                raise Stopped
        child = None
        try:
            with self._lock:
                child = self._idle.pop() if self._idle and not self._closed else None
            if child is None and not (self._closed or left.is_set()):
                child = _Child(_nursery(*self._order))
            with self._lock:
                if child is not None:
                    self._living.add(child)
                    mine.add(child)
                if self._closed or left.is_set() or child is None:
                    raise Stopped
            return child
        except BaseException:
            if child is not None:
                self._give_back(child, False, mine)
            else:
                self._places.release()
            raise

    def _give_back(self, child: _Child, good: bool, mine: set[_Child]) -> None:
        with self._lock:
            mine.discard(child)
            keep = good and child.calls < _CALLS and not self._closed
            if keep:
                self._idle.append(child)
            else:
                self._living.discard(child)
        if not keep:
            child.end()
        self._places.release()


class _Child:
    """One child process and the socket to it."""

    def __init__(self, nursery: _Nursery) -> None:
        self._nursery = nursery
        self._knows = b""
        self._lock = threading.Lock()
        self._ended: int | None = None
        self.calls = 0
        self._socket, other = _sockets()
        try:
            self._pid = nursery.start(other)
        except BaseException:
            self._socket.close()
            raise
        finally:
            other.close()

    def call(self, function: bytes, arguments: bytes, seconds: float) -> tuple[bytes, bytes | bytearray]:
        """The kind of outcome and its pickled value.

        Raises `TimeoutError` when it does not come within `seconds`, `EOFError` or `OSError` when the child is gone.
        """
        self.calls += 1
        until = time.monotonic() + seconds

        def wait() -> None:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)

        new = b"" if function == self._knows else function
        wait()
        self._socket.sendall(CALL.pack(seconds, len(new), len(arguments)) + new)
        wait()
        self._socket.sendall(arguments)
        self._knows = function
        if not (head := receive(self._socket, RETURN.size, wait)):
            raise EOFError
        kind, length = RETURN.unpack(head)
        if length > _MAX_RETURN:
            raise EOFError
        value = receive(self._socket, length, wait)
        if len(value) < length:
            raise EOFError
        return kind, value

    def end(self) -> int:
        """Kills the process if it still lives; how it ended, as `os.waitpid` says it."""
        with self._lock:
            if self._ended is None:
                # whoever waits for the child in another thread is woken, which closing alone does not do
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._ended = self._nursery.end(self._pid)
                self._socket.close()
            return self._ended


class _Nursery:
    """The process that starts children, from here."""

    def __init__(self, preload: Sequence[str], mebibytes: int) -> None:
        self.owner = os.getpid()
        self._lock = threading.Lock()
        self._control, other = _sockets()
        self._patience = _STARTUP_SECONDS
        path = [os.path.abspath(one) for one in sys.path]  # noqa: PTH100 - an entry may be empty, or a zip file
        order = json.dumps({"path": path, "preload": list(preload), "mebibytes": mebibytes})
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _ENVIRONMENT or name.startswith(("LC_", "PYTHON"))
        }
        try:
            # passwords stay here with the rest of the environment, as do all descriptors
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-P", "-c", _BEGIN, order], stdin=other.fileno(), env=kept
            )
        except OSError as error:
            self._control.close()
            raise _unstarted(reason(error)) from error
        finally:
            other.close()
        self.broken = False

    def start(self, other: socket.socket) -> int:
        """The id of a new child that holds `other`."""
        answer = self._ask(START, 0, other)
        if answer is None:
            raise _unstarted("启动进程没有回应")
        if answer <= 0:
            raise _unstarted(reason(OSError(-answer, os.strerror(-answer))))
        return answer

    def end(self, pid: int) -> int:
        """Ends a child for good; how it ended, 0 when that is not known."""
        return self._ask(END, pid) or 0

    def _ask(self, what: bytes, pid: int, other: socket.socket | None = None) -> int | None:
        with self._lock:
            if self.broken:
                return None
            try:
                self._control.settimeout(self._patience)
                socket.send_fds(self._control, [REQUEST.pack(what, pid)], [other.fileno()] if other else [])
                answer = receive(self._control, ANSWER.size)
            except OSError:
                answer = bytearray()
            except BaseException:
                self._break()  # its answer would be taken for that to the next request
                raise
            if not answer:
                self._break()
                return None
            self._patience = _ANSWER_SECONDS
            return int(ANSWER.unpack(answer)[0])

    def _break(self) -> None:
        self.broken = True
        self._control.close()
        if self.owner == os.getpid():
            self._process.kill()  # its children die with it
            self._process.wait()

    def close(self) -> None:
        """Ends it and all its children."""
        with self._lock:
            if not self.broken:
                self._break()


_all: weakref.WeakSet[Children] = weakref.WeakSet()
_nurseries: dict[tuple[tuple[str, ...], int], _Nursery] = {}
_nurseries_lock = threading.Lock()


def _nursery(preload: tuple[str, ...], mebibytes: int) -> _Nursery:
    """The one of this process: desks come and go, the parsers need not be loaded for each."""
    with _nurseries_lock:
        known = _nurseries.get((preload, mebibytes))
        if known is None or known.broken or known.owner != os.getpid():
            known = _nurseries[preload, mebibytes] = _Nursery(preload, mebibytes)
        return known


@atexit.register
def _close_all() -> None:
    for left_open in list(_all):
        left_open.close()
    for one in _nurseries.values():
        one.close()


def _unstarted(because: str) -> DeskError:
    return DeskError(f"无法启动读取页面的进程：{because}。", "请检查本机的内存、进程数和打开文件数上限。")


def _sockets() -> tuple[socket.socket, socket.socket]:
    try:
        return socket.socketpair()
    except OSError as error:
        raise _unstarted(reason(error)) from error


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _how(ended: int) -> str:
    if not os.WIFSIGNALED(ended):
        return ""
    with suppress(ValueError):
        return f"（{signal.Signals(os.WTERMSIG(ended)).name}）"
    return f"（信号 {os.WTERMSIG(ended)}）"
