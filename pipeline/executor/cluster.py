"""Batches on the workers of a Dask scheduler, and on this machine as soon as that cannot be had.

Each worker process keeps children, as this machine does: a page that hangs, crashes or eats memory costs itself and
no worker. Dask gives the batch of a worker that died to another one; a function travels as a task of its own that each
worker fetches once, and that is done again should everybody who has it be gone. When the scheduler or the last worker
is gone, or nothing comes back any more, what is missing is done here: nothing is kept elsewhere, so nothing is lost.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import logging
import pickle
import platform
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import structlog

from pipeline.errors import ConfigError
from pipeline.executor.batches import Processes
from pipeline.executor.children import Children, Lost, Packed, Stopped

log = structlog.get_logger(__name__)

T = TypeVar("T")
R = TypeVar("R")
Future = Any
"""One of distributed's, which declares few types."""

_CONNECT_SECONDS = 10.0  # for the scheduler to answer, and the first worker to be there
_LOOK_SECONDS = 0.2  # between two looks whether who waits for a result still has to
_CLOSING_SECONDS = 2.0
_ROLL_CALL_SECONDS = 2.0  # between two questions to the scheduler whether there is any worker
_ALONE_SECONDS = 30.0  # without a single worker; a nanny starts a worker anew within 5
_STARTUP_SECONDS = 120.0  # until a worker's children have loaded their parsers, on a machine with nothing to spare
_FEW = 2  # batches a call has under way at least: one is worked off, the next is on its way
_CALLERS = 8  # threads of an engine that have batches worked off side by side
_SHAPING = ("lxml", "trafilatura", "pypdfium2", "opencc", "rjieba", "rensa", "pypinyin")
"""Libraries whose releases decide what is read in a page, besides our own code."""


