"""Pictures as outputs print them: how large, under which name, in which words."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from pipeline.model import Block, Issue, Kind
from pipeline.outputs.context import Pictures
from pipeline.outputs.text import clean

_PIXELS_PER_CM = 96 / 2.54  # a small picture is printed as large as a screen shows it, not blown up
_WIDEST, _HIGHEST = 14.0, 10.0  # cm
_FORMATS = ("JPEG", "PNG")  # what pictures are developed to, and all that Word, browsers and mail programs share
_BROKEN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning)
_MOST_PIXELS = 50_000_000  # Word and LibreOffice unpack a picture whole
_FALLBACK = "配图"
_MAX_WORDS = 200


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of an item, ready for print."""

    blob: str
    data: bytes
    width: int
    """Pixels."""
    height: int
    words: str
    """What somebody is told who does not see it: the caption, else the page's own words."""

    @property
    def suffix(self) -> str:
        """The ending of a file's name."""
        return "png" if self.data.startswith(b"\x89PNG") else "jpg"

    def size(self, widest: float = _WIDEST) -> tuple[float, float]:
        """Width and height in cm that fit the page, never larger than the picture is on a screen."""
        width, height = self.width / _PIXELS_PER_CM, self.height / _PIXELS_PER_CM
        scale = min(1.0, min(widest, _WIDEST) / width, _HIGHEST / height)
        return width * scale, height * scale


def figure(blocks: Sequence[Block], place: int, pictures: Pictures) -> Figure | None:
    """The picture of the block at `place`; `None` when it has none to print."""
    block = blocks[place]
    if block.kind is not Kind.FIGURE or not block.blob or not (data := pictures(block.blob)):
        return None
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
    except _BROKEN:
        return None
    if width * height > _MOST_PIXELS:
        return None
    after = blocks[place + 1] if place + 1 < len(blocks) else None
    caption = after.text if after is not None and after.kind is Kind.CAPTION else ""
    words = clean(caption) or clean(block.text) or _FALLBACK
    return Figure(block.blob, data, width, height, words[:_MAX_WORDS])


def file_name(issue: Issue, one: Figure) -> str:
    """Where a picture's file lies, relative to the Markdown that shows it."""
    return f"{issue.filename}-图片/{one.blob[:16]}.{one.suffix}"


def picture_files(issue: Issue, pictures: Pictures) -> dict[str, str]:
    """The picture files that belong to an issue (name → blob)."""
    return {
        file_name(issue, one): one.blob
        for item in issue.items
        for place in range(len(item.blocks))
        if (one := figure(item.blocks, place, pictures)) is not None
    }
