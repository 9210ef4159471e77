"""What editors paste: the text of Word, WPS, Google Docs and web pages becomes blocks, and nothing is lost unsaid."""

from __future__ import annotations

import base64
import contextlib

import pytest

from pipeline.errors import UsageError
from pipeline.model import Block, Kind
from pipeline.steps.blocks import MOST_TEXT
from pipeline.steps.pasting import cleaned
from spent import computing

WORD = """Version:1.0\r\nStartHTML:0000000150\r\nEndHTML:0000009000\r\nSourceURL:file:///C:/Users/wang/bulletin.docx\r\n
<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:w="urn:schemas-microsoft-com:office:word"><head><meta name=Generator content="Microsoft Word 15">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {mso-style-unhide:no;} --></style>
<script>alert(1)</script></head><body lang=ZH-CN>
<p class=MsoNormal>选区之外的一段</p>
<!--StartFragment-->
<h2 style='mso-outline-level:2'><span lang=EN-US>一、</span>平台怎么建<o:p></o:p></h2>
<p class=MsoNormal style='text-indent:21.0pt;mso-char-indent-count:2.0'><span style='font-family:仿宋;
mso-ascii-font-family:"Times New Roman"'>
全市检查检验结果互认平台近日升级，</span><span lang=EN-US>247</span>家机构接入。<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraph style='margin-left:21.0pt;text-indent:-21.0pt;mso-list:l0 level1 lfo1'>
<![if !supportLists]><span lang=EN-US style='mso-list:Ignore'>1.<span style='font:7.0pt "Times New Roman"'>&nbsp;
</span></span><![endif]>统一目录</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>2.<span>
</span></span><![endif]>统一编码</p>
<p class=MsoListParagraph style='mso-list:l1 level2 lfo2'><![if !supportLists]><span style='font-family:Wingdings;
mso-list:Ignore'>l<span>&nbsp;</span></span><![endif]>编码到机构</p>
<p class=MsoListParagraph style='mso-list:l2 level1 lfo3'><![if !supportLists]><span style='mso-list:Ignore'>（一）
</span><![endif]>加强统筹</p>
<table class=MsoTableGrid border=1><tr><td><p class=MsoNormal>指标<o:p></o:p></p></td><td><p>数值</p></td></tr>
<tr><td><p>接入机构</p></td><td><p>247</p></td></tr></table>
<p class=MsoNormal>原文
<del cite="mailto:a" datetime="2024-06-30T10:00"><span>删去的话</span></del><ins cite="mailto:a">补上的话</ins>。
<span class=MsoCommentReference><a style='mso-comment-reference:w_1'>[w1]</a></span></p>
<p class=MsoNormal><img width=300 height=200 src="data:image/png;base64,{picture}" v:shapes="Picture_x0020_1"></p>
<p><img width=300 height=200 src="https://img.example.cn/hall.jpg" alt="大厅"></p>
<div style='mso-element:comment-list'>
<div style='mso-element:comment'><p class=MsoCommentText>此处核实人名</p></div></div>
<p class=MsoNormal>署名的一段。</p>
<!--EndFragment--></body></html>"""
OWN = Block(Kind.FIGURE, "大厅", src="https://img.example.cn/hall.jpg", blob="ab")


def test_what_word_pastes_becomes_headings_lists_tables_and_paragraphs():
    page = WORD.replace("{picture}", base64.b64encode(bytes(300)).decode())
    found = cleaned(page.encode(), [OWN])
    assert found.blocks == (
        Block(Kind.HEADING, "一、平台怎么建", 1),
        Block(Kind.PARAGRAPH, "全市检查检验结果互认平台近日升级，247家机构接入。"),
        Block(Kind.ITEM, "统一目录", mark="1."),
        Block(Kind.ITEM, "统一编码", mark="2."),
        Block(Kind.ITEM, "编码到机构", 1),
        Block(Kind.ITEM, "（一）加强统筹"),
        Block(Kind.TABLE, rows=(("指标", "数值"), ("接入机构", "247"))),
        Block(Kind.PARAGRAPH, "原文补上的话。"),
        OWN,
        Block(Kind.PARAGRAPH, "署名的一段。"),
    )
    assert found.notes == (
        "批注没有收入：此处核实人名",
        "修订中删去的 1 处没有收入",
        "图片 1 张没有收入，只保留文章原有的图片",
    )


def test_what_google_docs_pastes_is_not_all_bold():
    page = (
        '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr"><span>短的一段'
        '</span></p><ol style="margin-top:0"><li dir="ltr"><p role="presentation"><span>第一项</span></p></li></ol>'
        '<p><span style="font-weight:700">小标题</span></p><p>末段。</p></b>'
    )
    assert cleaned(page.encode()).blocks == (
        Block(Kind.PARAGRAPH, "短的一段"),
        Block(Kind.ITEM, "第一项", mark="1."),
        Block(Kind.HEADING, "小标题", 1),
        Block(Kind.PARAGRAPH, "末段。"),
    )


def test_nothing_that_runs_is_taken_and_it_is_said():
    page = (
        "<p onclick=alert(1)>正文<a href='javascript:alert(1)'>链接</a></p><script>alert(2)</script>"
        "<iframe src=//evil></iframe><svg onload=alert(3)></svg><p>{{7*7}} &lt;b&gt;</p>"
    )
    found = cleaned(page.encode())
    assert [one.text for one in found.blocks] == ["正文链接", "{{7*7}} <b>"]
    assert found.notes == ("脚本、表单、嵌入内容 2 处没有收入",)


def test_a_heading_at_the_end_stays():
    assert cleaned(b"<p>one.</p><h2>two</h2>").blocks[-1] == Block(Kind.HEADING, "two", 1)


def test_a_large_picture_in_the_text_counts_for_nothing():
    page = f"<p>正文</p><img src='data:image/png;base64,{'A' * 5_000_000}'><p>末段</p>"
    assert [one.text for one in cleaned(page.encode()).blocks] == ["正文", "末段"]


@pytest.mark.parametrize(
    ("page", "because"),
    [
        (("<p>" + "文" * 1_000 + "</p>") * (MOST_TEXT // 1_000 + 1), f"正文有 {MOST_TEXT + 1_000} 字"),
        ("<p>" + "文" * 30_000 + "</p>", "过长"),
        ("<p>段</p>" * 6_000, "过多"),
        ("<p>文字</p>" * 500_000, "2 MB"),
        ("<p>文字</p>" + " " * (33 * 1024 * 1024), "33"),
        ("<script>alert(1)</script><p>&nbsp;</p>", "没有文字"),
        ("", "空白"),
        ("\x89PNG\r\n\x1a\n", "图片"),
    ],
    ids=[
        "many characters",
        "a long paragraph",
        "many paragraphs",
        "5 MB",
        "33 MB",
        "only a script",
        "empty",
        "no text",
    ],
)
def test_what_is_not_taken_is_refused_whole_with_its_limit(page, because):
    with pytest.raises(UsageError, match=because):
        cleaned(page.encode("latin-1" if page.startswith("\x89") else "utf-8"))


def test_what_is_odd_ends_in_time():
    for page in ("<xml" * 100_000, "<![" * 100_000, "<p style='mso-list:l0 level9 lfo1'>" * 2_000, "<del>" * 20_000):
        with computing(5), contextlib.suppress(UsageError):
            cleaned(f"{page}字".encode())
