"""Estimates on which page each bookmark of a document falls, without a word processor.

Fills pages the way LibreOffice does, from what the styles say: no single line of a paragraph left alone, headings
kept with what follows, the head of a table set again on each of its pages. Fonts are never opened and only the
commonest breaks of Latin words known, so a page can be off by one; the exact numbers come from `pages`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from lxml import etree

from pipeline.outputs.drawing import drawn_height
from pipeline.outputs.lines import line_count
from pipeline.outputs.styles import Edges, Measure, Styles, w

_HAIR = 0.02  # points, for pages that are full to the last line
_SIGNS = {w("br"): "\n", w("tab"): "\t"}
_STYLE, _VALUE, _NAME = f"{w('pPr')}/{w('pStyle')}", w("val"), w("name")
_TEXT, _MARK, _SIZE, _DRAWING, _RUN = (w(name) for name in ("t", "bookmarkStart", "sz", "drawing", "r"))
_MERGED, _GIVEN = f"{w('tcPr')}/{w('vMerge')}", f"{w('tcPr')}/{w('tcW')}"
_TYPE, _WIDTH, _PARAGRAPH = w("type"), w("w"), w("p")
_TOLD = (_TEXT, _MARK, _SIZE, _DRAWING, *_SIGNS)


PrintNumbers = Callable[[Mapping[str, int]], Iterable[etree._Element]]
"""Prints the page of each bookmark, and gives the paragraphs in which it did."""


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
    above: float = 0.0
    """Height of what is set again above it where it begins a page: the head of its table."""
    begins_table: bool = False

    @property
    def height(self) -> float:
        return self.lines * self.pitch + self.measure.rules


def estimate(body: etree._Element, styles: Styles, print_numbers: PrintNumbers) -> dict[str, int]:
    """Bookmark → page, counted from 1.

    `print_numbers` is called once with a first estimate, and gives the paragraphs that it changed: a 目录 may need
    more lines for its page numbers.
    """
    page = _geometry(body)
    boxes = {element: _boxes(element, styles, page.width) for element in body}
    first = _filled(page, boxes)
    numbered = {element: _boxes(element, styles, page.width) for element in print_numbers(first)}
    if all(boxes.get(element) == changed for element, changed in numbered.items()):
        return first
    return _filled(_geometry(body), boxes | numbered)


def _filled(page: _Page, by_element: Mapping[etree._Element, Sequence[_Box]]) -> dict[str, int]:
    boxes = [box for one in by_element.values() for box in one]
    for index, box in enumerate(boxes):
        if box.measure.new_page and page.used:
            page.turn(asked=True)
        # what is too high for any page starts one all the same, and is parted before its table
        if page.used and (box.begins_table or not boxes[index - 1].measure.keep_next):
            gap = max(box.measure.before, page.after)
            if page.used + gap + _together(boxes, index) > page.height:
                page.turn(asked=False)
                page.used = box.above
        _place(page, box)
    return page.found


def _geometry(body: etree._Element) -> _Page:
    def length(tag: str, name: str, default: int) -> float:
        found = body.find(f"{w('sectPr')}/{w(tag)}")
        return float(found.get(w(name), default) if found is not None else default) / 20

    height = length("pgSz", "h", 16838) - length("pgMar", "top", 1440) - length("pgMar", "bottom", 1440)
    width = length("pgSz", "w", 11906) - length("pgMar", "left", 1800) - length("pgMar", "right", 1800)
    height, width = max(height, 100.0), max(width, 100.0)
    grid = body.find(f"{w('sectPr')}/{w('docGrid')}")
    if grid is not None and grid.get(w("type")) in ("lines", "linesAndChars"):
        pitch = float(grid.get(w("linePitch"), "0")) / 20
        height = height // pitch * pitch if pitch else height  # LibreOffice uses whole lines of the grid only
    return _Page(height + _HAIR, width)


def _together(boxes: list[_Box], index: int) -> float:
    """Height of what must stand on one page from here on: headings and the first two lines of what follows."""
    height = 0.0
    for place in range(index, len(boxes)):
        box = boxes[place]
        if place > index:
            if box.measure.new_page:
                return height
            height += max(box.measure.before, boxes[place - 1].measure.after)
        if not box.measure.keep_next:
            lines = box.lines if box.measure.keep_lines or box.lines <= 3 else 2
            return height + lines * box.pitch
        height += box.height
    return height


def _place(page: _Page, box: _Box) -> None:
    gap = max(box.measure.before, page.after) if page.used or page.opened else 0.0
    lines, start = box.lines, page.used + gap
    fits = int((page.height - start) // box.pitch) if box.pitch else lines
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


def _boxes(element: etree._Element, styles: Styles, width: float) -> Sequence[_Box]:
    if element.tag == w("p"):
        box = _paragraph(element, styles, width)
        return () if box.measure.framed else (box,)
    if element.tag == w("tbl"):
        return tuple(_table(element, styles, width))
    return ()


def _paragraph(element: etree._Element, styles: Styles, width: float) -> _Box:
    style = element.find(_STYLE)
    measure = styles.measure(style.get(_VALUE, "") if style is not None else "")
    parts: list[str] = []
    names: list[str] = []
    drawn = False
    for node in element.iter(*_TOLD):  # one walk: an issue has thousands of paragraphs
        if node.tag == _TEXT:
            parts.append(node.text or "")
        elif node.tag == _MARK:
            names.append(node.get(_NAME, ""))
        elif node.tag == _SIZE:
            if not parts and _above(node, 2) == _RUN:  # a masthead fitted to its line
                measure = replace(measure, size=float(node.get(_VALUE, "21")) / 2)
        elif node.tag == _DRAWING:
            drawn = True
        elif _above(node, 1) == _RUN:  # the tab stops of a paragraph are called `tab` too
            parts.append(_SIGNS[node.tag])
    if drawn and (height := drawn_height(element)):
        return _Box(measure, 1, height, tuple(names))
    inner = width - measure.left - measure.right
    lines = sum(
        line_count(part, measure, inner, measure.first if place == 0 else 0.0)
        for place, part in enumerate("".join(parts).split("\n"))
    )
    return _Box(measure, lines, measure.line or measure.size * 1.3, tuple(names))


def _above(node: etree._Element, steps: int) -> str:
    """The tag of what `node` stands in, so many steps up."""
    return str(next(islice(node.iterancestors(), steps - 1, None)).tag)


def _table(table: etree._Element, styles: Styles, width: float) -> Iterator[_Box]:
    style = table.find(f"{w('tblPr')}/{w('tblStyle')}")
    edges = styles.edges(style.get(w("val"), "") if style is not None else "")
    rows = table.findall(w("tr"))
    above, last = 0.0, len(rows) - 1
    for number, row in enumerate(rows):
        heads = row.find(f"{w('trPr')}/{w('tblHeader')}") is not None and number < last
        rules = edges.top * (number == 0) + (edges.inside if number < last else edges.bottom)
        height = _row_height(row, styles, width, edges) + edges.padding + rules
        # a head stands with the row below it, and again over the rows of the next page
        kept = Measure(keep_next=heads or _is_kept(row, styles))
        yield _Box(kept, 1, height, _marks(row), 0.0 if heads else above, number == 0)
        above += height if heads else 0.0


def _is_kept(row: etree._Element, styles: Styles) -> bool:
    """Whether a row stays with the next: LibreOffice takes the first paragraph's word for it."""
    style = row.find(f"{w('tc')}/{w('p')}/{_STYLE}")
    return style is not None and styles.measure(style.get(_VALUE, "")).keep_next


def _row_height(row: etree._Element, styles: Styles, width: float, edges: Edges) -> float:
    cells = row.findall(w("tc"))
    tallest = 0.0
    for cell in cells:
        if cell.find(_MERGED) is not None:
            continue  # it shares several rows, and seldom fills them
        share = width / len(cells)
        given = cell.find(_GIVEN)
        if given is not None and given.get(_TYPE) == "dxa":
            share = float(given.get(_WIDTH, "0")) / 20
        inside = [_paragraph(p, styles, max(share - edges.sides, 12.0)) for p in cell.iter(_PARAGRAPH)]
        tallest = max(tallest, sum(box.height for box in inside))
    return tallest


def _marks(element: etree._Element) -> tuple[str, ...]:
    return tuple(str(mark.get(w("name"))) for mark in element.iter(w("bookmarkStart")))
