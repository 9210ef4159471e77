"""How the calls of a run are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Protocol, TypeVar

import structlog

from pipeline.errors import CutOff, DeskError

log = structlog.get_logger("pipeline.desk")
A = TypeVar("A")
R = TypeVar("R")
_SOURCES_AT_ONCE = 8
WITHOUT_PREFECT = "inline, Prefect could not be used"
"""The engine of a run that Prefect was to carry out and could not."""
_TIMES = 4  # that a call is made whose connection breaks; between two of them the store waits for the server


class Engine(Protocol):
    """How the calls of a run are carried out."""

    name: str

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each; an expected error stands in the place of its result."""
        ...


def insisted(verb: Callable[[A], R], one: A) -> R:
    """Calls `verb`, and again when the connection to the database broke meanwhile.

    Every verb of a run may be called again: it does what is not done yet, as after a kill.
    """
    for _ in range(_TIMES - 1):
        try:
            return verb(one)
        except CutOff as error:
            log.warning("called again", verb=verb.__name__, why=error.message)
    return verb(one)


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

    def __init__(self, name: str = "inline") -> None:
        self.name = name
        """As the run keeps it: `WITHOUT_PREFECT` notes why it is not what was asked for."""

    def each(self, verb: Callable[[A], R], over: Sequence[A]) -> list[R | DeskError]:
        """Calls `verb` for each in threads of this process."""

        # a thread begins without what is bound to the events of this one, such as the run
        contexts = [copy_context() for _ in over]

        def call(context: Context, one: A) -> R | DeskError:
            try:
                return context.run(insisted, verb, one)
            except DeskError as error:
                return error

        pool = ThreadPoolExecutor(_SOURCES_AT_ONCE)
        try:
            return list(pool.map(call, contexts, over))
        finally:
            # all is done here, unless somebody wants it to stop: then what has not begun is not begun any more
            pool.shutdown(wait=False, cancel_futures=True)
