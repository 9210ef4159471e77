"""Sharing: all issues of the archive as a site of plain files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipeline.desk.rebuilding import as_released
from pipeline.desk.searching import Searching
from pipeline.errors import StoreError, UsageError
from pipeline.errors import reason as why
from pipeline.model import Release
from pipeline.outputs import Context
from pipeline.outputs.page import Surroundings, render_page
from pipeline.outputs.site import site
from pipeline.store import write_whole

log = structlog.get_logger("pipeline.desk")

_MARKER = ".bulletin-archive.json"
"""What shows that a folder is ours, and which of its files."""


@dataclass(frozen=True, slots=True)
class Built:
    """What the building of a site came to."""

    issues: int
    files: int
    written: int
    """How many were new or different."""
    removed: int


class Sharing(Searching):
    """Builds the archive's site."""

    def build_site(self, folder: Path, base: str = "") -> Built:
        """Makes the site in `folder` what the archive is now; `base` is its address, of the settings when empty.

        Each file is replaced whole, what leads to others last: at any moment the site can be read, and after a kill
        building again is the repair. Raises `UsageError` for a folder that holds something else.
        """
        before = _files_of(folder)
        releases, superseded, withdrawn = self.issues.released(), self.issues.superseded(), self.issues.withdrawn()
        template = self._template("archive.html.j2")
        context = Context(templates=template.parent)
        base = base or self.config.settings.site
        base = base if not base or base.endswith("/") else f"{base}/"
        made: list[str] = []
        written = 0
        try:
            _mark(folder, before)  # from now on the folder is ours, however far this comes
            for name, data in site(
                releases, context, self._page_of, self._blobs.get, base, superseded=superseded, withdrawn=withdrawn
            ):
                made.append(name)
                if not _is_as(folder / name, data):
                    write_whole(folder / name, data)
                    written += 1
            gone = set(before) - set(made)
            for name in gone:
                (folder / name).unlink(missing_ok=True)
            _mark(folder, made)
        except (OSError, StoreError) as error:
            told = why(error) if isinstance(error, OSError) else error.message
            raise UsageError(
                f"{folder}：网站没有写完（{told}）。", "请排除故障后再运行一次，或另指一个文件夹。"
            ) from None
        log.info("site built", folder=str(folder), issues=len(releases), files=len(made), written=written)
        return Built(len(releases), len(made), written, len(gone))

    def _page_of(self, release: Release, around: Surroundings) -> str:
        """An issue's page, in the look in which it was put out."""

        def page(template: Path) -> str:
            context = Context(templates=template.parent, pictures=self._blobs.get)
            return render_page(release.issue, context, around)

        return as_released(release, self._blobs, self._template("bulletin.html.j2"), page)


def _files_of(folder: Path) -> list[str]:
    """The files that were built there before; raises `UsageError` for a folder that is not ours."""
    marker = folder / _MARKER
    fix = "请指向一个新的或空的文件夹。"
    try:
        if not os.path.lexists(folder) or (folder.is_dir() and not any(folder.iterdir())):
            return []
        if not folder.is_dir():
            raise UsageError(f"{folder} 不是文件夹。", fix)
        if marker.is_symlink() or not marker.is_file():
            raise UsageError(f"{folder} 里有别的文件，不是本软件生成的存档网站，不覆盖。", fix)
        known = json.loads(marker.read_bytes())["files"]
        # a file that was tampered with must not have others removed
        return [str(name) for name in known if (folder / str(name)).resolve().is_relative_to(folder.resolve())]
    except OSError as error:
        raise UsageError(f"{folder}：{why(error)}。", fix) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{marker} 已损坏，不能确定哪些文件是本软件生成的。", fix) from None


def _mark(folder: Path, files: Sequence[str]) -> None:
    told = json.dumps({"made by": "bulletin archive build", "files": sorted(files)}, ensure_ascii=False, indent=1)
    if not _is_as(folder / _MARKER, data := f"{told}\n".encode()):
        write_whole(folder / _MARKER, data)


def _is_as(path: Path, data: bytes) -> bool:
    """Whether a file is there as it should be; a link or a pipe in its place is not."""
    return not path.is_symlink() and path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
