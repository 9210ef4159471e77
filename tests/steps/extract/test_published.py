"""Which of a page's dates is believed, and what an editor is told about the others."""

import datetime as dt

import pytest

from pipeline.config import Outlets
from pipeline.model import BEIJING, Article, DateClaim, Lead, Page, Witness
from pipeline.steps.extract import extract

FETCHED = dt.datetime(2024, 7, 1, 9, 30, tzinfo=BEIJING)
BODY = (
    "<p>全市二级以上医院已接入影像云平台，患者换一家医院看病，不必再重复拍片。市卫生健康委说，年底前全部接入。</p>" * 3
)
URL = "https://www.example.com/a/1.html"


def read(
    byline: str = "",
    *,
    head: str = "",
    above: str = "",
    after: str = "",
    url: str = URL,
    said: str = "",
    fetched: dt.datetime = FETCHED,
) -> Article:
    html = (
        f"<!DOCTYPE html><html><head><title>影像云接入全市医院</title>{head}</head><body>{above}"
        f"<h1>影像云接入全市医院</h1><div class='info'>{byline}</div><div class='TRS_Editor'>{BODY}</div>{after}"
        "</body></html>"
    )
    lead = Lead("s", url, published=said) if said else None
    found = extract(Page(url, html.encode(), fetched), Outlets(), lead)
    assert isinstance(found, Article), found
    return found


def moment(article: Article) -> str:
    return " ".join(str(part) for part in (article.date, article.time) if part)


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("2024年6月30日", "2024-06-30"),
        ("2024/6/30 8:5", "2024-06-30 08:05:00"),
        ("6月30日", "2024-06-30"),
        ("今天 08:20", "2024-07-01 08:20:00"),
        ("3小时前", "2024-07-01 06:30:00"),
        ("10小时前", "2024-06-30 23:30:00"),
        ("昨天", "2024-06-30"),
        ("刚刚", "2024-07-01"),
        ("发布时间：二〇二四年六月三十日", "2024-06-30"),
        ("2024-06-30T23:59:59+0800", "2024-06-30 23:59:59"),
        ("2024-06-30 23:59:59 CST", "2024-06-30 23:59:59"),
        ("2024-06-30 23:59:59 BJT", "2024-06-30 23:59:59"),
        ("2024-06-30 23:59:59 +99:99", "2024-06-30 23:59:59"),
        ("2024-06-30 23:59:59", "2024-06-30 23:59:59"),
        ("2024-07-01 00:00:00", "2024-07-01 00:00:00"),
        ("2024-06-30 16:00:00 GMT", "2024-07-01 00:00:00"),
        ("2024-06-30 15:59:59 GMT", "2024-06-30 23:59:59"),
        ("会议时间：2024年6月30日 09:00-11:30", "2024-06-30 09:00:00"),
        ("24年6月30日 10:20", "2024-06-30 10:20:00"),
        ("2024/6/30 11:20:00 PM", "2024-06-30 23:20:00"),
    ],
)
def test_a_byline_gives_the_day_and_the_time_in_beijing(printed: str, meant: str) -> None:
    assert moment(read(f"{printed} 来源：某市健康报")) == meant


@pytest.mark.parametrize(
    ("stamp", "meant"),
    [("1719763199", "2024-06-30 23:59:59"), ("1719763200", "2024-07-01 00:00:00"), ("1719763200000", "2024-07-01")],
    ids=["the last second of June", "the first of July", "in milliseconds"],
)
def test_seconds_since_1970_are_a_moment_in_beijing(stamp: str, meant: str) -> None:
    assert moment(read(head=f'<meta name="publishdate" content="{stamp}">')).startswith(meant)


@pytest.mark.parametrize(
    "printed",
    [
        "0000-06-30 10:00",
        "0001-06-30 10:00",
        "1717-06-30 10:00",
        "9999-06-30 10:00",
        "2024-02-30 10:00",
        "2024-06-30 24:00",
        "2024-06-30 10:60",
        "2024-06-30 10:20:60",
        "2024年13月1日 10:00",
        "2024-07-03 10:00",
    ],
)
def test_a_date_that_cannot_be_leaves_the_article_undated_and_says_so(printed: str) -> None:
    article = read(f"{printed} 来源：某市健康报")
    assert (article.date, article.time) == (None, None)
    assert any(note.startswith("日期异常：") for note in article.notes)
    (claim,) = article.dates
    assert (claim.day, claim.chosen, claim.because) == (None, False, "日期异常，不能采用")


