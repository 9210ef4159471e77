"""An article's body in a DOCX file: named styles and nothing else, pictures stored once, tables that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from lxml import etree

from pipeline.model import Block, Kind
from pipeline.outputs.context import Pictures
from pipeline.outputs.drawing import drawing
from pipeline.outputs.figures import Figure, figure
from pipeline.outputs.pieces import OWN_MARK
from pipeline.outputs.runs import Runs
from pipeline.outputs.styles import Styles, w
from pipeline.outputs.tables import Grid, column_widths, grid, is_number, kept_together
from pipeline.outputs.text import clean, labelled

_STYLES = {
    Kind.PARAGRAPH: "文章正文",
    Kind.ITEM: "文章列举",
    Kind.QUOTE: "文章引文",
    Kind.CAPTION: "caption",
}
_BULLET = "●"  # as the office's own issues have it
_HEADINGS = ("heading 3", "heading 4")
_LEFT = "文章正文左齐"
_UNBROKEN = re.compile(r"[!-,./0-~]{20,}")  # an address that goes to the next line tears a justified one apart
_DEEPER = ("文章列举二级", "文章列举三级")
_POINTS_PER_CM = 72 / 2.54
_MAX_COLUMNS = 63  # Word opens no table with more
_CELL_EDGES = 8.0  # points between the rules of a cell and its text, as the style 文章表格 has them


class Body:
    """Writes the bodies of articles one after the other."""

    def __init__(
        self,
        document: Document,
        styles: Styles,
        pictures: Pictures,
        *,
        into: etree._Element,
        width: float,
        numbers: Iterator[int],
    ) -> None:
        """`width` is the text's, in points; `numbers` are those that drawings of the document may still have."""
        self._document = document
        self._styles = styles
        self._pictures = pictures
        self._into = into
        self._width = width
        self._numbers = numbers
        self._runs = Runs(styles)
        self._drawings: dict[str, str] = {}
        """Picture → the id of its relationship: one that is printed twice is stored once."""

    def write(self, blocks: Sequence[Block]) -> None:
        """The paragraphs, pictures and tables of an article, at the end of what stands already."""

        def follows(number: int, kind: Kind) -> bool:
            return any(block.kind is kind for block in blocks[number + 1 : number + 2])

        above: Kind | None = None
        """What was printed last: a caption belongs to the picture above it, else to the table below."""
        titled = False
        for number, block in enumerate(blocks):
            title = block.kind is Kind.CAPTION and above is not Kind.FIGURE and follows(number, Kind.TABLE)
            if (one := figure(blocks, number, self._pictures)) is not None:
                self._figure(one, "文章图片" if follows(number, Kind.CAPTION) else "无说明图片")
            elif title:
                self._runs.paragraph(self._into, self._optional("表格标题", "caption"), clean(block.text))
            else:
                if block.kind is Kind.TABLE and not titled and above not in (None, Kind.TABLE, Kind.HEADING):
                    self._gap()  # after these it would part the table from what is kept with it
                self._block(block)
            above, titled = block.kind, title

    def _block(self, block: Block) -> None:
        if block.kind is Kind.TABLE:
            self._table(block)
            return
        text = labelled(block.mark, block.text)
        if block.kind is Kind.FIGURE or not text:
            return  # a picture that could not be had: its caption, if any, is a block of its own
        if block.kind is Kind.ITEM and not block.mark and not OWN_MARK.match(text):
            text = f"{_BULLET} {text}"
        if block.kind is Kind.HEADING:
            name = _HEADINGS[min(max(block.level, 1), len(_HEADINGS)) - 1]
        elif block.kind is Kind.ITEM and block.level > 0:
            name = _DEEPER[min(block.level, len(_DEEPER)) - 1]
        elif block.kind is Kind.PARAGRAPH and _UNBROKEN.search(text):
            name = _LEFT
        else:
            name = _STYLES[block.kind]
        self._runs.paragraph(self._into, self._optional(name, _STYLES.get(block.kind, name)), text)

    def _optional(self, name: str, else_: str) -> str:
        """The style called `name`; one more common in a template that was made before there was such a style."""
        return self._styles.find(name) or self._styles.id(else_)

    def _figure(self, one: Figure, style: str) -> None:
        paragraph = self._runs.paragraph(self._into, self._optional(style, "文章图片"))
        width, height = one.size(self._width / _POINTS_PER_CM)
        run = etree.SubElement(paragraph, w("r"))
        run.append(drawing(next(self._numbers), self._relation(one), width, height, one.words))

    def _relation(self, one: Figure) -> str:
        if one.blob not in self._drawings:
            document = self._document.part
            kind = "image/png" if one.suffix == "png" else "image/jpeg"
            # python-docx looks through all pictures for one with the same bytes: 12.9 s for 500
            part = Part(PackURI(f"/word/media/{one.blob[:16]}.{one.suffix}"), kind, one.data, document.package)
            self._drawings[one.blob] = document.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
        return self._drawings[one.blob]

    def _table(self, block: Block) -> None:
        """A table in the largest type in which no short word is torn apart, else no number, else as lines."""
        table = grid(block)
        if table is None:
            return
        edges = _CELL_EDGES * table.columns
        for whole, small in ((True, False), (True, True), (False, False), (False, True)):
            measure = self._styles.measure(self._cell_style("表格文字", small))
            square = measure.size + measure.pitch
            widths = column_widths(table, (self._width - edges) / square, whole=whole)
            if widths is not None and table.columns <= _MAX_COLUMNS:
                break
        else:
            for line in table.lines():
                self._runs.paragraph(self._into, self._styles.id("文章列举"), line)
            return
        kept = kept_together(table, widths)
        twips = [round((width * square + _CELL_EDGES) * 20) for width in widths]
        twips[-1] += round(self._width * 20) - sum(twips)
        element = etree.SubElement(self._into, w("tbl"))
        properties = etree.SubElement(element, w("tblPr"))
        etree.SubElement(properties, w("tblStyle")).set(w("val"), self._styles.id("文章表格", "table"))
        _set_width(etree.SubElement(properties, w("tblW")), sum(twips))
        etree.SubElement(properties, w("tblLayout")).set(w("type"), "fixed")
        columns = etree.SubElement(element, w("tblGrid"))
        for width in twips:
            etree.SubElement(columns, w("gridCol")).set(w("w"), str(width))
        for number in range(len(table.rows)):
            self._row(element, table, number, twips, small=small, kept=kept[number])
        self._gap()  # Word joins tables that touch, and needs a paragraph at the end

    def _gap(self) -> None:
        self._runs.paragraph(self._into, self._styles.id("表格间隔"))

    def _row(
        self, element: etree._Element, table: Grid, number: int, twips: list[int], *, small: bool, kept: bool
    ) -> None:
        row = etree.SubElement(element, w("tr"))
        properties = etree.SubElement(row, w("trPr"))
        etree.SubElement(properties, w("cantSplit"))
        if number < table.header:
            etree.SubElement(properties, w("tblHeader"))
        above, column = table.covered, 0
        while column < table.columns:
            at = above.get((number, column), (number, column))
            down, right = table.spans.get(at, (1, 1))
            text = table.rows[number][column]
            cell = etree.SubElement(row, w("tc"))
            inside = etree.SubElement(cell, w("tcPr"))
            _set_width(etree.SubElement(inside, w("tcW")), sum(twips[column : column + right]))
            if right > 1:
                etree.SubElement(inside, w("gridSpan")).set(w("val"), str(right))
            if down > 1:
                etree.SubElement(inside, w("vMerge")).set(w("val"), "restart" if at[0] == number else "continue")
            name = "表格表头" if number < table.header else "表格数字" if is_number(text) else "表格文字"
            self._runs.paragraph(cell, self._cell_style(name, small, kept), text)
            column += right

    def _cell_style(self, name: str, small: bool, kept: bool = False) -> str:
        """The style of a cell; a template of the office's own may lack the small ones, and those kept with the next."""
        sized = f"{name}小号" if small and self._styles.find(f"{name}小号") else name
        return (self._styles.find(f"{sized}同页") if kept else "") or self._styles.id(sized)


def _set_width(element: etree._Element, twips: int) -> None:
    element.set(w("w"), str(twips))
    element.set(w("type"), "dxa")
