"""A Dask scheduler and workers of our own on loopback, as an operator starts them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTUP_SECONDS = 600.0
_ROOT = Path(__file__).parent.parent


class Dask:
    """`dask scheduler` and some `dask worker`, each a process that can be killed."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.scheduler = self.begin_scheduler()
        self.workers = [self.begin_worker() for _ in range(workers)]

    @property
    def setting(self) -> str:
        """What `executor:` in settings.yaml says."""
        return f"dask://127.0.0.1:{self.port}"

    def begin_scheduler(self) -> subprocess.Popen[bytes]:
        """A scheduler at the address; returns when it listens."""
        started = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        until = time.monotonic() + _STARTUP_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                if started.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self._folder / "dask.log").read_text("utf-8")[-3000:]) from None
                time.sleep(0.1)
            else:
                return started

    def begin_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """A worker of one thread and without a nanny, so that what is killed stays so."""
        return self._start(
            "worker", f"tcp://127.0.0.1:{self.port}", "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny",
            "--no-dashboard", "--local-directory", str(self._folder), "--death-timeout", "60", **environment,
        )  # fmt: skip

    def restart_scheduler(self) -> None:
        """Kills the scheduler and starts another at its address."""
        self.scheduler.kill()
        self.scheduler.wait()
        self.scheduler = self.begin_scheduler()

    def end(self) -> None:
        """Kills all of it."""
        for one in (*self.workers, self.scheduler):
            one.kill()
            one.wait()

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=_ROOT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Dask]:
    """A scheduler with workers, killed at the end."""
    made = Dask(folder, workers)
    try:
        yield made
    finally:
        made.end()
