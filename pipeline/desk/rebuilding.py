"""An issue's files, made from nothing but what a release keeps.

A release is rendered in this very way, so that making its files again later is the same work over again: the office
may edit its templates and its settings meanwhile. What is made of an old issue for the first time, a format on demand
or its page in the archive's site, looks as the issue did when it was put out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeVar

import structlog

from pipeline.errors import BlobLost, StoreError, TemplateError
from pipeline.model import Basis, Issue, Release
from pipeline.outputs import FORMATS, Context, Pictures
from pipeline.outputs.program import program
from pipeline.store import Blobs

log = structlog.get_logger("pipeline.desk")

T = TypeVar("T")

_MAX_BYTES = 32 * 1024 * 1024  # no template is as large; what else an office put into the folder is not kept


def basis_of(template: Path, keep: Callable[[bytes], str]) -> Basis:
    """A template and all that lies beside it, other documents left out; `keep` says by which SHA-256 each is known."""
    kept: dict[str, str] = {}
    for path in sorted(template.parent.rglob("*")):
        name = path.relative_to(template.parent)
        other = path.suffix == ".docx" and path != template
        # the review page's own lie beside the packaged ones; an office has none of them
        hidden = name.parts[0] == "web" or any(part.startswith(".") for part in name.parts)
        if path.is_file() and not other and not hidden and path.stat().st_size <= _MAX_BYTES:
            kept[name.as_posix()] = keep(path.read_bytes())
    return Basis(template.stem, kept, program())


@contextmanager
def laid_out(basis: Basis, blobs: Blobs) -> Iterator[Path]:
    """The document template in a folder with all that lay beside it, for as long as it is needed.

    Raises `BlobLost` when something of it is missing or no longer the same.
    """
    files = {name: blobs.get(blob) for name, blob in basis.templates.items()}
    for name in files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise BlobLost(f"{name} is no name of a template.", "Restore the last backup.")
    with ExitStack() as held:
        try:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="bulletin-")))
            for name, data in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
        except OSError as error:
            raise StoreError(
                f"{_temporary()}: {error.strerror}.",
                f"{sum(map(len, files.values()))} bytes are to be written there; TMPDIR names another place.",
            ) from error
        yield folder / f"{basis.template}.docx"


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:
        return "TMPDIR"  # none of the folders for temporary files can be written


def as_released(release: Release, blobs: Blobs, today: Path, make: Callable[[Path], T]) -> T:
    """What `make` makes with the document template that a release was printed with, and all that lay beside it.

    With the template of `today` where nothing was kept, and where what was kept cannot make it: the folder may have
    lacked a template that came later, or speak of what the program no longer knows. Raises `BlobLost` when something
    of it is damaged.
    """
    if release.basis is None:
        return make(today)
    try:
        with laid_out(release.basis, blobs) as template:
            return make(template)
    except TemplateError as error:
        issue = release.issue
        log.warning("made with today's templates", series=issue.series, number=issue.number, why=error.message)
        return make(today)


def rendered(
    issue: Issue, template: Path, pages: Mapping[str, int], pictures: Pictures, formats: Sequence[str]
) -> dict[str, bytes]:
    """The issue in each of `formats`, by suffix."""
    context = Context(templates=template.parent, template=template.stem, pages=pages, pictures=pictures)
    return {suffix: FORMATS[suffix].render(issue, context) for suffix in formats}
