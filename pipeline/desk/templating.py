"""Templates: looked at, and taken into the workspace."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipeline.config import packaged
from pipeline.desk.room import Room
from pipeline.errors import Blocked, SourceError, TemplateError, UsageError, reason
from pipeline.executor import Children
from pipeline.model import Severity, digest
from pipeline.outputs.examining import Examined, examine, refusal
from pipeline.steps.upload import MAX_UNPACKED, refused
from pipeline.store import write_whole

log = structlog.get_logger("pipeline.desk")

BACKUP = "backup"
"""The folder beside the templates where one that was replaced is kept."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One document template that bulletins can be printed with."""

    name: str
    path: Path
    own: bool
    """Whether it is the workspace's; else the one that travels with the package."""
    series: tuple[str, ...]
    """The bulletins that are printed with it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a template that was taken in."""

    path: Path
    examined: Examined
    backup: Path | None
    """Where the one it replaced is kept; `None` when there was none, or it was the same."""
    series: tuple[str, ...]
    """The bulletins that are printed with it from now on."""


class Templating(Room):
    """Keeps the office's templates."""

    def shelf(self) -> list[Shelved]:
        """The document templates that settings may name."""
        own = self._templates.is_dir()
        folder = self._templates if own else packaged("templates")
        return [Shelved(path.stem, path, own, self._printed_with(path.stem)) for path in sorted(folder.glob("*.docx"))]

    def take_template(self, data: bytes, name: str) -> Taken:
        """Takes an uploaded template in as `name`, whole or not at all; the one it replaces is kept as a copy.

        Raises `Blocked` with all that speaks against it, `UsageError` for a name that settings cannot hold.
        """
        if not re.fullmatch(r"[\w-]{1,60}", name):
            raise UsageError(f"“{name}”不能作模板名。", "只用字母、汉字、数字、- 和 _，例如 --name bangongshi。")
        found = examined(self._children, data, f"{name}.docx")
        if not found.usable:
            listed = "\n".join(
                f"  {one.message}{one.fix}" for one in found.findings if one.severity is Severity.BLOCKING
            )
            raise Blocked(f"这个模板不能用，原有模板没有改变：\n{listed}")
        target = self._templates / f"{name}.docx"
        try:
            if not self._templates.is_dir():
                shutil.copytree(packaged("templates"), self._templates, ignore=shutil.ignore_patterns("web"))
            backup = self._set_aside(target, data)
            write_whole(target, data)
        except OSError as error:
            raise TemplateError(f"{target}：{reason(error)}，原有模板没有改变。") from error
        log.info("template taken", name=name, replaced=backup is not None)
        return Taken(target, found, backup, self._printed_with(name))

    def _set_aside(self, target: Path, data: bytes) -> Path | None:
        if not target.is_file() or (old := target.read_bytes()) == data:
            return None
        backup = target.parent / BACKUP / f"{target.stem}-{digest(old)[:8]}.docx"
        write_whole(backup, old)
        return backup

    def _printed_with(self, name: str) -> tuple[str, ...]:
        return tuple(one.id for one in self.config.series.values() if self._template_name(one.id) == name)


EXAMINERS = ("pipeline.steps.upload", "pipeline.outputs.examining")
"""The modules that a child needs to look at a template."""


def examined(children: Children, data: bytes, name: str) -> Examined:
    """What is to be said of a template called `name`, found out in a child: a hostile file costs no more than time."""
    if len(data) > MAX_UNPACKED:
        return refusal(f"{name}：文件超过 {MAX_UNPACKED // 1024 // 1024} MiB")
    try:
        if why := children.apart(refused, data):
            return refusal(f"{name}：{why}")
        return children.apart(examine, data, name)
    except SourceError as error:
        return refusal(f"{name}：检查没有完成（{error.message}）")
