"""The seed issues as pictures of their pages, set by LibreOffice. `python tests/looks.py` approves what it makes.

Look at the pictures before you commit them: they are what the office sends out.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
from PIL import Image, ImageChops

HERE = Path(__file__).parent
LOOKS = HERE / "looks"
DPI = 50
_ACROSS = 5
_GREYS = 16  # in the files, which are half as large for it
_CELL = 4  # pixels, 2 mm: what is compared is the ink in each such square, which no antialiasing changes much
_FINER = 3  # times as many pixels are drawn, so that a stroke has the same ink however it is smoothed
_OTHER = 40  # of 255: more or less ink than this is another look of a square
DRAWN = ((534, "gongwen"), (535, "gongwen"), (636, "gongwen"), (535, "classic"))
"""Number and template of each."""
FEW = 12
"""Squares of a page that may look different. Poppler made 4 of issue 535, without smoothing 8; a title that is one
point larger makes 80, a paragraph that breaks its lines otherwise 83, a rule that is missing 563."""


def pages_of(pdf: bytes, **drawn: bool) -> list[Image.Image]:
    """Each page as a grey picture; `drawn` are options of pypdfium2."""
    document = pypdfium2.PdfDocument(pdf)
    finer = (page.render(scale=_FINER * DPI / 72, grayscale=True, **drawn) for page in document)
    return [page.to_pil().convert("L").reduce(_FINER) for page in finer]


def document(number: int, template: str = "gongwen") -> bytes:
    """A seed issue as DOCX."""
    from pipeline.config import packaged
    from pipeline.demo.seeds import imported
    from pipeline.outputs.word import render_docx

    return render_docx(imported(number).issue, template=packaged("templates") / f"{template}.docx")


def picture(number: int, template: str = "gongwen") -> Path:
    """Where the approved pages are."""
    return LOOKS / (f"{number}.png" if template == "gongwen" else f"{number}-{template}.png")


def set_by_libreoffice(docx: bytes) -> bytes:
    """A document as PDF."""
    from pipeline.config import packaged
    from pipeline.outputs.pages import to_pdf

    return to_pdf(docx, fonts=packaged("templates") / "fonts.conf")


def approved(number: int, template: str = "gongwen") -> list[Image.Image]:
    """The pages of a seed issue as they were approved."""
    sheet = Image.open(picture(number, template)).convert("L")
    width, height = (int(side) for side in sheet.info["page"].split("×"))
    cells = itertools.product(range(0, sheet.height, height), range(0, sheet.width, width))
    return [sheet.crop((x, y, x + width, y + height)) for y, x in cells][: int(sheet.info["pages"])]


def other_squares(made: Image.Image, approved: Image.Image) -> int:
    """How many squares of a page look different."""
    if made.size != approved.size:
        return made.width * made.height
    small = (math.ceil(made.width / _CELL), math.ceil(made.height / _CELL))
    ink = (page.resize(small, Image.Resampling.BOX) for page in (made, approved))
    return sum(ImageChops.difference(*ink).histogram()[_OTHER:])


def differences(made: list[Image.Image], approved: list[Image.Image]) -> Iterator[str]:
    """The pages that look different, in words."""
    if len(made) != len(approved):
        yield f"{len(made)} pages instead of {len(approved)}"
    for number, (one, other) in enumerate(zip(made, approved, strict=False), start=1):
        if (squares := other_squares(one, other)) > FEW:
            yield f"page {number}: {squares} squares of 2 mm look different"


def sheet(pages: list[Image.Image]) -> Image.Image:
    """All pages as one picture."""
    width, height = pages[0].size
    whole = Image.new("L", (_ACROSS * width, math.ceil(len(pages) / _ACROSS) * height), 255)
    for place, page in enumerate(pages):
        whole.paste(page, (place % _ACROSS * width, place // _ACROSS * height))
    return whole


def save(pages: list[Image.Image], path: Path) -> None:
    """Writes all pages as one picture that says how large a page is."""
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    said.add_itxt("page", f"{pages[0].width}×{pages[0].height}")
    said.add_itxt("pages", str(len(pages)))
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for grey in range(_GREYS) for value in [grey * 255 // (_GREYS - 1)] * 3])
    coloured = sheet(pages).convert("RGB").quantize(palette=palette, dither=Image.Dither.NONE)
    coloured.save(path, bits=4, optimize=True, pnginfo=said)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    LOOKS.mkdir(exist_ok=True)
    for number, template in DRAWN:
        save(pages_of(set_by_libreoffice(document(number, template))), picture(number, template))
