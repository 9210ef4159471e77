"""Where batches are worked off: in this process, in child processes of this machine, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

import structlog

from pipeline.errors import DeskError
from pipeline.executor.children import Children, Lost, Packed

log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")


class Executor(Protocol):
    """Where batches are worked off. Wherever that is, the same items have the same results."""

    @property
    def trouble(self) -> str:
        """Why it no longer works where it should, in Chinese; empty while it does."""
        ...

    def map_batches(self, function: Callable[[T], R], batches: Iterable[Sequence[T]]) -> Iterator[list[R | Lost]]:
        """`function` of every item, a list for each batch, in their order; `Lost` for an item that failed.

        `function` is pickled once, with all that it holds; it must be importable by name. Batches are taken from the
        iterable a few ahead of those whose results were taken, so that never more than these are in memory.
        """
        ...

    def close(self) -> None:
        """Gives back what it holds; whoever waits for a result gets `Stopped`."""
        ...


class Serial:
    """One item after the other in this process: for few items, and for nothing that comes from the web."""

    trouble = ""

    def map_batches(self, function: Callable[[T], R], batches: Iterable[Sequence[T]]) -> Iterator[list[R | Lost]]:
        """`function` of every item."""
        for batch in batches:
            yield [_called(function, item) for item in batch]

    def close(self) -> None:
        """Nothing: it holds nothing."""


class Processes:
    """The children of this machine: each item is worked off apart, within their limits."""

    trouble = ""

    def __init__(self, children: Children) -> None:
        self.children = children

    def map_batches(self, function: Callable[[T], R], batches: Iterable[Sequence[T]]) -> Iterator[list[R | Lost]]:
        """`function` of every item, those of a batch on all children."""
        packed = Packed.of(function)
        for batch in batches:
            results = self.children.each(packed, batch)
            yield list(results)

    def close(self) -> None:
        """Sends the children home."""
        self.children.close()


def _called(function: Callable[[T], R], item: T) -> R | Lost:
    try:
        return function(item)
    except DeskError as error:
        return Lost(error.message)
    except Exception as error:
        log.exception("failed")
        return Lost(f"读取出错（{type(error).__name__}：{str(error)[:200]}）")
