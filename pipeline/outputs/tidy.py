"""What Word and WPS leave in a document on saving, taken out of a template before it is read.

Runs cut by the spelling checker, content controls and smart tags around words, marks of who edited what, bookmarks,
comments: none of it is what the office wants to see in an issue, and all of it stands in the way of a placeholder.
Tracked changes count as accepted, since that is how the template looks to whoever made them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pipeline.outputs.styles import w

_PROPERTIES = frozenset(map(w, ("rPr", "pPr", "trPr", "tcPr", "tblPr", "sectPr", "numPr", "ctrlPr")))
_GONE = frozenset(
    map(w, ("proofErr", "bookmarkStart", "bookmarkEnd", "permStart", "permEnd", "lastRenderedPageBreak"))
) | frozenset(map(w, ("commentRangeStart", "commentRangeEnd", "commentReference", "annotationRef")))
_WRAPPERS = frozenset(map(w, ("sdt", "sdtContent", "smartTag", "customXml", "ins", "moveTo")))
_ABOUT_THE_WRAPPER = frozenset(map(w, ("sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr")))
_DELETED = frozenset(map(w, ("del", "moveFrom")))


def tidy(root: etree._Element) -> bool:
    """Tidies everything below `root` in place; whether there were tracked changes."""
    tracked = False
    endless: list[etree._Element] = []
    """Paragraphs whose ends were deleted, joined when all around them is tidy."""
    for element in list(root.iter("*")):
        parent = element.getparent()
        if parent is None or element is root:
            continue
        tag = str(element.tag)
        if parent.tag in _PROPERTIES and tag in (w("ins"), w("moveTo"), *_DELETED):
            tracked = True
            endless += _mark(element, parent)
        elif tag in _DELETED or (tag.endswith("Change") and tag.startswith(w(""))):
            tracked = True
            parent.remove(element)
        elif tag in _GONE or tag in _ABOUT_THE_WRAPPER or _is_range(tag):
            parent.remove(element)
        elif tag in _WRAPPERS or (tag == w("hyperlink") and set(element.attrib) <= _INTERNAL):
            tracked = tracked or tag in (w("ins"), w("moveTo"))
            _unwrap(element, parent)
    for paragraph in endless:
        _join(paragraph)
    for element in root.iter("*"):
        for name in [name for name in element.attrib if str(name).startswith(w("rsid"))]:
            del element.attrib[name]
    return tracked


_INTERNAL = frozenset(map(w, ("anchor", "history", "tooltip", "docLocation", "tgtFrame")))
"""A link with nothing else leads to a bookmark of the template, which is gone."""


def _is_range(tag: str) -> bool:
    """Marks like `moveFromRangeStart` and `customXmlInsRangeEnd`."""
    return tag.startswith(w("")) and tag.endswith(("RangeStart", "RangeEnd"))


def _unwrap(element: etree._Element, parent: etree._Element) -> None:
    at = parent.index(element)
    parent[at : at + 1] = list(element)


def _mark(element: etree._Element, properties: etree._Element) -> Iterator[etree._Element]:
    """What is inserted or deleted here is not text: a row, which goes, or the end of a paragraph, which is given."""
    owner = properties.getparent()
    properties.remove(element)
    if element.tag not in _DELETED or owner is None:
        return
    if properties.tag == w("trPr") and (table := owner.getparent()) is not None:
        table.remove(owner)
    elif owner.tag == w("pPr") and (paragraph := owner.getparent()) is not None:
        yield paragraph


def _join(paragraph: etree._Element) -> None:
    """A paragraph whose end was deleted becomes the beginning of the next, which keeps its own style."""
    after, parent = paragraph.getnext(), paragraph.getparent()
    if after is None or parent is None or after.tag != w("p"):
        return
    at = 1 if after.find(w("pPr")) is not None else 0
    for place, child in enumerate([child for child in paragraph if child.tag != w("pPr")]):
        after.insert(at + place, child)
    parent.remove(paragraph)
