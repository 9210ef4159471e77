"""Blobs as objects, through fsspec: a bucket of S3 or of what speaks its protocol.

A put of S3 is all or nothing, and what it has answered for is there; an object half written is never seen. Where the
server is and who asks stands in the environment (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_DEFAULT_REGION, AWS_PROFILE …), as for every program that speaks to it: never in settings.yaml, never in a log.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import fsspec

from pipeline.errors import StoreError
from pipeline.store.blobs import Shelved

_NAME = re.compile("[0-9a-f]{64}")
_SECONDS = 60.0  # for one call, whatever trickles in; a blob is 10 MiB at most as it comes from the web
_TRIES = 3  # of s3fs itself, at what times out or is cut off


class Objects:
    """Blobs under an address such as `s3://bucket/prefix`."""

    def __init__(self, address: str) -> None:
        self.place = address.rstrip("/")
        scheme, _, path = self.place.partition("://")
        self._root = path
        self._bucket = path.partition("/")[0]
        try:
            # fsspec keeps one for all who say the same: a client of S3 takes a quarter of a second to make
            self._system = fsspec.filesystem(scheme, **_options(scheme))
        except ImportError:
            raise StoreError(
                f"{self.place}: what speaks to it is not installed.", f"pip install 'bulletin-desk[{scheme}]'."
            ) from None
        self._system.retries = _TRIES
        self._limited = {"timeout": _SECONDS} if self._system.async_impl else {}

    def read(self, name: str) -> bytes:
        """The bytes as they lie there."""
        return bytes(self._asked("cat_file", self._path(name)))

    def several(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Those of them that are there, asked for side by side."""
        paths = {self._path(name): name for name in names}
        came = self._asked("cat", list(paths), on_error="return")
        found = {}
        for path, answer in came.items():
            if isinstance(answer, bytes):
                found[paths[path.lstrip("/")]] = answer
            elif isinstance(answer, FileNotFoundError):
                self._of_the_bucket(answer)
            else:
                raise self._trouble(answer) from None
        return found

    def write(self, blobs: Mapping[str, bytes]) -> None:
        """One put for each."""
        try:
            for name, data in blobs.items():
                self._asked("pipe_file", self._path(name), data)
        except FileNotFoundError as error:
            raise self._trouble(error) from None

    def look(self, name: str) -> Shelved:
        """How a blob lies there."""
        return _shelved(name, self._asked("info", self._path(name)))

    def freshen(self, name: str, data: bytes) -> None:
        """Puts it again: S3 has no other way to make an object young."""
        self.write({name: data})

    def all(self) -> Iterator[Shelved]:
        """Every object that is called like a blob."""
        for shelf in self._listed(self._root):
            for one in self._listed(shelf["name"]) if shelf["type"] == "directory" else ():
                name = one["name"].rpartition("/")[2]
                if one["type"] == "file" and _NAME.fullmatch(name):
                    yield _shelved(name, one)

    def remove(self, name: str) -> None:
        """Takes the object away."""
        try:
            self._asked("rm_file", self._path(name))
        except FileNotFoundError as error:
            self._of_the_bucket(error)

    def empty(self) -> bool:
        """Whether there is nothing under the address yet."""
        return not self._listed(self._root)

    def tidy(self, before: dt.datetime) -> int:
        """Nothing: what was not put whole was not put."""
        return 0

    def _path(self, name: str) -> str:
        return f"{self._root}/{name[:2]}/{name}"

    def _listed(self, path: str) -> list[dict[str, Any]]:
        try:
            return list(self._asked("ls", path, detail=True))
        except FileNotFoundError:
            return []

    def _asked(self, verb: str, *arguments: object, **options: object) -> Any:
        """Asks the server; a `FileNotFoundError` says that an object is not there, never that its bucket is not."""
        try:
            return getattr(self._system, verb)(*arguments, **options, **self._limited)
        except FileNotFoundError as error:
            self._of_the_bucket(error)
            raise
        except Exception as error:
            # aiobotocore, aiohttp, ssl: each raises its own, and some at the first call only
            raise self._trouble(error) from None

    def _of_the_bucket(self, error: FileNotFoundError) -> None:
        """Raises `StoreError` when it is the bucket that is not there."""
        if _code(error) == "NoSuchBucket":
            raise self._trouble(error) from None

    def _trouble(self, error: BaseException) -> StoreError:
        if isinstance(error, FileNotFoundError):
            return StoreError(
                f"{self.place}: there is no bucket {self._bucket}.", "Make it, or correct `blobs` in settings.yaml."
            )
        if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
            return StoreError(
                f"{self.place}: permission was refused ({_code(error) or type(error).__name__}).",
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key that may list, read, write and delete there.",
            )
        told = _code(error) or type(error).__name__
        return StoreError(
            f"{self.place} does not answer ({told}).",
            "Check that the server runs and that AWS_ENDPOINT_URL names it; then do the same again, nothing is lost.",
        )


def _options(scheme: str) -> dict[str, Any]:
    """What fsspec is told of a kind of address."""
    if scheme != "s3":
        return {}
    return {
        "endpoint_url": os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
        "use_listings_cache": False,  # others write there too
        "max_concurrency": 1,  # within one object; else every read asks for its size first
        "config_kwargs": {"connect_timeout": 5, "read_timeout": 20, "retries": {"total_max_attempts": 2}},
    }


def _code(error: BaseException) -> str:
    """What S3 calls an error; empty for what is none of its own."""
    answer = getattr(error.__cause__, "response", None) or getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def _shelved(name: str, about: Mapping[str, Any]) -> Shelved:
    when = about.get("LastModified") or about["created"]  # the latter in memory, in one of two forms
    moment = when if isinstance(when, dt.datetime) else dt.datetime.fromtimestamp(when, dt.UTC)
    return Shelved(name, int(about["size"]), moment)
