"""What somebody brings along: pasted text and HTML, documents in a folder."""

import datetime as dt
import io
import sys

import pytest

from papers import Text, column, docx, p, pdf
from pipeline.desk import Desk, Pasted, now, open_desk
from pipeline.errors import UsageError
from pipeline.model import Article, Fate
from pipeline.steps.read import TOLD

TITLE = "检查结果互认平台完成升级"
FIRST = (
    "全市检查检验结果互认平台近日完成新一轮升级，二级及以上医疗机构的影像资料实现当日上传、当日可查，群众不必再带胶片。"
)
SECOND = "平台目前已接入二百四十余家机构，医生在诊间调阅一份外院影像平均用时不到三秒，重复检查率比去年同期下降了两成。"
TEXT = f"{TITLE}\n来源：健康时报　2024年6月5日\n{FIRST}\n{SECOND}\n"
HEAD = p(TITLE, size=22, centred=True)
PAGE = f"<h1>{TITLE}</h1><p>来源：健康时报　2024-06-05</p><p>{FIRST}</p><p>{SECOND}</p>"


@pytest.fixture
def desk(workspace):
    with open_desk(workspace, clock=now) as opened:
        yield opened


def article(desk: Desk, lead: int) -> Article:
    (one,) = desk.leads.get([lead])
    assert one.article, one.rejection
    return desk.leads.articles([one.article])[one.article]


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        TEXT.encode("gb18030"),
        PAGE.encode(),
        docx(p(TITLE, size=22, centred=True) + p(FIRST) + p(SECOND)),
    ],
    ids=["text", "text in gb18030", "a piece of HTML", "a document"],
)
def test_what_is_pasted_becomes_an_article_of_the_source_manual(desk, body):
    lead = desk.paste(Pasted(body))
    found = article(desk, lead)
    assert (found.title, found.text) == (TITLE, f"{FIRST}\n{SECOND}")
    assert desk.leads.get([lead])[0].lead.source == "manual"


def test_what_the_editor_says_wins_over_what_the_text_says(desk):
    said = Pasted(PAGE.encode(), "https://news.example/1", "编辑拟的标题", "2024年6月7日 9:30", "北京日报")
    found = article(desk, desk.paste(said))
    assert (found.url, found.title, found.date, found.time, found.origin) == (
        "https://news.example/1",
        "编辑拟的标题",
        dt.date(2024, 6, 7),
        dt.time(9, 30),
        "北京日报",
    )
    assert {found.evidence[field] for field in ("title", "date", "origin")} == {TOLD}


def test_what_the_editor_leaves_open_the_text_says(desk):
    found = article(desk, desk.paste(Pasted(TEXT.encode(), outlet="北京日报")))
    assert (found.title, found.date, found.origin) == (TITLE, dt.date(2024, 6, 5), "北京日报")
    assert found.evidence["origin"] == TOLD != found.evidence["date"]


def test_a_text_that_is_no_article_is_refused_with_its_reason_and_kept(desk):
    body = "请登录后查看".encode()
    (one,) = desk.leads.get([desk.paste(Pasted(body))])
    assert one.rejection
    assert one.rejection.fate is Fate.NOT_AN_ARTICLE
    assert desk.leads.page(one.page).body == body


def test_a_pasted_page_never_stands_in_for_the_one_on_the_web(desk):
    desk.paste(Pasted(PAGE.encode(), "https://news.example/1"))
    assert desk.leads.pages_of(["https://news.example/1"]) == {}


def test_what_was_refused_is_not_asked_of_the_web_when_something_else_is_taken(desk, tmp_path):
    lead = desk.paste(Pasted("请登录后查看".encode(), "https://news.example/1"))
    before = desk.leads.get([lead])[0]
    (tmp_path / "a.html").write_text(f"<html><body>{PAGE}</body></html>", "utf-8")
    desk.take([], [tmp_path / "a.html"])
    after = desk.leads.get([lead])[0]
    assert (after.page, after.rejection) == (before.page, before.rejection)


@pytest.mark.parametrize(
    ("pasted", "because"),
    [
        (Pasted(b" \n"), "没有粘贴任何内容"),
        (Pasted(b"x" * 5_000_001), "5.0 MB，超过上限 5 MB"),
        (Pasted(TEXT.encode(), url="ftp://news.example/1"), "不是网页地址"),
        (Pasted(TEXT.encode(), url="javascript:alert(1)"), "不是网页地址"),
        (Pasted(TEXT.encode(), date="前天"), "看不懂日期"),
        (Pasted(TEXT.encode(), date="2024-02-30"), "看不懂日期"),
    ],
    ids=["nothing", "too much", "another scheme", "a script", "a vague day", "no day"],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_stored(desk, pasted, because):
    with pytest.raises(UsageError, match=because):
        desk.paste(pasted)
    assert not desk.leads.some_blobs()


class Stdin:
    def __init__(self, body: bytes) -> None:
        self.buffer = io.BytesIO(body)


def test_a_text_is_pasted_on_the_command_line(bulletin, workspace, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stdin(TEXT.encode()))
    code, out, _ = bulletin("-C", workspace, "collect", "--paste", "--url", "https://news.example/1", "--title", "改题")
    assert code == 0
    assert out.startswith("https://news.example/1  已读入：《改题》 2024-06-")


def test_an_address_that_is_none_is_refused_with_how_to_write_one(bulletin, workspace):
    for command in (["collect", "--url"], ["sources", "add"]):
        code, out, err = bulletin("-C", workspace, *command, "某报")
        assert (code, out) == (2, "")
        assert "“某报”不是网页地址。请写完整的 http:// 或 https:// 地址。" in err


def test_a_page_that_cannot_be_had_can_be_pasted_and_it_is_said_how(bulletin, workspace):
    code, out, err = bulletin("-C", workspace, "collect", "--url", "http://10.0.0.1/1.html")
    assert code == 1
    assert out.startswith("http://10.0.0.1/1.html  ")
    assert "bulletin collect --paste --url" in err


@pytest.mark.parametrize(
    ("options", "because"),
    [(["--title", "某题"], "只与 --paste 同用"), (["--paste", "--file", "a.html"], "不与 --file 同用")],
)
def test_options_that_do_not_go_together_are_refused(bulletin, workspace, options, because):
    code, _, err = bulletin("-C", workspace, "collect", *options)
    assert code == 2
    assert because in err


def test_documents_in_a_folder_are_articles_and_old_ones_say_what_to_do(desk, workspace):
    inbox, byline = workspace / "inbox", "来源：健康时报　2024年6月5日"
    (inbox / "一.docx").write_bytes(docx(HEAD + p(byline) + p(FIRST) + p(SECOND)))
    head = [Text(140, 760, TITLE, 22), Text(140, 720, byline)]
    (inbox / "二.PDF").write_bytes(pdf([[*head, *column(FIRST, 90, 690, 39), *column(SECOND, 90, 600, 39)]]))
    (inbox / "三.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"))
    harvested = desk.harvest("inbox")
    desk.read(harvested.leads)
    found = {one.lead.url: one for one in desk.leads.get(harvested.leads)}
    kept = [one for one in found.values() if one.article]
    assert [article(desk, one.id).title for one in kept] == [TITLE, TITLE]
    (old,) = [one for one in found.values() if one.rejection]
    assert "另存为 .docx" in old.rejection.because
