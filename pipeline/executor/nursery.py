"""The process that starts children, and what a child does.

Forking a process with threads is not safe, and starting Python with the parsers takes 1.5 s. So one process with a
single thread imports them and is forked ever after: 1.3 ms, as much again to kill (medians of 40 with both cores busy,
nine of ten below 8 ms). It does nothing else, holds nothing of the parent's but one socket, and ends when that is
closed, however the parent ended; its children end with it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import pickle
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from pipeline import logs
from pipeline.errors import DeskError

REQUEST = struct.Struct("!cq")
"""What the parent asks: `START`, with a socket beside it, or `END` and a process id."""
ANSWER = struct.Struct("!q")
"""The id of the started process or minus the error's number; how the ended one ended, as `os.waitpid` says it."""
START, END = b"+", b"-"

CALL = struct.Struct("!dQQ")
"""Head of a call: seconds it may take, lengths of the function (0: that of the last call) and of its arguments."""
RETURN = struct.Struct("!cQ")
"""Head of what comes back: `GAVE`, `REFUSED`, `FAILED` or `GLUTTED`, and the length of what follows, pickled."""
GAVE, REFUSED, FAILED, GLUTTED = b"g", b"r", b"f", b"m"

_FILES = 64  # the parsers load a dictionary or a character set now and then
_EXPENDABLE = b"500"  # of 1000: when memory runs out, the system ends a child, not the desk
_NOT_ITS_BUSINESS = frozenset(
    ("socket.__new__", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
)
_PR_SET_PDEATHSIG = 1


def serve(preload: Sequence[str], mebibytes: int) -> None:
    """Starts and ends children until the parent is gone; stdin is the socket to it."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # sent to all processes of a terminal or a service at once; the parent decides what becomes of a page
        signal.signal(sign, signal.SIG_IGN)
    parent = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)  # what a parser prints must not get into a command's output
    logs.configure("warning")  # one event, one line, as the commands log
    for name in preload:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # the collector would touch, and so copy, every page of memory that children share
    running: set[int] = set()
    try:
        while True:
            asked, sockets, _, _ = socket.recv_fds(parent, REQUEST.size, 1)
            if len(asked) < REQUEST.size:
                return
            what, pid = REQUEST.unpack(asked)
            if what == START:
                answer = _start(parent, sockets[0], mebibytes)
                running.add(answer)
            else:
                answer = _end(pid) if pid in running else 0
                running.discard(pid)
            parent.sendall(ANSWER.pack(answer))
    except OSError:
        return  # the parent is gone
    finally:
        for pid in running:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _start(parent: socket.socket, descriptor: int, mebibytes: int) -> int:
    nursery = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        pid = -(error.errno or 1)
    if pid:
        os.close(descriptor)
        return pid
    try:
        parent.close()
        _die_with(nursery)
        _bound(mebibytes)
        caller = socket.socket(fileno=descriptor)
        sys.addaudithook(_stay_apart)
        answer_calls(caller)
    finally:
        os._exit(0)


def _end(pid: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    try:
        return os.waitpid(pid, 0)[1]
    except ChildProcessError:
        return 0


def _die_with(nursery: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != nursery:
            os._exit(0)  # it ended before that took effect


def _bound(mebibytes: int) -> None:
    with suppress(OSError):
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(descriptor, _EXPENDABLE)
        os.close(descriptor)
    # Not the address space: one of the libraries reserves a GiB there and uses nothing of it.
    size = mebibytes * 1024 * 1024
    for name, limit in (("RLIMIT_DATA", size), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", _FILES)):
        with suppress(ImportError, AttributeError, ValueError, OSError):  # not every system has all of them
            import resource

            resource.setrlimit(getattr(resource, name), (limit, limit))


def _bound_cpu(seconds: float) -> None:
    """Ends this process when it computes for longer than the parent would wait, should that not be able to."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 2, hard))


def _stay_apart(event: str, _arguments: object) -> None:
    if event in _NOT_ITS_BUSINESS:
        raise PermissionError(f"{event}: what parses the web opens no connection and starts no program")


def answer_calls(caller: socket.socket) -> None:
    """Does one call after another until the caller hangs up, or a call took all the memory there is."""
    function: Callable[..., Any] = _nothing
    while head := receive(caller, CALL.size):
        seconds, length, rest = CALL.unpack(head)
        pickled, arguments = receive(caller, length), receive(caller, rest)
        _bound_cpu(seconds)
        try:
            if length:
                function = _nothing
                function = pickle.loads(pickled)  # noqa: S301 - from the parent
            kind, value = _outcome(function, arguments)
        except MemoryError:
            kind, value = GLUTTED, b""
        del arguments
        caller.sendall(RETURN.pack(kind, len(value)))
        caller.sendall(value)
        if kind == GLUTTED:
            return  # what else is broken is not known
        del value


def _nothing() -> NoReturn:
    raise RuntimeError("no function was sent")


def _outcome(function: Callable[..., Any], arguments: bytes | bytearray) -> tuple[bytes, bytes]:
    try:
        given, named = pickle.loads(arguments)  # noqa: S301 - from the parent
        try:
            return GAVE, pickle.dumps(function(*given, **named), pickle.HIGHEST_PROTOCOL)
        except DeskError as error:
            return REFUSED, pickle.dumps(error, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        raise
    except BaseException as error:
        told = (type(error).__name__, str(error)[:2000], traceback.format_exc(limit=-20)[:20_000])
        return FAILED, pickle.dumps(told, pickle.HIGHEST_PROTOCOL)


def receive(sender: socket.socket, length: int, before: Callable[[], None] = lambda: None) -> bytearray:
    """`length` bytes, or none when the sender hung up; `before` is called before each wait."""
    data = bytearray(length)
    view, got = memoryview(data), 0
    while got < length:
        before()
        if not (count := sender.recv_into(view[got:])):
            return bytearray()
        got += count
    return data
