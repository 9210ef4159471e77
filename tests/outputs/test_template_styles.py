"""What the styles of the shipped templates say, read from the files: every cell of the table they are made by."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pytest
from docx.oxml.ns import qn
from docx.shared import Pt
from lxml import etree

from pipeline.config import packaged
from pipeline.outputs.lines import line_starts
from pipeline.outputs.package import unpack
from pipeline.outputs.template import Template
from pipeline.outputs.template_builder import DESIGNS, build

TEMPLATES = packaged("templates")
NAMES = [design.name for design in DESIGNS]
PARTS = {name: unpack((TEMPLATES / f"{name}.docx").read_bytes()) for name in NAMES}


@dataclass
class Said:
    """What a style says with everything it inherits, as flat names: `spacing.before` → 145."""

    values: dict[str, str] = field(default_factory=dict)

    def points(self, name: str) -> float:
        return float(self.values.get(name, "0")) / 20

    def on(self, name: str) -> bool:
        return self.values.get(name, "0") not in ("0", "false")


def part(template: str, name: str) -> etree._Element:
    return etree.parse(io.BytesIO(PARTS[template][name])).getroot()


def said(template: str, name: str, kind: str = "paragraph") -> Said:
    root = part(template, "word/styles.xml")
    styles = {style.get(qn("w:styleId")): style for style in root.iter(qn("w:style"))}
    here = next(
        style
        for style in styles.values()
        if style.get(qn("w:type")) == kind and style.find(qn("w:name")).get(qn("w:val")) == name
    )
    chain = [here]
    while (based := chain[-1].find(qn("w:basedOn"))) is not None:
        chain.append(styles[based.get(qn("w:val"))])
    found = Said({"id": here.get(qn("w:styleId"))})
    for style in reversed(chain):
        for properties in style.iterchildren(qn("w:pPr"), qn("w:rPr")):
            prefix = "run." if properties.tag == qn("w:rPr") else ""
            for one in properties.iterdescendants():
                tag = prefix + etree.QName(one).localname
                found.values.setdefault(tag, "1")
                for key, value in one.attrib.items():
                    found.values[f"{tag}.{etree.QName(key).localname}"] = value
                found.values[tag] = one.get(qn("w:val"), "1")
    return found


FANG, KAI, HEI, SONG, XBS = "仿宋", "楷体", "黑体", "宋体", "方正小标宋简体"
TNR = "Times New Roman"
LEFT, CENTRE, BOTH = "left", "center", "both"

# name, id, fonts, size, line (0: by the font), before, after, alignment, first line in characters, hanging, left, flags
GONGWEN = [
    ("Normal", "Normal", (FANG, TNR), 16, 28.95, 0, 0, BOTH, 0, 0, 0, {"widowControl", "overflowPunct"}),
    ("报头名称", "Masthead", (XBS, XBS), 32, 43, 20, 10, CENTRE, 0, 0, 0, set()),
    ("报头期号", "IssueNo", (KAI, TNR), 16, 28.95, 0, 14, CENTRE, 0, 0, 0, set()),
    ("报头编发行", "OrgLine", (FANG, TNR), 16, 28.95, 0, 22, LEFT, 0, 0, 0, set()),
    ("导语标签", "LeadLabel", (HEI, HEI), 16, 28.95, 0, 0, LEFT, 0, 0, 0, {"keepNext"}),
    ("导语", "Lead", (FANG, TNR), 16, 28.95, 0, 0, BOTH, 2, 0, 0, set()),
    ("heading 1", "Heading1", (HEI, HEI), 16, 28.95, 14.5, 7.2, LEFT, 0, 0, 0, {"keepNext"}),
    ("toc 1", "TOC1", (FANG, TNR), 15, 28.95, 0, 0, LEFT, 0, 21, 21, {"keepNext"}),
    ("toc 2", "TOC2", (KAI, TNR), 14, 21, 0, 6, LEFT, 0, 0, 14, set()),
    ("heading 2", "Heading2", (HEI, HEI), 16, 28.95, 15, 0, LEFT, 0, 0, 0, {"keepNext", "keepLines"}),
    ("二级标题首条", "Heading2First", (HEI, HEI), 16, 28.95, 0, 0, LEFT, 0, 0, 0, {"keepNext", "keepLines"}),
    ("条目信息", "Meta", (FANG, TNR), 16, 28.95, 0, 0, LEFT, 0, 0, 0, {"keepNext"}),
    ("条目链接", "MetaLink", (FANG, TNR), 16, 28.95, 0, 0, LEFT, 0, 48, 48, set()),
    ("文章标题", "ArtTitle", (XBS, XBS), 18, 27, 17.4, 5.8, CENTRE, 0, 0, 0, {"keepNext"}),
    ("文章来源行", "Dateline", (KAI, TNR), 14, 28.95, 0, 10.1, CENTRE, 0, 0, 0, set()),
    ("heading 3", "Heading3", (KAI, TNR), 16, 28.95, 7.2, 0, LEFT, 2, 0, 0, {"keepNext", "run.b"}),
    ("heading 4", "Heading4", (FANG, TNR), 16, 28.95, 0, 0, LEFT, 2, 0, 0, {"keepNext", "run.b"}),
    ("文章正文", "Body", (FANG, TNR), 16, 28.95, 0, 0, BOTH, 2, 0, 0, set()),
    ("文章列举", "Item", (FANG, TNR), 16, 28.95, 0, 0, BOTH, 2, 0, 0, set()),
    ("文章图片", "Figure", None, None, 0, 6, 3, CENTRE, 0, 0, 0, {"keepNext"}),
    ("caption", "Caption", (KAI, TNR), 12, 20, 0, 6, CENTRE, 0, 0, 0, set()),
    ("表格文字", "Cell", (FANG, TNR), 12, 18, 0, 0, LEFT, 0, 0, 0, set()),
    ("表格表头", "CellHead", (HEI, HEI), 12, 18, 0, 0, CENTRE, 0, 0, 0, {"keepNext"}),
    ("表格数字", "CellNumber", (FANG, TNR), 12, 18, 0, 0, CENTRE, 0, 0, 0, set()),
    ("版记", "Colophon", (FANG, TNR), 14, 24, 0, 0, LEFT, 0, 0, 14, set()),
    ("footer", "Footer", (SONG, SONG), 14, 16, 0, 0, "right", 0, 0, 0, set()),
    ("页脚双页", "FooterEven", (SONG, SONG), 14, 16, 0, 0, LEFT, 0, 0, 14, set()),
]
CLASSIC = [
    ("Normal", "Normal", (SONG, TNR), 12, 22, 0, 0, BOTH, 0, 0, 0, {"widowControl", "overflowPunct"}),
    ("导语", "Lead", (SONG, TNR), 14, 24, 0, 0, BOTH, 2, 0, 0, set()),
    ("heading 1", "Heading1", (HEI, HEI), 14, 24, 14, 6, LEFT, 0, 0, 0, {"keepNext"}),
    ("heading 2", "Heading2", (HEI, HEI), 14, 24, 14, 0, LEFT, 0, 0, 0, {"keepNext", "keepLines"}),
    ("heading 3", "Heading3", (HEI, HEI), 14, 24, 10, 2, LEFT, 2, 0, 0, {"keepNext"}),
    ("文章标题", "ArtTitle", (SONG, SONG), 16, 26, 18, 6, CENTRE, 0, 0, 0, {"keepNext", "run.b"}),
    ("文章正文", "Body", (SONG, TNR), 12, 22, 0, 0, BOTH, 2, 0, 0, set()),
]
ROWS = [("gongwen", *row) for row in GONGWEN] + [("classic", *row) for row in CLASSIC]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]} {row[1]}" for row in ROWS])
def test_a_style_says_what_the_table_of_styles_says(row: tuple) -> None:
    template, name, id, fonts, size, line, before, after, align, first, hanging, left, flags = row
    found = said(template, name)
    assert found.values["id"] == id
    if fonts:
        assert (found.values["run.rFonts.eastAsia"], found.values["run.rFonts.ascii"]) == fonts
        assert found.values["run.rFonts.hAnsi"] == found.values["run.rFonts.ascii"]
        assert found.values["run.rFonts.cs"] == TNR
        assert float(found.values["run.sz.val"]) / 2 == float(found.values["run.szCs.val"]) / 2 == size
    if line:
        assert found.values["spacing.lineRule"] == "exact"
        assert found.points("spacing.line") == pytest.approx(line, abs=0.05)
    else:
        assert found.values["spacing.lineRule"] == "auto"
        assert found.values["snapToGrid"] == "0"
    assert found.points("spacing.before") == pytest.approx(before, abs=0.05)
    assert found.points("spacing.after") == pytest.approx(after, abs=0.05)
    assert found.values["jc.val"] == align
    assert float(found.values.get("ind.firstLineChars", "0")) / 100 == first
    if first:
        assert found.points("ind.firstLine") == first * size
    assert found.points("ind.hanging") == hanging
    assert found.points("ind.left") == left
    switches = {"keepNext", "keepLines", "widowControl", "overflowPunct", "run.b"}
    assert {switch for switch in switches if found.on(switch)} >= flags
    assert found.on("run.b") == ("run.b" in flags)


def test_colours_rules_and_tabs_of_gongwen_are_those_of_the_table() -> None:
    red = said("gongwen", "报头名称")
    assert red.values["run.color.val"] == "E60012"
    org = said("gongwen", "报头编发行")
    assert (org.values["bottom.sz"], org.values["bottom.space"], org.values["bottom.color"]) == ("18", "6", "E60012")
    assert (org.values["tab.val"], org.values["tab.pos"]) == ("right", "8845")
    contents = said("gongwen", "toc 1")
    assert (contents.values["tab.val"], contents.values["tab.leader"], contents.values["tab.pos"]) == (
        "right",
        "dot",
        "8845",
    )
    assert "ind.right" not in contents.values, "LibreOffice hides the number"
    colophon = said("gongwen", "版记")
    assert colophon.values["top.sz"] == colophon.values["bottom.sz"] == "8"
    assert colophon.points("ind.left") == colophon.points("ind.right") == 14
    assert said("gongwen", "footer").points("ind.right") == 14
    assert said("gongwen", "条目链接").values["wordWrap"] == "0"
    link = said("gongwen", "Hyperlink", "character")
    assert (link.values["run.color.val"], link.values["run.u.val"]) == ("1F3864", "none")
    label = said("gongwen", "条目标签", "character")
    assert label.values["run.rFonts.eastAsia"] == HEI
    assert said("gongwen", "Normal").points("run.spacing.val") == -0.25
    assert said("gongwen", "一级标题另页").on("pageBreakBefore")
    for name in ("表格文字", "表格表头", "表格数字", "文章图片"):
        assert said("gongwen", name).values["snapToGrid"] == "0"


@pytest.mark.parametrize("template", NAMES)
def test_a_table_has_thick_rules_outside_and_thin_ones_inside(template: str) -> None:
    root = part(template, "word/styles.xml")
    table = next(s for s in root.iter(qn("w:style")) if s.find(qn("w:name")).get(qn("w:val")) == "文章表格")
    sizes = {etree.QName(rule).localname: rule.get(qn("w:sz")) for rule in table.find(f".//{qn('w:tblBorders')}")}
    assert sizes == {"top": "12", "bottom": "12", "insideH": "4", "insideV": "4"}  # eighths of a point


@pytest.mark.parametrize(
    ("template", "margins", "grid"),
    [("gongwen", (37, 35, 28, 26, 25), "579"), ("classic", (25.4, 25.4, 31.8, 31.8, 17.5), None)],
)
def test_the_page_is_a4_with_its_margins(
    template: str, margins: tuple[float, float, float, float, float], grid: str | None
) -> None:
    section = part(template, "word/document.xml").find(f".//{qn('w:sectPr')}")
    size, edges = section.find(qn("w:pgSz")), section.find(qn("w:pgMar"))
    assert (size.get(qn("w:w")), size.get(qn("w:h"))) == ("11906", "16838")
    found = [float(edges.get(qn(f"w:{side}"))) * 25.4 / 1440 for side in ("top", "bottom", "left", "right", "footer")]
    assert found == pytest.approx(margins, abs=0.1)
    lines = section.find(qn("w:docGrid"))
    assert (lines.get(qn("w:linePitch")) if lines is not None else None) == grid


def test_both_templates_have_the_same_styles() -> None:
    def names(template: str) -> set[tuple[str, str, str]]:
        return {
            (style.get(qn("w:type")), style.get(qn("w:styleId")), style.find(qn("w:name")).get(qn("w:val")))
            for style in part(template, "word/styles.xml").iter(qn("w:style"))
        }

    assert names("gongwen") == names("classic")


@pytest.mark.parametrize("design", DESIGNS, ids=NAMES)
def test_the_templates_in_the_repository_are_what_their_script_makes(design) -> None:
    made = build(design)
    assert made == build(design)
    stored = (TEMPLATES / f"{design.name}.docx").read_bytes()
    assert stored == made, "python -m pipeline.outputs.template_builder templates"


@pytest.mark.parametrize("template", NAMES)
def test_a_template_carries_what_word_wants_beside_the_text(template: str) -> None:
    fonts = part(template, "word/fontTable.xml")
    also = {font.get(qn("w:name")): font.find(qn("w:altName")) for font in fonts}
    assert "华文中宋" in also[XBS].get(qn("w:val"))
    assert {FANG, KAI, HEI, SONG, XBS, TNR} == set(also)
    settings = part(template, "word/settings.xml")
    assert settings.find(qn("w:evenAndOddHeaders")) is not None
    modes = [one for one in settings.iter(qn("w:compatSetting")) if one.get(qn("w:name")) == "compatibilityMode"]
    assert [one.get(qn("w:val")) for one in modes] == ["15"]
    assert settings.find(qn("w:updateFields")) is None, "it asks the reader when the file is opened"
    assert "word/theme/theme1.xml" in PARTS[template]


@pytest.mark.parametrize("template", NAMES)
def test_a_template_formats_by_styles_alone(template: str) -> None:
    body = part(template, "word/document.xml")
    direct = [
        etree.QName(one).localname
        for properties in body.iter(qn("w:pPr"), qn("w:rPr"))
        for one in properties
        if one.tag not in (qn("w:pStyle"), qn("w:rStyle"), qn("w:framePr"), qn("w:rFonts"))
    ]
    assert direct == []
    hints = [one for one in body.iter(qn("w:rFonts")) if set(one.attrib) != {qn("w:hint")}]
    assert hints == []


@pytest.mark.parametrize("template", ["gongwen", "classic"])
def test_the_usual_lead_does_not_end_in_a_line_of_two_characters(template: str) -> None:
    opened = Template(TEMPLATES / f"{template}.docx")
    measure = opened.styles.measure(opened.styles.find("导语"))
    section = opened.document.sections[0]
    width = (section.page_width - section.left_margin - section.right_margin) / Pt(1)
    for unit, count, start, end in (
        ("月", 3, "2024年6月1日", "2024年6月30日"),
        ("月", 30, "2025年11月1日", "2025年11月30日"),
        ("周", 4, "2025年8月2日", "2025年8月8日"),
        ("周", 12, "2025年8月29日", "2025年9月4日"),
    ):
        said = f"本期{unit}报共收集{count}篇卫生信息化相关信息，时间从{start}至{end}"
        lead = f"{said}，监测范围包括全国主流媒体及政府网站等。"
        assert len(lead) - line_starts(lead, measure, width, measure.first)[-1] > 2
