"""Backups: a folder of them, each whole or not there at all, and the blobs of all of them beside each other.

::

    backups/
      blobs/ab/abcdef…        what is kept by its SHA-256, each once, however many backups have it
      20240701-003112/        one backup, by the time it was made, of Beijing
        manifest.json         what it has and by which SHA-256, and its own digest
        desk.jsonl.gz         the rows (see `dump`)
        blobs.txt             the names of its blobs
        config/ templates/    as they were

The rows are read first: a blob is written before the row that names it, so every one that they name is there.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import BlobLost, Busy, StoreError, reason
from pipeline.model import BEIJING, Deed, digest
from pipeline.store.audit import note
from pipeline.store.blobs import Blobs, write_whole
from pipeline.store.database import Database, kind, versions
from pipeline.store.dump import dump, fill
from pipeline.store.looking import Looking

_FORMAT = 1
_ROWS, _NAMES, _MANIFEST = "desk.jsonl.gz", "blobs.txt", "manifest.json"
_OWN = frozenset({"blobs"})


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup has."""

    format: int
    made: dt.datetime
    schema: str
    place: str
    """Of the database it was taken from, without a password."""
    rows: Mapping[str, int]
    """Table → how many."""
    numbers: Mapping[str, tuple[int, ...]]
    """Series → every number that was given out."""
    files: Mapping[str, str]
    """Path → SHA-256, of everything but the blobs."""
    blobs: int
    missing: tuple[str, ...] = ()
    """Blobs that were missing or damaged when it was made."""
    secrets: tuple[str, ...] = ()
    """What of it is secret, as `config/settings.yaml`; besides, the database has the accounts' hashed passwords."""
    digest: str = ""
    """Of everything else in the manifest."""


