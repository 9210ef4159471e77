"""How the calls of a run are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from pipeline.errors import DeskError

A = TypeVar("A")
R = TypeVar("R")
_SOURCES_AT_ONCE = 8


class Engine(Protocol):
    """How the calls of a run are carried out."""

    name: str

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each; an expected error stands in the place of its result."""
        ...


def unbroken(results: Iterable[R | DeskError]) -> list[R]:
    """The results of a stage in which no call may fail; raises the first error."""
    found: list[R] = []
    for one in results:
        if isinstance(one, DeskError):
            raise one
        found.append(one)
    return found


class Inline:
    """Plain calls: sources side by side, as they wait for different hosts."""

    name = "inline"

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each in threads of this process."""

        def call(one: A) -> R | DeskError:
            try:
                return verb(one)
            except DeskError as error:
                return error

        pool = ThreadPoolExecutor(_SOURCES_AT_ONCE)
        try:
            return list(pool.map(call, over))
        finally:
            # all is done here, unless somebody wants it to stop: then what has not begun is not begun any more
            pool.shutdown(wait=False, cancel_futures=True)
