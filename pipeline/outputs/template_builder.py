"""Makes the document template `gongwen`: `python -m pipeline.outputs.template_builder templates/gongwen.docx`.

The look follows GB/T 9704-2012 (党政机关公文格式): A4, a type area of 156 × 225 mm, 22 lines of 28 characters in
16 pt 仿宋. The result is an ordinary document with named styles, footers, field labels and placeholders; an
office edits it in Word or WPS, so this script is only how the first one came about.

Sizes are in points, lengths of the page in millimetres; OOXML wants half-points and twentieths.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pipeline.outputs.package import pack

FANG, KAI, HEI, SONG, TITLE = "仿宋", "楷体", "黑体", "宋体", "方正小标宋简体"
LATIN = "Times New Roman"
RED, LINK = "E60012", "1F3864"
GRID = 28.95  # 225 mm over 22 lines
VERSION = "gongwen-1"

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True, slots=True)
class Look:
    """One paragraph style; lengths in points, indents in characters of its own size where named so.

    What is `None`, zero or empty is inherited.
    """

    id: str
    name: str
    font: str = ""
    latin: str = ""
    size: float = 0
    line: float = 0
    """Exact distance of the lines; negative: at least one line of the font's own height."""
    before: float | None = None
    after: float | None = None
    align: str = ""
    based: str = "Normal"
    follows: str = ""
    indent: float = 0
    """First line, in characters."""
    left: float = 0
    right: float | None = None
    hanging: float = 0
    tab: str = ""
    """Position and kind of the one tab stop: `right`, or `right dot`, at the right edge."""
    keep_next: bool = False
    keep_lines: bool = False
    new_page: bool = False
    bold: bool = False
    colour: str = ""
    outline: int = -1
    rules: str = ""
    break_words: bool = False
    """Lets a long address break anywhere."""


_EDGE = 8845  # 156 mm in twentieths of a point
_RED_RULE = f'<w:bottom w:val="single" w:sz="18" w:space="6" w:color="{RED}"/>'
_THIN_RULES = (
    '<w:top w:val="single" w:sz="8" w:space="4" w:color="auto"/>'
    '<w:bottom w:val="single" w:sz="8" w:space="4" w:color="auto"/>'
)
_AT_THE_FOOT = (
    f'<w:framePr w:w="{_EDGE}" w:wrap="around" w:vAnchor="margin" w:hAnchor="margin" w:x="1" w:yAlign="bottom"/>'
)

