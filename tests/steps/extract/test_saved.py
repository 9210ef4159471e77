"""Pages saved as one file, and what people paste out of Word."""

import datetime as dt
import quopri

import pytest
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import BEIJING, Article, Kind, Page
from pipeline.steps.extract import extract, other_reading

OUTLETS = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
NOW = dt.datetime(2024, 7, 1, 8, tzinfo=BEIJING)
FIRST = "全市检查检验结果互认平台近日完成新一轮升级，二级及以上医疗机构的影像资料实现当日上传、当日可查。"
SECOND = "平台目前已接入二百四十余家机构，医生在诊间调阅一份外院影像平均用时不到三秒，重复检查率下降两成。"
PAGE = (
    "<html><head><title>互认平台完成升级</title></head><body><h1>互认平台完成升级</h1>"
    f"<p>来源：健康时报　3小时前</p><p>{FIRST}</p><p>{SECOND}</p></body></html>"
)


def article(body: bytes, content_type: str = "") -> Article:
    found = extract(Page("file:inbox/a.mht", body, NOW, content_type), OUTLETS)
    assert isinstance(found, Article), found
    return found


def saved(charset: str) -> bytes:
    head = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://www.example.com/a/1.html\r\nSubject: x\r\n"
        "Date: Wed, 5 Jun 2024 04:00:00 -0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--b--"\r\n\r\n'
        f'----b--\r\nContent-Type: text/html; charset="{charset}"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode() + quopri.encodestring(PAGE.encode(charset)) + b"\r\n----b----\r\n"


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_a_page_saved_as_one_file_is_read_with_its_address_and_dated_from_when_it_was_saved(charset: str) -> None:
    found = article(saved(charset))
    assert (found.url, found.title, found.date) == (
        "https://www.example.com/a/1.html",
        "互认平台完成升级",
        dt.date(2024, 6, 5),
    )
    assert [block.text for block in found.blocks] == [FIRST, SECOND]


def test_the_second_reader_reads_the_page_inside_a_saved_one() -> None:
    page = Page("file:inbox/a.mht", saved("utf-8"), NOW)
    assert FIRST in "".join(block.text for block in other_reading(page))


WORD = f"""<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:schemas-microsoft-com:office:word">
<head><meta charset="utf-8"><meta name=Generator content="Microsoft Word 15">
<!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]-->
<style><!-- p.MsoNormal {{mso-style-parent:""; margin:0cm; font-family:"Calibri",sans-serif;}} --></style></head>
<body lang=ZH-CN style='tab-interval:21.0pt'><!--StartFragment-->
<p class=MsoTitle align=center style='text-align:center'><b><span style='font-size:22.0pt;mso-fareast-language:ZH-CN'>
互认平台完成升级<o:p></o:p></span></b></p>
<p class=MsoNormal style='text-indent:21.0pt;mso-char-indent-count:2.0'><span style='mso-bidi-font-size:10.5pt'>{FIRST}
<o:p></o:p></span></p>
<p class=MsoNormal><span style='display:none;mso-hide:all'>隐藏的批注文字</span><![if !vml]>
<img width=554 height=311 src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==" v:shapes="图片_x0020_1"><![endif]>
<o:p>&nbsp;</o:p></p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>1.<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>{SECOND}<o:p></o:p></p>
<script>alert('x')</script><p class=MsoNormal onclick="alert(1)">
<a href="javascript:alert(2)">下一步，平台还将接入社区卫生服务机构。</a></p>
<!--EndFragment--></body></html>"""


def test_what_is_pasted_out_of_word_is_cleaned_to_blocks() -> None:
    found = article(WORD.encode(), "text/html")
    assert found.title == "互认平台完成升级"
    assert [block.kind for block in found.blocks] == [Kind.PARAGRAPH] * 3
    assert [block.text for block in found.blocks] == [FIRST, f"1. {SECOND}", "下一步，平台还将接入社区卫生服务机构。"]
    everything = repr(found)
    assert not [word for word in ("mso", "alert", "base64", "隐藏", "WordDocument", "o:p") if word in everything]


def test_a_pasted_text_of_five_megabytes_ends_within_its_caps() -> None:
    body = "".join(f"<p class=MsoNormal>{i}{FIRST}<o:p></o:p></p>" for i in range(30_000))
    assert len(body.encode()) > 4_900_000
    found = article(f"<html><body><h1>互认平台完成升级</h1>{body}</body></html>".encode())
    assert len(found.blocks) <= 5_001
