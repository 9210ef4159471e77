"""A picture in a DOCX file, as the XML that shows it."""

from __future__ import annotations

from docx.oxml.parser import OxmlElement
from lxml import etree

_SPACE = "http://schemas.openxmlformats.org/drawingml/2006/"
_WP, _A, _PIC = (f"{_SPACE}{name}" for name in ("wordprocessingDrawing", "main", "picture"))
SHAPE = f"{{{_WP}}}docPr"
"""The element that holds a drawing's number."""
_EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
_EMU_PER_CM = 360_000


def drawing(number: int, relation: str, width: float, height: float, words: str) -> etree._Element:
    """A picture that stands in the line like a character; sides in cm, `words` for who does not see it."""
    extent = {"cx": str(round(width * _EMU_PER_CM)), "cy": str(round(height * _EMU_PER_CM))}
    named = {"id": str(number), "name": f"配图{number}", "descr": words}
    element: etree._Element = OxmlElement("w:drawing")
    spaces = {"wp": _WP, "a": _A, "pic": _PIC}
    edges = dict.fromkeys(("distT", "distB", "distL", "distR"), "0")
    inline = etree.SubElement(element, f"{{{_WP}}}inline", edges, spaces)
    etree.SubElement(inline, f"{{{_WP}}}extent", extent)
    etree.SubElement(inline, f"{{{_WP}}}docPr", named)
    locks = etree.SubElement(inline, f"{{{_WP}}}cNvGraphicFramePr")
    etree.SubElement(locks, f"{{{_A}}}graphicFrameLocks", {"noChangeAspect": "1"})
    graphic = etree.SubElement(inline, f"{{{_A}}}graphic")
    picture = etree.SubElement(etree.SubElement(graphic, f"{{{_A}}}graphicData", {"uri": _PIC}), f"{{{_PIC}}}pic")
    properties = etree.SubElement(picture, f"{{{_PIC}}}nvPicPr")
    etree.SubElement(properties, f"{{{_PIC}}}cNvPr", named)
    etree.SubElement(properties, f"{{{_PIC}}}cNvPicPr")
    filling = etree.SubElement(picture, f"{{{_PIC}}}blipFill")
    etree.SubElement(filling, f"{{{_A}}}blip", {_EMBED: relation})
    etree.SubElement(etree.SubElement(filling, f"{{{_A}}}stretch"), f"{{{_A}}}fillRect")
    shape = etree.SubElement(picture, f"{{{_PIC}}}spPr")
    frame = etree.SubElement(shape, f"{{{_A}}}xfrm")
    etree.SubElement(frame, f"{{{_A}}}off", {"x": "0", "y": "0"})
    etree.SubElement(frame, f"{{{_A}}}ext", extent)
    etree.SubElement(etree.SubElement(shape, f"{{{_A}}}prstGeom", {"prst": "rect"}), f"{{{_A}}}avLst")
    return element


def last_drawing(body: etree._Element) -> int:
    """The highest number that a drawing of a document has; 0 when it has none."""
    numbers = (one.get("id", "") for one in body.iter(SHAPE))
    return max((int(number) for number in numbers if number.isdigit()), default=0)


def drawn_height(paragraph: etree._Element) -> float:
    """How high the pictures of a paragraph stand in it, in points; 0 when it has none."""
    heights = (int(extent.get("cy", "0")) for extent in paragraph.iter(f"{{{_WP}}}extent"))
    return max(heights, default=0) / _EMU_PER_CM * 72 / 2.54
