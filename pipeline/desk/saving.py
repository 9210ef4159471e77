"""Saving: what a backup of a workspace takes along, for whoever asks for one and before an upgrade."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from pipeline.config import Config
from pipeline.errors import Busy, StoreError
from pipeline.store import Blobs
from pipeline.store.backup import Backup, Backups
from pipeline.store.looking import Looking

log = structlog.get_logger("pipeline.desk")
_MAX_BYTES = 32 * 1024 * 1024  # no configuration or template is as large


def where_of(config: Config) -> Path | str:
    """Where a workspace's database is: a file, or an address."""
    return config.settings.database or config.data / "desk.db"


def folder_of(config: Config) -> Path:
    """Where its backups go, absolute."""
    return config.at(config.settings.backup.folder)


def save(config: Config, now: dt.datetime, folder: Path | None = None, *, keep: int = 0) -> tuple[Backup, list[Backup]]:
    """Takes a backup into a folder, that of the settings unless another is named; the database may be of any schema.

    `keep` is how many stay, 0 for all; gives the backup, and those that were removed. Raises `StoreError` when there
    is nothing yet.
    """
    where = where_of(config)
    if isinstance(where, Path) and not where.exists():
        raise StoreError(f"{where} is not there, so there is nothing to back up.", "The first run makes it.")
    database = Looking(where)
    try:
        if database.empty:
            raise StoreError(f"{database.place} is empty, so there is nothing to back up.", "The first run fills it.")
        made, gone = Backups(folder or folder_of(config)).make(
            database, Blobs(config.blobs), _files(config), _secret(config), now, keep=keep
        )
    finally:
        database.close()
    log.info("backed up", to=str(made.path), blobs=made.manifest.blobs, missing=len(made.manifest.missing))
    return made, gone


def save_before_upgrade(config: Config, now: dt.datetime) -> None:
    """Takes a backup of a database that is about to be brought to the schema of this release.

    Raises `StoreError` when that cannot be done: nothing is upgraded then.
    """
    try:
        made, _ = save(config, now)
    except Busy:
        raise  # somebody else is about to do the same
    except StoreError as error:
        raise StoreError(
            f"No backup could be made before the upgrade, so nothing was changed: {error.message}",
            f"{error.fix} To upgrade without one: `backup.before_upgrade: false` in settings.yaml.",
        ) from error
    log.warning("saved before the upgrade", to=str(made.path), restore=f"bulletin db restore {made.path} --replace")


def _files(config: Config) -> Mapping[str, Path]:
    """The configuration and the templates, without what holds nothing but a secret."""
    apart = {
        config.at(Path(one.removeprefix("file:"))).resolve() for one in _written(config) if one.startswith("file:")
    }
    found: dict[str, Path] = {}
    for name in ("config", "templates"):
        for path in sorted((config.workspace / name).rglob("*")):
            inside = path.relative_to(config.workspace)
            hidden = any(part.startswith(".") for part in inside.parts)
            if path.is_file() and not hidden and path.resolve() not in apart and path.stat().st_size <= _MAX_BYTES:
                found[inside.as_posix()] = path
    return found


def _secret(config: Config) -> list[str]:
    """The files that go along and have a secret in them."""
    inline = [one for one in _written(config) if one and not one.startswith(("env:", "file:"))]
    address = re.match(r"postgres(ql)?://[^/@]*:[^/@]+@", config.settings.database)
    return ["config/settings.yaml"] if inline or address else []


def _written(config: Config) -> Iterator[str]:
    """Whatever the settings have in places for secrets: the secret itself, or where it stands."""
    settings = config.settings
    yield from (one.to.get_secret_value() for one in settings.notify)
    yield settings.classifiers.llm.key.get_secret_value()
    yield settings.web.metrics.get_secret_value()
    if "@" in settings.proxy or settings.proxy.startswith("file:"):
        yield settings.proxy