# fmt: off - it is read as a table
LOOKS = (
    Look("Masthead", "报头名称", TITLE, TITLE, 32, 43, 20, 10, "center", colour=RED, follows="IssueNo"),
    Look("IssueNo", "报头期号", KAI, LATIN, 16, GRID, 0, 14, "center", follows="OrgLine"),
    Look("OrgLine", "报头编发行", after=22, align="left", tab="right", rules=_RED_RULE),
    Look("LeadLabel", "导语标签", HEI, HEI, align="left", keep_next=True, follows="Lead"),
    Look("Lead", "导语", align="both", indent=2),
    Look("Heading1", "heading 1", HEI, HEI, 16, GRID, 14.5, 7.2, "left", keep_next=True, outline=0, follows="Body"),
    Look("Heading1Page", "一级标题另页", based="Heading1", new_page=True, follows="Body"),
    Look("TOC1", "toc 1", size=15, align="left", left=21, hanging=21, tab="right dot", keep_next=True),
    Look("TOC2", "toc 2", KAI, LATIN, 14, 21, 0, 6, "left", left=14),
    Look(
        "Heading2",
        "heading 2",
        HEI,
        HEI,
        16,
        GRID,
        15,
        0,
        "left",
        keep_next=True,
        keep_lines=True,
        outline=1,
        follows="Meta",
    ),
    Look("Heading2First", "二级标题首条", based="Heading2", before=0, follows="Meta"),
    Look("Meta", "条目信息", align="left", keep_next=True),
    Look("MetaLink", "条目链接", align="left", left=48, hanging=48, keep_next=True, break_words=True),
    Look(
        "ArtTitle",
        "文章标题",
        TITLE,
        TITLE,
        18,
        27,
        17.4,
        5.8,
        "center",
        keep_next=True,
        keep_lines=True,
        follows="Dateline",
    ),
    Look("Dateline", "文章来源行", KAI, LATIN, 14, GRID, 0, 10.1, "center", keep_next=True, follows="Body"),
    Look(
        "Heading3",
        "heading 3",
        KAI,
        LATIN,
        16,
        GRID,
        7.2,
        0,
        "left",
        indent=2,
        bold=True,
        keep_next=True,
        outline=2,
        follows="Body",
    ),
    Look("Heading4", "heading 4", align="left", indent=2, bold=True, keep_next=True, outline=3, follows="Body"),
    Look("Body", "文章正文", indent=2),
    Look("Item", "文章列举", indent=2),
    Look("Item2", "文章列举二级", indent=2, left=32),
    Look("Item3", "文章列举三级", indent=2, left=64),
    Look("Quotation", "文章引文", KAI, LATIN, indent=2, left=32, right=32),
    Look("Figure", "文章图片", line=-1, before=6, after=3, align="center", keep_next=True),
    Look("FigureAlone", "无说明图片", line=-1, before=6, after=6, align="center"),
    Look("Caption", "caption", KAI, LATIN, 12, 20, 0, 6, "center"),
    Look("TableTitle", "表格标题", HEI, HEI, 12, 20, 6, 3, "center", keep_next=True),
    Look("Cell", "表格文字", size=12, line=18, align="left"),
    Look("CellHead", "表格表头", HEI, HEI, 12, 18, align="center", based="Cell"),
    Look("CellNumber", "表格数字", based="Cell", align="center"),
    Look("CellSmall", "表格文字小号", size=9, line=13, align="left"),
    Look("CellHeadSmall", "表格表头小号", HEI, HEI, 9, 13, align="center", based="CellSmall"),
    Look("CellNumberSmall", "表格数字小号", based="CellSmall", align="center"),
    Look("TableGap", "表格间隔", size=4, line=8),
    Look("Colophon", "版记", size=14, line=24, align="left", left=14, right=14, tab="right in", rules=_THIN_RULES),
    Look("Header", "header", KAI, LATIN, 14, 16, align="right"),
    Look("Footer", "footer", SONG, SONG, 14, 16, align="right", right=14),
    Look("FooterEven", "页脚双页", based="Footer", align="left", left=14, right=0),
    Look("CommentText", "annotation text", size=10.5, line=-1, align="left"),
)
# fmt: on
"""Every paragraph style beside `Normal`."""

FACES = (FANG, KAI, HEI, TITLE)
"""Fonts that have a character style for punctuation that must be full width wherever it stands."""


def _twips(points: float) -> int:
    return round(points * 20)


def _fonts(east: str, latin: str) -> str:
    return f'<w:rFonts w:ascii="{latin}" w:hAnsi="{latin}" w:eastAsia="{east}" w:cs="{LATIN}"/>'


def _spacing(look: Look) -> str:
    parts = []
    if look.before is not None:
        parts.append(f'w:before="{_twips(look.before)}"')
    if look.after is not None:
        parts.append(f'w:after="{_twips(look.after)}"')
    if look.line > 0:
        parts.append(f'w:line="{_twips(look.line)}" w:lineRule="exact"')
    elif look.line < 0:
        parts.append('w:line="240" w:lineRule="auto"')
    return f"<w:spacing {' '.join(parts)}/>" if parts else ""


def _indent(look: Look) -> str:
    parts = []
    if look.left:
        parts.append(f'w:left="{_twips(look.left)}"')
    if look.right is not None:
        parts.append(f'w:right="{_twips(look.right)}"')
    if look.hanging:
        parts.append(f'w:hanging="{_twips(look.hanging)}"')
    if look.indent:
        size = look.size or 16
        parts.append(f'w:firstLineChars="{look.indent * 100:.0f}" w:firstLine="{_twips(look.indent * size)}"')
    return f"<w:ind {' '.join(parts)}/>" if parts else ""


def _tab(look: Look) -> str:
    if not look.tab:
        return ""
    leader = ' w:leader="dot"' if "dot" in look.tab else ""
    at = _EDGE - (_twips(look.right or 0) if "in" in look.tab.split() else 0)
    return f'<w:tabs><w:tab w:val="right"{leader} w:pos="{at}"/></w:tabs>'


