"""Estimates on which page each bookmark of a document falls, without a word processor.

Fills lines and pages the way a word processor does, from what the styles say: full squares for Chinese
characters, average widths for Latin ones, no Latin word cut, closing punctuation hanging over the edge, no
single line of a paragraph left alone, headings kept with what follows. Fonts are never opened, so a page can be
off by one; the exact numbers come from `pages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from pipeline.outputs.drawing import drawn_height
from pipeline.outputs.styles import Measure, Styles, w
from pipeline.outputs.text import is_wide

_HANGING = frozenset("，。、．")  # LibreOffice and Word let these stand outside the line
_NO_START = frozenset("，。、．：；！？”’）》」』】〉％%")
_OPENING = frozenset("“‘（《「『【〈")
_PAIRED = frozenset("—…")
_TOKEN = re.compile(r"[\x21-\x7e\u00c0-\u024f]+|.", re.DOTALL)
_TIMES = {
    0.25: " .,",
    0.278: "/:;ijlt",
    0.333: "!()-I[]`fr",
    0.389: "Js",
    0.444: "?acez",
    0.5: "#$*_0123456789bdghknopquvxy",
    0.556: "FPS",
    0.611: "ELTZ",
    0.667: "BCR",
    0.722: "ADGHKNOQUVXYw",
    0.778: "&m",
    0.833: "%",
    0.889: "M",
    0.944: "W@",
}
_WIDTHS = {char: width for width, chars in _TIMES.items() for char in chars}  # shares of the size, Times New Roman
_AVERAGE = 0.5
_JOINT = 0.2  # of the size: the gap set between Chinese and Latin characters
_CELL_PADDING = 8.0
_SIGNS = {w("br"): "\n", w("tab"): " "}


@dataclass(slots=True)
class _Page:
    height: float
    width: float
    number: int = 1
    used: float = 0.0
    after: float = 0.0
    """Space the last paragraph asked for below itself."""
    opened: bool = True
    """Whether the page begins the document or was asked for: only then the first paragraph keeps its space above."""
    found: dict[str, int] = field(default_factory=dict)

    def turn(self, *, asked: bool) -> None:
        self.number += 1
        self.used = self.after = 0.0
        self.opened = asked


@dataclass(frozen=True, slots=True)
class _Box:
    measure: Measure
    lines: int
    pitch: float
    """Distance of the lines."""
    names: tuple[str, ...] = ()
    """Bookmarks that start in it."""

    @property
    def height(self) -> float:
        return self.lines * self.pitch + self.measure.rules


def estimate(body: etree._Element, styles: Styles) -> dict[str, int]:
    """Bookmark → page, counted from 1."""
    page = _geometry(body)
    boxes = [box for element in body for box in _boxes(element, styles, page.width)]
    for index, box in enumerate(boxes):
        if box.measure.new_page and page.used:
            page.turn(asked=True)
        chain = _together(boxes, index) if index == 0 or not boxes[index - 1].measure.keep_next else 0.0
        if page.used and chain <= page.height and page.used + chain > page.height:
            page.turn(asked=False)
        _place(page, box)
    return page.found


def _geometry(body: etree._Element) -> _Page:
    def length(tag: str, name: str, default: int) -> float:
        found = body.find(f"{w('sectPr')}/{w(tag)}")
        return float(found.get(w(name), default) if found is not None else default) / 20

    height = length("pgSz", "h", 16838) - length("pgMar", "top", 1440) - length("pgMar", "bottom", 1440)
    width = length("pgSz", "w", 11906) - length("pgMar", "left", 1800) - length("pgMar", "right", 1800)
    return _Page(max(height, 100.0) + 0.5, max(width, 100.0))  # half a point: margins are rounded to twentieths


def _together(boxes: list[_Box], index: int) -> float:
    """Height of what must stand on one page from here on: headings and the first two lines of what follows."""
    height = 0.0
    for place, box in enumerate(boxes[index:]):
        if place and box.measure.new_page:
            return height
        gap = max(box.measure.before, boxes[index + place - 1].measure.after) if place else box.measure.before
        if not box.measure.keep_next:
            lines = box.lines if box.measure.keep_lines or box.lines <= 3 else 2
            return height + gap + lines * box.pitch
        height += gap + box.height
    return height


def _place(page: _Page, box: _Box) -> None:
    gap = max(box.measure.before, page.after) if page.used or page.opened else 0.0
    lines, start = box.lines, page.used + gap
    fits = int((page.height - start + 0.01) // box.pitch) if box.pitch else lines
    if fits < lines:
        whole = box.measure.keep_lines or lines <= 3
        if whole or fits < 2:
            fits = 0
        elif lines - fits < 2:
            fits = lines - 2
    page.found.update(dict.fromkeys(box.names, page.number if fits else page.number + 1))
    if fits >= lines:
        page.used = start + box.height
    else:
        lines -= max(fits, 0)
        per_page = max(int(page.height // box.pitch), 1)
        page.number += 1 + (lines - 1) // per_page
        page.used = ((lines - 1) % per_page + 1) * box.pitch
    page.after = box.measure.after


def _boxes(element: etree._Element, styles: Styles, width: float) -> Iterable[_Box]:
    if element.tag == w("p"):
        box = _paragraph(element, styles, width)
        return () if box.measure.framed else (box,)
    if element.tag == w("tbl"):
        return [_row(row, styles, width) for row in element.iter(w("tr"))]
    return ()


def _paragraph(element: etree._Element, styles: Styles, width: float) -> _Box:
    style = element.find(f"{w('pPr')}/{w('pStyle')}")
    measure = styles.measure(style.get(w("val"), "") if style is not None else "")
    parts: list[str] = []
    for run in element.iter(w("r")):  # the tab stops of a paragraph are called `tab` too
        for node in run:
            parts.append((node.text or "") if node.tag == w("t") else _SIGNS.get(str(node.tag), ""))
    inner = width - measure.left - measure.right
    lines = sum(
        _lines(part, measure, inner, measure.first if place == 0 else 0.0)
        for place, part in enumerate("".join(parts).split("\n"))
    )
    names = tuple(str(mark.get(w("name"))) for mark in element.iter(w("bookmarkStart")))
    if height := drawn_height(element):
        return _Box(measure, 1, height, names)
    return _Box(measure, lines, measure.line or measure.size * 1.3, names)


def _row(row: etree._Element, styles: Styles, width: float) -> _Box:
    """A table row as one unbreakable line."""
    cells = row.findall(w("tc"))
    tallest, measure = 0.0, Measure()
    for cell in cells:
        if cell.find(f"{w('tcPr')}/{w('vMerge')}") is not None:
            continue  # it shares several rows, and seldom fills them
        share = width / len(cells)
        given = cell.find(f"{w('tcPr')}/{w('tcW')}")
        if given is not None and given.get(w("type")) == "dxa":
            share = float(given.get(w("w"), "0")) / 20
        inside = [_paragraph(p, styles, max(share - _CELL_PADDING, 12.0)) for p in cell.iter(w("p"))]
        tallest = max(tallest, sum(box.height for box in inside))
    return _Box(measure, 1, tallest + 4.0)


def _lines(text: str, measure: Measure, width: float, first: float) -> int:
    """How many lines `text` fills; an empty paragraph fills one."""
    lines, used = 1, first
    for advance, needed in _clusters(text, measure):
        if used + needed > width + 0.01 and used > 0:
            lines += 1
            used = 0.0
        used += advance
        while used - advance + needed > width and used > width:  # an address longer than a line
            lines += 1
            used -= width
    return lines


def _clusters(text: str, measure: Measure) -> Iterator[tuple[float, float]]:
    """Stretches without a place to break: their width, and the width without a mark that may hang over the edge."""
    square, joint = measure.size + measure.pitch, measure.size * _JOINT
    advance, last = 0.0, ""
    for token in _TOKEN.findall(text):
        first = token[0]
        if last and not (last in _OPENING or first in _NO_START or (first == last and first in _PAIRED)):
            yield advance, advance - square if last in _HANGING else advance
            advance = 0.0
        if is_wide(first):
            advance += square
        else:
            advance += sum(_WIDTHS.get(char, _AVERAGE) for char in token) * measure.size + measure.pitch * len(token)
        if last and not token.isspace() and not last.isspace() and is_wide(first) != is_wide(last):
            advance += joint
        last = token[-1]
    if last:
        yield advance, advance - square if last in _HANGING else advance
