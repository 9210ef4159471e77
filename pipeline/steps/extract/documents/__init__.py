"""Documents as articles: PDF and DOCX files, told by their bytes and read as bytes; and pages saved as one file.

What a file calls itself, and what the transport called it, counts for nothing. `read_document` gives a document taken
apart as `written` says, so that the rest of the reading (date, outlet, author) is the same as for a web page.
"""

from __future__ import annotations

from pipeline.model import Fate, Rejection
from pipeline.steps.extract.documents.saved import is_saved, unpacked
from pipeline.steps.extract.documents.word import kind_of_package, read_docx
from pipeline.steps.extract.documents.written import Line as Sheet
from pipeline.steps.extract.documents.written import Manuscript, Written, take_apart

__all__ = [
    "Manuscript",
    "Sheet",
    "Written",
    "is_document",
    "is_saved",
    "kind_of_package",
    "manuscript_of",
    "read_document",
    "unpacked",
]

_PDF_WITHIN = 1024  # where the format allows its mark to stand
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_document(body: bytes) -> bool:
    """Whether bytes are those of a PDF, a zip package or an old Office file."""
    return _is_pdf(body) or body.startswith((*_ZIP, _COMPOUND))


def read_document(body: bytes) -> Written | Rejection:
    """A document taken apart, or why it is not read; `body` is one as `is_document` tells them."""
    manuscript = manuscript_of(body, entire=False)
    return manuscript if isinstance(manuscript, Rejection) else take_apart(manuscript)


def manuscript_of(body: bytes, *, entire: bool = True) -> Manuscript | Rejection:
    """The lines of a document, or why it is not read; `entire` with its 目录, links and pictures."""
    if body.startswith(_COMPOUND):
        return Rejection(Fate.UNREADABLE, _old_office(body))
    if body.startswith(_ZIP):
        kind = kind_of_package(body)
        if kind != "DOCX":
            return Rejection(Fate.UNREADABLE, f"内容是{kind}，不是网页，也不是 DOCX 文档")
        return read_docx(body, entire=entire)
    from pipeline.steps.extract.documents.pdf import read_pdf  # with PDFium, 0.05 s; most pages are no PDF

    return read_pdf(body, entire=entire)


def _is_pdf(body: bytes) -> bool:
    at = body.find(b"%PDF-", 0, _PDF_WITHIN + 5)
    return at >= 0 and b"<" not in body[:at]  # a page about the format may name its mark


def _old_office(body: bytes) -> str:
    """Which of the files in the old compound format it is; the name of a stream is UTF-16."""
    if "EncryptedPackage".encode("utf-16-le") in body:
        return "Office 文件已加密，需要密码才能阅读"
    if "WordDocument".encode("utf-16-le") in body:
        return "是旧版 Word 文件（.doc），请用 Word 或 WPS 另存为 .docx 再添加"
    if "Workbook".encode("utf-16-le") in body:
        return "内容是旧版 Excel 表格，不是网页，也不是 DOCX 文档"
    return "是旧版 Office 文件，请另存为 .docx 再添加"
