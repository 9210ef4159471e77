"""A picture or a chart in a DOCX file, as the XML that shows it."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from lxml import etree

_SPACE = "http://schemas.openxmlformats.org/drawingml/2006/"
_WP, _A, _PIC, CHART = (f"{_SPACE}{name}" for name in ("wordprocessingDrawing", "main", "picture", "chart"))
SHAPE = f"{{{_WP}}}docPr"
"""The element that holds a drawing's number."""
_EMU_PER_CM = 360_000


def drawing(number: int, relation: str, width: float, height: float, words: str) -> str:
    """The XML of a picture that stands in the line like a character; sides in cm, `words` for who does not see it."""
    extent = f'cx="{round(width * _EMU_PER_CM)}" cy="{round(height * _EMU_PER_CM)}"'
    named = f'id="{number}" name="配图{number}" descr={quoteattr(words)}'
    shown = (
        f'<pic:pic xmlns:pic="{_PIC}">'
        f"<pic:nvPicPr><pic:cNvPr {named}/><pic:cNvPicPr/></pic:nvPicPr>"
        f'<pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {extent}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr>'
        "</pic:pic>"
    )
    return _inline(extent, named, '<a:graphicFrameLocks noChangeAspect="1"/>', _PIC, shown)


def chart(number: int, relation: str, width: float, height: float, words: str) -> str:
    """The XML of a chart in the same way; its part is known by `relation`."""
    extent = f'cx="{round(width * _EMU_PER_CM)}" cy="{round(height * _EMU_PER_CM)}"'
    named = f'id="{number}" name="图表{number}" descr={quoteattr(words)}'
    return _inline(extent, named, "", CHART, f'<c:chart xmlns:c="{CHART}" r:id="{relation}"/>')


def _inline(extent: str, named: str, locks: str, kind: str, shown: str) -> str:
    return (
        f'<w:drawing><wp:inline xmlns:wp="{_WP}" xmlns:a="{_A}"'
        ' distT="0" distB="0" distL="0" distR="0">'
        f"<wp:extent {extent}/><wp:docPr {named}/>"
        f"<wp:cNvGraphicFramePr>{locks}</wp:cNvGraphicFramePr>"
        f'<a:graphic><a:graphicData uri="{kind}">{shown}</a:graphicData></a:graphic></wp:inline></w:drawing>'
    )


def last_drawing(body: etree._Element) -> int:
    """The highest number that a drawing of a document has; 0 when it has none."""
    numbers = (one.get("id", "") for one in body.iter(SHAPE))
    return max((int(number) for number in numbers if number.isdigit()), default=0)


def drawn_height(paragraph: etree._Element) -> float:
    """How high the pictures of a paragraph stand in it, in points; 0 when it has none."""
    heights = (int(extent.get("cy", "0")) for extent in paragraph.iter(f"{{{_WP}}}extent"))
    return max(heights, default=0) / _EMU_PER_CM * 72 / 2.54
