"""The page each item starts on: exact from LibreOffice when it is installed, else estimated.

LibreOffice sets the document with the fonts of `fonts.conf` beside the template.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import structlog
from lxml import etree
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from pipeline.libreoffice import SECONDS, convert
from pipeline.model import Issue
from pipeline.outputs.context import Pictures, no_picture
from pipeline.outputs.layout import estimate
from pipeline.outputs.package import unpack
from pipeline.outputs.styles import Styles, w
from pipeline.outputs.word import bookmarks, render_docx

_FILTER = "pdf:writer_pdf_Export:" + json.dumps(
    {
        "ExportBookmarksToPDFDestination": {"type": "boolean", "value": "true"},
        "UseTaggedPDF": {"type": "boolean", "value": "true"},
        "SelectPdfVersion": {"type": "long", "value": "2"},  # PDF/A-2b
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
    seconds: float = SECONDS,
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


def to_pdf(document: bytes, *, fonts: Path | None = None, seconds: float = SECONDS) -> bytes:
    """A DOCX file as a tagged PDF/A with its bookmarks as destinations; empty when LibreOffice cannot make it."""
    return convert(document, "docx", _FILTER, fonts=fonts, seconds=seconds)


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
