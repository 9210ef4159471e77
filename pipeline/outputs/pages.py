"""The page each item starts on: exact from LibreOffice when it is installed, else estimated.

LibreOffice sets the document with the fonts of `fonts.conf` beside the template.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import structlog

from pipeline.libreoffice import SECONDS, convert
from pipeline.model import Issue
from pipeline.outputs.context import Pictures, no_picture
from pipeline.outputs.word import bookmarks, estimate_pages, render_docx

PDF = "pdf:writer_pdf_Export:" + json.dumps(
    {
        "ExportBookmarksToPDFDestination": {"type": "boolean", "value": "true"},
        "UseTaggedPDF": {"type": "boolean", "value": "true"},
        "SelectPdfVersion": {"type": "long", "value": "2"},  # PDF/A-2b
    },
    separators=(",", ":"),
)
"""What LibreOffice makes of a document: tagged, kept for long, its bookmarks as destinations."""

log = structlog.get_logger(__name__)


def page_numbers(
    issue: Issue,
    template: Path,
    *,
    pictures: Pictures = no_picture,
    estimate_only: bool = False,
    seconds: float = SECONDS,
) -> dict[str, int]:
    """Handle → page, counted from 1; without LibreOffice, or when it fails, a page may be off by one."""
    if not estimate_only:
        document = render_docx(issue, template=template, pictures=pictures)
        found = destinations(to_pdf(document, fonts=template.parent / "fonts.conf", seconds=seconds), issue)
        if len(found) == len(issue.items):
            return found
        log.info("pages_estimated", series=issue.series, number=issue.number)
    return estimate_pages(issue, template=template, pictures=pictures)


def to_pdf(document: bytes, *, fonts: Path | None = None, seconds: float = SECONDS) -> bytes:
    """A DOCX file as a tagged PDF/A with its bookmarks as destinations; empty when LibreOffice cannot make it."""
    return convert(document, "docx", PDF, fonts=fonts, seconds=seconds)


def _as_destination(bookmark: str) -> str:
    """What LibreOffice makes of a bookmark's name: `_item_a1` → `/5Fitem5Fa1`."""
    return "/" + "".join(c if c.isalnum() else f"{ord(c):02X}" for c in bookmark)


def destinations(pdf: bytes, issue: Issue) -> dict[str, int]:
    """Handle → page of each item whose heading is found in a PDF of the issue; empty when it cannot be read."""
    if not pdf:
        return {}
    from pypdf import PdfReader  # it brings cryptography, 57 MB that making documents has no use for
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(pdf))
        marks = reader.named_destinations
        found = {
            item.handle: reader.get_destination_page_number(marks[key])
            for name, item in zip(bookmarks(issue), issue.items, strict=True)
            if (key := _as_destination(name)) in marks
        }
    except (PyPdfError, ValueError, LookupError, TypeError, AttributeError, OSError) as error:  # as broken files raise
        log.warning("pdf_unreadable", reason=str(error))
        return {}
    return {handle: page + 1 for handle, page in found.items() if page is not None and page >= 0}
