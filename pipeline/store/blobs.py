"""Bytes kept by what they are: `ab/abcdef…`, in a folder or in a store of objects, whole or not at all.

A name that was given out stays good for at least half a day, whoever clears away meanwhile: what was kept earlier is
made young again, in the turn of those who write into the database. Whoever takes a blob away does so in a turn too,
and takes only what is a day old and had no row a day ago either (see `forgetting`); so one of the two sees the other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import BlobLost, StoreError

_NAME = re.compile("[0-9a-f]{64}")
_TEMPORARY = re.compile(r"\..*\.part")
_YOUNG = dt.timedelta(hours=12)  # half of the day after which what has no row may go
_AT_ONCE = 32  # blobs that are asked for together, and lie in memory together
Turn = Callable[[], AbstractContextManager[object]]
"""What keeps everybody else from writing into the database for as long as it is entered."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One blob as it lies there."""

    name: str
    size: int
    when: dt.datetime
    """When it was written or made young, by the clock of the place."""


class Shelf(Protocol):
    """A place for blobs; more than three methods, because a folder and a store of objects differ in all of them.

    Whatever goes wrong is a `StoreError` that names the place; that a blob is not there is a `FileNotFoundError`.
    """

    @property
    def place(self) -> str:
        """Where it is."""

    def read(self, name: str) -> bytes:
        """The bytes as they lie there."""

    def several(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Those of them that are there."""

    def write(self, blobs: Mapping[str, bytes]) -> None:
        """Writes blobs by name, each whole or not at all; once they are here, a power cut does not undo it."""

    def look(self, name: str) -> Shelved:
        """How a blob lies there."""

    def freshen(self, name: str, data: bytes) -> None:
        """Makes a blob young, wherever it is by now."""

    def all(self) -> Iterator[Shelved]:
        """Everything that lies there."""

    def remove(self, name: str) -> None:
        """Takes a blob away; one that is gone is no error."""

    def empty(self) -> bool:
        """Whether there is nothing yet."""

    def tidy(self, before: dt.datetime) -> int:
        """Takes away what writers left behind that were killed before a moment; returns how many bytes."""


class Blobs:
    """Immutable byte strings named by their SHA-256, in a folder or at an address as `s3://bucket/prefix`.

    `turn` is needed where somebody else may take blobs away meanwhile.
    """

    def __init__(self, where: Path | str, turn: Turn = nullcontext) -> None:
        self._shelf = _shelf(where)
        self._turn = turn

    @property
    def place(self) -> str:
        """Where they are."""
        return self._shelf.place

    def taking_turns(self, turn: Turn) -> Blobs:
        """The same blobs, kept in turn with those who write into the database."""
        same = object.__new__(type(self))
        same._shelf, same._turn = self._shelf, turn
        return same

    def put(self, data: bytes) -> str:
        """Keeps `data` and returns its name, which is good for half a day even if no row comes to name it.

        Never called by who writes into the database already: it may have to wait for that.
        """
        (name,) = self.put_all([data])
        return name

    def put_all(self, several: Sequence[bytes]) -> list[str]:
        """Keeps several, as `put` does, and returns their names: fewer waits for the disk than one by one."""
        names = [hashlib.sha256(data).hexdigest() for data in several]
        new: dict[str, bytes] = {}
        for name, data in dict(zip(names, several, strict=True)).items():
            try:
                there = self._shelf.look(name)
            except FileNotFoundError:
                new[name] = data
                continue
            # by the clock of the machine, as the place's is
            if time.time() - there.when.timestamp() > _YOUNG.total_seconds():
                with self._turn():
                    self._shelf.freshen(name, data)
        if new:
            self._shelf.write(new)
        return names

    def mend(self, data: bytes) -> str:
        """Keeps `data` in the place of what is there and no longer the same, and returns its name."""
        name = hashlib.sha256(data).hexdigest()
        self._shelf.write({name: data})
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that name; raises `BlobLost` when they are missing or no longer the same."""
        try:
            data = self._shelf.read(name)
        except FileNotFoundError:
            raise self._lost(name) from None
        return self._whole(name, data)

    def each(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | BlobLost]]:
        """The bytes of several names, in order, or what is wrong with them; from afar they come side by side."""
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            found = self._shelf.several(list(dict.fromkeys(some)))
            for name in some:
                try:
                    yield name, self._whole(name, found[name]) if name in found else self._lost(name)
                except BlobLost as error:
                    yield name, error

    def size(self, name: str) -> int:
        """How many bytes it has; raises `BlobLost` when it is missing."""
        try:
            return self._shelf.look(name).size
        except FileNotFoundError:
            raise self._lost(name) from None

    def all(self) -> Iterator[Shelved]:
        """Everything that lies there, in no order."""
        return self._shelf.all()

    def holds_any(self, names: Sequence[str]) -> bool:
        """Whether one of these is there, whole or not."""
        for name in names:
            with suppress(FileNotFoundError):
                self._shelf.look(name)
                return True
        return False

    def remove(self, name: str, before: dt.datetime) -> int:
        """Takes a blob away that is older than a moment; returns its bytes, 0 for one that is young or gone.

        Only in a turn (see above), and only what has no row.
        """
        try:
            there = self._shelf.look(name)
        except FileNotFoundError:
            return 0
        if there.when >= before:
            return 0
        self._shelf.remove(name)
        return there.size

    def tidy(self, before: dt.datetime) -> int:
        """Takes away what writers left behind that were killed before a moment; returns how many bytes."""
        return self._shelf.tidy(before)

    def empty(self) -> bool:
        """Whether there is nothing yet."""
        return self._shelf.empty()

    def _whole(self, name: str, data: bytes) -> bytes:
        if hashlib.sha256(data).hexdigest() != name:
            raise BlobLost(f"{self.place}/{name[:2]}/{name} is damaged.", "Restore the last backup.")
        return data

    def _lost(self, name: str) -> BlobLost:
        """That one is missing; raises `StoreError` when all are: a share that is not mounted has lost nothing."""
        if self._shelf.empty():
            raise StoreError(
                f"{self.place} is empty, though it held blobs.", "Mount it again, or restore the last backup."
            )
        return BlobLost(f"{self.place}/{name[:2]}/{name} is missing.", "Restore the last backup.")


