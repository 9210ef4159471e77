"""Files that are made when they are asked for: of a draft, of an issue that is out; few at a time."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from starlette.responses import Response

from pipeline.errors import Conflict, UsageError
from pipeline.model import Desked
from pipeline.outputs import FORMATS
from pipeline.store import Outline
from pipeline.web.asking import Asked, attached

_DRAWN = threading.BoundedSemaphore(2)
"""How many documents are made at once: each takes a core, and a PDF LibreOffice beside it."""
_TAKEN_ON = threading.BoundedSemaphore(8)
"""How many are made or waited for: the server has forty threads, and whoever edits needs some of them."""
_MADE = threading.BoundedSemaphore(1)
"""How many files are made at once that were not put out: each takes a core, a PDF LibreOffice beside it."""
_ZIPPED = (1980, 1, 1, 0, 0, 0)


def drafted(asked: Asked, desked: Desked, suffix: str) -> Response:
    """A draft in a format to take along: the 送审稿 of that revision; of what is out the file itself."""
    if suffix not in FORMATS:
        raise UsageError(f"没有“{suffix}”这种格式。", f"可下载：{'、'.join(FORMATS)}。")
    stem = asked.desk.issue(desked).filename
    if not desked.put_out:
        stem += f"-送审稿{desked.revision}"
    files = _files(asked, desked, suffix, stem)
    data, kind = files[f"{stem}.{suffix}"], FORMATS[suffix].media_type
    if len(files) > 1:
        data, kind, suffix = together(files), "application/zip", "zip"
    return Response(data, media_type=kind, headers={"Content-Disposition": attached(f"{stem}.{suffix}")})


def _files(asked: Asked, desked: Desked, suffix: str, stem: str) -> Mapping[str, bytes]:
    """A file of the draft and what belongs beside it, by name."""

    def made() -> dict[str, bytes]:
        with in_turn():
            if desked.put_out:
                return asked.desk.frozen(desked, suffix)
            beside = asked.desk.picture_files(desked) if suffix == "md" else {}
            found = asked.office.findings(asked.desk, desked)
            return {f"{stem}.{suffix}": asked.desk.render(desked, suffix, found), **beside}

    return made() if suffix == "md" else asked.office.remembered(f"file {suffix}", asked.desk.grounds(desked), made)


@contextmanager
def in_turn() -> Iterator[None]:
    """Waits until a document may be made; raises `Conflict` when too many others wait already."""
    if not _TAKEN_ON.acquire(blocking=False):
        raise Conflict("此刻有多份文件正在生成，这一份没有开始。", "请过半分钟再试。")
    try:
        with _DRAWN:
            yield
    finally:
        _TAKEN_ON.release()


def together(files: Mapping[str, bytes]) -> bytes:
    """Files as one archive, the same bytes for the same files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIPPED), data, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def issued(asked: Asked, outline: Outline, suffix: str) -> Response:
    """An issue in a format: as it was put out, or made now in the look it had then."""
    if suffix not in FORMATS:
        raise UsageError(f"没有“{suffix}”这种格式。", f"可下载：{'、'.join(FORMATS)}。")
    name, data, beside = made_of(asked, outline, suffix)
    if beside:
        return saved(f"{name.rpartition('.')[0]}.zip", together({name: data, **beside}), "application/zip")
    return saved(name, data, FORMATS[suffix].media_type)


def made_of(asked: Asked, outline: Outline, suffix: str) -> tuple[str, bytes, dict[str, bytes]]:
    """A file of an issue: its name, its bytes, and what belongs beside it."""
    release = asked.desk.issues.release_of(outline.id, outline.revision)
    name = f"{release.issue.filename}.{suffix}"
    if name in release.files:
        copies = dict(asked.desk.copies(release, [suffix]))
    else:
        with _MADE:
            copies = dict(asked.desk.copies(release, [suffix]))
    return name, copies.pop(name), copies


def saved(name: str, data: bytes, kind: str) -> Response:
    """A file that browsers keep and do not show."""
    headers = {"Content-Disposition": attached(name), "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(data, media_type=kind, headers=headers)
