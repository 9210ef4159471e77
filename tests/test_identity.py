"""One article under many addresses, ids and kinds of source: collected from real servers, it is one story."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.desk import Desk, document, open_desk
from pipeline.model import Article
from pipeline.steps.dedupe import group, relate
from websites import Website

NOW = dt.datetime(2024, 7, 1, 0, 30, tzinfo=dt.UTC)
CLEAN = "http://www.news.example/a/1.html"
VARIANTS = {
    "as it is": CLEAN,
    "with tracking parameters": f"{CLEAN}?utm_source=weixin&spm=1.2.3&from=singlemessage&isappinstalled=0",
    "on the mobile host": "http://m.news.example/a/1.html",
    "as AMP": "http://amp.news.example/a/1.html",
    "with a session": "http://www.news.example/a/1.html;jsessionid=A1B2",
    "with a place on the page": f"{CLEAN}#comments",
}
BODY = "".join(
    f"<p>　　全市{name}医院的电子病历已经接入统一平台，患者转诊时不必重复检查，检查结果在各院之间互认。</p>"
    for name in ("二级", "三级", "专科", "社区", "区属")
)
PAGE = f"""<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>电子病历全市互通_某某网</title></head>
<body><h1>电子病历全市互通</h1><div class="info">2024-06-12 09:30 来源：某某日报</div>
<div class="article-content">{BODY}</div></body></html>"""


@pytest.fixture
def site() -> Iterator[Website]:
    with Website() as site:
        site.answers = {"/a/1.html": PAGE, "/a/1.html;jsessionid=A1B2": PAGE}
        yield site


@pytest.fixture
def desk(workspace: Path, site: Website) -> Iterator[Desk]:
    settings = workspace / "config" / "settings.yaml"
    text = settings.read_text("utf-8").replace("connect_to: {}", f'connect_to: {{"*:80": "127.0.0.1:{site.port}"}}')
    settings.write_text(text.replace("seconds_per_host: 2.0", "seconds_per_host: 0"), "utf-8")
    sources = """
