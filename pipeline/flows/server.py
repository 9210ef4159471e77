"""Prefect's server on this machine: started, kept alive, found again by whoever runs a flow here.

One process of a data folder holds its lock and keeps the server, on loopback; a file beside it says where. Nothing
here imports Prefect: the clock, which keeps the server, is to stay small.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import structlog

from pipeline.config import Config
from pipeline.desk.claiming import myself
from pipeline.flows import environment

log = structlog.get_logger("pipeline.flows")

_HOST = "127.0.0.1"
_STARTING_SECONDS = 180.0  # 18 to 23 s for the first migrations on two free cores, and cores are not always free
_ANSWER_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_PAUSES = (1.0, 60.0)  # before a server that died is started again: the first, doubled each time, and the longest
_STEADY_SECONDS = 300.0  # one that lived for so long died of something new
_GRACE_SECONDS = 2.0  # between asking it to stop and stopping it: of the 10 s that stopping takes a draft may need 7
_LOG_BYTES = 2_000_000

# Ends with whoever started it, however that ends: a pipe for a leash, as the clock's children have.
_LEASHED = """
import runpy, sys
from pipeline.cli.process import leash
leash()
sys.argv = ["prefect", "server", "start", *sys.argv[1:]]
runpy.run_module("prefect", run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A server of this machine, as its keeper says where it is."""

    url: str
    process: int


def found(config: Config) -> Running | None:
    """The server that somebody keeps for this data folder on this machine, answering or about to."""
    try:
        kept = json.loads(_file(config).read_text("utf-8"))
        running, home = Running(str(kept["url"]), int(kept["pid"])), kept["home"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # a number counts among the processes since the last start of one machine; elsewhere it is somebody else's
    return running if home == myself().home and _lives(running.process) else None


def answers(url: str) -> bool:
    """Whether a Prefect server answers at an address, as http://127.0.0.1:4200/api."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", f"{parts.path.rstrip('/')}/health")
            return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException):
        return False


def address(config: Config) -> str:
    """The server that a run here uses: the named one, else the one that is kept here; empty for neither."""
    if named := environment.named(config):
        return named
    running = found(config)
    return running.url if running else ""


def ready(config: Config) -> bool:
    """Whether the server that a run here uses answers; one that is kept here is waited for while it starts."""
    if named := environment.named(config):
        return answers(named)
    until = time.monotonic() + _STARTING_SECONDS
    while running := found(config):
        if answers(running.url):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return False


class Keeper:
    """Keeps a server for one data folder, or waits until whoever does so has ended."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="prefect", daemon=True)
        self._child: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Starts it, in the background."""
        self._thread.start()

    def end(self) -> None:
        """Stops it, within seconds."""
        self._stopping.set()
        self._thread.join(_GRACE_SECONDS + 2 * _LOOK_SECONDS)

    def _keep(self) -> None:
        folder = environment.home(self._config)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / "server.lock").open("w") as lock:
                while not self._stopping.is_set():
                    if _taken(lock):
                        self._kept()
                        return
                    self._stopping.wait(_LOOK_SECONDS)
        except OSError as error:
            # drafts are made without it
            log.error("Prefect's server is not kept", why=str(error))

    def _kept(self) -> None:
        pause, (first, longest) = _PAUSES[0], _PAUSES
        while not self._stopping.is_set():
            begun = time.monotonic()
            code = self._lived(_port(self._config))
            if self._stopping.is_set():
                break
            pause = first if time.monotonic() - begun > _STEADY_SECONDS else pause
            log.warning("Prefect's server ended", code=code, log=str(self._log), again_in=pause)
            self._stopping.wait(pause)
            pause = min(pause * 2, longest)

    @property
    def _log(self) -> Path:
        return environment.home(self._config) / "server.log"

    def _lived(self, port: int) -> int:
        """Runs one server to its end, or until it is to stop; its exit code."""
        url = f"http://{_HOST}:{port}/api"
        with suppress(OSError):
            if self._log.stat().st_size > _LOG_BYTES:
                self._log.replace(self._log.with_suffix(".old.log"))
        options = ["--host", _HOST, "--port", str(port), "--log-level", "WARNING"]
        its_own = {
            # pages of other sites, open in a browser of this machine, have no business with it
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://{_HOST}:{port}",
            "PREFECT_UI_API_URL": url,  # else its page asks at port 4200
        }
        with self._log.open("ab") as told:
            child = subprocess.Popen(  # noqa: S603 - Prefect's own command line
                [sys.executable, "-c", _LEASHED, *options],
                stdin=subprocess.PIPE,
                stdout=told,
                stderr=told,
                env=environment.of_server(self._config) | its_own,
                start_new_session=True,
            )
        try:
            _say_where(self._config, url, child.pid)
            log.info("Prefect's server", url=url, pid=child.pid, log=str(self._log))
            while child.poll() is None and not self._stopping.wait(_LOOK_SECONDS):
                pass
        finally:
            _file(self._config).unlink(missing_ok=True)
            _ended(child)
        return child.returncode


def _ended(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin:
        child.stdin.close()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _port(config: Config) -> int:
    """The port of the server before it, which runs that outlive it still ask, or a free one."""
    with suppress(OSError, ValueError), socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((_HOST, int(_last_port(config).read_text("ascii"))))
        return int(door.getsockname()[1])
    with socket.socket() as door:
        door.bind((_HOST, 0))
        port = int(door.getsockname()[1])
    _last_port(config).write_text(str(port), "ascii")
    return port


def _say_where(config: Config, url: str, process: int) -> None:
    file = _file(config)
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"url": url, "pid": process, "home": myself().home}), "utf-8")
    new.replace(file)


def _file(config: Config) -> Path:
    return environment.home(config) / "server.json"


def _last_port(config: Config) -> Path:
    return environment.home(config) / "server.port"


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
