"""Bytes kept by what they are: `blobs/ab/abcdef…`, written so that a power cut leaves all or nothing."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from pipeline.errors import StoreError


class Blobs:
    """A folder of immutable byte strings named by their SHA-256."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Keeps `data` and returns its name."""
        name = hashlib.sha256(data).hexdigest()
        if not self._path(name).exists():
            write_whole(self._path(name), data)
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that name; raises `StoreError` when they are missing or no longer the same."""
        try:
            data = self._path(name).read_bytes()
        except OSError as error:
            raise StoreError(f"{self._path(name)}: {error.strerror}.", "Restore the last backup.") from None
        if hashlib.sha256(data).hexdigest() != name:
            raise StoreError(f"{self._path(name)} is damaged.", "Restore the last backup.")
        return data

    def size(self, name: str) -> int:
        """How many bytes it has; raises `StoreError` when it is missing."""
        try:
            return self._path(name).stat().st_size
        except OSError as error:
            raise StoreError(f"{self._path(name)}: {error.strerror}.", "Restore the last backup.") from None

    def empty(self) -> bool:
        """Whether there is nothing yet."""
        return not self.folder.is_dir() or not any(self.folder.iterdir())

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: temporary file, fsync, rename, fsync of the folder."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}.", f"{len(data)} bytes are to be written there.") from error
