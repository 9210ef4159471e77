"""Text as runs of a DOCX paragraph, its punctuation as wide as Chinese type has it.

“ ” … — stand in the Latin fonts too. Word takes them from the Chinese font of a run with the East Asian hint;
LibreOffice ignores the hint after Latin text, so there they get a character style, 全角标点, one for each face.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy

from lxml import etree

from pipeline.outputs.styles import Styles, w

SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_AMBIGUOUS = re.compile("[“”‘’…—]+")
_HAN = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


class Runs:
    """Sets text with the character styles of one template."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._wide = styles.starting("全角标点 ")

    def paragraph(self, parent: etree._Element, style: str, text: str = "") -> etree._Element:
        """A paragraph of that style (an id) with `text`."""
        made = etree.SubElement(parent, w("p"))
        etree.SubElement(etree.SubElement(made, w("pPr")), w("pStyle")).set(w("val"), style)
        if text:
            self.text(made, text, self._styles.measure(style).font)
        return made

    def text(
        self, parent: etree._Element, text: str, font: str, look: etree._Element | None = None, plain: str = ""
    ) -> None:
        """Runs with `text`; `plain` is the character style of those that need no other.

        LibreOffice makes a whole entry of the 目录 blue when only some of its runs have a character style.
        """
        if look is not None and look.find(w("rStyle")) is not None:
            plain = ""
        for part, wide in _by_width(text):
            style = self._wide.get(font, "") if wide else ""
            run(parent, part, style=style or plain, look=look, hinted=wide is not None)


def run(
    parent: etree._Element, text: str, *, style: str = "", look: etree._Element | None = None, hinted: bool = True
) -> None:
    """One run with `text`, its tabs and line breaks as such."""
    made = etree.SubElement(parent, w("r"))
    properties = etree.SubElement(made, w("rPr")) if look is None else deepcopy(look)
    if look is not None:
        made.append(properties)
    if style:
        if (named := properties.find(w("rStyle"))) is None:
            named = properties.makeelement(w("rStyle"))
            properties.insert(0, named)
        named.set(w("val"), style)
    if hinted:
        hint(made)
    for part in re.split("([\t\n])", text):
        if part == "\t":
            etree.SubElement(made, w("tab"))
        elif part == "\n":
            etree.SubElement(made, w("br"))
        elif part:
            element = etree.SubElement(made, w("t"))
            element.text = part
            element.set(SPACE, "preserve")


def bare_run(parent: etree._Element, style: str) -> etree._Element:
    """A run in which nothing stands yet."""
    made = etree.SubElement(parent, w("r"))
    if style:
        etree.SubElement(etree.SubElement(made, w("rPr")), w("rStyle")).set(w("val"), style)
    hint(made)
    return made


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
        kind = None if latin_inside else None if not _HAN.search(text) else True
        if kind is True and _HAN.match(before):
            continue
        if last < found.start():
            yield text[last : found.start()], False
        yield found[0], kind
        last = found.end()
    if last < len(text):
        yield text[last:], False
