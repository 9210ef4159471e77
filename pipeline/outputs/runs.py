"""Text as runs of a DOCX paragraph, its punctuation as wide as Chinese type has it.

“ ” … — stand in the Latin fonts too. Word takes them from the Chinese font of a run with the East Asian hint;
LibreOffice ignores the hint after Latin text, so there they get a character style, 全角标点, one for each face.

Paragraphs are written as XML and read by the parser, many at once: 0.44 s for an issue of 500 articles that took 0.75
when they were made element by element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from xml.sax.saxutils import escape, quoteattr

from docx.oxml.parser import parse_xml
from lxml import etree

from pipeline.outputs.styles import Styles, W, w

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CHINESE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_HAN = re.compile(f"[{_CHINESE}]")
_AMBIGUOUS = re.compile(f"(?<![{_CHINESE}“”‘’…—])[“”‘’…—]+")  # behind Chinese text it is Chinese by itself


class Runs:
    """Sets text with the character styles of one template."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._wide = styles.starting("全角标点 ")
        self._looks: dict[tuple[etree._Element | None, str, bool], str] = {}

    def paragraph(self, style: str, text: str = "", inside: str = "") -> str:
        """A paragraph of that style (an id) with `text`, and the XML `inside` behind it."""
        runs = self.text(text, self._styles.measure(style).font) if text else ""
        return f"<w:p><w:pPr><w:pStyle w:val={quoteattr(style)}/></w:pPr>{runs}{inside}</w:p>"

    def text(self, text: str, font: str, look: etree._Element | None = None, plain: str = "") -> str:
        """Runs with `text`; `plain` is the character style of those that need no other.

        LibreOffice makes a whole entry of the 目录 blue when only some of its runs have a character style.
        """
        if look is not None and look.find(w("rStyle")) is not None:
            plain = ""
        made = ""
        for part, wide in _by_width(text):
            style = self._wide.get(font, "") if wide else ""
            made += self.run(part, style or plain, look, hinted=wide is not None)
        return made

    def run(self, text: str, style: str = "", look: etree._Element | None = None, *, hinted: bool = True) -> str:
        """One run with `text`, its tabs and line breaks as such."""
        return self.bare_run(_content(text), style, look, hinted=hinted)

    def bare_run(
        self, content: str, style: str = "", look: etree._Element | None = None, *, hinted: bool = True
    ) -> str:
        """One run with the XML `content`."""
        key = look, style, hinted
        if key not in self._looks:
            self._looks[key] = _properties(*key)
        return f"<w:r>{self._looks[key]}{content}</w:r>"


def parsed(xml: str) -> list[etree._Element]:
    """The elements that `xml` says one after the other, with the namespaces `w` and `r`."""
    return list(parse_xml(f'<w:body xmlns:w="{W}" xmlns:r="{_RELATIONS}">{xml}</w:body>'))


def as_xml(element: etree._Element) -> str:
    """An element as `parsed` reads it, and as it was again once it stands in a document of the same namespaces."""
    alone = deepcopy(element)
    etree.cleanup_namespaces(alone)  # deepcopy brings along all those of the document
    return etree.tostring(alone, encoding="unicode", with_tail=False)


def hint(run: etree._Element) -> None:
    """Tells Word to take “ ” … from the East Asian font."""
    properties = run.find(w("rPr"))
    if properties is None:
        properties = run.makeelement(w("rPr"))
        run.insert(0, properties)
    fonts = properties.find(w("rFonts"))
    if fonts is None:
        fonts = properties.makeelement(w("rFonts"))
        properties.insert(1 if properties.find(w("rStyle")) is not None else 0, fonts)
    fonts.set(w("hint"), "eastAsia")


def _properties(look: etree._Element | None, style: str, hinted: bool) -> str:
    run = etree.Element(w("r"), nsmap={"w": W})
    properties = etree.SubElement(run, w("rPr")) if look is None else deepcopy(look)
    run.append(properties)
    if style:
        if (named := properties.find(w("rStyle"))) is None:
            named = properties.makeelement(w("rStyle"))
            properties.insert(0, named)
        named.set(w("val"), style)
    if hinted:
        hint(run)
    return as_xml(properties)


def _content(text: str) -> str:
    if "\t" not in text and "\n" not in text:
        return f'<w:t xml:space="preserve">{escape(text)}</w:t>'
    return "".join(
        _SIGNS.get(part) or f'<w:t xml:space="preserve">{escape(part)}</w:t>'
        for part in re.split("([\t\n])", text)
        if part
    )


_SIGNS = {"\t": "<w:tab/>", "\n": "<w:br/>"}


def _by_width(text: str) -> Iterator[tuple[str, bool | None]]:
    """Stretches of `text`: `True` must be set full width by hand, `None` is Latin punctuation, `False` the rest.

    “ ” … — are Chinese or Latin by what surrounds them. The apostrophe of a Latin word stays Latin; after
    Latin text or at the start of a paragraph only a Chinese font makes them full width.
    """
    last = 0
    for found in _AMBIGUOUS.finditer(text):
        before = text[found.start() - 1 : found.start()]
        after = text[found.end() : found.end() + 1]
        latin_inside = before.isascii() and before.isalpha() and after.isascii() and after.isalpha()
        if last < found.start():
            yield text[last : found.start()], False
        yield found[0], True if not latin_inside and _HAN.search(text) else None
        last = found.end()
    if last < len(text):
        yield text[last:], False
