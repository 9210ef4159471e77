"""The template `gongwen`: the look of GB/T 9704-2012 (党政机关公文格式).

A4, a type area of 156 × 225 mm, 22 lines of 28 characters in 16 pt 仿宋.
"""

from __future__ import annotations

from pipeline.outputs.look import FACES, LATIN, Design, Look

FANG, KAI, HEI, SONG, TITLE = FACES
RED = "E60012"
GRID = 28.95  # 225 mm over 22 lines

_RED_RULE = f'<w:bottom w:val="single" w:sz="18" w:space="6" w:color="{RED}"/>'
_THIN_RULES = (
    '<w:top w:val="single" w:sz="8" w:space="4" w:color="auto"/>'
    '<w:bottom w:val="single" w:sz="8" w:space="4" w:color="auto"/>'
)

# It is read as a table.
# fmt: off
_LOOKS = (
    Look("Masthead", "报头名称", TITLE, TITLE, 32, 43, 20, 10, "center", colour=RED, follows="IssueNo"),
    Look("IssueNo", "报头期号", KAI, LATIN, 16, GRID, 0, 14, "center", follows="OrgLine"),
    Look("OrgLine", "报头编发行", after=22, align="left", tab="right", rules=_RED_RULE),
    Look("LeadLabel", "导语标签", HEI, HEI, align="left", keep_next=True, follows="Lead"),
    Look("Lead", "导语", align="both", indent=2),
    Look("Heading1", "heading 1", HEI, HEI, 16, GRID, 14.5, 7.2, "left", keep_next=True, outline=0, follows="Body"),
    Look("Heading1Page", "一级标题另页", based="Heading1", new_page=True, follows="Body"),
    Look("TOC1", "toc 1", size=15, align="left", left=21, hanging=21, tab="right dot", keep_next=True),
    Look("TOC2", "toc 2", KAI, LATIN, 14, 21, 0, 6, "left", left=14),
    Look("Heading2", "heading 2", HEI, HEI, 16, GRID, 15, 0, "left", keep_next=True, keep_lines=True, outline=1,
         follows="Meta"),
    Look("Heading2First", "二级标题首条", based="Heading2", before=0, follows="Meta"),
    Look("Meta", "条目信息", align="left", keep_next=True),
    Look("MetaLink", "条目链接", align="left", left=48, hanging=48, keep_next=True, break_words=True),
    Look("ArtTitle", "文章标题", TITLE, TITLE, 18, 27, 17.4, 5.8, "center", keep_next=True, keep_lines=True,
         follows="Dateline"),
    Look("Dateline", "文章来源行", KAI, LATIN, 14, GRID, 0, 10.1, "center", keep_next=True, follows="Body"),
    Look("Heading3", "heading 3", KAI, LATIN, 16, GRID, 7.2, 0, "left", indent=2, bold=True, keep_next=True,
         outline=2, follows="Body"),
    Look("Heading4", "heading 4", align="left", indent=2, bold=True, keep_next=True, outline=3, follows="Body"),
    Look("Body", "文章正文", indent=2),
    Look("BodyLeft", "文章正文左齐", based="Body", align="left", break_words=True),
    Look("Item", "文章列举", indent=2),
    Look("Item2", "文章列举二级", indent=2, left=32),
    Look("Item3", "文章列举三级", indent=2, left=64),
    Look("Quotation", "文章引文", KAI, LATIN, indent=2, left=32, right=32),
    Look("Figure", "文章图片", line=-1, before=6, after=3, align="center", keep_next=True),
    Look("FigureAlone", "无说明图片", line=-1, before=6, after=6, align="center"),
    Look("Caption", "caption", KAI, LATIN, 12, 20, 0, 6, "center"),
    Look("TableTitle", "表格标题", HEI, HEI, 12, 20, 6, 3, "center", keep_next=True),
    Look("Cell", "表格文字", size=12, line=18, align="left"),
    Look("CellHead", "表格表头", HEI, HEI, 12, 18, align="center", keep_next=True, based="Cell"),
    Look("CellNumber", "表格数字", based="Cell", align="center"),
    Look("CellKept", "表格文字同页", keep_next=True, based="Cell"),
    Look("CellNumberKept", "表格数字同页", keep_next=True, based="CellNumber"),
    Look("CellSmall", "表格文字小号", size=9, line=13, align="left"),
    Look("CellHeadSmall", "表格表头小号", HEI, HEI, 9, 13, align="center", keep_next=True, based="CellSmall"),
    Look("CellNumberSmall", "表格数字小号", based="CellSmall", align="center"),
    Look("CellSmallKept", "表格文字小号同页", keep_next=True, based="CellSmall"),
    Look("CellNumberSmallKept", "表格数字小号同页", keep_next=True, based="CellNumberSmall"),
    Look("TableGap", "表格间隔", size=4, line=8),
    Look("Colophon", "版记", size=14, line=24, align="left", left=14, right=14, tab="right in", rules=_THIN_RULES),
    Look("Header", "header", KAI, LATIN, 14, 16, align="right"),
    Look("Footer", "footer", SONG, SONG, 14, 16, align="right", right=14),
    Look("FooterEven", "页脚双页", based="Footer", align="left", left=14, right=0),
    Look("CommentText", "annotation text", size=10.5, line=-1, align="left"),
)
# fmt: on

_CONTENT = (
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

GONGWEN = Design(
    name="gongwen",
    version="gongwen-1",
    title="公文模板",
    margins=(37, 35, 28),
    width=8845,  # 156 mm
    header=20,
    footer=25,
    grid=GRID,
    normal=Look("Normal", "Normal", FANG, LATIN, 16, GRID, 0, 0, "both"),
    pitch=-0.25,  # 28 characters fit a line of 156 mm; with -0.2 it is 27
    looks=_LOOKS,
    faces=FACES,
    label=HEI,
    red=RED,
    page_number=("— ", " —"),
    content=_CONTENT,
)
"""The default."""
