"""Notices whose text stands in a file, from a web on loopback."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from loopback import Answer, point_at
from papers import Text, column, docx, p, pdf
from pipeline.desk import Inline, open_desk
from pipeline.model import Article, Flag, Window

JUNE = Window(dt.date(2024, 6, 1), dt.date(2024, 6, 30))
TITLE = "关于印发智慧医疗平台检查结果互认工作方案的通知"
FIRST = "本市将依托智慧医疗平台和电子病历共享推进检查检验结果互认，二级及以上医疗机构的影像资料当日上传、当日可查。"
SECOND = "医疗机构应当按照统一的数据标准上传检查报告与影像资料，做到及时、准确、完整，不得擅自变更字段含义。"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOCX = docx(p("检查结果互认工作方案", size=22, centred=True) + p(FIRST) + p(SECOND))
PDF = pdf([[Text(140, 760, "检查结果互认工作方案", 22), *column(FIRST, 90, 690, 39), *column(SECOND, 90, 600, 39)]])


def notice(*files: str, text: str = "") -> str:
    """A government's notice: a title, a byline and links to files."""
    links = "".join(f"<p>附件：<a href='{file}'>互认工作方案.{file.rpartition('.')[2]}</a></p>" for file in files)
    return f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{TITLE}</title></head><body>
<h1>{TITLE}</h1><div class="info">发布时间：2024-06-12　来源：某市卫生健康委员会</div>
<div class="content">{text}{links}</div><div class="footer">版权所有</div></body></html>"""


def collected(workspace: Path, clock) -> Article:
    with open_desk(workspace, clock=clock) as desk:
        desk.collect(Inline())
        stored = desk.leads.of_window("beijing-monthly", JUNE, 0)
        (article,) = desk.leads.articles({one.article for one in stored if one.article}).values()
        return article


@pytest.mark.parametrize(
    ("path", "body", "served_as"),
    [
        ("/fa.docx", DOCX, WORD),
        ("/fa.pdf", PDF, "application/pdf"),
        ("/fa.pdf", PDF, "text/html"),
        ("/fa.pdf", DOCX, "image/png"),
    ],
    ids=["a DOCX", "a PDF", "a PDF served as a page", "a DOCX that calls itself PDF and is served as a picture"],
)
def test_the_text_of_a_notice_comes_from_its_file(workspace, web, hour, path, body, served_as):
    web.page("/a.html", notice(path))
    web.answers[path] = Answer(body, served_as)
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert article.text == f"{FIRST}\n{SECOND}"
    assert (article.title, article.date, article.origin) == (TITLE, dt.date(2024, 6, 12), "某市卫生健康委员会")
    assert article.evidence["body"] == f"正文取自附件 互认工作方案.{path.rpartition('.')[2]}"
    assert Flag.INCOMPLETE not in article.flags


def test_a_notice_with_a_text_of_its_own_asks_for_no_file(workspace, web, hour):
    web.page("/a.html", notice("/fa.pdf", text=f"<p>{FIRST}</p><p>{SECOND}</p>"))
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert FIRST in article.text
    assert "附件：互认工作方案.pdf" in article.notes
    assert not [path for path in web.asked if path.endswith(".pdf")]


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (Answer(b"%PDF-1.7 broken", "application/pdf"), "未能读出（PDF 文件已损坏，无法打开）"),
        (Answer(status=404), "尚未取得"),
        (Answer("<html><body>请登录后下载</body></html>".encode()), "尚未取得"),
        (Answer(status=302, location="http://elsewhere.example.com/fa.pdf"), "尚未取得"),
    ],
    ids=["broken", "missing", "a page in its place", "another site"],
)
def test_a_file_that_cannot_be_had_or_read_leaves_a_marked_article(workspace, web, hour, answer, because):
    web.page("/a.html", notice("/fa.pdf"))
    web.answers["/fa.pdf"] = answer
    point_at(workspace, web, "/a.html")
    article = collected(workspace, hour)
    assert Flag.INCOMPLETE in article.flags
    assert any(because in note for note in article.notes)
    assert article.text == "附件：互认工作方案.pdf"


def test_a_file_that_came_late_is_asked_for_again(workspace, web, hour):
    web.page("/a.html", notice("/fa.pdf"))
    point_at(workspace, web, "/a.html")
    assert Flag.INCOMPLETE in collected(workspace, hour).flags
    web.answers["/fa.pdf"] = Answer(PDF, "application/pdf")
    hour.moment += dt.timedelta(hours=3)
    with open_desk(workspace, clock=hour) as desk:
        desk.collect(Inline())
        stored = desk.leads.of_window("beijing-monthly", JUNE, 0)
        (article,) = desk.leads.articles({one.article for one in stored if one.article}).values()
    assert article.text == f"{FIRST}\n{SECOND}"


def test_a_notice_that_is_looked_at_again_has_not_lost_the_text_of_its_file(workspace, web, hour):
    web.page("/a.html", notice("/fa.pdf").replace("某市", "北京市"))
    web.answers["/fa.pdf"] = Answer(PDF, "application/pdf")
    point_at(workspace, web, "/a.html")
    with open_desk(workspace, clock=hour) as desk:
        desked = desk.run("beijing-monthly", JUNE, Inline()).desked
        assert [FIRST in one.article.text for one in desked.draft.candidates] == [True]
        assert desk.revisit_all(desked.id) == 0
