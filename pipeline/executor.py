"""Work in batches, on this process or on several.

A page can crash or hang the library that parses it, and a hang inside C code cannot be interrupted: only
another process can be killed. Measured on 2,000 pages and two cores: in line 22.6 s, threads 24.7 s (no
gain), processes 12.7 s; below about 150 pages starting them costs more than they save.
"""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MANY = 150
_STARTUP_SECONDS = 30.0  # a fresh process imports the parsers first; two to four seconds on an idle machine
_MAX_MEBIBYTES = 3072  # address space of a worker, of which the libraries themselves map about 1 GiB


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in place of a result that never came."""

    because: str
    """Why, in Chinese."""


class Executor(Protocol):
    """Applies a function to batches."""

    def map_batches(self, function: Callable[[Sequence[T]], R], batches: Sequence[Sequence[T]]) -> Iterator[R | Lost]:
        """One result a batch, in their order; `Lost` for a batch that failed, the others go on."""
        ...


class Serial:
    """One after the other, in this process; without a time limit."""

    def map_batches(self, function: Callable[[Sequence[T]], R], batches: Sequence[Sequence[T]]) -> Iterator[R | Lost]:
        """As `Executor`."""
        for batch in batches:
            try:
                yield function(batch)
            except Exception as error:
                yield _failed(error)


class Processes:
    """On several processes; a batch that dies, hangs or eats too much takes only its own worker along.

    `function` must be importable by name and must not drag in Prefect. Each batch gets `seconds` per item.
    """

    def __init__(self, workers: int, seconds: float) -> None:
        self._workers = workers
        self._seconds = seconds

    def map_batches(self, function: Callable[[Sequence[T]], R], batches: Sequence[Sequence[T]]) -> Iterator[R | Lost]:
        """As `Executor`."""
        count = max(1, min(self._workers, len(batches)))
        workers = [_Worker(self._seconds) for _ in range(count)]
        free: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for worker in workers:
            free.put(worker)

        def run(batch: Sequence[T]) -> R | Lost:
            worker = free.get()
            try:
                return worker.run(function, batch)
            finally:
                free.put(worker)

        threads = ThreadPoolExecutor(count, thread_name_prefix="batch")
        try:
            yield from threads.map(run, batches)
        finally:
            # Also reached when the caller stops listening: what has not begun is dropped, what runs is killed.
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.end()
            threads.shutdown(wait=True)


class _Worker:
    """A pool of one: when it breaks, it is clear who broke it."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pool: ProcessPoolExecutor | None = None

    def run(self, function: Callable[[Sequence[T]], R], batch: Sequence[T]) -> R | Lost:
        seconds = self._seconds * max(1, len(batch))
        limit = seconds
        if self._pool is None:
            limit += _STARTUP_SECONDS
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_bound_memory)
        try:
            future = self._pool.submit(function, batch)
            return future.result(timeout=limit)
        except BrokenProcessPool:
            self.end()
            return Lost("读取进程意外退出，可能页面过于复杂")
        except TimeoutError as error:
            if future.done():
                return _failed(error)
            self.end()
            return Lost(f"读取超过时限 {seconds:g} 秒，页面可能过于复杂")
        except Exception as error:
            return _failed(error)

    def end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        # There is no public way to kill a worker before Python 3.14; one that hangs in C hears nothing else.
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=True, cancel_futures=True)


def choose(workers: int, pages: int, seconds: float) -> Executor:
    """Processes when there are many pages and cores to spare, else this process; `seconds` per page."""
    return Processes(workers, seconds) if workers > 1 and pages > _MANY else Serial()


def map_items(
    executor: Executor, function: Callable[[Sequence[T]], Sequence[R]], items: Sequence[T], size: int
) -> list[R | Lost]:
    """One result an item: batches of `size`, then the items of lost batches one by one.

    So a page that crashes the parser costs itself only, not those that travelled with it.
    """
    starts = range(0, len(items), size)
    results: list[R | Lost] = []
    again: list[int] = []
    batches = [items[start : start + size] for start in starts]
    for batch, result in zip(batches, executor.map_batches(function, batches), strict=True):
        if isinstance(result, Lost):
            again.extend(range(len(results), len(results) + len(batch)))
            results.extend([result] * len(batch))
        else:
            results.extend(one for _, one in zip(batch, result, strict=True))
    singles = [[items[index]] for index in again]
    for index, alone in zip(again, executor.map_batches(function, singles), strict=True):
        results[index] = alone if isinstance(alone, Lost) else alone[0]
    return results


def _failed(error: Exception) -> Lost:
    return Lost(f"读取出错（{type(error).__name__}：{str(error)[:200]}）")


def _bound_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # no such limits on this system
        import resource

        size = _MAX_MEBIBYTES * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