class Cluster:
    """The workers of the Dask scheduler at `address` (host:port); `here` does what they cannot.

    `place` is where the address is configured. Nothing is connected before the first batch.
    """

    def __init__(self, address: str, here: Processes, place: str) -> None:
        self._address = address
        self._here = here
        self._place = place
        self._release = release()
        self._lock = threading.Lock()
        self._client: Any = None
        self._functions: dict[str, Future] = {}
        self._at_once = _FEW
        self._closed = False
        self.trouble = ""

    def map_batches(self, function: Callable[[T], R], batches: Iterable[Sequence[T]]) -> Iterator[list[R | Lost]]:
        """`function` of every item, a batch a task. Raises `ConfigError` when the workers have other code than we."""
        packed = Packed.of(function)
        waiting = iter(batches)
        under_way: deque[tuple[Sequence[T], Future | None]] = deque()
        try:
            while True:
                for batch in itertools.islice(waiting, max(0, self._at_once - len(under_way))):
                    under_way.append((batch, self._sent(packed, batch)))
                if not under_way:
                    return
                batch, future = under_way.popleft()
                found = None if future is None else self._came(future, len(batch))
                here = self._here.children.each(packed, batch)  # which begins when it is asked for its first
                yield list(here) if found is None else found
        finally:
            if left := [future for _, future in under_way if future is not None]:
                self._tried(lambda: left[0].client.cancel(left))

    def close(self) -> None:
        """Leaves the cluster, and sends the children of this machine home."""
        self._closed = True
        self._here.close()
        if not self._lock.acquire(timeout=_CLOSING_SECONDS):
            return  # somebody waits for the scheduler to answer; the process need not
        try:
            client, self._client = self._client, None
            self._functions.clear()
        finally:
            self._lock.release()
        if client is not None:
            self._tried(lambda: client.close(timeout=_CLOSING_SECONDS))

    # ----------------------------------------------------------------------------------- one batch

    def _sent(self, packed: Packed[T, R], batch: Sequence[T]) -> Future | None:
        """The batch on its way; `None` where it is to be done here."""
        with self._lock:
            if self.trouble or not batch:
                return None
            if self._closed:
                raise Stopped
            items = pickle.dumps(list(batch), pickle.HIGHEST_PROTOCOL)
            try:
                if self._client is None:
                    self._client = self._connected()
                digest = hashlib.sha256(packed.data).hexdigest()[:16]
                if digest not in self._functions:
                    self._functions[digest] = self._client.submit(bytes, packed.data, key=f"function-{digest}")
                return self._client.submit(
                    work_off,
                    self._functions[digest],
                    items,
                    self._here.children.limits,
                    self._release,
                    key=f"{packed.name}-{uuid.uuid4().hex}",
                    pure=False,
                )
            except ConfigError:
                raise
            except Exception as error:
                self._fall(f"{type(error).__name__}: {error}")
                return None

    def _came(self, future: Future, items: int) -> list[Any] | None:
        """The results of a batch; `None` when it is to be done here."""
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        # every item may take all its time, one after the other, after as many of the other callers
        until = time.monotonic() + _STARTUP_SECONDS + self._here.children.limits[0] * items * _CALLERS
        seen = called = time.monotonic()
        while not future.done():
            if self._closed:
                raise Stopped
            if self.trouble:
                return None
            now = time.monotonic()
            if now > until:
                self._fall("no answer in time")
                return None
            if now > called + _ROLL_CALL_SECONDS:
                called, seen = now, now if self._any_worker() else seen
            if now > seen + _ALONE_SECONDS:
                self._fall("no worker is left")
                return None
            done.wait(_LOOK_SECONDS)
        try:
            told = pickle.loads(future.result(_CONNECT_SECONDS))  # noqa: S301 - by our own worker
        except Exception as error:
            if future.status == "error" and type(error).__name__ == "KilledWorker":
                # whatever it was, it took several workers along; here it is done one page after the other
                log.warning("a batch was given up by the cluster", executor=self._address, why=str(error))
                return None
            self._fall(f"{type(error).__name__}: {error}")
            return None
        if isinstance(told, str):
            self._fall(f"a worker that came later has {told}, here is {self._release}")
            return None
        found: list[Any] = told
        return found

    def _any_worker(self) -> bool:
        client = self._client
        with suppress(Exception):  # of whatever kind: a scheduler that cannot say has none for us
            return client is not None and bool(client.nthreads())
        return False

    def _fall(self, why: str) -> None:
        """From now on everything is done here."""
        if self._closed:
            raise Stopped
        if not self.trouble:
            self.trouble = f"Dask 集群（{self._address}）不可用，其余在本机完成：{why}"
            log.warning("cluster is lost, going on with this machine", executor=self._address, why=why)

    @staticmethod
    def _tried(do: Callable[[], object]) -> None:
        """Does what may fail without harm: the answer is looked at elsewhere, or nobody needs it any more."""
        try:
            do()
        except Exception as error:
            log.debug("cluster", why=f"{type(error).__name__}: {error}")

    # ---------------------------------------------------------------------------------- the cluster

    def _connected(self) -> Any:
        try:
            dask, distributed = import_module("dask"), _distributed()
        except ImportError:
            raise ConfigError(
                self._place,
                "executor: the extra `dask` is not installed",
                'Install "bulletin-desk[dask]", or set executor: "".',
            ) from None
        # what it has to say of lost connections, we say in one line
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        # pages are sent within the task, so that the scheduler can give them to another worker
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        client = distributed.Client(f"tcp://{self._address}", timeout=_CONNECT_SECONDS, set_as_default=False)
        try:
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
            found = client.run(release, on_error="return")
            self._at_once = max(_FEW, 2 * sum(client.nthreads().values()) // _CALLERS)
        except BaseException:
            client.close(timeout=_CLOSING_SECONDS)
            raise
        for worker, theirs in sorted(found.items()):
            if theirs != self._release:
                client.close(timeout=_CLOSING_SECONDS)
                told = theirs if isinstance(theirs, str) else f"none ({type(theirs).__name__}: {theirs})"
                raise ConfigError(
                    self._place,
                    f"executor: worker {worker} has another release of bulletin-desk: {told}; here is {self._release}",
                    "Install the same bulletin-desk, with the same constraints.txt, on every worker.",
                )
        log.info("on a cluster", executor=self._address, workers=len(found))
        return client


# ------------------------------------------------------------------------------------- on a worker


def work_off(function: bytes, items: bytes, limits: tuple[float, tuple[str, ...], int], wanted: str) -> bytes:
    """What came of a batch, pickled: a list of results, or the release here where it is not the `wanted` one."""
    if release() != wanted:
        return pickle.dumps(release())
    found = list(_children(*limits, _threads()).each(Packed(function, ""), pickle.loads(items)))  # noqa: S301 - ours
    return pickle.dumps(found, pickle.HIGHEST_PROTOCOL)


@cache
def _children(seconds: float, preload: tuple[str, ...], mebibytes: int, workers: int) -> Children:
    """The children of this worker process: as many as it has threads, made once."""
    return Children(workers, seconds, preload=preload, mebibytes=mebibytes)


def _threads() -> int:
    return int(_distributed().get_worker().state.nthreads)


def _distributed() -> Any:
    """The library, which takes a second to import and is not installed everywhere."""
    return import_module("distributed")


@lru_cache(1)
def release() -> str:
    """What decides about results: our code, and the releases of Python and of the libraries that read pages.

    The number of our own release alone says nothing of what somebody changed in it.
    """
    ours = hashlib.sha256()
    for name, content in _contents(files("pipeline")):
        ours.update(f"{name}\0{len(content)}\0".encode() + content)
    python = ".".join(platform.python_version_tuple()[:2])
    libraries = (f"{name} {importlib.metadata.version(name)}" for name in _SHAPING)
    own = importlib.metadata.version("bulletin-desk")
    return f"{own} ({ours.hexdigest()[:12]}), Python {python}, {', '.join(libraries)}"


def _contents(folder: Traversable) -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir() and one.name not in ("__pycache__", "share"):
            yield from ((f"{one.name}/{name}", content) for name, content in _contents(one))
        elif one.name.endswith((".py", ".json")):
            yield one.name, one.read_bytes()
