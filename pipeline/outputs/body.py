"""An article's body in a DOCX file: named styles and nothing else, pictures stored once, tables that fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import quoteattr

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

from pipeline.model import Block, Kind
from pipeline.outputs.context import Pictures
from pipeline.outputs.drawing import drawing
from pipeline.outputs.figures import Figure, figure
from pipeline.outputs.pieces import OWN_MARK
from pipeline.outputs.runs import Runs
from pipeline.outputs.styles import Styles
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
        self, document: Document, styles: Styles, pictures: Pictures, *, width: float, numbers: Iterator[int]
    ) -> None:
        """`width` is the text's, in points; `numbers` are those that drawings of the document may still have."""
        self._document = document
        self._styles = styles
        self._pictures = pictures
        self._width = width
        self._numbers = numbers
        self._runs = Runs(styles)
        self._drawings: dict[str, str] = {}
        """Picture → the id of its relationship: one that is printed twice is stored once."""

    def xml(self, blocks: Sequence[Block]) -> str:
        """The paragraphs, pictures and tables of an article."""
        return "".join(self._written(blocks))

    def _written(self, blocks: Sequence[Block]) -> Iterator[str]:

        def follows(number: int, kind: Kind) -> bool:
            return any(block.kind is kind for block in blocks[number + 1 : number + 2])

        above: Kind | None = None
        """What was printed last: a caption belongs to the picture above it, else to the table below."""
        titled = False
        for number, block in enumerate(blocks):
            title = block.kind is Kind.CAPTION and above is not Kind.FIGURE and follows(number, Kind.TABLE)
            if (one := figure(blocks, number, self._pictures)) is not None:
                yield self._figure(one, "文章图片" if follows(number, Kind.CAPTION) else "无说明图片")
            elif title:
                yield self._runs.paragraph(self._optional("表格标题", "caption"), clean(block.text))
            else:
                if block.kind is Kind.TABLE and not titled and above not in (None, Kind.TABLE, Kind.HEADING):
                    yield self._gap()  # after these it would part the table from what is kept with it
                yield self._block(block)
            above, titled = block.kind, title

    def _block(self, block: Block) -> str:
        if block.kind is Kind.TABLE:
            return self._table(block)
        text = labelled(block.mark, block.text)
        if block.kind is Kind.FIGURE or not text:
            return ""  # a picture that could not be had: its caption, if any, is a block of its own
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
        return self._runs.paragraph(self._optional(name, _STYLES.get(block.kind, name)), text)

    def _optional(self, name: str, else_: str) -> str:
        """The style called `name`; one more common in a template that was made before there was such a style."""
        return self._styles.find(name) or self._styles.id(else_)

    def _figure(self, one: Figure, style: str) -> str:
        width, height = one.size(self._width / _POINTS_PER_CM)
        shown = drawing(next(self._numbers), self._relation(one), width, height, one.words)
        return self._runs.paragraph(self._optional(style, "文章图片"), inside=f"<w:r>{shown}</w:r>")

    def _relation(self, one: Figure) -> str:
        if one.blob not in self._drawings:
            document = self._document.part
            kind = "image/png" if one.suffix == "png" else "image/jpeg"
            # python-docx looks through all pictures for one with the same bytes, and for a free id: 12.9 s for 500
            part = Part(PackURI(f"/word/media/{one.blob[:16]}.{one.suffix}"), kind, one.data, document.package)
            id = self._drawings[one.blob] = f"rIdPicture{len(self._drawings) + 1}"
            document.rels.add_relationship(RELATIONSHIP_TYPE.IMAGE, part, id)
        return self._drawings[one.blob]

    def _table(self, block: Block) -> str:
        """A table in the largest type in which no short word is torn apart, else no number, else as lines."""
        table = grid(block)
        if table is None:
            return ""
        edges = _CELL_EDGES * table.columns
        for whole, small in ((True, False), (True, True), (False, False), (False, True)):
            measure = self._styles.measure(self._cell_style("表格文字", small))
            square = measure.size + measure.pitch
            widths = column_widths(table, (self._width - edges) / square, whole=whole)
            if widths is not None and table.columns <= _MAX_COLUMNS:
                break
        else:
            return "".join(self._runs.paragraph(self._styles.id("文章列举"), line) for line in table.lines())
        kept = kept_together(table, widths)
        twips = [round((width * square + _CELL_EDGES) * 20) for width in widths]
        twips[-1] += round(self._width * 20) - sum(twips)
        columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in twips)
        rows = "".join(
            self._row(table, number, twips, small=small, kept=kept[number]) for number in range(len(table.rows))
        )
        return (
            f"<w:tbl><w:tblPr><w:tblStyle w:val={quoteattr(self._styles.id('文章表格', 'table'))}/>"
            f'<w:tblW w:w="{sum(twips)}" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr>'
            f"<w:tblGrid>{columns}</w:tblGrid>{rows}</w:tbl>"
            f"{self._gap()}"  # Word joins tables that touch, and needs a paragraph at the end
        )

    def _gap(self) -> str:
        return self._runs.paragraph(self._styles.id("表格间隔"))

    def _row(self, table: Grid, number: int, twips: list[int], *, small: bool, kept: bool) -> str:
        above, column = table.covered, 0
        cells = ""
        while column < table.columns:
            at = above.get((number, column), (number, column))
            down, right = table.spans.get(at, (1, 1))
            text = table.rows[number][column]
            name = "表格表头" if number < table.header else "表格数字" if is_number(text) else "表格文字"
            merged = f'<w:gridSpan w:val="{right}"/>' if right > 1 else ""
            if down > 1:
                merged += f'<w:vMerge w:val="{"restart" if at[0] == number else "continue"}"/>'
            cells += (
                f'<w:tc><w:tcPr><w:tcW w:w="{sum(twips[column : column + right])}" w:type="dxa"/>{merged}</w:tcPr>'
                f"{self._runs.paragraph(self._cell_style(name, small, kept), text)}</w:tc>"
            )
            column += right
        head = "<w:tblHeader/>" if number < table.header else ""
        return f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{cells}</w:tr>"

    def _cell_style(self, name: str, small: bool, kept: bool = False) -> str:
        """The style of a cell; a template of the office's own may lack the small ones, and those kept with the next."""
        sized = f"{name}小号" if small and self._styles.find(f"{name}小号") else name
        return (self._styles.find(f"{sized}同页") if kept else "") or self._styles.id(sized)