def _paragraph_style(look: Look) -> str:
    def on(tag: str, wanted: bool) -> str:
        return f"<w:{tag}/>" if wanted else ""

    paragraph = "".join(
        (
            on("keepNext", look.keep_next),
            on("keepLines", look.keep_lines),
            on("pageBreakBefore", look.new_page),
            f"<w:pBdr>{look.rules}</w:pBdr>" if look.rules else "",
            _tab(look),
            '<w:wordWrap w:val="0"/>' if look.break_words else "",
            '<w:snapToGrid w:val="0"/>' if look.line not in (0, GRID) else "",  # else LibreOffice makes it two lines
            _spacing(look),
            _indent(look),
            f'<w:jc w:val="{look.align}"/>' if look.align else "",
            f'<w:outlineLvl w:val="{look.outline}"/>' if look.outline >= 0 else "",
        )
    )
    size = round(look.size * 2)
    run = "".join(
        (
            _fonts(look.font, look.latin) if look.font else "",
            "<w:b/>" if look.bold else "",
            f'<w:color w:val="{look.colour}"/>' if look.colour else "",
            f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>' if size else "",
        )
    )
    custom = "" if look.name.isascii() else ' w:customStyle="1"'
    follows = f'<w:next w:val="{look.follows}"/>' if look.follows else ""
    return (
        f'<w:style w:type="paragraph"{custom} w:styleId="{look.id}"><w:name w:val="{look.name}"/>'
        f'<w:basedOn w:val="{look.based}"/>{follows}<w:qFormat/>'
        + (f"<w:pPr>{paragraph}</w:pPr>" if paragraph else "")
        + (f"<w:rPr>{run}</w:rPr>" if run else "")
        + "</w:style>"
    )


def _character_style(id: str, name: str, run: str) -> str:
    custom = "" if name.isascii() else ' w:customStyle="1"'
    return (
        f'<w:style w:type="character"{custom} w:styleId="{id}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="DefaultParagraphFont"/><w:qFormat/><w:rPr>{run}</w:rPr></w:style>'
    )


def _table_style() -> str:
    def rule(side: str, size: int) -> str:
        return f'<w:{side} w:val="single" w:sz="{size}" w:space="0" w:color="auto"/>'

    borders = rule("top", 12) + rule("bottom", 12) + rule("insideH", 4) + rule("insideV", 4)
    return (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:unhideWhenUsed/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
        '<w:tblCellMar><w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>'
        '<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        '<w:style w:type="table" w:customStyle="1" w:styleId="ArticleTable"><w:name w:val="文章表格"/>'
        f'<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:tblBorders>{borders}</w:tblBorders>'
        '<w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="80" w:type="dxa"/><w:bottom w:w="40" w:type="dxa"/>'
        '<w:right w:w="80" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tcPr><w:vAlign w:val="center"/></w:tcPr></w:style>'
    )


def _styles() -> str:
    base = (
        f'<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/><w:pPr>'
        "<w:widowControl/><w:overflowPunct/>"
        f'<w:spacing w:before="0" w:after="0" w:line="{_twips(GRID)}" w:lineRule="exact"/><w:jc w:val="both"/></w:pPr>'
        f'<w:rPr>{_fonts(FANG, LATIN)}<w:spacing w:val="-5"/><w:kern w:val="0"/><w:sz w:val="32"/><w:szCs w:val="32"/>'
        "</w:rPr></w:style>"
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/><w:unhideWhenUsed/></w:style>'
    )
    characters = [
        _character_style("Label", "条目标签", _fonts(HEI, HEI)),
        _character_style("Hyperlink", "Hyperlink", f'<w:color w:val="{LINK}"/><w:u w:val="none"/>'),
        _character_style("ContentsLink", "目录链接", '<w:color w:val="auto"/><w:u w:val="none"/>'),
        _character_style("CommentReference", "annotation reference", '<w:sz w:val="21"/><w:szCs w:val="21"/>'),
        *(_character_style(f"Wide{n}", f"全角标点 {face}", _fonts(face, face)) for n, face in enumerate(FACES, 1)),
    ]
    return (
        f"{_HEAD}<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>{_fonts(FANG, LATIN)}"
        '<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr>'
        "</w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        + base
        + "".join(map(_paragraph_style, LOOKS))
        + "".join(characters)
        + _table_style()
        + "</w:styles>"
    )


