"""Files that somebody hands in: an edited draft, an old issue, a template, a file to be verified."""

from __future__ import annotations

import stat
from pathlib import Path

_MAX_BYTES = 128 * 1024 * 1024  # an issue of 30 items with pictures has 4 MiB


def incoming(path: Path) -> bytes:
    """The bytes of such a file.

    Raises `OSError`, also for what is no file or too large to be a bulletin: a pipe keeps one waiting, a device never
    ends.
    """
    told = path.stat()
    if not (stat.S_ISREG(told.st_mode) or stat.S_ISDIR(told.st_mode)):  # that it is a folder is told on reading
        raise OSError("不是普通文件")
    if told.st_size > _MAX_BYTES:
        raise OSError(f"文件超过 {_MAX_BYTES // 1024**2} MB，不会是一期期刊")
    return path.read_bytes()
