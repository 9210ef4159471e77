"""What a feed gives, and what becomes of one that is none."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import config
from pipeline.config import FeedSource
from pipeline.errors import FetchError, ForbiddenAddress, SourceError
from pipeline.sources import NEVER, Harvest, Memory, Source, open_source
from spent import computing
from websites import Website

URL = "https://news.example/rss.xml"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>健康</title><link>https://news.example/</link>{items}</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example/atom/"><title>健康</title>{items}</feed>"""
ITEM = """<item><title>电子病历在三家医院互通</title><link>https://news.example/a/1.html</link>
<pubDate>2024年6月30日 08:05</pubDate></item>"""


def collect(web: Any, text: str | bytes, memory: Memory = NEVER, **settings: Any) -> Harvest:
    web.documents.setdefault(URL, text.encode() if isinstance(text, str) else text)
    source = FeedSource(id="health", name="健康频道", kind="feed", url=URL, **settings)
    return open_source(source, Path(), most=5).leads(web, memory)


def test_an_rss_entry_becomes_a_lead_with_its_date_as_printed(web: Any) -> None:
    [lead] = collect(web, RSS.format(items=ITEM)).leads
    assert (lead.source, lead.url, lead.title, lead.published) == (
        "health",
        "https://news.example/a/1.html",
        "电子病历在三家医院互通",
        "2024年6月30日 08:05",
    )


def test_an_atom_entry_becomes_a_lead(web: Any) -> None:
    items = """<entry><title type="html">基层&lt;b&gt;远程&lt;/b&gt;会诊 &amp;amp; 转诊</title>
    <link rel="self" href="x"/><link rel="alternate" href="/a/2.html"/>
    <updated>2024-06-30T23:59:59+08:00</updated></entry>"""
    [lead] = collect(web, ATOM.format(items=items)).leads
    assert (lead.url, lead.title, lead.published) == (
        "https://news.example/a/2.html",
        "基层远程会诊 & 转诊",
        "2024-06-30T23:59:59+08:00",
    )


