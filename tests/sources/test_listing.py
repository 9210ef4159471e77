"""What a list page gives, selector by selector."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pipeline.config import ListingSource
from pipeline.errors import ConfigError, SourceError
from pipeline.sources import NEVER, Harvest, Memory, open_source
from spent import computing
from websites import Website

URL = "https://news.example/list/index.html"
LIST = """<html><head><meta charset="{charset}"></head><body>
<div class="nav"><a href="/">首页</a></div>
<ul class="news">
 <li><a href="./1.html" title="全市二级以上医院实现检查结果互认">全市二级以上医院…</a><span>2024-06-30</span></li>
 <li><a href="/b/2.html"> 家庭医生
   线上签约 </a><span>[06月29日 10:20]</span></li>
 <li><a href="https://other.example/3.html#c">智慧药房</a><em>更新于 <i>3小时前</i></em></li>
 <li><a href="javascript:void(0)">更多</a></li>
</ul>
<a class="next" href="index_2.html">下一页</a>
</body></html>"""


def collect(web: Any, memory: Memory = NEVER, most: int = 50, **settings: Any) -> Harvest:
    settings = {"links": "ul.news li > a", **settings}
    source = ListingSource(id="list", name="要闻列表", kind="listing", url=URL, **settings)
    return open_source(source, Path(), most).leads(web, memory)


@pytest.fixture
def listed(web: Any) -> Any:
    web.documents[URL] = LIST.format(charset="utf-8").encode()
    return web


def test_each_link_becomes_a_lead_with_its_full_title_and_the_date_beside_it(listed: Any) -> None:
    harvest = collect(listed)
    assert [(lead.url, lead.title, lead.published) for lead in harvest.leads] == [
        ("https://news.example/list/1.html", "全市二级以上医院实现检查结果互认", "2024-06-30"),
        ("https://news.example/b/2.html", "家庭医生 线上签约", "06月29日 10:20"),
        ("https://other.example/3.html", "智慧药房", "3小时前"),
    ]
    assert harvest.notes == ("略过 1 条：不是网页地址",)


def test_a_date_selector_gives_the_date_as_printed(listed: Any) -> None:
    harvest = collect(listed, date="span, em i")
    assert [lead.published for lead in harvest.leads] == ["2024-06-30", "[06月29日 10:20]", "3小时前"]


def test_a_row_holds_link_and_date_that_are_not_neighbours(web: Any) -> None:
    web.documents[URL] = """<table><tr><td><p><a href=1>甲</a></p></td><td class=d>2024/6/1</td></tr>
    <tr><td><p><a href=2>乙</a></p></td><td class=d>2024/6/2</td></tr></table><a href=3>别处</a>""".encode()
    harvest = collect(web, links="a", row="tr", date=".d")
    assert [(lead.title, lead.published) for lead in harvest.leads] == [("甲", "2024/6/1"), ("乙", "2024/6/2")]


def test_a_selector_may_name_what_holds_the_link(listed: Any) -> None:
    assert len(collect(listed, links="ul.news li").leads) == 3


def test_a_digit_in_the_title_is_not_taken_for_the_date(web: Any) -> None:
    web.documents[URL] = "<ul class=news><li><a href=1>2024-01-01起施行</a></li></ul>".encode()
    assert collect(web).leads[0].published == ""


CHARSETS = {
    "gb18030 labelled gb2312": ("gb18030", "gb2312"),
    "gbk labelled utf-8": ("gbk", "utf-8"),
    "utf-8 labelled gb2312": ("utf-8", "gb2312"),
    "utf-16 with a mark": ("utf-16", "utf-16"),
    "utf-16 without a mark": ("utf-16-le", "utf-16"),
    "gbk without a label": ("gbk", ""),
}


@pytest.mark.parametrize(("charset", "label"), CHARSETS.values(), ids=CHARSETS.keys())
def test_a_list_is_read_in_the_charset_it_is_in(web: Any, charset: str, label: str) -> None:
    web.documents[URL] = LIST.format(charset=label).encode(charset)
    assert collect(web).leads[0].title == "全市二级以上医院实现检查结果互认"


def test_a_base_element_moves_relative_links(web: Any) -> None:
    page = "<base href='//static.example/x/'><ul class=news><li><a href='1.html'>甲</a></li></ul>"
    web.documents[URL] = page.encode()
    assert collect(web).leads[0].url == "https://static.example/x/1.html"


def test_following_pages_are_read_up_to_the_number_given(listed: Any) -> None:
    second = "https://news.example/list/index_2.html"
    listed.documents[second] = (
        "<ul class=news><li><a href=9.html>第九条</a></li></ul><a class=next href=index.html>下一页</a>".encode()
    )
    assert len(collect(listed, pages=1, next="a.next").leads) == 3
    assert listed.asked == [URL]
    assert [lead.title for lead in collect(listed, pages=9, next="a.next").leads][-1] == "第九条"
    assert listed.asked[1:] == [URL, second]  # the way back to the first page is not taken


def test_a_later_page_that_fails_leaves_the_first_and_is_asked_for_again(listed: Any) -> None:
    listed.etags[URL] = '"v1"'
    harvest = collect(listed, pages=3, next="a.next")
    assert len(harvest.leads) == 3
    assert any("第 2 页未取得" in note for note in harvest.notes)
    assert not collect(listed, harvest.memory, pages=3, next="a.next").unchanged


def test_an_unchanged_list_says_so(listed: Any) -> None:
    listed.etags[URL] = '"v1"'
    assert collect(listed, collect(listed).memory).unchanged


def test_a_list_that_changed_its_shape_fails_the_source_and_says_what_to_check(web: Any) -> None:
    web.documents[URL] = b"<div id=app></div>"
    with pytest.raises(SourceError, match=r"^要闻列表：列表页没有与 links 相符的链接.*改版"):
        collect(web)


@pytest.mark.parametrize("body", [b"", b"\0", b"<", b"\xff\xfe", b"<!--"])
def test_rubbish_fails_the_source_and_nothing_else(web: Any, body: bytes) -> None:
    web.documents[URL] = body
    with pytest.raises(SourceError):
        collect(web)


@pytest.mark.parametrize("key", ["links", "row", "title", "date", "origin", "next"])
@pytest.mark.parametrize(
    ("selector", "language"), [("li >>", "CSS selector"), ("//li[", "XPath"), ("xpath:li[", "XPath")]
)
def test_a_selector_that_is_none_is_found_before_anything_is_fetched(
    web: Any, key: str, selector: str, language: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(f"source 要闻列表: {key}: {selector!r} is no {language}")):
        collect(web, **{key: selector})
    assert web.asked == []


ROWS = """<div class=nav><ul><li><a href=/>首页</a></li></ul></div><ul class=news>
<li><a href=1.html>检查结果互认…</a><h4>全市检查结果互认启动</h4><b>2024-06-30</b><i>[来源：健康报]</i></li>
<li><a href=2.html>家庭医生线上签约</a><h4></h4><b>2024-06-29</b></li></ul>
<p><a href=index_1.html>下一页</a></p>"""
LANGUAGES: dict[str, dict[str, str]] = {
    "CSS": {"row": "ul.news li", "links": "a", "title": "h4", "date": "b", "origin": "i", "next": "p a"},
    "XPath": {
        "row": "//ul[@class='news']/li",
        "links": ".//a",
        "title": "./h4",
        "date": "./b/text()",
        "origin": "xpath:i",
        "next": "//p/a",
    },
    "XPath from the root, and of attributes": {
        "row": "/html/body/ul/li",
        "links": "//a/@href",
        "title": "//h4 | //a",
        "date": "//b",
        "origin": "//i",
        "next": "//a[.='下一页']/@href",
    },
    "both": {"row": "//ul[@class='news']/li", "links": "a", "title": "h4", "date": "./b", "origin": "i", "next": "p"},
}


@pytest.mark.parametrize("selectors", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_selectors_may_be_css_or_xpath(web: Any, selectors: dict[str, str]) -> None:
    web.documents[URL] = ROWS.encode()
    web.documents["https://news.example/list/index_1.html"] = ROWS.replace("1.html", "3.html").encode()
    harvest = collect(web, pages=2, **selectors)
    first, second, third = harvest.leads
    assert (first.url, first.published, first.outlet) == ("https://news.example/list/1.html", "2024-06-30", "健康报")
    assert first.title in ("全市检查结果互认启动", "检查结果互认…")
    assert (second.url, second.published, second.outlet) == ("https://news.example/list/2.html", "2024-06-29", "")
    assert second.title == "家庭医生线上签约"
    assert third.url == "https://news.example/list/3.html"


def page(*numbers: int, following: str = "") -> bytes:
    rows = "".join(f"<li><a href=/a/{n}.html>第{n}条</a></li>" for n in numbers)
    return f"<ul class=news>{rows}</ul><a class=next href='{following}'>下一页</a>".encode()


def test_pages_are_counted_in_the_address_after_a_first_one_as_it_is(web: Any) -> None:
    web.documents = {
        "https://wjw.example/gzdt/": page(1),
        "https://wjw.example/gzdt/index_1.html": page(2),
        "https://wjw.example/gzdt/index_2.html": page(3),
    }
    settings = {"url": "https://wjw.example/gzdt/index_{page}.html", "first": "https://wjw.example/gzdt/", "start": 0}
    source = ListingSource(id="l", name="列表", kind="listing", links=".news a", pages=3, **settings)
    assert [lead.url[-6:] for lead in open_source(source, Path()).leads(web).leads] == ["1.html", "2.html", "3.html"]
    assert web.asked == list(web.documents)


TRAPS: dict[str, tuple[Callable[[int], bytes], int, str]] = {
    "a circle": (lambda n: page(n, following=f"?p={(n + 1) % 3}"), 3, "下一页已经读过"),
    "a circle under ever new session ids": (
        lambda n: page(n % 3, following=f"index.html;jsessionid=A{n}?p={(n + 1) % 3}&PHPSESSID=b{n}&_t={n}"),
        3,
        "下一页已经读过",
    ),
    "a page that leads to itself": (lambda n: page(1, following=f"#{n}"), 1, "下一页已经读过"),
    "a calendar whose months are empty": (
        lambda n: page(following=f"?p={n + 1}") if n else page(1, following="?p=1"),
        2,
        "",
    ),
    "a calendar that shows the same articles": (lambda n: page(1, 2, following=f"?p={n + 1}"), 2, "没有新的链接"),
    "an archive without end": (lambda n: page(n, following=f"?p={n + 1}"), 9, "只读前 9 页，后面还有"),
}


@pytest.mark.parametrize(("show", "asked", "note"), TRAPS.values(), ids=TRAPS.keys())
def test_a_walk_through_pages_ends_and_says_why(
    website: Website, show: Callable[[int], bytes], asked: int, note: str
) -> None:
    def answer(path: str) -> bytes:
        return show(int(dict(parse_qsl(path.partition("?")[2])).get("p", 0)))

    website.answers = {"/list/index.html": answer}
    served = website._serve

    def without_session(request: Any) -> None:
        request.path = re.sub(r";jsessionid=\w+", "", request.path)
        served(request)

    website._serve = without_session  # type: ignore[method-assign]  # a server that takes the session out
    url = URL.replace("https", "http") + "?p=0"
    source = ListingSource(id="l", name="列表", kind="listing", url=url, links=".news a", next="a.next", pages=9)
    harvest = open_source(source, Path()).leads(website.fetcher())
    assert len(website.asked) == asked
    assert harvest.leads
    assert any(note in said for said in harvest.notes)


def test_the_cap_ends_the_walk_through_the_pages(listed: Any) -> None:
    harvest = collect(listed, most=2, pages=9, next="a.next")
    assert len(harvest.leads) == 2
    assert listed.asked == [URL]


def test_links_in_a_deeply_nested_list_are_found(web: Any) -> None:
    web.documents[URL] = b"<div>" * 1500 + "<ul class=news><li><a href=1>深处</a></li></ul>".encode() + b"</div>" * 1500
    assert collect(web).leads[0].title == "深处"


MONSTERS = {
    "60,000 attributes on one tag": ("<li " + " ".join(f'a{n}="1"' for n in range(60_000)) + "><a href=1>甲</a>", True),
    "100,000 list items": ("<li><a href=1>甲</a></li>" * 100_000, False),
    "100,000 nested formats": ("<b><i><p>" * 60_000 + "<li><a href=1>甲</a>", False),
    "100,000 line breaks": ("<li><a href=1>甲</a></li>" + "字<br>" * 100_000, False),
    "50,000 unclosed links": ("<li>" + "<a href=1>甲" * 50_000, False),
    "600,000 tags": ("<b>" * 600_000, True),
    "a table as wide as the sea": ("<li><a href=1>甲</a><table><tr><td colspan=9007199254740991>乙</table>", False),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("inside", "refused"), MONSTERS.values(), ids=MONSTERS.keys())
def test_a_list_made_to_be_slow_is_read_or_refused_in_a_moment(web: Any, inside: str, refused: bool) -> None:
    web.documents[URL] = f"<ul class=news>{inside}</ul>".encode()
    with computing(15):
        if refused:
            with pytest.raises(SourceError, match="标签过长或过多"):
                collect(web)
        else:
            assert collect(web, links=".news a").leads[0].title.startswith("甲")


def test_a_long_list_is_cut_with_a_note(web: Any) -> None:
    web.documents[URL] = page(*range(3000))
    harvest = collect(web, most=3)
    assert harvest.notes == ("列表过长，只读前 2000 条", "略过 1997 条：超出每次 3 条的上限")


ADDRESSES = {
    "another scheme": ("ftp://news.example/1", "不是网页地址"),
    "a script": ("JavaScript:alert(1)", "不是网页地址"),
    "data": ("data:text/html,x", "不是网页地址"),
    "a file": ("file:///etc/passwd", "不是网页地址"),
    "a reader's own": ("source:x", "不是网页地址"),
    "an endless address": ("/" + "x" * 9000, "不是网页地址"),
    "a broken host": ("http://[::1/", "不是网页地址"),
    "nothing": ("", "没有链接"),
}


@pytest.mark.parametrize(("href", "why"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_a_link_that_leads_to_no_web_page_is_left_out_with_its_reason(web: Any, href: str, why: str) -> None:
    web.documents[URL] = f"<ul class=news><li><a href='{href}'>甲</a></li><li><a href=1>乙</a></li></ul>".encode()
    harvest = collect(web)
    assert [lead.title for lead in harvest.leads] == ["乙"]
    assert harvest.notes == (f"略过 1 条：{why}",)


def test_nul_bytes_are_dropped_and_what_follows_is_kept(web: Any) -> None:
    web.documents[URL] = "<ul class=news><li><a href=1>检查\0结果</a></li>\0<li><a href=2>互认</a></li></ul>".encode()
    assert [lead.title for lead in collect(web).leads] == ["检查结果", "互认"]
