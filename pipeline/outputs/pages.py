"""The page each item starts on: exact from LibreOffice when it is installed, else estimated.

LibreOffice sets the document with the fonts of `fonts.conf` beside the template; it needs a second to start
and a minute for very long issues, and can hang, so it runs in a process group of its own under a time limit.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import structlog
from lxml import etree
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from pipeline.model import Issue
from pipeline.outputs.context import Pictures, no_picture
from pipeline.outputs.layout import estimate
from pipeline.outputs.package import unpack
from pipeline.outputs.styles import Styles, w
from pipeline.outputs.word import bookmarks, render_docx

_SECONDS = 180.0  # 500 articles take 94 s on two cores
_FILTER = "pdf:writer_pdf_Export:" + json.dumps(
    {
        "ExportBookmarksToPDFDestination": {"type": "boolean", "value": "true"},
        "UseTaggedPDF": {"type": "boolean", "value": "true"},
    },
    separators=(",", ":"),
)
_NO_ENTITIES = etree.XMLParser(resolve_entities=False, no_network=True)

log = structlog.get_logger(__name__)


def page_numbers(
    issue: Issue,
    template: Path,
    *,
    pictures: Pictures = no_picture,
    estimate_only: bool = False,
    seconds: float = _SECONDS,
) -> dict[str, int]:
    """Handle → page, counted from 1; without LibreOffice, or when it fails, a page may be off by one."""
    document = render_docx(issue, template=template, pictures=pictures)
    names = bookmarks(issue)
    found: dict[str, int] = {}
    if not estimate_only:
        found = _destinations(to_pdf(document, fonts=template.parent / "fonts.conf", seconds=seconds))
        found = {name: found[key] for name in names if (key := _as_destination(name)) in found}
    if len(found) < len(names):
        found = _estimated(document)
    return {item.handle: found.get(name, 1) for name, item in zip(names, issue.items, strict=True)}


def to_pdf(document: bytes, *, fonts: Path | None = None, seconds: float = _SECONDS) -> bytes:
    """A DOCX file as a tagged PDF with its bookmarks as destinations; empty when LibreOffice cannot make it."""
    program = shutil.which("soffice")
    if program is None:
        log.info("pdf_skipped", reason="soffice is not installed")
        return b""
    with tempfile.TemporaryDirectory(prefix="bulletin-pdf-") as folder:
        place = Path(folder)
        (place / "issue.docx").write_bytes(document)
        environment = {**os.environ, "HOME": folder}
        if fonts is not None and fonts.is_file():
            environment["FONTCONFIG_FILE"] = str(fonts.resolve())
        command = [program, f"-env:UserInstallation={(place / 'profile').as_uri()}", "--headless", "--norestore",
                   "--convert-to", _FILTER, "--outdir", folder, str(place / "issue.docx")]  # fmt: skip
        process = subprocess.Popen(  # noqa: S603 - the program found above, with arguments of our own
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("pdf_failed", reason="soffice took too long", seconds=seconds)
            return b""
        finally:
            _end(process)
        made = place / "issue.pdf"
        if not made.is_file():
            log.warning("pdf_failed", reason="soffice made no file", status=process.returncode)
            return b""
        return made.read_bytes()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and what it started: `soffice` is a script around the program that does the work."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _as_destination(bookmark: str) -> str:
    """What LibreOffice makes of a bookmark's name: `_item_a1` → `/5Fitem5Fa1`."""
    return "/" + "".join(c if c.isalnum() else f"{ord(c):02X}" for c in bookmark)


def _destinations(pdf: bytes) -> dict[str, int]:
    if not pdf:
        return {}
    try:
        reader = PdfReader(io.BytesIO(pdf))
        places = {name: reader.get_destination_page_number(there) for name, there in reader.named_destinations.items()}
    except (PyPdfError, ValueError, KeyError) as error:
        log.warning("pdf_unreadable", reason=str(error))
        return {}
    return {name: page + 1 for name, page in places.items() if page is not None and page >= 0}


def _estimated(document: bytes) -> dict[str, int]:
    parts = unpack(document)
    body = etree.fromstring(parts["word/document.xml"], _NO_ENTITIES).find(w("body"))
    if body is None:
        return {}
    return estimate(body, Styles(etree.fromstring(parts["word/styles.xml"], _NO_ENTITIES), "styles.xml"))
