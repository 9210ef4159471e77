"""The quality of a page falls with each thing it should give and does not, and says which."""

import datetime as dt
from dataclasses import replace

import pytest

from pipeline.config import Outlets
from pipeline.model import BELIEVED, Article, Block, DateClaim, Flag, Kind, Lead, Page, Witness
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
            "正文较短，70 字",
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
    assert chain == ("日期依据：署名行；线索一致；网址 2024-05-01（与采用的不一致）")


DAY = dt.date(2024, 6, 4)


def claim(where: str, day: dt.date = DAY, because: str = "与采用的一致", **more: object) -> DateClaim:
    return DateClaim(Witness.PAGE, where, str(day), day, because=because, **more)  # type: ignore[arg-type] - chosen


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        ((), "正文置信度 1.00，页面质量 1.00"),
        ((claim("署名行", because=BELIEVED, chosen=True),), "正文置信度 1.00，页面质量 1.00；日期依据：署名行"),
        (
            (claim("署名行", because=BELIEVED, chosen=True), claim("网址"), claim("线索"), claim("线索")),
            "正文置信度 1.00，页面质量 1.00；日期依据：署名行；网址、线索一致",
        ),
        (
            (claim("署名行", because=BELIEVED, chosen=True), *map(claim, "甲乙丙丁戊")),
            "正文置信度 1.00，页面质量 1.00；日期依据：署名行；甲、乙、丙等 5 处一致",
        ),
        (
            (claim("网址", because="采用：页面没有写明当地的日期", chosen=True),),
            "正文置信度 1.00，页面质量 1.00；日期依据：网址 2024-06-04（采用：页面没有写明当地的日期）",
        ),
        (
            (claim("页脚", dt.date(2024, 1, 1), "1 月 1 日且无旁证，未采用"),),
            "正文置信度 1.00，页面质量 1.00；日期依据：无一可信；页脚 2024-01-01（1 月 1 日且无旁证，未采用）",
        ),
    ],
    ids=["no date", "one place", "all agree", "many agree", "not by the page", "none believed"],
)
def test_how_a_page_was_read_is_one_line_that_spells_out_only_what_is_in_doubt(dates, told) -> None:
    assert Article("", "", (), date=DAY, dates=dates).remarks == (told,)
