"""What Prefect is told before it is imported: no telemetry, its files in the workspace, records in batches."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipeline.config import Config

TAG = "bulletin-desk"
"""On every deployment and run of ours."""

EVERYWHERE: Mapping[str, str] = {
    # nothing leaves the machine: without the second the server sends a heartbeat to its vendor
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "pipeline",
}
"""For whatever imports Prefect."""

WORKER: Mapping[str, str] = {
    **EVERYWHERE,
    # a server that is away is waited for, up to four minutes: by default a run that had done its work failed after one
    "PREFECT_CLIENT_MAX_RETRIES": "7",
}
"""For workers, and the runs they start."""

SERVER: Mapping[str, str] = {
    # by default a restart forgets who runs, and ends after some minutes whoever did so under a limit
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # its first migrations take longer than its default of 20 s
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # by default 5 of 11 task runs were lost with the server at the end
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
    # else its database grows for ever; what happened stands in ours
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 24 * 3600),
}
"""For a server of this machine's own."""


def settle(more: Mapping[str, str] = EVERYWHERE) -> None:
    """Sets what the environment does not say already; Prefect reads it once, when it is imported."""
    for name, value in more.items():
        os.environ.setdefault(name, value)


def prepare(config: Config) -> None:
    """Sets what a run by the command line wants, on whatever server."""
    settle(SERVER)
    _room(config)
    # a source that fails is said in one line by whoever runs the flow, not as a traceback
    settle({"PREFECT_HOME": str(home(config)), "PREFECT_LOGGING_LEVEL": "CRITICAL"})


def of_server(config: Config) -> dict[str, str]:
    """The environment of a server of this machine's own."""
    return {**os.environ, **SERVER, "PREFECT_HOME": str(home(config))}


def of_worker(config: Config, url: str, workspace: Path) -> dict[str, str]:
    """The environment of a worker, which the runs that it starts inherit: which server, which desk."""
    _room(config)
    theirs = {"PREFECT_API_URL": url, "BULLETIN_WORKSPACE": str(workspace), "PREFECT_HOME": str(home(config))}
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**WORKER, **os.environ, **theirs, "PATH": python}


def _room(config: Config) -> None:
    """Makes the folder that `home` is in: Prefect makes `home` itself, but nothing above it, and warns each time."""
    with suppress(OSError):  # where nothing can be written, what needs to write says so
        home(config).parent.mkdir(parents=True, exist_ok=True)


def home(config: Config) -> Path:
    """Where a server of this machine's own keeps its files."""
    folder = config.data / "prefect"
    # machines that share a database share `data` as well, and two servers must not write one file of SQLite
    return folder / socket.gethostname() if config.settings.database else folder


def named(config: Config) -> str:
    """The address of the server that the environment or the settings name; empty when neither does."""
    return os.environ.get("PREFECT_API_URL", "") or config.settings.prefect.api
