"""Safekeeping: what is kept brought up to date, saved, brought back, and proven to be whole, without opening a desk."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipeline import config as configuration
from pipeline.config import Config
from pipeline.desk.saving import folder_of, save, where_of
from pipeline.desk.verifying import Verified, verify_kept
from pipeline.desk.wiring import open_store
from pipeline.errors import ConfigError, StoreError, UsageError
from pipeline.model import Act, Deed, file_title
from pipeline.store import Blobs, write_whole
from pipeline.store.backup import Backup, Backups, given_out, occupied, read, restore
from pipeline.store.database import versions
from pipeline.store.looking import Looking

log = structlog.get_logger("pipeline.desk")


@dataclass(frozen=True, slots=True)
class Upgraded:
    """From which schema to which a database was brought."""

    before: str
    """Empty for a database that is yet to be made."""
    after: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A number that was given out, and that a database knows nothing of."""

    series: str
    number: int
    where: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to."""

    backup: Backup
    aside: str
    """Where the database is now that was there; empty when none was."""
    blobs: int
    """How many were missing or damaged here."""
    config: tuple[str, ...]
    """Files of config/ and templates/ that are not as the backup has them."""
    seen: tuple[Seen, ...]
    verified: tuple[Verified, ...]


def upgrade(workspace: Path, *, dry_run: bool = False) -> Upgraded:
    """Brings a workspace's database to the schema of this release; a dry run only says what would be done.

    Raises `StoreError` for a database of a later release, which is left as it is.
    """
    config = configuration.load(workspace)
    before = _schema(config)
    if not dry_run:
        open_store(config)[0].close()
    return Upgraded(before, versions()[-1])


def _schema(config: Config) -> str:
    """The schema of a workspace's database; empty where there is none yet."""
    where = where_of(config)
    if isinstance(where, Path) and not where.exists():
        return ""
    database = Looking(where)
    try:
        described = database.described()
    finally:
        database.close()
    if described["known"] == "no":
        raise StoreError(
            f"{database.place} was written by a newer release (schema {described['schema']}).",
            "Install that release or a later one.",
        )
    return described["schema"]


def backups(workspace: Path, folder: Path | None = None) -> list[Backup]:
    """The backups in a folder, that of the settings unless another is named, the newest first."""
    return Backups(folder or folder_of(configuration.load(workspace))).all()


def back_up(
    workspace: Path, now: dt.datetime, folder: Path | None = None, *, keep: int = 0
) -> tuple[Backup, list[Backup]]:
    """Takes a backup into a folder, that of the settings unless another is named; the desk may be at work meanwhile.

    `keep` is how many stay, 0 for all; gives the backup, and those that were removed. Raises `StoreError` when there
    is nothing yet.
    """
    config = configuration.load(workspace)
    return save(config, now, folder, keep=keep)


def bring_back(workspace: Path, source: Path, who: str, now: dt.datetime, *, replacing: bool = False) -> Restored:
    """Puts a backup, or the newest of a folder of them, in the place of a workspace's database, and its blobs there.

    What was there is kept beside it. A workspace without configuration gets that of the backup, with its templates;
    else its own stays. Every digest of the backup is held against it before anything is changed. Raises `StoreError`
    for a backup that is damaged or of a later release, `UsageError` when a database is there and nobody is `replacing`
    it, `Busy` while others use it.
    """
    backup = read(source)
    _refuse_damaged(backup)
    if not (workspace / "config").is_dir():
        for name in backup.manifest.files:
            if name.startswith(("config/", "templates/")):
                write_whole(workspace / name, (backup.path / name).read_bytes())
    config = configuration.load(workspace)
    where = where_of(config)
    if occupied(where) and not replacing:
        place = where if isinstance(where, Path) else config.settings.database.partition("@")[2]
        raise UsageError(f"{place} 里已有数据库，没有恢复。", "要用备份换下它，请加 --replace：原有的会保留在旁边。")
    seen = _seen(config, backup)
    here, mended = Blobs(config.blobs), 0
    missing = set(backup.manifest.missing)
    for name in backup.names():
        if name not in missing and not _is_whole(here, name):
            here.mend(backup.blobs.get(name))
            mended += 1
    made = backup.manifest.made
    told = f"{made.isoformat(timespec='seconds')} 的备份"
    deeds = [Deed(who, Act.RESTORED, now, str(backup.path.name), told)]
    deeds += [Deed(who, Act.ELSEWHERE, now, f"{one.series} {one.number}", one.where) for one in seen]
    aside = restore(where, backup.rows, deeds, now)
    log.info("restored", backup=str(backup.path), aside=aside, seen=len(seen), who=who)
    database = Looking(where)
    try:
        verified = tuple(verify_kept(config, database, here, published=True))
    finally:
        database.close()
    return Restored(backup, aside, mended, tuple(_otherwise(workspace, backup)), tuple(seen), verified)


