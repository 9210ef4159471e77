"""What an interface that answers in JSON gives."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import JsonSource
from pipeline.errors import ConfigError, SourceError
from pipeline.sources import NEVER, Harvest, Memory, Source, open_source
from websites import Website

URL = "https://wjw.example/api/list?page={page}"
SETTINGS: dict[str, Any] = {
    "items": "data.rows",
    "link": "https://wjw.example/art/{id}.html",
    "title": "title",
    "date": "publishTime",
    "origin": "source.name",
}


def rows(*numbers: int) -> str:
    found = [
        {
            "id": n,
            "title": f"<em>电子病历</em>第{n}批 &amp; 互认",
            "publishTime": 1719734400000 + n,
            "source": {"name": "健康报"},
        }
        for n in numbers
    ]
    return json.dumps({"code": 0, "data": {"total": 99, "rows": found}}, ensure_ascii=False)


def opened(url: str = URL, most: int = 50, **settings: Any) -> Source:
    merged = {**SETTINGS, **settings}
    return open_source(JsonSource(id="api", name="某接口", kind="json", url=url, **merged), Path(), most)


def collect(web: Any, text: str | bytes, memory: Memory = NEVER, **settings: Any) -> Harvest:
    web.documents.setdefault(URL.format(page=1), text.encode() if isinstance(text, str) else text)
    return opened(**settings).leads(web, memory)


def test_each_item_becomes_a_lead_with_what_the_expressions_find(web: Any) -> None:
    [lead] = collect(web, rows(7)).leads
    assert (lead.source, lead.url, lead.title, lead.published, lead.outlet) == (
        "api",
        "https://wjw.example/art/7.html",
        "电子病历第7批 & 互认",
        "1719734400007",
        "健康报",
    )


def test_it_is_read_from_a_real_server_page_after_page(website: Website) -> None:
    pages = {"1": rows(1, 2), "2": rows(3), "3": rows()}
    website.answers["/api/list"] = lambda path: pages[path.partition("=")[2]]
    website.types["/api/list"] = "application/json"
    harvest = opened("http://wjw.example/api/list?page={page}", pages=9).leads(website.fetcher())
    assert [lead.url[-6:] for lead in harvest.leads] == ["1.html", "2.html", "3.html"]
    assert harvest.notes == ("第 3 页没有新的链接，不再往后翻",)
    assert website.asked == [f"/api/list?page={n}" for n in (1, 2, 3)]


def test_counting_may_start_at_nought_and_the_first_page_go_by_another_address(web: Any) -> None:
    web.documents |= {
        "https://wjw.example/api/first": rows(1).encode(),
        "https://wjw.example/api/list?page=1": rows(2).encode(),
    }
    harvest = opened(first="https://wjw.example/api/first", start=0, pages=2).leads(web)
    assert [lead.url[-6:] for lead in harvest.leads] == ["1.html", "2.html"]


LINKS = {
    "an expression": ("url", {"url": "/art/1.html"}, "https://wjw.example/art/1.html"),
    "an expression with a fallback": ("url || link", {"link": "https://x.example/1"}, "https://x.example/1"),
    "a relative template": ("/art/{id}.html", {"id": "甲 1"}, "https://wjw.example/art/%E7%94%B2%201.html"),
    "a template over fields": ("https://x.example/{c.y}/{id}", {"id": 3, "c": {"y": 2024}}, "https://x.example/2024/3"),
}


@pytest.mark.parametrize(("link", "item", "url"), LINKS.values(), ids=LINKS.keys())
def test_a_link_is_an_expression_or_a_template(web: Any, link: str, item: Any, url: str) -> None:
    assert collect(web, json.dumps([item]), items="@", link=link).leads[0].url == url


def test_items_without_what_the_link_needs_are_accounted_for(web: Any) -> None:
    items = [{"id": None}, {"id": True}, "nonsense", 3, {"id": "javascript:alert(1)"}]
    harvest = collect(web, json.dumps(items), items="@", link="id")
    assert harvest.leads == ()
    assert set(harvest.notes) == {"略过 4 条：没有链接", "略过 1 条：不是网页地址"}


WRAPPED = {
    "a callback": 'jQuery123_4({"list": [%s]});',
    "a guarded callback": "/**/typeof cb === 'function' && cb({\"list\": [%s]});",
    "a variable": 'var newsList = {"list": [%s]};\n',
    "a shield against inclusion": ')]}\',\n{"list": [%s]}',
    "a mark of the byte order": '\ufeff{"list": [%s]}',
}


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED.keys())
def test_what_scripts_wrap_round_their_data_is_taken_off(web: Any, text: str) -> None:
    harvest = collect(web, text % '{"url": "/1.html", "title": "互认 (一)"}', items="list", link="url")
    assert [(lead.url, lead.title) for lead in harvest.leads] == [("https://wjw.example/1.html", "互认 (一)")]


def test_gbk_bytes_are_read_as_what_they_are(web: Any) -> None:
    assert collect(web, rows(1).encode("gb18030")).leads[0].title == "电子病历第1批 & 互认"


NO_LISTS = {
    "a web page": ("<!DOCTYPE html><html>维护中</html>", "返回的是网页而不是 JSON"),
    "nothing": ("", "返回的 JSON 无法读取"),
    "broken": ('{"data": {"rows": [', "返回的 JSON 无法读取"),
    "too deep": ('{"data":' + "[" * 100_000, "返回的 JSON 无法读取"),
    "another shape": ('{"data": {"rows": {}}}', "没有 items 所指的列表"),
    "a refusal": ('{"code": 401, "message": "请登录"}', "没有 items 所指的列表"),
    "a number": ("3", "没有 items 所指的列表"),
}


@pytest.mark.parametrize(("text", "because"), NO_LISTS.values(), ids=NO_LISTS.keys())
def test_what_has_no_list_fails_the_source_by_name(web: Any, text: str, because: str) -> None:
    with pytest.raises(SourceError, match=rf"^某接口：.*{because}"):
        collect(web, text)


def test_an_expression_that_does_not_fit_the_answer_fails_the_source_with_it(web: Any) -> None:
    with pytest.raises(SourceError, match=r"^某接口：表达式 length\(code\) 无法用于返回的 JSON"):
        collect(web, rows(1), items="length(code)")


def test_an_empty_list_is_said_to_be_empty(web: Any) -> None:
    assert collect(web, rows()).notes == ("接口返回的列表是空的",)


@pytest.mark.parametrize("key", ["items", "title", "date", "origin", "content", "link"])
def test_an_expression_that_is_none_is_found_before_anything_is_fetched(web: Any, key: str) -> None:
    with pytest.raises(ConfigError, match=rf"source 某接口: {key}: 'rows\[' is no JMESPath expression"):
        opened(**{key: "rows["})


def test_an_item_that_carries_its_article_is_not_fetched(web: Any, now: dt.datetime) -> None:
    item = {"id": 1, "title": "互认 <1>", "html": "<p>第一段。</p>"}
    web.documents[URL.format(page=1)] = json.dumps([item, {"id": 2}]).encode()
    web.documents["https://wjw.example/art/2.html"] = b"page"
    source = opened(items="@", content="html")
    leads = source.leads(web).leads
    page = source.page(leads[0], web, now)
    assert (page.url, page.fetched, page.charset) == ("https://wjw.example/art/1.html", now, "utf-8")
    assert "<h1>互认</h1>" in page.body.decode()
    assert "<p>第一段。</p>" in page.body.decode()
    assert source.page(leads[1], web, now).body == b"page"
    assert web.asked == ["https://wjw.example/api/list?page=1", "https://wjw.example/art/2.html"]


def test_an_unchanged_answer_says_so(web: Any) -> None:
    web.etags[URL.format(page=1)] = '"v1"'
    assert collect(web, "", collect(web, rows(1)).memory).unchanged


def test_a_long_answer_is_cut_at_the_cap_with_a_note(web: Any) -> None:
    harvest = collect(web, rows(*range(3000)), most=5)
    assert len(harvest.leads) == 5
    assert harvest.notes == ("列表过长，只读前 2000 条", "略过 1995 条：超出每次 5 条的上限")