def _shelf(where: Path | str) -> Shelf:
    if isinstance(where, Path):
        return _Folder(where)
    from pipeline.store.objects import Objects

    return Objects(where)


class _Folder:
    """Blobs as files."""

    def __init__(self, folder: Path) -> None:
        self.place = str(folder)
        self._folder = folder

    def read(self, name: str) -> bytes:
        """The bytes as they lie there."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._trouble(error, name) from None

    def several(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Those of them that are there."""
        found = {}
        for name in names:
            with suppress(FileNotFoundError):
                found[name] = self.read(name)
        return found

    def write(self, blobs: Mapping[str, bytes]) -> None:
        """Temporary files, fsync of each, renames, fsync of the folders."""
        _write_whole({self._path(name): data for name, data in blobs.items()})

    def look(self, name: str) -> Shelved:
        """How a blob lies there."""
        try:
            status = self._path(name).stat()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._trouble(error, name) from None
        return Shelved(name, status.st_size, dt.datetime.fromtimestamp(status.st_mtime, dt.UTC))

    def freshen(self, name: str, data: bytes) -> None:
        """Gives the file the time it is now; writes it when it went away in between."""
        try:
            os.utime(self._path(name))
        except FileNotFoundError:
            self.write({name: data})
        except OSError as error:
            raise self._trouble(error, name) from None

    def all(self) -> Iterator[Shelved]:
        """Every file that is called like a blob."""
        for path in self._files():
            if _NAME.fullmatch(path.name):
                with suppress(FileNotFoundError):
                    yield self.look(path.name)

    def remove(self, name: str) -> None:
        """Takes the file away."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise self._trouble(error, name) from None

    def empty(self) -> bool:
        """Whether there is no folder, or nothing in it."""
        return not self._folder.is_dir() or not any(self._folder.iterdir())

    def tidy(self, before: dt.datetime) -> int:
        """Takes away old temporaries."""
        return sum(swept(path, before) for path in self._files())

    def _files(self) -> Iterator[Path]:
        for shelf in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            yield from shelf.iterdir()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _trouble(self, error: OSError, name: str) -> StoreError:
        return StoreError(f"{self._path(name)}: {error.strerror}.", "Check the disk and the folder's permissions.")


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: temporary file, fsync, rename, fsync of the folder."""
    _write_whole({path: data})


def _write_whole(files: Mapping[Path, bytes]) -> None:
    """Writes each of some files whole or not at all; the folders are waited for once, when all files are in them."""
    parts: dict[Path, Path] = {}
    path = Path()
    try:
        try:
            for path, data in files.items():
                make_folder(path.parent)
                handle, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
                parts[path] = Path(part)
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                parts[path].chmod(0o644)
            for path in files:
                parts[path].replace(path)
                del parts[path]
        except BaseException:
            for part_of in parts.values():
                part_of.unlink(missing_ok=True)
            raise
        folders = dict.fromkeys(path.parent for path in files)
        # somebody else may have made a folder a moment ago, and not come so far as to settle its name
        for folder in [*folders, *dict.fromkeys(one.parent for one in folders)]:
            path = folder
            _settle(folder)
    except OSError as error:
        size = sum(map(len, files.values()))
        raise StoreError(f"{path}: {error.strerror}.", f"{size} bytes are to be written there.") from error


def swept(path: Path, before: dt.datetime) -> int:
    """Takes a file away that `write_whole` left half-written before a moment; returns its bytes, 0 for any other."""
    try:
        if not _TEMPORARY.fullmatch(path.name) or not path.is_file() or path.is_symlink():
            return 0
        status = path.stat()
        if status.st_mtime >= before.timestamp():
            return 0
        path.unlink()
        return status.st_size
    except OSError:
        return 0  # its writer lives and has just renamed it, or it is not ours to take


def make_folder(folder: Path) -> None:
    """Makes a folder and those it lies in, so that a power cut does not take it away again with all that is in it."""
    if folder.is_dir():
        return
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        _settle(one.parent)


def _settle(folder: Path) -> None:
    """Waits until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
