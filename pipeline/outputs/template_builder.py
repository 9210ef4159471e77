"""Makes the document templates: `python -m pipeline.outputs.template_builder templates`.

The results are ordinary documents with named styles, footers, field labels and placeholders; an office edits them in
Word or WPS, so this script is only how the first ones came about. What they look like stands in `look_gongwen` and
`look_classic`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pipeline.outputs.look import LATIN, LINK, Design, Look
from pipeline.outputs.look_classic import CLASSIC
from pipeline.outputs.look_gongwen import GONGWEN
from pipeline.outputs.package import pack

DESIGNS = (GONGWEN, CLASSIC)
"""The templates that travel with the package."""

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


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


def _indent(look: Look, design: Design) -> str:
    parts = []
    if look.left:
        parts.append(f'w:left="{_twips(look.left)}"')
    if look.right is not None:
        parts.append(f'w:right="{_twips(look.right)}"')
    if look.hanging:
        parts.append(f'w:hanging="{_twips(look.hanging)}"')
    if look.indent:
        size = look.size or design.normal.size
        parts.append(f'w:firstLineChars="{look.indent * 100:.0f}" w:firstLine="{_twips(look.indent * size)}"')
    return f"<w:ind {' '.join(parts)}/>" if parts else ""


def _tab(look: Look, design: Design) -> str:
    if not look.tab:
        return ""
    leader = ' w:leader="dot"' if "dot" in look.tab else ""
    at = design.width - (_twips(look.right or 0) if "in" in look.tab.split() else 0)
    return f'<w:tabs><w:tab w:val="right"{leader} w:pos="{at}"/></w:tabs>'


def _paragraph_style(look: Look, design: Design) -> str:
    def on(tag: str, wanted: bool) -> str:
        return f"<w:{tag}/>" if wanted else ""

    paragraph = "".join(
        (
            on("keepNext", look.keep_next),
            on("keepLines", look.keep_lines),
            on("pageBreakBefore", look.new_page),
            f"<w:pBdr>{look.rules}</w:pBdr>" if look.rules else "",
            _tab(look, design),
            '<w:wordWrap w:val="0"/>' if look.break_words else "",
            # else LibreOffice makes it two lines
            '<w:snapToGrid w:val="0"/>' if design.grid and look.line not in (0, design.grid) else "",
            _spacing(look),
            _indent(look, design),
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
            f'<w:spacing w:val="{_twips(look.pitch)}"/>' if look.pitch else "",
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


def _styles(design: Design) -> str:
    normal = design.normal
    half_points, fonts = round(normal.size * 2), _fonts(normal.font, normal.latin)
    pitch = f'<w:spacing w:val="{_twips(design.pitch)}"/>' if design.pitch else ""
    base = (
        f'<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/><w:pPr>'
        "<w:widowControl/><w:overflowPunct/>"
        f'<w:spacing w:before="0" w:after="0" w:line="{_twips(normal.line)}" w:lineRule="exact"/>'
        f'<w:jc w:val="{normal.align}"/></w:pPr>'
        f"<w:rPr>{fonts}{pitch}"
        f'<w:kern w:val="0"/><w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/></w:rPr></w:style>'
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/><w:unhideWhenUsed/></w:style>'
    )
    characters = [
        _character_style("Label", "条目标签", _fonts(design.label, design.label)),
        _character_style("Hyperlink", "Hyperlink", f'<w:color w:val="{LINK}"/><w:u w:val="none"/>'),
        _character_style("ContentsLink", "目录链接", '<w:color w:val="auto"/><w:u w:val="none"/>'),
        _character_style("CommentReference", "annotation reference", '<w:sz w:val="21"/><w:szCs w:val="21"/>'),
        *(
            _character_style(f"Wide{n}", f"全角标点 {face}", _fonts(face, face))
            for n, face in enumerate(design.faces, 1)
        ),
    ]
    return (
        f"{_HEAD}<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr>{fonts}"
        f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
        '<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr>'
        "</w:rPrDefault><w:pPrDefault/></w:docDefaults>"
        + base
        + "".join(_paragraph_style(look, design) for look in design.looks)
        + "".join(characters)
        + _table_style()
        + "</w:styles>"
    )


def _run(text: str, style: str = "") -> str:
    character = f'<w:rStyle w:val="{style}"/>' if style else ""
    inner = "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in text.split("\t"))
    return f'<w:r><w:rPr>{character}<w:rFonts w:hint="eastAsia"/></w:rPr>{inner}</w:r>'


def _paragraph(style: str, text: str, design: Design) -> str:
    label, runs = "", ""
    if text.startswith("["):
        label, text = text[1:].split("]", 1)
        runs = _run(label, "Label")
    if text:
        runs += _run(text)
    frame = _at_the_foot(design) if style == "Colophon" else ""  # LibreOffice ignores the place of a style's frame
    named = "" if style == "Normal" else f'<w:pPr><w:pStyle w:val="{style}"/>{frame}</w:pPr>'
    return f"<w:p>{named}{runs}</w:p>"


def _at_the_foot(design: Design) -> str:
    return (
        f'<w:framePr w:w="{design.width}" w:wrap="around" w:vAnchor="margin" w:hAnchor="margin" w:x="1" '
        'w:yAlign="bottom"/>'
    )


def _document(design: Design) -> str:
    def mm(length: float) -> int:
        return round(length * 1440 / 25.4)

    top, bottom, left = map(mm, design.margins)
    right = 11906 - left - design.width
    grid = f'<w:docGrid w:type="lines" w:linePitch="{_twips(design.grid)}"/>' if design.grid else ""
    section = (
        '<w:sectPr><w:footerReference w:type="even" r:id="rId5"/><w:footerReference w:type="default" r:id="rId6"/>'
        f'<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="{top}" w:right="{right}" w:bottom="{bottom}" '
        f'w:left="{left}" w:header="{mm(design.header)}" w:footer="{mm(design.footer)}" w:gutter="0"/>{grid}</w:sectPr>'
    )
    body = "".join(_paragraph(style, text, design) for style, text in design.content)
    return f"{_HEAD}<w:document {_W} {_R}><w:body>{body}{section}</w:body></w:document>"


def _footer(style: str, design: Design) -> str:
    hint = '<w:rPr><w:rFonts w:hint="eastAsia"/></w:rPr>'
    before, after = design.page_number
    field = "".join(
        f"<w:r>{hint}{inner}</w:r>"
        for inner in (
            f'<w:t xml:space="preserve">{before}</w:t>',
            '<w:fldChar w:fldCharType="begin"/>',
            '<w:instrText xml:space="preserve"> PAGE </w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>1</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
            f'<w:t xml:space="preserve">{after}</w:t>',
        )
    )
    return f'{_HEAD}<w:ftr {_W}><w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{field}</w:p></w:ftr>'


# The GB names of the same faces, and for 小标宋, which no system brings, what comes nearest in Windows.
_FONT_TABLE = (
    ("仿宋", "FangSong", "modern"),
    ("楷体", "KaiTi", "modern"),
    ("黑体", "SimHei", "modern"),
    ("宋体", "SimSun", "auto"),
    ("方正小标宋简体", "FZXiaoBiaoSong-B05S,方正小标宋_GBK,FZXiaoBiaoSong-B05,华文中宋,STZhongsong", "auto"),
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


def _theme(design: Design) -> str:
    def colour(name: str, value: str) -> str:
        return f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>'

    palette = (
        f"dk1 000000 lt1 FFFFFF dk2 {LINK} lt2 E7E6E6 accent1 {design.red} accent2 {LINK} accent3 A5A5A5 accent4 FFC000"
    )
    words = iter(f"{palette} accent5 4472C4 accent6 70AD47 hlink {LINK} folHlink {LINK}".split())
    colours = "".join(colour(name, value) for name, value in zip(words, words, strict=True))
    face = f'<a:latin typeface="{LATIN}"/><a:ea typeface="{design.normal.font}"/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="6350" cap="flat" cmpd="sng" algn="ctr">{fill}<a:prstDash val="solid"/></a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    name = f'name="{design.title}"'
    return (
        f'{_HEAD}<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" {name}><a:themeElements>'
        f"<a:clrScheme {name}>{colours}</a:clrScheme><a:fontScheme {name}><a:majorFont>{face}</a:majorFont>"
        f"<a:minorFont>{face}</a:minorFont></a:fontScheme>"
        f"<a:fmtScheme {name}><a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{line * 3}</a:lnStyleLst>"
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


def build(design: Design) -> bytes:
    """A template as a DOCX file; the same bytes every time."""
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
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{design.title}</dc:title>'
        f"<cp:version>{design.version}</cp:version></cp:coreProperties>"
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
        "word/document.xml": _document(design),
        "word/styles.xml": _styles(design),
        "word/settings.xml": _settings(),
        "word/fontTable.xml": _font_table(),
        "word/theme/theme1.xml": _theme(design),
        "word/footer1.xml": _footer("FooterEven", design),
        "word/footer2.xml": _footer("Footer", design),
        "docProps/core.xml": core,
        "docProps/app.xml": app,
    }
    return pack({name: text.encode() for name, text in parts.items()})


if __name__ == "__main__":
    for design in DESIGNS:
        (Path(sys.argv[1]) / f"{design.name}.docx").write_bytes(build(design))