def verify_all(workspace: Path, source: Path | None = None) -> list[Verified]:
    """What can be proven of everything a workspace keeps, or of a backup, which is restored for that in a folder.

    Changes nothing. Raises `StoreError` when the database cannot be opened, or is at another schema.
    """
    if source:
        return _verified(workspace, read(source))
    config = configuration.load(workspace)
    where, blobs = where_of(config), Blobs(config.blobs)
    if isinstance(where, Path) and not where.exists() and blobs.empty():
        return []
    database = Looking(where)
    try:
        described = database.described()
        if described["schema"] != described["wanted"]:
            raise StoreError(
                f"{database.place} is at schema {described['schema'] or 'none'}, this release speaks of "
                f"{described['wanted']}.",
                "Bring it up to date: bulletin db upgrade.",
            )
        return verify_kept(config, database, blobs, published=True)
    finally:
        database.close()


def _verified(workspace: Path, backup: Backup) -> list[Verified]:
    _refuse_damaged(backup)
    try:
        config = configuration.load(backup.path)
    except ConfigError:
        config = configuration.load(workspace)  # one that only the machine it comes from can read
    with tempfile.TemporaryDirectory(prefix="bulletin-") as folder:
        where = Path(folder) / "desk.db"
        restore(where, backup.rows, (), backup.manifest.made)
        database = Looking(where)
        try:
            return verify_kept(config, database, backup.blobs, published=False, place=str(backup.path))
        finally:
            database.close()


def _refuse_damaged(backup: Backup) -> None:
    if damage := list(backup.damage()):
        more = f"，等 {len(damage)} 处" if damage[1:] else ""
        older = next(
            (one for one in Backups(backup.path.parent).all() if one.manifest.made < backup.manifest.made), None
        )
        raise StoreError(
            f"备份 {backup.path} 已损坏：{damage[0]}{more}。",
            f"没有改动任何内容；请改用 {older.path}。" if older else "没有改动任何内容；请换用另一处的备份。",
        )


def _is_whole(blobs: Blobs, name: str) -> bool:
    try:
        blobs.get(name)
    except StoreError:
        return False
    return True


def _otherwise(workspace: Path, backup: Backup) -> Iterator[str]:
    for name in backup.manifest.files:
        if name.startswith(("config/", "templates/")):
            here = workspace / name
            if not here.is_file() or here.read_bytes() != (backup.path / name).read_bytes():
                yield name


# ----------------------------------------------------------------------------------- numbers seen elsewhere


def _seen(config: Config, backup: Backup) -> list[Seen]:
    """Every number that was given out after a backup was made, as far as anything here tells."""
    known = {(series, number) for series, numbers in backup.manifest.numbers.items() for number in numbers}
    found: dict[tuple[str, int], str] = {}
    for series, number, where in (*_published(config), *_in_backups(config, backup), *_in_place(config)):
        if (series, number) not in known:
            found.setdefault((series, number), where)
    return [Seen(series, number, where) for (series, number), where in sorted(found.items())]


def _published(config: Config) -> Iterator[tuple[str, int, str]]:
    """What lies in the `out` folder, by name."""
    for series in config.series.values():
        mark = f"{file_title(series.title, series.id)}-第"
        for path in sorted(config.out.glob(f"{mark}*期-*")) if config.out.is_dir() else []:
            ours = path.is_file() and "-改动" not in path.name  # what somebody worked in was set aside
            if ours and (number := re.match(r"(\d+)期", path.name.removeprefix(mark))):
                yield series.id, int(number[1]), str(path)


def _in_backups(config: Config, backup: Backup) -> Iterator[tuple[str, int, str]]:
    """What later backups know, beside this one or where the settings put them."""
    for folder in {backup.path.parent.resolve(), folder_of(config).resolve()}:
        for one in Backups(folder).all():
            for series, numbers in one.manifest.numbers.items():
                yield from ((series, number, str(one.path)) for number in numbers)


def _in_place(config: Config) -> Iterator[tuple[str, int, str]]:
    """What the database knows that is to be replaced, if it can still be read."""
    where = where_of(config)
    if isinstance(where, Path) and not where.exists():
        return
    try:
        database = Looking(where)
    except StoreError:
        return
    try:
        for series, numbers in given_out(database).items() if not database.empty else ():
            yield from ((series, number, f"{database.place}（换下的数据库）") for number in numbers)
    except StoreError as error:
        log.warning("what was given out cannot be read", place=database.place, why=error.message)
    finally:
        database.close()
