"""趋势附录: what the issues up to this one were about, as charts of the document itself with their tables.

Word and LibreOffice draw the charts with the reader's own Chinese fonts, so that the file is the same to the byte
whatever fonts the server has. Their figures stand in them as they are, and in the table below: a workbook inside the
file would be an embedded object, which `steps.upload` holds against a file, and an office's mail gate may as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

from pipeline.model import ANNEX, Block, Kind, Ranking, Trends
from pipeline.outputs.body import Body
from pipeline.outputs.drawing import CHART, chart
from pipeline.outputs.runs import Runs
from pipeline.outputs.sheets import UNKNOWN, Sheet, left_out, remarks, sheets
from pipeline.outputs.styles import Styles
from pipeline.outputs.text import clean

TITLE = "趋势附录"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_POINTS_PER_CM = 72 / 2.54
_ROW, _AROUND, _COLUMNS = 0.62, 0.5, 5.2  # cm: a bar with its gap, the edges, the height of a chart of columns
_FEW = 4  # columns that would be as wide as they are high
_LONGEST = 14  # characters of a name at its bar; the table has it whole
_TEXT = (
    '<a:lstStyle/><a:p><a:pPr><a:defRPr sz="1050"><a:solidFill><a:srgbClr val="000000"/></a:solidFill>'
    '<a:latin typeface="Times New Roman"/><a:ea typeface="仿宋"/></a:defRPr></a:pPr><a:endParaRPr lang="zh-CN"/></a:p>'
)
_NUMBERS = "一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class _Bars:
    """A chart: names and figures, as lying bars or as standing columns."""

    title: str
    names: Sequence[str]
    figures: Sequence[int | None]
    lying: bool = True

    @property
    def height(self) -> float:
        """In cm."""
        return _ROW * len(self.names) + _AROUND if self.lying else _COLUMNS

    @property
    def words(self) -> str:
        """The chart for who does not see it."""
        pairs = zip(self.names, self.figures, strict=True)
        return f"{self.title}：" + "，".join(f"{name} {UNKNOWN if n is None else n}" for name, n in pairs)


class Annex:
    """Writes the annex of one document."""

    def __init__(
        self, document: Document, styles: Styles, body: Body, *, width: float, numbers: Iterator[int], mark: int
    ) -> None:
        """`width` is the text's, in points; `numbers` are those of drawings; `mark` is that of its bookmark."""
        self._document = document
        self._styles = styles
        self._body = body
        self._runs = Runs(styles)
        self._width = width / _POINTS_PER_CM
        self._numbers = numbers
        self._charts = itertools.count(1)
        self._tables = itertools.count(1)
        self._mark = mark

    def xml(self, trends: Trends) -> str:
        """The annex from its heading on, inside a bookmark that tells where the issue ends."""
        style = self._styles.find("一级标题另页") or self._styles.id("heading 1")
        begin = f'<w:bookmarkStart w:id="{self._mark}" w:name="{ANNEX}"/>'
        end = f'<w:bookmarkEnd w:id="{self._mark}"/>'
        gap = self._runs.paragraph(self._styles.id("表格间隔"), inside=end)
        return self._runs.paragraph(style, TITLE, begin) + "".join(self._written(trends)) + gap

    def _written(self, trends: Trends) -> Iterator[str]:
        what, *how = remarks(trends)
        yield self._body.xml([Block(Kind.PARAGRAPH, what)])
        parts = iter(_NUMBERS)
        made = {one.name: one for one in sheets(trends)}
        yield self._heading(next(parts), "刊出条数与采集线索")
        labels = [one.label for one in trends.periods]
        if trends.days:
            days = [str(day.day) for day, _ in trends.days]
            title = "按发布日期（日）的条数"
            yield self._chart(_Bars(title, days, [count or None for _, count in trends.days], lying=False))
            published = tuple(row for row in made["days"].rows if row[-1])
            yield self._table(replace(made["days"], rows=published))
        else:
            yield self._chart(_Bars("刊出条数", labels, [one.items for one in trends.periods], lying=False))
            if any(one.seen is not None for one in trends.periods):
                yield self._chart(_Bars("采集线索", labels, [one.seen for one in trends.periods], lying=False))
        yield self._table(made["volume"])
        for ranking in trends.rankings:
            if ranking.rows:
                yield self._heading(next(parts), ranking.facet.chinese)
                yield from self._ranked(ranking, made[ranking.facet.value])
        yield self._heading(next(parts), "说明")
        yield self._body.xml([Block(Kind.PARAGRAPH, one) for one in how])

    def _ranked(self, ranking: Ranking, sheet: Sheet) -> Iterator[str]:
        rows = ranking.rows
        names = [one.name if len(one.name) <= _LONGEST else f"{one.name[: _LONGEST - 1]}…" for one in rows]
        yield self._chart(_Bars(f"{sheet.title}（条）", names, [one.total for one in rows]))
        yield self._table(sheet)
        if told := left_out(ranking):
            yield self._body.xml([Block(Kind.PARAGRAPH, f"{told}。")])

    def _heading(self, number: str, text: str) -> str:
        return self._body.xml([Block(Kind.HEADING, f"（{number}）{text}", level=1)])

    def _table(self, sheet: Sheet) -> str:
        rows = tuple(tuple(map(str, row)) for row in sheet.totals)
        title = Block(Kind.CAPTION, f"表{next(self._tables)}　{sheet.title}")
        return self._body.xml([title, Block(Kind.TABLE, rows=rows, header=1)])

    def _chart(self, bars: _Bars) -> str:
        number = next(self._charts)
        name, relation = PackURI(f"/word/charts/annex{number}.xml"), f"rIdChart{number}"
        document = self._document.part
        part = Part(name, CONTENT_TYPE.DML_CHART, _chart_part(bars).encode(), document.package)
        document.rels.add_relationship(RELATIONSHIP_TYPE.CHART, part, relation)
        shown = chart(next(self._numbers), relation, self._width, bars.height, bars.words)
        picture = self._runs.paragraph(self._styles.id("文章图片"), inside=f"<w:r>{shown}</w:r>")
        return picture + self._runs.paragraph(self._styles.id("caption"), f"图{number}　{bars.title}")