CONTENT: tuple[tuple[str, str], ...] = (
    ("Masthead", "{{ 刊名 }}"),
    ("IssueNo", "（第{{ 期号 }}期）"),
    ("OrgLine", "{{ 编发单位 }}\t{{ 日期 }}"),
    ("LeadLabel", "本期导语："),
    ("Lead", "{{ 导语 }}"),
    ("Heading1", "一、信息目录"),
    ("Normal", "{% 目录 %}"),
    ("TOC1", "{{ 序号 }}. {{ 标题 }}\t{{ 页码 }}"),
    ("TOC2", "（{{ 来源 }}）"),
    ("Normal", "{% 目录结束 %}"),
    ("Heading1Page", "二、具体内容"),
    ("Normal", "{% 条目 %}"),
    ("Heading2", "{{ 序号 }}. 标题：{{ 标题 }}"),
    ("Meta", "[来源：]{{ 来源 }}"),
    ("MetaLink", "[链接：]{{ 链接 }}"),
    ("Meta", "[主要内容：]"),
    ("ArtTitle", "{{ 文章标题 }}"),
    ("Dateline", "{{ 发布日期 }}　来源：{{ 来源 }}"),
    ("Body", "{{ 正文 }}"),
    ("Normal", "{% 条目结束 %}"),
    ("Colophon", "{{ 版记 }}"),
)
"""Style and text of each paragraph; what stands in square brackets gets the character style `Label`."""


def _run(text: str, style: str = "") -> str:
    character = f'<w:rStyle w:val="{style}"/>' if style else ""
    inner = "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in text.split("\t"))
    return f'<w:r><w:rPr>{character}<w:rFonts w:hint="eastAsia"/></w:rPr>{inner}</w:r>'


def _paragraph(style: str, text: str) -> str:
    label, runs = "", ""
    if text.startswith("["):
        label, text = text[1:].split("]", 1)
        runs = _run(label, "Label")
    if text:
        runs += _run(text)
    frame = _AT_THE_FOOT if style == "Colophon" else ""  # LibreOffice ignores the place of a style's frame
    named = "" if style == "Normal" else f'<w:pPr><w:pStyle w:val="{style}"/>{frame}</w:pPr>'
    return f"<w:p>{named}{runs}</w:p>"


def _document() -> str:
    def mm(length: float) -> int:
        return round(length * 1440 / 25.4)

    right = 11906 - mm(28) - _EDGE  # what rounding leaves goes to the right margin
    section = (
        '<w:sectPr><w:footerReference w:type="even" r:id="rId5"/><w:footerReference w:type="default" r:id="rId6"/>'
        f'<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="{mm(37)}" w:right="{right}" w:bottom="{mm(35)}" '
        f'w:left="{mm(28)}" w:header="{mm(20)}" w:footer="{mm(25)}" w:gutter="0"/>'
        f'<w:docGrid w:type="lines" w:linePitch="{_twips(GRID)}"/></w:sectPr>'
    )
    body = "".join(_paragraph(style, text) for style, text in CONTENT)
    return f"{_HEAD}<w:document {_W} {_R}><w:body>{body}{section}</w:body></w:document>"


def _footer(style: str) -> str:
    hint = '<w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>'
    field = "".join(
        f"<w:r>{hint}{inner}</w:r>"
        for inner in (
            '<w:t xml:space="preserve">— </w:t>',
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>1</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
            '<w:t xml:space="preserve"> —</w:t>',
        )
    )
    return f'{_HEAD}<w:ftr {_W}><w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{field}</w:p></w:ftr>'


_FONT_TABLE = (
    (FANG, "FangSong", "modern"),
    (KAI, "KaiTi", "modern"),
    (HEI, "SimHei", "modern"),
    (SONG, "SimSun", "auto"),
    (TITLE, "FZXiaoBiaoSong-B05S,方正小标宋_GBK,FZXiaoBiaoSong-B05,华文中宋,STZhongsong", "auto"),
)


def _font_table() -> str:
    chinese = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{also}"/><w:charset w:val="86"/><w:family w:val="{family}"/>'
        '<w:pitch w:val="default"/></w:font>'
        for name, also, family in _FONT_TABLE
    )
    latin = (
        f'<w:font w:name="{LATIN}"><w:panose1 w:val="02020603050405020304"/><w:charset w:val="00"/>'
        '<w:family w:val="roman"/><w:pitch w:val="variable"/></w:font>'
    )
    return f"{_HEAD}<w:fonts {_W}>{latin}{chinese}</w:fonts>"


def _settings() -> str:
    compat = (
        ("compatibilityMode", "15"),
        ("overrideTableStyleFontSizeAndJustification", "1"),
        ("enableOpenTypeFeatures", "1"),
        ("doNotFlipMirrorIndents", "1"),
    )
    entries = "".join(
        f'<w:compatSetting w:name="{name}" w:uri="http://schemas.microsoft.com/office/word" w:val="{value}"/>'
        for name, value in compat
    )
    return (
        f'{_HEAD}<w:settings {_W}><w:zoom w:percent="100"/><w:bordersDoNotSurroundHeader/>'
        '<w:bordersDoNotSurroundFooter/><w:defaultTabStop w:val="420"/><w:evenAndOddHeaders/>'
        '<w:characterSpacingControl w:val="doNotCompress"/>'
        f"<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/>"
        f"<w:ulTrailSpace/><w:doNotExpandShiftReturn/><w:adjustLineHeightInTable/><w:useFELayout/>{entries}</w:compat>"
        '<w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/><w:decimalSymbol w:val="."/><w:listSeparator w:val=","/>'
        "</w:settings>"
    )


