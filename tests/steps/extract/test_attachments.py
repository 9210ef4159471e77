"""Pages whose text stands in a file that they offer."""

import datetime as dt
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from papers import docx, p
from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import BEIJING, Article, Attachment, Flag, Page, Rejection
from pipeline.steps.attach import with_attachment
from pipeline.steps.extract import PAGE_ALONE, extract

OUTLETS = Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))
NOW = dt.datetime(2024, 7, 1, 8, tzinfo=BEIJING)
TITLE = "关于印发检查检验结果互认工作方案的通知"
HEAD = f"<html><head><meta charset='utf-8'><title>{TITLE}-某市卫生健康委员会</title></head><body><h1>{TITLE}</h1>"
BYLINE = "<div class='info'>发布时间：2024-06-05　来源：某市卫生健康委员会</div>"
TEXT = "市卫生健康委员会近日印发方案，要求各级医疗机构加快接入影像云平台，让群众少跑路、少花钱、少做重复检查。" * 2
MENU = "".join(f"<a href='/list/{i}.html'>政务公开栏目第{i}类信息公开目录</a>" for i in range(8))


def got(body: str, url: str = "https://wjw.example.gov.cn/zwgk/202406/t20240605_1.html") -> Article | Rejection:
    return extract(Page(url, body.encode(), NOW), OUTLETS)


def article(body: str) -> Article:
    found = got(body)
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("link", "name", "address"),
    [
        ("<p>附件：<a href='./P1.pdf'>互认工作方案.pdf</a></p>", "互认工作方案.pdf", "/zwgk/202406/P1.pdf"),
        ("<p><a href='/up/%E6%96%B9%E6%A1%88.docx'>点击下载</a></p>", "方案.docx", "/up/%E6%96%B9%E6%A1%88.docx"),
        ("<p><a href='/down?id=7'>附件1：互认工作方案.pdf</a></p>", "互认工作方案.pdf", "/down?id=7"),
        ("<a href='#' onclick=\"open('/upload/fa.pdf')\">查看原文</a>", "fa.pdf", "/upload/fa.pdf"),
        ("<iframe src='/pdfjs/viewer.html?file=/upload/fa.pdf'></iframe>", "fa.pdf", "/upload/fa.pdf"),
        ("<embed src='/upload/fa.pdf' type='application/pdf'>", "fa.pdf", "/upload/fa.pdf"),
    ],
    ids=["link", "download", "named by its text", "script", "viewer", "embedded"],
)
def test_a_page_that_is_only_a_title_and_a_file_waits_for_the_file(link: str, name: str, address: str) -> None:
    found = article(f"{HEAD}{BYLINE}<div class='content'>{link}</div></body></html>")
    assert found.attached == Attachment(name, f"https://wjw.example.gov.cn{address}")
    assert (found.title, found.date, found.origin) == (TITLE, dt.date(2024, 6, 5), "某市卫生健康委员会")
    assert Flag.INCOMPLETE in found.flags
    assert any("尚未取得" in note for note in found.notes)


def test_the_menu_of_a_site_does_not_hide_that_a_page_has_only_a_file() -> None:
    found = article(f"{HEAD}<div>{MENU}</div>{BYLINE}<p>附件：<a href='P1.pdf'>互认工作方案.pdf</a></p></body></html>")
    assert found.attached is not None


def test_a_page_with_a_text_keeps_it_and_names_its_files() -> None:
    link = "<p>附件：<a href='P1.pdf'>互认工作方案.pdf</a></p>"
    found = article(f"{HEAD}{BYLINE}<div><p>{TEXT}</p>{link}</div></body></html>")
    assert found.attached is None
    assert TEXT in found.text
    assert "附件：互认工作方案.pdf" in found.notes
    assert [one.name for one in found.attachments] == ["互认工作方案.pdf"]


@pytest.mark.parametrize(
    "link",
    [
        "<a href='https://elsewhere.example.com/a.pdf'>互认工作方案.pdf</a>",
        "<a href='a.xlsx'>互认工作统计表.xlsx</a>",
        "".join(f"<p><a href='{i}.pdf'>第{i}批公开目录.pdf</a></p>" for i in range(12)),
    ],
    ids=["another site", "a table", "a list of downloads"],
)
def test_other_files_are_no_text_to_wait_for(link: str) -> None:
    found = got(f"{HEAD}{BYLINE}<div>{link}</div></body></html>")
    assert isinstance(found, Rejection) or found.attached is None


def test_a_file_gives_its_text_and_the_page_keeps_its_own_title_date_and_outlet() -> None:
    page = article(f"{HEAD}{BYLINE}<p>附件：<a href='P1.docx'>互认工作方案.docx</a></p></body></html>")
    body = p("互认工作方案", size=22, centred=True) + p("2024年5月1日", centred=True) + p(TEXT) + p(TEXT[::-1])
    file = extract(Page("https://wjw.example.gov.cn/P1.docx", docx(body), NOW), OUTLETS)
    assert isinstance(file, Article)
    whole = with_attachment(page, file)
    assert (whole.title, whole.date, whole.origin) == (TITLE, dt.date(2024, 6, 5), "某市卫生健康委员会")
    assert whole.blocks == file.blocks
    assert whole.evidence["body"] == "正文取自附件 互认工作方案.docx"
    assert Flag.INCOMPLETE not in whole.flags
    assert not any("附件" in note for note in whole.notes)


def test_the_text_of_a_file_is_not_held_against_the_page_that_offers_it() -> None:
    page = article(f"{HEAD}{BYLINE}<p>附件：<a href='P1.docx'>互认工作方案.docx</a></p></body></html>")
    alone = replace(page, evidence={**page.evidence, "confidence": PAGE_ALONE})
    file = extract(Page("https://wjw.example.gov.cn/P1.docx", docx(p(TEXT) + p(TEXT[::-1])), NOW), OUTLETS)
    assert with_attachment(alone, file).evidence.get("confidence") != PAGE_ALONE


def test_what_the_page_leaves_out_the_file_fills_in() -> None:
    page = article(f"{HEAD}<p>附件：<a href='/P1.docx'>互认工作方案.docx</a></p></body></html>")
    body = docx(p(TEXT) + p(TEXT) + p("某市卫生健康委") + p("2024年6月3日"))
    file = extract(Page("https://wjw.example.gov.cn/P1.docx", body, NOW), OUTLETS)
    assert isinstance(file, Article)
    whole = with_attachment(replace(page, date=None, origin=""), file)
    assert (whole.date, whole.origin) == (dt.date(2024, 6, 3), "某市卫生健康委")
    assert whole.evidence["date"] == "附件：落款日期"


def test_a_file_that_cannot_be_read_is_named_with_its_reason_and_the_article_stays() -> None:
    page = article(f"{HEAD}{BYLINE}<p>附件：<a href='P1.pdf'>互认工作方案.pdf</a></p></body></html>")
    file = extract(Page("https://wjw.example.gov.cn/P1.pdf", b"%PDF-1.7 broken", NOW), OUTLETS)
    whole = with_attachment(page, file)
    assert "附件“互认工作方案.pdf”未能读出（PDF 文件已损坏，无法打开）：内容不完整" in whole.notes
    assert (whole.title, whole.flags) == (page.title, page.flags)