_MANIFESTS = TypeAdapter(Manifest)


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup that is there."""

    path: Path
    manifest: Manifest

    @property
    def rows(self) -> Path:
        """The file of rows."""
        return self.path / _ROWS

    @property
    def blobs(self) -> Blobs:
        """Its blobs, and those of the backups beside it."""
        return Blobs(self.path.parent / "blobs")

    def names(self) -> list[str]:
        """The names of its blobs."""
        return (self.path / _NAMES).read_text("ascii").split()

    def damage(self) -> Iterator[str]:
        """Everything that is not as it was written, in Chinese."""
        for name, sha256 in self.manifest.files.items():
            try:
                with (self.path / name).open("rb") as file:
                    same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
            except OSError as error:
                yield f"{name}：{reason(error)}"
                continue
            if not same:
                yield f"{name} 与备份时的 SHA-256 不符"
                if name == _NAMES:
                    return
        known = set(self.manifest.missing)
        for name in self.names() if (self.path / _NAMES).is_file() else ():
            if name in known:
                continue
            try:
                self.blobs.get(name)
            except StoreError as error:
                yield f"文件库：{error.message}"


class Backups:
    """A folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Backup]:
        """Those whose manifests are whole, the newest first."""
        found = []
        for path in self._there():
            try:
                found.append(read(path))
            except StoreError:
                continue
        return sorted(found, key=lambda one: (one.manifest.made, one.path.name), reverse=True)

    def unread(self) -> list[Path]:
        """What lies there like a backup and cannot be read."""
        known = {one.path for one in self.all()}
        return [path for path in self._there() if path not in known]

    def has(self, blob: str) -> bool:
        """Whether a backup has copied it already."""
        return (self.folder / "blobs" / blob[:2] / blob).is_file()

    def newest(self) -> Backup | None:
        """The last one; `None` where there is none."""
        return next(iter(self.all()), None)

    def make(
        self,
        database: Database,
        blobs: Blobs,
        files: Mapping[str, Path],
        secrets: Collection[str],
        now: dt.datetime,
        *,
        keep: int = 0,
    ) -> tuple[Backup, list[Backup]]:
        """Takes a backup, with `files` by the paths they get in it; `keep` is how many stay, 0 for all.

        Gives it, and those that were removed. What is missing or damaged among the blobs stands in its manifest: it
        keeps nobody from saving the rest. Raises `Busy` while another one is made here.
        """
        try:
            with self._alone(), self._beginning(now) as part:
                manifest = self._written(part, database, blobs, files, now)
                manifest = replace(manifest, secrets=tuple(sorted(secrets)))
                write_whole(part / _MANIFEST, _text(replace(manifest, digest=_digest(manifest))).encode())
                _settle(part)
                path = part.with_name(part.name[1:].removesuffix(".part"))
                part.rename(path)
                _settle(self.folder)
                made = read(path)
                return made, self._prune(keep) if keep else []
        except OSError as error:
            raise StoreError(
                f"{error.filename or self.folder}: the backup could not be written ({error.strerror}).",
                "Make room there, or name another folder; the earlier backups are as they were.",
            ) from error

    def _written(
        self, part: Path, database: Database, blobs: Blobs, files: Mapping[str, Path], now: dt.datetime
    ) -> Manifest:
        with (part / _ROWS).open("wb") as file:
            with database.snapshot() as connection:
                dumped = dump(database, connection, file)
                numbers = _given_out(connection)
                needed = _needed(connection)
            file.flush()
            os.fsync(file.fileno())
        kept, missing = self._copied(blobs, dumped.blobs, needed)
        write_whole(part / _NAMES, "".join(f"{one}\n" for one in sorted({*kept, *missing})).encode())
        for name, source in files.items():
            write_whole(part / name, source.read_bytes())
        digests = {name: _sha256(part / name) for name in (_ROWS, _NAMES, *files)}
        return Manifest(
            _FORMAT,
            now,
            dumped.schema,
            database.place,
            dumped.rows,
            numbers,
            digests,
            len(kept),
            tuple(sorted(missing)),
        )

    def _copied(self, blobs: Blobs, named: Collection[str], needed: Collection[str]) -> tuple[set[str], set[str]]:
        """Copies the blobs that no earlier backup has; gives those that are here now, and those that are not."""
        mine = Blobs(self.folder / "blobs")
        kept, missing = set(), set()
        nothing = blobs.empty()
        for name in sorted({*named, *needed}):
            if not mine.holds_any([name]):
                try:
                    data = None if nothing else blobs.get(name)
                except BlobLost:  # anything else, a server that is down for instance, makes no backup at all
                    data = None
                if data is None:
                    # a digest of something else is no blob of anybody's
                    if name in needed:
                        missing.add(name)
                    continue
                mine.put(data)
            kept.add(name)
        return kept, missing

    def _prune(self, keep: int) -> list[Backup]:
        """Removes all but the newest, and the blobs that none of the others has."""
        every = self.all()
        gone = every[keep:]
        if not gone:
            return []
        for one in gone:
            # first of all it is no backup any more: what a kill leaves of it is taken away by the next one
            out = one.path.with_name(f".{one.path.name}.part")
            one.path.rename(out)
            shutil.rmtree(out)
        wanted = {name for one in every[:keep] for name in one.names()}
        whole = {one.path for one in every[:keep]}
        if all(path in whole for path in self._there()):  # one that cannot be read may need any of them
            for path in (self.folder / "blobs").glob("??/*"):
                if path.name not in wanted:
                    path.unlink()
        return gone

    def _there(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(
            path
            for path in self.folder.iterdir()
            if path.is_dir() and not path.name.startswith(".") and path.name not in _OWN
        )

    @contextmanager
    def _beginning(self, now: dt.datetime) -> Iterator[Path]:
        """A folder that is to become a backup; what earlier ones left that were killed goes away."""
        for left in self.folder.glob(".*.part"):
            shutil.rmtree(left)
        stamp = stamped(now)
        name = next(
            one for one in (stamp, *(f"{stamp}-{i}" for i in range(2, 1000))) if not (self.folder / one).exists()
        )
        part = self.folder / f".{name}.part"
        part.mkdir()
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time: pruning must not take the blobs of a backup that is not yet there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(f"{self.folder}：另一个备份正在进行。", "请等它结束。") from None
            yield


def read(path: Path) -> Backup:
    """A backup by its folder, or the newest one of a folder of backups; raises `StoreError` when it is no whole one."""
    if not (path / _MANIFEST).is_file():
        if newest := Backups(path).newest():
            return newest
        raise StoreError(f"{path} is no backup.", "Name a folder that `bulletin db backup` made.")
    try:
        text = (path / _MANIFEST).read_text("utf-8")
        said = json.loads(text)
        if isinstance(said, dict) and (said.get("format", 0) > _FORMAT or said.get("schema", "") > versions()[-1]):
            raise StoreError(
                f"{path} was made by a newer release (schema {said.get('schema')}).",
                "Install that release or a later one.",
            )
        manifest = _MANIFESTS.validate_json(text)
    except (OSError, ValueError, ValidationError):
        raise StoreError(f"{path / _MANIFEST} is damaged.", "Use another backup.") from None
    if manifest.digest != _digest(manifest) or not all(_is_inside(name) for name in manifest.files):
        raise StoreError(f"{path / _MANIFEST} is damaged.", "Use another backup.")
    return Backup(path, manifest)


def restore(where: Path | str, rows: Path, deeds: Sequence[Deed], now: dt.datetime) -> str:
    """Puts a file of rows in the place of a database, in one step; `deeds` stand in its audit log from then on.

    Gives where the database is now that was there, empty where none was. Raises `Busy` while others use it.
    """
    target, stamp = kind(where), stamped(now)
    there = _something(where)
    try:
        with target.replaced(stamp) as connection:
            fill(target, connection, rows)
            for deed in deeds:
                note(connection, deed)
    except sa.exc.DBAPIError as error:
        raise target.understood(error) from error
    finally:
        target.close()
    return target.aside(stamp) if there else ""


def _something(where: Path | str) -> bool:
    """Whether a database is there."""
    if isinstance(where, Path):
        return where.exists()
    looked_at = Looking(where)
    looked_at.close()
    return not looked_at.empty


def occupied(where: Path | str) -> bool:
    """Whether something is there that `restore` would set aside, even if it cannot be read."""
    try:
        return _something(where)
    except StoreError:
        return isinstance(where, Path)


def given_out(database: Database) -> Mapping[str, tuple[int, ...]]:
    """Every number that a database of any schema knows to be given out, by series."""
    with database.read() as connection:
        return _given_out(connection)


def stamped(now: dt.datetime) -> str:
    """A moment as it stands in names, by the time of Beijing."""
    return f"{now.astimezone(BEIJING):%Y%m%d-%H%M%S}"


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _digest(manifest: Manifest) -> str:
    return digest(_text(replace(manifest, digest="")))


def _text(manifest: Manifest) -> str:
    return json.dumps(_MANIFESTS.dump_python(manifest, mode="json"), ensure_ascii=False, indent=1, sort_keys=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ------------------------------------------------------------------------------- what the rows say, of any schema


def _reflected(connection: sa.Connection, *names: str) -> Sequence[sa.Table]:
    tables = sa.MetaData()
    there = sa.inspect(connection).get_table_names()
    tables.reflect(connection, only=[name for name in names if name in there])
    return [tables.tables[name] for name in names if name in tables.tables]


def _given_out(connection: sa.Connection) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for issues in _reflected(connection, "issues"):
        # before corrections were known, an issue that was out was in that state
        out = issues.c.released > 0 if "released" in issues.c else issues.c.state == "released"
        query = sa.select(issues.c.series, issues.c.number).where(out & (issues.c.number > 0))
        for series, number in connection.execute(query.order_by(issues.c.series, issues.c.number)):
            found[series] = (*found.get(series, ()), number)
    return found


def _needed(connection: sa.Connection) -> set[str]:
    """The blobs without which something that is kept cannot be shown."""
    found: set[str] = set()
    for table in _reflected(connection, "pages", "pictures"):
        for column in {"blob", "original"} & set(table.c.keys()):
            found |= set(connection.execute(sa.select(table.c[column]).where(table.c[column] != "")).scalars())
    for releases in _reflected(connection, "releases"):
        for files in connection.execute(sa.select(releases.c.files)).scalars():
            found |= set(files.values())
    return found
