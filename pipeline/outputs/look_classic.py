"""The template `classic`: what a bulletin typed into Word's blank page looks like, as the centre's issues did so far.

A4 with Word's own margins; lead and headings in 14 pt, text in 12 pt 宋体 on lines of 22 pt, titles of articles in
16 pt. Issue 535 takes 10 pages instead of 14.
"""

from __future__ import annotations

from pipeline.outputs.look import FACES, LATIN, Design, Look

FANG, KAI, HEI, SONG, TITLE = FACES
LINE = 22

_THIN_RULES = (
    '<w:top w:val="single" w:sz="6" w:space="4" w:color="auto"/>'
    '<w:bottom w:val="single" w:sz="6" w:space="4" w:color="auto"/>'
)

# It is read as a table.
# fmt: off
_LOOKS = (
    Look("Masthead", "报头名称", SONG, SONG, 22, 34, 0, 8, "center", bold=True, follows="IssueNo"),
    Look("IssueNo", "报头期号", size=14, line=24, align="center", follows="OrgLine"),
    Look("OrgLine", "报头编发行", size=14, line=24, align="center", follows="LeadLabel"),
    Look("LeadLabel", "导语标签", HEI, HEI, 14, 24, 14, align="left", keep_next=True, follows="Lead"),
    # in squares of 14 pt the office's usual sentence ends with two characters, 等。, on a line of their own
    Look("Lead", "导语", size=14, line=24, align="both", indent=2, pitch=0.75),
    Look("Heading1", "heading 1", HEI, HEI, 14, 24, 14, 6, "left", keep_next=True, outline=0, follows="Body"),
    Look("Heading1Page", "一级标题另页", based="Heading1", new_page=True, follows="Body"),
    Look("TOC1", "toc 1", align="left", left=18, hanging=18, tab="right dot", keep_next=True),
    Look("TOC2", "toc 2", align="left", after=3, left=12),
    Look("Heading2", "heading 2", HEI, HEI, 14, 24, 14, 0, "left", keep_next=True, keep_lines=True, outline=1,
         follows="Meta"),
    Look("Heading2First", "二级标题首条", based="Heading2", before=0, follows="Meta"),
    Look("Meta", "条目信息", align="left", keep_next=True),
    Look("MetaLink", "条目链接", align="left", left=36, hanging=36, keep_next=True, break_words=True),
    Look("ArtTitle", "文章标题", SONG, SONG, 16, 26, 18, 6, "center", bold=True, keep_next=True, keep_lines=True,
         follows="Dateline"),
    Look("Dateline", "文章来源行", after=10, align="center", keep_next=True, follows="Body"),
    Look("Heading3", "heading 3", HEI, HEI, 14, 24, 10, 2, "left", indent=2, keep_next=True, outline=2,
         follows="Body"),
    Look("Heading4", "heading 4", before=4, align="left", indent=2, bold=True, keep_next=True, outline=3,
         follows="Body"),
    Look("Body", "文章正文", indent=2),
    Look("BodyLeft", "文章正文左齐", based="Body", align="left", break_words=True),
    Look("Item", "文章列举", indent=2),
    Look("Item2", "文章列举二级", indent=2, left=24),
    Look("Item3", "文章列举三级", indent=2, left=48),
    Look("Quotation", "文章引文", KAI, LATIN, indent=2, left=24, right=24),
    Look("Figure", "文章图片", line=-1, before=6, after=3, align="center", keep_next=True),
    Look("FigureAlone", "无说明图片", line=-1, before=6, after=6, align="center"),
    Look("Caption", "caption", KAI, LATIN, 10.5, 18, 0, 6, "center"),
    Look("TableTitle", "表格标题", HEI, HEI, 10.5, 18, 6, 3, "center", keep_next=True),
    Look("Cell", "表格文字", size=10.5, line=16, align="left"),
    Look("CellHead", "表格表头", HEI, HEI, 10.5, 16, align="center", keep_next=True, based="Cell"),
    Look("CellNumber", "表格数字", based="Cell", align="center"),
    Look("CellKept", "表格文字同页", keep_next=True, based="Cell"),
    Look("CellNumberKept", "表格数字同页", keep_next=True, based="CellNumber"),
    Look("CellSmall", "表格文字小号", size=9, line=13, align="left"),
    Look("CellHeadSmall", "表格表头小号", HEI, HEI, 9, 13, align="center", keep_next=True, based="CellSmall"),
    Look("CellNumberSmall", "表格数字小号", based="CellSmall", align="center"),
    Look("CellSmallKept", "表格文字小号同页", keep_next=True, based="CellSmall"),
    Look("CellNumberSmallKept", "表格数字小号同页", keep_next=True, based="CellNumberSmall"),
    Look("TableGap", "表格间隔", size=4, line=8),
    Look("Colophon", "版记", size=10.5, line=18, align="left", left=10.5, right=10.5, tab="right in",
         rules=_THIN_RULES),
    Look("Header", "header", size=10.5, line=16, align="right"),
    Look("Footer", "footer", SONG, SONG, 10.5, 16, align="center"),
    Look("FooterEven", "页脚双页", based="Footer"),
    Look("CommentText", "annotation text", size=10.5, line=-1, align="left"),
)
# fmt: on

_CONTENT = (
    ("Masthead", "{{ 刊名 }}"),
    ("IssueNo", "（第{{ 期号 }}期）"),
    ("OrgLine", "{{ 编发单位 }}"),
    ("OrgLine", "{{ 日期 }}"),
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

CLASSIC = Design(
    name="classic",
    version="classic-1",
    title="传统版式模板",
    margins=(25.4, 25.4, 31.75),
    width=8306,  # 146.5 mm
    header=15,
    footer=17.5,
    grid=0,
    normal=Look("Normal", "Normal", SONG, LATIN, 12, LINE, 0, 0, "both"),
    pitch=0,
    looks=_LOOKS,
    faces=FACES,
    label=HEI,
    red="C00000",
    page_number=("", ""),
    content=_CONTENT,
)
"""For offices that keep to what they had."""
