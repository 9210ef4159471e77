"""What is found at an address, and how it would be watched."""

import gzip
from typing import Any

import pytest

from pipeline.errors import FetchError, UsageError
from pipeline.sources.discover import discover, new_id
from sources.list_pages import FOOT, NAV, PAGES, URL

HOME = "https://www.jkb.example/"
RSS = "<?xml version='1.0'?><rss><channel><title>健康报 要闻</title><item/></channel></rss>"
MAP = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url/></urlset>'


def _entry(web: Any, url: str = HOME, taken: tuple[str, ...] = ()) -> dict[str, Any]:
    return dict(discover(url, web, taken)[0].entry)


@pytest.mark.parametrize(
    ("document", "kind", "name"),
    [
        (RSS, "feed", "健康报 要闻"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><title>央广</title></feed>', "feed", "央广"),
        ('{"version": "https://jsonfeed.org/version/1.1", "title": "京报", "items": []}', "feed", "京报"),
        (MAP, "sitemap", "jkb.example"),
        ('<sitemapindex xmlns="x"><sitemap/></sitemapindex>', "sitemap", "jkb.example"),
    ],
    ids=["RSS", "Atom", "JSON Feed", "a sitemap", "an index of sitemaps"],
)
def test_a_document_that_is_a_source_itself_is_taken_as_what_it_is(web, document, kind, name):
    web.documents[HOME] = document.encode()
    assert _entry(web) == {"id": "jkb", "name": name, "kind": kind, "url": HOME}


def test_the_feeds_that_a_page_names_come_before_its_list(web):
    head = (
        '<link rel="alternate" type="application/rss+xml" title="要闻" href="/rss/yw.xml">'
        '<link rel="alternate" type="application/rss+xml" title="评论 Feed" href="/comments/feed">'
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">'
        '<link rel="alternate" type="application/atom+xml" href="atom.xml">'
        '<link rel="stylesheet" type="text/css" href="a.css">'
    )
    text = PAGES["TRS list, titles cut, date in a span"][0]().replace("</head>", head + "</head>")
    web.documents[URL] = text.encode()
    found = [(one.entry["kind"], one.entry["url"]) for one in discover(URL, web, ())]
    assert found == [
        ("feed", "https://www.wjw-shili.example/rss/yw.xml"),
        ("feed", "https://www.wjw-shili.example/xwzx/gzdt/atom.xml"),
        ("listing", URL),
    ]


def test_a_list_page_is_proposed_with_its_selectors(web):
    web.documents[URL] = PAGES["day over year and month"][0]().encode()
    assert _entry(web, URL) == {
        "id": "wjw-shili", "name": "工作动态", "kind": "listing", "url": URL, "row": "ul.newslist li", "links": "a",
        "date": "div.time", "next": "a.next", "pages": 2,
    }  # fmt: skip


ROWS = ", ".join(
    f'{{"id": {n}, "title": "第{n}家医院通过互联互通测评", "coverImg": "https://img.example/{n}.jpg", '
    f'"linkUrl": "/art/2024/6/{n}/art_1_{n}.html", "publishTime": "2024-06-{n:02} 09:30:00"}}'
    for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("document", "items"),
    [
        (f'{{"code": 0, "data": {{"rows": [{ROWS}], "total": 8}}}}', "data.rows"),
        (f"[{ROWS}]", "@"),
        (f'callback({{"list": [{ROWS}]}});', "list"),
        (f"var news = [{ROWS}];", "@"),
    ],
    ids=["an object", "a list", "JSONP", "a script"],
)
def test_an_interface_is_proposed_with_the_expressions_of_its_list(web, document, items):
    web.documents[HOME] = document.encode()
    assert _entry(web) == {
        "id": "jkb", "name": "jkb.example", "kind": "json", "url": HOME, "items": items, "link": "linkUrl",
        "title": "title", "date": "publishTime",
    }  # fmt: skip


def test_a_route_of_rsshub_is_a_feed(web):
    assert _entry(web, "rsshub://wechat/account/a") == {
        "id": "wechat", "name": "wechat", "kind": "feed", "url": "rsshub://wechat/account/a",
    }  # fmt: skip
    assert web.asked == []


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzipped"])
def test_a_front_page_without_a_list_leads_to_the_sitemaps_of_robots_txt_news_first(web, packed):
    web.documents[HOME] = f"<html><title>首页_健康报网</title>{NAV}{FOOT}</html>".encode()
    web.documents[HOME + "robots.txt"] = b"Sitemap: /map.xml\nsitemap: https://www.jkb.example/news-map.xml\n"
    data = gzip.compress(MAP.encode()) if packed else MAP.encode()
    web.documents |= {HOME + "map.xml": data, HOME + "news-map.xml": data}
    found = discover(HOME, web, ())
    assert [one.entry["url"] for one in found] == [HOME + "news-map.xml", HOME + "map.xml"]
    assert found[0].entry["name"] == "健康报网·首页"


def test_without_robots_txt_the_usual_place_of_a_sitemap_is_tried(web):
    web.documents[HOME] = f"<html><title>健康报</title>{NAV}</html>".encode()
    web.documents[HOME + "sitemap.xml"] = MAP.encode()
    assert _entry(web)["url"] == HOME + "sitemap.xml"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (f"<html>{NAV}{FOOT}</html>", "看不出文章列表"),
        ("<html><div id='app'></div><script src='/app.js'></script></html>", "列表可能由脚本生成"),
        ('{"code": 0, "data": {"list": [{"title": "甲"}]}}', "看不出哪一项是文章的网址"),
        ('{"code": 0', "返回的 JSON 无法读取"),
        ("%PDF-1.7", "这里没有网页"),
    ],
    ids=["navigation only", "made by scripts", "an interface", "cut JSON", "a PDF"],
)
def test_where_nothing_can_be_watched_it_is_said_what_there_is(web, document, why):
    web.documents[HOME] = document.encode()
    with pytest.raises(UsageError, match=why):
        discover(HOME, web, ())


def test_an_address_that_cannot_be_had_is_said_to_be_so(web):
    with pytest.raises(FetchError, match="页面不存在"):
        discover(HOME, web, ())


@pytest.mark.parametrize(
    ("url", "taken", "expected"),
    [
        ("https://wjw.beijing.gov.cn/xwzx/", (), "wjw-beijing"),
        ("https://wjw.beijing.gov.cn/tzgg/", ("wjw-beijing",), "wjw-beijing-2"),
        ("https://wjw.beijing.gov.cn/tzgg/", ("wjw-beijing", "wjw-beijing-2"), "wjw-beijing-3"),
        ("https://www.gov.cn/", (), "www-gov-cn"),
        ("https://xn--fiqs8s.example/", (), "xn-fiqs8s"),
    ],
)
def test_an_id_is_short_and_nobody_elses(url, taken, expected):
    assert new_id(url, taken) == expected
