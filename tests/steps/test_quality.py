"""The quality of a page falls with each thing it should give and does not, and says which."""

import datetime as dt
from dataclasses import replace

import pytest

from pipeline.config import Outlets
from pipeline.model import Article, Block, DateClaim, Flag, Kind, Lead, Page, Witness
from pipeline.steps.quality import graded
from pipeline.steps.read import read_page

DAY = dt.date(2024, 6, 30)
SOUND = Article(
    "https://www.example.com/1.html",
    "影像云接入全市医院",
    (Block(Kind.PARAGRAPH, "全市二级以上医院已接入影像云平台，患者换一家医院看病，不必再重复拍片。" * 12),),
    date=DAY,
    origin="某市健康报",
    dates=(DateClaim(Witness.PAGE, "署名行", "2024-06-30", DAY, chosen=True),),
)


def test_a_page_that_gives_everything_has_full_quality_and_lacks_nothing() -> None:
    assert (graded(SOUND).quality, graded(SOUND).lacks) == (1.0, ())


@pytest.mark.parametrize(
    ("article", "says"),
    [
        (
            replace(SOUND, blocks=(Block(Kind.PARAGRAPH, "影像云已接入。" * 10),)),
            "正文较短（70 字）",
        ),
        (replace(SOUND, blocks=(*SOUND.blocks, Block(Kind.PARAGRAPH, "患者\ufffd\ufffd很满\ufffd意"))), "2 处乱码"),
        (replace(SOUND, links=0.4), "链接文字占 40%"),
        (replace(SOUND, confidence=0.31), "正文置信度低（0.31）"),
        (replace(SOUND, flags=(Flag.INCOMPLETE,)), "可能不完整"),
        (replace(SOUND, flags=(Flag.NO_TITLE,)), "没有标题"),
        (replace(SOUND, flags=(Flag.MIRROR,)), "疑似镜像站"),
        (replace(SOUND, origin=""), "没有来源"),
        (replace(SOUND, date=None, dates=()), "没有日期"),
        (replace(SOUND, dates=(DateClaim(Witness.GUESS, "htmldate", "2024-06-30", DAY, chosen=True),)), "htmldate"),
        (
            replace(
                SOUND, dates=(*SOUND.dates, DateClaim(Witness.ADDRESS, "网址", "/2024/0501/", dt.date(2024, 5, 1)))
            ),
            "日期互相矛盾",
        ),
    ],
)
def test_each_defect_takes_something_off_and_is_named(article: Article, says: str) -> None:
    found = graded(article)
    assert found.quality < 1
    assert len(found.lacks) == 1
    assert says in found.lacks[0]


def test_the_worst_page_is_not_below_nothing() -> None:
    worst = Article(
        "", "", (Block(Kind.PARAGRAPH, "\ufffd 坏"),), confidence=0.0, links=1.0, flags=(Flag.MIRROR, Flag.INCOMPLETE)
    )
    assert graded(worst).quality == 0
    assert len(graded(worst).lacks) >= 6


def test_a_page_that_is_read_carries_its_quality_and_an_editor_reads_it_with_the_chain_of_dates() -> None:
    body = "<p>全市二级以上医院已接入影像云平台，患者换一家医院看病，不必再重复拍片。</p>" * 3
    html = (
        f"<html><head><title>影像云接入全市医院</title></head><body><h1>影像云接入全市医院</h1>"
        f"<p>2024-06-30 10:20 来源：某市健康报</p><div class='TRS_Editor'>{body}</div></body></html>"
    )
    lead = Lead("s", "https://www.example.com/2024/0501/1.html", published="Sun, 30 Jun 2024 02:20:00 GMT")
    page = Page(lead.url, html.encode(), dt.datetime(2024, 7, 1, tzinfo=dt.UTC))
    article = read_page((page, lead), outlets=Outlets())
    assert isinstance(article, Article)
    assert 0 < article.quality < 1
    read, chain = article.remarks
    assert f"页面质量 {article.quality:.2f}（正文较短" in read
    assert chain == (
        "日期依据：署名行 2024-06-30（采用：页面上最可信的一处）；网址 2024-05-01（与采用的不一致）；"
        "线索 2024-06-30（与采用的一致）"
    )