def _theme() -> str:
    def colour(name: str, value: str) -> str:
        return f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>'

    palette = f"dk1 000000 lt1 FFFFFF dk2 {LINK} lt2 E7E6E6 accent1 {RED} accent2 {LINK} accent3 A5A5A5 accent4 FFC000"
    words = iter(f"{palette} accent5 4472C4 accent6 70AD47 hlink {LINK} folHlink {LINK}".split())
    colours = "".join(colour(name, value) for name, value in zip(words, words, strict=True))
    face = f'<a:latin typeface="{LATIN}"/><a:ea typeface="{FANG}"/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="6350" cap="flat" cmpd="sng" algn="ctr">{fill}<a:prstDash val="solid"/></a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'{_HEAD}<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="公文"><a:themeElements>'
        f'<a:clrScheme name="公文">{colours}</a:clrScheme><a:fontScheme name="公文"><a:majorFont>{face}</a:majorFont>'
        f"<a:minorFont>{face}</a:minorFont></a:fontScheme>"
        f'<a:fmtScheme name="公文"><a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{line * 3}</a:lnStyleLst>'
        f"<a:effectStyleLst>{effect * 3}</a:effectStyleLst><a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst>"
        "</a:fmtScheme></a:themeElements></a:theme>"
    )


_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    inner = "".join(
        f"<Relationship Id={quoteattr(id)} Type={quoteattr(kind)} Target={quoteattr(target)}/>"
        for id, (kind, target) in targets.items()
    )
    return f'{_HEAD}<Relationships xmlns="{_RELS}">{inner}</Relationships>'


def build() -> bytes:
    """The template as a DOCX file; the same bytes every time."""
    types = {
        "word/document.xml": f"{_WORD_TYPE}.document.main+xml",
        "word/styles.xml": f"{_WORD_TYPE}.styles+xml",
        "word/settings.xml": f"{_WORD_TYPE}.settings+xml",
        "word/fontTable.xml": f"{_WORD_TYPE}.fontTable+xml",
        "word/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
        "word/footer1.xml": f"{_WORD_TYPE}.footer+xml",
        "word/footer2.xml": f"{_WORD_TYPE}.footer+xml",
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "docProps/app.xml": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
    }
    overrides = "".join(f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    core = (
        f'{_HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>公文模板</dc:title>'
        f"<cp:version>{VERSION}</cp:version></cp:coreProperties>"
    )
    app = (
        f'{_HEAD}<Properties xmlns="{_OFFICE}/extended-properties">'
        "<Application>bulletin-desk</Application></Properties>"
    )
    parts = {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        ),
        "_rels/.rels": _relations(
            {
                "rId1": (f"{_OFFICE}/relationships/officeDocument", "word/document.xml"),
                "rId2": (
                    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties",
                    "docProps/core.xml",
                ),
                "rId3": (f"{_OFFICE}/relationships/extended-properties", "docProps/app.xml"),
            }
        ),
        "word/_rels/document.xml.rels": _relations(
            {
                "rId1": (f"{_OFFICE}/relationships/styles", "styles.xml"),
                "rId2": (f"{_OFFICE}/relationships/settings", "settings.xml"),
                "rId3": (f"{_OFFICE}/relationships/fontTable", "fontTable.xml"),
                "rId4": (f"{_OFFICE}/relationships/theme", "theme/theme1.xml"),
                "rId5": (f"{_OFFICE}/relationships/footer", "footer1.xml"),
                "rId6": (f"{_OFFICE}/relationships/footer", "footer2.xml"),
            }
        ),
        "word/document.xml": _document(),
        "word/styles.xml": _styles(),
        "word/settings.xml": _settings(),
        "word/fontTable.xml": _font_table(),
        "word/theme/theme1.xml": _theme(),
        "word/footer1.xml": _footer("FooterEven"),
        "word/footer2.xml": _footer("Footer"),
        "docProps/core.xml": core,
        "docProps/app.xml": app,
    }
    return pack({name: text.encode() for name, text in parts.items()})


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(build())
