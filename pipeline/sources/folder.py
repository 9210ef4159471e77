"""Files in a folder: saved web pages, PDF and DOCX documents, front-matter dumps, plain text."""

from __future__ import annotations

import datetime as dt
import os
import stat
from pathlib import Path

from pipeline import config
from pipeline.errors import FetchError, SourceError, reason
from pipeline.model import Fetch, Lead, Page
from pipeline.sources.harvest import NEVER, Basket, Harvest, Means, Memory

_MAX_BYTES = 10 * 1024 * 1024
_MAX_FILES = 10_000
_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".shtml": "text/html",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".mht": "multipart/related",
    ".mhtml": "multipart/related",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    # not read, but each refused with what to do about it
    ".doc": "application/msword",
    ".wps": "application/vnd.ms-works",
}


class Folder:
    """A folder and its sub-folders, each file one lead."""

    def __init__(self, source: config.FolderSource, means: Means) -> None:
        self._source = source
        self._root = means.workspace / source.path.expanduser()

    def leads(self, fetch: Fetch, memory: Memory = NEVER) -> Harvest:
        """The files in the order of their names; what is no plain file of a known type is noted."""
        if not self._root.is_dir():
            raise SourceError(
                f"{self._source.name}：文件夹不存在（{self._source.path}）", "请核对 sources.yaml 中的 path。"
            )
        basket = Basket(self._source, _MAX_FILES)

        def unreadable(error: OSError) -> None:
            basket.say(f"无法读取文件夹 {_shown(Path(str(error.filename)).name)}（{reason(error)}）")

        walk = os.walk(self._root, onerror=unreadable)
        files = sorted(Path(place) / name for place, _, names in walk for name in names)
        for path in [file for file in files if not _hidden(file.relative_to(self._root))]:
            name = path.relative_to(self._root).as_posix()
            if not _is_text(name):
                basket.say(f"略过 {_shown(name)}：文件名不是 UTF-8，请改名")
                continue
            if path.suffix.lower() not in _TYPES:
                basket.say(f"略过 {_shown(name)}：不支持的文件类型")
            elif refusal := refused(path):
                basket.say(f"略过 {_shown(name)}：{refusal}")
            else:
                basket.add_file(f"{self._root.name}/{name}", str(path))
        return basket.harvest()

    def page(self, lead: Lead, fetch: Fetch, now: dt.datetime) -> Page:
        """The file's bytes."""
        if not Path(lead.path).is_relative_to(self._root) or ".." in Path(lead.path).parts:
            raise FetchError(f"{lead.url}：文件不在该信源的文件夹中")
        return read(lead, now)


def refused(path: Path) -> str:
    """Why a file will not be read, in Chinese; empty if it will."""
    try:
        status = path.lstat()
    except OSError as error:
        return f"无法读取（{reason(error)}）"
    if not stat.S_ISREG(status.st_mode):
        return "不是普通文件"
    return f"超过上限 {_MAX_BYTES // 1024 // 1024} MiB" if status.st_size > _MAX_BYTES else ""


def read(lead: Lead, now: dt.datetime) -> Page:
    """The file of a lead; raises `FetchError` for anything but a plain file of bounded size."""
    path = Path(lead.path)
    if refusal := refused(path):
        raise FetchError(f"{lead.url}：{refusal}")
    try:
        # It may have become a link or a pipe since it was looked at: follow nothing, wait for nobody.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise FetchError(f"{lead.url}：不是普通文件")
            body = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise FetchError(f"{lead.url}：无法读取（{reason(error)}）") from error
    if len(body) > _MAX_BYTES:
        raise FetchError(f"{lead.url}：超过上限 {_MAX_BYTES // 1024 // 1024} MiB")
    return Page(url=lead.url, body=body, fetched=now, content_type=_TYPES.get(path.suffix.lower(), ""))


def _is_text(name: str) -> bool:
    """Whether a file's name can be kept as text; Python marks bytes that are not UTF-8 with lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:120]
