"""A part of a program under strace: what it asks of the disk, and what becomes of it when a call goes wrong.

The part runs in a fork of this process, which has everything loaded, and begins once strace holds it: 10 ms instead of
the two seconds a fresh interpreter takes. Whoever uses this has one thread.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHANGING = (
    "write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate", "copy_file_range",
    "sendfile", "openat", "open", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat",
    "symlink", "symlinkat", "unlink", "unlinkat", "rmdir", "fsync", "fdatasync", "sync_file_range",
)  # fmt: skip
"""The calls that change what is on the disk, or see to it that it gets there."""
_MAX_STRING = 1 << 26
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_LINE = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+|\?)")
_UNFINISHED = re.compile(r"\d+ +(\w+)\((.*?) *<unfinished \.\.\.>$")
_ARGUMENT = re.compile(r'"(?:\\x[0-9a-f]{2})*"|[^\s,<"][^,<"]*(?:<[^>]*>)?')


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as strace saw it."""

    name: str
    nth: int
    """Of those of its name, from 1 on."""
    path: str
    """Of what it changes; empty for what has none, as a pipe."""
    target: str = ""
    """The new name of what is renamed or linked."""
    flags: str = ""
    data: bytes = b""
    offset: int | None = None
    handle: int = -1
    result: int | None = None
    """`None` where it never returned."""

    @property
    def durable(self) -> bool:
        """Whether it changes the disk: an `open` only where it may make or empty a file."""
        return bool(self.path) and (
            not self.name.startswith("open") or "O_CREAT" in self.flags or "O_TRUNC" in self.flags
        )

    def __str__(self) -> str:
        return f"{self.name} {self.nth} ({Path(self.path).name})"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a part of a program ended."""

    status: int
    """Minus the signal that killed it, else its exit code."""
    value: Any = None
    """What it gave back, where it came so far."""
    error: BaseException | None = None

    @property
    def killed(self) -> bool:
        """Whether it was killed as by kill -9."""
        return self.status == -signal.SIGKILL


def apart(part: Callable[[], Any]) -> Ended:
    """What becomes of a part of a program in a process of its own."""
    with _forked(part) as (begin, ended):
        begin()
        return ended()


def side_by_side(parts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What several parts give, each in a process of its own, at the same time; raises the first error."""
    with ExitStack() as held:
        forked = [held.enter_context(_forked(part)) for part in parts]
        for begin, _ in forked:
            begin()
        every = [ended() for _, ended in forked]
    for one in every:
        if one.error or one.status:
            raise one.error or RuntimeError(f"a part of the drill ended with {one.status}")
    return [one.value for one in every]


def traced(part: Callable[[], Any], *options: str) -> tuple[Ended, str]:
    """What becomes of it under strace with these options, and what strace saw."""
    handle, name = tempfile.mkstemp(prefix="bulletin-trace-")
    os.close(handle)
    try:
        with _forked(part) as (begin, ended):
            held = subprocess.Popen(
                ["strace", "-f", "-y", "-p", str(begin.pid), "-o", name, *options],
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            assert held.stderr
            said = held.stderr.readline()
            if "attached" not in said:
                held.kill()
                raise SystemExit(f"strace does not get hold of a process: {said.strip()}")
            begin()
            end = ended()
            held.communicate()
        return end, Path(name).read_text("utf-8")
    finally:
        Path(name).unlink()


def recorded(part: Callable[[], Any], under: Sequence[Path]) -> tuple[Ended, list[Call]]:
    """What becomes of it, and every call that changes a file under some folders, or says something to us, in order."""
    end, seen = traced(part, "-xx", "-s", str(_MAX_STRING), "-e", f"trace={','.join((*CHANGING, 'sendto'))}")
    calls = list(_calls(seen))
    return end, [one for one in calls if one.name == "sendto" or (one.durable and _within(one, under))]


def available() -> str:
    """Why nothing can be traced here; empty where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed: make system"
    return "" if traced(lambda: None)[0].status == 0 else "strace does not get hold of a process"


class _Begin:
    """Lets a forked process begin."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self._line = line

    def __call__(self) -> None:
        self._line.send(b"!")


@contextmanager
def _forked(part: Callable[[], Any]) -> Iterator[tuple[_Begin, Callable[[], Ended]]]:
    here, there = socket.socketpair()
    pid = os.fork()
    if not pid:
        try:
            here.close()
            there.recv(1)
            said = pickle.dumps(_outcome(part))
            # by `send`, which no disk that is full keeps from getting through
            there.sendall(said)
        finally:
            os._exit(0)
    there.close()
    waited: list[int] = []

    def ended() -> Ended:
        said = b"".join(iter(lambda: here.recv(1 << 16), b""))
        waited.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        value, error = pickle.loads(said) if said else (None, None)
        return Ended(waited[0], value, error)

    try:
        yield _Begin(pid, here), ended
    finally:
        here.close()
        if not waited:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _outcome(part: Callable[[], Any]) -> tuple[Any, BaseException | None]:
    try:
        return part(), None
    except BaseException as error:
        error.add_note(traceback.format_exc(limit=-8))
        return None, error


def _calls(seen: str) -> Iterator[Call]:
    counts: Counter[str] = Counter()
    for line in seen.splitlines():
        found = _LINE.match(line) or _UNFINISHED.match(line)
        if found is None:
            continue
        name, arguments = found[1], _ARGUMENT.findall(found[2])
        result = int(found[3]) if found.re is _LINE and found[3] != "?" else None
        counts[name] += 1
        yield _call(name, counts[name], [one.strip() for one in arguments], result)


def _call(name: str, nth: int, given: list[str], result: int | None) -> Call:
    if name in ("openat", "mkdirat", "unlinkat"):
        return Call(name, nth, _joined(given[0], given[1]), flags=given[2], result=result)
    if name in ("open", "creat", "mkdir", "unlink", "rmdir", "truncate"):
        return Call(name, nth, _text(given[0]), flags=given[1] if given[1:] else "", result=result)
    if name in ("rename", "link", "symlink"):
        return Call(name, nth, _text(given[0]), _text(given[1]), result=result)
    if name in ("renameat", "renameat2", "linkat"):
        return Call(name, nth, _joined(given[0], given[1]), _joined(given[2], given[3]), result=result)
    handle, path = _handle(given[0])
    if name in ("write", "pwrite64"):
        offset = int(given[3]) if name == "pwrite64" else None
        return Call(name, nth, path, data=_bytes(given[1]), offset=offset, handle=handle, result=result)
    if name == "ftruncate":
        return Call(name, nth, path, offset=int(given[1]), handle=handle, result=result)
    return Call(name, nth, path, handle=handle, result=result)


def _within(call: Call, folders: Sequence[Path]) -> bool:
    return any(Path(one).is_relative_to(folder) for one in (call.path, call.target) if one for folder in folders)


def _handle(given: str) -> tuple[int, str]:
    number, _, path = given.removesuffix(">").partition("<")
    text = _unescaped(path).decode()
    return int(number), text if text.startswith("/") else ""  # else a pipe or a socket


def _joined(folder: str, path: str) -> str:
    _, _, base = folder.removesuffix(">").partition("<")
    return str(Path(_unescaped(base).decode()) / _text(path))


def _text(given: str) -> str:
    return _bytes(given).decode()


def _bytes(given: str) -> bytes:
    return _unescaped(given.strip('"'))


def _unescaped(given: str) -> bytes:
    return _ESCAPED.sub(lambda one: bytes([int(one[1], 16)]), given.encode())
