"""What can go wrong, as a tree.

::

    DeskError                  one sentence, and what to do about it
    ├── ConfigError            config/sources.yaml:12:5: what is wrong there
    ├── UsageError             a call that cannot be meant: unknown series, bad window, unknown handle
    ├── StoreError             the database or the blob store cannot be used
    │   ├── Conflict           somebody changed the draft since it was read
    │   │   └── Collision      and decided otherwise about the same thing: both are told
    │   ├── Busy               another run holds this series and window
    │   ├── Superseded         another run took this one's work over
    │   ├── CutOff             the connection to the database broke; what was written is there whole or not at all
    │   └── BlobLost           bytes that were kept are missing or damaged; the others can be had
    ├── SourceError            a source that cannot be read this time; the others go on
    ├── FetchError             one address that could not be fetched
    │   ├── ForbiddenAddress   the address is outside the policy, or resolves outside it
    │   └── TooLarge           the body passed its cap
    ├── TemplateError          a template that is missing or broken
    ├── NotConverted           a file that only LibreOffice can make, and that it did not make
    ├── NotImported            an old issue that cannot be read, or does not fit the archive
    ├── NothingCollected       every source failed, so no issue is made of it
    └── Blocked                findings that keep an issue from release

An expected "no" about one lead is a `model.Rejection`, not an exception; `OverTime` is somebody's wish that this
process ends, as Ctrl-C is.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.model import Clash, Decision, Desked


class OverTime(SystemExit):
    """Whoever started this process ends it because it took as long as it may."""


class DeskError(Exception):
    """One sentence that says what is wrong; `fix` says what to do about it."""

    exit_code = 1

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __reduce__(self) -> tuple[Any, ...]:
        # pickle would call the class with `args`, which not every class here takes
        return _again, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        end = self.message[-1:]
        if not self.fix or end in "。！？：\n":
            gap = ""
        elif end in ".!?:":
            gap = " "
        else:
            gap = ". " if end.isascii() else "。"
        return f"{self.message}{gap}{self.fix}"


def _again(kind: type[DeskError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> DeskError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(fields)
    return error


_REASONS = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中有一处不是文件夹",
    errno.EEXIST: "同名的文件挡在这里",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘只读",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已满",
    errno.EMFILE: "打开的文件太多",
    errno.EAGAIN: "进程数已到上限",
    errno.EADDRINUSE: "已被别的程序占用",
    errno.EADDRNOTAVAIL: "不是这台机器的地址",
}


def reason(error: OSError) -> str:
    """Why a file could not be read or written, in Chinese."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


class ConfigError(DeskError):
    """A setting that cannot be used, with its file, line and column."""

    exit_code = 2

    def __init__(self, place: str, message: str, fix: str = "") -> None:
        super().__init__(f"{place}: {message}", fix)
        self.place = place


class UsageError(DeskError):
    """A call that cannot be meant."""

    exit_code = 2


class StoreError(DeskError):
    """The database or the blob store cannot be used."""


class Conflict(StoreError):
    """Somebody changed the draft since it was read."""


class Collision(Conflict):
    """Somebody decided otherwise about the same thing since it was looked at; nothing of either is lost here."""

    def __init__(self, message: str, fix: str, decision: Decision, clashes: tuple[Clash, ...], desked: Desked) -> None:
        super().__init__(message, fix)
        self.decision = decision
        """What was decided and not kept, as far as it would still change something."""
        self.clashes = clashes
        self.desked = desked
        """The draft as it is now."""


class Busy(StoreError):
    """Another run holds this series and window."""


class Superseded(StoreError):
    """Another run took this one's work over while it gave no sign of life; what it made is not kept."""


class BlobLost(StoreError):
    """Bytes that were kept are missing or damaged; the others can be had."""


class CutOff(StoreError):
    """The connection to the database broke: what was being written is there whole or not at all."""


class SourceError(DeskError):
    """A source that cannot be read this time; the others go on."""


class FetchError(DeskError):
    """One address that could not be fetched; the message is Chinese, an editor reads it."""


class ForbiddenAddress(FetchError):
    """The address is outside the policy, or resolves outside it."""


class TooLarge(FetchError):
    """The body passed its cap."""


class TemplateError(DeskError):
    """A template that is missing or broken."""


class NotConverted(DeskError):
    """A file that only LibreOffice can make, and that it did not make."""


class NotImported(DeskError):
    """An old issue that cannot be read, or does not fit the archive; the message is Chinese, an editor reads it."""


class NothingCollected(DeskError):
    """Every source failed, so no issue is made of it and no number is taken."""


class Blocked(DeskError):
    """Findings that keep an issue from release."""

    exit_code = 5