def test_a_json_feed_becomes_leads(web: Any) -> None:
    items = [
        {"id": "1", "url": "/a/1.html", "title": "互联网医院", "date_published": "2024-06-30"},
        {"id": "https://news.example/a/2.html", "title": "智慧药房", "date_modified": "昨天"},
        {"id": 3, "title": None},
        "nonsense",
    ]
    harvest = collect(web, json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert [(lead.url, lead.title, lead.published) for lead in harvest.leads] == [
        ("https://news.example/a/1.html", "互联网医院", "2024-06-30"),
        ("https://news.example/a/2.html", "智慧药房", "昨天"),
    ]
    assert harvest.notes == ("略过 2 条：没有链接",)


CHARSETS = {
    "gb18030 that calls itself gb2312": ("gb18030", "gb2312"),
    "gbk that calls itself utf-8": ("gbk", "utf-8"),
    "utf-8 that calls itself gbk": ("utf-8", "gbk"),
    "utf-16": ("utf-16", "utf-16"),
    "big5": ("big5", "big5"),
    "gbk without a word about it": ("gbk", ""),
}


@pytest.mark.parametrize(("charset", "label"), CHARSETS.values(), ids=CHARSETS.keys())
def test_a_feed_is_read_in_the_charset_it_is_in(web: Any, charset: str, label: str) -> None:
    title = "衛生信息化與電子病歷" if charset == "big5" else "卫生信息化与电子病历"
    text = RSS.format(items=ITEM.replace("电子病历在三家医院互通", title)).replace("健康", "")
    text = text.replace("2024年6月30日", "2024-06-30")
    text = text.replace('encoding="utf-8"', f'encoding="{label}"' if label else "")
    [lead] = collect(web, text.encode(charset)).leads
    assert lead.title == title


def test_a_few_bad_bytes_do_not_change_the_charset(web: Any) -> None:
    text = RSS.format(items=ITEM * 3).encode().replace("互通".encode(), "互通".encode() + b"\xff", 1)
    assert collect(web, text).leads[0].title == "电子病历在三家医院互通\ufffd"


def test_nul_bytes_are_dropped_and_what_follows_is_kept(web: Any) -> None:
    [lead] = collect(web, RSS.format(items=ITEM.replace("三家", "三\0家"))).leads
    assert lead.title == "电子病历在三家医院互通"


def test_entries_without_a_link_are_accounted_for(web: Any) -> None:
    items = ITEM + "<item><title>没有链接</title></item>" + "<item><link>javascript:alert(1)</link></item>"
    harvest = collect(web, RSS.format(items=items))
    assert len(harvest.leads) == 1
    assert set(harvest.notes) == {"略过 1 条：没有链接", "略过 1 条：不是网页地址"}


def test_an_address_given_twice_is_one_lead(web: Any) -> None:
    again = ITEM.replace("1.html", "1.html#top").replace("互通", "互认")
    harvest = collect(web, RSS.format(items=ITEM + again))
    assert [lead.title for lead in harvest.leads] == ["电子病历在三家医院互通"]
    assert harvest.notes == ("略过 1 条：重复",)


def test_entries_of_one_guid_with_their_own_links_are_all_leads(web: Any) -> None:
    items = "".join(
        f"<item><guid isPermaLink='false'>同一</guid><link>https://news.example/{n}</link></item>" for n in range(3)
    )
    assert len(collect(web, RSS.format(items=items)).leads) == 3


def test_the_filters_of_the_source_apply(web: Any) -> None:
    items = "".join(f"<item><link>https://news.example/{path}</link></item>" for path in ("a/1", "a/video/2", "b/3"))
    harvest = collect(web, RSS.format(items=items), include=("/a/",), exclude=("video",))
    assert [lead.url for lead in harvest.leads] == ["https://news.example/a/1"]
    assert harvest.notes == ("略过 2 条：不符合 include/exclude",)


def test_the_outlet_is_the_entrys_own_source_else_the_configured_one(web: Any) -> None:
    other = ITEM.replace("1.html", "2.html").replace("</item>", "<source url='https://x'>北京日报</source></item>")
    harvest = collect(web, RSS.format(items=ITEM + other), outlet="健康中国")
    assert [lead.outlet for lead in harvest.leads] == ["健康中国", "北京日报"]


def test_a_long_feed_is_cut_at_the_cap_with_a_note(web: Any) -> None:
    items = "".join(f"<item><link>https://news.example/{n}</link></item>" for n in range(100_000))
    harvest = collect(web, RSS.format(items=items))
    assert [lead.url[-1] for lead in harvest.leads] == list("01234")
    assert harvest.notes == ("订阅源过长，只读前 2000 条", "略过 1995 条：超出每次 5 条的上限")


NOT_FEEDS = {
    "a web page": ("<!DOCTYPE html><html><body>本站维护中</body></html>", "返回的是网页而不是订阅源"),
    "a page that speaks of feeds": ("<html><p><rss >订阅</rss></html>", "返回的是网页而不是订阅源"),
    "nothing": ("", "不是订阅源"),
    "a sentence": ("页面不存在", "不是订阅源"),
    "a path": ("/etc/passwd", "不是订阅源"),
    "other JSON": ('{"code": 500}', "JSON 不是订阅源"),
    "broken JSON": ('{"items": [', "JSON 无法读取"),
    "deep JSON": ('{"items":' + "[" * 100_000, "JSON 无法读取"),
    "bytes": (bytes(range(1, 256)), "不是订阅源"),
}


@pytest.mark.parametrize(("text", "because"), NOT_FEEDS.values(), ids=NOT_FEEDS.keys())
def test_what_is_no_feed_fails_the_source_by_name(web: Any, text: str | bytes, because: str) -> None:
    with pytest.raises(SourceError, match=f"^健康频道：返回的.*{because[-8:]}"):
        collect(web, text)


BOMBS = {
    "billion laughs": "<!DOCTYPE rss [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    + "]>"
    + RSS.partition("\n")[2].format(items=ITEM.replace("电子", "&j;")),
    "quadratic": f"<!DOCTYPE rss [<!ENTITY a '{'x' * 50_000}'>]>"
    + RSS.partition("\n")[2].format(items=ITEM.replace("电子", "&a;" * 50_000)),
    "quadratic in an ill-formed feed": f'<!DOCTYPE rss [\n<!ENTITY a "{"x" * 50_000}">\n]>'
    + RSS.partition("\n")[2].format(items=ITEM.replace("电子", "&a;" * 1000)).replace("</channel>", "<b>"),
    "a local file": "<!DOCTYPE rss [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
    + RSS.partition("\n")[2].format(items=ITEM.replace("电子", "&a;")),
    "a remote type": "<!DOCTYPE rss SYSTEM 'http://127.0.0.1:1/x.dtd'>" + RSS.partition("\n")[2].format(items=ITEM),
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
@pytest.mark.timeout(60)
def test_entities_are_neither_expanded_nor_fetched(web: Any, text: str) -> None:
    [lead] = collect(web, text).leads
    assert lead.url == "https://news.example/a/1.html"
    assert "病历在三家医院互通" in lead.title or len(lead.title) == 300
    assert "root:" not in lead.title
    assert "haha" not in lead.title
    assert "xxxx" not in lead.title


ILL_FORMED = {
    "cut in the middle": RSS.format(items=ITEM)[:-30],
    "junk before the prolog": "\ufeff\n warning: 数据库 \n" + RSS.format(items=ITEM),
    "an unfinished CDATA section": RSS.format(items=ITEM + "<item><title><![CDATA[没有完"),
    "an undeclared namespace": RSS.format(items=ITEM.replace("</item>", "<dc:creator>甲</dc:creator></item>")),
    "an attribute given twice": RSS.format(items=ITEM.replace("<item>", "<item a='1' a='2'>")),
    "a document type": "<!DOCTYPE rss PUBLIC '-//x//DTD RSS 0.91//EN' 'x.dtd'>" + RSS.format(items=ITEM),
    "elements closed in the wrong order": RSS.format(items=ITEM.replace("</title>", "</b></title>")),
    "a bare ampersand": RSS.format(items=ITEM.replace("1.html", "1.html").replace("<item>", "<item><c>A & B</c>")),
    "a control character": RSS.format(items=ITEM.replace("<item>", "<item><c>\x08</c>")),
}


@pytest.mark.parametrize("text", ILL_FORMED.values(), ids=ILL_FORMED.keys())
def test_an_ill_formed_feed_still_gives_its_entries(web: Any, text: str) -> None:
    lead = collect(web, text).leads[0]
    assert (lead.url, lead.title) == ("https://news.example/a/1.html", "电子病历在三家医院互通")


def test_an_empty_feed_is_said_to_be_empty(web: Any) -> None:
    harvest = collect(web, RSS.format(items=""))
    assert harvest.leads == ()
    assert harvest.notes == ("订阅源中没有条目",)


def test_relative_links_are_resolved_against_the_address_after_redirects(web: Any) -> None:
    web.moved[URL] = "https://www.news.example/feed/"
    web.documents["https://www.news.example/feed/"] = RSS.format(items="<item><link>../a/1</link></item>").encode()
    assert collect(web, "").leads[0].url == "https://www.news.example/a/1"


def test_an_unchanged_feed_is_asked_for_once_and_says_so(web: Any) -> None:
    web.etags[URL] = '"v1"'
    first = collect(web, RSS.format(items=ITEM))
    second = collect(web, "", first.memory)
    assert not first.unchanged
    assert second.unchanged
    assert second.leads == ()
    assert second.memory == first.memory


def test_another_configuration_reads_an_unchanged_feed_again(web: Any) -> None:
    web.etags[URL] = '"v1"'
    first = collect(web, RSS.format(items=ITEM))
    second = collect(web, "", first.memory, include=("/a/",))
    assert len(second.leads) == 1


def test_a_feed_that_cannot_be_fetched_fails_the_source_by_name(web: Any) -> None:
    source = FeedSource(id="health", name="健康频道", kind="feed", url=URL)
    with pytest.raises(SourceError, match=r"^健康频道：.*页面不存在"):
        open_source(source, Path()).leads(web)


ATTRIBUTES = " ".join(f'a{number}="1"' for number in range(60_000))


@pytest.mark.parametrize(
    "text",
    [
        RSS.format(items=f"<item {ATTRIBUTES}><title>甲</title></item>"),
        RSS.format(items="<item><title>甲</title><description>" + "<b>" * 600_000),
    ],
    ids=["one tag with 60,000 attributes", "600,000 open tags"],
)
def test_a_feed_made_to_be_slow_is_refused_at_once(web: Any, text: str) -> None:
    with computing(2), pytest.raises(SourceError, match="标签过长或过多"):
        collect(web, text)


def test_a_picture_within_an_entry_is_no_reason_to_refuse_the_feed(web: Any) -> None:
    picture = f'<description><img src="data:image/png;base64,{"A" * 100_000}=="/></description>'
    [lead] = collect(web, RSS.format(items=ITEM.replace("</item>", picture + "</item>"))).leads
    assert lead.title == "电子病历在三家医院互通"


def test_half_a_character_in_a_json_feed_is_dropped(web: Any) -> None:
    items = '[{"url": "/a/1.html", "title": "电子病历\\ud800互通", "date_published": "2024-06-30\\udfff"}]'
    [lead] = collect(web, f'{{"version": "https://jsonfeed.org/version/1.1", "items": {items}}}').leads
    assert (lead.title, lead.published) == ("电子病历互通", "2024-06-30")


ARTICLE = "<p>" + "全市二级以上医院的检查结果已经可以互认，患者不必重复检查。" * 20 + "</p>"
CARRIED = {
    "content:encoded": (RSS, f"<content:encoded><![CDATA[{ARTICLE}]]></content:encoded>"),
    "a long description, as RSSHub writes": (RSS, f"<description><![CDATA[{ARTICLE}]]></description>"),
    "Atom content": (ATOM, f"<content type='html'><![CDATA[{ARTICLE}]]></content>"),
}


def feed_with(shape: str, more: str) -> str:
    if shape == ATOM:
        return ATOM.format(
            items=f"<entry><title>互认</title><link href='https://news.example/a/1.html'/>{more}</entry>"
        )
    prefix = shape.replace("<rss ", "<rss xmlns:content='http://purl.org/rss/1.0/modules/content/' ")
    return prefix.format(items=ITEM.replace("</item>", more + "</item>"))


def visited(web: Any, text: str) -> Source:
    web.documents[URL] = text.encode()
    return open_source(FeedSource(id="health", name="健康频道", kind="feed", url=URL), Path(), most=5)


@pytest.mark.parametrize(("shape", "more"), CARRIED.values(), ids=CARRIED.keys())
def test_an_article_that_came_along_stands_in_for_a_page_that_cannot_be_fetched(
    web: Any, now: dt.datetime, shape: str, more: str
) -> None:
    source = visited(web, feed_with(shape, more))
    [lead] = source.leads(web).leads
    page = source.page(lead, web, now)
    assert ARTICLE in page.body.decode()
    assert (page.url, page.fetched) == ("https://news.example/a/1.html", now)
    [warning] = page.warnings
    assert "正文取自订阅源的条目" in warning
    assert "页面不存在" in warning
    web.documents[lead.url] = b"page"
    assert source.page(lead, web, now).body == b"page", "the page itself is better"


def test_a_json_feed_carries_articles_too(web: Any, now: dt.datetime) -> None:
    item = {"id": "1", "url": "https://news.example/a/1.html", "title": "互认", "content_html": ARTICLE}
    source = visited(web, json.dumps({"items": [item]}))
    assert ARTICLE in source.page(source.leads(web).leads[0], web, now).body.decode()


TEASERS = {
    "a summary": "<description>全市二级以上医院的检查结果已经可以互认，患者不必重复检查。</description>",
    "a cut text": f"<content:encoded><![CDATA[{ARTICLE}……]]></content:encoded>",
    "an invitation": f"<content:encoded><![CDATA[{ARTICLE}<a>阅读全文</a>]]></content:encoded>",
}


@pytest.mark.parametrize("more", TEASERS.values(), ids=TEASERS.keys())
def test_a_teaser_is_no_article(web: Any, now: dt.datetime, more: str) -> None:
    source = visited(web, feed_with(RSS, more))
    with pytest.raises(FetchError, match="页面不存在"):
        source.page(source.leads(web).leads[0], web, now)


def test_an_article_behind_a_forbidden_address_is_not_taken_from_the_feed(web: Any, now: dt.datetime) -> None:
    def refuse(url: str, **_: Any) -> Any:
        raise ForbiddenAddress("禁止访问的地址 127.0.0.1")

    source = visited(web, feed_with(*CARRIED["content:encoded"]))
    [lead] = source.leads(web).leads
    with pytest.raises(ForbiddenAddress):
        source.page(lead, refuse, now)


def test_the_articles_a_feed_carries_are_bounded(web: Any, now: dt.datetime) -> None:
    source = visited(web, feed_with(RSS, f"<content:encoded><![CDATA[{ARTICLE * 1000}]]></content:encoded>"))
    with pytest.raises(FetchError):
        source.page(source.leads(web).leads[0], web, now)


IDENTITIES = {
    "one GUID for all": "<guid>同一</guid>",
    "no GUID": "",
    "an empty GUID": "<guid></guid>",
    "a GUID that is the headline": "<guid isPermaLink='false'>电子病历</guid>",
    "a GUID that looks like another's address": "<guid>https://news.example/0</guid>",
}


@pytest.mark.parametrize("guid", IDENTITIES.values(), ids=IDENTITIES.keys())
def test_an_entry_is_known_by_its_link_whatever_its_guid_says(web: Any, guid: str) -> None:
    items = "".join(
        f"<item>{guid}<link>https://news.example/{n}</link><title>电子病历</title></item>" for n in range(3)
    )
    assert [lead.url[-1] for lead in collect(web, RSS.format(items=items)).leads] == ["0", "1", "2"]


def test_guids_that_change_at_each_visit_make_no_new_leads(web: Any) -> None:
    visits = []
    for stamp in ("a1b2", "c3d4"):
        web.documents.clear()
        visits.append(collect(web, RSS.format(items=ITEM.replace("<title>", f"<guid>{stamp}</guid><title>"))).leads)
    assert visits[0] == visits[1]


def test_entries_in_random_order_are_the_same_leads(web: Any) -> None:
    items = [f"<item><link>https://news.example/{n}</link></item>" for n in range(5)]
    forward = collect(web, RSS.format(items="".join(items))).leads
    web.documents.clear()
    backward = collect(web, RSS.format(items="".join(items[::-1]))).leads
    assert set(forward) == set(backward)


def test_an_entry_with_neither_link_nor_address_for_an_id_is_accounted_for(web: Any) -> None:
    items = "<item><guid isPermaLink='false'>17</guid></item><item><description>乙</description></item><item/>"
    harvest = collect(web, RSS.format(items=items + ITEM))
    assert len(harvest.leads) == 1
    assert harvest.notes == ("略过 3 条：没有链接",)


def test_an_entry_with_neither_title_nor_text_is_still_a_lead(web: Any) -> None:
    [lead] = collect(web, RSS.format(items="<item><link>https://news.example/1</link></item>")).leads
    assert (lead.title, lead.published) == ("", "")


LURES = {
    "an entity": "<!DOCTYPE rss [<!ENTITY a SYSTEM '{lure}'>]>{feed}",
    "an entity of parameters": "<!DOCTYPE rss [<!ENTITY % a SYSTEM '{lure}'> %a;]>{feed}",
    "a document type": "<!DOCTYPE rss SYSTEM '{lure}'>{feed}",
    "an inclusion": "{head}<x xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='{lure}'/></x>{tail}",
    "a stylesheet": "<?xml-stylesheet type='text/xsl' href='{lure}'?>{feed}",
    "a schema": "{head}<x xmlns:s='http://www.w3.org/2001/XMLSchema-instance' s:schemaLocation='x {lure}'/>{tail}",
}


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
@pytest.mark.parametrize("text", LURES.values(), ids=LURES.keys())
def test_nothing_that_a_document_refers_to_is_fetched(website: Website, kind: str, text: str) -> None:
    head, tail = ("<rss><channel>", "</channel></rss>") if kind == "feed" else ("<urlset>", "</urlset>")
    item = "<item><link>http://news.example/1</link><title>&a;</title></item>"
    item = item if kind == "feed" else "<url><loc>http://news.example/1</loc><x>&a;</x></url>"
    lure = f"http://127.0.0.1:{website.port}/lure"
    website.answers["/rss"] = text.format(lure=lure, feed=head + item + tail, head=head + item, tail=tail)
    shape = config.FeedSource if kind == "feed" else config.SitemapSource
    source = open_source(shape(id="one", name="某来源", kind=kind, url="http://news.example/rss"), Path())
    assert source.leads(website.fetcher()).leads[0].url == "http://news.example/1"
    assert website.asked == ["/rss"]