@pytest.mark.parametrize(
    "printed", ["-1年6月30日", "去年6月30日", "1-10月", "星期日", "浏览 20240 次", "6月31日", "1个月前"]
)
def test_what_names_no_day_of_this_year_is_no_date_and_never_todays(printed: str) -> None:
    assert read(f"{printed} 来源：某市健康报").date is None


def test_the_first_of_january_that_tools_invent_is_refused_and_one_with_a_clock_is_not() -> None:
    invented = read("2024年6月4日", head='<meta property="article:published_time" content="2024-01-01T00:00:00">')
    assert invented.date == dt.date(2024, 6, 4)
    assert any(one.because == "1 月 1 日且无旁证，未采用" for one in invented.dates)
    assert read("2024-01-01 08:00").date == dt.date(2024, 1, 1)
    assert read(head='<meta name="pubdate" content="2024-01-01">', url="https://www.example.com/20240101/1.html").date


def test_no_date_is_taken_from_the_body_the_footer_or_the_clock() -> None:
    article = read(after="<div class='footer'>Copyright 2012-2024 京ICP备2024000001号 2024-06-01</div>")
    assert article.date is None


def test_the_whole_chain_is_kept_with_what_stood_where_and_why() -> None:
    article = read(
        "2024年6月30日 10:20 来源：某市健康报",
        head='<meta name="pubdate" content="2024-06-30">',
        url="https://www.example.com/2024/0501/1.html",
        said="2024-06-29 08:00",
    )
    assert article.dates == (
        DateClaim(
            Witness.PAGE,
            "meta pubdate",
            "2024-06-30",
            dt.date(2024, 6, 30),
            chosen=True,
            because="采用",
        ),
        DateClaim(
            Witness.PAGE,
            "署名行",
            "2024年6月30日 10:20 来源:某市健康报",
            dt.date(2024, 6, 30),
            dt.time(10, 20),
            because="与采用的一致",
        ),
        DateClaim(
            Witness.ADDRESS,
            "网址",
            "https://www.example.com/2024/0501/1.html",
            dt.date(2024, 5, 1),
            because="与采用的不一致",
        ),
        DateClaim(
            Witness.LEAD,
            "线索",
            "2024-06-29 08:00",
            dt.date(2024, 6, 29),
            dt.time(8, 0),
            because="与采用的不一致",
        ),
    )
    assert article.notes == ("日期不一致：meta pubdate 2024-06-30，网址 2024-05-01",)


def test_a_lead_fills_the_gap_and_the_address_comes_before_it() -> None:
    assert read(said="Sun, 30 Jun 2024 16:30:00 GMT").date == dt.date(2024, 7, 1)
    both = read(url="https://www.example.com/2024/0615/1.html", said="2024-06-30")
    assert both.date == dt.date(2024, 6, 15)
    assert any("网址 2024-06-15，线索 2024-06-30" in note for note in both.notes)


def test_a_date_with_a_guessed_year_gives_way_to_one_that_is_written_out() -> None:
    article = read("12月20日", head='<meta name="og:updated_time" content="2022-12-20 10:00">')
    assert article.date == dt.date(2022, 12, 20)
    assert [one.chosen for one in article.dates] == [True, False]


def test_the_chain_of_a_page_full_of_dates_stays_short() -> None:
    lines = "".join(f"<p>发布时间：2024-06-{day:02} 10:00</p>" for day in range(1, 29))
    assert len(read(lines).dates) <= 20


def test_the_address_corrects_a_bare_day_that_a_foreign_page_counts_in_greenwich() -> None:
    said = "<p>" + "The hospital opened its new data centre on Sunday, officials said. " * 8 + "</p>"
    html = (
        '<html lang="en"><head><title>Data centre opens</title><meta name="sailthru.date" content="2024-06-30"></head>'
        f"<body><article><h1>Data centre opens at the hospital</h1>{said * 3}</article></body></html>"
    )
    page = Page("https://www.example.com/2024/6/29/data-centre", html.encode(), FETCHED)
    found = extract(page, Outlets())
    assert isinstance(found, Article), found
    assert found.date == dt.date(2024, 6, 29)
    assert read(
        head='<meta name="pubdate" content="2024-06-30">', url="https://www.example.com/2024/0629/1.html"
    ).date == (dt.date(2024, 6, 30))
