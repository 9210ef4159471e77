"""What a sitemap gives."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import SitemapSource
from pipeline.errors import SourceError
from pipeline.sources import NEVER, Harvest, Memory, open_source

URL = "https://news.example/sitemap.xml"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*entries: tuple[str, str]) -> bytes:
    urls = "".join(f"<url><loc>{loc}</loc><lastmod>{day}</lastmod></url>" for loc, day in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NS}>{urls}</urlset>'.encode()


def index(*entries: tuple[str, str]) -> bytes:
    maps = "".join(f"<sitemap><loc>{loc}</loc><lastmod>{day}</lastmod></sitemap>" for loc, day in entries)
    return f"<sitemapindex {NS}>{maps}</sitemapindex>".encode()


def collect(web: Any, body: bytes = b"", memory: Memory = NEVER, most: int = 50, **settings: Any) -> Harvest:
    web.documents.setdefault(URL, body)
    source = SitemapSource(id="map", name="地图", kind="sitemap", url=URL, **settings)
    return open_source(source, Path(), most).leads(web, memory)


def test_the_newest_addresses_come_first_so_that_the_cap_keeps_them(web: Any) -> None:
    body = urlset(("https://news.example/1", "2024-06-01"), ("https://news.example/2", "2024-06-30"), ("/3", ""))
    harvest = collect(web, body, most=2)
    assert [(lead.url[-1], lead.published) for lead in harvest.leads] == [("2", "2024-06-30"), ("1", "2024-06-01")]
    assert harvest.notes == ("略过 1 条：超出每次 2 条的上限",)


def test_a_news_sitemap_gives_title_and_date_of_publication(web: Any) -> None:
    body = f"""<urlset {NS} xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url>
    <loc> https://news.example/1 </loc><lastmod>2024-07-02</lastmod>
    <n:news><n:publication><n:name>健康报</n:name></n:publication>
    <n:publication_date>2024-06-30</n:publication_date><n:title>县域医共体</n:title></n:news></url></urlset>"""
    [lead] = collect(web, body.encode()).leads
    assert (lead.url, lead.title, lead.published) == ("https://news.example/1", "县域医共体", "2024-06-30")


def test_an_index_leads_to_its_sitemaps_packed_or_not(web: Any) -> None:
    web.documents["https://news.example/a.xml.gz"] = gzip.compress(urlset(("https://news.example/a", "2024-06-02")))
    web.documents["https://news.example/b.xml"] = urlset(("https://news.example/b", "2024-06-03"))
    harvest = collect(web, index(("/a.xml.gz", "2024-06"), ("/b.xml", "2024-05")))
    assert [lead.url[-1] for lead in harvest.leads] == ["b", "a"]


def test_only_the_newest_sitemaps_of_a_long_index_are_read(web: Any) -> None:
    months = [(f"/{n}.xml", f"20{n:02}-01") for n in range(30)]
    for path, day in months:
        web.documents[f"https://news.example{path}"] = urlset((f"https://news.example/p{path}", day))
    harvest = collect(web, index(*months))
    assert len(harvest.leads) == 20
    assert harvest.leads[0].published == "2029-01"
    assert harvest.notes == ("索引列出 30 个站点地图，只读最新的 20 个",)


def test_a_sitemap_of_an_index_that_fails_leaves_the_others_and_is_asked_for_again(web: Any) -> None:
    web.etags[URL] = '"v1"'
    web.documents["https://news.example/a.xml"] = urlset(("https://news.example/a", ""))
    harvest = collect(web, index(("/a.xml", ""), ("/gone.xml", "")))
    assert len(harvest.leads) == 1
    assert "子站点地图未取得" in harvest.notes[0]
    assert not collect(web, memory=harvest.memory).unchanged


def test_the_filters_of_the_source_apply(web: Any) -> None:
    body = urlset(("https://news.example/a/1", ""), ("https://news.example/tag/2", ""))
    assert [lead.url[-1] for lead in collect(web, body, exclude=("/tag/",)).leads] == ["1"]


def test_an_unchanged_sitemap_says_so(web: Any) -> None:
    web.etags[URL] = '"v1"'
    first = collect(web, urlset(("https://news.example/a", "")))
    assert collect(web, memory=first.memory).unchanged


@pytest.mark.timeout(60)
def test_entities_are_neither_expanded_nor_fetched(web: Any) -> None:
    laughs = "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    body = f"""<!DOCTYPE urlset [<!ENTITY a 'ha'>{laughs}<!ENTITY f SYSTEM 'file:///etc/passwd'>]>
    <urlset {NS}><url><loc>https://news.example/&j;</loc></url><url><loc>&f;</loc></url>
    <url><loc>https://news.example/1</loc></url></urlset>"""
    assert [lead.url for lead in collect(web, body.encode()).leads] == ["https://news.example/1"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>404</body></html>", b"plain", b"\x1f\x8bbroken", gzip.compress(bytes(60 * 1024 * 1024))],
    ids=["nothing", "a web page", "a word", "broken gzip", "a bomb"],
)
def test_what_is_no_sitemap_fails_the_source_by_name(web: Any, body: bytes) -> None:
    with pytest.raises(SourceError, match=r"^地图：返回的内容不是站点地图"):
        collect(web, body)


def test_only_what_changed_lately_is_taken_where_days_are_given(web: Any) -> None:
    entries = [("/1", "2024-06-30T08:00:00+08:00"), ("/2", "2024-05-01"), ("/3", "2024-06"), ("/4", "2023"), ("/5", "")]
    body = urlset(*((f"https://news.example{path}", day) for path, day in entries))
    harvest = collect(web, body, days=30)
    assert [lead.url[-1] for lead in harvest.leads] == ["1", "3", "5"]
    assert harvest.notes == ("略过 2 条：30 天内没有更新",)


def test_old_sitemaps_of_an_index_are_not_even_asked_for(web: Any) -> None:
    web.documents["https://news.example/new.xml"] = urlset(("https://news.example/a", "2024-06-20"))
    collect(web, index(("/old.xml", "2023-01-01"), ("/new.xml", "2024-06-30")), days=30)
    assert web.asked == [URL, "https://news.example/new.xml"]


def test_an_index_of_indexes_and_one_that_names_itself_are_read_to_their_end(web: Any) -> None:
    web.documents["https://news.example/i.xml"] = index(("/a.xml", ""), ("/sitemap.xml", ""), ("/i.xml", ""))
    web.documents["https://news.example/a.xml"] = urlset(("https://news.example/a", ""))
    harvest = collect(web, index(("/i.xml", "")))
    assert [lead.url for lead in harvest.leads] == ["https://news.example/a"]
    assert sum("已经读过" in note for note in harvest.notes) == 2
    assert len(web.asked) == 3


@pytest.mark.timeout(60)
def test_a_sitemap_longer_than_the_protocol_allows_is_cut_with_a_note(web: Any) -> None:
    body = gzip.compress(urlset(*((f"https://news.example/{n}", "") for n in range(60_000))))
    harvest = collect(web, body, most=3)
    assert harvest.notes == ("站点地图过长，每个只读前 50000 个网址", "略过 49997 条：超出每次 3 条的上限")