def _chart_part(bars: _Bars) -> str:
    """The chart as a part of its own: grey bars with their figures, no grid, no legend."""
    axes = '<c:axId val="1"/><c:axId val="2"/>'
    names = "".join(_point(at, clean(name)) for at, name in enumerate(bars.names))
    figures = "".join(_point(at, str(figure)) for at, figure in enumerate(bars.figures) if figure is not None)
    count = f'<c:ptCount val="{len(bars.names)}"/>'
    direction, order, sides = ("bar", "maxMin", "lb") if bars.lying else ("col", "minMax", "bl")
    labels = "".join(
        f'<c:{name} val="{shown}"/>'
        for name, shown in (
            ("showLegendKey", 0),
            ("showVal", 1),
            ("showCatName", 0),
            ("showSerName", 0),
            ("showPercent", 0),
            ("showBubbleSize", 0),
        )
    )
    gap = 60 if bars.lying or len(bars.names) > _FEW else 240
    ticks = '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
    plain = '<c:numFmt formatCode="General" sourceLinked="0"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<c:chartSpace xmlns:c="{CHART}" xmlns:a="{_DRAWING}"><c:roundedCorners val="0"/>'
        '<c:chart><c:autoTitleDeleted val="1"/><c:plotArea><c:layout/>'
        f'<c:barChart><c:barDir val="{direction}"/><c:grouping val="clustered"/><c:varyColors val="0"/>'
        f'<c:ser><c:idx val="0"/><c:order val="0"/><c:tx><c:v>{escape(bars.title)}</c:v></c:tx>'
        '<c:spPr><a:solidFill><a:srgbClr val="595959"/></a:solidFill></c:spPr><c:invertIfNegative val="0"/>'
        f"<c:dLbls>{labels}</c:dLbls>"
        f"<c:cat><c:strLit>{count}{names}</c:strLit></c:cat>"
        f"<c:val><c:numLit><c:formatCode>General</c:formatCode>{count}{figures}</c:numLit></c:val></c:ser>"
        f'<c:gapWidth val="{gap}"/>{axes}</c:barChart>'
        f'<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="{order}"/></c:scaling><c:delete val="0"/>'
        f'<c:axPos val="{sides[0]}"/>{plain}{ticks}<c:crossAx val="2"/><c:crosses val="autoZero"/><c:auto val="0"/>'
        '<c:lblAlgn val="ctr"/><c:lblOffset val="100"/><c:noMultiLvlLbl val="1"/></c:catAx>'
        '<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/></c:scaling>'
        f'<c:delete val="1"/><c:axPos val="{sides[1]}"/>{plain}{ticks}<c:crossAx val="1"/><c:crosses val="autoZero"/>'
        '<c:crossBetween val="between"/></c:valAx></c:plotArea><c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/>'
        '</c:chart><c:spPr><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill><a:ln><a:noFill/></a:ln></c:spPr>'
        f"<c:txPr><a:bodyPr/>{_TEXT}</c:txPr></c:chartSpace>"
    )


def _point(at: int, value: str) -> str:
    return f'<c:pt idx="{at}"><c:v>{escape(value)}</c:v></c:pt>'