- {id: rss, name: 订阅, kind: feed, url: "http://www.news.example/rss"}
- {id: api, name: 接口, kind: json, url: "http://www.news.example/api?page={page}", link: url, items: list, pages: 5}
- {id: full, name: 全文接口, kind: json, url: "http://www.news.example/full", link: url, content: html, title: title}
- {id: list, name: 列表, kind: listing, url: "http://www.news.example/list", links: //ul/li/a}
- {id: map, name: 地图, kind: sitemap, url: "http://www.news.example/map.xml"}
- {id: crawl, name: 归档, kind: warc, path: crawl/*.warc.gz}
"""
    (workspace / "config" / "sources.yaml").write_text(sources, "utf-8")
    with open_desk(workspace, clock=lambda: NOW) as desk:
        yield desk


def read(desk: Desk, *sources: str) -> list[Article]:
    """The articles that visits to these sources give."""
    leads = [one for source in sources for one in desk.harvest(source).leads]
    desk.read(leads)
    stored = desk.leads.get(leads)
    assert [one.rejection for one in stored] == [None] * len(stored)
    return list(desk.leads.articles(one.article for one in stored if one.article).values())


def stories(articles: list[Article]) -> int:
    documents = [document(one) for one in articles]
    return len(group(documents, relate(documents)))


def test_one_article_under_many_addresses_is_one_story_and_printed_under_a_clean_one(desk: Desk, site: Website) -> None:
    items = "".join(f"<item><link>{url.replace('&', '&amp;')}</link></item>" for url in VARIANTS.values())
    site.answers["/rss"] = f"<rss><channel>{items}</channel></rss>"
    articles = read(desk, "rss")
    assert {one.url for one in articles} == {CLEAN, VARIANTS["on the mobile host"], VARIANTS["as AMP"]}
    assert stories(articles) == 1


OTHER = PAGE.replace("电子病历全市互通", "急救车上传心电图").replace(
    BODY,
    "".join(
        f"<p>　　{name}的急救车装上了车载终端，心电图在途中就传到医院，胸痛中心提前做好准备，抢救时间缩短了一半。</p>"
        for name in ("城东", "城西", "城南", "城北", "开发区")
    ),
)


def test_a_mobile_page_that_shows_the_beginning_is_the_article_it_names(desk: Desk, site: Website) -> None:
    short = PAGE.replace(BODY, BODY[: BODY.index("</p>") + 4])
    site.answers["/a/48213.html"] = PAGE.replace(
        "<head>", '<head><meta name="mobile-agent" content="format=html5;url=http://m.news.example/h5/48213.htm">'
    )
    site.answers["/h5/48213.htm"] = short
    items = "".join(
        f"<item><link>http://{path}</link></item>"
        for path in ("www.news.example/a/48213.html", "m.news.example/h5/48213.htm")
    )
    site.answers["/rss"] = f"<rss><channel>{items}</channel></rss>"
    articles = read(desk, "rss")
    assert [one.aliases for one in articles if one.url.endswith(".html")] == [("http://m.news.example/h5/48213.htm",)]
    assert (len(articles), stories(articles)) == (2, 1)


@pytest.mark.parametrize(
    "lie",
    [CLEAN, "http://www.news.example/", "http://www.news.example/a/48213.html", "http://www.else.example/a/48214.html"],
    ids=["another article", "the front page", "another article's number", "another site"],
)
def test_pages_that_claim_one_address_wrongly_stay_two_articles(desk: Desk, site: Website, lie: str) -> None:
    head = f'<head><link rel="canonical" href="{lie}"><meta property="og:url" content="{lie}">'
    site.answers["/a/48213.html"] = PAGE.replace("<head>", head)
    site.answers["/a/48214.html"] = OTHER.replace("<head>", head)
    items = "".join(f"<item><link>http://www.news.example/a/{n}.html</link></item>" for n in (48213, 48214))
    site.answers["/rss"] = f"<rss><channel>{items}</channel></rss>"
    articles = read(desk, "rss")
    assert (len(articles), stories(articles)) == (2, 2)


def test_the_addresses_that_led_to_an_article_are_listed_with_it(desk: Desk, site: Website) -> None:
    tracked = VARIANTS["with tracking parameters"]
    items = "".join(f"<item><link>{url.replace('&', '&amp;')}</link></item>" for url in (CLEAN, tracked))
    site.answers["/rss"] = f"<rss><channel>{items}</channel></rss>"
    (article,) = read(desk, "rss")
    assert desk.addressed([article.id])[article.id].aliases == (tracked,)


def test_a_clean_address_is_printed_even_when_it_was_never_seen(desk: Desk, site: Website) -> None:
    tracked = VARIANTS["with tracking parameters"].replace("&", "&amp;")
    site.answers["/rss"] = f"<rss><channel><item><link>{tracked}</link></item></channel></rss>"
    assert [one.url for one in read(desk, "rss")] == [CLEAN]


def test_one_article_from_every_kind_of_source_is_one_story(desk: Desk, site: Website) -> None:
    site.answers |= {
        "/rss": f"<rss><channel><item><guid>x{NOW}</guid><link>{CLEAN}</link></item></channel></rss>",
        "/api": json.dumps({"list": [{"url": CLEAN}]}),
        "/full": json.dumps([{"url": CLEAN, "title": "电子病历全市互通", "html": BODY}]),
        "/list": f"<ul><li><a href={CLEAN}>电子病历全市互通</a></li></ul>",
        "/map.xml": f"<urlset><url><loc>{CLEAN}</loc></url></urlset>",
    }
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{PAGE}".encode()
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {CLEAN}\r\nWARC-Date: 2024-06-13T00:00:00Z\r\n"
    record = f"{head}Content-Length: {len(http)}\r\n\r\n".encode() + http + b"\r\n\r\n"
    (desk.config.workspace / "crawl").mkdir()
    (desk.config.workspace / "crawl" / "a.warc.gz").write_bytes(gzip.compress(record))
    articles = read(desk, "full", "rss", "api", "list", "map", "crawl")
    assert {one.url for one in articles} == {CLEAN}
    assert stories(articles) == 1
    assert site.asked.count("/a/1.html") == 0, "the interface brought the article along, so nobody asked for it"


def test_a_feed_whose_ids_and_order_change_at_each_visit_gives_the_same_leads(desk: Desk, site: Website) -> None:
    links = [CLEAN, VARIANTS["on the mobile host"]]
    for visit in range(3):
        items = "".join(f"<item><guid>{visit}-{url}</guid><link>{url}</link></item>" for url in links[:: (-1) ** visit])
        site.answers["/rss"] = f"<rss><channel>{items}</channel></rss>"
        assert len(desk.harvest("rss").leads) == 2
    assert len({one for visit in (0, 1) for one in desk.harvest("rss").leads}) == 2
    assert site.asked.count("/a/1.html") == 2, "each page is fetched once"


def test_a_source_that_turns_into_something_else_fails_and_leaves_what_was_collected(desk: Desk, site: Website) -> None:
    site.answers["/rss"] = f"<rss><channel><item><link>{CLEAN}</link></item></channel></rss>"
    [article] = read(desk, "rss")
    for parked in ("<html><body>本域名出售</body></html>", '{"sale": true}', "<urlset></urlset>"):
        site.answers["/rss"] = parked
        with pytest.raises(Exception, match=r"^订阅：返回的"):
            desk.harvest("rss")
    [stored] = desk.leads.at(CLEAN)
    assert stored.article == article.id
    assert desk.leads.asked("rss").failures == 3
