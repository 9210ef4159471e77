"""Pages of drafts as pictures, made in the background while somebody waits for them."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger("pipeline.web")

_KEPT = 3  # drafts; a page is a PNG of 100 KB
_SCALE = 110 / 72  # dots in an inch of the screen: an A4 page is 910 dots wide
_MOST_PAGES = 60


@dataclass(slots=True)
class Layout:
    """The pages of one draft as it stood; they come one by one."""

    pages: list[bytes] = field(default_factory=list)
    """PNG pictures, those that are ready."""
    count: int = 0
    """How many there will be; 0 while the document is still being set."""
    done: bool = False
    trouble: str = ""
    """Why there are none, in Chinese."""


class Layouts:
    """Makes the pages of drafts one after the other; the last few are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        """PDFium is not made for several threads, and LibreOffice takes a core by itself."""
        self._made: OrderedDict[object, Layout] = OrderedDict()

    def of(self, key: object, to_pdf: Callable[[], bytes]) -> Layout:
        """The pages under `key`; when nobody asked for them yet they are begun, from the PDF that `to_pdf` makes."""
        with self._lock:
            if (known := self._made.get(key)) is not None:
                self._made.move_to_end(key)
                return known
            layout = self._made[key] = Layout()
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        threading.Thread(target=self._make, args=(layout, to_pdf), name="layout", daemon=True).start()
        return layout

    def known(self, key: object) -> Layout | None:
        """The pages under `key`, if somebody asked for them."""
        with self._lock:
            return self._made.get(key)

    def _make(self, layout: Layout, to_pdf: Callable[[], bytes]) -> None:
        try:
            with self._turn:
                self._draw(layout, to_pdf())
        except Exception:
            # whatever a document makes a program stumble over, whoever waits must be told
            log.exception("pages could not be drawn")
            layout.trouble = "版面没有做出来，请下载 DOCX 查看。"
        layout.done = True

    def _draw(self, layout: Layout, pdf: bytes) -> None:
        from pypdfium2 import PdfDocument  # 10 MB that nobody needs who never looks at pages

        if not pdf:
            layout.trouble = "LibreOffice 没有转换出版面，请稍后再试，或下载 DOCX 查看。"
            return
        document = PdfDocument(pdf)
        try:
            layout.count = min(len(document), _MOST_PAGES)
            for number in range(layout.count):
                file = io.BytesIO()
                document[number].render(scale=_SCALE).to_pil().save(file, "PNG")
                layout.pages.append(file.getvalue())
        finally:
            document.close()
