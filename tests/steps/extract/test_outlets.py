"""Origin, publisher and address are three things: what the page names, who owns the site, where it lies."""

import datetime as dt
from functools import cache

import pytest
from pydantic import TypeAdapter

from pipeline.config import Outlet, Outlets, packaged, read
from pipeline.model import BEIJING, Article, Lead, Page
from pipeline.steps.extract import extract

FETCHED = dt.datetime(2024, 7, 1, 9, 30, tzinfo=BEIJING)
BODY = (
    "<p>全市二级以上医院已接入影像云平台，患者换一家医院看病，不必再重复拍片。市卫生健康委说，年底前全部接入。</p>" * 3
)
HEADLINE = "影像云接入全市二级以上医院"


@cache
def registry() -> Outlets:
    return Outlets(read(packaged("config") / "outlets.yaml", TypeAdapter(tuple[Outlet, ...])))


def article(
    byline: str = "2024-06-30 10:20",
    *,
    title: str = HEADLINE,
    head: str = "",
    above: str = "",
    after: str = "",
    url: str = "https://www.example.com/a/1.html",
    lead: Lead | None = None,
) -> Article:
    html = (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{above}<h1>{HEADLINE}</h1>"
        f"<div class='info'>{byline}</div><div class='TRS_Editor'>{BODY}</div>{after}</body></html>"
    )
    found = extract(Page(url, html.encode(), FETCHED), registry(), lead)
    assert isinstance(found, Article), found
    return found


def test_the_three_are_kept_apart_and_the_origin_is_printed() -> None:
    found = article("2024-06-30 10:20 来源：健康报", url="https://www.163.com/dy/article/1.html")
    assert (found.origin, found.publisher, found.url) == ("健康报", "网易", "https://www.163.com/dy/article/1.html")
    assert found.outlet == "健康报"
    assert article(url="https://www.163.com/dy/article/1.html").outlet == "网易"


@pytest.mark.parametrize(
    ("byline", "origin"),
    [
        ("<span>2024-06-30</span><span>来源：健康报</span><span>作者：王小明</span>", "健康报"),
        ("<span>《 康宁日报 》（ 2024年06月30日 第 13 版）</span>", "康宁日报"),
        ("<span>2024-06-30</span><span>分类： <a>行业观察</a></span><span>阅读(1742)</span>", ""),
        ("<span>更新时间</span> 2024年6月30日<ul><li>人人</li><li>开心网</li><li>新浪微博</li><li>豆瓣</li></ul>", ""),
        ("<span>2024-06-30 10:20</span><span>北京日报客户端</span>", "北京日报客户端"),
        ("<p>图片来源：某某图库</p><span>2024-06-30 10:20</span><span>来源：健康报</span>", "健康报"),
        ("<p>医数前沿</p><p><i>2024-06-30 20:13</i><i>山东</i><i>健康领域创作者</i></p>", "医数前沿"),
        ("2024-06-30 10:40 来源：塞上新闻网主持：云帆", "塞上新闻网"),
        ("2024/06/29 10:20（06/30 12:00 更新）", ""),
        ("<p>體育</p><p>2024-06-30 HKT 12:40</p>", ""),
        ("供稿单位：公共卫生学院 文：江晚晴 图：吴越 编辑：宣传部 发布时间：2024-06-30", "公共卫生学院"),
        ("<p>繁體版</p><p>更新时间 2024年6月30日, 格林尼治标准时间10:41</p>", ""),
    ],
    ids=[
        "a label",
        "a cited page of a paper",
        "a category is no outlet",
        "share buttons are no outlets",
        "beside the date",
        "a picture's source",
        "a province is where an account writes from",
        "who presents",
        "the word beside a second date",
        "a channel over the date",
        "credits in one line",
        "a switch of script",
    ],
)
def test_the_origin_is_what_the_byline_names(byline: str, origin: str) -> None:
    assert article(byline).origin == origin


@pytest.mark.parametrize(
    ("title", "around", "publisher"),
    [
        (f"{HEADLINE} - 某某中文网 - 两岸三地", "", "某某中文网"),
        (f"{HEADLINE}-江滨晚报多媒体数字报", "", "江滨晚报"),
        (f"{HEADLINE} - 医信随笔", "<p>未经允许不得转载：医信随笔 » 影像云</p>", "医信随笔"),
        (f"{HEADLINE} | 明理政策研究所", "", "明理政策研究所"),
        (f"{HEADLINE} - 医院信息", "", ""),
        (f"{HEADLINE}——走进互联网", "", ""),
    ],
    ids=[
        "between headline and column",
        "a printed paper's site",
        "its own notice names it",
        "an institution",
        "a column",
        "a subtitle",
    ],
)
def test_the_publisher_of_an_unknown_site_is_what_it_calls_itself(title: str, around: str, publisher: str) -> None:
    assert article(title=title, after=around).publisher == publisher


def test_the_registry_comes_before_what_the_lead_says_and_that_before_what_the_site_calls_itself() -> None:
    lead = Lead("s", "https://x", outlet="某源")
    meta = '<meta property="og:site_name" content="某站">'
    assert article(head=meta, lead=lead, url="https://news.bjd.com.cn/1.html").publisher == "北京日报"
    assert article(head=meta, lead=lead).publisher == "某源"
    assert article(head=meta).publisher == "某站"
    assert article().publisher == ""
